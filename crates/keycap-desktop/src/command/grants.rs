//! The tree of grants.

use keycap_vault::view::{GrantView, GrantsPage};
use keycap_vault::words::TimeWords;
use keycap_vault::{Environment, GrantQuery, Vault};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{Readers, write_file};
use crate::error::UiError;
use crate::host::Host;
use crate::person::Files;
use crate::tree_picture::TreePicture;

/// Minted grants that one page lists at most.
const LIMIT: u32 = 500;
/// Lines below each of them that one page lists at most.
const BELOW: u32 = 500;

/// Which page of the tree.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, TS)]
pub(crate) struct GrantsAsk {
    /// Only those of this service.
    pub service: Option<String>,
    /// Only those whose name holds this text.
    pub search: Option<String>,
    /// Only what stands below this grant, by its rid.
    pub under: Option<String>,
    /// How many minted grants (or matches) to pass over.
    pub offset: u64,
    /// How many to list, at most 500.
    pub limit: u32,
    /// How many lines below each of them, at most 500.
    pub below: u32,
}

/// Minted grants that are read at once for a picture.
const READ: u32 = 200;

/// A picture of the tree that was saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub(crate) struct SavedPicture {
    /// The file.
    pub file: String,
    /// How many grants are in it.
    pub grants: usize,
}

/// A page of the tree.
pub(crate) async fn grants(host: &Host, ask: GrantsAsk) -> Result<GrantsPage, UiError> {
    let GrantsAsk { service, search, under, offset, limit, below } = ask;
    let search = search.filter(|search| !search.trim().is_empty());
    let query = GrantQuery { service, search, under, offset, limit: limit.min(LIMIT), below: below.min(BELOW) };
    host.desk.read(move |vault| Ok(vault.grants(&query)?)).await
}

/// One grant.
pub(crate) async fn grant(host: &Host, rid: String) -> Result<GrantView, UiError> {
    host.desk.read(move |vault| Ok(vault.grant(&rid)?)).await
}

/// Draws all grants, those of a service, or those below a grant (by its rid), and saves the picture where the person says.
pub(crate) async fn grants_picture(host: &Host, service: Option<String>, under: Option<String>) -> Result<SavedPicture, UiError> {
    // Whether there is something to draw, and whether the vault is open, is known before anybody is asked for a file.
    let query = GrantQuery { service: service.clone(), under: under.clone(), limit: 1, below: 0, ..GrantQuery::default() };
    if host.desk.read(move |vault| Ok(vault.grants(&query)?)).await?.total == 0 {
        return Err(UiError::new("no-grants", "There is no grant to draw."));
    }
    let file = host.ask_file("Save the picture", Files::New("keycap-grants.svg".to_owned())).await?;
    let folder = host.desk.folder().to_owned();
    // It takes longer than the window should wait for anything else.
    let drawn = tokio::task::spawn_blocking(move || {
        let vault = Vault::open(&folder, Environment::system())?;
        let picture = read_picture(&vault, service, under)?;
        let svg = picture.svg(&TimeWords::new(vault.now().as_u64()));
        write_file(&file, svg.as_bytes(), Readers::Usual)?;
        Ok(SavedPicture { file: file.display().to_string(), grants: picture.len() })
    });
    drawn.await.map_err(|_| UiError::interrupted())?
}

fn read_picture(vault: &Vault, service: Option<String>, under: Option<String>) -> Result<TreePicture, UiError> {
    if let Some(rid) = under {
        let grant = vault.grant(&rid)?;
        let mut picture = TreePicture::new(format!("Below {}", grant.name));
        picture.heading(grant.service);
        read_rows(vault, &GrantQuery { under: Some(rid), ..GrantQuery::default() }, &mut picture)?;
        return Ok(picture);
    }
    let mut picture = TreePicture::new(service.as_ref().map_or_else(|| "Grants".to_owned(), |name| format!("Grants of {name}")));
    let services = match service {
        Some(name) => vec![name],
        None => vault.services(None)?.into_iter().filter(|service| service.grants.all > 0).map(|service| service.name).collect(),
    };
    for name in services {
        picture.heading(name.clone());
        read_rows(vault, &GrantQuery { service: Some(name), ..GrantQuery::default() }, &mut picture)?;
    }
    Ok(picture)
}

fn read_rows(vault: &Vault, query: &GrantQuery, picture: &mut TreePicture) -> Result<(), UiError> {
    let mut offset = 0_u64;
    loop {
        let page = vault.grants(&GrantQuery { offset, limit: READ, ..query.clone() })?;
        let top = page.rows.first().map_or(0, |row| row.depth);
        page.rows.into_iter().for_each(|row| picture.add(row, top));
        offset += page.shown;
        if page.shown == 0 || offset >= page.total {
            return Ok(());
        }
    }
}
