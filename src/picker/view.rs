//! The picker's screen as lines of styled text. Pure. Every text is cleaned here.

use crate::output::table::{self, Column, GAP};
use crate::text::color::Color;
use crate::text::{clean, cut, fit, of, width};

/// How a piece of text looks. Without colours all look the same, and only the mark shows the chosen
/// row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpanStyle {
    Plain,
    Dim,
    /// The colour of the profile's pattern.
    Colored(Color),
    /// A character that the query matches, in the colour of the profile's pattern.
    Matched(Option<Color>),
    Problem,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    pub text: String,
    pub style: SpanStyle,
}

/// One line of the screen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ScreenLine {
    pub spans: Vec<Span>,
    /// The number of spans, from the first on, that belong to the chosen row and show inverse.
    pub chosen: usize,
}

/// A profile on the screen.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ProfileRow {
    /// Name, account, role, region, MFA, time left.
    pub cells: [String; 6],
    pub color: Option<Color>,
    /// Which characters of the name the query matches.
    pub matched: Vec<usize>,
    /// Whether the role's cell holds an error, which takes the rest of the row.
    pub problem: bool,
}

/// What one screen shows.
pub struct Frame<'a> {
    pub size: Size,
    pub query: &'a str,
    /// The cursor's place in the query, in characters.
    pub cursor: usize,
    pub found: usize,
    pub total: usize,
    pub rows: &'a [ProfileRow],
    /// The number of the chosen row.
    pub chosen: usize,
    /// The widest cells seen so far, so that columns do not jump while rows pass by.
    pub widest: &'a [usize],
    /// `explain`'s lines for the chosen profile.
    pub preview: Option<&'a str>,
}

/// The size of a terminal, in cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    pub width: usize,
    pub height: usize,
}

/// Where the parts of the screen are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// The number of rows for profiles.
    pub rows: usize,
    header: bool,
    help: bool,
    pub preview: Preview,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preview {
    None,
    /// To the right of the list. Its width in cells.
    Beside(usize),
    /// Below the list. Its height in lines.
    Below(usize),
}

/// The width from which there is room for a preview beside the list.
const WIDE: usize = 100;
/// The height from which there is room for a preview below the list, where it is asked for.
const HIGH: usize = 12;

pub const COLUMNS: [Column; 6] = [
    Column { title: "PROFILE", least: 16, leaves: None },
    Column { title: "ACCOUNT", least: 12, leaves: Some(4) },
    Column { title: "ROLE", least: 8, leaves: Some(3) },
    Column { title: "REGION", least: 9, leaves: Some(2) },
    Column { title: "MFA", least: 3, leaves: Some(1) },
    Column { title: "LEFT", least: 6, leaves: Some(5) },
];

const HELP: &str = "enter choose · tab preview · esc leave";
const PROMPT: &str = "> ";
const MARK: (&str, &str) = ("> ", "  ");

/// Lays the screen out. `preview` says whether the person wants it; `None` leaves it to the room.
pub fn layout(size: Size, preview: Option<bool>) -> Layout {
    let preview = match preview {
        Some(false) => Preview::None,
        _ if size.width >= WIDE && size.height > 3 => Preview::Beside(size.width * 45 / 100),
        Some(true) if size.height >= HIGH => Preview::Below(size.height / 2),
        _ => Preview::None,
    };
    let below = if let Preview::Below(lines) = preview { lines } else { 0 };
    let (header, help) = (size.height >= 6, size.height >= 8);
    let rows = size.height.saturating_sub(1 + usize::from(header) + usize::from(help) + below);
    Layout { rows: rows.max(1), header, help, preview }
}

/// Renders the screen: its lines, and the cursor's column in the first line.
pub fn view(frame: &Frame, layout: Layout) -> (Vec<ScreenLine>, usize) {
    let height = frame.size.height;
    let (first, cursor) = prompt(frame);
    let mut lines = vec![first];
    lines.extend(list(frame, layout));
    match (layout.preview, frame.preview) {
        (Preview::Beside(cells), Some(text)) => put_beside(&mut lines, frame, layout, cells, text),
        (Preview::Below(count), Some(text)) => put_below(&mut lines, frame, layout, count, text),
        _ => {}
    }
    if layout.help {
        lines.resize((height - 1).max(lines.len()), ScreenLine::default());
        lines.push(line(cut(HELP, frame.size.width).into_owned(), SpanStyle::Dim));
    }
    lines.truncate(height.max(1));
    (lines, cursor)
}

/// Renders the profiles, under a header where there is room for one.
fn list(frame: &Frame, layout: Layout) -> Vec<ScreenLine> {
    // A blank stands between a row and the preview beside it.
    let (room, row_room) = match layout.preview {
        Preview::Beside(cells) => {
            let room = frame.size.width - cells;
            (room, room.saturating_sub(1))
        }
        _ => (frame.size.width, frame.size.width),
    };
    let widths = table::fit(&COLUMNS, frame.widest, row_room.saturating_sub(MARK.0.len()));
    let mut lines = Vec::new();
    if layout.header {
        let titles = COLUMNS
            .iter()
            .zip(&widths)
            .filter_map(|(column, width)| Some(fit(column.title, (*width)?)));
        let text = format!("{}{}", MARK.1, titles.collect::<Vec<_>>().join(&" ".repeat(GAP)));
        lines.push(line(cut(text.trim_end(), room).into_owned(), SpanStyle::Dim));
    }
    for (number, row) in frame.rows.iter().take(layout.rows).enumerate() {
        let is_chosen = number == frame.chosen;
        let mark = if is_chosen { MARK.0 } else { MARK.1 };
        let spans = profile(row, &widths, mark, row_room);
        let chosen = if is_chosen { spans.len() } else { 0 };
        lines.push(ScreenLine { spans, chosen });
    }
    if frame.rows.is_empty() {
        let text = if frame.total == 0 { "  no profiles" } else { "  no profile matches" };
        lines.push(line(cut(text, room).into_owned(), SpanStyle::Dim));
    }
    lines
}

/// Puts the preview to the right of the lines, from the second on.
fn put_beside(
    lines: &mut Vec<ScreenLine>,
    frame: &Frame,
    layout: Layout,
    cells: usize,
    text: &str,
) {
    let Size { width: all, height } = frame.size;
    let explained = explained(text, cells.saturating_sub(2), height - 1);
    lines.resize((height - usize::from(layout.help)).max(lines.len()), ScreenLine::default());
    for (number, line) in lines.iter_mut().enumerate().skip(1) {
        let taken: usize = line.spans.iter().map(|span| width(&span.text)).sum();
        line.spans.push(span(" ".repeat((all - cells).saturating_sub(taken)), SpanStyle::Plain));
        line.spans.push(span("│ ".to_owned(), SpanStyle::Dim));
        line.spans
            .extend(explained.get(number - 1).map(|text| span(text.clone(), SpanStyle::Plain)));
    }
}

/// Puts the preview under the lines.
fn put_below(lines: &mut Vec<ScreenLine>, frame: &Frame, layout: Layout, count: usize, text: &str) {
    let Size { width: all, height } = frame.size;
    let above = (height - usize::from(layout.help) - count).max(lines.len());
    lines.resize(above, ScreenLine::default());
    lines.push(line("─".repeat(all), SpanStyle::Dim));
    let explained = explained(text, all, count.saturating_sub(1));
    lines.extend(explained.into_iter().map(|text| line(text, SpanStyle::Plain)));
}

/// Renders the query with the cursor in sight and, where there is room, how many profiles it finds.
fn prompt(frame: &Frame) -> (ScreenLine, usize) {
    let all = frame.size.width;
    let room = all.saturating_sub(PROMPT.len() + 1);
    let query: Vec<char> = clean(frame.query).chars().collect();
    let cursor = frame.cursor.min(query.len());
    // The text begins as far before the cursor as there is room.
    let (mut begin, mut before) = (cursor, 0);
    while begin > 0 && before + of(query[begin - 1]) <= room {
        begin -= 1;
        before += of(query[begin]);
    }
    let mut taken = 0;
    let fits = |c: &&char| {
        taken += of(**c);
        taken <= room
    };
    let shown: String = query[begin..].iter().take_while(fits).collect();
    let left = cut(PROMPT, all).into_owned();
    let cursor = (width(&left) + before).min(all.saturating_sub(1));
    let mut first = ScreenLine {
        spans: vec![span(left, SpanStyle::Dim), span(shown, SpanStyle::Plain)],
        chosen: 0,
    };
    let count = format!("{}/{}", frame.found, frame.total);
    let used: usize = first.spans.iter().map(|span| width(&span.text)).sum();
    if used + count.len() + 2 <= all {
        first.spans.push(span(" ".repeat(all - used - count.len()), SpanStyle::Plain));
        first.spans.push(span(count, SpanStyle::Dim));
    }
    (first, cursor)
}

/// Renders a profile's row behind its mark.
fn profile(row: &ProfileRow, widths: &[Option<usize>], mark: &str, room: usize) -> Vec<Span> {
    let mut spans = vec![span(cut(mark, room).into_owned(), SpanStyle::Plain)];
    for (at, (cell, cells)) in row.cells.iter().zip(widths).enumerate() {
        let Some(mut cells) = *cells else { continue };
        if row.problem && at >= 2 {
            cells = widths[at..].iter().flatten().map(|width| width + GAP).sum::<usize>() - GAP;
        }
        if at > 0 {
            spans.push(span(" ".repeat(GAP), SpanStyle::Plain));
        }
        let text = fit(&clean(cell), cells);
        match at {
            0 => name(row, &text, &mut spans),
            2.. if row.problem => {
                spans.push(span(fit(&clean(&row.cells[2]), cells), SpanStyle::Problem));
                break;
            }
            _ => spans.push(span(text, SpanStyle::Plain)),
        }
    }
    // A terminal may be so narrow that not even the name fits.
    let mut left = room;
    for span in &mut spans {
        span.text = cut(&span.text, left).into_owned();
        left -= width(&span.text);
    }
    spans
}

/// Splits a name into the characters that the query matches and the rest.
fn name(row: &ProfileRow, text: &str, spans: &mut Vec<Span>) {
    let plain = row.color.map_or(SpanStyle::Plain, SpanStyle::Colored);
    for (at, c) in text.chars().enumerate() {
        let matched = c != '…' && c != ' ' && row.matched.binary_search(&at).is_ok();
        let style = if matched { SpanStyle::Matched(row.color) } else { plain };
        match spans.last_mut() {
            Some(last) if at > 0 && last.style == style => last.text.push(c),
            _ => spans.push(span(c.to_string(), style)),
        }
    }
}

/// Breaks lines that are too long, and indents what follows under their text.
fn explained(text: &str, cells: usize, lines: usize) -> Vec<String> {
    const INDENT: usize = 11;
    let indent = if cells > 3 * INDENT { INDENT } else { 0 };
    let mut broken: Vec<String> = Vec::new();
    for line in text.lines() {
        let mut current = String::new();
        for c in clean(line).chars() {
            if width(&current) + of(c) > cells && !current.is_empty() {
                // The break is behind a word that ends in the second half of the line, else here.
                let late = |at: &usize| {
                    current
                        .get(..*at)
                        .is_some_and(|before| width(before) > usize::midpoint(indent, cells))
                };
                let blank = current.rfind(' ').filter(|at| c != ' ' && late(at));
                let rest = blank.map(|at| current.split_off(at)).unwrap_or_default();
                broken
                    .push(std::mem::replace(&mut current, " ".repeat(indent) + rest.trim_start()));
                if c == ' ' {
                    continue;
                }
            }
            current.push(c);
        }
        if broken.len() >= lines {
            break;
        }
        broken.push(cut(&current, cells).into_owned());
    }
    broken.truncate(lines);
    broken
}

fn span(text: String, style: SpanStyle) -> Span {
    Span { text, style }
}

fn line(text: String, style: SpanStyle) -> ScreenLine {
    ScreenLine { spans: vec![span(text, style)], chosen: 0 }
}

#[cfg(test)]
mod tests;
