//! `keycap serve`: puts a service behind its capabilities.

use clap::Args;
use keycap_gateway::address::{ListenAddress, Upstreams};
use keycap_gateway::{Gateway, GatewayError, GatewayEvent, GatewayLimits};
use serde::Serialize;

use super::live::{Events, block_on, stopped, tell};
use crate::args::names::{NameKind, names};
use crate::context::Context;
use crate::error::CliError;
use crate::exit::{DONE, Ended};
use crate::output::Output;
use crate::output::line::{Line, Role};
use keycap_vault::words::number;

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// The service
    #[arg(value_name = "SERVICE", add = names([NameKind::Service]))]
    service: String,
    /// Where to listen: host:port or unix:/path; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS")]
    listen: String,
    /// What to put sessions through to, unchanged: host:port or unix:/path; NAME= in front gives the target a name other than `default`
    #[arg(long, value_name = "[NAME=]ADDRESS", required = true)]
    to: Vec<String>,
    /// Sessions at a time, at most
    #[arg(long, value_name = "N", default_value_t = GatewayLimits::default().sessions)]
    max_sessions: usize,
}

/// The gateway, as it is told first.
#[derive(Serialize)]
struct Serving {
    service: String,
    listen: String,
    upstreams: Vec<String>,
}

/// What happens at a gateway, as data.
#[derive(Default, Serialize)]
struct News {
    session: Option<u64>,
    from: Option<String>,
    holder: Option<String>,
    target: Option<String>,
    why: Option<String>,
    code: Option<u64>,
    rid: Option<String>,
    sessions_cut: Option<u64>,
}

/// Does it, until it is stopped.
///
/// # Errors
/// Whatever keeps it from being done.
pub(crate) fn run(args: ServeArgs, context: &mut Context) -> Ended {
    let listen: ListenAddress = args.listen.parse().map_err(GatewayError::Address)?;
    let upstreams = Upstreams::parse(&args.to).map_err(GatewayError::Address)?;
    let vault = context.unlocked_vault()?;
    let limits = GatewayLimits { sessions: args.max_sessions, ..GatewayLimits::default() };
    let output = &mut context.output;
    block_on(async move {
        let (on_event, mut events) = Events::new();
        let names = upstreams.iter().map(ToString::to_string).collect();
        let gateway = Gateway::open(vault, &args.service, &listen, upstreams, limits, on_event).await?;
        let serving = Serving { service: args.service, listen: gateway.address().to_string(), upstreams: names };
        announce(output, &serving)?;
        let mut serve = std::pin::pin!(gateway.serve(stopped()));
        let ended = loop {
            tokio::select! {
                ended = &mut serve => break ended,
                Some((event, lost)) = events.next() => {
                    if lost > 0 {
                        output.note(format!("{} lines were left out", number(lost)));
                    }
                    tell_gateway(output, event)?;
                }
            }
        };
        for event in events.rest() {
            tell_gateway(output, event)?;
        }
        ended?;
        output.note("stopped");
        Ok(())
    })?;
    DONE
}

fn announce(output: &mut Output, serving: &Serving) -> Result<(), CliError> {
    if output.is_json() {
        return output.show("gateway", serving, |_| Ok(()));
    }
    output.notes(|page| {
        page.done(Line::from("serving ").name(&serving.service).plain(" at ").strong(&serving.listen))?;
        serving.upstreams.iter().try_for_each(|upstream| page.line(Line::new().quiet("  to ").plain(upstream)))?;
        page.line(Line::new().quiet("  Ctrl-C stops it"))
    });
    Ok(())
}

fn tell_gateway(output: &mut Output, event: GatewayEvent) -> Result<(), CliError> {
    let news = News::default();
    match event {
        GatewayEvent::Opened { session, from, holder, pattern, suite } => {
            let who = holder.clone().unwrap_or_else(|| "a bearer".into());
            let line = Line::new()
                .role(Role::Good, "opened ")
                .plain(format!("{session} from {from}, {who} "))
                .quiet(pattern.name())
                .quiet(" ")
                .quiet(suite.name());
            tell(output, "session-opened", &News { session: Some(session), from: Some(from.to_string()), holder, ..news }, line)
        }
        GatewayEvent::Refused { from, code, why } => {
            let line = Line::new().role(Role::Bad, "refused ").plain(format!("{from}: {why}"));
            tell(output, "session-refused", &News { from: Some(from.to_string()), code: Some(code.number()), why: Some(why), ..news }, line)
        }
        GatewayEvent::StreamRefused { session, target, why } => {
            let line = Line::new().role(Role::Bad, "refused ").plain(format!("{session} the target ")).name(&target).plain(format!(": {why}"));
            tell(output, "stream-refused", &News { session: Some(session), target: Some(target), why: Some(why), ..news }, line)
        }
        GatewayEvent::UpstreamFailed { target, why } => {
            let line = Line::new().role(Role::Warn, "no answer ").name(&target).plain(format!(": {why}"));
            tell(output, "upstream-failed", &News { target: Some(target), why: Some(why), ..news }, line)
        }
        GatewayEvent::Closed { session, why } => {
            let line = Line::new().quiet("closed ").plain(format!("{session}: {why}"));
            tell(output, "session-closed", &News { session: Some(session), why: Some(why), ..news }, line)
        }
        GatewayEvent::Revoked { rid, sessions } => {
            let short: String = rid.chars().take(8).collect();
            let line = Line::new().role(Role::Warn, "revoked ").plain(format!("{short}: {sessions} sessions cut"));
            tell(output, "revoked", &News { rid: Some(rid), sessions_cut: Some(sessions), ..news }, line)
        }
        GatewayEvent::KeysChanged => tell(output, "keys-changed", &news, Line::new().quiet("the service's keys have changed")),
        GatewayEvent::Ledger { why } => {
            let line = Line::new().role(Role::Bad, "ledger ").plain(&why);
            tell(output, "ledger-failed", &News { why: Some(why), ..news }, line)
        }
        GatewayEvent::Accept { why } => {
            let line = Line::new().role(Role::Warn, "no connection ").plain(&why);
            tell(output, "accept-failed", &News { why: Some(why), ..news }, line)
        }
        _ => Ok(()),
    }
}
