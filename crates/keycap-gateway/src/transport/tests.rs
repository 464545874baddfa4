use std::pin::pin;

use futures::io::{AsyncReadExt as _, AsyncWriteExt as _};
use keycap_core::noise::frame::MAX_DATA_BODY;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::time::Instant;

use super::outgoing::LARGE;
use super::*;
use crate::fixtures::established;

/// A connector and a service, each on one end of a pipe of that size.
fn pair(pipe: usize) -> (Transport<DuplexStream>, Transport<DuplexStream>) {
    let (connector, service) = established();
    let (near, far) = duplex(pipe);
    let connector = Transport::new(near, End::Connector, connector.0, connector.1);
    (connector, Transport::new(far, End::Service, service.0, service.1))
}

/// A service's transport, and the raw pipe with the connector's halves at its other end.
fn service_and_raw_connector() -> (Transport<DuplexStream>, DuplexStream, FrameSender, FrameReceiver) {
    let (connector, service) = established();
    let (near, far) = duplex(1 << 20);
    (Transport::new(far, End::Service, service.0, service.1), near, connector.0, connector.1)
}

/// A reader sends what was written before: as yamux, which always reads when it has no more to write.
async fn write_and_read_on(transport: &mut Transport<DuplexStream>, bytes: &[u8]) -> io::Result<usize> {
    futures::io::AsyncWriteExt::write_all(transport, bytes).await?;
    let mut byte = [0];
    futures::io::AsyncReadExt::read(transport, &mut byte).await
}

fn message(error: io::Result<impl std::fmt::Debug>) -> String {
    error.unwrap_err().to_string()
}

#[tokio::test]
async fn bytes_arrive_as_they_were_sent_whatever_the_pieces() {
    for pipe in [1, 37, 4096, 1 << 20] {
        let (mut connector, mut service) = pair(pipe);
        let total = if pipe < 100 { 20_000 } else { 1_000_000 };
        let sent: Vec<u8> = (0..total).map(|i| u8::try_from(i * 31 % 251).unwrap()).collect();
        let expected = sent.clone();
        let writer = tokio::spawn(async move {
            let mut rest = &sent[..];
            for size in [1, 12, LARGE - 1, LARGE, 3, MAX_DATA_BODY + 1, 17, usize::MAX] {
                let (piece, after) = rest.split_at(size.min(rest.len()));
                connector.write_all(piece).await.unwrap();
                rest = after;
            }
            connector.close().await.unwrap();
            connector
        });
        let mut received = Vec::new();
        service.read_to_end(&mut received).await.unwrap();
        assert!(received == expected, "{pipe}");
        writer.await.unwrap();
    }
}

#[tokio::test]
async fn a_flush_waits_for_the_next_read() {
    let (mut connector, service) = pair(1 << 16);
    connector.write_all(&[1; 12]).await.unwrap();
    connector.flush().await.unwrap();
    connector.write_all(&[2; 30]).await.unwrap();
    connector.flush().await.unwrap();
    let mut socket = service.socket;
    let mut prefix = [0; 2];
    let read = timeout(Duration::from_millis(10), socket.read_exact(&mut prefix)).await;
    assert!(read.is_err(), "nothing is on the wire yet");
    let mut byte = [0];
    assert!(timeout(Duration::from_millis(10), connector.read(&mut byte)).await.is_err());
    socket.read_exact(&mut prefix).await.unwrap();
    assert_eq!(u16::from_be_bytes(prefix), 1 + 42 + 16, "both pieces are in one frame");
}

#[tokio::test]
async fn an_end_frame_ends_its_direction() {
    let (mut connector, mut service) = pair(1 << 16);
    connector.write_all(b"last words").await.unwrap();
    connector.close().await.unwrap();
    let mut text = String::new();
    service.read_to_string(&mut text).await.unwrap();
    assert_eq!(text, "last words");
    assert_eq!(service.read(&mut [0; 8]).await.unwrap(), 0);
}

#[tokio::test]
async fn a_connection_that_closes_without_an_end_frame_is_an_error() {
    let (mut service, mut raw, mut sender, _receiver) = service_and_raw_connector();
    let mut frames = Vec::new();
    sender.seal(FrameType::Data, b"half a story", &mut frames).unwrap();
    raw.write_all(&frames).await.unwrap();
    drop(raw);
    let mut received = Vec::new();
    let error = service.read_to_end(&mut received).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    assert_eq!(error.to_string(), "the connection was cut before its end");
    assert_eq!(received, b"half a story");
}

#[tokio::test]
async fn a_frame_that_is_cut_off_is_an_error() {
    for kept in [1, 2, 20] {
        let (mut service, mut raw, mut sender, _receiver) = service_and_raw_connector();
        let mut frames = Vec::new();
        sender.seal(FrameType::Data, b"half a story", &mut frames).unwrap();
        raw.write_all(&frames[..kept]).await.unwrap();
        drop(raw);
        assert_eq!(service.read(&mut [0; 8]).await.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }
}

#[tokio::test]
async fn changed_swapped_and_repeated_frames_are_errors() {
    let frames = |change: fn(&mut Vec<Vec<u8>>)| async move {
        let (mut service, mut raw, mut sender, _receiver) = service_and_raw_connector();
        let mut frames = vec![Vec::new(), Vec::new(), Vec::new()];
        for (frame, body) in frames.iter_mut().zip([b"one", b"two", b"six"]) {
            sender.seal(FrameType::Data, body, frame).unwrap();
        }
        change(&mut frames);
        raw.write_all(&frames.concat()).await.unwrap();
        drop(raw);
        let mut received = Vec::new();
        message(service.read_to_end(&mut received).await)
    };
    assert_eq!(frames(|_| {}).await, "the connection was cut before its end");
    let changes: [fn(&mut Vec<Vec<u8>>); 4] =
        [|frames| frames.swap(0, 1), |frames| frames[1][5] ^= 1, |frames| frames[2] = frames[1].clone(), |frames| drop(frames.remove(1))];
    for change in changes {
        assert_eq!(frames(change).await, "the frame is not authentic");
    }
    assert_eq!(frames(|frames| frames[0][..2].fill(0)).await, "a frame of 0 bytes has a wrong length");
}

#[tokio::test]
async fn a_connector_gets_to_know_why_the_service_ends() {
    let (mut connector, service) = pair(1 << 16);
    let verdict = Status::new(StatusCode::Revoked, "revoked");
    let finished = tokio::spawn({
        let verdict = verdict.clone();
        async move { service.finish(Some(&verdict)).await }
    });
    assert_eq!(connector.read(&mut [0; 8]).await.unwrap(), 0);
    assert_eq!(connector.verdict(), Some(&verdict));
    connector.finish(None).await;
    timeout(Duration::from_millis(500), finished).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_service_that_finishes_drops_what_it_has_not_sealed() {
    let (mut connector, mut service) = pair(1 << 16);
    service.write_all(b"secret of a revoked session").await.unwrap();
    let finished = tokio::spawn(async { service.finish(Some(&Status::new(StatusCode::Revoked, "revoked"))).await });
    let mut received = Vec::new();
    connector.read_to_end(&mut received).await.unwrap();
    assert!(received.is_empty());
    drop(connector);
    finished.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_read_delays_the_end_by_a_second_at_most() {
    let (_connector, mut service) = pair(16);
    assert!(timeout(Duration::from_millis(1), write_and_read_on(&mut service, &[7; 300])).await.is_err());
    let begin = Instant::now();
    service.finish(Some(&Status::new(StatusCode::Revoked, "revoked"))).await;
    assert!(begin.elapsed() <= LINGER + Duration::from_millis(10));
}

#[tokio::test]
async fn a_connector_may_not_send_a_status() {
    let (mut service, mut raw, mut sender, _receiver) = service_and_raw_connector();
    let mut frames = Vec::new();
    sender.seal(FrameType::Status, &Status::new(StatusCode::Revoked, "").encode(), &mut frames).unwrap();
    raw.write_all(&frames).await.unwrap();
    assert_eq!(message(service.read(&mut [0; 8]).await), "the peer sent a status where none belongs");
}

#[tokio::test(start_paused = true)]
async fn a_keep_alive_goes_out_after_25_idle_seconds_and_not_before() {
    let (mut connector, service) = pair(1 << 16);
    let begin = Instant::now();
    let reader = tokio::spawn(async move { message(connector.read(&mut [0; 8]).await) });
    let mut socket = service.socket;
    let mut frame = [0; 19];
    for beat in 1..=3 {
        socket.read_exact(&mut frame).await.unwrap();
        assert_eq!(begin.elapsed().as_secs(), KEEP_ALIVE.as_secs() * beat);
    }
    assert_eq!(reader.await.unwrap(), "nothing was heard from the peer for 90 seconds");
    assert_eq!(begin.elapsed().as_secs(), SILENCE.as_secs());
}

#[tokio::test(start_paused = true)]
async fn two_idle_ends_keep_each_other_alive_for_an_hour_in_little_memory() {
    let (mut connector, mut service) = pair(1 << 20);
    assert_eq!(write_burst(&mut connector, &mut service).await, 600_000);
    let idle = Duration::from_secs(3600);
    let (mut a, mut b) = ([0; 8], [0; 8]);
    let (connector_read, service_read) = tokio::join!(timeout(idle, connector.read(&mut a)), timeout(idle, service.read(&mut b)));
    assert!(connector_read.is_err() && service_read.is_err());
    for end in [&connector, &service] {
        let bytes = end.incoming.capacity() + end.outgoing.capacity();
        assert!(bytes <= 4096, "{bytes} bytes of buffers");
    }
}

async fn write_burst(from: &mut Transport<DuplexStream>, to: &mut Transport<DuplexStream>) -> usize {
    let mut reading = [0; 8];
    let mut received = vec![0; 600_000];
    let write = async {
        from.write_all(&vec![1; 600_000]).await.unwrap();
        from.read(&mut reading).await
    };
    tokio::select! {
        read = write => panic!("{read:?}"),
        read = to.read_exact(&mut received) => read.unwrap(),
    }
    received.len()
}

#[tokio::test]
async fn keys_are_changed_on_the_way_and_nobody_notices() {
    let (mut connector, mut service) = pair(1 << 20);
    let writer = tokio::spawn(async move {
        for _ in 0..70_000_u32 {
            connector.write_all(&[3; LARGE]).await.unwrap();
        }
        connector.close().await.unwrap();
    });
    let mut total = 0;
    let mut buffer = vec![0; 1 << 16];
    loop {
        match service.read(&mut buffer).await.unwrap() {
            0 => break,
            read => total += read,
        }
    }
    writer.await.unwrap();
    assert_eq!(total, 70_000 * LARGE);
}

#[tokio::test]
async fn a_writer_waits_when_nothing_is_taken() {
    let (mut connector, _service) = pair(64);
    let mut taken = 0;
    loop {
        let write = pin!(connector.write(&[5; 16 * 1024]));
        match timeout(Duration::from_millis(5), write).await {
            Ok(written) => taken += written.unwrap(),
            Err(_) => break,
        }
        assert!(taken < 1 << 20, "memory would grow without end");
    }
    assert!(taken >= 128 * 1024);
}
