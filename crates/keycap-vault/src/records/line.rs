//! JSON lines with sealed records in them.
//!
//! ```text
//! {"$keycap-head": BASE64, "place": "users/{id}", "fields": ["ssn"]}     begins each run of a writer; or "$keycap-locator", for singles
//! {"id": 7, "name": "Ann", "ssn": {"$keycap": BASE64}}                   fields sealed, the rest as it was, byte by byte
//! {"id": 7, "$keycap": BASE64}                                           whole lines sealed: what the place names stays readable
//! ```
//!
//! What is sealed is the JSON of a field's value, or the whole line. It is bound to the place: the template, the list of sealed fields, its own
//! field and the values that the template names. So a record opens in no other row, field or file with another template; and a field that
//! was sealed cannot be replaced by one that is not. *Not prevented*: lines can be left out, repeated, put in another order, and put back as they
//! once were; what is not sealed and not named by the place can be changed.

use std::collections::HashSet;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use keycap_core::secret::SecretText;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use super::place::Template;
use super::{RecordHead, RecordOpener, RecordWriter, SingleRecordWriter};
use crate::error::VaultError;
use crate::opener::Outcome;

const RECORD: &str = "$keycap";
const HEAD: &str = "$keycap-head";
const LOCATOR: &str = "$keycap-locator";

/// Why a line cannot be sealed or opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LineError {
    /// The line is no JSON, or no object where one is needed.
    #[error("the line is not what it should be: {0}")]
    Json(#[from] serde_json::Error),
    /// A field to be sealed, or one that the place names, is not there.
    #[error("the line has no field `{field}`")]
    Missing {
        /// Its name.
        field: String,
    },
    /// A field that the place names holds an object or a list.
    #[error("the field `{field}` names the place of the line, and must be a text, a number, true, false or null")]
    NotPlain {
        /// Its name.
        field: String,
    },
    /// The line is sealed already, or has fields that say so.
    #[error("the line, or a field of it, is sealed already")]
    Sealed,
    /// The field should be sealed, and is not: somebody may have replaced it.
    #[error("the field `{field}` is not sealed, and should be")]
    NotSealed {
        /// Its name.
        field: String,
    },
    /// The line is not sealed, and should be.
    #[error("the line is not sealed, and should be")]
    LineNotSealed,
    /// The template of a place is malformed.
    #[error("`{template}` is no template: write names of fields in braces, such as users/{{id}}, and {{{{ or }}}} for a brace")]
    Template {
        /// The template.
        template: String,
    },
    /// A field is to be sealed and names the place.
    #[error("the field `{field}` cannot both be sealed and name the place of the line")]
    PlaceSealed {
        /// Its name.
        field: String,
    },
    /// There was no head or locator before the first record.
    #[error("no head came before this line")]
    NoHead,
    /// The lines were sealed in another form than the reader asks for.
    #[error("the lines that follow were sealed for the place `{place}` and the fields {fields:?}, which is not what was asked for")]
    OtherForm {
        /// The template of their place.
        place: String,
        /// The fields that are sealed.
        fields: Vec<String>,
    },
    /// A record is no base64.
    #[error("a record in the line is no base64")]
    Base64,
    /// A record does not open, or could not be made.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// What is sealed in each line, and what it is bound to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LineForm {
    /// The fields that are sealed; none: the whole line.
    pub fields: Vec<String>,
    /// The template of the place, such as `users/{id}`; empty: every line of such a file.
    pub place: String,
}

/// What seals lines.
#[derive(Debug)]
pub struct LineSealer {
    writer: Sealing,
    fields: Vec<String>,
    template: Template,
}

#[derive(Debug)]
enum Sealing {
    Many(RecordWriter),
    Single(SingleRecordWriter),
}

impl LineSealer {
    /// Under a head of its own.
    ///
    /// # Errors
    /// [`LineError::Template`], [`LineError::PlaceSealed`].
    pub fn many(writer: RecordWriter, form: LineForm) -> Result<Self, LineError> {
        Self::new(Sealing::Many(writer), form)
    }

    /// Each record for itself.
    ///
    /// # Errors
    /// As [`LineSealer::many`].
    pub fn single(writer: SingleRecordWriter, form: LineForm) -> Result<Self, LineError> {
        Self::new(Sealing::Single(writer), form)
    }

    fn new(writer: Sealing, form: LineForm) -> Result<Self, LineError> {
        let template = Template::parse(&form.place)?;
        match form.fields.iter().find(|field| template.fields().contains(field)) {
            Some(field) => Err(LineError::PlaceSealed { field: field.clone() }),
            None => Ok(Self { writer, fields: form.fields, template }),
        }
    }

    /// The line that comes before those it seals.
    ///
    /// # Errors
    /// None that can be helped.
    pub fn first_line(&self) -> Result<String, LineError> {
        let (name, bytes) = match &self.writer {
            Sealing::Many(writer) => (HEAD, writer.head()),
            Sealing::Single(writer) => (LOCATOR, writer.locator()),
        };
        let mut line = Object::default();
        line.push(name, &STANDARD.encode(bytes))?;
        line.push("place", self.template.text())?;
        line.push("fields", &self.fields)?;
        Ok(serde_json::to_string(&line)?)
    }

    /// Seals one line.
    ///
    /// # Errors
    /// [`LineError::Json`], [`LineError::Missing`], [`LineError::NotPlain`], [`LineError::Sealed`], [`LineError::Vault`].
    pub fn seal(&mut self, line: &str) -> Result<String, LineError> {
        if self.fields.is_empty() { self.seal_whole(line) } else { self.seal_fields(line) }
    }

    fn seal_whole(&mut self, line: &str) -> Result<String, LineError> {
        let line: &RawValue = serde_json::from_str(line)?;
        let object = line.get().starts_with('{').then(|| Object::parse(line.get())).transpose()?;
        if object.as_ref().is_some_and(Object::is_ours) {
            return Err(LineError::Sealed);
        }
        let associated = self.template.associated(&self.fields, None, object.as_ref())?;
        let mut sealed = Object::default();
        for (name, value) in object.into_iter().flat_map(|object| object.0).filter(|(name, _)| self.template.fields().contains(name)) {
            sealed.0.push((name, value));
        }
        sealed.push(RECORD, &STANDARD.encode(self.record(&associated, line.get())?))?;
        Ok(serde_json::to_string(&sealed)?)
    }

    fn seal_fields(&mut self, line: &str) -> Result<String, LineError> {
        let mut object = Object::parse(line)?;
        if object.is_ours() {
            return Err(LineError::Sealed);
        }
        let mut records = Vec::with_capacity(self.fields.len());
        for field in self.fields.clone() {
            let value = object.field(&field).ok_or_else(|| LineError::Missing { field: field.clone() })?;
            if sealed_value(value).is_some() {
                return Err(LineError::Sealed);
            }
            let associated = self.template.associated(&self.fields, Some(&field), Some(&object))?;
            records.push((field, self.record(&associated, value.get())?));
        }
        for (field, record) in records {
            let mut sealed = Object::default();
            sealed.push(RECORD, &STANDARD.encode(record))?;
            object.set(&field, serde_json::value::to_raw_value(&sealed)?);
        }
        Ok(serde_json::to_string(&object)?)
    }

    fn record(&mut self, associated: &[u8], json: &str) -> Result<Vec<u8>, VaultError> {
        match &mut self.writer {
            Sealing::Many(writer) => writer.seal(associated, json.as_bytes()),
            Sealing::Single(writer) => writer.seal(associated, json.as_bytes()),
        }
    }
}

/// What opens lines. It learns heads and locators as they come by, and tries the newest first.
#[derive(Debug)]
pub struct LineOpener {
    records: RecordOpener,
    wanted: Option<LineForm>,
    heads: Vec<RecordHead>,
    /// The template and the sealed fields of the lines that come now.
    form: Option<(Template, Vec<String>)>,
}

/// What a line was.
#[derive(Debug)]
pub enum OpenedLine {
    /// A head: who wrote what follows, and by whose leave.
    Head(Outcome),
    /// A locator. Who wrote is told by each line.
    Locator,
    /// A line, opened. Who wrote it, if that was not told by a head.
    Line(SecretText, Option<Outcome>),
}

impl LineOpener {
    /// `wanted`: the form that the lines must have; `None`: the one that they say they have.
    #[must_use]
    pub const fn new(records: RecordOpener, wanted: Option<LineForm>) -> Self {
        Self { records, wanted, heads: Vec::new(), form: None }
    }

    /// Learns from a line if it is a head or a locator, and passes over any other. Gives who wrote under a head.
    ///
    /// # Errors
    /// As [`LineOpener::open`] for a head or locator.
    pub fn learn(&mut self, line: &str) -> Result<Option<Outcome>, LineError> {
        let tells = Object::parse(line).is_ok_and(|object| object.field(HEAD).is_some() || object.field(LOCATOR).is_some());
        if !tells {
            return Ok(None);
        }
        Ok(match self.open(line)? {
            OpenedLine::Head(outcome) => Some(outcome),
            OpenedLine::Locator | OpenedLine::Line(..) => None,
        })
    }

    /// Opens one line, or learns from it.
    ///
    /// # Errors
    /// A [`LineError`].
    pub fn open(&mut self, line: &str) -> Result<OpenedLine, LineError> {
        let object = Object::parse(line)?;
        if let Some(head) = object.field(HEAD) {
            let head = self.records.open_head(&base64_of(head)?)?;
            let outcome = head.outcome().clone();
            self.begin(&object)?;
            self.heads.push(head);
            return Ok(OpenedLine::Head(outcome));
        }
        if let Some(locator) = object.field(LOCATOR) {
            self.records.learn_locator(&base64_of(locator)?)?;
            self.begin(&object)?;
            return Ok(OpenedLine::Locator);
        }
        let (template, fields) = self.form.as_ref().ok_or(LineError::NoHead)?;
        if fields.is_empty() {
            let record = object.field(RECORD).ok_or(LineError::LineNotSealed)?;
            let associated = template.associated(fields, None, Some(&object))?;
            let (json, outcome) = self.record(&associated, &base64_of(record)?)?;
            return Ok(OpenedLine::Line(json, outcome));
        }
        let mut opened = Vec::with_capacity(fields.len());
        let mut said = None;
        for field in fields {
            let value = object.field(field).ok_or_else(|| LineError::Missing { field: field.clone() })?;
            let record = sealed_value(value).ok_or_else(|| LineError::NotSealed { field: field.clone() })?;
            let associated = template.associated(fields, Some(field), Some(&object))?;
            let (json, outcome) = self.record(&associated, &STANDARD.decode(record).map_err(|_| LineError::Base64)?)?;
            said = said.or(outcome);
            opened.push((field.clone(), RawValue::from_string(json.expose().to_owned())?));
        }
        let mut object = object;
        for (field, value) in opened {
            object.set(&field, value);
        }
        Ok(OpenedLine::Line(SecretText::new(serde_json::to_string(&object)?), said))
    }

    /// Takes the form of the lines to come from a head or locator. A lie in it makes no record open: each is bound to it.
    fn begin(&mut self, first: &Object) -> Result<(), LineError> {
        let part = |name: &str| first.field(name).map_or("\"\"", RawValue::get);
        let place: String = serde_json::from_str(part("place"))?;
        let fields: Vec<String> = first.field("fields").map(|fields| serde_json::from_str(fields.get())).transpose()?.unwrap_or_default();
        if self.wanted.as_ref().is_some_and(|wanted| wanted.place != place || wanted.fields != fields) {
            return Err(LineError::OtherForm { place, fields });
        }
        self.form = Some((Template::parse(&place)?, fields));
        Ok(())
    }

    fn record(&self, associated: &[u8], record: &[u8]) -> Result<(SecretText, Option<Outcome>), LineError> {
        let (json, outcome) = if self.records.knows_locator_of(record) {
            let (json, outcome) = self.records.open_single(associated, record)?;
            (json, Some(outcome))
        } else {
            (self.under_a_head(associated, record)?, None)
        };
        let text = std::str::from_utf8(json.expose()).map_err(serde_json::Error::custom)?;
        // What a holder sealed is anything; only JSON becomes part of a line.
        let value: &RawValue = serde_json::from_str(text)?;
        Ok((SecretText::new(value.get().to_owned()), outcome))
    }

    fn under_a_head(&self, associated: &[u8], record: &[u8]) -> Result<keycap_core::secret::SecretBytes, LineError> {
        let mut failed = None;
        for head in self.heads.iter().rev() {
            match head.open(associated, record) {
                Ok(json) => return Ok(json),
                // Moved says more than not authentic, which every other head says too.
                Err(error @ VaultError::Record(keycap_core::seal::record::RecordError::Moved)) => failed = Some(error),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        Err(failed.map_or(LineError::NoHead, LineError::Vault))
    }
}

/// An object of JSON whose fields stay as they came, in their order.
#[derive(Debug, Default)]
pub(super) struct Object(Vec<(String, Box<RawValue>)>);

impl Object {
    pub(super) fn parse(line: &str) -> Result<Self, LineError> {
        Ok(serde_json::from_str(line)?)
    }

    pub(super) fn field(&self, name: &str) -> Option<&RawValue> {
        self.0.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_ref())
    }

    fn set(&mut self, name: &str, value: Box<RawValue>) {
        if let Some((_, old)) = self.0.iter_mut().find(|(field, _)| field == name) {
            *old = value;
        }
    }

    fn push<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), LineError> {
        self.0.push((name.to_owned(), serde_json::value::to_raw_value(value)?));
        Ok(())
    }

    /// Whether it has a field that means something to keycap.
    fn is_ours(&self) -> bool {
        [RECORD, HEAD, LOCATOR].into_iter().any(|name| self.field(name).is_some())
    }
}

impl Serialize for Object {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;

        impl<'de> Visitor<'de> for Fields {
            type Value = Object;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let (mut object, mut names) = (Object::default(), HashSet::new());
                while let Some((name, value)) = map.next_entry::<String, Box<RawValue>>()? {
                    // Two readers could understand it in two ways.
                    if !names.insert(name.clone()) {
                        return Err(A::Error::custom(format!("the field `{name}` stands twice in it")));
                    }
                    object.0.push((name, value));
                }
                Ok(object)
            }
        }

        deserializer.deserialize_map(Fields)
    }
}

/// The record in a value that is one: an object of one field.
fn sealed_value(value: &RawValue) -> Option<String> {
    let object = Object::parse(value.get()).ok()?;
    let [(name, record)] = object.0.as_slice() else { return None };
    if name == RECORD { serde_json::from_str(record.get()).ok() } else { None }
}

fn base64_of(value: &RawValue) -> Result<Vec<u8>, LineError> {
    let text: String = serde_json::from_str(value.get())?;
    STANDARD.decode(text).map_err(|_| LineError::Base64)
}
