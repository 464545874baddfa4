//! `keycap add`: taking in a capability or card. It is looked at first, and shown; nothing is stored before that.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use clap::Args;
use keycap_vault::qr::read_qr;
use keycap_vault::view::{AddedView, IncomingView};
use keycap_vault::{AcceptAs, Incoming, Vault};

use super::state;
use crate::context::Context;
use crate::error::CliError;
use crate::exit::{DONE, Ended};
use crate::file;
use crate::output::line::Line;
use crate::output::page::Page;
use crate::paste::paste;
use keycap_vault::SecretText;
use keycap_vault::words::TimeWords;

#[derive(Debug, Args)]
#[command(after_long_help = "  keycap add --clipboard
  keycap add - --name billing --yes <capability.txt
  keycap add bob.keycap   # a key card")]
pub(crate) struct AddArgs {
    /// A file (text, a sealed file, a picture of a QR code), `-` for standard input, or a card's text; none: paste it
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    source: Option<String>,
    /// Take it from the clipboard: text, or a picture of a QR code
    #[arg(long, conflicts_with_all = ["source", "qr_image"])]
    clipboard: bool,
    /// Read a QR code from this picture: PNG, JPEG, WebP or BMP
    #[arg(long, value_name = "FILE", conflicts_with = "source", value_hint = clap::ValueHint::FilePath)]
    qr_image: Option<PathBuf>,
    /// The name it gets, instead of the suggested one
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Where its gateway is, host:port or unix:/path, if not where it says
    #[arg(long, value_name = "ADDRESS")]
    gateway: Option<String>,
    /// Take the place of what has that name
    #[arg(long)]
    replace: bool,
    /// Show what it is, and take nothing in
    #[arg(long)]
    dry_run: bool,
    /// Take it in without asking
    #[arg(short, long)]
    yes: bool,
}

/// More than a photograph of a QR code has.
const MAX_BYTES: u64 = 64 << 20;
/// What age files begin with, as they are and as text.
const AGE_HEADERS: [&[u8]; 2] = [b"age-encryption.org/v1", b"-----BEGIN AGE ENCRYPTED FILE-----"];
/// What cards begin with: they are no secrets and may be arguments.
const CARDS: [&str; 2] = ["keycap1", "keycap-service1"];

/// Does it.
///
/// # Errors
/// Whatever keeps it from being done.
pub(crate) fn run(args: AddArgs, context: &mut Context) -> Ended {
    let mut vault = context.unlocked_vault()?;
    let mut texts = texts(&args, &mut vault, context)?;
    let incoming = choose(&texts, &vault, context)?;
    let times = context.times(&vault);
    if args.dry_run {
        let view = incoming.view();
        context.output.show("incoming", view, |page| preview(view, &times, page))?;
        return DONE;
    }
    let view = incoming.view().clone();
    context.output.notes(|page| preview(&view, &times, page));
    if let Some(name) = &view.duplicate_of {
        let error = CliError::failed("already-here", format!("this {} is here already", view.kind.replace('-', " ")));
        return Err(error.with(name).hint(format!("see `keycap {} {name}`", if view.kind == "capability" { "caps" } else { "key show" })));
    }
    let suggested = file_name(&args, &view, &vault).unwrap_or_else(|| view.suggested_name.clone());
    let name = match args.name {
        Some(name) => name,
        None if context.prompt.is_interactive() && !args.yes => {
            context.prompt.text("Take it in as:", Some(&suggested), "another name, or Esc to leave it")?
        }
        None => suggested,
    };
    let added = vault.accept(incoming, &AcceptAs { name: Some(name), gateway: args.gateway, replace: args.replace })?;
    let cleared = args.clipboard && added.kind == "capability" && texts.pop().is_some_and(super::clipboard::clear);
    if cleared {
        context.output.note(Line::new().quiet("It is off the clipboard again."));
    }
    context.output.show("added", &added, |page| done(&added, page))?;
    DONE
}

/// The name of the file, for a capability of a service that is not known here: better to type than a fingerprint.
fn file_name(args: &AddArgs, view: &IncomingView, vault: &Vault) -> Option<String> {
    let path = args.qr_image.as_deref().or_else(|| args.source.as_deref().map(Path::new)).filter(|path| path.is_file())?;
    if view.kind != "capability" || view.known_as.is_some() {
        return None;
    }
    let stem = path.file_stem()?.to_str()?;
    let speaks = stem.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)) && stem.starts_with(|c: char| c.is_ascii_alphabetic());
    (speaks && vault.capability(stem).is_err()).then(|| stem.to_owned())
}

/// The text, or the texts that a picture holds.
fn texts(args: &AddArgs, vault: &mut Vault, context: &Context) -> Result<Vec<SecretText>, CliError> {
    if args.clipboard {
        return super::clipboard::read();
    }
    if let Some(path) = &args.qr_image {
        return from_picture(&file::read(path, MAX_BYTES)?, path);
    }
    match args.source.as_deref() {
        Some(source)
            if CARDS.iter().any(|card| source.to_lowercase().trim_start_matches("keycap:").starts_with(card)) && !Path::new(source).exists() =>
        {
            Ok(vec![SecretText::new(source.to_owned())])
        }
        Some(source) => from_bytes(file::read(Path::new(source), MAX_BYTES)?, Path::new(source), vault),
        None if context.prompt.is_interactive() => Ok(vec![paste("Paste it here (it is not shown), then press Enter:")?]),
        None if std::io::stdin().is_terminal() => {
            Err(CliError::usage("missing-argument", "it does not say what to take in").hint("name a file, or pipe it into `keycap add -`"))
        }
        None => from_bytes(file::read(Path::new("-"), MAX_BYTES)?, Path::new("-"), vault),
    }
}

fn from_bytes(bytes: Vec<u8>, path: &Path, vault: &mut Vault) -> Result<Vec<SecretText>, CliError> {
    if AGE_HEADERS.iter().any(|header| bytes.trim_ascii_start().starts_with(header)) {
        return Ok(vec![vault.open_shared_file(&bytes).map_err(|error| {
            let error = CliError::from(error).with(path.display());
            if error.hint.is_some() { error } else { error.hint("it has to be sealed to a key of this vault: `keycap key list`") }
        })?]);
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(vec![SecretText::new(text)]),
        Err(binary) => from_picture(binary.as_bytes(), path),
    }
}

fn from_picture(bytes: &[u8], path: &Path) -> Result<Vec<SecretText>, CliError> {
    read_qr(bytes).map_err(|error| CliError::failed("qr-unreadable", error.to_string()).with(path.display()))
}

/// The one that is meant, of what was found.
fn choose(texts: &[SecretText], vault: &Vault, context: &Context) -> Result<Incoming, CliError> {
    let mut found = Vec::new();
    let mut refused = None;
    for text in texts {
        match vault.inspect(text.expose()) {
            Ok(incoming) => found.push(incoming),
            Err(error) => refused = Some(error),
        }
    }
    match (found.len(), refused) {
        (0, Some(error)) => Err(error.into()),
        (0, None) => Err(CliError::failed("nothing-found", "there is nothing in it")),
        (1, _) => found.pop().ok_or_else(|| CliError::failed("nothing-found", "there is nothing in it")),
        (_, _) if context.prompt.is_interactive() => {
            let titles: Vec<String> = found.iter().map(|incoming| incoming.view().title.clone()).collect();
            let chosen = context.prompt.select("There are several. Which one?", titles)?;
            let place = found.iter().position(|incoming| incoming.view().title == chosen).unwrap_or_default();
            Ok(found.swap_remove(place))
        }
        (several, _) => {
            Err(CliError::failed("several-found", format!("there are {several} of them in it")).hint("cut the picture so that it shows one code"))
        }
    }
}

/// What it is, before it is taken in.
fn preview(view: &IncomingView, times: &TimeWords, page: &mut Page<'_>) -> std::io::Result<()> {
    page.paragraph(Line::new().strong(&view.title))?;
    let known = view.known_as.as_ref().map_or_else(|| Line::new().quiet("  not known here"), |name| Line::from("  known as ").name(name));
    page.field("fingerprint", Line::from(&view.fingerprint).and(known))?;
    page.optional_field("allows", (!view.allows.is_empty()).then_some(&view.allows))?;
    page.optional_field("holder", view.holder.as_ref().map(|holder| state::holder(Some(holder))))?;
    page.optional_field("expires", view.expires.map(|at| times.full(at)))?;
    view.warnings.iter().try_for_each(|warning| page.warning(warning))
}

fn done(added: &AddedView, page: &mut Page<'_>) -> std::io::Result<()> {
    let what = added.kind.replace('-', " ");
    let instead = added.replaced.as_ref().map(|name| format!(", in the place of {name}")).unwrap_or_default();
    page.done(Line::from("took in the ").plain(what).plain(" ").name(&added.name).plain(instead))?;
    page.blank()?;
    match added.kind {
        "capability" => {
            page.next(format!("keycap run {} -- COMMAND", added.name), "use it")?;
            page.next(format!("keycap delegate {} --for NAME", added.name), "hand on a narrower one")
        }
        "key-card" => page.next(format!("keycap key verify {}", added.name), "compare its fingerprint"),
        _ => page.next(format!("keycap service show {}", added.name), "look at it"),
    }
}
