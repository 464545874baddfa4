//! `keycap explain`: would it be allowed, and which caveat says no.

use std::process::ExitCode;

use clap::Args;
use keycap_gateway::address::DEFAULT_TARGET;
use keycap_vault::view::ExplainView;
use keycap_vault::{When, Would};

use crate::args::limits::{pattern, purpose};
use crate::args::names::{EXPLAINABLE, NameKind, names};
use crate::context::Context;
use crate::error::CliError;
use crate::exit::{DONE, Ended, REFUSED};
use crate::output::line::{Line, Role};
use crate::output::page::Page;
use crate::output::table::Table;
use keycap_vault::{Pattern, Purpose, Request, RequestPath};

#[derive(Debug, Args)]
#[command(after_long_help = "  keycap explain orders --would 'GET /api/orders'
  keycap explain orders --would db --from operator

Exit code 3 if the answer is no.")]
pub(crate) struct ExplainArgs {
    /// The capability, or the grant
    #[arg(value_name = "CAP|GRANT", add = names(EXPLAINABLE))]
    name: String,
    /// What would be asked of the service: a method and a path ('GET /api'), a target (db), or both ('web:GET /api')
    #[arg(long, value_name = "REQUEST", value_parser = request)]
    would: Option<Request>,
    /// When: 2030-01-01, 2030-01-01T12:00:00Z, or from now on: 30d
    #[arg(long, value_name = "WHEN")]
    at: Option<When>,
    /// With which key: the name of a key or key card, or a card's text
    #[arg(long, value_name = "KEY", add = names([NameKind::Key]))]
    from: Option<String>,
    /// With which Noise pattern
    #[arg(long, value_name = "NAME", value_parser = pattern)]
    pattern: Option<Pattern>,
    /// For what: session, file, record, message, control
    #[arg(long, value_name = "NAME", value_parser = purpose, default_value = "session")]
    purpose: Purpose,
}

/// Does it.
///
/// # Errors
/// Whatever keeps it from being done.
pub(crate) fn run(args: ExplainArgs, context: &mut Context) -> Ended {
    let vault = context.vault()?;
    let ExplainArgs { name, would, at, from, pattern, purpose } = args;
    let would = Would { request: would, at: at.map(|at| at.at(vault.now())), from, pattern, purpose };
    let answer = vault.explain(&name, &would).map_err(|error| match error.code() {
        "not-found" => CliError::from(error).hint("see `keycap caps` and `keycap grants` for those there are"),
        _ => error.into(),
    })?;
    context.output.show("explanation", &answer, |page| page_of(&answer, page))?;
    if answer.allowed { DONE } else { Ok(ExitCode::from(REFUSED)) }
}

fn page_of(answer: &ExplainView, page: &mut Page<'_>) -> std::io::Result<()> {
    let sign = if answer.allowed { Line::new().role(Role::Good, "✓ ") } else { Line::new().role(Role::Bad, "✗ ") };
    page.paragraph(sign.plain(&answer.summary))?;
    if answer.findings.is_empty() {
        return Ok(());
    }
    page.blank()?;
    let mut table = Table::new().column(" ").column("BLOCK").column("CAVEAT").flexible("VALUE").flexible("BECAUSE");
    for finding in &answer.findings {
        table.row([
            if finding.holds { Line::new().role(Role::Good, "✓") } else { Line::new().role(Role::Bad, "✗") },
            Line::new().quiet(format!("{} {}", finding.block, finding.kind)),
            finding.caveat.as_deref().map_or_else(Line::new, Line::from),
            finding.value.as_str().into(),
            finding.reason.as_deref().map_or_else(Line::new, |reason| Line::new().role(Role::Bad, reason)),
        ]);
    }
    page.table(&table)
}

/// Reads a request: `db`, `GET /x`, `/x`, `web:GET /x`.
fn request(text: &str) -> Result<Request, CliError> {
    let bad = |why: String| CliError::usage("bad-input", why).hint("write a target (db), a method and a path ('GET /api'), or both ('web:GET /api')");
    let text = text.trim();
    let (target, rest) = match text.split_once(':') {
        Some((target, rest)) if !target.contains([' ', '/']) => (target, rest.trim()),
        Some(_) | None if text.contains([' ', '/']) => (DEFAULT_TARGET, text),
        Some(_) | None => (text, ""),
    };
    if target.is_empty() {
        return Err(bad(format!("`{text}` names no target")));
    }
    let (method, path) = match rest.split_once(char::is_whitespace) {
        Some((method, path)) => (Some(method), Some(path.trim())),
        None if rest.is_empty() => (None, None),
        None if rest.starts_with('/') => (None, Some(rest)),
        None => (Some(rest), None),
    };
    let path = path.map(RequestPath::parse).transpose().map_err(|error| bad(error.to_string()))?;
    // A path without a method is read, as everywhere.
    let method = method.map(str::to_ascii_uppercase).or_else(|| path.as_ref().map(|_| "GET".to_owned()));
    Ok(Request { target: target.to_owned(), method, path })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_read_as_people_write_them() {
        let parts = |text: &str| {
            let Request { target, method, path } = request(text).unwrap();
            (target, method.unwrap_or_default(), path.map(|path| path.segments().join("/")))
        };
        let own = |target: &str, method: &str, path: Option<&str>| (target.to_owned(), method.to_owned(), path.map(str::to_owned));
        assert_eq!(parts("db"), own("db", "", None));
        assert_eq!(parts("GET /api/x?q=1:2"), own("default", "GET", Some("api/x")));
        assert_eq!(parts("/api"), own("default", "GET", Some("api")));
        assert_eq!(parts("web:post /a:b"), own("web", "POST", Some("a:b")));
        assert_eq!(parts("web:/x"), own("web", "GET", Some("x")));
        for text in ["", ":GET /x", "GET /a/../b", "GET x"] {
            assert!(request(text).is_err(), "{text:?}");
        }
    }
}
