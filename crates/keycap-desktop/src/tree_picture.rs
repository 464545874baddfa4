//! The tree of grants as a picture that can be saved: an SVG with names, holders, times and states. It can be shown around: no secret and no
//! address is in it.
//!
//! Each grant is a line, indented below the one it came from. A long tree goes on in further columns, so that the picture has the shape of a
//! sheet and not of a ribbon; where one goes on in the middle of a tree, its first line says of whose.

mod draw;
mod text;

use keycap_vault::view::{GrantRow, State};
use keycap_vault::words::{TimeWords, number};

use self::draw::Sheet;

/// All states, in the order of the legend.
const STATES: [State; 5] = [State::Active, State::Soon, State::NotYet, State::Expired, State::Revoked];

/// A grant, as far as it is drawn.
#[derive(Debug, Clone)]
struct Line {
    depth: usize,
    /// For each depth down to its own, whether nothing follows there.
    last: Vec<bool>,
    name: String,
    holder: Option<String>,
    expires: Option<u64>,
    state: State,
}

/// What belongs together under one heading: the grants of a service.
#[derive(Debug)]
struct Part {
    heading: String,
    lines: Vec<Line>,
}

/// A picture in the making.
#[derive(Debug)]
pub(crate) struct TreePicture {
    title: String,
    parts: Vec<Part>,
}

impl TreePicture {
    /// With nothing in it yet.
    pub(crate) fn new(title: String) -> Self {
        Self { title, parts: Vec::new() }
    }

    /// What follows stands under this heading.
    pub(crate) fn heading(&mut self, heading: String) {
        self.parts.push(Part { heading, lines: Vec::new() });
    }

    /// Adds a grant below the last heading. `top` is the depth of those that stand at the very left.
    pub(crate) fn add(&mut self, row: GrantRow, top: u32) {
        let depth = usize::try_from(row.depth.saturating_sub(top)).unwrap_or(usize::MAX);
        let above = row.last.len().saturating_sub(depth + 1);
        let line = Line {
            depth,
            last: row.last.get(above..).unwrap_or_default().to_vec(),
            name: row.grant.name,
            holder: row.grant.holder.map(|holder| holder.name.unwrap_or(holder.fingerprint)),
            expires: row.grant.expires,
            state: row.grant.state,
        };
        if let Some(part) = self.parts.last_mut() {
            part.lines.push(line);
        }
    }

    /// How many grants are in it.
    pub(crate) fn len(&self) -> usize {
        self.parts.iter().map(|part| part.lines.len()).sum()
    }

    /// Draws it.
    pub(crate) fn svg(&self, times: &TimeWords) -> String {
        let headings = self.parts.iter().filter(|part| !part.lines.is_empty()).count();
        let mut sheet = Sheet::new(self.len() + headings);
        for part in self.parts.iter().filter(|part| !part.lines.is_empty()) {
            sheet.heading(&part.heading, part.lines.len());
            let mut path: Vec<&str> = Vec::new();
            for line in &part.lines {
                path.truncate(line.depth);
                sheet.line(line, &part.heading, &path, times);
                path.push(&line.name);
            }
        }
        let count = |state: State| self.parts.iter().flat_map(|part| &part.lines).filter(|line| line.state == state).count();
        let legend = STATES.map(|state| (state, count(state)));
        let subtitle = format!("{}, {}", times.minute(times.now()), grants(self.len()));
        sheet.finish(&self.title, &subtitle, &legend)
    }
}

/// So many grants.
fn grants(count: usize) -> String {
    let shown = number(u64::try_from(count).unwrap_or(u64::MAX));
    if count == 1 { "1 grant".to_owned() } else { format!("{shown} grants") }
}

#[cfg(test)]
mod tests;
