//! The program: its arguments, its one window, and what reaches it from outside.

use std::ffi::OsString;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use keycap_vault::Vault;
use tauri::http::{Request, Response, StatusCode, header};
use tauri::webview::NewWindowResponse;
use tauri::{AppHandle, DragDropEvent, Emitter, Manager, RunEvent, UriSchemeContext, WebviewWindowBuilder, WindowEvent, Wry};
use tokio::sync::Notify;

use crate::arguments::{Arguments, Given, Say, USAGE};
use crate::desk::{Desk, Outlet};
use crate::event::{CHANNEL, Event};
use crate::gate::{Gate, IDLE};
use crate::host::Host;
use crate::lines::Lines;
use crate::notice::Notices;
use crate::shelf::Shelf;
use crate::tasks::Tasks;
use crate::window::WindowPerson;

/// The one window.
pub(crate) const MAIN: &str = "main";
/// Codes on the screen come by this scheme, as pictures of an origin of their own.
const CODES: &str = "keycap-qr";

/// Runs the program with these arguments, its own name first, until its window is closed.
#[must_use]
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let here = std::env::current_dir().unwrap_or_default();
    let arguments = Arguments::parse(arguments.into_iter().skip(1), &here);
    match arguments.say {
        Some(Say::Help) => return say(USAGE),
        Some(Say::Version) => return say(concat!("keycap-desktop ", env!("CARGO_PKG_VERSION"))),
        Some(Say::Misuse) => return fail(USAGE, 2),
        None => {}
    }
    #[cfg(target_os = "linux")]
    crate::renderer::settle();
    let named = arguments.vault.or_else(|| std::env::var_os("KEYCAP_VAULT").filter(|folder| !folder.is_empty()).map(PathBuf::from));
    let folder = match named.map_or_else(Vault::default_folder, Ok) {
        Ok(folder) => here.join(folder),
        Err(error) => return fail(&error.to_string(), 1),
    };
    match open(folder, arguments.given) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&format!("keycap-desktop cannot open its window: {error}"), 1),
    }
}

fn open(folder: PathBuf, given: Vec<Given>) -> tauri::Result<()> {
    let single = tauri_plugin_single_instance::Builder::new().dbus_id(instance(&folder)).callback(|app, arguments, here| {
        let arguments = Arguments::parse(arguments.into_iter().skip(1).map(OsString::from), Path::new(&here));
        show(app);
        arrive(app, arguments.given);
    });
    tauri::Builder::default()
        .plugin(single.build())
        .register_uri_scheme_protocol(CODES, code)
        .invoke_handler(crate::commands::handler())
        .setup(move |app| Ok(set_up(app.handle(), folder, given)?))
        .on_window_event(|window, event| drag(window.app_handle(), event))
        .build(tauri::generate_context!())?
        .run(|app, event| {
            if let (RunEvent::Exit, Some(host)) = (event, app.try_state::<Host>()) {
                // No half of a file is left, and no secret on the clipboard.
                host.tasks.abandon();
                host.shelf.clear();
            }
        });
    Ok(())
}

/// Under which name this window is found by a second start: one window a vault.
fn instance(folder: &Path) -> String {
    let mut hasher = DefaultHasher::new();
    folder.hash(&mut hasher);
    format!("org.keycap.desktop.v{:016x}", hasher.finish())
}

fn set_up(app: &AppHandle, folder: PathBuf, given: Vec<Given>) -> tauri::Result<()> {
    let told = app.clone();
    let outlet: Outlet = Arc::new(move |event| tell(&told, event));
    let gate = Arc::new(Gate::new(IDLE));
    let desk = Desk::start(folder, Arc::clone(&gate), Arc::clone(&outlet));
    let shelf = Shelf::default();
    shelf.arrive(given);
    app.manage(Host {
        desk,
        shelf,
        lines: Lines::new(Arc::clone(&outlet)),
        tasks: Tasks::new(outlet),
        person: Arc::new(WindowPerson::new(app.clone())),
        notices: notices(app, gate),
        changed: Notify::new(),
    });
    tauri::async_runtime::spawn({
        let app = app.clone();
        async move {
            let host = app.state::<Host>();
            crate::notice::watch::watch(&host.desk, &host.notices, &host.changed).await;
        }
    });
    #[cfg(target_os = "linux")]
    crate::away::watch(&{
        let app = app.clone();
        Arc::new(move |why| {
            if let Some(host) = app.try_state::<Host>() {
                host.desk.leave(why);
            }
        })
    });
    for config in app.config().app.windows.iter().filter(|config| config.label == MAIN) {
        WebviewWindowBuilder::from_config(app, config)?
            // The page stays itself: no link leads away from it, and no window is opened by it.
            .on_navigation(|url| url.scheme() == "tauri" || (cfg!(windows) && url.host_str() == Some("tauri.localhost")))
            .on_new_window(|_, _| NewWindowResponse::Deny)
            .build()?;
    }
    Ok(())
}

/// What is told outside the window, unless it has the focus; a click brings it forward.
fn notices(app: &AppHandle, gate: Arc<Gate>) -> Notices {
    let (seen, clicked) = (app.clone(), app.clone());
    let is_seen = move || seen.get_webview_window(MAIN).is_some_and(|window| window.is_focused().unwrap_or(false));
    Notices::start(gate, is_seen, Arc::new(move || show(&clicked)))
}

/// Tells the page, after the host has drawn its own conclusions.
fn tell(app: &AppHandle, event: Event) {
    if let Some(host) = app.try_state::<Host>() {
        match event {
            Event::Gate { closed: Some(_) } => host.shelf.clear(),
            Event::Gate { closed: None } | Event::Changed => host.changed.notify_one(),
            Event::Arrived | Event::ClipboardCleared | Event::Running | Event::Tasks | Event::Hover { .. } => {}
        }
    }
    // Without a window there is nobody to tell.
    drop(app.emit_to(MAIN, CHANNEL, event));
}

/// Brings the window into sight.
pub(crate) fn show(app: &AppHandle) {
    if let Some(window) = app.get_webview_window(MAIN) {
        // What a window manager does not grant cannot be forced.
        drop(window.unminimize());
        drop(window.show());
        drop(window.set_focus());
    }
}

fn arrive(app: &AppHandle, given: Vec<Given>) {
    if let Some(host) = app.try_state::<Host>().filter(|_| !given.is_empty()) {
        host.shelf.arrive(given);
        tell(app, Event::Arrived);
    }
}

fn drag(app: &AppHandle, event: &WindowEvent) {
    let WindowEvent::DragDrop(drag) = event else { return };
    match drag {
        DragDropEvent::Enter { paths, .. } => tell(app, Event::Hover { files: paths.len() }),
        DragDropEvent::Drop { paths, .. } => {
            tell(app, Event::Hover { files: 0 });
            arrive(app, paths.iter().cloned().map(Given::File).collect());
        }
        DragDropEvent::Leave => tell(app, Event::Hover { files: 0 }),
        DragDropEvent::Over { .. } | _ => {}
    }
}

/// Draws a code that a person asked for, while its time lasts. The answer allows no other origin, so that the page can show the picture and
/// cannot read it.
fn code(context: UriSchemeContext<'_, Wry>, request: Request<Vec<u8>>) -> Response<Vec<u8>> {
    let host = context.app_handle().try_state::<Host>().filter(|_| context.webview_label() == MAIN);
    let handle = request.uri().path().trim_start_matches('/');
    let svg = host.filter(|host| host.desk.closed().is_none()).and_then(|host| host.shelf.code(handle, Instant::now()));
    let (status, body) = match svg {
        Some(svg) => (StatusCode::OK, svg.expose().as_bytes().to_vec()),
        None => (StatusCode::NOT_FOUND, Vec::new()),
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("image/svg+xml"));
    headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    response
}

fn say(text: &str) -> ExitCode {
    use std::io::Write;
    // A reader that has gone needs no answer.
    drop(writeln!(std::io::stdout(), "{text}"));
    ExitCode::SUCCESS
}

fn fail(text: &str, code: u8) -> ExitCode {
    use std::io::Write;
    drop(writeln!(std::io::stderr(), "{text}"));
    ExitCode::from(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_vault_has_a_window_of_its_own() {
        assert_eq!(instance(Path::new("/a")), instance(Path::new("/a")));
        assert_ne!(instance(Path::new("/a")), instance(Path::new("/b")));
    }
}
