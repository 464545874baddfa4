//! The ways to share, and what each of them means for whoever sees what leaves.

/// A way to share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    Sealed,
    Code,
    Screen,
    Picture,
    Page,
    Copy,
    Text,
}

impl How {
    pub(super) const ALL: [Self; 7] = [Self::Sealed, Self::Code, Self::Screen, Self::Picture, Self::Page, Self::Copy, Self::Text];

    /// How it is called.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Sealed => "sealed to a key",
            Self::Code => "a QR code on the screen",
            Self::Screen => "text on the screen",
            Self::Picture => "a QR code in a picture",
            Self::Page => "a page to print",
            Self::Copy => "text on the clipboard",
            Self::Text => "text in a file",
        }
    }

    /// What it is for, of a card or of what lets somebody in.
    pub(super) const fn detail(self, card: bool) -> &'static str {
        match (self, card) {
            (Self::Sealed, _) => "only its recipient can open it",
            (Self::Code, true) => "for who stands beside you",
            (Self::Code, false) => "for 60 s; who sees it has it",
            (Self::Screen, true) => "to read or select",
            (Self::Screen, false) => "for 20 s; who sees it has it",
            (Self::Picture, true) => "PNG or SVG, to print or send",
            (Self::Picture, false) => "PNG or SVG; who has it is in",
            (Self::Page, true) => "PDF: QR code, text and whose it is",
            (Self::Page, false) => "PDF; who has it is in",
            (Self::Copy, true) => "to paste anywhere",
            (Self::Copy, false) => "cleared after some seconds",
            (Self::Text, true) => "to attach anywhere",
            (Self::Text, false) => "mode 0600; who has it is in",
        }
    }
}
