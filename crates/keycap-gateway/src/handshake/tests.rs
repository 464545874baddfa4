use keycap_core::key::StaticKey;
use keycap_core::noise::{Pattern, Suite};
use keycap_core::secret::Secret;
use rand::rngs::OsRng;
use tokio::io::duplex;

use super::*;
use crate::fixtures::{capability, service_keys};

fn start() -> (Initiator, Vec<u8>) {
    Initiator::start(&capability(&service_keys()), Pattern::NKpsk2, Suite::AesGcm, None, &mut OsRng).unwrap()
}

/// What a service says to these bytes, and whether it then has a session.
async fn answer_to(bytes: &[u8]) -> (Vec<u8>, bool) {
    let (mut near, mut far) = duplex(1 << 16);
    near.write_all(bytes).await.unwrap();
    near.shutdown().await.unwrap();
    let service = service_keys();
    let confirmed = accept(&mut far, |hello| Responder::read_hello(&service, hello, &mut OsRng)).await;
    drop(far);
    let mut answer = Vec::new();
    near.read_to_end(&mut answer).await.unwrap();
    (answer, confirmed.is_some())
}

/// What a connector makes of a service that sends these bytes after its hello.
async fn error_of(bytes: &[u8]) -> String {
    let (mut near, mut far) = duplex(1 << 16);
    far.write_all(bytes).await.unwrap();
    far.shutdown().await.unwrap();
    let (initiator, hello) = start();
    connect(&mut near, initiator, &hello).await.unwrap_err().to_string()
}

/// Runs a whole setup in which the service's first frame is of that kind and body.
async fn set_up(kind: FrameType, body: &[u8]) -> Result<(), ConnectError> {
    let (mut near, mut far) = duplex(1 << 16);
    let (initiator, hello) = start();
    let service = async {
        let service = service_keys();
        let (mut confirmed, _) = accept(&mut far, |hello| Responder::read_hello(&service, hello, &mut OsRng)).await.unwrap();
        let mut frame = Vec::new();
        confirmed.sender.seal(kind, body, &mut frame).unwrap();
        far.write_all(&frame).await.unwrap();
    };
    tokio::join!(connect(&mut near, initiator, &hello), service).0.map(drop)
}

#[tokio::test]
async fn a_session_begins_when_the_service_says_go_on() {
    set_up(FrameType::Status, &Status::new(StatusCode::Ok, "").encode()).await.unwrap();
}

#[tokio::test]
async fn a_refusal_comes_in_words() {
    let refused = set_up(FrameType::Status, &Status::new(StatusCode::Revoked, "block 1: revoked").encode()).await.unwrap_err();
    assert_eq!(refused.to_string(), "refused: block 1: revoked");
    let refused = set_up(FrameType::Status, &Status::new(StatusCode::Expired, "\u{1b}").encode()).await.unwrap_err();
    assert_eq!(refused.to_string(), "refused: expired, or not valid yet");
}

#[tokio::test]
async fn nothing_but_a_status_comes_first() {
    assert!(matches!(set_up(FrameType::Data, b"go on").await, Err(ConnectError::NoStatus)));
    assert!(matches!(set_up(FrameType::Status, b"go on").await, Err(ConnectError::Status(_))));
    assert!(matches!(set_up(FrameType::Data, &[0; 300]).await, Err(ConnectError::Frame(FrameError::Length { actual: 317 }))));
}

#[tokio::test]
async fn what_is_no_hello_is_met_with_silence() {
    let (_, hello) = start();
    let mut changed = hello.clone();
    changed[40] ^= 1;
    let mut too_long = hello.clone();
    too_long[24..26].copy_from_slice(&4_071_u16.to_be_bytes());
    let request = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    for bytes in [&[][..], &hello[..20], &hello[..hello.len() - 1], &changed, &too_long, request, &[0; 5000]] {
        assert_eq!(answer_to(bytes).await, (Vec::new(), false));
    }
}

#[tokio::test]
async fn a_hello_for_another_service_is_met_with_silence() {
    let other = StaticKey::from_private(Secret::new([9; 32]));
    let ours = capability(&service_keys());
    let theirs = keycap_core::capability::Capability::from_parts(*other.public(), ours.chain().clone(), ours.key().duplicate(), Vec::new());
    let (_, hello) = Initiator::start(&theirs, Pattern::NKpsk2, Suite::AesGcm, None, &mut OsRng).unwrap();
    assert_eq!(answer_to(&hello).await, (Vec::new(), false));
}

#[tokio::test]
async fn without_a_confirmation_there_is_no_session() {
    let (_, hello) = start();
    for after in [&[][..], &[0], &[0, 17], &[0, 17, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], &[0, 64], &[255, 255]] {
        let (answer, confirmed) = answer_to(&[&hello, after].concat()).await;
        assert_eq!((answer.len(), confirmed), (LENGTH_LEN + MESSAGE_2_LEN, false), "{after:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_hello_that_drips_is_cut_off_after_ten_seconds() {
    let (mut near, mut far) = duplex(1 << 16);
    let (_, hello) = start();
    let drip = tokio::spawn(async move {
        for byte in hello {
            tokio::time::sleep(Duration::from_millis(500)).await;
            if near.write_all(&[byte]).await.is_err() {
                break;
            }
        }
    });
    let begin = Instant::now();
    let service = service_keys();
    assert!(accept(&mut far, |hello| Responder::read_hello(&service, hello, &mut OsRng)).await.is_none());
    assert_eq!(begin.elapsed().as_secs(), 10);
    drop(far);
    drip.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_service_that_does_not_answer_is_given_up_after_ten_seconds() {
    let (mut near, _far) = duplex(1 << 16);
    let (initiator, hello) = start();
    let begin = Instant::now();
    let error = connect(&mut near, initiator, &hello).await.unwrap_err();
    assert_eq!((error.to_string().as_str(), begin.elapsed().as_secs()), ("no answer within 10 seconds", 10));
}

#[tokio::test]
async fn a_connector_knows_silence_from_a_wrong_answer() {
    let silence = "the connection was closed without a word: this is no gateway of the service, or it no longer knows the capability";
    assert_eq!(error_of(b"").await, silence);
    assert_eq!(error_of(&[0]).await, silence);
    let length = "the answer is not from the service: message 2 of a handshake cannot have 18516 bytes";
    assert_eq!(error_of(b"HTTP/1.1 400 Bad Request\r\n\r\n").await, length);
    let forged = [&[0, 48][..], &[7; 48]].concat();
    assert_eq!(error_of(&forged).await, "the answer is not from the service: message 2 of the handshake is not authentic");
}
