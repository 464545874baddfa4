//! How far the work is: a bar on standard error, if that is a terminal and the work takes more than a second.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use keycap_vault::files::Progress;

use crate::output::line::Line;

/// Work that is shorter needs no bar.
const SOON: Duration = Duration::from_secs(1);
/// Columns of the bar itself.
const KNOWN: &str = "{msg}  {percent:>3}%  [{bar:20}]  {decimal_bytes} of {decimal_total_bytes}  {decimal_bytes_per_sec}  {eta} left";
const UNKNOWN: &str = "{msg}  {spinner}  {decimal_bytes}  {decimal_bytes_per_sec}";

/// The bar.
pub(super) struct Bar {
    bar: ProgressBar,
    began: Instant,
    /// Whether nobody sees it, yet or at all.
    hidden: AtomicBool,
    wanted: bool,
}

impl Bar {
    /// Of work on so many bytes, where that is known.
    pub(super) fn new(total: Option<u64>, json: bool) -> Self {
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::hidden());
        let template = if total.is_some() { KNOWN } else { UNKNOWN };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> ").tick_chars("|/-\\ "));
        }
        Self { bar, began: Instant::now(), hidden: AtomicBool::new(true), wanted: !json && std::io::stderr().is_terminal() }
    }

    /// Takes it away.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Progress for Bar {
    fn begin(&self, name: &str) {
        if self.wanted {
            // A name may hold what would steer the terminal; a line does not.
            self.bar.set_message(Line::from(name).cut(40).text());
        }
    }

    fn advance(&self, bytes: u64) {
        self.bar.inc(bytes);
        if self.wanted && self.hidden.load(Ordering::Relaxed) && self.began.elapsed() > SOON && self.hidden.swap(false, Ordering::Relaxed) {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
    }
}
