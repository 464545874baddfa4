//! How the wizards of mint and delegate look: the form, and what it would make beside or below it.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::screen::browser::THREE_PANES;
use crate::theme::Role;
use crate::widget::fields::{Fields, Scroll};
use crate::widget::form::Form;
use crate::widget::pane::{pane, title};
use crate::widget::text::span;
use crate::world::World;

/// What a wizard would make, or why it cannot.
pub(crate) struct Proposal<'a> {
    /// What is wrong with what is filled in.
    pub(crate) wrong: Option<&'a str>,
    /// The sentence, what one should know, and the command line; `None` before the vault has answered.
    pub(crate) made: Option<(&'a str, &'a [String], &'a str)>,
}

/// Rows below the form where there is no room beside it.
const BELOW: u16 = 9;

/// Where one is in a wizard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Filling,
    /// Asked whether to discard it.
    Leaving,
    /// Asked whether it is really to be done, with what there is to know.
    Asking(&'static str),
    /// The vault is at it.
    Busy(&'static str),
}

/// The form, and beside or below it what it would make.
pub(crate) fn wizard(frame: &mut Frame<'_>, area: Rect, name: &str, form: &mut Form, proposal: &Proposal<'_>, standing: Standing, world: &World) {
    let theme = world.theme;
    let (left, right) = if area.width >= THREE_PANES {
        let width = area.width * 11 / 20;
        (Rect { width, ..area }, Rect { x: area.x + width, width: area.width - width, ..area })
    } else {
        let height = area.height - BELOW.min(area.height * 2 / 5);
        (Rect { height, ..area }, Rect { y: area.y + height, height: area.height - height, ..area })
    };
    let inner = pane(frame, left, title(theme, name, true), true, theme);
    form.view(frame, inner, theme);
    let inner = pane(frame, right, title(theme, "What it would be", false), false, theme);
    let mut fields = Fields::new(theme);
    match standing {
        Standing::Leaving | Standing::Asking(_) => {
            let question = if let Standing::Asking(question) = standing { question } else { "Discard what you filled in?" };
            fields.text(Role::Strong, question);
            fields.spans(Line::from(vec![
                span(theme, Role::Accent, "y"),
                span(theme, Role::Plain, " yes    "),
                span(theme, Role::Strong, "[No]"),
                span(theme, Role::Quiet, " anything else"),
            ]));
        }
        Standing::Busy(what) => {
            fields.text(Role::Accent, what);
        }
        Standing::Filling => match (proposal.wrong, proposal.made) {
            (Some(why), _) => {
                fields.text(Role::Warn, why);
            }
            (None, None) => {
                fields.text(Role::Quiet, "asking the vault…");
            }
            (None, Some((sentence, warnings, command))) => {
                fields.text(Role::Plain, sentence);
                for warning in warnings {
                    fields.text(Role::Warn, format!("! {warning}"));
                }
                if area.width >= THREE_PANES {
                    fields.heading("On the command line").text(Role::Quiet, command);
                } else {
                    fields.text(Role::Quiet, format!("$ {command}"));
                }
            }
        },
    }
    fields.view(frame, inner, &mut Scroll::default());
}
