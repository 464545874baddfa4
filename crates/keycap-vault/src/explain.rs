//! Explaining offline: would this be allowed, and if not, which caveat of which block says no.

use keycap_core::chain::{Chain, Clearing, Purpose, Reason, explain};
use keycap_core::key::PublicKey;
use keycap_core::noise::Pattern;
use keycap_core::request::{Request, RequestPath};
use keycap_core::time::{Clock, UnixSeconds};
use keycap_store::ledger::Reading;
use keycap_store::ledger::service::Service;
use keycap_store::ledger::{capability, grant, service};

use crate::capabilities::{block_view, kind_name};
use crate::error::VaultError;
use crate::grants::grant_row;
use crate::keys::holder_key;
use crate::limits::time_text;
use crate::vault::Vault;
use crate::view::{ExplainView, FindingView};

/// The name of an upstream that was given without one, and the target of a connector that was not told another.
pub const DEFAULT_TARGET: &str = "default";

/// What would be tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Would {
    /// The request; `None`: only whether a session would be let in.
    pub request: Option<Request>,
    /// When; `None`: now.
    pub at: Option<UnixSeconds>,
    /// With which key: a name or a card's text. `None`: with the one it is bound to.
    pub from: Option<String>,
    /// With which Noise pattern; `None`: the usual one.
    pub pattern: Option<Pattern>,
    /// For what.
    pub purpose: Purpose,
}

impl Default for Would {
    fn default() -> Self {
        Self { request: None, at: None, from: None, pattern: None, purpose: Purpose::Session }
    }
}

/// Reads a request as people write it: a target (`db`), a method and a path (`GET /x`), a path (`/x`, which is read), or both (`web:GET /x`).
///
/// # Errors
/// [`VaultError::BadInput`] for what is none.
pub fn parse_request(text: &str) -> Result<Request, VaultError> {
    let text = text.trim();
    let bad = |why: String| VaultError::BadInput { what: "request", input: text.to_owned(), why };
    let (target, rest) = match text.split_once(':') {
        Some((target, rest)) if !target.contains([' ', '/']) => (target, rest.trim()),
        Some(_) | None if text.contains([' ', '/']) => (DEFAULT_TARGET, text),
        Some(_) | None => (text, ""),
    };
    if target.is_empty() {
        return Err(bad("it names no target; write a target (db), a method and a path (GET /api), or both (web:GET /api)".into()));
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

impl Vault {
    /// Evaluates a capability held, or a grant, against what would be tried. Offline: of revocations only those in this vault are known.
    ///
    /// # Errors
    /// [`VaultError::NotFound`] if nothing has that name.
    pub fn explain(&self, name: &str, would: &Would) -> Result<ExplainView, VaultError> {
        let now = self.now();
        self.store.read(|reading| {
            let (chain, service, revoked) = chain_of(reading, name)?;
            let from = would.from.as_deref().map(|from| holder_key(reading, from)).transpose()?;
            let remote: Option<PublicKey> = from.or(chain.holder().copied());
            let pattern = would.pattern.unwrap_or(if chain.holder().is_some() || from.is_some() { Pattern::XKpsk3 } else { Pattern::NKpsk2 });
            let clearing = Clearing {
                clock: Clock::Sure(would.at.unwrap_or(now)),
                purpose: would.purpose,
                pattern,
                remote_static: remote.as_ref(),
                realm: service.as_ref().and_then(|row| row.terms.realm.as_deref()),
                app: &|_, _| false,
            };
            let explanation = explain(&chain, &clearing, would.request.as_ref());
            let mut findings: Vec<FindingView> = Vec::new();
            for finding in &explanation.findings {
                let Some(block) = chain.blocks().get(finding.block) else { continue };
                let view = block_view(reading, block);
                let named = finding.caveat.as_ref().map(keycap_core::chain::Caveat::name);
                let value = named.as_ref().and_then(|name| view.caveats.into_iter().find(|(caveat, _)| caveat == name)).map(|(_, value)| value);
                findings.push(FindingView {
                    block: u64::try_from(finding.block).unwrap_or(u64::MAX),
                    kind: kind_name(block),
                    caveat: named,
                    value: value.unwrap_or_default(),
                    holds: finding.refused.is_none(),
                    reason: finding.refused.map(|reason| reason.to_string()),
                });
            }
            if let Some(block) = revoked {
                let kind = chain.blocks().get(block).map_or("grant", kind_name);
                let block = u64::try_from(block).unwrap_or(u64::MAX);
                findings.push(FindingView {
                    block,
                    kind,
                    caveat: None,
                    value: String::new(),
                    holds: false,
                    reason: Some(Reason::Revoked.to_string()),
                });
            }
            let allowed = findings.iter().all(|finding| finding.holds);
            Ok(ExplainView { name: name.to_owned(), allowed, summary: summary(&findings, would, now), findings })
        })
    }
}

/// The chain of a capability held or of a grant; the service if it is known; and the first block that this vault knows to be revoked.
fn chain_of(reading: &Reading<'_>, name: &str) -> Result<(Chain, Option<Service>, Option<usize>), VaultError> {
    if let Some(row) = capability::by_name(reading, name)? {
        let service = service::by_public(reading, &row.held.service.public)?;
        return Ok((Chain::parse(&row.held.chain)?, service, None));
    }
    let row = match grant_row(reading, name) {
        Ok(row) => row,
        Err(VaultError::NotFound { .. }) => return Err(VaultError::NotFound { what: "capability or grant", name: name.to_owned() }),
        Err(other) => return Err(other),
    };
    let mut line = grant::ancestors(reading, &row.rid)?;
    line.reverse();
    let service = service::by_id(reading, row.service)?;
    line.push(row);
    let by_epoch = service.as_ref().is_some_and(|service| line.first().is_some_and(|first| first.link.epoch < service.terms.min_epoch));
    let revoked = if by_epoch { Some(0) } else { line.iter().position(|above| above.revoked.is_some()) };
    let chain = Chain::of_encoded_blocks(line.iter().map(|above| above.link.block.as_slice()))?;
    Ok((chain, service, revoked))
}

fn summary(findings: &[FindingView], would: &Would, now: UnixSeconds) -> String {
    let what = match &would.request {
        Some(Request { target, method: None, path: None }) => format!("a connection to {target}"),
        Some(Request { method, path, .. }) => {
            let path = path.as_ref().map(|path| format!(" /{}", path.segments().join("/"))).unwrap_or_default();
            format!("{}{path}", method.as_deref().unwrap_or("a request"))
        }
        None => "a session".to_owned(),
    };
    let when = would.at.filter(|at| *at != now).map(|at| format!(" at {}", time_text(at))).unwrap_or_default();
    match findings.iter().find(|finding| !finding.holds) {
        None => format!("Allowed: {what}{when}, as far as can be told offline. Only the service knows what else it has revoked."),
        Some(no) => {
            let caveat = no.caveat.as_ref().map(|name| format!("`{name}` of ")).unwrap_or_default();
            format!("Refused: {what}{when}. {caveat}block {} ({}) says no: {}.", no.block, no.kind, no.reason.as_deref().unwrap_or_default())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_read_as_people_write_them() {
        let parts = |text: &str| {
            let Request { target, method, path } = parse_request(text).unwrap();
            (target, method.unwrap_or_default(), path.map(|path| path.segments().join("/")))
        };
        let own = |target: &str, method: &str, path: Option<&str>| (target.to_owned(), method.to_owned(), path.map(str::to_owned));
        assert_eq!(parts("db"), own("db", "", None));
        assert_eq!(parts("GET /api/x?q=1:2"), own("default", "GET", Some("api/x")));
        assert_eq!(parts("/api"), own("default", "GET", Some("api")));
        assert_eq!(parts("web:post /a:b"), own("web", "POST", Some("a:b")));
        assert_eq!(parts("web:/x"), own("web", "GET", Some("x")));
        for text in ["", ":GET /x", "GET /a/../b", "GET x"] {
            assert!(parse_request(text).is_err(), "{text:?}");
        }
    }
}
