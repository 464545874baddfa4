//! How faces put things that are no words into words: times, as people tell them, and text that other people wrote.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Now and where, to tell other times by.
#[derive(Debug, Clone)]
pub struct TimeWords {
    now: u64,
    zone: TimeZone,
}

impl TimeWords {
    /// With the time as the vault's clock has it, in Unix seconds, and in the system's time zone.
    #[must_use]
    pub fn new(now: u64) -> Self {
        Self { now, zone: TimeZone::system() }
    }

    /// In UTC, whatever the system's time zone.
    #[must_use]
    pub const fn utc(now: u64) -> Self {
        Self { now, zone: TimeZone::UTC }
    }

    /// The same place, at another time.
    #[must_use]
    pub fn at(&self, now: u64) -> Self {
        Self { now, zone: self.zone.clone() }
    }

    /// The time by which others are told, in Unix seconds.
    #[must_use]
    pub const fn now(&self) -> u64 {
        self.now
    }

    /// How far away it is: `in 29 d`, `2 min ago`, `now`.
    #[must_use]
    pub fn relative(&self, at: u64) -> String {
        match (at.checked_sub(self.now), self.now.checked_sub(at)) {
            (Some(0), _) => "now".to_owned(),
            (Some(ahead), _) => format!("in {}", span(ahead)),
            (None, Some(past)) => format!("{} ago", span(past)),
            (None, None) => String::new(),
        }
    }

    /// The day, `2026-12-23`.
    #[must_use]
    pub fn day(&self, at: u64) -> String {
        self.format(at, "%Y-%m-%d")
    }

    /// The day and the minute, `2026-12-23 14:31`.
    #[must_use]
    pub fn minute(&self, at: u64) -> String {
        self.format(at, "%Y-%m-%d %H:%M")
    }

    /// The day and the second, `2026-12-23 14:31:07`.
    #[must_use]
    pub fn second(&self, at: u64) -> String {
        self.format(at, "%Y-%m-%d %H:%M:%S")
    }

    /// The time of the day, `14:31`.
    #[must_use]
    pub fn clock(&self, at: u64) -> String {
        self.format(at, "%H:%M")
    }

    /// Both: `2026-12-23 14:31, in 29 d`.
    #[must_use]
    pub fn full(&self, at: u64) -> String {
        format!("{}, {}", self.minute(at), self.relative(at))
    }

    fn format(&self, at: u64, format: &str) -> String {
        let timestamp = i64::try_from(at).ok().and_then(|at| Timestamp::from_second(at).ok());
        timestamp.map_or_else(|| "beyond the end of time".to_owned(), |timestamp| self.zone.to_datetime(timestamp).strftime(format).to_string())
    }
}

/// A length of time in its largest unit, rounded down: `29 d`, `12 h`, `5 min`, `40 s`.
#[must_use]
pub fn span(seconds: u64) -> String {
    // Above two years days say less than years; below, `400 d` says more than `1 y`.
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        172_800..63_072_000 => format!("{} d", seconds / 86_400),
        _ => format!("{} y", seconds / 31_536_000),
    }
}

/// The text with everything replaced that would steer a terminal or reorder what is shown: control characters, and Unicode's marks for the
/// direction of text. Names, notes and hints come from other people.
#[must_use]
pub fn harmless(text: &str) -> String {
    let steers = |c: char| {
        c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
    };
    text.chars().map(|c| if steers(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// A number with a comma after every three digits: `100,000`.
#[must_use]
pub fn number(value: u64) -> String {
    let digits = value.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A number of bytes: in full below 1,000, then in powers of 1,000 with three digits that count.
#[must_use]
pub fn bytes(bytes: u64) -> String {
    let units = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if bytes == 1 {
        return "1 byte".into();
    }
    if bytes < 1_000 {
        return format!("{bytes} bytes");
    }
    // In thousandths of the unit, so that no number needs a fraction.
    let (mut thousandths, mut unit) = (bytes, 0);
    while thousandths >= 1_000_000 && unit + 1 < units.len() {
        thousandths /= 1_000;
        unit += 1;
    }
    let (whole, rest) = (thousandths / 1_000, thousandths % 1_000);
    let unit = units.get(unit).copied().unwrap_or_default();
    match whole {
        0..10 => format!("{whole}.{:02} {unit}", rest / 10),
        10..100 => format!("{whole}.{} {unit}", rest / 100),
        _ => format!("{whole} {unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_told_in_the_unit_that_says_most() {
        let times = TimeWords::utc(1_800_000_000);
        let at = |difference: i64| times.relative(times.now.checked_add_signed(difference).unwrap());
        assert_eq!(at(0), "now");
        assert_eq!(at(119), "in 119 s");
        assert_eq!(at(-300), "5 min ago");
        assert_eq!(at(86_400), "in 24 h");
        assert_eq!(at(30 * 86_400 - 1), "in 29 d");
        assert_eq!(at(-3 * 31_536_000), "3 y ago");
        assert_eq!(times.full(1_800_086_400), "2027-01-16 08:00, in 24 h");
        assert_eq!(times.second(1_800_086_407), "2027-01-16 08:00:07");
        assert_eq!(times.clock(1_800_086_407), "08:00");
        assert_eq!(times.day(u64::MAX), "beyond the end of time");
    }

    #[test]
    fn numbers_are_grouped_by_three_digits() {
        assert_eq!([0, 999, 1_000, 100_000, 1_234_567].map(number), ["0", "999", "1,000", "100,000", "1,234,567"]);
    }

    #[test]
    fn sizes_have_three_digits_that_count() {
        let sizes = [0, 1, 999, 1_000, 1_999, 12_345, 999_999, 1_000_000, 1_073_741_824, u64::MAX];
        let texts = ["0 bytes", "1 byte", "999 bytes", "1.00 kB", "1.99 kB", "12.3 kB", "999 kB", "1.00 MB", "1.07 GB", "18.4 EB"];
        assert_eq!(sizes.map(bytes), texts);
    }

    #[test]
    fn what_others_wrote_loses_what_would_steer_a_terminal() {
        assert_eq!(harmless("a\u{1b}[2Jb\r\nc\u{202e}d\u{9b}é日"), "a\u{fffd}[2Jb\u{fffd}\u{fffd}c\u{fffd}d\u{fffd}é日");
    }
}
