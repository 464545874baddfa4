//! What each step of the first run says and asks.

use keycap_vault::KeyringState;

use super::{Stage, Wants};
use crate::screen::passphrase;
use crate::theme::Role;
use crate::widget::form::{Form, Pickable, Row};

/// What there is to begin with.
const BEGINNINGS: [(&str, &str, Wants); 5] = [
    ("start fresh", "a vault, and your first key", Wants::Fresh),
    ("restore a backup", "of a vault from elsewhere", Wants::Restore),
    ("bring a key", "that was exported, or an age identity", Wants::Import("key.import")),
    ("take in what I was given", "a capability or a card", Wants::Import("add")),
    ("look around", "in a vault that is thrown away; nothing is kept", Wants::LookAround),
];

pub(super) fn begin() -> Form {
    let mut form = Form::new(vec![Row::pick("begin", "Begin"), Row::button("go", "Go on")]);
    let options = BEGINNINGS.map(|(text, detail, _)| Pickable { value: text.to_owned(), text: text.to_owned(), detail: detail.to_owned() });
    form.set_pickables("begin", options.into());
    form
}

/// What was chosen to begin with.
pub(super) fn wanted(form: &Form) -> Option<Wants> {
    let picked = form.picked("begin")?;
    BEGINNINGS.iter().find(|(text, _, _)| *text == picked.value).map(|(_, _, wants)| *wants)
}

pub(super) fn place(keyring: bool, restore: bool) -> Form {
    let mut rows = Vec::new();
    if restore {
        rows.push(Row::line("file", "Backup", "keycap-backup.age"));
        rows.push(Row::secret("opens", "Opens it").note("The passphrase to which the backup was sealed."));
    }
    if keyring {
        let note = "In the keyring nothing is to be typed; sealed, each start asks for the passphrase.";
        rows.push(Row::choice("place", "Keep them", ["in the system's keyring", "sealed, by a passphrase"]).note(note));
    }
    rows.extend(passphrase::rows());
    rows.push(Row::button("go", "Make the vault"));
    Form::new(rows)
}

pub(super) fn key() -> Form {
    let name = Row::line("name", "Name", "operator").with("operator").note("For a person, a machine or a role. Others see it on its card.");
    Form::new(vec![name, Row::button("go", "Make the key")])
}

pub(super) fn backup() -> Form {
    let [first, again] = passphrase::rows();
    Form::new(vec![
        Row::choice("when", "Back up", ["now", "later"]),
        Row::line("file", "File", "a file that is not there yet").with("keycap-backup.age").note("Move it to another place than this machine."),
        first,
        again,
        Row::button("go", "Go on"),
    ])
}

pub(super) fn prove() -> Form {
    Form::new(vec![Row::secret("once-more", "Once more"), Row::button("go", "Open the backup")])
}

/// The words above the rows.
pub(super) fn words(stage: Stage, wants: Wants, keyring: Option<&KeyringState>) -> Vec<(Role, String)> {
    match stage {
        Stage::Begin => vec![
            (Role::Strong, "Welcome to keycap.".to_owned()),
            (Role::Plain, "It hands out, narrows, watches and revokes the right to reach a service. There is no vault here yet.".to_owned()),
            secrets(keyring),
        ],
        Stage::Where => {
            let first = if wants == Wants::Restore { "Which backup, and where its secrets are to rest" } else { "Where secrets are to rest" };
            vec![(Role::Strong, first.to_owned()), secrets(keyring), (Role::Quiet, "Nothing secret is ever kept in plain text.".to_owned())]
        }
        Stage::Key => vec![
            (Role::Good, "✓ The vault is there.".to_owned()),
            (Role::Strong, "A key of your own".to_owned()),
            (Role::Plain, "Capabilities are bound and files are sealed to keys. Its private half never leaves the vault unasked.".to_owned()),
        ],
        Stage::Backup => vec![
            (Role::Good, "✓ The key is there.".to_owned()),
            (Role::Strong, "A backup".to_owned()),
            (Role::Plain, "What is lost with this machine is lost, unless there is a backup: one file, sealed to a passphrase.".to_owned()),
        ],
        Stage::Prove => vec![
            (Role::Good, "✓ The backup is there.".to_owned()),
            (Role::Strong, "Does it open?".to_owned()),
            (Role::Plain, "A backup is worth what you remember. Type its passphrase as you would in a year.".to_owned()),
        ],
    }
}

/// What the system has for secrets.
fn secrets(keyring: Option<&KeyringState>) -> (Role, String) {
    match keyring {
        None => (Role::Quiet, "Looking for the system's keyring…".to_owned()),
        Some(KeyringState::Ready) => (Role::Good, "✓ The system's keyring answers: secrets can rest there.".to_owned()),
        Some(KeyringState::Locked) => (Role::Warn, "! The system's keyring is locked; it will ask for its password.".to_owned()),
        Some(KeyringState::Unusable { why, .. }) => (
            Role::Warn,
            format!("! The system's keyring cannot be used: {}. A passphrase can seal the secrets instead.", why.split(": ").next().unwrap_or(why)),
        ),
    }
}
