//! Being told before grants expire.

use keycap_vault::Vault;

use super::fixture::{NOW, Place, WHY, mint_for};

const DAY: u64 = 86_400;

fn told(vault: &mut Vault) -> Vec<String> {
    vault.expiring_untold(DAY, 10).unwrap().into_iter().map(|grant| grant.name).collect()
}

fn served() -> (Place, Vault) {
    let place = Place::new();
    let mut vault = place.create(1);
    vault.new_service(&keycap_vault::NewService { name: "orders".into(), ..Default::default() }).unwrap();
    (place, vault)
}

#[test]
fn a_grant_is_told_about_once_whoever_asks_and_however_often() {
    let (place, mut vault) = served();
    mint_for(&mut vault, "alice", 3 * DAY);
    mint_for(&mut vault, "bob", 3 * DAY + 60);
    assert!(told(&mut vault).is_empty(), "it is too early");
    let mut later = place.open_at(NOW.plus(2 * DAY + 1));
    assert_eq!(told(&mut later), ["alice"]);
    assert!(told(&mut later).is_empty());
    assert!(told(&mut place.open_at(NOW.plus(2 * DAY + 2))).is_empty(), "another process knows it, too");
    assert_eq!(told(&mut place.open_at(NOW.plus(2 * DAY + 61))), ["bob"]);
}

#[test]
fn what_does_not_work_or_was_made_for_hours_is_not_told_about() {
    let (place, mut vault) = served();
    mint_for(&mut vault, "revoked", 2 * DAY);
    vault.revoke("revoked", &WHY).unwrap();
    mint_for(&mut vault, "works", 2 * DAY + 10);
    let mut later = place.open_at(NOW.plus(DAY + 20));
    mint_for(&mut later, "hours", 3_600);
    assert_eq!(told(&mut later), ["works"]);
    assert!(told(&mut place.open_at(NOW.plus(3 * DAY))).is_empty(), "it has expired");
}

#[test]
fn nothing_is_written_where_there_is_nothing_to_tell() {
    let (place, mut vault) = served();
    mint_for(&mut vault, "alice", 3 * DAY);
    let mut other = place.open_at(NOW);
    let before = vault.change_counter().unwrap();
    assert!(told(&mut other).is_empty());
    assert_eq!(vault.change_counter().unwrap(), before);
    assert_eq!(told(&mut place.open_at(NOW.plus(2 * DAY + 1))), ["alice"]);
    assert_ne!(vault.change_counter().unwrap(), before, "the counter would show it");
}
