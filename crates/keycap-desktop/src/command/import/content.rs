//! What is in files, as far as that can be told without the vault. Looking for codes takes seconds in a large picture, so it is done beside the
//! vault's thread, which other commands wait for, and ends after a while.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use keycap_vault::clipboard::{ClipboardError, read_picture, read_text};
use keycap_vault::qr::{Picture, ReadError};
use keycap_vault::{SecretText, Vault};

use crate::arguments::Given;
use crate::command::read_file;
use crate::error::UiError;

/// More than a photograph of a QR code has.
const MAX_BYTES: u64 = 64 << 20;
/// Bytes of a sealed file that may be a capability on its way; one with all its links has a few thousand.
const MAX_SHARED: u64 = 64 << 10;
/// Bytes of a text file that may be one.
const MAX_TEXT: u64 = 16 << 10;
/// What age files begin with, as they are and as text.
const AGE_HEADERS: [&[u8]; 2] = [b"age-encryption.org/v1", b"-----BEGIN AGE ENCRYPTED FILE-----"];
/// How long pictures are searched that somebody means to have a code: one that can be scanned is found by the first ways, within a second.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long those that were dropped are searched, all together: most of them have none, and are to be sealed.
const DROPPED: Duration = Duration::from_secs(4);

/// What something holds.
pub(super) enum Content {
    /// Text, or what the codes in a picture say.
    Texts(Vec<SecretText>),
    /// An age file, which may hold a text.
    Sealed(Vec<u8>),
}

impl Content {
    /// The texts, with what opens them.
    pub(super) fn texts(self, vault: &mut Vault) -> Result<Vec<SecretText>, UiError> {
        match self {
            Self::Texts(texts) => Ok(texts),
            Self::Sealed(file) => Ok(vec![vault.open_shared_file(&file)?]),
        }
    }
}

/// Something to be taken in: where it comes from, and what it holds.
pub(super) struct Brought {
    pub(super) source: String,
    pub(super) content: Result<Content, UiError>,
}

/// What came from outside.
pub(super) enum Arrival {
    /// Made to be taken in.
    Take(Brought),
    /// A file that may hold something to be taken in.
    Maybe { brought: Brought, path: PathBuf, otherwise: Otherwise },
    /// A file that holds nothing of the kind.
    File(PathBuf, Otherwise),
}

/// What is done with a file that holds nothing to be taken in.
#[derive(Clone, Copy)]
pub(super) enum Otherwise {
    Open,
    Seal,
}

/// What these hold, which are meant to be taken in.
pub(super) fn read(given: Vec<Given>) -> Vec<Brought> {
    let search = Search::begin(PATIENCE);
    given
        .into_iter()
        .map(|one| match one {
            Given::Link(text) => link(text),
            Given::File(path) => Brought { source: file_name(&path), content: from_file(&path, &search) },
        })
        .collect()
}

/// What these hold, and what else can be done with them.
pub(super) fn read_arrivals(given: Vec<Given>) -> Vec<Arrival> {
    let search = Search::begin(DROPPED);
    given.into_iter().map(|one| arrival(one, &search)).collect()
}

fn arrival(given: Given, search: &Search) -> Arrival {
    let path = match given {
        Given::Link(text) => return Arrival::Take(link(text)),
        Given::File(path) => path,
    };
    let size = std::fs::metadata(&path).map_or(0, |metadata| if metadata.is_file() { metadata.len() } else { u64::MAX });
    let ends = |ends: &[&str]| path.extension().is_some_and(|end| ends.iter().any(|one| end.eq_ignore_ascii_case(one)));
    let brought = || Brought { source: file_name(&path), content: from_file(&path, search) };
    if ends(&["keycap"]) {
        return Arrival::Take(brought());
    }
    let (otherwise, may_hold) = if ends(&["age"]) {
        (Otherwise::Open, size <= MAX_SHARED)
    } else {
        (Otherwise::Seal, size <= MAX_TEXT || ends(&["png", "jpg", "jpeg", "webp", "bmp"]) && size <= MAX_BYTES)
    };
    if may_hold { Arrival::Maybe { brought: brought(), path, otherwise } } else { Arrival::File(path, otherwise) }
}

fn link(text: SecretText) -> Brought {
    Brought { source: "a link".to_owned(), content: Ok(Content::Texts(vec![text])) }
}

fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

fn from_file(path: &Path, search: &Search) -> Result<Content, UiError> {
    let bytes = read_file(path, MAX_BYTES)?;
    if AGE_HEADERS.iter().any(|header| bytes.trim_ascii_start().starts_with(header)) {
        return Ok(Content::Sealed(bytes));
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Content::Texts(vec![SecretText::new(text)])),
        Err(binary) => {
            let codes = Picture::parse(binary.as_bytes()).and_then(|picture| search.codes(&picture));
            Ok(Content::Texts(codes.map_err(|error| unreadable(&error))?))
        }
    }
}

/// What is on the clipboard: text, or the codes in a picture.
pub(super) fn from_clipboard() -> Result<Vec<SecretText>, UiError> {
    match read_text() {
        Ok(text) => Ok(vec![text]),
        Err(ClipboardError::NoText) => Search::begin(PATIENCE).codes(&read_picture()?).map_err(|error| unreadable(&error)),
        Err(error) => Err(error.into()),
    }
}

/// The codes in all pictures of the screen.
pub(super) fn from_screen(pictures: &[Picture]) -> Result<Vec<SecretText>, UiError> {
    let search = Search::begin(PATIENCE);
    let (mut texts, mut why) = (Vec::new(), None);
    for picture in pictures {
        match search.codes(picture) {
            Ok(more) => texts.extend(more),
            Err(error) => why = Some(error),
        }
    }
    match (texts.is_empty(), why) {
        (true, Some(ReadError::NoCode) | None) => {
            Err(UiError::new("no-code", "No QR code was found on the screen.").hint("Show the whole code, with its light border, and try again."))
        }
        (true, Some(why)) => Err(unreadable(&why)),
        (false, _) => Ok(texts),
    }
}

fn unreadable(error: &ReadError) -> UiError {
    UiError::new("qr-unreadable", error.to_string())
}

/// A search for codes in any number of pictures that ends after a while.
struct Search {
    begun: Instant,
    patience: Duration,
}

impl Search {
    fn begin(patience: Duration) -> Self {
        Self { begun: Instant::now(), patience }
    }

    fn codes(&self, picture: &Picture) -> Result<Vec<SecretText>, ReadError> {
        picture.read_qr_while(|| self.begun.elapsed() < self.patience)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::num::NonZeroU8;

    use keycap_vault::qr::Qr;

    use super::*;

    const TEXT: &str = "KEYCAP:KEYCAP-SECRET-1QPZRY";

    fn texts(brought: &Brought) -> Vec<String> {
        match brought.content.as_ref().unwrap() {
            Content::Texts(texts) => texts.iter().map(|text| text.expose().to_owned()).collect(),
            Content::Sealed(_) => panic!("it is sealed"),
        }
    }

    #[test]
    fn each_file_is_for_what_its_name_and_its_content_say() {
        let folder = tempfile::tempdir().unwrap();
        let keep = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            fs::write(&path, bytes).unwrap();
            Given::File(path)
        };
        let code = Qr::for_picture(TEXT).unwrap().png(NonZeroU8::MIN.saturating_add(5)).unwrap();
        let given = vec![
            Given::Link(SecretText::new(TEXT.to_owned())),
            keep("card.keycap", b"keycap1"),
            keep("code.PNG", code.expose()),
            keep("shared.age", b"age-encryption.org/v1\n"),
            keep("movie.age", &[0; 65 << 10]),
            keep("report.txt", &[b'a'; 17 << 10]),
            Given::File(folder.path().to_owned()),
        ];
        let mut arrivals = read_arrivals(given).into_iter();
        let mut next = || arrivals.next().unwrap();
        assert!(matches!(next(), Arrival::Take(link) if link.source == "a link" && texts(&link) == [TEXT]));
        assert!(matches!(next(), Arrival::Take(card) if card.source == "card.keycap"));
        assert!(matches!(next(), Arrival::Maybe { brought, otherwise: Otherwise::Seal, .. } if texts(&brought) == [TEXT]));
        assert!(matches!(next(), Arrival::Maybe { brought: Brought { content: Ok(Content::Sealed(_)), .. }, otherwise: Otherwise::Open, .. }));
        assert!(matches!(next(), Arrival::File(_, Otherwise::Open)));
        assert!(matches!(next(), Arrival::File(_, Otherwise::Seal)));
        assert!(matches!(next(), Arrival::File(_, Otherwise::Seal)));
    }

    #[test]
    fn a_picture_is_not_searched_when_the_ones_before_it_have_taken_the_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("code.png");
        fs::write(&path, Qr::for_picture(TEXT).unwrap().png(NonZeroU8::MIN.saturating_add(5)).unwrap().expose()).unwrap();
        let late = arrival(Given::File(path.clone()), &Search::begin(Duration::ZERO));
        assert!(matches!(late, Arrival::Maybe { brought: Brought { content: Err(_), .. }, otherwise: Otherwise::Seal, .. }));
        let in_time = arrival(Given::File(path), &Search::begin(DROPPED));
        assert!(matches!(in_time, Arrival::Maybe { brought: Brought { content: Ok(_), .. }, .. }));
    }
}
