//! Commands with a way to the service.

use std::ffi::OsString;

use keycap_gateway::{Connector, Via, run};
use keycap_vault::Limits;

use crate::world::{World, echo};

async fn connector(world: &World) -> Connector {
    world.mint("cap", Limits::default());
    let gateway = world.serve(&[echo().await]).await;
    let (connector, _) = world.connector(world.open_capability("cap"), &gateway.address, None).await.unwrap();
    // It serves until the test ends.
    tokio::spawn(async move {
        std::future::pending::<()>().await;
        gateway.stop().await;
    });
    connector
}

fn command(words: &[&str]) -> Vec<OsString> {
    words.iter().map(OsString::from).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_reaches_the_service_and_its_exit_code_is_passed_on() {
    let world = World::new();
    let connector = connector(&world).await;
    let script = r#"
        exec 3<>"/dev/tcp/{host}/$1" || exit 1
        echo "hello through {address}" >&3
        read -r answer <&3
        [ "$answer" = "hello through $KEYCAP_ADDRESS" ] || exit 2
        [ "$KEYCAP_HOST:$KEYCAP_PORT $PGHOST:$PGPORT" = "{address} {address}" ] || exit 3
        [ -z "${KEYCAP_SOCKET+set}${PGHOSTADDR+set}" ] || exit 4
        env | grep -qi "KEYCAP-SECRET" && exit 5
        exit 42"#;
    let ended = run(&connector, &command(&["bash", "-c", script, "bash", "{port}"]), Via::Port).await.unwrap();
    assert_eq!(ended, 42);
    connector.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_private_socket_is_where_libpq_looks_for_it_and_gone_afterwards() {
    let world = World::new();
    let connector = connector(&world).await;
    let folder = tempfile::tempdir().unwrap();
    let note = folder.path().join("note");
    let script = r#"
        [ "$PGHOST/.s.PGSQL.$PGPORT" = "$KEYCAP_SOCKET" ] || exit 1
        [ "unix:$KEYCAP_SOCKET" = "$KEYCAP_ADDRESS" ] || exit 2
        [ -S "{socket}" ] || exit 3
        [ "$(stat -c %a "{host}") $(stat -c %a "{socket}")" = "700 600" ] || exit 4
        echo "{socket}" >"$1""#;
    let ended = run(&connector, &command(&["bash", "-c", script, "bash", note.to_str().unwrap()]), Via::Socket).await.unwrap();
    assert_eq!(ended, 0);
    let socket = std::fs::read_to_string(note).unwrap();
    assert!(!std::path::Path::new(socket.trim()).parent().unwrap().exists(), "{socket}");
    connector.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signals_go_on_to_the_command() {
    let world = World::new();
    let connector = connector(&world).await;
    for (signal, code) in [("TERM", 7), ("HUP", 7), ("USR1", 7)] {
        let script = format!("trap 'exit 7' {signal}; kill -{signal} $PPID; while :; do sleep 0.05; done");
        assert_eq!(run(&connector, &command(&["bash", "-c", &script]), Via::Port).await.unwrap(), code);
    }
    assert_eq!(run(&connector, &command(&["bash", "-c", "kill -KILL $$"]), Via::Port).await.unwrap(), 128 + 9);
    connector.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_that_is_not_there_is_an_error_that_names_it() {
    let world = World::new();
    let connector = connector(&world).await;
    let error = run(&connector, &command(&["keycap-no-such-program"]), Via::Port).await.unwrap_err().to_string();
    assert_eq!(error, "keycap-no-such-program: No such file or directory (os error 2)");
    assert_eq!(run(&connector, &[], Via::Port).await.unwrap_err().to_string(), "there is no command to run");
    let error = run(&connector, &command(&["true", "{socket}"]), Via::Port).await.unwrap_err().to_string();
    assert_eq!(error, "`{socket}` stands for a Unix socket, and the command is given a port");
    connector.close().await;
}
