//! What is shared on the screen, over all there is and only while somebody looks: a code for a minute, black on white whatever the theme; text
//! for twenty seconds.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use keycap_vault::SecretText;
use keycap_vault::qr::{Qr, Room};
use keycap_vault::view::SharedView;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};
use ratatui::text::Line;
use ratatui::widgets::Clear;

use crate::file::{Readers, typed};
use crate::keymap::{ENTER, ESC, Key};
use crate::request::Exchange;
use crate::theme::Role;
use crate::widget::fields::{Fields, Scroll};
use crate::widget::line_field::LineField;
use crate::widget::text::{line, span};
use crate::world::World;

/// A code that is shown.
#[derive(Debug)]
pub(super) struct Code {
    shown: Shown,
    view: SharedView,
    /// When it is hidden; `None`: it is no secret.
    until: Option<Duration>,
    /// The file into which it is to be written, while that is typed.
    file: Option<LineField>,
}

/// What is on the screen.
#[derive(Debug)]
pub(super) enum Shown {
    Code(Arc<Qr>),
    Text(SecretText),
}

/// What a key came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Told {
    Stay,
    Hide,
    Write(PathBuf),
}

/// A code of a secret is in sight for that long.
const VISIBLE: Duration = Duration::from_secs(60);
/// So is the text of one, which nobody has to find a camera for.
const READABLE: Duration = Duration::from_secs(20);
/// Columns that words beside the code need at least.
const WORDS: u16 = 24;
/// Cells of the bar that says how much time is left.
const BAR: u64 = 12;

impl Code {
    /// Of what was shared just now.
    pub(super) fn new(shown: Shown, view: SharedView, now: Duration) -> Self {
        let until = view.secret.then(|| now + shown.time());
        Self { shown, view, until, file: None }
    }

    /// How it is called.
    pub(super) fn word(&self) -> &'static str {
        match self.shown {
            Shown::Code(_) => "the code",
            Shown::Text(_) => "the text",
        }
    }

    /// Whether its time has passed.
    pub(super) fn is_over(&self, now: Duration) -> bool {
        self.until.is_some_and(|until| until <= now)
    }

    /// Whether a file for it is being named.
    pub(super) fn is_being_written(&self) -> bool {
        self.file.is_some()
    }

    pub(super) fn key(&mut self, key: Key) -> Told {
        match &mut self.file {
            Some(_) if key == ESC => self.file = None,
            Some(field) if key == ENTER && !field.is_empty() => return Told::Write(typed(field.text())),
            Some(field) => {
                field.key(key);
            }
            None if key == ESC || key == Key::char('q') => return Told::Hide,
            None if key == Key::char('w') && matches!(self.shown, Shown::Code(_)) => {
                self.file = Some(LineField::with(&format!("{}.png", self.view.name)))
            }
            None => {}
        }
        Told::Stay
    }

    pub(super) fn paste(&mut self, text: &SecretText) {
        if let Some(field) = &mut self.file {
            field.paste(text.expose());
        }
    }

    /// Its picture in a file.
    pub(super) fn picture(&self, file: PathBuf) -> Option<Exchange> {
        let readers = if self.view.secret { Readers::Owner } else { Readers::Usual };
        match &self.shown {
            Shown::Code(code) if self.file.is_some() => Some(Exchange::Picture { code: Arc::clone(code), file, readers }),
            Shown::Code(_) | Shown::Text(_) => None,
        }
    }

    pub(super) fn view(&self, frame: &mut Frame<'_>, area: Rect, world: &World) {
        frame.render_widget(Clear, area);
        let now = world.moment.running;
        if self.file.is_some() {
            return self.alone(frame, area, "Hidden while you name the file.", world);
        }
        if self.until.is_some() && !world.focused {
            return self.alone(frame, area, "Hidden while the window has no focus.", world);
        }
        if self.is_over(now) {
            return self.alone(frame, area, "Hidden.", world);
        }
        match &self.shown {
            Shown::Code(code) => self.view_code(frame, area, code, world),
            Shown::Text(text) => self.view_text(frame, area, text, world),
        }
    }

    fn view_code(&self, frame: &mut Frame<'_>, area: Rect, code: &Qr, world: &World) {
        let room = Room { columns: area.width, rows: area.height };
        let size = match code.size_within(room) {
            Ok(size) => size,
            Err(error) => return self.alone(frame, area, &format!("Too long for this terminal: {error}."), world),
        };
        let words = self.words(world);
        let beside = area.width.saturating_sub(size.columns) >= WORDS + 2;
        let x = if beside { area.x } else { area.x + (area.width - size.columns) / 2 };
        let y = area.y + (area.height - size.rows) / 2;
        // In the terminal's own colours it would be inverted on a dark ground, and most scanners then see nothing.
        let drawn = code.cells(room, |column, row, cell| {
            let style = Style::new().fg(Color::Indexed(cell.foreground)).bg(Color::Indexed(cell.background));
            frame.buffer_mut().set_string(x + column, y + row, if cell.half { "▄" } else { " " }, style);
        });
        if drawn.is_ok() && beside {
            let width = area.width - size.columns - 3;
            let height = words.height(width).min(area.height);
            let place = Rect { x: x + size.columns + 2, y: area.y + (area.height - height) / 2, width, height };
            words.view(frame, place, &mut Scroll::default());
        } else if y + size.rows < area.bottom() {
            let text =
                format!("{}  {}Esc hides it", self.view.name, self.left(world.moment.running).map(|left| format!("{left} s  ")).unwrap_or_default());
            frame.render_widget(line(world.theme, Role::Quiet, text).centered(), Rect { y: area.bottom() - 1, height: 1, ..area });
        }
    }

    /// The text in lines as long as there is room for, with nothing beside it that would be selected with it; then as many words as fit.
    fn view_text(&self, frame: &mut Frame<'_>, area: Rect, text: &SecretText, world: &World) {
        let place = Rect { x: area.x + 2, y: area.y + 1, width: area.width.saturating_sub(4), height: area.height.saturating_sub(2) };
        let characters: Vec<char> = text.expose().chars().collect();
        let lines = characters.chunks(usize::from(place.width.max(1)));
        let needs = u16::try_from(lines.len()).unwrap_or(u16::MAX);
        if needs > place.height {
            return self.alone(
                frame,
                area,
                &format!("Too long for this terminal: it takes {needs} lines, and there is room for {}.", place.height),
                world,
            );
        }
        for (piece, y) in lines.zip(place.y..) {
            let piece: String = piece.iter().collect();
            frame.render_widget(line(world.theme, Role::Strong, piece), Rect { y, height: 1, ..place });
        }
        let below = Rect { y: place.y + needs + 1, height: place.height.saturating_sub(needs + 1), ..place };
        self.words(world).view(frame, below, &mut Scroll::default());
    }

    /// Words, and nothing of what is shared.
    fn alone(&self, frame: &mut Frame<'_>, area: Rect, why: &str, world: &World) {
        let theme = world.theme;
        let place = Rect { x: area.x + 2, y: area.y + 1, width: area.width.saturating_sub(4), height: area.height.saturating_sub(2) };
        let mut fields = Fields::new(theme);
        fields.text(Role::Strong, why).blank();
        if let Some(field) = &self.file {
            fields.text(Role::Plain, "Write it as a picture: PNG, or SVG if the name ends in .svg");
            let lines = fields.height(place.width);
            fields.view(frame, place, &mut Scroll::default());
            let y = place.y + lines;
            if y < place.bottom() {
                field.view(frame, Rect { y, height: 1, ..place }, "a file that is not there yet", true, theme);
            }
            return;
        }
        let lines = self.words(world).lines(place.width.saturating_sub(1));
        for text in lines {
            fields.spans(text);
        }
        fields.view(frame, place, &mut Scroll::default());
    }

    fn words(&self, world: &World) -> Fields {
        let theme = world.theme;
        let mut fields = Fields::new(theme);
        fields.text(Role::Name, &self.view.name).blank().text(Role::Plain, &self.view.sentence);
        if self.view.reissued {
            fields.blank().text(Role::Quiet, "It has a link of its own: this share can be revoked alone.");
        }
        fields.blank();
        if let Some(left) = self.left(world.moment.running) {
            let full = usize::try_from((left * BAR).div_ceil(self.shown.time().as_secs())).unwrap_or(0);
            let empty = usize::try_from(BAR).unwrap_or(0).saturating_sub(full);
            fields.spans(Line::from(vec![
                span(theme, Role::Warn, format!("{left:>2} s ")),
                span(theme, Role::Warn, "█".repeat(full)),
                span(theme, Role::Quiet, "░".repeat(empty)),
            ]));
            fields.blank();
        }
        if let Shown::Code(_) = self.shown {
            fields.spans(Line::from(vec![span(theme, Role::Accent, "w"), span(theme, Role::Plain, " write a picture")]));
        }
        fields.spans(Line::from(vec![span(theme, Role::Accent, "Esc"), span(theme, Role::Plain, " hide it")]));
        fields
    }

    /// Seconds that are left.
    fn left(&self, now: Duration) -> Option<u64> {
        self.until.map(|until| until.saturating_sub(now).as_millis().div_ceil(1_000)).and_then(|left| u64::try_from(left).ok())
    }
}

impl Shown {
    /// How long it is in sight, if it is secret.
    const fn time(&self) -> Duration {
        match self {
            Self::Code(_) => VISIBLE,
            Self::Text(_) => READABLE,
        }
    }
}
