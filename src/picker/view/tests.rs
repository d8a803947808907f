use super::*;

fn row(name: &str, account: &str, role: &str) -> ProfileRow {
    let cells = [name, account, role, "eu-west-1", "yes", "59m"].map(str::to_owned);
    ProfileRow { cells, ..ProfileRow::default() }
}

fn rows() -> Vec<ProfileRow> {
    let problem = ProfileRow {
        problem: true,
        ..row("broken", "-", "! no source_profile, and more that is wrong")
    };
    vec![row("prod", "222222222222", "admin"), row("日本", "333333333333", "reader"), problem]
}

const PREVIEW: &str = "\
profile    prod
region     eu-west-1
step 1     assume arn:aws:iam::222222222222:role/with/a/long/path/admin
";

struct Given<'a> {
    size: (usize, usize),
    query: &'a str,
    cursor: usize,
    rows: Vec<ProfileRow>,
    asked: Option<bool>,
}

fn given(width: usize, height: usize) -> Given<'static> {
    Given { size: (width, height), query: "", cursor: 0, rows: rows(), asked: None }
}

impl Given<'_> {
    fn lines(&self) -> (Vec<ScreenLine>, usize) {
        let size = Size { width: self.size.0, height: self.size.1 };
        let widest = table::widest(
            &COLUMNS,
            self.rows.iter().filter(|row| !row.problem).map(|row| &row.cells[..]),
        );
        let layout = layout(size, self.asked);
        let frame = Frame {
            size,
            query: self.query,
            cursor: self.cursor,
            found: self.rows.len(),
            total: 10_000,
            rows: &self.rows,
            chosen: 1.min(self.rows.len().saturating_sub(1)),
            widest: &widest,
            preview: (layout.preview != Preview::None).then_some(PREVIEW),
        };
        view(&frame, layout)
    }

    fn text(&self) -> Vec<String> {
        let text = |line: &ScreenLine| {
            line.spans
                .iter()
                .map(|span| span.text.as_str())
                .collect::<String>()
                .trim_end()
                .to_owned()
        };
        self.lines().0.iter().map(text).collect()
    }
}

#[test]
fn screen_shows_profiles_header_and_help() {
    let wanted = [
        ">                                                                        3/10000",
        "  PROFILE  ACCOUNT       ROLE    REGION     MFA  LEFT",
        "  prod     222222222222  admin   eu-west-1  yes  59m",
        "> 日本     333333333333  reader  eu-west-1  yes  59m",
        "  broken   -             ! no source_profile, and mo…",
        "",
        "",
        "enter choose · tab preview · esc leave",
    ];
    assert_eq!(given(80, 8).text(), wanted);
    assert_eq!(given(80, 5).text(), [&wanted[..1], &wanted[2..5]].concat());
    assert_eq!(given(80, 2).text(), [wanted[0], wanted[2]]);
    assert_eq!(Given { rows: vec![], ..given(80, 5) }.text()[1], "  no profile matches");
}

#[test]
fn narrow_screen_drops_columns_before_name() {
    for (width, line) in [
        (60, "> 日本     333333333333  reader  eu-west-1  yes  59m"),
        (50, "> 日本     333333333333  reader  eu-west-1  59m"),
        (40, "> 日本     333333333333  reader  59m"),
        (30, "> 日本     333333333333  59m"),
        (20, "> 日本     59m"),
        (8, "> 日本"),
        (4, "> …"),
        (2, ">"),
        (1, "…"),
    ] {
        assert_eq!(given(width, 5).text()[2], line, "{width}");
    }
}

#[test]
fn preview_position_depends_on_screen_size() {
    for (width, height, asked, at) in [
        (100, 10, None, Preview::Beside(45)),
        (99, 30, None, Preview::None),
        (99, 30, Some(true), Preview::Below(15)),
        (99, 11, Some(true), Preview::None),
        (200, 40, Some(false), Preview::None),
        (200, 3, None, Preview::None),
    ] {
        assert_eq!(layout(Size { width, height }, asked).preview, at, "{width} {height} {asked:?}");
    }
    let beside = given(110, 9).text();
    assert_eq!(
        beside[1],
        "  PROFILE  ACCOUNT       ROLE    REGION     MFA  LEFT        │ profile    prod"
    );
    assert_eq!(
        &beside[3][beside[3].find('│').unwrap()..],
        "│ step 1     assume arn:aws:iam::222222222222:rol"
    );
    assert_eq!(&beside[4][beside[4].find('│').unwrap()..], "│            e/with/a/long/path/admin");
    let below = Given { asked: Some(true), ..given(40, 12) }.text();
    assert_eq!(
        below[5..9],
        [
            "─".repeat(40),
            "profile    prod".into(),
            "region     eu-west-1".into(),
            "step 1     assume arn:aws:iam::222222222".into()
        ]
    );
    assert_eq!(below.len(), 12);
}

#[test]
fn preview_breaks_long_lines_after_words() {
    for (text, broken) in [
        (
            "step 1     one code serves every role of these keys",
            &["step 1     one code serves every role", "           of these keys"][..],
        ),
        (
            "step 1     one code serves every roles of these keys",
            &["step 1     one code serves every roles", "           of these keys"],
        ),
        (
            "step 1     one code serves the longest-word-of-all",
            &["step 1     one code serves the", "           longest-word-of-all"],
        ),
        (
            "step 1     an-arn-that-is-longer-than-a-line-is",
            &["step 1     an-arn-that-is-longer-than-", "           a-line-is"],
        ),
    ] {
        assert_eq!(explained(text, 38, 9), broken, "{text}");
    }
    let wide = "step 1     日本語 日本語日本語日本語 日本語 ".repeat(5);
    for cells in 2..80 {
        assert!(explained(&wide, cells, 99).iter().all(|line| width(line) <= cells), "{cells}");
    }
}

#[test]
fn long_query_scrolls_to_keep_cursor_visible() {
    for (query, cursor, width, shown, column) in [
        ("", 0, 20, ">            3/10000", 2),
        ("prod", 4, 20, "> prod       3/10000", 6),
        ("prod", 1, 20, "> prod       3/10000", 3),
        ("日本", 2, 20, "> 日本       3/10000", 6),
        ("a-very-long-query", 17, 12, "> ong-query", 11),
        ("a-very-long-query", 0, 12, "> a-very-lo", 2),
        ("a\u{1b}[2J", 5, 20, "> a\u{fffd}[2J      3/10000", 7),
        ("prod", 4, 2, ">", 1),
        ("prod", 4, 1, "…", 0),
    ] {
        let (lines, at) = Given { query, cursor, ..given(width, 5) }.lines();
        let text: String = lines[0].spans.iter().map(|span| span.text.as_str()).collect();
        assert_eq!((text.trim_end(), at), (shown, column), "{query} {cursor} {width}");
    }
}

#[test]
fn no_screen_is_larger_than_the_terminal() {
    let hostile = ProfileRow {
        matched: vec![0, 2, 5],
        color: Some(Color::Indexed(1)),
        ..row("a\u{1b}[2J\n日本語日本語", "\u{202e}1", "\u{7}")
    };
    for width in 1..130 {
        for height in 1..16 {
            for asked in [None, Some(true), Some(false)] {
                let (lines, cursor) = Given {
                    asked,
                    query: "日本 \u{1b}[A",
                    cursor: 6,
                    rows: vec![hostile.clone(), hostile.clone()],
                    ..given(width, height)
                }
                .lines();
                assert!(lines.len() <= height && cursor < width, "{width}×{height}: {lines:#?}");
                for line in lines {
                    let text: String = line.spans.iter().map(|span| span.text.as_str()).collect();
                    assert!(crate::text::width(&text) <= width, "{width}×{height}: {text:?}");
                    assert!(
                        !text.contains(|c: char| c.is_control() || c == '\u{202e}'),
                        "{text:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn matching_characters_get_their_own_style() {
    let row =
        ProfileRow { color: Some(Color::Indexed(1)), matched: vec![0, 1], ..row("prod", "-", "-") };
    let (lines, _) = Given { rows: vec![row], ..given(40, 5) }.lines();
    let shown: Vec<(&str, SpanStyle)> =
        lines[1].spans.iter().map(|span| (span.text.as_str(), span.style)).collect();
    assert_eq!(
        shown[..3],
        [
            ("> ", SpanStyle::Plain),
            ("pr", SpanStyle::Matched(Some(Color::Indexed(1)))),
            ("od   ", SpanStyle::Colored(Color::Indexed(1)))
        ]
    );
    assert_eq!(lines[1].chosen, lines[1].spans.len());
}
