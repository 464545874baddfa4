//! What clearing says of honest chains: each caveat at its boundary.

use serde_json::{Value, json};

use super::super::bytes::Hex;
use super::super::chains::{Clearing, ClearingGiven, ControlRight, ControlRightGiven, RequestForm, derived};
use super::super::encodings::ControlRequestGiven;
use super::super::form::{AppForm, CaveatsForm, RuleForm};
use super::{A, Cases, bound_grant, chain, grant, holder, link, public, root, service_private};

/// A second at which the least grant is valid.
pub(super) const NOW: u64 = 1_800_000_000;

/// A bearer's session, for the target `db`.
pub(super) fn given(blocks: &[Vec<u8>]) -> ClearingGiven {
    ClearingGiven {
        service_private: service_private(),
        root: root(),
        chain: chain(blocks),
        now: Some(NOW),
        purpose: "session".into(),
        pattern: "NKpsk2".into(),
        peer: None,
        realm: None,
        known_apps: Vec::new(),
        revoked: Vec::new(),
        min_epoch: 0,
        request: Some(RequestForm { target: "db".into(), method: None, path: None }),
    }
}

/// A session of the holder with this seed.
pub(super) fn held_by(seed: u8, blocks: &[Vec<u8>]) -> ClearingGiven {
    ClearingGiven { pattern: "XKpsk3".into(), peer: Some(public(seed)), ..given(blocks) }
}

pub(super) fn ok() -> Value {
    json!({ "code": 0, "block": null, "caveat": null })
}

pub(super) fn refused(code: u64, block: usize, caveat: Option<&str>) -> Value {
    json!({ "code": code, "block": block, "caveat": caveat })
}

pub(super) fn add(cases: &mut Cases) {
    times(cases);
    requests(cases);
    contexts(cases);
    control(cases);
    revocations(cases);
}

fn narrowed(caveats: CaveatsForm) -> Vec<Vec<u8>> {
    vec![grant(&CaveatsForm::grant()), link(0x10, &caveats)]
}

fn times(cases: &mut Cases) {
    let mut at = |name: &str, what: &str, now: Option<u64>, blocks: &[Vec<u8>], gives: &Value| {
        cases.expects::<Clearing>(name, what, &ClearingGiven { now, ..given(blocks) }, gives);
    };
    let least = [grant(&CaveatsForm::grant())];
    at("clear-exp-a-second-before", "Valid until the second before exp", Some(1_999_999_999), &least, &ok());
    at("clear-exp-at-its-second", "Expired at exp, without tolerance", Some(2_000_000_000), &least, &refused(2, 0, Some("exp")));
    at("clear-clock-unsure", "Who does not know the time clears nothing", None, &least, &refused(7, 0, Some("exp")));
    let nbf = narrowed(CaveatsForm { nbf: Some(NOW), ..CaveatsForm::default() });
    at("clear-nbf-within-the-tolerance", "60 seconds early", Some(NOW - 60), &nbf, &ok());
    at("clear-nbf-too-early", "61 seconds early", Some(NOW - 61), &nbf, &refused(2, 1, Some("nbf")));
    let early = narrowed(CaveatsForm { nbf: Some(30), ..CaveatsForm::default() });
    at("clear-nbf-below-the-tolerance", "nbf - 60 does not go below 0", Some(0), &early, &ok());
    let later = narrowed(CaveatsForm { exp: Some(4_000_000_000), ..CaveatsForm::default() });
    at("clear-exp-of-a-child-later-than-its-parent-s", "The least exp counts", Some(2_000_000_000), &later, &refused(2, 0, Some("exp")));
    let sooner = narrowed(CaveatsForm { exp: Some(NOW), ..CaveatsForm::default() });
    at("clear-exp-of-a-child", "The least exp counts", Some(NOW), &sooner, &refused(2, 1, Some("exp")));
}

fn rule(target: Option<&str>, methods: Option<&[&str]>, path: Option<&[&str]>) -> RuleForm {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    RuleForm { target: target.map(str::to_owned), methods: methods.map(owned), path: path.map(owned) }
}

fn allowing(rules: Vec<RuleForm>) -> CaveatsForm {
    CaveatsForm { allow: Some(rules), ..CaveatsForm::grant() }
}

fn requests(cases: &mut Cases) {
    let mut ask = |name: &str, what: &str, blocks: &[Vec<u8>], request: (&str, Option<&str>, Option<&str>), refused_by: Option<usize>| {
        let (target, method, path) = request;
        let request = RequestForm { target: target.into(), method: method.map(str::to_owned), path: path.map(str::to_owned) };
        let gives = refused_by.map_or_else(ok, |block| refused(4, block, Some("allow")));
        cases.expects::<Clearing>(name, what, &ClearingGiven { request: Some(request), ..given(blocks) }, &gives);
    };
    let stream = |target| (target, None, None);
    let least = [grant(&CaveatsForm::grant())];
    ask("clear-allow", "The target that the rule names", &least, stream("db"), None);
    ask("clear-allow-other-target", "Another target", &least, stream("db2"), Some(0));
    ask("clear-allow-target-in-upper-case", "Targets are compared byte by byte", &least, stream("DB"), Some(0));
    let nothing = [grant(&allowing(vec![]))];
    ask("clear-allow-nothing", "No rule matches nothing", &nothing, stream("db"), Some(0));
    let everything = [grant(&allowing(vec![rule(None, None, None)]))];
    ask("clear-allow-everything", "The rule {} matches everything", &everything, ("x", Some("PUT"), Some("/y")), None);
    let two = [grant(&allowing(vec![rule(Some("a"), None, None), rule(Some("b"), None, None)]))];
    ask("clear-allow-second-rule", "One rule is enough", &two, stream("b"), None);
    let apart = [two[0].clone(), link(0x10, &CaveatsForm { allow: Some(vec![rule(Some("c"), None, None)]), ..CaveatsForm::default() })];
    ask("clear-allow-widened-by-a-link", "A link's rules are not added to the grant's", &apart, stream("c"), Some(0));
    ask("clear-allow-of-every-block", "Every block must have a rule that matches", &apart, stream("b"), Some(1));
    let web = [grant(&allowing(vec![rule(Some("web"), Some(&["GET"]), Some(&["api", "v1"]))]))];
    ask("clear-allow-path", "A path that begins with the rule's segments", &web, ("web", Some("GET"), Some("/api/v1/x")), None);
    ask("clear-allow-path-prefix-of-a-word", "/api/v10 does not begin with the segment v1", &web, ("web", Some("GET"), Some("/api/v10")), Some(0));
    ask("clear-allow-path-shorter", "A path that ends before the rule's", &web, ("web", Some("GET"), Some("/api")), Some(0));
    ask("clear-allow-other-method", "A method that is not named", &web, ("web", Some("POST"), Some("/api/v1")), Some(0));
    ask("clear-allow-method-in-lower-case", "get is not GET", &web, ("web", Some("get"), Some("/api/v1")), Some(0));
    ask("clear-allow-without-method-and-path", "A byte stream where the rule names methods", &web, stream("web"), Some(0));
    let no_path = [grant(&allowing(vec![rule(Some("web"), None, Some(&[]))]))];
    ask("clear-allow-empty-path", "No segments match nothing, not everything", &no_path, ("web", Some("GET"), Some("/")), Some(0));
    let no_method = [grant(&allowing(vec![rule(Some("web"), Some(&[]), None)]))];
    ask("clear-allow-no-methods", "No methods match nothing", &no_method, ("web", Some("GET"), Some("/")), Some(0));
}

fn contexts(cases: &mut Cases) {
    let mut expect = |name: &str, what: &str, given: &ClearingGiven, gives: &Value| cases.expects::<Clearing>(name, what, given, gives);
    let none = CaveatsForm::default;
    let least = vec![grant(&CaveatsForm::grant())];

    let only_nk = narrowed(CaveatsForm { patterns: Some(vec!["NKpsk2".into()]), ..none() });
    expect("clear-patterns", "The pattern in the mask", &given(&only_nk), &ok());
    let only_sealing = narrowed(CaveatsForm { patterns: Some(vec!["Npsk0".into()]), ..none() });
    expect("clear-patterns-another", "A session with what is for sealing only", &given(&only_sealing), &refused(4, 1, Some("patterns")));

    let leaf = grant(&CaveatsForm { max_links: Some(1), ..CaveatsForm::grant() });
    let links: Vec<_> = (1..3).map(|first| link(first, &none())).collect();
    expect("clear-max-links", "As many as allowed", &given(&[leaf.clone(), links[0].clone()]), &ok());
    expect(
        "clear-max-links-one-more",
        "One more than allowed",
        &given(&[leaf, links[0].clone(), links[1].clone()]),
        &refused(4, 0, Some("max_links")),
    );

    let prod = narrowed(CaveatsForm { realm: Some("prod".into()), ..none() });
    let in_realm = |realm: Option<&str>| ClearingGiven { realm: realm.map(str::to_owned), ..given(&prod) };
    expect("clear-realm", "The service's own", &in_realm(Some("prod")), &ok());
    expect("clear-realm-another", "Another service's", &in_realm(Some("Prod")), &refused(4, 1, Some("realm")));
    expect("clear-realm-of-a-service-without-one", "A service without a realm is in none", &in_realm(None), &refused(4, 1, Some("realm")));

    let files = narrowed(CaveatsForm { purpose: Some(vec!["file".into()]), ..none() });
    expect("clear-purpose-another", "A session with what is for files", &given(&files), &refused(4, 1, Some("purpose")));
    let sealing = ClearingGiven { purpose: "file".into(), pattern: "Npsk0".into(), ..given(&files) };
    expect("clear-purpose", "A file with what is for files", &sealing, &ok());

    let app = narrowed(CaveatsForm { app: Some(AppForm { name: "tier".into(), value: Hex::of([1]) }), ..none() });
    expect("clear-app-unknown", "A service that does not know the name", &given(&app), &refused(4, 1, Some("app")));
    expect("clear-app", "A service that knows it", &ClearingGiven { known_apps: vec!["tier".into()], ..given(&app) }, &ok());

    let later_version = vec![least[0].clone(), hex::decode("83024810111213141516 17a10c00".replace(' ', "")).unwrap()];
    expect("clear-caveat-of-a-later-version", "It is read, and never holds", &given(&later_version), &refused(6, 1, Some("12")));

    let bound = vec![bound_grant(A)];
    expect("clear-holder", "The holder that the chain names", &held_by(A, &bound), &ok());
    let ik = ClearingGiven { pattern: "IKpsk2".into(), ..held_by(A, &bound) };
    expect("clear-holder-over-ik", "The same over another pattern", &ik, &ok());
    let by_link = vec![least[0].clone(), link(0x10, &holder(A))];
    expect("clear-holder-named-by-a-link", "A bearer binds what it passes on", &held_by(A, &by_link), &ok());
    let shown = ClearingGiven { purpose: "file".into(), pattern: "Xpsk1".into(), peer: Some(public(A)), ..given(&least) };
    expect("clear-bearer-with-a-key-shown", "Xpsk1 shows a key and binds it to nothing", &shown, &ok());
    for pattern in ["XKpsk3", "IKpsk2", "KKpsk2", "Kpsk0"] {
        let given = ClearingGiven { pattern: pattern.into(), ..held_by(A, &least) };
        let name = format!("clear-bearer-over-{}", pattern.to_lowercase());
        expect(&name, "There is no holder to compare the proven key with", &given, &refused(4, 0, None));
    }
}

fn control(cases: &mut Cases) {
    let for_control = |blocks: &[Vec<u8>]| ClearingGiven { purpose: "control".into(), request: None, ..given(blocks) };
    let named = |purposes: &[&str]| Some(purposes.iter().map(|purpose| (*purpose).to_owned()).collect());
    let least = grant(&CaveatsForm::grant());
    let control = grant(&CaveatsForm { purpose: named(&["session", "control"]), ..CaveatsForm::grant() });
    let adds = link(0x10, &CaveatsForm { purpose: named(&["session", "control"]), ..CaveatsForm::default() });
    let drops = link(0x10, &CaveatsForm { purpose: named(&["session"]), ..CaveatsForm::default() });
    let plain = link(0x10, &CaveatsForm::default());

    let mut expect = |name: &str, what: &str, blocks: &[Vec<u8>], gives: &Value| cases.expects::<Clearing>(name, what, &for_control(blocks), gives);
    expect("clear-control", "A grant that names control", std::slice::from_ref(&control), &ok());
    expect("clear-control-behind-a-link", "And what it passes on", &[control.clone(), plain.clone()], &ok());
    expect("clear-control-by-absence", "No purpose is every use but control", std::slice::from_ref(&least), &refused(4, 0, Some("purpose")));
    expect("clear-control-dropped-by-a-link", "Every purpose must name it", &[control.clone(), drops], &refused(4, 1, Some("purpose")));
    expect("clear-control-added-by-a-link", "A holder gives itself control", &[least.clone(), adds.clone()], &refused(4, 0, Some("purpose")));

    let ask = |blocks: &[Vec<u8>], seed: Option<u8>, request: ControlRequestGiven| ControlRightGiven {
        service_private: service_private(),
        root: root(),
        chain: chain(blocks),
        now: NOW,
        pattern: if seed.is_some() { "XKpsk3".into() } else { "NKpsk2".into() },
        peer: seed.map(public),
        request,
    };
    let revoke = |blocks: &[Vec<u8>]| ControlRequestGiven::Revoke { chain: chain(blocks) };
    let mut expect = |name: &str, what: &str, given: &ControlRightGiven, allowed: bool| {
        cases.expects::<ControlRight>(name, what, given, &json!({ "allowed": allowed }));
    };
    let (parent, child) = ([least.clone()], [least.clone(), plain.clone()]);
    let grandchild = [least.clone(), plain, link(0x20, &CaveatsForm::default())];
    let stranger = [grant(&CaveatsForm { exp: Some(1_999_999_999), ..CaveatsForm::grant() })];
    let control = [control];
    expect("control-by-a-control-grant", "With control, any chain", &ask(&control, None, revoke(&parent)), true);
    expect("control-report-by-a-control-grant", "With control, any request", &ask(&control, None, ControlRequestGiven::Report), true);
    expect("control-report-without-control", "A report without control", &ask(&parent, None, ControlRequestGiven::Report), false);
    expect("control-rotate-without-control", "The next key without control", &ask(&parent, None, ControlRequestGiven::Rotate), false);
    let itself = [least, adds];
    expect("control-report-by-a-link-that-adds-control", "A holder gives itself control", &ask(&itself, None, ControlRequestGiven::Report), false);
    expect("control-revoke-of-a-child", "An ancestor revokes what descends from it", &ask(&parent, None, revoke(&child)), true);
    expect("control-revoke-of-a-grandchild", "An ancestor revokes what descends from it", &ask(&parent, None, revoke(&grandchild)), true);
    expect("control-revoke-of-a-parent", "A child revokes its parent", &ask(&child, None, revoke(&parent)), false);
    expect("control-revoke-of-a-stranger", "A chain that does not begin with its own", &ask(&parent, None, revoke(&stranger)), false);
    expect("control-revoke-of-itself-by-a-bearer", "Whoever has a copy could burn everyone's", &ask(&parent, None, revoke(&parent)), false);
    let bound = [bound_grant(A)];
    expect("control-revoke-of-itself-by-its-holder", "A holder that has proven itself burns its own", &ask(&bound, Some(A), revoke(&bound)), true);
}

fn revocations(cases: &mut Cases) {
    let family: Vec<_> = std::iter::once(grant(&CaveatsForm::grant())).chain([1, 2].map(|first| link(first, &CaveatsForm::default()))).collect();
    let middle = derived(&root(), &chain(&family)).rids()[1];
    let mut expect = |name: &str, what: &str, blocks: &[Vec<u8>], min_epoch: u32, gives: &Value| {
        let given = ClearingGiven { revoked: vec![Hex::of(middle.as_bytes())], min_epoch, ..given(blocks) };
        cases.expects::<Clearing>(name, what, &given, gives);
    };
    expect("clear-revoked", "The last block is revoked", &family[..2], 0, &refused(3, 1, None));
    expect("clear-revoked-above", "A block above is revoked", &family, 0, &refused(3, 1, None));
    expect("clear-revoked-below", "A block below is revoked: nothing to the parent", &family[..1], 0, &ok());
    expect("clear-revoked-beside", "A sibling is revoked", &[family[0].clone(), family[2].clone()], 0, &ok());
    let of_epoch = |epoch: u32| vec![keycap_core::chain::Block::grant(epoch, super::id(0), CaveatsForm::grant().caveats()).unwrap().bytes().to_vec()];
    expect("clear-min-epoch", "A grant of the least epoch", &of_epoch(7), 7, &ok());
    expect("clear-min-epoch-below", "A grant of an epoch before it", &of_epoch(6), 7, &refused(3, 0, None));
    let expired = ClearingGiven { revoked: vec![Hex::of(middle.as_bytes())], now: Some(3_000_000_000), ..given(&family) };
    cases.expects::<Clearing>("clear-revoked-and-expired", "Revocation is said first", &expired, &refused(3, 1, None));
}
