//! What is revoked is cut, at once, with everything below it.

use std::time::{Duration, Instant};

use keycap_gateway::{ConnectorEvent, GatewayEvent};
use keycap_vault::{GrantQuery, Limits, Reason, RevokeReason, Rotation};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::world::{World, ask, echo, server};

const WHY: RevokeReason = RevokeReason { reason: Reason::Leaked, note: String::new() };

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_link_is_cut_with_its_children_and_its_parent_and_sibling_live_on() {
    let world = World::new();
    world.mint("parent", Limits::default());
    world.delegate("parent", "middle", Limits::default());
    world.delegate("parent", "sibling", Limits::default());
    world.delegate("middle", "leaf", Limits::default());
    let gateway = world.serve(&[echo().await]).await;
    let mut open = Vec::new();
    for name in ["parent", "sibling", "middle", "leaf"] {
        let connector = world.forward(name, &gateway.address, None).await;
        let mut connection = connector.connect().await;
        assert_eq!(ask(&mut connection, b"hello").await.unwrap(), b"hello");
        open.push((connector, connection));
    }
    let mut leaf = open.pop().unwrap();
    let mut middle = open.pop().unwrap();

    // The operator sees delegations that the gateway has met; the one with a grant below it is the middle.
    let operator = world.operator.open();
    let deadline = Instant::now() + Duration::from_secs(5);
    let rid = loop {
        let rows = operator.grants(&GrantQuery::default()).unwrap().rows;
        if let Some(leaf) = rows.iter().position(|row| row.depth == 2) {
            break rows[leaf - 1].grant.rid.clone();
        }
        assert!(Instant::now() < deadline, "{rows:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    // One of them is in the middle of a large transfer when it happens.
    let busy = tokio::spawn(async move {
        while middle.1.write_all(&[7; 50_000]).await.is_ok() && middle.1.read(&mut [0; 50_000]).await.is_ok_and(|read| read > 0) {}
        (Instant::now(), middle.0)
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    let mut operator = operator;
    operator.unlock(keycap_vault::Unlock::File).unwrap();
    let revoked = Instant::now();
    operator.revoke(&rid, &WHY).unwrap();

    let (cut, middle) = timeout(Duration::from_secs(5), busy).await.unwrap().unwrap();
    assert!(cut - revoked < Duration::from_secs(1), "cut after {:?}", cut - revoked);
    assert!(timeout(Duration::from_secs(1), leaf.1.read(&mut [0; 8])).await.unwrap().is_err(), "a reset, not an end");
    for connector in [middle, leaf.0] {
        connector.events.wait_for(|event| *event == ConnectorEvent::Lost { why: "revoked".into() }).await;
        let refused = connector.forwarded.await.unwrap().unwrap_err();
        assert_eq!(refused.to_string(), "refused: block 1: revoked");
    }
    for (connector, connection) in &mut open {
        assert_eq!(ask(connection, b"still here").await.unwrap(), b"still here");
        assert_eq!(connector.events.all().len(), 1, "{:?}", connector.events.all());
    }
    let receipt = loop {
        let receipt = operator.revoke_receipt(&rid).unwrap();
        if receipt.pending == 0 {
            break receipt;
        }
        assert!(revoked.elapsed() < Duration::from_secs(2), "{receipt:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    assert_eq!((receipt.refused, receipt.gateways.len(), receipt.gateways[0].sessions_cut), (2, 1, 2));
    gateway.events.wait_for(|event| *event == GatewayEvent::Revoked { rid: rid.clone(), sessions: 2 }).await;
    for (connector, _) in open {
        connector.stop().await;
    }
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upstream_sees_that_a_session_was_cut_and_not_that_it_ended() {
    let world = World::new();
    world.mint("cap", Limits::default());
    let (sender, mut seen) = tokio::sync::mpsc::unbounded_channel();
    let upstream = server(move |mut connection: TcpStream| {
        let sender = sender.clone();
        async move {
            connection.write_all(b"!").await?;
            let mut buffer = [0; 1000];
            let end = loop {
                match connection.read(&mut buffer).await {
                    Ok(0) => break None,
                    Ok(_) => {}
                    Err(error) => break Some(error.kind()),
                }
            };
            sender.send(end).unwrap();
            Ok(())
        }
    })
    .await;
    let gateway = world.serve(&[upstream]).await;
    let connector = world.forward("cap", &gateway.address, None).await;
    let mut connection = connector.connect().await;
    connection.read_exact(&mut [0]).await.unwrap();
    connection.write_all(b"INSERT ...").await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    world.operator.open().revoke("cap", &WHY).unwrap();
    let end = timeout(Duration::from_secs(2), seen.recv()).await.unwrap().unwrap();
    assert_eq!(end, Some(std::io::ErrorKind::ConnectionReset));
    drop(connection);
    assert!(connector.forwarded.await.unwrap().is_err());
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotation_that_revokes_cuts_what_was_minted_before() {
    let world = World::new();
    world.mint("old", Limits::default());
    let gateway = world.serve(&[echo().await]).await;
    let old = world.forward("old", &gateway.address, None).await;
    assert_eq!(old.ask(b"before").await.unwrap(), b"before");
    world.operator.open().rotate_service("db", Rotation::RevokeEarlier).unwrap();
    old.events.wait_for(|event| *event == ConnectorEvent::Lost { why: "revoked".into() }).await;
    assert_eq!(old.forwarded.await.unwrap().unwrap_err().to_string(), "refused: block 0: revoked");
    gateway.events.wait_for(|event| *event == GatewayEvent::KeysChanged).await;
    world.mint("new", Limits::default());
    let new = world.forward("new", &gateway.address, None).await;
    assert_eq!(new.ask(b"after").await.unwrap(), b"after");
    new.stop().await;
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_capability_that_was_revoked_before_is_refused_and_told_so() {
    let world = World::new();
    world.mint("cap", Limits::default());
    world.operator.open().revoke("cap", &WHY).unwrap();
    let gateway = world.serve(&[echo().await]).await;
    let refused = world.connector(world.open_capability("cap"), &gateway.address, None).await.err().unwrap();
    assert_eq!(refused.to_string(), "refused: block 0: revoked");
    gateway.stop().await;
}
