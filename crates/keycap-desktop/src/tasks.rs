//! Files being sealed or opened: each task on a thread of its own, with how far it is, and a way to stop it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use keycap_vault::files::{Cancel, Progress};
use keycap_vault::view::FilesView;
use serde::Serialize;
use ts_rs::TS;

use crate::desk::Outlet;
use crate::event::Event;

/// How often the window is told that a task got further.
const TOLD: Duration = Duration::from_millis(200);

/// What a task does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum TaskKind {
    /// It seals.
    Seal,
    /// It opens.
    Open,
    /// It gives other recipients.
    Reseal,
}

/// A task of this window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub(crate) struct TaskView {
    /// Its number in this window.
    pub(crate) id: u32,
    /// What it does.
    pub(crate) kind: TaskKind,
    /// Its files, in a few words.
    pub(crate) what: String,
    /// Bytes done so far.
    pub(crate) bytes: u64,
    /// Bytes in all, where that is known.
    pub(crate) of: Option<u64>,
    /// Milliseconds for which it ran.
    pub(crate) ms: u64,
    /// Whether it was told to stop.
    pub(crate) stopped: bool,
    /// What became of it; `None`: it runs.
    pub(crate) result: Option<FilesView>,
}

/// All tasks.
#[derive(Clone)]
pub(crate) struct Tasks {
    state: Arc<Mutex<State>>,
    outlet: Outlet,
}

#[derive(Default)]
struct State {
    last: u32,
    tasks: BTreeMap<u32, Task>,
}

struct Task {
    kind: TaskKind,
    what: String,
    of: Option<u64>,
    done: Arc<AtomicU64>,
    begun: Instant,
    ended: Option<(Instant, FilesView)>,
    cancel: Cancel,
}

/// What the work of a task has.
pub(crate) struct Work {
    pub(crate) id: u32,
    pub(crate) cancel: Cancel,
    pub(crate) meter: Meter,
}

/// Counts the bytes of a task.
pub(crate) struct Meter {
    done: Arc<AtomicU64>,
    told: Mutex<Instant>,
    outlet: Outlet,
}

impl Tasks {
    /// None yet.
    pub(crate) fn new(outlet: Outlet) -> Self {
        Self { state: Arc::default(), outlet }
    }

    /// Begins one.
    pub(crate) fn begin(&self, kind: TaskKind, what: String, of: Option<u64>) -> Work {
        let (cancel, done, begun) = (Cancel::new(), Arc::new(AtomicU64::new(0)), Instant::now());
        let id = self.state(|state| {
            state.last = state.last.wrapping_add(1);
            let task = Task { kind, what, of, done: Arc::clone(&done), begun, ended: None, cancel: cancel.clone() };
            state.tasks.insert(state.last, task);
            state.last
        });
        (self.outlet)(Event::Tasks);
        Work { id, cancel, meter: Meter { done, told: Mutex::new(begun), outlet: Arc::clone(&self.outlet) } }
    }

    /// It has ended.
    pub(crate) fn end(&self, id: u32, result: FilesView) {
        self.state(|state| {
            if let Some(task) = state.tasks.get_mut(&id) {
                task.ended = Some((Instant::now(), result));
            }
        });
        (self.outlet)(Event::Tasks);
    }

    /// Stops one that runs, and clears away one that has ended.
    pub(crate) fn stop(&self, id: u32) {
        self.state(|state| match state.tasks.get(&id) {
            Some(task) if task.ended.is_none() => task.cancel.cancel(),
            Some(_) => drop(state.tasks.remove(&id)),
            None => {}
        });
        (self.outlet)(Event::Tasks);
    }

    /// Stops all, and removes what is half written: the program ends.
    pub(crate) fn abandon(&self) {
        self.state(|state| state.tasks.values().filter(|task| task.ended.is_none()).for_each(|task| task.cancel.abandon()));
    }

    /// All of them, the newest first.
    pub(crate) fn views(&self) -> Vec<TaskView> {
        let view = |(id, task): (&u32, &Task)| TaskView {
            id: *id,
            kind: task.kind,
            what: task.what.clone(),
            bytes: task.done.load(Ordering::Relaxed),
            of: task.of,
            ms: u64::try_from(task.ended.as_ref().map_or_else(Instant::now, |(at, _)| *at).duration_since(task.begun).as_millis())
                .unwrap_or(u64::MAX),
            stopped: task.cancel.is_cancelled(),
            result: task.ended.as_ref().map(|(_, result)| result.clone()),
        };
        self.state(|state| state.tasks.iter().rev().map(view).collect())
    }

    fn state<T>(&self, of: impl FnOnce(&mut State) -> T) -> T {
        of(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Progress for Meter {
    fn advance(&self, bytes: u64) {
        self.done.fetch_add(bytes, Ordering::Relaxed);
        // Whoever finds it locked knows that another thread is just telling.
        if let Ok(mut told) = self.told.try_lock()
            && told.elapsed() >= TOLD
        {
            *told = Instant::now();
            (self.outlet)(Event::Tasks);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_is_stopped_first_and_cleared_away_second() {
        let tasks = Tasks::new(Arc::new(drop));
        let work = tasks.begin(TaskKind::Seal, "photos".into(), Some(10));
        work.meter.advance(4);
        let view = tasks.views().remove(0);
        assert_eq!((view.bytes, view.of, view.stopped, view.result), (4, Some(10), false, None));
        tasks.stop(work.id);
        assert!(work.cancel.is_cancelled());
        tasks.end(work.id, FilesView { recipients: vec![], files: vec![], done: 0, failed: 1, bytes: 0, notes: vec![] });
        assert!(tasks.views()[0].result.is_some());
        tasks.stop(work.id);
        assert!(tasks.views().is_empty());
    }
}
