//! Sharing: a code on the screen, a picture, a sealed file, the clipboard. The text itself never reaches the page.

use std::num::NonZeroU8;
use std::path::PathBuf;
use std::time::Instant;

use keycap_vault::clipboard::{Ending, copy_secret};
use keycap_vault::qr::Qr;
use keycap_vault::view::SharedView;
use keycap_vault::{Outgoing, ShareHow, ShareRequest, Vault};
use serde::Serialize;
use ts_rs::TS;

use super::{Readers, write_file};
use crate::error::UiError;
use crate::event::Event;
use crate::host::Host;
use crate::person::Files;
use crate::shelf::{CLIPBOARD, CODE};

/// Something that was shared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub(crate) struct Shared {
    /// What it is.
    pub what: SharedView,
    /// The code on the screen: a handle, from which the window draws a picture that scripts cannot read.
    pub code: Option<String>,
    /// Seconds for which the code, or the text on the clipboard, stays; `None`: it is no secret and stays.
    pub seconds: Option<u64>,
    /// The file that was written.
    pub file: Option<String>,
}

/// Pixels a module of a picture that is saved: enough for print.
const PIXELS: NonZeroU8 = NonZeroU8::MIN.saturating_add(11);

/// Shows it as a code.
pub(crate) async fn share_code(host: &Host, target: String, name: Option<String>) -> Result<Shared, UiError> {
    let outgoing = share(host, target, ShareHow::Qr, name).await?;
    let svg = Qr::for_picture(outgoing.qr_payload().expose()).map_err(keycap_vault::VaultError::from)?.svg();
    let code = host.shelf.keep_code(svg, Instant::now());
    Ok(Shared { what: outgoing.view().clone(), code: Some(code), seconds: Some(CODE.as_secs()), file: None })
}

/// Takes the code off the screen.
pub(crate) async fn share_hide(host: &Host, code: String) -> Result<(), UiError> {
    host.shelf.drop_code(&code);
    Ok(())
}

/// Puts its text on the clipboard, from which it goes again.
pub(crate) async fn share_copy(host: &Host, target: String, name: Option<String>) -> Result<Shared, UiError> {
    let outgoing = share(host, target, ShareHow::Copy, name).await?;
    let what = outgoing.view().clone();
    let held = tokio::task::spawn_blocking(move || {
        let text = keycap_vault::SecretText::new(outgoing.text().expose().to_owned());
        copy_secret(text, CLIPBOARD)
    })
    .await
    .map_err(|_| UiError::interrupted())??;
    host.shelf.hold_clipboard(held);
    Ok(Shared { what, code: None, seconds: Some(CLIPBOARD.as_secs()), file: None })
}

/// Takes what keycap put on the clipboard off it, if it is still there.
pub(crate) async fn clipboard_clear(host: &Host) -> Result<bool, UiError> {
    let Some(held) = host.shelf.take_clipboard() else { return Ok(false) };
    let ending = tokio::task::spawn_blocking(move || held.clear_now()).await.map_err(|_| UiError::interrupted())??;
    host.desk.tell(Event::ClipboardCleared);
    Ok(ending == Ending::Cleared)
}

/// Saves it as a picture of a code, where the person says.
pub(crate) async fn share_picture(host: &Host, target: String, name: Option<String>) -> Result<Shared, UiError> {
    let file = new_file(host, "Save the QR code as a picture", &target, name.as_deref(), "png").await?;
    let outgoing = share(host, target, ShareHow::Picture, name).await?;
    let qr = Qr::for_picture(outgoing.qr_payload().expose()).map_err(keycap_vault::VaultError::from)?;
    let png = qr.png(PIXELS).map_err(keycap_vault::VaultError::from)?;
    write_file(&file, png.expose(), Readers::of(outgoing.view().secret))?;
    Ok(written(&outgoing, file))
}

/// Saves it as a page to print, where the person says.
pub(crate) async fn share_page(host: &Host, target: String, name: Option<String>) -> Result<Shared, UiError> {
    let file = new_file(host, "Save the page to print", &target, name.as_deref(), "pdf").await?;
    let outgoing = share(host, target, ShareHow::Page, name).await?;
    write_file(&file, outgoing.page()?.expose(), Readers::of(outgoing.view().secret))?;
    Ok(written(&outgoing, file))
}

/// Saves a card, which is no secret, as text.
pub(crate) async fn share_card(host: &Host, target: String) -> Result<Shared, UiError> {
    let outgoing = share(host, target.clone(), ShareHow::Copy, None).await?;
    if outgoing.view().secret {
        return Err(UiError::new("secret", "A capability is not saved as plain text.").hint("Seal it to its recipient, or save a picture."));
    }
    let file = new_file(host, "Save the card", &target, None, "keycap").await?;
    write_file(&file, format!("{}\n", outgoing.text().expose()).as_bytes(), Readers::Usual)?;
    Ok(written(&outgoing, file))
}

/// Seals it to these recipients, into a file where the person says.
pub(crate) async fn share_sealed(host: &Host, target: String, name: Option<String>, recipients: Vec<String>) -> Result<Shared, UiError> {
    if recipients.is_empty() {
        return Err(UiError::new("bad-input", "It has to be sealed to somebody.").hint("Choose a recipient."));
    }
    let file = new_file(host, "Save the sealed capability", &target, name.as_deref(), "age").await?;
    let request = ShareRequest { how: ShareHow::Sealed, name };
    let (outgoing, sealed) = host
        .desk
        .keep(move |vault| {
            let outgoing = vault.share(&target, &request)?;
            let sealed = vault.seal_outgoing(&outgoing, &recipients)?;
            Ok((outgoing, sealed))
        })
        .await?;
    write_file(&file, &sealed, Readers::Usual)?;
    Ok(written(&outgoing, file))
}

async fn share(host: &Host, target: String, how: ShareHow, name: Option<String>) -> Result<Outgoing, UiError> {
    let request = ShareRequest { how, name };
    let is_card = ["key:", "service:"].iter().any(|kind| target.starts_with(kind));
    let work = move |vault: &mut Vault| Ok(vault.share(&target, &request)?);
    // A card is public, and given to others before anything was unlocked; still it is the thread with the secrets that shares.
    if is_card { host.desk.keep_public(work).await } else { host.desk.keep(work).await }
}

async fn new_file(host: &Host, title: &'static str, target: &str, name: Option<&str>, end: &str) -> Result<PathBuf, UiError> {
    let stem = name.unwrap_or_else(|| target.rsplit([':', '/']).next().unwrap_or(target));
    // A rid says nothing to a person, and is longer than any name.
    let stem = if stem.len() == 32 && stem.chars().all(|c| c.is_ascii_hexdigit()) { "capability" } else { stem };
    host.ask_file(title, Files::New(format!("{stem}.{end}"))).await
}

fn written(outgoing: &Outgoing, file: PathBuf) -> Shared {
    Shared { what: outgoing.view().clone(), code: None, seconds: None, file: Some(file.display().to_string()) }
}
