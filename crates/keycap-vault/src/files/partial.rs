//! A file while it is written: beside its final place, under a name that ends in `.partial`, until it is whole. Then it is put in its place,
//! and never over another file unasked, whoever else writes there at the same moment.
//!
//! A partial file is locked by the process that writes it. One that nobody has locked was left by a process that died; it is replaced.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::FileError;
use super::watch::Cancel;

/// Who may read the finished file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Only its owner: mode 0600.
    Private,
    /// As the system has it for new files.
    Usual,
}

/// What happens to a file that is in its place already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// It stays, and the new one gets a number: `name (2).age`.
    Number,
    /// It stays, and that is an error.
    Refuse,
    /// It is replaced, at once and as a whole.
    Replace,
}

/// Attempts at a name before something else must be wrong.
const MOST_TRIES: u32 = 10_000;

/// A file that is being written; gone when dropped, unless it was finished.
#[derive(Debug)]
pub(super) struct Partial {
    file: File,
    path: PathBuf,
    cancel: Cancel,
}

impl Partial {
    /// Makes the partial file beside `target`.
    pub(super) fn create(target: &Path, access: Access, cancel: &Cancel) -> Result<Self, FileError> {
        let mut file_name = target.file_name().unwrap_or_default().to_owned();
        file_name.push(".partial");
        let wanted = target.with_file_name(file_name);
        let mut number = 1;
        for _ in 0..MOST_TRIES {
            let path = numbered(&wanted, number);
            match open_new(&path, access) {
                Ok(file) => {
                    // Another process that took it for left behind, in the moment before it was locked, has removed it.
                    if file.try_lock().is_ok() && is_at(&file, &path) {
                        cancel.add_partial(&path);
                        return Ok(Self { file, path, cancel: cancel.clone() });
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    if !remove_left_behind(&path) {
                        number += 1;
                    }
                }
                Err(error) => return Err(FileError::Write { path: Some(target.display().to_string()), error }),
            }
        }
        Err(FileError::Exists { path: wanted.display().to_string() })
    }

    /// Writes it through to the disk and puts it in its place, or beside that under a number; where it is then.
    pub(super) fn finish(self, target: &Path, existing: Existing) -> Result<PathBuf, FileError> {
        let fail = |error| FileError::Write { path: Some(target.display().to_string()), error };
        self.file.sync_all().map_err(fail)?;
        let place = put_in_place(&self.path, target, existing)?;
        self.cancel.drop_partial(&self.path);
        Ok(place)
    }

    /// Gives it the permissions of the file that it is to replace.
    pub(super) fn adopt_permissions(&self, of: &fs::Metadata) {
        // Where they cannot be had it stays closed to others.
        let _ = self.file.set_permissions(of.permissions());
    }
}

impl Write for Partial {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // Once it was renamed there is nothing under this name, or something that is not this file.
        if is_at(&self.file, &self.path) {
            let _ = fs::remove_file(&self.path);
        }
        self.cancel.drop_partial(&self.path);
    }
}

/// A folder that is being unpacked; gone when dropped, unless it was finished.
#[derive(Debug)]
pub(super) struct PartialFolder {
    path: PathBuf,
    cancel: Cancel,
}

impl PartialFolder {
    /// Makes the partial folder beside `target`, closed to others.
    pub(super) fn create(target: &Path, cancel: &Cancel) -> Result<Self, FileError> {
        let mut name = target.file_name().unwrap_or_default().to_owned();
        name.push(".partial");
        let wanted = target.with_file_name(name);
        for number in 1..MOST_TRIES {
            let path = numbered(&wanted, number);
            match private_folder(&path) {
                Ok(()) => {
                    cancel.add_partial(&path);
                    return Ok(Self { path, cancel: cancel.clone() });
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(FileError::Write { path: Some(target.display().to_string()), error }),
            }
        }
        Err(FileError::Exists { path: wanted.display().to_string() })
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Puts `part`, which is the folder itself or one thing in it, in its place.
    pub(super) fn finish(self, part: &Path, target: &Path, existing: Existing) -> Result<PathBuf, FileError> {
        put_in_place(part, target, existing)
    }
}

impl Drop for PartialFolder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
        self.cancel.drop_partial(&self.path);
    }
}

/// The name with a number before its last extension, from the second on: `report.pdf`, `report (2).pdf`.
pub(super) fn numbered(path: &Path, number: u32) -> PathBuf {
    if number < 2 {
        return path.to_owned();
    }
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(format!(" ({number})"));
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}

/// Renames to `target`, or to a numbered name beside it, so that nothing that is there is lost.
fn put_in_place(from: &Path, target: &Path, existing: Existing) -> Result<PathBuf, FileError> {
    let fail = |error| FileError::Write { path: Some(target.display().to_string()), error };
    if existing == Existing::Replace {
        // A device or pipe would be gone for everybody: what is meant is to write into it, which whoever calls does with a stream.
        if fs::symlink_metadata(target).is_ok_and(|there| !there.is_file() && !there.is_symlink() && !there.is_dir()) {
            return Err(FileError::Exists { path: target.display().to_string() });
        }
        fs::rename(from, target).map_err(fail)?;
        return Ok(target.to_owned());
    }
    for number in 1..MOST_TRIES {
        let place = numbered(target, number);
        match rename_to_free(from, &place) {
            Ok(()) => return Ok(place),
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(fail(error)),
            Err(_) if existing == Existing::Refuse => break,
            Err(_) => {}
        }
    }
    Err(FileError::Exists { path: target.display().to_string() })
}

/// Renames, unless there is something under the new name.
fn rename_to_free(from: &Path, to: &Path) -> io::Result<()> {
    #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        use rustix::io::Errno;
        match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
            Ok(()) => return Ok(()),
            // The file system cannot; there is another way.
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {}
            Err(error) => return Err(error.into()),
        }
    }
    rename_to_free_by_claim(from, to)
}

/// The same where the system has no such call: claims the name with something empty, which nobody else can then have, and renames over it.
fn rename_to_free_by_claim(from: &Path, to: &Path) -> io::Result<()> {
    if from.is_dir() {
        fs::create_dir(to)?;
    } else {
        OpenOptions::new().write(true).create_new(true).open(to)?;
    }
    fs::rename(from, to)
}

/// Removes a partial file that nobody writes any more; whether the name may be tried again.
fn remove_left_behind(path: &Path) -> bool {
    // Not through a link that somebody put there, and not a pipe, whose opening would wait.
    if !fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file()) {
        return false;
    }
    let Ok(file) = OpenOptions::new().write(true).open(path) else { return false };
    match file.try_lock() {
        Ok(()) => !is_at(&file, path) || fs::remove_file(path).is_ok(),
        Err(TryLockError::WouldBlock | TryLockError::Error(_)) => false,
    }
}

fn open_new(path: &Path, access: Access) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if access == Access::Private {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    #[cfg(not(unix))]
    let _ = access;
    options.open(path)
}

fn private_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(path)
}

/// Whether `path` still names this very file.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let (Ok(open), Ok(named)) = (file.metadata(), fs::symlink_metadata(path)) else { return false };
    (open.dev(), open.ino()) == (named.dev(), named.ino())
}

/// Whether `path` still names this very file: an open file cannot be removed here.
#[cfg(not(unix))]
fn is_at(_: &File, path: &Path) -> bool {
    path.exists()
}

/// Writes the names in these folders through to the disk, so that a power cut does not take back what was said to be done.
pub(super) fn sync_folders(folders: impl IntoIterator<Item = PathBuf>) {
    #[cfg(unix)]
    for folder in folders {
        let folder = if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder };
        // Some file systems do not know this for folders; the file itself is on the disk in any case.
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
    }
    #[cfg(not(unix))]
    drop(folders);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(target: &Path, existing: Existing, text: &str) -> Result<PathBuf, FileError> {
        let mut partial = Partial::create(target, Access::Usual, &Cancel::new())?;
        partial.write_all(text.as_bytes()).unwrap();
        partial.finish(target, existing)
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_file_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("socket");
        let _listening = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        assert!(matches!(written(&socket, Existing::Replace, "text"), Err(FileError::Exists { .. })));
        assert_eq!(names(folder.path()), ["socket"]);
    }

    #[test]
    fn a_file_that_is_there_is_kept_and_the_new_one_numbered() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("report.pdf.age");
        for text in ["one", "two", "three"] {
            written(&target, Existing::Number, text).unwrap();
        }
        assert_eq!(names(folder.path()), ["report.pdf (2).age", "report.pdf (3).age", "report.pdf.age"]);
        assert_eq!(fs::read(&target).unwrap(), b"one");
        assert!(matches!(written(&target, Existing::Refuse, "four"), Err(FileError::Exists { .. })));
        assert_eq!(written(&target, Existing::Replace, "five").unwrap(), target);
        assert_eq!(fs::read(&target).unwrap(), b"five");
        assert_eq!(names(folder.path()).len(), 3, "no partial file is left");
    }

    #[test]
    fn without_the_systems_call_nothing_is_replaced_either() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        fs::write(&from, "new").unwrap();
        fs::write(&to, "old").unwrap();
        assert_eq!(rename_to_free_by_claim(&from, &to).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&to).unwrap(), b"old");
        fs::remove_file(&to).unwrap();
        rename_to_free_by_claim(&from, &to).unwrap();
        assert_eq!(fs::read(&to).unwrap(), b"new");
        assert_eq!(names(folder.path()), ["to"]);
    }

    #[test]
    fn a_dropped_partial_file_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let partial = Partial::create(&folder.path().join("a"), Access::Usual, &Cancel::new()).unwrap();
        assert_eq!(names(folder.path()), ["a.partial"]);
        drop(partial);
        assert_eq!(names(folder.path()), Vec::<String>::new());
    }

    #[test]
    fn a_partial_file_of_a_dead_process_is_replaced_and_one_of_a_living_kept() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a");
        fs::write(folder.path().join("a.partial"), "left behind").unwrap();
        let first = Partial::create(&target, Access::Usual, &Cancel::new()).unwrap();
        assert_eq!(fs::read(folder.path().join("a.partial")).unwrap(), b"");
        let second = Partial::create(&target, Access::Usual, &Cancel::new()).unwrap();
        assert_eq!(names(folder.path()), ["a (2).partial", "a.partial"]);
        assert_eq!(second.finish(&target, Existing::Number).unwrap(), target);
        assert_eq!(first.finish(&target, Existing::Number).unwrap(), folder.path().join("a (2)"));
        assert_eq!(names(folder.path()), ["a", "a (2)"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_in_the_partial_files_place_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let precious = folder.path().join("precious");
        fs::write(&precious, "kept").unwrap();
        std::os::unix::fs::symlink(&precious, folder.path().join("a.partial")).unwrap();
        written(&folder.path().join("a"), Existing::Number, "new").unwrap();
        assert_eq!(fs::read(&precious).unwrap(), b"kept");
        assert_eq!(fs::read(folder.path().join("a")).unwrap(), b"new");
    }

    #[cfg(unix)]
    #[test]
    fn what_is_private_is_so_from_its_first_byte() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let partial = Partial::create(&folder.path().join("a"), Access::Private, &Cancel::new()).unwrap();
        assert_eq!(fs::metadata(&partial.path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn what_is_abandoned_is_gone_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let cancel = Cancel::new();
        let partial = Partial::create(&folder.path().join("a"), Access::Usual, &cancel).unwrap();
        let unpacked = PartialFolder::create(&folder.path().join("b"), &cancel).unwrap();
        fs::write(unpacked.path().join("c"), "c").unwrap();
        cancel.abandon();
        assert_eq!(names(folder.path()), Vec::<String>::new());
        assert!(cancel.is_cancelled());
        drop((partial, unpacked));
    }

    #[test]
    fn threads_that_write_the_same_name_lose_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a.age");
        std::thread::scope(|scope| {
            for text in ["1", "2", "3", "4", "5", "6", "7", "8"] {
                let target = &target;
                scope.spawn(move || written(target, Existing::Number, text).unwrap());
            }
        });
        let mut texts: Vec<_> = names(folder.path()).iter().map(|name| fs::read_to_string(folder.path().join(name)).unwrap()).collect();
        texts.sort();
        assert_eq!(texts, ["1", "2", "3", "4", "5", "6", "7", "8"]);
    }
}
