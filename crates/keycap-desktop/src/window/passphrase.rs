//! A passphrase, typed into a window of the system's toolkit: the page never has it, and neither has anything between page and host.

use keycap_vault::SecretText;
#[cfg(target_os = "linux")]
use keycap_vault::passphrase::{LEAST_SCORE, strength};
use tauri::AppHandle;
use tokio::sync::oneshot;

use crate::person::AskPassphrase;

/// Where there is no such window yet, nobody can be asked: the answer is none.
#[cfg(not(target_os = "linux"))]
pub(super) fn ask(_: &AppHandle, _: AskPassphrase, answer: oneshot::Sender<Option<SecretText>>) {
    drop(answer.send(None));
}

/// Asks; the answer is none if the person leaves.
#[cfg(target_os = "linux")]
pub(super) fn ask(app: &AppHandle, ask: AskPassphrase, answer: oneshot::Sender<Option<SecretText>>) {
    use std::cell::RefCell;

    use gtk::prelude::*;
    use gtk::{DialogFlags, ResponseType};
    use tauri::Manager;

    let parent = app.get_webview_window(crate::app::MAIN).and_then(|window| window.gtk_window().ok());
    let buttons = [("_Cancel", ResponseType::Cancel), ("_Continue", ResponseType::Accept)];
    let dialog = gtk::Dialog::with_buttons(Some(ask.title), parent.as_ref(), DialogFlags::MODAL | DialogFlags::DESTROY_WITH_PARENT, &buttons);
    dialog.set_default_response(ResponseType::Accept);
    dialog.set_resizable(false);
    dialog.set_default_width(420);
    let content = dialog.content_area();
    content.set_spacing(10);
    content.set_border_width(16);
    let text = gtk::Label::new(Some(ask.text));
    text.set_line_wrap(true);
    text.set_max_width_chars(52);
    text.set_xalign(0.0);
    content.add(&text);
    let first = entry(&content, "Passphrase");
    let second = ask.new.then(|| entry(&content, "The same again"));
    let hint = gtk::Label::new(None);
    hint.set_xalign(0.0);
    hint.set_line_wrap(true);
    hint.set_max_width_chars(52);
    content.add(&hint);

    let check = {
        let (dialog, first, second) = (dialog.clone(), first.clone(), second.clone());
        move || {
            let (said, enough) = judged(&first, second.as_ref());
            hint.set_text(&said);
            dialog.set_response_sensitive(ResponseType::Accept, enough);
        }
    };
    check();
    for field in std::iter::once(&first).chain(&second) {
        let check = check.clone();
        field.connect_changed(move |_| check());
    }
    let answer = RefCell::new(Some(answer));
    dialog.connect_response(move |dialog, response| {
        let typed = (response == ResponseType::Accept).then(|| SecretText::new(first.text().to_string()));
        // The toolkit wipes what it lets go of.
        first.set_text("");
        if let Some(second) = &second {
            second.set_text("");
        }
        if let Some(answer) = answer.borrow_mut().take() {
            drop(answer.send(typed));
        }
        dialog.close();
    });
    dialog.show_all();
}

/// What there is to say of what is typed, and whether it can be taken: a new one has to be good, and typed twice.
#[cfg(target_os = "linux")]
fn judged(first: &gtk::Entry, second: Option<&gtk::Entry>) -> (String, bool) {
    use gtk::prelude::*;

    let empty = first.text_length() == 0;
    let Some(second) = second else { return (String::new(), !empty) };
    if empty {
        return ("Several words are better than one.".to_owned(), false);
    }
    let strength = strength(&SecretText::new(first.text().to_string()), &["keycap"]);
    if strength.score < LEAST_SCORE {
        let advice = strength.advice.map(|advice| format!(" {advice}")).unwrap_or_default();
        return (format!("That would be {}.{advice}", strength.word), false);
    }
    let same = first.text() == second.text();
    let then = if second.text_length() > 0 && !same { " The two are not the same." } else { "" };
    (format!("That is {}.{then}", strength.word), same)
}

#[cfg(target_os = "linux")]
fn entry(content: &gtk::Box, name: &str) -> gtk::Entry {
    use gtk::prelude::*;

    let entry = gtk::Entry::new();
    entry.set_visibility(false);
    entry.set_input_purpose(gtk::InputPurpose::Password);
    entry.set_placeholder_text(Some(name));
    entry.set_activates_default(true);
    if let Some(accessible) = entry.accessible() {
        accessible.set_name(name);
    }
    content.add(&entry);
    entry
}
