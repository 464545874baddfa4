//! Work that takes long: sealing a large file, serving a service. It runs beside the interface, says how it gets on, and stops when told.

pub(crate) mod files;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::request::Failure;

/// A task's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct TaskId(pub(crate) u64);

/// What a task does, on a thread of its own.
pub(crate) trait Job: Send + fmt::Debug {
    /// Does it; the text says what came of it.
    ///
    /// # Errors
    /// Whatever keeps it from being done. What it had begun is removed.
    fn run(self: Box<Self>, task: &TaskHandle) -> Result<String, Failure>;
}

/// A task's connection to the interface.
#[derive(Clone)]
pub(crate) struct TaskHandle {
    cancelled: Arc<AtomicBool>,
    tell: Arc<dyn Fn(TaskNews) + Send + Sync>,
}

impl fmt::Debug for TaskHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskHandle").field("cancelled", &self.is_cancelled()).finish_non_exhaustive()
    }
}

impl TaskHandle {
    /// With what the interface sets when it is to stop, and how it hears of news.
    pub(crate) fn new(cancelled: Arc<AtomicBool>, tell: Arc<dyn Fn(TaskNews) + Send + Sync>) -> Self {
        Self { cancelled, tell }
    }

    /// Whether it is to stop; asked often enough that it stops within half a second.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// Says how it gets on.
    pub(crate) fn tell(&self, news: TaskNews) {
        (self.tell)(news);
    }
}

/// How a task gets on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TaskNews {
    /// What it does now, in a few words.
    Says(String),
    /// How much of how much is done; without a whole, just how much.
    Progress { done: u64, whole: Option<u64>, unit: Unit },
    /// It has ended.
    Ended(Result<String, Failure>),
}

/// What a task's progress is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Bytes.
    Bytes,
    /// Things.
    Items,
}

/// A task as the interface knows it.
#[derive(Debug)]
pub(crate) struct Task {
    pub(crate) id: TaskId,
    /// What it is, such as `serve orders`.
    pub(crate) title: String,
    /// Since when it runs.
    pub(crate) begun: Duration,
    /// When it ended.
    pub(crate) ended: Option<Duration>,
    pub(crate) says: String,
    pub(crate) progress: Option<(u64, Option<u64>, Unit)>,
    pub(crate) state: TaskState,
}

/// What has become of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TaskState {
    Running,
    Stopping,
    Done(String),
    Cancelled,
    Failed(Failure),
}

impl Task {
    /// Whether it has not ended.
    pub(crate) fn runs(&self) -> bool {
        matches!(self.state, TaskState::Running | TaskState::Stopping)
    }

    /// Takes in what it says.
    pub(crate) fn hear(&mut self, news: TaskNews, at: Duration) {
        match news {
            TaskNews::Says(text) => self.says = text,
            TaskNews::Progress { done, whole, unit } => self.progress = Some((done, whole, unit)),
            TaskNews::Ended(outcome) => {
                self.ended = Some(at);
                self.state = match (outcome, &self.state) {
                    (Ok(text), _) => TaskState::Done(text),
                    (Err(_), TaskState::Stopping) => TaskState::Cancelled,
                    (Err(failure), _) => TaskState::Failed(failure),
                };
            }
        }
    }

    /// How long it will take if it goes on like this; `None` where that cannot be told.
    pub(crate) fn remaining(&self, now: Duration) -> Option<Duration> {
        let (done, whole, _) = self.progress?;
        let left = whole?.saturating_sub(done);
        let left = f64::from(u32::try_from(left >> 10).unwrap_or(u32::MAX)) * 1024.0;
        self.runs().then(|| self.rate(now)).flatten().and_then(|rate| Duration::try_from_secs_f64(left / rate).ok())
    }

    /// Units a second since it began; `None` before there is anything to go by.
    pub(crate) fn rate(&self, now: Duration) -> Option<f64> {
        let (done, _, _) = self.progress?;
        let seconds = self.ended.unwrap_or(now).saturating_sub(self.begun).as_secs_f64();
        let done = f64::from(u32::try_from(done >> 10).unwrap_or(u32::MAX)) * 1024.0;
        (seconds >= 0.5 && done > 0.0).then(|| done / seconds)
    }
}
