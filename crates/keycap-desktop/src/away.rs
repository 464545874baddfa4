//! The system's word that nobody is there: the machine goes to sleep, or the screen is locked. Either closes the vault to the window at once.
//!
//! Heard are logind on the system bus, and whatever locks screens on the session bus. logind is asked to wait with the sleep until the secrets
//! are gone. Where there is no such bus nothing is heard, and the gate's own clock is what is left. Any program of the session can say that the
//! screen is locked; all it gets is a closed vault.

use std::sync::Arc;
use std::thread;

use rustix::process::getuid;
use zbus::Message;
use zbus::blocking::{Connection, MessageIterator};
use zbus::match_rule::{Builder, MatchRule};
use zbus::message::Type;
use zbus::zvariant::{ObjectPath, OwnedFd, OwnedObjectPath, OwnedValue};

use crate::event::Closed;

const LOGIND: &str = "org.freedesktop.login1";
const MANAGER_PATH: &str = "/org/freedesktop/login1";
const MANAGER: &str = "org.freedesktop.login1.Manager";
const SESSION: &str = "org.freedesktop.login1.Session";
/// What the interfaces of those that lock screens end with: `org.freedesktop`'s own, GNOME's, Cinnamon's and others'.
const SCREEN: &str = ".ScreenSaver";

/// What is done when nobody is there; returns when the secrets are gone.
pub(crate) type OnAway = Arc<dyn Fn(Closed) + Send + Sync>;

/// Listens on one bus until it is gone.
type Listen = fn(&OnAway) -> zbus::Result<()>;

/// Listens for as long as the program runs.
pub(crate) fn watch(on_away: &OnAway) {
    let ears: [(&str, Listen); 2] = [("sleep", listen_to_logind), ("screen", listen_to_session)];
    for (name, listen) in ears {
        let on_away = Arc::clone(on_away);
        // Without a thread or a bus nothing is heard, which is no failure of the program.
        drop(thread::Builder::new().name(name.to_owned()).spawn(move || drop(listen(&on_away))));
    }
}

fn listen_to_logind(on_away: &OnAway) -> zbus::Result<()> {
    let connection = Connection::system()?;
    let signals = signals(&connection, MatchRule::builder().sender(LOGIND)?)?;
    let mut brake = Brake::take(&connection);
    for signal in signals {
        let signal = signal?;
        let header = signal.header();
        match (header.interface().map(|name| name.as_str()), header.member().map(|name| name.as_str())) {
            (Some(MANAGER), Some("PrepareForSleep")) => {
                if says_yes(&signal) {
                    on_away(Closed::Slept);
                    drop(brake.take());
                } else {
                    brake = Brake::take(&connection);
                }
            }
            (Some(SESSION), Some("Lock")) if header.path().is_none_or(|session| may_be_ours(&connection, session)) => on_away(Closed::Screen),
            _ => {}
        }
    }
    Ok(())
}

fn listen_to_session(on_away: &OnAway) -> zbus::Result<()> {
    let connection = Connection::session()?;
    for signal in signals(&connection, MatchRule::builder().member("ActiveChanged")?)? {
        let signal = signal?;
        let is_of_screen = signal.header().interface().is_some_and(|name| name.as_str().ends_with(SCREEN));
        if is_of_screen && says_yes(&signal) {
            on_away(Closed::Screen);
        }
    }
    Ok(())
}

fn signals(connection: &Connection, rule: Builder<'static>) -> zbus::Result<MessageIterator> {
    MessageIterator::for_match_rule(rule.msg_type(Type::Signal).build(), connection, None)
}

/// Whether a signal's one argument is true. What cannot be read counts as such: unknown means closed.
fn says_yes(signal: &Message) -> bool {
    signal.body().deserialize::<bool>().unwrap_or(true)
}

/// Whether a session is one of this user, or cannot be told from one.
fn may_be_ours(connection: &Connection, session: &ObjectPath<'_>) -> bool {
    let owner = || -> zbus::Result<u32> {
        let reply = connection.call_method(Some(LOGIND), session, Some("org.freedesktop.DBus.Properties"), "Get", &(SESSION, "User"))?;
        let user: OwnedValue = reply.body().deserialize()?;
        Ok(<(u32, OwnedObjectPath)>::try_from(user)?.0)
    };
    owner().map_or(true, |owner| owner == getuid().as_raw())
}

/// While it is held, logind waits with a sleep, for some seconds at most.
struct Brake(#[expect(dead_code, reason = "held open, and closed by dropping it")] OwnedFd);

impl Brake {
    /// `None` where there is no logind, or it gives none: then the machine sleeps at once.
    fn take(connection: &Connection) -> Option<Self> {
        let asked = ("sleep", "keycap", "The vault is closed first", "delay");
        let reply = connection.call_method(Some(LOGIND), MANAGER_PATH, Some(MANAGER), "Inhibit", &asked).ok()?;
        reply.body().deserialize().ok().map(Self)
    }
}
