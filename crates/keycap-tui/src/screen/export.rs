//! Taking the log along: as lines of JSON or as a table of comma-separated values, into a file that must not be there yet.

use std::fs::OpenOptions;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use keycap_vault::view::LogRow;
use keycap_vault::words::number;
use keycap_vault::{Environment, ErrorClass, LogQuery, Vault, VaultError};
use ratatui::Frame;
use ratatui::layout::Rect;

use crate::keymap::{ENTER, ESC};
use crate::request::Failure;
use crate::screen::{Hint, Input, Screen, Shape, Step};
use crate::task::{Job, TaskHandle, TaskNews, Unit};
use crate::theme::Role;
use crate::toast::Toast;
use crate::widget::line_field::LineField;
use crate::widget::text::line;
use crate::world::World;

/// The question where to.
#[derive(Debug)]
pub(crate) struct ExportLog {
    query: LogQuery,
    field: LineField,
}

impl ExportLog {
    /// Of the rows that this lets through.
    pub(crate) fn new(query: LogQuery) -> Self {
        Self { query: LogQuery { offset: 0, ..query }, field: LineField::with("keycap-log.jsonl") }
    }
}

impl Screen for ExportLog {
    fn title(&self) -> String {
        "Write the log to a file".to_owned()
    }

    fn shape(&self, _world: &World) -> Shape {
        Shape::Box { columns: 64, rows: 7 }
    }

    fn takes_text(&self) -> bool {
        true
    }

    fn hints(&self, _world: &World) -> Vec<Hint> {
        vec![Hint::new("Enter", "write it"), Hint::new("Esc", "leave it")]
    }

    fn update(&mut self, input: Input<'_>, world: &World) -> Vec<Step> {
        match input {
            Input::Key(key) if key == ESC => vec![Step::Close],
            Input::Key(key) if key == ENTER && self.field.is_empty() => vec![Step::Stay],
            Input::Key(key) if key == ENTER => {
                let Some(status) = &world.status else { return vec![Step::Tell(Toast::note("the vault is being read; try again"))] };
                let file = PathBuf::from(self.field.text());
                let job = Export { folder: status.folder.clone().into(), query: self.query.clone(), file };
                vec![Step::Close, Step::Run { title: format!("export the log to {}", self.field.text()), job: Box::new(job) }]
            }
            Input::Key(key) => {
                self.field.key(key);
                vec![Step::Stay]
            }
            Input::Paste(text) => {
                self.field.paste(text.expose());
                vec![Step::Stay]
            }
            Input::Locked => vec![Step::Close],
            Input::Shown | Input::LedgerChanged | Input::Command(_) | Input::Mouse { .. } | Input::Tick | Input::Answered { .. } => Vec::new(),
        }
    }

    fn view(&mut self, frame: &mut Frame<'_>, area: Rect, world: &World) {
        let row = |at: u16| Rect { y: area.y + at, height: 1, ..area };
        self.field.view(frame, row(1), "a file that is not there yet", true, world.theme);
        frame.render_widget(line(world.theme, Role::Quiet, "Lines of JSON; commas and quotes if its name ends in .csv."), row(3));
    }
}

#[derive(Debug)]
struct Export {
    folder: PathBuf,
    query: LogQuery,
    file: PathBuf,
}

/// Why the rows stopped.
enum Stopped {
    Vault(VaultError),
    File(std::io::Error),
    Cancelled,
}

impl From<VaultError> for Stopped {
    fn from(error: VaultError) -> Self {
        Self::Vault(error)
    }
}

impl Job for Export {
    fn run(self: Box<Self>, task: &TaskHandle) -> Result<String, Failure> {
        let file = OpenOptions::new().write(true).create_new(true).open(&self.file).map_err(|error| failed(&self.file, &error))?;
        let mut out = BufWriter::new(file);
        let written = self.write(&mut out, task).and_then(|rows| out.flush().map(|()| rows).map_err(Stopped::File));
        written.map(|rows| format!("{} rows written", number(rows))).map_err(|stopped| {
            // A part of a log looks like a whole one.
            drop(std::fs::remove_file(&self.file));
            match stopped {
                Stopped::Vault(error) => error.into(),
                Stopped::File(error) => failed(&self.file, &error),
                Stopped::Cancelled => Failure { code: "cancelled", class: ErrorClass::Failed, message: "cancelled".to_owned(), hint: None },
            }
        })
    }
}

impl Export {
    fn write(&self, out: &mut impl Write, task: &TaskHandle) -> Result<u64, Stopped> {
        let vault = Vault::open(&self.folder, Environment::system())?;
        let csv = self.file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv"));
        if csv {
            writeln!(out, "seq,time,action,target,result,detail").map_err(Stopped::File)?;
        }
        task.tell(TaskNews::Says("writing".to_owned()));
        let mut rows = 0_u64;
        vault.each_log_row(&self.query, |row| {
            if task.is_cancelled() {
                return Err(Stopped::Cancelled);
            }
            if csv { comma_separated(out, row) } else { json(out, row) }.map_err(Stopped::File)?;
            rows += 1;
            if rows.is_multiple_of(1_000) {
                task.tell(TaskNews::Progress { done: rows, whole: None, unit: Unit::Items });
            }
            Ok(())
        })
    }
}

fn json(out: &mut impl Write, row: &LogRow) -> std::io::Result<()> {
    serde_json::to_writer(&mut *out, row)?;
    writeln!(out)
}

fn comma_separated(out: &mut impl Write, row: &LogRow) -> std::io::Result<()> {
    let detail = if row.detail.is_null() { String::new() } else { row.detail.to_string() };
    let cells = [row.seq.to_string(), row.time.to_string(), row.action.clone(), row.target.clone(), row.result.clone(), detail];
    let quoted: Vec<String> = cells.iter().map(|cell| quoted(cell)).collect();
    writeln!(out, "{}", quoted.join(","))
}

/// A cell as it is, or in quotes where it has to be. A sign that a spreadsheet would take for a formula is not one any more.
fn quoted(cell: &str) -> String {
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let cell = if formula { format!("'{cell}") } else { cell.to_owned() };
    if cell.contains([',', '"', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
}

fn failed(file: &Path, error: &std::io::Error) -> Failure {
    let there = error.kind() == std::io::ErrorKind::AlreadyExists;
    let message = if there { format!("{} is there already", file.display()) } else { format!("{} cannot be written: {error}", file.display()) };
    Failure { code: "file", class: ErrorClass::Failed, message, hint: there.then(|| "choose another name".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_neither_two_cells_nor_a_formula() {
        assert_eq!(quoted("alice"), "alice");
        assert_eq!(quoted("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(quoted("=1+1"), "'=1+1");
    }
}
