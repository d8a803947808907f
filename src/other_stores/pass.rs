//! The back end `pass`, the standard Unix password manager: an entry for each item, below a prefix.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::runner::Runner;
use super::{Access, Content, OtherStore, item, unreadable};
use crate::error::{Error, Result};
use crate::hint;

/// How deep entries may lie below the prefix: a profile's name has a slash or two.
const MAX_DEPTH: usize = 8;

/// The entries below a prefix.
pub struct Entries<'a> {
    program: Runner<'a>,
    /// The password store.
    folder: PathBuf,
    prefix: String,
}

/// Where the entries are, as far as it is said.
pub struct Place<'a> {
    pub program: Option<&'a str>,
    pub folder: Option<&'a str>,
    pub prefix: &'a str,
}

impl<'a> Entries<'a> {
    /// Returns the entries of a password store; without a folder it is that of
    /// `PASSWORD_STORE_DIR`, or the usual one.
    ///
    /// # Errors
    /// Where there is no home that the folder could be in.
    pub fn new(access: Access<'a>, place: &Place) -> Result<Self> {
        let folder = place.folder.or_else(|| access.environment.get("PASSWORD_STORE_DIR"));
        let folder = access.directories.expand(folder.unwrap_or("~/.password-store"))?;
        let name = place.program.unwrap_or("pass").to_owned();
        let prefix = place.prefix.trim_matches('/').to_owned();
        Ok(Self { program: Runner { access, name }, folder, prefix })
    }

    fn failed(path: &Path, error: &std::io::Error) -> Error {
        unreadable(&path.display().to_string(), error)
            .hint(format!("look at it: {}", hint::look_at(path)))
    }

    /// Finds the entries below a folder, whose names begin with `name`. Links are not followed.
    fn collect(folder: &Path, name: &str, depth: usize, names: &mut Vec<String>) -> Result<()> {
        let failed = |error| Self::failed(folder, &error);
        for entry in std::fs::read_dir(folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let Ok(file_name) = entry.file_name().into_string() else { continue };
            if entry.file_type().map_err(failed)?.is_dir() {
                if depth > 0 && !file_name.starts_with('.') {
                    let below = format!("{name}{file_name}/");
                    Self::collect(&entry.path(), &below, depth - 1, names)?;
                }
            } else if let Some(entry) = file_name.strip_suffix(".gpg") {
                names.push(format!("{name}{entry}"));
            }
        }
        Ok(())
    }
}

impl OtherStore for Entries<'_> {
    fn title(&self) -> String {
        format!("entries of pass in {}", self.folder.join(&self.prefix).display())
    }

    fn names(&self) -> Result<Option<Vec<String>>> {
        let folder = self.folder.join(&self.prefix);
        match std::fs::metadata(&folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Self::failed(&folder, &error)),
            Ok(_) => {}
        }
        let mut names = Vec::new();
        Self::collect(&folder, "", MAX_DEPTH, &mut names)?;
        names.sort_unstable();
        Ok(Some(names))
    }

    fn read(&self, name: &str) -> Result<Content> {
        let entry = match self.prefix.as_str() {
            "" => name.to_owned(),
            prefix => format!("{prefix}/{name}"),
        };
        let folder = Some(("PASSWORD_STORE_DIR", self.folder.as_os_str()));
        let printed = self.program.run(&["show", "--", &entry], folder)?;
        match printed.trim_ascii_start().first() {
            Some(b'{') => item::parse(&printed)
                .map_err(|what| unreadable(&format!("the entry `{entry}` of pass"), what)),
            _ => Ok(Content::Other("it holds no keys")),
        }
    }

    /// Without a prefix all passwords of its user lie beside the keys.
    fn is_shared(&self) -> bool {
        self.prefix.is_empty()
    }
}
