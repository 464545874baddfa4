//! Many small files at once: one thread prepares each, since recipients and identities stay with it, and the others do the rest.

use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::chunks::workers;

/// Jobs that wait for a worker.
const WAITING: usize = 16;

/// Lets `give` hand out jobs, and does them on all cores. With `jobs` below two no thread is worth it.
pub(super) fn crew<J: Send>(jobs: usize, work: impl Fn(J) + Sync, give: impl FnOnce(&mut dyn FnMut(J))) {
    if jobs < 2 {
        give(&mut |job| work(job));
        return;
    }
    let (sender, receiver) = sync_channel(WAITING);
    let receiver = Mutex::new(receiver);
    thread::scope(|scope| {
        let mut hired = 0;
        for _ in 0..workers() {
            let hand = || {
                while let Some(job) = next(&receiver) {
                    work(job)
                }
            };
            hired += usize::from(thread::Builder::new().spawn_scoped(scope, hand).is_ok());
        }
        give(&mut |job| {
            if hired == 0 {
                work(job);
            } else if let Err(refused) = sender.send(job) {
                // The receiver lives as long as this scope; were it gone, the job would be done here.
                work(refused.0);
            }
        });
        drop(sender);
    });
}

fn next<J>(receiver: &Mutex<Receiver<J>>) -> Option<J> {
    receiver.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    #[test]
    fn every_job_is_done_once() {
        for (jobs, numbers) in [(0, 0..0), (1, 0..1), (2, 0..2), (500, 0..500)] {
            let sum = AtomicU64::new(0);
            crew(
                jobs,
                |job: u64| {
                    sum.fetch_add(job, Ordering::Relaxed);
                },
                |give| numbers.clone().for_each(give),
            );
            assert_eq!(sum.into_inner(), numbers.sum::<u64>());
        }
    }
}
