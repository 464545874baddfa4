//! Gateways and connectors of real vaults, over sockets, with small servers as upstreams.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "what a test stands on fails as a test does")]

mod lasting;
mod limits;
mod refusals;
mod revocation;
mod run;
mod tunnel;
mod world;
