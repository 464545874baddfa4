//! Finding things by some of their letters.

use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

/// How letters are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// In order, with anything between them; the best first. For choosing.
    Fuzzy,
    /// Together; in the order of the list. For filtering.
    Together,
}

/// The places in `texts` of those that match.
pub(crate) fn matching<T: AsRef<str>>(wanted: &str, how: How, texts: impl IntoIterator<Item = T>) -> Vec<usize> {
    let kind = match how {
        How::Fuzzy => AtomKind::Fuzzy,
        How::Together => AtomKind::Substring,
    };
    let pattern = Pattern::new(wanted, CaseMatching::Ignore, Normalization::Smart, kind);
    let mut matcher = Matcher::new(Config::DEFAULT);
    let mut letters = Vec::new();
    let scored = texts.into_iter().enumerate().filter_map(|(at, text)| {
        let score = pattern.score(Utf32Str::new(text.as_ref(), &mut letters), &mut matcher)?;
        Some((at, score))
    });
    let mut found: Vec<(usize, u32)> = scored.collect();
    if how == How::Fuzzy {
        // Among equals the order of the list stays.
        found.sort_by_key(|(_, score)| std::cmp::Reverse(*score));
    }
    found.into_iter().map(|(at, _)| at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_find_what_is_meant() {
        let texts = ["Mint capability", "Set gateway", "Rename key", "Remove key"];
        assert_eq!(matching("rmk", How::Fuzzy, texts), [2, 3]);
        assert_eq!(matching("", How::Fuzzy, texts), [0, 1, 2, 3]);
        assert_eq!(matching("KEY", How::Together, texts), [2, 3]);
        assert_eq!(matching("re ke", How::Together, texts), [2, 3]);
        assert!(matching("xyz", How::Fuzzy, texts).is_empty());
    }
}
