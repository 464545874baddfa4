//! Refusals, summed up so that nobody who knocks can flood a screen.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// After a notification about refusals the next one comes no sooner.
pub(super) const QUIET: Duration = Duration::from_mins(5);

/// How often which service was refused.
pub(super) type Sum = BTreeMap<String, u64>;

/// Refusals that were not told yet.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    quiet_until: Option<Instant>,
    untold: Sum,
}

impl Refusals {
    /// Counts one; what is to be told at once, if it is the first for a while.
    pub(super) fn count(&mut self, service: &str, now: Instant) -> Option<Sum> {
        let times = self.untold.entry(service.to_owned()).or_default();
        *times = times.saturating_add(1);
        self.due(now)
    }

    /// What is to be told now.
    pub(super) fn due(&mut self, now: Instant) -> Option<Sum> {
        if self.quiet_until.is_some_and(|until| now < until) {
            return None;
        }
        let sum = std::mem::take(&mut self.untold);
        self.quiet_until = (!sum.is_empty()).then(|| now + QUIET);
        (!sum.is_empty()).then_some(sum)
    }

    /// After what time something is to be told; `None`: not before another refusal.
    pub(super) fn due_in(&self, now: Instant) -> Option<Duration> {
        let until = self.quiet_until.filter(|_| !self.untold.is_empty())?;
        Some(until.saturating_duration_since(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_refusal_is_told_at_once_and_those_that_follow_as_a_sum() {
        let mut refusals = Refusals::default();
        let start = Instant::now();
        assert_eq!(refusals.due_in(start), None);
        assert_eq!(refusals.count("orders", start), Some(Sum::from([("orders".to_owned(), 1)])));
        assert_eq!(refusals.due_in(start), None, "there is nothing to be told");
        for second in 1..=200 {
            assert_eq!(refusals.count("orders", start + Duration::from_secs(second)), None);
        }
        assert_eq!(refusals.count("billing", start + Duration::from_secs(201)), None);
        assert_eq!(refusals.due_in(start + Duration::from_secs(240)), Some(Duration::from_secs(60)));
        assert_eq!(refusals.due(start + QUIET), Some(Sum::from([("billing".to_owned(), 1), ("orders".to_owned(), 200)])));
        assert_eq!(refusals.count("orders", start + QUIET + Duration::from_secs(1)), None, "a sum is followed by quiet as well");
    }

    #[test]
    fn after_a_quiet_while_the_next_refusal_is_the_first_again() {
        let mut refusals = Refusals::default();
        let start = Instant::now();
        assert!(refusals.count("orders", start).is_some());
        assert_eq!(refusals.due(start + QUIET), None);
        assert!(refusals.count("orders", start + QUIET * 2).is_some());
    }
}
