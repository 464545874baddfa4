//! What comes from the terminal, read on a thread of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::thread;
use std::time::Duration;

use crossterm::event::{self, KeyEventKind};
use keycap_vault::SecretText;

use crate::event::{Event, Size};
use crate::keymap::Key;

/// Longest time for which the reader does not look whether it is to pause.
const PATIENCE: Duration = Duration::from_millis(100);

/// The reader, which can be made to leave the terminal to another program.
#[derive(Debug)]
pub(super) struct Reader {
    paused: Arc<AtomicBool>,
}

impl Reader {
    pub(super) fn pause(&self) {
        self.paused.store(true, Ordering::SeqCst);
    }

    pub(super) fn resume(&self) {
        self.paused.store(false, Ordering::SeqCst);
    }
}

/// Begins to read.
pub(super) fn read(events: Sender<Event>) -> Reader {
    let paused = Arc::new(AtomicBool::new(false));
    let pause = Arc::clone(&paused);
    let work = move || {
        loop {
            if pause.load(Ordering::SeqCst) {
                thread::sleep(PATIENCE / 4);
                continue;
            }
            let event = match event::poll(PATIENCE) {
                Ok(false) => continue,
                Ok(true) => event::read(),
                Err(error) => Err(error),
            };
            let event = match event {
                Ok(event) => understood(event),
                // The terminal is gone: the window was closed.
                Err(_) => Some(Event::Terminate),
            };
            let ends = matches!(event, Some(Event::Terminate));
            let Some(event) = event else { continue };
            if events.send(event).is_err() || ends {
                return;
            }
        }
    };
    drop(thread::Builder::new().name("terminal".to_owned()).spawn(work));
    Reader { paused }
}

fn understood(event: event::Event) -> Option<Event> {
    Some(match event {
        event::Event::Key(key) if key.kind == KeyEventKind::Release => return None,
        event::Event::Key(key) => Event::Key(Key::of(&key)),
        event::Event::Mouse(mouse) => Event::Mouse(mouse),
        event::Event::Paste(text) => Event::Paste(SecretText::new(text)),
        event::Event::Resize(columns, rows) => Event::Resize(Size { columns, rows }),
        event::Event::FocusGained => Event::Focus(true),
        event::Event::FocusLost => Event::Focus(false),
    })
}
