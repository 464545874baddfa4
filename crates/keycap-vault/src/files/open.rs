//! Opening files.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::thread::{Scope, ScopedJoinHandle};

use super::archive::{self, Tally};
use super::conduit::{ConduitWriter, conduit};
use super::crew::crew;
use super::inspect::source_of;
use super::partial::{Access, Partial, PartialFolder};
use super::place::{Outcomes, Target};
use super::seal::SMALL;
use super::stream::{Begun, Unlocked};
use super::watch::Watch;
use super::{Cancel, Existing, FileError, Identities, Input, Output, Progress, Report, Written};
use crate::opener;

/// What happens to a folder that was sealed as one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Folders {
    /// It becomes a folder again.
    Unpack,
    /// It becomes a tar file.
    Keep,
}

/// What a file's name ends with if nothing else can be taken off it.
const OPENED: &str = ".opened";

/// Files to be opened, and with what.
pub struct OpenJob {
    identities: Identities,
    folders: Folders,
    existing: Existing,
    output: Output,
    inputs: Vec<(String, Input, Target)>,
}

impl OpenJob {
    /// Decides where what is opened goes.
    ///
    /// # Errors
    /// [`FileError::NoPlace`], [`FileError::OnePlace`]. A file that cannot be read fails by itself, later.
    pub fn plan(identities: Identities, inputs: Vec<Input>, output: Output, (folders, existing): (Folders, Existing)) -> Result<Self, FileError> {
        let mut placed = Vec::with_capacity(inputs.len());
        for input in inputs {
            let target = match &input {
                Input::Path(path) => output.target(Some(path), opened_name(path)?)?,
                Input::Stream(_) => output.target(None, "opened")?,
            };
            placed.push((input.name(), input, target));
        }
        if placed.len() > 1 && matches!(output, Output::File(_) | Output::Stream(_)) {
            return Err(FileError::OnePlace { files: placed.len() });
        }
        Ok(Self { identities, folders, existing, output, inputs: placed })
    }

    /// Bytes of all files as they are, sealed; `None` if that cannot be known.
    #[must_use]
    pub fn bytes(&self) -> Option<u64> {
        let size = |input: &Input| match input {
            Input::Path(path) => Some(fs::metadata(path).map_or(0, |metadata| metadata.len())),
            Input::Stream(_) => None,
        };
        self.inputs.iter().map(|(_, input, _)| size(input)).sum()
    }

    /// Opens them. One that fails leaves nothing behind and keeps the others from nothing; after a cancellation no other is begun.
    #[must_use]
    pub fn run(self, progress: &dyn Progress, cancel: &Cancel) -> Vec<Report> {
        let watch = Watch { progress, cancel };
        let Self { identities, folders, existing, output, inputs } = self;
        let outcomes = Outcomes::new(inputs.len());
        let many = inputs.len();
        let mut sink = output.into_stream();
        let work = |job: Job| outcomes.put(job.index, job.name, job.opening.into_place(&job.path, folders, existing, watch));
        crew(many, work, |give| {
            for (index, (name, input, target)) in inputs.into_iter().enumerate() {
                let opening = match watch.cancel.check().and_then(|()| Opening::begin(input, &identities)) {
                    Ok(opening) => opening,
                    Err(error) => {
                        outcomes.put(index, name, Err(error));
                        continue;
                    }
                };
                match (target, &mut sink) {
                    (Target::File(path), _) if opening.small => give(Job { index, name, path, opening }),
                    (Target::File(path), _) => {
                        watch.progress.begin(&name);
                        outcomes.put(index, name, opening.into_place(&path, folders, existing, watch));
                    }
                    (Target::Stream, Some(sink)) => {
                        watch.progress.begin(&name);
                        let Opening { unlocked, opened, .. } = opening;
                        let bytes = unlocked.open(sink, watch).and_then(|bytes| sink.flush().map(|()| bytes).map_err(FileError::of_writer));
                        outcomes.put(index, name, bytes.map(|bytes| Written { path: None, bytes, left_out: 0, opened }));
                    }
                    (Target::Stream, None) => outcomes.put(index, name, Err(FileError::NoPlace)),
                }
            }
        });
        outcomes.into_all()
    }
}

impl std::fmt::Debug for OpenJob {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpenJob").field("files", &self.inputs.len()).field("output", &self.output).finish_non_exhaustive()
    }
}

/// A small file for a worker.
struct Job {
    index: usize,
    name: String,
    path: PathBuf,
    opening: Opening,
}

/// A file whose header is authentic.
struct Opening {
    unlocked: Unlocked<'static>,
    /// What the vault says of it, if it was the vault that opened it.
    opened: Option<opener::Outcome>,
    small: bool,
}

impl Opening {
    fn begin(input: Input, identities: &Identities) -> Result<Self, FileError> {
        let (source, size) = source_of(input)?;
        let begun = Begun::read(source)?;
        let payload = size.and_then(|size| size.checked_sub(u64::try_from(begun.header_length).ok()?));
        let (file_key, opened) = identities.unwrap(&begun.header)?;
        let unlocked = begun.unlock(&file_key)?.of_payload(payload);
        Ok(Self { unlocked, opened, small: size.is_some_and(|size| size <= SMALL) })
    }

    /// Opens it into a file or folder, which is there as a whole or not at all.
    fn into_place(self, path: &Path, folders: Folders, existing: Existing, watch: Watch<'_>) -> Result<Written, FileError> {
        watch.cancel.check()?;
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.exists()) {
            fs::create_dir_all(folder).map_err(|error| FileError::Write { path: Some(folder.display().to_string()), error })?;
        }
        if existing == Existing::Refuse && path.symlink_metadata().is_ok() {
            return Err(FileError::Exists { path: path.display().to_string() });
        }
        std::thread::scope(|scope| {
            let mut sorter = Sorter { scope, path, folders, watch, place: Place::Unknown };
            let opened = self.unlocked.open(&mut sorter, watch);
            let written = sorter.finish(opened, existing).map_err(|error| error.at(path))?;
            Ok(Written { opened: self.opened, ..written })
        })
    }
}

/// Finds out from the first bytes whether it is a folder, and sends everything on to where it belongs.
struct Sorter<'scope, 'env, 'p> {
    scope: &'scope Scope<'scope, 'env>,
    path: &'p Path,
    folders: Folders,
    watch: Watch<'p>,
    place: Place<'scope>,
}

enum Place<'scope> {
    Unknown,
    File(Partial),
    Folder { folder: PartialFolder, writer: ConduitWriter, unpacking: ScopedJoinHandle<'scope, Result<Tally, FileError>> },
}

impl Sorter<'_, '_, '_> {
    /// Decides, once there are bytes or it is known that there are none.
    fn decide(&mut self, beginning: &[u8]) -> Result<(), FileError> {
        if self.folders == Folders::Unpack && archive::is_folder(beginning) {
            let folder = PartialFolder::create(&unpacked_path(self.path), self.watch.cancel)?;
            let (writer, reader) = conduit();
            let root = folder.path().to_owned();
            let unpacking = self.scope.spawn(move || archive::unpack(reader, &root));
            self.place = Place::Folder { folder, writer, unpacking };
        } else {
            self.place = Place::File(Partial::create(self.path, Access::Private, self.watch.cancel)?);
        }
        Ok(())
    }

    /// Puts it in its place, if all of it was authentic.
    fn finish(mut self, opened: Result<u64, FileError>, existing: Existing) -> Result<Written, FileError> {
        if let (Ok(_), Place::Unknown) = (&opened, &self.place) {
            self.decide(&[])?;
        }
        match self.place {
            Place::Unknown => opened.map(|bytes| Written { path: None, bytes, left_out: 0, opened: None }),
            Place::File(partial) => {
                let bytes = opened?;
                Ok(Written { path: Some(partial.finish(self.path, existing)?), bytes, left_out: 0, opened: None })
            }
            Place::Folder { folder, writer, unpacking } => {
                let ended = match opened {
                    Ok(bytes) => writer.finish().map(|()| bytes).map_err(FileError::of_writer),
                    Err(error) => {
                        drop(writer);
                        Err(error)
                    }
                };
                let unpacked = unpacking.join().unwrap_or(Err(FileError::Cancelled));
                let (bytes, tally) = match (ended, unpacked) {
                    (Ok(bytes), Ok(tally)) => (bytes, tally),
                    // A broken conduit is the unpacking side's doing, and its error tells what happened.
                    (Err(FileError::Write { error, .. }), Err(why)) if error.kind() == io::ErrorKind::BrokenPipe => return Err(why),
                    (Err(error), _) | (Ok(_), Err(error)) => return Err(error),
                };
                let target = unpacked_path(self.path);
                let (part, target) = match archive::only_thing_in(folder.path()).filter(|part| part.is_dir()) {
                    Some(part) => (part, target),
                    None => (folder.path().to_owned(), target),
                };
                let place = folder.finish(&part, &target, existing)?;
                Ok(Written { path: Some(place), bytes, left_out: tally.left_out, opened: None })
            }
        }
    }
}

impl Write for Sorter<'_, '_, '_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Place::Unknown = self.place {
            self.decide(bytes).map_err(FileError::into_io)?;
        }
        match &mut self.place {
            Place::Unknown => Ok(0),
            Place::File(partial) => partial.write(bytes),
            Place::Folder { writer, .. } => writer.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The name without `.age`.
fn opened_name(path: &Path) -> Result<PathBuf, FileError> {
    let name = archive::own_name(path).or_else(|error| path.file_name().map(ToOwned::to_owned).ok_or(error))?;
    let name = PathBuf::from(name);
    Ok(if name.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("age")) {
        name.with_extension("")
    } else {
        let mut longer = name.into_os_string();
        longer.push(OPENED);
        longer.into()
    })
}

/// The folder's place: without `.tar`.
fn unpacked_path(path: &Path) -> PathBuf {
    if path.extension().is_some_and(|extension| extension == "tar") { path.with_extension("") } else { path.to_owned() }
}
