//! The lock: a veil over everything, or a question in between because something needs the secrets.

use std::time::Duration;

use keycap_vault::SecretText;

use super::{App, slot};
use crate::event::{Address, Effect, Wanted};
use crate::keymap::{Command, ENTER, ESC, Key, Meaning};
use crate::request::{Answer, Failure, Request, UnlockBy};
use crate::screen::Input;
use crate::widget::secret_field::SecretField;

/// What stands between a person and the vault, and since when nothing was pressed.
#[derive(Debug, Default)]
pub(super) struct Lock {
    pub(super) gate: Option<Gate>,
    /// What unlocks the vault, as it was read last.
    wanted: Option<Wanted>,
    /// What waits until the vault is unlocked.
    waiting: Vec<(Address, Request)>,
    touched: Duration,
}

/// A closed door.
#[derive(Debug)]
pub(super) struct Gate {
    pub(super) why: Why,
    pub(super) wanted: Option<Wanted>,
    pub(super) field: SecretField,
    /// Whether an attempt is on its way.
    pub(super) busy: bool,
    pub(super) attempts: u32,
    pub(super) failure: Option<Failure>,
}

/// Why the door is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// The vault was locked from here, for all processes.
    Here,
    /// It was locked by another process.
    Elsewhere,
    /// Nothing was pressed for a while: only this process let go of the secrets.
    Idle,
    /// It is open, but something needs a passphrase or identity first.
    Needed,
}

impl Lock {
    /// Whether keys go to the door alone.
    pub(super) fn holds(&self) -> bool {
        self.gate.is_some()
    }

    /// Whether it hides everything.
    pub(super) fn hides(&self) -> bool {
        self.gate.as_ref().is_some_and(|gate| gate.why != Why::Needed)
    }

    /// Something was pressed.
    pub(super) fn woken(&mut self, now: Duration) {
        self.touched = now;
    }

    /// Whether it is time to close by itself.
    pub(super) fn is_due(&self, now: Duration, after: Duration) -> bool {
        !self.hides() && now.saturating_sub(self.touched) >= after
    }

    fn close(&mut self, why: Why) {
        self.gate = Some(Gate { why, wanted: self.wanted, field: SecretField::default(), busy: false, attempts: 0, failure: None });
    }
}

impl App {
    /// Closes by itself, for this process only.
    pub(super) fn lock_here(&mut self, effects: &mut Vec<Effect>) {
        self.veil(Why::Idle, effects);
    }

    /// The status says whether some process has locked the vault, or unlocked it.
    pub(super) fn locked_elsewhere(&mut self, locked: bool, wanted: Option<Wanted>, effects: &mut Vec<Effect>) {
        self.lock.wanted = wanted;
        let why = self.lock.gate.as_ref().map(|gate| gate.why);
        match (locked, why) {
            (true, None | Some(Why::Needed)) => self.veil(Why::Elsewhere, effects),
            (false, Some(Why::Here | Why::Elsewhere)) => self.lift(effects),
            (true | false, _) => {}
        }
    }

    /// Hides everything and lets go of whatever is secret.
    fn veil(&mut self, why: Why, effects: &mut Vec<Effect>) {
        self.stack.truncate(1);
        self.toasts.clear();
        self.letters = None;
        let locked: Vec<_> =
            self.stack.iter_mut().chain(self.tabs.values_mut()).map(|layer| (layer.id, layer.screen.update(Input::Locked, &self.world))).collect();
        for (id, steps) in locked {
            self.take(id, steps, effects);
        }
        self.refuse_waiting(effects);
        self.lock.close(why);
        effects.push(Effect::Forget);
        effects.push(Effect::Redraw);
    }

    fn lift(&mut self, effects: &mut Vec<Effect>) {
        self.lock.gate = None;
        self.lock.woken(self.world.moment.running);
        self.ledger_changed(effects);
        for (to, request) in std::mem::take(&mut self.lock.waiting) {
            effects.push(Effect::Ask { from: to, request });
        }
    }

    /// Something cannot be done before a person gives what unlocks the vault.
    pub(super) fn needs_unlock(&mut self, to: Address, request: Request, with: Wanted) {
        self.lock.wanted = Some(with);
        if (to.screen, to.slot) == (0, slot::UNLOCK) {
            if let Some(gate) = &mut self.lock.gate {
                gate.wanted = Some(with);
                gate.busy = false;
            }
            return;
        }
        self.lock.waiting.push((to, request));
        if !self.lock.holds() {
            self.lock.close(Why::Needed);
        }
    }

    fn refuse_waiting(&mut self, effects: &mut Vec<Effect>) {
        for (to, _) in std::mem::take(&mut self.lock.waiting) {
            let failure = Failure {
                code: "vault-locked",
                class: keycap_vault::ErrorClass::Locked,
                message: "not done: the vault was not unlocked".to_owned(),
                hint: None,
            };
            self.answered(to, Err(failure), effects);
        }
    }

    pub(super) fn lock_key(&mut self, key: Key, effects: &mut Vec<Effect>) {
        let Some(gate) = &mut self.lock.gate else { return };
        if gate.busy {
            return;
        }
        let quits = self.world.keymap.meaning(key, None) == Some(Meaning::Command(Command::Quit));
        match (key, gate.wanted) {
            (ENTER, None) => self.try_unlock(UnlockBy::Itself, effects),
            (ENTER, Some(Wanted::Passphrase)) if !gate.field.is_empty() => {
                let passphrase = gate.field.take();
                self.try_unlock(UnlockBy::Passphrase(passphrase), effects);
            }
            (ENTER, Some(Wanted::Identity)) if !gate.field.is_empty() => {
                let file = gate.field.take();
                self.try_unlock(UnlockBy::Identity(file.expose().into()), effects);
            }
            (ESC, _) if gate.why == Why::Needed => {
                self.lock.gate = None;
                self.refuse_waiting(effects);
            }
            (ESC, Some(_)) => gate.field.clear(),
            (_, None) if quits => effects.push(Effect::Quit),
            (_, Some(_)) => gate.field.key(key),
            (_, None) => {}
        }
    }

    pub(super) fn lock_paste(&mut self, text: &SecretText) {
        if let Some(gate) = self.lock.gate.as_mut().filter(|gate| gate.wanted.is_some() && !gate.busy) {
            gate.field.paste(text);
        }
    }

    fn try_unlock(&mut self, by: UnlockBy, effects: &mut Vec<Effect>) {
        if let Some(gate) = &mut self.lock.gate {
            gate.busy = true;
            gate.failure = None;
            gate.attempts += 1;
        }
        self.ask(slot::UNLOCK, Request::Unlock(by), effects);
    }

    pub(super) fn lock_answered(&mut self, slot: u32, outcome: Result<Answer, Failure>, effects: &mut Vec<Effect>) {
        match (slot, outcome) {
            (slot::LOCK, Ok(_)) => self.veil(Why::Here, effects),
            (slot::UNLOCK, Ok(_)) => self.lift(effects),
            (slot::UNLOCK, Err(failure)) => {
                if let Some(gate) = &mut self.lock.gate {
                    gate.busy = false;
                    gate.failure = Some(failure);
                }
            }
            (_, Err(failure)) => self.tell(failure.into()),
            (_, Ok(_)) => {}
        }
    }
}
