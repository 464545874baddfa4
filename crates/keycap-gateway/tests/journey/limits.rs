//! How much is taken on.

use std::time::Duration;

use keycap_gateway::{ConnectorEvent, GatewayLimits};
use keycap_vault::{Limits, Policy};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::world::{World, ask, echo};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_sessions_than_the_capability_allows_are_open_at_a_time() {
    let world = World::new();
    world.mint("once", Limits { policy: Policy { max_concurrent: Some(1), ..Policy::default() }, ..Limits::default() });
    world.delegate("once", "child", Limits::default());
    let gateway = world.serve(&[echo().await]).await;
    let first = world.forward("child", &gateway.address, None).await;
    for name in ["once", "child"] {
        let refused = world.connector(world.open_capability(name), &gateway.address, None).await.err().unwrap();
        assert_eq!(refused.to_string(), "refused: no more than 1 at a time");
    }
    first.stop().await;
    let second = world.forward("once", &gateway.address, None).await;
    assert_eq!(second.ask(b"my turn").await.unwrap(), b"my turn");
    second.stop().await;
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_has_no_more_sessions_than_it_may() {
    let world = World::new();
    world.mint("cap", Limits::default());
    let limits = GatewayLimits { sessions: 1, ..GatewayLimits::default() };
    let gateway = world.serve_at("127.0.0.1:0", &[echo().await], limits).await;
    let first = world.forward("cap", &gateway.address, None).await;
    let refused = world.connector(world.open_capability("cap"), &gateway.address, None).await.err().unwrap();
    assert_eq!(refused.to_string(), "refused: the gateway has too many sessions");
    first.stop().await;
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_too_many_is_broken_off_and_the_others_stay() {
    let world = World::new();
    world.mint("cap", Limits::default());
    let limits = GatewayLimits { streams: 1, ..GatewayLimits::default() };
    let gateway = world.serve_at("127.0.0.1:0", &[echo().await], limits).await;
    let connector = world.forward("cap", &gateway.address, None).await;
    let mut first = connector.connect().await;
    assert_eq!(ask(&mut first, b"one").await.unwrap(), b"one");
    assert!(connector.ask(b"two").await.is_err());
    assert_eq!(ask(&mut first, b"still here").await.unwrap(), b"still here");
    connector.stop().await;
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn handshakes_that_are_not_finished_take_no_more_places_than_allowed() {
    let world = World::new();
    world.mint("cap", Limits::default());
    let limits = GatewayLimits { half_open_per_source: 2, ..GatewayLimits::default() };
    let gateway = world.serve_at("127.0.0.1:0", &[echo().await], limits).await;
    let mut idle = Vec::new();
    for _ in 0..2 {
        idle.push(TcpStream::connect(&gateway.address).await.unwrap());
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    let mut third = TcpStream::connect(&gateway.address).await.unwrap();
    assert_eq!(timeout(Duration::from_secs(2), third.read(&mut [0; 8])).await.unwrap().unwrap(), 0);
    drop(idle);
    tokio::time::sleep(Duration::from_millis(100)).await;
    let connector = world.forward("cap", &gateway.address, None).await;
    assert_eq!(connector.ask(b"there is room again").await.unwrap(), b"there is room again");
    connector.stop().await;
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ledger_that_is_held_up_holds_up_no_data() {
    let world = World::new();
    world.mint("cap", Limits::default());
    let gateway = world.serve(&[echo().await]).await;
    let connector = world.forward("cap", &gateway.address, None).await;
    let ledger = rusqlite::Connection::open(world.operator.ledger()).unwrap();
    ledger.execute_batch("BEGIN EXCLUSIVE").unwrap();
    // Old sessions and new ones go on, though nothing can be written down.
    let another = world.forward("cap", &gateway.address, None).await;
    for _ in 0..20 {
        for connector in [&connector, &another] {
            let answered = timeout(Duration::from_millis(500), connector.ask(&[7; 20_000])).await;
            assert_eq!(answered.expect("in time").unwrap().len(), 20_000);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    ledger.execute_batch("ROLLBACK").unwrap();
    drop(ledger);
    let both = async {
        while world.operator.open().sessions(Some("db"), 10).unwrap().len() < 2 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(Duration::from_secs(15), both).await.expect("the ledger is told afterwards");
    assert!(connector.events.all().iter().all(|event| matches!(event, ConnectorEvent::Connected { .. })));
    connector.stop().await;
    another.stop().await;
    gateway.stop().await;
}
