//! Listening on a TCP port or a Unix socket.

use std::io;
use std::path::PathBuf;

use tokio::net::TcpListener;

use crate::address::{Address, Host, ListenAddress};
use crate::socket::{Socket, Source};

/// Why nothing listens.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListenError {
    /// The system refuses: the port or path is taken, or it may not be used.
    #[error("cannot listen on {address}: {source}")]
    Bind {
        /// Where.
        address: Address,
        /// What the system says.
        source: io::Error,
    },
    /// Another program answers on that Unix socket.
    #[error("cannot listen on unix:{}: another program answers there", .path.display())]
    InUse {
        /// The socket.
        path: PathBuf,
    },
    /// There is something else than a socket.
    #[error("cannot listen on unix:{}: there is something else than a socket", .path.display())]
    NotASocket {
        /// The path.
        path: PathBuf,
    },
    /// The address is not of this machine alone, and nobody has said that it may be.
    #[error("{address} can be reached by other machines, and whoever reaches it uses your capability")]
    NotLoopback {
        /// Where.
        address: Address,
    },
    /// A Unix socket on a system without.
    #[error("cannot listen on {address}: there are no Unix sockets on this system")]
    NoUnix {
        /// Where.
        address: Address,
    },
}

/// A bound listener. A Unix socket has mode 0600 before anyone can connect, and its file is removed on drop.
#[derive(Debug)]
pub(crate) struct Listener {
    inner: Inner,
    address: Address,
}

#[derive(Debug)]
enum Inner {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(unix::Listener),
}

impl Listener {
    /// Binds, and listens from now on.
    pub(crate) async fn bind(address: &ListenAddress) -> Result<Self, ListenError> {
        match address.address() {
            Address::Tcp { host, port } => {
                let refused = |source| ListenError::Bind { address: address.address().clone(), source };
                let listener = match host {
                    Host::Ip(ip) => TcpListener::bind((*ip, *port)).await,
                    Host::Name(name) => TcpListener::bind((name.as_str(), *port)).await,
                };
                let listener = listener.map_err(refused)?;
                let local = listener.local_addr().map_err(refused)?;
                Ok(Self { inner: Inner::Tcp(listener), address: Address::Tcp { host: Host::Ip(local.ip()), port: local.port() } })
            }
            Address::Unix(path) => Self::bind_unix(path, address.address()),
        }
    }

    /// The same, refusing what other machines can reach.
    pub(crate) async fn bind_loopback(address: &ListenAddress) -> Result<Self, ListenError> {
        let listener = Self::bind(address).await?;
        match listener.address() {
            // A name is judged by what it was found to be.
            Address::Tcp { host: Host::Ip(ip), .. } if !ip.to_canonical().is_loopback() => {
                Err(ListenError::NotLoopback { address: listener.address.clone() })
            }
            Address::Tcp { .. } | Address::Unix(_) => Ok(listener),
        }
    }

    #[cfg(unix)]
    fn bind_unix(path: &std::path::Path, address: &Address) -> Result<Self, ListenError> {
        Ok(Self { inner: Inner::Unix(unix::Listener::bind(path)?), address: address.clone() })
    }

    #[cfg(not(unix))]
    fn bind_unix(_path: &std::path::Path, address: &Address) -> Result<Self, ListenError> {
        Err(ListenError::NoUnix { address: address.clone() })
    }

    /// Where it listens, with the port that it got.
    pub(crate) fn address(&self) -> &Address {
        &self.address
    }

    /// Waits for the next connection.
    pub(crate) async fn accept(&self) -> io::Result<(Socket, Source)> {
        match &self.inner {
            Inner::Tcp(listener) => {
                let (stream, address) = listener.accept().await?;
                Ok((Socket::tcp(stream), Source::Ip(address)))
            }
            #[cfg(unix)]
            Inner::Unix(listener) => listener.accept().await,
        }
    }
}

#[cfg(unix)]
mod unix {
    use std::fs::{self, DirBuilder, Permissions};
    use std::io;
    use std::os::unix::fs::{DirBuilderExt as _, FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
    use std::os::unix::net::UnixStream;
    use std::path::{Path, PathBuf};

    use tokio::net::{UnixListener, UnixSocket};

    use super::ListenError;
    use crate::address::Address;
    use crate::socket::{Socket, Source};

    const BACKLOG: u32 = 1024;

    #[derive(Debug)]
    pub(super) struct Listener {
        listener: UnixListener,
        path: PathBuf,
        /// Device and inode of the file that was made.
        file: (u64, u64),
    }

    impl Listener {
        /// A folder that is missing is made, for nobody else. What an earlier run has left behind is removed; whoever still answers stays.
        pub(super) fn bind(path: &Path) -> Result<Self, ListenError> {
            remove_stale(path)?;
            let refused = |source| ListenError::Bind { address: Address::Unix(path.to_owned()), source };
            if let Some(folder) = path.parent().filter(|folder| !folder.exists()) {
                DirBuilder::new().mode(0o700).create(folder).map_err(refused)?;
            }
            let socket = UnixSocket::new_stream().map_err(refused)?;
            socket.bind(path).map_err(refused)?;
            // Until it listens nobody can connect, so that the file never stands open to others.
            fs::set_permissions(path, Permissions::from_mode(0o600)).map_err(refused)?;
            let listener = socket.listen(BACKLOG).map_err(refused)?;
            let made = fs::symlink_metadata(path).map_err(refused)?;
            Ok(Self { listener, path: path.to_owned(), file: (made.dev(), made.ino()) })
        }

        pub(super) async fn accept(&self) -> io::Result<(Socket, Source)> {
            let (stream, _) = self.listener.accept().await?;
            let user = stream.peer_cred().ok().map(|peer| peer.uid());
            Ok((Socket::Unix(stream), Source::Local { user }))
        }
    }

    impl Drop for Listener {
        fn drop(&mut self) {
            // Another gateway may have put its own in this place since.
            if fs::symlink_metadata(&self.path).is_ok_and(|now| (now.dev(), now.ino()) == self.file) {
                let _ = fs::remove_file(&self.path);
            }
        }
    }

    fn remove_stale(path: &Path) -> Result<(), ListenError> {
        let refused = |source| ListenError::Bind { address: Address::Unix(path.to_owned()), source };
        match fs::symlink_metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(refused(error)),
            Ok(there) if !there.file_type().is_socket() => return Err(ListenError::NotASocket { path: path.to_owned() }),
            Ok(_) => {}
        }
        match UnixStream::connect(path) {
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path).map_err(refused),
            Err(error) => Err(refused(error)),
            Ok(_) => Err(ListenError::InUse { path: path.to_owned() }),
        }
    }
}

#[cfg(test)]
mod tests;
