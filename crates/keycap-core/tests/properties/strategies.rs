//! Random keys, caveats, blocks and chains.

use std::sync::LazyLock;

use keycap_core::capability::Capability;
use keycap_core::chain::{BlockId, Caveat, Caveats, PatternSet, Purpose, RootSecret, RootSecrets, Rule};
use keycap_core::key::{PublicKey, StaticKey};
use keycap_core::noise::Pattern;
use keycap_core::secret::Secret;
use keycap_core::service::ServiceKeys;
use keycap_core::time::UnixSeconds;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

/// The service of every capability.
pub(crate) static SERVICE: LazyLock<ServiceKeys> = LazyLock::new(|| {
    let mut roots = RootSecrets::new();
    roots.insert(0, RootSecret::from_secret(Secret::new([7; 32])));
    ServiceKeys::new(StaticKey::from_private(Secret::new([1; 32])), roots, Some("prod".into()))
});

pub(crate) fn public_key() -> impl Strategy<Value = PublicKey> {
    any::<[u8; 32]>().prop_map(|mut bytes| {
        bytes[31] &= 0x7f;
        PublicKey::parse(bytes).unwrap_or(*SERVICE.public())
    })
}

fn rule(texts: impl Strategy<Value = String> + Clone) -> impl Strategy<Value = Rule> {
    let list = option::of(vec(texts.clone(), 0..4));
    (option::of(texts), list.clone(), list).prop_map(|(target, methods, path)| {
        let methods = methods.map(|mut methods: Vec<String>| {
            methods.sort();
            methods.dedup();
            methods
        });
        Rule { target, methods, path }
    })
}

/// A subset that is not empty.
fn some_of<T: Clone + std::fmt::Debug + 'static>(all: &'static [T]) -> impl Strategy<Value = Vec<T>> {
    subsequence(all, 1..=all.len()).prop_shuffle()
}

/// Any caveat that can be written.
pub(crate) fn caveat() -> impl Strategy<Value = Caveat> {
    let time = || any::<u32>().prop_map(|second| UnixSeconds::new(second.into()));
    let patterns = some_of(&Pattern::ALL).prop_map(|patterns| PatternSet::of(&patterns));
    prop_oneof![
        time().prop_map(Caveat::NotBefore),
        time().prop_map(Caveat::Expires),
        vec(rule(any::<String>()), 0..4).prop_map(Caveat::Allow),
        public_key().prop_map(Caveat::Holder),
        patterns.prop_map(Caveat::Patterns),
        (1..=u64::MAX).prop_map(Caveat::MaxSession),
        (0..=15_u8).prop_map(Caveat::MaxLinks),
        any::<String>().prop_map(Caveat::Realm),
        some_of(&Purpose::ALL).prop_map(Caveat::Purpose),
        (1..=u64::MAX).prop_map(Caveat::MaxConcurrent),
        (any::<String>(), vec(any::<u8>(), 0..40)).prop_map(|(name, value)| Caveat::App { name, value }),
    ]
}

/// A set of any caveats, each at most once.
pub(crate) fn caveats() -> impl Strategy<Value = Caveats> {
    vec(caveat(), 0..8).prop_map(unique)
}

pub(crate) fn unique(caveats: Vec<Caveat>) -> Caveats {
    let mut kept: Vec<Caveat> = Vec::new();
    for caveat in caveats {
        if kept.iter().all(|other| other.key() != caveat.key()) {
            kept.push(caveat);
        }
    }
    Caveats::of(kept).unwrap()
}

/// The caveats, and where they lack them, an expiry and an `allow`.
pub(crate) fn of_a_grant(caveats: &Caveats) -> Caveats {
    let least = [Caveat::Expires(UnixSeconds::new(u32::MAX.into())), Caveat::Allow(vec![Rule::default()])];
    unique(caveats.iter().cloned().chain(least).collect())
}

/// A capability of any caveats: a grant, and links where there is room for them. Hand-offs are not among them.
pub(crate) fn capability() -> impl Strategy<Value = Capability> {
    let hint = "[a-z0-9.:/é]{0,40}";
    (vec((any::<[u8; 8]>(), caveats()), 1..8), vec(hint, 0..=8)).prop_map(|(blocks, hints)| {
        let (id, grant) = &blocks[0];
        let mut capability = SERVICE
            .mint(0, BlockId::new(*id), of_a_grant(grant), hints.clone())
            .unwrap_or_else(|_| SERVICE.mint(0, BlockId::new(*id), of_a_grant(&Caveats::none()), hints).unwrap());
        for (id, caveats) in &blocks[1..] {
            // Some do not fit, and some would name a second holder.
            capability = capability.delegate(BlockId::new(*id), caveats.clone()).unwrap_or(capability);
        }
        capability
    })
}

/// The few words that narrowing is tried with, so that they meet.
pub(crate) const TARGETS: [&str; 3] = ["db", "web", "files"];
pub(crate) const METHODS: [&str; 3] = ["GET", "PUT", "get"];
pub(crate) const SEGMENTS: [&str; 3] = ["api", "v1", "x"];

fn words(words: &'static [&'static str]) -> impl Strategy<Value = Vec<String>> + Clone {
    vec(select(words), 0..3).prop_map(|words| {
        let mut kept: Vec<String> = Vec::new();
        for word in words {
            if kept.iter().all(|other| other != word) {
                kept.push(word.to_owned());
            }
        }
        kept
    })
}

fn close_rule() -> impl Strategy<Value = Rule> {
    let target = option::weighted(0.5, select(&TARGETS[..]).prop_map(str::to_owned));
    (target, option::weighted(0.3, words(&METHODS)), option::weighted(0.3, words(&SEGMENTS))).prop_map(|(target, methods, path)| Rule {
        target,
        methods,
        path,
    })
}

/// A second around which narrowing is tried.
pub(crate) const NOW: u64 = 1_000;

/// Caveats, without a holder, that hold as often as not in the situations that narrowing is tried in.
pub(crate) fn close_caveats() -> impl Strategy<Value = Vec<Caveat>> {
    let second = || (NOW - 100..NOW + 200).prop_map(UnixSeconds::new);
    let patterns = some_of(&Pattern::ALL).prop_map(|patterns| PatternSet::of(&patterns));
    let app = (select(vec!["tier", "team"]), 0..2_u8);
    let caveat = prop_oneof![
        1 => second().prop_map(Caveat::NotBefore),
        1 => second().prop_map(Caveat::Expires),
        3 => vec(close_rule(), 0..4).prop_map(Caveat::Allow),
        1 => patterns.prop_map(Caveat::Patterns),
        1 => (1..100_u64).prop_map(Caveat::MaxSession),
        1 => (0..4_u8).prop_map(Caveat::MaxLinks),
        1 => select(vec!["prod", "lab"]).prop_map(|realm| Caveat::Realm(realm.to_owned())),
        2 => some_of(&Purpose::ALL).prop_map(Caveat::Purpose),
        1 => (1..5_u64).prop_map(Caveat::MaxConcurrent),
        1 => app.prop_map(|(name, value)| Caveat::App { name: name.to_owned(), value: vec![value] }),
    ];
    vec(caveat, 0..3)
}
