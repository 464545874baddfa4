//! Which keys work here: found by typing, run by Enter.

use keycap_vault::action::{Place, action};
use ratatui::Frame;
use ratatui::layout::Rect;

use crate::keymap::{COMMANDS, Command, ENTER, ESC, Meaning};
use crate::screen::{Click, Hint, Input, Screen, Shape, Step, Target};
use crate::theme::Role;
use crate::widget::fuzzy::{How, matching};
use crate::widget::line_field::LineField;
use crate::widget::list::List;
use crate::widget::table::{Column, Table};
use crate::widget::text::line;
use crate::world::World;

/// One line: keys, what they do, and why not now.
#[derive(Debug)]
struct Entry {
    keys: String,
    text: String,
    meaning: Meaning,
    disabled: Option<String>,
}

/// The list of keys.
#[derive(Debug)]
pub(crate) struct Help {
    entries: Vec<Entry>,
    shown: Vec<usize>,
    field: LineField,
    list: List,
    target: Option<Target>,
}

impl Help {
    /// Of the keys that work in a place.
    pub(crate) fn new(place: Option<Place>, target: Option<Target>, world: &World) -> Self {
        let context = world.context();
        let mut entries: Vec<Entry> = Vec::new();
        for (_, meaning) in world.keymap.here(place) {
            if entries.iter().any(|entry| entry.meaning == meaning) {
                continue;
            }
            let (text, disabled) = match meaning {
                Meaning::Action(id) => {
                    let Some(action) = action(id) else { continue };
                    (format!("{}: {}", action.label, action.description), action.disabled(&context))
                }
                Meaning::Command(command) => {
                    let label = COMMANDS.iter().find(|words| words.command == command).map(|words| words.label).unwrap_or_default();
                    (label.to_owned(), None)
                }
            };
            entries.push(Entry { keys: world.keymap.keys_of(meaning), text, meaning, disabled });
        }
        entries.sort_by_key(|entry| matches!(entry.meaning, Meaning::Command(_)));
        let shown = (0..entries.len()).collect();
        Self { entries, shown, field: LineField::default(), list: List::default(), target }
    }

    fn run(&self) -> Vec<Step> {
        let Some(entry) = self.shown.get(self.list.cursor).and_then(|at| self.entries.get(*at)) else { return vec![Step::Stay] };
        let then = match entry.meaning {
            Meaning::Action(id) => Step::Start(id, self.target.clone()),
            Meaning::Command(command) => Step::Command(command),
        };
        vec![Step::Close, then]
    }

    fn filter(&mut self) {
        let texts = self.entries.iter().map(|entry| format!("{} {}", entry.keys, entry.text));
        self.shown = matching(self.field.text(), How::Together, texts);
        self.list.cursor = 0;
    }
}

impl Screen for Help {
    fn title(&self) -> String {
        "Keys that work here".to_owned()
    }

    fn shape(&self, _world: &World) -> Shape {
        Shape::Box { columns: 96, rows: u16::try_from(self.entries.len()).unwrap_or(u16::MAX).saturating_add(5) }
    }

    fn takes_text(&self) -> bool {
        true
    }

    fn hints(&self, _world: &World) -> Vec<Hint> {
        vec![
            Hint::new("Enter", "do it"),
            Hint::new("↑↓", "move"),
            Hint::new("Esc", "close"),
            Hint::new("", "Shift and drag selects text with the mouse"),
        ]
    }

    fn update(&mut self, input: Input<'_>, _world: &World) -> Vec<Step> {
        match input {
            Input::Key(key) if key == ESC => vec![Step::Close],
            Input::Key(key) if key == ENTER => self.run(),
            Input::Key(key) => {
                if let Some(command) = arrow(key) {
                    self.list.command(command, self.shown.len());
                } else if self.field.key(key) {
                    self.filter();
                }
                vec![Step::Stay]
            }
            Input::Paste(text) => {
                self.field.paste(text.expose());
                self.filter();
                vec![Step::Stay]
            }
            Input::Mouse { at, what } => {
                match what {
                    Click::WheelUp | Click::WheelDown => self.list.wheel(what == Click::WheelUp, self.shown.len()),
                    Click::Press | Click::Twice => {
                        if let Some(line) = self.list.line_at(at, self.shown.len()) {
                            self.list.cursor = line;
                            if what == Click::Twice {
                                return self.run();
                            }
                        }
                    }
                }
                vec![Step::Stay]
            }
            Input::Locked => vec![Step::Close],
            Input::Shown | Input::LedgerChanged | Input::Command(_) | Input::Tick | Input::Answered { .. } => Vec::new(),
        }
    }

    fn view(&mut self, frame: &mut Frame<'_>, area: Rect, world: &World) {
        const COLUMNS: &[Column] = &[Column::new("KEY", 8).most(16), Column::new("WHAT IT DOES", 20)];
        let theme = world.theme;
        self.field.view(frame, Rect { height: 1, ..area }, "type to search", true, theme);
        let body = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
        let entries = &self.entries;
        let shown = &self.shown;
        let row = |at: usize| {
            let Some(entry) = shown.get(at).and_then(|at| entries.get(*at)) else { return Vec::new() };
            let text = match &entry.disabled {
                Some(why) => line(theme, Role::Quiet, format!("{}  {why}", entry.text)),
                None => line(theme, Role::Plain, &entry.text),
            };
            vec![line(theme, Role::Accent, &entry.keys), text]
        };
        Table { columns: COLUMNS, len: shown.len(), row, focused: true }.view(frame, body, &mut self.list, theme);
    }
}

/// The command of a key that moves, in a list below a field.
pub(crate) fn arrow(key: crate::keymap::Key) -> Option<Command> {
    use crossterm::event::KeyCode;

    match (key.code, key.ctrl) {
        (KeyCode::Up, _) | (KeyCode::Char('p'), true) => Some(Command::Up),
        (KeyCode::Down, _) | (KeyCode::Char('n'), true) => Some(Command::Down),
        (KeyCode::PageUp, _) => Some(Command::PageUp),
        (KeyCode::PageDown, _) => Some(Command::PageDown),
        (_, _) => None,
    }
}
