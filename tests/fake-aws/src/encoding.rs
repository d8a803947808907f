//! Text encodings of the wire: hex, base64, percent escapes and forms.

use std::fmt::Write as _;

use ring::rand::{SecureRandom, SystemRandom};

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Returns lower-case hexadecimal digits of some bytes.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Returns random bytes of the system.
pub fn random(count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    SystemRandom::new().fill(&mut bytes).expect("the system gives random bytes");
    bytes
}

/// Returns standard base64 with padding.
pub fn base64(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let at = |index: usize| u32::from(chunk.get(index).copied().unwrap_or(0));
        let group = at(0) << 16 | at(1) << 8 | at(2);
        for place in 0..4 {
            if place <= chunk.len() {
                let digit = (group >> (18 - 6 * place)) & 63;
                text.push(char::from(BASE64[digit as usize]));
            } else {
                text.push('=');
            }
        }
    }
    text
}

/// Returns base64url without padding.
pub fn base64url(bytes: &[u8]) -> String {
    let text = base64(bytes);
    text.trim_end_matches('=').replace('+', "-").replace('/', "_")
}

/// Returns bytes of a base64url text without padding, or nothing when it is none.
pub fn from_base64url(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0_u32);
    for character in text.trim_end_matches('=').bytes() {
        let standard = match character {
            b'-' => b'+',
            b'_' => b'/',
            b'+' | b'/' => return None,
            other => other,
        };
        let digit = BASE64.iter().position(|known| *known == standard)?;
        bits = (bits << 6 | u32::try_from(digit).ok()?) & 0xffff;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from((bits >> held) & 0xff).ok()?);
        }
    }
    Some(bytes)
}

/// Returns a prefix and the letters and digits that AWS's identifiers use, one a byte.
pub fn identifier(prefix: &str, bytes: &[u8]) -> String {
    let digits = bytes.iter().map(|byte| char::from(BASE32[usize::from(byte & 31)]));
    prefix.chars().chain(digits).collect()
}

/// Escapes everything but unreserved characters, as signatures want it.
pub fn percent(text: &str, keep_slash: bool) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) || (keep_slash && byte == b'/') {
            escaped.push(char::from(byte));
        } else {
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

/// Undoes percent escapes, and `+` for a space when it is a form.
pub fn unpercent(text: &str, form: bool) -> String {
    let bytes = text.as_bytes();
    let (mut plain, mut index) = (Vec::new(), 0);
    while index < bytes.len() {
        let escape = (bytes[index] == b'%')
            .then(|| bytes.get(index + 1..index + 3))
            .flatten()
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        if let Some(byte) = escape {
            plain.push(byte);
            index += 3;
            continue;
        }
        plain.push(if form && bytes[index] == b'+' { b' ' } else { bytes[index] });
        index += 1;
    }
    String::from_utf8_lossy(&plain).into_owned()
}

/// Returns name and value pairs of a form or a query string.
pub fn form(text: &str) -> Vec<(String, String)> {
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (unpercent(name, true), unpercent(value, true))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{base64, base64url, form, from_base64url, percent};

    #[test]
    fn base64_encodes_and_base64url_round_trips() {
        assert_eq!(base64(b"foobar"), "Zm9vYmFy");
        assert_eq!(base64(b"fooba"), "Zm9vYmE=");
        assert_eq!(base64(b"foob"), "Zm9vYg==");
        for length in 0..40_u8 {
            let bytes: Vec<u8> = (0..length).map(|n| n.wrapping_mul(37)).collect();
            assert_eq!(from_base64url(&base64url(&bytes)), Some(bytes));
        }
    }

    #[test]
    fn form_decodes_to_pairs_and_text_is_percent_encoded() {
        let pairs = form("a=1+2&b=%2F%C3%A9&c");
        assert_eq!(pairs[0], ("a".into(), "1 2".into()));
        assert_eq!(pairs[1], ("b".into(), "/é".into()));
        assert_eq!(pairs[2], ("c".into(), String::new()));
        assert_eq!(percent("a /é", true), "a%20/%C3%A9");
    }
}
