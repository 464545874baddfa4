//! Files that were changed, cut off or added to, in every region of the format: an error, nothing left behind, and on standard output never a
//! byte that was not authentic.

use std::fs;
use std::ops::Range;
use std::path::PathBuf;

use keycap_tests::{Age, Keycap};
use rand::rngs::StdRng;
use rand::{Rng, RngCore, SeedableRng};

use crate::{open, seal};

const CHUNK: usize = 64 << 10;
const SEALED_CHUNK: usize = CHUNK + 16;
/// Three full chunks and a short one.
const LENGTH: usize = 3 * CHUNK + 1_000;

struct Damaged {
    what: String,
    file: Vec<u8>,
}

struct Sealed {
    keycap: Keycap,
    identity: PathBuf,
    plain: Vec<u8>,
    file: Vec<u8>,
    /// Where the nonce begins.
    payload: usize,
}

impl Sealed {
    fn make() -> Self {
        let keycap = Keycap::without_keyring();
        let home = keycap.home();
        let identity = home.path().join("identity");
        let recipient = Age::debian().generate(&identity, &[]);
        let mut plain = vec![0; LENGTH];
        StdRng::seed_from_u64(2).fill_bytes(&mut plain);
        let path = home.path().join("plain");
        fs::write(&path, &plain).unwrap();
        let _ = seal(&keycap, &["-r", &recipient], home.path(), &[path]).succeeded();
        let file = fs::read(home.path().join("plain.age")).unwrap();
        let mac = file.windows(5).position(|five| five == b"\n--- ").unwrap() + 5;
        let payload = mac + 44;
        assert_eq!(file[payload - 1], b'\n');
        assert_eq!(file.len(), payload + 16 + LENGTH + 4 * 16);
        Self { keycap, identity, plain, file, payload }
    }

    /// The regions, by what is in them.
    fn regions(&self) -> Vec<(&'static str, Range<usize>)> {
        let version = b"age-encryption.org/v1\n".len();
        let arguments = version + self.file[version..].iter().position(|byte| *byte == b'\n').unwrap();
        let chunks = self.payload + 16;
        vec![
            ("the version", 0..version),
            ("a stanza's type and arguments", version..arguments),
            ("a stanza's body", arguments + 1..self.payload - 49),
            ("the MAC", self.payload - 48..self.payload),
            ("the nonce", self.payload..chunks),
            ("the first chunk", chunks..chunks + CHUNK),
            ("the first chunk's tag", chunks + CHUNK..chunks + SEALED_CHUNK),
            ("a chunk between", chunks + SEALED_CHUNK..chunks + 2 * SEALED_CHUNK),
            ("the last chunk", chunks + 3 * SEALED_CHUNK..self.file.len() - 16),
            ("the last tag", self.file.len() - 16..self.file.len()),
        ]
    }

    fn all_damage(&self) -> Vec<Damaged> {
        let mut rng = StdRng::seed_from_u64(3);
        let mut all = Vec::new();
        for (what, region) in self.regions() {
            // The ends of a region and some places between.
            let places = [region.start, region.end - 1].into_iter().chain((0..3).map(|_| rng.gen_range(region.clone()))).collect::<Vec<_>>();
            for place in places {
                let mut file = self.file.clone();
                file[place] ^= 1 << rng.gen_range(0..7);
                all.push(Damaged { what: format!("a changed bit in {what}, byte {place}"), file });
            }
            all.push(Damaged { what: format!("an end before {what}"), file: self.file[..region.start].to_owned() });
            all.push(Damaged { what: format!("an end within {what}"), file: self.file[..region.start.midpoint(region.end)].to_owned() });
            all.push(Damaged { what: format!("a byte inserted in {what}"), file: splice(&self.file, region.start + 1..region.start + 1, b"A") });
            all.push(Damaged { what: format!("a byte missing from {what}"), file: splice(&self.file, region.start..region.start + 1, b"") });
        }
        let chunks = self.payload + 16;
        let chunk = |number: usize| chunks + number * SEALED_CHUNK..chunks + (number + 1) * SEALED_CHUNK;
        let mut swapped = self.file[..chunks].to_owned();
        for part in [chunk(1), chunk(0), chunk(2), chunk(3).start..self.file.len()] {
            swapped.extend_from_slice(&self.file[part]);
        }
        let first = self.file[chunk(0)].to_owned();
        let other = Self::other_header(self);
        all.extend([
            Damaged { what: "two chunks swapped".into(), file: swapped },
            Damaged { what: "a chunk twice".into(), file: splice(&self.file, chunks..chunks, &first) },
            Damaged { what: "a chunk missing".into(), file: splice(&self.file, chunk(1), b"") },
            Damaged { what: "the last chunk missing".into(), file: self.file[..chunk(3).start].to_owned() },
            Damaged { what: "a byte behind the end".into(), file: [&self.file[..], b"\n"].concat() },
            Damaged { what: "the file twice".into(), file: [&self.file[..], &self.file].concat() },
            Damaged { what: "another file's header".into(), file: [&other[..], &self.file[self.payload..]].concat() },
            Damaged { what: "nothing".into(), file: Vec::new() },
        ]);
        all
    }

    /// A header under another file key, to the same recipient.
    fn other_header(&self) -> Vec<u8> {
        let recipient =
            fs::read_to_string(&self.identity).unwrap().lines().find_map(|line| line.strip_prefix("# public key: ").map(ToOwned::to_owned)).unwrap();
        let (plain, sealed) = (self.keycap.home().path().join("other"), self.keycap.home().path().join("other.age"));
        fs::write(&plain, "another").unwrap();
        Age::debian().seal(["-r", &recipient], &plain, &sealed);
        let file = fs::read(sealed).unwrap();
        file[..file.len() - 16 - 7 - 16].to_owned()
    }
}

fn splice(file: &[u8], range: Range<usize>, with: &[u8]) -> Vec<u8> {
    [&file[..range.start], with, &file[range.end..]].concat()
}

#[test]
fn a_damaged_file_is_an_error_and_leaves_nothing_behind() {
    let sealed = Sealed::make();
    let damage = sealed.all_damage();
    assert!(damage.len() > 90);
    let (folder, opened) = (sealed.keycap.home().path().join("damaged"), sealed.keycap.home().path().join("opened"));
    fs::create_dir(&folder).unwrap();
    fs::create_dir(&opened).unwrap();
    let mut files = Vec::new();
    for (number, Damaged { file, .. }) in damage.iter().enumerate() {
        files.push(folder.join(format!("{number}.age")));
        fs::write(&files[number], file).unwrap();
    }
    let identity = sealed.identity.to_str().unwrap();
    let outcome = open(&sealed.keycap, &["-i", identity], &opened, &files).exited(1);
    for (path, Damaged { what, .. }) in files.iter().zip(&damage) {
        let named = format!("{}: ", path.display());
        assert!(outcome.stdout.lines().any(|line| line.contains(&named)), "{what}: no word about {}:\n{}", path.display(), outcome.stdout);
    }
    let left: Vec<_> = fs::read_dir(&opened).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn of_a_damaged_file_nothing_but_whole_authentic_chunks_reaches_standard_output() {
    let sealed = Sealed::make();
    let path = sealed.keycap.home().path().join("damaged.age");
    for Damaged { what, file } in sealed.all_damage() {
        fs::write(&path, file).unwrap();
        let mut command = sealed.keycap.command(["open", "-i"]);
        let output = command.arg(&sealed.identity).args(["-o", "-"]).arg(&path).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{what}");
        assert!(!output.stderr.is_empty(), "{what}");
        assert!(sealed.plain.starts_with(&output.stdout), "{what}: {} bytes came out, and not those that were sealed", output.stdout.len());
        assert!(output.stdout.len().is_multiple_of(CHUNK) || output.stdout.len() == LENGTH, "{what}: a piece of a chunk came out");
        assert!(output.stdout.len() < LENGTH || what.contains("behind the end") || what.contains("the file twice"), "{what}");
    }
}
