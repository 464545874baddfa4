//! Colours: the one place where they are chosen. A screen names roles; what a role looks like depends on the terminal.
//!
//! Where there are only 16 colours they are the terminal's own, so that a person's colour scheme stays in charge. More colours are used for
//! one thing alone: greys that 16 colours do not have. Without colours, roles are told apart by bold, dim, underlined and reversed, and no
//! cell asks for a colour at all: a terminal that is told to reverse and to reset in one breath forgets the former. No state is told by colour
//! alone anywhere.

use ratatui::style::{Color, Modifier, Style};

/// How many colours the terminal has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// None, or none are wanted.
    Mono,
    /// The terminal's own 16.
    Ansi,
    /// 256 or more.
    Rich,
}

/// What the terminal's background is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ground {
    /// Light letters on dark.
    Dark,
    /// Dark letters on light.
    Light,
}

/// How things look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Theme {
    /// Colours there are.
    pub(crate) depth: Depth,
    /// What they stand on.
    pub(crate) ground: Ground,
}

/// What a part of the screen is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Ordinary text.
    Plain,
    /// What the eye should find first.
    Strong,
    /// What it may pass over: labels, fingerprints, lines of a tree.
    Quiet,
    /// The name of something of the user's.
    Name,
    /// The one accent: where one is, and which keys there are.
    Accent,
    /// It works, it is done.
    Good,
    /// It needs a look.
    Warn,
    /// It is over, refused, wrong, or dangerous.
    Bad,
    /// The frame of what has the focus.
    FrameFocused,
    /// The frame of everything else.
    Frame,
}

impl Theme {
    /// The style of a role.
    pub(crate) fn style(self, role: Role) -> Style {
        if self.depth == Depth::Mono {
            return mono(role);
        }
        match role {
            Role::Plain => Style::new(),
            Role::Strong => Style::new().add_modifier(Modifier::BOLD),
            Role::Quiet => self.grey(Color::Indexed(245), Color::Indexed(243)),
            Role::Name => Style::new().fg(self.accent()),
            Role::Accent | Role::FrameFocused => Style::new().fg(self.accent()).add_modifier(Modifier::BOLD),
            Role::Good => Style::new().fg(Color::Green),
            Role::Warn => Style::new().fg(Color::Yellow),
            Role::Bad => Style::new().fg(Color::Red),
            Role::Frame => self.grey(Color::Indexed(240), Color::Indexed(250)),
        }
    }

    /// What lies over a selected row of the list that has the focus.
    pub(crate) fn selection(self) -> Style {
        match (self.depth, self.ground) {
            (Depth::Mono | Depth::Ansi, _) => Style::new().add_modifier(Modifier::REVERSED),
            (Depth::Rich, Ground::Dark) => Style::new().bg(Color::Indexed(237)).add_modifier(Modifier::BOLD),
            (Depth::Rich, Ground::Light) => Style::new().bg(Color::Indexed(254)).add_modifier(Modifier::BOLD),
        }
    }

    /// What lies over a selected row of a list without the focus.
    pub(crate) fn selection_at_rest(self) -> Style {
        match (self.depth, self.ground) {
            (Depth::Mono | Depth::Ansi, _) => Style::new().add_modifier(Modifier::BOLD),
            (Depth::Rich, Ground::Dark) => Style::new().bg(Color::Indexed(235)),
            (Depth::Rich, Ground::Light) => Style::new().bg(Color::Indexed(255)),
        }
    }

    fn accent(self) -> Color {
        match self.ground {
            Ground::Dark => Color::Cyan,
            Ground::Light => Color::Blue,
        }
    }

    fn grey(self, dark: Color, light: Color) -> Style {
        match (self.depth, self.ground) {
            (Depth::Rich, Ground::Dark) => Style::new().fg(dark),
            (Depth::Rich, Ground::Light) => Style::new().fg(light),
            // The terminal's own bright black is invisible in some schemes.
            (Depth::Ansi | Depth::Mono, _) => Style::new().add_modifier(Modifier::DIM),
        }
    }
}

fn mono(role: Role) -> Style {
    let modifier = match role {
        Role::Plain | Role::Name | Role::Good => Modifier::empty(),
        Role::Strong | Role::Accent | Role::FrameFocused | Role::Warn => Modifier::BOLD,
        Role::Bad => Modifier::BOLD.union(Modifier::UNDERLINED),
        Role::Quiet | Role::Frame => Modifier::DIM,
    };
    Style::new().add_modifier(modifier)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLES: [Role; 10] =
        [Role::Plain, Role::Strong, Role::Quiet, Role::Name, Role::Accent, Role::Good, Role::Warn, Role::Bad, Role::FrameFocused, Role::Frame];

    #[test]
    fn without_colours_nothing_asks_for_one_and_the_selection_is_still_seen() {
        for ground in [Ground::Dark, Ground::Light] {
            let theme = Theme { depth: Depth::Mono, ground };
            let styles = ROLES.map(|role| theme.style(role));
            for style in styles.into_iter().chain([theme.selection(), theme.selection_at_rest()]) {
                assert_eq!((style.fg, style.bg), (None, None));
            }
            assert!(theme.selection().add_modifier.contains(Modifier::REVERSED));
        }
    }

    #[test]
    fn with_sixteen_colours_only_those_are_asked_for() {
        for ground in [Ground::Dark, Ground::Light] {
            let theme = Theme { depth: Depth::Ansi, ground };
            let styles = ROLES.map(|role| theme.style(role));
            for style in styles.into_iter().chain([theme.selection(), theme.selection_at_rest()]) {
                for colour in [style.fg, style.bg].into_iter().flatten() {
                    assert!(!matches!(colour, Color::Indexed(_) | Color::Rgb(..)), "{colour:?}");
                }
            }
        }
    }
}
