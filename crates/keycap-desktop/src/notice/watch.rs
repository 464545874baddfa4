//! What the ledger has to tell: looked for when it has changed, and every minute.

use std::collections::BTreeSet;
use std::time::Duration;

use keycap_vault::view::{GrantView, RevokeReceipt};
use keycap_vault::{LogQuery, UnixSeconds, Vault};
use tokio::sync::Notify;

use super::{News, Notices};
use crate::desk::Desk;
use crate::error::UiError;

/// How often it is looked though nothing has changed: time passes.
const LOOK: Duration = Duration::from_mins(1);
/// What changes within so long is looked at in one go.
const SETTLED: Duration = Duration::from_millis(500);
/// A grant is told of so many seconds before it expires.
const SOON_S: u64 = 86_400;
/// Grants that are counted, at most: beyond it there is one number as good as another.
const COUNTED: u32 = 1_000;
/// Revocations that are looked at: the newest, of the last day.
const REVOCATIONS: u32 = 50;

/// Looks for as long as the program runs.
pub(crate) async fn watch(desk: &Desk, notices: &Notices, changed: &Notify) {
    let mut revocations = Revocations::default();
    loop {
        // Either will do.
        drop(tokio::time::timeout(LOOK, changed.notified()).await);
        tokio::time::sleep(SETTLED).await;
        if !notices.is_on() {
            continue;
        }
        // A vault that is closed, locked or cannot be read has nothing to tell.
        if let Ok(Some(news)) = desk.keep_public(expiring).await {
            notices.tell(news);
        }
        let known = revocations.clone();
        if let Ok((known, news)) = desk.read(move |vault| known.look(vault)).await {
            revocations = known;
            news.into_iter().for_each(|news| notices.tell(news));
        }
    }
}

fn expiring(vault: &mut Vault) -> Result<Option<News>, UiError> {
    let untold = vault.expiring_untold(SOON_S, COUNTED)?;
    Ok(untold.first().map(|first| News::Expiring { first: full_name(first), count: untold.len() }))
}

/// Revocations that need not be told any more.
#[derive(Debug, Clone, Default)]
struct Revocations {
    /// `None` before the first look, which tells nothing: what was applied then is no news.
    known: Option<BTreeSet<String>>,
}

impl Revocations {
    fn look(mut self, vault: &Vault) -> Result<(Self, Vec<News>), UiError> {
        let since = UnixSeconds::new(vault.now().as_u64().saturating_sub(SOON_S));
        let asked = LogQuery { action: Some("grant.revoke".to_owned()), since: Some(since), limit: REVOCATIONS, ..LogQuery::default() };
        let mut known = BTreeSet::new();
        let mut news = Vec::new();
        for row in vault.log(&asked)?.rows {
            let Some(rid) = row.detail.get("rid").and_then(|rid| rid.as_str()) else { continue };
            let was_known = self.known.as_ref().is_none_or(|before| before.contains(rid));
            if !was_known || self.known.is_none() {
                // A service that was removed since took its grants with it.
                let Ok(receipt) = vault.revoke_receipt(rid) else { continue };
                if receipt.pending > 0 {
                    continue;
                }
                if !was_known {
                    news.extend(applied(&receipt));
                }
            }
            known.insert(rid.to_owned());
        }
        self.known = Some(known);
        Ok((self, news))
    }
}

/// `None` if no gateway ran that could apply it.
fn applied(receipt: &RevokeReceipt) -> Option<News> {
    let applied = receipt.gateways.iter().filter(|line| line.applied.is_some());
    let gateways = applied.clone().count();
    let sessions = applied.fold(0_u64, |all, line| all.saturating_add(line.sessions_cut));
    (gateways > 0).then(|| News::Revoked { grant: full_name(&receipt.grant), gateways, sessions })
}

fn full_name(grant: &GrantView) -> String {
    format!("{}/{}", grant.service, grant.name)
}
