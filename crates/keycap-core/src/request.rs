//! What a session asks for: a target, and for HTTP a method and a path, in the form that `allow` rules are compared with.

use crate::chain::Rule;

/// Why a path is refused before any rule is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathError {
    /// The path does not begin with `/`.
    #[error("the path does not begin with `/`")]
    NotAbsolute,
    /// A segment is empty, `.` or `..`.
    #[error("the path has an empty, `.` or `..` segment")]
    Segment,
    /// A decoded segment has a `/` or a NUL in it.
    #[error("a segment of the path has a `/` or a NUL in it")]
    Separator,
    /// A `%` is not followed by two hex digits.
    #[error("a `%` in the path is not followed by two hex digits")]
    Percent,
    /// A decoded segment is not UTF-8.
    #[error("a segment of the path is not UTF-8")]
    NotUtf8,
}

/// A request's path in whole segments, each percent-decoded once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestPath(Vec<String>);

impl RequestPath {
    /// Reads a path as it stands in a request line; a query (`?…`) is left out, one trailing slash is dropped, `+` stays `+`.
    ///
    /// # Errors
    /// A [`PathError`] for everything that two readers could understand in two ways.
    pub fn parse(path: &str) -> Result<Self, PathError> {
        let path = path.split('?').next().unwrap_or_default();
        let path = path.strip_prefix('/').ok_or(PathError::NotAbsolute)?;
        if path.is_empty() {
            return Ok(Self(Vec::new()));
        }
        let path = path.strip_suffix('/').unwrap_or(path);
        path.split('/').map(decode_segment).collect::<Result<_, _>>().map(Self)
    }

    /// The decoded segments.
    #[must_use]
    pub fn segments(&self) -> &[String] {
        &self.0
    }
}

fn decode_segment(raw: &str) -> Result<String, PathError> {
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16)).and_then(|digit| u8::try_from(digit).ok());
            let high = digit(rest.next()).ok_or(PathError::Percent)?;
            let low = digit(rest.next()).ok_or(PathError::Percent)?;
            bytes.push(high << 4 | low);
        } else {
            bytes.push(byte);
        }
    }
    let segment = String::from_utf8(bytes).map_err(|_| PathError::NotUtf8)?;
    match segment.as_str() {
        "" | "." | ".." => Err(PathError::Segment),
        decoded if decoded.contains(['/', '\0']) => Err(PathError::Separator),
        _ => Ok(segment),
    }
}

/// A request to be cleared against `allow` rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The name of the upstream.
    pub target: String,
    /// The method; `None` for what is not HTTP. Rules that name methods then do not match.
    pub method: Option<String>,
    /// The path; `None` for what is not HTTP. Rules that name a path then do not match.
    pub path: Option<RequestPath>,
}

impl Request {
    /// A request for a byte stream to `target`.
    #[must_use]
    pub fn stream(target: impl Into<String>) -> Self {
        Self { target: target.into(), method: None, path: None }
    }

    /// Whether one rule matches.
    #[must_use]
    pub fn matches(&self, rule: &Rule) -> bool {
        let target = rule.target.as_ref().is_none_or(|target| *target == self.target);
        let method = rule.methods.as_ref().is_none_or(|methods| self.method.as_ref().is_some_and(|method| methods.contains(method)));
        // An empty list of segments matches nothing, as every empty list does; whoever wants every path leaves the part out.
        let path =
            rule.path.as_ref().is_none_or(|prefix| !prefix.is_empty() && self.path.as_ref().is_some_and(|path| path.segments().starts_with(prefix)));
        target && method && path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segments(path: &str) -> Result<Vec<String>, PathError> {
        RequestPath::parse(path).map(|path| path.segments().to_vec())
    }

    #[test]
    fn a_path_is_decoded_once_by_whole_segments() {
        assert_eq!(segments("/a/b%20c/d+e/?q=/x/.."), Ok(vec!["a".into(), "b c".into(), "d+e".into()]));
        assert_eq!(segments("/%2541"), Ok(vec!["%41".into()]));
        assert_eq!(segments("/"), Ok(vec![]));
    }

    #[test]
    fn a_path_with_two_meanings_is_refused() {
        for (path, error) in [
            ("a", PathError::NotAbsolute),
            ("", PathError::NotAbsolute),
            ("//", PathError::Segment),
            ("/a//b", PathError::Segment),
            ("/a/../b", PathError::Segment),
            ("/a/%2e%2E/b", PathError::Segment),
            ("/./a", PathError::Segment),
            ("/a%2fb", PathError::Separator),
            ("/a%00", PathError::Separator),
            ("/a%", PathError::Percent),
            ("/a%4", PathError::Percent),
            ("/a%+1", PathError::Percent),
            ("/%ff", PathError::NotUtf8),
        ] {
            assert_eq!(segments(path), Err(error), "{path}");
        }
    }

    #[test]
    fn rules_match_whole_segments_never_string_prefixes() {
        let rule = Rule { path: Some(vec!["api".into()]), ..Rule::default() };
        let request = |path| Request { target: "web".into(), method: Some("GET".into()), path: RequestPath::parse(path).ok() };
        assert!(request("/api").matches(&rule));
        assert!(request("/api/x").matches(&rule));
        assert!(!request("/apix").matches(&rule));
        assert!(!request("/").matches(&rule));
    }

    #[test]
    fn an_absent_part_matches_anything_and_an_empty_list_nothing() {
        let request = Request { target: "web".into(), method: Some("GET".into()), path: RequestPath::parse("/x").ok() };
        assert!(request.matches(&Rule::default()));
        assert!(!request.matches(&Rule { methods: Some(vec![]), ..Rule::default() }));
        assert!(!request.matches(&Rule { path: Some(vec![]), ..Rule::default() }));
        assert!(!Request::stream("web").matches(&Rule { methods: Some(vec!["GET".into()]), ..Rule::default() }));
        assert!(Request::stream("web").matches(&Rule { target: Some("web".into()), ..Rule::default() }));
        assert!(!Request::stream("web").matches(&Rule { target: Some("Web".into()), ..Rule::default() }));
    }
}
