//! Every caveat at its boundary.

use keycap_core::capability::Capability;
use keycap_core::chain::{Block, BlockId, Caveat, Caveats, ChainError, PatternSet, Purpose, Reason, Rule};
use keycap_core::control::ControlRequest;
use keycap_core::noise::{Pattern, StatusCode};
use keycap_core::request::{Request, RequestPath};
use keycap_core::time::{Clock, UnixSeconds};

use crate::world::{END, NOW, Use, identity, minted, minted_with, narrowed};

fn expires(second: u64) -> Caveat {
    Caveat::Expires(UnixSeconds::new(second))
}

#[test]
fn a_grant_is_refused_at_the_second_it_expires() {
    assert_eq!(Use::at(END - 1).refusal(&minted()), None);
    assert_eq!(Use::at(END).refusal(&minted()), Some((0, Reason::Expired)));
    assert_eq!(Use::at(u64::MAX).refusal(&minted()), Some((0, Reason::Expired)));
}

#[test]
fn the_least_expiry_of_a_chain_counts() {
    for (first, second, least) in [(100, 200, 0), (200, 100, 1)] {
        let capability = narrowed(&minted_with([expires(first)]), [expires(second)]);
        assert_eq!(Use::at(99).clear(capability.chain()).unwrap().expires(), Some(UnixSeconds::new(100)));
        assert_eq!(Use::at(100).refusal(&capability), Some((least, Reason::Expired)));
    }
}

#[test]
fn a_block_may_be_used_sixty_seconds_before_its_time_and_not_sooner() {
    let capability = minted_with([Caveat::NotBefore(UnixSeconds::new(NOW))]);
    assert_eq!(Use::at(NOW - 60).refusal(&capability), None);
    assert_eq!(Use::at(NOW - 61).refusal(&capability), Some((0, Reason::NotYetValid)));
    let early = minted_with([Caveat::NotBefore(UnixSeconds::new(59))]);
    assert_eq!(Use::at(0).refusal(&early), None);
}

#[test]
fn a_block_whose_time_begins_when_it_ends_is_never_valid_past_its_end() {
    let capability = minted_with([Caveat::NotBefore(UnixSeconds::new(NOW)), expires(NOW)]);
    assert_eq!(Use::at(NOW - 1).refusal(&capability), None, "the tolerance of nbf");
    assert_eq!(Use::at(NOW).refusal(&capability), Some((0, Reason::Expired)));
}

#[test]
fn an_unsure_clock_clears_nothing() {
    let unsure = Use { clock: Clock::Unsure, ..Use::by_a_bearer() };
    assert_eq!(unsure.refusal(&minted()), Some((0, Reason::ClockUnsure)));
    assert_eq!(Reason::ClockUnsure.status(), StatusCode::ClockUnsure);
}

#[test]
fn times_of_33_bits_cannot_be_written() {
    let last = u64::from(u32::MAX);
    assert!(Caveats::of([expires(last)]).is_ok());
    assert!(Caveats::of([expires(last + 1)]).is_err());
    assert!(Caveats::of([Caveat::NotBefore(UnixSeconds::new(last + 1))]).is_err());
}

#[test]
fn a_pattern_is_usable_if_every_mask_of_the_chain_has_it() {
    let bound = [Caveat::Holder(*identity(2).public())];
    for pattern in Pattern::ALL {
        let holder = if pattern.proves_initiator() { &bound[..] } else { &[] };
        let usage = if pattern.proves_initiator() { Use::by(&identity(2)) } else { Use::by_a_bearer() }.over(pattern);
        let with = |patterns: &[Pattern]| narrowed(&minted_with(holder.to_vec()), [Caveat::Patterns(PatternSet::of(patterns))]);
        assert_eq!(usage.refusal(&with(&[pattern])), None, "{pattern}");
        assert_eq!(usage.refusal(&with(&Pattern::ALL)), None, "{pattern}");
        let others: Vec<_> = Pattern::ALL.into_iter().filter(|other| *other != pattern).collect();
        assert_eq!(usage.refusal(&with(&others)), Some((1, Reason::Pattern)), "{pattern}");
        assert_eq!(usage.refusal(&narrowed(&with(&[pattern]), [Caveat::Patterns(PatternSet::of(&others))])), Some((2, Reason::Pattern)));
    }
}

#[test]
fn max_links_counts_the_blocks_that_follow() {
    for most in 0..=4 {
        let mut capability = minted_with([Caveat::MaxLinks(most)]);
        for _ in 0..most {
            capability = narrowed(&capability, []);
            assert_eq!(Use::by_a_bearer().refusal(&capability), None);
        }
        assert_eq!(Use::by_a_bearer().refusal(&narrowed(&capability, [])), Some((0, Reason::TooManyLinks)));
    }
    let by_a_link = narrowed(&narrowed(&minted(), [Caveat::MaxLinks(0)]), []);
    assert_eq!(Use::by_a_bearer().refusal(&by_a_link), Some((1, Reason::TooManyLinks)));
}

#[test]
fn a_realm_is_compared_byte_by_byte_and_no_realm_matches_none() {
    let capability = narrowed(&minted(), [Caveat::Realm("prod".into())]);
    let within = |realm| Use { realm, ..Use::by_a_bearer() }.refusal(&capability);
    assert_eq!(within(Some("prod")), None);
    for other in [Some("Prod"), Some("prod "), Some(""), None] {
        assert_eq!(within(other), Some((1, Reason::Realm)), "{other:?}");
    }
    let of_nothing = narrowed(&minted(), [Caveat::Realm(String::new())]);
    assert_eq!(Use::by_a_bearer().refusal(&of_nothing), Some((1, Reason::Realm)), "no realm is not the empty realm");
}

#[test]
fn a_use_must_be_among_the_purposes_of_every_block() {
    for used_for in Purpose::ALL {
        let usage = Use { purpose: used_for, ..Use::by_a_bearer() };
        for named in Purpose::ALL {
            let only = minted_with([Caveat::Purpose(vec![named])]);
            let refused = (used_for != named).then_some((0, Reason::Purpose));
            assert_eq!(usage.refusal(&only), refused, "{used_for:?} with {named:?}");
            let all_but = Purpose::ALL.into_iter().filter(|purpose| *purpose != named).collect();
            let without = narrowed(&minted_with([Caveat::Purpose(Purpose::ALL.to_vec())]), [Caveat::Purpose(all_but)]);
            let refused = (used_for == named).then_some((1, Reason::Purpose));
            assert_eq!(usage.refusal(&without), refused, "{used_for:?} without {named:?}");
        }
    }
}

#[test]
fn control_is_never_granted_by_absence_nor_by_a_link() {
    let control = Use { purpose: Purpose::Control, ..Use::by_a_bearer() };
    assert_eq!(control.refusal(&minted()), Some((0, Reason::Purpose)));
    let adds_it = narrowed(&minted(), [Caveat::Purpose(vec![Purpose::Session, Purpose::Control])]);
    assert_eq!(control.refusal(&adds_it), Some((0, Reason::Purpose)));
    let session = Use::by_a_bearer().clear(adds_it.chain()).unwrap();
    assert!(!ControlRequest::Report.may_be_made_by(&session));
    assert!(!ControlRequest::Revoke(minted().chain().clone()).may_be_made_by(&session), "it would revoke its own parent");

    let granted = minted_with([Caveat::Purpose(vec![Purpose::Control, Purpose::Session])]);
    assert_eq!(control.refusal(&granted), None);
    assert_eq!(control.refusal(&narrowed(&granted, [])), None);
    assert_eq!(control.refusal(&narrowed(&granted, [Caveat::Purpose(vec![Purpose::Control])])), None);
    assert!(ControlRequest::Report.may_be_made_by(&Use::by_a_bearer().clear(granted.chain()).unwrap()));
    let dropped = narrowed(&granted, [Caveat::Purpose(vec![Purpose::Session])]);
    assert_eq!(control.refusal(&dropped), Some((1, Reason::Purpose)));
    assert!(!ControlRequest::Report.may_be_made_by(&Use::by_a_bearer().clear(dropped.chain()).unwrap()));
}

#[test]
fn an_application_s_caveat_is_cleared_by_name_and_value_or_refused() {
    let tier = |value: &[u8]| Caveat::App { name: "tier".into(), value: value.to_vec() };
    let knows = |apps| Use { apps, ..Use::by_a_bearer() };
    let capability = narrowed(&minted_with([tier(b"1")]), [tier(b"2")]);
    assert_eq!(knows(vec![]).refusal(&capability), Some((0, Reason::App)));
    assert_eq!(knows(vec![("tier", b"1".to_vec())]).refusal(&capability), Some((1, Reason::App)));
    assert_eq!(knows(vec![("Tier", b"1".to_vec()), ("tier", b"2".to_vec())]).refusal(&capability), Some((0, Reason::App)));
    assert_eq!(knows(vec![("tier", b"1".to_vec()), ("tier", b"2".to_vec())]).refusal(&capability), None);
}

#[test]
fn a_session_is_bound_by_the_least_of_its_lengths() {
    let least = |seconds: &[u64]| {
        let capability = seconds.iter().fold(minted(), |capability, seconds| narrowed(&capability, [Caveat::MaxSession(*seconds)]));
        Use::by_a_bearer().clear(capability.chain()).unwrap().max_session_s()
    };
    assert_eq!(least(&[]), None);
    assert_eq!(least(&[u64::MAX]), Some(u64::MAX));
    assert_eq!(least(&[60, 1, 3_600]), Some(1));
    assert!(Caveats::of([Caveat::MaxSession(0)]).is_err());
}

#[test]
fn sessions_at_a_time_are_counted_for_the_block_that_says_so() {
    let capability = narrowed(&narrowed(&minted_with([Caveat::MaxConcurrent(9)]), []), [Caveat::MaxConcurrent(1)]);
    let verified = Use::by_a_bearer().clear(capability.chain()).unwrap();
    assert_eq!(verified.max_concurrent(), [(verified.rids()[0], 9), (verified.rids()[2], 1)]);
    assert!(Caveats::of([Caveat::MaxConcurrent(0)]).is_err());
}

#[test]
fn an_unknown_caveat_parses_and_never_holds() {
    for (key, value) in [(&[0x0c][..], &[0x00][..]), (&[0x18, 0xff], &[0xf6 - 0x76]), (&[0x1b; 9], &[0x81, 0x61, b'x'])] {
        let link = [&[0x83, 0x02, 0x48, 1, 1, 1, 1, 1, 1, 1, 1, 0xa1], key, value].concat();
        let capability = minted().with_block(&link).unwrap();
        assert_eq!(Use::by_a_bearer().refusal(&capability), Some((1, Reason::UnknownCaveat)));
        let Some(Caveat::Unknown { encoded, .. }) = capability.chain().blocks()[1].caveats().iter().next() else { panic!("it is known") };
        assert_eq!(encoded, value, "kept as it is, to be shown");
        let again = Block::link(BlockId::new([1; 8]), capability.chain().blocks()[1].caveats().clone());
        assert_eq!(again.bytes(), link, "and written again as it came");
    }
    assert_eq!(Reason::UnknownCaveat.status(), StatusCode::UnknownCaveat);
    assert!(Caveats::of([Caveat::Unknown { key: 12, encoded: vec![0] }]).is_err(), "nobody writes what nobody clears");
}

fn rule(target: Option<&str>, methods: Option<&[&str]>, path: Option<&[&str]>) -> Rule {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    Rule { target: target.map(str::to_owned), methods: methods.map(owned), path: path.map(owned) }
}

fn http(target: &str, method: &str, path: &str) -> Request {
    Request { target: target.into(), method: Some(method.into()), path: Some(RequestPath::parse(path).unwrap()) }
}

#[test]
fn a_request_must_match_a_rule_of_every_allow() {
    let asks = |capability: &Capability, request: &Request| Use::by_a_bearer().ask(capability, request);
    let first = minted_with([Caveat::Allow(vec![rule(Some("a"), None, None), rule(Some("b"), None, None)])]);
    let second = narrowed(&first, [Caveat::Allow(vec![rule(Some("b"), None, None), rule(Some("c"), None, None)])]);
    for (target, by_first, by_second) in [("a", Ok(()), Err(1)), ("b", Ok(()), Ok(())), ("c", Err(0), Err(0)), ("", Err(0), Err(0))] {
        assert_eq!(asks(&first, &Request::stream(target)), by_first);
        assert_eq!(asks(&second, &Request::stream(target)), by_second);
    }
    let nothing = narrowed(&first, [Caveat::Allow(vec![])]);
    assert_eq!(asks(&nothing, &Request::stream("a")), Err(1));
}

#[test]
fn methods_and_paths_of_a_rule_are_compared_whole() {
    let capability = minted_with([Caveat::Allow(vec![rule(Some("web"), Some(&["GET"]), Some(&["api", "v1"]))])]);
    let asks = |request: &Request| Use::by_a_bearer().ask(&capability, request);
    assert_eq!(asks(&http("web", "GET", "/api/v1")), Ok(()));
    assert_eq!(asks(&http("web", "GET", "/api/v1/x/y?z")), Ok(()));
    assert_eq!(asks(&http("web", "GET", "/%61pi/v1/")), Ok(()));
    for (method, path) in [("GET", "/api"), ("GET", "/api/v10"), ("GET", "/"), ("GET", "/x/api/v1"), ("get", "/api/v1"), ("GETX", "/api/v1")] {
        assert_eq!(asks(&http("web", method, path)), Err(0), "{method} {path}");
    }
    assert_eq!(asks(&Request::stream("web")), Err(0), "no method and no path match no rule that names them");
}

#[test]
fn a_grant_without_expiry_or_allow_is_not_minted() {
    let mint = |caveats: Vec<Caveat>| {
        let caveats = Caveats::of(caveats).unwrap();
        crate::world::service().mint(0, BlockId::new([0; 8]), caveats, Vec::new()).err()
    };
    assert_eq!(mint(vec![]), Some(ChainError::Unlimited { missing: "exp" }));
    assert_eq!(mint(vec![expires(END)]), Some(ChainError::Unlimited { missing: "allow" }));
    assert_eq!(mint(vec![Caveat::Allow(vec![])]), Some(ChainError::Unlimited { missing: "exp" }));
    assert_eq!(mint(vec![Caveat::Allow(vec![]), expires(END)]), None);
}
