//! What the rows would do, in a sentence and as a command line.

use std::path::PathBuf;

use keycap_vault::view::RecipientView;
use keycap_vault::words::bytes;

use super::{Doing, rows};
use crate::request::{Readers, Survey};
use crate::screen::command_line::quoted;
use crate::screen::reader_names::words;
use crate::widget::form::Form;

/// What resealing cannot do, and the question.
pub(super) const ASK_RESEAL: &str = "Whoever could open these files before can still open copies of them that were made before, and with a file's own \
    key the file as it is now. To shut them out, open a file and seal it again. The proof of who sealed it does not survive. Write the headers anew?";

/// The files in a word or two.
pub(super) fn files(files: &[PathBuf]) -> String {
    match files {
        [only] => only.file_name().map_or_else(|| only.display().to_string(), |name| name.to_string_lossy().into_owned()),
        several => format!("{} files", several.len()),
    }
}

/// What would be done.
pub(super) fn sentence(doing: Doing, all: &[PathBuf], survey: Option<&Survey>, form: &Form, found: Option<&[RecipientView]>) -> String {
    let what = match (all, survey) {
        ([_], Some(survey)) if survey.folders == 1 => format!("The folder {}", files(all)),
        (_, Some(survey)) if survey.folders > 0 => format!("{} files and folders", all.len()),
        (_, Some(survey)) => format!("{}, {},", files(all), bytes(survey.bytes)),
        (_, None) => files(all),
    };
    let (is, it_is, them, goes) = if all.len() == 1 { ("is", "It is", "it", "goes") } else { ("are", "They are", "them", "go") };
    let place = match form.text("into") {
        "" => format!("beside {them}"),
        folder => format!("into {folder}"),
    };
    let taken = "Nothing is written over: a name that is taken gets a number.";
    match doing {
        Doing::Seal if form.chosen("under") == 1 => {
            format!("{what} {is} sealed under a passphrase: whoever knows it can open {them}. {it_is} written {place}. {taken}")
        }
        Doing::Seal => format!("{what} {is} sealed to {}. {it_is} written {place}, with .age at the end of the name. {taken}", readers(form, found)),
        Doing::Open => {
            format!("{what} {is} opened and written {place}. Nothing is written that is not authentic, and no half of a file is left. {taken}")
        }
        Doing::Reseal => format!("{what} {goes} to {}, and to nobody else.", readers(form, found)),
    }
}

fn readers(form: &Form, found: Option<&[RecipientView]>) -> String {
    let Some(found) = found else {
        let names = words(form.text("to"));
        return if names.is_empty() { "whom you name".to_owned() } else { names.join(", ") };
    };
    let name = |view: &RecipientView| {
        let name = if view.kind == "capability" { format!("the service of {}", view.name) } else { shortened(&view.name) };
        if view.me { format!("{name} (you)") } else { name }
    };
    let names: Vec<String> = found.iter().map(name).collect();
    match names.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} and {last}", others.join(", ")),
        Some((last, _)) => last.clone(),
        None => "nobody".to_owned(),
    }
}

/// A recipient that is written out: its beginning and end tell which one it is.
fn shortened(name: &str) -> String {
    const SHOWN: usize = 12;
    let last = name.len().checked_sub(SHOWN).and_then(|at| name.get(at..));
    match (name.get(..SHOWN), last) {
        (Some(first), Some(last)) if name.len() > 40 => format!("{first}…{last}"),
        _ => name.to_owned(),
    }
}

/// The same on the command line.
pub(super) fn command(doing: Doing, files: &[PathBuf], form: &Form, readers: &Readers) -> String {
    let mut line = vec!["keycap".to_owned()];
    let flag = |on: bool, flag: &str| on.then(|| flag.to_owned());
    let verb = match doing {
        Doing::Seal => "seal",
        Doing::Open => "open",
        Doing::Reseal => "reseal",
    };
    line.push(verb.to_owned());
    if doing != Doing::Open && form.chosen("under") == 0 {
        line.extend(words(form.text("to")).iter().flat_map(|name| ["-r".to_owned(), quoted(name)]));
        line.extend(rows::sender(form, readers).iter().flat_map(|key| ["--from".to_owned(), quoted(key)]));
        line.extend(flag(form.chosen("from") > 0 && form.chosen("mutual") == 1, "--mutual"));
        line.extend(flag(form.chosen("self") == 1, "--no-self"));
    }
    line.extend(flag(form.chosen("under") == 1, "--passphrase"));
    line.extend(flag(form.chosen("form") == 1, "--armor"));
    line.extend(flag(form.chosen("folding") == 1, "--tar"));
    line.extend(flag(form.chosen("folding") == 2, "--each"));
    line.extend(flag(form.chosen("folders") == 1, "--keep-tar"));
    line.extend(rows::identities(form).iter().flat_map(|file| ["-i".to_owned(), quoted(&file.display().to_string())]));
    line.extend(flag(form.chosen("lapsed") == 1, "--lapsed"));
    line.extend(rows::target(form).iter().flat_map(|target| ["--target".to_owned(), quoted(target)]));
    match form.text("into") {
        "" => {}
        // With a separator at its end it is a folder, whether it is there or not.
        folder => line.extend(["--output".to_owned(), quoted(&format!("{}/", folder.trim_end_matches('/')))]),
    }
    line.extend(files.iter().map(|file| quoted(&file.display().to_string())));
    line.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_recipient_keeps_its_ends() {
        assert_eq!(shortened("age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"), "age1zvkyg2lq…vn73equnujwj");
        assert_eq!(shortened("bob"), "bob");
    }
}
