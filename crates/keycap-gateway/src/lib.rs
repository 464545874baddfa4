//! keycap's gateway and connector: a service behind capabilities, and the way to it.

pub mod address;

mod dial;
mod handshake;
mod listener;
mod mux;
mod relay;
mod socket;
mod transport;

pub use dial::DialError;
pub use handshake::ConnectError;
pub use listener::ListenError;
pub use mux::MuxError;
pub use socket::Source;
pub use transport::TransportError;

#[cfg(test)]
mod fixtures;
