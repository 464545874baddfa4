use std::future::poll_fn;

use keycap_core::noise::frame::{FrameReceiver, FrameSender, FrameType};
use keycap_core::noise::{Status, StatusCode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex, split};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::*;
use crate::fixtures::{driver, drivers, established};

mod peer;
mod yamux;

/// A driver that is being polled: the streams that the peer opens, and how it ended.
struct Running {
    session: Arc<Session>,
    streams: mpsc::UnboundedReceiver<Stream>,
    over: JoinHandle<(Driver, Over)>,
}

fn run(mut driver: Driver) -> Running {
    let session = Arc::clone(driver.session());
    let (sender, streams) = mpsc::unbounded_channel();
    let over = tokio::spawn(async move {
        loop {
            match driver.next().await {
                Event::Stream(stream) => drop(sender.send(stream)),
                Event::Over(over) => return (driver, over),
            }
        }
    });
    Running { session, streams, over }
}

impl Running {
    async fn accept(&mut self) -> Stream {
        self.streams.recv().await.unwrap()
    }

    async fn over(self) -> Over {
        timeout(Duration::from_secs(5), self.over).await.unwrap().unwrap().1
    }
}

fn pair() -> (Running, Running) {
    let (connector, service) = drivers(1 << 16);
    (run(connector), run(service))
}

async fn send(stream: &Stream, mut bytes: &[u8]) -> Result<(), Broken> {
    while !bytes.is_empty() {
        let room = poll_fn(|cx| stream.poll_ready(cx)).await?;
        let (piece, rest) = bytes.split_at(room.min(bytes.len()));
        stream.send(piece)?;
        bytes = rest;
    }
    Ok(())
}

async fn chunk(stream: &Stream) -> Result<Option<Vec<u8>>, Broken> {
    timeout(Duration::from_secs(5), poll_fn(|cx| stream.poll_chunk(cx))).await.unwrap()
}

async fn read_to_end(stream: &Stream) -> Result<Vec<u8>, Broken> {
    let mut bytes = Vec::new();
    while let Some(chunk) = chunk(stream).await? {
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// A stream between both, on which the connector has sent one byte.
async fn stream_between(connector: &Running, service: &mut Running) -> (Stream, Stream) {
    let ours = connector.session.open().unwrap();
    send(&ours, b"!").await.unwrap();
    let theirs = service.accept().await;
    assert_eq!(chunk(&theirs).await.unwrap().unwrap(), b"!");
    (ours, theirs)
}

#[tokio::test]
async fn bytes_go_both_ways_and_each_side_ends_for_itself() {
    let (connector, mut service) = pair();
    let request: Vec<u8> = (0..3_000_000_u32).map(|i| u8::try_from(i % 253).unwrap()).collect();
    let (ours, theirs) = stream_between(&connector, &mut service).await;
    let expected = request.clone();
    let sender = tokio::spawn(async move {
        send(&ours, &request).await.unwrap();
        ours.finish().unwrap();
        read_to_end(&ours).await.unwrap()
    });
    let received = read_to_end(&theirs).await.unwrap();
    assert!(received == expected);
    send(&theirs, b"an answer after the end of the question").await.unwrap();
    theirs.finish().unwrap();
    assert_eq!(sender.await.unwrap(), b"an answer after the end of the question");
}

#[tokio::test]
async fn a_stream_that_is_broken_off_is_not_taken_for_one_that_ended() {
    let (connector, mut service) = pair();
    let (ours, theirs) = stream_between(&connector, &mut service).await;
    drop(ours);
    assert_eq!(chunk(&theirs).await, Err(Broken::Reset));
    assert_eq!(send(&theirs, b"x").await, Err(Broken::Reset));
    drop(theirs);
    assert_eq!((connector.session.streams(), service.session.streams()), (0, 0));
}

#[tokio::test]
async fn a_side_that_has_ended_can_still_break_the_stream_off() {
    let (connector, mut service) = pair();
    let (ours, theirs) = stream_between(&connector, &mut service).await;
    ours.finish().unwrap();
    assert_eq!(chunk(&theirs).await, Ok(None));
    let endless = tokio::spawn(async move {
        loop {
            if let Err(broken) = send(&theirs, &[0; 10_000]).await {
                return broken;
            }
        }
    });
    assert!(chunk(&ours).await.unwrap().is_some());
    drop(ours);
    assert_eq!(timeout(Duration::from_secs(5), endless).await.unwrap().unwrap(), Broken::Reset);
}

#[tokio::test]
async fn what_was_sent_before_an_end_arrives_though_the_stream_is_broken_off_after_it() {
    let (connector, mut service) = pair();
    let (ours, theirs) = stream_between(&connector, &mut service).await;
    send(&theirs, b"go away, I have said").await.unwrap();
    theirs.finish().unwrap();
    drop(theirs);
    let broken = loop {
        if let Err(broken) = send(&ours, b"but listen").await {
            break broken;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(broken, Broken::Reset);
    assert_eq!(read_to_end(&ours).await.unwrap(), b"go away, I have said");
}

#[tokio::test]
async fn a_stream_too_many_is_refused_and_the_others_live_on() {
    let (connector, service) = established();
    let (near, far) = duplex(1 << 16);
    let connector = run(driver(near, connector, End::Connector, 0));
    let mut service = run(driver(far, service, End::Service, 1));
    let (first, at_service) = stream_between(&connector, &mut service).await;
    let second = connector.session.open().unwrap();
    send(&second, b"me too").await.unwrap();
    assert_eq!(chunk(&second).await, Err(Broken::Reset));
    send(&first, b"still here").await.unwrap();
    assert_eq!(chunk(&at_service).await.unwrap().unwrap(), b"still here");
    drop((first, at_service));
    stream_between(&connector, &mut service).await;
}

#[tokio::test]
async fn streams_that_are_opened_together_reach_the_peer_in_order_whichever_speaks_first() {
    let (connector, mut service) = pair();
    let [first, dropped, second, third] = std::array::from_fn(|_| connector.session.open().unwrap());
    drop(dropped);
    send(&second, b"second").await.unwrap();
    send(&third, b"third").await.unwrap();
    send(&first, b"first").await.unwrap();
    for word in ["first", "second", "third"] {
        let stream = service.accept().await;
        assert_eq!(chunk(&stream).await.unwrap().unwrap(), word.as_bytes());
    }
    let never_said_a_word = connector.session.open().unwrap();
    let last = connector.session.open().unwrap();
    send(&last, b"last").await.unwrap();
    let silent = service.accept().await;
    drop(never_said_a_word);
    assert_eq!(chunk(&silent).await, Err(Broken::Reset), "it was made known, so its end is, too");
}

#[tokio::test]
async fn a_stream_that_nobody_reads_takes_one_window_and_holds_up_no_other() {
    let (connector, mut service) = pair();
    let (ours, theirs) = stream_between(&connector, &mut service).await;
    let stuck = tokio::spawn(async move {
        send(&ours, &[0; 1 << 20]).await?;
        ours.finish()
    });
    let (other, at_service) = stream_between(&connector, &mut service).await;
    for _ in 0..100 {
        send(&other, &[1; 50_000]).await.unwrap();
        let mut received = 0;
        while received < 50_000 {
            received += chunk(&at_service).await.unwrap().unwrap().len();
        }
    }
    assert!(!stuck.is_finished());
    let mut received = 0;
    while received < 1 << 20 {
        received += chunk(&theirs).await.unwrap().unwrap().len();
    }
    stuck.await.unwrap().unwrap();
}

#[tokio::test]
async fn two_hundred_streams_at_once_do_not_mix_up() {
    let (connector, mut service) = pair();
    let echo = tokio::spawn(async move {
        while let Some(stream) = service.streams.recv().await {
            tokio::spawn(async move {
                while let Some(bytes) = chunk(&stream).await.unwrap() {
                    send(&stream, &bytes).await.unwrap();
                }
                stream.finish().unwrap();
            });
        }
    });
    let mut all = tokio::task::JoinSet::new();
    for number in 0..200_u8 {
        let stream = Arc::new(connector.session.open().unwrap());
        all.spawn(async move {
            let bytes = vec![number; 20_000 + usize::from(number) * 100];
            let writer = tokio::spawn({
                let (stream, bytes) = (Arc::clone(&stream), bytes.clone());
                async move {
                    send(&stream, &bytes).await.unwrap();
                    stream.finish().unwrap();
                }
            });
            assert!(read_to_end(&stream).await.unwrap() == bytes);
            writer.await.unwrap();
        });
    }
    while let Some(done) = all.join_next().await {
        done.unwrap();
    }
    assert_eq!(connector.session.streams(), 0);
    drop(connector);
    echo.abort();
}

#[tokio::test]
async fn a_session_that_the_service_ends_ends_its_streams_and_tells_why() {
    let (connector, service) = drivers(1 << 16);
    let (connector, mut service) = (run(connector), run(service));
    let (ours, theirs) = stream_between(&connector, &mut service).await;
    service.over.abort();
    // The driver was dropped with its task: nobody polls the session any more.
    assert_eq!(chunk(&theirs).await, Err(Broken::SessionOver));
    assert!(matches!(connector.over().await, Over::Transport(TransportError::Frame(_))));
    assert_eq!(chunk(&ours).await, Err(Broken::SessionOver));

    let (connector, service) = drivers(1 << 16);
    let connector = run(connector);
    let stream = connector.session.open().unwrap();
    let status = Status::new(StatusCode::Revoked, "revoked");
    service.finish(Some(&status)).await;
    assert!(matches!(&connector.over().await, Over::Refused(why) if *why == status));
    assert_eq!(send(&stream, b"x").await, Err(Broken::SessionOver));
}

#[tokio::test]
async fn a_session_that_ends_in_order_hands_on_what_was_complete() {
    let (connector, service) = drivers(1 << 16);
    let mut service = run(service);
    let stream = connector.session().open().unwrap();
    let unfinished = connector.session().open().unwrap();
    send(&stream, b"all of it").await.unwrap();
    stream.finish().unwrap();
    send(&unfinished, b"half of").await.unwrap();
    let (complete, broken) = (service.accept().await, service.accept().await);
    connector.finish(None).await;
    assert!(matches!(service.over().await, Over::Ended));
    assert_eq!(read_to_end(&complete).await.unwrap(), b"all of it");
    assert_eq!(read_to_end(&broken).await, Err(Broken::SessionOver));
}

#[tokio::test(start_paused = true)]
async fn a_window_grows_for_a_peer_that_fills_it_within_two_round_trips() {
    let round_trip = Duration::from_millis(50);
    let mut growth = MOST_GROWTH;
    let take_half = async |entry: &mut Entry, after: u64| {
        let half = (entry.growth() + INITIAL_WINDOW) / 2;
        entry.announce(half).unwrap();
        entry.deliver(vec![0; usize::try_from(half).unwrap()]);
        entry.take().unwrap();
        tokio::time::sleep(Duration::from_millis(after)).await;
        half
    };
    let mut slow = Entry::new(Flags::NONE, 0);
    let half = take_half(&mut slow, 101).await;
    assert_eq!(slow.move_window(&mut growth, round_trip), Some(half));
    let mut fast = Entry::new(Flags::NONE, 0);
    let mut windows = Vec::new();
    for _ in 0..8 {
        let half = take_half(&mut fast, 99).await;
        windows.push(fast.move_window(&mut growth, round_trip).unwrap() - half);
    }
    assert_eq!(windows, [1, 2, 4, 8, 16, 0, 0, 0].map(|times| times * INITIAL_WINDOW));
    assert_eq!(growth, MOST_GROWTH - (LARGEST_WINDOW - INITIAL_WINDOW));
    // On a short way, it only grows until it need not be moved so often.
    let mut near = Entry::new(Flags::NONE, 0);
    let mut windows = Vec::new();
    for _ in 0..5 {
        let half = take_half(&mut near, 5).await;
        windows.push(near.move_window(&mut growth, Duration::from_millis(1)).unwrap() - half);
    }
    assert_eq!(windows, [1, 2, 4, 0, 0].map(|times| times * INITIAL_WINDOW));
}

#[test]
fn many_small_pieces_are_kept_together() {
    let mut entry = Entry::new(Flags::NONE, 0);
    for _ in 0..10_000 {
        entry.deliver(vec![7]);
    }
    let mut chunks = 0;
    while let Some(chunk) = entry.take() {
        assert!(chunk.capacity() <= 8192);
        chunks += 1;
    }
    assert_eq!(chunks, 3);
}
