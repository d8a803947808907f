//! What a shell remembers in its variables, which anything in the shell may have changed: what is
//! understood is said again as it was, and nothing else is taken for a selection.

use rolecall::fuzzing::{Environment, ShellState};

fn state(selection: &str) -> ShellState {
    // A selection holds while its profile is the one that is shown.
    let profile = serde_json::from_str::<serde_json::Value>(selection).ok();
    let profile = profile.and_then(|value| Some(value.get("profile")?.as_str()?.to_owned()));
    let variables = [
        ("ROLECALL_USE", Some(selection.to_owned())),
        ("ROLECALL_PREVIOUS", Some(selection.to_owned())),
        ("ROLECALL_BEFORE", Some(selection.to_owned())),
        ("ROLECALL_PROFILE", profile),
    ];
    let set = variables.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    ShellState::read(&Environment::new(set, None))
}

pub fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let first = state(text);
    first.render_saved();
    for selection in [&first.selection, &first.previous].into_iter().flatten() {
        let line = selection.render();
        assert!(!line.contains('\n'), "{line}");
        assert_eq!(state(&line).previous.as_ref(), Some(selection), "{line}");
        selection.options();
    }
}
