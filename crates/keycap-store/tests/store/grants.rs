//! Grants: lists, searches, the tree, uses and revocations.

use keycap_store::ledger::Page;
use keycap_store::ledger::grant::{self, Filter, Use};
use keycap_store::ledger::id::ServiceId;
use keycap_store::ledger::revocation::{self, NewRevocation};
use keycap_store::{Store, StoreError};

use crate::fixture::{NOW, Vault, add_service, new_grant, public, read, rid, sealed, write};

/// Two services; of the first, `alice` with two delegations, one of which has another one; `Bob`; of the second, `alice` again.
fn family() -> (Vault, ServiceId, ServiceId) {
    let mut vault = sealed();
    let (one, two) = (add_service(&mut vault.store, "one", 1), add_service(&mut vault.store, "two", 2));
    write(&mut vault.store, |tx| {
        grant::insert(tx, &new_grant(one, 1, None, "alice"))?;
        grant::insert(tx, &new_grant(one, 2, Some(rid(1)), "alice's laptop"))?;
        grant::insert(tx, &new_grant(one, 3, Some(rid(1)), "alice's phone"))?;
        grant::insert(tx, &new_grant(one, 4, Some(rid(2)), "ci"))?;
        grant::insert(tx, &new_grant(one, 5, None, "Bob 100%"))?;
        grant::insert(tx, &new_grant(two, 6, None, "alice"))?;
        Ok(())
    });
    (vault, one, two)
}

fn numbers(grants: &[grant::Grant]) -> Vec<u8> {
    grants.iter().map(|grant| grant.rid.as_bytes()[15]).collect()
}

fn list(store: &Store, service: Option<ServiceId>, search: &str, roots_only: bool) -> Vec<u8> {
    let filter = Filter { service, search: (!search.is_empty()).then(|| search.to_owned()), roots_only };
    let (found, count) = read(store, |reading| Ok((grant::page(reading, &filter, Page::all())?, grant::count(reading, &filter)?)));
    assert_eq!(u64::try_from(found.len()).unwrap(), count);
    for limit in 1..=3 {
        let parts: Vec<_> = (0..7)
            .flat_map(|part| read(store, |reading| Ok(grant::page(reading, &filter, Page { offset: part * u64::from(limit), limit })?)))
            .collect();
        assert_eq!(numbers(&parts), numbers(&found), "pages of {limit} join to the whole");
    }
    numbers(&found)
}

#[test]
fn every_filter_lists_the_newest_first() {
    let (vault, one, two) = family();
    let store = &vault.store;
    assert_eq!(list(store, None, "", false), [6, 5, 4, 3, 2, 1]);
    assert_eq!(list(store, Some(one), "", false), [5, 4, 3, 2, 1]);
    assert_eq!(list(store, None, "", true), [6, 5, 1]);
    assert_eq!(list(store, Some(one), "", true), [5, 1]);
    assert_eq!(list(store, None, "alice", false), [6, 3, 2, 1]);
    assert_eq!(list(store, Some(two), "alice", false), [6]);
    assert_eq!(list(store, None, "ALICE", true), [6, 1]);
    assert_eq!(list(store, Some(one), "lice's p", false), [3]);
    assert_eq!(list(store, None, "ci", false), [4]);
    assert_eq!(list(store, Some(one), "c", false), [4, 3, 2, 1]);
    assert_eq!(list(store, Some(two), "ci", true), [0; 0]);
    assert_eq!(list(store, None, "bo", true), [5]);
    assert_eq!(list(store, None, "nobody", false), [0; 0]);
}

#[test]
fn a_search_takes_every_character_as_itself() {
    let (mut vault, one, _) = family();
    write(&mut vault.store, |tx| Ok(grant::insert(tx, &new_grant(one, 7, None, "a \"quoted\" * name_x\\"))?));
    let store = &vault.store;
    for (search, found) in [
        ("%", vec![5]),
        ("0%", vec![5]),
        ("_", vec![7]),
        ("\\", vec![7]),
        ("*", vec![7]),
        ("\"quoted\"", vec![7]),
        ("\" *", vec![7]),
        ("al* OR bob", vec![]),
        ("name_x", vec![7]),
        ("nameyx", vec![]),
        ("a\0b", vec![]),
    ] {
        assert_eq!(list(store, None, search, false), found, "{search:?}");
    }
}

#[test]
fn a_renamed_grant_is_found_by_its_new_name_only() {
    let (mut vault, ..) = family();
    write(&mut vault.store, |tx| Ok(grant::rename(tx, &rid(5), "robert")?));
    assert_eq!(list(&vault.store, None, "robert", false), [5]);
    assert_eq!(list(&vault.store, None, "Bob 100%", false), [0; 0]);
    assert_eq!(numbers(&read(&vault.store, |reading| Ok(grant::by_name(reading, None, "robert")?))), [5]);
}

#[test]
fn a_grant_comes_out_as_it_went_in() {
    let (mut vault, one, _) = family();
    let mut new = new_grant(one, 9, Some(rid(4)), "exact");
    new.link.holder = Some(public(8));
    new.link.shared = Some(NOW.plus(1));
    new.link.expires = None;
    new.link.epoch = u32::MAX;
    write(&mut vault.store, |tx| Ok(grant::insert(tx, &new)?));
    let grant = read(&vault.store, |reading| Ok(grant::by_rid(reading, &rid(9))?)).unwrap();
    assert_eq!((grant.rid, grant.service, grant.parent, &grant.name, &grant.link), (new.rid, one, new.parent, &new.name, &new.link));
    assert_eq!((grant.usage, grant.revoked), (grant::Usage::default(), None));
    assert_eq!(numbers(&read(&vault.store, |reading| Ok(grant::by_holder(reading, &public(8), Page::all())?))), [9]);
}

#[test]
fn a_delegation_that_was_met_before_is_not_added_again() {
    let (mut vault, one, _) = family();
    let met = new_grant(one, 7, Some(rid(5)), "met");
    assert!(write(&mut vault.store, |tx| Ok(grant::insert_if_new(tx, &met)?)));
    assert!(!write(&mut vault.store, |tx| Ok(grant::insert_if_new(tx, &met)?)));
    let orphan = vault.store.write(NOW, Vec::new(), |tx| Ok::<_, StoreError>(grant::insert_if_new(tx, &new_grant(one, 8, Some(rid(99)), "x"))?));
    assert_eq!(orphan.unwrap_err().code(), "still-used");
    let twice = vault.store.write(NOW, Vec::new(), |tx| Ok::<_, StoreError>(grant::insert(tx, &met)?));
    assert_eq!(twice.unwrap_err().code(), "taken");
}

#[test]
fn a_rid_is_found_by_the_beginning_of_its_hex() {
    let (vault, ..) = family();
    let find = |prefix: &str, limit| numbers(&read(&vault.store, |reading| Ok(grant::by_rid_prefix(reading, prefix, limit)?)));
    assert_eq!(find(&rid(3).to_string(), 9), [3]);
    assert_eq!(find("000", 9), [1, 2, 3, 4, 5, 6]);
    assert_eq!(find("0000", 2), [1, 2]);
    assert_eq!(find(&rid(3).to_string().to_uppercase()[..31], 9), [1, 2, 3, 4, 5, 6]);
    for none in ["1", "", "xyz", "0g", "000000000000000000000000000000000", "ä"] {
        assert_eq!(find(none, 9), [0; 0], "{none:?}");
    }
}

#[test]
fn the_tree_is_walked_in_the_order_in_which_it_is_drawn() {
    let (vault, ..) = family();
    let walk = |number, page| -> Vec<(u32, u8)> {
        let below = read(&vault.store, |reading| Ok(grant::subtree(reading, &rid(number), page)?));
        below.iter().map(|descendant| (descendant.depth, descendant.grant.rid.as_bytes()[15])).collect()
    };
    assert_eq!(walk(1, Page::all()), [(0, 1), (1, 3), (1, 2), (2, 4)]);
    assert_eq!(walk(1, Page { offset: 1, limit: 2 }), [(1, 3), (1, 2)]);
    assert_eq!(walk(4, Page::all()), [(0, 4)]);
    assert_eq!(walk(99, Page::all()), []);
    read(&vault.store, |reading| {
        assert_eq!(grant::subtree_size(reading, &rid(1))?, 4);
        assert_eq!(grant::subtree_size(reading, &rid(99))?, 0);
        assert_eq!(grant::child_count(reading, &rid(1))?, 2);
        assert_eq!(numbers(&grant::children(reading, &rid(1), Page::all())?), [3, 2]);
        assert_eq!(numbers(&grant::ancestors(reading, &rid(4))?), [2, 1]);
        assert_eq!(numbers(&grant::ancestors(reading, &rid(1))?), [0; 0]);
        Ok(())
    });
}

#[test]
fn a_tree_of_sixteen_levels_and_many_siblings_keeps_its_order() {
    let mut vault = sealed();
    let service = add_service(&mut vault.store, "one", 1);
    write(&mut vault.store, |tx| {
        for level in 0..16 {
            for sibling in 0..3 {
                let parent = (level > 0).then(|| rid(3 * (level - 1)));
                grant::insert(tx, &new_grant(service, 3 * level + sibling, parent, "x"))?;
            }
        }
        Ok(())
    });
    let below = read(&vault.store, |reading| Ok(grant::subtree(reading, &rid(0), Page::all())?));
    // Of three siblings only the oldest has children, and the newest comes first: two leaves, then one level down.
    let expected: Vec<u64> = std::iter::once(0).chain((1..16).flat_map(|level| [3 * level + 2, 3 * level + 1, 3 * level])).collect();
    assert_eq!(below.iter().map(|one| one.grant.rid).collect::<Vec<_>>(), expected.into_iter().map(rid).collect::<Vec<_>>());
    assert_eq!(below.last().unwrap().depth, 15);
    assert_eq!(read(&vault.store, |reading| Ok(grant::ancestors(reading, &rid(45))?)).len(), 15);
}

#[test]
fn uses_add_up_and_the_latest_place_stays() {
    let (mut vault, ..) = family();
    let used = |at, from: Option<&str>, times| Use { rid: rid(1), at: NOW.plus(at), from: from.map(Into::into), times };
    let recorded = write(&mut vault.store, |tx| {
        Ok(grant::record_uses(
            tx,
            &[used(10, Some("a"), 2), used(30, Some("b"), 1), used(20, Some("c"), 1), used(40, None, 1), Use { rid: rid(99), ..used(1, None, 1) }],
        )?)
    });
    assert_eq!(recorded, 4, "what is not in the ledger is left out");
    let usage = read(&vault.store, |reading| Ok(grant::by_rid(reading, &rid(1))?)).unwrap().usage;
    assert_eq!((usage.first, usage.last), (Some(NOW.plus(10)), Some(NOW.plus(40))));
    assert_eq!((usage.from.as_deref(), usage.uses), (Some("b"), 5));
}

#[test]
fn what_was_shared_once_keeps_its_first_time() {
    let (mut vault, ..) = family();
    for at in [5, 9] {
        write(&mut vault.store, |tx| Ok(grant::set_shared(tx, &rid(1), NOW.plus(at))?));
    }
    assert_eq!(read(&vault.store, |reading| Ok(grant::by_rid(reading, &rid(1))?)).unwrap().link.shared, Some(NOW.plus(5)));
}

fn revoke(store: &mut Store, service: ServiceId, number: u64, drop_after: u64) -> bool {
    let revocation = NewRevocation {
        rid: rid(number),
        service,
        drop_after: NOW.plus(drop_after),
        at: NOW.plus(1),
        reason: "lost".into(),
        note: "the laptop".into(),
    };
    write(store, |tx| Ok(revocation::insert(tx, &revocation)?))
}

#[test]
fn a_revoked_grant_takes_everything_below_it_along() {
    let (mut vault, one, _) = family();
    assert!(revoke(&mut vault.store, one, 2, 100));
    assert!(!revoke(&mut vault.store, one, 2, 200), "the second one changes nothing");
    read(&vault.store, |reading| {
        let revoked = grant::by_rid(reading, &rid(2))?.unwrap().revoked.unwrap();
        assert_eq!((revoked.at, revoked.reason.as_str(), revoked.note.as_str()), (NOW.plus(1), "lost", "the laptop"));
        assert_eq!(grant::revoked_by(reading, &rid(2))?, Some(rid(2)));
        assert_eq!(grant::revoked_by(reading, &rid(4))?, Some(rid(2)), "its child");
        assert_eq!(grant::revoked_by(reading, &rid(1))?, None, "its parent");
        assert_eq!(grant::revoked_by(reading, &rid(3))?, None, "its sibling");
        assert_eq!(revocation::by_rid(reading, &rid(2))?.unwrap().entry.drop_after, NOW.plus(200), "but the later end counts");
        let counts = grant::counts(reading, one)?;
        assert_eq!((counts.all, counts.roots, counts.revoked), (5, 2, 1));
        Ok(())
    });
    revoke(&mut vault.store, one, 4, 100);
    assert_eq!(read(&vault.store, |reading| Ok(grant::revoked_by(reading, &rid(4))?)), Some(rid(4)), "the nearest");
}

#[test]
fn a_gateway_learns_only_what_is_new() {
    let (mut vault, one, two) = family();
    for (service, number) in [(one, 2), (two, 6), (one, 77)] {
        revoke(&mut vault.store, service, number, 100);
    }
    let since = |store: &Store, seq| read(store, |reading| Ok(revocation::since(reading, one, seq)?));
    let all = since(&vault.store, 0);
    assert_eq!(all.iter().map(|revocation| revocation.entry.rid).collect::<Vec<_>>(), [rid(2), rid(77)], "also of a rid that nobody has met");
    assert_eq!(since(&vault.store, all[1].seq), []);
    revoke(&mut vault.store, one, 3, 100);
    assert_eq!(since(&vault.store, all[1].seq).iter().map(|revocation| revocation.entry.rid).collect::<Vec<_>>(), [rid(3)]);
    assert_eq!(read(&vault.store, |reading| Ok(revocation::count(reading, one)?)), 3);
    let newest = read(&vault.store, |reading| Ok(revocation::page(reading, None, Page::first(2))?));
    assert_eq!(newest.iter().map(|revocation| revocation.entry.rid).collect::<Vec<_>>(), [rid(3), rid(77)]);
    assert_eq!(read(&vault.store, |reading| Ok(revocation::page(reading, Some(two), Page::all())?)).len(), 1);
}

#[test]
fn an_expired_revocation_is_dropped_and_its_grant_stays_marked() {
    let (mut vault, one, _) = family();
    revoke(&mut vault.store, one, 2, 100);
    revoke(&mut vault.store, one, 3, 101);
    let last = read(&vault.store, |reading| Ok(revocation::since(reading, one, 0)?)).pop().unwrap().seq;
    let dropped = vault.store.write(NOW.plus(100), Vec::new(), |tx| Ok::<_, StoreError>(revocation::drop_expired(tx)?)).unwrap();
    assert_eq!(dropped, 1);
    read(&vault.store, |reading| {
        assert!(revocation::by_rid(reading, &rid(2))?.is_none());
        assert!(grant::by_rid(reading, &rid(2))?.unwrap().revoked.is_some());
        Ok(())
    });
    vault.store.write(NOW.plus(101), Vec::new(), |tx| Ok::<_, StoreError>(revocation::drop_expired(tx)?)).unwrap();
    revoke(&mut vault.store, one, 5, 500);
    let new = read(&vault.store, |reading| Ok(revocation::since(reading, one, last)?));
    assert_eq!(new.len(), 1, "numbers are not used again, so that no gateway misses one");
}

#[test]
fn the_least_epoch_only_rises() {
    let (mut vault, one, _) = family();
    for (epoch, min) in [(3, 3), (2, 3), (4, 4)] {
        write(&mut vault.store, |tx| Ok(revocation::raise_min_epoch(tx, one, epoch)?));
        let service = read(&vault.store, |reading| Ok(keycap_store::ledger::service::by_id(reading, one)?)).unwrap();
        assert_eq!(service.terms.min_epoch, min);
    }
}

#[test]
fn what_expires_soon_comes_soonest_first_without_what_is_revoked() {
    let (mut vault, one, _) = family();
    revoke(&mut vault.store, one, 3, 100);
    let soon = read(&vault.store, |reading| Ok(grant::expiring(reading, NOW.plus(3_601), NOW.plus(3_606), Page::all())?));
    assert_eq!(numbers(&soon), [1, 2, 4, 5]);
}

#[test]
fn removing_a_service_removes_its_grants_and_no_others() {
    let (mut vault, one, two) = family();
    revoke(&mut vault.store, one, 2, 100);
    revoke(&mut vault.store, two, 6, 100);
    write(&mut vault.store, |tx| Ok(keycap_store::ledger::service::remove(tx, one)?));
    assert_eq!(list(&vault.store, None, "", false), [6]);
    assert_eq!(list(&vault.store, None, "alice", false), [6]);
    assert_eq!(read(&vault.store, |reading| Ok(revocation::page(reading, None, Page::all())?)).len(), 1);
    assert!(vault.store.doctor().unwrap().is_healthy());
}
