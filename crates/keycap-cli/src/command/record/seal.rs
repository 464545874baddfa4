//! `keycap record seal`.

use clap::Args;
use keycap_vault::{LineSealer, SealFrom};

use super::{FormArgs, StreamArgs, error, lines};
use crate::args::names::{NameKind, names};
use crate::context::Context;
use crate::exit::Ended;
use crate::output::line::{Line, Role};

#[derive(Debug, Args)]
#[command(after_long_help = "  keycap record seal --cap orders --from operator users.jsonl --output sealed.jsonl
  keycap record seal --cap orders --single --field email users.jsonl

What is sealed opens at the capability's service only, and shows there that it was sealed by its leave; with --from, by which key. A record belongs \
to its place: moved to a line with another id, another field or a file with another template it does not open. Lines can still be left out, repeated \
or put back as they once were; put a version into the place where that matters.

The first line holds the head, without which nothing after it opens: keep it with the lines. Each run makes a new one, so that runs can be \
appended to one file. With --single it holds a locator instead, and each record opens by itself; that costs more time and 9 bytes more.

There is no forward secrecy: whoever gets the service's private key and root some day reads all that was ever sealed to it.")]
pub(crate) struct SealArgs {
    /// The capability to whose service it is sealed
    #[arg(long, value_name = "CAP", required = true, add = names([NameKind::Capability]))]
    cap: String,
    #[command(flatten)]
    form: FormArgs,
    /// Show the service that this key of yours sealed it
    #[arg(long, value_name = "KEY", add = names([NameKind::Key]))]
    from: Option<String>,
    /// Do not send the sender's key along: the capability is bound to it, so that its service knows it
    #[arg(long)]
    mutual: bool,
    /// Make records that open each by itself
    #[arg(long)]
    single: bool,
    #[command(flatten)]
    stream: StreamArgs,
}

/// Does it.
///
/// # Errors
/// Whatever keeps it from being done.
pub(super) fn run(args: SealArgs, context: &mut Context) -> Ended {
    let vault = context.unlocked_vault()?;
    let from = SealFrom { key: args.from, mutual: args.mutual };
    let (mut sealer, doubts) = if args.single {
        let writer = vault.single_record_writer(&args.cap, &from)?;
        let doubts = writer.doubts().to_vec();
        (LineSealer::single(writer, args.form.into()).map_err(error)?, doubts)
    } else {
        let writer = vault.record_writer(&args.cap, &from)?;
        let doubts = writer.doubts().to_vec();
        (LineSealer::many(writer, args.form.into()).map_err(error)?, doubts)
    };
    for doubt in doubts {
        context.output.note(Line::new().role(Role::Warn, "! ").plain("The service may refuse these records: ").plain(doubt).plain("."));
    }
    let first = sealer.first_line().map_err(error)?;
    lines::through(&args.stream, context, Some(first), |line, _| sealer.seal(line).map(Some))
}
