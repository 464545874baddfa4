//! Doing what screens want.

use keycap_vault::action::action;

use super::{App, slot};
use crate::event::{CopiedTo, Effect};
use crate::keymap::{Command, Meaning};
use crate::request::Request;
use crate::screen::{Input, Screen, Step, Tab, Target};
use crate::screens;
use crate::task::{Task, TaskId, TaskState};
use crate::toast::Toast;
use crate::ways::{Way, way};
use crate::world::Awaited;

impl App {
    /// Does what a screen wants, step by step.
    pub(super) fn take(&mut self, screen: u64, steps: Vec<Step>, effects: &mut Vec<Effect>) {
        for step in steps {
            match step {
                Step::Stay => {}
                Step::Ask { slot, request } => {
                    let from = self.address(screen, slot);
                    effects.push(Effect::Ask { from, request });
                }
                Step::Open(opened) => self.open(opened, effects),
                Step::Close => self.close(screen, effects),
                Step::Show(tab, target) => self.show(tab, target, effects),
                Step::Start(id, target) => self.start(id, target, effects),
                Step::Command(command) => self.command(command, effects),
                Step::Tell(toast) => self.tell(toast),
                Step::Change(change) => self.ask(slot::CHANGE, Request::Change(change), effects),
                Step::Await { rid, name } => {
                    self.world.awaited.retain(|awaited| awaited.rid != rid);
                    self.world.awaited.push(Awaited { rid, name, pending: None });
                }
                Step::Copy { text, secret } => effects.push(Effect::Copy { text, secret }),
                Step::Run { title, job } => {
                    self.counters.task += 1;
                    let id = TaskId(self.counters.task);
                    self.world.tasks.push(Task {
                        id,
                        title,
                        begun: self.world.moment.running,
                        ended: None,
                        says: String::new(),
                        progress: None,
                        state: TaskState::Running,
                    });
                    effects.push(Effect::Start { id, job });
                }
                Step::Stop(id) => {
                    if let Some(task) = self.world.tasks.iter_mut().find(|task| task.id == id && task.state == TaskState::Running) {
                        task.state = TaskState::Stopping;
                        effects.push(Effect::Cancel(id));
                    }
                }
                Step::ForgetEnded => self.world.tasks.retain(Task::runs),
                Step::LookAround(folder) => {
                    self.world.looks_around = true;
                    effects.push(Effect::LookAround(folder));
                    self.ledger_changed(effects);
                }
                Step::Settings(settings) => {
                    self.world.settings = settings;
                    self.world.theme = settings.look.theme(self.world.terminal);
                    effects.extend([Effect::Settings(settings), Effect::Redraw]);
                }
                Step::End => effects.push(Effect::Quit),
                Step::Changed => self.ledger_changed(effects),
            }
        }
    }

    /// Puts a screen on top.
    pub(super) fn open(&mut self, screen: Box<dyn Screen>, effects: &mut Vec<Effect>) {
        let layer = self.layer(screen);
        self.stack.push(layer);
        self.give_top(Input::Shown, effects);
    }

    /// Takes a screen away, unless it is the last.
    pub(super) fn close(&mut self, id: u64, effects: &mut Vec<Effect>) {
        if self.stack.len() < 2 {
            return;
        }
        self.stack.retain(|layer| layer.id != id);
        self.give_top(Input::Shown, effects);
    }

    /// Shows one of the screens at the bottom, as it was left; what was open on top of the other is gone.
    pub(super) fn show(&mut self, tab: Tab, target: Option<Target>, effects: &mut Vec<Effect>) {
        let mut stack = std::mem::take(&mut self.stack);
        if !stack.is_empty() {
            self.tabs.insert(self.tab, stack.remove(0));
        }
        self.tab = tab;
        let mut layer = match self.tabs.remove(&tab) {
            Some(layer) => layer,
            None => self.layer(screens::tab(tab)),
        };
        if let Some(target) = target {
            layer.screen.select(&target);
        }
        self.stack.push(layer);
        self.give_top(Input::Shown, effects);
    }

    /// Begins an action of the registry, unless it cannot be done now: then the reason is said.
    pub(super) fn start(&mut self, id: &'static str, target: Option<Target>, effects: &mut Vec<Effect>) {
        let Some(action) = action(id) else { return };
        if let Some(reason) = action.disabled(&self.world.context()) {
            return self.tell(Toast::note(reason));
        }
        match way(id) {
            Some(Way::Tab(tab)) => self.show(tab, None, effects),
            Some(Way::Screen { of, open }) => match target.filter(|target| of.is_empty() || of.contains(&target.kind)) {
                Some(target) => self.take(0, open(&self.world, Some(target)), effects),
                None if of.is_empty() => self.take(0, open(&self.world, None), effects),
                None => {
                    let choose = screens::choose(action, of);
                    self.open(choose, effects);
                }
            },
            Some(Way::Files(open)) => match self.stack.first().map(|layer| layer.screen.files()).filter(|files| !files.is_empty()) {
                Some(files) => self.open(open(files), effects),
                None => {
                    self.show(Tab::Files, None, effects);
                    let key = action.key.map(|binding| binding.key).unwrap_or_default();
                    self.tell(Toast::note("choose a file here, or mark several with Space").with_hint(format!("then {key} again")));
                }
            },
            Some(Way::Lock) => self.ask(slot::LOCK, Request::Lock, effects),
            Some(Way::CommandLine(why)) => self.tell(Toast::note(format!("{}: {why}", action.example))),
            None => self.tell(Toast::note(format!("on the command line: {}", action.example))),
        }
    }

    /// How a change is taken back, in a hint.
    pub(super) fn undo_hint(&self) -> String {
        self.world.keymap.key_of(Meaning::Command(Command::Undo)).map(|key| format!("{key} undoes it")).unwrap_or_default()
    }

    pub(super) fn copied(&mut self, outcome: Result<CopiedTo, String>) {
        let now = self.world.moment.running;
        let (text, time) = match outcome {
            Ok(CopiedTo::Clipboard(time)) => ("copied".to_owned(), time),
            Ok(CopiedTo::Terminal(time)) => ("sent to the terminal's clipboard, which does not say whether it took it".to_owned(), time),
            Ok(CopiedTo::Tmux(time)) => ("sent to the terminal through tmux, which hands it on if its allow-passthrough is on".to_owned(), time),
            Err(why) => return self.tell(Toast { text: why, hint: None, tone: crate::toast::Tone::Wrong }),
        };
        self.world.on_clipboard = time.map(|time| now + time);
        self.tell(match time {
            Some(time) => Toast::done(text).with_hint(format!("it is cleared in {} s", time.as_secs())),
            None => Toast::done(text),
        });
    }
}
