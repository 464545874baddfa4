//! keycap's gateway and connector: a service behind capabilities, and the way to it.

pub mod address;

mod transport;

#[cfg(test)]
mod fixtures;
