//! Files: sealed, looked into and opened by the host; the page knows their names and how far they are.

use std::path::PathBuf;
use std::sync::Arc;

use keycap_vault::files::{Existing, Folders, Folding, Form, Identities, Input, Inspected, OpenJob, Output, Report, ResealJob, SealJob, SealTo};
use keycap_vault::view::{FileErrorView, FileView, FilesView, InspectedView};
use keycap_vault::{Environment, OpenRequest, SealFrom, Vault, VaultError, WhatLapsed};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::error::UiError;
use crate::host::Host;
use crate::person::{AskFiles, AskPassphrase, Asked, Files};
use crate::shelf::Shelf;
use crate::tasks::{TaskKind, TaskView, Work};

/// Files that are looked into at once, at most.
const LOOKED: usize = 20;
/// Names of files that are told to the page.
const NAMED: usize = 100;

/// Files that a person chose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub(crate) struct Chosen {
    /// Names them until they are worked on or let go.
    pub(crate) handle: String,
    /// Their names, at most 100.
    pub(crate) names: Vec<String>,
    /// How many there are.
    pub(crate) count: usize,
    /// Where the first of them lies: what is made of it goes there too.
    pub(crate) folder: String,
}

/// What is to be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum What {
    /// Some files.
    Files,
    /// A folder.
    Folder,
}

/// How files are to be sealed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, TS)]
pub(crate) struct SealForm {
    /// The files.
    pub(crate) handle: String,
    /// To whom: `key:NAME`, `group:NAME`, `cap:NAME`, `age1…`. Empty: under a passphrase, which is asked for outside the page.
    pub(crate) recipients: Vec<String>,
    /// The key that shows who sealed it; empty: none.
    pub(crate) from: String,
    /// Whether one's own oldest key can open it too.
    pub(crate) with_self: bool,
    /// As text that can be pasted and mailed.
    pub(crate) armor: bool,
    /// Everything as one file; otherwise each file and each folder by itself.
    pub(crate) together: bool,
    /// Into a folder that is asked for; otherwise beside the files.
    pub(crate) elsewhere: bool,
}

impl Chosen {
    /// Keeps them.
    pub(crate) fn keep(shelf: &Shelf, files: Vec<PathBuf>) -> Self {
        let name = |path: &PathBuf| path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned());
        let folder = files.first().and_then(|path| path.parent()).map(|folder| folder.display().to_string()).unwrap_or_default();
        Self { names: files.iter().take(NAMED).map(name).collect(), count: files.len(), folder, handle: shelf.keep_files(files) }
    }
}

/// Chooses files or a folder.
pub(crate) async fn choose(host: &Host, what: What) -> Result<Chosen, UiError> {
    let what = match what {
        What::Files => Files::Several,
        What::Folder => Files::Folder,
    };
    let files = host.person.files(AskFiles { title: "Choose what to seal or open", what }).await;
    if files.is_empty() { Err(UiError::cancelled()) } else { Ok(Chosen::keep(&host.shelf, files)) }
}

/// Lets chosen files go.
pub(crate) async fn discard(host: &Host, handle: String) -> Result<(), UiError> {
    host.shelf.drop_files(&handle);
    Ok(())
}

/// What the headers of sealed files say, and with what of this vault they open; at most 20 files.
pub(crate) async fn look(host: &Host, handle: String) -> Result<Vec<InspectedView>, UiError> {
    let files = host.shelf.files(&handle)?;
    host.desk
        .keep(move |vault| {
            let opener = vault.opener(OpenRequest::default())?;
            let look = |path: &PathBuf| {
                let name = path.display().to_string();
                let inspected = Inspected::read(Input::Path(path.clone())).map_err(VaultError::from)?;
                Ok(InspectedView::of(&name, &inspected, Some((vault, &opener)))?)
            };
            files.iter().take(LOOKED).map(look).collect()
        })
        .await
}

/// Seals files: begins a task and gives its number.
pub(crate) async fn seal(host: &Host, form: SealForm) -> Result<u32, UiError> {
    let files = host.shelf.files(&form.handle)?;
    let passphrase = if form.recipients.is_empty() {
        let text = "Whoever knows it can open the files. It is not kept anywhere.";
        Some(host.ask_passphrase(AskPassphrase { title: "A passphrase for the files", text, new: true }).await?)
    } else {
        None
    };
    let output = if form.elsewhere { Output::Folder(host.ask_file("Where to put them", Files::Folder).await?) } else { Output::Beside };
    let to = SealTo {
        with_self: form.with_self && passphrase.is_none(),
        recipients: form.recipients,
        passphrase,
        from: SealFrom { key: Some(form.from).filter(|key| !key.is_empty()), mutual: false },
        prompts: Arc::new(Asked(Arc::clone(&host.person))),
    };
    let folding = if form.together { Folding::Together } else { Folding::Folders };
    let format = if form.armor { Form::Armor } else { Form::Binary };
    let what = summary(&files);
    let inputs = files.into_iter().map(Input::Path).collect();
    let tasks = host.tasks.clone();
    let id = host
        .desk
        .beside(move |vault| {
            let recipients = vault.file_recipients(&to)?;
            let (views, notes) = (recipients.views().to_vec(), recipients.notes().to_vec());
            let job = SealJob::plan(recipients, inputs, output, (folding, format, Existing::Number)).map_err(VaultError::from)?;
            let Work { id, cancel, meter } = tasks.begin(TaskKind::Seal, what, job.bytes());
            let work: Box<dyn FnOnce()> = Box::new(move || {
                let reports = job.run(&meter, &cancel);
                let view = FilesView::of(&reports, None).unwrap_or_else(|error| plain(&reports, &error));
                tasks.end(id, FilesView { recipients: views, notes, ..view });
            });
            Ok((id, work))
        })
        .await?;
    host.shelf.drop_files(&form.handle);
    Ok(id)
}

/// Opens files with the vault, or with a passphrase where they are sealed under one: begins a task and gives its number.
pub(crate) async fn open(host: &Host, handle: String, lapsed: bool, elsewhere: bool) -> Result<u32, UiError> {
    let files = host.shelf.files(&handle)?;
    let output = if elsewhere { Output::Folder(host.ask_file("Where to put them", Files::Folder).await?) } else { Output::Beside };
    let what = summary(&files);
    let inputs: Vec<_> = files.into_iter().map(Input::Path).collect();
    let (tasks, folder, person) = (host.tasks.clone(), host.desk.folder().to_owned(), Arc::clone(&host.person));
    let lapsed = if lapsed { WhatLapsed::Opens } else { WhatLapsed::StaysClosed };
    let id = host
        .desk
        .beside(move |vault| {
            let opener = vault.opener(OpenRequest { lapsed, ..OpenRequest::default() })?;
            let identities = Identities::new().with_asked_passphrase(Arc::new(Asked(person))).with_vault(opener);
            let job = OpenJob::plan(identities, inputs, output, (Folders::Unpack, Existing::Number)).map_err(VaultError::from)?;
            let Work { id, cancel, meter } = tasks.begin(TaskKind::Open, what, job.bytes());
            let work: Box<dyn FnOnce()> = Box::new(move || {
                let reports = job.run(&meter, &cancel);
                // Who sealed a file stands in the ledger, which needs no unlocking.
                let told = Vault::open(&folder, Environment::system()).and_then(|vault| FilesView::of(&reports, Some(&vault)));
                tasks.end(id, told.unwrap_or_else(|error| plain(&reports, &error)));
            });
            Ok((id, work))
        })
        .await?;
    host.shelf.drop_files(&handle);
    Ok(id)
}

/// Gives sealed files other recipients by writing their headers anew: begins a task and gives its number.
pub(crate) async fn reseal(host: &Host, handle: String, recipients: Vec<String>, with_self: bool) -> Result<u32, UiError> {
    let files = host.shelf.files(&handle)?;
    if recipients.is_empty() {
        return Err(UiError::new("bad-input", "They have to be sealed to somebody.").hint("Choose a recipient."));
    }
    let prompts = Arc::new(Asked(Arc::clone(&host.person)));
    let to = SealTo { recipients, passphrase: None, from: SealFrom::default(), with_self, prompts };
    let what = summary(&files);
    let (tasks, person) = (host.tasks.clone(), Arc::clone(&host.person));
    let id = host
        .desk
        .beside(move |vault| {
            let recipients = vault.file_recipients(&to)?;
            let (views, notes) = (recipients.views().to_vec(), recipients.notes().to_vec());
            let opener = vault.opener(OpenRequest::default())?;
            let identities = Identities::new().with_asked_passphrase(Arc::new(Asked(person))).with_vault(opener);
            let job = ResealJob::new(recipients, identities, files);
            let Work { id, cancel, meter } = tasks.begin(TaskKind::Reseal, what, Some(job.bytes()));
            let work: Box<dyn FnOnce()> = Box::new(move || {
                let reports = job.run(&meter, &cancel);
                let view = FilesView::of(&reports, None).unwrap_or_else(|error| plain(&reports, &error));
                tasks.end(id, FilesView { recipients: views, notes, ..view });
            });
            Ok((id, work))
        })
        .await?;
    host.shelf.drop_files(&handle);
    Ok(id)
}

/// The tasks of this window, the newest first.
pub(crate) async fn tasks(host: &Host) -> Result<Vec<TaskView>, UiError> {
    if host.desk.closed().is_some() {
        return Err(UiError::locked());
    }
    Ok(host.tasks.views())
}

/// Stops a task that runs, and clears away one that has ended.
pub(crate) async fn task_stop(host: &Host, id: u32) -> Result<(), UiError> {
    host.tasks.stop(id);
    Ok(())
}

/// What became of files, should the ledger not say who sealed them.
fn plain(reports: &[Report], error: &VaultError) -> FilesView {
    let mut view = FilesView { recipients: Vec::new(), files: Vec::new(), done: 0, failed: 0, bytes: 0, notes: vec![error.to_string()] };
    for report in reports {
        let file = report.name.clone();
        view.files.push(match &report.result {
            Ok(written) => {
                view.done += 1;
                view.bytes += written.bytes;
                let output = written.path.as_ref().map(|path| path.display().to_string());
                FileView { file, output, bytes: written.bytes, left_out: written.left_out, opened: None, error: None }
            }
            Err(error) => {
                view.failed += 1;
                let error = FileErrorView { code: error.code(), message: error.to_string(), hint: error.hint().map(str::to_owned) };
                FileView { file, output: None, bytes: 0, left_out: 0, opened: None, error: Some(error) }
            }
        });
    }
    view
}

fn summary(files: &[PathBuf]) -> String {
    let first = files.first().and_then(|path| path.file_name()).map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    match files.len() {
        0 | 1 => first,
        many => format!("{first} and {} more", many - 1),
    }
}
