//! Short messages in the corner: what was done, or what went wrong.

use std::time::Duration;

use crate::request::Failure;
use crate::theme::Role;

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Toast {
    pub(crate) text: String,
    /// What to do next.
    pub(crate) hint: Option<String>,
    pub(crate) tone: Tone,
}

/// How a message is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Done,
    Note,
    Wrong,
}

impl Tone {
    /// Its sign, for those who see no colour.
    pub(crate) const fn sign(self) -> &'static str {
        match self {
            Self::Done => "✓",
            Self::Note => "·",
            Self::Wrong => "✗",
        }
    }

    /// Its colour.
    pub(crate) const fn role(self) -> Role {
        match self {
            Self::Done => Role::Good,
            Self::Note => Role::Accent,
            Self::Wrong => Role::Bad,
        }
    }

    /// How long it stays.
    pub(crate) const fn stays(self) -> Duration {
        match self {
            Self::Done | Self::Note => Duration::from_secs(5),
            Self::Wrong => Duration::from_secs(12),
        }
    }
}

impl Toast {
    pub(crate) fn done(text: impl Into<String>) -> Self {
        Self { text: text.into(), hint: None, tone: Tone::Done }
    }

    pub(crate) fn note(text: impl Into<String>) -> Self {
        Self { text: text.into(), hint: None, tone: Tone::Note }
    }

    pub(crate) fn with_hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

impl From<Failure> for Toast {
    fn from(failure: Failure) -> Self {
        Self { text: failure.message, hint: failure.hint, tone: Tone::Wrong }
    }
}
