//! What a chain allows, in one sentence that a person can agree to.

use keycap_core::chain::{Block, Caveat, Chain, Purpose, Rule};
use keycap_core::time::UnixSeconds;

use crate::limits::{AllowRule, duration_text, time_text};

/// What the blocks allow together, as a clause: `everything that `billing-api` offers, until 2027-01-31 12:00 UTC, …`. `holder` says who it is
/// bound to, if anybody.
pub(crate) fn clause(service: &str, blocks: &[Block], holder: Option<&str>) -> String {
    let mut parts = vec![what(service, blocks)];
    let caveats = || blocks.iter().flat_map(|block| block.caveats().iter());
    let least = |pick: fn(&Caveat) -> Option<u64>| caveats().filter_map(pick).min();
    let seconds = |at: &UnixSeconds| Some(at.as_u64());

    if let Some(at) = caveats().filter_map(|c| if let Caveat::NotBefore(at) = c { seconds(at) } else { None }).max() {
        parts.push(format!("from {}", time_text(UnixSeconds::new(at))));
    }
    if let Some(at) = least(|c| if let Caveat::Expires(at) = c { Some(at.as_u64()) } else { None }) {
        parts.push(format!("until {}", time_text(UnixSeconds::new(at))));
    }
    match holder {
        Some(holder) => parts.push(format!("only with the key {holder}")),
        None => parts.push("for anyone who has it".into()),
    }
    if let Some(s) = least(|c| if let Caveat::MaxSession(s) = c { Some(*s) } else { None }) {
        parts.push(format!("in sessions of at most {}", duration_text(s)));
    }
    if let Some(n) = least(|c| if let Caveat::MaxConcurrent(n) = c { Some(*n) } else { None }) {
        parts.push(format!("at most {n} {} at a time", if n == 1 { "session" } else { "sessions" }));
    }
    if let Some(realm) = caveats().find_map(|c| if let Caveat::Realm(realm) = c { Some(realm) } else { None }) {
        parts.push(format!("in the realm {realm}"));
    }
    parts.extend(caveats().filter_map(|c| if let Caveat::Purpose(list) = c { Some(purposes(list)) } else { None }));
    if caveats().any(|c| matches!(c, Caveat::Patterns(_))) {
        parts.push("with certain handshakes only".into());
    }
    parts.extend(
        caveats().filter_map(|c| if let Caveat::App { name, .. } = c { Some(format!("if the service's own rule `{name}` agrees")) } else { None }),
    );
    if caveats().any(|c| matches!(c, Caveat::Unknown { .. })) {
        parts.push("with a caveat that this version does not know, so that it is refused".into());
    }
    parts.push(links(blocks));
    parts.join(", ")
}

/// The same as a sentence: capital letter and full stop.
pub(crate) fn sentence(service: &str, blocks: &[Block], holder: Option<&str>) -> String {
    let clause = clause(service, blocks, holder);
    let mut characters = clause.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect::<String>()).unwrap_or_default() + "."
}

/// The values of a chain's caveats, block by block, as people read them.
pub(crate) fn caveat_value(caveat: &Caveat, holder_name: impl Fn(&keycap_core::key::PublicKey) -> String) -> String {
    match caveat {
        Caveat::NotBefore(at) | Caveat::Expires(at) => time_text(*at),
        Caveat::Allow(rules) if rules.is_empty() => "nothing".into(),
        Caveat::Allow(rules) => rules.iter().map(|rule| AllowRule(rule.clone()).to_string()).collect::<Vec<_>>().join(" | "),
        Caveat::Holder(key) => holder_name(key),
        Caveat::Patterns(set) => {
            let names: Vec<_> = keycap_core::noise::Pattern::ALL.into_iter().filter(|pattern| set.contains(*pattern)).map(|p| p.name()).collect();
            names.join(", ")
        }
        Caveat::MaxSession(seconds) => duration_text(*seconds),
        Caveat::MaxLinks(links) => links.to_string(),
        Caveat::Realm(realm) => realm.clone(),
        Caveat::Purpose(list) => list.iter().map(|purpose| purpose.name()).collect::<Vec<_>>().join(", "),
        Caveat::MaxConcurrent(sessions) => sessions.to_string(),
        Caveat::App { name, value } => format!("{name} = {}", String::from_utf8_lossy(value).escape_debug()),
        Caveat::Unknown { encoded, .. } => format!("{} bytes of a later version", encoded.len()),
        _ => "of a later version".into(),
    }
}

fn what(service: &str, blocks: &[Block]) -> String {
    let narrowing: Vec<&Vec<Rule>> = blocks
        .iter()
        .flat_map(|block| block.caveats().iter())
        .filter_map(|c| if let Caveat::Allow(rules) = c { Some(rules) } else { None })
        .filter(|rules| !rules.contains(&Rule::default()))
        .collect();
    if narrowing.iter().any(|rules| rules.is_empty()) {
        return format!("nothing at {service}");
    }
    match narrowing.as_slice() {
        [] => format!("everything that {service} offers"),
        lists => {
            let said: Vec<_> = lists
                .iter()
                .map(|rules| rules.iter().map(|rule| format!("`{}`", AllowRule(rule.clone()))).collect::<Vec<_>>().join(" or "))
                .collect();
            format!("at {service} {}", said.join(", and of that only "))
        }
    }
}

fn purposes(list: &[Purpose]) -> String {
    format!("for {} only", list.iter().map(|purpose| format!("{}s", purpose.name())).collect::<Vec<_>>().join(" and ").replace("controls", "control"))
}

fn links(blocks: &[Block]) -> String {
    let left = blocks
        .iter()
        .enumerate()
        .flat_map(|(place, block)| block.caveats().iter().map(move |c| (place, c)))
        .filter_map(
            |(place, c)| if let Caveat::MaxLinks(links) = c { Some(usize::from(*links).saturating_sub(blocks.len() - place - 1)) } else { None },
        )
        .min();
    match left {
        None => "and may be handed on".into(),
        Some(0) => "and not to be handed on".into(),
        Some(1) => "and may be handed on once".into(),
        Some(2) => "and may be handed on twice".into(),
        Some(more) => format!("and may be handed on {more} times"),
    }
}

/// What is left of a chain's `max_links` for one more block; `None`: no limit.
pub(crate) fn links_left(chain: &Chain) -> Option<usize> {
    let blocks = chain.blocks();
    let limits = blocks.iter().enumerate().flat_map(|(place, block)| block.caveats().iter().map(move |c| (place, c)));
    limits
        .filter_map(
            |(place, c)| if let Caveat::MaxLinks(links) = c { Some(usize::from(*links).saturating_sub(blocks.len() - place - 1)) } else { None },
        )
        .min()
}
