//! The rows of the wizard, and what they say.

use std::path::PathBuf;

use keycap_vault::files::{Folders, Folding, Form as FileForm};
use keycap_vault::{FILES_TARGET, SealFrom, SecretText, WhatLapsed};

use super::Doing;
use crate::file::typed;
use crate::request::{Readers, Readership, Survey};
use crate::screen::reader_names::{self, is_path, words};
use crate::widget::form::{Form, Row};

/// What keeps the rows from being done, and where.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) row: &'static str,
    pub(super) why: String,
}

/// Fewer characters are no passphrase for a file that anybody may copy.
const LEAST_PASSPHRASE: usize = 10;

/// What opens files beside what is in the vault.
const IDENTITY: &str = "An age identity file or SSH private key that opens them too; several with commas between them.";

/// The row in which one begins.
pub(super) const fn first(doing: Doing) -> &'static str {
    match doing {
        Doing::Seal => "under",
        Doing::Open => "identity",
        Doing::Reseal => "to",
    }
}

/// All rows that what is done can have.
pub(super) fn form(doing: Doing) -> Form {
    let to = || Row::line("to", "To", "bob, friends, age1…, ./team.txt");
    let me = || Row::choice("self", "And to me", ["yes", "no"]);
    let into = |beside: &'static str| Row::line("into", "Into", beside);
    let identity = || Row::line("identity", "Identity", "a file; empty: the vault's keys and services").note(IDENTITY);
    let opens = || Row::secret("opens", "Passphrase").note("Of the files that are sealed under one, or of the identity file.").hidden();
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
            identity(),
            Row::choice("folders", "Folders", ["unpacked", "left packed"]).note("What was sealed as a folder becomes one again, or a tar file."),
            Row::choice("lapsed", "Lapsed", ["stays closed", "opens"])
                .note("What was sealed with a capability that has expired or was revoked since; it is not shown as authorised."),
            Row::line("target", "Taken as", FILES_TARGET).note("The name under which your services take files, which capabilities have to allow."),
            into("a folder; empty: beside each file"),
            Row::button("go", "Open"),
        ],
        Doing::Reseal => vec![to(), me(), opens(), identity(), Row::button("go", "Write the headers anew")],
    })
}

/// Shows the rows that the others call for.
pub(super) fn settle(form: &mut Form, doing: Doing, files: usize, survey: Option<&Survey>, readers: &Readers) {
    let (folders, under) = survey.map_or((0, 0), |survey| (survey.folders, survey.passphrase));
    form.show("opens", under > 0 || !form.text("identity").is_empty());
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
    form.set_note("to", reader_names::note(form.text("to"), readers));
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
    let names: Vec<String> =
        words(form.text("to")).iter().map(|word| if is_path(word) { typed(word).display().to_string() } else { word.clone() }).collect();
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

/// The identity files that are named.
pub(super) fn identities(form: &Form) -> Vec<PathBuf> {
    form.text("identity").split(',').map(str::trim).filter(|path| !path.is_empty()).map(typed).collect()
}

/// The name under which services take files, if it is not the usual one.
pub(super) fn target(form: &Form) -> Option<String> {
    Some(form.text("target")).filter(|target| !target.is_empty() && *target != FILES_TARGET).map(str::to_owned)
}

pub(super) fn lapsed(form: &Form) -> WhatLapsed {
    if form.chosen("lapsed") == 1 { WhatLapsed::Opens } else { WhatLapsed::StaysClosed }
}

pub(super) fn folders(form: &Form) -> Folders {
    if form.chosen("folders") == 1 { Folders::Keep } else { Folders::Unpack }
}
