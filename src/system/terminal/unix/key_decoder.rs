//! Turns bytes from a terminal into keys. Pure. A sequence that it does not know is left out whole,
//! so that no part of it is taken for text.

use crate::system::terminal::keys::{KeyPress, control, push};

/// The marks around pasted text (xterm, "Bracketed Paste Mode").
const PASTE: (&[u8], &[u8]) = (b"\x1b[200~", b"\x1b[201~");
/// The most of one paste that is kept, in bytes.
const MAX_PASTE_BYTES: usize = 16 * 1024;
/// The number of silences after which a paste without its end is given up.
const MAX_PASTE_SILENCES: u32 = 20;

/// Collects bytes until they make a key.
#[derive(Debug, Default)]
pub struct KeyDecoder {
    pending: Vec<u8>,
    silences: u32,
}

/// What some bytes begin with, and its length in bytes.
enum FirstKey {
    Key(KeyPress, usize),
    Nothing(usize),
    Incomplete,
}

impl KeyDecoder {
    /// Adds bytes and returns the keys that they complete.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<KeyPress> {
        self.silences = 0;
        self.pending.extend_from_slice(bytes);
        let mut keys = Vec::new();
        let mut from = 0;
        while from < self.pending.len() {
            match take(&self.pending[from..]) {
                FirstKey::Key(key, length) => {
                    from += length;
                    push(&mut keys, key);
                }
                FirstKey::Nothing(length) => from += length,
                FirstKey::Incomplete => break,
            }
        }
        self.pending.drain(..from);
        // Only a paste is that long. Its last bytes stay, because they may be a part of its end.
        if self.pending.len() > MAX_PASTE_BYTES {
            self.pending.drain(MAX_PASTE_BYTES / 2..self.pending.len() - PASTE.1.len());
        }
        keys
    }

    /// Returns the key that the collected bytes mean when no more come: other keys begin with
    /// Escape too. The rest of a paste may still come.
    pub fn silence(&mut self) -> Option<KeyPress> {
        self.silences += 1;
        if self.pending.starts_with(PASTE.0) && self.silences < MAX_PASTE_SILENCES {
            return None;
        }
        let pending = std::mem::take(&mut self.pending);
        (pending == b"\x1b").then_some(KeyPress::Cancel)
    }
}

fn take(bytes: &[u8]) -> FirstKey {
    let key = match bytes[0] {
        byte @ 0x01..=0x1a => control(byte - 1 + b'a'),
        0x1b => return escape(bytes),
        0x7f => Some(KeyPress::DeleteBack),
        0x00..=0x1f => None,
        _ => return text(bytes),
    };
    key.map_or(FirstKey::Nothing(1), |key| FirstKey::Key(key, 1))
}

/// Reads a key that begins with Escape.
fn escape(bytes: &[u8]) -> FirstKey {
    match bytes.get(1) {
        None => FirstKey::Incomplete,
        Some(b'[') => sequence(bytes),
        Some(b'O') => match bytes.get(2) {
            None => FirstKey::Incomplete,
            Some(last) => named(b"", *last, 3),
        },
        // Alt with Backspace.
        Some(0x7f | 0x08) => FirstKey::Key(KeyPress::DeleteWord, 2),
        // Escape pressed twice counts once.
        Some(0x1b) => FirstKey::Key(KeyPress::Cancel, 1),
        // Alt with a character means nothing here. The character may have several bytes.
        Some(_) => match text(&bytes[1..]) {
            FirstKey::Key(_, length) | FirstKey::Nothing(length) => FirstKey::Nothing(1 + length),
            FirstKey::Incomplete => FirstKey::Incomplete,
        },
    }
}

/// Reads a control sequence: parameters, then a last byte (ECMA-48, 5.4).
fn sequence(bytes: &[u8]) -> FirstKey {
    if let Some(pasted) = bytes.strip_prefix(PASTE.0) {
        return paste(pasted);
    }
    let parameters = bytes[2..].iter().take_while(|b| matches!(b, 0x20..=0x3f)).count();
    match bytes.get(2 + parameters) {
        None => FirstKey::Incomplete,
        Some(last @ 0x40..=0x7e) => named(&bytes[2..2 + parameters], *last, 3 + parameters),
        // This is no sequence. The byte is read by itself.
        Some(_) => FirstKey::Nothing(2 + parameters),
    }
}

fn paste(pasted: &[u8]) -> FirstKey {
    match memchr::memmem::find(pasted, PASTE.1) {
        Some(end) => {
            let text = String::from_utf8_lossy(&pasted[..end]).into_owned();
            FirstKey::Key(KeyPress::Text(text), PASTE.0.len() + end + PASTE.1.len())
        }
        None => FirstKey::Incomplete,
    }
}

/// Names the key of a sequence of xterm or of a console. Modifiers make no difference.
fn named(parameters: &[u8], last: u8, length: usize) -> FirstKey {
    let number = parameters.split(|b| *b == b';').next().unwrap_or_default();
    let key = match (last, number) {
        (b'A', _) => KeyPress::Up,
        (b'B', _) => KeyPress::Down,
        (b'C', _) => KeyPress::Right,
        (b'D', _) => KeyPress::Left,
        (b'H', _) | (b'~', b"1" | b"7") => KeyPress::Home,
        (b'F', _) | (b'~', b"4" | b"8") => KeyPress::End,
        (b'~', b"3") => KeyPress::DeleteForward,
        (b'~', b"5") => KeyPress::PageUp,
        (b'~', b"6") => KeyPress::PageDown,
        (b'M', b"") => KeyPress::Enter,
        _ => return FirstKey::Nothing(length),
    };
    FirstKey::Key(key, length)
}

/// Reads one character of UTF-8. A broken byte is left out.
fn text(bytes: &[u8]) -> FirstKey {
    let length = match bytes[0] {
        0x00..=0x7f => 1,
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return FirstKey::Nothing(1),
    };
    let there = &bytes[..length.min(bytes.len())];
    match std::str::from_utf8(there) {
        Ok(text) if text.chars().all(char::is_control) => FirstKey::Nothing(length),
        Ok(text) => FirstKey::Key(KeyPress::Text(text.to_owned()), length),
        Err(error) if error.error_len().is_none() => FirstKey::Incomplete,
        Err(_) => FirstKey::Nothing(1),
    }
}

#[cfg(test)]
mod tests {
    use super::KeyPress::*;
    use super::*;

    fn text(text: &str) -> KeyPress {
        Text(text.to_owned())
    }

    const ARN: &str = "arn:aws:iam::222222222222:role/admin";

    fn table() -> Vec<(Vec<u8>, Vec<KeyPress>)> {
        let pasted = format!("\x1b[200~{ARN}\n\x1b[201~x");
        vec![
            (b"prod".to_vec(), vec![text("prod")]),
            ("日本é😀".into(), vec![text("日本é😀")]),
            (b"\r".to_vec(), vec![Enter]),
            (b"\x0a\x0b\x0e\x10".to_vec(), vec![Down, Up, Down, Up]),
            (b"\x15\x17\x01\x05".to_vec(), vec![DeleteToStart, DeleteWord, LineStart, LineEnd]),
            (b"\x7f\x08\x04\t".to_vec(), vec![DeleteBack, DeleteBack, DeleteForward, Tab]),
            (b"\x03".to_vec(), vec![Cancel]),
            (b"\x07".to_vec(), vec![Cancel]),
            (b"\x1b[A\x1b[B\x1b[C\x1b[D".to_vec(), vec![Up, Down, Right, Left]),
            (b"\x1bOA\x1bOB\x1bOH\x1bOF".to_vec(), vec![Up, Down, Home, End]),
            (
                b"\x1b[H\x1b[F\x1b[1~\x1b[4~\x1b[7~\x1b[8~".to_vec(),
                vec![Home, End, Home, End, Home, End],
            ),
            (b"\x1b[3~\x1b[5~\x1b[6~".to_vec(), vec![DeleteForward, PageUp, PageDown]),
            (b"\x1b[1;5A\x1b[1;2B\x1b[5;5~".to_vec(), vec![Up, Down, PageUp]),
            (b"\x1b\x7f".to_vec(), vec![DeleteWord]),
            // Unknown: function keys, mouse, focus, reports, Alt with anything, other controls.
            (b"\x1b[15~\x1b[<0;1;1M\x1b[I\x1b[12;5R\x1b[?1;2c\x1bOPx".to_vec(), vec![text("x")]),
            (b"\x1ba\x1b]\x1bPx\x00\x1c\x1a".to_vec(), vec![text("x")]),
            ("\x1béx".into(), vec![text("x")]),
            ("\u{9b}31mx".into(), vec![text("31mx")]),
            (b"\xff\xfea\xc3(".to_vec(), vec![text("a(")]),
            (b"\x1b[\x03".to_vec(), vec![Cancel]),
            (b"\x1b\x1b[A".to_vec(), vec![Cancel, Up]),
            (pasted.into_bytes(), vec![text(&format!("{ARN}\nx"))]),
            (b"\x1b[200~\x1b[A\x03\x1b[201~".to_vec(), vec![text("\x1b[A\x03")]),
        ]
    }

    #[test]
    fn bytes_decode_to_keys() {
        for (bytes, keys) in table() {
            let mut decoder = KeyDecoder::default();
            assert_eq!(decoder.feed(&bytes), keys, "{:?}", String::from_utf8_lossy(&bytes));
            assert_eq!(decoder.silence(), None);
        }
    }

    #[test]
    fn keys_decode_when_bytes_come_one_by_one() {
        for (bytes, keys) in table().into_iter().filter(|(bytes, _)| bytes.len() < 100) {
            let mut decoder = KeyDecoder::default();
            let mut got: Vec<KeyPress> = Vec::new();
            for key in bytes.iter().flat_map(|byte| decoder.feed(&[*byte])) {
                match (got.last_mut(), key) {
                    (Some(Text(before)), Text(more)) => before.push_str(&more),
                    (_, key) => got.push(key),
                }
            }
            assert_eq!(got, keys, "{:?}", String::from_utf8_lossy(&bytes));
        }
    }

    #[test]
    fn silence_after_escape_byte_gives_cancel() {
        for (bytes, key) in [
            (&b"\x1b"[..], Some(Cancel)),
            (b"\x1b[", None),
            (b"\x1b[1;", None),
            (b"\x1bO", None),
            (b"\xe6\x97", None),
            (b"", None),
        ] {
            let mut decoder = KeyDecoder::default();
            assert_eq!(decoder.feed(bytes), []);
            assert_eq!(decoder.silence(), key, "{bytes:?}");
            assert_eq!(decoder.feed(b"x"), [text("x")], "{bytes:?} is not forgotten");
        }
        let mut decoder = KeyDecoder::default();
        assert_eq!(decoder.feed(b"\x1b[200~arn"), []);
        assert_eq!(decoder.silence(), None);
        assert_eq!(decoder.feed(b":aws\x1b[201~"), [text("arn:aws")]);
        assert_eq!(decoder.feed(b"\x1b[200~never ended"), []);
        assert!((0..MAX_PASTE_SILENCES).all(|_| decoder.silence().is_none()));
        assert_eq!(decoder.feed(b"\x03"), [Cancel]);
    }

    #[test]
    fn endless_paste_is_bounded() {
        let mut decoder = KeyDecoder::default();
        assert_eq!(decoder.feed(PASTE.0), []);
        for _ in 0..100 {
            assert_eq!(decoder.feed(&[b'\r'; 4_096]), []);
            assert!(decoder.pending.len() <= MAX_PASTE_BYTES);
        }
        let keys = decoder.feed(b"\x1b[201~\x1b[A");
        assert!(matches!(&keys[..], [Text(_), Up]), "{keys:?}");
    }
}
