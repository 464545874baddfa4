//! The interface as a state machine: events in, effects out, and a picture of its state. It does no input and output, so that whatever a
//! person can do to it, a test can do too.

mod keys;
mod lock;
mod steps;
mod view;

use std::collections::BTreeMap;
use std::time::Duration;

use keycap_vault::words::TimeWords;

use crate::event::{Address, Effect, Event, Moment, Size};
use crate::keymap::Keymap;
use crate::request::{Answer, Change, Failure, Request};
use crate::screen::{Click, Input, Screen, Shape, Tab};
use crate::screens;
use crate::settings::Settings;
use crate::task::{TaskId, TaskNews};
use crate::theme::Theme;
use crate::toast::Toast;
use crate::world::{Files, World};

use lock::Lock;

/// The whole interface.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) world: World,
    /// The tab at the bottom, then what was opened on top of it.
    stack: Vec<Layer>,
    /// The tabs that are not shown, each as it was left.
    tabs: BTreeMap<Tab, Layer>,
    tab: Tab,
    toasts: Vec<(Toast, Duration)>,
    journal: Journal,
    lock: Lock,
    letters: Option<view::Letters>,
    counters: Counters,
    /// The last sequence number of each question, so that answers to older ones are passed over.
    asked: BTreeMap<(u64, u32), u64>,
    pressed: Option<((u16, u16), Duration)>,
}

/// A screen on the stack.
#[derive(Debug)]
struct Layer {
    id: u64,
    screen: Box<dyn Screen>,
    /// Where it was drawn, for the mouse.
    drawn: ratatui::layout::Rect,
}

/// What was done and can be taken back, and what was taken back and can be done again.
#[derive(Debug, Default)]
struct Journal {
    undo: Vec<Change>,
    redo: Vec<Change>,
}

/// Numbers that are given once.
#[derive(Debug, Default)]
struct Counters {
    screen: u64,
    sequence: u64,
    task: u64,
}

/// Questions of the interface itself; a change carries what becomes of its opposite.
pub(crate) mod slot {
    pub(crate) const STATUS: u32 = 0;
    pub(crate) const CHANGE: u32 = 1;
    pub(crate) const UNDO: u32 = 2;
    pub(crate) const REDO: u32 = 3;
    pub(crate) const LOCK: u32 = 4;
    pub(crate) const UNLOCK: u32 = 5;
    /// And those that follow: one for each revocation that is watched.
    pub(crate) const RECEIPT: u32 = 100;
}

/// Within this time two presses in one place are one double press.
const DOUBLE_PRESS: Duration = Duration::from_millis(400);

impl App {
    /// At its beginning, before anything was read.
    pub(crate) fn new(size: Size, theme: Theme, keymap: Keymap, moment: Moment, times: TimeWords) -> Self {
        let world = World {
            moment,
            size,
            theme,
            keymap,
            times,
            status: None,
            focused: true,
            tasks: Vec::new(),
            on_clipboard: None,
            awaited: Vec::new(),
            looks_around: false,
            settings: Settings::default(),
            terminal: theme,
            files: Files::default(),
        };
        let mut app = Self {
            world,
            stack: Vec::new(),
            tabs: BTreeMap::new(),
            tab: Tab::Overview,
            toasts: Vec::new(),
            journal: Journal::default(),
            lock: Lock::default(),
            letters: None,
            counters: Counters::default(),
            asked: BTreeMap::new(),
            pressed: None,
        };
        let first = app.layer(screens::tab(Tab::Overview));
        app.stack.push(first);
        app
    }

    /// Is like this from the beginning.
    pub(crate) fn begin_with(&mut self, settings: Settings, files: Files) {
        self.world.theme = settings.look.theme(self.world.terminal);
        (self.world.settings, self.world.files) = (settings, files);
    }

    /// Takes in what happened.
    pub(crate) fn update(&mut self, moment: Moment, event: Event) -> Vec<Effect> {
        self.world.moment = moment;
        self.world.times = self.world.times.at(moment.wall);
        let mut effects = Vec::new();
        match event {
            Event::Started => {
                self.ask(slot::STATUS, Request::Status, &mut effects);
                self.give_top(Input::Shown, &mut effects);
            }
            Event::FirstRun => {
                let first = screens::first_run();
                self.open(first, &mut effects);
            }
            Event::Key(key) => self.key(key, &mut effects),
            Event::Mouse(mouse) => self.mouse(mouse, &mut effects),
            Event::Paste(text) => self.paste(&text, &mut effects),
            Event::Resize(size) => {
                self.world.size = size;
                self.letters = None;
            }
            Event::Focus(focused) => self.world.focused = focused,
            Event::Tick => self.tick(&mut effects),
            Event::LedgerChanged => self.ledger_changed(&mut effects),
            Event::Answered { to, outcome } => self.answered(to, outcome, &mut effects),
            Event::NeedsUnlock { to, request, with } => self.needs_unlock(to, request, with),
            Event::Task { id, news } => self.task(id, news),
            Event::Copied(outcome) => self.copied(outcome),
            Event::Terminate => effects.push(Effect::Quit),
            Event::Resumed => {
                effects.push(Effect::Redraw);
                self.lock.woken(moment.running);
                self.ledger_changed(&mut effects);
            }
        }
        effects
    }

    /// The screen on top.
    fn top(&self) -> Option<&dyn Screen> {
        self.stack.last().map(|layer| layer.screen.as_ref())
    }

    /// How many screens stand on each other.
    #[cfg(test)]
    pub(crate) fn depth(&self) -> usize {
        self.stack.len()
    }

    fn layer(&mut self, screen: Box<dyn Screen>) -> Layer {
        self.counters.screen += 1;
        Layer { id: self.counters.screen, screen, drawn: ratatui::layout::Rect::ZERO }
    }

    /// Gives something to the screen on top.
    fn give_top(&mut self, input: Input<'_>, effects: &mut Vec<Effect>) {
        if let Some(layer) = self.stack.last_mut() {
            let id = layer.id;
            let steps = layer.screen.update(input, &self.world);
            self.take(id, steps, effects);
        }
    }

    /// Asks the vault in the interface's own name.
    fn ask(&mut self, slot: u32, request: Request, effects: &mut Vec<Effect>) {
        let from = self.address(0, slot);
        effects.push(Effect::Ask { from, request });
    }

    fn address(&mut self, screen: u64, slot: u32) -> Address {
        self.counters.sequence += 1;
        self.asked.insert((screen, slot), self.counters.sequence);
        Address { screen, slot, sequence: self.counters.sequence }
    }

    fn tell(&mut self, toast: Toast) {
        let until = self.world.moment.running + toast.tone.stays();
        self.toasts.retain(|(shown, _)| *shown != toast);
        self.toasts.push((toast, until));
    }

    fn tick(&mut self, effects: &mut Vec<Effect>) {
        let now = self.world.moment.running;
        if self.top().is_some_and(|screen| screen.shape(&self.world) == Shape::Code) {
            // Nobody can read them meanwhile.
            self.toasts.iter_mut().for_each(|(toast, until)| *until = now + toast.tone.stays());
        }
        self.toasts.retain(|(_, until)| *until > now);
        if self.world.on_clipboard.is_some_and(|until| until <= now) {
            self.world.on_clipboard = None;
        }
        for at in 0..self.world.awaited.len() {
            let Some(awaited) = self.world.awaited.get(at) else { break };
            let request = Request::Receipt(awaited.rid.clone());
            self.ask(slot::RECEIPT + u32::try_from(at).unwrap_or_default(), request, effects);
        }
        if self.lock.is_due(now, self.world.settings.lock_after()) && self.world.status.is_some() && self.stack.len() + self.tabs.len() > 0 {
            self.lock_here(effects);
        }
        self.give_top(Input::Tick, effects);
    }

    fn ledger_changed(&mut self, effects: &mut Vec<Effect>) {
        self.ask(slot::STATUS, Request::Status, effects);
        // Tabs that are not in sight read anew when they are shown.
        for at in 0..self.stack.len() {
            if let Some(layer) = self.stack.get_mut(at) {
                let id = layer.id;
                let steps = layer.screen.update(Input::LedgerChanged, &self.world);
                self.take(id, steps, effects);
            }
        }
    }

    fn answered(&mut self, to: Address, outcome: Result<Answer, Failure>, effects: &mut Vec<Effect>) {
        if self.asked.get(&(to.screen, to.slot)) != Some(&to.sequence) {
            return;
        }
        self.asked.remove(&(to.screen, to.slot));
        if to.screen == 0 {
            return self.own_answer(to.slot, outcome, effects);
        }
        let shown = self.stack.iter_mut().find(|layer| layer.id == to.screen);
        let Some(layer) = shown.or_else(|| self.tabs.values_mut().find(|layer| layer.id == to.screen)) else { return };
        let steps = layer.screen.update(Input::Answered { slot: to.slot, outcome }, &self.world);
        self.take(to.screen, steps, effects);
    }

    fn own_answer(&mut self, slot: u32, outcome: Result<Answer, Failure>, effects: &mut Vec<Effect>) {
        match (slot, outcome) {
            (slot::STATUS, Ok(Answer::Status { status, wanted })) => {
                let locked = status.locked;
                self.world.status = Some(status);
                self.locked_elsewhere(locked, wanted, effects);
            }
            (slot::CHANGE | slot::REDO, Ok(Answer::Changed { done, back })) => {
                self.tell(Toast::done(done.told()).with_hint(self.undo_hint()));
                self.journal.undo.push(back);
                if slot == slot::CHANGE {
                    self.journal.redo.clear();
                }
                self.ledger_changed(effects);
            }
            (slot::UNDO, Ok(Answer::Changed { done, back })) => {
                self.tell(Toast::done(format!("undone: {}", done.told())));
                self.journal.redo.push(back);
                self.ledger_changed(effects);
            }
            (slot::LOCK | slot::UNLOCK, outcome) => self.lock_answered(slot, outcome, effects),
            (slot::RECEIPT.., Ok(Answer::Receipt(receipt))) => self.receipt(&receipt),
            (slot::RECEIPT.., Err(_)) => {}
            (_, Err(failure)) => self.tell(failure.into()),
            (_, Ok(_)) => {}
        }
    }

    /// A watched revocation has got somewhere.
    fn receipt(&mut self, receipt: &keycap_vault::view::RevokeReceipt) {
        let cut: u64 = receipt.gateways.iter().map(|line| line.sessions_cut).sum();
        let Some(at) = self.world.awaited.iter().position(|awaited| awaited.rid == receipt.grant.rid) else { return };
        if receipt.pending > 0 {
            if let Some(awaited) = self.world.awaited.get_mut(at) {
                awaited.pending = Some(receipt.pending);
            }
            return;
        }
        let awaited = self.world.awaited.remove(at);
        let sessions = match cut {
            0 => "no session was open".to_owned(),
            1 => "1 session cut".to_owned(),
            more => format!("{more} sessions cut"),
        };
        let text = if receipt.gateways.is_empty() {
            format!("{} is revoked; no gateway runs, the next one that starts applies it", awaited.name)
        } else {
            format!("{} is revoked at every gateway, {sessions}", awaited.name)
        };
        self.tell(Toast::done(text));
    }

    fn task(&mut self, id: TaskId, news: TaskNews) {
        let now = self.world.moment.running;
        let Some(task) = self.world.tasks.iter_mut().find(|task| task.id == id) else { return };
        let ended = matches!(news, TaskNews::Ended(_));
        task.hear(news, now);
        if ended {
            let toast = match &task.state {
                crate::task::TaskState::Done(text) => Toast::done(format!("{}: {text}", task.title)),
                crate::task::TaskState::Failed(failure) => Toast::from(failure.clone()),
                crate::task::TaskState::Cancelled => Toast::note(format!("{}: cancelled", task.title)),
                crate::task::TaskState::Running | crate::task::TaskState::Stopping => return,
            };
            self.tell(toast);
        }
    }

    /// Whether this press of the mouse is the second of a double press.
    fn click(&mut self, at: (u16, u16)) -> Click {
        let now = self.world.moment.running;
        let twice = self.pressed.is_some_and(|(place, when)| place == at && now.saturating_sub(when) <= DOUBLE_PRESS);
        self.pressed = (!twice).then_some((at, now));
        if twice { Click::Twice } else { Click::Press }
    }
}

#[cfg(test)]
mod tests;
