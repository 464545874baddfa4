//! The interface without a terminal, for the benchmark: what it asks is answered on the same thread, and pictures go into memory.

use std::path::Path;
use std::time::{Duration, Instant};

use keycap_vault::words::TimeWords;
use keycap_vault::{Environment, Vault, VaultError};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use crate::app::App;
use crate::event::{Effect, Event, Moment, Size};
use crate::keymap::{Key, Keymap};
use crate::theme::{Depth, Ground, Theme};

/// The interface over a vault, at its beginning.
#[derive(Debug)]
pub struct Rehearsal {
    app: App,
    vault: Vault,
    terminal: Terminal<TestBackend>,
    begun: Instant,
}

impl Rehearsal {
    /// Opens the vault and draws the first picture.
    ///
    /// # Errors
    /// If the vault cannot be opened.
    pub fn open(folder: &Path) -> Result<Self, VaultError> {
        let size = Size { columns: 140, rows: 40 };
        let theme = Theme { depth: Depth::Rich, ground: Ground::Dark };
        let vault = Vault::open(folder, Environment::system())?;
        let wall = vault.now().as_u64();
        let moment = Moment { wall, running: Duration::ZERO };
        let app = App::new(size, theme, Keymap::new(), moment, TimeWords::new(wall));
        let terminal = match Terminal::new(TestBackend::new(size.columns, size.rows)) {
            Ok(terminal) => terminal,
            Err(never) => match never {},
        };
        let mut rehearsal = Self { app, vault, terminal, begun: Instant::now() };
        rehearsal.happens(Event::Started);
        rehearsal.draw();
        Ok(rehearsal)
    }

    /// Presses a key, such as `4` or `PgDn`, and draws the picture that shows everything that follows from it.
    pub fn press(&mut self, key: &str) {
        if let Some(key) = Key::parse(key) {
            self.happens(Event::Key(key));
        }
        self.draw();
    }

    /// What is in sight.
    #[must_use]
    pub fn screen(&self) -> String {
        self.terminal.backend().to_string()
    }

    fn happens(&mut self, event: Event) {
        let mut events = vec![event];
        while let Some(event) = events.pop() {
            let moment = Moment { wall: self.vault.now().as_u64(), running: self.begun.elapsed() };
            for effect in self.app.update(moment, event) {
                // The doctor's looking takes its time on a thread of its own.
                if let Effect::Ask { from, request } = effect
                    && request.only_reads()
                {
                    events.push(Event::Answered { to: from, outcome: request.run(&mut self.vault) });
                }
            }
        }
    }

    fn draw(&mut self) {
        match self.terminal.draw(|frame| self.app.view(frame)) {
            Ok(_) => {}
            Err(never) => match never {},
        }
    }
}
