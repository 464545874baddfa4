//! Every kind of recipient that the programs share.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use keycap_tests::{Age, Home, Keycap, require};

use crate::{open, seal};

const TEXT: &[u8] = b"for whoever may read it";

/// A recipient, what opens it, and who knows the kind.
struct Kind {
    name: &'static str,
    recipient: String,
    identity: PathBuf,
    programs: Vec<Age>,
}

fn ssh_key(home: &Home, kind: &str, options: &[&str]) -> (String, PathBuf) {
    let path = home.path().join(format!("ssh-{kind}"));
    let made =
        Command::new(require("ssh-keygen", "openssh-client")).args(["-q", "-t", kind, "-N", "", "-f"]).arg(&path).args(options).status().unwrap();
    assert!(made.success());
    (fs::read_to_string(path.with_extension("pub")).unwrap().trim().to_owned(), path)
}

fn kinds(home: &Home) -> Vec<Kind> {
    let native = home.path().join("native");
    let hybrid = home.path().join("hybrid");
    let (ed25519, ed25519_path) = ssh_key(home, "ed25519", &[]);
    let (rsa, rsa_path) = ssh_key(home, "rsa", &["-b", "3072"]);
    vec![
        Kind { name: "X25519", recipient: Age::debian().generate(&native, &[]), identity: native, programs: Age::all().to_vec() },
        Kind { name: "mlkem768x25519", recipient: Age::newest().generate(&hybrid, &["-pq"]), identity: hybrid, programs: vec![Age::newest()] },
        Kind { name: "ssh-ed25519", recipient: ed25519, identity: ed25519_path, programs: Age::all().to_vec() },
        Kind { name: "ssh-rsa", recipient: rsa, identity: rsa_path, programs: Age::all().to_vec() },
    ]
}

fn text(home: &Home) -> PathBuf {
    let path = home.path().join("text");
    fs::write(&path, TEXT).unwrap();
    path
}

#[test]
fn each_kind_of_recipient_is_sealed_to_and_opened_both_ways() {
    let keycap = Keycap::without_keyring();
    let home = keycap.home();
    let plain = text(home);
    for Kind { name, recipient, identity, programs } in kinds(home) {
        let ours = home.path().join(format!("{name}-ours"));
        fs::create_dir(&ours).unwrap();
        let _ = seal(&keycap, &["-r", &recipient], &ours, std::slice::from_ref(&plain)).succeeded();
        for age in programs {
            assert_eq!(age.open(&identity, &ours.join("text.age")), TEXT, "{} opens ours for {name}", age.name());
            let theirs = home.path().join(format!("{name}-theirs.age"));
            age.seal(["-r", &recipient], &plain, &theirs);
            let opened = home.path().join(format!("{name}-opened-{}", age.name()));
            fs::create_dir(&opened).unwrap();
            let _ = open(&keycap, &["-i", identity.to_str().unwrap()], &opened, std::slice::from_ref(&theirs)).succeeded();
            assert_eq!(fs::read(opened.join(format!("{name}-theirs"))).unwrap(), TEXT, "we open {}'s for {name}", age.name());
            fs::remove_file(&theirs).unwrap();
        }
    }
}

#[test]
fn a_file_for_several_opens_for_each_of_them_and_for_nobody_else() {
    let keycap = Keycap::without_keyring();
    let home = keycap.home();
    let plain = text(home);
    // The post-quantum one stands alone.
    let several: Vec<Kind> = kinds(home).into_iter().filter(|kind| kind.name != "mlkem768x25519").collect();
    let options: Vec<&str> = several.iter().flat_map(|kind| ["-r", kind.recipient.as_str()]).collect();
    let _ = seal(&keycap, &options, home.path(), &[plain]).succeeded();
    let sealed = home.path().join("text.age");
    for kind in &several {
        for age in &kind.programs {
            assert_eq!(age.open(&kind.identity, &sealed), TEXT, "{} as {}", age.name(), kind.name);
        }
    }
    let stranger = home.path().join("stranger");
    let _ = Age::debian().generate(&stranger, &[]);
    let refused = open(&keycap, &["-i", stranger.to_str().unwrap()], &home.path().join("opened"), &[sealed]).exited(1);
    assert!(refused.stderr.contains("sealed to others"), "{}", refused.stderr);
    assert!(!home.path().join("opened").exists() || fs::read_dir(home.path().join("opened")).unwrap().next().is_none());
}

#[test]
fn a_passphrase_opens_what_it_sealed_in_either_program() {
    let keycap = Keycap::without_keyring();
    let home = keycap.home();
    let plain = text(home);
    let age = Age::newest();
    let passphrase = home.path().join("passphrase");
    fs::write(&passphrase, "correct horse\n").unwrap();
    let file = |path: &Path| path.to_str().unwrap().to_owned();
    let _ = seal(&keycap, &["--new-passphrase-file", &file(&passphrase)], home.path(), std::slice::from_ref(&plain)).succeeded();
    assert_eq!(age.open_with_passphrase("correct horse", &home.path().join("text.age")), TEXT);

    let theirs = home.path().join("theirs.age");
    age.seal_to_passphrase("correct horse", &plain, &theirs);
    let _ = open(&keycap, &["--file-passphrase", &file(&passphrase)], home.path(), std::slice::from_ref(&theirs)).succeeded();
    assert_eq!(fs::read(home.path().join("theirs")).unwrap(), TEXT);

    fs::write(&passphrase, "battery staple\n").unwrap();
    let refused = open(&keycap, &["--file-passphrase", &file(&passphrase)], &home.path().join("opened"), &[theirs]).exited(1);
    assert!(refused.stderr.contains("passphrase"), "{}", refused.stderr);
}

#[test]
fn a_file_that_rage_sealed_is_resealed_to_others_for_age_and_closed_to_the_one_before() {
    let keycap = Keycap::without_keyring();
    let home = keycap.home();
    let (plain, sealed) = (text(home), home.path().join("text.age"));
    let (before, after) = (home.path().join("before"), home.path().join("after"));
    Age::rage().seal(["-r", &Age::debian().generate(&before, &[])], &plain, &sealed);
    let recipient = Age::newest().generate(&after, &["-pq"]);
    let words = ["reseal", "--no-self", "--yes", "-r", &recipient, "-i", before.to_str().unwrap(), sealed.to_str().unwrap()];
    let said = keycap.run(words).succeeded().stdout;
    assert_eq!(Age::newest().open(&after, &sealed), TEXT, "{said}");
    for age in Age::all() {
        assert!(!age.try_open(&before, &sealed).status.success(), "{} opens it as before", age.name());
    }
}
