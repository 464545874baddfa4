//! `keycap run`: a command with a way to a service, for as long as it runs.

use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use keycap_gateway::{Connector, Via};

use super::connect::{Way, open};
use super::live::block_on;
use crate::args::names::{NameKind, names};
use crate::context::Context;
use crate::exit::Ended;

#[derive(Debug, Args)]
#[command(
    after_help = "The command finds the way in its arguments, where {host}, {port}, {address} and {socket} are replaced, and in its environment: \
                        KEYCAP_HOST, KEYCAP_PORT, KEYCAP_ADDRESS, KEYCAP_SOCKET, and PGHOST and PGPORT for psql and everything else on libpq."
)]
pub(crate) struct RunArgs {
    /// The capability
    #[arg(value_name = "CAP", add = names([NameKind::Capability]))]
    capability: String,
    /// Give the command a Unix socket that only this user can use, instead of a port on loopback
    #[arg(long)]
    unix: bool,
    #[command(flatten)]
    way: Way,
    /// The command and its arguments
    #[arg(value_name = "COMMAND", required = true, last = true)]
    command: Vec<OsString>,
}

/// Does it, and ends as the command ends.
///
/// # Errors
/// Whatever keeps the command from being run; a refusal is told before it starts.
pub(crate) fn run(args: RunArgs, context: &mut Context) -> Ended {
    let opened = open(&args.capability, args.way.target(), context)?;
    let via = if args.unix { Via::Socket } else { Via::Port };
    let (target, options) = (args.capability, args.way.options());
    let output = &mut context.output;
    let code = block_on(async move {
        let (on_event, mut events) = super::live::Events::new();
        let connector = Connector::open(opened, options, Arc::clone(&on_event)).await?;
        let ended = {
            let mut running = std::pin::pin!(keycap_gateway::run(&connector, &args.command, via));
            loop {
                tokio::select! {
                    ended = &mut running => break ended,
                    Some((event, _)) = events.next() => super::live::tell_trouble(output, &target, event),
                }
            }
        };
        for event in events.rest() {
            super::live::tell_trouble(output, &target, event);
        }
        connector.close().await;
        Ok(ended?)
    })?;
    Ok(ExitCode::from(code))
}
