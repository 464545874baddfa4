//! What a capability is limited to, as people say it: `30d`, `db`, `GET,HEAD /api`.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use keycap_core::chain::{Caveat, Caveats, PatternSet, Purpose, Rule};
use keycap_core::key::PublicKey;
use keycap_core::noise::Pattern;
use keycap_core::request::RequestPath;
use keycap_core::time::UnixSeconds;

use crate::error::VaultError;

/// What one block limits. What is left out is not limited by it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Limits {
    /// When, and for how long.
    pub times: Times,
    /// What: at least one of these rules must match a request. Empty: a grant allows anything, a link adds no rule.
    pub allow: Vec<AllowRule>,
    /// By whom: the name of a key or key card, or a card's text.
    pub holder: Option<String>,
    /// How.
    pub policy: Policy,
}

/// When, and for how long.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Times {
    /// Not before this.
    pub not_before: Option<When>,
    /// Not from this on.
    pub expires: Option<When>,
    /// Seconds after which a session ends.
    pub max_session_s: Option<u64>,
}

/// How, how often, where and for what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    /// Only with these Noise patterns. Empty: any.
    pub patterns: Vec<Pattern>,
    /// At most this many links below. A policy, not a lock.
    pub max_links: Option<u8>,
    /// At most this many sessions at a time, at one gateway.
    pub max_concurrent: Option<u64>,
    /// Only for these purposes. Empty: any but control.
    pub purposes: Vec<Purpose>,
    /// Only at a service of this realm.
    pub realm: Option<String>,
    /// For the service's own code: a name and a value.
    pub app: Option<(String, Vec<u8>)>,
}

/// A point in time, as people say it: from now on, or on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// So many seconds from now.
    In(u64),
    /// Then.
    At(UnixSeconds),
}

impl When {
    /// The point in time, if now is `now`.
    #[must_use]
    pub const fn at(self, now: UnixSeconds) -> UnixSeconds {
        match self {
            Self::In(seconds) => now.plus(seconds),
            Self::At(at) => at,
        }
    }
}

impl FromStr for When {
    type Err = VaultError;

    /// `45s`, `90m`, `12h`, `30d`, `2w`, `1y` (365 days), `2027-01-31` (its first second in UTC), `2027-01-31T12:00:00Z`.
    fn from_str(text: &str) -> Result<Self, VaultError> {
        let bad = |why: &str| VaultError::BadInput { what: "time", input: text.to_owned(), why: why.to_owned() };
        if text.contains('-') {
            let full = if text.contains('T') { text.to_owned() } else { format!("{text}T00:00:00Z") };
            let timestamp: Timestamp = full.parse().map_err(|_| bad("write 2027-01-31 or 2027-01-31T12:00:00Z"))?;
            let seconds = u64::try_from(timestamp.as_second()).map_err(|_| bad("it lies before 1970"))?;
            return Ok(Self::At(UnixSeconds::new(seconds)));
        }
        let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
        let number: u64 = number.parse().map_err(|_| bad("write a number and s, m, h, d, w or y: 30d"))?;
        let seconds = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3_600,
            "d" => 86_400,
            "w" => 7 * 86_400,
            "y" => 365 * 86_400,
            _ => return Err(bad("write a number and s, m, h, d, w or y: 30d")),
        };
        number.checked_mul(seconds).map(Self::In).ok_or_else(|| bad("that is beyond the end of time"))
    }
}

/// Seconds in the largest unit in which they are whole: `30d`, `90m`.
#[must_use]
pub fn duration_text(seconds: u64) -> String {
    for (unit, length) in [("d", 86_400), ("h", 3_600), ("m", 60)] {
        if seconds >= length && seconds.is_multiple_of(length) {
            return format!("{}{unit}", seconds / length);
        }
    }
    format!("{seconds}s")
}

/// A point in time in UTC, to the minute: `2027-01-31 12:00 UTC`.
#[must_use]
pub fn time_text(at: UnixSeconds) -> String {
    i64::try_from(at.as_u64())
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .map_or_else(|| format!("{at} s"), |timestamp| timestamp.strftime("%Y-%m-%d %H:%M UTC").to_string())
}

/// One rule of `allow`: `*`, `db`, `GET,HEAD /api/v1`, `web:GET /x`, `web:/x`, `web:GET`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowRule(pub Rule);

/// Methods by which a word is told from a target. HTTP's registered ones and any other word in capitals.
fn is_methods(word: &str) -> bool {
    !word.is_empty() && word.split(',').all(|method| !method.is_empty() && method.chars().all(|c| c.is_ascii_uppercase()))
}

impl FromStr for AllowRule {
    type Err = VaultError;

    fn from_str(text: &str) -> Result<Self, VaultError> {
        let bad = |why: String| VaultError::BadInput { what: "rule", input: text.to_owned(), why };
        let text = text.trim();
        let (target, rest) = match text.split_once(':') {
            Some((target, rest)) => (Some(target.trim()), rest.trim()),
            None if text.starts_with('/') || text == "*" || is_methods(text.split_whitespace().next().unwrap_or_default()) => (None, text),
            None => (Some(text), "*"),
        };
        if target.is_some_and(|target| target.is_empty() || target.contains(char::is_whitespace)) || rest.is_empty() {
            return Err(bad("write a target (db), methods and a path (GET,HEAD /api), both (web:GET /api), or * for anything".into()));
        }
        let (methods, path) = match rest.split_once(char::is_whitespace) {
            Some((methods, path)) => (Some(methods), Some(path.trim())),
            None if rest == "*" => (None, None),
            None if rest.starts_with('/') => (None, Some(rest)),
            None => (Some(rest), None),
        };
        let methods = match methods {
            None | Some("*") => None,
            Some(methods) if is_methods(methods) => {
                let list: Vec<String> = methods.split(',').map(str::to_owned).collect();
                Some(list)
            }
            Some(other) => return Err(bad(format!("`{other}` is no list of methods such as GET,HEAD"))),
        };
        let path = match path {
            None | Some("*" | "/" | "/*") => None,
            Some(path) => {
                let path = path.strip_suffix("/*").unwrap_or(path);
                Some(RequestPath::parse(path).map_err(|error| bad(error.to_string()))?.segments().to_vec())
            }
        };
        Ok(Self(Rule { target: target.map(str::to_owned), methods, path }))
    }
}

impl fmt::Display for AllowRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Rule { target, methods, path } = &self.0;
        let methods = methods.as_ref().map(|methods| methods.join(","));
        let path = path.as_ref().map(|path| format!("/{}", path.iter().map(|segment| escape(segment)).collect::<Vec<_>>().join("/")));
        let rest = match (methods, path) {
            (None, None) => None,
            (Some(methods), None) => Some(methods),
            (None, Some(path)) => Some(path),
            (Some(methods), Some(path)) => Some(format!("{methods} {path}")),
        };
        match (target, rest) {
            (None, None) => f.write_str("*"),
            (Some(target), None) => f.write_str(target),
            (None, Some(rest)) => f.write_str(&rest),
            (Some(target), Some(rest)) => write!(f, "{target}:{rest}"),
        }
    }
}

/// Percent-encodes what would not read back as the same segment.
fn escape(segment: &str) -> String {
    let mut text = String::with_capacity(segment.len());
    for byte in segment.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~+@,;=!$&'()".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

impl Limits {
    /// These limits, and for everything left open the ones of `base`.
    #[must_use]
    pub fn or(self, base: Self) -> Self {
        let Self { times, allow, holder, policy } = self;
        Self {
            times: Times {
                not_before: times.not_before.or(base.times.not_before),
                expires: times.expires.or(base.times.expires),
                max_session_s: times.max_session_s.or(base.times.max_session_s),
            },
            allow: if allow.is_empty() { base.allow } else { allow },
            holder: holder.or(base.holder),
            policy: Policy {
                patterns: if policy.patterns.is_empty() { base.policy.patterns } else { policy.patterns },
                max_links: policy.max_links.or(base.policy.max_links),
                max_concurrent: policy.max_concurrent.or(base.policy.max_concurrent),
                purposes: if policy.purposes.is_empty() { base.policy.purposes } else { policy.purposes },
                realm: policy.realm.or(base.policy.realm),
                app: policy.app.or(base.policy.app),
            },
        }
    }

    /// The caveats that say so, if now is `now` and the holder is this key.
    pub(crate) fn caveats(&self, now: UnixSeconds, holder: Option<PublicKey>) -> Result<Caveats, VaultError> {
        let mut caveats = Vec::new();
        caveats.extend(self.times.not_before.map(|when| Caveat::NotBefore(when.at(now))));
        caveats.extend(self.times.expires.map(|when| Caveat::Expires(when.at(now))));
        caveats.extend(self.times.max_session_s.map(Caveat::MaxSession));
        if !self.allow.is_empty() {
            caveats.push(Caveat::Allow(self.allow.iter().map(|rule| rule.0.clone()).collect()));
        }
        caveats.extend(holder.map(Caveat::Holder));
        let policy = &self.policy;
        if !policy.patterns.is_empty() {
            caveats.push(Caveat::Patterns(PatternSet::of(&policy.patterns)));
        }
        caveats.extend(policy.max_links.map(Caveat::MaxLinks));
        caveats.extend(policy.realm.clone().map(Caveat::Realm));
        if !policy.purposes.is_empty() {
            caveats.push(Caveat::Purpose(policy.purposes.clone()));
        }
        caveats.extend(policy.max_concurrent.map(Caveat::MaxConcurrent));
        caveats.extend(policy.app.clone().map(|(name, value)| Caveat::App { name, value }));
        Ok(Caveats::of(caveats)?)
    }

    /// The options of `mint` and `delegate` that say the same.
    pub(crate) fn options(&self) -> String {
        let mut options = Vec::new();
        let mut option = |name: &str, value: String| options.push(format!("--{name} {}", quote(&value)));
        let when = |when: When| match when {
            When::In(seconds) => duration_text(seconds),
            When::At(at) => time_text(at).replace(" UTC", ":00Z").replace(' ', "T"),
        };
        if let Some(at) = self.times.not_before {
            option("nbf", when(at));
        }
        if let Some(at) = self.times.expires {
            option("expires", when(at));
        }
        if let Some(seconds) = self.times.max_session_s {
            option("max-session", duration_text(seconds));
        }
        for rule in &self.allow {
            option("allow", rule.to_string());
        }
        if let Some(holder) = &self.holder {
            option("holder", holder.clone());
        }
        let policy = &self.policy;
        if !policy.patterns.is_empty() {
            option("patterns", policy.patterns.iter().map(|pattern| pattern.name()).collect::<Vec<_>>().join(","));
        }
        if let Some(links) = policy.max_links {
            option("max-links", links.to_string());
        }
        if let Some(sessions) = policy.max_concurrent {
            option("max-concurrent", sessions.to_string());
        }
        if !policy.purposes.is_empty() {
            option("purpose", policy.purposes.iter().map(|purpose| purpose.name()).collect::<Vec<_>>().join(","));
        }
        if let Some(realm) = &policy.realm {
            option("realm", realm.clone());
        }
        if let Some((name, value)) = &policy.app {
            option("app", format!("{name}={}", String::from_utf8_lossy(value)));
        }
        options.join(" ")
    }
}

/// Quotes a word for a shell where it needs it.
pub(crate) fn quote(word: &str) -> String {
    if !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || "-_.,:/@+=".contains(c)) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        for (text, when) in [
            ("45s", When::In(45)),
            ("90m", When::In(5_400)),
            ("12h", When::In(43_200)),
            ("30d", When::In(2_592_000)),
            ("2w", When::In(1_209_600)),
            ("2027-01-31", When::At(UnixSeconds::new(1_801_353_600))),
            ("2027-01-31T12:00:00Z", When::At(UnixSeconds::new(1_801_396_800))),
        ] {
            assert_eq!(text.parse::<When>().unwrap(), when, "{text}");
        }
        for text in ["", "d", "30", "-1d", "30 d", "3x", "2027-13-01", "1960-01-01", "99999999999999999999d", "18446744073709551615y"] {
            assert!(text.parse::<When>().is_err(), "{text}");
        }
    }

    #[test]
    fn rules_read_back_as_they_are_shown() {
        for text in ["*", "db", "GET,HEAD /api/v1", "web:GET /x", "web:/x", "web:GET", "/a%20b", "GET"] {
            assert_eq!(text.parse::<AllowRule>().unwrap().to_string(), text, "{text}");
        }
        assert_eq!("web:*".parse::<AllowRule>().unwrap().to_string(), "web");
        assert_eq!("GET /api/*".parse::<AllowRule>().unwrap().to_string(), "GET /api");
        for text in ["", ":", "web:", ":GET /x", "a b", "get /x", "GET x", "GET /a/../b", "web:GET,, /x"] {
            assert!(text.parse::<AllowRule>().is_err(), "{text:?}");
        }
    }
}
