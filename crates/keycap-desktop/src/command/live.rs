//! Gateways and connectors that run in this window.

use std::sync::Arc;

use keycap_gateway::address::{ListenAddress, Upstreams};
use keycap_gateway::{Connector, ConnectorError, ConnectorOptions, Exposure, Gateway, GatewayError, GatewayEvent, GatewayLimits, LocalListener};
use keycap_vault::{DEFAULT_TARGET, Request, Would, system_clock};

use crate::desk::{Key, Wanted};
use crate::error::UiError;
use crate::host::Host;
use crate::lines::{LineKind, LineView, Lines, Mood, NewLine, connector_news, gateway_news};
use crate::notice::News;
use crate::person::{AskPassphrase, Files};

/// Gateways and connectors of this window.
pub(crate) async fn lines(host: &Host) -> Result<Vec<LineView>, UiError> {
    if host.desk.closed().is_some() {
        return Err(UiError::locked());
    }
    Ok(host.lines.views())
}

/// Stops one that runs, and clears away one that has ended.
pub(crate) async fn line_stop(host: &Host, id: u32) -> Result<(), UiError> {
    host.lines.stop(id);
    Ok(())
}

/// Opens a local way to a capability's service.
pub(crate) async fn connect(host: &Host, capability: String, listen: String, target: Option<String>) -> Result<u32, UiError> {
    let address: ListenAddress = listen.trim().parse().map_err(ConnectorError::Address)?;
    let target = target.map(|target| target.trim().to_owned()).filter(|target| !target.is_empty());
    let request = Request::stream(target.as_deref().unwrap_or(DEFAULT_TARGET));
    let name = capability.clone();
    let opened = host
        .desk
        .keep(move |vault| {
            let opened = vault.open_capability(&name)?;
            let would = vault.explain(&name, &Would { request: Some(request), ..Would::default() })?;
            match would.findings.into_iter().find(|finding| !finding.holds) {
                Some(no) => {
                    let why = no.reason.unwrap_or_default();
                    let caveat = no.caveat.unwrap_or_default();
                    Err(UiError::new("refused", format!("The capability says no: {why}."))
                        .hint(format!("It is its caveat `{caveat}` ({}).", no.value)))
                }
                None => Ok(opened),
            }
        })
        .await?;
    let listener = LocalListener::bind(&address, Exposure::Loopback).await.map_err(ConnectorError::from)?;
    let to = opened.addresses().iter().map(|address| address.text.clone()).collect();
    let listen = listener.address().to_string();
    let thread = host.lines.begin(NewLine { kind: LineKind::Connector, name: capability, listen, to });
    let (id, lines) = (thread.id, host.lines.clone());
    let told = lines.clone();
    let on_event = Arc::new(move |event| {
        if let Some((mood, text)) = connector_news(&event) {
            told.tell(id, now(), mood, text);
        }
    });
    let options = ConnectorOptions { target, ..ConnectorOptions::default() };
    let connector = match Connector::open(opened, options, on_event).await {
        Ok(connector) => connector,
        Err(error) => {
            lines.forget(id);
            return Err(error.into());
        }
    };
    tokio::spawn(async move {
        let stop = async {
            // A window that is gone stops its lines too.
            drop(thread.stopped.await);
        };
        let ended = connector.forward(listener, stop).await;
        connector.close().await;
        finish(&lines, id, ended.err().map(|error| error.to_string()));
    });
    Ok(id)
}

/// Puts a service behind a gateway.
pub(crate) async fn serve(host: &Host, service: String, listen: String, to: Vec<String>) -> Result<u32, UiError> {
    let address: ListenAddress = listen.trim().parse().map_err(GatewayError::Address)?;
    let to: Vec<String> = to.iter().map(|to| to.trim().to_owned()).filter(|to| !to.is_empty()).collect();
    let upstreams = Upstreams::parse(&to).map_err(GatewayError::Address)?;
    let names: Vec<String> = upstreams.iter().map(ToString::to_string).collect();
    let key = match host.desk.wanted().await? {
        None => Key::Itself,
        Some(Wanted::Passphrase) => Key::Passphrase(
            host.ask_passphrase(AskPassphrase {
                title: "Start the gateway",
                text: "The vault's passphrase: the gateway has the service's keys for itself, and keeps them while the window is locked.",
                new: false,
            })
            .await?,
        ),
        Some(Wanted::Identity) => Key::Identity(host.ask_file("An age identity that opens the vault", Files::One).await?),
    };
    let vault = host.desk.detach(key).await?;
    let thread = host.lines.begin(NewLine { kind: LineKind::Gateway, name: service.clone(), listen, to: names });
    let (id, lines) = (thread.id, host.lines.clone());
    let (told, notices, name) = (lines.clone(), host.notices.clone(), service.clone());
    let on_event = Arc::new(move |event| {
        if matches!(event, GatewayEvent::Refused { .. } | GatewayEvent::StreamRefused { .. }) {
            notices.tell(News::Refused { service: name.clone() });
        }
        if let Some((mood, text)) = gateway_news(&event) {
            told.tell(id, now(), mood, text);
        }
    });
    let gateway = match Gateway::open(vault, &service, &address, upstreams, GatewayLimits::default(), on_event).await {
        Ok(gateway) => gateway,
        Err(error) => {
            lines.forget(id);
            return Err(error.into());
        }
    };
    lines.listens(id, gateway.address().to_string());
    tokio::spawn(async move {
        let stop = async {
            drop(thread.stopped.await);
        };
        let ended = gateway.serve(stop).await;
        finish(&lines, id, ended.err().map(|error| error.to_string()));
    });
    Ok(id)
}

fn finish(lines: &Lines, id: u32, error: Option<String>) {
    match error {
        Some(why) => lines.tell(id, now(), Mood::Bad, format!("It ended: {why}.")),
        None => lines.tell(id, now(), Mood::Plain, "Stopped."),
    }
    lines.ended(id);
}

fn now() -> u64 {
    match system_clock() {
        keycap_vault::Clock::Sure(now) => now.as_u64(),
        keycap_vault::Clock::Unsure => 0,
    }
}
