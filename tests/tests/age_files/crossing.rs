//! 100 files of sizes around every boundary of the format: what keycap seals, the others open, and the other way round.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use keycap_tests::{Age, Keycap};
use rand::rngs::StdRng;
use rand::{Rng, RngCore, SeedableRng};

use crate::{open, seal};

/// Around a base64 line, a MAC, a chunk of 64 KiB, and what one core is given at a time.
const BOUNDARIES: [usize; 7] = [16, 48, 64, 65_536, 131_072, 262_144, 1_048_576];

/// 100 files with content of their own, by name.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fs::create_dir(folder).unwrap();
    let mut rng = StdRng::seed_from_u64(1);
    let mut sizes = vec![0, 1];
    sizes.extend(BOUNDARIES.iter().flat_map(|size| [size - 1, *size, size + 1]));
    sizes.extend((sizes.len()..100).map(|_| rng.gen_range(0..200_000)));
    let files: BTreeMap<String, Vec<u8>> = sizes
        .into_iter()
        .enumerate()
        .map(|(number, size)| {
            let mut content = vec![0; size];
            rng.fill_bytes(&mut content);
            (format!("{number:03}-{size}"), content)
        })
        .collect();
    for (name, content) in &files {
        fs::write(folder.join(name), content).unwrap();
    }
    files
}

fn paths(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// Everything that is in a folder of files, by name.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    paths(folder).into_iter().map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&path).unwrap())).collect()
}

/// The names that differ, since nobody wants to read the contents.
fn differing(one: &BTreeMap<String, Vec<u8>>, other: &BTreeMap<String, Vec<u8>>) -> Vec<String> {
    one.keys().chain(other.keys()).filter(|name| one.get(*name) != other.get(*name)).cloned().collect()
}

#[test]
fn what_keycap_seals_the_others_open() {
    let keycap = Keycap::without_keyring();
    let home = keycap.home();
    let plain = home.path().join("plain");
    let files = files(&plain);
    let identity = home.path().join("identity");
    let recipient = Age::debian().generate(&identity, &[]);
    for (form, options) in [("binary", &[][..]), ("armor", &["--armor"][..])] {
        let sealed = home.path().join(form);
        fs::create_dir(&sealed).unwrap();
        let _ = seal(&keycap, &[&["-r", &recipient][..], options].concat(), &sealed, &paths(&plain)).succeeded();
        assert_eq!(paths(&sealed).len(), files.len());
        for age in Age::all() {
            for (name, content) in &files {
                assert!(
                    age.open(&identity, &sealed.join(format!("{name}.age"))) == *content,
                    "{} reads something else from {name}, {form}",
                    age.name()
                );
            }
        }
    }
}

#[test]
fn what_the_others_seal_keycap_opens() {
    let keycap = Keycap::without_keyring();
    let home = keycap.home();
    let plain = home.path().join("plain");
    let files = files(&plain);
    let identity = home.path().join("identity");
    let recipient = Age::debian().generate(&identity, &[]);
    for age in Age::all() {
        let (sealed, opened) = (home.path().join("sealed"), home.path().join("opened"));
        for folder in [&sealed, &opened] {
            fs::create_dir(folder).unwrap();
        }
        for (number, name) in files.keys().enumerate() {
            let armor: &[&str] = if number % 2 == 0 { &["-a"] } else { &[] };
            age.seal([&["-r", recipient.as_str()], armor].concat(), &plain.join(name), &sealed.join(format!("{name}.age")));
        }
        let _ = open(&keycap, &["-i", identity.to_str().unwrap()], &opened, &paths(&sealed)).succeeded();
        assert_eq!(differing(&contents(&opened), &files), [""; 0], "sealed by {}", age.name());
        for folder in [&sealed, &opened] {
            fs::remove_dir_all(folder).unwrap();
        }
    }
}
