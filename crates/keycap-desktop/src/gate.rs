//! The door between the window and the vault: closed by a person, by another process, by time, by sleep. The host decides, never the page.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use crate::event::Closed;

/// The window lets go of the secrets after this time in which nobody touched it, unless the settings say otherwise.
pub(crate) const IDLE: Duration = Duration::from_mins(15);
/// The wall clock has to run ahead of the running clock by this much before the machine counts as having slept.
const SLEEP: Duration = Duration::from_secs(30);

/// Whether the vault is closed, and since when nobody touched the window.
#[derive(Debug)]
pub(crate) struct Gate(Mutex<State>);

#[derive(Debug)]
struct State {
    closed: Option<Closed>,
    idle_after: Duration,
    touched: Instant,
    looked: (Instant, SystemTime),
}

impl Gate {
    /// Open, and touched now.
    pub(crate) fn new(idle_after: Duration) -> Self {
        let now = Instant::now();
        Self(Mutex::new(State { closed: None, idle_after, touched: now, looked: (now, SystemTime::now()) }))
    }

    /// Why it is closed.
    pub(crate) fn closed(&self) -> Option<Closed> {
        self.state(|state| state.closed)
    }

    /// Somebody is there.
    pub(crate) fn touch(&self, now: Instant) {
        self.state(|state| state.touched = now);
    }

    /// Closes it; whether it was open before.
    pub(crate) fn close(&self, why: Closed) -> bool {
        self.state(|state| {
            let was_open = state.closed.is_none();
            if was_open {
                state.closed = Some(why);
            }
            was_open
        })
    }

    /// Opens it; whether it was closed before.
    pub(crate) fn open(&self, now: Instant) -> bool {
        self.state(|state| {
            state.touched = now;
            state.closed.take().is_some()
        })
    }

    /// Another process unlocked the vault; whether this opens the gate. What this window closed by itself stays closed.
    pub(crate) fn unlocked_elsewhere(&self, now: Instant) -> bool {
        self.state(|state| match state.closed {
            Some(Closed::Here | Closed::Elsewhere) => {
                state.closed = None;
                state.touched = now;
                true
            }
            Some(Closed::Idle | Closed::Slept | Closed::Screen) | None => false,
        })
    }

    /// Sets after how long it closes by itself.
    pub(crate) fn set_idle_after(&self, idle_after: Duration) {
        self.state(|state| state.idle_after = idle_after);
    }

    /// Closes it if it is time; why, if it did.
    pub(crate) fn watch(&self, now: Instant, wall: SystemTime) -> Option<Closed> {
        self.state(|state| {
            let (instant, before) = std::mem::replace(&mut state.looked, (now, wall));
            // The running clock stands still while the machine sleeps, the wall clock does not.
            let ran = now.saturating_duration_since(instant);
            let passed = wall.duration_since(before).unwrap_or_default();
            let why = if passed > ran.saturating_add(SLEEP) {
                Closed::Slept
            } else if now.saturating_duration_since(state.touched) >= state.idle_after {
                Closed::Idle
            } else {
                return None;
            };
            state.closed.is_none().then(|| *state.closed.insert(why))
        })
    }

    fn state<T>(&self, of: impl FnOnce(&mut State) -> T) -> T {
        of(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_that_nobody_touches_is_closed_once() {
        let gate = Gate::new(Duration::from_secs(60));
        let (start, wall) = (Instant::now(), SystemTime::now());
        gate.touch(start);
        assert_eq!(gate.watch(start + Duration::from_secs(59), wall + Duration::from_secs(59)), None);
        assert_eq!(gate.watch(start + Duration::from_secs(61), wall + Duration::from_secs(61)), Some(Closed::Idle));
        assert_eq!(gate.watch(start + Duration::from_secs(90), wall + Duration::from_secs(90)), None);
        assert!(gate.open(start + Duration::from_secs(91)));
        assert_eq!(gate.closed(), None);
    }

    #[test]
    fn a_machine_that_slept_wakes_to_a_closed_vault() {
        let gate = Gate::new(Duration::from_secs(3_600));
        let (start, wall) = (Instant::now(), SystemTime::now());
        assert_eq!(gate.watch(start, wall), None);
        assert_eq!(gate.watch(start + Duration::from_secs(1), wall + Duration::from_secs(20)), None, "a clock that was put right");
        assert_eq!(gate.watch(start + Duration::from_secs(2), wall + Duration::from_secs(620)), Some(Closed::Slept));
    }

    #[test]
    fn another_process_opens_only_what_was_closed_for_all() {
        let gate = Gate::new(IDLE);
        assert!(gate.close(Closed::Idle));
        assert!(!gate.unlocked_elsewhere(Instant::now()));
        assert!(gate.open(Instant::now()));
        assert!(gate.close(Closed::Elsewhere) && !gate.close(Closed::Here));
        assert!(gate.unlocked_elsewhere(Instant::now()));
    }
}
