//! What the kernel's keys and the encrypted files hold: an expiry before the secret.

use zeroize::Zeroizing;

/// Names the layout, so that a later one can be told apart.
const VERSION: u8 = 1;
const HEADER: usize = 1 + size_of::<i64>();
/// Stands for "no expiry" and sorts after every other.
const NEVER: i64 = i64::MAX;

/// Puts the expiry (unix seconds) before the secret.
pub(super) fn seal(expires_at: Option<i64>, secret: &str) -> Zeroizing<Vec<u8>> {
    let mut sealed = Zeroizing::new(Vec::with_capacity(HEADER + secret.len()));
    sealed.push(VERSION);
    sealed.extend_from_slice(&expires_at.unwrap_or(NEVER).to_le_bytes());
    sealed.extend_from_slice(secret.as_bytes());
    sealed
}

/// Returns the expiry and the secret; `None` when the bytes are not of this layout.
pub(super) fn open(sealed: &[u8]) -> Option<(Option<i64>, &str)> {
    let (&version, rest) = sealed.split_first()?;
    let (expiry, secret) = rest.split_first_chunk()?;
    if version != VERSION {
        return None;
    }
    let expiry = i64::from_le_bytes(*expiry);
    let expires_at = (expiry != NEVER).then_some(expiry);
    Some((expires_at, str::from_utf8(secret).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sealed_secret_opens_with_its_expiry() {
        for expiry in [None, Some(0), Some(-1), Some(1_900_000_000)] {
            for secret in ["", "x", "größer"] {
                assert_eq!(open(&seal(expiry, secret)), Some((expiry, secret)));
            }
        }
    }

    #[test]
    fn bytes_of_another_layout_do_not_open() {
        assert_eq!(open(b""), None);
        assert_eq!(open(b"\x01\0\0\0\0\0\0\0"), None);
        assert_eq!(open(b"\x02\0\0\0\0\0\0\0\0x"), None);
        assert_eq!(open(b"\x01\0\0\0\0\0\0\0\0\xff"), None);
    }
}
