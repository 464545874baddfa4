//! Times as people read them: how long ago, how much longer, and on which day.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Now and where, to tell other times by.
#[derive(Debug, Clone)]
pub(crate) struct Times {
    now: u64,
    zone: TimeZone,
}

impl Times {
    /// With the time as the vault's clock has it, in the system's time zone.
    pub(crate) fn new(now: u64) -> Self {
        Self { now, zone: TimeZone::system() }
    }

    /// How far away it is: `in 29 d`, `2 min ago`, `now`.
    pub(crate) fn relative(&self, at: u64) -> String {
        match (at.checked_sub(self.now), self.now.checked_sub(at)) {
            (Some(0), _) => "now".to_owned(),
            (Some(ahead), _) => format!("in {}", span(ahead)),
            (None, Some(past)) => format!("{} ago", span(past)),
            (None, None) => String::new(),
        }
    }

    /// The day, `2026-12-23`.
    pub(crate) fn day(&self, at: u64) -> String {
        self.format(at, "%Y-%m-%d")
    }

    /// The day and the minute, `2026-12-23 14:31`.
    pub(crate) fn minute(&self, at: u64) -> String {
        self.format(at, "%Y-%m-%d %H:%M")
    }

    /// The day and the second, `2026-12-23 14:31:07`.
    pub(crate) fn second(&self, at: u64) -> String {
        self.format(at, "%Y-%m-%d %H:%M:%S")
    }

    /// Both: `2026-12-23 14:31, in 29 d`.
    pub(crate) fn full(&self, at: u64) -> String {
        format!("{}, {}", self.minute(at), self.relative(at))
    }

    fn format(&self, at: u64, format: &str) -> String {
        let timestamp = i64::try_from(at).ok().and_then(|at| Timestamp::from_second(at).ok());
        timestamp.map_or_else(|| "beyond the end of time".to_owned(), |timestamp| self.zone.to_datetime(timestamp).strftime(format).to_string())
    }
}

/// A length of time in its largest unit, rounded down: `29 d`, `12 h`, `5 min`, `40 s`.
pub(crate) fn span(seconds: u64) -> String {
    // Above two years days say less than years; below, `400 d` says more than `1 y`.
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        172_800..63_072_000 => format!("{} d", seconds / 86_400),
        _ => format!("{} y", seconds / 31_536_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_told_in_the_unit_that_says_most() {
        let times = Times { now: 1_800_000_000, zone: TimeZone::UTC };
        let at = |difference: i64| times.relative(times.now.checked_add_signed(difference).unwrap());
        assert_eq!(at(0), "now");
        assert_eq!(at(119), "in 119 s");
        assert_eq!(at(-300), "5 min ago");
        assert_eq!(at(86_400), "in 24 h");
        assert_eq!(at(30 * 86_400 - 1), "in 29 d");
        assert_eq!(at(-3 * 31_536_000), "3 y ago");
        assert_eq!(times.full(1_800_086_400), "2027-01-16 08:00, in 24 h");
        assert_eq!(times.second(1_800_086_407), "2027-01-16 08:00:07");
        assert_eq!(times.day(u64::MAX), "beyond the end of time");
    }
}
