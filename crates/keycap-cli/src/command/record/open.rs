//! `keycap record open`.

use std::io::BufRead;
use std::path::PathBuf;

use clap::Args;
use keycap_vault::{LineForm, LineOpener, OpenRequest, OpenedLine, Outcome, RECORDS_TARGET, Vault, WhatLapsed};

use super::{FormArgs, StreamArgs, error, lines};
use crate::context::Context;
use crate::error::CliError;
use crate::exit::Ended;
use crate::output::line::{Line, Role};

#[derive(Debug, Args)]
#[command(after_long_help = "  keycap record open sealed.jsonl --field email --place 'users/{id}'
  keycap record open --heads sealed.jsonl rows.jsonl

Lines come out as they went in. Who sealed them is told once for each head, on standard error. The first line that does not open ends it, with \
its number; what came before has been written by then, unless it goes into a file, which is there whole or not at all.

With --place and --field only lines open that were sealed so: say them wherever somebody else could have chosen otherwise.")]
pub(crate) struct OpenArgs {
    #[command(flatten)]
    form: FormArgs,
    /// Learn heads and locators from this file first, and pass over the rest of it; may be given more than once
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    heads: Vec<PathBuf>,
    /// Open also what was sealed with a capability that has expired or was revoked since; it is not shown as authorised
    #[arg(long)]
    lapsed: bool,
    /// The name under which your services take records, which capabilities have to allow
    #[arg(long, value_name = "NAME", default_value = RECORDS_TARGET)]
    target: String,
    #[command(flatten)]
    stream: StreamArgs,
}

/// Does it.
///
/// # Errors
/// Whatever keeps it from being done.
pub(super) fn run(args: OpenArgs, context: &mut Context) -> Ended {
    let vault = context.unlocked_vault()?;
    let lapsed = if args.lapsed { WhatLapsed::Opens } else { WhatLapsed::StaysClosed };
    let records = vault.record_opener(OpenRequest { target: args.target, lapsed, ..OpenRequest::default() })?;
    for why in records.unusable() {
        context.output.note(Line::new().role(Role::Warn, "! ").plain("left out: ").plain(why.clone()));
    }
    let form = LineForm::from(args.form);
    let mut opener = LineOpener::new(records, (form != LineForm::default()).then_some(form));
    let mut told = Told::default();
    for file in &args.heads {
        for (at, line) in lines::reader(Some(file))?.lines().enumerate() {
            let place = || format!("{}, line {}", file.display(), at + 1);
            let line = line.map_err(|error| CliError::failed("file-read", format!("the file could not be read: {error}")).with(place()))?;
            if let Some(outcome) = opener.learn(&line).map_err(|why| error(why).with(place()))? {
                told.tell(&outcome, &vault, context)?;
            }
        }
    }
    lines::through(&args.stream, context, None, |line, context| {
        Ok(match opener.open(line)? {
            OpenedLine::Head(outcome) => {
                told.tell(&outcome, &vault, context)?;
                None
            }
            OpenedLine::Locator => None,
            OpenedLine::Line(text, outcome) => {
                if let Some(outcome) = outcome {
                    told.tell(&outcome, &vault, context)?;
                }
                Some(text.expose().to_owned())
            }
        })
    })
}

/// What was said last, which is not said again for each record.
#[derive(Default)]
struct Told(Option<Outcome>);

impl Told {
    fn tell(&mut self, outcome: &Outcome, vault: &Vault, context: &mut Context) -> Result<(), keycap_vault::VaultError> {
        if self.0.as_ref() == Some(outcome) {
            return Ok(());
        }
        let view = vault.describe_opened(outcome)?;
        context.output.notes(|page| {
            page.paragraph(Line::from(&view.sentence))?;
            view.notes.iter().try_for_each(|note| page.paragraph(Line::new().role(Role::Warn, "! ").plain(note.clone())))
        });
        self.0 = Some(outcome.clone());
        Ok(())
    }
}
