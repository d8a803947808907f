//! Tables of text columns for people.

use crate::text;
use crate::text::color::Color;

/// A column, and what happens to it in a table that is too wide.
pub struct Column {
    pub title: &'static str,
    /// The number of cells below which it tells nothing. Other columns are left out first.
    pub least: usize,
    /// The order in which columns are left out, the lowest first; `None` for a column that stays.
    pub leaves: Option<u8>,
}

/// The number of blanks between two columns.
pub const GAP: usize = 2;

/// Chooses the columns' widths for a number of cells. A column is as wide as its widest cell; where
/// there is no room, the widest columns are cut, then some are left out (`None`).
pub fn fit(columns: &[Column], widest: &[usize], cells: usize) -> Vec<Option<usize>> {
    let mut widths: Vec<Option<usize>> = widest.iter().map(|&width| Some(width)).collect();
    let least = |at: usize| widest[at].min(columns[at].least);
    let sum = |widths: &[Option<usize>], of: &dyn Fn(usize, usize) -> usize| {
        let shown =
            widths.iter().enumerate().filter_map(|(at, width)| Some(of(at, (*width)?) + GAP));
        shown.sum::<usize>().saturating_sub(GAP)
    };
    while sum(&widths, &|at, _| least(at)) > cells {
        let leaving = (0..widths.len())
            .filter(|&at| widths[at].is_some())
            .filter_map(|at| Some((columns[at].leaves?, at)))
            .min();
        let Some((_, at)) = leaving else { break };
        widths[at] = None;
    }
    while sum(&widths, &|_, width| width) > cells {
        // The column that has most to spare gives a cell.
        let spare = |at: &usize| widths[*at].map_or(0, |width| width - least(*at));
        let Some(at) = (0..widths.len()).max_by_key(spare).filter(|at| spare(at) > 0) else {
            break;
        };
        widths[at] = widths[at].map(|width| width - 1);
    }
    // The last column has nothing to spare, but there may be less room still.
    widths.iter_mut().flatten().for_each(|width| *width = cells.min(*width));
    widths
}

/// Returns the width of each column's widest cell, its title included.
pub fn widest<'a>(columns: &[Column], rows: impl Iterator<Item = &'a [String]>) -> Vec<usize> {
    let mut widest: Vec<usize> = columns.iter().map(|column| text::width(column.title)).collect();
    for row in rows {
        for (widest, cell) in widest.iter_mut().zip(row) {
            *widest = text::width(&text::clean(cell)).max(*widest);
        }
    }
    widest
}

/// Returns a cell's text, or a dash for a cell without one.
pub fn or_dash(text: Option<&str>) -> String {
    text.unwrap_or("-").to_owned()
}

/// Renders rows under a header in full, however wide.
pub fn plain(titles: &[&'static str], rows: &[Vec<String>]) -> String {
    let columns: Vec<Column> =
        titles.iter().map(|title| Column { title, least: 0, leaves: None }).collect();
    render(&columns, rows, None, |_| None)
}

/// Renders rows under a header, without blanks at the end of a line. `width` is the terminal's, or
/// `None` where nothing limits it. `color` returns the colour of a row's first cell.
pub fn render(
    columns: &[Column],
    rows: &[Vec<String>],
    width: Option<usize>,
    color: impl Fn(usize) -> Option<Color>,
) -> String {
    let widest = widest(columns, rows.iter().map(Vec::as_slice));
    let widths = fit(columns, &widest, width.unwrap_or(usize::MAX));
    let mut text = String::new();
    let header: Vec<String> = columns.iter().map(|column| column.title.to_owned()).collect();
    for (number, row) in std::iter::once(&header).chain(rows).enumerate() {
        let shown = row
            .iter()
            .zip(&widths)
            .filter_map(|(cell, width)| Some(text::fit(&text::clean(cell), (*width)?)));
        let line = shown.collect::<Vec<_>>().join(&" ".repeat(GAP));
        let line = line.trim_end();
        let style = number.checked_sub(1).and_then(&color);
        let first = widths[0].unwrap_or(0);
        // The name is fitted once more, to know how many bytes of the line it takes.
        match (style, row.first().map(|cell| text::fit(&text::clean(cell), first))) {
            (Some(style), Some(name)) => {
                let name = name.trim_end();
                text += &format!("\u{1b}[{}m{name}\u{1b}[0m{}", style.sgr(), &line[name.len()..]);
            }
            _ => text += line,
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 4] = [
        Column { title: "NAME", least: 6, leaves: None },
        Column { title: "ACCOUNT", least: 12, leaves: Some(3) },
        Column { title: "FROM", least: 4, leaves: Some(2) },
        Column { title: "NOTE", least: 5, leaves: Some(1) },
    ];

    #[test]
    fn narrow_table_cuts_columns_then_leaves_them_out() {
        let widest = [10, 12, 20, 30];
        for (cells, widths) in [
            (usize::MAX, [Some(10), Some(12), Some(20), Some(30)]),
            (78, [Some(10), Some(12), Some(20), Some(30)]),
            // The column with most to spare gives first.
            (70, [Some(10), Some(12), Some(20), Some(22)]),
            (33, [Some(6), Some(12), Some(4), Some(5)]),
            (40, [Some(9), Some(12), Some(6), Some(7)]),
            (32, [Some(9), Some(12), Some(7), None]),
            (25, [Some(10), Some(12), None, None]),
            (22, [Some(8), Some(12), None, None]),
            (19, [Some(10), None, None, None]),
            (8, [Some(8), None, None, None]),
            (3, [Some(3), None, None, None]),
            (0, [Some(0), None, None, None]),
        ] {
            let got = fit(&COLUMNS, &widest, cells);
            assert_eq!(got, widths, "{cells}");
        }
    }

    #[test]
    fn no_line_is_wider_than_terminal() {
        let row = |cells: [&str; 4]| cells.map(str::to_owned).to_vec();
        let rows = [
            row(["prod", "222222222222", "static (dev)", "日本語 for the shop"]),
            row(["a\u{1b}[2J", "-", "! no \n such", ""]),
        ];
        for width in 0..90 {
            for line in render(&COLUMNS, &rows, Some(width), |_| None).lines() {
                assert!(text::width(line) <= width, "{width}: {line:?}");
                assert!(!line.contains(char::is_control));
            }
        }
        let text = render(&COLUMNS, &rows, None, |row| (row == 0).then_some(Color::Indexed(1)));
        let wanted = "\
NAME   ACCOUNT       FROM          NOTE
\u{1b}[31mprod\u{1b}[0m   222222222222  static (dev)  日本語 for the shop
a\u{fffd}[2J  -             ! no \u{fffd} such
";
        assert_eq!(text, wanted);
    }
}
