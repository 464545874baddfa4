//! The tunnel as a whole: client, connector, gateway and upstream, each a process, on loopback; against the same with two plain relays in
//! place of connector and gateway, and with nothing in between. Peers run in turn, A B A B, and the median of the rounds counts.
//!
//! ```text
//! cargo bench -p keycap-gateway --bench tunnel             the table, five rounds
//! cargo bench -p keycap-gateway --bench tunnel -- 9        nine rounds
//! cargo bench -p keycap-gateway --bench tunnel -- --test   every part once, briefly
//! ```
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a bench that cannot run says so by panicking, and prints its figures")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use keycap_gateway::address::{ListenAddress, Upstreams};
use keycap_gateway::{Connector, ConnectorOptions, Exposure, Gateway, GatewayLimits, LocalListener};
use keycap_vault::{
    AcceptAs, Environment, Limits, MintRequest, NewService, SecretsChoice, ShareHow, ShareRequest, Suite, Unlock, UnlockMethod, Vault, key_file,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// As in the `keycap` program.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> = zeroizing_alloc::ZeroAlloc(std::alloc::System);

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["upstream"] => runtime(upstream()),
        ["relay", to] => runtime(relay(to)),
        ["gateway", vault, to] => runtime(gateway(Path::new(vault), to)),
        ["connector", vault, at, suite] => runtime(connector(Path::new(vault), at, suite)),
        // For looking into one part by hand, with a profiler: each in a terminal of its own, in the order of the roles above.
        ["vault", folder] => println!("{}", vault(Path::new(folder))),
        ["upload", at, streams, mebibytes] => {
            let (streams, bytes) = (streams.parse().unwrap(), mebibytes.parse::<usize>().unwrap() << 20);
            let peer = Peer { name: "by hand", hops: Vec::new(), at: (*at).to_owned() };
            println!("{:.2} GB/s", gigabytes(bytes) / timed(|| upload(&peer, streams, bytes)));
        }
        words if words.contains(&"--test") => bench(&Size { rounds: 1, bytes: 16 << 20, pings: 50, requests: 100, connections: 50, idle: 20 }),
        words => {
            let rounds = words.iter().find_map(|word| word.parse().ok()).unwrap_or(5);
            bench(&Size { rounds, bytes: 1 << 30, pings: 3_000, requests: 40_000, connections: 8_000, idle: 1_000 });
        }
    }
}

fn runtime(role: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(role);
}

/// Tells the parent where this role listens, and goes on until it is killed.
fn announce(address: impl std::fmt::Display) {
    println!("{address}");
    std::io::stdout().flush().unwrap();
}

// ---- roles ----

/// The first byte of a connection says what is wanted: `s` sink, answered with a byte at its end; `e` echo.
async fn upstream() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    announce(listener.local_addr().unwrap());
    loop {
        let (mut connection, _) = listener.accept().await.unwrap();
        tokio::spawn(async move {
            connection.set_nodelay(true)?;
            let echo = connection.read_u8().await? == b'e';
            let mut buffer = vec![0; 256 * 1024];
            loop {
                let length = connection.read(&mut buffer).await?;
                if length == 0 {
                    return connection.write_u8(b'.').await;
                }
                if let Some(bytes) = buffer.get(..length).filter(|_| echo) {
                    connection.write_all(bytes).await?;
                }
            }
        });
    }
}

async fn relay(to: &str) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    announce(listener.local_addr().unwrap());
    loop {
        let (mut near, _) = listener.accept().await.unwrap();
        let to = to.to_owned();
        tokio::spawn(async move {
            let mut far = tokio::net::TcpStream::connect(to).await?;
            near.set_nodelay(true)?;
            far.set_nodelay(true)?;
            tokio::io::copy_bidirectional_with_sizes(&mut near, &mut far, 64 * 1024, 64 * 1024).await
        });
    }
}

fn open(vault: &Path) -> Vault {
    let mut vault = Vault::open(vault, Environment::system()).unwrap();
    vault.unlock(Unlock::File).unwrap();
    vault
}

async fn gateway(vault: &Path, to: &str) {
    let upstreams = Upstreams::parse(&[to]).unwrap();
    let limits = GatewayLimits { half_open_per_source: 1_024, ..GatewayLimits::default() };
    let gateway = Gateway::open(open(vault), "bench", &ListenAddress::loopback(0), upstreams, limits, Arc::new(|_| {})).await.unwrap();
    announce(gateway.address());
    gateway.serve(std::future::pending()).await.unwrap();
}

async fn connector(vault: &Path, at: &str, suite: &str) {
    let suite = if suite == "aes" { Suite::AesGcm } else { Suite::ChaChaPoly };
    let options = ConnectorOptions { at: vec![at.into()], suite: Some(suite), ..ConnectorOptions::default() };
    let capability = open(vault).open_capability("bench").unwrap();
    let connector = Connector::open(capability, options, Arc::new(|_| {})).await.unwrap();
    let listener = LocalListener::bind(&ListenAddress::loopback(0), Exposure::Loopback).await.unwrap();
    announce(listener.address());
    connector.forward(listener, std::future::pending()).await.unwrap();
}

// ---- the bench ----

struct Size {
    rounds: usize,
    bytes: usize,
    pings: usize,
    requests: usize,
    connections: usize,
    idle: usize,
}

/// A process of this program in a role.
struct Role {
    child: Child,
    address: String,
}

impl Role {
    fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap()).args(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let mut address = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut address).unwrap();
        Self { child, address: address.trim().to_owned() }
    }

    /// Seconds of processor time until now.
    fn cpu(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let after_name = stat.rsplit_once(')').unwrap().1;
        let ticks: u32 = after_name.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<u32>().unwrap()).sum();
        f64::from(ticks) / 100.0
    }

    /// Kilobytes of memory, shared pages counted in part.
    fn memory(&self) -> f64 {
        let rollup = std::fs::read_to_string(format!("/proc/{}/smaps_rollup", self.child.id())).unwrap();
        rollup.lines().find_map(|line| line.strip_prefix("Pss:")?.trim().strip_suffix(" kB")?.parse().ok()).unwrap()
    }
}

impl Drop for Role {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A way from client to upstream.
struct Peer {
    name: &'static str,
    /// What stands between.
    hops: Vec<Role>,
    at: String,
}

impl Peer {
    fn cpu(&self) -> f64 {
        self.hops.iter().map(Role::cpu).sum()
    }
}

fn vault(folder: &Path) -> String {
    let (key, path) = (folder.join("key"), folder.join("vault"));
    key_file::create(&key).unwrap();
    let choice = SecretsChoice::Sealed(UnlockMethod::File { path: &key });
    let mut vault = Vault::create(&path, choice, Environment::system()).unwrap();
    vault.new_service(&NewService { name: "bench".into(), ..NewService::default() }).unwrap();
    vault.mint(&MintRequest { service: "bench".into(), name: "bench".into(), preset: None, limits: Limits::default() }).unwrap();
    let shared = vault.share("grant:bench", &ShareRequest { how: ShareHow::Reveal, name: None }).unwrap();
    let incoming = vault.inspect(shared.text().expose()).unwrap();
    vault.accept(incoming, &AcceptAs { name: Some("bench".into()), ..AcceptAs::default() }).unwrap();
    path.to_str().unwrap().to_owned()
}

fn bench(size: &Size) {
    let folder = tempfile::tempdir().unwrap();
    let vault = vault(folder.path());
    let upstream = Role::start(&["upstream"]);
    let keycap = |name, suite| {
        let gateway = Role::start(&["gateway", &vault, &upstream.address]);
        let connector = Role::start(&["connector", &vault, &gateway.address, suite]);
        Peer { name, at: connector.address.clone(), hops: vec![gateway, connector] }
    };
    let relays = || {
        let far = Role::start(&["relay", &upstream.address]);
        let near = Role::start(&["relay", &far.address]);
        Peer { name: "two plain relays", at: near.address.clone(), hops: vec![far, near] }
    };
    let direct = Peer { name: "direct", at: upstream.address.clone(), hops: Vec::new() };
    let peers = [direct, relays(), keycap("keycap, AES-GCM", "aes"), keycap("keycap, ChaCha20", "chacha")];

    let mut figures = vec![vec![Vec::new(); 6]; peers.len()];
    for _ in 0..size.rounds {
        for (peer, figures) in peers.iter().zip(&mut figures) {
            for (figure, value) in figures.iter_mut().zip(measure(peer, size)) {
                figure.push(value);
            }
        }
    }
    println!("| | 1 stream up GB/s | 8 streams | CPU s per GB | requests/s, 8 kept alive | connect + request + close /s, 8 at once | ping p50 µs |");
    println!("|---|---|---|---|---|---|---|");
    for (peer, figures) in peers.iter().zip(figures) {
        let [one, eight, cpu, requests, connections, ping] = figures.into_iter().map(median).collect::<Vec<_>>().try_into().unwrap();
        println!("| {} | {one:.2} | {eight:.2} | {cpu:.2} | {requests:.0} | {connections:.0} | {ping:.0} |", peer.name);
    }
    drop(peers);
    println!("{}", idle_sessions(&vault, &upstream, size.idle));
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap()
}

fn measure(peer: &Peer, size: &Size) -> [f64; 6] {
    let gigabytes = gigabytes(size.bytes);
    let before = peer.cpu();
    let one = gigabytes / timed(|| upload(peer, 1, size.bytes));
    let cpu = (peer.cpu() - before) / gigabytes;
    let eight = gigabytes / timed(|| upload(peer, 8, size.bytes));
    let requests = per_second(size.requests, timed(|| at_once(8, |_| keep_alive(peer, size.requests / 8))));
    let connections = per_second(size.connections, timed(|| at_once(8, |_| come_and_go(peer, size.connections / 8))));
    [one, eight, cpu, requests, connections, ping(peer, size.pings)]
}

fn gigabytes(bytes: usize) -> f64 {
    f64::from(u32::try_from(bytes >> 10).unwrap()) * 1024.0 / 1e9
}

fn timed(work: impl FnOnce()) -> f64 {
    let begin = Instant::now();
    work();
    begin.elapsed().as_secs_f64()
}

fn per_second(count: usize, seconds: f64) -> f64 {
    f64::from(u32::try_from(count).unwrap()) / seconds
}

fn at_once(threads: usize, work: impl Fn(usize) + Sync) {
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let work = &work;
            scope.spawn(move || work(thread));
        }
    });
}

fn connect(peer: &Peer, mode: u8) -> TcpStream {
    let mut connection = TcpStream::connect(&peer.at).unwrap();
    connection.set_nodelay(true).unwrap();
    connection.write_all(&[mode]).unwrap();
    connection
}

fn upload(peer: &Peer, streams: usize, bytes: usize) {
    at_once(streams, |_| {
        let mut connection = connect(peer, b's');
        let chunk = vec![7; 128 * 1024];
        for _ in 0..bytes / streams / chunk.len() {
            connection.write_all(&chunk).unwrap();
        }
        connection.shutdown(Shutdown::Write).unwrap();
        connection.read_exact(&mut [0]).unwrap();
    });
}

/// A request of 120 bytes and an answer as long.
fn exchange(connection: &mut TcpStream) {
    connection.write_all(&[1; 120]).unwrap();
    connection.read_exact(&mut [0; 120]).unwrap();
}

fn keep_alive(peer: &Peer, requests: usize) {
    let mut connection = connect(peer, b'e');
    for _ in 0..requests {
        exchange(&mut connection);
    }
}

fn come_and_go(peer: &Peer, connections: usize) {
    for _ in 0..connections {
        exchange(&mut connect(peer, b'e'));
    }
}

fn ping(peer: &Peer, pings: usize) -> f64 {
    let mut connection = connect(peer, b'e');
    exchange(&mut connection);
    let times = (0..pings).map(|_| timed(|| exchange(&mut connection)) * 1e6);
    median(times.collect())
}

/// What a session costs a gateway while nothing happens in it. The connectors are many in one process, to see both ends.
fn idle_sessions(vault: &str, upstream: &Role, sessions: usize) -> String {
    let gateway = Role::start(&["gateway", vault, &upstream.address]);
    let before = gateway.memory();
    let begin = Instant::now();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let connectors: Vec<Connector> = runtime.block_on(async {
        let mut open = tokio::task::JoinSet::new();
        let mut connectors = Vec::new();
        for _ in 0..sessions {
            let capability = self::open(Path::new(vault)).open_capability("bench").unwrap();
            let options = ConnectorOptions { at: vec![gateway.address.clone()], ..ConnectorOptions::default() };
            open.spawn(async { Connector::open(capability, options, Arc::new(|_| {})).await.unwrap() });
            if open.len() >= 8 {
                connectors.extend(open.join_next().await.map(Result::unwrap));
            }
        }
        connectors.extend(open.join_all().await);
        // After half a minute idle, a session gives its buffers back.
        if sessions > 100 {
            tokio::time::sleep(Duration::from_secs(30)).await;
        }
        connectors
    });
    let each = (gateway.memory() - before) / f64::from(u32::try_from(connectors.len()).unwrap());
    let (memory, took) = (gateway.memory() / 1024.0, begin.elapsed().as_secs_f64());
    format!("gateway with {sessions} idle sessions: {memory:.1} MiB, {each:.1} KiB each (opened within {took:.1} s)")
}
