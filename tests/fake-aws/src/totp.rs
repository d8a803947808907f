//! Time-based one-time codes (RFC 6238: SHA-1, 6 digits, 30 seconds).

use ring::hmac::{HMAC_SHA1_FOR_LEGACY_USE_ONLY, Key, sign};

/// The seconds that one code is shown.
pub const STEP: i64 = 30;

/// Returns the number of the window in which a time lies.
pub fn window(unix_time: i64) -> i64 {
    unix_time.div_euclid(STEP)
}

fn digits(seed: &[u8], window: i64) -> u32 {
    let key = Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, seed);
    let tag = sign(&key, &window.to_be_bytes());
    let hash = tag.as_ref();
    let start = usize::from(hash[hash.len() - 1] & 15);
    let mut four = [0; 4];
    four.copy_from_slice(&hash[start..start + 4]);
    u32::from_be_bytes(four) & 0x7fff_ffff
}

/// Returns the six digits that a device shows at a time.
pub fn code(seed: &[u8], unix_time: i64) -> String {
    format!("{:06}", digits(seed, window(unix_time)) % 1_000_000)
}

/// Returns the bytes of a base32 seed. Case, blanks, hyphens and padding do not matter.
pub fn base32(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0_u32);
    for character in text.bytes() {
        let digit = match character.to_ascii_uppercase() {
            letter @ b'A'..=b'Z' => letter - b'A',
            number @ b'2'..=b'7' => number - b'2' + 26,
            b'=' | b' ' | b'-' => continue,
            _ => return None,
        };
        bits = (bits << 5 | u32::from(digit)) & 0xffff;
        held += 5;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from((bits >> held) & 0xff).ok()?);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::{base32, code, digits, window};

    #[test]
    fn codes_match_vectors_of_rfc_6238() {
        let seed = b"12345678901234567890";
        for (time, eight) in [
            (59, 94_287_082),
            (1_111_111_109, 7_081_804),
            (1_111_111_111, 14_050_471),
            (1_234_567_890, 89_005_924),
            (2_000_000_000, 69_279_037),
            (20_000_000_000, 65_353_130),
        ] {
            assert_eq!(digits(seed, window(time)) % 100_000_000, eight);
        }
        assert_eq!(code(seed, 59), "287082");
        assert_eq!(code(seed, 1_111_111_109), "081804");
    }

    #[test]
    fn base32_decodes_vectors_of_rfc_4648() {
        assert_eq!(base32("MZXW6YTBOI======").unwrap(), b"foobar");
        assert_eq!(base32("mzxw 6ytb-oi").unwrap(), b"foobar");
        assert_eq!(base32("MZXW1"), None);
        assert_eq!(base32("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ").unwrap(), b"12345678901234567890");
    }
}
