//! Who else may look into the vault's folder.

use std::path::{Path, PathBuf};

use super::{mendable, ok};
use crate::error::VaultError;
use crate::view::{DoctorFinding, Level};

pub(super) fn findings(folder: &Path) -> Vec<DoctorFinding> {
    let open = exposed(folder);
    if open.is_empty() {
        return vec![ok("permissions", format!("{} and what is in it is closed to other users.", folder.display()))];
    }
    let what = |(path, mode): &(PathBuf, u32)| format!("{} is open to other users (mode {mode:o}).", path.display());
    open.iter().map(|open| mendable(Level::Problem, "exposed", what(open))).collect()
}

/// Closes the vault's folder, and the files in it, to all but their owner. Works on a vault that does not open because it is exposed. What was
/// done, in sentences.
///
/// # Errors
/// [`VaultError::BadRequest`] if the system does not let this user do it.
pub fn mend_permissions(folder: &Path) -> Result<Vec<String>, VaultError> {
    let mut done = Vec::new();
    for (path, mode) in exposed(folder) {
        close(&path, mode).map_err(|error| VaultError::BadRequest {
            why: format!("{} could not be closed to other users: {error}", path.display()),
            hint: "do it as the user who owns it".into(),
        })?;
        done.push(format!("Closed {} to other users.", path.display()));
    }
    Ok(done)
}

/// The folder and the files in it that others may use, with their modes. What cannot be looked at is told by opening the vault.
fn exposed(folder: &Path) -> Vec<(PathBuf, u32)> {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut paths: Vec<PathBuf> = files.filter(|path| path.is_file()).collect();
    paths.sort();
    std::iter::once(folder.to_owned()).chain(paths).filter_map(|path| open_to_others(&path).map(|mode| (path, mode))).collect()
}

/// The mode of a file or folder that others may use.
#[cfg(unix)]
pub(super) fn open_to_others(path: &Path) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(path).ok()?.permissions().mode() & 0o777;
    (mode & 0o077 != 0).then_some(mode)
}

/// On Windows the profile's access list closes the folder; there is nothing to read it from in the standard library.
#[cfg(not(unix))]
pub(super) fn open_to_others(_path: &Path) -> Option<u32> {
    None
}

#[cfg(unix)]
fn close(path: &Path, mode: u32) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode & 0o700))
}

#[cfg(not(unix))]
fn close(_path: &Path, _mode: u32) -> std::io::Result<()> {
    Ok(())
}
