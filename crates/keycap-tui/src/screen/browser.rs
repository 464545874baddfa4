//! What the screens with a list and details beside it have in common: the list, its filter, and which of the two has the focus.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::keymap::{Command, ENTER, ESC, Key};
use crate::screen::{Click, Hint, Input, Target};
use crate::theme::Role;
use crate::widget::fields::{Fields, Scroll};
use crate::widget::fuzzy::{How, matching};
use crate::widget::line_field::LineField;
use crate::widget::list::List;
use crate::widget::pane::{pane, title};
use crate::widget::table::{Column, Table};
use crate::widget::text::{line, span};
use crate::world::World;

/// From this width on, details stand beside their list.
pub(crate) const TWO_PANES: u16 = 84;
/// From this width on, there is room for a third.
pub(crate) const THREE_PANES: u16 = 120;

/// Something in a list.
pub(crate) trait Item {
    /// What a filter looks through.
    fn text(&self) -> String;
    /// What an action would be done to.
    fn target(&self) -> Target;
}

/// A list with details.
#[derive(Debug)]
pub(crate) struct Browser<T> {
    items: Vec<T>,
    /// Whether they were read at all.
    read: bool,
    /// Those that the filter lets through.
    shown: Vec<usize>,
    pub(crate) list: List,
    pub(crate) filter: Filter,
    details: Scroll,
    on_details: bool,
    details_drawn: Rect,
    /// What is to be selected once it is there.
    wanted: Option<Target>,
}

/// A line above a list that says what is looked for.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    pub(crate) field: LineField,
    pub(crate) typing: bool,
}

impl Filter {
    /// Takes in a key while it is typed into; whether the text changed.
    pub(crate) fn key(&mut self, key: Key) -> bool {
        let before = self.field.text().to_owned();
        if key == ENTER {
            self.typing = false;
        } else if key == ESC {
            self.field.clear();
            self.typing = false;
        } else {
            self.field.key(key);
        }
        before != self.field.text()
    }

    /// Esc: takes the filter away; whether there was one.
    pub(crate) fn clear(&mut self) -> bool {
        let there = !self.field.is_empty();
        self.field.clear();
        self.typing = false;
        there
    }

    /// Draws it in the first line of an area, if there is one, and gives what is left.
    pub(crate) fn view(&self, frame: &mut Frame<'_>, area: Rect, world: &World) -> Rect {
        if !self.typing && self.field.is_empty() {
            return area;
        }
        let theme = world.theme;
        frame.render_widget(line(theme, Role::Accent, "/"), Rect { height: 1, ..area });
        let field = Rect { x: area.x + 2, width: area.width.saturating_sub(2), height: 1, ..area };
        self.field.view(frame, field, "type to filter", self.typing, theme);
        Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area }
    }
}

/// What became of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Handled {
    /// It is done.
    Done,
    /// What is selected is to be opened.
    Open,
    /// It means nothing here.
    No,
}

/// How a list looks.
pub(crate) struct Look<'a, R, D> {
    pub(crate) title: &'a str,
    pub(crate) columns: &'a [Column],
    pub(crate) row: R,
    pub(crate) details: D,
    /// What stands there if there is nothing: what it would be, and how it gets there.
    pub(crate) empty: (&'a str, &'a str),
}

impl<T> Default for Browser<T> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            read: false,
            shown: Vec::new(),
            list: List::default(),
            filter: Filter::default(),
            details: Scroll::default(),
            on_details: false,
            details_drawn: Rect::ZERO,
            wanted: None,
        }
    }
}

impl<T: Item> Browser<T> {
    /// What is selected.
    pub(crate) fn selected(&self) -> Option<&T> {
        self.items.get(*self.shown.get(self.list.cursor)?)
    }

    pub(crate) fn target(&self) -> Option<Target> {
        self.selected().map(Item::target)
    }

    /// Selects something, at the latest when it is there.
    pub(crate) fn select(&mut self, target: &Target) {
        self.filter.clear();
        self.apply_filter();
        match self.items.iter().position(|item| is(item, target)) {
            Some(at) => self.list.cursor = at,
            None => self.wanted = Some(target.clone()),
        }
    }

    /// New contents: what was selected stays selected.
    pub(crate) fn fill(&mut self, items: Vec<T>) {
        let before = self.wanted.take().or_else(|| self.target());
        self.items = items;
        self.read = true;
        self.apply_filter();
        if let Some(target) = before
            && let Some(at) = self.shown.iter().position(|at| self.items.get(*at).is_some_and(|item| is(item, &target)))
        {
            self.list.cursor = at;
        }
    }

    fn apply_filter(&mut self) {
        self.shown = if self.filter.field.is_empty() {
            (0..self.items.len()).collect()
        } else {
            matching(self.filter.field.text(), How::Together, self.items.iter().map(Item::text))
        };
        self.list.cursor = self.list.cursor.min(self.shown.len().saturating_sub(1));
    }

    /// Whether letters go into the filter.
    pub(crate) fn takes_text(&self) -> bool {
        self.filter.typing
    }

    /// Where the lines in sight begin.
    pub(crate) fn lines(&self) -> Vec<(u16, u16)> {
        let visible = self.list.visible(self.shown.len());
        visible.zip(self.list.drawn.y..).map(|(_, y)| (self.list.drawn.x, y)).collect()
    }

    /// Takes in what happens to the list.
    pub(crate) fn input(&mut self, input: &Input<'_>) -> Handled {
        match input {
            Input::Key(key) if self.filter.typing => {
                if self.filter.key(*key) {
                    self.list.cursor = 0;
                    self.apply_filter();
                } else if matches!(key.code, crossterm::event::KeyCode::Up | crossterm::event::KeyCode::Down) {
                    let command = if key.code == crossterm::event::KeyCode::Up { Command::Up } else { Command::Down };
                    self.list.command(command, self.shown.len());
                }
                Handled::Done
            }
            Input::Paste(text) if self.filter.typing => {
                self.filter.field.paste(text.expose());
                self.apply_filter();
                Handled::Done
            }
            Input::Command(command) => self.command(*command),
            Input::Mouse { at, what } => self.mouse(*at, *what),
            Input::Shown | Input::LedgerChanged | Input::Key(_) | Input::Paste(_) | Input::Tick | Input::Answered { .. } | Input::Locked => {
                Handled::No
            }
        }
    }

    fn command(&mut self, command: Command) -> Handled {
        let done = match (command, self.on_details) {
            (Command::Filter, _) => {
                self.filter.typing = true;
                self.on_details = false;
                true
            }
            (Command::NextPane | Command::PreviousPane, _) => {
                self.on_details = !self.on_details;
                true
            }
            (Command::Right, false) => {
                self.on_details = true;
                true
            }
            (Command::Left | Command::Back, true) => {
                self.on_details = false;
                true
            }
            (Command::Back, false) => {
                let there = self.filter.clear();
                self.apply_filter();
                there
            }
            (Command::Open, false) if self.selected().is_some() => return Handled::Open,
            (moves, true) => self.details.command(moves),
            (moves, false) => {
                let before = self.list.cursor;
                let moved = self.list.command(moves, self.shown.len());
                if before != self.list.cursor {
                    self.details = Scroll::default();
                }
                moved
            }
        };
        if done { Handled::Done } else { Handled::No }
    }

    fn mouse(&mut self, at: (u16, u16), what: Click) -> Handled {
        let on_details = self.details_drawn.contains(ratatui::layout::Position::from(at));
        match what {
            Click::WheelUp | Click::WheelDown => {
                if on_details {
                    self.details.wheel(what == Click::WheelUp);
                } else {
                    self.list.wheel(what == Click::WheelUp, self.shown.len());
                }
                Handled::Done
            }
            Click::Press | Click::Twice if on_details => {
                self.on_details = true;
                Handled::Done
            }
            Click::Press | Click::Twice => {
                self.on_details = false;
                let Some(line) = self.list.line_at(at, self.shown.len()) else { return Handled::Done };
                self.list.cursor = line;
                if what == Click::Twice { Handled::Open } else { Handled::Done }
            }
        }
    }

    /// Everything that the filter lets through.
    pub(crate) fn shown(&self) -> impl Iterator<Item = &T> {
        self.shown.iter().filter_map(|at| self.items.get(*at))
    }

    /// Whether the details have the focus.
    pub(crate) fn is_on_details(&self) -> bool {
        self.on_details
    }

    /// Moves in the list.
    pub(crate) fn move_by(&mut self, command: Command) {
        self.list.command(command, self.shown.len());
    }

    /// Goes on to the details, as Enter does.
    pub(crate) fn open_details(&mut self) {
        self.on_details = true;
    }

    /// Draws the list and, where there is room or they have the focus, the details.
    pub(crate) fn view<R, D>(&mut self, frame: &mut Frame<'_>, area: Rect, world: &World, look: &Look<'_, R, D>)
    where
        R: Fn(&T) -> Vec<Line<'static>>,
        D: Fn(&T) -> Fields,
    {
        let (list_area, details_area) = split(area, self.on_details);
        if let Some(area) = list_area {
            self.view_list(frame, area, world, look);
        }
        self.details_drawn = details_area.unwrap_or(Rect::ZERO);
        if let Some(area) = details_area {
            let theme = world.theme;
            let name = self.selected().map(|item| item.target().name).unwrap_or_default();
            let head = if list_area.is_none() {
                Line::from(vec![span(theme, Role::Quiet, format!("{} › ", look.title)), span(theme, Role::Accent, &name)])
            } else {
                title(theme, &name, self.on_details)
            };
            let inner = pane(frame, area, head, self.on_details, theme);
            let Some(item) = self.items.get(self.shown.get(self.list.cursor).copied().unwrap_or(usize::MAX)) else { return };
            (look.details)(item).view(frame, inner, &mut self.details);
            if self.on_details {
                frame.set_cursor_position((inner.x, inner.y));
            }
        }
    }

    fn view_list<R, D>(&mut self, frame: &mut Frame<'_>, area: Rect, world: &World, look: &Look<'_, R, D>)
    where
        R: Fn(&T) -> Vec<Line<'static>>,
    {
        let theme = world.theme;
        let focused = !self.on_details;
        let mut head = title(theme, look.title, focused);
        if self.read && !self.items.is_empty() {
            let count =
                if self.filter.field.is_empty() { self.items.len().to_string() } else { format!("{} of {}", self.shown.len(), self.items.len()) };
            head.push_span(span(theme, Role::Quiet, format!(" {count}")));
        }
        let inner = pane(frame, area, head, focused, theme);
        let inner = self.filter.view(frame, inner, world);
        if !self.read {
            return frame.render_widget(line(theme, Role::Quiet, "reading…"), inner);
        }
        if self.items.is_empty() {
            return nothing(frame, inner, world, look.empty);
        }
        if self.shown.is_empty() {
            return nothing(frame, inner, world, ("Nothing matches the filter.", "Esc takes the filter away."));
        }
        let items = &self.items;
        let shown = &self.shown;
        let row = |at: usize| shown.get(at).and_then(|at| items.get(*at)).map(|item| (look.row)(item)).unwrap_or_default();
        let table = Table { columns: look.columns, len: shown.len(), row, focused: focused && !self.filter.typing };
        table.view(frame, inner, &mut self.list, theme);
        crate::widget::fields::bar(frame, self.list.drawn, self.list.top, self.list.height(), self.shown.len(), theme);
    }

    /// The hints that every such list has.
    pub(crate) fn hints(&self, world: &World, own: &[(&'static str, &'static str)]) -> Vec<Hint> {
        if self.filter.typing {
            return vec![Hint::new("Enter", "keep the filter"), Hint::new("Esc", "take it away"), Hint::new("↑↓", "move")];
        }
        hints(world, own)
    }
}

/// Hints for actions of the registry and commands of the interface, by their ids, each with a word or two.
pub(crate) fn hints(world: &World, ids: &[(&'static str, &'static str)]) -> Vec<Hint> {
    use crate::keymap::Meaning;
    use keycap_vault::action::{Danger, action};

    let hint = |(id, word): &(&'static str, &'static str)| {
        let key = world.keymap.key_of(Meaning::of(id)?)?;
        let asks = action(id).is_some_and(|action| action.danger >= Danger::Moderate);
        Some(Hint::new(key.to_string(), if asks { format!("{word}…") } else { (*word).to_owned() }))
    };
    ids.iter().filter_map(hint).collect()
}

/// Where list and details go; without room for both, only the one with the focus has a place.
pub(crate) fn split(area: Rect, on_details: bool) -> (Option<Rect>, Option<Rect>) {
    if area.width < TWO_PANES {
        return if on_details { (None, Some(area)) } else { (Some(area), None) };
    }
    let left = area.width * 11 / 20;
    (Some(Rect { width: left, ..area }), Some(Rect { x: area.x + left, width: area.width - left, ..area }))
}

/// An empty list says what would be there, and how it gets there.
pub(crate) fn nothing(frame: &mut Frame<'_>, area: Rect, world: &World, (what, how): (&str, &str)) {
    let width = usize::from(area.width);
    let what = crate::widget::text::wrap(line(world.theme, Role::Plain, what), width);
    let how = crate::widget::text::wrap(line(world.theme, Role::Quiet, how), width);
    let lines = std::iter::once(Line::default()).chain(what).chain(how);
    for (text, y) in lines.zip(area.y..area.bottom()) {
        frame.render_widget(text, Rect { y, height: 1, ..area });
    }
}

fn is<T: Item>(item: &T, target: &Target) -> bool {
    let own = item.target();
    own.kind == target.kind && own.id == target.id
}
