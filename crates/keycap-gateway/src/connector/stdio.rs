//! Standard input and output as one end of a relay.

use std::io::{self, IsTerminal as _};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf, Stdin, Stdout};

use crate::socket::Endpoint;

pub(super) struct Stdio {
    input: Stdin,
    output: Stdout,
}

impl Stdio {
    pub(super) fn open() -> Self {
        Self { input: tokio::io::stdin(), output: tokio::io::stdout() }
    }

    /// Whether a person types.
    pub(super) fn is_interactive() -> bool {
        io::stdin().is_terminal()
    }
}

impl Endpoint for Stdio {
    /// The exit code of the program tells that it was broken off.
    fn abort(&mut self) {}
}

impl AsyncRead for Stdio {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, to: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.input).poll_read(cx, to)
    }
}

impl AsyncWrite for Stdio {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.output).poll_write(cx, from)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.output).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.output).poll_flush(cx))?;
        Poll::Ready(close_output())
    }
}

/// Lets whoever reads standard output see its end, though the program goes on: nothing takes its place.
#[cfg(unix)]
fn close_output() -> io::Result<()> {
    let nothing = std::fs::OpenOptions::new().write(true).open("/dev/null")?;
    Ok(rustix::stdio::dup2_stdout(nothing)?)
}

/// The end is seen when the program exits.
#[cfg(not(unix))]
fn close_output() -> io::Result<()> {
    Ok(())
}
