//! The vault as a whole: whether it is there, its lock, what can be done with it.

use std::time::{Duration, Instant};

use keycap_vault::action::{ActionContext, Danger, Place as ActionPlace, actions};
use keycap_vault::view::VaultStatus;
use keycap_vault::{KeyringState, SecretText, SecretsPlace, Vault, keyring_state};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::desk::{Key, Wanted};
use crate::error::UiError;
use crate::event::Closed;
use crate::host::Host;
use crate::person::{AskPassphrase, Files};

/// What the window has to know before it shows anything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub(crate) struct Start {
    /// The program's version.
    pub version: &'static str,
    /// The vault's folder.
    pub folder: String,
    /// Whether there is a vault.
    pub has_vault: bool,
    /// Why it is closed.
    pub closed: Option<Closed>,
    /// What unlocks it, if a person has to give it.
    pub wanted: Option<Wanted>,
    /// The system's keyring; asked for only where there is no vault yet.
    pub keyring: Option<Keyring>,
    /// Whether something came from outside and waits.
    pub clipboard_left_s: u64,
}

/// Whether the system's keyring can be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub(crate) struct Keyring {
    /// Whether it can.
    pub usable: bool,
    /// Whether it asks for its password first.
    pub locked: bool,
    /// Why it cannot be used, and what to do about it.
    pub why: Option<String>,
}

/// Where a new vault keeps its secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum NewPlace {
    /// In the system's keyring.
    Keyring,
    /// In the ledger, sealed under a passphrase.
    Passphrase,
}

/// An action of the registry, with why it cannot be done now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub(crate) struct ActionView {
    /// Its stable name.
    pub id: &'static str,
    /// What a button says.
    pub label: &'static str,
    /// What it does.
    pub description: &'static str,
    /// How much it asks of a person.
    pub danger: DangerView,
    /// The key that starts it, in the lists where it works.
    pub key: Option<&'static str>,
    /// Where that key works: `everywhere`, `keys`, `services`, `grants`, `capabilities`.
    pub place: Option<&'static str>,
    /// A command line that does the same.
    pub example: &'static str,
    /// Why it cannot be done now.
    pub disabled: Option<String>,
}

/// How much an action asks of a person before it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum DangerView {
    /// Nothing.
    None,
    /// Nothing; it can be taken back.
    Mild,
    /// Yes or no.
    Moderate,
    /// A name to be typed.
    Severe,
}

/// How things stand; asked first, and of a closed vault too.
pub(crate) async fn start(host: &Host) -> Result<Start, UiError> {
    let has_vault = Vault::exists(host.desk.folder());
    let keyring = if has_vault { None } else { Some(keyring().await?) };
    Ok(Start {
        version: env!("CARGO_PKG_VERSION"),
        folder: host.desk.folder().display().to_string(),
        has_vault,
        closed: host.desk.closed(),
        wanted: host.desk.wanted().await?,
        keyring,
        clipboard_left_s: host.shelf.clipboard_left_s(),
    })
}

async fn keyring() -> Result<Keyring, UiError> {
    // Its library must not be called where futures are driven.
    let state = tokio::task::spawn_blocking(keyring_state).await.map_err(|_| UiError::interrupted())?;
    Ok(match state {
        KeyringState::Ready => Keyring { usable: true, locked: false, why: None },
        KeyringState::Locked => Keyring { usable: true, locked: true, why: None },
        KeyringState::Unusable { why, hint, .. } => Keyring { usable: false, locked: false, why: Some(format!("{why}. {hint}")) },
    })
}

/// How large the page is drawn, in percent of its usual size: all of it, as if the window were so much smaller.
pub(crate) async fn zoom(host: &Host, percent: u32) -> Result<(), UiError> {
    if !(50..=300).contains(&percent) {
        return Err(UiError::new("bad-input", "The size has to lie between 50 and 300 percent."));
    }
    host.person.zoom(f64::from(percent) / 100.0);
    Ok(())
}

/// Makes a vault. A passphrase is asked for outside the page.
pub(crate) async fn create_vault(host: &Host, place: NewPlace) -> Result<VaultStatus, UiError> {
    let place = match place {
        NewPlace::Keyring => SecretsPlace::Keyring,
        NewPlace::Passphrase => SecretsPlace::Passphrase(ask_new_passphrase(host).await?),
    };
    host.desk.create(place).await?;
    status(host).await
}

/// Asks for a passphrase that the vault is to have from now on.
///
/// # Errors
/// If the person leaves.
pub(super) async fn ask_new_passphrase(host: &Host) -> Result<SecretText, UiError> {
    let text = "It is asked for whenever the vault is opened. Nobody can restore it; a backup can.";
    host.ask_passphrase(AskPassphrase { title: "A passphrase for the vault", text, new: true }).await
}

/// Where the secrets rest, and how much there is.
pub(crate) async fn status(host: &Host) -> Result<VaultStatus, UiError> {
    // Only the thread with the secrets knows whether this window gets at them.
    let unlocked = host.desk.is_unlocked().await?;
    host.desk.read(move |vault| Ok(VaultStatus { unlocked, ..vault.status()? })).await
}

/// Somebody is at the window.
pub(crate) async fn touch(host: &Host) -> Result<(), UiError> {
    if host.desk.closed().is_none() {
        host.desk.gate().touch(Instant::now());
    }
    Ok(())
}

/// After how many minutes without a touch the vault closes.
pub(crate) async fn idle_after(host: &Host, minutes: u32) -> Result<(), UiError> {
    if !(1..=24 * 60).contains(&minutes) {
        return Err(UiError::new("bad-input", "The time has to lie between one minute and one day."));
    }
    host.desk.gate().set_idle_after(Duration::from_secs(u64::from(minutes) * 60));
    Ok(())
}

/// Whether things are told outside the window, by the desktop's notifications.
pub(crate) async fn notify(host: &Host, on: bool) -> Result<(), UiError> {
    host.notices.switch(on);
    host.changed.notify_one();
    Ok(())
}

/// Locks the vault for all processes.
pub(crate) async fn lock(host: &Host) -> Result<(), UiError> {
    host.desk.lock().await
}

/// Opens the vault; a passphrase or identity file is asked for outside the page.
pub(crate) async fn unlock(host: &Host) -> Result<(), UiError> {
    let key = match host.desk.wanted().await? {
        None => Key::Itself,
        Some(Wanted::Passphrase) => {
            Key::Passphrase(host.ask_passphrase(AskPassphrase { title: "Unlock keycap", text: "The vault's passphrase.", new: false }).await?)
        }
        Some(Wanted::Identity) => Key::Identity(host.ask_file("An age identity that opens the vault", Files::One).await?),
    };
    host.desk.unlock(key).await
}

/// Everything that can be done, in the registry's words.
pub(crate) async fn actions_now(host: &Host) -> Result<Vec<ActionView>, UiError> {
    let has_vault = Vault::exists(host.desk.folder());
    let status = if has_vault && host.desk.closed().is_none() { host.desk.read(|vault| Ok(Some(vault.status()?))).await? } else { None };
    let context = status.map_or(ActionContext { has_vault, locked: has_vault, ..ActionContext::default() }, |status| ActionContext {
        has_vault,
        locked: status.locked,
        sealed: status.protection != "keyring",
        keys: status.keys + status.cards,
        services: status.services,
        grants: status.grants,
        capabilities: status.capabilities,
    });
    let view = |action: &keycap_vault::action::Action| ActionView {
        id: action.id,
        label: action.label,
        description: action.description,
        danger: match action.danger {
            Danger::None => DangerView::None,
            Danger::Mild => DangerView::Mild,
            Danger::Moderate => DangerView::Moderate,
            Danger::Severe => DangerView::Severe,
        },
        key: action.key.map(|binding| binding.key),
        place: action.key.map(|binding| place_word(binding.place)),
        example: action.example,
        disabled: action.disabled(&context),
    };
    Ok(actions().iter().map(view).collect())
}

const fn place_word(place: ActionPlace) -> &'static str {
    match place {
        ActionPlace::Everywhere => "everywhere",
        ActionPlace::Keys => "keys",
        ActionPlace::Groups => "groups",
        ActionPlace::Services => "services",
        ActionPlace::Grants => "grants",
        ActionPlace::Capabilities => "capabilities",
        ActionPlace::Files => "files",
    }
}
