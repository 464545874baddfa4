//! The options by which `mint` and `delegate` narrow.

use keycap_vault::{AllowRule, Limits, Policy, Times, When};
use keycap_vault::{Pattern, Purpose};

use super::names::{NameKind, names};
use crate::error::CliError;

/// What a capability is limited to.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "What it is limited to")]
pub(crate) struct LimitArgs {
    /// Until when: 45s, 90m, 12h, 30d, 2w, 1y, 2027-01-31, 2027-01-31T12:00:00Z
    #[arg(long, value_name = "WHEN")]
    expires: Option<When>,
    /// From when on, in the same forms
    #[arg(long, value_name = "WHEN")]
    nbf: Option<When>,
    /// Only with this key: the name of a key or key card, or a card's text
    #[arg(long, value_name = "KEY", add = names([NameKind::Key]))]
    holder: Option<String>,
    /// Only this, and what other --allow say: a target (db), methods and a path ('GET,HEAD /api'), both ('web:GET /api')
    #[arg(long, value_name = "RULE")]
    allow: Vec<AllowRule>,
    /// End each session after this long: 30m, 8h
    #[arg(long, value_name = "TIME", value_parser = duration)]
    max_session: Option<u64>,
    /// How many times it may be handed on: a policy, not a lock
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(0..=15))]
    max_links: Option<u8>,
    /// How many sessions at a time, at one gateway
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    max_concurrent: Option<u64>,
    /// Only with these Noise patterns: NKpsk2, XKpsk3, IKpsk2, KKpsk2, …
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = pattern)]
    patterns: Vec<Pattern>,
    /// Only for these purposes: session, file, record, message, control
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = purpose)]
    purpose: Vec<Purpose>,
    /// Only at a service of this realm
    #[arg(long, value_name = "REALM")]
    realm: Option<String>,
    /// For the service's own code: a name and a value
    #[arg(long, value_name = "NAME=VALUE", value_parser = app)]
    app: Option<(String, Vec<u8>)>,
}

impl LimitArgs {
    /// The limits that they say.
    pub(crate) fn limits(self) -> Limits {
        let Self { expires, nbf, holder, allow, max_session, max_links, max_concurrent, patterns, purpose, realm, app } = self;
        Limits {
            times: Times { not_before: nbf, expires, max_session_s: max_session },
            allow,
            holder,
            policy: Policy { patterns, max_links, max_concurrent, purposes: purpose, realm, app },
        }
    }
}

/// Reads a length of time in seconds.
///
/// # Errors
/// If it is none, or a point in time.
pub(crate) fn duration(text: &str) -> Result<u64, CliError> {
    match text.parse::<When>()? {
        When::In(seconds) if seconds > 0 => Ok(seconds),
        When::In(_) | When::At(_) => Err(CliError::usage("bad-input", format!("`{text}` is no length of time: write 90s, 30m, 8h or 2d"))),
    }
}

/// Reads the name of a Noise pattern.
///
/// # Errors
/// If there is none of that name.
pub(crate) fn pattern(text: &str) -> Result<Pattern, CliError> {
    named(text, Pattern::ALL, |pattern| pattern.name(), "Noise pattern")
}

/// Reads the name of a purpose.
///
/// # Errors
/// If there is none of that name.
pub(crate) fn purpose(text: &str) -> Result<Purpose, CliError> {
    named(text, Purpose::ALL, |purpose| purpose.name(), "purpose")
}

fn named<T: Copy>(text: &str, all: impl IntoIterator<Item = T>, name: impl Fn(T) -> &'static str, what: &str) -> Result<T, CliError> {
    let all: Vec<T> = all.into_iter().collect();
    let found = all.iter().copied().find(|one| name(*one).eq_ignore_ascii_case(text));
    found.ok_or_else(|| {
        let names: Vec<&str> = all.iter().map(|one| name(*one)).collect();
        CliError::usage("bad-input", format!("`{text}` is no {what}: there are {}", names.join(", ")))
    })
}

fn app(text: &str) -> Result<(String, Vec<u8>), CliError> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.as_bytes().to_vec())),
        Some(_) | None => Err(CliError::usage("bad-input", format!("`{text}` is no name and value: write NAME=VALUE"))),
    }
}
