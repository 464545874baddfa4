//! Every action, by some letters of its name; also those that cannot be done now, with the reason.

use keycap_vault::action::{Danger, actions};
use ratatui::Frame;
use ratatui::layout::Rect;

use crate::keymap::{COMMANDS, Command, ENTER, ESC, Meaning};
use crate::screen::help::arrow;
use crate::screen::{Click, Hint, Input, Screen, Shape, Step, Target};
use crate::theme::Role;
use crate::widget::fuzzy::{How, matching};
use crate::widget::line_field::LineField;
use crate::widget::list::List;
use crate::widget::table::{Column, Table};
use crate::widget::text::line;
use crate::world::World;

#[derive(Debug)]
struct Entry {
    label: String,
    description: String,
    key: String,
    meaning: Meaning,
    disabled: Option<String>,
    danger: Danger,
}

/// The palette.
#[derive(Debug)]
pub(crate) struct Palette {
    entries: Vec<Entry>,
    shown: Vec<usize>,
    field: LineField,
    list: List,
    target: Option<Target>,
}

/// Commands that make sense to be chosen by name; the others move.
const OFFERED: [Command; 9] = [
    Command::Overview,
    Command::Tasks,
    Command::Settings,
    Command::Undo,
    Command::Redo,
    Command::Refresh,
    Command::ClearClipboard,
    Command::Help,
    Command::Quit,
];

impl Palette {
    /// Over what is selected now.
    pub(crate) fn new(target: Option<Target>, world: &World) -> Self {
        let context = world.context();
        let key = |meaning| world.keymap.key_of(meaning).map(|key| key.to_string()).unwrap_or_default();
        let of_registry = actions().iter().map(|action| Entry {
            label: action.label.to_owned(),
            description: action.description.to_owned(),
            key: key(Meaning::Action(action.id)),
            meaning: Meaning::Action(action.id),
            disabled: action.disabled(&context),
            danger: action.danger,
        });
        let own = COMMANDS.iter().filter(|words| OFFERED.contains(&words.command)).map(|words| Entry {
            label: capitalised(words.label),
            description: String::new(),
            key: key(Meaning::Command(words.command)),
            meaning: Meaning::Command(words.command),
            disabled: None,
            danger: Danger::None,
        });
        let entries: Vec<Entry> = of_registry.chain(own).collect();
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
        self.shown = matching(self.field.text(), How::Fuzzy, self.entries.iter().map(|entry| &entry.label));
        if self.shown.is_empty() {
            // Nobody knows every name: the descriptions know other words.
            self.shown = matching(self.field.text(), How::Together, self.entries.iter().map(|entry| &entry.description));
        }
        self.list.cursor = 0;
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

impl Screen for Palette {
    fn title(&self) -> String {
        match &self.target {
            Some(target) => format!("Do what? Selected: the {} {}", target.kind.word(), target.name),
            None => "Do what?".to_owned(),
        }
    }

    fn shape(&self, _world: &World) -> Shape {
        Shape::Box { columns: 100, rows: 20 }
    }

    fn takes_text(&self) -> bool {
        true
    }

    fn hints(&self, _world: &World) -> Vec<Hint> {
        vec![Hint::new("Enter", "do it"), Hint::new("↑↓", "move"), Hint::new("Esc", "close")]
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
        const COLUMNS: &[Column] = &[Column::new("ACTION", 18).most(24), Column::new("KEY", 6), Column::new("WHAT IT DOES", 20)];
        let theme = world.theme;
        self.field.view(frame, Rect { height: 1, ..area }, "type some letters of an action", true, theme);
        let body = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
        let entries = &self.entries;
        let shown = &self.shown;
        let row = |at: usize| {
            let Some(entry) = shown.get(at).and_then(|at| entries.get(*at)) else { return Vec::new() };
            let role = match (&entry.disabled, entry.danger) {
                (Some(_), _) => Role::Quiet,
                (None, Danger::Severe) => Role::Bad,
                (None, _) => Role::Plain,
            };
            let what = entry.disabled.as_ref().unwrap_or(&entry.description);
            vec![line(theme, role, &entry.label), line(theme, Role::Accent, &entry.key), line(theme, Role::Quiet, what)]
        };
        Table { columns: COLUMNS, len: shown.len(), row, focused: true }.view(frame, body, &mut self.list, theme);
    }
}
