//! The desktop app's real window, driven as a person does: by what is seen, clicked and typed.

use std::env;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use fantoccini::key::Key;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::daemon::Daemon;
use crate::display::Display;
use crate::keycap::{Keycap, build_with};
use crate::program::require;
use crate::workspace;

/// The variable by which `tests/run` names a `keycap-desktop` that it has built.
const BUILT: &str = "KEYCAP_TESTS_DESKTOP";
/// How long something may take to show. Far more than anything takes; a loaded machine is slow.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long the driver may take to answer anything: it waits for the page, and the page for the host.
const ANSWER: Duration = Duration::from_secs(60);
/// How long after a change a screenshot shows it: the driver's picture lags behind.
const SETTLED: Duration = Duration::from_millis(400);

/// A window of the app on a vault, closed when dropped.
#[derive(Debug)]
pub struct Window {
    runtime: Runtime,
    client: Option<Client>,
    // After the client: fields are dropped in this order.
    _driver: Daemon,
    opened: Duration,
    program: PathBuf,
    /// Whether something else started the program, so that nobody ends it with the driver's session.
    left_alone: bool,
    home: PathBuf,
}

impl Window {
    /// Opens it for the vault of this home, on this display.
    ///
    /// # Panics
    /// If the web view's driver is missing or the window does not open.
    #[must_use]
    pub fn open(keycap: &Keycap, display: &Display) -> Self {
        Self::open_program(Self::program(), keycap, display, &[])
    }

    /// The same, with arguments.
    ///
    /// # Panics
    /// As [`Window::open`].
    #[must_use]
    pub fn open_with(keycap: &Keycap, display: &Display, arguments: &[&str]) -> Self {
        Self::open_program(Self::program(), keycap, display, arguments)
    }

    /// The same, of another build, such as the one that a package installed.
    ///
    /// # Panics
    /// As [`Window::open`].
    #[must_use]
    pub fn open_program(program: &Path, keycap: &Keycap, display: &Display, arguments: &[&str]) -> Self {
        Self::begin(program, program, keycap, display, arguments)
    }

    /// The same, of a program that another one starts and leaves alone: a menu does, and what opens files and links.
    ///
    /// # Panics
    /// As [`Window::open`].
    #[must_use]
    pub fn open_through(starter: &[&str], program: &Path, keycap: &Keycap, display: &Display) -> Self {
        let script = keycap.home().path().join("start");
        std::fs::write(&script, STARTER).unwrap();
        std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
        Self::begin(&script, program, keycap, display, starter)
    }

    fn begin(started: &Path, program: &Path, keycap: &Keycap, display: &Display, arguments: &[&str]) -> Self {
        let driver = require("WebKitWebDriver", "webkit2gtk-driver");
        let (driver, address) = Daemon::spawn_on_port("WebKitWebDriver", &keycap.home().path().join("driver.log"), |port| {
            let mut command = keycap.around(&driver, [format!("--port={port}"), "--host=127.0.0.1".to_owned()]);
            // Tauri lets the driver in when this is set.
            command.env("TAURI_AUTOMATION", "true").env("TAURI_WEBVIEW_AUTOMATION", "true").env("DISPLAY", display.name()).env("NO_AT_BRIDGE", "1");
            command
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let options = json!({ "binary": started, "args": arguments });
        let capabilities = [("webkitgtk:browserOptions".to_owned(), options)].into_iter().collect();
        let begun = Instant::now();
        let client = runtime
            .block_on(async {
                let address = format!("http://{address}");
                tokio::time::timeout(ANSWER, ClientBuilder::new(HttpConnector::new()).capabilities(capabilities).connect(&address)).await
            })
            .unwrap_or_else(|_| panic!("the window does not open within {ANSWER:?}"))
            .unwrap_or_else(|error| panic!("the window does not open: {error}"));
        let home = keycap.home().path().to_owned();
        let mut window = Self {
            runtime,
            client: Some(client),
            _driver: driver,
            opened: Duration::ZERO,
            program: program.to_owned(),
            left_alone: started != program,
            home,
        };
        window.wait_for("h1");
        window.opened = begun.elapsed();
        window.run(WATCH_POLICY, &[]);
        window
    }

    /// How long it took from the start of the program to its first heading.
    #[must_use]
    pub fn opened_in(&self) -> Duration {
        self.opened
    }

    /// Clicks what this selector finds, when it is there, can be used and stands still.
    ///
    /// # Panics
    /// If it does not come, or cannot be clicked.
    #[track_caller]
    pub fn click(&self, selector: &str) {
        self.until(&format!("{selector} can be clicked"), || {
            let element = self.try_find(selector)?;
            self.block_on(self.client().execute_async(AT_REST, vec![json!(selector)])).ok()?.as_bool()?.then_some(())?;
            self.block_on(element.click()).ok()
        });
    }

    /// Types into a field, in the place of what is in it.
    ///
    /// # Panics
    /// If there is no such field.
    #[track_caller]
    pub fn fill(&self, selector: &str, text: &str) {
        self.until(&format!("{selector} takes text"), || {
            let field = self.try_find(selector)?;
            self.block_on(field.clear()).ok()?;
            self.block_on(field.send_keys(text)).ok()
        });
    }

    /// Chooses the option of this value.
    ///
    /// # Panics
    /// If there is none.
    #[track_caller]
    pub fn choose(&self, selector: &str, value: &str) {
        self.until(&format!("{selector} has {value}"), || {
            let field = self.try_find(selector)?;
            self.block_on(field.select_by_value(value)).ok()
        });
    }

    /// Presses a key with Ctrl.
    ///
    /// # Panics
    /// If the window is gone.
    pub fn press_ctrl(&self, key: &str) {
        let body = self.wait_for("body");
        self.block_on(body.send_keys(&format!("{}{key}{}", char::from(Key::Control), char::from(Key::Null)))).unwrap();
    }

    /// Presses keys in what this selector finds.
    ///
    /// # Panics
    /// If it is not there.
    #[track_caller]
    pub fn press(&self, selector: &str, keys: &str) {
        self.until(&format!("{selector} takes keys"), || {
            let element = self.try_find(selector)?;
            self.block_on(element.send_keys(keys)).ok()
        });
    }

    /// What this selector finds, as it is read.
    ///
    /// # Panics
    /// If it does not come.
    #[track_caller]
    #[must_use]
    pub fn text(&self, selector: &str) -> String {
        let mut read = String::new();
        self.until(&format!("{selector} can be read"), || {
            read = self.block_on(self.try_find(selector)?.text()).ok()?;
            Some(())
        });
        read
    }

    /// Waits until what this selector finds reads so.
    ///
    /// # Panics
    /// If it never does, showing what it read last.
    #[track_caller]
    pub fn wait_for_text(&self, selector: &str, wanted: &str) {
        let begun = Instant::now();
        loop {
            let read = self.text(selector);
            if read.contains(wanted) {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "{selector} never read {wanted:?}, but: {read}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Waits until this selector finds nothing.
    ///
    /// # Panics
    /// If it goes on finding something.
    #[track_caller]
    pub fn wait_gone(&self, selector: &str) {
        self.until(&format!("{selector} is gone"), || self.try_find(selector).is_none().then_some(()));
    }

    /// Waits until a code in the window can be photographed.
    ///
    /// # Panics
    /// If none is drawn.
    #[track_caller]
    pub fn wait_for_code(&self) {
        let drawn = "const code = document.querySelector('[data-code]'); return code !== null && code.naturalWidth > 0";
        self.until("the code is drawn", || self.run(drawn, &[]).as_bool().unwrap_or_default().then_some(()));
    }

    /// Whether it is in sight on this display.
    #[must_use]
    pub fn is_shown(&self, display: &Display) -> bool {
        self.processes().iter().any(|process| display.shows(process.file_name().and_then(|name| name.to_str()).unwrap_or_default()))
    }

    /// Runs a script in the page and gives what it returns.
    ///
    /// # Panics
    /// If it throws.
    #[track_caller]
    pub fn run(&self, script: &str, arguments: &[Value]) -> Value {
        self.block_on(self.client().execute(script, arguments.to_vec())).unwrap()
    }

    /// The same, for a script that calls its last argument when it is done.
    ///
    /// # Panics
    /// If it throws.
    #[track_caller]
    pub fn run_async(&self, script: &str, arguments: &[Value]) -> Value {
        self.block_on(self.client().execute_async(script, arguments.to_vec())).unwrap()
    }

    /// A picture of the window, as a PNG file.
    ///
    /// # Panics
    /// If none can be taken.
    #[must_use]
    pub fn screenshot(&self) -> Vec<u8> {
        std::thread::sleep(SETTLED);
        self.block_on(self.client().screenshot()).unwrap()
    }

    /// What the page's policy kept it from, since it was opened: nothing, if all is well.
    ///
    /// # Panics
    /// If the window is gone.
    #[must_use]
    pub fn policy_violations(&self) -> Value {
        self.run("return window.keycapTestViolations", &[])
    }

    /// The path of the program, built from this workspace when it is first asked for, with its page.
    ///
    /// # Panics
    /// If it does not build.
    #[must_use]
    pub fn program() -> &'static Path {
        static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
        PROGRAM.get_or_init(|| env::var_os(BUILT).map_or_else(build, PathBuf::from))
    }

    /// Waits for what this selector finds.
    #[track_caller]
    pub(crate) fn wait_for(&self, selector: &str) -> Element {
        self.until(&format!("{selector} is there"), || self.try_find(selector))
    }

    fn try_find(&self, selector: &str) -> Option<Element> {
        match self.block_on(self.client().find(Locator::Css(selector))) {
            Ok(element) => Some(element),
            Err(CmdError::Standard(_)) => None,
            Err(error) => panic!("the window does not answer: {error}"),
        }
    }

    #[track_caller]
    fn until<T>(&self, what: &str, mut there: impl FnMut() -> Option<T>) -> T {
        let begun = Instant::now();
        loop {
            if let Some(found) = there() {
                return found;
            }
            if begun.elapsed() >= PATIENCE {
                let shown = self.block_on(self.client().find(Locator::Css("body"))).ok().and_then(|body| self.block_on(body.text()).ok());
                panic!("waited in vain until {what}; the window shows:\n{}", shown.unwrap_or_default());
            }
            std::thread::sleep(Duration::from_millis(40));
        }
    }

    fn client(&self) -> &Client {
        self.client.as_ref().expect("open until it is dropped")
    }

    #[track_caller]
    fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        let answered = self.runtime.block_on(async { tokio::time::timeout(ANSWER, work).await });
        answered.unwrap_or_else(|_| panic!("the driver of the window has not answered for {ANSWER:?}"))
    }

    /// The processes of the program that run for this home: another start would hand itself over to them.
    fn processes(&self) -> Vec<PathBuf> {
        let home = format!("HOME={}", self.home.display());
        let is_ours = |process: &PathBuf| {
            std::fs::read_link(process.join("exe")).is_ok_and(|exe| exe == self.program)
                && std::fs::read(process.join("environ")).is_ok_and(|variables| variables.split(|byte| *byte == 0).any(|one| one == home.as_bytes()))
        };
        std::fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path()).filter(is_ours).collect()
    }
}

/// Whether a process may still have its connections open: its first thread can be over while others, which share them, still end.
fn is_alive(process: &Path) -> bool {
    let is_over = |stat: String| stat.rsplit_once(')').is_some_and(|(_, rest)| rest.trim_start().starts_with(['Z', 'X']));
    let threads = || std::fs::read_dir(process.join("task")).map_or(0, Iterator::count);
    std::fs::read_to_string(process.join("stat")).is_ok_and(|stat| !is_over(stat) || threads() > 1)
}

impl Drop for Window {
    fn drop(&mut self) {
        if let Some(client) = self.client.take() {
            let processes = self.processes();
            // Whatever the driver answers, the program has to go.
            let _ = self.runtime.block_on(async { tokio::time::timeout(ANSWER, client.close()).await });
            if self.left_alone {
                for process in processes.iter().filter_map(|process| Pid::from_raw(process.file_name()?.to_str()?.parse().ok()?)) {
                    // It may have gone by itself.
                    let _ = kill_process(process, Signal::TERM);
                }
            }
            let begun = Instant::now();
            while processes.iter().any(|process| is_alive(process)) && begun.elapsed() < PATIENCE {
                std::thread::sleep(Duration::from_millis(20));
            }
        }
    }
}

/// The driver takes the end of what it starts for the end of the window, so this stays when what it starts has ended.
const STARTER: &str = "#!/bin/sh\n\"$@\" || exit\nexec sleep 1h\n";

/// Whether what a selector finds can be used, and is where it was two pictures ago. The driver clicks a place, whatever is there by then.
const AT_REST: &str = "const [selector, done] = arguments;
const place = () => { const found = document.querySelector(selector); return found && !found.disabled && JSON.stringify(found.getBoundingClientRect()); };
const before = place();
const after = () => done(before !== null && before !== false && before === place());
requestAnimationFrame(() => requestAnimationFrame(after));";

/// Notes what the policy of the page kept it from.
const WATCH_POLICY: &str = "window.keycapTestViolations = [];
document.addEventListener('securitypolicyviolation', (event) => window.keycapTestViolations.push(`${event.violatedDirective} ${event.blockedURI}`));";

fn build() -> PathBuf {
    let ui = workspace::root().join("ui");
    let npm = require("npm", "npm");
    if !ui.join("node_modules").exists() {
        succeed(Command::new(&npm).arg("ci").current_dir(&ui));
    }
    succeed(Command::new(&npm).args(["run", "build"]).current_dir(&ui));
    build_with("keycap-desktop", "keycap-desktop")
}

fn succeed(command: &mut Command) {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status().unwrap();
    assert!(status.success(), "{command:?} failed");
}
