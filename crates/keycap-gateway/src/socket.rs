//! TCP and Unix sockets as one type.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;

use crate::transport::{ReadHalf, WriteHalf};

/// A connected stream socket.
#[derive(Debug)]
pub(crate) enum Socket {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
}

impl Socket {
    /// Small messages are sent at once: what can be collected was collected before.
    pub(crate) fn tcp(stream: TcpStream) -> Self {
        // A socket that is already closed refuses; what is read from it next says so.
        let _ = stream.set_nodelay(true);
        Self::Tcp(stream)
    }

    /// The half that is read and the half that is written. The connection closes when both are dropped.
    pub(crate) fn into_split(self) -> (ReadHalf, WriteHalf) {
        match self {
            Self::Tcp(stream) => {
                let (read, write) = stream.into_split();
                (Box::new(read), Box::new(write))
            }
            #[cfg(unix)]
            Self::Unix(stream) => {
                let (read, write) = stream.into_split();
                (Box::new(read), Box::new(write))
            }
        }
    }
}

/// One end of a relay: what can be read, written and broken off.
pub(crate) trait Endpoint: AsyncRead + AsyncWrite + Unpin {
    /// Makes the close that follows look like the failure that it is, and not like an end, as far as the other side can be told.
    fn abort(&mut self);
}

impl Endpoint for Socket {
    /// TCP sends a reset. A Unix socket has none: its peer sees an end.
    fn abort(&mut self) {
        match self {
            Self::Tcp(stream) => {
                let _ = stream.set_zero_linger();
            }
            #[cfg(unix)]
            Self::Unix(_) => {}
        }
    }
}

/// Where a connection came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source {
    /// An address on a network.
    Ip(SocketAddr),
    /// A program on this machine, through a Unix socket.
    Local {
        /// The user it runs as, if the system tells.
        user: Option<u32>,
    },
}

impl Source {
    /// What the half-open handshakes of one origin are counted by: an IPv4 address, or an IPv6 network of 64 bits, since whoever has one
    /// address of it has all. `None` for Unix sockets, where the file's mode keeps strangers out.
    pub(crate) fn origin(self) -> Option<IpAddr> {
        match self {
            Self::Ip(address) => Some(match address.ip().to_canonical() {
                IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() >> 64 << 64)),
                ip @ IpAddr::V4(_) => ip,
            }),
            Self::Local { .. } => None,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(address) => address.fmt(f),
            Self::Local { user: Some(user) } => write!(f, "unix (user {user})"),
            Self::Local { user: None } => f.write_str("unix"),
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, to: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_read(cx, to),
            #[cfg(unix)]
            Self::Unix(stream) => Pin::new(stream).poll_read(cx, to),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write(cx, from),
            #[cfg(unix)]
            Self::Unix(stream) => Pin::new(stream).poll_write(cx, from),
        }
    }

    fn poll_write_vectored(self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write_vectored(cx, from),
            #[cfg(unix)]
            Self::Unix(stream) => Pin::new(stream).poll_write_vectored(cx, from),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            #[cfg(unix)]
            Self::Unix(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_network_is_one_origin_and_an_ipv4_address_too() {
        let origin = |text: &str| Source::Ip(text.parse().unwrap()).origin().unwrap().to_string();
        assert_eq!(origin("[2001:db8:1:2:3:4:5:6]:7"), "2001:db8:1:2::");
        assert_eq!(origin("192.0.2.1:9"), "192.0.2.1");
        assert_eq!(origin("[::ffff:192.0.2.1]:9"), "192.0.2.1");
        assert_eq!(Source::Local { user: Some(1000) }.origin(), None);
    }
}
