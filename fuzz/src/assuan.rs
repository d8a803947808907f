//! A line of a pinentry's answer. Data that it gives can be sent back in a command, and is then
//! read as it was.

use rolecall::fuzzing::{AssuanLine, assuan_command, parse_assuan_line};

/// A longer argument may be cut, since each byte can take three.
const UNCUT: usize = 300;

pub fn check(data: &[u8]) {
    let AssuanLine::Data(bytes) = parse_assuan_line(data) else { return };
    let Ok(text) = std::str::from_utf8(&bytes) else { return };
    let command = assuan_command("D", text);
    assert_eq!(command.find('\n'), Some(command.len() - 1));
    if text.len() <= UNCUT {
        let again = parse_assuan_line(command.trim_end_matches('\n').as_bytes());
        assert_eq!(again, AssuanLine::Data(bytes));
    }
}
