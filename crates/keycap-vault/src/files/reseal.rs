//! Sealing files anew to others by writing the header alone again.
//!
//! The file key stays the same, and so do nonce and chunks. *Not prevented*: whoever could open the file before can open copies that were
//! made of it, and, with the file key that they may have kept, the file as it is now. Only opening it and sealing what is in it gives it another
//! file key.

use std::fs::{self, Metadata};
use std::io::{self, BufWriter, Read, Write};
use std::path::PathBuf;

use age::armor::{ArmoredWriter, Format};
use keycap_core::seal::file::{Header, PayloadError, opened_payload_len};

use super::inspect::source_of;
use super::partial::{Access, Partial};
use super::place::Outcomes;
use super::stream::Begun;
use super::watch::{Paced, Watch};
use super::{Cancel, Existing, FileError, Form, Identities, Input, Progress, Recipients, Report, Written, head};

/// Files to be sealed anew.
pub struct ResealJob {
    recipients: Recipients,
    identities: Identities,
    paths: Vec<PathBuf>,
}

impl ResealJob {
    /// These files, opened by these identities, to these recipients and no others.
    #[must_use]
    pub fn new(recipients: Recipients, identities: Identities, paths: Vec<PathBuf>) -> Self {
        Self { recipients, identities, paths }
    }

    /// Bytes of all files.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.paths.iter().filter_map(|path| fs::metadata(path).ok()).map(|metadata| metadata.len()).sum()
    }

    /// Seals them anew. Each file is the old one or the new one at any moment; one that fails stays as it was.
    #[must_use]
    pub fn run(self, progress: &dyn Progress, cancel: &Cancel) -> Vec<Report> {
        let watch = Watch { progress, cancel };
        let outcomes = Outcomes::new(self.paths.len());
        for (index, path) in self.paths.iter().enumerate() {
            let name = path.display().to_string();
            progress.begin(&name);
            outcomes.put(index, name, self.one(path.clone(), watch));
        }
        outcomes.into_all()
    }

    fn one(&self, path: PathBuf, watch: Watch<'_>) -> Result<Written, FileError> {
        watch.cancel.check()?;
        let named = path;
        // A link stays one, and what it leads to is replaced.
        let path = named.canonicalize().map_err(FileError::Read)?;
        let (source, _) = source_of(Input::Path(path.clone()))?;
        let before = fs::metadata(&path).map_err(FileError::Read)?;
        let Begun { header, form, mut rest, .. } = Begun::read(source)?;
        let (file_key, opened) = self.identities.unwrap(&header)?;
        // Nobody is given the key of a file whose header somebody else has changed.
        header.payload_key(&file_key, &[0; 16])?;
        let header = Header::new(head::wrap(&self.recipients.list, &file_key)?, &file_key)?;
        let mut partial = Partial::create(&path, Access::Private, watch.cancel)?;
        let bytes = write(&header, form, Paced { reader: &mut rest, watch }, &mut partial).map_err(|error| error.at(&path))?;
        if changed(&before, &fs::metadata(&path).map_err(FileError::Read)?) {
            return Err(FileError::Changed);
        }
        partial.adopt_permissions(&before);
        let bytes = opened_payload_len(bytes).ok_or(PayloadError::NoSuchLength)?;
        partial.finish(&path, Existing::Replace)?;
        Ok(Written { path: Some(named), bytes, left_out: 0, opened })
    }
}

impl std::fmt::Debug for ResealJob {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ResealJob").field("paths", &self.paths).finish_non_exhaustive()
    }
}

fn write(header: &Header, form: Form, mut rest: impl Read, partial: &mut Partial) -> Result<u64, FileError> {
    let mut sink = BufWriter::with_capacity(256 << 10, partial);
    match form {
        Form::Binary => {
            let copied = copy(header, &mut rest, &mut sink)?;
            sink.flush().map_err(FileError::of_writer)?;
            Ok(copied)
        }
        Form::Armor => {
            let mut armored = ArmoredWriter::wrap_output(sink, Format::AsciiArmor).map_err(FileError::of_writer)?;
            // Not flushed before its end: armor would take what it has so far for the last line.
            let copied = copy(header, &mut rest, &mut armored)?;
            armored.finish().and_then(|mut sink| sink.flush()).map_err(FileError::of_writer)?;
            Ok(copied)
        }
    }
}

fn copy(header: &Header, rest: &mut impl Read, sink: &mut impl Write) -> Result<u64, FileError> {
    sink.write_all(&header.encode()).map_err(FileError::of_writer)?;
    io::copy(rest, sink).map_err(FileError::of_writer)
}

fn changed(before: &Metadata, after: &Metadata) -> bool {
    before.len() != after.len() || before.modified().ok() != after.modified().ok()
}
