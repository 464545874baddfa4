//! OSC 52: escape sequences by which a terminal sets the clipboard of the machine it runs on, also at the near end of SSH.
//!
//! Nothing tells whether a terminal obeys: some must be told to first, some take no more than a few kilobytes. Clipboard histories are not
//! kept out, and whatever records the terminal's output records the secret. So this is for those who ask for it, and never done by itself.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use keycap_core::secret::SecretText;

/// What stands between the program and the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Through {
    /// Nothing.
    Terminal,
    /// tmux, with its option `allow-passthrough` on.
    Tmux,
    /// GNU screen.
    Screen,
}

/// What to write to the terminal so that it puts `text` on the clipboard.
#[must_use]
pub fn osc52_copy(text: &SecretText, through: Through) -> SecretText {
    let encoded = encoded(text);
    let payload = encoded.expose();
    let (open, close) = through.envelope();
    // Room for all of it: the text must not move while it grows, as that leaves a copy behind.
    let pieces = payload.len().div_ceil(SCREEN_PIECE);
    let mut sequence = String::with_capacity(payload.len() + pieces * (SCREEN_CLOSE.len() + SCREEN_OPEN.len()) + 64);
    sequence.push_str(open);
    sequence.push_str(BEGIN);
    match through {
        Through::Terminal | Through::Tmux => sequence.push_str(payload),
        Through::Screen => push_in_pieces(&mut sequence, payload),
    }
    sequence.push_str(END);
    sequence.push_str(close);
    SecretText::new(sequence)
}

/// What to write to the terminal so that it empties the clipboard, whatever is on it by then.
#[must_use]
pub fn osc52_clear(through: Through) -> String {
    let (open, close) = through.envelope();
    [open, BEGIN, END, close].concat()
}

const BEGIN: &str = "\x1b]52;c;";
const END: &str = "\x07";
const SCREEN_OPEN: &str = "\x1bP";
const SCREEN_CLOSE: &str = "\x1b\\";
/// Base64 characters that screen passes on at a time: what it takes for one string is short.
const SCREEN_PIECE: usize = 76;

impl Through {
    /// What goes before and after a sequence. tmux wants every escape character doubled: there is one, the first.
    fn envelope(self) -> (&'static str, &'static str) {
        match self {
            Self::Terminal => ("", ""),
            Self::Tmux => ("\x1bPtmux;\x1b", "\x1b\\"),
            Self::Screen => (SCREEN_OPEN, SCREEN_CLOSE),
        }
    }
}

fn encoded(text: &SecretText) -> SecretText {
    let bytes = text.expose().as_bytes();
    let mut encoded = String::with_capacity(bytes.len().div_ceil(3) * 4);
    STANDARD.encode_string(bytes, &mut encoded);
    SecretText::new(encoded)
}

fn push_in_pieces(sequence: &mut String, mut payload: &str) {
    while let Some((piece, rest)) = payload.split_at_checked(SCREEN_PIECE).filter(|(_, rest)| !rest.is_empty()) {
        sequence.push_str(piece);
        sequence.push_str(SCREEN_CLOSE);
        sequence.push_str(SCREEN_OPEN);
        payload = rest;
    }
    sequence.push_str(payload);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copied(text: &str, through: Through) -> String {
        osc52_copy(&SecretText::new(text.into()), through).expose().to_owned()
    }

    #[test]
    fn the_sequences_are_those_that_terminals_know() {
        assert_eq!(copied("keycap", Through::Terminal), "\x1b]52;c;a2V5Y2Fw\x07");
        assert_eq!(copied("keycap", Through::Tmux), "\x1bPtmux;\x1b\x1b]52;c;a2V5Y2Fw\x07\x1b\\");
        assert_eq!(copied("keycap", Through::Screen), "\x1bP\x1b]52;c;a2V5Y2Fw\x07\x1b\\");
        assert_eq!(osc52_clear(Through::Terminal), "\x1b]52;c;\x07");
        assert_eq!(osc52_clear(Through::Tmux), "\x1bPtmux;\x1b\x1b]52;c;\x07\x1b\\");
    }

    #[test]
    fn screen_gets_short_pieces_that_join_to_the_whole() {
        for length in [0, 1, 56, 57, 58, 114, 115, 188, 1000] {
            let text = "K".repeat(length);
            let sequence = copied(&text, Through::Screen);
            let pieces: Vec<&str> = sequence.split("\x1bP").skip(1).map(|piece| piece.strip_suffix("\x1b\\").unwrap()).collect();
            assert!(pieces.iter().all(|piece| piece.len() <= "\x1b]52;c;\x07".len() + 76));
            assert_eq!(pieces.concat(), copied(&text, Through::Terminal));
        }
    }
}
