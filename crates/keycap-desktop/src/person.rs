//! The person at the window, as far as they are asked outside the page: for files, and for what the page must not see.

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;

use keycap_vault::SecretText;
use keycap_vault::qr::Picture;

use crate::error::UiError;

/// An answer that takes its time.
pub(crate) type Pending<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Which files are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AskFiles {
    /// What the dialog says.
    pub(crate) title: &'static str,
    /// Which.
    pub(crate) what: Files,
}

/// Files to be named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Files {
    /// One that is there.
    One,
    /// Some that are there.
    Several,
    /// A folder that is there.
    Folder,
    /// One to be written, under this name if no other is chosen.
    New(String),
}

/// What passphrase is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AskPassphrase {
    /// What it is for.
    pub(crate) title: &'static str,
    /// What to know before typing it.
    pub(crate) text: &'static str,
    /// Whether it is a new one, to be typed twice.
    pub(crate) new: bool,
}

/// Whoever answers. No answer is as good as no.
pub(crate) trait Person: Send + Sync {
    /// Asks for files; none if the person leaves.
    fn files(&self, ask: AskFiles) -> Pending<Vec<PathBuf>>;
    /// Asks for a passphrase; `None` if the person leaves.
    fn passphrase(&self, ask: AskPassphrase) -> Pending<Option<SecretText>>;
    /// Draws the page at this many times its usual size.
    fn zoom(&self, factor: f64);
    /// What the screen shows beside this program's own window, which hides meanwhile.
    fn screen(&self) -> Pending<Result<Vec<Picture>, UiError>>;
}

/// A person, as age's plugins and sealed files ask: on threads that may wait.
pub(crate) struct Asked(pub(crate) std::sync::Arc<dyn Person>);

impl keycap_vault::Prompts for Asked {
    fn message(&self, _: &str) {}

    /// A plugin's own questions are not put to anybody here; it goes on as if nobody were there.
    fn confirm(&self, _: &str, _: &str, _: Option<&str>) -> Option<bool> {
        None
    }

    fn public_text(&self, _: &str) -> Option<String> {
        None
    }

    fn passphrase(&self, _: &str) -> Option<SecretText> {
        let ask = AskPassphrase { title: "The file's passphrase", text: "This file is sealed under a passphrase.", new: false };
        tauri::async_runtime::block_on(self.0.passphrase(ask))
    }
}
