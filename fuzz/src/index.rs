//! The index of sessions, which any process of the user may have written: what is read of it can be
//! written and read again.

use rolecall::fuzzing::Index;

pub fn check(data: &[u8]) {
    let Ok(entries) = Index::parse(data) else { return };
    let written = serde_json::to_vec(&entries).unwrap();
    assert_eq!(Index::parse(&written).unwrap(), entries);
    for key in entries.keys() {
        assert_eq!(key.as_str().len(), 64, "{key:?}");
    }
}
