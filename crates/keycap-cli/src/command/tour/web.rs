//! The tour's service, a web page on loopback, and its readers.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

const PAGE: &str = "<h1>The page</h1>\n";
/// How long a reader waits.
const PATIENCE: Duration = Duration::from_secs(5);

/// Serves the page on a free port, for as long as the program runs.
///
/// # Errors
/// If there is none.
pub(super) fn serve() -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    std::thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            std::thread::spawn(move || answer(&connection));
        }
    });
    Ok(address)
}

/// Answers every request of one connection with the page. A reader who goes away ends it.
fn answer(connection: &TcpStream) -> Option<()> {
    let mut lines = BufReader::new(connection).lines();
    loop {
        // A request without a body ends with an empty line.
        while !lines.next()?.ok()?.is_empty() {}
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n{PAGE}", PAGE.len());
        (&*connection).write_all(answer.as_bytes()).ok()?;
    }
}

/// A reader with an open connection.
pub(super) struct Visit {
    connection: BufReader<TcpStream>,
}

impl Visit {
    /// Connects.
    ///
    /// # Errors
    /// If nobody answers.
    pub(super) fn begin(address: &str) -> io::Result<Self> {
        let connection = TcpStream::connect(address)?;
        connection.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { connection: BufReader::new(connection) })
    }

    /// Gets the page once more, and gives the first line of the answer.
    ///
    /// # Errors
    /// If the connection is gone.
    pub(super) fn get(&mut self) -> io::Result<String> {
        self.connection.get_mut().write_all(b"GET / HTTP/1.1\r\nHost: page\r\n\r\n")?;
        let mut status = String::new();
        if self.connection.read_line(&mut status)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        loop {
            let mut line = String::new();
            if self.connection.read_line(&mut line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if line.trim().is_empty() {
                break;
            }
        }
        self.connection.read_exact(&mut vec![0; PAGE.len()])?;
        Ok(status.trim().trim_start_matches("HTTP/1.1 ").to_owned())
    }
}

/// Gets the page over a connection of its own.
///
/// # Errors
/// If it cannot be had.
pub(super) fn fetch(address: &str) -> io::Result<String> {
    Visit::begin(address)?.get()
}
