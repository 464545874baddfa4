use std::future::poll_fn;
use std::task::Waker;

use keycap_core::noise::frame::{FrameReceiver, FrameSender, FrameType};
use keycap_core::noise::{Status, StatusCode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::time::{Duration, Instant, timeout};

use super::pulse::KEEP_ALIVE;
use super::*;
use crate::fixtures::established;

/// A connector that sends into a pipe of that size, and a service that receives from it.
fn pair(pipe: usize) -> (Sending, Receiving) {
    let (connector, service) = established();
    let (near, far) = duplex(pipe);
    (Sending::new(Box::new(near), connector.0), Receiving::new(Box::new(far), service.1, End::Service))
}

/// A service that receives, and the raw pipe with the connector's sender at its other end.
fn raw() -> (Receiving, DuplexStream, FrameSender, FrameReceiver) {
    let (connector, service) = established();
    let (near, far) = duplex(1 << 20);
    (Receiving::new(Box::new(far), service.1, End::Service), near, connector.0, connector.1)
}

async fn flush(sending: &mut Sending) -> Result<(), TransportError> {
    poll_fn(|cx| sending.poll_flush(cx)).await
}

/// What comes until the end, or why it does not.
async fn read_to_end(receiving: &mut Receiving, into: &mut Vec<u8>) -> Result<Option<Status>, TransportError> {
    loop {
        match receiving.next()? {
            Some(Received::Data(bytes)) => into.extend_from_slice(bytes),
            Some(Received::End(verdict)) => return Ok(verdict),
            None => poll_fn(|cx| receiving.poll_read(cx)).await?,
        }
    }
}

async fn error_of(receiving: &mut Receiving) -> String {
    read_to_end(receiving, &mut Vec::new()).await.unwrap_err().to_string()
}

const CUT: &str = "the connection was cut before its end";

#[tokio::test]
async fn bytes_arrive_as_they_were_sent_whatever_the_pieces() {
    for pipe in [1, 37, 4096, 1 << 20] {
        let (mut sending, mut receiving) = pair(pipe);
        let total = if pipe < 100 { 20_000 } else { 300_000 };
        let sent: Vec<u8> = (0..total).map(|i| u8::try_from(i * 31 % 251).unwrap()).collect();
        let expected = sent.clone();
        let writer = tokio::spawn(async move {
            let mut rest = &sent[..];
            for size in [1, 12, 4095, 4096, 3, MAX_PUSH, 17].into_iter().cycle() {
                let (piece, after) = rest.split_at(size.min(rest.len()));
                sending.push(piece).unwrap();
                rest = after;
                if size % 2 == 0 || sending.is_full() {
                    flush(&mut sending).await.unwrap();
                }
                if rest.is_empty() {
                    break;
                }
            }
            sending.end().unwrap();
            flush(&mut sending).await.unwrap();
        });
        let mut received = Vec::new();
        assert_eq!(read_to_end(&mut receiving, &mut received).await.unwrap(), None);
        assert!(received == expected, "{pipe}");
        writer.await.unwrap();
    }
}

#[tokio::test]
async fn small_pieces_share_a_frame_and_go_out_with_one_flush() {
    let (connector, _service) = established();
    let (near, mut wire) = duplex(1 << 16);
    let mut sending = Sending::new(Box::new(near), connector.0);
    sending.push(&[1; 12]).unwrap();
    sending.push(&[2; 30]).unwrap();
    flush(&mut sending).await.unwrap();
    let mut prefix = [0; 2];
    wire.read_exact(&mut prefix).await.unwrap();
    assert_eq!(u16::from_be_bytes(prefix), 1 + 42 + 16);
}

#[tokio::test]
async fn a_connection_that_closes_without_an_end_frame_is_an_error() {
    let (mut receiving, mut wire, mut sender, _) = raw();
    let mut frames = Vec::new();
    sender.seal(FrameType::Data, b"half a story", &mut frames).unwrap();
    wire.write_all(&frames).await.unwrap();
    drop(wire);
    let mut received = Vec::new();
    let error = read_to_end(&mut receiving, &mut received).await.unwrap_err();
    assert_eq!((error.to_string().as_str(), &received[..]), (CUT, &b"half a story"[..]));
}

#[tokio::test]
async fn a_frame_that_is_cut_off_is_an_error() {
    for kept in [0, 1, 2, 20] {
        let (mut receiving, mut wire, mut sender, _) = raw();
        let mut frames = Vec::new();
        sender.seal(FrameType::Data, b"half a story", &mut frames).unwrap();
        wire.write_all(&frames[..kept]).await.unwrap();
        drop(wire);
        assert_eq!(error_of(&mut receiving).await, CUT);
    }
}

#[tokio::test]
async fn changed_swapped_and_repeated_frames_are_errors() {
    let frames = |change: fn(&mut Vec<Vec<u8>>)| async move {
        let (mut receiving, mut wire, mut sender, _) = raw();
        let mut frames = vec![Vec::new(), Vec::new(), Vec::new()];
        for (frame, body) in frames.iter_mut().zip([b"one", b"two", b"six"]) {
            sender.seal(FrameType::Data, body, frame).unwrap();
        }
        change(&mut frames);
        wire.write_all(&frames.concat()).await.unwrap();
        drop(wire);
        error_of(&mut receiving).await
    };
    assert_eq!(frames(|_| {}).await, CUT);
    let changes: [fn(&mut Vec<Vec<u8>>); 4] =
        [|frames| frames.swap(0, 1), |frames| frames[1][5] ^= 1, |frames| frames[2] = frames[1].clone(), |frames| drop(frames.remove(1))];
    for change in changes {
        assert_eq!(frames(change).await, "the frame is not authentic");
    }
    assert_eq!(frames(|frames| frames[0][..2].fill(0)).await, "a frame of 0 bytes has a wrong length");
}

#[tokio::test]
async fn only_a_service_says_what_it_thinks_and_only_once() {
    let refusal = Status::new(StatusCode::Revoked, "revoked");
    let statuses = |end, statuses: Vec<Status>| async move {
        let (connector, service) = established();
        let (near, far) = duplex(1 << 16);
        let ((mut sending, mut receiving), _) = match end {
            End::Connector => ((Sending::new(Box::new(far), service.0), Receiving::new(Box::new(near), connector.1, end)), ()),
            End::Service => ((Sending::new(Box::new(near), connector.0), Receiving::new(Box::new(far), service.1, end)), ()),
        };
        for status in statuses {
            sending.status(&status).unwrap();
        }
        sending.end().unwrap();
        flush(&mut sending).await.unwrap();
        read_to_end(&mut receiving, &mut Vec::new()).await.map_err(|error| error.to_string())
    };
    let misplaced = Err("the peer sent a status where none belongs".to_owned());
    assert_eq!(statuses(End::Connector, vec![refusal.clone()]).await, Ok(Some(refusal.clone())));
    assert_eq!(statuses(End::Connector, vec![refusal.clone(), refusal.clone()]).await, misplaced);
    assert_eq!(statuses(End::Connector, vec![Status::new(StatusCode::Ok, "")]).await, misplaced);
    assert_eq!(statuses(End::Service, vec![refusal]).await, misplaced);
}

#[tokio::test]
async fn what_was_not_sealed_can_be_taken_back() {
    let (connector, service) = established();
    let (near, far) = duplex(1 << 16);
    let mut sending = Sending::new(Box::new(far), service.0);
    let mut receiving = Receiving::new(Box::new(near), connector.1, End::Connector);
    let refusal = Status::new(StatusCode::Revoked, "revoked");
    sending.push(b"of a revoked session").unwrap();
    sending.forget_unsealed();
    sending.status(&refusal).unwrap();
    sending.end().unwrap();
    flush(&mut sending).await.unwrap();
    let mut received = Vec::new();
    assert_eq!(read_to_end(&mut receiving, &mut received).await.unwrap(), Some(refusal));
    assert!(received.is_empty());
}

#[tokio::test]
async fn keys_are_changed_on_the_way_and_nobody_notices() {
    let (mut sending, mut receiving) = pair(1 << 20);
    let writer = tokio::spawn(async move {
        for _ in 0..70_000_u32 {
            sending.push(&[3; 4096]).unwrap();
            flush(&mut sending).await.unwrap();
        }
        sending.end().unwrap();
        flush(&mut sending).await.unwrap();
    });
    let mut total = 0;
    loop {
        match receiving.next().unwrap() {
            Some(Received::Data(bytes)) => total += bytes.len(),
            Some(Received::End(_)) => break,
            None => poll_fn(|cx| receiving.poll_read(cx)).await.unwrap(),
        }
    }
    writer.await.unwrap();
    assert_eq!(total, 70_000 * 4096);
}

#[tokio::test]
async fn what_nobody_takes_is_not_collected_without_end() {
    let (mut sending, _receiving) = pair(64);
    let cx = &mut std::task::Context::from_waker(Waker::noop());
    let mut pushed = 0;
    while !sending.is_full() {
        sending.push(&[5; 16 * 1024]).unwrap();
        assert!(sending.poll_flush(cx).is_pending());
        pushed += 16 * 1024;
    }
    assert!((128 * 1024..=192 * 1024).contains(&pushed), "{pushed}");
    let refused = loop {
        if let Err(error) = sending.push(&[5; 16 * 1024]) {
            break error;
        }
        pushed += 16 * 1024;
    };
    assert_eq!((refused.to_string().as_str(), pushed < 2 << 20), ("the peer does not read", true));
}

#[tokio::test]
async fn a_busy_time_leaves_no_memory_behind() {
    let (mut sending, mut receiving) = pair(1 << 20);
    for _ in 0..10 {
        sending.push(&[1; MAX_PUSH]).unwrap();
    }
    flush(&mut sending).await.unwrap();
    let mut total = 0;
    while total < 10 * MAX_PUSH {
        match receiving.next().unwrap() {
            Some(Received::Data(bytes)) => total += bytes.len(),
            Some(Received::End(_)) => unreachable!("no end was sent"),
            None => poll_fn(|cx| receiving.poll_read(cx)).await.unwrap(),
        }
    }
    assert!(sending.capacity() + receiving.capacity() > 100_000);
    assert_eq!(receiving.next().unwrap(), None);
    sending.keep_alive().unwrap();
    receiving.release();
    assert!(sending.capacity() + receiving.capacity() < 1024, "{} {}", sending.capacity(), receiving.capacity());
}

#[tokio::test(start_paused = true)]
async fn the_pulse_beats_after_25_idle_seconds_and_gives_up_after_90() {
    let begin = Instant::now();
    let mut pulse = Pulse::new();
    let mut spoke = begin;
    let mut beats = Vec::new();
    loop {
        poll_fn(|cx| pulse.poll(cx)).await;
        match pulse.beat(spoke) {
            Some(Beat::KeepAlive) => spoke = Instant::now(),
            Some(Beat::Silent) => break,
            None => continue,
        }
        beats.push(begin.elapsed().as_secs());
    }
    assert_eq!((beats, begin.elapsed()), (vec![25, 50, 75], SILENCE));
    let mut pulse = Pulse::new();
    let spoke = Instant::now() + Duration::from_secs(20);
    tokio::time::sleep(Duration::from_secs(20)).await;
    poll_fn(|cx| pulse.poll(cx)).await;
    assert_eq!(pulse.beat(spoke), None, "something was sent in between");
    assert!(timeout(KEEP_ALIVE - Duration::from_secs(6), poll_fn(|cx| pulse.poll(cx))).await.is_err());
    poll_fn(|cx| pulse.poll(cx)).await;
    assert_eq!((pulse.beat(spoke), spoke.elapsed()), (Some(Beat::KeepAlive), KEEP_ALIVE));
}
