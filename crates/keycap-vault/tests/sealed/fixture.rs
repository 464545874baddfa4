//! A writer and a service's owner, each with a vault.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use keycap_core::time::{Clock, UnixSeconds};
use keycap_vault::view::OpenedView;
use keycap_vault::{AcceptAs, Environment, Limits, MintRequest, NewService, SealFrom, SecretsChoice, ShareHow, ShareRequest, UnlockMethod, Vault};
use tempfile::TempDir;

/// When it all begins.
const NOW: u64 = 1_800_000_000;

/// A writer and a service's owner, each with a vault, and one clock for both.
pub(crate) struct World {
    _folder: TempDir,
    pub(crate) writer: Vault,
    pub(crate) owner: Vault,
    pub(crate) clock: Arc<AtomicU64>,
}

impl World {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(AtomicU64::new(NOW));
        let vault = |name: &str| {
            let key_file = folder.path().join(format!("{name}-key"));
            keycap_store::unlock::file::create(&key_file).unwrap();
            let clock = Arc::clone(&clock);
            let environment = Environment::with_clock(move || Clock::Sure(UnixSeconds::new(clock.load(Ordering::Relaxed))));
            Vault::create(&folder.path().join(name), SecretsChoice::Sealed(UnlockMethod::File { path: &key_file }), environment).unwrap()
        };
        let (mut writer, mut owner) = (vault("writer"), vault("owner"));
        writer.new_key("writer", "").unwrap();
        owner.new_key("owner", "").unwrap();
        owner.new_service(&NewService { name: "inbox".into(), ..NewService::default() }).unwrap();
        let mut world = Self { _folder: folder, writer, owner, clock };
        let (writer_card, owner_card) = (world.writer.key("writer").unwrap().card, world.owner.key("owner").unwrap().card);
        take_in(&mut world.owner, &writer_card, "writer");
        take_in(&mut world.writer, &owner_card, "owner");
        world
    }

    /// A capability of the service, taken in by the writer under the same name.
    pub(crate) fn granted(&mut self, name: &str, limits: Limits) {
        let request = MintRequest { service: "inbox".into(), name: name.into(), preset: None, limits };
        self.owner.mint(&request).unwrap();
        let share = ShareRequest { how: ShareHow::Reveal, name: None };
        let text = self.owner.share(&format!("grant:{name}"), &share).unwrap().text().expose().to_owned();
        take_in(&mut self.writer, &text, name);
    }
}

fn take_in(vault: &mut Vault, text: &str, name: &str) {
    let incoming = vault.inspect(text).unwrap();
    vault.accept(incoming, &AcceptAs { name: Some(name.into()), ..AcceptAs::default() }).unwrap();
}

pub(crate) fn anonymous() -> SealFrom {
    SealFrom::default()
}

pub(crate) fn from(key: &str) -> SealFrom {
    SealFrom { key: Some(key.into()), mutual: false }
}

pub(crate) fn mutual(key: &str) -> SealFrom {
    SealFrom { key: Some(key.into()), mutual: true }
}

pub(crate) fn bound(world: &World) -> Limits {
    Limits { holder: Some(world.writer.key("writer").unwrap().card), ..Limits::default() }
}

/// The name of the sender that is shown.
pub(crate) fn sender(view: &OpenedView) -> Option<&str> {
    view.sender.as_ref().and_then(|sender| sender.name.as_deref())
}
