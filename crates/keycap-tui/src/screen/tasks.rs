//! What runs, and what has run since the interface was opened.

use keycap_vault::words::{number, span as length};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::keymap::{Command, Key};
use crate::screen::browser::nothing;
use crate::screen::{Click, Hint, Input, Screen, Shape, Step};
use crate::task::{Task, TaskState, Unit};
use crate::theme::Role;
use crate::toast::Toast;
use crate::widget::list::List;
use crate::widget::table::{Column, Table};
use crate::widget::text::line;
use crate::world::World;

/// The list, the newest first.
#[derive(Debug, Default)]
pub(crate) struct Tasks {
    list: List,
}

/// Lines of the list in the box, if there are fewer or more tasks.
const FEWEST: u16 = 3;
const MOST: u16 = 17;

impl Tasks {
    fn selected<'w>(&self, world: &'w World) -> Option<&'w Task> {
        world.tasks.iter().rev().nth(self.list.cursor)
    }
}

impl Screen for Tasks {
    fn title(&self) -> String {
        "Tasks".to_owned()
    }

    fn shape(&self, world: &World) -> Shape {
        let lines = u16::try_from(world.tasks.len()).unwrap_or(MOST).clamp(FEWEST, MOST);
        Shape::Box { columns: 100, rows: lines + 3 }
    }

    fn hints(&self, _world: &World) -> Vec<Hint> {
        vec![Hint::new("x", "cancel"), Hint::new("Enter", "details"), Hint::new("c", "clear those that ended")]
    }

    fn update(&mut self, input: Input<'_>, world: &World) -> Vec<Step> {
        match input {
            Input::Key(key) if key == Key::char('x') => {
                self.selected(world).filter(|task| task.state == TaskState::Running).map(|task| Step::Stop(task.id)).into_iter().collect()
            }
            Input::Key(key) if key == Key::char('c') => vec![Step::ForgetEnded],
            Input::Command(Command::Open) => {
                let said = self.selected(world).map(|task| match &task.state {
                    TaskState::Running | TaskState::Stopping => Toast::note(format!("{}: {}", task.title, task.says)),
                    TaskState::Done(text) => Toast::done(format!("{}: {text}", task.title)),
                    TaskState::Cancelled => Toast::note(format!("{}: cancelled", task.title)),
                    TaskState::Failed(failure) => Toast::from(failure.clone()),
                });
                said.map(Step::Tell).into_iter().collect()
            }
            Input::Command(command) if self.list.command(command, world.tasks.len()) => vec![Step::Stay],
            Input::Mouse { at, what: Click::Press | Click::Twice } => {
                if let Some(line) = self.list.line_at(at, world.tasks.len()) {
                    self.list.cursor = line;
                }
                vec![Step::Stay]
            }
            Input::Mouse { what, .. } => {
                self.list.wheel(what == Click::WheelUp, world.tasks.len());
                vec![Step::Stay]
            }
            Input::Locked => vec![Step::Close],
            Input::Shown | Input::LedgerChanged | Input::Key(_) | Input::Command(_) | Input::Paste(_) | Input::Tick | Input::Answered { .. } => {
                Vec::new()
            }
        }
    }

    fn view(&mut self, frame: &mut Frame<'_>, area: Rect, world: &World) {
        const COLUMNS: &[Column] =
            &[Column::new("TASK", 16), Column::new("STATE", 10), Column::new("PROGRESS", 12).rank(1), Column::new("FOR", 5).right().rank(2)];
        let theme = world.theme;
        if world.tasks.is_empty() {
            return nothing(frame, area, world, ("Nothing runs.", "Gateways, connections and files that are sealed show up here."));
        }
        let row = |at: usize| {
            let Some(task) = world.tasks.iter().rev().nth(at) else { return Vec::new() };
            let (role, state) = match &task.state {
                TaskState::Running if task.says.is_empty() => (Role::Accent, "running".to_owned()),
                TaskState::Running => (Role::Accent, task.says.clone()),
                TaskState::Stopping => (Role::Warn, "stopping".to_owned()),
                TaskState::Done(text) => (Role::Good, format!("✓ {text}")),
                TaskState::Cancelled => (Role::Quiet, "cancelled".to_owned()),
                TaskState::Failed(failure) => (Role::Bad, format!("✗ {}", failure.message)),
            };
            let time = task.ended.unwrap_or(world.moment.running).saturating_sub(task.begun).as_secs();
            vec![line(theme, Role::Plain, &task.title), line(theme, role, state), progress(task, world), line(theme, Role::Quiet, length(time))]
        };
        Table { columns: COLUMNS, len: world.tasks.len(), row, focused: true }.view(frame, area, &mut self.list, theme);
    }
}

/// `61% ▓▓▓▓▓▓░░ 212 MB/s`
fn progress(task: &Task, world: &World) -> Line<'static> {
    let theme = world.theme;
    let Some((done, whole, unit)) = task.progress else { return Line::default() };
    let amount = |value: u64| match unit {
        Unit::Bytes => bytes(value),
        Unit::Items => number(value),
    };
    let mut text = match whole.filter(|whole| *whole > 0) {
        Some(whole) => {
            let percent = u128::from(done.min(whole)) * 100 / u128::from(whole);
            let full = usize::try_from(percent * 8 / 100).unwrap_or(0);
            format!("{percent:>3}% {}{} {}", "▓".repeat(full), "░".repeat(8 - full), amount(whole))
        }
        None => amount(done),
    };
    if let Some(rate) = task.rate(world.moment.running).filter(|_| unit == Unit::Bytes && task.runs()) {
        text.push_str(&format!(" {rate:.0} MB/s", rate = rate / 1_000_000.0));
    }
    if let Some(remaining) = task.remaining(world.moment.running) {
        text.push_str(&format!(" {}:{:02}", remaining.as_secs() / 60, remaining.as_secs() % 60));
    }
    line(theme, Role::Plain, text)
}

/// Bytes in the unit that says most: `212 MB`.
pub(crate) fn bytes(value: u64) -> String {
    match value {
        0..10_000 => format!("{value} B"),
        10_000..10_000_000 => format!("{} kB", value / 1_000),
        10_000_000..10_000_000_000 => format!("{} MB", value / 1_000_000),
        _ => format!("{} GB", value / 1_000_000_000),
    }
}
