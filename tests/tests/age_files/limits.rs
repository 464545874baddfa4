//! What the system refuses or disturbs: a full disk, no permission, a file that grows, an interruption. A clear error, and nothing left behind.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use keycap_tests::{Age, Keycap, require, wait_until};
use rustix::process::{Pid, Signal, kill_process};

use crate::MOMENT;

const MIB: u64 = 1 << 20;

struct Place {
    keycap: Keycap,
    recipient: String,
    identity: PathBuf,
}

impl Place {
    fn new() -> Self {
        let keycap = Keycap::without_keyring();
        let home = keycap.home();
        let identity = home.path().join("identity");
        let recipient = Age::debian().generate(&identity, &[]);
        Self { keycap, recipient, identity }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.keycap.home().path().join(name)
    }

    /// A file of that many bytes, all of them zero, that takes no room on the disk.
    fn sparse(&self, name: &str, bytes: u64) -> PathBuf {
        let path = self.path(name);
        File::create(&path).unwrap().set_len(bytes).unwrap();
        path
    }

    fn seal_words<'a>(&'a self, file: &'a Path, to: &'a Path) -> Vec<&'a OsStr> {
        [
            OsStr::new("seal"),
            OsStr::new("--no-self"),
            OsStr::new("-r"),
            OsStr::new(&self.recipient),
            OsStr::new("-o"),
            to.as_os_str(),
            file.as_os_str(),
        ]
        .into()
    }

    fn keycap(&self, words: &[&OsStr]) -> Command {
        self.keycap.command(words)
    }

    /// `keycap` behind another program that takes something away from it.
    fn keycap_behind(&self, program: &str, package: &str, options: &[&str], words: &[&OsStr]) -> Output {
        self.keycap.around(require(program, package), options).arg(Keycap::program()).args(words).output().unwrap()
    }

    /// Without the right of root to read and write everything.
    fn without_privilege(&self, words: &[&OsStr]) -> Output {
        if rustix::process::geteuid().is_root() {
            self.keycap_behind("setpriv", "util-linux", &["--bounding-set", "-dac_override,-dac_read_search"], words)
        } else {
            self.keycap(words).output().unwrap()
        }
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn a_full_disk_is_told_and_leaves_room_again() {
    let place = Place::new();
    let file = place.sparse("large", 4 * MIB);
    let small = place.path("small");
    fs::create_dir(&small).unwrap();
    let target = small.join("large.age");
    // A file system of one MiB that only this shell and keycap see.
    let script = "mount -t tmpfs -o size=1m none \"$1\" && shift && if \"$@\"; then exit 99; else status=$?; ls -A \"$DISK\"; exit $status; fi";
    let root_already = rustix::process::geteuid().is_root();
    let namespaces: &[&str] = if root_already { &["--mount"] } else { &["--user", "--map-root-user", "--mount"] };
    let mut command = place.keycap.around(require("unshare", "util-linux"), namespaces);
    command.args(["sh", "-c", script, "sh"]).arg(&small).arg(Keycap::program()).args(place.seal_words(&file, &target));
    let output = command.env("DISK", &small).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("No space left"), "{}", said(&output));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "", "nothing is left on the full disk");
}

#[test]
fn standard_output_that_takes_nothing_is_an_error() {
    let place = Place::new();
    let file = place.sparse("large", 4 * MIB);
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output =
        place.keycap(&place.seal_words(&file, Path::new("-"))).stdout(full).stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("No space left"), "{}", said(&output));
}

#[test]
fn a_file_that_may_not_be_read_and_a_folder_that_may_not_be_written_are_named() {
    let place = Place::new();
    let (file, folder) = (place.sparse("secret", MIB), place.path("locked"));
    fs::create_dir(&folder).unwrap();

    fs::set_permissions(&file, fs::Permissions::from_mode(0o000)).unwrap();
    let output = place.without_privilege(&place.seal_words(&file, &place.path("secret.age")));
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("secret") && said(&output).contains("Permission denied"), "{}", said(&output));

    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o500)).unwrap();
    let output = place.without_privilege(&place.seal_words(&file, &folder.join("secret.age")));
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("locked") && said(&output).contains("Permission denied"), "{}", said(&output));
    assert_eq!(names(&folder), [""; 0]);
}

#[test]
fn a_file_that_grows_while_it_is_read_is_refused_or_sealed_as_it_was() {
    let place = Place::new();
    let file = place.sparse("growing", 64 * MIB);
    let growing = AtomicBool::new(true);
    let output = std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut file = OpenOptions::new().append(true).open(&file).unwrap();
            while growing.load(Ordering::Relaxed) {
                file.write_all(&[1; 4_096]).unwrap();
                std::thread::sleep(Duration::from_micros(200));
            }
        });
        let output = place.keycap(&place.seal_words(&file, &place.path("growing.age"))).output().unwrap();
        growing.store(false, Ordering::Relaxed);
        output
    });
    let sealed = place.path("growing.age");
    if output.status.success() {
        // What was sealed is what the file began with, and at least what was there at first.
        let opened = Age::debian().open(&place.identity, &sealed);
        assert!(opened.len() as u64 >= 64 * MIB, "{} bytes", opened.len());
        assert!(fs::read(&file).unwrap().starts_with(&opened));
    } else {
        assert_eq!(output.status.code(), Some(1));
        assert!(said(&output).contains("changed while"), "{}", said(&output));
        assert!(!sealed.exists());
    }
    assert!(names(place.keycap.home().path()).iter().all(|name| !name.contains("partial")));
}

#[test]
fn an_interruption_leaves_nothing_behind_and_comes_at_once() {
    for signal in [Signal::INT, Signal::TERM] {
        let place = Place::new();
        // Longer than anyone waits.
        let file = place.sparse("huge", 200 << 30);
        let folder = place.path("sealed");
        fs::create_dir(&folder).unwrap();
        let mut child = place.keycap(&place.seal_words(&file, &folder.join("huge.age"))).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        wait_until(MOMENT, "the partial file has grown", || {
            fs::read_dir(&folder).unwrap().any(|entry| entry.unwrap().metadata().is_ok_and(|metadata| metadata.len() > MIB))
        });
        let begun = std::time::Instant::now();
        kill_process(Pid::from_child(&child), signal).unwrap();
        let status = child.wait().unwrap();
        assert!(!status.success());
        assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
        assert_eq!(names(&folder), [""; 0]);
    }
}

#[test]
fn a_reader_that_has_enough_ends_it_quietly() {
    let place = Place::new();
    let file = place.sparse("large", 64 * MIB);
    let mut child = place.keycap(&place.seal_words(&file, Path::new("-"))).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(said(&output), "");
}
