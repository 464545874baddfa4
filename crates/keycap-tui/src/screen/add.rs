//! Taking in: whatever was pasted, lies in a file or a picture, or is on the clipboard. It is looked at and shown first; nothing is stored
//! before a person says so.

mod review;

use keycap_vault::SecretText;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::keymap::{ESC, Key};
use crate::request::{Answer, Exchange, Exchanged, Failure, Request, Source};
use crate::screen::{Hint, Input, Screen, Step};
use crate::theme::Role;
use crate::toast::Toast;
use crate::widget::fields::{Fields, Scroll};
use crate::widget::pane::{pane, title};
use crate::widget::path_field::{PathField, Walked};
use crate::widget::text::span;
use crate::world::World;
use review::Review;

/// The screen.
#[derive(Debug)]
pub(crate) struct Add {
    stage: Stage,
    path: PathField,
    /// What was given when it was opened.
    given: Option<SecretText>,
    /// Why the last thing could not be understood.
    wrong: Option<Failure>,
    /// Whether another screen waits for it, and nothing else is to be shown afterwards.
    waited_for: bool,
}

/// Where one is.
#[derive(Debug)]
enum Stage {
    /// Asked where it is.
    Asking,
    /// The vault looks at it.
    Looking,
    /// It is shown.
    Showing(Box<Review>),
}

const FOLDER: u32 = 0;
const LOOK: u32 = 1;

impl Add {
    /// From wherever a person says.
    pub(crate) fn new() -> Self {
        Self { stage: Stage::Asking, path: PathField::default(), given: None, wrong: None, waited_for: false }
    }

    /// What was pasted into another screen, which goes on when it was taken in.
    pub(crate) fn of_text(text: &SecretText) -> Self {
        Self { given: Some(copy(text)), waited_for: true, ..Self::new() }
    }

    fn look(&mut self, source: Source) -> Vec<Step> {
        self.stage = Stage::Looking;
        self.wrong = None;
        vec![Step::Ask { slot: LOOK, request: Request::exchange(Exchange::Inspect(source)) }]
    }

    fn walked(&mut self, walked: Walked) -> Vec<Step> {
        match walked {
            Walked::Here => vec![Step::Stay],
            Walked::Read(folder) => vec![Step::Ask { slot: FOLDER, request: Request::exchange(Exchange::Folder(folder)) }],
            Walked::Take(file) => self.look(Source::File(file)),
        }
    }

    fn key(&mut self, key: Key, world: &World) -> Vec<Step> {
        match &mut self.stage {
            Stage::Showing(review) => {
                if key == ESC {
                    self.stage = Stage::Asking;
                    return if self.waited_for { vec![Step::Close] } else { vec![Step::Stay] };
                }
                review.key(key, world)
            }
            Stage::Asking | Stage::Looking if key == ESC => vec![Step::Close],
            Stage::Looking => vec![Step::Stay],
            Stage::Asking if key == CLIPBOARD => self.look(Source::Clipboard),
            Stage::Asking => {
                let walked = self.path.key(key);
                self.walked(walked)
            }
        }
    }

    fn paste(&mut self, text: &SecretText) -> Vec<Step> {
        match &mut self.stage {
            Stage::Showing(review) => review.paste(text),
            Stage::Looking => vec![Step::Stay],
            // A file that is dragged onto a terminal is pasted as its path.
            Stage::Asking if looks_like_a_path(text.expose()) => {
                let path = text.expose().trim().trim_matches(['\'', '"']);
                let walked = self.path.set(path.strip_prefix("file://").unwrap_or(path));
                self.walked(walked)
            }
            Stage::Asking => self.look(Source::Text(copy(text))),
        }
    }

    fn answered(&mut self, slot: u32, outcome: Result<Answer, Failure>, world: &World) -> Vec<Step> {
        match (slot, outcome) {
            (FOLDER, Ok(Answer::Exchanged(Exchanged::Folder { folder, entries }))) => {
                self.path.fill(&folder, entries);
                Vec::new()
            }
            // A folder that is half typed is not there yet.
            (FOLDER, _) => Vec::new(),
            (LOOK, Ok(Answer::Exchanged(Exchanged::Found { found, from_clipboard }))) => {
                let review = Review::new(found, from_clipboard, world);
                self.stage = Stage::Showing(Box::new(review));
                Review::questions()
            }
            (LOOK, Err(failure)) if self.waited_for && !matches!(self.stage, Stage::Asking) => vec![Step::Close, Step::Tell(Toast::from(failure))],
            (LOOK, Err(failure)) => {
                self.stage = Stage::Asking;
                self.wrong = Some(failure);
                Vec::new()
            }
            (slot, outcome) => match &mut self.stage {
                Stage::Showing(review) => review.answered(slot, outcome, self.waited_for, world),
                Stage::Asking | Stage::Looking => Vec::new(),
            },
        }
    }
}

/// Looks at the clipboard.
const CLIPBOARD: Key = Key { code: crossterm::event::KeyCode::Char('v'), ctrl: true, alt: false };

/// Whether text that was pasted begins like a card: then it is to be taken in, whatever it was pasted into.
pub(crate) fn looks_like_a_card(text: &str) -> bool {
    let text = text.trim_start().to_ascii_lowercase();
    let text = text.strip_prefix("keycap:").unwrap_or(&text);
    text.starts_with("keycap1") || text.starts_with("keycap-service1")
}

fn looks_like_a_path(text: &str) -> bool {
    let text = text.trim().trim_start_matches(['\'', '"']);
    !text.contains('\n') && ["/", "~/", "./", "file://"].iter().any(|begin| text.starts_with(begin))
}

fn copy(text: &SecretText) -> SecretText {
    SecretText::new(text.expose().to_owned())
}

impl Screen for Add {
    fn title(&self) -> String {
        "Take in".to_owned()
    }

    fn takes_text(&self) -> bool {
        true
    }

    fn hints(&self, _world: &World) -> Vec<Hint> {
        match &self.stage {
            Stage::Asking => {
                vec![Hint::new("Ctrl-v", "clipboard"), Hint::new("Enter", "look at the file"), Hint::new("Tab", "complete"), Hint::new("Esc", "back")]
            }
            Stage::Looking => vec![Hint::new("Esc", "leave it")],
            Stage::Showing(_) => vec![Hint::new("Tab", "next"), Hint::new("Enter", "take it in"), Hint::new("Esc", "leave it")],
        }
    }

    fn update(&mut self, input: Input<'_>, world: &World) -> Vec<Step> {
        match input {
            Input::Shown => match self.given.take() {
                Some(text) => self.look(Source::Text(text)),
                None => vec![Step::Ask { slot: FOLDER, request: Request::exchange(Exchange::Folder(self.path.begin())) }],
            },
            Input::LedgerChanged if matches!(self.stage, Stage::Showing(_)) => Review::questions(),
            Input::Answered { slot, outcome } => self.answered(slot, outcome, world),
            Input::Key(key) => self.key(key, world),
            Input::Paste(text) => self.paste(text),
            Input::Mouse { at, what } => match &mut self.stage {
                Stage::Showing(review) => review.mouse(at, what, world),
                Stage::Asking | Stage::Looking => Vec::new(),
            },
            Input::Locked => vec![Step::Close],
            Input::LedgerChanged | Input::Command(_) | Input::Tick => Vec::new(),
        }
    }

    fn view(&mut self, frame: &mut Frame<'_>, area: Rect, world: &World) {
        let theme = world.theme;
        let name = self.title();
        let inner = pane(frame, area, title(theme, &name, true), true, theme);
        match &mut self.stage {
            Stage::Showing(review) => review.view(frame, inner, world),
            Stage::Looking => {
                let mut fields = Fields::new(theme);
                fields.text(Role::Accent, "looking at it…");
                fields.view(frame, inner, &mut Scroll::default());
            }
            Stage::Asking => {
                let mut fields = Fields::new(theme);
                fields.text(Role::Strong, "Paste it here: a capability, a key card, a service card, or several.");
                fields.text(Role::Quiet, "It is shown first. Nothing is stored before you say so.");
                fields.blank().spans(Line::from(vec![
                    span(theme, Role::Accent, "Ctrl-v"),
                    span(theme, Role::Plain, " looks at the clipboard: text, or a picture of a QR code"),
                ]));
                if let Some(failure) = &self.wrong {
                    fields.blank().text(Role::Bad, format!("✗ {}", failure.message));
                    if let Some(hint) = &failure.hint {
                        fields.text(Role::Quiet, hint);
                    }
                }
                fields.heading("Or a file: text, a sealed file, a picture of a QR code");
                let lines = fields.height(inner.width);
                fields.view(frame, Rect { height: lines.min(inner.height), ..inner }, &mut Scroll::default());
                let rest = Rect { y: inner.y + lines.min(inner.height), height: inner.height.saturating_sub(lines), ..inner };
                self.path.view(frame, rest, theme);
            }
        }
    }
}
