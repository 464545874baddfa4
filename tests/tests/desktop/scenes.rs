//! What the journeys begin with.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use keycap_tests::{Display, Keycap, PrivateKeyring, Window, require, wait_until};

/// A machine of somebody: a keyring, a display, a home.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) keycap: Keycap,
    pub(crate) display: Display,
    // Dropped after those that use it.
    keyring: PrivateKeyring,
}

impl Desk {
    /// With nothing in it.
    pub(crate) fn empty() -> Self {
        let keyring = PrivateKeyring::start();
        let display = Display::with_room();
        Self { keycap: Keycap::on(&keyring).with_display(&display), display, keyring }
    }

    /// With nothing in it, and no keyring.
    pub(crate) fn without_keyring() -> Self {
        let keyring = PrivateKeyring::without_provider();
        let display = Display::with_room();
        Self { keycap: Keycap::on(&keyring).with_display(&display), display, keyring }
    }

    /// With a vault, a key and a service, made on the command line.
    pub(crate) fn with_service() -> Self {
        let desk = Self::empty();
        for arguments in [&["vault", "init", "--keyring"][..], &["key", "new", "operator"], &["service", "new", "orders", "--hint", "127.0.0.1:7000"]]
        {
            desk.does(arguments.iter().copied());
        }
        desk
    }

    /// Does something on the command line of the same vault.
    #[track_caller]
    pub(crate) fn does<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) {
        drop(self.keycap.run(arguments).succeeded());
    }

    /// Its session bus.
    pub(crate) fn bus(&self) -> &str {
        self.keyring.address()
    }

    /// Its window.
    pub(crate) fn open(&self) -> Window {
        Window::open(&self.keycap, &self.display)
    }

    /// Photographs the window when its code can be read, which the driver's pictures lag behind; the picture, and what is in the code.
    pub(crate) fn photograph_code(&self, window: &Window) -> (PathBuf, String) {
        window.wait_for_code();
        let mut taken = None;
        wait_until(Duration::from_secs(20), "zbarimg reads one code in the window", || {
            let picture = self.keep("window.png", &window.screenshot());
            if let [code] = read_codes(&picture).as_slice() {
                taken = Some((picture, code.clone()));
            }
            taken.is_some()
        });
        taken.unwrap()
    }

    /// Writes a picture into the home.
    pub(crate) fn keep(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.keycap.home().path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }
}

/// What a person sees first: from nothing to a key of one's own.
pub(crate) fn first_run(window: &Window, key: &str, aim: &str) {
    window.wait_for_text("h1", "Welcome to keycap");
    window.click("[data-action=next]");
    window.fill("[data-field=key-name]", key);
    window.click("[data-action=next]");
    window.click(&format!("input[value={aim}]"));
    window.click("[data-action=next]");
}

/// The codes in a picture, as `zbarimg` reads them.
fn read_codes(picture: &std::path::Path) -> Vec<String> {
    let output = Command::new(require("zbarimg", "zbar-tools")).args(["--quiet", "--raw"]).arg(picture).output().unwrap();
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// Goes to a screen.
pub(crate) fn go(window: &Window, screen: &str) {
    window.click(&format!("[data-screen={screen}]"));
    wait_until(Duration::from_secs(10), "the screen is shown", || window.text("nav [aria-current=page]").to_lowercase().contains(screen));
}
