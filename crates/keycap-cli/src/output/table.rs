//! Tables with aligned columns that give way on a narrow terminal.

use super::line::Line;

/// Spaces between two columns.
const GAP: usize = 2;
/// Columns that what gives way keeps at least.
const LEAST: usize = 8;

/// A column.
#[derive(Debug, Clone)]
struct Column {
    title: &'static str,
    gives_way: bool,
    right: bool,
}

/// Rows under headings.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<Line>>,
}

impl Table {
    /// Without columns yet.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Adds a column that keeps its width.
    #[must_use]
    pub(crate) fn column(self, title: &'static str) -> Self {
        self.add(title, false, false)
    }

    /// Adds a column that is cut where the terminal is too narrow.
    #[must_use]
    pub(crate) fn flexible(self, title: &'static str) -> Self {
        self.add(title, true, false)
    }

    /// Adds a column of numbers.
    #[must_use]
    pub(crate) fn number(self, title: &'static str) -> Self {
        self.add(title, false, true)
    }

    /// Adds a row; what it lacks stays empty.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = Line>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// The lines: the headings, then the rows, cut to fit `width` columns if there is one. Columns in which nothing stands are left out.
    pub(crate) fn lines(&self, width: Option<usize>) -> Vec<Line> {
        let widths = self.widths(width);
        let titles: Vec<Line> = self.columns.iter().map(|column| Line::new().quiet(column.title)).collect();
        std::iter::once(&titles).chain(&self.rows).map(|cells| self.line(cells, &widths)).collect()
    }

    fn add(mut self, title: &'static str, gives_way: bool, right: bool) -> Self {
        self.columns.push(Column { title, gives_way, right });
        self
    }

    fn line(&self, cells: &[Line], widths: &[usize]) -> Line {
        let mut line = Line::new();
        let mut pending = 0;
        for (at, (column, width)) in self.columns.iter().zip(widths).enumerate() {
            if *width == 0 {
                continue;
            }
            let cell = cells.get(at).cloned().unwrap_or_default().cut(*width);
            let empty = width - cell.width();
            let (before, after) = if column.right { (empty, 0) } else { (0, empty) };
            // Blanks are written only once something follows them: no line ends in one.
            if !cell.is_empty() {
                line = line.plain(" ".repeat(pending + before)).and(cell);
                pending = after + GAP;
            } else {
                pending += empty + GAP;
            }
        }
        line
    }

    fn widths(&self, width: Option<usize>) -> Vec<usize> {
        let mut widths: Vec<usize> = Vec::with_capacity(self.columns.len());
        for (at, column) in self.columns.iter().enumerate() {
            let widest = self.rows.iter().filter_map(|row| row.get(at)).map(Line::width).max().unwrap_or(0);
            widths.push(if widest == 0 { 0 } else { widest.max(column.title.chars().count()) });
        }
        if let Some(width) = width {
            self.give_way(&mut widths, width);
        }
        widths
    }

    /// Takes columns from the widest of those that give way until all fit, or none can give more.
    fn give_way(&self, widths: &mut [usize], width: usize) {
        let shown = widths.iter().filter(|width| **width > 0).count();
        let mut over = (widths.iter().sum::<usize>() + GAP * shown.saturating_sub(1)).saturating_sub(width);
        while over > 0 {
            let candidates = self.columns.iter().zip(widths.iter_mut()).filter(|(column, width)| column.gives_way && **width > LEAST);
            let Some((_, widest)) = candidates.max_by_key(|(_, width)| **width) else { return };
            *widest -= 1;
            over -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(table: &Table, width: Option<usize>) -> Vec<String> {
        let mut out = Vec::new();
        for line in table.lines(width) {
            line.write(&mut out, false).unwrap();
            out.push(b'\n');
        }
        String::from_utf8(out).unwrap().lines().map(str::to_owned).collect()
    }

    fn table() -> Table {
        let mut table = Table::new().flexible("NAME").column("NOTHING").number("COUNT").column("STATE");
        table.row(["alice".into(), Line::new(), "7".into(), "active".into()]);
        table.row(["a-very-long-name-indeed".into(), Line::new(), "1200".into()]);
        table
    }

    #[test]
    fn columns_are_aligned_and_empty_ones_left_out() {
        assert_eq!(
            text(&table(), None),
            ["NAME                     COUNT  STATE", "alice                        7  active", "a-very-long-name-indeed   1200"]
        );
    }

    #[test]
    fn what_gives_way_is_cut_and_the_rest_stays_whole() {
        assert_eq!(text(&table(), Some(30)), ["NAME             COUNT  STATE", "alice                7  active", "a-very-long-na…   1200"]);
    }

    #[test]
    fn a_terminal_too_narrow_for_all_keeps_a_readable_part() {
        assert_eq!(text(&table(), Some(10)).last().unwrap(), "a-very-…   1200");
    }
}
