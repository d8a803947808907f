//! A value spread over several entries, for keyrings that bound the size of one.
//!
//! A short value is one entry, as it is. A longer one is a head that names the number of parts, the
//! length and a checksum, and the parts: a mixture of two writes is noticed and counts as absent.

use zeroize::Zeroizing;

/// Begins a head. No text of ours begins with a zero byte.
const MAGIC: [u8; 4] = *b"\0rc1";
const HEAD: usize = MAGIC.len() + 2 + 4 + 8;

/// What the first entry says about the rest.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub(super) struct Head {
    /// How many parts follow; at least one.
    pub(super) parts: u16,
    length: u32,
    checksum: u64,
}

/// Returns the entries for `value`, each of at most `limit` bytes, the first one being the head or,
/// for a short value, everything. `None` when the value takes too many.
pub(super) fn split(value: &[u8], limit: usize) -> Option<Vec<Zeroizing<Vec<u8>>>> {
    if value.len() <= limit && !value.starts_with(&MAGIC) {
        return Some(vec![Zeroizing::new(value.to_vec())]);
    }
    if limit < HEAD {
        return None;
    }
    let parts = value.chunks(limit);
    let mut head = Zeroizing::new(Vec::with_capacity(HEAD));
    head.extend_from_slice(&MAGIC);
    head.extend_from_slice(&u16::try_from(parts.len()).ok()?.to_le_bytes());
    head.extend_from_slice(&u32::try_from(value.len()).ok()?.to_le_bytes());
    head.extend_from_slice(&checksum(value).to_le_bytes());
    let parts = parts.map(|part| Zeroizing::new(part.to_vec()));
    Some(std::iter::once(head).chain(parts).collect())
}

/// Reads the first entry; `None` when it is the value itself.
pub(super) fn head(entry: &[u8]) -> Option<Head> {
    let rest = entry.strip_prefix(&MAGIC)?;
    let (parts, rest) = rest.split_first_chunk()?;
    let (length, rest) = rest.split_first_chunk()?;
    let checksum = rest.try_into().ok()?;
    Some(Head {
        parts: u16::from_le_bytes(*parts),
        length: u32::from_le_bytes(*length),
        checksum: u64::from_le_bytes(checksum),
    })
}

/// Returns the value that the parts make up; `None` when they are not those the head was written
/// with.
pub(super) fn join(head: Head, parts: &[Zeroizing<Vec<u8>>]) -> Option<Zeroizing<Vec<u8>>> {
    let length = parts.iter().map(|part| part.len()).sum();
    if usize::try_from(head.length) != Ok(length) {
        return None;
    }
    let mut value = Zeroizing::new(Vec::with_capacity(length));
    for part in parts {
        value.extend_from_slice(part);
    }
    (checksum(&value) == head.checksum).then_some(value)
}

/// FNV-1a: tells accidents apart, and is no protection against intent.
fn checksum(value: &[u8]) -> u64 {
    value.iter().fold(0xcbf2_9ce4_8422_2325, |sum, byte| {
        (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX_BYTES: usize = 2560;

    fn round_trip(value: &[u8]) -> Vec<Zeroizing<Vec<u8>>> {
        let entries = split(value, MAX_BYTES).unwrap();
        assert!(entries.iter().all(|entry| entry.len() <= MAX_BYTES));
        match head(&entries[0]) {
            None => assert_eq!(*entries[0], value),
            Some(head) => {
                assert_eq!(usize::from(head.parts), entries.len() - 1);
                assert_eq!(*join(head, &entries[1..]).unwrap(), value);
            }
        }
        entries
    }

    #[test]
    fn value_of_any_length_comes_back() {
        for (length, entries) in [(0, 1), (1, 1), (2560, 1), (2561, 3), (5120, 3), (16_384, 8)] {
            let value: Vec<u8> = (0..length).map(|i| u8::try_from(i % 251).unwrap()).collect();
            assert_eq!(round_trip(&value).len(), entries, "{length}");
        }
    }

    #[test]
    fn value_that_looks_like_a_head_comes_back() {
        assert_eq!(round_trip(b"\0rc1 and more").len(), 2);
    }

    #[test]
    fn parts_of_two_writes_make_no_value() {
        let old = split(&[b'a'; 6000], MAX_BYTES).unwrap();
        let new = split(&[b'b'; 6000], MAX_BYTES).unwrap();
        let mixed = [old[1].clone(), new[2].clone(), new[3].clone()];
        assert_eq!(join(head(&new[0]).unwrap(), &mixed), None);
        assert_eq!(join(head(&new[0]).unwrap(), &new[1..3]), None);
    }

    #[test]
    fn damaged_head_is_none() {
        assert_eq!(head(b"\0rc1"), None);
        assert_eq!(head(b"text"), None);
        assert_eq!(split(&[0; 4000], 4), None);
    }
}
