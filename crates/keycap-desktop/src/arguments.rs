//! The command line of the program, which is mostly what a desktop puts there: a `keycap:` link, files.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use keycap_vault::SecretText;

/// What the program was started with.
#[derive(Debug, Default)]
pub(crate) struct Arguments {
    /// The vault's folder, if not the usual one.
    pub(crate) vault: Option<PathBuf>,
    /// What it was given to open.
    pub(crate) given: Vec<Given>,
    /// To say something and end.
    pub(crate) say: Option<Say>,
}

/// Something to say instead of opening a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Say {
    /// How it is called.
    Help,
    /// Which version it is.
    Version,
    /// It was called wrongly.
    Misuse,
}

/// Something to open.
#[derive(Debug)]
pub(crate) enum Given {
    /// A link, or the text of one.
    Link(SecretText),
    /// A file.
    File(PathBuf),
}

/// How it is called.
pub(crate) const USAGE: &str = "usage: keycap-desktop [--vault DIR] [keycap:LINK | FILE]...";

impl Arguments {
    /// Reads them, the program's own name left out; files are sought from `folder`.
    pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>, folder: &Path) -> Self {
        let mut parsed = Self::default();
        let mut arguments = arguments.into_iter();
        let mut only_files = false;
        while let Some(argument) = arguments.next() {
            match argument.to_str() {
                Some("--") if !only_files => only_files = true,
                Some("--help" | "-h") if !only_files => parsed.say = Some(Say::Help),
                Some("--version" | "-V") if !only_files => parsed.say = Some(Say::Version),
                Some("--vault") if !only_files => match arguments.next() {
                    Some(folder) => parsed.vault = Some(folder.into()),
                    None => parsed.say = Some(Say::Misuse),
                },
                Some(option) if option.starts_with('-') && !only_files => parsed.say = Some(Say::Misuse),
                Some(text) => parsed.given.push(given(text, folder)),
                None => parsed.given.push(Given::File(folder.join(argument))),
            }
        }
        parsed
    }
}

fn given(text: &str, folder: &Path) -> Given {
    let is = |scheme: &str| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    if is("keycap:") {
        Given::Link(SecretText::new(text.to_owned()))
    } else if is("file://") {
        Given::File(tauri::Url::parse(text).ok().and_then(|url| url.to_file_path().ok()).unwrap_or_else(|| folder.join(text)))
    } else {
        Given::File(folder.join(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Arguments {
        Arguments::parse(arguments.iter().map(OsString::from), Path::new("/home/alice"))
    }

    fn shown(given: &Given) -> String {
        match given {
            Given::Link(text) => format!("link {}", text.expose()),
            Given::File(path) => format!("file {}", path.display()),
        }
    }

    #[test]
    fn links_and_files_are_told_apart() {
        let parsed = parse(&["KEYCAP:KEYCAP1ABC", "notes.age", "file:///tmp/a%20b.png", "/tmp/x"]);
        let shown: Vec<String> = parsed.given.iter().map(shown).collect();
        assert_eq!(shown, ["link KEYCAP:KEYCAP1ABC", "file /home/alice/notes.age", "file /tmp/a b.png", "file /tmp/x"]);
    }

    #[test]
    fn a_file_whose_name_looks_like_an_option_needs_two_dashes() {
        assert_eq!(parse(&["--reveal"]).say, Some(Say::Misuse));
        let parsed = parse(&["--vault", "/v", "--", "--reveal"]);
        assert_eq!((parsed.say, parsed.given.len(), parsed.vault), (None, 1, Some("/v".into())));
        assert_eq!(parse(&["--vault"]).say, Some(Say::Misuse));
    }

    #[test]
    fn a_link_is_not_shown_when_the_arguments_are() {
        assert!(!format!("{:?}", parse(&["keycap:keycap-secret-1xyz"])).contains("xyz"));
    }
}
