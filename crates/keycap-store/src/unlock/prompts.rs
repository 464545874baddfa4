//! Whom age's plugins, and encrypted identity files, talk to.

use std::fmt;
use std::sync::Arc;

use age::secrecy::SecretString;
use keycap_core::secret::SecretText;

/// Someone at a terminal or a window. Like `age::Callbacks`, but an object.
pub trait Prompts: Send + Sync {
    /// Shows a message, such as "touch the key".
    fn message(&self, message: &str);

    /// Asks a question with one or two answers: `true` for the first; `None` if nobody can be asked.
    fn confirm(&self, message: &str, yes: &str, no: Option<&str>) -> Option<bool>;

    /// Asks for text that is no secret; `None` if nobody can be asked.
    fn public_text(&self, description: &str) -> Option<String>;

    /// Asks for a passphrase or PIN; `None` if nobody can be asked.
    fn passphrase(&self, description: &str) -> Option<SecretText>;
}

/// Nobody: every question stays unanswered.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoPrompts;

impl Prompts for NoPrompts {
    fn message(&self, _message: &str) {}

    fn confirm(&self, _message: &str, _yes: &str, _no: Option<&str>) -> Option<bool> {
        None
    }

    fn public_text(&self, _description: &str) -> Option<String> {
        None
    }

    fn passphrase(&self, _description: &str) -> Option<SecretText> {
        None
    }
}

/// What age calls.
#[derive(Clone)]
pub(super) struct Callbacks(pub(super) Arc<dyn Prompts>);

impl fmt::Debug for Callbacks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Callbacks(..)")
    }
}

impl age::Callbacks for Callbacks {
    fn display_message(&self, message: &str) {
        self.0.message(message);
    }

    fn confirm(&self, message: &str, yes: &str, no: Option<&str>) -> Option<bool> {
        self.0.confirm(message, yes, no)
    }

    fn request_public_string(&self, description: &str) -> Option<String> {
        self.0.public_text(description)
    }

    fn request_passphrase(&self, description: &str) -> Option<SecretString> {
        self.0.passphrase(description).map(|passphrase| SecretString::from(passphrase.expose().to_owned()))
    }
}
