//! Against another implementation: rust-yamux on one end of the session.

use std::io;
use std::pin::Pin;

use ::yamux::{Config, Connection, Mode};
use futures::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::*;

/// tokio's traits as those of futures, which rust-yamux wants.
struct Compat(DuplexStream);

impl futures::io::AsyncRead for Compat {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, to: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut buffer = ReadBuf::new(to);
        Pin::new(&mut self.0).poll_read(cx, &mut buffer).map_ok(|()| buffer.filled().len())
    }
}

impl futures::io::AsyncWrite for Compat {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, from)
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }
    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

/// rust-yamux on the plain side of a pump that seals and opens what passes.
fn rust_yamux(halves: (FrameSender, FrameReceiver), wire: DuplexStream, mode: Mode) -> Connection<Compat> {
    let (plain, mut pumped) = duplex(1 << 16);
    let (mut sender, mut receiver) = halves;
    let (mut wire_in, mut wire_out) = split(wire);
    tokio::spawn(async move {
        let (mut read, mut write) = split(&mut pumped);
        let out = async {
            let mut buffer = vec![0; 40_000];
            loop {
                let length = read.read(&mut buffer).await.unwrap();
                let (kind, body) = if length == 0 { (FrameType::End, &[][..]) } else { (FrameType::Data, &buffer[..length]) };
                let mut frame = Vec::new();
                sender.seal(kind, body, &mut frame).unwrap();
                wire_out.write_all(&frame).await.unwrap();
                if length == 0 {
                    return;
                }
            }
        };
        let back = async {
            loop {
                let mut length = [0; 2];
                if wire_in.read_exact(&mut length).await.is_err() {
                    return;
                }
                let mut frame = vec![0; u16::from_be_bytes(length).into()];
                wire_in.read_exact(&mut frame).await.unwrap();
                let frame = receiver.open(&mut frame).unwrap();
                if frame.kind == FrameType::Data && write.write_all(frame.body).await.is_err() {
                    return;
                }
            }
        };
        tokio::join!(out, back);
    });
    Connection::new(Compat(plain), Config::default(), mode)
}

const BYTES: usize = 2_000_000;

#[tokio::test]
async fn a_connector_of_rust_yamux_is_understood() {
    let (connector, service) = established();
    let (near, far) = duplex(1 << 16);
    let mut service = run(driver(far, service, End::Service, 8));
    let mut connection = rust_yamux(connector, near, Mode::Client);
    let mut stream = poll_fn(|cx| connection.poll_new_outbound(cx)).await.unwrap();
    let ended = tokio::spawn(async move { poll_fn(|cx| connection.poll_next_inbound(cx)).await.is_none() });
    let there = tokio::spawn(async move {
        let stream = service.accept().await;
        let bytes = read_to_end(&stream).await.unwrap();
        send(&stream, &bytes).await.unwrap();
        stream.finish().unwrap();
        service
    });
    let sent: Vec<u8> = (0..BYTES).map(|i| u8::try_from(i % 251).unwrap()).collect();
    stream.write_all(&sent).await.unwrap();
    stream.close().await.unwrap();
    let mut received = Vec::new();
    stream.read_to_end(&mut received).await.unwrap();
    assert!(received == sent);
    there.await.unwrap().over.abort();
    ended.abort();
}

#[tokio::test]
async fn a_service_of_rust_yamux_is_understood() {
    let (connector, service) = established();
    let (near, far) = duplex(1 << 16);
    let connector = run(driver(near, connector, End::Connector, 0));
    let mut connection = rust_yamux(service, far, Mode::Server);
    let there = tokio::spawn(async move {
        let mut echoes = tokio::task::JoinSet::new();
        while let Some(stream) = poll_fn(|cx| connection.poll_next_inbound(cx)).await {
            let mut stream = stream.unwrap();
            echoes.spawn(async move {
                let mut bytes = Vec::new();
                stream.read_to_end(&mut bytes).await.unwrap();
                stream.write_all(&bytes).await.unwrap();
                stream.close().await.unwrap();
            });
        }
        while let Some(echo) = echoes.join_next().await {
            echo.unwrap();
        }
    });
    for number in 1..=3_u8 {
        let stream = connector.session.open().unwrap();
        let sent = vec![number; BYTES];
        send(&stream, &sent).await.unwrap();
        stream.finish().unwrap();
        assert!(read_to_end(&stream).await.unwrap() == sent);
    }
    connector.over.abort();
    there.abort();
}
