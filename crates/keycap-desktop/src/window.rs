//! The person, asked by the system's own dialogs.

mod passphrase;
mod screen;

use std::path::PathBuf;
use std::time::Duration;

use keycap_vault::SecretText;
use keycap_vault::qr::Picture;
use rfd::{AsyncFileDialog, FileHandle};
use tauri::{AppHandle, Manager, PhysicalPosition};
use tokio::sync::oneshot;

use crate::app::MAIN;
use crate::error::UiError;
use crate::person::{AskFiles, AskPassphrase, Files, Pending, Person};

/// Whoever sits at the window.
pub(crate) struct WindowPerson(AppHandle);

impl WindowPerson {
    /// At this program's window.
    pub(crate) fn new(app: AppHandle) -> Self {
        Self(app)
    }

    /// Has something begun where dialogs may be, and waits for its answer; nothing if the program ends before.
    fn ask<T: Default + Send + 'static>(&self, begin: impl FnOnce(&AppHandle, oneshot::Sender<T>) + Send + 'static) -> Pending<T> {
        let (answer, answered) = oneshot::channel();
        let app = self.0.clone();
        // A loop that has ended asks nobody, and the sender it drops says so.
        drop(self.0.run_on_main_thread(move || begin(&app, answer)));
        Box::pin(async move { answered.await.unwrap_or_default() })
    }
}

impl Person for WindowPerson {
    fn files(&self, ask: AskFiles) -> Pending<Vec<PathBuf>> {
        self.ask(move |app, answer| {
            let mut dialog = AsyncFileDialog::new().set_title(ask.title);
            if let Some(window) = app.get_webview_window(MAIN) {
                dialog = dialog.set_parent(&window);
            }
            let path = |handle: FileHandle| handle.path().to_owned();
            match ask.what {
                Files::One => deliver(dialog.pick_file(), move |file| file.into_iter().map(path).collect(), answer),
                Files::Several => deliver(dialog.pick_files(), move |files| files.into_iter().flatten().map(path).collect(), answer),
                Files::Folder => deliver(dialog.pick_folder(), move |folder| folder.into_iter().map(path).collect(), answer),
                Files::New(name) => deliver(dialog.set_file_name(name).save_file(), move |file| file.into_iter().map(path).collect(), answer),
            }
        })
    }

    fn passphrase(&self, ask: AskPassphrase) -> Pending<Option<SecretText>> {
        self.ask(move |app, answer| passphrase::ask(app, ask, answer))
    }

    fn zoom(&self, factor: f64) {
        if let Some(window) = self.0.get_webview_window(MAIN) {
            // A page that stays as it was is what the person sees.
            drop(window.set_zoom(factor));
        }
    }

    fn screen(&self) -> Pending<Result<Vec<Picture>, UiError>> {
        let app = self.0.clone();
        Box::pin(async move {
            let _hidden = Hidden::new(app);
            tokio::time::sleep(UNCOVERED).await;
            screen::pictures().await
        })
    }
}

/// How long others take to draw what this window had covered.
const UNCOVERED: Duration = Duration::from_millis(500);

/// The window, out of sight; it comes back where it was when this is dropped.
struct Hidden {
    app: AppHandle,
    place: Option<PhysicalPosition<i32>>,
}

impl Hidden {
    fn new(app: AppHandle) -> Self {
        let window = app.get_webview_window(MAIN);
        let place = window.as_ref().and_then(|window| window.outer_position().ok());
        if let Some(window) = window {
            // One that cannot be hidden is in the picture, which does no harm.
            drop(window.hide());
        }
        Self { app, place }
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        crate::app::show(&self.app);
        if let (Some(window), Some(place)) = (self.app.get_webview_window(MAIN), self.place) {
            // Under Wayland windows have no say in it.
            drop(window.set_position(place));
        }
    }
}

fn deliver<T, U: Send + 'static>(
    dialog: impl Future<Output = T> + Send + 'static,
    path: impl FnOnce(T) -> U + Send + 'static,
    answer: oneshot::Sender<U>,
) {
    tauri::async_runtime::spawn(async move { drop(answer.send(path(dialog.await))) });
}
