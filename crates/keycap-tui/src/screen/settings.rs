//! Settings: how the interface looks and how soon it lets go of what is secret; and which keys there are, with where others can be given.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::keymap::{COMMANDS, ESC, Key, Meaning};
use crate::request::{Answer, Request, SetUp, Setup};
use crate::screen::{Hint, Input, Screen, Step};
use crate::settings::{CLIPBOARD_S, LOCK_AFTER_MIN, Look, Settings};
use crate::theme::Role;
use crate::toast::Toast;
use crate::widget::fields::{Fields, Scroll};
use crate::widget::form::{Form, Pressed, Row};
use crate::widget::pane::{pane, title};
use crate::widget::text::{line, span};
use crate::world::World;

/// The screen.
#[derive(Debug)]
pub(crate) struct SettingsScreen {
    form: Form,
    /// What is wrong with the file of keys now; `None` before it was read.
    keys: Option<Option<String>>,
    wrong: Option<String>,
    scroll: Scroll,
}

const KEYS: u32 = 0;
const KEEP: u32 = 1;
/// Rows of the form, with what it may say.
const FORM: u16 = 11;

impl SettingsScreen {
    /// As they are now.
    pub(crate) fn new(world: &World) -> Self {
        let settings = world.settings;
        let rows = vec![
            Row::choice("look", "Look", ["as the terminal says", "dark", "light", "no colours"]),
            Row::choice("mouse", "Mouse", ["on", "off"]).note("While it is on, Shift and dragging selects text."),
            Row::line("lock", "Lock after", "15").with(&settings.lock_after_min.to_string()).note("Minutes without a key, for this process."),
            Row::line("clipboard", "Clipboard", "25").with(&settings.clipboard_s.to_string()).note("Seconds that a secret stays on it."),
            Row::button("keep", "Keep them"),
        ];
        let mut form = Form::new(rows);
        form.choose("look", Look::ALL.iter().position(|look| *look == settings.look).unwrap_or(0));
        form.choose("mouse", usize::from(!settings.mouse));
        Self { form, keys: None, wrong: None, scroll: Scroll::default() }
    }

    fn settings(&self) -> Result<Settings, (&'static str, String)> {
        let number = |row, (least, most): (u64, u64), what: &str| {
            let value = self.form.text(row).parse().ok().filter(|value| (least..=most).contains(value));
            value.ok_or_else(|| (row, format!("That is a number of {what} from {least} to {most}.")))
        };
        Ok(Settings {
            look: Look::ALL.get(self.form.chosen("look")).copied().unwrap_or(Look::Terminal),
            mouse: self.form.chosen("mouse") == 0,
            lock_after_min: number("lock", LOCK_AFTER_MIN, "minutes")?,
            clipboard_s: number("clipboard", CLIPBOARD_S, "seconds")?,
        })
    }

    fn keep(&mut self, world: &World) -> Vec<Step> {
        match self.settings() {
            Err((row, why)) => {
                self.form.go_to(row);
                self.wrong = Some(why);
                vec![Step::Stay]
            }
            Ok(settings) => match &world.files.settings {
                Some(file) => {
                    let setup = Setup::Keep { settings, file: file.clone() };
                    vec![Step::Settings(settings), Step::Ask { slot: KEEP, request: Request::Setup(setup) }]
                }
                None => {
                    vec![Step::Settings(settings), Step::Close, Step::Tell(Toast::note("there is no home to keep them in: they hold until you quit"))]
                }
            },
        }
    }

    fn pressed(&mut self, pressed: Pressed, world: &World) -> Vec<Step> {
        match pressed {
            Pressed::Changed => {
                self.wrong = None;
                vec![Step::Stay]
            }
            Pressed::Moved => vec![Step::Stay],
            Pressed::Button(_) => self.keep(world),
        }
    }

    fn key(&mut self, key: Key, world: &World) -> Vec<Step> {
        use crossterm::event::KeyCode;

        if key == ESC {
            return vec![Step::Close];
        }
        if matches!(key.code, KeyCode::PageUp | KeyCode::PageDown) {
            if let Some(command) = crate::widget::list::arrow(key) {
                self.scroll.command(command);
            }
            return vec![Step::Stay];
        }
        let pressed = self.form.key(key);
        self.pressed(pressed, world)
    }

    fn bindings(&self, world: &World) -> Fields {
        let theme = world.theme;
        let mut fields = Fields::new(theme);
        match &world.files.keys {
            Some(file) => fields.field("file", Role::Plain, file.display().to_string()),
            None => fields.field("file", Role::Quiet, "there is no home for one"),
        };
        match &self.keys {
            None => fields.text(Role::Quiet, "reading it…"),
            Some(None) => fields.spans(Line::from(vec![
                span(theme, Role::Good, "✓ "),
                span(theme, Role::Plain, "no key means two things in one place"),
                span(theme, Role::Quiet, "   write lines like mint = \"M\" or palette = [\"Ctrl-k\", \"F1\"]; they count from the next start on"),
            ])),
            Some(Some(why)) => fields.text(Role::Bad, format!("✗ {why}")),
        };
        fields.blank();
        let actions = keycap_vault::action::actions().iter().map(|action| (Meaning::Action(action.id), action.id, action.label));
        let commands = COMMANDS.iter().map(|words| (Meaning::Command(words.command), words.id, words.label));
        for (meaning, id, label) in commands.chain(actions) {
            let keys = world.keymap.keys_of(meaning);
            let shown = if keys.is_empty() {
                line(theme, Role::Quiet, format!("{:<15}", "no key"))
            } else {
                line(theme, Role::Accent, format!("{keys:<15}"))
            };
            let mut text = shown;
            text.push_span(span(theme, Role::Name, format!(" {id:<18}")));
            text.push_span(span(theme, Role::Plain, format!(" {label}")));
            fields.spans(text);
        }
        fields
    }
}

impl Screen for SettingsScreen {
    fn title(&self) -> String {
        "Settings".to_owned()
    }

    fn takes_text(&self) -> bool {
        true
    }

    fn hints(&self, _world: &World) -> Vec<Hint> {
        vec![Hint::new("Tab", "next"), Hint::new("PgDn", "keys"), Hint::new("Esc", "leave them as they are")]
    }

    fn update(&mut self, input: Input<'_>, world: &World) -> Vec<Step> {
        match input {
            Input::Shown => match &world.files.keys {
                Some(file) => vec![Step::Ask { slot: KEYS, request: Request::Setup(Setup::Keys(file.clone())) }],
                None => {
                    self.keys = Some(None);
                    Vec::new()
                }
            },
            Input::Answered { outcome: Ok(Answer::SetUp(SetUp::Keys(wrong))), .. } => {
                self.keys = Some(wrong);
                Vec::new()
            }
            Input::Answered { slot: KEEP, outcome: Ok(_) } => vec![Step::Close, Step::Tell(Toast::done("the settings are kept"))],
            Input::Answered { outcome: Err(failure), .. } => {
                self.wrong = Some(failure.message);
                Vec::new()
            }
            Input::Key(key) => self.key(key, world),
            Input::Paste(text) => {
                let pressed = self.form.paste(text);
                self.pressed(pressed, world)
            }
            Input::Mouse { at, what } => {
                if matches!(what, crate::screen::Click::WheelUp | crate::screen::Click::WheelDown) {
                    self.scroll.wheel(what == crate::screen::Click::WheelUp);
                    return vec![Step::Stay];
                }
                let pressed = self.form.mouse(at, what);
                self.pressed(pressed, world)
            }
            Input::Locked => vec![Step::Close],
            Input::LedgerChanged | Input::Command(_) | Input::Tick | Input::Answered { .. } => Vec::new(),
        }
    }

    fn view(&mut self, frame: &mut Frame<'_>, area: Rect, world: &World) {
        let theme = world.theme;
        let height = FORM.min(area.height);
        let inner = pane(frame, Rect { height, ..area }, title(theme, "Settings", true), true, theme);
        let said = u16::from(self.wrong.is_some());
        self.form.view(frame, Rect { height: inner.height.saturating_sub(said), ..inner }, theme);
        if let Some(wrong) = &self.wrong {
            let place = Rect { y: inner.bottom().saturating_sub(1), height: 1, ..inner };
            frame.render_widget(line(theme, Role::Bad, format!("✗ {wrong}")), place);
        }
        let below = Rect { y: area.y + height, height: area.height - height, ..area };
        let inner = pane(frame, below, title(theme, "Keys", false), false, theme);
        self.bindings(world).view(frame, inner, &mut self.scroll);
    }
}
