//! Files that come from outside: sealed, looked into, opened; and what came is told apart.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use keycap_tests::{Keycap, Window, require};

use crate::scenes::{Desk, go};

impl Desk {
    /// Starts the app once more with these files: the window that is open gets them, as it gets what is dropped on it.
    pub(crate) fn hand_over(&self, files: &[&str]) {
        let status = self.keycap.around(Window::program(), files).stdout(Stdio::null()).status().unwrap();
        assert!(status.success(), "a second start ends well once it has handed over: {status}");
    }

    /// What `age` finds in a file that is sealed to the operator.
    fn opened_by_age(&self, sealed: &Path) -> String {
        let identity = self.keycap.run(["share", "key:operator", "--age-identity"]).succeeded().stdout;
        let identity = self.keep("identity.txt", identity.as_bytes());
        let mut age = self.keycap.around(require("age", "age"), ["-d", "-i", identity.to_str().unwrap(), sealed.to_str().unwrap()]);
        let output = age.env("PATH", Keycap::path_with_plugin()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

/// The program with a file that can be dragged out of its window. Cargo builds it together with all tests; where one alone is built, it is not.
fn drag_source() -> PathBuf {
    let program = std::env::current_exe().unwrap().parent().unwrap().with_file_name("examples").join("drag_source");
    if !program.exists() {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let built = Command::new(cargo).args(["build", "--package", "keycap-tests", "--example", "drag_source"]).stdin(Stdio::null()).status();
        assert!(built.unwrap().success() && program.exists(), "{} is not built", program.display());
    }
    program
}

#[test]
fn a_file_that_is_dropped_with_the_mouse_is_sealed_and_age_opens_it() {
    let desk = Desk::with_service();
    let window = desk.open();
    let plain = desk.keep("dropped & kept.txt", b"by hand\n");
    let mut source = desk.keycap.around(drag_source(), [plain.to_str().unwrap(), "1170", "790"]).stdin(Stdio::null()).spawn().unwrap();
    desk.display.wait_for_window("A file to drag");
    desk.display.drag((1220, 840), (500, 400));
    window.wait_for_text("dialog", "dropped & kept.txt");
    source.kill().unwrap();
    source.wait().unwrap();
    window.click("dialog [data-recipient='key:operator']");
    window.click("dialog [data-action=confirm]");
    window.wait_for_text("[data-task=seal][data-ended=true]", "dropped & kept.txt.age");
    assert_eq!(desk.opened_by_age(&plain.with_file_name("dropped & kept.txt.age")), "by hand\n");
    assert_eq!(window.policy_violations(), serde_json::json!([]));
}

#[test]
fn a_file_that_comes_in_is_sealed_and_age_opens_it() {
    let desk = Desk::with_service();
    let window = desk.open();
    let plain = desk.keep("report.txt", b"the quarter was fine\n");
    desk.hand_over(&[plain.to_str().unwrap()]);
    window.wait_for_text("dialog", "report.txt");
    window.click("dialog [data-recipient='key:operator']");
    window.click("dialog [data-action=confirm]");
    window.wait_for_text("[data-task=seal][data-ended=true]", "report.txt.age");
    let sealed = plain.with_file_name("report.txt.age");
    assert_eq!(desk.opened_by_age(&sealed), "the quarter was fine\n");

    // The other way: what is sealed is looked into first, and opened beside itself under a free name.
    desk.hand_over(&[sealed.to_str().unwrap()]);
    window.wait_for_text("dialog [data-fits]", "operator");
    window.click("dialog [data-action=confirm]");
    window.wait_for_text("[data-task=open][data-ended=true]", "report");
    let opened = window.text("[data-task=open] [data-output]");
    assert_ne!(opened, plain.to_str().unwrap(), "nothing is written over");
    assert_eq!(fs::read(&opened).unwrap(), b"the quarter was fine\n");
    assert_eq!(window.policy_violations(), serde_json::json!([]));
}

#[test]
fn a_long_seal_is_stopped_and_leaves_nothing_half_written() {
    let desk = Desk::with_service();
    let window = desk.open();
    let large = desk.keycap.home().path().join("large.bin");
    // A file of four gigabytes that takes no room: sealing it takes seconds.
    fs::File::create(&large).unwrap().set_len(4 << 30).unwrap();
    desk.hand_over(&[large.to_str().unwrap()]);
    window.click("dialog [data-recipient='key:operator']");
    window.click("dialog [data-action=confirm]");
    window.click("[data-task=seal][data-ended=false] button");
    window.wait_for_text("[data-task=seal][data-ended=true]", "Stopped");
    let left: Vec<_> = fs::read_dir(large.parent().unwrap()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert!(!left.iter().any(|name| name.contains("large.bin.age")), "{left:?}");
}

#[test]
fn what_comes_in_is_told_apart() {
    let (desk, other) = (Desk::with_service(), Desk::empty());
    for arguments in [&["vault", "init", "--keyring"][..], &["key", "new", "bob"]] {
        other.does(arguments.iter().copied());
    }
    let card = other.keycap.home().path().join("bob.keycap");
    let text = other.keycap.run(["share", "key:bob", "--reveal", "--yes"]).succeeded().stdout;
    fs::write(&card, text).unwrap();
    let picture = desk.keep("holiday.png", include_bytes!("../../../crates/keycap-desktop/icons/32x32.png"));
    let window = desk.open();
    desk.hand_over(&[card.to_str().unwrap(), picture.to_str().unwrap()]);
    window.wait_for_text("dialog [data-find=key-card]", "bob");
    window.fill("[data-field=as]", "bob");
    window.click("[data-action=accept]");
    // What is next in line comes when the first is done.
    window.wait_for_text("dialog", "holiday.png");
    window.click("dialog footer button");
    go(&window, "keys");
    window.wait_for_text("main", "bob");
    window.wait_for_text("main", "not compared");

    // A link of the system opens the same review, and acts on nothing by itself.
    let capability = {
        desk.does(["mint", "orders", "--for", "bob", "--yes"]);
        desk.keycap.run(["share", "grant:orders/bob", "--reveal", "--yes"])
    };
    let link = format!("keycap:{}", capability.succeeded().stdout.trim());
    desk.hand_over(&[&link]);
    window.wait_for_text("dialog [data-find=capability]", "orders");
    assert!(desk.keycap.run(["caps", "--json"]).succeeded().stdout.contains("[]"), "nothing is taken in before a person says so");
}
