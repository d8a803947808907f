//! What an item for many entries holds: a JSON map of their names to their secrets.
//!
//! A secret stands there in base64, in which JSON escapes nothing. So it is read where it lies, and
//! only the one that is looked for is copied.

use std::collections::BTreeMap;

use aws_smithy_types::base64;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::store::error::StoreError;

/// The newest layout that this program reads.
const VERSION: u32 = 1;
/// The most that JSON puts around an entry, and around all of them.
const FRAME_BYTES: usize = 64;

/// The entries of one item.
#[derive(Default)]
pub(super) struct Content<'a>(BTreeMap<&'a str, Stored<'a>>);

#[derive(Clone, Copy, Serialize, Deserialize)]
struct Stored<'a> {
    secret: &'a str,
    /// Unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<i64>,
}

/// Read, it owns its entries; written, it borrows them.
#[derive(Serialize, Deserialize)]
struct Layout<Entries> {
    version: u32,
    entries: Entries,
}

/// What names a later layout.
#[derive(Deserialize)]
struct LaterLayout {
    version: u32,
}

/// Why the content of an item is none.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    Garbage,
    Later,
}

/// Encodes a secret for `insert`.
pub(super) fn encode(secret: &str) -> Zeroizing<String> {
    Zeroizing::new(base64::encode(secret))
}

/// Decodes what `get` returns; `None` for what `encode` did not make.
pub(super) fn decode(secret: &str) -> Option<Zeroizing<Vec<u8>>> {
    base64::decode(secret).ok().map(Zeroizing::new)
}

impl<'a> Content<'a> {
    /// Reads an item; an empty one has no entries.
    ///
    /// # Errors
    /// When a later layout, or something else, is there.
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, Unreadable> {
        if bytes.is_empty() {
            return Ok(Self::default());
        }
        match serde_json::from_slice(bytes) {
            Ok(Layout { version: VERSION, entries }) => Ok(Self(entries)),
            _ => match serde_json::from_slice(bytes) {
                Ok(LaterLayout { version }) if version > VERSION => Err(Unreadable::Later),
                _ => Err(Unreadable::Garbage),
            },
        }
    }

    /// Renders the item.
    pub(super) fn render(&self) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        // No larger than it is taken to be, so that it need not grow: growing leaves a copy.
        let mut bytes = Zeroizing::new(Vec::with_capacity(self.max_bytes()));
        let layout = Layout { version: VERSION, entries: &self.0 };
        serde_json::to_writer(&mut *bytes, &layout)
            .map_err(|error| StoreError::Failed(format!("the keyring's item: {error}")))?;
        Ok(bytes)
    }

    /// Returns how many bytes `render` takes at most.
    fn max_bytes(&self) -> usize {
        let size =
            |(name, stored): (&&str, &Stored)| name.len() + stored.secret.len() + FRAME_BYTES;
        self.0.iter().map(size).sum::<usize>() + FRAME_BYTES
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().copied()
    }

    /// Returns a secret, encoded, unless it has expired by `now` (Unix seconds).
    pub(super) fn get(&self, name: &str, now: i64) -> Option<&str> {
        let stored = self.0.get(name)?;
        stored.is_alive(now).then_some(stored.secret)
    }

    pub(super) fn insert(&mut self, name: &'a str, secret: &'a str, expires_at: Option<i64>) {
        self.0.insert(name, Stored { secret, expires_at });
    }

    /// Removes an entry and returns whether there was one.
    pub(super) fn remove(&mut self, name: &str) -> bool {
        self.0.remove(name).is_some()
    }

    pub(super) fn drop_expired(&mut self, now: i64) {
        self.0.retain(|_, stored| stored.is_alive(now));
    }

    /// Drops what expires first, but not `kept`, until the rest takes `limit` bytes at most.
    ///
    /// # Errors
    /// `Full` where what is left never expires.
    pub(super) fn make_room(&mut self, kept: &str, limit: usize) -> Result<(), StoreError> {
        while self.max_bytes() > limit {
            let others = self.0.iter().filter(|(name, _)| **name != kept);
            let ends = others.filter_map(|(name, stored)| Some((stored.expires_at?, *name)));
            let Some((_, first)) = ends.min() else {
                return Err(StoreError::Full(format!("one item holds {limit} bytes")));
            };
            self.0.remove(first);
        }
        Ok(())
    }
}

impl Stored<'_> {
    fn is_alive(&self, now: i64) -> bool {
        self.expires_at.is_none_or(|end| end > now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(content: &Content) -> String {
        String::from_utf8(content.render().unwrap().to_vec()).unwrap()
    }

    #[test]
    fn content_is_parsed_back_without_copy() {
        let secret = encode("a \"secret\"\n");
        let mut content = Content::default();
        content.insert("mfa", &secret, None);
        content.insert("session", &secret, Some(i64::MIN));
        let bytes = content.render().unwrap();
        assert!(bytes.len() <= content.max_bytes(), "{} bytes", bytes.len());
        let back = Content::parse(&bytes).unwrap();
        let found = back.get("mfa", 0).unwrap();
        assert!(bytes.as_ptr_range().contains(&found.as_ptr()));
        assert_eq!(&**decode(found).unwrap(), b"a \"secret\"\n");
        assert_eq!(rendered(&back), rendered(&content));
        assert_eq!(decode("no base64!"), None);
    }

    #[test]
    fn layout_is_a_map_of_names() {
        let mut content = Content::default();
        content.insert("b", "Yg==", Some(9));
        content.insert("a", "YQ==", None);
        assert_eq!(
            rendered(&content),
            r#"{"version":1,"entries":{"a":{"secret":"YQ=="},"b":{"secret":"Yg==","expires_at":9}}}"#
        );
        assert!(Content::parse(b"").unwrap().is_empty());
    }

    #[test]
    fn garbage_and_later_layouts_are_told_apart() {
        let whole = br#"{"version":1,"entries":{"a":{"secret":"YQ==","expires_at":1}}}"#;
        assert!(Content::parse(whole).is_ok());
        for end in 1..whole.len() {
            assert_eq!(Content::parse(&whole[..end]).err(), Some(Unreadable::Garbage), "{end}");
        }
        for (text, expected) in [
            (&b"{}"[..], Unreadable::Garbage),
            (b"a password", Unreadable::Garbage),
            (b"\xff\0", Unreadable::Garbage),
            (br#"{"version":0,"entries":{}}"#, Unreadable::Garbage),
            (br#"{"version":1,"entries":{"a":"b"}}"#, Unreadable::Garbage),
            (br#"{"version":2,"entries":{}}"#, Unreadable::Later),
            (br#"{"version":2,"items":[]}"#, Unreadable::Later),
        ] {
            assert_eq!(Content::parse(text).err(), Some(expected), "{text:?}");
        }
    }

    #[test]
    fn expired_entry_is_not_returned_and_then_dropped() {
        let mut content = Content::default();
        content.insert("a", "YQ==", Some(10));
        content.insert("b", "Yg==", Some(11));
        content.insert("c", "Yw==", None);
        assert_eq!(content.get("a", 9), Some("YQ=="));
        assert_eq!(content.get("a", 10), None);
        content.drop_expired(10);
        assert_eq!(content.names().collect::<Vec<_>>(), ["b", "c"]);
    }

    #[test]
    fn what_expires_first_makes_room_for_the_new() {
        let third = "x".repeat(300);
        let mut content = Content::default();
        for (name, end) in [("a", 3), ("b", 1), ("c", 2), ("new", 0)] {
            content.insert(name, &third, Some(end));
        }
        content.make_room("new", 1000).unwrap();
        assert_eq!(content.names().collect::<Vec<_>>(), ["a", "new"]);
    }

    #[test]
    fn nothing_makes_way_that_never_expires() {
        let half = "x".repeat(500);
        let mut content = Content::default();
        content.insert("a", &half, None);
        content.insert("b", &half, None);
        assert!(matches!(content.make_room("b", 1000), Err(StoreError::Full(_))));
        assert_eq!(content.names().count(), 2);
    }
}
