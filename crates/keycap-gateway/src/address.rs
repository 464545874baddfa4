//! Addresses as people write them: where a gateway or connector listens, where a gateway is, and where a service's upstreams are.
//!
//! ```text
//! address  = host:port | a.b.c.d:port | [ipv6]:port | unix:/path
//! upstream = address | name=address             name: 1 to 64 of A-Z a-z 0-9 . _ -
//! ```

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::str::FromStr;

pub use keycap_vault::DEFAULT_TARGET;

/// The longest path of a Unix socket in bytes: what all systems have room for, the zero byte at the end not counted.
pub const MAX_SOCKET_PATH: usize = 103;

const MAX_HOST_LEN: usize = 253;
const MAX_NAME_LEN: usize = 64;

/// Why a text is no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// There is no port.
    #[error("`{text}` has no port: write host:port, [::1]:port or unix:/path")]
    NoPort {
        /// What was given.
        text: String,
    },
    /// The port is no number from 0 to 65,535.
    #[error("`{port}` is no port: ports are numbers from 1 to 65535")]
    Port {
        /// What stands where the port belongs.
        port: String,
    },
    /// Port 0, which means any free port, where only a certain one makes sense.
    #[error("`{text}` has port 0, which only a listener can have")]
    AnyPort {
        /// What was given.
        text: String,
    },
    /// The host is neither an IP address nor a name.
    #[error("`{host}` is no host: write a name, an IPv4 address, or an IPv6 address in brackets")]
    Host {
        /// What stands where the host belongs.
        host: String,
    },
    /// An IPv6 address without brackets.
    #[error("write the IPv6 address in brackets: [{address}]:port")]
    Brackets {
        /// The address.
        address: Ipv6Addr,
    },
    /// The path of a Unix socket is not absolute.
    #[error("`{path}` is no absolute path: write unix:/path")]
    RelativePath {
        /// The path.
        path: String,
    },
    /// The path of a Unix socket is longer than systems can take.
    #[error("a socket's path has at most {MAX_SOCKET_PATH} bytes, `{path}` has {}", .path.len())]
    LongPath {
        /// The path.
        path: String,
    },
    /// A part of the path is a zero byte.
    #[error("a socket's path has no zero bytes")]
    ZeroByte,
    /// The name of an upstream is none.
    #[error("`{name}` cannot name an upstream: names have 1 to 64 letters, digits, dots, dashes and underscores")]
    Name {
        /// What stands where the name belongs.
        name: String,
    },
    /// Two upstreams have the same name.
    #[error("two upstreams are named `{name}`")]
    Duplicate {
        /// The name.
        name: String,
    },
    /// One of several upstreams has no name.
    #[error("with more than one upstream each needs a name: write NAME={address}")]
    Unnamed {
        /// The upstream's address.
        address: Address,
    },
    /// There is no upstream.
    #[error("there is no upstream")]
    NoUpstream,
}

/// Where something listens: a TCP port or a Unix socket.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Address {
    /// A TCP port.
    Tcp {
        /// The host.
        host: Host,
        /// The port.
        port: u16,
    },
    /// The path of a Unix socket.
    Unix(PathBuf),
}

/// A host: an IP address, or a name that is looked up whenever it is needed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Host {
    /// An IP address.
    Ip(IpAddr),
    /// A name.
    Name(String),
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let address = parse_address(text)?;
        match address {
            Self::Tcp { port: 0, .. } => Err(AddressError::AnyPort { text: text.to_owned() }),
            Self::Tcp { .. } | Self::Unix(_) => Ok(address),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host: Host::Ip(IpAddr::V6(ip)), port } => write!(f, "[{ip}]:{port}"),
            Self::Tcp { host: Host::Ip(ip), port } => write!(f, "{ip}:{port}"),
            Self::Tcp { host: Host::Name(name), port } => write!(f, "{name}:{port}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// Where a gateway or connector is to listen: an [`Address`] whose port may be 0, for any free one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListenAddress(Address);

impl ListenAddress {
    /// A port on 127.0.0.1; 0 for any free one.
    #[must_use]
    pub const fn loopback(port: u16) -> Self {
        Self(Address::Tcp { host: Host::Ip(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST)), port })
    }

    /// A Unix socket.
    ///
    /// # Errors
    /// [`AddressError::RelativePath`], [`AddressError::LongPath`], [`AddressError::ZeroByte`].
    pub fn unix(path: &Path) -> Result<Self, AddressError> {
        parse_path(&path.to_string_lossy())?;
        Ok(Self(Address::Unix(path.to_owned())))
    }

    /// The address.
    #[must_use]
    pub const fn address(&self) -> &Address {
        &self.0
    }
}

impl FromStr for ListenAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        parse_address(text).map(Self)
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A server behind a gateway, and the name under which capabilities allow it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstream {
    /// The name: a target, as `allow` rules name it.
    pub name: String,
    /// Where it listens.
    pub address: Address,
}

impl fmt::Display for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.name, self.address)
    }
}

/// The upstreams of a gateway: at least one, each under a name of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstreams(Vec<Upstream>);

impl Upstreams {
    /// Reads upstreams as they were written. A single one may come without a name and is then named `default`.
    ///
    /// # Errors
    /// See [`AddressError`].
    pub fn parse<T: AsRef<str>>(texts: &[T]) -> Result<Self, AddressError> {
        let mut upstreams: Vec<Upstream> = Vec::with_capacity(texts.len());
        for text in texts {
            let upstream = parse_upstream(text.as_ref(), texts.len() == 1)?;
            if upstreams.iter().any(|other| other.name == upstream.name) {
                return Err(AddressError::Duplicate { name: upstream.name });
            }
            upstreams.push(upstream);
        }
        if upstreams.is_empty() { Err(AddressError::NoUpstream) } else { Ok(Self(upstreams)) }
    }

    /// The upstream of that name; names are compared byte by byte.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&Upstream> {
        self.0.iter().find(|upstream| upstream.name == name)
    }

    /// All of them, in the order in which they were given.
    pub fn iter(&self) -> impl Iterator<Item = &Upstream> {
        self.0.iter()
    }
}

fn parse_upstream(text: &str, alone: bool) -> Result<Upstream, AddressError> {
    match text.split_once('=') {
        // A socket's path may have a `=` in it.
        Some((name, address)) if !name.starts_with("unix:") => {
            let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
            if name.is_empty() || name.len() > MAX_NAME_LEN || !name.chars().all(allowed) {
                return Err(AddressError::Name { name: name.to_owned() });
            }
            Ok(Upstream { name: name.to_owned(), address: address.parse()? })
        }
        Some(_) | None => {
            let address = text.parse()?;
            if alone { Ok(Upstream { name: DEFAULT_TARGET.to_owned(), address }) } else { Err(AddressError::Unnamed { address }) }
        }
    }
}

fn parse_address(text: &str) -> Result<Address, AddressError> {
    if let Some(path) = text.strip_prefix("unix:") {
        return parse_path(path).map(Address::Unix);
    }
    if let Ok(address) = text.parse::<Ipv6Addr>() {
        return Err(AddressError::Brackets { address });
    }
    let no_port = || AddressError::NoPort { text: text.to_owned() };
    let (host, port) = text.rsplit_once(':').filter(|(_, port)| !port.ends_with(']')).ok_or_else(no_port)?;
    let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let port = port.parse().ok().filter(|_| digits).ok_or_else(|| AddressError::Port { port: port.to_owned() })?;
    Ok(Address::Tcp { host: parse_host(host)?, port })
}

fn parse_path(path: &str) -> Result<PathBuf, AddressError> {
    if !path.starts_with('/') {
        return Err(AddressError::RelativePath { path: path.to_owned() });
    }
    if path.len() > MAX_SOCKET_PATH {
        return Err(AddressError::LongPath { path: path.to_owned() });
    }
    if path.contains('\0') {
        return Err(AddressError::ZeroByte);
    }
    Ok(PathBuf::from(path))
}

fn parse_host(host: &str) -> Result<Host, AddressError> {
    let wrong = || AddressError::Host { host: host.to_owned() };
    if let Some(inner) = host.strip_prefix('[') {
        let inner = inner.strip_suffix(']').ok_or_else(wrong)?;
        return inner.parse().map(|ip| Host::Ip(IpAddr::V6(ip))).map_err(|_| wrong());
    }
    if let Ok(ip) = host.parse() {
        return match ip {
            IpAddr::V4(_) => Ok(Host::Ip(ip)),
            IpAddr::V6(address) => Err(AddressError::Brackets { address }),
        };
    }
    let label = |label: &str| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        !label.is_empty() && label.len() <= 63 && label.bytes().all(allowed)
    };
    // What ends in a number would be taken for a mistyped or shortened IPv4 address by some resolvers and not by others.
    let numeric = host.trim_end_matches('.').rsplit('.').next().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    let name = host.strip_suffix('.').unwrap_or(host);
    if numeric || name.len() > MAX_HOST_LEN || !name.split('.').all(label) {
        return Err(wrong());
    }
    Ok(Host::Name(host.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Result<Address, AddressError> {
        text.parse()
    }

    #[test]
    fn what_is_read_is_written_back() {
        for text in ["db.example.org:5432", "10.0.0.7:1", "[::1]:65535", "[2001:db8::2]:443", "unix:/run/a b=c.sock", "localhost:80", "a_b.:80"] {
            assert_eq!(address(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert_eq!(address("localhost"), Err(AddressError::NoPort { text: "localhost".into() }));
        assert_eq!(address("[::1]"), Err(AddressError::NoPort { text: "[::1]".into() }));
        assert_eq!(address("::1"), Err(AddressError::Brackets { address: Ipv6Addr::LOCALHOST }));
        assert_eq!(address("2001:db8:0:0:0:0:0:1:22"), Err(AddressError::Brackets { address: "2001:db8::1".parse().unwrap() }));
        assert_eq!(address("db:"), Err(AddressError::Port { port: String::new() }));
        assert_eq!(address("db:+5"), Err(AddressError::Port { port: "+5".into() }));
        assert_eq!(address("db:65536"), Err(AddressError::Port { port: "65536".into() }));
        assert_eq!(address("db:http"), Err(AddressError::Port { port: "http".into() }));
        assert_eq!(address("db:0"), Err(AddressError::AnyPort { text: "db:0".into() }));
        for host in ["", "a b", "a..b", "[::1", "[1.2.3.4]", "1.2.3", "1.2.3.4.5", "256.1.1.1", "127.1.", "user@host", "a/b", "é"] {
            assert_eq!(address(&format!("{host}:80")), Err(AddressError::Host { host: host.into() }), "{host}");
        }
        assert_eq!(address("unix:run/x"), Err(AddressError::RelativePath { path: "run/x".into() }));
        assert_eq!(address("unix:"), Err(AddressError::RelativePath { path: String::new() }));
        assert_eq!(address("unix:/a\0b"), Err(AddressError::ZeroByte));
    }

    #[test]
    fn a_socket_s_path_that_does_not_fit_is_refused() {
        let path = |length: usize| format!("/{}", "a".repeat(length - 1));
        assert!(address(&format!("unix:{}", path(MAX_SOCKET_PATH))).is_ok());
        assert_eq!(address(&format!("unix:{}", path(MAX_SOCKET_PATH + 1))), Err(AddressError::LongPath { path: path(MAX_SOCKET_PATH + 1) }));
    }

    #[test]
    fn only_a_listener_may_leave_the_port_open() {
        assert_eq!("127.0.0.1:0".parse(), Ok(ListenAddress::loopback(0)));
        assert_eq!(ListenAddress::loopback(0).to_string(), "127.0.0.1:0");
    }

    #[test]
    fn one_upstream_needs_no_name_and_several_do() {
        let names = |texts: &[&str]| Upstreams::parse(texts).map(|all| all.iter().map(|upstream| upstream.name.clone()).collect::<Vec<_>>());
        assert_eq!(names(&["127.0.0.1:5432"]), Ok(vec!["default".into()]));
        assert_eq!(names(&["db=127.0.0.1:5432", "web=unix:/run/web=1.sock"]), Ok(vec!["db".into(), "web".into()]));
        assert_eq!(names(&["unix:/run/web=1.sock"]), Ok(vec!["default".into()]));
        assert_eq!(names(&["db=127.0.0.1:1", "127.0.0.1:2"]), Err(AddressError::Unnamed { address: "127.0.0.1:2".parse().unwrap() }));
        assert_eq!(names(&["db=127.0.0.1:1", "db=127.0.0.1:2"]), Err(AddressError::Duplicate { name: "db".into() }));
        assert_eq!(names(&["=127.0.0.1:1"]), Err(AddressError::Name { name: String::new() }));
        assert_eq!(names(&["a b=127.0.0.1:1"]), Err(AddressError::Name { name: "a b".into() }));
        assert_eq!(names(&[]), Err(AddressError::NoUpstream));
    }

    #[test]
    fn a_target_is_found_by_its_exact_name() {
        let upstreams = Upstreams::parse(&["db=127.0.0.1:1", "web=127.0.0.1:2"]).unwrap();
        assert_eq!(upstreams.named("web").map(ToString::to_string), Some("web=127.0.0.1:2".into()));
        assert_eq!(upstreams.named("Web"), None);
    }
}
