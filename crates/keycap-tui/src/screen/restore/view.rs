//! How the dialog looks: the form, or what the backup would change.

use keycap_vault::view::DiffLine;
use keycap_vault::words::number;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::{On, Opened, Restore, Stage, asked};
use crate::screen::Screen as _;
use crate::screen::confirm::ask_name;
use crate::screen::proposal::{Proposal, Standing, wizard};
use crate::theme::Role;
use crate::widget::fields::bar;
use crate::widget::pane::pane;
use crate::widget::table::{Column, Table};
use crate::widget::text::{line, span, wrap};
use crate::world::World;

/// Rows at the bottom: a rule, and the name.
const BELOW: u16 = 2;

impl Restore {
    pub(super) fn draw(&mut self, frame: &mut Frame<'_>, area: Rect, world: &World) {
        match (&mut self.opened, self.stage) {
            (Some(opened), stage) => opened.draw(frame, area, stage, world),
            (None, stage) => {
                let standing = if stage == Stage::Filling { Standing::Filling } else { Standing::Busy("opening it, and comparing…") };
                let (name, command) = (self.title(), self.command());
                let sentence = "The backup is opened and compared with what is here. Nothing changes before you have seen what would.";
                let proposal = Proposal { wrong: self.wrong.as_deref(), made: Some((sentence, &[], command.as_str())) };
                wizard(frame, area, &name, &mut self.form, &proposal, standing, world);
            }
        }
    }
}

impl Opened {
    fn draw(&mut self, frame: &mut Frame<'_>, area: Rect, stage: Stage, world: &World) {
        const COLUMNS: &[Column] =
            &[Column::new("WHAT BECOMES OF IT", 25), Column::new("WHAT", 6).most(12), Column::new("NAME", 10), Column::new("", 10)];
        let theme = world.theme;
        let head = Line::from(vec![
            span(theme, Role::Bad, "Restore?"),
            span(theme, Role::Strong, format!(" the backup of {}", world.times.full(self.diff.made))),
        ]);
        let inner = pane(frame, area, head, true, theme);
        let mut y = inner.y;
        for text in wrap(line(theme, Role::Plain, self.told()), usize::from(inner.width)) {
            frame.render_widget(text, Rect { y, height: 1, ..inner });
            y += 1;
        }
        if !self.changes_anything() {
            return frame.set_cursor_position((inner.x, inner.y));
        }
        let table = Rect { y: y + 1, height: inner.bottom().saturating_sub(y + 1 + BELOW), ..inner };
        let row = |at: usize| self.row(at, world);
        let mut list = self.list.clone();
        let focused = self.on == On::List && stage == Stage::Showing;
        Table { columns: COLUMNS, len: self.len(), row, focused }.view(frame, table, &mut list, theme);
        bar(frame, list.drawn, list.top, list.height(), self.len(), theme);
        self.list = list;
        let rule = Rect { y: inner.bottom().saturating_sub(BELOW), height: 1, ..inner };
        frame.render_widget(line(theme, Role::Frame, "─".repeat(usize::from(inner.width))), rule);
        let place = Rect { y: rule.y + 1, ..rule };
        if stage == Stage::Restoring {
            return frame.render_widget(line(theme, Role::Accent, "restoring…"), place);
        }
        let on = self.on == On::Name;
        let before = span(theme, if on { Role::Accent } else { Role::Quiet }, if on { "▸ Type " } else { "  Type " });
        ask_name(frame, place, before, (&asked(world).unwrap_or_default(), " to restore"), &self.name, on, theme);
    }

    /// What would come of it, in a sentence or two.
    fn told(&self) -> String {
        let keep = figure(self.diff.keep.len());
        if !self.changes_anything() {
            return format!("Everything in the backup is here already ({keep}); restoring it would change nothing.");
        }
        let mut told = format!("{} to add, {keep} here already.", figure(self.diff.add.len()));
        match (self.diff.conflict.len(), self.replace.len()) {
            (0, _) => {}
            (one, 0) => told.push_str(&format!(" Where it contradicts what is here ({}), that stays as it is.", figure(one))),
            (all, right) => {
                told.push_str(&format!(" Where it contradicts what is here ({}), the backup is right in {}.", figure(all), figure(right)));
            }
        }
        told.push_str(" Nothing that is here is deleted, and what was revoked stays revoked.");
        for sentence in &self.diff.left_out {
            told.push_str(" Left out: ");
            told.push_str(sentence);
        }
        told
    }

    fn row(&self, at: usize, world: &World) -> Vec<Line<'static>> {
        let theme = world.theme;
        let cells = |becomes: Line<'static>, line_of: &DiffLine| {
            let why = line_of.why.clone().unwrap_or_default();
            vec![becomes, line(theme, Role::Quiet, line_of.kind), line(theme, Role::Name, &line_of.name), line(theme, Role::Quiet, why)]
        };
        let adds = self.diff.conflict.len();
        if let Some(conflict) = self.diff.conflict.get(at) {
            let becomes = match (self.replace.contains(&conflict.reference), conflict.replaceable) {
                (true, _) => line(theme, Role::Warn, "[x] as the backup has it"),
                (false, true) => line(theme, Role::Plain, "[ ] stays as it is"),
                (false, false) => line(theme, Role::Bad, "≠ stays as it is"),
            };
            return cells(becomes, conflict);
        }
        self.diff.add.get(at - adds).map(|add| cells(line(theme, Role::Good, "+ added"), add)).unwrap_or_default()
    }
}

fn figure(count: usize) -> String {
    number(u64::try_from(count).unwrap_or(u64::MAX))
}
