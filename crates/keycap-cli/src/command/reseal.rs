//! `keycap reseal`: sealed files given to other recipients, by writing their headers anew.

use std::path::PathBuf;

use clap::Args;
use keycap_vault::action::Danger;
use keycap_vault::files::ResealJob;
use keycap_vault::view::FilesView;
use keycap_vault::words::number;
use keycap_vault::{OpenRequest, SealFrom};

use super::files::{self, IdentityArgs, Told};
use super::seal::{self, Sealing};
use crate::args::names::{NameKind, names};
use crate::context::{Consent, Context};
use crate::exit::Ended;

/// What resealing cannot do.
const STILL: &str = "Whoever could open these files before can still open copies of them that were made before; and, if they kept a file's own key, the \
    file as it is now. To shut them out of what is in a file, open it and seal it again.";

#[derive(Debug, Args)]
#[command(after_long_help = "  keycap reseal -r bob report.pdf.age photos.tar.age

The named recipients take the place of all that a file had; you stay one of them unless --no-self says otherwise. Only the header is written \
anew, so that this is quick for files of any size, and the file's own key stays the same. Whoever could open a file before can still open old \
copies of it and, if they kept that key, the file itself: after a key is lost or somebody leaves, open what matters and seal it again.

The proof of who sealed a file does not survive.")]
pub(crate) struct ResealArgs {
    /// To whom: a key, a key card, a group, age1…, an SSH public key, or a file with any of these; may be given more than once
    #[arg(short, long = "recipient", value_name = "RECIPIENT", required = true, add = names([NameKind::Key, NameKind::Group]), value_hint = clap::ValueHint::FilePath)]
    recipients: Vec<String>,
    /// Do not seal it to yourself as well
    #[arg(long)]
    no_self: bool,
    #[command(flatten)]
    identities: IdentityArgs,
    #[command(flatten)]
    consent: Consent,
    /// Sealed files, which are replaced
    #[arg(required = true, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    files: Vec<PathBuf>,
}

/// Does it.
///
/// # Errors
/// Whatever keeps it from being done.
pub(crate) fn run(args: ResealArgs, context: &mut Context) -> Ended {
    let sealing = Sealing { from: SealFrom::default(), with_self: !args.no_self };
    let recipients = seal::recipients(&args.recipients, &sealing, None, context)?;
    let views = recipients.views().to_vec();
    let (identities, vault) = args.identities.identities(&args.files, OpenRequest::default(), context)?;
    let files = match args.files.as_slice() {
        [one] => one.display().to_string(),
        several => format!("{} files", number(u64::try_from(several.len()).unwrap_or(u64::MAX))),
    };
    let question = format!("Seal {files} anew, to {} and nobody else?", files::recipients_line(&views).text());
    context.ask_first(Danger::Moderate, &args.consent, &files, &question)?;
    let notes: Vec<String> = recipients.notes().iter().cloned().chain([STILL.to_owned()]).collect();
    let job = ResealJob::new(recipients, identities, args.files);
    let reports = files::watched(context, Some(job.bytes()), |progress, cancel| job.run(progress, cancel));
    let view = FilesView::of(&reports, vault.as_ref())?;
    let told = Told { kind: "resealed", verb: "resealed", recipients: &views, notes: &notes, standard: false };
    files::tell(view, &reports, &told, context)
}
