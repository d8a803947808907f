//! The Assuan protocol as pinentries speak it: a command is one line, its answer `S` and `#` lines,
//! `D` lines with data, then `OK` or `ERR` (libassuan manual, "Client requests" and "Server
//! responses"; pinentry manual, "Protocol"). Text in, text out; no I/O.

use zeroize::Zeroizing;

/// The longest line, with its end.
pub const MAX_LINE_BYTES: usize = 1000;
/// The longest argument of a line.
const MAX_ARGUMENT_BYTES: usize = 900;

/// libgpg-error's codes, in the lower 16 bits of what `ERR` says: the person closed the window, or
/// pressed the button that says no.
const CANCELLED: [u32; 3] = [99, 114, 198];
/// The same for a pinentry whose own time was up.
const TIMEOUT: u32 = 62;

/// One line of an answer.
#[derive(Debug, PartialEq, Eq)]
pub enum AssuanLine {
    Ok,
    Data(Zeroizing<Vec<u8>>),
    /// The pinentry wants to know something.
    Inquire,
    /// A comment, or a status.
    Aside,
    Cancelled,
    Timeout,
    /// What it says.
    Failed(String),
    /// Not a line of the protocol.
    Garbage,
}

/// Reads a line without its end.
pub fn parse(line: &[u8]) -> AssuanLine {
    let (word, rest) = match line.iter().position(|b| *b == b' ') {
        Some(at) => (&line[..at], &line[at + 1..]),
        None => (line, &line[line.len()..]),
    };
    match word {
        b"OK" => AssuanLine::Ok,
        b"D" => decode(rest).map_or(AssuanLine::Garbage, AssuanLine::Data),
        b"S" => AssuanLine::Aside,
        b"INQUIRE" => AssuanLine::Inquire,
        b"ERR" => failure(&String::from_utf8_lossy(rest)),
        _ if line.first() == Some(&b'#') => AssuanLine::Aside,
        _ => AssuanLine::Garbage,
    }
}

fn failure(text: &str) -> AssuanLine {
    let (number, words) = text.split_once(' ').unwrap_or((text, ""));
    match number.parse::<u32>().map(|number| number & 0xffff) {
        Ok(code) if CANCELLED.contains(&code) => AssuanLine::Cancelled,
        Ok(TIMEOUT) => AssuanLine::Timeout,
        Ok(_) => AssuanLine::Failed(if words.is_empty() {
            format!("error {number}")
        } else {
            words.to_owned()
        }),
        Err(_) => AssuanLine::Garbage,
    }
}

/// Decodes `%XX`.
fn decode(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text.iter();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let (high, low) = (
                    char::from(*rest.next()?).to_digit(16)?,
                    char::from(*rest.next()?).to_digit(16)?,
                );
                u8::try_from(high * 16 + low).ok()?
            }
            byte => *byte,
        });
    }
    Some(bytes)
}

/// Makes the line of a command with a text as its argument, cut where it would be too long.
pub fn command(name: &str, argument: &str) -> String {
    let mut line = format!("{name} ");
    for c in argument.chars() {
        let piece = if c == '%' || c.is_ascii_control() {
            format!("%{:02X}", c as u32)
        } else {
            c.to_string()
        };
        if line.len() + piece.len() > MAX_ARGUMENT_BYTES {
            break;
        }
        line += &piece;
    }
    line + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_parses_to_its_kind() {
        let data = |bytes: &[u8]| AssuanLine::Data(Zeroizing::new(bytes.to_vec()));
        let rows: [(&[u8], AssuanLine); 19] = [
            (b"OK", AssuanLine::Ok),
            (b"OK Pleased to meet you", AssuanLine::Ok),
            (b"D 123456", data(b"123456")),
            (b"D ", data(b"")),
            (b"D", data(b"")),
            (b"D a%25b%0Ac%C3%a9", data("a%b\nc\u{e9}".as_bytes())),
            (b"D %2", AssuanLine::Garbage),
            (b"D %zz", AssuanLine::Garbage),
            (b"S PASSWORD_FROM_CACHE", AssuanLine::Aside),
            (b"# a comment", AssuanLine::Aside),
            (b"INQUIRE QUALITY 1", AssuanLine::Inquire),
            (b"ERR 83886179 Operation cancelled <Pinentry>", AssuanLine::Cancelled),
            (b"ERR 83886194 Not confirmed <Pinentry>", AssuanLine::Cancelled),
            (b"ERR 83886142 Timeout <Pinentry>", AssuanLine::Timeout),
            (
                b"ERR 83918950 Inappropriate ioctl for device <Pinentry>",
                AssuanLine::Failed("Inappropriate ioctl for device <Pinentry>".into()),
            ),
            (b"ERR 1", AssuanLine::Failed("error 1".into())),
            (b"ERR", AssuanLine::Garbage),
            (b"", AssuanLine::Garbage),
            (b"OKAY", AssuanLine::Garbage),
        ];
        for (text, line) in rows {
            assert_eq!(parse(text), line, "{}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn argument_is_one_bounded_line() {
        assert_eq!(
            command("SETDESC", "100 %\r\nProfil \u{e9}"),
            "SETDESC 100 %25%0D%0AProfil \u{e9}\n"
        );
        let long = command("SETDESC", &"%\u{20ac}".repeat(500));
        assert!(
            long.len() <= MAX_LINE_BYTES && long.len() > MAX_ARGUMENT_BYTES - 8,
            "{}",
            long.len()
        );
        assert_eq!(long.matches('\n').count(), 1);
    }

    proptest::proptest! {
        #[test]
        fn written_argument_reads_back(text in ".{0,200}") {
            let line = command("D", &text);
            let AssuanLine::Data(bytes) = parse(line.trim_end_matches('\n').as_bytes()) else {
                panic!("{line}")
            };
            proptest::prop_assert_eq!(&*bytes, text.as_bytes());
        }
    }
}
