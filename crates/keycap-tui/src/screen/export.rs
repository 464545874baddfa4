//! Taking the log along: as lines of JSON or as a table of comma-separated values, into a file that must not be there yet.

use std::fs::OpenOptions;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use keycap_vault::view::LogRow;
use keycap_vault::words::number;
use keycap_vault::{Environment, ErrorClass, LogQuery, Vault, VaultError};
use ratatui::Frame;
use ratatui::layout::Rect;

use crate::file::typed;
use crate::request::Failure;
use crate::screen::sheet::{Sheet, Turn};
use crate::screen::{Hint, Input, Screen, Shape, Step};
use crate::task::{Job, TaskHandle, TaskNews, Unit};
use crate::widget::form::Row;
use crate::world::World;

/// The question where to.
#[derive(Debug)]
pub(crate) struct ExportLog {
    query: LogQuery,
    sheet: Sheet,
}

impl ExportLog {
    /// Of the rows that this lets through.
    pub(crate) fn new(query: LogQuery) -> Self {
        let file = Row::line("file", "File", "a file that is not there yet").with("keycap-log.jsonl");
        let sheet = Sheet::new(vec![file], "Write it", "Lines of JSON; commas and quotes if its name ends in .csv.");
        Self { query: LogQuery { offset: 0, ..query }, sheet }
    }
}

impl Screen for ExportLog {
    fn title(&self) -> String {
        "Write the log to a file".to_owned()
    }

    fn shape(&self, world: &World) -> Shape {
        self.sheet.shape(world)
    }

    fn takes_text(&self) -> bool {
        true
    }

    fn hints(&self, _world: &World) -> Vec<Hint> {
        self.sheet.hints("write it")
    }

    fn update(&mut self, input: Input<'_>, world: &World) -> Vec<Step> {
        match self.sheet.input(&input) {
            Turn::Do => match (&world.status, self.sheet.form.text("file")) {
                (_, "") => self.sheet.refuse("Say which file."),
                (None, _) => self.sheet.refuse("The vault is being read; try again."),
                (Some(status), file) => {
                    let job = Export { folder: status.folder.clone().into(), query: self.query.clone(), file: typed(file) };
                    return vec![Step::Close, Step::Run { title: format!("export the log to {file}"), job: Box::new(job) }];
                }
            },
            Turn::Close => return vec![Step::Close],
            Turn::Changed | Turn::Done => {}
            Turn::No => return Vec::new(),
        }
        vec![Step::Stay]
    }

    fn view(&mut self, frame: &mut Frame<'_>, area: Rect, world: &World) {
        self.sheet.view(frame, area, world.theme);
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
