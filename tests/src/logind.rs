//! A stand-in for logind on a bus of its own: tells that the machine goes to sleep, and that a session is to be locked.

use std::io::Read;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustix::process::getuid;
use zbus::blocking::{Connection, connection};
use zbus::zvariant::{Fd, ObjectPath, OwnedObjectPath};

use crate::keyring::PrivateKeyring;
use crate::wait::wait_until;

const MANAGER_PATH: &str = "/org/freedesktop/login1";
const MANAGER: &str = "org.freedesktop.login1.Manager";
const SESSION: &str = "org.freedesktop.login1.Session";
const OURS: &str = "/org/freedesktop/login1/session/_31";
const SOMEBODY_ELSES: &str = "/org/freedesktop/login1/session/_32";
/// Longer than anything takes to be let go of.
const PATIENCE: Duration = Duration::from_secs(20);

/// Whose session is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// One of the user whose process this is.
    Ours,
    /// One of another user.
    SomebodyElses,
}

/// The stand-in; gone when dropped.
#[derive(Debug)]
pub struct Logind {
    connection: Connection,
    brakes: Brakes,
    // After the connection: fields are dropped in this order.
    bus: PrivateKeyring,
}

/// The ends of what was handed out to those who want to delay a sleep; the other end is theirs.
type Brakes = Arc<Mutex<Vec<UnixStream>>>;

impl Logind {
    /// Starts a bus with it.
    ///
    /// # Panics
    /// If `dbus-daemon` is missing or does not start.
    #[must_use]
    pub fn start() -> Self {
        let bus = PrivateKeyring::without_provider();
        let brakes = Brakes::default();
        let builder = connection::Builder::address(bus.address()).unwrap();
        let builder = builder.serve_at(MANAGER_PATH, Manager { brakes: Arc::clone(&brakes) }).unwrap();
        let builder = builder.serve_at(OURS, Session { user: getuid().as_raw() }).unwrap();
        let builder = builder.serve_at(SOMEBODY_ELSES, Session { user: getuid().as_raw() + 1 }).unwrap();
        let connection = builder.name("org.freedesktop.login1").unwrap().build().unwrap();
        Self { connection, brakes, bus }
    }

    /// The bus, as `DBUS_SYSTEM_BUS_ADDRESS` has it.
    #[must_use]
    pub fn address(&self) -> &str {
        self.bus.address()
    }

    /// Waits until somebody asks to be waited for before a sleep.
    pub fn wait_for_brake(&self) {
        wait_until(PATIENCE, "somebody wants to be waited for", || !self.brakes.lock().unwrap().is_empty());
    }

    /// Tells that the machine is about to sleep, and waits until nobody delays it any more.
    ///
    /// # Panics
    /// If nobody wanted to be waited for, or somebody does not let go.
    pub fn sleep(&self) {
        let brakes = std::mem::take(&mut *self.brakes.lock().unwrap());
        assert!(!brakes.is_empty(), "nobody wanted to be waited for");
        self.tell(MANAGER_PATH, MANAGER, "PrepareForSleep", &(true,));
        for mut brake in brakes {
            brake.set_read_timeout(Some(PATIENCE)).unwrap();
            assert_eq!(brake.read(&mut [0]).unwrap(), 0, "the other end was closed");
        }
    }

    /// Tells that it woke up.
    pub fn wake(&self) {
        self.tell(MANAGER_PATH, MANAGER, "PrepareForSleep", &(false,));
    }

    /// Tells a session to lock its screen.
    pub fn lock(&self, whose: Whose) {
        let session = match whose {
            Whose::Ours => OURS,
            Whose::SomebodyElses => SOMEBODY_ELSES,
        };
        self.tell(session, SESSION, "Lock", &());
    }

    fn tell<B: zbus::export::serde::Serialize + zbus::zvariant::DynamicType>(&self, path: &str, interface: &str, signal: &str, body: &B) {
        self.connection.emit_signal(None::<&str>, path, interface, signal, body).unwrap();
    }
}

struct Manager {
    brakes: Brakes,
}

#[zbus::interface(name = "org.freedesktop.login1.Manager")]
impl Manager {
    fn inhibit(&self, what: &str, _who: &str, _why: &str, mode: &str) -> Fd<'static> {
        assert_eq!((what, mode), ("sleep", "delay"));
        let (ours, theirs) = UnixStream::pair().unwrap();
        self.brakes.lock().unwrap().push(ours);
        Fd::from(std::os::fd::OwnedFd::from(theirs))
    }
}

struct Session {
    user: u32,
}

#[zbus::interface(name = "org.freedesktop.login1.Session")]
impl Session {
    #[zbus(property)]
    fn user(&self) -> (u32, OwnedObjectPath) {
        let path = ObjectPath::try_from(format!("/org/freedesktop/login1/user/_{}", self.user)).unwrap();
        (self.user, path.into())
    }
}

/// Tells the programs of a session that its screen was locked, as `org.gnome.ScreenSaver` does.
///
/// # Panics
/// If there is no such bus.
pub fn lock_screen(bus: &str) {
    let connection = connection::Builder::address(bus).unwrap().build().unwrap();
    let body = &(true,);
    connection.emit_signal(None::<&str>, "/org/gnome/ScreenSaver", "org.gnome.ScreenSaver", "ActiveChanged", body).unwrap();
    // The bus has passed it on when it answers what comes after it.
    zbus::blocking::fdo::DBusProxy::new(&connection).unwrap().get_id().unwrap();
}
