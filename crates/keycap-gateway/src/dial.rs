//! Reaching an address: looking it up, trying what is found, and keeping hints from leading where only the user may lead.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Duration, Instant, timeout_at};

use crate::address::{Address, Host};
use crate::socket::Socket;

/// How long one of several addresses of a name is tried before the next.
const ATTEMPT: Duration = Duration::from_secs(3);

/// Why an address was not reached.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DialError {
    /// The name was not found.
    #[error("`{host}` cannot be found: {source}")]
    Lookup {
        /// The name.
        host: String,
        /// What the resolver says.
        source: io::Error,
    },
    /// The name has no address.
    #[error("`{host}` has no address")]
    NoAddress {
        /// The name.
        host: String,
    },
    /// A hint in a capability leads to this machine or its own network, where only the user may lead.
    #[error("the hint `{hint}` leads to {to}, where only an address that you give yourself may lead")]
    Forbidden {
        /// The hint.
        hint: Address,
        /// What kind of place it leads to.
        to: &'static str,
    },
    /// Nobody answered in time.
    #[error("no answer from {address}")]
    TimedOut {
        /// The address.
        address: Address,
    },
    /// The connection was refused, or the way is blocked.
    #[error("{address}: {source}")]
    Connect {
        /// The address.
        address: Address,
        /// What the system says.
        source: io::Error,
    },
    /// A Unix socket on a system without.
    #[error("{address}: there are no Unix sockets on this system")]
    NoUnix {
        /// The address.
        address: Address,
    },
}

/// Whose word an address is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trust {
    /// The user's or operator's own: it may lead anywhere.
    User,
    /// A hint from a capability or card: it may lead to public addresses only, whatever a name resolves to.
    Hint,
}

/// Connects, within `limit` for everything.
pub(crate) async fn dial(address: &Address, trust: Trust, limit: Duration) -> Result<Socket, DialError> {
    let deadline = Instant::now() + limit;
    match address {
        Address::Unix(_) if trust == Trust::Hint => Err(DialError::Forbidden { hint: address.clone(), to: "a socket of this machine" }),
        Address::Unix(path) => dial_unix(address, path, deadline).await,
        Address::Tcp { host, port } => {
            let found = match host {
                Host::Ip(ip) => vec![SocketAddr::new(*ip, *port)],
                Host::Name(name) => look_up(address, name, *port, deadline).await?,
            };
            dial_tcp(address, &found, trust, deadline).await
        }
    }
}

async fn look_up(address: &Address, name: &str, port: u16, deadline: Instant) -> Result<Vec<SocketAddr>, DialError> {
    let found = timeout_at(deadline, lookup_host((name, port))).await.map_err(|_| DialError::TimedOut { address: address.clone() })?;
    let found: Vec<_> = found.map_err(|source| DialError::Lookup { host: name.to_owned(), source })?.collect();
    if found.is_empty() { Err(DialError::NoAddress { host: name.to_owned() }) } else { Ok(found) }
}

/// Tries each address in turn; the error is that of the last one tried.
async fn dial_tcp(address: &Address, found: &[SocketAddr], trust: Trust, deadline: Instant) -> Result<Socket, DialError> {
    let mut last = None;
    for (place, at) in found.iter().enumerate() {
        if let (Trust::Hint, Some(to)) = (trust, local_place(at.ip())) {
            last.get_or_insert(DialError::Forbidden { hint: address.clone(), to });
            continue;
        }
        let until = if place + 1 == found.len() { deadline } else { deadline.min(Instant::now() + ATTEMPT) };
        last = Some(match timeout_at(until, TcpStream::connect(at)).await {
            Ok(Ok(stream)) => return Ok(Socket::tcp(stream)),
            Ok(Err(source)) => DialError::Connect { address: address.clone(), source },
            Err(_) => DialError::TimedOut { address: address.clone() },
        });
    }
    Err(last.unwrap_or_else(|| DialError::TimedOut { address: address.clone() }))
}

#[cfg(unix)]
async fn dial_unix(address: &Address, path: &std::path::Path, deadline: Instant) -> Result<Socket, DialError> {
    let connected = timeout_at(deadline, tokio::net::UnixStream::connect(path)).await;
    let connected = connected.map_err(|_| DialError::TimedOut { address: address.clone() })?;
    connected.map(Socket::Unix).map_err(|source| DialError::Connect { address: address.clone(), source })
}

#[cfg(not(unix))]
async fn dial_unix(address: &Address, _path: &std::path::Path, _deadline: Instant) -> Result<Socket, DialError> {
    Err(DialError::NoUnix { address: address.clone() })
}

/// What kind of place an address is if it is not a public one: where a hint could reach what only this machine or its network should.
fn local_place(ip: IpAddr) -> Option<&'static str> {
    match ip.to_canonical() {
        IpAddr::V4(ip) => local_place_v4(ip),
        IpAddr::V6(ip) => local_place_v6(ip),
    }
}

fn local_place_v4(ip: Ipv4Addr) -> Option<&'static str> {
    let [a, b, ..] = ip.octets();
    if ip.is_loopback() || a == 0 {
        Some("this machine")
    } else if ip.is_private() || (a == 100 && b & 0xc0 == 64) || (a == 198 && b & 0xfe == 18) {
        Some("a private network")
    } else if ip.is_link_local() {
        Some("the local link")
    } else if ip.is_multicast() || a >= 240 {
        Some("no single machine")
    } else {
        None
    }
}

fn local_place_v6(ip: Ipv6Addr) -> Option<&'static str> {
    if let Some(inner) = translated(ip) {
        return local_place_v4(inner);
    }
    if ip.is_loopback() || ip.is_unspecified() {
        Some("this machine")
    } else if ip.is_unique_local() || ip.octets().starts_with(&[0xfe, 0xc0]) {
        Some("a private network")
    } else if ip.is_unicast_link_local() {
        Some("the local link")
    } else if ip.is_multicast() {
        Some("no single machine")
    } else {
        None
    }
}

/// The IPv4 address within an IPv6 address that a translator or tunnel would take it to: NAT64 (64:ff9b::/96), 6to4 (2002::/16), and the
/// old compatible form (::/96).
fn translated(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    match ip.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => Some(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low))),
        [0, 0, 0, 0, 0, 0, high, low] if high != 0 => Some(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[test]
    fn only_public_addresses_are_no_local_place() {
        for public in ["1.1.1.1", "100.63.0.1", "100.128.0.1", "172.32.0.1", "198.17.0.1", "198.20.0.1", "2606:4700::1", "64:ff9b::1.1.1.1"] {
            assert_eq!(local_place(public.parse().unwrap()), None, "{public}");
        }
        for local in [
            "127.0.0.1",
            "127.9.9.9",
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "100.64.0.1",
            "100.127.0.1",
            "169.254.169.254",
            "198.18.0.1",
            "198.19.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "64:ff9b::127.0.0.1",
            "64:ff9b::10.0.0.1",
            "2002:7f00:1::",
            "2002:c0a8:101::1",
        ] {
            assert!(local_place(local.parse().unwrap()).is_some(), "{local}");
        }
    }

    #[tokio::test]
    async fn a_hint_does_not_lead_to_this_machine_and_the_user_s_word_does() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let limit = Duration::from_secs(5);
        for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"] {
            let address: Address = format!("{host}:{port}").parse().unwrap();
            let refused = dial(&address, Trust::Hint, limit).await.unwrap_err().to_string();
            assert_eq!(refused, format!("the hint `{address}` leads to this machine, where only an address that you give yourself may lead"));
            dial(&address, Trust::User, limit).await.unwrap();
        }
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_hint_does_not_lead_to_a_unix_socket() {
        let address: Address = "unix:/run/keycap-test.sock".parse().unwrap();
        let refused = dial(&address, Trust::Hint, Duration::from_secs(1)).await.unwrap_err();
        assert!(matches!(refused, DialError::Forbidden { .. }), "{refused}");
        let missing = dial(&address, Trust::User, Duration::from_secs(1)).await.unwrap_err();
        assert!(matches!(missing, DialError::Connect { .. }), "{missing}");
    }

    #[tokio::test]
    async fn a_port_where_nobody_listens_is_an_error_that_names_it() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address: Address = listener.local_addr().unwrap().to_string().parse().unwrap();
        drop(listener);
        let error = dial(&address, Trust::User, Duration::from_secs(5)).await.unwrap_err().to_string();
        assert!(error.starts_with(&format!("{address}: Connection refused")), "{error}");
    }
}
