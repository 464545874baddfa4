#![forbid(unsafe_code)]
#![doc = include_str!("../SPEC.md")]

pub mod key;
pub mod label;
pub mod noise;
pub mod secret;
