//! Setting a session up, both ends: the core's handshakes over a socket.
//!
//! ```text
//! connector → service   hello
//! service → connector   message 2
//! connector → service   the confirmation
//! service → connector   the first frame, a status
//! ```
//!
//! *Adversary*: anyone who can connect. *Invariants*: before the confirmation the service says nothing but message 2, and that only to a
//! hello with the right tag; whatever is wrong, it closes without a word; what a hello can make it keep is 4,096 bytes, for 10 seconds.

use std::io;

use keycap_core::noise::frame::{FrameError, FrameType, LENGTH_LEN, ciphertext_len};
use keycap_core::noise::handshake::{MESSAGE_2_LEN, MESSAGE_3_LEN};
use keycap_core::noise::{Confirmed, Established, HandshakeError, Initiator, Responder, Status, StatusCode, StatusError, hello};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Duration, Instant, timeout};

/// From accept to confirmation, and for the connector from hello to status.
pub(crate) const LIMIT: Duration = Duration::from_secs(10);

/// A frame of a status has at most 200 bytes of text, 12 around it, a type and a tag.
const MAX_STATUS_FRAME: usize = 256;

/// Why a connector has no session.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The connection closed before the handshake was done. A gateway says nothing to whom it does not know.
    #[error("the connection was closed without a word: this is no gateway of the service, or it no longer knows the capability")]
    Silence,
    /// The answer did not come in time.
    #[error("no answer within {} seconds", LIMIT.as_secs())]
    TimedOut,
    /// The answer is not the service's.
    #[error("the answer is not from the service: {0}")]
    Handshake(#[from] HandshakeError),
    /// The first frame is not what it must be.
    #[error("the service's first frame: {0}")]
    Frame(#[from] FrameError),
    /// The first frame is no status.
    #[error("the service's first frame is no status")]
    NoStatus,
    /// The status cannot be read.
    #[error(transparent)]
    Status(#[from] StatusError),
    /// The service has the session refused; only it could have said so.
    #[error("refused: {}", describe(.0))]
    Refused(Status),
    /// The socket below failed.
    #[error("{0}")]
    Socket(#[source] io::Error),
}

/// A status in words: what the service says, or what its code means.
pub(crate) fn describe(status: &Status) -> String {
    let text = status.printable_text();
    if !text.trim().is_empty() {
        return text;
    }
    match status.code() {
        StatusCode::Ok => "nothing is wrong".into(),
        StatusCode::Expired => "expired, or not valid yet".into(),
        StatusCode::Revoked => "revoked".into(),
        StatusCode::NotAllowed => "not allowed".into(),
        StatusCode::TooManySessions => "too many sessions".into(),
        StatusCode::UnknownCaveat => "it carries a caveat that the service does not know".into(),
        StatusCode::ClockUnsure => "the service does not know the time".into(),
        StatusCode::Other(number) => format!("status {number}"),
    }
}

/// The connector's part, from the hello to the service's "go on"; and how long a question and its answer took.
pub(crate) async fn connect<S>(socket: &mut S, initiator: Initiator, hello: &[u8]) -> Result<(Established, Duration), ConnectError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    timeout(LIMIT, connect_unlimited(socket, initiator, hello)).await.map_err(|_| ConnectError::TimedOut)?
}

async fn connect_unlimited<S>(socket: &mut S, initiator: Initiator, hello: &[u8]) -> Result<(Established, Duration), ConnectError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let asked = Instant::now();
    socket.write_all(hello).await.map_err(silence)?;
    let message_2 = read_message::<MESSAGE_2_LEN>(socket, 2).await?;
    let round_trip = asked.elapsed();
    let (confirmation, mut established) = initiator.read_message_2(&message_2)?;
    socket.write_all(&confirmation).await.map_err(silence)?;

    let length = ciphertext_len(read_array(socket).await?)?;
    if length > MAX_STATUS_FRAME {
        return Err(FrameError::Length { actual: length }.into());
    }
    let mut frame = vec![0; length];
    socket.read_exact(&mut frame).await.map_err(silence)?;
    let frame = established.receiver.open(&mut frame)?;
    if frame.kind != FrameType::Status {
        return Err(ConnectError::NoStatus);
    }
    let status = Status::parse(frame.body)?;
    if status.code() == StatusCode::Ok { Ok((established, round_trip)) } else { Err(ConnectError::Refused(status)) }
}

/// The service's part, from accept to the confirmation. `None`: close without a word. What was wrong is nobody's business, the log's included:
/// whoever it was is not known. With it, how long a question and its answer took.
pub(crate) async fn accept<S, R>(socket: &mut S, read_hello: R) -> Option<(Confirmed, Duration)>
where
    S: AsyncRead + AsyncWrite + Unpin,
    R: FnOnce(&[u8]) -> Result<(Responder, Vec<u8>), HandshakeError>,
{
    timeout(LIMIT, accept_unlimited(socket, read_hello)).await.ok().flatten()
}

async fn accept_unlimited<S, R>(socket: &mut S, read_hello: R) -> Option<(Confirmed, Duration)>
where
    S: AsyncRead + AsyncWrite + Unpin,
    R: FnOnce(&[u8]) -> Result<(Responder, Vec<u8>), HandshakeError>,
{
    let header: [u8; hello::HEADER_LEN] = read_array(socket).await.ok()?;
    let mut hello = Vec::with_capacity(hello::HEADER_LEN + hello::body_len(&header).ok()?);
    hello.extend_from_slice(&header);
    hello.resize(hello.capacity(), 0);
    socket.read_exact(hello.get_mut(hello::HEADER_LEN..)?).await.ok()?;
    let (responder, reply) = read_hello(&hello).ok()?;
    drop(hello);
    let asked = Instant::now();
    socket.write_all(&reply).await.ok()?;

    let length: [u8; LENGTH_LEN] = read_array(socket).await.ok()?;
    if usize::from(u16::from_be_bytes(length)) != responder.confirmation_len() {
        return None;
    }
    let mut room = [0; MESSAGE_3_LEN];
    let confirmation = room.get_mut(..responder.confirmation_len())?;
    socket.read_exact(confirmation).await.ok()?;
    let round_trip = asked.elapsed();
    Some((responder.read_confirmation(confirmation).ok()?, round_trip))
}

async fn read_message<const LENGTH: usize>(socket: &mut (impl AsyncRead + Unpin), message: u8) -> Result<[u8; LENGTH], ConnectError> {
    let length = usize::from(u16::from_be_bytes(read_array(socket).await?));
    if length != LENGTH {
        return Err(HandshakeError::Length { message, actual: length }.into());
    }
    read_array(socket).await
}

async fn read_array<const LENGTH: usize>(socket: &mut (impl AsyncRead + Unpin)) -> Result<[u8; LENGTH], ConnectError> {
    let mut bytes = [0; LENGTH];
    socket.read_exact(&mut bytes).await.map_err(silence)?;
    Ok(bytes)
}

/// A connection that closes, in order or with a reset, is silence.
fn silence(error: io::Error) -> ConnectError {
    let closed = [io::ErrorKind::UnexpectedEof, io::ErrorKind::ConnectionReset, io::ErrorKind::BrokenPipe];
    if closed.contains(&error.kind()) { ConnectError::Silence } else { ConnectError::Socket(error) }
}

#[cfg(test)]
mod tests;
