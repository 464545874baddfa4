//! keycap's gateway and connector: a service behind capabilities, and the way to it.

pub mod address;

mod connector;
mod dial;
mod gateway;
mod handshake;
mod listener;
mod mux;
mod relay;
mod run;
mod socket;
mod transport;

pub use connector::{Connector, ConnectorError, ConnectorEvent, ConnectorOptions, Exposure, LocalListener, OnConnectorEvent};
pub use dial::DialError;
pub use gateway::{Gateway, GatewayError, GatewayEvent, GatewayLimits, OnGatewayEvent};
pub use handshake::ConnectError;
pub use listener::ListenError;
pub use mux::MuxError;
pub use run::{RunError, Via, run};
pub use socket::Source;
pub use transport::TransportError;

#[cfg(test)]
mod fixtures;
