//! Bytes that a text cannot hold as they are: a mark and two hexadecimal digits stand for each.

/// Returns the bytes that a text stands for. A mark without digits after it stands for itself.
pub fn unescape(text: &str, mark: u8) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (mut bytes, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let [first, after @ ..] = rest {
        let escaped = match after {
            [high, low, ..] if *first == mark => digit(*high).zip(digit(*low)),
            _ => None,
        };
        if let Some((high, low)) = escaped {
            bytes.push(high * 16 + low);
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mark_with_two_digits_stands_for_a_byte() {
        for (text, mark, bytes) in [
            ("awsvault", b'_', "awsvault"),
            ("granted_2daws_2diam_2dcredentials", b'_', "granted-aws-iam-credentials"),
            ("_c3_A4", b'_', "ä"),
            ("team%2Fdev%25", b'%', "team/dev%"),
            ("a%zz%", b'%', "a%zz%"),
            ("a%2", b'%', "a%2"),
            ("ä%2F", b'%', "ä/"),
            ("", b'%', ""),
        ] {
            assert_eq!(unescape(text, mark), bytes.as_bytes(), "{text}");
        }
    }
}
