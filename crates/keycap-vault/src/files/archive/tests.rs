use super::super::watch::{Cancel, Unwatched, Watch};
use super::*;

fn packed(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    let cancel = Cancel::new();
    pack(&[path.to_owned()], &mut bytes, Watch { progress: &Unwatched, cancel: &cancel }).unwrap();
    bytes
}

fn unpacked(stream: &[u8]) -> (tempfile::TempDir, Result<Tally, FileError>) {
    let root = tempfile::tempdir().unwrap();
    let result = unpack(stream, root.path());
    (root, result)
}

/// A stream with one entry whose header is written as it is, unchecked.
fn hostile(kind: EntryType, path: &str, link: Option<&str>) -> Vec<u8> {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(0);
    header.set_mode(0o644);
    header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
    if let Some(link) = link {
        header.as_old_mut().linkname[..link.len()].copy_from_slice(link.as_bytes());
    }
    header.set_cksum();
    let mut builder = Builder::new(Vec::new());
    builder.append(&header, io::empty()).unwrap();
    builder.into_inner().unwrap()
}

#[cfg(unix)]
#[test]
fn a_folder_comes_out_as_it_went_in() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let source = tempfile::tempdir().unwrap();
    let folder = source.path().join("photos");
    let deep = folder.join("a/b");
    fs::create_dir_all(&deep).unwrap();
    fs::create_dir(folder.join("empty")).unwrap();
    fs::write(deep.join("file"), vec![7; 200_000]).unwrap();
    fs::write(folder.join("none"), "").unwrap();
    fs::write(folder.join("script"), "x").unwrap();
    fs::write(folder.join("n".repeat(240)), "a long name").unwrap();
    fs::write(folder.join("ümläut 日本"), "u").unwrap();
    fs::set_permissions(folder.join("script"), fs::Permissions::from_mode(0o4755)).unwrap();
    fs::set_permissions(folder.join("empty"), fs::Permissions::from_mode(0o500)).unwrap();
    File::open(folder.join("script")).unwrap().set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000)).unwrap();
    symlink("a/b/file", folder.join("link")).unwrap();
    symlink("/etc/passwd", folder.join("absolute")).unwrap();
    symlink("../../elsewhere", folder.join("outside")).unwrap();

    let stream = packed(&folder);
    assert!(is_folder(&stream));
    let (root, tally) = unpacked(&stream);
    assert_eq!(tally.unwrap().left_out, 2);
    let out = root.path().join("photos");
    assert_eq!(only_thing_in(root.path()), Some(out.clone()));
    assert_eq!(fs::read(out.join("a/b/file")).unwrap(), vec![7; 200_000]);
    assert_eq!(fs::read(out.join("link")).unwrap(), vec![7; 200_000]);
    assert_eq!(fs::read(out.join("n".repeat(240))).unwrap(), b"a long name");
    assert_eq!(fs::read(out.join("ümläut 日本")).unwrap(), b"u");
    assert_eq!(fs::read(out.join("none")).unwrap(), b"");
    let script = fs::metadata(out.join("script")).unwrap();
    assert_eq!(script.permissions().mode() & 0o7777, 0o755, "the set-user-id bit is gone");
    assert_eq!(script.modified().unwrap(), SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000));
    assert!(!out.join("absolute").is_symlink() && !out.join("outside").is_symlink());
    assert!(out.join("empty").is_dir());
}

#[test]
fn other_programs_read_what_is_packed() {
    let source = tempfile::tempdir().unwrap();
    let folder = source.path().join("photos");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("one"), "1").unwrap();
    let stream = source.path().join("photos.tar");
    fs::write(&stream, packed(&folder)).unwrap();
    let listed = std::process::Command::new("tar").arg("tf").arg(&stream).output().unwrap();
    assert_eq!(String::from_utf8(listed.stdout).unwrap(), "photos/\nphotos/one\n");
}

#[test]
fn nothing_is_written_outside_the_folder() {
    for (kind, path) in [
        (EntryType::Regular, "../evil"),
        (EntryType::Regular, "a/../../evil"),
        (EntryType::Regular, "/tmp/evil"),
        (EntryType::Directory, "../evil"),
        (EntryType::Symlink, "../evil"),
    ] {
        let (root, result) = unpacked(&hostile(kind, path, Some("x")));
        assert!(matches!(result, Err(FileError::Archive { .. })), "{path}: {result:?}");
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0, "{path}");
    }
}

#[test]
fn hard_links_devices_and_pipes_are_refused() {
    for kind in [EntryType::Link, EntryType::Char, EntryType::Block, EntryType::Fifo] {
        let (_root, result) = unpacked(&hostile(kind, "thing", Some("x")));
        assert!(matches!(result, Err(FileError::Archive { .. })), "{kind:?}: {result:?}");
    }
}

#[cfg(unix)]
#[test]
fn nothing_is_written_through_a_link() {
    let mut header = Header::new_gnu();
    let mut builder = Builder::new(Vec::new());
    header.set_entry_type(EntryType::Symlink);
    header.set_size(0);
    builder.append_link(&mut header, "top/a", "b").unwrap();
    let mut header = Header::new_gnu();
    header.set_size(4);
    header.set_mode(0o644);
    builder.append_data(&mut header, "top/a/file", &b"evil"[..]).unwrap();
    let (root, result) = unpacked(&builder.into_inner().unwrap());
    // The folder `a` was made for the file; the link finds it there.
    assert!(matches!(result, Err(FileError::Archive { .. })), "{result:?}");
    assert!(!root.path().join("top/b").exists());
}

#[test]
fn links_are_judged_by_where_they_lead() {
    for (link, target, inside) in [
        ("top/a", "b", true),
        ("top/a", "./b/../c", true),
        ("top/x/a", "../b", true),
        ("top/a", "../top/b", false),
        ("top/a", "..", false),
        ("top/x/a", "../../b", false),
        ("top/a", "/b", false),
    ] {
        assert_eq!(stays_inside(Path::new(link), Path::new(target)), inside, "{link} -> {target}");
    }
}

#[test]
fn a_stream_that_is_cut_off_is_no_folder() {
    let source = tempfile::tempdir().unwrap();
    let folder = source.path().join("photos");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("one"), vec![1; 5_000]).unwrap();
    let stream = packed(&folder);
    let (_root, result) = unpacked(&stream[..3_500]);
    assert!(matches!(result, Err(FileError::Archive { .. })), "{result:?}");
}

#[test]
fn a_name_that_comes_twice_is_refused() {
    let mut builder = Builder::new(Vec::new());
    for text in [b"first", b"again"] {
        let mut header = Header::new_gnu();
        header.set_size(5);
        header.set_mode(0o644);
        builder.append_data(&mut header, "file", &text[..]).unwrap();
    }
    let (_root, result) = unpacked(&builder.into_inner().unwrap());
    assert!(matches!(result, Err(FileError::Archive { .. })), "{result:?}");
}
