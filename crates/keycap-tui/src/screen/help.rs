//! Which keys work here: found by typing, run by Enter.

use keycap_vault::action::{Place, action};
use ratatui::Frame;
use ratatui::layout::Rect;

use crate::keymap::{COMMANDS, Meaning};
use crate::screen::finder::{Finder, Finding};
use crate::screen::{Hint, Input, Screen, Shape, Step, Target};
use crate::theme::Role;
use crate::widget::fuzzy::{How, matching};
use crate::widget::table::Column;
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
    finder: Finder,
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
        let mut help = Self { entries, finder: Finder::default(), target };
        help.filter();
        help
    }

    fn filter(&mut self) {
        let texts = self.entries.iter().map(|entry| format!("{} {}", entry.keys, entry.text));
        self.finder.show(matching(self.finder.text(), How::Together, texts));
    }
}

/// Does what was chosen, to what was selected.
pub(crate) fn run(meaning: Meaning, target: Option<&Target>) -> Vec<Step> {
    let then = match meaning {
        Meaning::Action(id) => Step::Start(id, target.cloned()),
        Meaning::Command(command) => Step::Command(command),
    };
    vec![Step::Close, then]
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
        match self.finder.input(&input) {
            Finding::Chosen(at) => match at.and_then(|at| self.entries.get(at)) {
                Some(entry) => run(entry.meaning, self.target.as_ref()),
                None => vec![Step::Stay],
            },
            Finding::Typed => {
                self.filter();
                vec![Step::Stay]
            }
            Finding::Closed => vec![Step::Close],
            Finding::Done => vec![Step::Stay],
            Finding::No => Vec::new(),
        }
    }

    fn view(&mut self, frame: &mut Frame<'_>, area: Rect, world: &World) {
        const COLUMNS: &[Column] = &[Column::new("KEY", 8).most(16), Column::new("WHAT IT DOES", 20)];
        let theme = world.theme;
        let entries = &self.entries;
        let row = |at: usize| {
            let Some(entry) = entries.get(at) else { return Vec::new() };
            let text = match &entry.disabled {
                Some(why) => line(theme, Role::Quiet, format!("{}  {why}", entry.text)),
                None => line(theme, Role::Plain, &entry.text),
            };
            vec![line(theme, Role::Accent, &entry.keys), text]
        };
        self.finder.view(frame, area, "type to search", COLUMNS, row, theme);
    }
}
