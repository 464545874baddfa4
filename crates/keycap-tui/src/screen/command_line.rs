//! What is done here, as it would be typed on the command line.

/// A word as a shell takes it.
pub(crate) fn quoted(word: &str) -> String {
    if let Some(below_home) = word.strip_prefix("~/") {
        return format!("~/{}", if below_home.is_empty() { String::new() } else { quoted(below_home) });
    }
    let plain = |character: char| character.is_ascii_alphanumeric() || "-_./:@%+=~".contains(character);
    if !word.is_empty() && word.chars().all(plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_quoted_where_a_shell_would_read_something_else() {
        assert_eq!(quoted("report.pdf"), "report.pdf");
        assert_eq!(quoted("my file"), "'my file'");
        assert_eq!(quoted("it's; rm"), "'it'\\''s; rm'");
        assert_eq!(quoted(""), "''");
        assert_eq!((quoted("~/"), quoted("~/my file")), ("~/".to_owned(), "~/'my file'".to_owned()));
    }
}
