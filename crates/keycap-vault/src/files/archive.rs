//! A folder as one tar stream, and back.
//!
//! *Adversary*, when unpacking: whoever sealed the file. Everything lands in a new folder of ours: paths with `..` or from the root are
//! refused, and so are hard links, devices and whatever is no file, folder or symbolic link. Symbolic links are made last, so that nothing is
//! written through one, and those that lead out of the folder are left out.
//!
//! *Not kept*: owners, set-user-id bits, extended attributes, hard links, the holes of sparse files. Sockets, pipes and devices are left out.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, SystemTime};

use tar::{Archive, Builder, EntryType, Header};
use walkdir::WalkDir;

use super::FileError;
use super::steady::SteadyFile;
use super::watch::Watch;

/// The comment in a global header at the stream's beginning, by which a folder that keycap sealed is told from a tar file that somebody
/// sealed: the first is unpacked again when it is opened, the second comes out as it went in. Every tar program passes over it.
const COMMENT: &[u8] = b"33 comment=keycap: a folder, 1.0\n";
/// Bytes of a tar block.
const BLOCK: usize = 512;

/// What became of the things in a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Tally {
    /// Files, folders and links that are in.
    pub(super) entries: u64,
    /// Things that could not be: sockets, pipes, devices when sealing, links that lead outside when opening.
    pub(super) left_out: u64,
}

/// Writes these files and folders as one tar stream, each under its own name.
pub(super) fn pack(paths: &[PathBuf], sink: impl Write, watch: Watch<'_>) -> Result<Tally, FileError> {
    let mut builder = Builder::new(sink);
    let mut tally = Tally::default();
    let mut header = Header::new_ustar();
    header.set_entry_type(EntryType::XGlobalHeader);
    header.set_size(u64::try_from(COMMENT.len()).unwrap_or_default());
    builder.append_data(&mut header, "pax_global_header", COMMENT).map_err(FileError::of_writer)?;
    for path in paths {
        let name = own_name(path)?;
        for found in WalkDir::new(path).sort_by_file_name() {
            watch.cancel.check()?;
            let found = found.map_err(|error| FileError::Read(error.into()))?;
            let inside = match found.path().strip_prefix(path) {
                Ok(rest) if !rest.as_os_str().is_empty() => Path::new(&name).join(rest),
                _ => PathBuf::from(&name),
            };
            pack_one(&mut builder, found.path(), &inside, &mut tally)?;
        }
    }
    builder.into_inner().and_then(|mut sink| sink.flush()).map_err(FileError::of_writer)?;
    Ok(tally)
}

/// Bytes that the files in there have together.
pub(super) fn size(paths: &[PathBuf]) -> Option<u64> {
    let found = paths.iter().flat_map(WalkDir::new);
    let sizes = found.filter_map(Result::ok).filter_map(|entry| entry.metadata().ok()).filter(fs::Metadata::is_file).map(|metadata| metadata.len());
    Some(sizes.sum())
}

/// The name of a file or folder, also where the path does not say it: `.`, `..`.
pub(super) fn own_name(path: &Path) -> Result<OsString, FileError> {
    match path.file_name() {
        Some(name) => Ok(name.to_owned()),
        None => {
            let whole = path.canonicalize().map_err(FileError::Read)?;
            Ok(whole.file_name().map_or_else(|| OsString::from("root"), ToOwned::to_owned))
        }
    }
}

fn pack_one(builder: &mut Builder<impl Write>, path: &Path, inside: &Path, tally: &mut Tally) -> Result<(), FileError> {
    let metadata = fs::symlink_metadata(path).map_err(FileError::Read)?;
    let mut header = Header::new_gnu();
    header.set_mode(mode_of(&metadata));
    header.set_mtime(metadata.modified().ok().and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok()).map_or(0, |since| since.as_secs()));
    header.set_size(0);
    let added = if metadata.is_dir() {
        header.set_entry_type(EntryType::Directory);
        builder.append_data(&mut header, inside.join(""), io::empty())
    } else if metadata.is_symlink() {
        header.set_entry_type(EntryType::Symlink);
        let target = fs::read_link(path).map_err(FileError::Read)?;
        builder.append_link(&mut header, inside, target)
    } else if metadata.is_file() {
        let mut file = SteadyFile::open(path)?;
        header.set_entry_type(EntryType::Regular);
        header.set_size(file.expected());
        builder.append_data(&mut header, inside, &mut file).and_then(|()| file.check_end())
    } else {
        tally.left_out += 1;
        return Ok(());
    };
    // An error of reading says so itself; whatever else it is comes from the sink.
    added.map_err(FileError::of_writer)?;
    tally.entries += 1;
    Ok(())
}

/// Whether this is the beginning of a folder that [`pack`] wrote; it takes the first 1,024 bytes to tell.
pub(super) fn is_folder(beginning: &[u8]) -> bool {
    let name = b"pax_global_header\0";
    beginning.starts_with(name) && beginning.get(156) == Some(&b'g') && beginning.get(BLOCK..).is_some_and(|body| body.starts_with(COMMENT))
}

/// Unpacks a stream into `root`, a new folder that is ours alone.
pub(super) fn unpack(source: impl Read, root: &Path) -> Result<Tally, FileError> {
    let mut archive = Archive::new(source);
    let mut unpacking = Unpacking { root, tally: Tally::default(), links: Vec::new(), folders: Vec::new(), made: BTreeSet::new() };
    for entry in archive.entries().map_err(FileError::of_reader)? {
        unpacking.entry(entry.map_err(read_error)?)?;
    }
    // What follows the end is filled up, and read to its own end: only then is all of it known to be authentic.
    io::copy(&mut archive.into_inner(), &mut io::sink()).map_err(FileError::of_reader)?;
    unpacking.finish()
}

struct Unpacking<'r> {
    root: &'r Path,
    tally: Tally,
    /// Symbolic links and what they point to, made last.
    links: Vec<(PathBuf, PathBuf)>,
    /// Folders with the mode and time that they get last, since filling them changes both.
    folders: Vec<(PathBuf, u32, u64)>,
    /// Folders that were made.
    made: BTreeSet<PathBuf>,
}

impl Unpacking<'_> {
    fn entry(&mut self, mut entry: tar::Entry<'_, impl Read>) -> Result<(), FileError> {
        let kind = entry.header().entry_type();
        if matches!(kind, EntryType::XGlobalHeader | EntryType::XHeader) {
            return Ok(());
        }
        let path = entry.path().map_err(read_error)?.into_owned();
        let inside = normal(&path).ok_or_else(|| refused(&path, "leads out of it"))?;
        if inside.as_os_str().is_empty() {
            return Ok(());
        }
        let place = self.root.join(&inside);
        let (mode, time) = (entry.header().mode().map_err(read_error)? & 0o777, entry.header().mtime().map_err(read_error)?);
        #[expect(clippy::wildcard_enum_match_arm, reason = "the enum is open; whatever else it is cannot be had")]
        match kind {
            EntryType::Directory => {
                self.make_folder(&inside, &path)?;
                self.folders.push((place, mode, time));
            }
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
                self.make_folder(inside.parent().unwrap_or(Path::new("")), &path)?;
                let mut file = new_file(&place).map_err(|error| write_error(&path, error))?;
                copy(&mut entry, &mut file, &path)?;
                set_mode_and_time(&file, mode, time);
            }
            EntryType::Symlink => {
                let target = entry.link_name().map_err(read_error)?.ok_or_else(|| refused(&path, "is a link to nothing"))?;
                if stays_inside(&inside, &target) {
                    self.links.push((inside, target.into_owned()));
                } else {
                    self.tally.left_out += 1;
                    return Ok(());
                }
            }
            _ => return Err(refused(&path, "is neither a file nor a folder nor a symbolic link")),
        }
        self.tally.entries += 1;
        Ok(())
    }

    /// Makes a folder and those above it.
    fn make_folder(&mut self, inside: &Path, of: &Path) -> Result<(), FileError> {
        let missing: Vec<&Path> = inside.ancestors().filter(|path| !path.as_os_str().is_empty() && !self.made.contains(*path)).collect();
        for path in missing.into_iter().rev() {
            fs::create_dir(self.root.join(path)).map_err(|error| write_error(of, error))?;
            self.made.insert(path.to_owned());
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Tally, FileError> {
        for (inside, target) in std::mem::take(&mut self.links) {
            self.make_folder(inside.parent().unwrap_or(Path::new("")), &inside)?;
            link(&target, &self.root.join(&inside)).map_err(|error| write_error(&inside, error))?;
        }
        // From the innermost out: a folder that may not be written to does not keep those in it from being finished.
        for (place, mode, time) in self.folders.iter().rev() {
            if let Ok(folder) = File::open(place) {
                set_mode_and_time(&folder, *mode | 0o700, *time);
            }
        }
        Ok(self.tally)
    }
}

/// The path without `.`, if nothing in it leads elsewhere.
fn normal(path: &Path) -> Option<PathBuf> {
    let mut inside = PathBuf::new();
    for component in path.components() {
        match component {
            Component::Normal(name) => inside.push(name),
            Component::CurDir => {}
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(inside)
}

/// Whether a link at `inside` with this target points to something in the folder.
fn stays_inside(inside: &Path, target: &Path) -> bool {
    let mut depth = inside.components().count().saturating_sub(1);
    for component in target.components() {
        match component {
            Component::Normal(_) => depth += 1,
            Component::CurDir => {}
            Component::ParentDir => match depth.checked_sub(1) {
                // Not out of the outermost folder either: that is renamed when all is done.
                Some(above) if above > 0 => depth = above,
                _ => return false,
            },
            Component::RootDir | Component::Prefix(_) => return false,
        }
    }
    true
}

/// The one thing at the top of an unpacked folder, if there is just one.
pub(super) fn only_thing_in(root: &Path) -> Option<PathBuf> {
    let mut things = fs::read_dir(root).ok()?;
    match (things.next(), things.next()) {
        (Some(Ok(one)), None) => Some(one.path()),
        _ => None,
    }
}

fn copy(entry: &mut impl Read, file: &mut File, path: &Path) -> Result<(), FileError> {
    let mut buffer = vec![0; 128 << 10];
    loop {
        let length = entry.read(&mut buffer).map_err(read_error)?;
        if length == 0 {
            return Ok(());
        }
        file.write_all(buffer.get(..length).unwrap_or_default()).map_err(|error| write_error(path, error))?;
    }
}

fn new_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(path)
}

/// What could not be set was said to be a detail: the contents are there.
fn set_mode_and_time(file: &File, mode: u32, time: u64) {
    if let Some(time) = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(time)) {
        let _ = file.set_modified(time);
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let _ = file.set_permissions(fs::Permissions::from_mode(mode));
    }
    #[cfg(not(unix))]
    let _ = mode;
}

#[cfg(unix)]
fn mode_of(metadata: &fs::Metadata) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o777
}

#[cfg(not(unix))]
fn mode_of(metadata: &fs::Metadata) -> u32 {
    if metadata.is_dir() { 0o755 } else { 0o644 }
}

#[cfg(unix)]
fn link(target: &Path, place: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, place)
}

#[cfg(not(unix))]
fn link(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "symbolic links are made on Unix only"))
}

fn refused(path: &Path, why: &str) -> FileError {
    FileError::Archive { why: format!("{} {why}", path.display()) }
}

/// An error of the stream: of what feeds it, or of its own form.
fn read_error(error: io::Error) -> FileError {
    let error = FileError::of_reader(error);
    if let FileError::Read(error) = error { FileError::Archive { why: error.to_string() } } else { error }
}

fn write_error(path: &Path, error: io::Error) -> FileError {
    if error.kind() == io::ErrorKind::AlreadyExists {
        return refused(path, "is in it twice");
    }
    FileError::Write { path: Some(path.display().to_string()), error }
}

#[cfg(test)]
mod tests;
