//! The packages: what they hold, and the app as they put it on a machine.

use std::fs;
use std::path::{Path, PathBuf};

use keycap_tests::{Packages, Window, judge, require};

use crate::scenes::{Desk, first_run};

/// The class of the window, by which a desktop knows whose it is.
const CLASS: &str = "keycap-desktop";

impl Desk {
    /// Has the system open a file or a link.
    #[track_caller]
    fn opens(&self, program: &str, package: &str, arguments: &[&str]) {
        let output = self.keycap.around(require(program, package), arguments).output().unwrap();
        assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

/// Leaves what is shown, without taking it in.
#[track_caller]
fn close_dialog(window: &Window) {
    window.click("dialog header button");
    window.wait_gone("dialog");
}

#[test]
#[ignore = "builds the release: tests/run does it in a step of its own"]
fn the_packages_are_as_the_systems_want_them() {
    let packages = Packages::built();
    let deb = packages.deb().to_str().unwrap();

    let unpacked = tempfile::tempdir().unwrap();
    let (content, said) = judge("dpkg-deb", "dpkg", ["--extract", deb, unpacked.path().to_str().unwrap()]);
    assert!(content, "{said}");
    let share = unpacked.path().join("usr/share");
    let entry = share.join("applications/keycap.desktop");
    let (content, said) = judge("desktop-file-validate", "desktop-file-utils", [&entry]);
    assert!(content, "{said}");
    let metainfo = share.join("metainfo/org.keycap.desktop.metainfo.xml");
    let (content, said) = judge("appstreamcli", "appstream", ["validate", "--no-net", metainfo.to_str().unwrap()]);
    assert!(content, "{said}");

    let rpm = packages.rpm().to_str().unwrap();
    let (content, said) = judge("rpm", "rpm", ["--checksig", "--nosignature", rpm]);
    assert!(content, "{said}");
    let (_, files) = judge("rpm", "rpm", ["--query", "--list", "--package", rpm]);
    for file in HELD.iter().chain(["/usr/share/licenses/keycap/LICENSE-MIT", "/usr/share/zsh/site-functions/_keycap"].iter()) {
        assert!(files.lines().any(|line| line == *file), "the .rpm lacks {file}:\n{files}");
    }
    let (_, wanted) = judge("rpm", "rpm", ["--query", "--requires", "--package", rpm]);
    assert!(wanted.contains("libwebkit2gtk-4.1.so.0()") && wanted.contains("libgtk-3.so.0()") && wanted.contains("libc.so.6(GLIBC_"), "{wanted}");
    let (_, scripts) = judge("rpm", "rpm", ["--query", "--scripts", "--package", rpm]);
    assert_eq!(scripts, "", "nothing of keycap runs when it is installed");
}

/// What both packages hold, at the least.
const HELD: [&str; 12] = [
    "/usr/bin/keycap",
    "/usr/bin/keycap-desktop",
    "/usr/bin/age-plugin-keycap",
    "/usr/share/applications/keycap.desktop",
    "/usr/share/bash-completion/completions/keycap",
    "/usr/share/fish/vendor_completions.d/keycap.fish",
    "/usr/share/icons/hicolor/256x256/apps/keycap-desktop.png",
    "/usr/share/icons/hicolor/scalable/apps/keycap-desktop.svg",
    "/usr/share/man/man1/keycap-mint.1.gz",
    "/usr/share/man/man1/keycap-desktop.1.gz",
    "/usr/share/metainfo/org.keycap.desktop.metainfo.xml",
    "/usr/share/mime/packages/keycap.xml",
];

#[test]
#[ignore = "installs a package, which takes root: tests/run does it in a step of its own"]
fn the_installed_app_starts_from_its_menu_entry_and_is_given_links_and_files() {
    let installed = Packages::built().install();
    for file in HELD {
        assert!(installed.files().any(|held| held == Path::new(file)), "{file} is missing");
    }
    let desk = Desk::empty();
    let open = |starter: &[&str]| Window::open_through(starter, installed.program(), &desk.keycap, &desk.display);

    let window = open(&["gtk-launch", "keycap"]);
    first_run(&window, "operator", "look");
    window.wait_for_text("h1", "Overview");
    let class = desk.keycap.around(require("xdotool", "xdotool"), ["search", "--onlyvisible", "--class", CLASS]).output().unwrap();
    assert!(class.status.success(), "no window has the class that the menu entry names");

    // A link, a sealed file and a key card of somebody else.
    let link = format!("keycap:{}", desk.keycap.run(["share", "key:operator", "--reveal", "--yes"]).succeeded().stdout.trim());
    let plain = desk.keep("report.txt", b"the quarter was fine\n");
    desk.does(["seal", "-r", "key:operator", plain.to_str().unwrap()]);
    let sealed = plain.with_file_name("report.txt.age").to_str().unwrap().to_owned();
    let card = desk.keep("operator card.keycap", link.trim_start_matches("keycap:").as_bytes()).to_str().unwrap().to_owned();
    let (xdg_open, gio) = (["xdg-open", link.as_str()], |file| ["gio", "open", file]);

    // Into the window that is open.
    desk.opens(xdg_open[0], "xdg-utils", &xdg_open[1..]);
    window.wait_for_text("dialog [data-find=key-card]", "operator");
    close_dialog(&window);
    desk.opens("gio", "libglib2.0-bin", &gio(&sealed)[1..]);
    window.wait_for_text("dialog [data-fits]", "operator");
    close_dialog(&window);
    desk.opens("gio", "libglib2.0-bin", &gio(&card)[1..]);
    window.wait_for_text("dialog [data-find=key-card]", "operator");
    assert_eq!(window.policy_violations(), serde_json::json!([]));
    drop(window);

    // Into one that they open.
    let window = open(&xdg_open);
    window.wait_for_text("dialog [data-find=key-card]", "operator");
    drop(window);
    let window = open(&gio(&sealed));
    window.wait_for_text("dialog [data-fits]", "operator");
    drop(window);
    let window = open(&gio(&card));
    window.wait_for_text("dialog [data-find=key-card]", "operator");
    drop(window);

    // The other programs are there, and use the same vault.
    let listed = desk.keycap.around("/usr/bin/keycap", ["key", "list"]).output().unwrap();
    assert!(String::from_utf8_lossy(&listed.stdout).contains("operator"));
    let identity = desk.keycap.run(["share", "key:operator", "--age-identity"]).succeeded().stdout;
    let identity = desk.keep("identity.txt", identity.as_bytes());
    let opened = desk.keycap.around(require("age", "age"), ["-d", "-i", identity.to_str().unwrap(), &sealed]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&opened.stdout), "the quarter was fine\n", "{}", String::from_utf8_lossy(&opened.stderr));

    assert_eq!(installed.remove(), Vec::<PathBuf>::new(), "removing leaves something behind");
    for (file, word) in [("/usr/share/applications/mimeinfo.cache", "keycap"), ("/usr/share/mime/globs2", "*.keycap")] {
        assert!(!fs::read_to_string(file).unwrap_or_default().contains(word), "{file} still has {word}");
    }
}
