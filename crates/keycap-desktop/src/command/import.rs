//! Taking in capabilities and cards: from files, pictures, the clipboard, links. Looked at first; nothing is stored before a person says so.

mod content;

use std::path::PathBuf;

use keycap_vault::clipboard::clear_if_holding;
use keycap_vault::view::{AddedView, IncomingView};
use keycap_vault::{AcceptAs, SecretText, Vault};
use serde::Serialize;
use ts_rs::TS;

use self::content::{Arrival, Brought, Otherwise, from_clipboard, from_screen, read, read_arrivals};
use super::files::Chosen;
use crate::arguments::Given;
use crate::error::UiError;
use crate::host::Host;
use crate::person::{AskFiles, Files};
use crate::shelf::Found;

/// Things that were found, and why others were not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, TS)]
pub(crate) struct Finds {
    /// What can be taken in.
    pub items: Vec<Find>,
    /// What could not be read, and why.
    pub failures: Vec<Unread>,
}

/// Something that can be taken in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub(crate) struct Find {
    /// Names it until it is taken in or the vault is closed.
    pub handle: String,
    /// Where it comes from, in a few words.
    pub source: String,
    /// What it is.
    pub what: IncomingView,
}

/// Something that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub(crate) struct Unread {
    /// Where it comes from.
    pub source: String,
    /// Why.
    pub why: UiError,
}

/// From files that the person chooses.
pub(crate) async fn import_choose(host: &Host) -> Result<Finds, UiError> {
    let files = host.person.files(AskFiles { title: "Take in a capability, a card or a picture of a QR code", what: Files::Several }).await;
    if files.is_empty() {
        return Err(UiError::cancelled());
    }
    look(host, files.into_iter().map(Given::File).collect()).await
}

/// What was dropped on the window, or came with a link or as a file when keycap was started, by what is to be done with it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, TS)]
pub(crate) struct Arrivals {
    /// Capabilities and cards: to be taken in.
    pub(crate) finds: Finds,
    /// Sealed files: to be opened.
    pub(crate) open: Option<Chosen>,
    /// Other files and folders: to be sealed.
    pub(crate) seal: Option<Chosen>,
}

/// What came from outside. A sealed file that holds a capability is one to be taken in, a picture without a code one to be sealed.
pub(crate) async fn arrivals(host: &Host) -> Result<Arrivals, UiError> {
    if host.desk.closed().is_some() {
        return Err(UiError::locked());
    }
    let given = host.shelf.arrived();
    if given.is_empty() {
        return Ok(Arrivals::default());
    }
    let arrived = beside(move || read_arrivals(given)).await?;
    let sorted = host
        .desk
        .keep(move |vault| {
            let mut sorted = Sorted::default();
            arrived.into_iter().for_each(|one| sorted.sort(one, vault));
            Ok(sorted)
        })
        .await?;
    let choose = |files: Vec<PathBuf>| if files.is_empty() { None } else { Some(Chosen::keep(&host.shelf, files)) };
    let (open, seal) = (choose(sorted.open), choose(sorted.seal));
    Ok(Arrivals { finds: keep(host, sorted.found, sorted.failures), open, seal })
}

#[derive(Default)]
struct Sorted {
    found: Vec<Sourced>,
    failures: Vec<Unread>,
    open: Vec<PathBuf>,
    seal: Vec<PathBuf>,
}

impl Sorted {
    fn sort(&mut self, arrival: Arrival, vault: &mut Vault) {
        match arrival {
            Arrival::Take(brought) => self.take(brought, vault),
            Arrival::Maybe { brought: Brought { source, content }, path, otherwise } => {
                let texts = content.and_then(|content| content.texts(vault)).unwrap_or_default();
                let known: Vec<_> = texts.into_iter().filter(|text| vault.inspect(text.expose()).is_ok()).collect();
                if known.is_empty() { self.file(path, otherwise) } else { self.look(vault, known, &source) }
            }
            Arrival::File(path, otherwise) => self.file(path, otherwise),
        }
    }

    fn take(&mut self, Brought { source, content }: Brought, vault: &mut Vault) {
        match content.and_then(|content| content.texts(vault)) {
            Ok(texts) => self.look(vault, texts, &source),
            Err(why) => self.failures.push(Unread { source, why }),
        }
    }

    fn look(&mut self, vault: &Vault, texts: Vec<SecretText>, source: &str) {
        let (found, failures) = inspect(vault, texts, source, false);
        self.found.extend(found);
        self.failures.extend(failures);
    }

    fn file(&mut self, path: PathBuf, otherwise: Otherwise) {
        match otherwise {
            Otherwise::Open => self.open.push(path),
            Otherwise::Seal => self.seal.push(path),
        }
    }
}

/// From the clipboard: text, or a picture.
pub(crate) async fn import_paste(host: &Host) -> Result<Finds, UiError> {
    let texts = beside(from_clipboard).await??;
    let (found, failures) = host.desk.keep(move |vault| Ok(inspect(vault, texts, "the clipboard", true))).await?;
    Ok(keep(host, found, failures))
}

/// From QR codes anywhere on the screen.
pub(crate) async fn import_screen(host: &Host) -> Result<Finds, UiError> {
    // Whatever unlocks the vault is asked for while the window is there.
    host.desk.keep(|_| Ok(())).await?;
    let pictures = host.person.screen().await?;
    let texts = beside(move || from_screen(&pictures)).await??;
    let (found, failures) = host.desk.keep(move |vault| Ok(inspect(vault, texts, "the screen", false))).await?;
    Ok(keep(host, found, failures))
}

/// Takes one in.
pub(crate) async fn import_accept(host: &Host, handle: String, name: String, gateway: Option<String>, replace: bool) -> Result<AddedView, UiError> {
    let Found { incoming, clipboard } = host.shelf.take_found(&handle)?;
    let as_what = AcceptAs { name: Some(name.trim().to_owned()), gateway: gateway.filter(|gateway| !gateway.trim().is_empty()), replace };
    let added = host.desk.keep(move |vault| Ok(vault.accept(incoming, &as_what)?)).await?;
    if let Some(text) = clipboard.filter(|_| added.kind == "capability") {
        // It may have been replaced or the clipboard may be gone; either way it is not there any more.
        drop(tokio::task::spawn_blocking(move || clear_if_holding(text)).await);
    }
    Ok(added)
}

/// Lets one go.
pub(crate) async fn import_discard(host: &Host, handle: String) -> Result<(), UiError> {
    drop(host.shelf.take_found(&handle));
    Ok(())
}

/// Work that takes its time, beside everything else.
async fn beside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, UiError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| UiError::interrupted())
}

/// Something found, with where it was.
type Sourced = (String, Found);

async fn look(host: &Host, given: Vec<Given>) -> Result<Finds, UiError> {
    let brought = beside(move || read(given)).await?;
    let sorted = host
        .desk
        .keep(move |vault| {
            let mut sorted = Sorted::default();
            brought.into_iter().for_each(|one| sorted.take(one, vault));
            Ok(sorted)
        })
        .await?;
    Ok(keep(host, sorted.found, sorted.failures))
}

fn keep(host: &Host, found: Vec<Sourced>, failures: Vec<Unread>) -> Finds {
    let item = |(source, found): Sourced| {
        let what = found.incoming.view().clone();
        Find { handle: host.shelf.keep_found(found), source, what }
    };
    Finds { items: found.into_iter().map(item).collect(), failures }
}

fn inspect(vault: &Vault, texts: Vec<SecretText>, source: &str, pasted: bool) -> (Vec<Sourced>, Vec<Unread>) {
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for text in texts {
        match vault.inspect(text.expose()) {
            Ok(incoming) => found.push((source.to_owned(), Found { incoming, clipboard: pasted.then_some(text) })),
            Err(error) => failures.push(Unread { source: source.to_owned(), why: error.into() }),
        }
    }
    (found, failures)
}
