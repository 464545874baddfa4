//! Folders as tar streams that `tar` itself reads and writes, and more than fits anywhere through pipes.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use keycap_tests::{Age, Keycap, require};

use crate::{open, seal};

/// Files below a folder with their contents, and symbolic links with where they lead.
fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fn walk(folder: &Path, below: &str, found: &mut BTreeMap<String, Vec<u8>>) {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{below}/{}", entry.file_name().to_string_lossy());
            let kind = entry.file_type().unwrap();
            if kind.is_dir() {
                found.insert(format!("{name}/"), Vec::new());
                walk(&entry.path(), &name, found);
            } else if kind.is_symlink() {
                found.insert(name, fs::read_link(entry.path()).unwrap().into_os_string().into_encoded_bytes());
            } else {
                found.insert(name, fs::read(entry.path()).unwrap());
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(folder, "", &mut found);
    found
}

fn make_tree(folder: &Path) {
    let long = "a name that is longer than the hundred characters that a header of the first tar format has room for, as some are";
    for below in ["", "empty", "deep/deeper/deepest", long] {
        fs::create_dir_all(folder.join(below)).unwrap();
    }
    let files = [("text", &b"text"[..]), ("nothing", b""), ("deep/deeper/deepest/ünïcode", b"bytes"), (&format!("{long}/{long}"), &[7; 100_000])];
    for (name, content) in files {
        fs::write(folder.join(name), content).unwrap();
    }
    std::os::unix::fs::symlink("../text", folder.join("deep/link")).unwrap();
}

#[test]
fn a_folder_that_keycap_seals_is_a_tar_stream_for_age_and_tar() {
    let keycap = Keycap::without_keyring();
    let home = keycap.home().path();
    let (folder, identity) = (home.join("folder"), home.join("identity"));
    make_tree(&folder);
    let recipient = Age::debian().generate(&identity, &[]);
    let _ = seal(&keycap, &["-r", &recipient], home, std::slice::from_ref(&folder)).succeeded();
    let tar = require("tar", "tar");
    for age in Age::all() {
        let into = home.join(age.name());
        fs::create_dir(&into).unwrap();
        let mut unpack = Command::new(&tar).arg("-x").arg("-C").arg(&into).stdin(Stdio::piped()).spawn().unwrap();
        unpack.stdin.take().unwrap().write_all(&age.open(&identity, &home.join("folder.tar.age"))).unwrap();
        assert!(unpack.wait().unwrap().success());
        assert_eq!(tree(&into.join("folder")), tree(&folder), "unpacked from {}", age.name());
    }
}

#[test]
fn a_tar_file_that_somebody_else_made_stays_one() {
    let keycap = Keycap::without_keyring();
    let home = keycap.home().path();
    let (folder, identity) = (home.join("folder"), home.join("identity"));
    make_tree(&folder);
    let recipient = Age::debian().generate(&identity, &[]);
    let (packed, sealed) = (home.join("packed.tar"), home.join("packed.tar.age"));
    let made = Command::new(require("tar", "tar")).arg("-c").arg("-f").arg(&packed).arg("-C").arg(home).arg("folder").status().unwrap();
    assert!(made.success());
    Age::rage().seal(["-r", &recipient], &packed, &sealed);
    let into = home.join("into");
    fs::create_dir(&into).unwrap();
    let _ = open(&keycap, &["-i", identity.to_str().unwrap()], &into, &[sealed]).succeeded();
    assert!(fs::read(into.join("packed.tar")).unwrap() == fs::read(&packed).unwrap());
}

#[test]
fn five_gigabytes_go_through_pipes_and_come_out_as_they_were() {
    const LENGTH: u64 = 5 << 30;
    let keycap = Keycap::without_keyring();
    let home = keycap.home().path();
    let (zeros, identity) = (home.join("zeros"), home.join("identity"));
    // It takes no room on the disk, and neither does what is made of it.
    File::create(&zeros).unwrap().set_len(LENGTH).unwrap();
    let recipient = Age::debian().generate(&identity, &[]);
    let mut seal =
        keycap.command(["seal", "--no-self", "-r", &recipient, "-"]).stdin(File::open(&zeros).unwrap()).stdout(Stdio::piped()).spawn().unwrap();
    let sealed = seal.stdout.take().unwrap();
    let mut open = keycap.command(["open", "-i", identity.to_str().unwrap(), "-"]).stdin(sealed).stdout(Stdio::piped()).spawn().unwrap();
    let mut opened = open.stdout.take().unwrap();
    let (mut piece, mut length, expected) = (vec![0; 1 << 20], 0, vec![0; 1 << 20]);
    loop {
        let read = opened.read(&mut piece).unwrap();
        if read == 0 {
            break;
        }
        assert!(piece[..read] == expected[..read], "something else came out behind byte {length}");
        length += read as u64;
    }
    assert!(seal.wait().unwrap().success() && open.wait().unwrap().success());
    assert_eq!(length, LENGTH);
}
