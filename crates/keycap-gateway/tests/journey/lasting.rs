//! What happens when a gateway, or the way to it, goes away and comes back.

use std::time::Duration;

use keycap_gateway::{ConnectorEvent, GatewayLimits};
use keycap_vault::Limits;
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream};

use crate::world::{World, ask, echo};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connector_finds_its_gateway_again_after_a_restart() {
    let world = World::new();
    world.mint("cap", Limits::default());
    let upstream = [echo().await];
    let gateway = world.serve(&upstream).await;
    let address = gateway.address.clone();
    let connector = world.forward("cap", &address, None).await;
    let mut connection = connector.connect().await;
    assert_eq!(ask(&mut connection, b"one").await.unwrap(), b"one");
    gateway.stop().await;
    connector.events.wait_for(|event| *event == ConnectorEvent::Lost { why: "ended by the peer".into() }).await;
    assert!(connection.read(&mut [0; 8]).await.is_err(), "what was under way is broken off");
    connector.events.wait_for(|event| matches!(event, ConnectorEvent::Retrying { .. })).await;
    // A connection that comes now waits for the next session.
    let waiting = tokio::spawn({
        let address = connector.address.clone();
        async move { ask(&mut TcpStream::connect(address).await.unwrap(), b"two").await.unwrap() }
    });
    let gateway = world.serve_at(&address, &upstream, GatewayLimits::default()).await;
    assert_eq!(waiting.await.unwrap(), b"two");
    connector.stop().await;
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_is_cut_on_the_way_is_an_error_and_the_session_is_renewed() {
    let world = World::new();
    world.mint("cap", Limits::default());
    let gateway = world.serve(&[echo().await]).await;
    // A wire between the two, which can be cut.
    let wire = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (at, to) = (wire.local_addr().unwrap().to_string(), gateway.address.clone());
    let (cut, mut cutting) = tokio::sync::mpsc::channel::<()>(1);
    tokio::spawn(async move {
        while let Ok((mut near, _)) = wire.accept().await {
            let mut far = TcpStream::connect(&to).await.unwrap();
            tokio::select! {
                _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
                _ = cutting.recv() => {}
            }
        }
    });
    let connector = world.forward("cap", &at, None).await;
    let mut connection = connector.connect().await;
    assert_eq!(ask(&mut connection, b"one").await.unwrap(), b"one");
    cut.send(()).await.unwrap();
    connector.events.wait_for(|event| *event == ConnectorEvent::Lost { why: "the connection was cut before its end".into() }).await;
    assert!(connection.read(&mut [0; 8]).await.is_err());
    assert_eq!(connector.ask(b"two").await.unwrap(), b"two");
    connector.stop().await;
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_that_stops_says_so_in_the_ledger() {
    let world = World::new();
    world.mint("cap", Limits::default());
    let gateway = world.serve(&[echo().await]).await;
    let connector = world.forward("cap", &gateway.address, None).await;
    assert_eq!(connector.ask(b"hello").await.unwrap(), b"hello");
    let operator = world.operator.open();
    let told = async {
        loop {
            let session = operator.sessions(Some("db"), 10).unwrap().pop();
            if let Some(session) = session.filter(|session| session.streams == 1) {
                return session;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let session = tokio::time::timeout(Duration::from_secs(5), told).await.unwrap();
    assert_eq!((session.target.as_deref(), session.grant.as_deref(), session.holder), (Some("default"), Some("cap"), None));
    let running = operator.gateways(Some("db")).unwrap().pop().unwrap();
    assert_eq!((running.alive, running.sessions, &running.listen), (true, 1, &gateway.address));
    gateway.stop().await;
    assert_eq!(operator.sessions(Some("db"), 10).unwrap(), []);
    assert!(!operator.gateways(Some("db")).unwrap().iter().any(|gateway| gateway.alive));
    connector.stop().await;
}
