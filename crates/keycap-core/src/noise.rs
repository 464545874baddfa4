//! Noise: the handshakes that prove a capability, the frames of a session, and single messages sealed to a key.
//!
//! No module here reads a clock, draws randomness of its own or does input and output: bytes in, bytes out, and randomness is handed in.

pub mod pattern;

pub use pattern::{Pattern, Suite, protocol_name};
