//! Where rotations of long-term keys stand: a small file without secrets beside the stores, written
//! before each call to AWS whose answer could get lost. What AWS lists, what the stores hold and what
//! the profiles name says the rest.

use std::collections::BTreeMap;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::aws::names::AccessKeyId;
use crate::error::{Error, Place, Result};
use crate::hint;
use crate::system::state_file::StateFile;

/// What a rotation is to come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Goal {
    /// The new key is used, and the old one is kept, switched off.
    Rotate,
    /// The old key is deleted.
    Finish,
    /// The old key is used again, and the new one is deleted.
    Undo,
}

/// A rotation that is not finished.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rotation {
    pub goal: Goal,
    /// The name of the IAM user.
    pub user: String,
    /// The time at AWS just before the new key was asked for.
    pub asked_at: DateTime<Utc>,
    /// The ID of the new key, once AWS has said it.
    #[serde(default)]
    pub new: Option<String>,
    /// Whether a store has given the secret of the new key back.
    #[serde(default)]
    pub is_kept: bool,
    /// When the old key was switched off and the profiles named the new one.
    #[serde(default)]
    pub switched_off_at: Option<DateTime<Utc>>,
}

impl Rotation {
    pub fn new_key(&self) -> Option<AccessKeyId> {
        self.new.as_deref().map(AccessKeyId::new)
    }
}

/// Rotations by the ID of the old key.
pub type Rotations = BTreeMap<String, Rotation>;

/// The file of rotations.
pub struct Journal {
    file: Option<StateFile<Rotations>>,
}

impl Journal {
    /// `path` is `None` where the user has no folder for it.
    pub fn new(path: Option<PathBuf>) -> Self {
        Self { file: path.map(StateFile::new) }
    }

    /// Returns the rotations that are not finished.
    pub fn read(&self) -> Rotations {
        self.file.as_ref().map(StateFile::read).unwrap_or_default()
    }

    /// Returns the rotation that a key is the old or the new one of, with the ID of the old one.
    pub fn find(&self, id: &AccessKeyId) -> Option<(AccessKeyId, Rotation)> {
        let is_it = |(old, rotation): &(String, Rotation)| {
            **old == **id || rotation.new.as_deref() == Some(id)
        };
        let (old, rotation) = self.read().into_iter().find(is_it)?;
        Some((AccessKeyId::new(&old), rotation))
    }

    /// Writes down where a rotation stands.
    ///
    /// # Errors
    /// When that cannot be written: then nothing may be asked of AWS.
    pub fn write(&self, old: &AccessKeyId, rotation: &Rotation) -> Result<()> {
        self.update(|all| drop(all.insert(old.to_string(), rotation.clone())))
    }

    /// Forgets a rotation that has come to its end.
    ///
    /// # Errors
    /// When that cannot be written.
    pub fn forget(&self, old: &AccessKeyId) -> Result<()> {
        self.update(|all| drop(all.remove(old.as_str())))
    }

    fn update(&self, change: impl FnOnce(&mut Rotations)) -> Result<()> {
        let Some(file) = &self.file else {
            let what = "there is no folder to note in where a rotation stands";
            return Err(Error::configuration(what)
                .at(Place::variable("HOME"))
                .hint(hint::set_home()));
        };
        file.update(change).map_err(|error| {
            let path = file.path();
            Error::failed(format!("{} cannot be written: {error}", path.display()))
                .at(Place::File(path.to_owned()))
                .cause("without a note of where it stands no key is rotated")
                .hint(format!("look at it with: {}", hint::look_at(path)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotation_is_found_by_either_key() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::new(Some(folder.path().join("rotations.json")));
        let (old, new) = (AccessKeyId::new("AKIAOLD"), AccessKeyId::new("AKIANEW"));
        let rotation = Rotation {
            goal: Goal::Rotate,
            user: "bob".to_owned(),
            asked_at: DateTime::UNIX_EPOCH,
            new: Some(new.to_string()),
            is_kept: true,
            switched_off_at: None,
        };
        journal.write(&old, &rotation).unwrap();
        for id in [&old, &new] {
            assert_eq!(journal.find(id), Some((old.clone(), rotation.clone())));
        }
        assert_eq!(journal.find(&AccessKeyId::new("AKIAOTHER")), None);
        journal.forget(&old).unwrap();
        assert_eq!(journal.find(&new), None);
    }

    #[test]
    fn journal_that_cannot_be_written_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("state"), "").unwrap();
        for path in [None, Some(folder.path().join("state/rotations.json"))] {
            let journal = Journal::new(path);
            assert!(journal.forget(&AccessKeyId::new("AKIAOLD")).is_err());
            assert!(journal.read().is_empty());
        }
    }
}
