//! `keycap --plain`, or at a terminal that cannot be drawn on, where there is no vault yet: from nothing to a first capability. Nothing is done
//! silently, and every step can be left with Escape; what was made until then stays.

use std::fmt;

use keycap_vault::view::ServiceView;
use keycap_vault::{Environment, KeyringState, MintRequest, NewService, SecretsChoice, ShareHow, ShareRequest, UnlockMethod, Vault, keyring_state};

use super::consider::{Proposal, consider};
use super::mint::choose_preset;
use super::share;
use crate::context::Context;
use crate::error::CliError;
use crate::exit::{DONE, Ended};
use crate::output::line::{Line, Role};

/// Guides through it.
///
/// # Errors
/// If the person leaves, or a step fails.
pub(crate) fn run(context: &mut Context) -> Ended {
    context.output.notes(|page| {
        page.heading("Welcome to keycap")?;
        page.paragraph(
            "It hands out, narrows, watches and revokes the right to reach a service. There is no vault yet; four steps make one, \
                        and a first capability. Escape leaves at any time.",
        )
    });
    let mut vault = create(context)?;
    let key = step("2/4  A key of your own: an identity, for a person, a machine or a role", context, |context| {
        let name = context.prompt.text("Its name:", Some(&login()), "others see it on your key card")?;
        Ok(vault.new_key(&name, "")?.name)
    })?;
    let begin = context.prompt.select("What brings you here?", vec![Aim::Serve, Aim::Receive, Aim::Look])?;
    match begin {
        Aim::Serve => {
            let service = step("3/4  A service: something that listens already, put behind keycap", context, |context| service(&mut vault, context))?;
            step("4/4  A capability: what lets somebody in", context, |context| capability(&mut vault, &service, context))?;
        }
        Aim::Receive => context.output.notes(|page| {
            page.blank()?;
            page.paragraph("Whoever wants to let you in binds it to your key, or seals it to it. Give them your card:")?;
            page.next(format!("keycap share {key} --qr"), "as a QR code")?;
            page.next(format!("keycap key show {key}"), "as text")?;
            page.next("keycap add", "then take in what they give you")
        }),
        Aim::Look => context.output.notes(|page| {
            page.blank()?;
            page.next("keycap tour", "the whole story in ten seconds")?;
            page.next("keycap", "how things stand")?;
            page.next("keycap --help", "everything else")
        }),
    }
    DONE
}

/// Makes a vault, with its secrets where the person chooses.
///
/// # Errors
/// If the person leaves, or it cannot be made.
pub(crate) fn create(context: &mut Context) -> Result<Vault, CliError> {
    let folder = context.folder()?;
    step("1/4  Where secrets rest", context, |context| {
        let state = keyring_state();
        let mut places = Vec::new();
        match &state {
            KeyringState::Ready => places.push(Place::Keyring { locked: false }),
            KeyringState::Locked => places.push(Place::Keyring { locked: true }),
            KeyringState::Unusable { why, .. } => {
                context.output.note(Line::new().quiet(format!("The system's keyring cannot be used: {}.", why.split(": ").next().unwrap_or(why))))
            }
        }
        places.push(Place::Passphrase);
        context.output.note(Line::new().quiet("Nothing secret is ever kept in plain text."));
        match context.prompt.select("Keep them", places)? {
            Place::Keyring { .. } => Ok(Vault::create(&folder, SecretsChoice::Keyring, Environment::system())?),
            Place::Passphrase => {
                let passphrase = context.prompt.new_passphrase("A passphrase for the vault:")?;
                let method = UnlockMethod::Passphrase { passphrase: &passphrase, work_factor: None };
                Ok(Vault::create(&folder, SecretsChoice::Sealed(method), Environment::system())?)
            }
        }
    })
    .inspect(|vault| {
        let folder = vault.folder().display().to_string();
        context.output.notes(|page| page.done(Line::from("made the vault in ").strong(folder)));
    })
}

fn service(vault: &mut Vault, context: &mut Context) -> Result<ServiceView, CliError> {
    let name = context.prompt.text("Its name:", None, "such as orders, wiki or staging-db")?;
    let hint = context.prompt.text("Where will its gateway be found?", Some(""), "host:port, as others reach it; empty if you do not know yet")?;
    let hints = if hint.is_empty() { Vec::new() } else { vec![hint] };
    Ok(vault.new_service(&NewService { name, hints, ..NewService::default() })?)
}

fn capability(vault: &mut Vault, service: &ServiceView, context: &mut Context) -> Result<(), CliError> {
    let name = context.prompt.text("For whom?", None, "a name for your records, such as alice")?;
    let preset = Some(choose_preset(context)?);
    let request = MintRequest { service: service.name.clone(), name, preset, ..MintRequest::default() };
    let preview = vault.mint_preview(&request)?;
    let proposal = Proposal { sentence: &preview.sentence, warnings: &preview.warnings, command: &preview.command };
    consider(&proposal, "Mint it?", false, context)?;
    let grant = vault.mint(&request)?;
    context.output.notes(|page| {
        page.done(Line::from("minted ").name(&grant.name))?;
        page.blank()?;
        page.next(format!("keycap serve {} --listen 0.0.0.0:7000 --to HOST:PORT", service.name), "")?;
        page.next("keycap vault backup", "before anything is lost")?;
        page.next(format!("keycap share {} --to KEY", grant.name), "hand it over sealed")
    });
    if context.prompt.agree("Show its QR code now?")? {
        let outgoing = vault.share(&format!("grant:{}", grant.rid), &ShareRequest { how: ShareHow::Qr, name: None })?;
        share::show_qr(&outgoing, context)?;
    }
    Ok(())
}

/// One step: its heading, then what it asks, again where an answer cannot be taken.
fn step<T>(heading: &str, context: &mut Context, mut ask: impl FnMut(&mut Context) -> Result<T, CliError>) -> Result<T, CliError> {
    context.output.notes(|page| {
        page.blank()?;
        page.heading(heading)
    });
    loop {
        match ask(context) {
            Err(error) if matches!(error.code, "bad-name" | "name-taken" | "bad-input" | "bad-capability") => {
                context.output.note(Line::new().role(Role::Bad, &error.message));
                if let Some(hint) = &error.hint {
                    context.output.note(Line::new().quiet(hint));
                }
            }
            other => return other,
        }
    }
}

/// A name for the first key: the account's, where it can be one.
fn login() -> String {
    let name = std::env::var("USER").or_else(|_| std::env::var("USERNAME")).unwrap_or_default();
    if name.is_empty() || name == "root" { "operator".to_owned() } else { name }
}

enum Aim {
    Serve,
    Receive,
    Look,
}

impl fmt::Display for Aim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Serve => "I want to let others reach a service",
            Self::Receive => "Somebody wants to let me in",
            Self::Look => "I am just looking",
        })
    }
}

enum Place {
    Keyring { locked: bool },
    Passphrase,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Keyring { locked: false } => "in the system's keyring  it answers; nothing to type",
            Self::Keyring { locked: true } => "in the system's keyring  it is locked, and asks for its password",
            Self::Passphrase => "sealed in a file         each command that needs a secret asks a passphrase",
        })
    }
}
