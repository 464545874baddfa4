//! A desktop that takes notifications, on the session bus of a test, and remembers what it was told.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use zbus::blocking::{Connection, connection};
use zbus::zvariant::OwnedValue;

use crate::wait::wait_until;

const SERVICE: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";
/// Longer than anything takes to be told.
const PATIENCE: Duration = Duration::from_secs(30);

/// The desktop; gone when dropped.
#[derive(Debug)]
pub struct Notifications {
    connection: Connection,
    told: Told,
}

/// Something that it was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// Its number.
    pub number: u32,
    /// The number of the one whose place it takes; 0: of none.
    pub instead_of: u32,
    /// The menu entry of the program, without its ending.
    pub entry: String,
    /// The title.
    pub title: String,
    /// The text below it.
    pub text: String,
}

type Told = Arc<Mutex<Vec<Notification>>>;

impl Notifications {
    /// Takes them on this bus from now on.
    ///
    /// # Panics
    /// If somebody else does.
    #[must_use]
    pub fn on(bus: &str) -> Self {
        let told = Told::default();
        let builder = connection::Builder::address(bus).unwrap().serve_at(PATH, Server { told: Arc::clone(&told) }).unwrap();
        Self { connection: builder.name(SERVICE).unwrap().build().unwrap(), told }
    }

    /// All that it was told so far.
    ///
    /// # Panics
    /// Never, unless another thread did.
    #[must_use]
    pub fn told(&self) -> Vec<Notification> {
        self.told.lock().unwrap().clone()
    }

    /// Waits for one whose title or text has this in it.
    ///
    /// # Panics
    /// If none comes.
    #[track_caller]
    #[must_use]
    pub fn wait_for(&self, wanted: &str) -> Notification {
        let find = || self.told().into_iter().find(|one| one.title.contains(wanted) || one.text.contains(wanted));
        wait_until(PATIENCE, &format!("a notification says {wanted:?}"), || find().is_some());
        find().expect("just waited for")
    }

    /// Clicks on one.
    pub fn click(&self, notification: &Notification) {
        self.connection.emit_signal(None::<&str>, PATH, SERVICE, "ActionInvoked", &(notification.number, "default")).unwrap();
    }
}

struct Server {
    told: Told,
}

#[zbus::interface(name = "org.freedesktop.Notifications")]
impl Server {
    #[expect(clippy::too_many_arguments, reason = "so it is specified")]
    fn notify(
        &self,
        _program: &str,
        instead_of: u32,
        _icon: &str,
        title: String,
        text: String,
        actions: Vec<String>,
        hints: HashMap<String, OwnedValue>,
        _milliseconds: i32,
    ) -> u32 {
        assert_eq!(actions.first().map(String::as_str), Some("default"), "a click on it has to do something");
        let entry = hints.get("desktop-entry").and_then(|value| value.downcast_ref::<String>().ok()).unwrap_or_default();
        let mut told = self.told.lock().unwrap();
        let number = if instead_of == 0 { u32::try_from(told.len()).unwrap() + 1 } else { instead_of };
        told.push(Notification { number, instead_of, entry, title, text });
        number
    }
}
