use keycap_core::noise::Status;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::task::JoinHandle;
use tokio::time::{Duration, timeout};

use super::*;
use crate::fixtures::drivers;
use crate::mux::Event;

/// One end of a pipe, that remembers whether it was broken off.
struct Pipe {
    pipe: DuplexStream,
    aborted: std::sync::Arc<std::sync::atomic::AtomicBool>,
}

impl Endpoint for Pipe {
    fn abort(&mut self) {
        self.aborted.store(true, std::sync::atomic::Ordering::SeqCst);
    }
}

impl tokio::io::AsyncRead for Pipe {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, to: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.pipe).poll_read(cx, to)
    }
}

impl tokio::io::AsyncWrite for Pipe {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.pipe).poll_write(cx, from)
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.pipe).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.pipe).poll_shutdown(cx)
    }
}

/// One side: what a program has in its hand, and the relay behind it.
struct Side {
    program: DuplexStream,
    relay: JoinHandle<Result<(), RelayError>>,
    aborted: std::sync::Arc<std::sync::atomic::AtomicBool>,
}

fn side(relay: impl FnOnce(Pipe) -> Relay<Pipe>) -> Side {
    let (program, pipe) = duplex(4096);
    let aborted = std::sync::Arc::default();
    let relay = relay(Pipe { pipe, aborted: std::sync::Arc::clone(&aborted) });
    Side { program, relay: tokio::spawn(relay), aborted }
}

impl Side {
    /// How the relay ended, and whether it broke its connection off.
    async fn end(self) -> (Result<(), String>, bool) {
        drop(self.program);
        let ended = timeout(Duration::from_secs(5), self.relay).await.unwrap().unwrap();
        (ended.map_err(|error| error.to_string()), self.aborted.load(std::sync::atomic::Ordering::SeqCst))
    }
}

/// A client's side and a server's side, joined by a stream that the service answers with that status.
async fn joined(answer: &Status) -> (Side, Side) {
    let (mut connector, mut service) = drivers(1 << 16);
    let stream = connector.session().open().unwrap();
    stream.send(b"header").unwrap();
    tokio::spawn(async move { while let Event::Stream(_) = connector.next().await {} });
    let (sender, receiver) = tokio::sync::oneshot::channel();
    tokio::spawn(async move {
        if let Event::Stream(stream) = service.next().await {
            let _ = sender.send(stream);
        }
        while let Event::Stream(_) = service.next().await {}
    });
    let client = side(|pipe| Relay::asked(pipe, stream));
    let stream = receiver.await.unwrap();
    let mut early = std::future::poll_fn(|cx| stream.poll_chunk(cx)).await.unwrap().unwrap();
    assert_eq!(early.drain(..6).as_slice(), b"header");
    stream.send(&answer.encode_answer()).unwrap();
    (client, side(|pipe| Relay::answered(pipe, stream, early)))
}

fn go_on() -> Status {
    Status::new(StatusCode::Ok, "")
}

#[tokio::test]
async fn both_directions_flow_and_end_each_for_itself() {
    let (mut client, mut server) = joined(&go_on()).await;
    let question = vec![7; 500_000];
    let (mut from_client, mut to_client) = tokio::io::split(&mut client.program);
    let ask = async {
        to_client.write_all(&question).await.unwrap();
        to_client.shutdown().await.unwrap();
    };
    let serve = async {
        let mut received = Vec::new();
        server.program.read_to_end(&mut received).await.unwrap();
        assert!(received == question);
        server.program.write_all(b"answer, after the end of the question").await.unwrap();
        server.program.shutdown().await.unwrap();
    };
    let mut answer = String::new();
    let (_, (), ()) = tokio::join!(from_client.read_to_string(&mut answer), ask, serve);
    assert_eq!(answer, "answer, after the end of the question");
    assert_eq!(client.end().await, (Ok(()), false));
    assert_eq!(server.end().await, (Ok(()), false));
}

#[tokio::test]
async fn bytes_go_up_before_the_answer_has_come() {
    let (mut connector, mut service) = drivers(1 << 16);
    let stream = connector.session().open().unwrap();
    stream.send(b"header").unwrap();
    tokio::spawn(async move { while let Event::Stream(_) = connector.next().await {} });
    let mut client = side(|pipe| Relay::asked(pipe, stream));
    client.program.write_all(b" and early bytes").await.unwrap();
    let Event::Stream(stream) = service.next().await else { panic!("no stream") };
    tokio::spawn(async move { while let Event::Stream(_) = service.next().await {} });
    let mut early = Vec::new();
    while early.len() < 22 {
        early.extend(std::future::poll_fn(|cx| stream.poll_chunk(cx)).await.unwrap().unwrap());
    }
    assert_eq!(early, b"header and early bytes");
    // The answer in pieces, the last with bytes behind it.
    let answer = [go_on().encode_answer(), b"served".to_vec()].concat();
    for piece in answer.chunks(3) {
        stream.send(piece).unwrap();
        tokio::task::yield_now().await;
    }
    let mut served = [0; 6];
    client.program.read_exact(&mut served).await.unwrap();
    assert_eq!(&served, b"served");
}

#[tokio::test]
async fn a_refused_stream_breaks_the_connection_off_and_says_why() {
    let (client, _server) = joined(&Status::new(StatusCode::NotAllowed, "no such target")).await;
    assert_eq!(client.end().await, (Err("no such target".into()), true));
}

#[tokio::test]
async fn a_client_that_goes_away_takes_the_server_with_it() {
    let (client, mut server) = joined(&go_on()).await;
    drop(client.program);
    // The server learns of the client's end, writes on, and is broken off.
    assert_eq!(server.program.read(&mut [0; 8]).await.unwrap(), 0);
    let endless = async { while server.program.write_all(&[0; 1000]).await.is_ok() {} };
    timeout(Duration::from_secs(5), endless).await.unwrap();
    // Not aborted: what the client had sent was complete, and a reset could overtake it.
    assert_eq!(server.end().await, (Ok(()), false));
    assert_eq!(client_end(client.relay, &client.aborted).await, (true, true));
}

async fn client_end(relay: JoinHandle<Result<(), RelayError>>, aborted: &std::sync::atomic::AtomicBool) -> (bool, bool) {
    let ended = timeout(Duration::from_secs(5), relay).await.unwrap().unwrap();
    (ended.is_err(), aborted.load(std::sync::atomic::Ordering::SeqCst))
}

#[tokio::test]
async fn an_answer_is_delivered_though_the_server_takes_no_more() {
    let (mut client, mut server) = joined(&go_on()).await;
    server.program.write_all(b"too large, not read").await.unwrap();
    drop(server.program);
    let upload = async { while client.program.write_all(&[0; 1000]).await.is_ok() {} };
    let _ = timeout(Duration::from_millis(300), upload).await;
    let mut answer = String::new();
    client.program.read_to_string(&mut answer).await.unwrap();
    assert_eq!(answer, "too large, not read");
    assert_eq!(client.end().await, (Ok(()), false));
}

#[tokio::test]
async fn a_relay_that_is_dropped_breaks_both_sides_off() {
    let (client, server) = joined(&go_on()).await;
    server.relay.abort();
    assert_eq!(client.end().await, (Err("the stream was broken off".into()), true));
    assert!(server.relay.await.unwrap_err().is_cancelled());
    assert!(server.aborted.load(std::sync::atomic::Ordering::SeqCst));
}

#[test]
fn a_queue_advances_over_whole_and_partial_pieces() {
    let mut queue = Queue::default();
    for piece in [&b"abc"[..], b"", b"de", b"f"] {
        queue.push(piece.to_vec());
    }
    let mut used_up = Vec::new();
    queue.advance(4, |chunk| used_up.push(chunk));
    assert_eq!((queue.bytes, queue.written, used_up.concat()), (2, 1, b"abc".to_vec()));
    queue.advance(2, |chunk| used_up.push(chunk));
    assert_eq!((queue.bytes, queue.written, used_up.concat()), (0, 0, b"abcdef".to_vec()));
}
