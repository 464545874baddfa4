//! Screens: each owns its model, takes what happens to it, and draws itself. They stand on a stack; a dialog is a screen that leaves the one
//! below in sight.

pub(crate) mod activity;
pub(crate) mod add;
pub(crate) mod browser;
pub(crate) mod capabilities;
pub(crate) mod choose;
pub(crate) mod command_line;
pub(crate) mod confirm;
pub(crate) mod copy;
pub(crate) mod delegate;
pub(crate) mod explain;
pub(crate) mod export;
pub(crate) mod files;
pub(crate) mod finder;
pub(crate) mod first_run;
pub(crate) mod form;
pub(crate) mod grants;
pub(crate) mod groups;
pub(crate) mod help;
pub(crate) mod keys;
pub(crate) mod membership;
pub(crate) mod mint;
pub(crate) mod name;
pub(crate) mod overview;
pub(crate) mod palette;
pub(crate) mod passphrase;
pub(crate) mod proposal;
pub(crate) mod protection;
pub(crate) mod reader_names;
pub(crate) mod restore;
pub(crate) mod revoke;
pub(crate) mod rotate;
pub(crate) mod sealing;
pub(crate) mod serve;
pub(crate) mod services;
pub(crate) mod settings;
pub(crate) mod share;
pub(crate) mod sheet;
pub(crate) mod tasks;
pub(crate) mod terms;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use keycap_vault::SecretText;
use keycap_vault::action::Place;
use ratatui::Frame;
use ratatui::layout::Rect;
use tempfile::TempDir;

use crate::keymap::{Command, Key};
use crate::request::{Answer, Change, Failure, Request};
use crate::settings::Settings;
use crate::task::{Job, TaskId};
use crate::toast::Toast;
use crate::world::World;

/// The screens at the bottom of the stack, one of which is always there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tab {
    Overview,
    Keys,
    Services,
    Grants,
    Capabilities,
    Files,
    Activity,
}

impl Tab {
    /// In the order of the header.
    pub(crate) const ALL: [Self; 7] = [Self::Overview, Self::Keys, Self::Services, Self::Grants, Self::Capabilities, Self::Files, Self::Activity];

    /// What the header calls it.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Keys => "Keys",
            Self::Services => "Services",
            Self::Grants => "Grants",
            Self::Capabilities => "Capabilities",
            Self::Files => "Files",
            Self::Activity => "Activity",
        }
    }

    /// The action of the registry that shows it; the overview has none.
    pub(crate) const fn action(self) -> Option<&'static str> {
        match self {
            Self::Overview => None,
            Self::Keys => Some("key.list"),
            Self::Services => Some("service.list"),
            Self::Grants => Some("grants"),
            Self::Capabilities => Some("caps"),
            Self::Files => Some("inspect"),
            Self::Activity => Some("log"),
        }
    }
}

/// A part of the interface that has the screen, or a part of it.
pub(crate) trait Screen: fmt::Debug {
    /// What the breadcrumbs call it.
    fn title(&self) -> String;

    /// Whether it takes the whole screen.
    fn shape(&self, _world: &World) -> Shape {
        Shape::Full
    }

    /// Where the registry's keys work that have a place.
    fn place(&self) -> Option<Place> {
        None
    }

    /// What an action would be done to: what is selected.
    fn target(&self) -> Option<Target> {
        None
    }

    /// The files that are meant, where files are chosen: those that are marked, or the one that is selected.
    fn files(&self) -> Vec<PathBuf> {
        Vec::new()
    }

    /// Selects something, once it is there.
    fn select(&mut self, _target: &Target) {}

    /// Where the lines of its list begin on the terminal, those in sight from the top: for the letters that jump there.
    fn lines(&self) -> Vec<(u16, u16)> {
        Vec::new()
    }

    /// Whether letters go into a field, so that they mean nothing else.
    fn takes_text(&self) -> bool {
        false
    }

    /// The keys that matter most here, in the order of their weight.
    fn hints(&self, world: &World) -> Vec<Hint>;

    /// Takes what happens, and says what is to follow.
    fn update(&mut self, input: Input<'_>, world: &World) -> Vec<Step>;

    /// Draws it, and remembers where it drew what: for the mouse, and to know how long a page is.
    fn view(&mut self, frame: &mut Frame<'_>, area: Rect, world: &World);
}

/// How much of the screen a screen takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// All between header and hints.
    Full,
    /// All there is, without header and hints.
    Whole,
    /// The same, and nothing lies over it: a code is read whole or not at all.
    Code,
    /// A box in the middle, at most this large, frame included.
    Box { columns: u16, rows: u16 },
}

/// A key and what it does, for the line at the bottom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hint {
    pub(crate) key: String,
    pub(crate) label: String,
}

impl Hint {
    pub(crate) fn new(key: impl Into<String>, label: impl Into<String>) -> Self {
        Self { key: key.into(), label: label.into() }
    }
}

/// What happens to a screen.
#[derive(Debug)]
pub(crate) enum Input<'a> {
    /// It has come to the top, for the first time or again.
    Shown,
    /// The ledger was changed: what it shows may be old.
    LedgerChanged,
    /// A key that nothing has a meaning for, or any key while it takes text.
    Key(Key),
    /// One of the interface's own commands.
    Command(Command),
    /// The mouse was pressed or its wheel turned, at this place of the terminal.
    Mouse { at: (u16, u16), what: Click },
    /// Text was pasted.
    Paste(&'a SecretText),
    /// Time passes.
    Tick,
    /// The vault has answered a question of its own.
    Answered { slot: u32, outcome: Result<Answer, Failure> },
    /// The vault was locked: what was secret is let go.
    Locked,
}

/// What the mouse did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Click {
    /// Pressed.
    Press,
    /// Pressed again in the same place, shortly after.
    Twice,
    /// The wheel, up or down.
    WheelUp,
    WheelDown,
}

/// What a screen wants.
#[derive(Debug)]
pub(crate) enum Step {
    /// Nothing: the input was taken, and means nothing more to anybody.
    Stay,
    /// Ask the vault; the answer comes back with the slot.
    Ask { slot: u32, request: Request },
    /// Put a screen on top.
    Open(Box<dyn Screen>),
    /// Take this one away.
    Close,
    /// Show one of the screens at the bottom, and select something there.
    Show(Tab, Option<Target>),
    /// Do an action of the registry, to that.
    Start(&'static str, Option<Target>),
    /// Do one of the interface's own commands.
    Command(Command),
    /// Say something in the corner.
    Tell(Toast),
    /// Do a change that can be taken back, and tell.
    Change(Change),
    /// Watch until this revocation, of a grant by its rid, has reached every gateway.
    Await { rid: String, name: String },
    /// Put text on the clipboard.
    Copy { text: SecretText, secret: bool },
    /// Start something that takes long.
    Run { title: String, job: Box<dyn Job> },
    /// Make it stop.
    Stop(TaskId),
    /// Forget the tasks that have ended.
    ForgetEnded,
    /// Go into a vault that is thrown away at the end.
    LookAround(Arc<TempDir>),
    /// Let the interface be like this from now on.
    Settings(Settings),
    /// The end of the program.
    End,
    /// Let the vault be read anew: this process changed it.
    Changed,
}

/// What something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A key of one's own.
    Key,
    /// A key card of someone else.
    Card,
    Service,
    Grant,
    Capability,
    /// Several recipients of files.
    Group,
    File,
}

impl Kind {
    /// Its word.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Card => "key card",
            Self::Service => "service",
            Self::Grant => "grant",
            Self::Capability => "capability",
            Self::Group => "group",
            Self::File => "file",
        }
    }
}

/// What an action is done to: what it is called, and what tells it from everything else, captured when it was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) kind: Kind,
    pub(crate) name: String,
    /// The rid of a grant, the full fingerprint of a key or service, the id of a capability's last block, the name of a group, the path of a
    /// file.
    pub(crate) id: String,
}
