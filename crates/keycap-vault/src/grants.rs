//! Grants: who was handed what, as a tree.

use keycap_core::chain::{Block, Caveat, Rid};
use keycap_core::time::UnixSeconds;
use keycap_store::ledger::Reading;
use keycap_store::ledger::grant::{Filter, Grant, Origin};
use keycap_store::ledger::id::ServiceId;
use keycap_store::ledger::service::Service;
use keycap_store::ledger::{Page, grant, service};

use crate::error::VaultError;
use crate::keys::{holder_text, holder_view};
use crate::sentence;
use crate::services::service_row;
use crate::vault::Vault;
use crate::view::{GrantRow, GrantView, GrantsPage, RevokedView, State, UsageView};

/// Which grants to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantQuery {
    /// Only those of the service with this name.
    pub service: Option<String>,
    /// Only those whose name holds this text, wherever they stand in the tree.
    pub search: Option<String>,
    /// Only what was delegated from this grant, by its name or rid; a search does not go together with it.
    pub under: Option<String>,
    /// How many minted grants (or matches) to pass over.
    pub offset: u64,
    /// How many to list, each with what is below it.
    pub limit: u32,
    /// How many lines below each of them to list, at most; [`GrantView::children`] says whether that was all.
    pub below: u32,
}

impl Default for GrantQuery {
    fn default() -> Self {
        Self { service: None, search: None, under: None, offset: 0, limit: 100, below: u32::MAX }
    }
}

/// Seconds before its expiry from which a grant counts as expiring soon.
pub(crate) const SOON_S: u64 = 86_400;

impl Vault {
    /// A page of the tree of grants: minted ones, newest first, each followed by what was shared and delegated below it. With a search, the
    /// grants that match, each at the depth at which it stands.
    ///
    /// # Errors
    /// [`VaultError::NotFound`] for an unknown service.
    pub fn grants(&self, query: &GrantQuery) -> Result<GrantsPage, VaultError> {
        let now = self.now();
        self.store.read(|reading| {
            let service = query.service.as_deref().map(|name| service_row(reading, name)).transpose()?.map(|row| row.id);
            let page = Page { offset: query.offset, limit: query.limit };
            let (total, found) = if let Some(under) = query.under.as_deref() {
                let parent = grant_row(reading, under)?.rid;
                (grant::child_count(reading, &parent)?, grant::children(reading, &parent, page)?)
            } else {
                let filter = Filter { service, search: query.search.clone(), roots_only: query.search.is_none() };
                (grant::count(reading, &filter)?, grant::page(reading, &filter, page)?)
            };
            let mut viewer = Viewer::new(reading, now);
            let shown = u64::try_from(found.len()).unwrap_or(u64::MAX);
            let mut rows = Vec::with_capacity(found.len());
            for root in found {
                if query.search.is_some() && query.under.is_none() {
                    let depth = u32::try_from(grant::ancestors(reading, &root.rid)?.len()).unwrap_or(u32::MAX);
                    rows.push(GrantRow { depth, last: Vec::new(), grant: viewer.view(root)? });
                } else {
                    rows.extend(viewer.tree(root, query.below)?);
                }
            }
            Ok(GrantsPage { total, offset: query.offset, shown, rows })
        })
    }

    /// A grant, by its name, `service/name`, or the beginning of its rid.
    ///
    /// # Errors
    /// [`VaultError::NotFound`]; [`VaultError::Ambiguous`] with the rids of those that it could be.
    pub fn grant(&self, reference: &str) -> Result<GrantView, VaultError> {
        let now = self.now();
        self.store.read(|reading| {
            let row = grant_row(reading, reference)?;
            Viewer::new(reading, now).view(row)
        })
    }

    /// Grants that work and expire within `seconds`, the next one first; at most `limit`.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn expiring(&self, seconds: u64, limit: u32) -> Result<Vec<GrantView>, VaultError> {
        let now = self.now();
        self.store.read(|reading| {
            let rows = grant::expiring(reading, now, now.plus(seconds), Page { offset: 0, limit })?;
            let mut viewer = Viewer::new(reading, now);
            rows.into_iter().map(|row| viewer.view(row)).collect()
        })
    }

    pub(crate) fn grant_view_by_rid(&self, rid: &Rid) -> Result<GrantView, VaultError> {
        let now = self.now();
        self.store.read(|reading| {
            let row = grant::by_rid(reading, rid)?.ok_or_else(|| not_found(&rid.to_string()))?;
            Viewer::new(reading, now).view(row)
        })
    }
}

/// The row of a grant, by its name, `service/name`, or the beginning of its rid.
pub(crate) fn grant_row(reading: &Reading<'_>, reference: &str) -> Result<Grant, VaultError> {
    let mut found = match reference.split_once('/') {
        Some((service, name)) => grant::by_name(reading, Some(service_row(reading, service)?.id), name)?,
        None => grant::by_name(reading, None, reference)?,
    };
    let hex = reference.chars().filter(|c| *c != '-').collect::<String>().to_ascii_lowercase();
    if found.is_empty() && hex.len() >= 4 && hex.chars().all(|c| c.is_ascii_hexdigit()) {
        found = grant::by_rid_prefix(reading, &hex, 10)?;
    }
    // A name that was used again means the one that still works.
    if found.len() > 1 {
        let unrevoked = found.iter().filter(|row| row.revoked.is_none()).count();
        if unrevoked == 1 {
            found.retain(|row| row.revoked.is_none());
        }
    }
    if found.len() > 1 {
        let candidates = found.iter().map(|row| row.rid.to_string().chars().take(12).collect()).collect();
        return Err(VaultError::Ambiguous { name: reference.into(), candidates });
    }
    found.pop().ok_or_else(|| not_found(reference))
}

fn not_found(reference: &str) -> VaultError {
    VaultError::NotFound { what: "grant", name: reference.into() }
}

/// Makes views of grants, remembering what many of them share.
pub(crate) struct Viewer<'r, 'c> {
    reading: &'r Reading<'c>,
    now: UnixSeconds,
    services: Vec<Service>,
}

impl<'r, 'c> Viewer<'r, 'c> {
    pub(crate) const fn new(reading: &'r Reading<'c>, now: UnixSeconds) -> Self {
        Self { reading, now, services: Vec::new() }
    }

    fn service(&mut self, id: ServiceId) -> Result<Service, VaultError> {
        if let Some(row) = self.services.iter().find(|row| row.id == id) {
            return Ok(row.clone());
        }
        let row =
            service::by_id(self.reading, id)?.ok_or_else(|| VaultError::Inconsistent { what: format!("a grant of service {id}, which is gone") })?;
        self.services.push(row.clone());
        Ok(row)
    }

    /// A grant and at most so many lines below it, in the order of the tree.
    pub(crate) fn tree(&mut self, root: Grant, below: u32) -> Result<Vec<GrantRow>, VaultError> {
        let rid = root.rid;
        let subtree = match grant::child_count(self.reading, &rid)? {
            0 => vec![(0, root)],
            _ => {
                let all = Page { offset: 0, limit: below.saturating_add(1) };
                grant::subtree(self.reading, &rid, all)?.into_iter().map(|below| (below.depth, below.grant)).collect()
            }
        };
        self.rows(subtree)
    }

    /// Rows for grants in the order of the tree, with their lines.
    pub(crate) fn rows(&mut self, subtree: Vec<(u32, Grant)>) -> Result<Vec<GrantRow>, VaultError> {
        let depths: Vec<u32> = subtree.iter().map(|(depth, _)| *depth).collect();
        let mut rows = Vec::with_capacity(subtree.len());
        let mut open: Vec<bool> = Vec::new();
        for (at, (depth, row)) in subtree.into_iter().enumerate() {
            let later = depths.get(at + 1..).unwrap_or_default();
            let last = later.iter().take_while(|next| **next >= depth).all(|next| *next != depth);
            open.truncate(usize::try_from(depth).unwrap_or(usize::MAX));
            open.push(last);
            rows.push(GrantRow { depth, last: open.clone(), grant: self.view(row)? });
        }
        Ok(rows)
    }

    /// One grant.
    pub(crate) fn view(&mut self, row: Grant) -> Result<GrantView, VaultError> {
        let service = self.service(row.service)?;
        let holder = row.link.holder.as_ref().map(|key| holder_view(self.reading, key)).transpose()?;
        let blocks = self.blocks(&row)?;
        let bound_to = blocks.iter().rev().find_map(|block| block.caveats().holder());
        let bound_to = bound_to.map(|key| holder_view(self.reading, key)).transpose()?.as_ref().map(holder_text);
        let block_id = blocks.last().map(|block| block.id().to_string()).unwrap_or_default();
        let revoked = self.revoked(&row, &service)?;
        let state = state(self.now, &blocks, row.link.expires, revoked.is_some());
        Ok(GrantView {
            rid: row.rid.to_string(),
            allows: sentence::sentence(&service.name, &blocks, bound_to.as_deref()),
            service: service.name,
            name: if row.name.is_empty() { block_id.chars().take(8).collect() } else { row.name },
            origin: row.link.origin.as_str(),
            parent: row.parent.map(|rid| rid.to_string()),
            epoch: row.link.epoch,
            holder,
            state,
            created: row.link.created.as_u64(),
            expires: row.link.expires.map(UnixSeconds::as_u64),
            shared: row.link.shared.map(UnixSeconds::as_u64),
            usage: UsageView {
                first: row.usage.first.map(UnixSeconds::as_u64),
                last: row.usage.last.map(UnixSeconds::as_u64),
                from: row.usage.from,
                uses: row.usage.uses,
            },
            revoked,
            children: grant::child_count(self.reading, &row.rid)?,
        })
    }

    /// The blocks of a grant's whole chain.
    fn blocks(&self, row: &Grant) -> Result<Vec<Block>, VaultError> {
        let mut blocks = vec![parse_block(row)?];
        if row.parent.is_some() {
            for above in grant::ancestors(self.reading, &row.rid)? {
                blocks.insert(0, parse_block(&above)?);
            }
        }
        Ok(blocks)
    }

    fn revoked(&self, row: &Grant, service: &Service) -> Result<Option<RevokedView>, VaultError> {
        if let Some(own) = &row.revoked {
            return Ok(Some(RevokedView { at: own.at.as_u64(), reason: own.reason.clone(), note: own.note.clone(), by: None }));
        }
        if row.parent.is_some()
            && let Some(by) = grant::revoked_by(self.reading, &row.rid)?
            && let Some(revoked) = grant::by_rid(self.reading, &by)?.and_then(|above| above.revoked)
        {
            return Ok(Some(RevokedView { at: revoked.at.as_u64(), reason: revoked.reason, note: revoked.note, by: Some(by.to_string()) }));
        }
        let by_epoch = row.link.epoch < service.terms.min_epoch;
        Ok(by_epoch.then(|| RevokedView { at: 0, reason: "epoch".into(), note: String::new(), by: None }))
    }
}

/// A grant's own block.
pub(crate) fn parse_block(row: &Grant) -> Result<Block, VaultError> {
    let parsed = match row.link.origin {
        Origin::Minted => Block::parse_grant(&row.link.block),
        Origin::Shared | Origin::Met => Block::parse_link(&row.link.block),
    };
    Ok(parsed?)
}

fn state(now: UnixSeconds, blocks: &[Block], expires: Option<UnixSeconds>, revoked: bool) -> State {
    let caveats = blocks.iter().flat_map(|block| block.caveats().iter());
    let not_before = caveats.filter_map(|caveat| if let Caveat::NotBefore(at) = caveat { Some(*at) } else { None }).max();
    match expires {
        _ if revoked => State::Revoked,
        Some(at) if at <= now => State::Expired,
        _ if not_before.is_some_and(|at| at > now) => State::NotYet,
        Some(at) if at.since(now) <= SOON_S => State::Soon,
        Some(_) | None => State::Active,
    }
}
