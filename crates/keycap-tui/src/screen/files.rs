//! Files: walking through folders, marking what is to be sealed or opened, and what a sealed file says of itself.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crossterm::event::KeyCode;
use keycap_vault::action::Place;
use keycap_vault::view::{InspectedView, StanzaView};
use keycap_vault::words::bytes;
use ratatui::Frame;
use ratatui::layout::Rect;

use crate::file::Entry;
use crate::keymap::{Command, Key};
use crate::request::{Answer, Failure, Filed, Filing, Request};
use crate::screen::browser::{Browser, Handled, Item, Look};
use crate::screen::{Hint, Input, Kind, Screen, Step, Target};
use crate::theme::Role;
use crate::toast::Toast;
use crate::widget::fields::Fields;
use crate::widget::table::Column;
use crate::widget::text::line;
use crate::world::World;

/// The screen.
#[derive(Debug, Default)]
pub(crate) struct Files {
    /// The folder that is shown, as an absolute path; empty before it was read.
    folder: PathBuf,
    browser: Browser<Shown>,
    marked: BTreeSet<PathBuf>,
    /// Where a range of marks begins: what was marked last.
    anchor: Option<PathBuf>,
    looked: Option<(PathBuf, Result<Box<InspectedView>, Failure>)>,
    /// Whether hidden files are shown.
    hidden: bool,
    /// Tasks that had ended when the folder was read: what they wrote is to be seen.
    ended: usize,
}

/// Something in the folder.
#[derive(Debug)]
struct Shown {
    path: PathBuf,
    name: String,
    kind: What,
    bytes: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    /// The folder around this one.
    Above,
    Folder,
    /// By its name a sealed file.
    Sealed,
    File,
}

const FOLDER: u32 = 0;
const LOOK: u32 = 1;

impl Item for Shown {
    fn text(&self) -> String {
        self.name.clone()
    }

    fn target(&self) -> Target {
        Target { kind: Kind::File, name: self.name.clone(), id: self.path.display().to_string() }
    }
}

impl Shown {
    fn of(folder: &Path, entry: Entry) -> Self {
        let sealed = Path::new(&entry.name).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("age"));
        let kind = match (entry.folder, sealed) {
            (true, _) => What::Folder,
            (false, true) => What::Sealed,
            (false, false) => What::File,
        };
        Self { path: folder.join(&entry.name), name: entry.name, kind, bytes: entry.bytes }
    }
}

impl Files {
    fn read(&self, folder: &Path) -> Vec<Step> {
        vec![Step::Ask { slot: FOLDER, request: Request::filing(Filing::Folder(folder.to_owned())) }]
    }

    fn fill(&mut self, folder: PathBuf, entries: Vec<Entry>) {
        let moved = folder != self.folder;
        if moved {
            // What is not in sight is not marked: nobody should seal what they do not see.
            self.marked.clear();
            self.anchor = None;
            self.browser = Browser::default();
        }
        let above = folder.parent().map(|above| Shown { path: above.to_owned(), name: "..".to_owned(), kind: What::Above, bytes: 0 });
        let hidden = self.hidden;
        let entries = entries.into_iter().filter(|entry| hidden || !entry.name.starts_with('.')).map(|entry| Shown::of(&folder, entry));
        let shown: Vec<Shown> = above.into_iter().chain(entries).collect();
        self.marked.retain(|marked| shown.iter().any(|shown| shown.path == *marked));
        let first = usize::from(shown.len() > 1);
        self.browser.fill(shown);
        if moved {
            self.browser.list.cursor = first;
        }
        self.folder = folder;
    }

    /// Looks into the file that is selected, if it is a sealed one by its name and was not looked into yet.
    fn look(&self) -> Option<Step> {
        let selected = self.browser.selected().filter(|shown| shown.kind == What::Sealed)?;
        let known = self.looked.as_ref().is_some_and(|(path, _)| *path == selected.path);
        (!known).then(|| self.ask(&selected.path, false))
    }

    fn ask(&self, file: &Path, unlocked: bool) -> Step {
        Step::Ask { slot: LOOK, request: Request::filing(Filing::Inspect { file: file.to_owned(), unlocked }) }
    }

    fn mark(&mut self) {
        let Some(shown) = self.browser.selected().filter(|shown| shown.kind != What::Above) else { return };
        let path = shown.path.clone();
        if !self.marked.remove(&path) {
            self.marked.insert(path.clone());
        }
        self.anchor = Some(path);
        self.browser.move_by(Command::Down);
    }

    /// Marks everything from what was marked last to here.
    fn mark_range(&mut self) {
        let Some(anchor) = self.anchor.clone() else { return self.mark() };
        let from = self.browser.shown().position(|shown| shown.path == anchor);
        let (Some(from), to) = (from, self.browser.list.cursor) else { return };
        let range = from.min(to)..=from.max(to);
        let paths = self.browser.shown().enumerate().filter(|(at, shown)| range.contains(at) && shown.kind != What::Above);
        let paths: Vec<PathBuf> = paths.map(|(_, shown)| shown.path.clone()).collect();
        self.marked.extend(paths);
    }

    fn open(&mut self) -> Vec<Step> {
        let Some(shown) = self.browser.selected() else { return vec![Step::Stay] };
        match shown.kind {
            What::Above | What::Folder => self.read(&shown.path.clone()),
            What::Sealed | What::File => {
                let ask = self.ask(&shown.path.clone(), true);
                self.browser.open_details();
                vec![ask]
            }
        }
    }

    fn above(&self) -> Vec<Step> {
        self.folder.parent().map_or_else(|| vec![Step::Stay], |above| self.read(above))
    }

    fn command(&mut self, command: Command) -> Option<Vec<Step>> {
        let on_list = !self.browser.is_on_details();
        if command == Command::Mark {
            self.mark();
        } else if command == Command::Range {
            self.mark_range();
        } else if command == Command::Left && on_list {
            return Some(self.above());
        } else if command == Command::Back && on_list && self.browser.filter.field.is_empty() && !self.marked.is_empty() {
            self.marked.clear();
            self.anchor = None;
        } else {
            return None;
        }
        Some(vec![Step::Stay])
    }

    /// What is done with an input, but for looking into what is selected afterwards.
    fn take(&mut self, input: Input<'_>, world: &World) -> Vec<Step> {
        match input {
            Input::Shown | Input::LedgerChanged => {
                self.looked = None;
                self.read(&self.folder)
            }
            Input::Tick => {
                let ended = world.tasks.len() - world.running_tasks();
                if ended == self.ended {
                    return Vec::new();
                }
                self.ended = ended;
                self.read(&self.folder)
            }
            Input::Answered { outcome: Ok(Answer::Filed(Filed::Folder { folder, entries })), .. } => {
                self.fill(folder, entries);
                Vec::new()
            }
            Input::Answered { outcome: Ok(Answer::Filed(Filed::Inspected { file, view })), .. } => {
                self.looked = Some((file, Ok(view)));
                Vec::new()
            }
            Input::Answered { slot: LOOK, outcome: Err(failure) } => {
                if let Some(shown) = self.browser.selected() {
                    self.looked = Some((shown.path.clone(), Err(failure)));
                }
                Vec::new()
            }
            Input::Answered { outcome: Err(failure), .. } => vec![Step::Tell(Toast::from(failure))],
            Input::Key(key) if key.code == KeyCode::Backspace && !self.browser.takes_text() => self.above(),
            Input::Key(key) if key == Key::char('.') && !self.browser.takes_text() => {
                self.hidden = !self.hidden;
                self.read(&self.folder)
            }
            Input::Command(Command::Copy) => {
                let path = self.browser.selected().map(|shown| shown.path.display().to_string());
                path.map(|path| super::copy::open(vec![("path", path)])).into_iter().collect()
            }
            input @ (Input::Key(_) | Input::Command(_) | Input::Mouse { .. } | Input::Paste(_) | Input::Answered { .. } | Input::Locked) => {
                if let Input::Command(command) = input
                    && let Some(steps) = self.command(command)
                {
                    return steps;
                }
                match self.browser.input(&input) {
                    Handled::Open => self.open(),
                    Handled::Done => vec![Step::Stay],
                    Handled::No => Vec::new(),
                }
            }
        }
    }
}

impl Screen for Files {
    fn title(&self) -> String {
        "Files".to_owned()
    }

    fn place(&self) -> Option<Place> {
        Some(Place::Files)
    }

    fn files(&self) -> Vec<PathBuf> {
        if self.marked.is_empty() {
            let selected = self.browser.selected().filter(|shown| shown.kind != What::Above);
            return selected.map(|shown| shown.path.clone()).into_iter().collect();
        }
        self.marked.iter().cloned().collect()
    }

    fn lines(&self) -> Vec<(u16, u16)> {
        self.browser.lines()
    }

    fn takes_text(&self) -> bool {
        self.browser.takes_text()
    }

    fn hints(&self, world: &World) -> Vec<Hint> {
        self.browser.hints(
            world,
            &[
                ("seal", "seal"),
                ("open", "open"),
                ("mark", "mark"),
                ("enter", "look"),
                ("left", "folder above"),
                ("reseal", "reseal"),
                ("filter", "filter"),
                ("group.list", "groups"),
            ],
        )
    }

    fn update(&mut self, input: Input<'_>, world: &World) -> Vec<Step> {
        let before = self.browser.selected().map(|shown| shown.path.clone());
        let mut steps = self.take(input, world);
        let after = self.browser.selected().map(|shown| shown.path.clone());
        if before != after {
            steps.extend(self.look());
        }
        steps
    }

    fn view(&mut self, frame: &mut Frame<'_>, area: Rect, world: &World) {
        const COLUMNS: &[Column] = &[Column::new("", 1).most(1), Column::new("NAME", 12), Column::new("SIZE", 7).right().rank(1)];
        let theme = world.theme;
        let title = match self.marked.len() {
            0 => self.folder.display().to_string(),
            marked => format!("{marked} marked in {}", self.folder.display()),
        };
        let (marked, looked) = (&self.marked, &self.looked);
        let look = Look {
            title: &title,
            columns: COLUMNS,
            row: |shown: &Shown| {
                let role = match shown.kind {
                    What::Above => Role::Quiet,
                    What::Folder => Role::Name,
                    What::Sealed => Role::Good,
                    What::File => Role::Plain,
                };
                let slash = if shown.kind == What::Folder { "/" } else { "" };
                let size = if matches!(shown.kind, What::Above | What::Folder) { String::new() } else { bytes(shown.bytes) };
                vec![
                    line(theme, Role::Accent, if marked.contains(&shown.path) { "*" } else { "" }),
                    line(theme, role, format!("{}{slash}", shown.name)),
                    line(theme, Role::Quiet, size),
                ]
            },
            details: |shown: &Shown| details(shown, looked.as_ref(), world),
            empty: ("Nothing is in this folder.", "h goes to the folder above."),
        };
        self.browser.view(frame, area, world, &look);
    }
}

fn details(shown: &Shown, looked: Option<&(PathBuf, Result<Box<InspectedView>, Failure>)>, world: &World) -> Fields {
    let mut fields = Fields::new(world.theme);
    match shown.kind {
        What::Above => fields.text(Role::Quiet, "The folder around this one."),
        What::Folder => {
            fields.text(Role::Plain, "A folder.").text(Role::Quiet, "Enter goes into it; S seals all of it, as one file or file by file.")
        }
        What::Sealed | What::File => fields.field("size", Role::Plain, bytes(shown.bytes)),
    };
    match looked.filter(|(path, _)| *path == shown.path) {
        Some((_, Ok(view))) => inspected(&mut fields, view, world),
        Some((_, Err(failure))) => {
            fields.text(Role::Warn, format!("! {}", failure.message));
            if let Some(hint) = &failure.hint {
                fields.text(Role::Quiet, hint);
            }
        }
        None if shown.kind == What::File => {
            fields.text(Role::Quiet, "S seals it; Enter looks whether it is a sealed file.");
        }
        None => {}
    }
    fields
}

fn inspected(fields: &mut Fields, view: &InspectedView, world: &World) {
    let form = if view.armored { "age file, as text" } else { "age file" };
    fields.field("format", Role::Plain, format!("{form}, header of {}", bytes(view.header_bytes)));
    match view.plaintext_bytes {
        Some(length) => fields.field("holds", Role::Plain, bytes(length)),
        None => fields.field("holds", Role::Bad, "no file has this length: it was cut off or added to"),
    };
    fields.heading("Sealed to");
    for stanza in &view.stanzas {
        fields.text(Role::Plain, stanza.meaning);
        fits(fields, stanza);
    }
    fields.heading("Opens with");
    if !view.looked {
        fields.text(Role::Quiet, "Not looked for while the vault is locked: Enter unlocks it.");
    } else if view.stanzas.iter().any(|stanza| stanza.kind == "scrypt") {
        fields.text(Role::Plain, "A passphrase, which O asks for.");
    } else if let Some(fits) = view.stanzas.iter().find_map(|stanza| stanza.fits.as_ref()) {
        let what = if fits.opened_with == "key" { "Your key " } else { "Your service " };
        fields.spans(ratatui::text::Line::from(vec![
            crate::widget::text::span(world.theme, Role::Good, format!("✓ {what}")),
            crate::widget::text::span(world.theme, Role::Name, &fits.name),
        ]));
    } else {
        fields.text(Role::Warn, "Nothing in this vault.");
    }
}

fn fits(fields: &mut Fields, stanza: &StanzaView) {
    if let Some(fault) = &stanza.fault {
        fields.text(Role::Bad, format!("✗ {fault}"));
    }
    let Some(fits) = &stanza.fits else { return };
    if fits.sender.is_some() || fits.grant.is_some() {
        fields.text(Role::Plain, &fits.sentence);
    }
    for note in &fits.notes {
        fields.text(Role::Warn, format!("! {note}"));
    }
}
