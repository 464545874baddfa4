//! How much a file in armor holds, told by its two ends: a large one is not read for that.
//!
//! Armor is strict: after the line that begins it come lines of 64 characters, one that may be shorter, and the line that ends it. Where
//! all of them end alike, the length of the file says how many there are.

use std::io::{self, Read, Seek, SeekFrom};

use super::stream::MOST_SPACE;

/// The line before.
const BEGIN: &[u8] = b"-----BEGIN AGE ENCRYPTED FILE-----";
/// The line after.
const END: &[u8] = b"-----END AGE ENCRYPTED FILE-----";
/// Characters of a full line, and the bytes that they stand for.
const LINE: (u64, u64) = (64, 48);

/// Bytes in armor, header included; `None` if the two ends do not say: it was cut off or added to, or its lines do not all end alike.
///
/// # Errors
/// If it cannot be read.
pub(super) fn held(file: &mut (impl Read + Seek), size: u64) -> io::Result<Option<u64>> {
    let room = u64::try_from(MOST_SPACE + BEGIN.len() + END.len() + 128).unwrap_or(u64::MAX);
    let (mut head, mut tail) = (Vec::new(), Vec::new());
    file.rewind()?;
    file.take(room).read_to_end(&mut head)?;
    file.seek(SeekFrom::Start(size.saturating_sub(room)))?;
    file.take(room).read_to_end(&mut tail)?;
    Ok(counted(&head, &tail, size))
}

fn counted(head: &[u8], tail: &[u8], size: u64) -> Option<u64> {
    let begun = head.trim_ascii_start().strip_prefix(BEGIN)?;
    let line_end: &[u8] = if begun.starts_with(b"\r\n") { b"\r\n" } else { b"\n" };
    let begun = begun.strip_prefix(line_end)?;
    let ended = tail.trim_ascii_end();
    let after = tail.len() - ended.len() + END.len();
    let last = ended.strip_suffix(END)?;
    let padding = if last.is_empty() { 0 } else { last.strip_suffix(line_end)?.iter().rev().take_while(|byte| **byte == b'=').count() };

    let number = |length: usize| u64::try_from(length).ok();
    let lines = size.checked_sub(number(head.len() - begun.len())?)?.checked_sub(number(after)?)?;
    let whole = LINE.0 + number(line_end.len())?;
    let short = match lines % whole {
        0 => 0,
        rest => rest.checked_sub(number(line_end.len())?).filter(|short| *short > 0 && short % 4 == 0)?,
    };
    (lines / whole * LINE.1 + short / 4 * 3).checked_sub(number(padding)?)
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use age::armor::{ArmoredWriter, Format};

    use super::*;

    fn armored(length: usize) -> String {
        let mut writer = ArmoredWriter::wrap_output(Vec::new(), Format::AsciiArmor).unwrap();
        writer.write_all(&vec![7; length]).unwrap();
        String::from_utf8(writer.finish().unwrap()).unwrap()
    }

    fn held_by(text: &str) -> Option<u64> {
        held(&mut Cursor::new(text), u64::try_from(text.len()).unwrap()).unwrap()
    }

    #[test]
    fn the_two_ends_say_how_much_there_is_whatever_ends_a_line() {
        for length in (1..200).chain([4_095, 4_096, 65_536, 100_001]) {
            let text = armored(length);
            let expected = Some(u64::try_from(length).unwrap());
            assert_eq!(held_by(&text), expected);
            assert_eq!(held_by(text.trim_end()), expected);
            assert_eq!(held_by(&text.replace('\n', "\r\n")), expected);
            assert_eq!(held_by(&format!("\n  {text}\n\n \n")), expected);
        }
    }

    #[test]
    fn what_was_cut_off_or_added_to_says_nothing() {
        let text = armored(1_000);
        for cut in 0..text.trim_end().len() {
            assert_eq!(held_by(&text[..cut]), None, "{cut}");
        }
        assert_eq!(held_by(&format!("{text}more")), None);
        assert_eq!(held_by(&text.replacen("AAAA", "AAA", 1).replacen("Bwc", "Bw", 1)), None);
        // Half of its lines end otherwise.
        let at = text.len() / 2;
        assert_eq!(held_by(&format!("{}{}", &text[..at], text[at..].replace('\n', "\r\n"))), None);
    }
}
