//! Chains as services and holders use them: minted, narrowed, handed on, forged, revoked and cleared.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "chain/caveats.rs"]
mod caveats;
#[path = "chain/forgeries.rs"]
mod forgeries;
#[path = "chain/holders.rs"]
mod holders;
#[path = "chain/limits.rs"]
mod limits;
#[path = "chain/revocation.rs"]
mod revocation;
#[path = "chain/world.rs"]
mod world;
