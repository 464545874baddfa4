//! A real Secret Service: `gnome-keyring-daemon` on a session bus of its own.

use std::collections::HashMap;
use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use zbus::blocking::{Connection, Proxy, connection};
use zbus::object_server::ResponseDispatchNotifier;
use zbus::zvariant::{OwnedObjectPath, OwnedValue, Value};

use crate::daemon::{Daemon, READY};
use crate::home::Home;
use crate::program::require;
use crate::wait::wait_until;

const SERVICE: &str = "org.freedesktop.secrets";
const SERVICE_PATH: &str = "/org/freedesktop/secrets";
const SERVICE_INTERFACE: &str = "org.freedesktop.Secret.Service";
const COLLECTION_INTERFACE: &str = "org.freedesktop.Secret.Collection";
const ITEM_INTERFACE: &str = "org.freedesktop.Secret.Item";
/// gnome-keyring's own way to unlock without a prompt.
const PASSWORD_INTERFACE: &str = "org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface";
const LOGIN: &str = "/org/freedesktop/secrets/collection/login";
const PROMPTER_PATH: &str = "/org/gnome/keyring/Prompter";
const PASSWORD: &str = "correct horse battery staple";

/// A bus on which nothing starts by itself: a provider that is stopped stays away, and no prompt finds a display.
const BUS: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=@socket@</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;

/// A session bus with an unlocked keyring of its own, in a home of its own; all of it is gone when this is dropped.
#[derive(Debug)]
pub struct PrivateKeyring {
    connection: Connection,
    prompter: Option<Connection>,
    prompts: Arc<AtomicUsize>,
    provider: Option<Daemon>,
    // After those that talk over it, before the home it lives in: fields are dropped in this order.
    _bus: Daemon,
    address: String,
    _home: Home,
}

/// What a person looking into the keyring sees of one secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The name it is listed under.
    pub label: String,
    /// What programs find it by.
    pub attributes: HashMap<String, String>,
    path: OwnedObjectPath,
}

/// How the person in front of the machine treats a prompt to unlock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prompts {
    /// It stays on the screen.
    Unanswered,
    /// It is dismissed.
    Refused,
}

impl PrivateKeyring {
    /// Starts both daemons. The keyring has an empty, unlocked login collection, which is the default one.
    ///
    /// # Panics
    /// If `dbus-daemon` or `gnome-keyring-daemon` is missing or does not start.
    #[must_use]
    pub fn start() -> Self {
        let mut keyring = Self::without_provider();
        let control = keyring._home.path().join("control");
        fs::create_dir(&control).unwrap();
        let mut command = keyring._home.command(require("gnome-keyring-daemon", "gnome-keyring"));
        command.args(["--foreground", "--unlock", "--components=secrets", "--control-directory"]).arg(control);
        command.env("DBUS_SESSION_BUS_ADDRESS", keyring.address()).stdin(Stdio::piped());
        let mut provider = Daemon::spawn("gnome-keyring-daemon", &mut command, keyring._home.path().join("keyring.log"));
        provider.stdin().write_all(PASSWORD.as_bytes()).unwrap();
        provider.wait_until("the keyring is there and unlocked", |_| {
            Self::property::<bool>(&keyring.connection, LOGIN, COLLECTION_INTERFACE, "Locked").is_ok_and(|locked| !locked)
        });
        keyring.provider = Some(provider);
        keyring
    }

    /// Starts a bus on which there is no keyring at all.
    ///
    /// # Panics
    /// If `dbus-daemon` is missing or does not start.
    #[must_use]
    pub fn without_provider() -> Self {
        let home = Home::new();
        let socket = home.path().join("bus");
        let configuration = home.path().join("bus.conf");
        fs::write(&configuration, BUS.replace("@socket@", &socket.display().to_string())).unwrap();
        let mut command: Command = home.command(require("dbus-daemon", "dbus-daemon"));
        command.args(["--nofork", "--nopidfile", "--config-file"]).arg(configuration).stdin(Stdio::null());
        let mut bus = Daemon::spawn("dbus-daemon", &mut command, home.path().join("bus.log"));
        let address = format!("unix:path={}", socket.display());
        bus.wait_until("the bus listens", |_| socket.exists());
        let connection = connect(&address);
        Self { connection, prompter: None, prompts: Arc::default(), provider: None, _bus: bus, address, _home: home }
    }

    /// The bus, as `DBUS_SESSION_BUS_ADDRESS` has it.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Locks the login collection.
    pub fn lock(&self) {
        let login = OwnedObjectPath::try_from(LOGIN).unwrap();
        let _: (Vec<OwnedObjectPath>, OwnedObjectPath) = self.service(SERVICE_INTERFACE).call("Lock", &(vec![login],)).unwrap();
        assert!(self.is_locked(), "the keyring did not lock");
    }

    /// Unlocks it with its password. (`gnome-keyring-daemon --unlock` a second time does not, whatever it returns.)
    pub fn unlock(&self) {
        let service = self.service(SERVICE_INTERFACE);
        let (_, session): (OwnedValue, OwnedObjectPath) = service.call("OpenSession", &("plain", Value::from(""))).unwrap();
        let login = OwnedObjectPath::try_from(LOGIN).unwrap();
        let secret = (session, Vec::<u8>::new(), PASSWORD.as_bytes(), "text/plain");
        self.service(PASSWORD_INTERFACE).call_method("UnlockWithMasterPassword", &(login, secret)).unwrap();
        assert!(!self.is_locked(), "the keyring did not unlock");
    }

    /// Whether the login collection is locked.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        Self::property(&self.connection, LOGIN, COLLECTION_INTERFACE, "Locked").unwrap()
    }

    /// From now on somebody sits in front of it, and treats prompts like this. Before, there is no display to prompt on.
    pub fn treat_prompts(&mut self, how: Prompts) {
        self.prompter = None;
        let builder = connection::Builder::address(self.address.as_str()).unwrap();
        let builder = builder.serve_at(PROMPTER_PATH, Prompter { how, seen: Arc::clone(&self.prompts) }).unwrap();
        self.prompter = Some(builder.name("org.gnome.keyring.SystemPrompter").unwrap().build().unwrap());
    }

    /// How many prompts that person saw so far.
    #[must_use]
    pub fn prompts_seen(&self) -> usize {
        self.prompts.load(Ordering::SeqCst)
    }

    /// What lies in the login collection.
    #[must_use]
    pub fn items(&self) -> Vec<Item> {
        let paths: Vec<OwnedObjectPath> = Self::property(&self.connection, LOGIN, COLLECTION_INTERFACE, "Items").unwrap();
        let item = |path: OwnedObjectPath| Item {
            label: Self::property(&self.connection, path.as_str(), ITEM_INTERFACE, "Label").unwrap(),
            attributes: Self::property(&self.connection, path.as_str(), ITEM_INTERFACE, "Attributes").unwrap(),
            path,
        };
        paths.into_iter().map(item).collect()
    }

    /// Deletes one item, as a person tidying up in Seahorse does.
    pub fn delete(&self, item: &Item) {
        self.at(item.path.as_str(), ITEM_INTERFACE).call_method("Delete", &()).unwrap();
    }

    /// Deletes the login collection: a provider is there, but nothing to keep secrets in.
    pub fn delete_login(&self) {
        self.at(LOGIN, COLLECTION_INTERFACE).call_method("Delete", &()).unwrap();
    }

    /// Stops the provider; the bus stays.
    pub fn stop_provider(&mut self) {
        self.provider = None;
        let bus = zbus::blocking::fdo::DBusProxy::new(&self.connection).unwrap();
        wait_until(READY, "the keyring's name is free", || !bus.name_has_owner(SERVICE.try_into().unwrap()).unwrap());
    }

    fn service(&self, interface: &'static str) -> Proxy<'_> {
        self.at(SERVICE_PATH, interface)
    }

    fn at<'p>(&self, path: &'p str, interface: &'static str) -> Proxy<'p> {
        Proxy::new(&self.connection, SERVICE, path, interface).unwrap()
    }

    /// Read from the daemon each time: a proxy would remember.
    fn property<T>(connection: &Connection, path: &str, interface: &str, name: &str) -> zbus::Result<T>
    where
        T: TryFrom<OwnedValue>,
        T::Error: Into<zbus::Error>,
    {
        let reply = connection.call_method(Some(SERVICE), path, Some("org.freedesktop.DBus.Properties"), "Get", &(interface, name))?;
        let value: OwnedValue = reply.body().deserialize()?;
        T::try_from(value).map_err(Into::into)
    }
}

/// GNOME's prompter on the bus, as far as a prompt that is never answered, or dismissed, needs it.
struct Prompter {
    how: Prompts,
    seen: Arc<AtomicUsize>,
}

#[zbus::interface(name = "org.gnome.keyring.internal.Prompter")]
impl Prompter {
    async fn begin_prompting(
        &self,
        callback: OwnedObjectPath,
        #[zbus(header)] header: zbus::message::Header<'_>,
        #[zbus(connection)] connection: &zbus::Connection,
    ) -> ResponseDispatchNotifier<()> {
        self.seen.fetch_add(1, Ordering::SeqCst);
        let (response, sent) = ResponseDispatchNotifier::new(());
        if self.how == Prompts::Refused {
            let sender = header.sender().map(|name| name.to_owned());
            let connection = connection.clone();
            // The prompter is done with the prompt, and nobody typed anything. The daemon hears only what comes after the response.
            let dismissed = async move {
                sent.await;
                let interface = Some("org.gnome.keyring.internal.Prompter.Callback");
                let _ = connection.call_method(sender, &callback, interface, "PromptDone", &()).await;
            };
            std::thread::spawn(move || zbus::block_on(dismissed));
        }
        response
    }

    async fn perform_prompt(&self, _callback: OwnedObjectPath, _kind: &str, _properties: HashMap<String, OwnedValue>, _exchange: &str) {}

    async fn stop_prompting(&self, _callback: OwnedObjectPath) {}
}

fn connect(address: &str) -> Connection {
    let mut connected = None;
    wait_until(READY, "the bus answers", || {
        connected = connection::Builder::address(address).and_then(connection::Builder::build).ok();
        connected.is_some()
    });
    connected.expect("just waited for")
}
