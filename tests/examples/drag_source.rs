//! A window with one file in it, to be dragged out with the mouse: what a file manager is to a test that drops.
//!
//! `drag_source FILE X Y` puts the window there, 100 pixels wide and high, until it is ended.

use std::path::PathBuf;

use gtk::prelude::*;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut given = std::env::args_os().skip(1);
    let file = PathBuf::from(given.next().ok_or("which file?")?);
    let mut number = || given.next().and_then(|text| text.to_str()?.parse().ok()).ok_or("where, in pixels?");
    let (x, y) = (number()?, number()?);
    let uri = gtk::glib::filename_to_uri(&file, None)?;
    gtk::init()?;
    let window = gtk::Window::new(gtk::WindowType::Toplevel);
    window.set_title("A file to drag");
    window.set_default_size(100, 100);
    let handle = gtk::EventBox::new();
    handle.add(&gtk::Label::new(file.file_name().and_then(|name| name.to_str())));
    handle.drag_source_set(gtk::gdk::ModifierType::BUTTON1_MASK, &[], gtk::gdk::DragAction::COPY);
    handle.drag_source_add_uri_targets();
    handle.connect_drag_data_get(move |_, _, data, _, _| {
        data.set_uris(&[uri.as_str()]);
    });
    window.add(&handle);
    window.connect_delete_event(|_, _| {
        gtk::main_quit();
        gtk::glib::Propagation::Proceed
    });
    window.show_all();
    window.move_(x, y);
    gtk::main();
    Ok(())
}
