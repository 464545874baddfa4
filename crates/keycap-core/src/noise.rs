//! Noise: the handshakes that prove a capability, the frames of a session, and single messages sealed to a key.
//!
//! No module here reads a clock, draws randomness of its own or does input and output: bytes in, bytes out, and randomness is handed in.

pub mod frame;
pub mod handshake;
pub mod hello;
pub mod oneway;
pub mod padding;
pub mod pattern;
pub mod resolver;
pub mod status;
pub mod stream;

pub(crate) mod primitives;
mod setup;

#[cfg(test)]
pub(crate) mod fixtures;

pub use frame::{Frame, FrameError, FrameReceiver, FrameSender, FrameType, MAX_DATA_BODY};
pub use handshake::{Confirmed, Established, HandshakeError, Initiator, Responder};
pub use hello::{HelloError, HelloTagKey};
pub use oneway::{OneWayError, Sender, open_locator, seal_locator, verify_ticket, write_ticket};
pub use pattern::{Pattern, Suite, protocol_name};
pub use status::{Status, StatusCode, StatusError};
pub use stream::{StreamError, StreamKind, StreamRequest};
