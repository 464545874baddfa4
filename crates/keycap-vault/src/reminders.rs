//! Which grants somebody was told about before they expire: each once, whichever process tells and however often it is started.
//!
//! What is kept is one time, as a setting: grants that expire until then count as told. A grant that is made later for longer than the notice
//! is given expires later than that, so nothing has to be kept for each.

use keycap_core::time::UnixSeconds;
use keycap_store::ledger::{Page, Reading, grant, meta};

use crate::error::VaultError;
use crate::grants::Viewer;
use crate::vault::Vault;
use crate::view::{GrantView, State};

/// The setting that says until when grants that expire were told about.
const TOLD_UNTIL: &str = "reminder.told-until";

impl Vault {
    /// Grants that work, expire within `seconds` and were not told about before, the next one first; at most `limit` are looked at. From now on
    /// all that expire within `seconds` count as told. What was made to last no longer than that is left out: it was known when it was made.
    ///
    /// Works in a vault that is not unlocked, and writes only if there is something to tell.
    ///
    /// # Errors
    /// If the ledger cannot be read or written.
    pub fn expiring_untold(&mut self, seconds: u64, limit: u32) -> Result<Vec<GrantView>, VaultError> {
        let now = self.now();
        let look = |reading: &Reading<'_>| untold(reading, now, seconds, limit);
        // Read first: a write would wake every process that follows the ledger.
        if self.store.read(look)?.is_empty() {
            return Ok(Vec::new());
        }
        self.store.write(now, Vec::new(), |tx| {
            let untold = look(tx)?;
            meta::set_text(tx, TOLD_UNTIL, Some(&now.plus(seconds).as_u64().to_string()))?;
            Ok(untold)
        })
    }
}

fn untold(reading: &Reading<'_>, now: UnixSeconds, seconds: u64, limit: u32) -> Result<Vec<GrantView>, VaultError> {
    let told_until = meta::text(reading, TOLD_UNTIL)?.and_then(|text| text.parse().ok()).map_or(now, UnixSeconds::new);
    let rows = grant::expiring_lasting(reading, told_until.max(now), now.plus(seconds), seconds, Page::first(limit))?;
    let mut viewer = Viewer::new(reading, now);
    let views = rows.into_iter().map(|row| viewer.view(row)).collect::<Result<Vec<_>, _>>()?;
    // What stands below a revoked grant is refused already, and what is not valid yet was made for those hours.
    Ok(views.into_iter().filter(|grant| matches!(grant.state, State::Active | State::Soon)).collect())
}
