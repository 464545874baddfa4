//! What a key or the mouse does: first to the interface itself, then to the screen on top.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use keycap_vault::SecretText;
use ratatui::layout::Position;

use super::{App, slot};
use crate::event::Effect;
use crate::keymap::{Command, ENTER, ESC, Key, Meaning};
use crate::request::Request;
use crate::screen::{Click, Input, Kind, Shape, Step, Tab};
use crate::screens;
use crate::toast::Toast;

impl App {
    pub(super) fn key(&mut self, key: Key, effects: &mut Vec<Effect>) {
        self.lock.woken(self.world.moment.running);
        let everywhere = self.world.keymap.meaning(key, None);
        // A way out, and a way back to the shell, whatever has the screen.
        match everywhere {
            Some(Meaning::Command(Command::Cancel)) => return self.cancel(effects),
            Some(Meaning::Command(Command::Suspend)) => return effects.push(Effect::Suspend),
            Some(Meaning::Command(_) | Meaning::Action(_)) | None => {}
        }
        if self.lock.holds() {
            return self.lock_key(key, effects);
        }
        if let Some(letters) = self.letters.take() {
            return self.letter(&letters, key, effects);
        }
        let Some(top) = self.top() else { return };
        if top.takes_text() {
            return self.give_top(Input::Key(key), effects);
        }
        let place = top.place();
        match self.world.keymap.meaning(key, place) {
            // In a dialog a key is what the dialog says it is: no action begins behind it.
            Some(Meaning::Command(command)) if !self.top_is_box() || moves(command) => self.command(command, effects),
            Some(_) if self.top_is_box() => self.give_top(Input::Key(key), effects),
            Some(Meaning::Command(command)) => self.command(command, effects),
            Some(Meaning::Action(id)) => {
                let target = self.top().and_then(crate::screen::Screen::target);
                self.start(id, target, effects);
            }
            // What always leads on and back, whatever the file of keys says.
            None if key == ENTER => self.command(Command::Open, effects),
            None if key == ESC => self.command(Command::Back, effects),
            None => self.give_top(Input::Key(key), effects),
        }
    }

    fn top_is_box(&self) -> bool {
        self.top().is_some_and(|top| matches!(top.shape(&self.world), Shape::Box { .. }))
    }

    /// Does one of the interface's own commands, or hands it to the screen on top.
    pub(super) fn command(&mut self, command: Command, effects: &mut Vec<Effect>) {
        match command {
            Command::Overview => self.show(Tab::Overview, None, effects),
            Command::Help => {
                let place = self.top().and_then(crate::screen::Screen::place);
                let target = self.top().and_then(crate::screen::Screen::target);
                let help = screens::help(place, target, &self.world);
                self.open(help, effects);
            }
            Command::Palette => {
                let target = self.top().and_then(crate::screen::Screen::target);
                let palette = screens::palette(target, &self.world);
                self.open(palette, effects);
            }
            Command::Tasks => {
                let tasks = screens::tasks();
                self.open(tasks, effects);
            }
            Command::Settings => {
                let settings = screens::settings(&self.world);
                self.open(settings, effects);
            }
            Command::Jump => self.letters = Some(super::view::Letters::default()),
            Command::Reveal => self.reveal(effects),
            Command::Undo => match self.journal.undo.pop() {
                Some(change) => self.ask(slot::UNDO, Request::Change(change), effects),
                None => self.tell(Toast::note("there is nothing to undo")),
            },
            Command::Redo => match self.journal.redo.pop() {
                Some(change) => self.ask(slot::REDO, Request::Change(change), effects),
                None => self.tell(Toast::note("there is nothing to do again")),
            },
            Command::Refresh => {
                effects.push(Effect::Redraw);
                self.ledger_changed(effects);
            }
            Command::ClearClipboard => {
                self.world.on_clipboard = None;
                effects.push(Effect::ClearClipboard);
            }
            Command::Quit => self.quit_or_back(effects),
            Command::Back => self.back(effects),
            Command::Cancel => self.cancel(effects),
            Command::Suspend => effects.push(Effect::Suspend),
            Command::Filter
            | Command::NextPane
            | Command::PreviousPane
            | Command::Up
            | Command::Down
            | Command::Left
            | Command::Right
            | Command::PageUp
            | Command::PageDown
            | Command::First
            | Command::Last
            | Command::Mark
            | Command::Range
            | Command::Copy
            | Command::Open => self.give_top(Input::Command(command), effects),
        }
    }

    /// Asks whether what is selected is to be shown as text, if it is secret at all.
    fn reveal(&mut self, effects: &mut Vec<Effect>) {
        match self.top().and_then(crate::screen::Screen::target) {
            Some(target) if matches!(target.kind, Kind::Grant | Kind::Capability) => {
                let context = self.world.context();
                if let Some(reason) = keycap_vault::action::action("share").and_then(|share| share.disabled(&context)) {
                    return self.tell(Toast::note(reason));
                }
                let screen = screens::reveal(target);
                self.open(screen, effects);
            }
            Some(_) => self.tell(Toast::note("nothing of this is ever shown but its card, which is no secret")),
            None => self.tell(Toast::note("select a grant or a capability first")),
        }
    }

    /// The screen on top goes back a step of its own, or else is taken away; the last one stays.
    fn back(&mut self, effects: &mut Vec<Effect>) {
        let before = effects.len();
        let depth = self.stack.len();
        let Some(layer) = self.stack.last_mut() else { return };
        let id = layer.id;
        let steps = layer.screen.update(Input::Command(Command::Back), &self.world);
        let answered = !steps.is_empty();
        self.take(id, steps, effects);
        if !answered && effects.len() == before && self.stack.len() == depth && depth > 1 {
            self.close(id, effects);
        }
    }

    fn quit_or_back(&mut self, effects: &mut Vec<Effect>) {
        if self.stack.len() > 1 {
            return self.back(effects);
        }
        match self.world.running_tasks() {
            0 => effects.push(Effect::Quit),
            running => {
                let ask = screens::confirm_quit(running);
                self.open(ask, effects);
            }
        }
    }

    /// Ctrl-c: the newest task, or else the end.
    fn cancel(&mut self, effects: &mut Vec<Effect>) {
        let newest = self.world.tasks.iter().rev().find(|task| task.state == crate::task::TaskState::Running).map(|task| task.id);
        match newest {
            Some(id) => self.take(0, vec![Step::Stop(id)], effects),
            None => effects.push(Effect::Quit),
        }
    }

    pub(super) fn mouse(&mut self, mouse: MouseEvent, effects: &mut Vec<Effect>) {
        self.lock.woken(self.world.moment.running);
        if self.lock.holds() {
            return;
        }
        let at = (mouse.column, mouse.row);
        let what = match mouse.kind {
            MouseEventKind::Down(MouseButton::Left) => self.click(at),
            MouseEventKind::ScrollUp => Click::WheelUp,
            MouseEventKind::ScrollDown => Click::WheelDown,
            MouseEventKind::Down(_)
            | MouseEventKind::Up(_)
            | MouseEventKind::Drag(_)
            | MouseEventKind::Moved
            | MouseEventKind::ScrollLeft
            | MouseEventKind::ScrollRight => return,
        };
        self.letters = None;
        let presses = matches!(what, Click::Press | Click::Twice);
        if presses && !self.top_is_box() {
            if let Some(tab) = self.tab_at(at) {
                return self.show(tab, None, effects);
            }
            if let Some(key) = self.hint_at(at) {
                return self.key(key, effects);
            }
        }
        let Some(layer) = self.stack.last() else { return };
        if layer.drawn.contains(Position::from(at)) {
            self.give_top(Input::Mouse { at, what }, effects);
        } else if presses && self.top_is_box() {
            // Beside a box is out of it.
            self.back(effects);
        }
    }

    pub(super) fn paste(&mut self, text: &SecretText, effects: &mut Vec<Effect>) {
        self.lock.woken(self.world.moment.running);
        if self.lock.holds() {
            return self.lock_paste(text);
        }
        self.give_top(Input::Paste(text), effects);
    }
}

/// Commands that mean the same in a dialog as everywhere.
fn moves(command: Command) -> bool {
    matches!(
        command,
        Command::Up
            | Command::Down
            | Command::Left
            | Command::Right
            | Command::PageUp
            | Command::PageDown
            | Command::First
            | Command::Last
            | Command::NextPane
            | Command::PreviousPane
            | Command::Open
            | Command::Back
            | Command::Quit
    )
}
