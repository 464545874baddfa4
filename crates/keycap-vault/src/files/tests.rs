//! The engine against the age crate, and files as they are sealed, opened and broken.
#![expect(clippy::as_conversions, reason = "lengths of test data, and trait objects")]

use std::fs;
use std::io::{Cursor, Read, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use age::{Identity, Recipient, x25519};
use rand::rngs::StdRng;
use rand::{RngCore, SeedableRng};

use super::*;

const CHUNK: usize = 65_536;

fn rng() -> StdRng {
    StdRng::seed_from_u64(7)
}

fn random(length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    rng().fill_bytes(&mut bytes);
    bytes
}

fn key() -> x25519::Identity {
    "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX".parse().unwrap()
}

fn recipients() -> Vec<Box<dyn Recipient + Send>> {
    vec![Box::new(key().to_public())]
}

fn identities() -> Identities {
    Identities::new().with(Box::new(key()))
}

fn stranger() -> Identities {
    Identities::new().with(Box::new(x25519::Identity::generate()))
}

fn sealed(plaintext: &[u8], form: Form) -> Vec<u8> {
    let mut out = Vec::new();
    let bytes = seal_stream(&recipients(), &mut Cursor::new(plaintext), &mut out, form, &mut rng(), (&Unwatched, &Cancel::new())).unwrap();
    assert_eq!(bytes, plaintext.len() as u64);
    out
}

fn opened(sealed: &[u8]) -> (Vec<u8>, Result<u64, FileError>) {
    let mut out = Vec::new();
    let result = open_stream(&identities(), Box::new(sealed), &mut out, (&Unwatched, &Cancel::new()));
    (out, result)
}

/// Lengths around every border: of a chunk, of a worker's batch, of several.
fn lengths() -> Vec<usize> {
    let borders = [0, CHUNK, 2 * CHUNK, 8 * CHUNK, 16 * CHUNK, 41 * CHUNK];
    borders.iter().flat_map(|border| [border.saturating_sub(1), *border, border + 1]).collect()
}

#[test]
fn files_of_every_length_open_here_and_in_the_age_crate() {
    for length in lengths() {
        let plaintext = random(length);
        for form in [Form::Binary, Form::Armor] {
            let file = sealed(&plaintext, form);
            let (ours, result) = opened(&file);
            assert_eq!((ours.len(), result.unwrap()), (length, length as u64));
            assert!(ours == plaintext, "{length}");
            let mut theirs = Vec::new();
            let decryptor = age::Decryptor::new_buffered(age::armor::ArmoredReader::new(&file[..])).unwrap();
            decryptor.decrypt(std::iter::once(&key() as &dyn Identity)).unwrap().read_to_end(&mut theirs).unwrap();
            assert!(theirs == plaintext, "{length}");
        }
    }
}

#[test]
fn files_of_the_age_crate_open_here() {
    for length in lengths() {
        let plaintext = random(length);
        let mut file = Vec::new();
        let encryptor = age::Encryptor::with_recipients(std::iter::once(&key().to_public() as &dyn Recipient)).unwrap();
        let mut writer = encryptor.wrap_output(&mut file).unwrap();
        writer.write_all(&plaintext).unwrap();
        writer.finish().unwrap();
        assert!(opened(&file).0 == plaintext, "{length}");
    }
}

#[test]
fn a_source_that_gives_a_byte_at_a_time_makes_the_same_file() {
    struct Drops<'b>(&'b [u8]);
    impl Read for Drops<'_> {
        fn read(&mut self, room: &mut [u8]) -> std::io::Result<usize> {
            let length = room.len().min(7_919);
            self.0.read(&mut room[..length])
        }
    }
    let plaintext = random(10 * CHUNK + 5);
    let mut out = Vec::new();
    seal_stream(&recipients(), &mut Drops(&plaintext), &mut out, Form::Binary, &mut rng(), (&Unwatched, &Cancel::new())).unwrap();
    let mut plain = Vec::new();
    open_stream(&identities(), Box::new(Drops(&out)), &mut plain, (&Unwatched, &Cancel::new())).unwrap();
    assert!(plain == plaintext);
}

#[test]
fn whatever_is_changed_cut_off_or_added_nothing_unauthentic_comes_out() {
    let plaintext = random(20 * CHUNK + 100);
    let file = sealed(&plaintext, Form::Binary);
    let payload = file.len() - (20 * (CHUNK + 16) + 116);
    let places =
        [0, 5, 22, 30, 60, payload - 20, payload - 5, payload, payload + CHUNK, payload + CHUNK + 15, payload + 9 * (CHUNK + 16) + 3, file.len() - 1];
    let mut broken: Vec<Vec<u8>> = Vec::new();
    for place in places {
        let mut changed = file.clone();
        changed[place] ^= 1;
        broken.push(changed);
        broken.push(file[..place].to_vec());
    }
    broken.push([&file[..], b"x"].concat());
    broken.push([&file[..], &file[payload..]].concat());
    // Two chunks that changed places, one that is there twice, one that is missing, the last one missing.
    let chunk = |number: usize| &file[payload + number * (CHUNK + 16)..payload + (number + 1) * (CHUNK + 16)];
    broken.push([&file[..payload], chunk(1), chunk(0), &file[payload + 2 * (CHUNK + 16)..]].concat());
    broken.push([&file[..payload], chunk(0), chunk(0), &file[payload + 2 * (CHUNK + 16)..]].concat());
    broken.push([&file[..payload], &file[payload + CHUNK + 16..]].concat());
    broken.push(file[..file.len() - 116].to_vec());
    for (number, broken) in broken.iter().enumerate() {
        let (out, result) = opened(broken);
        assert!(result.is_err(), "{number}");
        assert!(plaintext.starts_with(&out) && out.len() % CHUNK == 0, "{number}: {} bytes", out.len());
    }
}

#[test]
fn what_is_authentic_before_the_damage_comes_out() {
    let plaintext = random(20 * CHUNK + 100);
    let mut file = sealed(&plaintext, Form::Binary);
    let last = file.len() - 1;
    file[last] ^= 1;
    let (out, result) = opened(&file);
    assert!(matches!(result, Err(FileError::Payload(_))), "{result:?}");
    assert_eq!(out.len(), 20 * CHUNK);
}

#[test]
fn errors_say_what_is_wrong() {
    let file = sealed(b"text", Form::Binary);
    let code = |bytes: &[u8], identities: &Identities| {
        open_stream(identities, Box::new(Cursor::new(bytes.to_vec())), &mut Vec::new(), (&Unwatched, &Cancel::new())).unwrap_err().code()
    };
    assert_eq!(code(&file, &stranger()), "no-match");
    assert_eq!(code(b"", &identities()), "not-age");
    assert_eq!(code(b"PK\x03\x04 and more of it", &identities()), "not-age");
    assert_eq!(code(&file[..40], &identities()), "bad-header");
    let mut changed = file.clone();
    changed[file.len() - 60] ^= 1;
    assert!(matches!(code(&changed, &identities()), "header-changed" | "bad-header"));
    assert_eq!(code(&file[..file.len() - 30], &identities()), "bad-payload");
    let armored = sealed(b"text", Form::Armor);
    assert_eq!(code(&armored[..armored.len() - 30], &identities()), "bad-armor");
    let passphrase: Box<dyn Recipient + Send> = Box::new(age::scrypt::Recipient::new(String::from("correct horse").into()));
    let both = vec![passphrase, Box::new(key().to_public()) as Box<dyn Recipient + Send>];
    let error = seal_stream(&both, &mut Cursor::new(b""), &mut Vec::new(), Form::Binary, &mut rng(), (&Unwatched, &Cancel::new())).unwrap_err();
    assert_eq!(error.code(), "recipients-incompatible");
}

#[test]
fn white_space_around_armor_does_no_harm() {
    let armored = [b"\r\n  \n", &sealed(b"text", Form::Armor)[..], b"\n\n"].concat();
    assert_eq!(opened(&armored).0, b"text");
}

#[test]
fn an_error_of_source_or_sink_ends_the_work_wherever_it_comes() {
    struct Failing {
        left: usize,
    }
    impl Read for Failing {
        fn read(&mut self, room: &mut [u8]) -> std::io::Result<usize> {
            let length = room.len().min(self.left);
            self.left -= length;
            if length == 0 { Err(std::io::ErrorKind::PermissionDenied.into()) } else { Ok(length) }
        }
    }
    impl Write for Failing {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            let length = bytes.len().min(self.left);
            self.left -= length;
            if length == 0 { Err(std::io::ErrorKind::StorageFull.into()) } else { Ok(length) }
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let watch = (&Unwatched as &dyn Progress, &Cancel::new());
    for left in [0, 1, CHUNK, 8 * CHUNK, 50 * CHUNK + 1] {
        let error = seal_stream(&recipients(), &mut Failing { left }, &mut std::io::sink(), Form::Binary, &mut rng(), watch).unwrap_err();
        assert_eq!(error.code(), "no-permission", "{left}");
        let error = seal_stream(&recipients(), &mut &random(60 * CHUNK)[..], &mut Failing { left }, Form::Binary, &mut rng(), watch).unwrap_err();
        assert_eq!(error.code(), "disk-full", "{left}");
    }
}

/// Cancels once so much is done.
struct CancelAfter<'c> {
    left: AtomicU64,
    cancel: &'c Cancel,
}

impl Progress for CancelAfter<'_> {
    fn advance(&self, bytes: u64) {
        if self.left.fetch_sub(bytes, Ordering::Relaxed) <= bytes {
            self.cancel.cancel();
        }
    }
}

#[test]
fn a_cancelled_stream_that_never_ends_stops_at_once() {
    let cancel = Cancel::new();
    let progress = CancelAfter { left: AtomicU64::new(3 << 20), cancel: &cancel };
    let mut count = Counter(0);
    let error = seal_stream(&recipients(), &mut std::io::repeat(1), &mut count, Form::Binary, &mut rng(), (&progress, &cancel)).unwrap_err();
    assert_eq!(error.code(), "cancelled");
    assert!(count.0 < 32 << 20, "{} bytes were written after it was cancelled", count.0);
}

struct Counter(u64);

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn seal(inputs: &[&Path], output: Output, folding: Folding) -> Vec<Report> {
    let inputs = inputs.iter().map(|path| Input::Path((*path).to_owned())).collect();
    let job = SealJob::plan(Recipients::of(recipients()), inputs, output, (folding, Form::Binary, Existing::Number)).unwrap();
    job.run(&Unwatched, &Cancel::new())
}

fn open(inputs: &[&Path], output: Output) -> Vec<Report> {
    let inputs = inputs.iter().map(|path| Input::Path((*path).to_owned())).collect();
    let job = OpenJob::plan(identities(), inputs, output, (Folders::Unpack, Existing::Number)).unwrap();
    job.run(&Unwatched, &Cancel::new())
}

fn path_of(outcome: &Report) -> &Path {
    outcome.result.as_ref().unwrap().path.as_deref().unwrap()
}

#[test]
fn files_are_sealed_beside_themselves_and_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("small"), "text").unwrap();
    fs::write(at("empty"), "").unwrap();
    fs::write(at("large"), random(3 << 20)).unwrap();
    let sealed = seal(&[&at("small"), &at("missing"), &at("empty"), &at("large")], Output::Beside, Folding::Folders);
    assert_eq!(sealed[1].result.as_ref().unwrap_err().code(), "file-not-found");
    assert_eq!(sealed[1].name, at("missing").display().to_string());
    assert_eq!(names(folder.path()), ["empty", "empty.age", "large", "large.age", "small", "small.age"]);
    let opened = open(&[&at("small.age"), &at("empty.age"), &at("large.age")], Output::Folder(at("out")));
    assert_eq!(path_of(&opened[0]), at("out").join("small"));
    assert_eq!(fs::read(at("out/small")).unwrap(), b"text");
    assert_eq!(fs::read(at("out/empty")).unwrap(), b"");
    assert!(fs::read(at("out/large")).unwrap() == random(3 << 20));
    assert_eq!(names(&at("out")), ["empty", "large", "small"]);
}

#[test]
fn a_thousand_files_each_come_out_as_themselves() {
    let folder = tempfile::tempdir().unwrap();
    let paths: Vec<_> = (0..1_000).map(|number| folder.path().join(format!("{number}"))).collect();
    for path in &paths {
        fs::write(path, path.display().to_string()).unwrap();
    }
    let paths: Vec<&Path> = paths.iter().map(AsRef::as_ref).collect();
    let out = folder.path().join("out");
    let sealed = seal(&paths, Output::Folder(out.clone()), Folding::Folders);
    let sealed: Vec<&Path> = sealed.iter().map(path_of).collect();
    let opened = open(&sealed, Output::Beside);
    for (path, outcome) in paths.iter().zip(&opened) {
        assert_eq!(fs::read_to_string(path_of(outcome)).unwrap(), path.display().to_string());
    }
    assert_eq!(names(&out).len(), 2_000);
}

#[test]
fn a_folder_is_one_file_and_a_folder_again_and_a_tar_file_stays_one() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir_all(at("photos/a")).unwrap();
    fs::write(at("photos/a/one"), random(2 << 20)).unwrap();
    fs::write(at("photos/two"), "2").unwrap();
    let sealed = seal(&[&at("photos")], Output::Beside, Folding::Folders);
    assert_eq!(path_of(&sealed[0]), at("photos.tar.age"));
    let opened = open(&[&at("photos.tar.age")], Output::Beside);
    assert_eq!(path_of(&opened[0]), at("photos (2)"));
    assert!(fs::read(at("photos (2)/a/one")).unwrap() == random(2 << 20));
    assert_eq!(names(folder.path()), ["photos", "photos (2)", "photos.tar.age"]);

    let tar = std::process::Command::new("tar").args(["cf", "mine.tar", "photos"]).current_dir(folder.path()).status().unwrap();
    assert!(tar.success());
    seal(&[&at("mine.tar")], Output::Beside, Folding::Folders);
    let opened = open(&[&at("mine.tar.age")], Output::Folder(at("out")));
    assert_eq!(path_of(&opened[0]), at("out/mine.tar"));
}

#[test]
fn every_file_of_a_folder_by_itself_or_all_as_one() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir_all(at("docs/a")).unwrap();
    fs::write(at("docs/a/one"), "1").unwrap();
    fs::write(at("two"), "2").unwrap();
    let sealed = seal(&[&at("docs"), &at("two")], Output::Folder(at("out")), Folding::Each);
    assert_eq!(sealed.iter().map(path_of).collect::<Vec<_>>(), [at("out/docs/a/one.age"), at("out/two.age")]);
    let sealed = seal(&[&at("docs"), &at("two")], Output::File(at("all.tar.age")), Folding::Together);
    assert_eq!(sealed.iter().map(path_of).collect::<Vec<_>>(), [at("all.tar.age")]);
    let opened = open(&[&at("all.tar.age")], Output::Beside);
    assert_eq!(path_of(&opened[0]), at("all"));
    assert_eq!(fs::read(at("all/docs/a/one")).unwrap(), b"1");
    assert_eq!(fs::read(at("all/two")).unwrap(), b"2");
}

#[test]
fn a_file_that_does_not_open_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("photos")).unwrap();
    fs::write(at("photos/one"), random(2 << 20)).unwrap();
    seal(&[&at("photos")], Output::Beside, Folding::Folders);
    seal(&[&at("photos/one")], Output::Folder(at("")), Folding::Folders);
    for name in ["photos.tar.age", "one.age"] {
        let mut bytes = fs::read(at(name)).unwrap();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        fs::write(at(name), bytes).unwrap();
    }
    let opened = open(&[&at("photos.tar.age"), &at("one.age")], Output::Folder(at("out")));
    assert!(opened.iter().all(|outcome| outcome.result.as_ref().unwrap_err().code() == "bad-payload"), "{opened:?}");
    assert_eq!(names(&at("out")), Vec::<String>::new());
}

#[test]
fn a_cancelled_job_leaves_nothing_and_begins_nothing_more() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("large"), random(8 << 20)).unwrap();
    fs::write(at("next"), "next").unwrap();
    let cancel = Cancel::new();
    let progress = CancelAfter { left: AtomicU64::new(1 << 20), cancel: &cancel };
    let inputs = vec![Input::Path(at("large")), Input::Path(at("next"))];
    let job = SealJob::plan(Recipients::of(recipients()), inputs, Output::Beside, (Folding::Folders, Form::Binary, Existing::Number)).unwrap();
    let outcomes = job.run(&progress, &cancel);
    assert!(outcomes.iter().all(|outcome| outcome.result.as_ref().unwrap_err().code() == "cancelled"), "{outcomes:?}");
    assert_eq!(names(folder.path()), ["large", "next"]);
}

#[test]
fn several_files_do_not_go_to_one_place() {
    let inputs = vec![Input::Path("a".into()), Input::Path("b".into())];
    let job = SealJob::plan(Recipients::of(recipients()), inputs, Output::File("c".into()), (Folding::Folders, Form::Binary, Existing::Number));
    assert_eq!(job.unwrap_err().code(), "one-place");
}

#[test]
fn a_header_tells_sizes_and_which_key_fits() {
    for length in [0, 1, CHUNK, 3 * CHUNK + 7] {
        for form in [Form::Binary, Form::Armor] {
            let file = sealed(&random(length), form);
            let inspected = Inspected::read(Input::Stream(Box::new(Cursor::new(file)))).unwrap();
            assert_eq!((inspected.form, inspected.plaintext_bytes), (form, Some(length as u64)));
            assert_eq!(inspected.header.stanzas().len(), 1);
            assert!(inspected.fits(&identities()).unwrap());
            assert!(!inspected.fits(&stranger()).unwrap());
        }
    }
    let mut cut = sealed(&random(CHUNK + 1), Form::Binary);
    cut.truncate(cut.len() - 10);
    assert_eq!(Inspected::read(Input::Stream(Box::new(Cursor::new(cut)))).unwrap().plaintext_bytes, None);
}

#[test]
fn a_large_file_tells_its_size_by_its_two_ends_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.age");
    let looked = || Inspected::read(Input::Path(path.clone())).unwrap().plaintext_bytes;
    for form in [Form::Binary, Form::Armor] {
        let mut file = sealed(&random(3 * CHUNK + 700), form);
        fs::write(&path, &file).unwrap();
        assert_eq!(looked(), Some(3 * CHUNK as u64 + 700));
        // What lies between is not looked at: it is no base64 any more.
        let middle = file.len() / 2;
        file[middle..middle + 10].fill(b'!');
        fs::write(&path, &file).unwrap();
        assert_eq!(looked(), Some(3 * CHUNK as u64 + 700));
        fs::write(&path, &file[..file.len() - 70]).unwrap();
        assert_eq!(looked(), if form == Form::Armor { None } else { Some(3 * CHUNK as u64 + 700 - 70) });
    }
}

#[test]
fn a_resealed_file_opens_for_the_new_recipients_alone_and_its_payload_is_the_same() {
    let folder = tempfile::tempdir().unwrap();
    for form in [Form::Binary, Form::Armor] {
        let path = folder.path().join("file.age");
        let plaintext = random(3 * CHUNK);
        fs::write(&path, sealed(&plaintext, form)).unwrap();
        let new = x25519::Identity::generate();
        let job = ResealJob::new(Recipients::of(vec![Box::new(new.to_public())]), identities(), vec![path.clone()]);
        job.run(&Unwatched, &Cancel::new()).remove(0).result.unwrap();
        let resealed = fs::read(&path).unwrap();
        assert_eq!(opened(&resealed).1.unwrap_err().code(), "no-match");
        let mut out = Vec::new();
        open_stream(&Identities::new().with(Box::new(new)), Box::new(&resealed[..]), &mut out, (&Unwatched, &Cancel::new())).unwrap();
        assert!(out == plaintext);
        if form == Form::Binary {
            let payload = plaintext.len() + 3 * 16 + 16;
            assert!(resealed[resealed.len() - payload..] == sealed(&plaintext, form)[resealed.len() - payload..]);
        }
        assert_eq!(names(folder.path()), ["file.age"]);
    }
}

#[test]
fn a_file_that_cannot_be_resealed_stays_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file.age");
    let mut file = sealed(b"text", Form::Binary);
    file[60] ^= 1;
    fs::write(&path, &file).unwrap();
    let outcome = ResealJob::new(Recipients::of(recipients()), identities(), vec![path.clone()]).run(&Unwatched, &Cancel::new()).remove(0);
    assert!(outcome.result.is_err());
    assert_eq!(fs::read(&path).unwrap(), file);
    assert_eq!(names(folder.path()), ["file.age"]);
}
