//! Names of those who read files, as they are typed into one line: split, completed, offered.

use crate::request::Readers;

/// Names that are offered at a time.
const OFFERED: usize = 8;

/// Whether it is a file by its looks: no name has a `/` in it.
pub(crate) fn is_path(word: &str) -> bool {
    word.contains('/') && !word.starts_with("ssh-")
}

/// Names with commas or blanks between them; an SSH key has blanks of its own, and so may the path of a file.
pub(crate) fn words(text: &str) -> Vec<String> {
    text.split(',')
        .map(str::trim)
        .flat_map(|part| if part.starts_with("ssh-") || is_path(part) { vec![part] } else { part.split_whitespace().collect() })
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The text with the last word completed, if there is a name that begins like it.
pub(crate) fn completed(text: &str, readers: &Readers) -> Option<String> {
    let (before, begun) = last_word(text);
    let name = names(readers).find(|name| !begun.is_empty() && name.starts_with(begun) && *name != begun)?;
    Some(format!("{before}{name}"))
}

/// Whether something has this name.
pub(crate) fn is_name(word: &str, readers: &Readers) -> bool {
    names(readers).any(|name| name == word)
}

/// Whether the last word is the beginning of a name, and none itself.
pub(crate) fn is_begun(text: &str, readers: &Readers) -> bool {
    let (_, begun) = last_word(text);
    completed(text, readers).is_some() && !is_name(begun, readers)
}

/// What one should know while one types: which names begin like this.
pub(crate) fn note(text: &str, readers: &Readers) -> String {
    let offer = offered(text, readers);
    if offer.is_empty() {
        "Names in this vault, key cards, age1… or SSH public keys, files of these, with commas between them.".to_owned()
    } else {
        offer
    }
}

fn offered(text: &str, readers: &Readers) -> String {
    let (_, begun) = last_word(text);
    let there = words(text);
    let found: Vec<&str> = names(readers).filter(|name| name.starts_with(begun) && !there.iter().any(|there| there == name)).take(OFFERED).collect();
    if found.is_empty() { String::new() } else { format!("Tab completes: {}", found.join(", ")) }
}

fn last_word(text: &str) -> (&str, &str) {
    let at = text.rfind([',', ' ']).map_or(0, |at| at + 1);
    text.split_at_checked(at).unwrap_or((text, ""))
}

fn names(readers: &Readers) -> impl Iterator<Item = &str> {
    let keys = readers.keys.iter().map(|key| key.name.as_str());
    let groups = readers.groups.iter().map(|group| group.name.as_str());
    keys.chain(groups).chain(readers.capabilities.iter().map(|capability| capability.name.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_between_commas_and_blanks_and_an_ssh_key_or_a_path_stays_whole() {
        assert_eq!(words(" bob, friends  age1x,"), ["bob", "friends", "age1x"]);
        assert_eq!(words("bob, ./our team.txt,~/x"), ["bob", "./our team.txt", "~/x"]);
        assert_eq!(words("bob, ssh-ed25519 AAAA me@host"), ["bob", "ssh-ed25519 AAAA me@host"]);
        assert!(words(" , ").is_empty());
    }
}
