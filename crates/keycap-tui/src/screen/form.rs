//! A few lines that are filled in, and one thing that is done with them.

use keycap_vault::{ExportTo, OpenWith, SecretText};
use ratatui::Frame;
use ratatui::layout::Rect;

use crate::file::typed;
use crate::request::{Answer, Request, SetUp, Setup};
use crate::screen::browser::Item;
use crate::screen::reader_names::words;
use crate::screen::serve::{Connect, Serve};
use crate::screen::sheet::{Sheet, Turn};
use crate::screen::{Hint, Input, Kind, Screen, Shape, Step, Tab, Target, passphrase};
use crate::toast::Toast;
use crate::widget::form::Row;
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

/// The dialog.
#[derive(Debug)]
pub(crate) struct Form {
    doing: Doing,
    sheet: Sheet,
}

const DO: u32 = 0;
const WORDS: u32 = 1;

/// What is wrong with a row, by its id.
type Wrong = (&'static str, String);

fn name(placeholder: &'static str) -> Row {
    Row::line("name", "Name", placeholder)
}

fn file(placeholder: &'static str) -> Row {
    Row::line("file", "File", placeholder)
}

fn listen(placeholder: &'static str, with: &str) -> Row {
    Row::line("listen", "Listen at", placeholder).with(with)
}

/// A file that is made, and to whom it is sealed.
fn sealed(with: &str) -> Vec<Row> {
    let [first, again] = passphrase::rows();
    vec![file("a file that is not there yet").with(with), Row::line("to", "Seal to", "names of keys, or age1…; empty: a passphrase"), first, again]
}

impl Form {
    fn with(doing: Doing, rows: Vec<Row>, button: &'static str, note: &'static str) -> Self {
        let mut form = Self { doing, sheet: Sheet::new(rows, button, note) };
        form.settle();
        form
    }

    /// A key of one's own.
    pub(crate) fn new_key() -> Self {
        let note = "Its private half stays in this vault; its card is what you give to others.";
        Self::with(Doing::NewKey, vec![name("for a person, a machine or a role: night-shift")], "Make the key", note)
    }

    /// A service.
    pub(crate) fn new_service() -> Self {
        let rows = vec![name("orders"), Row::line("at", "Found at", "db.example.net:7000, …; may be empty")];
        let note = "Addresses go into its capabilities, so that whoever holds one finds it.";
        Self::with(Doing::NewService, rows, "Make the service", note)
    }

    /// Secret keys into a file.
    pub(crate) fn export(target: Target) -> Self {
        let rows = sealed(&format!("{}.age", target.name));
        Self::with(Doing::Export(target), rows, "Export it", "It holds the private half: whoever opens it can do all that you can with it.")
    }

    /// Secret keys from a file.
    pub(crate) fn import(kind: Kind) -> Self {
        let rows = vec![file("operator.age"), name("empty: as the file says"), Row::secret("opens", "Passphrase")];
        Self::with(Doing::Import(kind), rows, "Take it in", "Without a passphrase the keys of this vault are tried.")
    }

    /// The whole vault into a file.
    pub(crate) fn backup() -> Self {
        let note = "It is opened and read again before it counts. Keep it somewhere else than this machine.";
        Self::with(Doing::Backup, sealed("keycap-backup.age"), "Back up", note)
    }

    /// A gateway.
    pub(crate) fn serve(target: Target) -> Self {
        let to = Row::line("to", "Upstream", "127.0.0.1:5432; NAME=ADDRESS, …");
        let rows = vec![listen("0.0.0.0:7000 or unix:/path", "127.0.0.1:7000"), to];
        Self::with(Doing::Serve(target), rows, "Serve it", "It runs as a task until you cancel it (T) or leave keycap.")
    }

    /// A local port.
    pub(crate) fn connect(target: Target) -> Self {
        let note = "It runs as a task until you cancel it (T) or leave keycap. Every user of this machine can use a port; a socket only you.";
        let rows = vec![listen("127.0.0.1:5432 or unix:/path; port 0 takes a free one", "127.0.0.1:0")];
        Self::with(Doing::Connect(target), rows, "Connect", note)
    }

    fn seals(&self) -> bool {
        matches!(self.doing, Doing::Export(_) | Doing::Backup)
    }

    /// Brings rows in line with each other.
    fn settle(&mut self) {
        if self.seals() {
            let takes = self.sheet.form.text("to").is_empty();
            self.sheet.form.show("passphrase", takes);
            self.sheet.form.show("again", takes);
            passphrase::judge(&mut self.sheet.form);
        }
    }

    /// What stands in a row that must not be empty.
    fn filled(&self, row: &'static str, why: &str) -> Result<String, Wrong> {
        Some(self.sheet.form.text(row)).filter(|text| !text.is_empty()).map(str::to_owned).ok_or_else(|| (row, why.to_owned()))
    }

    /// To whom to seal.
    fn recipients(&self) -> Result<ExportTo, Wrong> {
        match words(self.sheet.form.text("to")) {
            names if names.is_empty() => passphrase::taken(&self.sheet.form).map(ExportTo::Passphrase),
            names => Ok(ExportTo::Recipients(names)),
        }
    }

    /// What is asked of the vault.
    fn request(&self) -> Result<Request, Wrong> {
        let form = &self.sheet.form;
        let named = || self.filled("name", "Give it a name.");
        let file = || self.filled("file", "Say which file.").map(|file| typed(&file));
        Ok(match &self.doing {
            Doing::NewKey => Request::NewKey(named()?),
            Doing::NewService => Request::NewService { name: named()?, hints: words(form.text("at")) },
            Doing::Export(Target { kind: Kind::Service, name, .. }) => {
                Request::ExportService { name: name.clone(), file: file()?, to: self.recipients()? }
            }
            Doing::Export(target) => Request::ExportKey { name: target.name.clone(), file: file()?, to: self.recipients()? },
            Doing::Import(kind) => {
                let (file, name) = (file()?, Some(form.text("name")).filter(|name| !name.is_empty()).map(str::to_owned));
                let passphrase: SecretText = form.secret("opens");
                let with = if passphrase.expose().is_empty() { OpenWith::OwnKeys } else { OpenWith::Passphrase(passphrase) };
                if *kind == Kind::Service { Request::ImportService { file, name, with } } else { Request::ImportKey { file, name, with } }
            }
            Doing::Backup => Request::Backup { file: file()?, to: self.recipients()? },
            Doing::Serve(_) => {
                self.filled("listen", "Say where it listens.")?;
                self.filled("to", "Say where sessions are put through to.").map(|_| Request::HandOver)?
            }
            Doing::Connect(target) => self.filled("listen", "Say where it listens.").map(|_| Request::OpenCapability(target.name.clone()))?,
        })
    }

    fn answered(&mut self, answer: Answer) -> Vec<Step> {
        match (answer, self.doing.clone()) {
            (Answer::SetUp(SetUp::Words(made)), _) => {
                passphrase::fill(&mut self.sheet.form, &made);
                self.settle();
                self.sheet.show_words(made);
                Vec::new()
            }
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
                let job = Serve { vault: *vault, service: target.name.clone(), listen: self.listen(), to: words(self.sheet.form.text("to")) };
                vec![Step::Close, Step::Run { title: format!("serve {}", target.name), job: Box::new(job) }]
            }
            (Answer::Capability(capability), Doing::Connect(target)) => {
                let job = Connect { capability: *capability, listen: self.listen() };
                vec![Step::Close, Step::Run { title: format!("connect {}", target.name), job: Box::new(job) }]
            }
            (_, _) => vec![Step::Close],
        }
    }

    fn listen(&self) -> String {
        self.sheet.form.text("listen").to_owned()
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

    fn shape(&self, world: &World) -> Shape {
        self.sheet.shape(world)
    }

    fn takes_text(&self) -> bool {
        true
    }

    fn hints(&self, _world: &World) -> Vec<Hint> {
        let mut hints = self.sheet.hints("do it");
        if self.sheet.form.shows("again") {
            hints.insert(1, Hint::new(passphrase::MAKE_WORDS.to_string(), "make a passphrase"));
        }
        hints
    }

    fn update(&mut self, input: Input<'_>, _world: &World) -> Vec<Step> {
        let makes_words = matches!(&input, Input::Key(key) if *key == passphrase::MAKE_WORDS);
        if makes_words && self.sheet.form.shows("again") && !self.sheet.is_busy() {
            return vec![Step::Ask { slot: WORDS, request: Request::Setup(Setup::Words) }];
        }
        match self.sheet.input(&input) {
            Turn::Do => match self.request() {
                Ok(request) => {
                    self.sheet.begin();
                    return vec![Step::Ask { slot: DO, request }];
                }
                Err((row, why)) => self.sheet.refuse_row(row, why),
            },
            Turn::Changed => self.settle(),
            Turn::Close => return vec![Step::Close],
            Turn::Done => {}
            Turn::No => {
                return match input {
                    Input::Answered { outcome: Ok(answer), .. } => self.answered(answer),
                    Input::Answered { outcome: Err(failure), .. } => {
                        self.sheet.fail(failure);
                        Vec::new()
                    }
                    Input::Shown | Input::LedgerChanged | Input::Command(_) | Input::Tick => Vec::new(),
                    Input::Key(_) | Input::Paste(_) | Input::Mouse { .. } | Input::Locked => Vec::new(),
                };
            }
        }
        vec![Step::Stay]
    }

    fn view(&mut self, frame: &mut Frame<'_>, area: Rect, world: &World) {
        self.sheet.view(frame, area, world.theme);
    }
}

#[cfg(test)]
mod tests {
    use crate::stage::{Stage, WORDS};

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
    fn a_backup_wants_a_good_passphrase_that_is_typed_twice_and_shows_neither() {
        let mut stage = Stage::populated();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("backup.age");
        stage.press(":");
        stage.write("back up vault");
        stage.press("Enter Ctrl-u");
        stage.write(file.to_str().unwrap());
        stage.press("Enter Enter");
        stage.write("password1");
        stage.press("Enter");
        stage.write("password1");
        stage.press("Enter");
        assert!(stage.screen().contains("That would be found at once") && !file.exists(), "{}", stage.screen());
        stage.press("Ctrl-u");
        stage.write(WORDS);
        stage.press("Enter Ctrl-u");
        stage.write("correct mule");
        stage.press("Enter");
        assert!(stage.screen().contains("The two differ") && !file.exists(), "{}", stage.screen());
        stage.press("Ctrl-u");
        stage.write(WORDS);
        assert!(!stage.screen().contains(WORDS) && !stage.screen().contains("mule"));
        stage.press("Enter");
        assert!(file.exists(), "{}", stage.screen());
        assert!(stage.vault.last_backup().unwrap().is_some());
    }

    #[test]
    fn a_passphrase_is_made_on_request_and_asked_for_only_where_nobody_is_named() {
        let mut stage = Stage::populated();
        stage.press(":");
        stage.write("back up vault");
        stage.press("Enter Ctrl-g");
        assert!(stage.screen().contains(WORDS), "what is to be written down can be read: {}", stage.screen());
        stage.press("Shift-Tab Shift-Tab");
        stage.write("operator");
        let screen = stage.screen();
        assert!(!screen.contains("Again"), "{screen}");
    }

    #[test]
    fn a_box_is_as_high_as_what_is_in_it_and_the_mouse_presses_its_button() {
        let mut stage = Stage::populated();
        stage.press("2 n");
        let lines: Vec<String> = stage.screen().lines().map(str::to_owned).collect();
        let (top, _) = lines.iter().enumerate().find(|(_, line)| line.contains("A new key")).unwrap();
        let (bottom, _) = lines.iter().enumerate().skip(top).find(|(_, line)| line.contains("╰─") && line.contains("│")).unwrap();
        assert!(lines[bottom - 1].contains("others."), "{}", lines.join("\n"));
        stage.write("night-watch");
        stage.click("[ Make the key ]");
        assert!(stage.vault.key("night-watch").is_ok(), "{}", stage.screen());
    }
}
