use super::KeyPress::*;
use super::*;

fn model(names: &[(&str, f64)]) -> Model {
    let mut model =
        Model::new(names.iter().map(|(name, weight)| ((*name).to_owned(), *weight)).collect());
    for _ in names {
        model.fill(Fields::default());
    }
    model
}

fn text(text: &str) -> KeyPress {
    Text(text.to_owned())
}

/// The names on the screen, the chosen one in brackets.
fn screen(model: &Model) -> String {
    let (visible, selected) = model.visible();
    let name = |(row, number): (usize, &usize)| {
        let name = &model.names()[*number];
        if row == selected { format!("[{name}]") } else { name.clone() }
    };
    visible.iter().enumerate().map(name).collect::<Vec<_>>().join(" ")
}

#[test]
fn keys_edit_query() {
    for (keys, query, cursor) in [
        (vec![text("p"), text("r")], "pr", 2),
        (vec![text("prod"), DeleteBack], "pro", 3),
        (vec![DeleteBack, DeleteForward, DeleteWord, DeleteToStart, Left, Right], "", 0),
        (vec![text("prod eu"), DeleteWord], "prod ", 5),
        (vec![text("prod eu  "), DeleteWord], "prod ", 5),
        (vec![text("prod eu"), DeleteWord, DeleteWord], "", 0),
        (vec![text("prod"), Left, Left, DeleteToStart], "od", 0),
        (vec![text("prod"), Left, Left, text("XY")], "prXYod", 4),
        (vec![text("prod"), Home, text("a")], "aprod", 1),
        (vec![text("prod"), LineStart, DeleteForward], "rod", 0),
        (vec![text("prod"), Home, End, text("z")], "prodz", 5),
        (vec![text("日本"), Left, DeleteBack], "本", 0),
        (vec![text("\nprod\r\n")], "prod", 4),
        (vec![text("a\nb\u{1b}[A")], "a b [A", 6),
        (vec![text(&"x".repeat(5_000))], &"x".repeat(MAX_QUERY_CHARACTERS), MAX_QUERY_CHARACTERS),
    ] {
        let mut model = model(&[("prod", 0.0)]);
        for key in &keys {
            assert_eq!(model.press(key), KeyOutcome::Continue);
        }
        assert_eq!(model.query(), (query.to_owned(), cursor), "{keys:?}");
    }
}

#[test]
fn keys_move_choice_and_screen() {
    let names: Vec<(String, f64)> = (0..6).map(|n| (format!("p{n}"), 0.0)).collect();
    let names: Vec<(&str, f64)> =
        names.iter().map(|(name, weight)| (name.as_str(), *weight)).collect();
    for (keys, shown) in [
        (vec![], "[p0] p1 p2"),
        (vec![Up], "[p0] p1 p2"),
        (vec![Down], "p0 [p1] p2"),
        (vec![Down, Down, Down], "p1 p2 [p3]"),
        (vec![Down, Down, Down, Up, Up], "[p1] p2 p3"),
        (vec![PageDown], "p0 p1 [p2]"),
        (vec![PageDown, PageDown], "p2 p3 [p4]"),
        (vec![PageDown, PageDown, PageDown], "p3 p4 [p5]"),
        (vec![End], "p3 p4 [p5]"),
        (vec![End, PageUp], "[p3] p4 p5"),
        (vec![End, Home], "[p0] p1 p2"),
        (vec![End, Down], "p3 p4 [p5]"),
        // A query begins at its best.
        (vec![End, text("p")], "[p0] p1 p2"),
        (vec![text("p4")], "[p4]"),
        (vec![text("x")], ""),
        (vec![text("x"), Down, Up, End, PageDown], ""),
        (vec![text("x"), DeleteBack], "[p0] p1 p2"),
    ] {
        let mut model = model(&names);
        model.set_rows(3);
        for key in &keys {
            model.press(key);
        }
        assert_eq!(screen(&model), shown, "{keys:?}");
    }
}

#[test]
fn resize_keeps_choice_on_screen() {
    let mut model = model(&[("a", 0.0), ("b", 0.0), ("c", 0.0), ("d", 0.0)]);
    model.set_rows(4);
    model.press(&End);
    for (rows, shown) in [(2, "c [d]"), (0, "[d]"), (1, "[d]"), (3, "b c [d]"), (9, "a b c [d]")] {
        model.set_rows(rows);
        assert_eq!(screen(&model), shown, "{rows}");
    }
}

#[test]
fn most_used_profile_comes_first_among_equal_matches() {
    for (query, shown) in [
        ("", "[dev] prod-us prod-eu other prod"),
        ("prod-", "[prod-us] prod-eu"),
        // The whole name is what was meant.
        ("prod", "[prod] prod-us prod-eu"),
        ("PROD", "[prod] prod-us prod-eu"),
    ] {
        let mut model = model(&[
            ("prod-eu", 1.0),
            ("prod-us", 2.0),
            ("other", 0.0),
            ("prod", 0.0),
            ("dev", 9.5),
        ]);
        model.set_rows(9);
        model.press(&text(query));
        assert_eq!(screen(&model), shown, "{query}");
    }
}

#[test]
fn enter_chooses_and_escape_cancels() {
    let mut model = model(&[("a", 0.0), ("b", 0.0)]);
    assert_eq!(model.press(&Enter), KeyOutcome::Chosen(0));
    model.press(&Down);
    assert_eq!(model.press(&Enter), KeyOutcome::Chosen(1));
    assert_eq!(model.press(&Cancel), KeyOutcome::Cancelled);
    model.press(&text("nothing"));
    assert_eq!(model.press(&Enter), KeyOutcome::Continue);
    assert_eq!((model.selected(), model.found()), (None, 0));
}
