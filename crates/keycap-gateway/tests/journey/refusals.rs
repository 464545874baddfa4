//! What does not go through, and what is said of it.

use std::time::Duration;

use keycap_gateway::{ConnectorError, ConnectorEvent, GatewayEvent};
use keycap_vault::{Limits, Policy, Purpose, Times, When};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::world::{World, echo, nobody};

fn allow(rule: &str) -> Limits {
    Limits { allow: vec![rule.parse().unwrap()], ..Limits::default() }
}

async fn stream_refusal(world: &World, capability: &str, gateway: &str, target: &str) -> String {
    let connector = world.forward(capability, gateway, Some(target)).await;
    assert!(connector.ask(b"let me in").await.is_err());
    let refused = connector.events.wait_for(|event| matches!(event, ConnectorEvent::StreamRefused { .. })).await;
    connector.stop().await;
    let ConnectorEvent::StreamRefused { target: asked, why } = refused else { unreachable!() };
    assert_eq!(asked, target);
    why
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_outside_the_capability_is_refused_before_anything_is_dialled() {
    let world = World::new();
    world.mint("all", Limits::default());
    world.delegate("all", "web-only", allow("web"));
    let gateway = world.serve(&[format!("web={}", echo().await), format!("db={}", nobody().await)]).await;
    let why = stream_refusal(&world, "web-only", &gateway.address, "db").await;
    assert_eq!(why, "block 1, caveat `allow`: no rule allows this");
    assert!(!gateway.events.all().iter().any(|event| matches!(event, GatewayEvent::UpstreamFailed { .. })));
    // The same answer for what is not there: the capability does not tell which upstreams exist.
    assert_eq!(stream_refusal(&world, "web-only", &gateway.address, "nothing").await, why);
    assert_eq!(stream_refusal(&world, "all", &gateway.address, "nothing").await, "there is no upstream `nothing` here");
    let connector = world.forward("web-only", &gateway.address, Some("web")).await;
    assert_eq!(connector.ask(b"allowed").await.unwrap(), b"allowed");
    connector.stop().await;
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upstream_that_does_not_answer_is_named_and_its_place_is_told_to_the_operator_only() {
    let world = World::new();
    world.mint("cap", Limits::default());
    let upstream = nobody().await;
    let gateway = world.serve(&[format!("db={upstream}")]).await;
    assert_eq!(stream_refusal(&world, "cap", &gateway.address, "db").await, "the upstream `db` does not answer");
    let failed = gateway.events.wait_for(|event| matches!(event, GatewayEvent::UpstreamFailed { .. })).await;
    let GatewayEvent::UpstreamFailed { target, why } = failed else { unreachable!() };
    assert_eq!(target, "db");
    assert!(why.starts_with(&format!("{upstream}: Connection refused")), "{why}");
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_capability_that_expires_ends_its_session_and_opens_no_other() {
    let world = World::new();
    let times = Times { expires: Some(When::In(3)), ..Times::default() };
    world.mint("brief", Limits { times, ..Limits::default() });
    let gateway = world.serve(&[echo().await]).await;
    let later = world.open_capability("brief");
    let connector = world.forward("brief", &gateway.address, None).await;
    assert_eq!(connector.ask(b"now").await.unwrap(), b"now");
    let lost = connector.events.wait_for(|event| matches!(event, ConnectorEvent::Lost { .. })).await;
    assert_eq!(lost, ConnectorEvent::Lost { why: "expired".into() });
    // It tries once more, is refused, and gives up.
    let refused = connector.forwarded.await.unwrap().unwrap_err();
    assert_eq!(refused.to_string(), "refused: block 0, caveat `exp`: expired");
    let refused = world.connector(later, &gateway.address, None).await.err().unwrap();
    assert!(matches!(refused, ConnectorError::Refused { code: keycap_core::noise::StatusCode::Expired, .. }), "{refused}");
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_ends_when_it_has_lasted_as_long_as_it_may_and_is_renewed() {
    let world = World::new();
    world.mint("short", Limits { times: Times { max_session_s: Some(1), ..Times::default() }, ..Limits::default() });
    let gateway = world.serve(&[echo().await]).await;
    let connector = world.forward("short", &gateway.address, None).await;
    let mut connection = connector.connect().await;
    assert_eq!(crate::world::ask(&mut connection, b"one").await.unwrap(), b"one");
    let lost = connector.events.wait_for(|event| matches!(event, ConnectorEvent::Lost { .. })).await;
    assert_eq!(lost, ConnectorEvent::Lost { why: "the session has lasted as long as it may".into() });
    assert!(crate::world::ask(&mut connection, b"two").await.is_err());
    assert_eq!(connector.ask(b"three").await.unwrap(), b"three");
    connector.stop().await;
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_capability_for_another_purpose_opens_no_session() {
    let world = World::new();
    let policy = Policy { purposes: vec![Purpose::File], ..Policy::default() };
    world.mint("files", Limits { policy, ..Limits::default() });
    let gateway = world.serve(&[echo().await]).await;
    let refused = world.connector(world.open_capability("files"), &gateway.address, None).await.err().unwrap();
    assert_eq!(refused.to_string(), "refused: block 0, caveat `purpose`: not meant for this purpose");
    let refused = gateway.events.wait_for(|event| matches!(event, GatewayEvent::Refused { .. })).await;
    let GatewayEvent::Refused { why, .. } = refused else { unreachable!() };
    assert_eq!(why, "block 0, caveat `purpose`: not meant for this purpose");
    gateway.stop().await;
    let log = world.operator.open().log(&keycap_vault::LogQuery::default()).unwrap();
    assert!(log.rows.iter().any(|row| row.action == "session.refused"), "{log:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_is_met_with_silence_and_leaves_no_trace() {
    let world = World::new();
    let gateway = world.serve(&[echo().await]).await;
    for bytes in [&b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"[..], &[0; 5000], b"KCP1\x01\x01\0\0", &[255; 26]] {
        let mut connection = TcpStream::connect(&gateway.address).await.unwrap();
        // It may be closed before all of it is written.
        let _ = connection.write_all(bytes).await;
        let _ = connection.shutdown().await;
        let mut answer = Vec::new();
        let _ = connection.read_to_end(&mut answer).await;
        assert!(answer.is_empty());
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(gateway.events.all(), []);
    gateway.stop().await;
    let log = world.operator.open().log(&keycap_vault::LogQuery::default()).unwrap();
    assert!(!log.rows.iter().any(|row| row.action.starts_with("session.")), "{log:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_capability_of_another_service_is_met_with_silence() {
    let (world, other) = (World::new(), World::new());
    other.mint("cap", Limits::default());
    let gateway = world.serve(&[echo().await]).await;
    let error = other.connector(other.open_capability("cap"), &gateway.address, None).await.err().unwrap().to_string();
    let silence = "the connection was closed without a word: this is no gateway of the service, or it no longer knows the capability";
    assert_eq!(error, format!("no gateway was reached: {}: {silence}", gateway.address));
    assert_eq!(gateway.events.all(), []);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hint_does_not_lead_to_this_machine() {
    let world = World::new();
    let gateway = world.serve(&[echo().await]).await;
    let mut operator = world.operator.open();
    operator.set_service_hints("db", vec![gateway.address.clone(), "dns:example.org".into()]).unwrap();
    drop(operator);
    world.mint("cap", Limits::default());
    let options = keycap_gateway::ConnectorOptions::default();
    let opened = keycap_gateway::Connector::open(world.open_capability("cap"), options, std::sync::Arc::new(|_| {})).await;
    let error = opened.err().unwrap().to_string();
    let hint = &gateway.address;
    let forbidden = format!("the hint `{hint}` leads to this machine, where only an address that you give yourself may lead");
    assert_eq!(error, format!("no gateway was reached: {forbidden}"));
    gateway.stop().await;
}
