//! The person, asked by the system's own dialogs.

mod passphrase;

use std::path::PathBuf;

use keycap_vault::SecretText;
use rfd::{AsyncFileDialog, FileHandle};
use tauri::{AppHandle, Manager};
use tokio::sync::oneshot;

use crate::app::MAIN;
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
}

fn deliver<T, U: Send + 'static>(
    dialog: impl Future<Output = T> + Send + 'static,
    path: impl FnOnce(T) -> U + Send + 'static,
    answer: oneshot::Sender<U>,
) {
    tauri::async_runtime::spawn(async move { drop(answer.send(path(dialog.await))) });
}
