//! What is told outside the window, by the desktop's notifications: a grant is about to expire, a gateway of this window refuses, gateways have
//! applied a revocation.
//!
//! A person can switch it off, and it is off until the page has said that it is on. Nothing that a closed vault holds is named. Who asks a
//! gateway again and again makes one notification and then sums, not a flood. Where no desktop listens nothing is told and nothing fails.

#[cfg(target_os = "linux")]
mod bus;
mod refusals;
pub(crate) mod watch;
mod words;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::Instant;

use refusals::Refusals;

use crate::gate::Gate;

/// Something to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum News {
    /// Grants expire within a day: the next one to expire, and how many there are in all.
    Expiring {
        /// Its service and name.
        first: String,
        /// How many, itself included.
        count: usize,
    },
    /// Gateways have applied a revocation.
    Revoked {
        /// The service and name of what was revoked.
        grant: String,
        /// How many gateways.
        gateways: usize,
        /// How many sessions they cut.
        sessions: u64,
    },
    /// A gateway of this window has refused somebody.
    Refused {
        /// The service.
        service: String,
    },
}

/// Something to be told, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Notice {
    about: About,
    title: String,
    text: String,
}

/// What a notification is about: a newer one about refusals takes the place of an older one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum About {
    Expiry,
    Revocation,
    Refusals,
}

/// Whoever has something to tell.
#[derive(Debug, Clone)]
pub(crate) struct Notices {
    news: Sender<News>,
    on: Arc<AtomicBool>,
}

/// How a notice gets to the desktop.
type Post = Box<dyn FnMut(&Notice) + Send>;

impl Notices {
    /// Starts the thread that tells; `on_click` is called when a person clicks on a notification, `is_seen` says whether the window has the
    /// focus, so that they see what happens without being told.
    pub(crate) fn start(gate: Arc<Gate>, is_seen: impl Fn() -> bool + Send + 'static, on_click: Arc<dyn Fn() + Send + Sync>) -> Self {
        Self::start_with(gate, is_seen, post(on_click))
    }

    fn start_with(gate: Arc<Gate>, is_seen: impl Fn() -> bool + Send + 'static, post: Post) -> Self {
        let (news, told) = mpsc::channel();
        let on = Arc::new(AtomicBool::new(false));
        let is_on = Arc::clone(&on);
        let is_wanted = move |about| is_on.load(Ordering::Relaxed) && (about == About::Expiry || !is_seen());
        let teller = Teller { gate, post, refusals: Refusals::default() };
        // Without a thread nothing is told.
        drop(thread::Builder::new().name("notices".to_owned()).spawn(move || teller.work(&told, is_wanted)));
        Self { news, on }
    }

    /// Switches all of it on or off.
    pub(crate) fn switch(&self, on: bool) {
        self.on.store(on, Ordering::Relaxed);
    }

    /// Whether anything is told.
    pub(crate) fn is_on(&self) -> bool {
        self.on.load(Ordering::Relaxed)
    }

    /// Tells it, if it is to be told.
    pub(crate) fn tell(&self, news: News) {
        // Whoever listened has gone with the program.
        drop(self.news.send(news));
    }
}

#[cfg(target_os = "linux")]
fn post(on_click: Arc<dyn Fn() + Send + Sync>) -> Post {
    let mut bus = bus::Bus::new(on_click);
    Box::new(move |notice| bus.post(notice))
}

/// Other systems are told nothing.
#[cfg(not(target_os = "linux"))]
fn post(_: Arc<dyn Fn() + Send + Sync>) -> Post {
    Box::new(|_| {})
}

struct Teller {
    gate: Arc<Gate>,
    post: Post,
    refusals: Refusals,
}

impl Teller {
    fn work(mut self, news: &Receiver<News>, is_wanted: impl Fn(About) -> bool) {
        loop {
            let next = match self.refusals.due_in(Instant::now()) {
                Some(wait) => news.recv_timeout(wait),
                None => news.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            let closed = self.gate.closed().is_some();
            let notice = match next {
                Ok(News::Refused { service }) => self.refusals.count(&service, Instant::now()).map(|sum| words::refused(&sum, closed)),
                // What stands in the ledger is told of an open vault only, and whoever looks into it knows.
                Ok(News::Expiring { .. } | News::Revoked { .. }) if closed => None,
                Ok(News::Expiring { first, count }) => Some(words::expiring(&first, count)),
                Ok(News::Revoked { grant, gateways, sessions }) => Some(words::revoked(&grant, gateways, sessions)),
                Err(RecvTimeoutError::Timeout) => self.refusals.due(Instant::now()).map(|sum| words::refused(&sum, closed)),
                Err(RecvTimeoutError::Disconnected) => return,
            };
            if let Some(notice) = notice.filter(|notice| is_wanted(notice.about)) {
                (self.post)(&notice);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::time::Duration;

    use super::*;
    use crate::event::Closed;
    use crate::gate::IDLE;

    fn expiring() -> News {
        News::Expiring { first: "orders/alice".into(), count: 1 }
    }

    fn revoked() -> News {
        News::Revoked { grant: "orders/alice".into(), gateways: 1, sessions: 0 }
    }

    fn refused() -> News {
        News::Refused { service: "orders".into() }
    }

    #[test]
    fn what_is_told_depends_on_the_switch_the_lock_and_the_focus() {
        let (gate, focus, posted) = (Arc::new(Gate::new(IDLE)), Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
        let (seen, log) = (Arc::clone(&focus), Arc::clone(&posted));
        let is_seen = move || seen.load(Ordering::Relaxed);
        let notices = Notices::start_with(Arc::clone(&gate), is_seen, Box::new(move |notice| log.lock().unwrap().push(notice.clone())));
        // What is told last has been told when this returns: there is one thread, and it takes one after the other.
        let tell = |news: &[News]| {
            let before = posted.lock().unwrap().len();
            news.iter().for_each(|news| notices.tell(news.clone()));
            let begun = Instant::now();
            while posted.lock().unwrap().len() == before && begun.elapsed() < Duration::from_millis(300) {
                thread::sleep(Duration::from_millis(5));
            }
            posted.lock().unwrap().drain(..).map(|notice| notice.about).collect::<Vec<_>>()
        };
        assert_eq!(tell(&[expiring(), revoked(), refused()]), [], "it is off until somebody switches it on");
        notices.switch(true);
        assert_eq!(tell(&[expiring()]), [About::Expiry]);
        assert_eq!(tell(&[revoked()]), [About::Revocation]);
        focus.store(true, Ordering::Relaxed);
        assert_eq!(tell(&[revoked()]), [], "the window shows it");
        assert_eq!(tell(&[expiring()]), [About::Expiry], "the window shows it on one of its screens");
        focus.store(false, Ordering::Relaxed);
        assert!(gate.close(Closed::Idle));
        assert_eq!(tell(&[expiring()]), []);
        assert_eq!(tell(&[revoked()]), []);
    }

    #[test]
    fn a_refusal_is_told_of_a_closed_vault_without_its_service() {
        let gate = Arc::new(Gate::new(IDLE));
        assert!(gate.close(Closed::Idle));
        let (log, posted) = mpsc::channel();
        let notices = Notices::start_with(gate, || false, Box::new(move |notice: &Notice| drop(log.send(notice.clone()))));
        notices.switch(true);
        notices.tell(refused());
        let notice = posted.recv_timeout(Duration::from_secs(5)).unwrap();
        assert_eq!((notice.about, notice.title.as_str()), (About::Refusals, "A gateway refused somebody"));
        assert!(!notice.text.contains("orders"), "{notice:?}");
        notices.tell(refused());
        assert!(posted.recv_timeout(Duration::from_millis(200)).is_err(), "the second is summed up later");
    }
}
