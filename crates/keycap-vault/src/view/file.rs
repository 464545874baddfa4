//! Views of files that were sealed, opened or looked into.

use serde::Serialize;

use super::opened::OpenedView;

/// To whom a file is sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct RecipientView {
    /// `key`, `capability`, `age`, `ssh` or `passphrase`.
    pub kind: &'static str,
    /// Its name in this vault, or the recipient as it was written out.
    pub name: String,
    /// Which of keycap's stanzas it gets; `None`: one of age's.
    pub stanza: Option<&'static str>,
    /// Whether it is the one who seals.
    pub me: bool,
}

/// What became of files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct FilesView {
    /// To whom they were sealed; empty if they were opened.
    pub recipients: Vec<RecipientView>,
    /// Each file, in the order in which it was named.
    pub files: Vec<FileView>,
    /// How many were done.
    pub done: u64,
    /// How many were not.
    pub failed: u64,
    /// Bytes of plaintext in those that were done.
    pub bytes: u64,
    /// What to know besides, in sentences.
    pub notes: Vec<String>,
}

/// What became of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct FileView {
    /// The file as it was named; `-` for standard input.
    pub file: String,
    /// Where what was made of it is; `None`: standard output, or nothing was made.
    pub output: Option<String>,
    /// Bytes of plaintext.
    pub bytes: u64,
    /// Things in a folder that could not be taken along: sockets, pipes, devices, links that lead outside.
    pub left_out: u64,
    /// With what the vault opened it, and who sealed it; `None`: it was sealed, or opened by something that was named.
    pub opened: Option<OpenedView>,
    /// Why it was not done.
    pub error: Option<FileErrorView>,
}

/// Why one file was not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct FileErrorView {
    /// A stable name for programs.
    pub code: &'static str,
    /// What was wrong.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
}

/// What a sealed file says without being opened. Nothing of it is known to be authentic but what `fits` says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct InspectedView {
    /// The file as it was named; `-` for standard input.
    pub file: String,
    /// Whether it is in armor.
    pub armored: bool,
    /// Bytes of the header, without armor.
    pub header_bytes: u64,
    /// Bytes that are sealed; `None`: the file was cut off or added to.
    pub plaintext_bytes: Option<u64>,
    /// To whom it is sealed, as far as that can be told.
    pub stanzas: Vec<StanzaView>,
    /// Whether what opens it was looked for in this vault; `false`: there is none, or it is locked.
    pub looked: bool,
}

/// One stanza of a header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct StanzaView {
    /// Its type: `X25519`, `scrypt`, `ssh-ed25519`, `keycap1-X` and so on.
    pub kind: String,
    /// What that is, in words.
    pub meaning: &'static str,
    /// How many arguments it has.
    pub arguments: u64,
    /// Bytes of its body.
    pub body_bytes: u64,
    /// With what of this vault it opens, who sealed it, and with which grant.
    pub fits: Option<OpenedView>,
    /// What is wrong with it, where it is for this vault and malformed or forged.
    pub fault: Option<String>,
}
