//! The clipboard of a real X server, shared with another program, xclip.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking, its own functions included")]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::num::NonZeroU8;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use keycap_vault::qr::Qr;

const SECRET: &str = "KEYCAP-SECRET-1QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L";

/// A variable by which a test tells the processes left behind on its own display; numbers of displays are soon used again.
const MARK: &str = "XVFB_PROCESS";

/// An X server without a screen, gone when dropped.
struct Display {
    server: Child,
    name: String,
}

impl Display {
    fn start() -> Self {
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "640x480x24", "-nolisten", "tcp", "-noreset"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Xvfb is needed: install the package xvfb");
        let mut number = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut number).unwrap();
        assert!(!number.is_empty(), "Xvfb ended at once");
        Self { server, name: format!(":{}", number.trim()) }
    }

    /// The example program, which does with the clipboard what commands of keycap do.
    fn keycap(&self, arguments: &[&str], input: &[u8]) -> Output {
        run(keycap().args(arguments).env("DISPLAY", &self.name).env(MARK, self.server.id().to_string()), input)
    }

    fn xclip(&self, arguments: &[&str]) -> Command {
        let mut xclip = Command::new("xclip");
        xclip.args(["-selection", "clipboard"]).args(arguments).env("DISPLAY", &self.name);
        xclip
    }

    /// What xclip pastes as `target`; `None` if there is nothing.
    fn pasted(&self, target: &str) -> Option<String> {
        let output = self.xclip(&["-out", "-target", target]).stdin(Stdio::null()).output().expect("xclip is needed: install the package xclip");
        output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
    }

    /// Copies with xclip, which stays behind until something else is copied.
    fn copy_with_xclip(&self, target: &str, content: &[u8]) {
        let mut xclip = self.xclip(&["-in", "-target", target]);
        let mut xclip = xclip.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("xclip is needed: install the package xclip");
        xclip.stdin.take().unwrap().write_all(content).unwrap();
        assert!(xclip.wait().unwrap().success());
    }

    /// Process ids of those that keep a secret on this display's clipboard.
    fn holders(&self) -> Vec<PathBuf> {
        let processes = fs::read_dir("/proc").unwrap().filter_map(Result::ok).map(|entry| entry.path());
        let wanted = format!("{MARK}={}", self.server.id());
        processes
            .filter(|process| {
                let has = |file: &str, piece: &[u8]| {
                    fs::read(process.join(file)).is_ok_and(|content| content.split(|byte| *byte == 0).any(|part| part == piece))
                };
                has("cmdline", b"hold") && has("environ", wanted.as_bytes())
            })
            .collect()
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        self.server.kill().unwrap();
        self.server.wait().unwrap();
    }
}

fn keycap() -> Command {
    // Cargo builds examples along with tests, beside the folder that the tests are in; not if asked for single tests with `--test`.
    let program = std::env::current_exe().unwrap().parent().unwrap().with_file_name("examples").join("clipboard");
    let mut keycap = Command::new(program);
    keycap.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
    keycap
}

fn run(command: &mut Command, input: &[u8]) -> Output {
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.expect("the example is needed: cargo build -p keycap-vault --example clipboard");
    // It may have ended without having read anything.
    drop(child.stdin.take().unwrap().write_all(input));
    child.wait_with_output().unwrap()
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < Duration::from_secs(30), "{what}");
        thread::sleep(Duration::from_millis(50));
    }
}

fn assert_done(output: &Output) {
    assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn assert_fails_saying(output: &Output, piece: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains(piece), "{said}");
}

#[test]
fn a_copied_secret_outlives_the_command_and_is_cleared_in_time() {
    let display = Display::start();
    let begin = Instant::now();
    assert_done(&display.keycap(&["copy", "5000"], SECRET.as_bytes()));
    assert_eq!(display.pasted("UTF8_STRING").as_deref(), Some(SECRET));
    wait_until("the secret is cleared", || display.pasted("UTF8_STRING").is_none());
    assert!(begin.elapsed() >= Duration::from_secs(5));
    wait_until("the process that kept it ends", || display.holders().is_empty());
}

#[test]
fn what_is_copied_after_the_secret_is_left_alone() {
    let display = Display::start();
    for (target, content) in [("UTF8_STRING", "something else"), ("image/png", "a picture")] {
        assert_done(&display.keycap(&["copy", "2000"], SECRET.as_bytes()));
        display.copy_with_xclip(target, content.as_bytes());
        thread::sleep(Duration::from_millis(2500));
        wait_until("the process that kept the secret ends", || display.holders().is_empty());
        assert_eq!(display.pasted(target).as_deref(), Some(content));
    }
}

#[test]
fn a_secret_is_marked_for_clipboard_histories_to_leave_out() {
    let display = Display::start();
    assert_done(&display.keycap(&["copy", "8000"], SECRET.as_bytes()));
    let targets = display.pasted("TARGETS").unwrap();
    assert!(targets.lines().any(|target| target == "x-kde-passwordManagerHint"), "{targets}");
    assert!(!targets.contains("SAVE_TARGETS"), "{targets}");
    assert_eq!(display.pasted("x-kde-passwordManagerHint").as_deref(), Some("secret"));
}

#[test]
fn the_process_left_behind_shows_no_secret_and_heeds_no_terminal() {
    let display = Display::start();
    assert_done(&display.keycap(&["copy", "8000"], SECRET.as_bytes()));
    let [holder] = <[PathBuf; 1]>::try_from(display.holders()).unwrap();
    for file in ["cmdline", "environ"] {
        assert!(!String::from_utf8_lossy(&fs::read(holder.join(file)).unwrap()).contains(SECRET), "{file}");
    }
    // Fields after the name in parentheses: state, parent, process group (proc(5)).
    let stat = fs::read_to_string(holder.join("stat")).unwrap();
    let group = stat.rsplit_once(") ").unwrap().1.split(' ').nth(2).unwrap().to_owned();
    assert_eq!(group, holder.file_name().unwrap().to_str().unwrap(), "it leads a process group of its own");
}

#[test]
fn a_second_secret_takes_the_place_of_the_first_until_its_own_time() {
    let display = Display::start();
    assert_done(&display.keycap(&["copy", "1000"], b"first"));
    assert_done(&display.keycap(&["copy", "9000"], SECRET.as_bytes()));
    wait_until("the first one's process ends", || display.holders().len() == 1);
    assert_eq!(display.pasted("UTF8_STRING").as_deref(), Some(SECRET));
}

#[test]
fn text_that_another_program_copied_is_read_and_forgotten_on_demand() {
    let display = Display::start();
    display.copy_with_xclip("UTF8_STRING", SECRET.as_bytes());
    let read = display.keycap(&["text"], b"");
    assert_done(&read);
    assert_eq!(read.stdout, SECRET.as_bytes());

    assert_eq!(display.keycap(&["forget"], b"another text").stdout, b"Replaced\n");
    assert_eq!(display.pasted("UTF8_STRING").as_deref(), Some(SECRET));
    assert_eq!(display.keycap(&["forget"], SECRET.as_bytes()).stdout, b"Cleared\n");
    assert_eq!(display.pasted("UTF8_STRING"), None);
}

#[test]
fn a_qr_code_in_a_copied_picture_is_read() {
    let display = Display::start();
    let png = Qr::for_picture(SECRET).unwrap().png(NonZeroU8::new(4).unwrap()).unwrap();
    display.copy_with_xclip("image/png", png.expose());
    let read = display.keycap(&["codes"], b"");
    assert_done(&read);
    assert_eq!(read.stdout, format!("{SECRET}\n").as_bytes());
    assert_fails_saying(&display.keycap(&["text"], b""), "no text on the clipboard");
}

#[test]
fn an_empty_clipboard_is_told_from_an_unusable_one() {
    let display = Display::start();
    assert_fails_saying(&display.keycap(&["text"], b""), "no text on the clipboard");
    assert_fails_saying(&display.keycap(&["codes"], b""), "no picture on the clipboard");
    display.copy_with_xclip("image/png", b"not a picture");
    assert_fails_saying(&display.keycap(&["codes"], b""), "no picture on the clipboard");
}

#[test]
fn without_a_display_copying_and_reading_say_so() {
    for arguments in [&["copy", "1000"][..], &["text"], &["codes"]] {
        assert_fails_saying(&run(keycap().args(arguments), SECRET.as_bytes()), "there is no display");
    }
}

#[test]
fn a_display_that_does_not_answer_is_named_as_the_cause() {
    let gone = Display::start().name.clone();
    for arguments in [&["copy", "1000"][..], &["text"]] {
        assert_fails_saying(&run(keycap().args(arguments).env("DISPLAY", &gone), SECRET.as_bytes()), "cannot be reached");
    }
}
