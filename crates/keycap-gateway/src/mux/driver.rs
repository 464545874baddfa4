//! What makes a session go: it reads, hands on what comes in, and sends what streams could not send themselves.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll};

use keycap_core::noise::Status;
use tokio::time::{Duration, timeout};

use super::entry::Entry;
use super::header::{Flags, HEADER_LEN, Header, Kind};
use super::{INITIAL_WINDOW, MuxError, Session, State, Stream};
use crate::transport::{Beat, End, Pulse, Received, Receiving, Sending, TransportError};

/// How long the last frames of a session may take to reach the peer.
const LINGER: Duration = Duration::from_secs(1);

/// What a session does next.
#[derive(Debug)]
pub(crate) enum Event {
    /// The peer has opened a stream.
    Stream(Stream),
    /// The session is over.
    Over(Over),
}

/// How a session was ended by the other side, or by what lies between.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Over {
    /// The peer has ended it in order.
    #[error("ended by the peer")]
    Ended,
    /// The service has ended it and said why.
    #[error("{}", crate::handshake::describe(.0))]
    Refused(Status),
    /// The connection failed.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The peer does not keep to the protocol.
    #[error(transparent)]
    Mux(#[from] MuxError),
}

/// The part of a session that reads; it must be polled for anything to happen. Dropped, the session is over.
pub(crate) struct Driver {
    session: Arc<Session>,
    receiving: Receiving,
    parser: Parser,
    pulse: Pulse,
}

impl Driver {
    /// A session whose both directions stand. The peer may have `max_streams` streams open; `round_trip` is how long a question and its answer
    /// took.
    pub(crate) fn new(receiving: Receiving, sending: Sending, end: End, max_streams: usize, round_trip: Duration) -> Self {
        Self { session: Session::new(sending, end, max_streams, round_trip), receiving, parser: Parser::default(), pulse: Pulse::new() }
    }

    /// The handle from which streams are opened.
    pub(crate) fn session(&self) -> &Arc<Session> {
        &self.session
    }

    /// Goes on until something has happened.
    pub(crate) async fn next(&mut self) -> Event {
        std::future::poll_fn(|cx| self.poll_next(cx)).await
    }

    /// Says a first word to the peer.
    pub(crate) fn say(&self, status: &Status) -> Result<(), TransportError> {
        self.session.lock().sending.status(status)
    }

    /// Ends every stream at once. Nothing is said to the peer yet: see [`Self::finish`].
    pub(crate) fn end_streams(&self) {
        self.session.lock().end();
    }

    /// Ends the session: with a status, in place of everything that was not sealed yet; or in order, after all that streams have sent. Waits at
    /// most a second for the peer to have read it.
    pub(crate) async fn finish(mut self, status: Option<&Status>) {
        let ended = self.add_end(status);
        // Whatever fails here fails a session that is over.
        let _ = timeout(LINGER, async {
            ended?;
            std::future::poll_fn(|cx| self.session.lock().sending.poll_flush(cx)).await?;
            std::future::poll_fn(|cx| self.session.lock().sending.poll_shutdown(cx)).await?;
            // A socket that closes with unread bytes resets the connection, and the status would be lost with it.
            Ok::<_, TransportError>(self.receiving.discard().await?)
        })
        .await;
    }

    fn add_end(&self, status: Option<&Status>) -> Result<(), TransportError> {
        let mut state = self.session.lock();
        state.end();
        match status {
            Some(status) => {
                state.sending.forget_unsealed();
                state.sending.status(status)?;
            }
            None => state.push_header(Kind::GoAway, Flags::NONE, 0, 0)?,
        }
        state.sending.end()
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Event> {
        match self.poll_event(cx) {
            Poll::Ready(Ok(stream)) => Poll::Ready(Event::Stream(stream)),
            Poll::Ready(Err(over)) => {
                self.end_streams();
                Poll::Ready(Event::Over(over))
            }
            Poll::Pending => Poll::Pending,
        }
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Result<Stream, Over>> {
        self.session.driver.register(cx.waker());
        loop {
            if let Some(id) = self.parser.opened.pop_front() {
                return Poll::Ready(Ok(Stream::new(id, Arc::clone(&self.session))));
            }
            match self.receiving.next()? {
                Some(Received::Data(bytes)) => {
                    self.parser.parse(bytes, &self.session)?;
                    continue;
                }
                Some(Received::End(Some(status))) => return Poll::Ready(Err(Over::Refused(status))),
                Some(Received::End(None)) => return Poll::Ready(Err(self.parser.farewell())),
                None => {}
            }
            self.poll_send(cx)?;
            match self.receiving.poll_read(cx)? {
                Poll::Ready(()) => self.pulse.heard(),
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    /// Sends what there is, a keep-alive if one is due, and finds out what failed when a stream sent.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Result<(), TransportError> {
        let mut state = self.session.lock();
        if let Some(error) = state.failed.take() {
            return Err(error);
        }
        while self.pulse.poll(cx).is_ready() {
            match self.pulse.beat(state.sending.spoke()) {
                Some(Beat::KeepAlive) => {
                    self.receiving.release();
                    state.spare = Vec::new();
                    state.sending.keep_alive()?;
                }
                Some(Beat::Silent) => return Err(TransportError::Silent),
                None => {}
            }
        }
        if state.sending.is_empty() {
            return Ok(());
        }
        // What cannot be sent now goes when there is room: the socket has the waker.
        match state.poll_flush(cx) {
            Poll::Ready(sent) => sent,
            Poll::Pending => Ok(()),
        }
    }
}

impl Drop for Driver {
    /// The session is over, and the connection too: streams that are still held must not keep it open.
    fn drop(&mut self) {
        let mut state = self.session.lock();
        state.end();
        state.sending.disconnect();
    }
}

/// Takes frames apart, in whatever pieces they come.
#[derive(Default)]
struct Parser {
    header: [u8; HEADER_LEN],
    /// How much of the header is there.
    have: usize,
    /// The stream that bytes belong to, how many are still to come, and whether its end comes with them.
    body: Option<(u32, usize, bool)>,
    /// Streams that the peer has opened and nobody has taken.
    opened: VecDeque<u32>,
    /// The peer's last word, if it has said one.
    farewell: Option<u32>,
}

impl Parser {
    fn parse(&mut self, mut bytes: &[u8], session: &Session) -> Result<(), Over> {
        loop {
            if let Some((id, left, end)) = self.body {
                let (piece, rest) = bytes.split_at_checked(left).unwrap_or((bytes, &[]));
                deliver(session, id, piece, end && piece.len() == left);
                bytes = rest;
                self.body = (piece.len() < left).then_some((id, left - piece.len(), end));
                if self.body.is_some() {
                    return Ok(());
                }
            }
            if bytes.is_empty() {
                return Ok(());
            }
            let missing = self.header.get_mut(self.have..).unwrap_or_default();
            let length = missing.len().min(bytes.len());
            let (piece, rest) = bytes.split_at_checked(length).unwrap_or((bytes, &[]));
            if let Some(missing) = missing.get_mut(..length) {
                missing.copy_from_slice(piece);
            }
            bytes = rest;
            self.have += length;
            if self.have == HEADER_LEN {
                self.have = 0;
                self.act(Header::parse(self.header)?, session)?;
            }
        }
    }

    fn act(&mut self, header: Header, session: &Session) -> Result<(), Over> {
        let mut state = session.lock();
        match header.kind {
            Kind::Data | Kind::WindowUpdate => {
                if header.flags.has(Flags::SYN) {
                    self.open(header, session, &mut state)?;
                }
                self.update(header, &mut state)?;
            }
            Kind::Ping if header.flags.has(Flags::ACK) => {}
            Kind::Ping => state.push_header(Kind::Ping, Flags::ACK, 0, header.length)?,
            Kind::GoAway => self.farewell = Some(header.length),
        }
        Ok(())
    }

    fn open(&mut self, header: Header, session: &Session, state: &mut State) -> Result<(), Over> {
        // Numbers of the connector's streams are odd. Of streams that it opens at once, those with greater numbers may come first.
        if session.end == End::Connector || header.stream.is_multiple_of(2) || state.streams.contains_key(&header.stream) {
            return Err(MuxError::Open.into());
        }
        if state.streams.len() >= session.max_streams {
            state.push_header(Kind::WindowUpdate, Flags::RST, header.stream, 0)?;
            return Ok(());
        }
        state.streams.insert(header.stream, Entry::new(Flags::ACK, INITIAL_WINDOW));
        self.opened.push_back(header.stream);
        Ok(())
    }

    fn update(&mut self, header: Header, state: &mut State) -> Result<(), MuxError> {
        let Header { kind, flags, stream, length } = header;
        let mut end = flags.has(Flags::FIN);
        // Frames that were under way when a stream was broken off are passed over.
        if let Some(entry) = state.streams.get_mut(&stream) {
            match kind {
                Kind::Data => entry.announce(length)?,
                Kind::WindowUpdate | Kind::Ping | Kind::GoAway => {
                    entry.credit = entry.credit.checked_add(length).ok_or(MuxError::Window)?;
                    entry.received_end |= std::mem::take(&mut end);
                }
            }
            entry.reset |= flags.has(Flags::RST);
            if kind == Kind::WindowUpdate || entry.reset {
                entry.wake();
            }
        }
        if kind == Kind::Data && (length > 0 || end) {
            self.body = Some((stream, usize::try_from(length).unwrap_or(usize::MAX), end));
        }
        Ok(())
    }

    /// How the peer's end of the session is to be taken.
    fn farewell(&self) -> Over {
        match self.farewell {
            None | Some(0) if self.have == 0 && self.body.is_none() => Over::Ended,
            None | Some(0) => MuxError::Header.into(),
            Some(code) => MuxError::GoAway { code }.into(),
        }
    }
}

fn deliver(session: &Session, id: u32, piece: &[u8], end: bool) {
    let chunk = session.copy(piece);
    let mut state = session.lock();
    if let Some(entry) = state.streams.get_mut(&id) {
        if !chunk.is_empty() {
            entry.deliver(chunk);
        }
        entry.received_end |= end;
        let reader = entry.reader.take();
        drop(state);
        if let Some(reader) = reader {
            reader.wake();
        }
    }
}
