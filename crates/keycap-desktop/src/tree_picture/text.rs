//! Text in a picture whose fonts nobody knows: how much room it takes at most, and how it is written.

use std::fmt::Write;

/// About how wide a letter is, in hundredths of the font's size: what a common sans serif takes, and no less.
fn breadth(letter: char) -> u32 {
    match letter {
        'i' | 'j' | 'l' | 'I' | '.' | ',' | '\'' | ':' | '|' => 36,
        'f' | 't' | 'r' | '-' | ' ' => 44,
        'm' | 'w' | 'M' | 'W' | '@' | '%' => 100,
        'A'..='Z' | '_' | '+' => 76,
        // Scripts whose letters fill a square, and what is like them.
        '\u{1100}'.. => 104,
        _ => 64,
    }
}

/// As much of the text as `room` pixels hold in a font of so many, with an ellipsis where it is cut.
pub(super) fn fitted(text: &str, room: u32, font: u32) -> String {
    let room = room.saturating_mul(100) / font.max(1);
    let width = |text: &str| text.chars().map(breadth).fold(0_u32, u32::saturating_add);
    if width(text) <= room {
        return text.to_owned();
    }
    let room = room.saturating_sub(ELLIPSIS);
    let mut taken = 0_u32;
    let kept = text.chars().take_while(|letter| {
        taken = taken.saturating_add(breadth(*letter));
        taken <= room
    });
    kept.chain(['…']).collect()
}

/// What an ellipsis takes, in hundredths of the font's size.
const ELLIPSIS: u32 = 100;

/// Writes text so that it is text in XML 1.0, whatever is in it.
pub(super) fn escape(text: &str, into: &mut String) {
    for letter in text.chars() {
        match letter {
            '&' => into.push_str("&amp;"),
            '<' => into.push_str("&lt;"),
            '>' => into.push_str("&gt;"),
            '"' => into.push_str("&quot;"),
            '\'' => into.push_str("&#39;"),
            '\u{fffe}' | '\u{ffff}' => into.push(char::REPLACEMENT_CHARACTER),
            control if control.is_control() => into.push(char::REPLACEMENT_CHARACTER),
            other => into.push(other),
        }
    }
}

/// Writes a text element that fits into its room; what had to be cut off is in its tooltip.
pub(super) fn element(into: &mut String, (x, y): (u32, u32), class: &str, font: u32, text: &str, room: u32) {
    let shown = fitted(text, room, font);
    // Writing to a string cannot fail.
    let _ = write!(into, "<text x=\"{x}\" y=\"{y}\" class=\"{class}\">");
    escape(&shown, into);
    if shown != text {
        into.push_str("<title>");
        escape(text, into);
        into.push_str("</title>");
    }
    into.push_str("</text>\n");
}
