//! Text that is not UTF-8, as a whole: a shared file that another program wrote as UTF-16, or that
//! is no text at all. It would be read as a file without sections.

use super::document::{Document, Header, Section};
use crate::error::{Error, Place, Result};
use crate::hint;

/// How much of a file is looked at for what text never holds, in bytes.
const LOOKED_AT: usize = 8 * 1024;

/// Refuses a file that is text in UTF-16 or UTF-32, or that is no text and holds no section.
///
/// # Errors
/// The name of the encoding, and the command that converts it.
pub fn check(document: &Document) -> Result<()> {
    let (path, encoding) = (&document.path, find(document.bytes()));
    let Some(encoding) = encoding else { return Ok(()) };
    let is_section = |section: &Section| matches!(section.header, Header::Named { .. });
    if matches!(encoding, Encoding::Binary) && document.sections.iter().any(is_section) {
        // One broken line breaks only its own section.
        return Ok(());
    }
    let shown = path.display();
    let error = |what: &str| {
        Error::configuration(format!("{shown}: {what}")).at(Place::File(path.to_owned()))
    };
    Err(match encoding {
        Encoding::Known { name, iconv } => {
            error(&format!("the file is text in {name}, and the SDKs and rolecall read UTF-8"))
                .hint(format!("convert it: {}", hint::convert_to_utf_8(iconv, path)))
        }
        Encoding::Binary => error("the file is not text: it holds bytes of value 0")
            .hint(format!("put the right file there; see what it is: {}", hint::look_at(path))),
    })
}

enum Encoding {
    Known {
        name: &'static str,
        /// What `iconv` calls it; where there is a byte order mark, the name that takes it away.
        iconv: &'static str,
    },
    Binary,
}

/// Finds out how bytes are encoded, by their byte order mark or by where they hold zeros; `None`
/// for what may be UTF-8.
fn find(bytes: &[u8]) -> Option<Encoding> {
    const MARKS: [(&[u8], &str, &str); 4] = [
        (b"\xff\xfe\0\0", "UTF-32", "UTF-32"),
        (b"\0\0\xfe\xff", "UTF-32", "UTF-32"),
        (b"\xff\xfe", "UTF-16", "UTF-16"),
        (b"\xfe\xff", "UTF-16", "UTF-16"),
    ];
    if let Some((_, name, iconv)) = MARKS.into_iter().find(|(mark, ..)| bytes.starts_with(mark)) {
        return Some(Encoding::Known { name, iconv });
    }
    let head = &bytes[..bytes.len().min(LOOKED_AT)];
    memchr::memchr(0, head)?;
    // ASCII in UTF-16 has a zero in each second place.
    let zeros = |first: usize| {
        let places = head.iter().skip(first).step_by(2);
        places.clone().filter(|&&b| b == 0).count() * 2 > places.len()
    };
    Some(match (zeros(0), zeros(1)) {
        (false, true) => Encoding::Known { name: "UTF-16", iconv: "UTF-16LE" },
        (true, false) => Encoding::Known { name: "UTF-16", iconv: "UTF-16BE" },
        _ => Encoding::Binary,
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::document::FileKind;

    fn utf_16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    fn checked(bytes: &[u8]) -> Result<()> {
        let bytes = bytes.to_vec().into();
        check(&Document::parse(FileKind::Config, Path::new("/aws/config"), bytes))
    }

    fn said(bytes: &[u8]) -> String {
        let error = checked(bytes).unwrap_err();
        format!("{error} | {}", error.hints()[0])
    }

    #[test]
    fn encoding_is_found_by_its_mark_or_its_zeros() {
        let text = "[profile a]\nregion = eu-west-1\ndescription = 日本\n";
        let mark = format!("\u{feff}{text}");
        for (bytes, from) in [
            (utf_16(&mark, u16::to_le_bytes), "UTF-16"),
            (utf_16(&mark, u16::to_be_bytes), "UTF-16"),
            (utf_16(text, u16::to_le_bytes), "UTF-16LE"),
            (utf_16(text, u16::to_be_bytes), "UTF-16BE"),
        ] {
            let said = said(&bytes);
            let convert = hint::convert_to_utf_8(from, Path::new("/aws/config"));
            assert!(said.contains("text in UTF-16") && said.contains(&convert), "{said}");
        }
        let utf_32: Vec<u8> = mark.chars().flat_map(|c| (c as u32).to_le_bytes()).collect();
        let convert = hint::convert_to_utf_8("UTF-32", Path::new("/aws/config"));
        assert!(said(&utf_32).contains(&convert));
        for binary in [&b"\x1f\x8b\x08\0\0\0abc"[..], &[0; 100], b"k = \0\n"] {
            assert!(said(binary).contains("is not text"), "{binary:?}");
        }
        let zero = b"\0\n[profile a]\n";
        for fine in [text.as_bytes(), mark.as_bytes(), b"", b"k = \xe9\n", b"\xff", b"\xfe", zero] {
            assert!(checked(fine).is_ok(), "{fine:?}");
        }
    }
}
