//! The lines in front of a tree's names.

/// What stands in front of a name: for each depth up to its own, `last` says whether it, or what is above it there, is the last of its
/// siblings. The topmost has nothing in front.
pub(crate) fn branch(last: &[bool]) -> String {
    let Some((own, above)) = last.split_last() else { return String::new() };
    if above.is_empty() {
        return String::new();
    }
    let rails = above.iter().skip(1).map(|last| if *last { "   " } else { "│  " });
    rails.chain([if *own { "└─ " } else { "├─ " }]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_lead_from_each_name_to_the_one_above() {
        assert_eq!(branch(&[]), "");
        assert_eq!(branch(&[true]), "");
        assert_eq!(branch(&[false, false]), "├─ ");
        assert_eq!(branch(&[false, false, true]), "│  └─ ");
        assert_eq!(branch(&[false, true, false]), "   ├─ ");
    }
}
