#![forbid(unsafe_code)]
#![doc = include_str!("../SPEC.md")]

pub mod capability;
mod cbor;
pub mod chain;
pub mod control;
pub mod key;
pub mod label;
pub mod noise;
pub mod request;
pub mod seal;
pub mod secret;
pub mod service;
pub mod text;
pub mod time;
