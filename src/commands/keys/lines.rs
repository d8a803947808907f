//! The lines that a profile gets or loses with its keys, in one of the shared files.

use zeroize::Zeroizing;

use crate::app::context::Context;
use crate::config::document::{Document, FileKind};
use crate::config::edit::{self, Edit, KeyPath, NewValue, SectionName};
use crate::config::load::Paths;
use crate::config::profiles::Profiles;
use crate::error::{Error, Result};
use crate::system::rewrite::rewrite;

/// What becomes of some lines of a profile. The section is added where it is missing; a key that is
/// to go and is not there is gone already.
pub struct ProfileLines {
    pub file: FileKind,
    pub profile: String,
    pub set: Vec<(&'static str, String)>,
    pub unset: Vec<&'static str>,
}

impl ProfileLines {
    fn edits(&self, document: &Document) -> Result<Vec<Edit>> {
        let section = SectionName::profile(&self.profile);
        let is_missing = document.sections_of(&self.profile).next().is_none();
        let mut edits = Vec::new();
        if is_missing && !self.set.is_empty() {
            edits.push(Edit::AddSection { section: section.clone() });
        }
        for (key, value) in &self.set {
            let (section, key) = (section.clone(), KeyPath::parse(key)?);
            let value = NewValue::new(Zeroizing::new(value.clone()))?;
            edits.push(Edit::Set { section, key, value });
        }
        for key in self.unset.iter().filter(|key| document.has_key(&self.profile, key)) {
            edits.push(Edit::Unset { section: section.clone(), key: KeyPath::parse(key)? });
        }
        Ok(edits)
    }

    /// Returns the profiles as they will be.
    ///
    /// # Errors
    /// When the file cannot be edited so.
    pub fn preview(&self, profiles: &Profiles) -> Result<Profiles> {
        let document = profiles.document(self.file);
        let bytes = edit::apply(document, &self.edits(document)?)?;
        Ok(profiles.with_file(self.file, &bytes))
    }

    /// Changes the file. Waits for other processes that rewrite it, for at most 30 seconds.
    ///
    /// # Errors
    /// When it cannot be edited so, or not be written. The old file is still there then.
    pub fn write(&self, context: &Context) -> Result<()> {
        let paths = Paths::find(&context.environment, &context.directories)?;
        let path = match self.file {
            FileKind::Config => paths.config,
            FileKind::Credentials => paths.credentials,
        };
        let Some(path) = path else {
            return context.directories.home().and(Err(Error::configuration("there is no file")));
        };
        rewrite(&path, &context.runtime, |bytes| {
            let document = Document::parse(self.file, &path, Zeroizing::new(bytes.to_vec()));
            edit::apply(&document, &self.edits(&document)?)
        })?;
        Ok(())
    }
}
