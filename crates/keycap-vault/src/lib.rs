//! The one door to keycap's secrets and ledger: requests in, views out.
//!
//! Faces (the command line, the terminal UI, the desktop app) and services (the gateway, the age plugin) stand on this crate and on nothing
//! below it. A face names things and is given [`view`]s; a gateway or connector is given a handle ([`OpenService`], [`OpenCapability`]) with
//! which it can use a secret and not read it. What leaves as text, by [`Vault::share`], leaves on request and is written in the log.
//!
//! Every call blocks: on the ledger for milliseconds, on the keyring for as long as a person takes to answer it. Time and randomness enter by
//! the [`Environment`].
#![forbid(unsafe_code)]

mod backup;
mod capabilities;
mod connecting;
mod doctor;
mod environment;
mod error;
mod explain;
mod given;
mod grants;
mod groups;
mod handle;
mod incoming;
mod keys;
mod limits;
mod live;
mod log;
mod mint;
mod names;
mod opener;
mod overview;
mod preset;
mod protection;
mod records;
mod reminders;
mod revoke;
mod seal_to;
mod sealing;
mod sentence;
mod services;
mod serving;
mod share;
mod vault;

pub mod action;
pub mod clipboard;
pub mod files;
pub mod passphrase;
pub mod qr;
pub mod view;
pub mod words;

pub use backup::{Backup, RestoreMode, SealedBackup};
pub use capabilities::DelegateRequest;
pub use connecting::{AddressSource, GatewayAddress, OpenCapability};
pub use doctor::{doctor_without_vault, mend_permissions};
pub use environment::{Environment, system_clock};
pub use error::{ErrorClass, VaultError};
pub use explain::{DEFAULT_TARGET, Would, parse_request};
pub use given::{is_text, recipients_in_file};
pub use grants::GrantQuery;
pub use groups::is_written_out;
pub use handle::{IdentityHandle, RecipientHandle};
pub use incoming::{AcceptAs, Incoming};
pub use limits::{AllowRule, Limits, Policy, Times, When, duration_text, time_text};
pub use log::LogQuery;
pub use mint::MintRequest;
pub use names::NameKind;
pub use opener::{FILES_TARGET, FileOpener, Leave, OpenRequest, OpenScope, OpenedWith, Opener, Outcome, WhatLapsed, opens_here};
pub use preset::{Preset, presets};
pub use protection::{KeyringState, SecretsPlace, keyring_state};
pub use records::{
    LineError, LineForm, LineOpener, LineSealer, OpenedLine, RECORDS_TARGET, RecordHead, RecordOpener, RecordWriter, SingleRecordWriter,
};
pub use revoke::{Reason, RevokeReason};
pub use seal_to::{KeycapRecipient, SealFrom, random_label};
pub use sealing::{ExportTo, OpenWith};
pub use services::{NewService, Rotation};
pub use serving::{DeskNews, GatewayDesk, GatewayPlace, OpenService, RevocationSet, SessionStart};
pub use share::{Outgoing, ShareHow, ShareRequest};
pub use vault::Vault;

// The words of the core that requests are made of: a face names no crate but this one.
pub use keycap_core::chain::Purpose;
pub use keycap_core::noise::{Pattern, Suite};
pub use keycap_core::request::{Request, RequestPath};
pub use keycap_core::secret::{SecretBytes, SecretText};
pub use keycap_core::time::{Clock, UnixSeconds};
pub use keycap_store::unlock::{NoPrompts, Prompts, Unlock, UnlockKind, UnlockMethod, credentials_directory, file as key_file};
pub use keycap_store::{Protection, SecretsChoice};
