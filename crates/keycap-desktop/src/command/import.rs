//! Taking in capabilities and cards: from files, pictures, the clipboard, links. Looked at first; nothing is stored before a person says so.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use keycap_vault::clipboard::{ClipboardError, clear_if_holding, read_picture, read_text};
use keycap_vault::qr::{Picture, ReadError, read_qr};
use keycap_vault::view::{AddedView, IncomingView};
use keycap_vault::{AcceptAs, SecretText, Vault};
use serde::Serialize;
use ts_rs::TS;

use super::files::Chosen;
use super::read_file;
use crate::arguments::Given;
use crate::error::UiError;
use crate::host::Host;
use crate::person::{AskFiles, Files};
use crate::shelf::Found;

/// More than a photograph of a QR code has.
const MAX_BYTES: u64 = 64 << 20;
/// What age files begin with, as they are and as text.
const AGE_HEADERS: [&[u8]; 2] = [b"age-encryption.org/v1", b"-----BEGIN AGE ENCRYPTED FILE-----"];

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
    let sorted = host
        .desk
        .keep(move |vault| {
            let mut sorted = Sorted::default();
            given.into_iter().for_each(|one| sorted.sort(one, vault));
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

/// Bytes of a sealed file that may be a capability on its way; one with all its links has a few thousand.
const MAX_SHARED: u64 = 64 << 10;
/// Bytes of a text file that may be one.
const MAX_TEXT: u64 = 16 << 10;

impl Sorted {
    fn sort(&mut self, given: Given, vault: &mut Vault) {
        let path = match given {
            Given::Link(text) => return self.look(vault, vec![text], "a link"),
            Given::File(path) => path,
        };
        let source = file_name(&path);
        let size = std::fs::metadata(&path).map_or(0, |metadata| if metadata.is_file() { metadata.len() } else { u64::MAX });
        let ends = |ends: &[&str]| path.extension().is_some_and(|end| ends.iter().any(|one| end.eq_ignore_ascii_case(one)));
        if ends(&["age"]) {
            let shared = if size <= MAX_SHARED { from_file(&path, vault).ok() } else { None };
            let known = shared.into_iter().flatten().find(|text| vault.inspect(text.expose()).is_ok());
            match known {
                Some(text) => self.look(vault, vec![text], &source),
                None => self.open.push(path),
            }
        } else if ends(&["keycap"]) {
            match from_file(&path, vault) {
                Ok(texts) => self.look(vault, texts, &source),
                Err(why) => self.failures.push(Unread { source, why }),
            }
        } else if size <= MAX_TEXT || ends(&["png", "jpg", "jpeg", "webp", "bmp"]) && size <= MAX_BYTES {
            let texts = from_file(&path, vault).unwrap_or_default();
            let known: Vec<_> = texts.into_iter().filter(|text| vault.inspect(text.expose()).is_ok()).collect();
            if known.is_empty() {
                self.seal.push(path);
            } else {
                self.look(vault, known, &source);
            }
        } else {
            self.seal.push(path);
        }
    }

    fn look(&mut self, vault: &Vault, texts: Vec<SecretText>, source: &str) {
        let (found, failures) = inspect(vault, texts, source, false);
        self.found.extend(found);
        self.failures.extend(failures);
    }
}

/// From the clipboard: text, or a picture.
pub(crate) async fn import_paste(host: &Host) -> Result<Finds, UiError> {
    let texts = tokio::task::spawn_blocking(from_clipboard).await.map_err(|_| UiError::interrupted())??;
    let (found, failures) = host.desk.keep(move |vault| Ok(inspect(vault, texts, "the clipboard", true))).await?;
    Ok(keep(host, found, failures))
}

/// From QR codes anywhere on the screen.
pub(crate) async fn import_screen(host: &Host) -> Result<Finds, UiError> {
    // Whatever unlocks the vault is asked for while the window is there.
    host.desk.keep(|_| Ok(())).await?;
    let pictures = host.person.screen().await?;
    let texts = tokio::task::spawn_blocking(move || codes_in(&pictures)).await.map_err(|_| UiError::interrupted())??;
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

fn from_clipboard() -> Result<Vec<SecretText>, UiError> {
    match read_text() {
        Ok(text) => Ok(vec![text]),
        Err(ClipboardError::NoText) => {
            let picture = read_picture()?;
            picture.read_qr().map_err(|error| UiError::new("qr-unreadable", error.to_string()))
        }
        Err(error) => Err(error.into()),
    }
}

/// How long the screen is searched: a code that one can scan is found by the first ways, within a second.
const PATIENCE: Duration = Duration::from_secs(10);

/// The codes in all pictures.
fn codes_in(pictures: &[Picture]) -> Result<Vec<SecretText>, UiError> {
    let begun = Instant::now();
    let (mut texts, mut why) = (Vec::new(), None);
    for picture in pictures {
        match picture.read_qr_while(|| begun.elapsed() < PATIENCE) {
            Ok(more) => texts.extend(more),
            Err(error) => why = Some(error),
        }
    }
    match (texts.is_empty(), why) {
        (true, Some(ReadError::NoCode) | None) => {
            Err(UiError::new("no-code", "No QR code was found on the screen.").hint("Show the whole code, with its light border, and try again."))
        }
        (true, Some(why)) => Err(UiError::new("qr-unreadable", why.to_string())),
        (false, _) => Ok(texts),
    }
}

/// Something found, with where it was.
type Sourced = (String, Found);

async fn look(host: &Host, given: Vec<Given>) -> Result<Finds, UiError> {
    let (found, failures) = host
        .desk
        .keep(move |vault| {
            let (mut found, mut failures) = (Vec::new(), Vec::new());
            for one in given {
                let (source, texts) = match one {
                    Given::Link(text) => ("a link".to_owned(), Ok(vec![text])),
                    Given::File(path) => (file_name(&path), from_file(&path, vault)),
                };
                match texts {
                    Ok(texts) => {
                        let (more, unread) = inspect(vault, texts, &source, false);
                        found.extend(more);
                        failures.extend(unread);
                    }
                    Err(why) => failures.push(Unread { source, why }),
                }
            }
            Ok((found, failures))
        })
        .await?;
    Ok(keep(host, found, failures))
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

fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

fn from_file(path: &Path, vault: &mut Vault) -> Result<Vec<SecretText>, UiError> {
    let bytes = read_file(path, MAX_BYTES)?;
    if AGE_HEADERS.iter().any(|header| bytes.trim_ascii_start().starts_with(header)) {
        return Ok(vec![vault.open_shared_file(&bytes)?]);
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(vec![SecretText::new(text)]),
        Err(binary) => read_qr(binary.as_bytes()).map_err(|error| UiError::new("qr-unreadable", error.to_string())),
    }
}
