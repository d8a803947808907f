//! Keys. Pure.

/// A key, by what it does in lists and lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyPress {
    Text(String),
    Up,
    Down,
    PageUp,
    PageDown,
    Home,
    End,
    LineStart,
    LineEnd,
    Left,
    Right,
    DeleteBack,
    DeleteForward,
    /// Deletes the word before the cursor.
    DeleteWord,
    /// Deletes all before the cursor.
    DeleteToStart,
    Tab,
    Enter,
    Cancel,
}

/// Adds a key. All text that comes at once is one key, for which a search runs once.
pub fn push(keys: &mut Vec<KeyPress>, key: KeyPress) {
    match (keys.last_mut(), key) {
        (Some(KeyPress::Text(before)), KeyPress::Text(more)) => before.push_str(&more),
        (_, key) => keys.push(key),
    }
}

/// Returns the key that Ctrl with a small letter is.
pub fn control(letter: u8) -> Option<KeyPress> {
    Some(match letter {
        b'a' => KeyPress::LineStart,
        b'b' => KeyPress::Left,
        b'c' | b'g' | b'q' => KeyPress::Cancel,
        b'd' => KeyPress::DeleteForward,
        b'e' => KeyPress::LineEnd,
        b'f' => KeyPress::Right,
        b'h' => KeyPress::DeleteBack,
        b'i' => KeyPress::Tab,
        b'j' | b'n' => KeyPress::Down,
        b'k' | b'p' => KeyPress::Up,
        b'm' => KeyPress::Enter,
        b'u' => KeyPress::DeleteToStart,
        b'w' => KeyPress::DeleteWord,
        _ => return None,
    })
}
