//! How things stand: what expires, what waits, what runs.

use keycap_vault::{GatewayPlace, NewService};

use super::fixture::{NOW, Place, WHY, lived_in, mint_for};

const DAY: u64 = 86_400;

#[test]
fn what_expires_within_a_week_is_shown_the_next_one_first_and_what_is_revoked_is_not() {
    let place = Place::new();
    let mut made = place.create(1);
    made.new_service(&NewService { name: "orders".into(), ..NewService::default() }).unwrap();
    for (name, seconds) in [("week", 7 * DAY - 1), ("later", 7 * DAY + 2), ("tomorrow", DAY), ("gone", 2 * DAY)] {
        mint_for(&mut made, name, seconds);
    }
    made.revoke("gone", &WHY).unwrap();
    let names = |now| place.open_at(now).overview().unwrap().expiring.into_iter().map(|grant| grant.name).collect::<Vec<_>>();
    assert_eq!(names(NOW), ["tomorrow", "week"]);
    assert_eq!(names(NOW.plus(DAY + 1)), ["week", "later"], "what has expired is not about to");
}

#[test]
fn a_revocation_waits_until_every_gateway_that_runs_has_applied_it() {
    let (place, mut vault) = lived_in();
    assert!(vault.overview().unwrap().pending.is_empty(), "no gateway runs that could still let it in");
    let at = GatewayPlace { listen: "127.0.0.1:7000".into(), upstreams: vec!["default=127.0.0.1:5432".into()] };
    let (_service, mut desk) = place.open_at(NOW).open_gateway("orders", &at).unwrap();
    vault.revoke("alice", &WHY).unwrap();
    let waiting = vault.overview().unwrap();
    assert_eq!(waiting.pending.iter().map(|receipt| receipt.pending).collect::<Vec<_>>(), [1]);
    assert_eq!(waiting.live.gateways.iter().map(|gateway| (gateway.service.as_str(), gateway.alive)).collect::<Vec<_>>(), [("orders", true)]);
    for rid in desk.poll().unwrap().unwrap().newly_revoked {
        desk.applied(rid, 0).unwrap();
    }
    assert!(vault.overview().unwrap().pending.is_empty());
    desk.stop().unwrap();
    assert!(vault.live(Some("orders")).unwrap().gateways.is_empty());
    assert_eq!(vault.live(Some("nothing")).unwrap_err().code(), "not-found");
}

#[test]
fn a_gateway_that_starts_after_a_revocation_is_not_waited_for() {
    // One of the grants there was revoked before.
    let (place, vault) = lived_in();
    let at = GatewayPlace { listen: "127.0.0.1:7000".into(), upstreams: vec!["default=127.0.0.1:5432".into()] };
    for _ in 0..2 {
        let (_service, desk) = place.open_at(NOW).open_gateway("orders", &at).unwrap();
        assert!(vault.overview().unwrap().pending.is_empty(), "it knew from its start");
        let receipt = vault.revoke_receipt("carol").unwrap();
        assert_eq!(receipt.gateways.iter().map(|line| (line.applied, line.sessions_cut)).collect::<Vec<_>>(), [(Some(NOW.as_u64()), 0)]);
        desk.stop().unwrap();
    }
    let rows: i64 = place.ledger().query_row("SELECT count(*) FROM receipt", (), |row| row.get(0)).unwrap();
    assert_eq!(rows, 0, "however many were revoked before, a start writes nothing for them");
}

#[test]
fn a_card_that_nobody_compared_and_a_backup_that_was_never_made_are_seen() {
    let (_place, mut vault) = lived_in();
    let before = vault.overview().unwrap();
    assert_eq!(before.unverified.iter().map(|key| key.name.as_str()).collect::<Vec<_>>(), ["bob"]);
    assert_eq!(before.last_backup, None);
    vault.set_card_verified("bob", true).unwrap();
    super::fixture::backup(&mut vault);
    let after = vault.overview().unwrap();
    assert!(after.unverified.is_empty());
    assert_eq!(after.last_backup, Some(NOW.as_u64()));
}
