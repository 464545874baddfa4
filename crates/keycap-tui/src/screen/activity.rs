//! The log: what was done to the vault and at its gateways, whether anybody changed that since, and a way to take it along.

use keycap_vault::LogQuery;
use keycap_vault::view::{LogPage, LogRow, LogVerification};
use keycap_vault::words::number;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::keymap::{Command, Key};
use crate::request::{Answer, Request};
use crate::screen::browser::{Filter, nothing, split};
use crate::screen::{Click, Hint, Input, Screen, Step, browser, copy, export};
use crate::theme::Role;
use crate::toast::Toast;
use crate::widget::fields::{Fields, Scroll, bar};
use crate::widget::list::List;
use crate::widget::pane::{pane, title};
use crate::widget::table::{Column, Table};
use crate::widget::text::{line, span};
use crate::world::World;

/// Rows that are read at a time.
const PAGE: u32 = 200;

/// The screen. The rows that were read are a piece of the log around the cursor; the cursor counts from the newest row of all.
#[derive(Debug, Default)]
pub(crate) struct Activity {
    filter: Filter,
    rows: Vec<LogRow>,
    offset: u64,
    /// Where the rows begin that were asked for last.
    asked: u64,
    total: u64,
    read: bool,
    list: List,
    details: Scroll,
    on_details: bool,
    details_drawn: Rect,
    verified: Option<LogVerification>,
    verifying: bool,
    /// What in the filter was not understood.
    misunderstood: Option<String>,
}

const ROWS: u32 = 0;
const VERIFY: u32 = 1;

impl Activity {
    fn len(&self) -> usize {
        usize::try_from(self.total).unwrap_or(usize::MAX)
    }

    fn row(&self, at: usize) -> Option<&LogRow> {
        self.rows.get(at.checked_sub(usize::try_from(self.offset).ok()?)?)
    }

    fn query(&mut self, world: &World) -> LogQuery {
        let (query, misunderstood) = parse(self.filter.field.text(), world.moment.wall);
        self.misunderstood = misunderstood;
        query
    }

    fn ask(&mut self, world: &World) -> Vec<Step> {
        // The page around the cursor, so that it can go either way.
        let cursor = u64::try_from(self.list.cursor).unwrap_or(0);
        let offset = cursor.saturating_sub(u64::from(PAGE) / 2);
        let query = LogQuery { offset, limit: PAGE, ..self.query(world) };
        self.asked = offset;
        vec![Step::Ask { slot: ROWS, request: Request::Log(query) }]
    }

    /// Asks for other rows if those in sight were not read.
    fn follow(&mut self, world: &World) -> Vec<Step> {
        let near = 40;
        let (top, end) = (self.list.cursor.saturating_sub(near), (self.list.cursor + near).min(self.len().saturating_sub(1)));
        if self.total > 0 && (self.row(top).is_none() || self.row(end).is_none()) {
            return self.ask(world);
        }
        vec![Step::Stay]
    }

    fn take(&mut self, page: LogPage) {
        self.rows = page.rows;
        self.total = page.total;
        self.offset = self.asked;
        self.read = true;
        self.list.cursor = self.list.cursor.min(self.len().saturating_sub(1));
    }

    fn command(&mut self, command: Command, world: &World) -> Vec<Step> {
        match (command, self.on_details) {
            (Command::Filter, _) => {
                self.filter.typing = true;
                self.on_details = false;
                vec![Step::Stay]
            }
            // The one list without anything to mark: here the key verifies.
            (Command::Range, _) if !self.verifying => {
                self.verifying = true;
                vec![Step::Ask { slot: VERIFY, request: Request::VerifyLog }]
            }
            (Command::Copy, _) => {
                let row = self.row(self.list.cursor);
                let texts = row.map(|row| vec![("target", row.target.clone()), ("action", row.action.clone()), ("details", row.detail.to_string())]);
                texts.map(copy::open).into_iter().collect()
            }
            (Command::Open | Command::Right | Command::NextPane | Command::PreviousPane, false) => {
                self.on_details = true;
                vec![Step::Stay]
            }
            (Command::Left | Command::Back | Command::NextPane | Command::PreviousPane, true) => {
                self.on_details = false;
                vec![Step::Stay]
            }
            (Command::Back, false) => {
                if self.filter.clear() {
                    self.list.cursor = 0;
                    return self.ask(world);
                }
                Vec::new()
            }
            (moves, true) => {
                self.details.command(moves);
                vec![Step::Stay]
            }
            (moves, false) => {
                let before = self.list.cursor;
                let len = self.len();
                if !self.list.command(moves, len) {
                    return Vec::new();
                }
                if before != self.list.cursor {
                    self.details = Scroll::default();
                }
                self.follow(world)
            }
        }
    }
}

/// What a filter means: `action:grant.revoke target:alice since:7d`; a word alone is a target.
fn parse(text: &str, now: u64) -> (LogQuery, Option<String>) {
    let mut query = LogQuery::default();
    for word in text.split_whitespace() {
        match word.split_once(':') {
            Some((_, "")) => {}
            Some(("action", action)) => query.action = Some(action.to_owned()),
            Some(("target" | "grant" | "service" | "key" | "cap", target)) => query.target = Some(target.to_owned()),
            Some(("since", time)) => match since(time, now) {
                Some(since) => query.since = Some(since),
                None => return (query, Some(format!("since:{time} is no length of time; write 30m, 12h or 7d"))),
            },
            Some(_) => return (query, Some(format!("{word}: write action:, target: or since:"))),
            None => query.target = Some(word.to_owned()),
        }
    }
    (query, None)
}

/// The time so long ago: `30m`, `12h`, `7d`.
fn since(text: &str, now: u64) -> Option<keycap_vault::UnixSeconds> {
    let unit = text.chars().last()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        'w' => 7 * 86_400,
        _ => return None,
    };
    let number: u64 = text.strip_suffix(unit)?.parse().ok()?;
    Some(keycap_vault::UnixSeconds::new(now.saturating_sub(number.checked_mul(seconds)?)))
}

impl Screen for Activity {
    fn title(&self) -> String {
        "Activity".to_owned()
    }

    fn lines(&self) -> Vec<(u16, u16)> {
        let visible = self.list.visible(self.len());
        visible.zip(self.list.drawn.y..).map(|(_, y)| (self.list.drawn.x, y)).collect()
    }

    fn takes_text(&self) -> bool {
        self.filter.typing
    }

    fn hints(&self, world: &World) -> Vec<Hint> {
        if self.filter.typing {
            return vec![Hint::new("Enter", "keep the filter"), Hint::new("Esc", "take it away"), Hint::new("", "action: target: since:7d")];
        }
        let mut hints = vec![Hint::new("v", "verify"), Hint::new("e", "export")];
        hints.extend(browser::hints(world, &[("filter", "filter"), ("copy", "copy"), ("enter", "details")]));
        hints
    }

    fn update(&mut self, input: Input<'_>, world: &World) -> Vec<Step> {
        match input {
            Input::Shown | Input::LedgerChanged => self.ask(world),
            Input::Answered { slot: VERIFY, outcome } => {
                self.verifying = false;
                match outcome {
                    Ok(Answer::Verified(verification)) => {
                        self.verified = Some(verification);
                        Vec::new()
                    }
                    Ok(_) => Vec::new(),
                    Err(failure) => vec![Step::Tell(Toast::from(failure))],
                }
            }
            Input::Answered { outcome: Ok(Answer::Log(page)), .. } => {
                self.take(page);
                self.follow(world)
            }
            Input::Answered { outcome: Err(failure), .. } => vec![Step::Tell(Toast::from(failure))],
            Input::Key(key) if self.filter.typing => {
                if self.filter.key(key) {
                    self.list.cursor = 0;
                    return self.ask(world);
                }
                vec![Step::Stay]
            }
            Input::Key(key) if key == Key::char('e') => {
                let query = self.query(world);
                vec![Step::Open(Box::new(export::ExportLog::new(query)))]
            }
            Input::Command(command) => self.command(command, world),
            Input::Mouse { at, what } => {
                let on_details = self.details_drawn.contains(ratatui::layout::Position::from(at));
                match what {
                    Click::WheelUp | Click::WheelDown => {
                        let up = what == Click::WheelUp;
                        let len = self.len();
                        if on_details {
                            self.details.wheel(what == Click::WheelUp);
                        } else {
                            self.list.wheel(up, len);
                        }
                    }
                    Click::Press | Click::Twice => {
                        self.on_details = on_details || what == Click::Twice;
                        if let Some(line) = self.list.line_at(at, self.len()) {
                            self.list.cursor = line;
                        }
                    }
                }
                self.follow(world)
            }
            Input::Paste(text) if self.filter.typing => {
                self.filter.field.paste(text.expose());
                self.ask(world)
            }
            Input::Key(_) | Input::Paste(_) | Input::Tick | Input::Answered { .. } | Input::Locked => Vec::new(),
        }
    }

    fn view(&mut self, frame: &mut Frame<'_>, area: Rect, world: &World) {
        let (list, details) = split(area, self.on_details);
        if let Some(area) = list {
            self.view_list(frame, area, world);
        }
        self.details_drawn = details.unwrap_or(Rect::ZERO);
        if let Some(area) = details {
            let theme = world.theme;
            let row = self.row(self.list.cursor).cloned();
            let name = row.as_ref().map(|row| row.action.clone()).unwrap_or_default();
            let inner = pane(frame, area, title(theme, &name, self.on_details), self.on_details, theme);
            if let Some(row) = row {
                fields(&row, world).view(frame, inner, &mut self.details);
            }
            if self.on_details {
                frame.set_cursor_position((inner.x, inner.y));
            }
        }
    }
}

impl Activity {
    fn view_list(&mut self, frame: &mut Frame<'_>, area: Rect, world: &World) {
        const COLUMNS: &[Column] =
            &[Column::new("TIME", 11).rank(1), Column::new("ACTION", 8), Column::new("TARGET", 8), Column::new("RESULT", 4).rank(2).most(20)];
        let theme = world.theme;
        let focused = !self.on_details;
        let mut head = title(theme, "Activity", focused);
        if self.read {
            head.push_span(span(theme, Role::Quiet, format!(" {}", number(self.total))));
        }
        match (&self.verified, self.verifying) {
            (_, true) => head.push_span(span(theme, Role::Accent, "  verifying…")),
            (Some(LogVerification { intact: true, rows, .. }), false) => {
                head.push_span(span(theme, Role::Good, format!("  ✓ {} rows intact", number(*rows))));
            }
            (Some(verification), false) => {
                let what = verification.first_fault.as_ref().map(|fault| fault.what.clone()).unwrap_or_default();
                head.push_span(span(theme, Role::Bad, format!("  ✗ {what}")));
            }
            (None, false) => {}
        }
        let inner = pane(frame, area, head, focused, theme);
        let mut inner = self.filter.view(frame, inner, world);
        if let Some(what) = &self.misunderstood {
            frame.render_widget(line(theme, Role::Warn, what), Rect { height: 1, ..inner });
            inner = Rect { y: inner.y + 1, height: inner.height.saturating_sub(1), ..inner };
        }
        if !self.read {
            return frame.render_widget(line(theme, Role::Quiet, "reading…"), inner);
        }
        if self.total == 0 {
            let words = if self.filter.field.is_empty() {
                ("Nothing was done yet.", "")
            } else {
                ("Nothing matches the filter.", "Esc takes the filter away.")
            };
            return nothing(frame, inner, world, words);
        }
        let len = self.len();
        let offset = usize::try_from(self.offset).unwrap_or(0);
        let rows = &self.rows;
        let row = |at: usize| match at.checked_sub(offset).and_then(|at| rows.get(at)) {
            Some(row) => cells(row, world),
            None => vec![Line::default(); COLUMNS.len()],
        };
        Table { columns: COLUMNS, len, row, focused: focused && !self.filter.typing }.view(frame, inner, &mut self.list, theme);
        bar(frame, self.list.drawn, self.list.top, self.list.height(), len, theme);
    }
}

fn cells(row: &LogRow, world: &World) -> Vec<Line<'static>> {
    let theme = world.theme;
    let role = match row.action.as_str() {
        "grant.revoke" | "key.remove" | "service.remove" | "capability.remove" => Role::Bad,
        action if action.contains("refused") => Role::Warn,
        _ => Role::Plain,
    };
    vec![
        line(theme, Role::Quiet, world.times.minute(row.time)),
        line(theme, role, &row.action),
        line(theme, Role::Name, &row.target),
        line(theme, if row.result == "done" { Role::Quiet } else { Role::Warn }, &row.result),
    ]
}

fn fields(row: &LogRow, world: &World) -> Fields {
    let mut fields = Fields::new(world.theme);
    fields.field("when", Role::Plain, format!("{}, {}", world.times.second(row.time), world.told(row.time)));
    fields.field("target", Role::Name, &row.target);
    fields.field("result", Role::Plain, &row.result);
    fields.field("row", Role::Quiet, number(row.seq));
    if let Some(details) = row.detail.as_object() {
        fields.heading("Details");
        for (name, value) in details {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            fields.field(name.clone(), Role::Plain, text);
        }
    } else if !row.detail.is_null() {
        fields.heading("Details").text(Role::Plain, row.detail.to_string());
    }
    fields
}

#[cfg(test)]
mod tests {
    use keycap_vault::UnixSeconds;

    use super::*;

    #[test]
    fn a_filter_says_what_and_since_when_and_what_it_does_not_understand() {
        let (query, misunderstood) = parse("action:grant.revoke since:7d alice", 1_000_000);
        assert_eq!(misunderstood, None);
        assert_eq!((query.action.as_deref(), query.target.as_deref()), (Some("grant.revoke"), Some("alice")));
        assert_eq!(query.since, Some(UnixSeconds::new(1_000_000 - 7 * 86_400)));
        assert!(parse("since:soon", 0).1.is_some());
        assert!(parse("colour:red", 0).1.is_some());
        assert_eq!(parse("action:", 0), (LogQuery::default(), None));
    }
}
