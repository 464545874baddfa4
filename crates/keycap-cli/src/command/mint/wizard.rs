//! Asking for what the command line left open: service, name, preset, holder.

use std::fmt;

use keycap_vault::view::{KeyView, ServiceView};
use keycap_vault::{Limits, MintRequest, Preset, Vault, presets};

use super::missing;
use crate::context::Context;
use crate::error::CliError;

/// What the command line says.
pub(super) struct Begun {
    pub(super) service: Option<String>,
    pub(super) name: Option<String>,
    pub(super) preset: Option<String>,
    pub(super) limits: Limits,
}

/// Asks for what is missing. Whoever names service and recipient knows the options: the rest is asked for only if one of these was.
pub(super) fn complete(begun: Begun, vault: &Vault, context: &Context) -> Result<MintRequest, CliError> {
    let Begun { service, name, mut preset, mut limits } = begun;
    let asks = context.prompt.is_interactive();
    let asked = asks && (service.is_none() || name.is_none());
    let service = match service {
        Some(service) => service,
        None if asks => choose_service(vault, context)?,
        None => return Err(missing("the service", "write `keycap mint SERVICE --for NAME`")),
    };
    let name = match name {
        Some(name) => name,
        None if asks => context.prompt.text("For whom is it?", None, "a name for your records, such as alice or ci@runner")?,
        None => return Err(missing("the name of whom it is for", "write `keycap mint SERVICE --for NAME`")),
    };
    if asked && preset.is_none() && limits == Limits::default() {
        preset = Some(choose_preset(context)?);
    }
    if asked && limits.holder.is_none() {
        limits.holder = choose_holder(&name, vault, context)?;
    }
    Ok(MintRequest { service, name, preset, limits })
}

fn choose_service(vault: &Vault, context: &Context) -> Result<String, CliError> {
    let mut services: Vec<ServiceView> = vault.services(None)?.into_iter().filter(|service| service.can_serve).collect();
    if services.len() > 1 {
        let options = services.into_iter().map(|service| Choice { label: service.name.clone(), value: service.name }).collect();
        return Ok(context.prompt.select("For which service?", options)?.value);
    }
    let only = services
        .pop()
        .ok_or_else(|| CliError::failed("no-service", "there is no service to mint for").hint("make one with `keycap service new NAME`"))?;
    Ok(only.name)
}

/// The preset that the person picks.
pub(crate) fn choose_preset(context: &Context) -> Result<String, CliError> {
    let choice = |preset: &Preset| Choice { label: format!("{:<20} {}", preset.label, preset.description), value: preset.name.to_owned() };
    Ok(context.prompt.select("What may they do, and until when?", presets().iter().map(choice).collect())?.value)
}

/// The key it is bound to, if any: one of those in the vault, the one with the recipient's name first.
fn choose_holder(name: &str, vault: &Vault, context: &Context) -> Result<Option<String>, CliError> {
    let mut keys = vault.keys(None)?;
    if keys.is_empty() {
        return Ok(None);
    }
    keys.sort_by_key(|key| (key.name != name, key.own));
    let matching = keys.first().is_some_and(|key| key.name == name);
    let anyone = Choice { label: "anyone who has it".to_owned(), value: None };
    let key = |key: &KeyView| {
        let unverified = if key.verified { "" } else { ", not verified" };
        Choice { label: format!("only the key {} ({}{unverified})", key.name, key.fingerprint), value: Some(key.name.clone()) }
    };
    let mut options: Vec<Choice<Option<String>>> = keys.iter().map(key).collect();
    // Someone whose key is known by that very name is probably meant.
    options.insert(usize::from(matching), anyone);
    Ok(context.prompt.select("Who can use it?", options)?.value)
}

struct Choice<T> {
    label: String,
    value: T,
}

impl<T> fmt::Display for Choice<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.label)
    }
}
