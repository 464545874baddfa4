//! Every action, by some letters of its name; also those that cannot be done now, with the reason.

use keycap_vault::action::{Danger, actions};
use ratatui::Frame;
use ratatui::layout::Rect;

use crate::keymap::{COMMANDS, Command, Meaning};
use crate::screen::finder::{Finder, Finding};
use crate::screen::{Hint, Input, Screen, Shape, Step, Target, help};
use crate::theme::Role;
use crate::widget::fuzzy::{How, matching};
use crate::widget::table::Column;
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
    finder: Finder,
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
        let mut palette = Self { entries, finder: Finder::default(), target };
        palette.filter();
        palette
    }

    fn filter(&mut self) {
        let mut shown = matching(self.finder.text(), How::Fuzzy, self.entries.iter().map(|entry| &entry.label));
        if shown.is_empty() {
            // Nobody knows every name: the descriptions know other words.
            shown = matching(self.finder.text(), How::Together, self.entries.iter().map(|entry| &entry.description));
        }
        self.finder.show(shown);
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
        match self.finder.input(&input) {
            Finding::Chosen(at) => match at.and_then(|at| self.entries.get(at)) {
                Some(entry) => help::run(entry.meaning, self.target.as_ref()),
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
        const COLUMNS: &[Column] = &[Column::new("ACTION", 18).most(24), Column::new("KEY", 6), Column::new("WHAT IT DOES", 20)];
        let theme = world.theme;
        let entries = &self.entries;
        let row = |at: usize| {
            let Some(entry) = entries.get(at) else { return Vec::new() };
            let role = match (&entry.disabled, entry.danger) {
                (Some(_), _) => Role::Quiet,
                (None, Danger::Severe) => Role::Bad,
                (None, _) => Role::Plain,
            };
            let what = entry.disabled.as_ref().unwrap_or(&entry.description);
            vec![line(theme, role, &entry.label), line(theme, Role::Accent, &entry.key), line(theme, Role::Quiet, what)]
        };
        self.finder.view(frame, area, "type some letters of an action", COLUMNS, row, theme);
    }
}
