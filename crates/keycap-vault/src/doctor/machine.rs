//! What keycap needs of the machine: a clock, a session bus, a terminal.

use std::path::PathBuf;

use keycap_core::time::{Clock, UnixSeconds};

use super::{finding, ok};
use crate::environment::Environment;
use crate::view::{DoctorFinding, Level};

/// Seconds by which the log may be ahead of the clock: several machines' clocks may have written it.
const CLOCK_TOLERANCE_S: u64 = 60;

/// What a process sees of its machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Machine {
    clock: Clock,
    /// `$TERM`.
    terminal: Option<String>,
    /// `$COLORTERM`.
    colours: Option<String>,
    /// Whether `$NO_COLOR` asks for none.
    no_colour: bool,
    /// The session bus, where there is such a thing.
    bus: Bus,
}

/// The session bus, on which Linux has its keyring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bus {
    /// Its address is known.
    Known,
    /// Nothing says where it is.
    Missing,
    /// The system has no such thing, and needs none.
    Elsewhere,
}

impl Machine {
    /// The machine of this process.
    pub(super) fn here(environment: &Environment) -> Self {
        let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        Self {
            clock: environment.clock(),
            terminal: variable("TERM"),
            colours: variable("COLORTERM"),
            no_colour: variable("NO_COLOR").is_some(),
            bus: bus(),
        }
    }

    /// What is to be said of it. `newest` is when the log was last written.
    pub(super) fn findings(&self, needs_keyring: bool, newest: Option<UnixSeconds>) -> Vec<DoctorFinding> {
        [Some(self.time(newest)), self.session_bus(needs_keyring), Some(self.colour())].into_iter().flatten().collect()
    }

    fn time(&self, newest: Option<UnixSeconds>) -> DoctorFinding {
        let hint = Some("Set the clock, or let it be set over the network: every capability expires by it.".to_owned());
        match (self.clock, newest) {
            (Clock::Unsure, _) => finding(Level::Problem, "clock-unset", "This machine's clock is not set; gateways here refuse everything.", hint),
            (Clock::Sure(now), Some(newest)) if newest.since(now) > CLOCK_TOLERANCE_S => {
                let ahead = newest.since(now);
                let what = format!("The clock is {ahead} s behind the newest row of the log: one of the two was wrong.");
                finding(Level::Warning, "clock-went-back", what, hint)
            }
            (Clock::Sure(_), _) => ok("clock", "The clock is set."),
        }
    }

    fn session_bus(&self, needs_keyring: bool) -> Option<DoctorFinding> {
        match self.bus {
            Bus::Elsewhere => None,
            Bus::Known => Some(ok("session-bus", "There is a D-Bus session bus.")),
            Bus::Missing => {
                let what = "There is no D-Bus session bus, so no keyring can be reached.";
                let hint = if needs_keyring {
                    "Log in on the desktop, or run keycap below `dbus-run-session` with a keyring; this vault's secrets are out of reach till then."
                } else {
                    "This vault needs none. For one whose secrets rest in a keyring, log in on the desktop."
                };
                let level = if needs_keyring { Level::Problem } else { Level::Note };
                Some(finding(level, "no-session-bus", what, Some(hint.into())))
            }
        }
    }

    fn colour(&self) -> DoctorFinding {
        if self.no_colour {
            return finding(Level::Note, "no-color", "NO_COLOR is set: nothing is coloured.", Some("Unset it, or use `--color always`.".into()));
        }
        match (self.terminal.as_deref(), self.colours.as_deref()) {
            (None | Some("dumb"), _) => finding(
                Level::Note,
                "plain-terminal",
                "The terminal says that it can show nothing but text: no colours, and QR codes only as pictures.",
                Some("Use a terminal that sets TERM, or `--png FILE` for QR codes.".into()),
            ),
            (Some(_), Some("truecolor" | "24bit")) => ok("terminal", "The terminal shows all colours."),
            (Some(name), _) if name.contains("256color") => ok("terminal", "The terminal shows 256 colours."),
            (Some(_), _) => ok("terminal", "The terminal shows 16 colours."),
        }
    }
}

fn bus() -> Bus {
    if !cfg!(target_os = "linux") {
        return Bus::Elsewhere;
    }
    let address = std::env::var_os("DBUS_SESSION_BUS_ADDRESS").is_some_and(|address| !address.is_empty());
    let socket = std::env::var_os("XDG_RUNTIME_DIR").is_some_and(|folder| PathBuf::from(folder).join("bus").exists());
    if address || socket { Bus::Known } else { Bus::Missing }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixSeconds = UnixSeconds::new(1_800_000_000);

    fn machine() -> Machine {
        let (terminal, colours) = (Some("xterm-256color".to_owned()), None);
        Machine { clock: Clock::Sure(NOW), terminal, colours, no_colour: false, bus: Bus::Known }
    }

    fn codes(machine: &Machine, needs_keyring: bool, newest: Option<UnixSeconds>) -> Vec<(&'static str, Level)> {
        let findings = machine.findings(needs_keyring, newest);
        assert!(findings.iter().all(|finding| finding.level == Level::Ok || finding.hint.is_some()), "{findings:?}");
        findings.into_iter().map(|finding| (finding.code, finding.level)).collect()
    }

    #[test]
    fn a_machine_as_it_should_be_has_nothing_to_complain_of() {
        assert_eq!(codes(&machine(), true, Some(NOW)), [("clock", Level::Ok), ("session-bus", Level::Ok), ("terminal", Level::Ok)]);
    }

    #[test]
    fn a_clock_that_is_not_set_is_a_problem() {
        assert!(codes(&Machine { clock: Clock::Unsure, ..machine() }, false, None).contains(&("clock-unset", Level::Problem)));
    }

    #[test]
    fn a_clock_behind_the_log_is_noticed_beyond_a_minute() {
        assert!(codes(&machine(), false, Some(NOW.plus(60))).contains(&("clock", Level::Ok)));
        assert!(codes(&machine(), false, Some(NOW.plus(61))).contains(&("clock-went-back", Level::Warning)));
    }

    #[test]
    fn a_missing_session_bus_is_a_problem_only_for_a_vault_that_needs_it() {
        let without = Machine { bus: Bus::Missing, ..machine() };
        assert!(codes(&without, true, None).contains(&("no-session-bus", Level::Problem)));
        assert!(codes(&without, false, None).contains(&("no-session-bus", Level::Note)));
        let elsewhere = Machine { bus: Bus::Elsewhere, ..machine() };
        assert!(codes(&elsewhere, true, None).iter().all(|(code, _)| !code.contains("bus")));
    }

    #[test]
    fn a_terminal_without_colours_is_told() {
        assert!(codes(&Machine { no_colour: true, ..machine() }, false, None).contains(&("no-color", Level::Note)));
        for terminal in [None, Some("dumb".to_owned())] {
            assert!(codes(&Machine { terminal, ..machine() }, false, None).contains(&("plain-terminal", Level::Note)));
        }
    }
}
