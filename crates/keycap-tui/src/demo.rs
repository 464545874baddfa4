//! A vault with something of everything in it, to look around in: in a folder of its own, which goes away with the program.

use keycap_vault::{
    AcceptAs, DelegateRequest, Environment, Limits, MintRequest, NewService, Reason, RevokeReason, SecretsChoice, ShareHow, ShareRequest, Times,
    UnlockMethod, Vault, VaultError, When,
};
use tempfile::TempDir;

use crate::request::Failure;

/// The vault's folder within the other.
pub(crate) const VAULT: &str = "vault";

const DAY: u64 = 86_400;

/// Makes it.
///
/// # Errors
/// If there is no room for a folder, or the vault says no.
pub(crate) fn make() -> Result<TempDir, Failure> {
    let folder = tempfile::Builder::new().prefix("keycap-demo-").tempdir().map_err(|error| Failure {
        code: "demo",
        class: keycap_vault::ErrorClass::Failed,
        message: format!("there is no place for a vault to look around in: {error}"),
        hint: None,
    })?;
    let mut own = vault(&folder, VAULT)?;
    let mut other = vault(&folder, "other")?;
    fill(&mut own, &mut other)?;
    Ok(folder)
}

fn vault(folder: &TempDir, name: &str) -> Result<Vault, Failure> {
    let key = folder.path().join(format!("{name}.key"));
    keycap_vault::key_file::create(&key).map_err(VaultError::from)?;
    Ok(Vault::create(&folder.path().join(name), SecretsChoice::Sealed(UnlockMethod::File { path: &key }), Environment::system())?)
}

fn fill(own: &mut Vault, other: &mut Vault) -> Result<(), VaultError> {
    own.new_key("operator", "")?;
    own.new_key("night-shift", "the pager's")?;
    for name in ["bob", "ci-runner"] {
        let card = other.new_key(name, "")?.card;
        let incoming = own.inspect(&card)?;
        own.accept(incoming, &AcceptAs { name: Some(name.to_owned()), ..AcceptAs::default() })?;
    }
    own.set_card_verified("bob", true)?;
    for (name, hint) in [("orders", "db.example.net:7000"), ("metrics", "192.0.2.7:7001"), ("git-mirror", "git.example.net:7000")] {
        own.new_service(&NewService { name: name.to_owned(), hints: vec![hint.to_owned()], ..NewService::default() })?;
    }
    for (service, name, expires, holder) in [
        ("orders", "alice", 30 * DAY, None),
        ("orders", "deploy-bot", 12 * DAY, Some("ci-runner")),
        ("orders", "on-call", 2 * 3_600, Some("bob")),
        ("metrics", "grafana", 90 * DAY, None),
        ("metrics", "old-laptop", 90 * DAY, None),
        ("git-mirror", "backup", 365 * DAY, Some("bob")),
    ] {
        own.mint(&mint(service, name, expires, holder))?;
    }
    for name in ["alice-laptop", "alice-phone"] {
        own.share("grant:alice", &ShareRequest { how: ShareHow::Sealed, name: Some(name.to_owned()) })?;
    }
    let old = own.grant("old-laptop")?.rid;
    own.revoke(&old, &RevokeReason { reason: Reason::Left, note: "sold".to_owned() })?;
    other.new_service(&NewService { name: "stock".to_owned(), hints: vec!["stock.example.net:7000".to_owned()], ..NewService::default() })?;
    other.mint(&mint("stock", "you", 3 * DAY, None))?;
    let given = other.share("grant:you", &ShareRequest { how: ShareHow::Sealed, name: None })?;
    let incoming = own.inspect(given.text().expose())?;
    own.accept(incoming, &AcceptAs { name: Some("stock".to_owned()), ..AcceptAs::default() })?;
    own.delegate(&DelegateRequest { capability: "stock".to_owned(), name: "stock-ci".to_owned(), limits: limits(DAY, None) })?;
    Ok(())
}

fn mint(service: &str, name: &str, expires: u64, holder: Option<&str>) -> MintRequest {
    MintRequest { service: service.to_owned(), name: name.to_owned(), preset: None, limits: limits(expires, holder) }
}

fn limits(expires: u64, holder: Option<&str>) -> Limits {
    Limits { times: Times { expires: Some(When::In(expires)), ..Times::default() }, holder: holder.map(str::to_owned), ..Limits::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_something_on_every_screen_and_nothing_stays_behind() {
        let folder = make().unwrap();
        let path = folder.path().to_owned();
        let status = Vault::open(&path.join(VAULT), Environment::system()).unwrap().status().unwrap();
        assert!(status.keys > 0 && status.cards > 0 && status.services > 0 && status.grants > 0 && status.capabilities > 0);
        drop(folder);
        assert!(!path.exists());
    }
}
