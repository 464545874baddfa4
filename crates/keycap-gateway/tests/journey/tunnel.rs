//! What goes through.

use std::time::Duration;

use keycap_gateway::address::ListenAddress;
use keycap_gateway::{ConnectorOptions, Exposure, GatewayLimits, LocalListener};
use keycap_vault::{Limits, Pattern, Suite};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};

use crate::world::{World, ask, echo, server};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_megabytes_go_both_ways_in_every_pattern_and_suite() {
    let world = World::new();
    let card = world.holder.open().new_key("alice", "").unwrap().card;
    let mut operator = world.operator.open();
    let incoming = operator.inspect(&card).unwrap();
    operator.accept(incoming, &keycap_vault::AcceptAs { name: Some("alice".into()), ..Default::default() }).unwrap();
    world.mint("bearer", Limits::default());
    world.mint("bound", Limits { holder: Some("alice".into()), ..Limits::default() });
    let gateway = world.serve(&[echo().await]).await;
    for (name, pattern) in [("bearer", Pattern::NKpsk2), ("bound", Pattern::XKpsk3), ("bound", Pattern::IKpsk2), ("bound", Pattern::KKpsk2)] {
        for suite in [Suite::ChaChaPoly, Suite::AesGcm] {
            let options = ConnectorOptions { at: vec![gateway.address.clone()], pattern: Some(pattern), suite: Some(suite), ..Default::default() };
            let connector = keycap_gateway::Connector::open(world.open_capability(name), options, std::sync::Arc::new(|_| {})).await.unwrap();
            let listener = LocalListener::bind(&ListenAddress::loopback(0), Exposure::Loopback).await.unwrap();
            let address = listener.address().to_string();
            let total = if suite == Suite::AesGcm { 50_000_000 } else { 2_000_000 };
            tokio::select! {
                ended = connector.forward(listener, std::future::pending()) => panic!("{ended:?}"),
                () = there_and_back(&address, total) => {}
            }
            connector.close().await;
        }
    }
    let opened = gateway.events.all().into_iter().filter(|event| matches!(event, keycap_gateway::GatewayEvent::Opened { .. })).count();
    assert_eq!(opened, 8);
    gateway.stop().await;
}

/// Sends so many bytes through an echo and compares what comes back.
async fn there_and_back(address: &str, total: usize) {
    let sent: Vec<u8> = (0..total).map(|i| u8::try_from(i % 251).unwrap()).collect();
    let (mut read, mut write) = TcpStream::connect(address).await.unwrap().into_split();
    let expected = sent.clone();
    let writer = tokio::spawn(async move {
        write.write_all(&sent).await.unwrap();
        write.shutdown().await.unwrap();
    });
    let mut received = Vec::with_capacity(total);
    read.read_to_end(&mut received).await.unwrap();
    writer.await.unwrap();
    assert!(received == expected, "{} of {total} bytes", received.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_connections_share_one_session() {
    let world = World::new();
    world.mint("cap", Limits::default());
    let gateway = world.serve(&[echo().await]).await;
    let connector = world.forward("cap", &gateway.address, None).await;
    let mut all = tokio::task::JoinSet::new();
    let barrier = std::sync::Arc::new(tokio::sync::Barrier::new(200));
    for number in 0..200_u8 {
        let (address, barrier) = (connector.address.clone(), barrier.clone());
        all.spawn(async move {
            let mut connection = TcpStream::connect(address).await.unwrap();
            let question = vec![number; 30_000];
            assert!(ask(&mut connection, &question).await.unwrap() == question);
            // All of them are open at once.
            barrier.wait().await;
            assert!(ask(&mut connection, &question).await.unwrap() == question);
        });
    }
    while let Some(done) = all.join_next().await {
        done.unwrap();
    }
    let sessions = world.operator.open().sessions(Some("db"), 10).unwrap();
    assert_eq!(sessions.len(), 1);
    connector.stop().await;
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_side_ends_for_itself() {
    let world = World::new();
    world.mint("cap", Limits::default());
    // Answers only when the question has ended, and takes its time.
    let upstream = server(async |mut connection: TcpStream| {
        let mut question = Vec::new();
        connection.read_to_end(&mut question).await?;
        tokio::time::sleep(Duration::from_millis(100)).await;
        connection.write_all(format!("{} bytes", question.len()).as_bytes()).await
    })
    .await;
    let gateway = world.serve(&[upstream]).await;
    let connector = world.forward("cap", &gateway.address, None).await;
    let mut connection = connector.connect().await;
    connection.write_all(&[0; 100_000]).await.unwrap();
    connection.shutdown().await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    assert_eq!(answer, "100000 bytes");
    connector.stop().await;
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_breaks_off_is_not_taken_for_one_that_ended() {
    let world = World::new();
    world.mint("cap", Limits::default());
    let upstream = server(async |mut connection: TcpStream| {
        connection.write_all(b"half of the ans").await?;
        tokio::time::sleep(Duration::from_millis(100)).await;
        connection.set_zero_linger()
    })
    .await;
    let gateway = world.serve(&[upstream]).await;
    let connector = world.forward("cap", &gateway.address, None).await;
    let mut connection = connector.connect().await;
    let error = connection.read_to_end(&mut Vec::new()).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    // The same for a client that has ended its side before.
    let mut connection = connector.connect().await;
    connection.shutdown().await.unwrap();
    let error = connection.read_to_end(&mut Vec::new()).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    connector.stop().await;
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_goes_away_ends_an_endless_download() {
    let world = World::new();
    world.mint("cap", Limits::default());
    let (sender, mut ended) = tokio::sync::mpsc::unbounded_channel();
    let upstream = server(move |mut connection: TcpStream| {
        let sender = sender.clone();
        async move {
            while connection.write_all(&[7; 10_000]).await.is_ok() {}
            sender.send(()).unwrap();
            Ok(())
        }
    })
    .await;
    let gateway = world.serve(&[upstream]).await;
    let connector = world.forward("cap", &gateway.address, None).await;
    let mut connection = connector.connect().await;
    connection.read_exact(&mut [0; 100_000]).await.unwrap();
    drop(connection);
    tokio::time::timeout(Duration::from_secs(2), ended.recv()).await.unwrap().unwrap();
    connector.stop().await;
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_goes_over_unix_sockets_too() {
    let world = World::new();
    world.mint("cap", Limits::default());
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| format!("unix:{}", folder.path().join(name).display());
    let upstream = tokio::net::UnixListener::bind(folder.path().join("upstream")).unwrap();
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = upstream.accept().await {
            tokio::spawn(async move {
                let (mut read, mut write) = connection.split();
                tokio::io::copy(&mut read, &mut write).await
            });
        }
    });
    let gateway = world.serve_at(&path("gateway"), &[path("upstream")], GatewayLimits::default()).await;
    let (connector, _events) = world.connector(world.open_capability("cap"), &gateway.address, None).await.unwrap();
    let listener = LocalListener::bind(&path("local").parse().unwrap(), Exposure::Loopback).await.unwrap();
    let talk = async {
        let mut connection = UnixStream::connect(folder.path().join("local")).await.unwrap();
        connection.write_all(b"hello").await.unwrap();
        connection.shutdown().await.unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await.unwrap();
        assert_eq!(answer, "hello");
    };
    tokio::select! {
        ended = connector.forward(listener, std::future::pending()) => panic!("{ended:?}"),
        () = talk => {}
    }
    connector.close().await;
    gateway.stop().await;
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["upstream"], "both have taken their sockets away");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn targets_lead_to_the_upstreams_of_that_name() {
    let world = World::new();
    world.mint("cap", Limits::default());
    let named = async |name: &'static str| {
        let address = server(move |mut connection: TcpStream| async move { connection.write_all(name.as_bytes()).await }).await;
        format!("{name}={address}")
    };
    let gateway = world.serve(&[named("one").await, named("two").await]).await;
    for name in ["two", "one"] {
        let connector = world.forward("cap", &gateway.address, Some(name)).await;
        let mut answer = String::new();
        connector.connect().await.read_to_string(&mut answer).await.unwrap();
        assert_eq!(answer, name);
        connector.stop().await;
    }
    gateway.stop().await;
}
