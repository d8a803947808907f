//! Turns the key events of a console into keys. Pure.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use crate::system::terminal::keys::{KeyPress, control};

/// Knows which characters are held down.
#[derive(Debug, Default)]
pub struct KeyEvents {
    down: Vec<char>,
}

impl KeyEvents {
    /// Returns the key that an event means; `None` for most releases, and for keys without meaning.
    pub fn press(&mut self, event: &Event) -> Option<KeyPress> {
        let Event::Key(event) = event else { return None };
        match (event.code, event.kind) {
            (KeyCode::Char(c), KeyEventKind::Release) => self.release(c),
            (_, KeyEventKind::Release) => None,
            (KeyCode::Char(c), _) => {
                // A character of two UTF-16 units is never released.
                if c.len_utf16() == 1 && !self.down.contains(&c) {
                    self.down.push(c);
                }
                character(c, event.modifiers)
            }
            _ => named(event),
        }
    }

    /// A character that is released and was not pressed comes from its number, typed with Alt. So
    /// come pasted characters that the keyboard does not have. The release of a key that another
    /// program saw pressed looks the same, so ASCII does not count.
    fn release(&mut self, c: char) -> Option<KeyPress> {
        match self.down.iter().position(|down| *down == c) {
            Some(at) => drop(self.down.remove(at)),
            None if self.down.is_empty() => {
                return (!c.is_ascii() && !c.is_control()).then(|| KeyPress::Text(c.into()));
            }
            // Shift was released before the key.
            None => drop(self.down.pop()),
        }
        None
    }
}

fn character(c: char, modifiers: KeyModifiers) -> Option<KeyPress> {
    let (ctrl, alt) =
        (modifiers.contains(KeyModifiers::CONTROL), modifiers.contains(KeyModifiers::ALT));
    match (ctrl, alt) {
        // Both are what AltGr is.
        (true, true) | (false, false) => (!c.is_control()).then(|| KeyPress::Text(c.into())),
        (true, false) if c == '[' => Some(KeyPress::Cancel),
        (true, false) => control(u8::try_from(c.to_ascii_lowercase()).ok()?),
        (false, true) => None,
    }
}

/// Names the key. Modifiers make no difference but for Backspace.
fn named(event: &KeyEvent) -> Option<KeyPress> {
    Some(match event.code {
        KeyCode::Backspace
            if event.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) =>
        {
            KeyPress::DeleteWord
        }
        KeyCode::Backspace => KeyPress::DeleteBack,
        KeyCode::Delete => KeyPress::DeleteForward,
        KeyCode::Enter => KeyPress::Enter,
        KeyCode::Esc => KeyPress::Cancel,
        KeyCode::Tab => KeyPress::Tab,
        KeyCode::Up => KeyPress::Up,
        KeyCode::Down => KeyPress::Down,
        KeyCode::Left => KeyPress::Left,
        KeyCode::Right => KeyPress::Right,
        KeyCode::Home => KeyPress::Home,
        KeyCode::End => KeyPress::End,
        KeyCode::PageUp => KeyPress::PageUp,
        KeyCode::PageDown => KeyPress::PageDown,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::KeyPress::*;
    use super::*;

    const NONE: KeyModifiers = KeyModifiers::NONE;
    const SHIFT: KeyModifiers = KeyModifiers::SHIFT;
    const CTRL: KeyModifiers = KeyModifiers::CONTROL;
    const ALT: KeyModifiers = KeyModifiers::ALT;

    fn text(text: &str) -> KeyPress {
        Text(text.to_owned())
    }

    fn press(code: KeyCode, modifiers: KeyModifiers) -> Event {
        Event::Key(KeyEvent::new(code, modifiers))
    }

    fn release(code: KeyCode) -> Event {
        Event::Key(KeyEvent::new_with_kind(code, NONE, KeyEventKind::Release))
    }

    #[test]
    fn pressed_keys_are_named_as_on_unix() {
        let alt_gr = CTRL | ALT;
        let c = KeyCode::Char;
        for (code, modifiers, key) in [
            (c('p'), NONE, Some(text("p"))),
            (c('P'), SHIFT, Some(text("P"))),
            (c('日'), NONE, Some(text("日"))),
            (c('@'), alt_gr, Some(text("@"))),
            (c('x'), ALT, None),
            (c('\u{1b}'), NONE, None),
            (c('a'), CTRL, Some(LineStart)),
            (c('E'), CTRL | SHIFT, Some(LineEnd)),
            (c('u'), CTRL, Some(DeleteToStart)),
            (c('w'), CTRL, Some(DeleteWord)),
            (c('d'), CTRL, Some(DeleteForward)),
            (c('h'), CTRL, Some(DeleteBack)),
            (c('c'), CTRL, Some(Cancel)),
            (c('['), CTRL, Some(Cancel)),
            (c('p'), CTRL, Some(Up)),
            (c('n'), CTRL, Some(Down)),
            (c('z'), CTRL, None),
            (c('é'), CTRL, None),
            (KeyCode::Backspace, NONE, Some(DeleteBack)),
            (KeyCode::Backspace, CTRL, Some(DeleteWord)),
            (KeyCode::Backspace, ALT, Some(DeleteWord)),
            (KeyCode::Delete, NONE, Some(DeleteForward)),
            (KeyCode::Enter, NONE, Some(Enter)),
            (KeyCode::Esc, NONE, Some(Cancel)),
            (KeyCode::Tab, NONE, Some(Tab)),
            (KeyCode::BackTab, SHIFT, None),
            (KeyCode::Up, CTRL, Some(Up)),
            (KeyCode::Down, NONE, Some(Down)),
            (KeyCode::Left, NONE, Some(Left)),
            (KeyCode::Right, NONE, Some(Right)),
            (KeyCode::Home, NONE, Some(Home)),
            (KeyCode::End, NONE, Some(End)),
            (KeyCode::PageUp, NONE, Some(PageUp)),
            (KeyCode::PageDown, NONE, Some(PageDown)),
            (KeyCode::F(1), NONE, None),
            (KeyCode::Insert, NONE, None),
        ] {
            let mut events = KeyEvents::default();
            assert_eq!(events.press(&press(code, modifiers)), key, "{code:?} {modifiers:?}");
            assert_eq!(events.press(&release(code)), None, "{code:?} is released");
        }
        for event in [Event::FocusGained, Event::FocusLost, Event::Resize(80, 24)] {
            assert_eq!(KeyEvents::default().press(&event), None, "{event:?}");
        }
    }

    #[test]
    fn releases_give_only_characters_that_no_key_has() {
        let (p, r) = (|c| press(KeyCode::Char(c), NONE), |c| release(KeyCode::Char(c)));
        for (events, typed) in [
            (vec![p('a'), r('a'), p('ö'), r('ö')], "aö"),
            (vec![p('a'), p('ö'), r('a'), r('ö')], "aö"),
            (vec![p('ö'), p('ö'), p('ö'), r('ö')], "ööö"),
            // Shift and this key are a question mark on a German keyboard.
            (vec![p('?'), r('ß'), p('x'), r('x')], "?x"),
            (vec![r('é'), r('日'), p('😀'), r('é')], "é日😀é"),
            (vec![p('a'), r('a'), r('é'), p('b'), r('b')], "aéb"),
            (vec![r('y'), r('\r'), p('1'), r('1')], "1"),
        ] {
            let mut keys = KeyEvents::default();
            let got: String = events
                .iter()
                .filter_map(|event| match keys.press(event)? {
                    Text(text) => Some(text),
                    other => panic!("{other:?}"),
                })
                .collect();
            assert_eq!(got, typed);
            assert_eq!(keys.down, Vec::<char>::new(), "{typed}");
        }
    }
}
