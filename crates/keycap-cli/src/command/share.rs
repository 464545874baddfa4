//! `keycap share`: a capability or card on its way to whoever shall have it.

use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args};
use keycap_vault::qr::Qr;
use keycap_vault::view::SharedView;
use keycap_vault::{Outgoing, ShareHow, ShareRequest, Vault, VaultError};
use serde::Serialize;

use super::recipient;
use crate::args::names::{NameKind, SHAREABLE, names};
use crate::context::Context;
use crate::error::CliError;
use crate::exit::{DONE, Ended};
use crate::file::{self, Access, Existing};
use crate::output;
use crate::output::line::{Line, Role};
use crate::output::page::Page;

mod age_handle;

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("how").args(["qr", "png", "svg", "pdf", "to", "copy", "reveal", "age_recipient", "age_identity"]), after_long_help = "  keycap share alice --to bob --output alice.age
  keycap share alice --png alice.png
  keycap share alice --pdf alice.pdf
  keycap share key:operator --reveal
  keycap share alice --reveal | wl-copy
  keycap share key:operator --age-recipient
  keycap share key:operator --age-identity > identity.txt

A capability that is shared a second time gets a link of its own first, so that each share can be revoked alone.")]
pub(crate) struct ShareArgs {
    /// The grant, capability, key or service; grant:NAME, cap:NAME, key:NAME or service:NAME where it could be several
    #[arg(value_name = "CAP|KEY", add = names(SHAREABLE))]
    target: String,
    /// Show a QR code
    #[arg(long)]
    qr: bool,
    /// Write a QR code as a PNG picture
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    png: Option<PathBuf>,
    /// Write a QR code as an SVG picture
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    svg: Option<PathBuf>,
    /// Write a page to print: QR code, text and what it allows, as PDF
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pdf: Option<PathBuf>,
    /// Seal it to this recipient: a key, a key card or a file that holds one, age1…, an SSH public key; may be given more than once
    #[arg(long, value_name = "RECIPIENT", add = names([NameKind::Key]), value_hint = clap::ValueHint::FilePath)]
    to: Vec<String>,
    /// Copy its text to the clipboard, past clipboard histories, and clear it after 25 seconds
    #[arg(long)]
    copy: bool,
    /// Print its text
    #[arg(long)]
    reveal: bool,
    /// Print an age1keycap1… for age and rage, which then seal to this key or capability; nothing in it is secret
    #[arg(long)]
    age_recipient: bool,
    /// Print an AGE-PLUGIN-KEYCAP-1… for age and rage, which then open with this key or service; the secret stays in the vault
    #[arg(long)]
    age_identity: bool,
    /// With --age-recipient: show this key of yours to the reader as the sender
    #[arg(long, value_name = "KEY", requires = "age_recipient", add = names([NameKind::Key]))]
    from: Option<String>,
    /// With --age-recipient: the reader has the sender's card already, so that the key does not travel along
    #[arg(long, requires = "age_recipient")]
    mutual: bool,
    /// Write to this file instead; for --to the default is the name and `.age`, `-` is standard output
    #[arg(short, long, value_name = "FILE", conflicts_with_all = ["qr", "png", "svg", "pdf", "copy", "age_recipient", "age_identity"], value_hint = clap::ValueHint::FilePath)]
    output: Option<PathBuf>,
    /// Replace the file if there is one
    #[arg(long)]
    force: bool,
    /// Give this share a name of its own, with a link of its own
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Do it without asking
    #[arg(short, long)]
    yes: bool,
}

/// What became of a share.
#[derive(Serialize)]
struct Shared<'a> {
    #[serde(flatten)]
    shared: &'a SharedView,
    how: &'static str,
    /// The file that was written.
    file: Option<&'a Path>,
    /// The text, if it was asked for.
    text: Option<&'a str>,
}

/// How it is to leave.
enum How {
    Qr,
    Picture { path: PathBuf, svg: bool },
    Page { path: PathBuf },
    Sealed { recipients: Vec<String>, path: PathBuf },
    Copy,
    Reveal { path: Option<PathBuf> },
}

/// Does it.
///
/// # Errors
/// Whatever keeps it from being done.
pub(crate) fn run(args: ShareArgs, context: &mut Context) -> Ended {
    if args.age_recipient {
        return age_handle::recipient(&args, context);
    }
    if args.age_identity {
        return age_handle::identity(&args, context);
    }
    let mut vault = context.unlocked_vault()?;
    let args = ShareArgs { target: meant(args.target, &vault)?, ..args };
    let how = how(&args, &vault, context)?;
    // Everything that can be refused is refused now: a share that fails later has used up the grant's first one.
    check(&how, &args, &vault, context)?;
    let request = ShareRequest { how: how.as_logged(), name: args.name.clone() };
    let outgoing = vault.share(&args.target, &request)?;
    let existing = Existing::from(args.force);
    match how {
        How::Qr => show_qr(&outgoing, context)?,
        How::Picture { path, svg } => picture(&outgoing, &path, svg, existing, context)?,
        How::Page { path } => page(&outgoing, &path, existing, context)?,
        How::Sealed { recipients, path } => {
            let sealed = vault.seal_outgoing(&outgoing, &recipients)?;
            sealed_file(&outgoing, &sealed, &path, existing, context)?;
        }
        How::Copy => copy(&outgoing, context)?,
        How::Reveal { path: Some(path) } => revealed_file(&outgoing, &path, existing, context)?,
        How::Reveal { path: None } => reveal(&outgoing, context)?,
    }
    DONE
}

/// Shows the code, with what it is beside it.
///
/// # Errors
/// If it does not fit, or cannot be written.
pub(crate) fn show_qr(outgoing: &Outgoing, context: &mut Context) -> Result<(), CliError> {
    let view = outgoing.view();
    let caption = [
        Line::new().name(&view.name),
        Line::new(),
        Line::from(&view.sentence),
        Line::new(),
        if view.secret { Line::new().role(Role::Warn, "Whoever scans it has it.") } else { Line::new() },
    ];
    output::qr::show(&outgoing.qr_payload(), &caption, &mut context.output, context.prompt)
}

/// What a name means that is also somebody's key card: the capability for them, which often has their name. Their card is theirs to share; with
/// a key of one's own it stays open which is meant.
fn meant(target: String, vault: &Vault) -> Result<String, CliError> {
    let found = |error: VaultError| if error.code() == "not-found" { Ok(false) } else { Err(CliError::from(error)) };
    if !vault.key(&target).map(|key| !key.own).or_else(found)? {
        return Ok(target);
    }
    let held = vault.capability(&target).map(|_| true).or_else(found)?;
    let granted = vault.grant(&target).map(|_| true).or_else(found)?;
    Ok(match (held, granted) {
        (true, false) => format!("cap:{target}"),
        (false, true) => format!("grant:{target}"),
        (true, true) | (false, false) => target,
    })
}

/// What the options say, or the person picks.
fn how(args: &ShareArgs, vault: &Vault, context: &Context) -> Result<How, CliError> {
    if args.qr {
        return Ok(How::Qr);
    }
    if let Some(path) = &args.png {
        return Ok(How::Picture { path: path.clone(), svg: false });
    }
    if let Some(path) = &args.svg {
        return Ok(How::Picture { path: path.clone(), svg: true });
    }
    if let Some(path) = &args.pdf {
        return Ok(How::Page { path: path.clone() });
    }
    if args.copy {
        return Ok(How::Copy);
    }
    if args.reveal {
        return Ok(How::Reveal { path: args.output.clone().filter(|path| !file::is_standard(path)) });
    }
    if !args.to.is_empty() {
        let recipients = args.to.iter().map(|recipient| recipient::resolve(recipient, vault)).collect::<Result<_, _>>()?;
        return Ok(sealed(recipients, args));
    }
    if !context.prompt.is_interactive() {
        return Err(CliError::usage("share-how", "it does not say how to share")
            .hint("add --qr, --png FILE, --svg FILE, --pdf FILE, --to RECIPIENT, --copy or --reveal"));
    }
    const SEALED: &str = "sealed to its recipient   only they can open the file";
    const QR: &str = "as a QR code              whoever scans it has it";
    const COPY: &str = "through the clipboard     cleared after 25 seconds";
    match context.prompt.select("How?", vec![SEALED, QR, COPY])? {
        SEALED => {
            let keys: Vec<String> = vault.keys(None)?.into_iter().map(|key| key.name).collect();
            if keys.is_empty() {
                return Err(
                    CliError::failed("no-recipient", "there is no key card to seal it to").hint("take in the recipient's card with `keycap add`")
                );
            }
            Ok(sealed(vec![context.prompt.select("To whom?", keys)?], args))
        }
        QR => Ok(How::Qr),
        _ => Ok(How::Copy),
    }
}

fn sealed(recipients: Vec<String>, args: &ShareArgs) -> How {
    let name = args.name.as_deref().unwrap_or(&args.target);
    let name = name.rsplit([':', '/']).next().unwrap_or(name);
    How::Sealed { recipients, path: args.output.clone().unwrap_or_else(|| PathBuf::from(format!("{name}.age"))) }
}

/// Refuses what would fail after the share was made.
fn check(how: &How, args: &ShareArgs, vault: &Vault, context: &mut Context) -> Result<(), CliError> {
    let path = match how {
        How::Picture { path, .. } | How::Page { path } | How::Sealed { path, .. } | How::Reveal { path: Some(path) } => Some(path),
        How::Qr | How::Copy | How::Reveal { path: None } => None,
    };
    match path {
        Some(path) if file::is_standard(path) && context.output.is_terminal() => {
            return Err(CliError::usage("binary-to-terminal", "the file is binary, and standard output is a terminal")
                .hint("name a file, or pipe it somewhere"));
        }
        Some(path) if !file::is_standard(path) => file::check(path, Existing::from(args.force))?,
        Some(_) | None => {}
    }
    if matches!(how, How::Qr) && context.output.is_json() {
        return Err(CliError::usage("qr-as-json", "a QR code is for people, JSON for programs").hint("use --png FILE or --svg FILE with --json"));
    }
    let shows = matches!(how, How::Reveal { path: None }) && context.output.is_terminal();
    if shows && !args.yes && !is_card(&args.target, vault)? {
        if !context.prompt.is_interactive() {
            return Err(CliError::usage("needs-consent", "this shows a secret on a terminal").hint("add --yes if you mean it"));
        }
        if !context.prompt.confirm("Whoever sees the text has the capability, and the terminal keeps it in its history. Show it?")? {
            return Err(CliError::cancelled());
        }
    }
    Ok(())
}

/// Whether it is a card, which is no secret.
fn is_card(target: &str, vault: &Vault) -> Result<bool, CliError> {
    if target.starts_with("key:") || target.starts_with("service:") {
        return Ok(true);
    }
    let target = target.strip_prefix("cap:").or_else(|| target.strip_prefix("grant:")).unwrap_or(target);
    let found = |error: VaultError| if error.code() == "not-found" { Ok(false) } else { Err(CliError::from(error)) };
    let secret = vault.capability(target).map(|_| true).or_else(found)? || vault.grant(target).map(|_| true).or_else(found)?;
    Ok(!secret)
}

fn picture(outgoing: &Outgoing, path: &Path, svg: bool, existing: Existing, context: &mut Context) -> Result<(), CliError> {
    let fail = |error: keycap_vault::qr::QrError| CliError::failed("qr", error.to_string()).hint("seal it to its recipient with --to KEY");
    let code = Qr::for_picture(outgoing.qr_payload().expose()).map_err(fail)?;
    let access = if outgoing.view().secret { Access::Private } else { Access::Usual };
    if svg {
        write(path, code.svg().expose().as_bytes(), access, existing, context)?;
    } else {
        let scale = std::num::NonZeroU8::new(PIXELS).unwrap_or(std::num::NonZeroU8::MIN);
        write(path, code.png(scale).map_err(fail)?.expose(), access, existing, context)?;
    }
    wrote(outgoing, "picture", path, "wrote its QR code to ", context)
}

fn page(outgoing: &Outgoing, path: &Path, existing: Existing, context: &mut Context) -> Result<(), CliError> {
    let access = if outgoing.view().secret { Access::Private } else { Access::Usual };
    write(path, outgoing.page()?.expose(), access, existing, context)?;
    wrote(outgoing, "page", path, "wrote a page to print to ", context)
}

/// Pixels for a module's side in a PNG: a code of version 8 then has some 450.
const PIXELS: u8 = 8;

fn sealed_file(outgoing: &Outgoing, sealed: &[u8], path: &Path, existing: Existing, context: &mut Context) -> Result<(), CliError> {
    write(path, sealed, Access::Usual, existing, context)?;
    wrote(outgoing, "sealed", path, "sealed it into ", context)
}

fn revealed_file(outgoing: &Outgoing, path: &Path, existing: Existing, context: &mut Context) -> Result<(), CliError> {
    let access = if outgoing.view().secret { Access::Private } else { Access::Usual };
    let mut text = String::with_capacity(outgoing.text().expose().len() + 1);
    text.push_str(outgoing.text().expose());
    text.push('\n');
    write(path, text.as_bytes(), access, existing, context)?;
    wrote(outgoing, "reveal", path, "wrote its text to ", context)
}

fn write(path: &Path, bytes: &[u8], access: Access, existing: Existing, context: &mut Context) -> Result<(), CliError> {
    if file::is_standard(path) { context.output.raw(bytes) } else { file::write(path, bytes, access, existing) }
}

fn wrote(outgoing: &Outgoing, how: &'static str, path: &Path, what: &str, context: &mut Context) -> Result<(), CliError> {
    if file::is_standard(path) {
        return Ok(());
    }
    let shared = Shared { shared: outgoing.view(), how, file: Some(path), text: None };
    context.output.show("shared", &shared, |page| {
        said(outgoing, page)?;
        page.done(Line::from(what).strong(path.display().to_string()))
    })
}

fn reveal(outgoing: &Outgoing, context: &mut Context) -> Result<(), CliError> {
    let shared = Shared { shared: outgoing.view(), how: "reveal", file: None, text: Some(outgoing.text().expose()) };
    context.output.notes(|page| said(outgoing, page));
    context.output.show("shared", &shared, |page| page.line(outgoing.text().expose()))
}

fn copy(outgoing: &Outgoing, context: &mut Context) -> Result<(), CliError> {
    super::clipboard::copy(outgoing.text())?;
    let shared = Shared { shared: outgoing.view(), how: "copy", file: None, text: None };
    context.output.show("shared", &shared, |page| {
        said(outgoing, page)?;
        page.done("copied its text to the clipboard; it is cleared in 25 seconds, unless something else was copied by then")
    })
}

/// What is going out, and that it got a link of its own if it did.
fn said(outgoing: &Outgoing, page: &mut Page<'_>) -> std::io::Result<()> {
    let view = outgoing.view();
    page.paragraph(Line::new().name(&view.name).plain(": ").plain(&view.sentence))?;
    if view.reissued { page.paragraph(Line::new().quiet("It has a link of its own: this share can be revoked alone.")) } else { Ok(()) }
}

impl How {
    fn as_logged(&self) -> ShareHow {
        match self {
            Self::Qr => ShareHow::Qr,
            Self::Picture { .. } => ShareHow::Picture,
            Self::Page { .. } => ShareHow::Page,
            Self::Sealed { .. } => ShareHow::Sealed,
            Self::Copy => ShareHow::Copy,
            Self::Reveal { .. } => ShareHow::Reveal,
        }
    }
}
