//! Tasks: each on a thread of its own, and told when to stop.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use keycap_vault::ErrorClass;

use crate::event::Event;
use crate::request::Failure;
use crate::task::{Job, TaskHandle, TaskId, TaskNews};

/// Everything that runs.
pub(super) struct Jobs {
    events: Sender<Event>,
    running: BTreeMap<TaskId, (Arc<AtomicBool>, JoinHandle<()>)>,
}

/// Tasks have that long to clean up when the program ends.
const PATIENCE: Duration = Duration::from_secs(2);

impl Jobs {
    pub(super) fn new(events: Sender<Event>) -> Self {
        Self { events, running: BTreeMap::new() }
    }

    pub(super) fn start(&mut self, id: TaskId, job: Box<dyn Job>) {
        let cancelled = Arc::new(AtomicBool::new(false));
        let events = self.events.clone();
        // News that nobody hears any more are none.
        let handle = TaskHandle::new(Arc::clone(&cancelled), Arc::new(move |news| drop(events.send(Event::Task { id, news }))));
        let thread = thread::Builder::new().name(format!("task {}", id.0));
        match thread.spawn(move || handle.tell(TaskNews::Ended(job.run(&handle)))) {
            Ok(thread) => drop(self.running.insert(id, (cancelled, thread))),
            Err(error) => {
                let failure =
                    Failure { code: "thread", class: ErrorClass::Failed, message: format!("no thread could be started: {error}"), hint: None };
                drop(self.events.send(Event::Task { id, news: TaskNews::Ended(Err(failure)) }));
            }
        }
    }

    pub(super) fn cancel(&mut self, id: TaskId) {
        if let Some((cancelled, _)) = self.running.get(&id) {
            cancelled.store(true, Ordering::Relaxed);
        }
    }

    /// Makes all of them stop, and waits for those that take it to heart.
    pub(super) fn stop_all(&mut self) {
        let until = Instant::now() + PATIENCE;
        self.running.values().for_each(|(cancelled, _)| cancelled.store(true, Ordering::Relaxed));
        while self.running.values().any(|(_, thread)| !thread.is_finished()) && Instant::now() < until {
            thread::sleep(Duration::from_millis(10));
        }
    }
}
