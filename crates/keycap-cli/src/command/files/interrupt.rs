//! Ctrl-C while files are worked on: the work stops within a chunk and removes what is half done. If it cannot, because it waits for somebody
//! else's pipe, what is half written is removed from here and the program ends.

use std::time::Duration;

use keycap_vault::files::Cancel;

/// How long the work may take to stop by itself.
const PATIENCE: Duration = Duration::from_millis(300);
/// What a shell takes for ended by Ctrl-C: 128 and the number of the signal.
const INTERRUPTED: i32 = 130;

/// Listens until the program ends.
pub(super) fn listen(cancel: &Cancel) {
    let cancel = cancel.clone();
    // Without a thread, or without a runtime on it, Ctrl-C ends the program as it ends any other, and leaves a partial file behind.
    let _ = std::thread::Builder::new().name("interrupt".into()).spawn(move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
        runtime.block_on(async {
            crate::command::live::stopped().await;
            cancel.cancel();
            tokio::time::sleep(PATIENCE).await;
            cancel.abandon();
            std::process::exit(INTERRUPTED);
        });
    });
}
