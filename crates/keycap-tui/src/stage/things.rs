//! What there is on the stage: a vault with something of everything, a gateway that runs, and files.

use std::path::Path;
use std::sync::Arc;

use keycap_vault::files::{Cancel, Existing, Folding, Form, Input, Output, SealJob, SealTo, Unwatched};
use keycap_vault::view::{GatewayView, Live, SessionView};
use keycap_vault::{
    AcceptAs, DelegateRequest, Environment, Limits, MintRequest, NewService, NoPrompts, Reason, RevokeReason, SealFrom, SecretsChoice, ShareHow,
    ShareRequest, Times, UnixSeconds, UnlockMethod, Vault, When,
};

use super::NOW;

fn mint(vault: &mut Vault, service: &str, name: &str, expires: u64, holder: Option<&str>) -> String {
    let limits =
        Limits { times: Times { expires: Some(When::In(expires)), ..Times::default() }, holder: holder.map(str::to_owned), ..Limits::default() };
    vault.mint(&MintRequest { service: service.into(), name: name.into(), preset: None, limits }).unwrap().rid
}

/// Keys, a card, services, grants in every state, capabilities held, and a log of how they came about.
pub(super) fn populate(vault: &mut Vault) -> Live {
    const DAY: u64 = 86_400;

    vault.new_key("operator", "").unwrap();
    vault.new_key("night-shift", "the pager's").unwrap();
    let card = other_vault(|other| other.new_key("bob", "").unwrap().card);
    let incoming = vault.inspect(&card).unwrap();
    vault.accept(incoming, &AcceptAs { name: Some("bob".into()), ..AcceptAs::default() }).unwrap();
    for (name, hint) in [("orders", "db.example.net:7000"), ("metrics", "192.0.2.7:7001"), ("git-mirror", "git.example.net:7000")] {
        vault.new_service(&NewService { name: name.into(), hints: vec![hint.into()], ..NewService::default() }).unwrap();
    }
    mint(vault, "orders", "alice", 30 * DAY, None);
    mint(vault, "orders", "deploy-bot", 12 * DAY, Some("bob"));
    let share = |vault: &mut Vault, target: &str, name: &str| {
        vault.share(target, &ShareRequest { how: ShareHow::Copy, name: Some(name.into()) }).unwrap();
    };
    share(vault, "alice", "alice-laptop");
    share(vault, "alice", "alice-phone");
    mint(vault, "orders", "on-call", 2 * 3_600, None);
    mint(vault, "metrics", "grafana", 90 * DAY, None);
    let old = mint(vault, "metrics", "old-laptop", 90 * DAY, None);
    vault.revoke(&old, &RevokeReason { reason: Reason::Left, note: "sold".into() }).unwrap();
    let secret = other_vault(|other| {
        other.new_service(&NewService { name: "stock".into(), hints: vec!["stock.example.net:7000".into()], ..NewService::default() }).unwrap();
        mint(other, "stock", "me", 3 * DAY, None);
        other.share("me", &ShareRequest { how: ShareHow::Reveal, name: None }).unwrap().text().expose().to_owned()
    });
    let incoming = vault.inspect(&secret).unwrap();
    vault.accept(incoming, &AcceptAs { name: Some("stock".into()), ..AcceptAs::default() }).unwrap();
    vault.delegate(&DelegateRequest { capability: "stock".into(), name: "stock-ci".into(), ..DelegateRequest::default() }).unwrap();
    live(vault)
}

/// How the folder with files is called on the screen.
pub(crate) const HOME: &str = "/home/me";

/// A few files, one of them sealed if there is somebody to seal it to.
pub(super) fn furnish(home: &Path, vault: &mut Vault) {
    std::fs::create_dir_all(home.join("photos")).unwrap();
    for (name, bytes) in [("notes.txt", 1_204), ("report.pdf", 48_113), ("photos/one.jpg", 9_000), (".hidden", 1)] {
        std::fs::write(home.join(name), vec![b'x'; bytes]).unwrap();
    }
    if vault.key("operator").is_err() {
        return;
    }
    let to =
        SealTo { recipients: vec!["operator".into()], passphrase: None, from: SealFrom::default(), with_self: false, prompts: Arc::new(NoPrompts) };
    let recipients = vault.file_recipients(&to).unwrap();
    let how = (Folding::Folders, Form::Binary, Existing::Refuse);
    let job = SealJob::plan(recipients, vec![Input::Path(home.join("report.pdf"))], Output::File(home.join("minutes.pdf.age")), how).unwrap();
    assert!(job.run(&Unwatched, &Cancel::new()).iter().all(|report| report.result.is_ok()));
}

/// What a gateway of `orders` would look like.
fn live(vault: &Vault) -> Live {
    let grant = vault.grant("alice-laptop").unwrap();
    let gateway = GatewayView {
        id: 1,
        service: "orders".into(),
        pid: 4_711,
        host: "db1".into(),
        listen: "0.0.0.0:7000".into(),
        upstreams: vec!["default=127.0.0.1:5432".into()],
        started: NOW - 3 * 86_400,
        alive: true,
        sessions: 1,
    };
    let session = SessionView {
        gateway: 1,
        id: 1,
        grant: Some(grant.name),
        rid: grant.rid,
        holder: None,
        from: "10.0.0.7:41822".into(),
        pattern: "NKpsk2".into(),
        suite: "AESGCM".into(),
        opened: NOW - 720,
        streams: 3,
        target: Some("default".into()),
    };
    Live { gateways: vec![gateway], sessions: vec![session] }
}

/// Something from the vault of someone else.
pub(crate) fn other_vault<T>(make: impl FnOnce(&mut Vault) -> T) -> T {
    let folder = tempfile::tempdir().unwrap();
    let key_file = folder.path().join("key");
    keycap_vault::key_file::create(&key_file).unwrap();
    let choice = SecretsChoice::Sealed(UnlockMethod::File { path: &key_file });
    let mut vault = Vault::create(&folder.path().join("vault"), choice, Environment::fixed(UnixSeconds::new(NOW), 11)).unwrap();
    make(&mut vault)
}
