//! Vaults to look after.

use std::path::PathBuf;

use keycap_core::secret::SecretText;
use keycap_core::time::UnixSeconds;
use keycap_vault::view::RestoreDiff;
use keycap_vault::{
    AcceptAs, Backup, DelegateRequest, Environment, ExportTo, GatewayPlace, GrantQuery, Limits, MintRequest, NewService, OpenWith, Reason,
    RevokeReason, SecretsChoice, SessionStart, ShareHow, ShareRequest, Times, Unlock, UnlockMethod, Vault, When,
};
use rusqlite::Connection;
use tempfile::TempDir;

/// When everything happens, unless a test says otherwise.
pub(crate) const NOW: UnixSeconds = UnixSeconds::new(1_800_000_000);
pub(crate) const WHY: RevokeReason = RevokeReason { reason: Reason::Left, note: String::new() };

/// A folder for a vault and its key file, which are gone with it.
pub(crate) struct Place {
    pub(crate) folder: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap() };
        keycap_store::unlock::file::create(&place.key_file()).unwrap();
        place
    }

    pub(crate) fn key_file(&self) -> PathBuf {
        self.folder.path().join("vault-key")
    }

    pub(crate) fn vault_folder(&self) -> PathBuf {
        self.folder.path().join("vault")
    }

    /// A new vault, whose clock stands still. Two of one seed make the same keys.
    pub(crate) fn create(&self, seed: u64) -> Vault {
        let key = self.key_file();
        Vault::create(&self.vault_folder(), SecretsChoice::Sealed(UnlockMethod::File { path: &key }), Environment::fixed(NOW, seed)).unwrap()
    }

    /// The vault again, at another time.
    pub(crate) fn open_at(&self, now: UnixSeconds) -> Vault {
        let mut vault = Vault::open(&self.vault_folder(), Environment::fixed(now, now.as_u64())).unwrap();
        vault.unlock(Unlock::File).unwrap();
        vault
    }

    /// The vault that a backup makes here.
    pub(crate) fn restored(&self, backup: Backup) -> (Vault, RestoreDiff) {
        let key = self.key_file();
        let choice = SecretsChoice::Sealed(UnlockMethod::File { path: &key });
        Vault::restore_new(&self.vault_folder(), choice, Environment::fixed(NOW, 9), backup).unwrap()
    }

    /// The ledger, for what nobody but keycap should do with it.
    pub(crate) fn ledger(&self) -> Connection {
        Connection::open(self.vault_folder().join("ledger.sqlite")).unwrap()
    }
}

/// A vault with something of every kind: a key, a key card, a service with a grant that is used, one that is shared twice and one that is
/// revoked, a capability that is held and one that was made from it.
pub(crate) fn lived_in() -> (Place, Vault) {
    let place = Place::new();
    let mut vault = place.create(1);
    vault.new_key("operator", "mine").unwrap();
    let other = Place::new();
    let card = other.create(2).new_key("bob", "").unwrap().card;
    take_in(&mut vault, &card, "bob");
    let new = NewService { name: "orders".into(), hints: vec!["db.example:7000".into()], realm: Some("eu".into()), note: "Postgres".into() };
    vault.new_service(&new).unwrap();
    for name in ["alice", "carol", "dave"] {
        mint(&mut vault, name);
    }
    vault.revoke("carol", &WHY).unwrap();
    let text = share(&mut vault, "grant:alice");
    share(&mut vault, "grant:dave");
    share(&mut vault, "grant:dave");
    take_in(&mut vault, &text, "held");
    let request = DelegateRequest { capability: "held".into(), name: "narrower".into(), limits: Limits::default() };
    vault.delegate(&request).unwrap();
    vault.set_gateway("held", Some("127.0.0.1:7000")).unwrap();
    use_once(&place, &mut vault, "narrower");
    (place, vault)
}

pub(crate) fn mint(vault: &mut Vault, name: &str) {
    mint_for(vault, name, 86_400);
}

pub(crate) fn mint_for(vault: &mut Vault, name: &str, seconds: u64) {
    let times = Times { expires: Some(When::In(seconds)), ..Times::default() };
    let limits = Limits { times, ..Limits::default() };
    vault.mint(&MintRequest { service: "orders".into(), name: name.into(), preset: None, limits }).unwrap();
}

pub(crate) fn share(vault: &mut Vault, target: &str) -> String {
    vault.share(target, &ShareRequest { how: ShareHow::Reveal, name: None }).unwrap().text().expose().to_owned()
}

pub(crate) fn take_in(vault: &mut Vault, text: &str, name: &str) {
    let incoming = vault.inspect(text).unwrap();
    vault.accept(incoming, &AcceptAs { name: Some(name.into()), ..AcceptAs::default() }).unwrap();
}

/// A session at a gateway that comes and goes.
fn use_once(place: &Place, holder: &mut Vault, capability: &str) {
    let at = GatewayPlace { listen: "127.0.0.1:7000".into(), upstreams: vec!["default=127.0.0.1:5432".into()] };
    let (service, mut desk) = place.open_at(NOW).open_gateway("orders", &at).unwrap();
    let held = holder.open_capability(capability).unwrap();
    let (initiator, hello) = held.start(None, keycap_core::noise::Suite::ChaChaPoly).unwrap();
    let (responder, message_2) = service.read_hello(&hello).unwrap();
    let (mut answer, _) = initiator.read_message_2(&message_2[2..]).unwrap();
    let confirmed = responder.read_confirmation(&mut answer[2..]).unwrap();
    let verified = service.clear(&confirmed, &desk.revocations(), keycap_core::chain::Purpose::Session).unwrap();
    let start = SessionStart { from: "192.0.2.7:5000".into(), pattern: confirmed.pattern, suite: confirmed.suite };
    let session = desk.session_opened(&verified, &start).unwrap();
    desk.session_closed(session, "done").unwrap();
    desk.stop().unwrap();
}

/// Everything that a person sees of a vault.
pub(crate) fn seen(vault: &Vault) -> String {
    let everything = serde_json::json!({
        "keys": vault.keys(None).unwrap(),
        "services": vault.services(None).unwrap(),
        "grants": vault.grants(&GrantQuery::default()).unwrap(),
        "capabilities": vault.capabilities(None).unwrap(),
    });
    serde_json::to_string_pretty(&everything).unwrap()
}

pub(crate) fn passphrase() -> SecretText {
    SecretText::new("correct horse battery staple".into())
}

/// A backup of the vault, sealed to its own key: no work for scrypt.
pub(crate) fn backup(vault: &mut Vault) -> Vec<u8> {
    let sealed = vault.backup(&ExportTo::Recipients(vec!["operator".into()])).unwrap();
    vault.note_kept(&sealed).unwrap();
    sealed.bytes().to_vec()
}

/// The backup again, as the vault that made it opens it.
pub(crate) fn reopened(vault: &Vault, sealed: &[u8]) -> Backup {
    vault.read_backup(sealed, &OpenWith::OwnKeys).unwrap()
}
