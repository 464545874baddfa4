//! Gateways and connectors of this window: each runs until it is stopped, and tells what happens at it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use keycap_gateway::{ConnectorEvent, GatewayEvent};
use serde::Serialize;
use tokio::sync::oneshot;
use ts_rs::TS;

use crate::desk::Outlet;
use crate::event::Event;

/// Things that happened that a line remembers: the newest ones.
const REMEMBERED: usize = 50;

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum LineKind {
    /// A service is served.
    Gateway,
    /// A capability is used.
    Connector,
}

/// A gateway or connector of this window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub(crate) struct LineView {
    /// Its number in this window.
    pub id: u32,
    /// What it is.
    pub kind: LineKind,
    /// The service or capability.
    pub name: String,
    /// Where it listens.
    pub listen: String,
    /// Where it leads, if that is for this window to say: upstreams as `NAME=ADDRESS`.
    pub to: Vec<String>,
    /// Whether it runs; what has ended stays listed until it is dismissed.
    pub running: bool,
    /// What happened last, the newest first.
    pub news: Vec<News>,
}

/// Something that happened at a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub(crate) struct News {
    /// When.
    pub at: u64,
    /// How it should be taken.
    pub mood: Mood,
    /// What, in a sentence.
    pub text: String,
}

/// How something should be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Mood {
    /// As it should be.
    Good,
    /// Worth knowing.
    Plain,
    /// Somebody was refused, or something failed.
    Bad,
}

/// All lines.
#[derive(Clone)]
pub(crate) struct Lines {
    state: Arc<Mutex<State>>,
    outlet: Outlet,
}

#[derive(Default)]
struct State {
    last: u32,
    lines: BTreeMap<u32, Line>,
}

struct Line {
    kind: LineKind,
    name: String,
    listen: String,
    to: Vec<String>,
    stop: Option<oneshot::Sender<()>>,
    news: VecDeque<News>,
}

/// A line that begins.
pub(crate) struct NewLine {
    pub(crate) kind: LineKind,
    pub(crate) name: String,
    pub(crate) listen: String,
    pub(crate) to: Vec<String>,
}

/// What a line tells by, and stops by.
pub(crate) struct Thread {
    pub(crate) id: u32,
    pub(crate) stopped: oneshot::Receiver<()>,
}

impl Lines {
    /// None yet.
    pub(crate) fn new(outlet: Outlet) -> Self {
        Self { state: Arc::default(), outlet }
    }

    /// Begins one.
    pub(crate) fn begin(&self, new: NewLine) -> Thread {
        let (stop, stopped) = oneshot::channel();
        let NewLine { kind, name, listen, to } = new;
        let id = self.state(|state| {
            state.last = state.last.wrapping_add(1);
            state.lines.insert(state.last, Line { kind, name, listen, to, stop: Some(stop), news: VecDeque::new() });
            state.last
        });
        (self.outlet)(Event::Running);
        Thread { id, stopped }
    }

    /// Where it really listens.
    pub(crate) fn listens(&self, id: u32, listen: String) {
        self.state(|state| {
            if let Some(line) = state.lines.get_mut(&id) {
                line.listen = listen;
            }
        });
        (self.outlet)(Event::Running);
    }

    /// Something happened.
    pub(crate) fn tell(&self, id: u32, at: u64, mood: Mood, text: impl Into<String>) {
        let text = text.into();
        self.state(|state| {
            if let Some(line) = state.lines.get_mut(&id) {
                line.news.truncate(REMEMBERED - 1);
                line.news.push_front(News { at, mood, text });
            }
        });
        (self.outlet)(Event::Running);
    }

    /// It has ended.
    pub(crate) fn ended(&self, id: u32) {
        self.state(|state| {
            if let Some(line) = state.lines.get_mut(&id) {
                line.stop = None;
            }
        });
        (self.outlet)(Event::Running);
    }

    /// It never came to be: its beginning failed.
    pub(crate) fn forget(&self, id: u32) {
        self.state(|state| state.lines.remove(&id));
        (self.outlet)(Event::Running);
    }

    /// Stops one that runs, and clears away one that has ended.
    pub(crate) fn stop(&self, id: u32) {
        self.state(|state| match state.lines.get_mut(&id).map(|line| line.stop.take()) {
            // A line whose end nobody waits for has ended already.
            Some(Some(stop)) => drop(stop.send(())),
            Some(None) => drop(state.lines.remove(&id)),
            None => {}
        });
        (self.outlet)(Event::Running);
    }

    /// All of them.
    pub(crate) fn views(&self) -> Vec<LineView> {
        self.state(|state| {
            let view = |(id, line): (&u32, &Line)| LineView {
                id: *id,
                kind: line.kind,
                name: line.name.clone(),
                listen: line.listen.clone(),
                to: line.to.clone(),
                running: line.stop.is_some(),
                news: line.news.iter().cloned().collect(),
            };
            state.lines.iter().map(view).collect()
        })
    }

    fn state<T>(&self, of: impl FnOnce(&mut State) -> T) -> T {
        of(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What happened at a gateway, in a sentence; `None`: nothing that a person would want to know.
pub(crate) fn gateway_news(event: &GatewayEvent) -> Option<(Mood, String)> {
    Some(match event {
        GatewayEvent::Opened { session, from, holder, .. } => {
            let who = holder.as_deref().unwrap_or("a bearer");
            (Mood::Good, format!("Session {session} opened from {from}, {who}."))
        }
        GatewayEvent::Refused { from, why, .. } => (Mood::Bad, format!("Refused {from}: {why}.")),
        GatewayEvent::StreamRefused { session, target, why } => (Mood::Bad, format!("Refused session {session} the target {target}: {why}.")),
        GatewayEvent::UpstreamFailed { target, why } => (Mood::Bad, format!("No answer from {target}: {why}.")),
        GatewayEvent::Closed { session, why } => (Mood::Plain, format!("Session {session} ended: {why}.")),
        GatewayEvent::Revoked { sessions, .. } => (Mood::Bad, format!("A revocation was applied; sessions cut: {sessions}.")),
        GatewayEvent::KeysChanged => (Mood::Plain, "The service's keys have changed.".to_owned()),
        GatewayEvent::Ledger { why } => (Mood::Bad, format!("The ledger cannot be used, so nobody is let in: {why}.")),
        GatewayEvent::Accept { why } => (Mood::Bad, format!("No connection can be accepted: {why}.")),
        _ => return None,
    })
}

/// What happened at a connector, in a sentence.
pub(crate) fn connector_news(event: &ConnectorEvent) -> Option<(Mood, String)> {
    Some(match event {
        ConnectorEvent::Connected { at, .. } => (Mood::Good, format!("Connected to {at}.")),
        ConnectorEvent::Lost { why } => (Mood::Plain, format!("The session is over: {why}.")),
        ConnectorEvent::Retrying { why, after } => (Mood::Bad, format!("No session: {why}; the next try is in {} s.", after.as_secs().max(1))),
        ConnectorEvent::Refused { why, .. } => (Mood::Bad, format!("The service refuses the capability: {why}.")),
        ConnectorEvent::StreamRefused { target, why } => (Mood::Bad, format!("The service refuses the target {target}: {why}.")),
        ConnectorEvent::Accept { why } => (Mood::Bad, format!("No local connection can be accepted: {why}.")),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_stopped_first_and_cleared_away_second() {
        let lines = Lines::new(Arc::new(drop));
        let mut thread = lines.begin(NewLine { kind: LineKind::Connector, name: "orders".into(), listen: "127.0.0.1:1".into(), to: Vec::new() });
        (0..80).for_each(|n| lines.tell(thread.id, n, Mood::Plain, "news"));
        let view = lines.views().remove(0);
        assert!(view.running);
        assert_eq!((view.news.len(), view.news[0].at), (REMEMBERED, 79));
        lines.stop(thread.id);
        assert!(thread.stopped.try_recv().is_ok());
        lines.ended(thread.id);
        assert!(!lines.views()[0].running);
        lines.stop(thread.id);
        assert!(lines.views().is_empty());
    }
}
