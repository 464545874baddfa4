//! A new passphrase in a form: judged while it is typed, typed twice, or made of words. Its rows are `passphrase` and `again`.

use keycap_vault::SecretText;
use keycap_vault::passphrase::{LEAST_SCORE, strength};

use crate::keymap::Key;
use crate::widget::form::{Form, Row};

/// Makes one.
pub(crate) const MAKE_WORDS: Key = Key { code: crossterm::event::KeyCode::Char('g'), ctrl: true, alt: false };

/// What one should know about it.
const NOTE: &str = "Several words are better than one. Ctrl-g makes some.";

/// Its rows.
pub(crate) fn rows() -> [Row; 2] {
    [Row::secret("passphrase", "Passphrase").note(NOTE), Row::secret("again", "Again")]
}

/// Says how good it would be.
pub(crate) fn judge(form: &mut Form) {
    let typed = form.secret("passphrase");
    let said = if typed.expose().is_empty() { NOTE.to_owned() } else { format!("{} {NOTE}", said(&typed)) };
    form.set_note("passphrase", said);
}

/// The passphrase, if it is good and was typed twice; otherwise which row is wrong, and why.
///
/// # Errors
/// If it is weak, or the two differ.
pub(crate) fn taken(form: &Form) -> Result<SecretText, (&'static str, String)> {
    let (first, again) = (form.secret("passphrase"), form.secret("again"));
    let strength = strength(&first, &["keycap"]);
    if strength.score < LEAST_SCORE {
        let advice = strength.advice.map(|advice| format!(" {advice}")).unwrap_or_default();
        return Err(("passphrase", format!("That would be {}.{advice} Ctrl-g makes six words that nobody would guess.", strength.word)));
    }
    if first.expose() != again.expose() {
        return Err(("again", "The two differ: type the second one again.".to_owned()));
    }
    Ok(first)
}

/// Fills in one that was made, which is to be typed once more.
pub(crate) fn fill(form: &mut Form, words: &SecretText) {
    form.set_secret("passphrase", words);
    form.set_secret("again", &SecretText::new(String::new()));
    form.go_to("again");
}

/// What there is to say about a passphrase.
fn said(passphrase: &SecretText) -> String {
    let strength = strength(passphrase, &["keycap"]);
    format!("{}{} {}.", "▮".repeat(usize::from(strength.score)), "▯".repeat(usize::from(4 - strength.score.min(4))), strength.word)
}
