//! The part of the tree that was read: some pages around the cursor, with what is folded in them left out.

use std::collections::BTreeSet;

use keycap_vault::view::{GrantRow, GrantsPage};

/// Grants that are read at a time, each with what is below it.
const PAGE: u32 = 100;
/// Lines below one grant that are read with it: there may be any number, and the rest has a list of its own.
pub(super) const BELOW: u32 = 50;
/// Lines that are kept; those far from the cursor are let go.
const KEPT: usize = 1_000;
/// Lines from an end at which more is asked for.
const NEAR: usize = 60;

/// Which grants to ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ask {
    pub(super) offset: u64,
    pub(super) limit: u32,
}

/// The part of the tree that was read.
#[derive(Debug, Default)]
pub(super) struct Window {
    rows: Vec<GrantRow>,
    /// The rows that are not folded away.
    open: Vec<usize>,
    folded: BTreeSet<String>,
    /// How many minted grants (or matches) come before the rows.
    offset: u64,
    /// How many of them the rows hold.
    held: u64,
    /// How many there are in all.
    pub(super) total: u64,
    pub(super) read: bool,
    /// Whether more was asked for and has not come.
    waits: bool,
}

impl Window {
    /// Lines.
    pub(super) fn len(&self) -> usize {
        self.open.len()
    }

    /// The line at that place.
    pub(super) fn row(&self, at: usize) -> Option<&GrantRow> {
        self.rows.get(*self.open.get(at)?)
    }

    /// Where a grant stands among the lines.
    pub(super) fn position(&self, rid: &str) -> Option<usize> {
        self.open.iter().position(|at| self.rows.get(*at).is_some_and(|row| row.grant.rid == rid))
    }

    /// Everything from the top, as at first.
    pub(super) fn restart(&mut self) {
        (self.offset, self.held, self.waits) = (0, 0, false);
    }

    /// What has to be asked to read all of it anew.
    pub(super) fn reload(&self) -> Ask {
        Ask { offset: self.offset, limit: u32::try_from(self.held).unwrap_or(PAGE).max(PAGE) }
    }

    /// Takes what was read for all of it.
    pub(super) fn fill(&mut self, page: GrantsPage) {
        (self.offset, self.held, self.total, self.read, self.waits) = (page.offset, page.shown, page.total, true, false);
        self.rows = page.rows;
        self.arrange();
    }

    /// Takes what comes after; gives how many lines were let go at the top.
    pub(super) fn append(&mut self, page: GrantsPage) -> usize {
        self.waits = false;
        self.total = page.total;
        if page.offset != self.offset + self.held {
            return 0;
        }
        self.held += page.shown;
        self.rows.extend(page.rows);
        let gone = if self.rows.len() > KEPT { self.first_root_from(self.rows.len() - KEPT) } else { 0 };
        let lines_gone = self.open.iter().filter(|at| **at < gone).count();
        let roots = self.rows.drain(..gone).filter(is_root).count();
        let roots = u64::try_from(roots).unwrap_or(0);
        self.offset += roots;
        self.held -= roots;
        self.arrange();
        lines_gone
    }

    /// Takes what comes before; gives how many lines came.
    pub(super) fn prepend(&mut self, page: GrantsPage) -> usize {
        self.waits = false;
        self.total = page.total;
        if page.offset + page.shown != self.offset {
            return 0;
        }
        (self.offset, self.held) = (page.offset, self.held + page.shown);
        let before = self.open.len();
        let mut rows = page.rows;
        rows.append(&mut self.rows);
        self.rows = rows;
        self.arrange();
        let come = self.open.len().saturating_sub(before);
        if self.rows.len() > KEPT {
            let kept = self.first_root_from(KEPT);
            let roots = self.rows.drain(kept..).filter(is_root).count();
            self.held -= u64::try_from(roots).unwrap_or(0);
            self.arrange();
        }
        come
    }

    /// The first line of a tree from here on; where there is none, the end.
    fn first_root_from(&self, at: usize) -> usize {
        self.rows.iter().skip(at).position(is_root).map_or(self.rows.len(), |more| at + more)
    }

    /// Whether something comes after the rows.
    pub(super) fn has_more_after(&self) -> bool {
        self.offset + self.held < self.total
    }

    /// Whether something comes before the rows.
    pub(super) fn has_more_before(&self) -> bool {
        self.offset > 0
    }

    /// What to ask for if the cursor gets near the end.
    pub(super) fn wants_after(&mut self, cursor: usize) -> Option<Ask> {
        if self.waits || !self.has_more_after() || cursor + NEAR < self.len() {
            return None;
        }
        self.waits = true;
        Some(Ask { offset: self.offset + self.held, limit: PAGE })
    }

    /// What to ask for if the cursor gets near the beginning.
    pub(super) fn wants_before(&mut self, cursor: usize) -> Option<Ask> {
        if self.waits || !self.has_more_before() || cursor > NEAR {
            return None;
        }
        self.waits = true;
        let offset = self.offset.saturating_sub(u64::from(PAGE));
        Some(Ask { offset, limit: u32::try_from(self.offset - offset).unwrap_or(PAGE) })
    }

    /// The last page is what is to be read next.
    pub(super) fn jump_to_end(&mut self) {
        self.offset = self.total.saturating_sub(u64::from(PAGE));
        self.held = 0;
        self.waits = false;
    }

    /// How many come before this line, of those that are counted.
    pub(super) fn rank(&self, at: usize) -> u64 {
        let end = self.open.get(at).map_or(0, |at| at + 1);
        self.offset + u64::try_from(self.rows.iter().take(end).filter(|row| is_root(row)).count()).unwrap_or(0)
    }

    /// Whether not all that is directly below a line was read with it.
    pub(super) fn is_cut(&self, at: usize) -> bool {
        let Some(row) = self.row(at) else { return false };
        row.grant.children > self.children_read(at)
    }

    /// How many lines directly below a line there are among the rows.
    fn children_read(&self, at: usize) -> u64 {
        let Some(start) = self.open.get(at).copied() else { return 0 };
        let Some(row) = self.rows.get(start) else { return 0 };
        let below = self.rows.iter().skip(start + 1).take_while(|below| below.depth > row.depth);
        u64::try_from(below.filter(|below| below.depth == row.depth + 1).count()).unwrap_or(0)
    }

    /// Whether what is below a line is folded away.
    pub(super) fn is_folded(&self, at: usize) -> bool {
        self.row(at).is_some_and(|row| self.folded.contains(&row.grant.rid))
    }

    /// Folds what is below a line away, or goes to the line above it in the tree; where the cursor belongs then.
    pub(super) fn fold(&mut self, at: usize) -> Option<usize> {
        let row = self.row(at)?;
        let (rid, depth) = (row.grant.rid.clone(), row.depth);
        if !self.folded.contains(&rid) && self.children_read(at) > 0 {
            self.folded.insert(rid);
            self.arrange();
            return Some(at);
        }
        if depth == 0 {
            return None;
        }
        (0..at).rev().find(|above| self.row(*above).is_some_and(|above| above.depth < depth))
    }

    /// Unfolds what is below a line; whether it was folded.
    pub(super) fn unfold(&mut self, at: usize) -> bool {
        let Some(rid) = self.row(at).map(|row| row.grant.rid.clone()) else { return false };
        let was = self.folded.remove(&rid);
        if was {
            self.arrange();
        }
        was
    }

    fn arrange(&mut self) {
        self.open.clear();
        let mut folded_at = None;
        for (at, row) in self.rows.iter().enumerate() {
            if folded_at.is_some_and(|depth| row.depth > depth) {
                continue;
            }
            folded_at = self.folded.contains(&row.grant.rid).then_some(row.depth);
            self.open.push(at);
        }
    }
}

/// Whether a row is one of those that are counted. Below a search each match stands for itself, whatever its depth.
fn is_root(row: &GrantRow) -> bool {
    row.depth == 0 || row.last.is_empty()
}
