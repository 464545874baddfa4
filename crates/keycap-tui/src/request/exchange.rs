//! What goes out of the vault and what comes into it: minting, delegating, sharing, taking in.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use keycap_vault::qr::{Qr, read_qr};
use keycap_vault::view::{AddedView, CapabilityView, DelegatePreview, GrantView, IncomingView, MintPreview, SharedView};
use keycap_vault::{AcceptAs, DelegateRequest, ErrorClass, MintRequest, SecretText, ShareHow, ShareRequest, Vault, clipboard};

use super::Failure;
use crate::file::{self, Entry, Readers};
use crate::screen::{Kind, Target};

/// Something asked of the vault about what leaves it or comes in.
#[derive(Debug)]
pub(crate) enum Exchange {
    /// What would be minted.
    MintPreview(MintRequest),
    /// Mints it.
    Mint(MintRequest),
    /// What would be delegated.
    DelegatePreview(DelegateRequest),
    /// Delegates it, if the capability that it comes from still has this last block.
    Delegate { request: DelegateRequest, last_block: String },
    /// Shares something, if it is still what it was.
    Share { target: Target, leave: Leave },
    /// Writes a code that is shown as a picture, too.
    Picture { code: Arc<Qr>, file: PathBuf, readers: Readers },
    /// Looks what something is, and stores nothing.
    Inspect(Source),
    /// Takes in what was looked at; takes it off the clipboard if it came from there.
    Accept { text: Arc<SecretText>, accept: AcceptAs, from_clipboard: bool },
    /// What is in a folder.
    Folder(PathBuf),
}

/// How something leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Leave {
    /// As a code on the screen.
    Code,
    /// As text on the screen.
    Screen,
    /// Through the clipboard.
    Copy,
    /// As a picture of a code: SVG if the file's name ends in that, else PNG.
    Picture(PathBuf),
    /// As a page to print.
    Page(PathBuf),
    /// In a file sealed to these.
    Sealed { to: Vec<String>, file: PathBuf },
    /// In a file, as it is.
    Text(PathBuf),
}

/// Where something comes from.
#[derive(Debug)]
pub(crate) enum Source {
    /// It was pasted.
    Text(SecretText),
    /// A file: text, a sealed file, a picture of codes.
    File(PathBuf),
    /// The clipboard: text, or a picture of codes.
    Clipboard,
}

/// What the vault answers.
#[derive(Debug)]
pub(crate) enum Exchanged {
    MintPreview(Box<(MintRequest, MintPreview)>),
    Minted(Box<GrantView>),
    DelegatePreview(Box<(DelegateRequest, DelegatePreview)>),
    Delegated(Box<CapabilityView>),
    Shared {
        view: SharedView,
        out: Out,
    },
    /// The file is there.
    Written(PathBuf),
    /// What was found: at least one.
    Found {
        found: Vec<Found>,
        from_clipboard: bool,
    },
    Added {
        view: AddedView,
        /// Whether it was taken off the clipboard.
        cleared: bool,
    },
    Folder {
        folder: PathBuf,
        entries: Vec<Entry>,
    },
}

/// What a share has come to.
#[derive(Debug)]
pub(crate) enum Out {
    /// A code to be shown.
    Code(Arc<Qr>),
    /// Text to be shown.
    Shown(SecretText),
    /// Text for the clipboard.
    Text(SecretText),
    /// A file that was written.
    File(PathBuf),
}

/// Something that could be taken in.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) text: Arc<SecretText>,
    pub(crate) view: IncomingView,
}

/// More than a photograph of a QR code has.
const MOST_BYTES: u64 = 64 << 20;
/// Pixels for a module's side in a PNG: a code of version 8 then has some 450.
const PIXELS: std::num::NonZeroU8 = match std::num::NonZeroU8::new(8) {
    Some(pixels) => pixels,
    None => std::num::NonZeroU8::MIN,
};
/// What age files begin with, as they are and as text.
const AGE_HEADERS: [&[u8]; 2] = [b"age-encryption.org/v1", b"-----BEGIN AGE ENCRYPTED FILE-----"];

impl Exchange {
    /// Whether the vault must be unlocked for it.
    pub(crate) fn needs_secrets(&self) -> bool {
        match self {
            Self::MintPreview(_) | Self::DelegatePreview(_) | Self::Picture { .. } | Self::Folder(_) => false,
            Self::Share { target, .. } => !is_card(target),
            Self::Inspect(Source::Text(text)) => is_sealed(text.expose().as_bytes()),
            Self::Mint(_) | Self::Delegate { .. } | Self::Inspect(Source::File(_) | Source::Clipboard) | Self::Accept { .. } => true,
        }
    }

    /// Does it.
    ///
    /// # Errors
    /// Whatever the vault, the clipboard or a file says.
    pub(super) fn run(&self, vault: &mut Vault) -> Result<Exchanged, Failure> {
        Ok(match self {
            Self::MintPreview(request) => Exchanged::MintPreview(Box::new((request.clone(), vault.mint_preview(request)?))),
            Self::Mint(request) => Exchanged::Minted(Box::new(vault.mint(request)?)),
            Self::DelegatePreview(request) => Exchanged::DelegatePreview(Box::new((request.clone(), vault.delegate_preview(request)?))),
            Self::Delegate { request, last_block } => {
                let parent = vault.capability(&request.capability)?;
                if parent.blocks.last().map(|block| &block.id) != Some(last_block) {
                    return Err(Failure::changed_meanwhile(&request.capability));
                }
                Exchanged::Delegated(Box::new(vault.delegate(request)?))
            }
            Self::Share { target, leave } => share(vault, target, leave)?,
            Self::Picture { code, file, readers } => {
                write_picture(code, file, *readers)?;
                Exchanged::Written(file.clone())
            }
            Self::Inspect(source) => Exchanged::Found { found: inspect(vault, source)?, from_clipboard: matches!(source, Source::Clipboard) },
            Self::Accept { text, accept, from_clipboard } => {
                let view = vault.accept(vault.inspect(text.expose())?, accept)?;
                let copy = SecretText::new(text.expose().to_owned());
                let cleared = *from_clipboard && clipboard::clear_if_holding(copy).is_ok_and(|ending| ending == clipboard::Ending::Cleared);
                Exchanged::Added { view, cleared }
            }
            Self::Folder(folder) => Exchanged::Folder { folder: folder.clone(), entries: file::entries(folder)? },
        })
    }
}

/// Whether what is shared is a card, which is no secret.
pub(crate) fn is_card(target: &Target) -> bool {
    matches!(target.kind, Kind::Key | Kind::Card | Kind::Service)
}

fn share(vault: &mut Vault, target: &Target, leave: &Leave) -> Result<Exchanged, Failure> {
    // Everything that can be refused is refused now: a share that fails later has used up the grant's first one.
    if let Leave::Picture(file) | Leave::Page(file) | Leave::Text(file) | Leave::Sealed { file, .. } = leave {
        file::refuse_taken(file)?;
    }
    let name = same(vault, target)?;
    let how = match leave {
        Leave::Code => ShareHow::Qr,
        Leave::Copy => ShareHow::Copy,
        Leave::Picture(_) => ShareHow::Picture,
        Leave::Page(_) => ShareHow::Page,
        Leave::Sealed { .. } => ShareHow::Sealed,
        Leave::Text(_) | Leave::Screen => ShareHow::Reveal,
    };
    let outgoing = vault.share(&name, &ShareRequest { how, name: None })?;
    let view = outgoing.view().clone();
    let readers = if view.secret { Readers::Owner } else { Readers::Usual };
    let out = match leave {
        Leave::Code => Out::Code(Arc::new(Qr::for_terminal(outgoing.qr_payload().expose()).map_err(|error| no_code(&error))?)),
        Leave::Screen => Out::Shown(SecretText::new(outgoing.text().expose().to_owned())),
        Leave::Copy => Out::Text(SecretText::new(outgoing.text().expose().to_owned())),
        Leave::Picture(file) => {
            let code = Qr::for_picture(outgoing.qr_payload().expose()).map_err(|error| no_code(&error))?;
            write_picture(&code, file, readers)?;
            Out::File(file.clone())
        }
        Leave::Page(file) => {
            file::write(file, outgoing.page()?.expose(), readers)?;
            Out::File(file.clone())
        }
        Leave::Sealed { to, file } => {
            file::write(file, &vault.seal_outgoing(&outgoing, to)?, Readers::Usual)?;
            Out::File(file.clone())
        }
        Leave::Text(file) => {
            let text = outgoing.text().expose();
            file::write(file, &[text.as_bytes(), b"\n"].concat(), readers)?;
            Out::File(file.clone())
        }
    };
    Ok(Exchanged::Shared { view, out })
}

/// The name under which the vault shares it, if it still is what it was when it was chosen.
fn same(vault: &Vault, target: &Target) -> Result<String, Failure> {
    let Target { kind, name, id } = target;
    let (text, same) = match kind {
        Kind::Grant => return Ok(format!("grant:{id}")),
        Kind::Capability => (format!("cap:{name}"), vault.capability(name)?.blocks.last().is_some_and(|block| block.id == *id)),
        Kind::Key | Kind::Card => (format!("key:{name}"), vault.key(name)?.fingerprint_full == *id),
        Kind::Service => (format!("service:{name}"), vault.service(name)?.fingerprint_full == *id),
        Kind::Group | Kind::File => (name.clone(), false),
    };
    if same { Ok(text) } else { Err(Failure::changed_meanwhile(name)) }
}

fn write_picture(code: &Qr, file: &Path, readers: Readers) -> Result<(), Failure> {
    if file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("svg")) {
        return file::write(file, code.svg().expose().as_bytes(), readers);
    }
    file::write(file, code.png(PIXELS).map_err(|error| no_code(&error))?.expose(), readers)
}

fn no_code(error: &keycap_vault::qr::QrError) -> Failure {
    let hint = Some("seal it to its recipient, or write it to a file".to_owned());
    Failure { code: "qr", class: ErrorClass::Failed, message: error.to_string(), hint }
}

/// What is in a source: of several texts, those that can be taken in.
fn inspect(vault: &mut Vault, source: &Source) -> Result<Vec<Found>, Failure> {
    let failed = |code, message: String, hint: Option<&str>| Failure { code, class: ErrorClass::Failed, message, hint: hint.map(str::to_owned) };
    let texts = match source {
        Source::Text(text) if is_sealed(text.expose().as_bytes()) => vec![vault.open_shared_file(text.expose().as_bytes())?],
        Source::Text(text) => vec![SecretText::new(text.expose().to_owned())],
        Source::File(path) => {
            let bytes = file::read(path, MOST_BYTES)?;
            let shown = path.display();
            if is_sealed(bytes.expose()) {
                vec![vault.open_shared_file(bytes.expose())?]
            } else if let Ok(text) = std::str::from_utf8(bytes.expose()) {
                vec![SecretText::new(text.to_owned())]
            } else {
                read_qr(bytes.expose()).map_err(|error| failed("qr-unreadable", format!("{shown}: {error}"), None))?
            }
        }
        Source::Clipboard => match clipboard::read_text() {
            Ok(text) if is_sealed(text.expose().as_bytes()) => vec![vault.open_shared_file(text.expose().as_bytes())?],
            Ok(text) => vec![text],
            Err(clipboard::ClipboardError::NoText) => {
                let picture = clipboard::read_picture().map_err(|error| failed("clipboard", error.to_string(), None))?;
                picture.read_qr().map_err(|error| failed("qr-unreadable", error.to_string(), None))?
            }
            Err(error) => return Err(failed("clipboard", error.to_string(), Some("paste it here instead, or name a file"))),
        },
    };
    let mut found = Vec::new();
    let mut refused = None;
    for text in texts {
        match vault.inspect(text.expose()) {
            Ok(incoming) => found.push(Found { view: incoming.view().clone(), text: Arc::new(text) }),
            Err(error) => {
                // Several, one below the other.
                let lines = text.expose().lines().filter(|line| !line.trim().is_empty());
                let each = lines.filter_map(|line| Some((vault.inspect(line).ok()?, line)));
                let before = found.len();
                found.extend(each.map(|(incoming, line)| Found { view: incoming.view().clone(), text: Arc::new(SecretText::new(line.to_owned())) }));
                if found.len() == before {
                    refused = Some(error);
                }
            }
        }
    }
    match (found.is_empty(), refused) {
        (false, _) => Ok(found),
        (true, Some(error)) => Err(error.into()),
        (true, None) => Err(failed("nothing-found", "there is nothing in it".to_owned(), None)),
    }
}

fn is_sealed(bytes: &[u8]) -> bool {
    AGE_HEADERS.iter().any(|header| bytes.trim_ascii_start().starts_with(header))
}
