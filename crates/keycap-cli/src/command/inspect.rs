//! `keycap inspect`: to whom files are sealed, and what of this vault opens them.

use std::path::PathBuf;

use clap::Args;
use keycap_vault::files::Inspected;
use keycap_vault::view::{InspectedView, StanzaView};
use keycap_vault::words::bytes;
use keycap_vault::{OpenRequest, Opener, Vault, VaultError};

use super::files;
use crate::context::Context;
use crate::error::CliError;
use crate::exit::{DONE, Ended};
use crate::output::line::{Line, Role};
use crate::output::page::Page;

#[derive(Debug, Args)]
#[command(after_long_help = "  keycap inspect report.pdf.age photos.tar.age

An age key or a key card is not named in a file: whether it fits shows only where its private half is. What this says of a header that nothing \
here opens is what is written there, which anybody could have written.")]
pub(crate) struct InspectArgs {
    /// Sealed files; `-` is standard input
    #[arg(required = true, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    files: Vec<PathBuf>,
}

/// Does it.
///
/// # Errors
/// If a file cannot be read, or is none.
pub(crate) fn run(args: InspectArgs, context: &mut Context) -> Ended {
    let opened = opener(context)?;
    let mut views = Vec::with_capacity(args.files.len());
    for (path, input) in args.files.iter().zip(files::inputs(&args.files)?) {
        let name = path.display().to_string();
        let fail = |error: VaultError| CliError::from(error).with(&name);
        let inspected = Inspected::read(input).map_err(|error| fail(error.into()))?;
        views.push(InspectedView::of(&name, &inspected, opened.as_ref().map(|(vault, opener)| (vault, opener))).map_err(fail)?);
    }
    context.output.show("inspected", &views, |page| {
        for (at, view) in views.iter().enumerate() {
            if at > 0 {
                page.blank()?;
            }
            text(view, page)?;
        }
        Ok(())
    })?;
    DONE
}

/// The vault and what of it opens files; `None` where there is none or it stays locked, which is no error: a header can be read all the same.
fn opener(context: &mut Context) -> Result<Option<(Vault, Opener)>, CliError> {
    if !Vault::exists(&context.folder()?) {
        return Ok(None);
    }
    let vault = match context.unlocked_vault() {
        Ok(vault) => vault,
        Err(error) if error.class == keycap_vault::ErrorClass::Locked => return Ok(None),
        Err(error) => return Err(error),
    };
    let opener = vault.opener(OpenRequest::default())?;
    Ok(Some((vault, opener)))
}

fn text(view: &InspectedView, page: &mut Page<'_>) -> std::io::Result<()> {
    page.heading(&view.file)?;
    let form = if view.armored { "age file, as text" } else { "age file" };
    page.field("format", Line::from(format!("{form}, header of {}", bytes(view.header_bytes))))?;
    match view.plaintext_bytes {
        Some(length) => page.field("holds", Line::from(bytes(length)))?,
        None => page.field("holds", Line::new().role(Role::Bad, "no file has this length: it was cut off or added to"))?,
    }
    for stanza in &view.stanzas {
        page.field("sealed to", Line::from(stanza.meaning).quiet(format!(" ({})", stanza.kind)))?;
        fits(stanza, page)?;
    }
    if !view.looked {
        page.field("opens with", Line::new().quiet("not looked for: there is no vault, or it is locked"))?;
    } else if view.stanzas.iter().all(|stanza| stanza.fits.is_none()) {
        page.field("opens with", Line::from("nothing in this vault"))?;
    }
    Ok(())
}

fn fits(stanza: &StanzaView, page: &mut Page<'_>) -> std::io::Result<()> {
    if let Some(fault) = &stanza.fault {
        page.field("", Line::new().role(Role::Bad, "✗ ").plain(fault))?;
    }
    let Some(fits) = &stanza.fits else { return Ok(()) };
    let what = if fits.opened_with == "key" { "the key " } else { "the service " };
    page.field("opens with", Line::from(what).name(&fits.name))?;
    if fits.sender.is_some() || fits.grant.is_some() {
        page.field("", Line::from(&fits.sentence))?;
    }
    fits.notes.iter().try_for_each(|note| page.field("", Line::new().role(Role::Warn, "! ").plain(note)))
}
