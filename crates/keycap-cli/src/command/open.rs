//! `keycap open`: sealed files, opened with the vault's keys and services, identity files or a passphrase.

use std::path::PathBuf;

use clap::Args;
use keycap_vault::files::{Folders, OpenJob};
use keycap_vault::view::FilesView;
use keycap_vault::{VaultError, WhatLapsed};

use super::files::{self, IdentityArgs, PlaceArgs, Told};
use crate::context::Context;
use crate::exit::Ended;

#[derive(Debug, Args)]
#[command(after_long_help = "  keycap open report.pdf.age photos.tar.age --output opened/
  keycap open report.pdf.age --output - | wc --bytes
  keycap open -i identity.txt theirs.age      # with an age identity file

The vault's keys and services are tried, and with them what -i names; a passphrase is asked for where it is needed. Who sealed a file is said only \
where it is proven: by the key of a sender, in a file that nobody else could have written. What was sealed with a capability opens if the capability \
allows it now.

A file that was changed, cut off or added to does not open: nothing is written that is not authentic, and no half of a file is left. Only what goes \
to standard output goes there piece by piece, each authentic by itself; trust it when the exit code is 0.")]
pub(crate) struct OpenArgs {
    #[command(flatten)]
    identities: IdentityArgs,
    /// Open also what was sealed with a capability that has expired or was revoked since; it is not shown as authorised
    #[arg(long)]
    lapsed: bool,
    /// The name under which your services take files, which capabilities have to allow
    #[arg(long, value_name = "NAME")]
    target: Option<String>,
    /// Leave a folder packed, as a tar file
    #[arg(long)]
    keep_tar: bool,
    #[command(flatten)]
    place: PlaceArgs,
    /// Sealed files; `-` is standard input
    #[arg(required = true, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    files: Vec<PathBuf>,
}

/// Does it.
///
/// # Errors
/// Whatever keeps it from being done.
pub(crate) fn run(args: OpenArgs, context: &mut Context) -> Ended {
    let place = args.place.place(&args.files, false)?;
    let inputs = files::inputs(&args.files)?;
    let lapsed = if args.lapsed { WhatLapsed::Opens } else { WhatLapsed::StaysClosed };
    let request = files::open_request(args.target.as_ref(), lapsed);
    let (identities, vault) = args.identities.identities(&args.files, request, context)?;
    let folders = if args.keep_tar { Folders::Keep } else { Folders::Unpack };
    let job = OpenJob::plan(identities, inputs, place.output, (folders, place.existing)).map_err(VaultError::from)?;
    let reports = files::watched(context, job.bytes(), |progress, cancel| job.run(progress, cancel));
    let view = FilesView::of(&reports, vault.as_ref())?;
    let told = Told { kind: "opened", verb: "opened", recipients: &[], notes: &[], standard: place.standard };
    files::tell(view, &reports, &told, context)
}
