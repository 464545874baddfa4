//! What waits between two steps of a person: things to be taken in, codes on the screen, a secret on the clipboard. The page has handles.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use keycap_vault::clipboard::HeldSecret;
use keycap_vault::{Backup, Incoming, SecretText};

use crate::arguments::Given;
use crate::error::UiError;

/// How long a code with a secret stays on the screen.
pub(crate) const CODE: Duration = Duration::from_secs(60);
/// How long a secret stays on the clipboard.
pub(crate) const CLIPBOARD: Duration = Duration::from_secs(25);
/// Things that wait at the same time, at most: a folder full of files that was dropped by mistake ends here.
pub(crate) const MOST: usize = 64;

/// Something to be taken in, as it was found.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) incoming: Incoming,
    /// The text that it came from, if it came from the clipboard: to be cleared away afterwards.
    pub(crate) clipboard: Option<SecretText>,
}

/// All of it.
#[derive(Debug, Default)]
pub(crate) struct Shelf(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    found: BTreeMap<String, Found>,
    codes: HashMap<String, Code>,
    arrived: Vec<Given>,
    clipboard: Option<HeldSecret>,
    backup: Option<(String, Backup)>,
    files: BTreeMap<String, Vec<PathBuf>>,
}

#[derive(Debug)]
struct Code {
    svg: SecretText,
    until: Instant,
}

/// A name that nobody guesses.
fn handle() -> String {
    keycap_vault::random_label()
}

impl Shelf {
    /// Keeps something to be taken in.
    pub(crate) fn keep_found(&self, found: Found) -> String {
        let handle = handle();
        self.state(|state| {
            while state.found.len() >= MOST {
                state.found.pop_first();
            }
            state.found.insert(handle.clone(), found);
        });
        handle
    }

    /// Gives it back.
    ///
    /// # Errors
    /// If it is not there any more.
    pub(crate) fn take_found(&self, handle: &str) -> Result<Found, UiError> {
        self.state(|state| state.found.remove(handle)).ok_or_else(|| UiError::gone("capability or card"))
    }

    /// Keeps a code to be looked at for [`CODE`].
    pub(crate) fn keep_code(&self, svg: SecretText, now: Instant) -> String {
        let handle = handle();
        self.state(|state| {
            state.codes.retain(|_, code| code.until > now);
            state.codes.insert(handle.clone(), Code { svg, until: now + CODE });
        });
        handle
    }

    /// A code's drawing, while its time lasts.
    pub(crate) fn code(&self, handle: &str, now: Instant) -> Option<SecretText> {
        self.state(|state| state.codes.get(handle).filter(|code| code.until > now).map(|code| SecretText::new(code.svg.expose().to_owned())))
    }

    /// Takes a code off the screen.
    pub(crate) fn drop_code(&self, handle: &str) {
        self.state(|state| state.codes.remove(handle));
    }

    /// Keeps what came from outside until the page asks for it.
    pub(crate) fn arrive(&self, given: impl IntoIterator<Item = Given>) {
        self.state(|state| {
            let room = MOST.saturating_sub(state.arrived.len());
            state.arrived.extend(given.into_iter().take(room));
        });
    }

    /// What came from outside.
    pub(crate) fn arrived(&self) -> Vec<Given> {
        self.state(|state| std::mem::take(&mut state.arrived))
    }

    /// Keeps a backup that was opened.
    pub(crate) fn keep_backup(&self, backup: Backup) -> String {
        let handle = handle();
        self.state(|state| state.backup = Some((handle.clone(), backup)));
        handle
    }

    /// Gives it back.
    ///
    /// # Errors
    /// If it is not there any more.
    pub(crate) fn take_backup(&self, handle: &str) -> Result<Backup, UiError> {
        let kept = self.state(|state| state.backup.take_if(|(kept, _)| kept == handle));
        kept.map(|(_, backup)| backup).ok_or_else(|| UiError::gone("backup"))
    }

    /// Keeps the names of files that a person chose.
    pub(crate) fn keep_files(&self, files: Vec<PathBuf>) -> String {
        let handle = handle();
        self.state(|state| {
            while state.files.len() >= MOST {
                state.files.pop_first();
            }
            state.files.insert(handle.clone(), files);
        });
        handle
    }

    /// The files that a handle stands for.
    ///
    /// # Errors
    /// If they are not there any more.
    pub(crate) fn files(&self, handle: &str) -> Result<Vec<PathBuf>, UiError> {
        self.state(|state| state.files.get(handle).cloned()).ok_or_else(|| UiError::gone("choice of files"))
    }

    /// Lets them go.
    pub(crate) fn drop_files(&self, handle: &str) {
        self.state(|state| state.files.remove(handle));
    }

    /// Holds a secret on the clipboard, in the place of one from before.
    pub(crate) fn hold_clipboard(&self, held: HeldSecret) {
        let before = self.state(|state| state.clipboard.replace(held));
        // What it held is not there any more; dropping it waits for that to be noticed, outside the lock.
        drop(before);
    }

    /// Seconds for which the secret stays on the clipboard; 0: there is none.
    pub(crate) fn clipboard_left_s(&self) -> u64 {
        self.state(|state| match &state.clipboard {
            Some(held) if matches!(held.ended(), Ok(None)) => held.remaining().as_secs().max(1),
            Some(_) | None => 0,
        })
    }

    /// Lets go of the secret on the clipboard.
    pub(crate) fn take_clipboard(&self) -> Option<HeldSecret> {
        self.state(|state| state.clipboard.take())
    }

    /// Lets go of everything that is secret, because the vault was closed.
    pub(crate) fn clear(&self) {
        let clipboard = self.state(|state| {
            state.found.clear();
            state.codes.clear();
            state.backup = None;
            state.clipboard.take()
        });
        drop(clipboard);
    }

    fn state<T>(&self, of: impl FnOnce(&mut State) -> T) -> T {
        of(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_gone_when_its_time_is_over() {
        let shelf = Shelf::default();
        let now = Instant::now();
        let handle = shelf.keep_code(SecretText::new("<svg/>".into()), now);
        assert!(shelf.code(&handle, now + CODE - Duration::from_secs(1)).is_some());
        assert!(shelf.code(&handle, now + CODE).is_none());
        assert!(shelf.code("keycap1-0", now).is_none());
    }

    #[test]
    fn a_closed_vault_leaves_no_code_behind() {
        let shelf = Shelf::default();
        let handle = shelf.keep_code(SecretText::new("<svg/>".into()), Instant::now());
        shelf.clear();
        assert!(shelf.code(&handle, Instant::now()).is_none());
    }

    #[test]
    fn no_more_comes_in_from_outside_than_there_is_room_for() {
        let shelf = Shelf::default();
        shelf.arrive((0..200).map(|n| Given::File(format!("{n}").into())));
        assert_eq!(shelf.arrived().len(), MOST);
        assert!(shelf.arrived().is_empty());
    }
}
