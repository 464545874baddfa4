//! Records: what a writer makes, and what a reader makes of it.

use keycap_core::noise::OneWayError;
use keycap_core::seal::record::{self, Head, LocatorRef, OpenedLocator, RecordError, Single, SingleWriter, Writer};
use serde::{Deserialize, Serialize};

use super::bytes::{Hex, Laid};
use super::sealing::{OpenGives, ServiceForm, capability, identity, sender};
use crate::Kind;

/// Data and the place that it is for.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Row {
    pub(crate) ad: Hex,
    pub(crate) data: Hex,
}

/// A writer, and the rows that it writes.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WriterGiven {
    pub(crate) service: Hex,
    pub(crate) root: Hex,
    pub(crate) chain: Hex,
    pub(crate) sender: String,
    pub(crate) sender_seed: Option<Hex>,
    pub(crate) locator_ephemeral: Hex,
    /// Of the head; or of each single record, in turn.
    pub(crate) ephemerals: Vec<Hex>,
    pub(crate) rows: Vec<Row>,
}

/// Records under a head.
pub(crate) struct SealRecords;

#[derive(Serialize)]
pub(crate) struct SealRecordsGives {
    head: Hex,
    records: Vec<Hex>,
}

impl Kind for SealRecords {
    const NAME: &'static str = "seal records";
    type Given = WriterGiven;
    type Gives = SealRecordsGives;

    fn work_out(given: &WriterGiven) -> SealRecordsGives {
        let key = given.sender_seed.as_ref().map(identity);
        let mut rng = Laid::down([&given.locator_ephemeral].into_iter().chain(&given.ephemerals));
        let capability = capability(&given.service, &given.root, &given.chain);
        let (mut writer, head) = Writer::start(&capability, sender(&given.sender, key.as_ref()), &mut rng).unwrap();
        rng.used_up();
        let records = given.rows.iter().map(|row| Hex(writer.seal(&row.ad.0, &row.data.0).unwrap())).collect();
        SealRecordsGives { head: Hex(head), records }
    }
}

/// Single records.
pub(crate) struct SealSingles;

#[derive(Serialize)]
pub(crate) struct SealSinglesGives {
    locator: Hex,
    reference: Hex,
    records: Vec<Hex>,
}

impl Kind for SealSingles {
    const NAME: &'static str = "seal single records";
    type Given = WriterGiven;
    type Gives = SealSinglesGives;

    fn work_out(given: &WriterGiven) -> SealSinglesGives {
        let key = given.sender_seed.as_ref().map(identity);
        let mut rng = Laid::down([&given.locator_ephemeral].into_iter().chain(&given.ephemerals));
        let capability = capability(&given.service, &given.root, &given.chain);
        let writer = SingleWriter::new(&capability, sender(&given.sender, key.as_ref()), &mut rng).unwrap();
        let records = given.rows.iter().map(|row| Hex(writer.seal(&row.ad.0, &row.data.0, &mut rng).unwrap())).collect();
        rng.used_up();
        let reference = Hex::of(LocatorRef::of(writer.locator()).as_bytes());
        SealSinglesGives { locator: Hex::of(writer.locator()), reference, records }
    }
}

/// A record and what it is opened with.
pub(crate) struct OpenRecord;

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OpenRecordGiven {
    pub(crate) service: ServiceForm,
    pub(crate) with: With,
    pub(crate) ad: Hex,
    pub(crate) record: Hex,
}

/// What the reader has beside the record.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum With {
    Head(Hex),
    Locator(Hex),
}

fn failed(error: RecordError) -> OpenGives {
    OpenGives::only(match &error {
        RecordError::Malformed { .. } => "malformed",
        RecordError::Pattern { .. } => "no pattern that seals",
        RecordError::OtherLocator { .. } => "of another locator",
        RecordError::Locator(OneWayError::Length { .. }) => "malformed",
        RecordError::Locator(_) => "not to this reader",
        RecordError::Chain(_) => "closed epoch",
        RecordError::Unauthentic => "forged",
        RecordError::Moved => "moved",
        RecordError::Sender(_) => "bad sender",
        RecordError::Unfitting(_) | RecordError::TooLong { .. } | RecordError::Exhausted | RecordError::Seal | _ => panic!("{error}"),
    })
}

impl Kind for OpenRecord {
    const NAME: &'static str = "open record";
    type Given = OpenRecordGiven;
    type Gives = OpenGives;

    fn work_out(given: &OpenRecordGiven) -> OpenGives {
        Self::open(given).unwrap_or_else(failed)
    }
}

impl OpenRecord {
    fn open(given: &OpenRecordGiven) -> Result<OpenGives, RecordError> {
        let keys = given.service.keys();
        match &given.with {
            With::Head(head) => {
                let proven = Head::parse(&head.0)?.open(&keys)?;
                let sender = proven.sender().map(|key| Hex::of(key.as_bytes()));
                let mut read = None;
                let gives = OpenGives::of_verdict(given.service.clear(proven), sender, |reader: record::Reader| {
                    match reader.open(&given.ad.0, &given.record.0) {
                        Ok(data) => Hex::of(data.expose()),
                        Err(error) => {
                            read = Some(error);
                            Hex(Vec::new())
                        }
                    }
                });
                read.map_or(Ok(gives), Err)
            }
            With::Locator(locator) => {
                let locator = OpenedLocator::open(&keys, &locator.0)?;
                let proven = Single::parse(&given.record.0)?.open(&keys, &locator, &given.ad.0)?;
                let sender = proven.sender().map(|key| Hex::of(key.as_bytes()));
                Ok(OpenGives::of_verdict(given.service.clear(proven), sender, |data| Hex::of(data.expose())))
            }
        }
    }
}
