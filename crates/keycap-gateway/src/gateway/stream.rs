//! One stream of a session: what it asks for, whether the chain allows it, and the way to the upstream.

use std::future::poll_fn;
use std::sync::Arc;

use keycap_core::chain::VerifiedChain;
use keycap_core::noise::{Status, StatusCode, StreamKind, StreamRequest};
use keycap_core::request::Request;
use tokio::time::{Duration, timeout};

use super::{GatewayEvent, Shared};
use crate::dial::{Trust, dial};
use crate::mux::{Broken, Stream};
use crate::relay::Relay;
use crate::socket::Socket;

/// How long a stream's header may take.
const HEADER_LIMIT: Duration = Duration::from_secs(10);
/// The most bytes of a header: a target, a kind, and what is around them.
const MAX_HEADER: usize = 1024;

/// Serves a stream to its end; what goes wrong breaks it off.
pub(super) async fn serve(shared: Arc<Shared>, session: u64, verified: Arc<VerifiedChain>, stream: Stream) {
    let Ok(Ok(Some((header, early)))) = timeout(HEADER_LIMIT, read_header(&stream)).await else { return };
    // Asking and dialling are on the heap and gone afterwards: a long-lived stream does not keep room for them.
    match Box::pin(open(&shared, session, &verified, &header)).await {
        Ok(upstream) => {
            if answer(&stream, &Status::new(StatusCode::Ok, "")).is_ok() {
                // How it ends, both ends see for themselves.
                let _ = Relay::answered(upstream, stream, early).await;
            }
        }
        Err(status) => {
            let _ = answer(&stream, &status).and_then(|()| stream.finish());
        }
    }
}

/// A stream's header, and what came behind it. `None` if it is longer than any may be, or cut off.
async fn read_header(stream: &Stream) -> Result<Option<(Vec<u8>, Vec<u8>)>, Broken> {
    let mut bytes = Vec::new();
    loop {
        if let Some((length, rest)) = bytes.split_first_chunk::<2>() {
            let length = usize::from(u16::from_be_bytes(*length));
            if length > MAX_HEADER {
                return Ok(None);
            }
            if let Some((header, early)) = rest.split_at_checked(length) {
                return Ok(Some((header.to_vec(), early.to_vec())));
            }
        }
        match poll_fn(|cx| stream.poll_chunk(cx)).await? {
            Some(chunk) => bytes.extend_from_slice(&chunk),
            None => return Ok(None),
        }
    }
}

/// A short answer fits any stream that was just opened: its window is whole.
fn answer(stream: &Stream, status: &Status) -> Result<(), Broken> {
    stream.send(&status.encode_answer())
}

/// The upstream that the header asks for, if the chain allows it and it answers; otherwise what the peer is told.
async fn open(shared: &Shared, session: u64, verified: &VerifiedChain, header: &[u8]) -> Result<Socket, Status> {
    let refused = |target: &str, why: String| {
        shared.tell(GatewayEvent::StreamRefused { session, target: target.to_owned(), why: why.clone() });
        Status::new(StatusCode::NotAllowed, &why)
    };
    let request = StreamRequest::parse(header).map_err(|error| refused("", error.to_string()))?;
    let target = request.target.as_str();
    match request.kind {
        StreamKind::Tcp => {}
        StreamKind::Http | StreamKind::Control => {
            return Err(refused(target, format!("streams of kind `{}` are not served here", request.kind.name())));
        }
    }
    verified.check_request(&Request::stream(target)).map_err(|refusal| refused(target, refusal.to_string()))?;
    let upstream = shared.upstreams.named(target).ok_or_else(|| refused(target, format!("there is no upstream `{target}` here")))?;
    shared.register.opened_stream(session, target);
    dial(&upstream.address, Trust::User, shared.limits.dial).await.map_err(|error| {
        shared.tell(GatewayEvent::UpstreamFailed { target: target.to_owned(), why: error.to_string() });
        // Where it is and why it does not answer is for the operator to know.
        Status::new(StatusCode::NotAllowed, &format!("the upstream `{target}` does not answer"))
    })
}
