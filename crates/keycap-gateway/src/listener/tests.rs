#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::*;

async fn bind(text: &str) -> Result<Listener, ListenError> {
    Listener::bind(&text.parse().unwrap()).await
}

fn mode(path: impl AsRef<std::path::Path>) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn the_port_that_was_got_is_told() {
    let listener = bind("127.0.0.1:0").await.unwrap();
    assert!(matches!(listener.address(), Address::Tcp { port, .. } if *port != 0));
    let taken = bind(&listener.address().to_string()).await.unwrap_err().to_string();
    assert!(taken.starts_with(&format!("cannot listen on {}: Address already in use", listener.address())), "{taken}");
}

#[tokio::test]
async fn a_unix_socket_is_for_its_owner_only_and_goes_with_the_listener() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("made/gateway.sock");
    let listener = bind(&format!("unix:{}", path.display())).await.unwrap();
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    drop(listener);
    assert!(!path.exists());
}

#[tokio::test]
async fn a_stale_socket_is_replaced_and_a_live_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gateway.sock");
    let address = format!("unix:{}", path.display());
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    assert!(path.exists(), "a program that was killed leaves its socket behind");
    let first = bind(&address).await.unwrap();
    assert!(matches!(bind(&address).await, Err(ListenError::InUse { .. })));
    drop(first);
    bind(&address).await.unwrap();
}

#[tokio::test]
async fn what_is_no_socket_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("precious");
    fs::write(&path, "data").unwrap();
    assert!(matches!(bind(&format!("unix:{}", path.display())).await, Err(ListenError::NotASocket { .. })));
    assert_eq!(fs::read_to_string(&path).unwrap(), "data");
}

#[tokio::test]
async fn a_listener_leaves_the_socket_of_its_successor() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gateway.sock");
    let first = bind(&format!("unix:{}", path.display())).await.unwrap();
    fs::remove_file(&path).unwrap();
    let _second = bind(&format!("unix:{}", path.display())).await.unwrap();
    drop(first);
    assert!(path.exists());
}

#[tokio::test]
async fn other_machines_are_kept_out_unless_asked_in() {
    for open in ["0.0.0.0:0", "[::]:0"] {
        assert!(matches!(Listener::bind_loopback(&open.parse().unwrap()).await, Err(ListenError::NotLoopback { .. })), "{open}");
    }
    for closed in ["127.0.0.1:0", "localhost:0"] {
        Listener::bind_loopback(&closed.parse().unwrap()).await.unwrap();
    }
}
