//! The rows in which mint and delegate say what a capability is limited to, and what they say.

use std::str::FromStr;

use keycap_vault::view::KeyView;
use keycap_vault::{AllowRule, Limits, Pattern, Policy, Purpose, Times, VaultError, When};

use crate::widget::form::{Form, Pickable, Row};

/// The value of the pick that binds to nobody.
const ANYONE: &str = "";

/// Choices of expiry after the first, which leaves it to the preset or the parent; the last one is typed.
const EXPIRIES: [(&str, u64); 3] = [("1 h", 3_600), ("1 d", 86_400), ("30 d", 30 * 86_400)];
/// Links that may follow at most, as the protocol has it.
pub(crate) const MOST_LINKS: u8 = 15;

/// A row that says what cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wrong {
    pub(crate) row: &'static str,
    pub(crate) why: String,
}

/// Rows that are folded away unless somebody wants them.
const MORE: [&str; 7] = ["nbf", "max-session", "max-concurrent", "purpose", "patterns", "realm", "app"];

/// The row in which it is said for whom it is.
pub(crate) fn who() -> Row {
    Row::pick("who", "For").note("A key binds it: nobody else can use it. Paste somebody's key card here to take it in.")
}

/// The rows of the limits; `default` is what leaves a choice open.
pub(crate) fn rows(default: &str) -> Vec<Row> {
    let expiries = [default].into_iter().chain(EXPIRIES.map(|(text, _)| text)).chain(["a time …"]);
    let mut rows = vec![
        Row::choice("expires", "Expires", expiries),
        Row::line("expires-at", "  at", "12h, 2w, 2027-01-31, 2027-01-31T12:00:00Z").hidden(),
        Row::choice("links", "Hand on", links(default, MOST_LINKS))
            .note("How often it may be handed on. A policy, not a lock: whoever has it can share it as it is."),
        Row::line("allow", "Only", "everything; else rules: db; GET,HEAD /api; web:GET /x")
            .note("Rules, with ; between them; one of them must match. Methods and paths need a gateway that understands HTTP."),
        Row::choice("more", "More", ["not shown", "sessions, purposes, realm and the like"]),
    ];
    rows.extend([
        Row::line("nbf", "From", "now; else 12h or 2027-01-31").hidden(),
        Row::line("max-session", "A session", "as long as it likes; else 30m or 8h").hidden(),
        Row::line("max-concurrent", "Sessions", "any number at a time; else 4").hidden(),
        Row::line("purpose", "Purposes", "any; else session, file, record, message, control").hidden(),
        Row::line("patterns", "Patterns", "any; else IKpsk2, KKpsk2").note("Noise patterns by which it may be used.").hidden(),
        Row::line("realm", "Realm", "any; else the service's realm").hidden(),
        Row::line("app", "App rule", "name=value").note("For the service's own code.").hidden(),
    ]);
    rows
}

/// The choices of how often it may be handed on, the open one first.
pub(crate) fn links(default: &str, most: u8) -> Vec<String> {
    let words = |times: u8| match times {
        0 => "not at all".to_owned(),
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        more => format!("{more} times"),
    };
    [default.to_owned()].into_iter().chain((0..=most).map(words)).collect()
}

/// Shows what the choices ask for, and hides the rest.
pub(crate) fn settle(form: &mut Form) {
    form.show("expires-at", form.chosen("expires") > EXPIRIES.len());
    let more = form.chosen("more") == 1;
    for row in MORE {
        form.show(row, more);
    }
}

/// Whom it can be bound to: anyone, keys of one's own, key cards.
pub(crate) fn pickables(keys: &[KeyView]) -> Vec<Pickable> {
    let anyone = Pickable { value: ANYONE.to_owned(), text: "anyone who has it".to_owned(), detail: "bound to no key".to_owned() };
    let keys = keys.iter().map(|key| {
        let state = match (key.own, key.verified) {
            (true, _) => "your own key",
            (false, true) => "✓ verified",
            (false, false) => "not verified",
        };
        Pickable { value: key.name.clone(), text: key.name.clone(), detail: format!("{}  {state}", key.fingerprint) }
    });
    [anyone].into_iter().chain(keys).collect()
}

/// The key that it is to be bound to.
pub(crate) fn holder(form: &Form) -> Result<Option<String>, Wrong> {
    match form.picked("who") {
        Some(picked) => Ok(Some(picked.value.clone()).filter(|value| value != ANYONE)),
        None => Err(Wrong { row: "who", why: format!("no key is called {}; i takes in a key card", form.text("who")) }),
    }
}

/// The one key card that has come since: what was pasted is what was meant.
pub(crate) fn newcomer(before: &[KeyView], now: &[KeyView]) -> Option<String> {
    if before.is_empty() {
        return None;
    }
    let mut new = now.iter().filter(|key| before.iter().all(|old| old.fingerprint_full != key.fingerprint_full));
    match (new.next(), new.next()) {
        (Some(key), None) => Some(key.name.clone()),
        (_, _) => None,
    }
}

/// What the rows say.
///
/// # Errors
/// The first row that cannot be understood, and why.
pub(crate) fn limits(form: &Form) -> Result<Limits, Wrong> {
    let chosen = form.chosen("expires");
    let expires = match chosen.checked_sub(1).map(|at| EXPIRIES.get(at)) {
        None => None,
        Some(Some((_, seconds))) => Some(When::In(*seconds)),
        Some(None) => Some(parsed(form, "expires-at")?.ok_or_else(|| wrong("expires-at", "say when: 12h, 2w or 2027-01-31"))?),
    };
    let rules = form.text("allow").split(';').map(str::trim).filter(|rule| !rule.is_empty());
    let allow = rules.map(|rule| rule.parse::<AllowRule>().map_err(|error| wrong("allow", error.to_string()))).collect::<Result<Vec<_>, _>>()?;
    let max_links = form.chosen("links").checked_sub(1).and_then(|links| u8::try_from(links).ok());
    let times = Times { not_before: parsed(form, "nbf")?, expires, max_session_s: max_session(form)? };
    let max_concurrent = match form.text("max-concurrent") {
        "" => None,
        text => Some(text.parse().ok().filter(|most| *most > 0).ok_or_else(|| wrong("max-concurrent", "write a number of sessions, at least 1"))?),
    };
    let purposes = named(form, "purpose", Purpose::ALL, Purpose::name)?;
    let patterns = named(form, "patterns", Pattern::ALL, Pattern::name)?;
    let realm = Some(form.text("realm").to_owned()).filter(|realm| !realm.is_empty());
    let app = match form.text("app").split_once('=') {
        Some((name, value)) if !name.is_empty() => Some((name.to_owned(), value.as_bytes().to_vec())),
        None if form.text("app").is_empty() => None,
        Some(_) | None => return Err(wrong("app", "write a name and a value: tier=gold")),
    };
    Ok(Limits { times, allow, holder: holder(form)?, policy: Policy { patterns, max_links, max_concurrent, purposes, realm, app } })
}

fn max_session(form: &Form) -> Result<Option<u64>, Wrong> {
    match parsed(form, "max-session")? {
        None => Ok(None),
        Some(When::In(seconds)) if seconds > 0 => Ok(Some(seconds)),
        Some(When::In(_) | When::At(_)) => Err(wrong("max-session", "write a length of time: 90s, 30m or 8h")),
    }
}

fn parsed<T: FromStr<Err = VaultError>>(form: &Form, row: &'static str) -> Result<Option<T>, Wrong> {
    match form.text(row) {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|error: VaultError| wrong(row, error.to_string())),
    }
}

fn named<T: Copy>(form: &Form, row: &'static str, all: impl IntoIterator<Item = T>, name: fn(T) -> &'static str) -> Result<Vec<T>, Wrong> {
    let all: Vec<T> = all.into_iter().collect();
    let words = form.text(row).split([',', ' ']).filter(|word| !word.is_empty());
    let one = |word: &str| {
        let found = all.iter().copied().find(|one| name(*one).eq_ignore_ascii_case(word));
        found.ok_or_else(|| wrong(row, format!("`{word}` is none of {}", all.iter().map(|one| name(*one)).collect::<Vec<_>>().join(", "))))
    };
    words.map(one).collect()
}

fn wrong(row: &'static str, why: impl Into<String>) -> Wrong {
    Wrong { row, why: why.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keymap::Key;

    fn form() -> Form {
        let mut form = Form::new([who()].into_iter().chain(rows("as the preset")).collect());
        form.set_pickables("who", pickables(&[]));
        form
    }

    #[test]
    fn what_is_left_open_limits_nothing() {
        assert_eq!(limits(&form()).unwrap(), Limits::default());
    }

    #[test]
    fn every_row_says_what_the_options_of_the_command_line_say() {
        let mut form = form();
        form.choose("more", 1);
        form.choose("expires", 4);
        settle(&mut form);
        for (row, text) in [
            ("expires-at", "12h"),
            ("allow", "db; GET,HEAD /api"),
            ("nbf", "2027-01-31"),
            ("max-session", "30m"),
            ("max-concurrent", "4"),
            ("purpose", "session, file"),
            ("patterns", "ikpsk2"),
            ("realm", "eu"),
            ("app", "tier=gold"),
        ] {
            form.set_text(row, text);
        }
        form.choose("links", 2);
        let limits = limits(&form).unwrap();
        assert_eq!(limits.times, Times { not_before: "2027-01-31".parse().ok(), expires: Some(When::In(43_200)), max_session_s: Some(1_800) });
        assert_eq!(limits.allow, ["db", "GET,HEAD /api"].map(|rule| rule.parse().unwrap()));
        assert_eq!(limits.policy.max_links, Some(1));
        assert_eq!(limits.policy.max_concurrent, Some(4));
        assert_eq!(limits.policy.purposes, [Purpose::Session, Purpose::File]);
        assert_eq!(limits.policy.patterns.iter().map(|pattern| pattern.name()).collect::<Vec<_>>(), ["IKpsk2"]);
        assert_eq!(limits.policy.realm.as_deref(), Some("eu"));
        assert_eq!(limits.policy.app, Some(("tier".to_owned(), b"gold".to_vec())));
    }

    #[test]
    fn what_is_folded_away_limits_nothing_even_if_it_was_filled_in() {
        let mut form = form();
        form.set_text("realm", "eu");
        form.set_text("expires-at", "nonsense");
        assert_eq!(limits(&form).unwrap(), Limits::default());
    }

    #[test]
    fn what_cannot_be_understood_is_named_with_its_row() {
        for (row, text) in [
            ("expires-at", ""),
            ("expires-at", "soon"),
            ("allow", "get /x"),
            ("max-session", "2027-01-31"),
            ("max-concurrent", "0"),
            ("purpose", "fun"),
            ("app", "=x"),
        ] {
            let mut form = form();
            form.choose("more", 1);
            form.choose("expires", if row == "expires-at" { 4 } else { 0 });
            settle(&mut form);
            form.set_text(row, text);
            assert_eq!(limits(&form).unwrap_err().row, row, "{text:?}");
        }
        let mut form = form();
        form.go_to("who");
        for letter in "zzz".chars() {
            form.key(Key::char(letter));
        }
        assert_eq!(limits(&form).unwrap_err().row, "who");
    }
}
