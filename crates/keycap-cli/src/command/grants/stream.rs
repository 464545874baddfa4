//! All grants, however many: read from the ledger and written out a thousand at a time.

use std::cell::RefCell;

use keycap_vault::view::{GrantRow, GrantsPage};
use keycap_vault::{GrantQuery, Vault, VaultError};
use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::{empty, table};
use crate::context::Context;
use crate::exit::{DONE, Ended};

/// Minted grants read at a time.
const CHUNK: u32 = 1_000;

/// Writes all of them.
pub(super) fn all(vault: &Vault, query: GrantQuery, context: &mut Context) -> Ended {
    let query = GrantQuery { offset: 0, limit: CHUNK, ..query };
    if context.output.is_json() {
        let everything = Everything { vault, query, failed: RefCell::new(None) };
        let written = context.output.show("grants", &everything, |_| Ok(()));
        // What the ledger said is more than that writing was broken off.
        return match everything.failed.into_inner() {
            Some(error) => Err(error.into()),
            None => written.and(DONE),
        };
    }
    let times = context.times(vault);
    let one_service = query.service.is_some();
    for page in (Pages { vault, next: Some(query.clone()) }) {
        let page = page?;
        context.output.text(|out| if page.total == 0 { empty(&query, &page, out) } else { out.table(&table(&page.rows, one_service, &times)) })?;
    }
    DONE
}

/// The pages, one after the other. Each is a consistent view of the ledger; what is minted meanwhile may be missing.
struct Pages<'a> {
    vault: &'a Vault,
    next: Option<GrantQuery>,
}

impl Iterator for Pages<'_> {
    type Item = Result<GrantsPage, VaultError>;

    fn next(&mut self) -> Option<Self::Item> {
        let query = self.next.take()?;
        let page = self.vault.grants(&query);
        if let Ok(page) = &page
            && page.shown == u64::from(query.limit)
        {
            self.next = Some(GrantQuery { offset: query.offset + page.shown, ..query });
        }
        Some(page)
    }
}

/// All pages as one, in the form of a [`GrantsPage`], written as they are read.
struct Everything<'a> {
    vault: &'a Vault,
    query: GrantQuery,
    failed: RefCell<Option<VaultError>>,
}

impl Serialize for Everything<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut page = serializer.serialize_struct("GrantsPage", 4)?;
        let counting = GrantQuery { limit: 1, ..self.query.clone() };
        let total = self.vault.grants(&counting).map_err(|error| self.fail(error))?.total;
        page.serialize_field("total", &total)?;
        page.serialize_field("offset", &0)?;
        page.serialize_field("shown", &total)?;
        page.serialize_field("rows", &Rows(self))?;
        page.end()
    }
}

impl Everything<'_> {
    fn fail<E: serde::ser::Error>(&self, error: VaultError) -> E {
        let text = error.to_string();
        self.failed.replace(Some(error));
        E::custom(text)
    }
}

struct Rows<'a>(&'a Everything<'a>);

impl Serialize for Rows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeSeq;
        let mut rows = serializer.serialize_seq(None)?;
        for page in (Pages { vault: self.0.vault, next: Some(self.0.query.clone()) }) {
            let page = page.map_err(|error| self.0.fail::<S::Error>(error))?;
            page.rows.iter().try_for_each(|row: &GrantRow| rows.serialize_element(row))?;
        }
        rows.end()
    }
}
