//! Redis, nginx and ssh behind one gateway, by name; and a QR code on a small terminal, photographed.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its own functions included")]

use std::time::Duration;

use keycap_tests::{Keycap, Nginx, Redis, Running, Size, Sshd, Terminal, Theme, require};

const MOMENT: Duration = Duration::from_secs(20);

/// A vault sealed by a key file, with one service and one capability for it taken in under the same name.
fn vault() -> Keycap {
    let keycap = Keycap::without_keyring();
    let key_file = keycap.home().path().join("vault-key");
    let _ = keycap.run(["vault", "init", "--sealed", "file", "--key-file", key_file.to_str().unwrap()]).succeeded();
    let _ = keycap.run(["service", "new", "lab"]).succeeded();
    let _ = keycap.run(["mint", "lab", "--for", "alice", "--yes"]).succeeded();
    keycap
}

#[test]
fn redis_nginx_and_ssh_are_reached_by_their_names_through_one_gateway() {
    let (redis, nginx, sshd) = (Redis::start(), Nginx::serving(&[("index.html", "behind keycap")]), Sshd::start());
    let keycap = vault();
    // One upstream by its port, one by its Unix socket.
    let upstreams = [format!("cache=unix:{}", redis.socket().display()), format!("web={}", nginx.address()), format!("shell={}", sshd.address())];
    let mut serve = vec!["serve", "lab", "--listen", "127.0.0.1:0"];
    for upstream in &upstreams {
        serve.extend(["--to", upstream]);
    }
    let gateway = Running::start(&keycap, &serve);
    let text = keycap.run(["share", "alice", "--reveal", "--yes"]).succeeded().stdout;
    let _ = keycap.run_with_input(["add", "-", "--name", "lab", "--gateway", &gateway.address().to_string(), "--yes"], &text).succeeded();

    let cache = Running::start(&keycap, &["connect", "lab", "--target", "cache", "--listen", "127.0.0.1:0"]);
    assert_eq!(Redis::ask(cache.address(), &["set", "colour", "green"]), "OK");
    assert_eq!(Redis::ask(redis.address(), &["get", "colour"]), "green");

    let curl = require("curl", "curl");
    let page = keycap.run(["run", "lab", "--target", "web", "--", curl.to_str().unwrap(), "-s", "http://{address}/"]).succeeded();
    assert_eq!(page.stdout, "behind keycap");
    let page = keycap
        .run(["run", "lab", "--target", "web", "--unix", "--", curl.to_str().unwrap(), "-s", "--unix-socket", "{socket}", "http://x/"])
        .succeeded();
    assert_eq!(page.stdout, "behind keycap");

    let stdio = keycap.command(["connect", "lab", "--target", "shell", "--stdio"]);
    let words: Vec<_> = std::iter::once(stdio.get_program()).chain(stdio.get_args()).map(|word| word.to_str().unwrap()).collect();
    let mut ssh = sshd.ssh();
    ssh.envs(stdio.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let said = ssh.args(["-o", &format!("ProxyCommand={}", words.join(" "))]).args([Sshd::HOST, "echo", "through", "keycap"]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&said.stdout), "through keycap\n", "{}", String::from_utf8_lossy(&said.stderr));
}

#[test]
fn a_fresh_capability_shows_as_a_qr_code_on_80_by_24_that_is_read_from_a_photograph_on_dark_and_light() {
    let keycap = vault();
    let folder = tempfile::tempdir().unwrap();
    // Each code is another one.
    for number in 0..2 {
        let name = format!("guest-{number}");
        let _ = keycap.run(["mint", "lab", "--for", &name, "--yes"]).succeeded();
        let terminal = Terminal::open(Size::CLASSIC, &keycap.command(["share", &name, "--qr", "--yes"]));
        assert_eq!(terminal.wait_for_exit(MOMENT), 0);
        let screen = terminal.screen();
        for theme in Theme::ALL {
            let picture = screen.picture(theme);
            let file = folder.path().join(format!("{name}-{theme:?}.png"));
            picture.save(&file);
            let shown = keycap.run(["add", file.to_str().unwrap(), "--dry-run"]).succeeded();
            assert!(shown.stdout.contains("lab"), "{}", shown.stdout);
            assert!(matches!(picture.codes().as_slice(), [code] if code.starts_with("KEYCAP:KEYCAP-SECRET-1")), "zbarimg reads {name} on {theme:?}");
        }
    }
    // The one that is in the picture is the one that was minted.
    let add = keycap.run(["add", folder.path().join("guest-0-Dark.png").to_str().unwrap(), "--name", "photographed", "--yes"]).succeeded();
    assert!(add.stdout.contains("photographed"));
}
