//! `keycap delegate`: a narrower capability from one you hold, offline.

use clap::Args;
use keycap_vault::{DelegateRequest, Vault};

use super::consider::{Proposal, consider};
use crate::args::limits::LimitArgs;
use crate::args::names::{NameKind, names};
use crate::context::Context;
use crate::error::CliError;
use crate::exit::{DONE, Ended};
use crate::output::line::Line;

#[derive(Debug, Args)]
#[command(after_long_help = "  keycap delegate orders --for reports --allow 'GET /reports' --max-links 0 --yes
  keycap delegate orders --for bob --holder bob --dry-run")]
pub(crate) struct DelegateArgs {
    /// The capability; asked for at a terminal
    #[arg(value_name = "CAP", add = names([NameKind::Capability]))]
    capability: Option<String>,
    /// For whom it is; asked for at a terminal
    #[arg(long = "for", value_name = "NAME")]
    name: Option<String>,
    #[command(flatten)]
    limits: LimitArgs,
    /// Say what it would allow, and make nothing
    #[arg(long)]
    dry_run: bool,
    /// Do it without asking
    #[arg(short, long)]
    yes: bool,
}

/// Does it.
///
/// # Errors
/// Whatever keeps it from being done.
pub(crate) fn run(args: DelegateArgs, context: &mut Context) -> Ended {
    let mut vault = context.unlocked_vault()?;
    let request = complete(args.capability, args.name, args.limits, &vault, context)?;
    let preview = vault.delegate_preview(&request)?;
    if args.dry_run {
        context.output.show("delegate-preview", &preview, |page| {
            page.paragraph(&preview.sentence)?;
            preview.warnings.iter().try_for_each(|warning| page.warning(warning))
        })?;
        return DONE;
    }
    let proposal = Proposal { sentence: &preview.sentence, warnings: &preview.warnings, command: &preview.command };
    let question = if preview.hand_off { "Hand it on to that key?" } else { "Make it?" };
    consider(&proposal, question, args.yes, context)?;
    let made = vault.delegate(&request)?;
    context.output.show("capability", &made, |page| {
        page.done(Line::from("made ").name(&made.name).plain(" from ").name(&request.capability))?;
        page.blank()?;
        page.next(format!("keycap share {} --to KEY", made.name), "seal it to its recipient")?;
        page.next(format!("keycap share {} --qr", made.name), "show it as a QR code")
    })?;
    DONE
}

/// Asks for what is missing.
fn complete(
    capability: Option<String>,
    name: Option<String>,
    limits: LimitArgs,
    vault: &Vault,
    context: &Context,
) -> Result<DelegateRequest, CliError> {
    let asks = context.prompt.is_interactive();
    let missing = |what: &str| {
        CliError::usage("missing-argument", format!("{what} is missing, and nobody is at a terminal to ask"))
            .hint("write `keycap delegate CAP --for NAME`")
    };
    let capability = match capability {
        Some(capability) => capability,
        None if asks => {
            let held: Vec<String> = vault.capabilities(None)?.into_iter().map(|held| held.name).collect();
            if held.is_empty() {
                return Err(CliError::failed("no-capability", "you hold no capability yet").hint("take one in with `keycap add`"));
            }
            context.prompt.select("From which capability?", held)?
        }
        None => return Err(missing("the capability")),
    };
    let name = match name {
        Some(name) => name,
        None if asks => context.prompt.text("For whom is it?", None, "a name for your records, such as bob")?,
        None => return Err(missing("the name of whom it is for")),
    };
    let mut limits = limits.limits();
    if asks && limits == keycap_vault::Limits::default() {
        let expires = context.prompt.text("Until when?", None, "such as 12h, 1d, 2027-01-31; empty: as long as the one it comes from")?;
        if !expires.is_empty() {
            limits.times.expires = Some(expires.parse()?);
        }
    }
    Ok(DelegateRequest { capability, name, limits })
}
