//! `keycap share --age-recipient` and `--age-identity`: what age and rage are given for `age-plugin-keycap`. None of it is secret.

use keycap_vault::SealFrom;
use keycap_vault::view::AgeHandleView;

use super::ShareArgs;
use crate::context::Context;
use crate::exit::{DONE, Ended};
use crate::output::line::Line;

/// Prints the recipient.
///
/// # Errors
/// If nothing has that name, or the sender does not fit it.
pub(super) fn recipient(args: &ShareArgs, context: &mut Context) -> Ended {
    let from = SealFrom { key: args.from.clone(), mutual: args.mutual };
    let view = context.vault()?.age_recipient(&args.target, &from)?;
    show(&view, context)
}

/// Prints the identity.
///
/// # Errors
/// If no key or service of one's own has that name.
pub(super) fn identity(args: &ShareArgs, context: &mut Context) -> Ended {
    let view = context.vault()?.age_identity(&args.target)?;
    show(&view, context)
}

fn show(view: &AgeHandleView, context: &mut Context) -> Ended {
    context.output.notes(|page| {
        page.paragraph(Line::from(&view.sentence))?;
        view.notes.iter().try_for_each(|note| page.paragraph(Line::new().quiet(note)))
    });
    context.output.show("age-handle", view, |page| page.line(view.text.as_str()))?;
    DONE
}
