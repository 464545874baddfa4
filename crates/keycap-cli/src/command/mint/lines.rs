//! Many requests from standard input, one JSON object a line:
//!
//! ```text
//! {"for": "alice", "preset": "teammate", "holder": "alice"}
//! {"service": "orders", "for": "ci", "expires": "90d", "allow": ["GET /api"], "max_concurrent": 4}
//! ```
//!
//! Fields are named as the options are, with underscores. What a line leaves open is as the command line says.

use std::io::{self, BufRead, IsTerminal};

use keycap_vault::{AllowRule, Limits, MintRequest, Policy, Times, When};
use serde::Deserialize;

use crate::args::limits::{duration, pattern, purpose};
use crate::error::CliError;

/// What the command line says for all lines.
pub(super) struct Base {
    pub(super) service: Option<String>,
    pub(super) preset: Option<String>,
    pub(super) limits: Limits,
}

/// One line, flat as it is written: serde can refuse fields that it does not know only where nothing is flattened into them.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Entry {
    service: Option<String>,
    r#for: Option<String>,
    preset: Option<String>,
    expires: Option<String>,
    nbf: Option<String>,
    holder: Option<String>,
    allow: Vec<String>,
    max_session: Option<String>,
    max_links: Option<u8>,
    max_concurrent: Option<u64>,
    patterns: Vec<String>,
    purpose: Vec<String>,
    realm: Option<String>,
    app: Option<(String, String)>,
}

/// Reads standard input to its end.
///
/// # Errors
/// The first line that is no request, with its number.
pub(super) fn read(base: &Base) -> Result<Vec<MintRequest>, CliError> {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        return Err(CliError::usage("stdin-terminal", "nothing comes in on standard input").hint("redirect a file of JSON lines into it"));
    }
    from_lines(stdin.lock(), base)
}

fn from_lines(lines: impl BufRead, base: &Base) -> Result<Vec<MintRequest>, CliError> {
    let mut requests = Vec::new();
    for (at, line) in lines.lines().enumerate() {
        let line = line.map_err(|error| CliError::failed("stdin", format!("standard input could not be read: {error}")))?;
        if !line.trim().is_empty() {
            requests.push(request(&line, base).map_err(|error| error.with(format!("line {}", at + 1)))?);
        }
    }
    if requests.is_empty() {
        return Err(CliError::usage("nothing-to-mint", "there is no line on standard input"));
    }
    Ok(requests)
}

fn request(line: &str, base: &Base) -> Result<MintRequest, CliError> {
    let mut entry: Entry = serde_json::from_str(line).map_err(|error| {
        CliError::usage("bad-line", format!("the line is no request: {error}"))
            .hint("write {\"service\": \"orders\", \"for\": \"alice\", \"expires\": \"30d\"}")
    })?;
    let missing = |what: &str| CliError::usage("bad-line", format!("the line has no \"{what}\""));
    Ok(MintRequest {
        service: entry.service.take().or_else(|| base.service.clone()).ok_or_else(|| missing("service"))?,
        name: entry.r#for.take().ok_or_else(|| missing("for"))?,
        preset: entry.preset.take().or_else(|| base.preset.clone()),
        limits: limits(entry)?.or(base.limits.clone()),
    })
}

fn limits(entry: Entry) -> Result<Limits, CliError> {
    let when = |text: Option<String>| text.map(|text| text.parse::<When>()).transpose();
    Ok(Limits {
        times: Times {
            not_before: when(entry.nbf)?,
            expires: when(entry.expires)?,
            max_session_s: entry.max_session.as_deref().map(duration).transpose()?,
        },
        allow: entry.allow.iter().map(|rule| rule.parse::<AllowRule>()).collect::<Result<_, _>>()?,
        holder: entry.holder,
        policy: Policy {
            patterns: entry.patterns.iter().map(|name| pattern(name)).collect::<Result<_, _>>()?,
            max_links: entry.max_links,
            max_concurrent: entry.max_concurrent,
            purposes: entry.purpose.iter().map(|name| purpose(name)).collect::<Result<_, _>>()?,
            realm: entry.realm,
            app: entry.app.map(|(name, value)| (name, value.into_bytes())),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base() -> Base {
        let limits = Limits { times: Times { expires: Some(When::In(60)), ..Times::default() }, ..Limits::default() };
        Base { service: Some("orders".into()), preset: None, limits }
    }

    #[test]
    fn a_line_says_what_is_its_own_and_the_command_line_the_rest() {
        let text = "{\"for\": \"a\"}\n\n{\"for\": \"b\", \"service\": \"web\", \"expires\": \"2m\", \"allow\": [\"GET /x\"], \"max_links\": 1}\n";
        let requests = from_lines(text.as_bytes(), &base()).unwrap();
        assert_eq!(requests.len(), 2);
        assert_eq!((requests[0].service.as_str(), requests[0].limits.times.expires), ("orders", Some(When::In(60))));
        assert_eq!((requests[1].service.as_str(), requests[1].limits.times.expires), ("web", Some(When::In(120))));
        assert_eq!((requests[1].limits.allow.len(), requests[1].limits.policy.max_links), (1, Some(1)));
    }

    #[test]
    fn a_line_that_is_no_request_is_named_by_its_number() {
        for (text, what) in [
            ("{\"for\": \"a\"}\n{\"for\": \"b\", \"expire\": \"1d\"}\n", "unknown field"),
            ("{\"for\": \"a\"}\n{\"holder\": \"b\"}\n", "no \"for\""),
            ("{\"for\": \"a\"}\n{\"for\": \"b\", \"expires\": \"soon\"}\n", "`soon` is no time"),
            ("{\"for\": \"a\"}\nalice\n", "no request"),
        ] {
            let error = from_lines(text.as_bytes(), &base()).unwrap_err();
            assert_eq!(error.with.as_deref(), Some("line 2"));
            assert!(error.message.contains(what), "{}", error.message);
        }
        assert_eq!(from_lines(&b"\n"[..], &base()).unwrap_err().code, "nothing-to-mint");
    }
}
