//! Where files come from and where they go.

use std::collections::BTreeSet;
use std::fmt;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::{FileError, Report, Written};

/// Where a file comes from.
pub enum Input {
    /// A file or folder.
    Path(PathBuf),
    /// A stream, such as standard input.
    Stream(Box<dyn Read + Send>),
}

/// Where files go.
pub enum Output {
    /// Each beside what it was made from; a stream nowhere.
    Beside,
    /// All into this folder, which is made if it is missing.
    Folder(PathBuf),
    /// The one that there is, to this file.
    File(PathBuf),
    /// The one that there is, into a stream, such as standard output.
    Stream(Box<dyn Write + Send>),
}

impl Input {
    /// How it is called in reports.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Path(path) => path.display().to_string(),
            Self::Stream(_) => "-".into(),
        }
    }
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Input({})", self.name())
    }
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Beside => f.write_str("Output::Beside"),
            Self::Folder(path) => write!(f, "Output::Folder({})", path.display()),
            Self::File(path) => write!(f, "Output::File({})", path.display()),
            Self::Stream(_) => f.write_str("Output::Stream(..)"),
        }
    }
}

/// Where one file goes.
pub(super) enum Target {
    File(PathBuf),
    Stream,
}

impl Output {
    /// The place of what is made from `source` under the file name `name`.
    pub(super) fn target(&self, source: Option<&Path>, name: impl AsRef<Path>) -> Result<Target, FileError> {
        Ok(match (self, source) {
            (Self::Beside, Some(source)) => Target::File(source.parent().unwrap_or(Path::new("")).join(name)),
            (Self::Beside, None) => return Err(FileError::NoPlace),
            (Self::Folder(folder), _) => Target::File(folder.join(name)),
            (Self::File(path), _) => Target::File(path.clone()),
            (Self::Stream(_), _) => Target::Stream,
        })
    }

    /// The stream, if it is one.
    pub(super) fn into_stream(self) -> Option<Box<dyn Write + Send>> {
        match self {
            Self::Stream(stream) => Some(stream),
            Self::Beside | Self::Folder(_) | Self::File(_) => None,
        }
    }
}

/// What became of files that are worked on in any order.
pub(super) struct Outcomes(Mutex<Vec<Option<Report>>>);

impl Outcomes {
    pub(super) fn new(files: usize) -> Self {
        Self(Mutex::new((0..files).map(|_| None).collect()))
    }

    pub(super) fn put(&self, index: usize, name: String, result: Result<Written, FileError>) {
        let mut outcomes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = outcomes.get_mut(index) {
            *place = Some(Report { name, result });
        }
    }

    /// All of them, once the folders that they are in are written through to the disk.
    pub(super) fn into_all(self) -> Vec<Report> {
        let reports: Vec<Report> = self.0.into_inner().unwrap_or_else(PoisonError::into_inner).into_iter().flatten().collect();
        let written = reports.iter().filter_map(|report| report.result.as_ref().ok()?.path.as_deref()?.parent());
        super::partial::sync_folders(written.map(Path::to_owned).collect::<BTreeSet<_>>());
        reports
    }
}
