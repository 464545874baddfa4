//! The one door to keycap's secrets and ledger: requests in, views out.

pub mod qr;
