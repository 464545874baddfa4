//! Two things measured in turn, and the median of their ratio.

use std::time::{Duration, Instant};

/// Rounds of A and B each.
const ROUNDS: usize = 101;
/// How often each runs in one round.
const RUNS: u32 = 20;

pub(crate) struct Table(Vec<String>);

impl Table {
    pub(crate) fn new() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn row(&mut self, name: &str, a: impl Fn(), b: impl Fn()) {
        let mut rounds: Vec<(f64, Duration, Duration)> = (0..ROUNDS)
            .map(|_| {
                let (a, b) = (time(&a), time(&b));
                (a.as_secs_f64() / b.as_secs_f64(), a, b)
            })
            .collect();
        rounds.sort_by(|one, other| one.0.total_cmp(&other.0));
        let (ratio, a, b) = rounds[ROUNDS / 2];
        let micros = |time: Duration| (time / RUNS).as_secs_f64() * 1e6;
        self.0.push(format!("{name:<44} {ratio:>6.3}   {:>7.2} µs / {:>7.2} µs", micros(a), micros(b)));
    }

    pub(crate) fn print(&self) {
        eprintln!("\nMedian ratios of {ROUNDS} rounds in turn:");
        for row in &self.0 {
            eprintln!("{row}");
        }
    }
}

fn time(run: &impl Fn()) -> Duration {
    let start = Instant::now();
    (0..RUNS).for_each(|_| run());
    start.elapsed()
}
