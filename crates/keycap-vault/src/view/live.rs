//! Views of what is running now: gateways and their sessions.

use serde::Serialize;

/// A gateway of this vault, running or stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct GatewayView {
    /// Its number in the ledger.
    pub id: u64,
    /// The service that it serves.
    pub service: String,
    /// Its process.
    pub pid: u32,
    /// The machine it runs on.
    pub host: String,
    /// Where it listens.
    pub listen: String,
    /// What it puts sessions through to, as `NAME=ADDRESS`.
    pub upstreams: Vec<String>,
    /// When it started.
    pub started: u64,
    /// Whether it has given a sign of life within the last seconds and has not stopped.
    pub alive: bool,
    /// Live sessions.
    pub sessions: u64,
}

/// A session at a gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct SessionView {
    /// The gateway's number.
    pub gateway: u64,
    /// The session's number at that gateway.
    pub id: u64,
    /// The name of the grant, or of the nearest one above it that has a name.
    pub grant: Option<String>,
    /// The rid of the last block of its chain.
    pub rid: String,
    /// The fingerprint or name of the holder, if one has proven itself.
    pub holder: Option<String>,
    /// The peer's address.
    pub from: String,
    /// The Noise pattern.
    pub pattern: String,
    /// The suite.
    pub suite: String,
    /// When it began.
    pub opened: u64,
    /// Streams opened so far.
    pub streams: u64,
    /// The target of the last stream.
    pub target: Option<String>,
}
