//! The lines that a profile gets or loses with its keys, in one of the shared files.

use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use crate::app::context::Context;
use crate::config::document::{Document, FileKind};
use crate::config::edit::{self, Edit, KeyPath, NewValue, SectionName};
use crate::config::load::Paths;
use crate::config::profiles::Profiles;
use crate::error::{Error, FileLine, Result};
use crate::hint;
use crate::system::rewrite::rewrite;

/// What becomes of some lines of a profile. The section is added where it is missing; a key that is
/// to go and is not there is gone already.
pub struct ProfileLines {
    pub file: FileKind,
    pub profile: String,
    pub set: Vec<(&'static str, String)>,
    pub unset: Vec<&'static str>,
    /// What some keys must hold wherever they stand in the profile: another value is not known to
    /// be kept elsewhere, and must not get lost.
    pub expected: Vec<(&'static str, SecretString)>,
}

impl Default for ProfileLines {
    fn default() -> Self {
        Self {
            file: FileKind::Config,
            profile: String::new(),
            set: Vec::new(),
            unset: Vec::new(),
            expected: Vec::new(),
        }
    }
}

impl ProfileLines {
    fn edits(&self, document: &Document) -> Result<Vec<Edit>> {
        let section = SectionName::profile(&self.profile);
        let is_missing = document.sections_of(&self.profile).next().is_none();
        self.check_expected(document)?;
        let is_there = |key: &str| document.properties_of(&self.profile).any(|p| p.key == key);
        let mut edits = Vec::new();
        if is_missing && !self.set.is_empty() {
            edits.push(Edit::AddSection { section: section.clone() });
        }
        for (key, value) in &self.set {
            let (section, key) = (section.clone(), KeyPath::parse(key)?);
            let value = NewValue::new(Zeroizing::new(value.clone()))?;
            edits.push(Edit::Set { section, key, value });
        }
        for key in self.unset.iter().filter(|key| is_there(key)) {
            edits.push(Edit::Unset { section: section.clone(), key: KeyPath::parse(key)? });
        }
        Ok(edits)
    }

    fn check_expected(&self, document: &Document) -> Result<()> {
        for (key, value) in &self.expected {
            let other = document
                .properties_of(&self.profile)
                .find(|p| p.key == *key && p.value.as_str() != value.expose_secret());
            if let Some(other) = other {
                let place = FileLine { path: document.path.clone(), line: other.line };
                let what = format!("profile `{}` has another {key} here", self.profile);
                return Err(Error::misconfigured(&place, what)
                    .about(&self.profile)
                    .hint(format!("see its lines: {}", hint::command("explain", &self.profile))));
            }
        }
        Ok(())
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
    pub fn write(&self, context: &Context) -> Result<Written> {
        let path = path_of(context, self.file)?;
        let (mut before, mut after) = (Zeroizing::default(), Zeroizing::default());
        rewrite(&path, &context.runtime, |bytes| {
            before = Zeroizing::new(bytes.to_vec());
            let document = Document::parse(self.file, &path, before.clone());
            after = edit::apply(&document, &self.edits(&document)?)?;
            Ok(after.clone())
        })?;
        Ok(Written { path, before, after })
    }
}

/// Returns where one of the shared files is.
///
/// # Errors
/// Where a variable names a file of a home that there is not.
pub fn path_of(context: &Context, file: FileKind) -> Result<PathBuf> {
    let paths = Paths::find(&context.environment, &context.directories)?;
    let path = match file {
        FileKind::Config => paths.config,
        FileKind::Credentials => paths.credentials,
    };
    path.map_or_else(|| Ok(context.directories.home()?.join(file.name())), Ok)
}

/// A file that was changed.
pub struct Written {
    path: PathBuf,
    before: Zeroizing<Vec<u8>>,
    after: Zeroizing<Vec<u8>>,
}

impl Written {
    /// Gives the file its bytes of before.
    ///
    /// # Errors
    /// When another program has changed it meanwhile, or it cannot be written.
    pub fn undo(&self, context: &Context) -> Result<()> {
        rewrite(&self.path, &context.runtime, |bytes| {
            if bytes == self.after.as_slice() {
                return Ok(self.before.clone());
            }
            Err(Error::failed(format!("{}: another program has changed it", self.path.display())))
        })
        .map(drop)
    }
}
