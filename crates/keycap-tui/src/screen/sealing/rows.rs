//! The rows of the wizard, and what they say.

use keycap_vault::files::{Folders, Folding, Form as FileForm};
use keycap_vault::{SealFrom, SecretText, WhatLapsed};

use super::Doing;
use crate::request::{Readers, Readership, Survey};
use crate::widget::form::{Form, Row};

/// What keeps the rows from being done, and where.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) row: &'static str,
    pub(super) why: String,
}

/// Fewer characters are no passphrase for a file that anybody may copy.
const LEAST_PASSPHRASE: usize = 10;
/// Names that are offered at a time.
const OFFERED: usize = 8;

/// The row in which one begins.
pub(super) const fn first(doing: Doing) -> &'static str {
    match doing {
        Doing::Seal => "under",
        Doing::Open => "folders",
        Doing::Reseal => "to",
    }
}

/// All rows that what is done can have.
pub(super) fn form(doing: Doing) -> Form {
    let to = || Row::line("to", "To", "bob, friends, age1…");
    let me = || Row::choice("self", "And to me", ["yes", "no"]);
    let into = |beside: &'static str| Row::line("into", "Into", beside);
    let opens = || Row::secret("opens", "Passphrase").note("Of the files that are sealed under one.").hidden();
    Form::new(match doing {
        Doing::Seal => vec![
            Row::choice("under", "Sealed to", ["readers", "a passphrase"]),
            to(),
            me().note("By your oldest key; nobody else gets to know of it."),
            Row::secret("passphrase", "Passphrase").note("Five or six words that nobody would say are good.").hidden(),
            Row::secret("again", "Again").hidden(),
            Row::choice("from", "Shows", ["nobody"]).note("Who sealed it. A reader learns that only if nobody else can read it."),
            Row::choice("mutual", "Sender", ["goes with it", "is known there"])
                .note("Whether your key travels along, or opens only for a reader who has your card.")
                .hidden(),
            Row::choice("folding", "Folders", ["one file each", "all as one file", "file by file"]).hidden(),
            Row::choice("form", "Form", ["as it is", "as text"]).note("Text can be pasted and mailed; it is a third longer."),
            into("a folder; empty: beside each file"),
            Row::button("go", "Seal"),
        ],
        Doing::Open => vec![
            opens(),
            Row::choice("folders", "Folders", ["unpacked", "left packed"]).note("What was sealed as a folder becomes one again, or a tar file."),
            Row::choice("lapsed", "Lapsed", ["stays closed", "opens"])
                .note("What was sealed with a capability that has expired or was revoked since; it is not shown as authorised."),
            into("a folder; empty: beside each file"),
            Row::button("go", "Open"),
        ],
        Doing::Reseal => vec![to(), me(), opens(), Row::button("go", "Write the headers anew")],
    })
}

/// Shows the rows that the others call for.
pub(super) fn settle(form: &mut Form, doing: Doing, files: usize, survey: Option<&Survey>, readers: &Readers) {
    let (folders, under) = survey.map_or((0, 0), |survey| (survey.folders, survey.passphrase));
    form.show("opens", under > 0);
    if doing == Doing::Seal {
        let passphrase = form.chosen("under") == 1;
        for row in ["to", "self", "from"] {
            form.show(row, !passphrase);
        }
        for row in ["passphrase", "again"] {
            form.show(row, passphrase);
        }
        form.show("mutual", !passphrase && form.chosen("from") > 0);
        form.show("folding", folders > 0 || files > 1);
    }
    let offer = offered(form.text("to"), readers);
    form.set_note("to", if offer.is_empty() { "Names in this vault, age1… or SSH public keys, with commas between them.".to_owned() } else { offer });
}

/// The keys of one's own that can show themselves as senders.
pub(super) fn set_senders(form: &mut Form, readers: &Readers) {
    let own = readers.keys.iter().filter(|key| key.own).map(|key| key.name.clone());
    form.set_options("from", std::iter::once("nobody".to_owned()).chain(own).collect());
}

/// To whom the rows say.
pub(super) fn readership(form: &Form, readers: &Readers) -> Result<Readership, Wrong> {
    let wrong = |row, why: &str| Wrong { row, why: why.to_owned() };
    if form.chosen("under") == 1 {
        let (passphrase, again) = (form.secret("passphrase"), form.secret("again"));
        if passphrase.expose().chars().count() < LEAST_PASSPHRASE {
            return Err(wrong("passphrase", &format!("A passphrase has at least {LEAST_PASSPHRASE} characters.")));
        }
        if passphrase.expose() != again.expose() {
            return Err(wrong("again", "The passphrases differ."));
        }
        return Ok(plain(Vec::new(), Some(passphrase)));
    }
    let names = words(form.text("to"));
    if names.is_empty() {
        return Err(wrong("to", "Say to whom."));
    }
    let from = sender(form, readers);
    let capability = |name: &String| {
        let bare = name.strip_prefix("cap:").unwrap_or(name);
        readers.capabilities.iter().any(|capability| capability.name == bare)
    };
    let secrets = from.is_some() || names.iter().any(capability);
    let mutual = from.is_some() && form.chosen("mutual") == 1;
    Ok(Readership { from: SealFrom { key: from, mutual }, with_self: form.chosen("self") == 0, secrets, ..plain(names, None) })
}

fn plain(names: Vec<String>, passphrase: Option<SecretText>) -> Readership {
    Readership { names, passphrase, from: SealFrom::default(), with_self: false, secrets: false }
}

/// The key that shows itself as the sender.
pub(super) fn sender(form: &Form, readers: &Readers) -> Option<String> {
    let at = form.chosen("from").checked_sub(1)?;
    readers.keys.iter().filter(|key| key.own).nth(at).map(|key| key.name.clone())
}

/// Names with commas or blanks between them; an SSH key has blanks of its own.
pub(super) fn words(text: &str) -> Vec<String> {
    text.split(',')
        .map(str::trim)
        .flat_map(|part| if part.starts_with("ssh-") { vec![part] } else { part.split_whitespace().collect() })
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

pub(super) fn folding(form: &Form) -> Folding {
    match form.chosen("folding") {
        1 => Folding::Together,
        2 => Folding::Each,
        _ => Folding::Folders,
    }
}

pub(super) fn kind(form: &Form) -> FileForm {
    if form.chosen("form") == 1 { FileForm::Armor } else { FileForm::Binary }
}

pub(super) fn lapsed(form: &Form) -> WhatLapsed {
    if form.chosen("lapsed") == 1 { WhatLapsed::Opens } else { WhatLapsed::StaysClosed }
}

pub(super) fn folders(form: &Form) -> Folders {
    if form.chosen("folders") == 1 { Folders::Keep } else { Folders::Unpack }
}

/// The text with the last word completed, if there is a name that begins like it.
pub(super) fn completed(text: &str, readers: &Readers) -> Option<String> {
    let (before, begun) = last_word(text);
    let name = names(readers).find(|name| !begun.is_empty() && name.starts_with(begun) && *name != begun)?;
    Some(format!("{before}{name}"))
}

/// Whether the last word is the beginning of a name, and none itself.
pub(super) fn is_begun(text: &str, readers: &Readers) -> bool {
    let (_, begun) = last_word(text);
    completed(text, readers).is_some() && !names(readers).any(|name| name == begun)
}

/// Names that begin like the last word.
fn offered(text: &str, readers: &Readers) -> String {
    let (_, begun) = last_word(text);
    let there = words(text);
    let found: Vec<&str> = names(readers).filter(|name| name.starts_with(begun) && !there.iter().any(|there| there == name)).take(OFFERED).collect();
    if found.is_empty() { String::new() } else { format!("Tab completes: {}", found.join(", ")) }
}

fn last_word(text: &str) -> (&str, &str) {
    let at = text.rfind([',', ' ']).map_or(0, |at| at + 1);
    text.split_at_checked(at).unwrap_or((text, ""))
}

fn names(readers: &Readers) -> impl Iterator<Item = &str> {
    let keys = readers.keys.iter().map(|key| key.name.as_str());
    let groups = readers.groups.iter().map(|group| group.name.as_str());
    keys.chain(groups).chain(readers.capabilities.iter().map(|capability| capability.name.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_between_commas_and_blanks_and_an_ssh_key_stays_whole() {
        assert_eq!(words(" bob, friends  age1x,"), ["bob", "friends", "age1x"]);
        assert_eq!(words("bob, ssh-ed25519 AAAA me@host"), ["bob", "ssh-ed25519 AAAA me@host"]);
        assert!(words(" , ").is_empty());
    }
}
