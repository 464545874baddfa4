//! Being told to end: SIGTERM, SIGHUP, SIGINT and SIGQUIT leave the terminal as it was.

use std::sync::mpsc::Sender;

use crate::event::Event;

/// Watches until it is dropped.
#[derive(Debug)]
pub(super) struct Watch {
    #[cfg(unix)]
    handle: signal_hook::iterator::Handle,
}

#[cfg(unix)]
impl Drop for Watch {
    fn drop(&mut self) {
        self.handle.close();
    }
}

/// Begins to watch.
///
/// # Errors
/// If the system refuses.
#[cfg(unix)]
pub(super) fn watch(events: Sender<Event>) -> std::io::Result<Watch> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};

    let mut signals = signal_hook::iterator::Signals::new([SIGTERM, SIGHUP, SIGINT, SIGQUIT])?;
    let handle = signals.handle();
    std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        for _ in signals.forever() {
            if events.send(Event::Terminate).is_err() {
                return;
            }
        }
    })?;
    Ok(Watch { handle })
}

/// Windows has no such signals; the console's own end comes with the terminal's.
#[cfg(not(unix))]
pub(super) fn watch(_events: Sender<Event>) -> std::io::Result<Watch> {
    Ok(Watch {})
}
