//! Passphrases: how good one is, and better ones that nobody had to think of.

use keycap_core::secret::SecretText;

use crate::environment::Environment;

/// How good a passphrase is for what can be copied and then guessed at for years.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Strength {
    /// From 0, found at once, to 4, found by nobody.
    pub score: u8,
    /// The score in words.
    pub word: &'static str,
    /// What makes it weak, or what would make it better.
    pub advice: Option<String>,
}

/// A passphrase with a lower score is not taken for a vault.
pub const LEAST_SCORE: u8 = 3;
/// Words of a passphrase that is made here. Each is one of 2,048, so that six are 2^66, each of which costs a guesser the second that
/// unlocking takes.
pub const WORDS: usize = 6;

/// How good a passphrase is. `known` is what a guesser would try first, such as the name of a key.
#[must_use]
pub fn strength(passphrase: &SecretText, known: &[&str]) -> Strength {
    let entropy = zxcvbn::zxcvbn(passphrase.expose(), known);
    let score = u8::from(entropy.score());
    let word = match score {
        0 => "found at once",
        1 => "found within hours",
        2 => "found within months",
        3 => "good",
        _ => "very good",
    };
    let advice = entropy.feedback().and_then(|feedback| {
        let warning = feedback.warning().map(|warning| warning.to_string());
        warning.or_else(|| feedback.suggestions().first().map(ToString::to_string))
    });
    Strength { score, word, advice }
}

/// A passphrase of [`WORDS`] random words.
#[must_use]
pub fn generate_words(environment: &mut Environment) -> SecretText {
    let list = bip39::Language::English.word_list();
    let mut words = String::with_capacity(WORDS * 9);
    for at in 0..WORDS {
        if at > 0 {
            words.push('-');
        }
        // 65,536 is a multiple of 2,048: every word is as likely as any other.
        let number = usize::from(u16::from_le_bytes(environment.random()));
        words.push_str(list.get(number % list.len()).copied().unwrap_or_default());
    }
    SecretText::new(words)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use keycap_core::time::UnixSeconds;

    use super::*;

    fn score(text: &str, known: &[&str]) -> u8 {
        strength(&SecretText::new(text.to_owned()), known).score
    }

    #[test]
    fn what_everybody_uses_is_weak_and_says_why() {
        for text in ["", "password", "qwertyuiop", "12345678901234567890"] {
            let strength = strength(&SecretText::new(text.to_owned()), &[]);
            assert!(strength.score < 4, "{text}: {strength:?}");
        }
        let weak = strength(&SecretText::new("password1".to_owned()), &[]);
        assert!(weak.score < LEAST_SCORE && weak.advice.is_some(), "{weak:?}");
    }

    #[test]
    fn what_a_guesser_knows_counts_for_nothing() {
        assert!(score("night-shift-pager", &["night-shift-pager"]) < LEAST_SCORE);
        assert!(score("night-shift-pager", &[]) >= LEAST_SCORE);
    }

    #[test]
    fn made_words_are_very_good_and_never_the_same() {
        let mut environment = Environment::fixed(UnixSeconds::new(1_800_000_000), 7);
        let made: BTreeSet<String> = (0..20).map(|_| generate_words(&mut environment).expose().to_owned()).collect();
        assert_eq!(made.len(), 20);
        for words in made {
            assert_eq!(words.split('-').count(), WORDS, "{words}");
            assert_eq!(score(&words, &[]), 4, "{words}");
        }
    }
}
