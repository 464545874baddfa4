//! What is running now: gateways of this vault, and their sessions.

use keycap_core::noise::{Pattern, Suite};
use keycap_core::time::UnixSeconds;
use keycap_store::ledger::gateway::Gateway;
use keycap_store::ledger::id::ServiceId;
use keycap_store::ledger::session::Session;
use keycap_store::ledger::{Page, Reading, gateway, grant, service, session};

use crate::error::VaultError;
use crate::keys::{holder_text, holder_view};
use crate::services::service_row;
use crate::serving::host_name;
use crate::vault::Vault;
use crate::view::{GatewayView, SessionView};

/// Seconds without a sign of life after which a gateway counts as gone.
const SILENT_S: u64 = 5;

impl Vault {
    /// Gateways that have not said that they stopped, the oldest first; only those of the service with this name, if one is named. One that is
    /// not alive has died, or is silent and may still hold sessions open.
    ///
    /// # Errors
    /// [`VaultError::NotFound`] for an unknown service.
    pub fn gateways(&self, service: Option<&str>) -> Result<Vec<GatewayView>, VaultError> {
        let now = self.now();
        self.store.read(|reading| {
            let service = service.map(|name| service_row(reading, name)).transpose()?.map(|row| row.id);
            let rows = gateway::running(reading, service, UnixSeconds::new(0))?;
            rows.iter().map(|row| gateway_view(reading, row, now)).collect()
        })
    }

    /// Live sessions, by gateway, the oldest first; only those of the service with this name, if one is named. At most `limit`.
    ///
    /// # Errors
    /// [`VaultError::NotFound`] for an unknown service.
    pub fn sessions(&self, service: Option<&str>, limit: u32) -> Result<Vec<SessionView>, VaultError> {
        self.store.read(|reading| {
            let service = service.map(|name| service_row(reading, name)).transpose()?.map(|row| row.id);
            let gone: Vec<_> = dead_gateways(reading)?.into_iter().map(|row| row.id).collect();
            let rows = session::live(reading, service, Page::all())?;
            let there = rows.iter().filter(|row| !gone.contains(&row.gateway));
            there.take(usize::try_from(limit).unwrap_or(usize::MAX)).map(|row| session_view(reading, row)).collect()
        })
    }
}

/// The gateways of a service that run: they have not stopped, and have given a sign of life within the last seconds.
pub(crate) fn running_gateways(reading: &Reading<'_>, service: ServiceId, now: UnixSeconds) -> Result<Vec<Gateway>, VaultError> {
    let mut rows = gateway::running(reading, Some(service), UnixSeconds::new(now.as_u64().saturating_sub(SILENT_S)))?;
    rows.retain(|row| !is_gone(row));
    Ok(rows)
}

/// Gateways that have not said that they stopped, and whose process is gone.
pub(crate) fn dead_gateways(reading: &Reading<'_>) -> Result<Vec<Gateway>, VaultError> {
    let mut rows = gateway::running(reading, None, UnixSeconds::new(0))?;
    rows.retain(is_gone);
    Ok(rows)
}

/// A gateway, as faces show it.
pub(crate) fn gateway_view(reading: &Reading<'_>, row: &Gateway, now: UnixSeconds) -> Result<GatewayView, VaultError> {
    let live = session::live(reading, Some(row.run.service), Page { offset: 0, limit: u32::MAX })?;
    let sessions = live.iter().filter(|session| session.gateway == row.id).count();
    Ok(GatewayView {
        id: u64::try_from(row.id.as_i64()).unwrap_or_default(),
        service: service::by_id(reading, row.run.service)?.map(|service| service.name).unwrap_or_default(),
        pid: row.run.pid,
        host: row.run.host.clone(),
        listen: row.run.listen.clone(),
        upstreams: row.run.upstreams.clone(),
        started: row.run.started.as_u64(),
        alive: row.stopped.is_none() && now.since(row.heartbeat) <= SILENT_S && !is_gone(row),
        sessions: u64::try_from(sessions).unwrap_or(u64::MAX),
    })
}

/// A session, as faces show it.
pub(crate) fn session_view(reading: &Reading<'_>, row: &Session) -> Result<SessionView, VaultError> {
    let mut name = None;
    for rid in row.rids.iter().rev() {
        if let Some(above) = grant::by_rid(reading, rid)?.filter(|above| !above.name.is_empty()) {
            name = Some(above.name);
            break;
        }
    }
    let holder = row.peer.holder.as_ref().map(|key| holder_view(reading, key)).transpose()?;
    Ok(SessionView {
        gateway: u64::try_from(row.gateway.as_i64()).unwrap_or_default(),
        id: row.id,
        grant: name,
        rid: row.rids.last().map(ToString::to_string).unwrap_or_default(),
        holder: holder.as_ref().map(holder_text),
        from: row.peer.from.clone(),
        pattern: Pattern::from_number(row.handshake.pattern).map_or_else(|| row.handshake.pattern.to_string(), |pattern| pattern.name().to_owned()),
        suite: Suite::from_number(row.handshake.suite).map_or_else(|| row.handshake.suite.to_string(), |suite| suite.name().to_owned()),
        opened: row.handshake.opened.as_u64(),
        streams: row.activity.streams,
        target: row.activity.target.clone(),
    })
}

/// Whether a gateway's process is known to be gone: it ran on this machine, and no process has its number.
fn is_gone(row: &Gateway) -> bool {
    row.run.host == host_name() && !process_exists(row.run.pid)
}

#[cfg(unix)]
fn process_exists(pid: u32) -> bool {
    let Some(pid) = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw) else { return false };
    // Signal 0 goes to nobody, it only asks. Another user's process is there, though it may not be signalled.
    rustix::process::test_kill_process(pid) != Err(rustix::io::Errno::SRCH)
}

/// The standard library cannot ask: there the heartbeat alone tells who is alive.
#[cfg(not(unix))]
fn process_exists(_pid: u32) -> bool {
    true
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn this_process_exists_and_one_that_has_ended_does_not() {
        assert!(process_exists(std::process::id()));
        let mut ended = std::process::Command::new("true").spawn().unwrap();
        ended.wait().unwrap();
        assert!(!process_exists(ended.id()));
        assert!(!process_exists(0));
        assert!(!process_exists(u32::MAX));
    }
}
