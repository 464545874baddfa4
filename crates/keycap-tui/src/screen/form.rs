//! A few lines that are filled in, and one thing that is done with them.

use std::path::PathBuf;

use keycap_vault::{ExportTo, OpenWith, SecretText};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::keymap::{ENTER, ESC, Key};
use crate::request::{Answer, Request};
use crate::screen::browser::Item;
use crate::screen::serve::{Connect, Serve};
use crate::screen::{Hint, Input, Kind, Screen, Shape, Step, Tab, Target};
use crate::theme::Role;
use crate::toast::Toast;
use crate::widget::line_field::LineField;
use crate::widget::secret_field::SecretField;
use crate::widget::text::{line, span, wrap};
use crate::world::World;

/// What is done with the lines.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Doing {
    NewKey,
    NewService,
    Export(Target),
    Import(Kind),
    Backup,
    Serve(Target),
    Connect(Target),
}

/// One line.
#[derive(Debug)]
enum Field {
    Text { label: &'static str, placeholder: &'static str, input: LineField },
    Secret { label: &'static str, input: SecretField },
}

/// The dialog.
#[derive(Debug)]
pub(crate) struct Form {
    doing: Doing,
    fields: Vec<Field>,
    on: usize,
    note: &'static str,
    wrong: Option<String>,
    busy: bool,
}

fn text(label: &'static str, placeholder: &'static str, filled: &str) -> Field {
    Field::Text { label, placeholder, input: LineField::with(filled) }
}

fn secret(label: &'static str) -> Field {
    Field::Secret { label, input: SecretField::default() }
}

/// To whom a file is sealed: lines that several forms have.
fn sealed_to() -> [Field; 3] {
    [text("Seal to", "names of keys or age1…, separated by commas; empty: a passphrase", ""), secret("Passphrase"), secret("Again")]
}

/// Fewer characters are no passphrase for a file that anybody may copy.
const LEAST_PASSPHRASE: usize = 10;
/// Columns of a label.
const LABEL: u16 = 13;

impl Form {
    fn with(doing: Doing, fields: Vec<Field>, note: &'static str) -> Self {
        Self { doing, fields, on: 0, note, wrong: None, busy: false }
    }

    /// A key of one's own.
    pub(crate) fn new_key() -> Self {
        let fields = vec![text("Name", "for a person, a machine or a role: night-shift", "")];
        Self::with(Doing::NewKey, fields, "Its private half stays in this vault; its card is what you give to others.")
    }

    /// A service.
    pub(crate) fn new_service() -> Self {
        let fields = vec![text("Name", "orders", ""), text("Found at", "db.example.net:7000, …; may be empty", "")];
        Self::with(Doing::NewService, fields, "Addresses go into its capabilities, so that whoever holds one finds it.")
    }

    /// Secret keys into a file.
    pub(crate) fn export(target: Target) -> Self {
        let mut fields = vec![text("File", "a file that is not there yet", &format!("{}.age", target.name))];
        fields.extend(sealed_to());
        Self::with(Doing::Export(target), fields, "It holds the private half: whoever opens it can do all that you can with it.")
    }

    /// Secret keys from a file.
    pub(crate) fn import(kind: Kind) -> Self {
        let fields = vec![text("File", "operator.age", ""), text("Name", "empty: as the file says", ""), secret("Passphrase")];
        Self::with(Doing::Import(kind), fields, "Without a passphrase the keys of this vault are tried.")
    }

    /// The whole vault into a file.
    pub(crate) fn backup() -> Self {
        let mut fields = vec![text("File", "a file that is not there yet", "keycap-backup.age")];
        fields.extend(sealed_to());
        Self::with(Doing::Backup, fields, "It is opened and read again before it counts. Keep it somewhere else than this machine.")
    }

    /// A gateway.
    pub(crate) fn serve(target: Target) -> Self {
        let fields =
            vec![text("Listen at", "0.0.0.0:7000 or unix:/path", "127.0.0.1:7000"), text("Put through", "127.0.0.1:5432; NAME=ADDRESS, …", "")];
        Self::with(Doing::Serve(target), fields, "It runs as a task until you cancel it (T) or leave keycap.")
    }

    /// A local port.
    pub(crate) fn connect(target: Target) -> Self {
        let fields = vec![text("Listen at", "127.0.0.1:5432 or unix:/path; port 0 takes a free one", "127.0.0.1:0")];
        Self::with(
            Doing::Connect(target),
            fields,
            "It runs as a task until you cancel it (T) or leave keycap. Every user of this machine can use a port; a socket only you.",
        )
    }

    fn text(&self, at: usize) -> String {
        match self.fields.get(at) {
            Some(Field::Text { input, .. }) => input.text().trim().to_owned(),
            Some(Field::Secret { .. }) | None => String::new(),
        }
    }

    fn words(&self, at: usize) -> Vec<String> {
        self.text(at).split([',', ' ']).map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
    }

    fn secret(&mut self, at: usize) -> SecretText {
        match self.fields.get_mut(at) {
            Some(Field::Secret { input, .. }) => input.take(),
            Some(Field::Text { .. }) | None => SecretText::new(String::new()),
        }
    }

    /// To whom to seal, from the lines from `at` on.
    fn recipients(&mut self, at: usize) -> Result<ExportTo, String> {
        let names = self.words(at);
        if !names.is_empty() {
            return Ok(ExportTo::Recipients(names));
        }
        let (passphrase, again) = (self.secret(at + 1), self.secret(at + 2));
        if passphrase.expose().chars().count() < LEAST_PASSPHRASE {
            return Err(format!("a passphrase has at least {LEAST_PASSPHRASE} characters; five or six words that nobody would say are good"));
        }
        if passphrase.expose() != again.expose() {
            return Err("the passphrases differ; type both again".to_owned());
        }
        Ok(ExportTo::Passphrase(passphrase))
    }

    /// What is asked of the vault.
    fn request(&mut self) -> Result<Request, String> {
        let first = self.text(0);
        if first.is_empty() {
            return Err("the first line is empty".to_owned());
        }
        Ok(match self.doing.clone() {
            Doing::NewKey => Request::NewKey(first),
            Doing::NewService => Request::NewService { name: first, hints: self.words(1) },
            Doing::Export(target) => {
                let (file, to) = (PathBuf::from(first), self.recipients(1)?);
                if target.kind == Kind::Service {
                    Request::ExportService { name: target.name, file, to }
                } else {
                    Request::ExportKey { name: target.name, file, to }
                }
            }
            Doing::Import(kind) => {
                let name = Some(self.text(1)).filter(|name| !name.is_empty());
                let passphrase = self.secret(2);
                let with = if passphrase.expose().is_empty() { OpenWith::OwnKeys } else { OpenWith::Passphrase(passphrase) };
                let file = PathBuf::from(first);
                if kind == Kind::Service { Request::ImportService { file, name, with } } else { Request::ImportKey { file, name, with } }
            }
            Doing::Backup => Request::Backup { file: PathBuf::from(first), to: self.recipients(1)? },
            Doing::Serve(_) if self.words(1).is_empty() => return Err("it needs an address to put sessions through to".to_owned()),
            Doing::Serve(_) => Request::HandOver,
            Doing::Connect(target) => Request::OpenCapability(target.name),
        })
    }

    fn answered(&mut self, answer: Answer) -> Vec<Step> {
        match (answer, self.doing.clone()) {
            (Answer::Key(key), _) => {
                let told = Toast::done(format!("made the key {}", key.name)).with_hint("y copies its card, which is what others need of it");
                let told = if matches!(self.doing, Doing::NewKey) { told } else { Toast::done(format!("took in the key {}", key.name)) };
                vec![Step::Close, Step::Tell(told), Step::Show(Tab::Keys, Some(key.target()))]
            }
            (Answer::Service(service), _) => {
                let told = if matches!(self.doing, Doing::NewService) { "made" } else { "took in" };
                vec![
                    Step::Close,
                    Step::Tell(Toast::done(format!("{told} the service {}", service.name))),
                    Step::Show(Tab::Services, Some(service.target())),
                ]
            }
            (Answer::Told(text), _) => vec![Step::Close, Step::Tell(Toast::done(text)), Step::Changed],
            (Answer::Vault(vault), Doing::Serve(target)) => {
                let job = Serve { vault: *vault, service: target.name.clone(), listen: self.text(0), to: self.words(1) };
                vec![Step::Close, Step::Run { title: format!("serve {}", target.name), job: Box::new(job) }]
            }
            (Answer::Capability(capability), Doing::Connect(target)) => {
                let job = Connect { capability: *capability, listen: self.text(0) };
                vec![Step::Close, Step::Run { title: format!("connect {}", target.name), job: Box::new(job) }]
            }
            (_, _) => vec![Step::Close],
        }
    }

    fn key(&mut self, key: Key) -> Vec<Step> {
        use crossterm::event::KeyCode;

        let last = self.fields.len().saturating_sub(1);
        if key == ESC {
            return vec![Step::Close];
        }
        if self.busy {
            return vec![Step::Stay];
        }
        match (key.code, key == ENTER && self.on == last) {
            (_, true) => match self.request() {
                Ok(request) => {
                    (self.busy, self.wrong) = (true, None);
                    return vec![Step::Ask { slot: 0, request }];
                }
                Err(why) => self.wrong = Some(why),
            },
            (KeyCode::Tab | KeyCode::Down | KeyCode::Enter, false) => self.on = if self.on == last { 0 } else { self.on + 1 },
            (KeyCode::BackTab | KeyCode::Up, false) => self.on = if self.on == 0 { last } else { self.on - 1 },
            (_, false) => match self.fields.get_mut(self.on) {
                Some(Field::Text { input, .. }) => {
                    input.key(key);
                }
                Some(Field::Secret { input, .. }) => input.key(key),
                None => {}
            },
        }
        vec![Step::Stay]
    }
}

impl Screen for Form {
    fn title(&self) -> String {
        match &self.doing {
            Doing::NewKey => "A new key".to_owned(),
            Doing::NewService => "A new service".to_owned(),
            Doing::Export(target) => format!("Export the {} {}", target.kind.word(), target.name),
            Doing::Import(kind) => format!("Import a {} from a file", kind.word()),
            Doing::Backup => "Back up the vault".to_owned(),
            Doing::Serve(target) => format!("Serve {}", target.name),
            Doing::Connect(target) => format!("Connect {}", target.name),
        }
    }

    fn shape(&self, _world: &World) -> Shape {
        Shape::Box { columns: 76, rows: u16::try_from(self.fields.len()).unwrap_or(0) + 9 }
    }

    fn takes_text(&self) -> bool {
        true
    }

    fn hints(&self, _world: &World) -> Vec<Hint> {
        let last = self.on + 1 == self.fields.len();
        vec![Hint::new("Enter", if last { "do it" } else { "next line" }), Hint::new("Tab", "next line"), Hint::new("Esc", "leave it")]
    }

    fn update(&mut self, input: Input<'_>, _world: &World) -> Vec<Step> {
        match input {
            Input::Answered { outcome: Ok(answer), .. } => self.answered(answer),
            Input::Answered { outcome: Err(failure), .. } => {
                self.busy = false;
                self.wrong = Some(failure.hint.map_or_else(|| failure.message.clone(), |hint| format!("{}; {hint}", failure.message)));
                Vec::new()
            }
            Input::Key(key) => self.key(key),
            Input::Paste(text) if !self.busy => {
                match self.fields.get_mut(self.on) {
                    Some(Field::Text { input, .. }) => input.paste(text.expose()),
                    Some(Field::Secret { input, .. }) => input.paste(text),
                    None => {}
                }
                vec![Step::Stay]
            }
            Input::Locked => vec![Step::Close],
            Input::Shown | Input::LedgerChanged | Input::Command(_) | Input::Mouse { .. } | Input::Paste(_) | Input::Tick => Vec::new(),
        }
    }

    fn view(&mut self, frame: &mut Frame<'_>, area: Rect, world: &World) {
        let theme = world.theme;
        let mut y = area.y + 1;
        for (at, field) in self.fields.iter().enumerate() {
            if y >= area.bottom() {
                break;
            }
            let on = at == self.on && !self.busy;
            let (Field::Text { label, .. } | Field::Secret { label, .. }) = field;
            let sign = if on { "▸ " } else { "  " };
            let role = if on { Role::Accent } else { Role::Quiet };
            frame.render_widget(Line::from(vec![span(theme, Role::Accent, sign), span(theme, role, label)]), Rect { y, height: 1, ..area });
            let place = Rect { x: area.x + LABEL, y, width: area.width.saturating_sub(LABEL), height: 1 };
            match field {
                Field::Text { placeholder, input, .. } => input.view(frame, place, placeholder, on, theme),
                Field::Secret { input, .. } => {
                    let shown = "•".repeat(input.count().min(usize::from(place.width.saturating_sub(1))));
                    let column = place.x + u16::try_from(shown.chars().count()).unwrap_or(0);
                    frame.render_widget(line(theme, Role::Plain, shown), place);
                    if on {
                        frame.set_cursor_position((column, y));
                    }
                }
            }
            y += 1;
        }
        let width = usize::from(area.width);
        let mut below = vec![Line::default()];
        below.extend(wrap(line(theme, Role::Quiet, self.note), width));
        if self.busy {
            below.push(line(theme, Role::Accent, "working…"));
        }
        if let Some(wrong) = &self.wrong {
            below.extend(wrap(line(theme, Role::Bad, format!("✗ {wrong}")), width));
        }
        for (text, y) in below.into_iter().zip(y..area.bottom()) {
            frame.render_widget(text, Rect { y, height: 1, ..area });
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::stage::Stage;

    #[test]
    fn a_key_and_a_service_are_made_and_shown() {
        let mut stage = Stage::empty();
        stage.press("2 n");
        stage.write("operator");
        stage.press("Enter");
        assert!(stage.vault.key("operator").is_ok());
        stage.press("3 n");
        stage.write("orders");
        stage.press("Enter");
        stage.write("db.example.net:7000");
        stage.press("Enter");
        assert_eq!(stage.vault.service("orders").unwrap().hints, ["db.example.net:7000"]);
        assert!(stage.screen().contains("db.example.net:7000"));
    }

    #[test]
    fn a_name_that_is_taken_is_said_in_the_form_and_nothing_typed_is_lost() {
        let mut stage = Stage::populated();
        stage.press("2 n");
        stage.write("operator");
        stage.press("Enter");
        let screen = stage.screen();
        assert!(screen.contains("there is already a") && screen.contains("A new key"), "{screen}");
    }

    #[test]
    fn a_backup_wants_a_passphrase_that_is_typed_twice_and_shows_neither() {
        let mut stage = Stage::populated();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("backup.age");
        stage.press(":");
        stage.write("back up vault");
        stage.press("Enter Ctrl-u");
        stage.write(file.to_str().unwrap());
        stage.press("Enter Enter");
        stage.write("correct horse");
        stage.press("Enter");
        stage.write("correct mule");
        stage.press("Enter");
        assert!(stage.screen().contains("the passphrases differ") && !file.exists());
        stage.press("Up");
        stage.write("correct horse");
        stage.press("Enter");
        stage.write("correct horse");
        assert!(!stage.screen().contains("correct"));
        stage.press("Enter");
        assert!(file.exists(), "{}", stage.screen());
        assert!(stage.vault.last_backup().unwrap().is_some());
    }
}
