//! Peers that break the rules, in raw frames.

use super::*;

/// A service, and the connector's end of the wire.
struct Raw {
    service: Running,
    wire: DuplexStream,
    sender: FrameSender,
    receiver: FrameReceiver,
}

fn raw() -> Raw {
    let (connector, service) = established();
    let (wire, far) = duplex(1 << 22);
    Raw { service: run(driver(far, service, End::Service, 8)), wire, sender: connector.0, receiver: connector.1 }
}

fn frame(kind: Kind, flags: Flags, stream: u32, length: u32) -> Vec<u8> {
    Header { kind, flags, stream, length }.encode().to_vec()
}

fn data(flags: Flags, stream: u32, body: &[u8]) -> Vec<u8> {
    [frame(Kind::Data, flags, stream, u32::try_from(body.len()).unwrap()), body.to_vec()].concat()
}

impl Raw {
    async fn say(&mut self, bytes: &[u8]) {
        let mut frames = Vec::new();
        for piece in bytes.chunks(60_000) {
            self.sender.seal(FrameType::Data, piece, &mut frames).unwrap();
        }
        self.wire.write_all(&frames).await.unwrap();
    }

    async fn hear(&mut self) -> Vec<u8> {
        loop {
            let mut length = [0; 2];
            timeout(Duration::from_secs(5), self.wire.read_exact(&mut length)).await.unwrap().unwrap();
            let mut frame = vec![0; u16::from_be_bytes(length).into()];
            self.wire.read_exact(&mut frame).await.unwrap();
            let frame = self.receiver.open(&mut frame).unwrap();
            if frame.kind == FrameType::Data {
                return frame.body.to_vec();
            }
        }
    }

    /// How the session ends after these bytes.
    async fn over_after(bytes: &[u8]) -> String {
        let mut raw = raw();
        raw.say(bytes).await;
        raw.service.over().await.to_string()
    }
}

const OPEN: &str = "the peer opened a stream that it may not open";
const WINDOW: &str = "the peer sent more on a stream than it may";
const HEADER: &str = "the peer sent a malformed stream frame";

#[tokio::test]
async fn streams_are_opened_with_odd_numbers_and_once() {
    let open = |stream| data(Flags::SYN, stream, b"x");
    assert_eq!(Raw::over_after(&open(2)).await, OPEN);
    assert_eq!(Raw::over_after(&[open(1), open(1)].concat()).await, OPEN);
}

#[tokio::test]
async fn streams_of_a_peer_that_opens_several_at_once_need_not_come_in_order() {
    let mut raw = raw();
    raw.say(&[data(Flags::SYN, 5, b"five"), data(Flags::SYN, 3, b"three")].concat()).await;
    for word in ["five", "three"] {
        let stream = raw.service.accept().await;
        assert_eq!(chunk(&stream).await.unwrap().unwrap(), word.as_bytes());
    }
}

#[tokio::test]
async fn a_service_opens_no_stream() {
    let (connector, service) = established();
    let (mut wire, near) = duplex(1 << 16);
    let connector = run(driver(near, connector, End::Connector, 0));
    let (mut sender, mut frames) = (service.0, Vec::new());
    sender.seal(FrameType::Data, &data(Flags::SYN, 2, b"x"), &mut frames).unwrap();
    wire.write_all(&frames).await.unwrap();
    assert_eq!(connector.over().await.to_string(), OPEN);
}

#[tokio::test]
async fn a_window_is_a_limit() {
    let full = vec![0; usize::try_from(INITIAL_WINDOW).unwrap()];
    assert_eq!(Raw::over_after(&[data(Flags::SYN, 1, &full), data(Flags::NONE, 1, b"x")].concat()).await, WINDOW);
    assert_eq!(Raw::over_after(&frame(Kind::Data, Flags::SYN, 1, u32::MAX)).await, WINDOW);
    assert_eq!(Raw::over_after(&[data(Flags::SYN.with(Flags::FIN), 1, b"x"), data(Flags::NONE, 1, b"x")].concat()).await, WINDOW);
    assert_eq!(Raw::over_after(&frame(Kind::WindowUpdate, Flags::SYN, 1, u32::MAX)).await, WINDOW);
}

#[tokio::test]
async fn what_is_no_frame_ends_the_session() {
    assert_eq!(Raw::over_after(b"GET / HTTP/1.1\r\n\r\n").await, HEADER);
    assert_eq!(Raw::over_after(&frame(Kind::Data, Flags::NONE, 0, 1)).await, HEADER);
}

#[tokio::test]
async fn a_session_that_ends_within_a_frame_has_not_ended_in_order() {
    for bytes in [&data(Flags::SYN, 1, b"body")[..14], &frame(Kind::Ping, Flags::SYN, 0, 1)[..5]] {
        let mut raw = raw();
        raw.say(bytes).await;
        let mut end = Vec::new();
        raw.sender.seal(FrameType::End, &[], &mut end).unwrap();
        raw.wire.write_all(&end).await.unwrap();
        assert_eq!(raw.service.over().await.to_string(), HEADER);
    }
}

#[tokio::test]
async fn an_error_of_the_peer_is_told() {
    let mut raw = raw();
    raw.say(&frame(Kind::GoAway, Flags::NONE, 0, 2)).await;
    let mut end = Vec::new();
    raw.sender.seal(FrameType::End, &[], &mut end).unwrap();
    raw.wire.write_all(&end).await.unwrap();
    assert_eq!(raw.service.over().await.to_string(), "the peer ended the session with error 2");
}

#[tokio::test]
async fn frames_arrive_whatever_the_pieces() {
    let mut raw = raw();
    let bytes = [data(Flags::SYN, 1, b"one"), data(Flags::SYN, 3, b"three"), data(Flags::NONE, 1, b" and more"), data(Flags::FIN, 1, b"")].concat();
    for byte in bytes {
        raw.say(&[byte]).await;
    }
    let (one, three) = (raw.service.accept().await, raw.service.accept().await);
    assert_eq!(read_to_end(&one).await.unwrap(), b"one and more");
    assert_eq!(chunk(&three).await.unwrap().unwrap(), b"three");
}

#[tokio::test]
async fn a_ping_is_answered_with_its_number() {
    let mut raw = raw();
    raw.say(&frame(Kind::Ping, Flags::SYN, 0, 4711)).await;
    assert_eq!(raw.hear().await, frame(Kind::Ping, Flags::ACK, 0, 4711));
}

#[tokio::test]
async fn bytes_for_a_stream_that_was_broken_off_are_passed_over() {
    let mut raw = raw();
    raw.say(&data(Flags::SYN, 1, b"x")).await;
    drop(raw.service.accept().await);
    assert_eq!(raw.hear().await, frame(Kind::WindowUpdate, Flags::RST, 1, 0));
    raw.say(&[data(Flags::NONE, 1, &[0; 1000]), frame(Kind::WindowUpdate, Flags::NONE, 1, 9), data(Flags::SYN, 3, b"y")].concat()).await;
    assert_eq!(chunk(&raw.service.accept().await).await.unwrap().unwrap(), b"y");
}

#[tokio::test]
async fn a_peer_that_asks_without_reading_is_cut_off() {
    let (connector, service) = established();
    let (wire, far) = duplex(1 << 16);
    let mut raw = Raw { service: run(driver(far, service, End::Service, 8)), wire, sender: connector.0, receiver: connector.1 };
    let pings = frame(Kind::Ping, Flags::SYN, 0, 1).repeat(5_000);
    let mut frames = Vec::new();
    raw.sender.seal(FrameType::Data, &pings, &mut frames).unwrap();
    loop {
        if raw.wire.write_all(&frames).await.is_err() {
            break;
        }
        frames.clear();
        raw.sender.seal(FrameType::Data, &pings, &mut frames).unwrap();
        if raw.service.over.is_finished() {
            break;
        }
    }
    assert_eq!(raw.service.over().await.to_string(), "the peer does not read");
}
