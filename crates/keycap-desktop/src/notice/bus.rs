//! The desktop's notifications, by `org.freedesktop.Notifications` on the session bus.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use zbus::MatchRule;
use zbus::blocking::{Connection, MessageIterator, connection};
use zbus::message::Type;
use zbus::zvariant::Value;

use super::{About, Notice};

const SERVICE: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";
/// The menu entry of the packages, without its ending: by it a desktop knows whose notifications these are.
const ENTRY: &str = "keycap";
const ICON: &str = "keycap-desktop";
/// What a click on the notification itself is called.
const CLICK: &str = "default";
/// A desktop that does not answer for so long is given up.
const ANSWER: Duration = Duration::from_secs(10);

/// Posts to the desktop.
pub(super) struct Bus {
    on_click: Arc<dyn Fn() + Send + Sync>,
    connection: Option<Connection>,
    posted: Arc<Mutex<BTreeSet<u32>>>,
    refusals: u32,
}

impl Bus {
    /// Connects when there is something to post.
    pub(super) fn new(on_click: Arc<dyn Fn() + Send + Sync>) -> Self {
        Self { on_click, connection: None, posted: Arc::default(), refusals: 0 }
    }

    /// Posts it, if there is a desktop that takes it.
    pub(super) fn post(&mut self, notice: &Notice) {
        if self.connection.is_none() {
            self.connection = self.connect().ok();
        }
        let Some(connection) = &self.connection else { return };
        let instead_of = if notice.about == About::Refusals { self.refusals } else { 0 };
        match notify(connection, notice, instead_of) {
            Ok(number) => {
                if notice.about == About::Refusals {
                    self.refusals = number;
                }
                self.posted.lock().unwrap_or_else(PoisonError::into_inner).insert(number);
            }
            // A session bus that went away may come back: it is connected to anew next time.
            Err(zbus::Error::InputOutput(_)) => self.connection = None,
            // There is no desktop that takes it, or it does not want it.
            Err(_) => {}
        }
    }

    /// Connects, and listens for clicks as long as the connection lasts.
    fn connect(&self) -> zbus::Result<Connection> {
        let connection = connection::Builder::session()?.method_timeout(ANSWER).build()?;
        let rule = MatchRule::builder().msg_type(Type::Signal).sender(SERVICE)?.interface(SERVICE)?.member("ActionInvoked")?.build();
        let clicks = MessageIterator::for_match_rule(rule, &connection, None)?;
        let (on_click, posted) = (Arc::clone(&self.on_click), Arc::clone(&self.posted));
        let listen = move || {
            for click in clicks.map_while(Result::ok) {
                // Others' notifications are told of, too.
                let is_ours = |number: &u32| posted.lock().unwrap_or_else(PoisonError::into_inner).remove(number);
                if click.body().deserialize::<(u32, String)>().is_ok_and(|(number, action)| action == CLICK && is_ours(&number)) {
                    on_click();
                }
            }
        };
        thread::Builder::new().name("clicks".to_owned()).spawn(listen)?;
        Ok(connection)
    }
}

fn notify(connection: &Connection, notice: &Notice, instead_of: u32) -> zbus::Result<u32> {
    let hints = HashMap::from([("desktop-entry", Value::from(ENTRY))]);
    let (title, text) = (notice.title.as_str(), plain(&notice.text));
    let asked = ("keycap", instead_of, ICON, title, text, [CLICK, "Open keycap"].as_slice(), hints, -1_i32);
    connection.call_method(Some(SERVICE), PATH, Some(SERVICE), "Notify", &asked)?.body().deserialize()
}

/// Text that stays as it is where desktops read it as markup.
fn plain(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_not_markup() {
        assert_eq!(plain("a<b>&amp;"), "a&lt;b&gt;&amp;amp;");
    }
}
