//! Saying what something will allow, before it exists: shared by `mint` and `delegate`.

use crate::context::Context;
use crate::error::CliError;
use crate::output::line::Line;

/// What is about to be made.
pub(crate) struct Proposal<'a> {
    /// What it will allow, in a sentence.
    pub(crate) sentence: &'a str,
    /// What should be known before.
    pub(crate) warnings: &'a [String],
    /// The command line that makes the same.
    pub(crate) command: &'a str,
}

/// Shows a proposal and asks whether to go on, unless `yes` says so or nobody can answer.
///
/// # Errors
/// If the person says no.
pub(crate) fn consider(proposal: &Proposal<'_>, question: &str, yes: bool, context: &mut Context) -> Result<(), CliError> {
    let asks = context.prompt.is_interactive() && !yes;
    context.output.notes(|page| {
        page.paragraph(proposal.sentence)?;
        proposal.warnings.iter().try_for_each(|warning| page.warning(warning))?;
        // How the same is done without questions: a terminal teaches its scripts.
        if asks { page.paragraph(Line::new().quiet("  ").command(proposal.command)) } else { Ok(()) }
    });
    if asks && !context.prompt.agree(question)? {
        return Err(CliError::cancelled());
    }
    Ok(())
}
