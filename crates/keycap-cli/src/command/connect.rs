//! `keycap connect`: the way to a service, for programs that know nothing of keycap.

use clap::{ArgGroup, Args};
use keycap_gateway::address::{DEFAULT_TARGET, ListenAddress};
use keycap_gateway::{Connector, ConnectorError, ConnectorOptions, Exposure, LocalListener};
use keycap_vault::{ErrorClass, OpenCapability, Pattern, Request, Suite, Would};
use serde::Serialize;

use super::live::{Events, block_on, stopped, tell_connector};
use crate::args::limits::pattern;
use crate::args::names::{NameKind, names};
use crate::context::Context;
use crate::error::CliError;
use crate::exit::{DONE, Ended};
use crate::output::line::Line;
use keycap_vault::words::number;

/// How to get to the service.
#[derive(Debug, Args)]
pub(super) struct Way {
    /// Which of the gateway's upstreams; `default` if left out
    #[arg(long, value_name = "NAME")]
    target: Option<String>,
    /// Where the gateway is, host:port or unix:/path, instead of where the capability says; may be given more than once
    #[arg(long, value_name = "ADDRESS")]
    gateway: Vec<String>,
    /// The Noise pattern, instead of the usual one: NKpsk2, XKpsk3, IKpsk2, KKpsk2
    #[arg(long, value_name = "NAME", value_parser = pattern)]
    pattern: Option<Pattern>,
    /// The suite: by default AES-GCM where the processor has instructions for it
    #[arg(long, value_name = "NAME", value_enum)]
    suite: Option<SuiteWord>,
}

/// A suite, as a word on the command line.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum SuiteWord {
    /// 25519, ChaCha20-Poly1305, SHA-256
    Chachapoly,
    /// 25519, AES-256-GCM, SHA-256
    Aesgcm,
}

impl Way {
    /// The target that was asked for.
    pub(super) fn target(&self) -> Option<&str> {
        self.target.as_deref()
    }

    /// As the gateway crate takes it.
    pub(super) fn options(self) -> ConnectorOptions {
        let suite = self.suite.map(|suite| match suite {
            SuiteWord::Chachapoly => Suite::ChaChaPoly,
            SuiteWord::Aesgcm => Suite::AesGcm,
        });
        ConnectorOptions { target: self.target, at: self.gateway, pattern: self.pattern, suite }
    }
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("here").args(["listen", "stdio"]).required(true))]
pub(crate) struct ConnectArgs {
    /// The capability
    #[arg(value_name = "CAP", add = names([NameKind::Capability]))]
    capability: String,
    /// Where local programs connect: host:port on loopback, or unix:/path; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// One connection over standard input and output: for ssh's ProxyCommand
    #[arg(long)]
    stdio: bool,
    /// Let other machines use it too: --listen may then be any address
    #[arg(long, requires = "listen")]
    expose: bool,
    #[command(flatten)]
    way: Way,
}

/// The connector, as it is told first.
#[derive(Serialize)]
struct Connecting {
    capability: String,
    listen: String,
}

/// Does it, until it is stopped or refused.
///
/// # Errors
/// Whatever keeps it from being done.
pub(crate) fn run(args: ConnectArgs, context: &mut Context) -> Ended {
    let opened = open(&args.capability, args.way.target(), context)?;
    let options = args.way.options();
    let Some(listen) = args.listen else { return stdio(opened, options) };
    let listen: ListenAddress = listen.parse().map_err(ConnectorError::Address)?;
    let exposure = if args.expose { Exposure::Network } else { Exposure::Loopback };
    let output = &mut context.output;
    block_on(async move {
        let (on_event, mut events) = Events::new();
        let listener = LocalListener::bind(&listen, exposure).await?;
        let connector = Connector::open(opened, options, on_event).await?;
        let connecting = Connecting { capability: args.capability, listen: listener.address().to_string() };
        if output.is_json() {
            output.show("connector", &connecting, |_| Ok(()))?;
        } else {
            output.notes(|page| {
                page.done(Line::from("connect to ").strong(&connecting.listen).plain(" to reach the service of ").name(&connecting.capability))?;
                page.line(Line::new().quiet("  Ctrl-C stops it"))
            });
        }
        let ended = {
            let mut forward = std::pin::pin!(connector.forward(listener, stopped()));
            loop {
                tokio::select! {
                    ended = &mut forward => break ended,
                    Some((event, lost)) = events.next() => {
                        if lost > 0 {
                            output.note(format!("{} lines were left out", number(lost)));
                        }
                        tell_connector(output, event)?;
                    }
                }
            }
        };
        for event in events.rest() {
            tell_connector(output, event)?;
        }
        ended?;
        connector.close().await;
        Ok(())
    })?;
    DONE
}

fn stdio(opened: OpenCapability, options: ConnectorOptions) -> Ended {
    block_on(async move {
        // Standard output belongs to the stream, and a lost session ends it: there is nothing to tell beside.
        let connector = Connector::open(opened, options, std::sync::Arc::new(drop)).await?;
        connector.stdio().await?;
        connector.close().await;
        Ok(())
    })?;
    DONE
}

/// Opens a capability to be used for this target. What its own chain says no to is not tried: the service would say the same.
///
/// # Errors
/// If it is not there, has expired, is bound to a key that is not here, or does not allow the target: exit code 3.
pub(super) fn open(name: &str, target: Option<&str>, context: &mut Context) -> Result<OpenCapability, CliError> {
    let mut vault = context.unlocked_vault()?;
    let opened = vault.open_capability(name)?;
    let request = Request::stream(target.unwrap_or(DEFAULT_TARGET));
    let would = vault.explain(name, &Would { request: Some(request.clone()), ..Would::default() })?;
    if let Some(no) = would.findings.iter().find(|finding| !finding.holds) {
        let why = no.reason.as_deref().unwrap_or_default();
        let message = format!("refused: the capability says no to {}: not allowed: {why}", request.target);
        let error = CliError { class: ErrorClass::Refused, ..CliError::failed("refused", message) };
        return Err(error
            .with(format!("block {} ({}), {} {}", no.block, no.kind, no.caveat.as_deref().unwrap_or_default(), no.value))
            .hint("name another --target, or see `keycap explain`"));
    }
    Ok(opened)
}
