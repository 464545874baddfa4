//! Presets: the limits that people mean when they say "for a day" or "for a teammate". Nobody narrows by hand.

use crate::limits::{AllowRule, Limits, Policy, Times, When};

/// A named set of limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preset {
    /// What `--preset` takes.
    pub name: &'static str,
    /// What a menu shows.
    pub label: &'static str,
    /// What it allows, in a sentence.
    pub description: &'static str,
    /// Seconds until it expires.
    expires_in_s: u64,
    /// Rules; none: everything.
    allow: &'static [&'static str],
    /// Links that may follow.
    max_links: Option<u8>,
    /// Sessions at a time.
    max_concurrent: Option<u64>,
}

const DAY: u64 = 86_400;

const PRESETS: [Preset; 6] = [
    Preset {
        name: "teammate",
        label: "A teammate, 30 days",
        description: "Everything the service offers, for 30 days; may be handed on twice.",
        expires_in_s: 30 * DAY,
        allow: &[],
        max_links: Some(2),
        max_concurrent: None,
    },
    Preset {
        name: "hour",
        label: "One hour",
        description: "Everything the service offers, for one hour; not to be handed on.",
        expires_in_s: 3_600,
        allow: &[],
        max_links: Some(0),
        max_concurrent: None,
    },
    Preset {
        name: "day",
        label: "One day",
        description: "Everything the service offers, for one day; may be handed on once.",
        expires_in_s: DAY,
        allow: &[],
        max_links: Some(1),
        max_concurrent: None,
    },
    Preset {
        name: "read-only-day",
        label: "Read only, one day",
        description: "Only GET, HEAD and OPTIONS at a gateway that understands HTTP, for one day; may be handed on once.",
        expires_in_s: DAY,
        allow: &["GET,HEAD,OPTIONS"],
        max_links: Some(1),
        max_concurrent: None,
    },
    Preset {
        name: "machine",
        label: "A machine, 90 days",
        description: "Everything the service offers, for 90 days and four sessions at a time; not to be handed on.",
        expires_in_s: 90 * DAY,
        allow: &[],
        max_links: Some(0),
        max_concurrent: Some(4),
    },
    Preset {
        name: "year",
        label: "One year",
        description: "Everything the service offers, for 365 days; may be handed on.",
        expires_in_s: 365 * DAY,
        allow: &[],
        max_links: None,
        max_concurrent: None,
    },
];

/// All presets, the one that is taken when none is named first.
#[must_use]
pub const fn presets() -> &'static [Preset] {
    &PRESETS
}

impl Preset {
    /// The preset of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        PRESETS.iter().find(|preset| preset.name == name)
    }

    /// Its limits.
    #[must_use]
    pub fn limits(&self) -> Limits {
        Limits {
            times: Times { expires: Some(When::In(self.expires_in_s)), ..Times::default() },
            allow: self.allow.iter().filter_map(|rule| rule.parse::<AllowRule>().ok()).collect(),
            holder: None,
            policy: Policy { max_links: self.max_links, max_concurrent: self.max_concurrent, ..Policy::default() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_expires_and_keeps_all_its_rules() {
        for preset in presets() {
            let limits = preset.limits();
            assert!(limits.times.expires.is_some(), "{}", preset.name);
            assert_eq!(limits.allow.len(), preset.allow.len(), "{}", preset.name);
            assert_eq!(Preset::named(preset.name), Some(preset));
        }
    }
}
