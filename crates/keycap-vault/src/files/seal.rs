//! Sealing files and folders.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use rand::rngs::OsRng;
use walkdir::WalkDir;

use super::crew::crew;
use super::head::{self, Head};
use super::partial::{Access, Partial};
use super::place::{Outcomes, Target};
use super::steady::SteadyFile;
use super::watch::Watch;
use super::{Cancel, Existing, FileError, Form, Input, Output, Progress, Recipients, Report, Written, archive, conduit, stream};

/// Bytes up to which a file is one worker's; of a larger one all workers do chunks.
pub(super) const SMALL: u64 = 1 << 20;

/// How folders are sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Folding {
    /// Each folder as one file, a tar stream; files by themselves.
    Folders,
    /// Everything together as one file, a tar stream.
    Together,
    /// Every file in every folder by itself.
    Each,
}

/// Files to be sealed, and to whom. The face makes it with the vault, and may let it run on another thread.
pub struct SealJob {
    recipients: Recipients,
    form: Form,
    existing: Existing,
    output: Output,
    items: Vec<Item>,
}

/// One file that will come of it.
struct Item {
    name: String,
    source: Result<Source, FileError>,
    target: Target,
    /// Bytes of plaintext, where they are known.
    bytes: Option<u64>,
}

enum Source {
    File(PathBuf),
    Archive(Vec<PathBuf>),
    Stream(Box<dyn Read + Send>),
}

impl SealJob {
    /// Looks at what is to be sealed, and decides where it goes. What cannot be read fails by itself, later, and keeps nothing else from it.
    ///
    /// # Errors
    /// [`FileError::NoPlace`], [`FileError::OnePlace`], [`FileError::StreamAmongFiles`].
    pub fn plan(
        recipients: Recipients,
        inputs: Vec<Input>,
        output: Output,
        (folding, form, existing): (Folding, Form, Existing),
    ) -> Result<Self, FileError> {
        let mut items = Vec::with_capacity(inputs.len());
        if folding == Folding::Together {
            items.push(together(inputs, &output)?);
        } else {
            for input in inputs {
                match input {
                    Input::Stream(reader) => {
                        items.push(Item {
                            name: "-".into(),
                            source: Ok(Source::Stream(reader)),
                            target: output.target(None, "sealed.age")?,
                            bytes: None,
                        });
                    }
                    Input::Path(path) if folding == Folding::Each && path.is_dir() => each(&path, &output, &mut items)?,
                    Input::Path(path) => items.push(one(path, &output)?),
                }
            }
        }
        if items.len() > 1 && matches!(output, Output::File(_) | Output::Stream(_)) {
            return Err(FileError::OnePlace { files: items.len() });
        }
        Ok(Self { recipients, form, existing, output, items })
    }

    /// Files that will come of it.
    #[must_use]
    pub fn files(&self) -> usize {
        self.items.len()
    }

    /// Bytes of plaintext in all of them; `None` if that cannot be known.
    #[must_use]
    pub fn bytes(&self) -> Option<u64> {
        self.items.iter().map(|item| if item.source.is_err() { Some(0) } else { item.bytes }).sum()
    }

    /// Seals them. One that fails leaves nothing behind and keeps the others from nothing; after a cancellation no other is begun.
    #[must_use]
    pub fn run(self, progress: &dyn Progress, cancel: &Cancel) -> Vec<Report> {
        let watch = Watch { progress, cancel };
        let Self { recipients, form, existing, output, items } = self;
        let small = |item: &Item| item.bytes.is_some_and(|bytes| bytes <= SMALL) && matches!(item.source, Ok(Source::File(_)));
        let many = items.iter().filter(|item| small(item)).count();
        let outcomes = Outcomes::new(items.len());
        let mut sink = output.into_stream();
        let work = |job: Job| outcomes.put(job.index, job.name, job.sealing.into_file(&job.path, form, existing, watch));
        crew(many, work, |give| {
            for (index, item) in items.into_iter().enumerate() {
                let is_small = small(&item);
                let Item { name, source, target, bytes } = item;
                let prepared = watch.cancel.check().and(source).and_then(|source| Ok((source, head::make(&recipients.list, &mut OsRng)?)));
                let sealing = match prepared {
                    Ok((source, head)) => Sealing { head, source, bytes },
                    Err(error) => {
                        outcomes.put(index, name, Err(error));
                        continue;
                    }
                };
                match (target, &mut sink) {
                    (Target::File(path), _) if is_small => give(Job { index, name, path, sealing }),
                    (Target::File(path), _) => {
                        watch.progress.begin(&name);
                        outcomes.put(index, name, sealing.into_file(&path, form, existing, watch));
                    }
                    (Target::Stream, Some(sink)) => {
                        watch.progress.begin(&name);
                        let sealed =
                            sealing.into_sink(sink, form, watch).and_then(|sealed| sink.flush().map(|()| sealed).map_err(FileError::of_writer));
                        outcomes.put(index, name, sealed.map(|Sealed { bytes, left_out }| Written { path: None, bytes, left_out, opened: None }));
                    }
                    (Target::Stream, None) => outcomes.put(index, name, Err(FileError::NoPlace)),
                }
            }
        });
        outcomes.into_all()
    }
}

impl std::fmt::Debug for SealJob {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SealJob").field("files", &self.items.len()).field("output", &self.output).finish_non_exhaustive()
    }
}

/// A small file for a worker.
struct Job {
    index: usize,
    name: String,
    path: PathBuf,
    sealing: Sealing,
}

/// One file whose beginning is made.
struct Sealing {
    head: Head,
    source: Source,
    bytes: Option<u64>,
}

/// What was sealed.
struct Sealed {
    bytes: u64,
    left_out: u64,
}

impl Sealing {
    /// Seals it into a file, which is there as a whole or not at all.
    fn into_file(self, path: &Path, form: Form, existing: Existing, watch: Watch<'_>) -> Result<Written, FileError> {
        watch.cancel.check()?;
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.exists()) {
            fs::create_dir_all(folder).map_err(|error| FileError::Write { path: Some(folder.display().to_string()), error })?;
        }
        if existing == Existing::Refuse && path.symlink_metadata().is_ok() {
            return Err(FileError::Exists { path: path.display().to_string() });
        }
        let mut partial = Partial::create(path, Access::Usual, watch.cancel)?;
        let Sealed { bytes, left_out } = self.into_sink(&mut partial, form, watch).map_err(|error| error.at(path))?;
        let path = partial.finish(path, existing)?;
        Ok(Written { path: Some(path), bytes, left_out, opened: None })
    }

    fn into_sink(self, sink: &mut (dyn Write + Send), form: Form, watch: Watch<'_>) -> Result<Sealed, FileError> {
        let Self { head, source, bytes } = self;
        let mut seal = |source: &mut (dyn Read + Send)| stream::seal_behind(&head, source, sink, form, bytes, watch);
        match source {
            Source::File(path) => Ok(Sealed { bytes: seal(&mut SteadyFile::open(&path)?)?, left_out: 0 }),
            Source::Stream(mut reader) => Ok(Sealed { bytes: seal(&mut reader)?, left_out: 0 }),
            Source::Archive(paths) => {
                let (mut writer, mut reader) = conduit::conduit();
                std::thread::scope(|scope| {
                    let packing = scope.spawn(move || match archive::pack(&paths, &mut writer, watch) {
                        Ok(tally) => writer.finish().map(|()| tally).map_err(FileError::of_writer),
                        Err(error) => {
                            writer.fail(error);
                            Ok(archive::Tally::default())
                        }
                    });
                    let sealed = seal(&mut reader);
                    // Whoever packs waits for the reader: it has to go first.
                    drop(reader);
                    let packed = packing.join().unwrap_or(Err(FileError::Cancelled));
                    let bytes = sealed?;
                    Ok(Sealed { bytes, left_out: packed?.left_out })
                })
            }
        }
    }
}

/// A file, or a folder as a whole.
fn one(path: PathBuf, output: &Output) -> Result<Item, FileError> {
    let name = path.display().to_string();
    // Through a link: whoever names one means what it leads to.
    let (source, bytes, suffix) = match fs::metadata(&path) {
        Ok(metadata) if metadata.is_dir() => {
            let paths = vec![path.clone()];
            let bytes = archive::size(&paths);
            (Ok(Source::Archive(paths)), bytes, ".tar.age")
        }
        Ok(metadata) if metadata.is_file() => (Ok(Source::File(path.clone())), Some(metadata.len()), ".age"),
        Ok(_) => (Err(FileError::NoFile), None, ".age"),
        Err(error) => (Err(FileError::Read(error)), None, ".age"),
    };
    let target = output.target(Some(&path), sealed_name(&path, suffix)?)?;
    Ok(Item { name, source, target, bytes })
}

/// Everything as one.
fn together(inputs: Vec<Input>, output: &Output) -> Result<Item, FileError> {
    let mut paths = Vec::with_capacity(inputs.len());
    for input in inputs {
        match input {
            Input::Path(path) => paths.push(path),
            Input::Stream(_) => return Err(FileError::StreamAmongFiles),
        }
    }
    let first = match paths.as_slice() {
        [only] => Some(only.as_path()),
        _ => None,
    };
    let name = first.map_or_else(|| Ok("sealed.tar.age".into()), |path| sealed_name(path, ".tar.age"))?;
    let target = output.target(first, name)?;
    let bytes = archive::size(&paths);
    let named: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    Ok(Item { name: named.join(" "), source: Ok(Source::Archive(paths)), target, bytes })
}

/// Every file in a folder.
fn each(folder: &Path, output: &Output, items: &mut Vec<Item>) -> Result<(), FileError> {
    let own_name = archive::own_name(folder)?;
    for found in WalkDir::new(folder).sort_by_file_name() {
        let found = match found {
            Ok(found) if found.file_type().is_dir() => continue,
            Ok(found) => found,
            Err(error) => {
                let path = error.path().unwrap_or(folder).to_owned();
                let target = output.target(Some(&path), "unread")?;
                items.push(Item { name: path.display().to_string(), source: Err(FileError::Read(error.into())), target, bytes: None });
                continue;
            }
        };
        let path = found.into_path();
        let within = path.strip_prefix(folder).ok().and_then(Path::parent).unwrap_or(Path::new(""));
        let target = match output {
            Output::Folder(root) => Target::File(root.join(&own_name).join(within).join(sealed_name(&path, ".age")?)),
            Output::Beside | Output::File(_) | Output::Stream(_) => output.target(Some(&path), sealed_name(&path, ".age")?)?,
        };
        let metadata = fs::metadata(&path);
        let bytes = metadata.as_ref().ok().map(fs::Metadata::len);
        let source = match metadata {
            Ok(metadata) if metadata.is_file() => Ok(Source::File(path.clone())),
            Ok(_) => Err(FileError::NoFile),
            Err(error) => Err(FileError::Read(error)),
        };
        items.push(Item { name: path.display().to_string(), source, target, bytes });
    }
    Ok(())
}

fn sealed_name(path: &Path, suffix: &str) -> Result<std::ffi::OsString, FileError> {
    let mut name = archive::own_name(path).or_else(|error| path.file_name().map(ToOwned::to_owned).ok_or(error))?;
    name.push(suffix);
    Ok(name)
}
