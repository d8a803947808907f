//! Base64 in the alphabet of URLs, without padding (RFC 4648, section 5), as JSON Web Tokens have it.

use zeroize::Zeroizing;

/// Encodes bytes.
pub fn encode(bytes: &[u8]) -> String {
    let text = aws_smithy_types::base64::encode(bytes);
    text.trim_end_matches('=').replace('+', "-").replace('/', "_")
}

/// Decodes a text; `None` where it is none.
pub fn decode(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    if text.contains(['+', '/', '=']) {
        return None;
    }
    let mut standard = Zeroizing::new(String::with_capacity(text.len() + 3));
    standard.extend(text.chars().map(|c| match c {
        '-' => '+',
        '_' => '/',
        c => c,
    }));
    let padding = text.len().wrapping_neg() % 4;
    standard.extend(std::iter::repeat_n('=', padding));
    aws_smithy_types::base64::decode(standard.as_str()).ok().map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_become_letters_of_urls() {
        assert_eq!(encode(&[0xfb, 0xff, 0xfe]), "-__-");
        assert_eq!(encode(b"a"), "YQ");
    }

    #[test]
    fn only_the_alphabet_of_urls_is_decoded() {
        for (text, bytes) in [
            ("", Some(&b""[..])),
            ("_-8", Some(b"\xff\xef")),
            ("aGk", Some(b"hi")),
            ("aGk=", None),
            ("/+8", None),
            ("a", None),
            ("a b", None),
            ("\u{e9}", None),
        ] {
            assert_eq!(decode(text).as_ref().map(|bytes| bytes.as_slice()), bytes, "{text:?}");
        }
    }
}
