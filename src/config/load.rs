//! Reads the shared files from disk. A missing file is an empty one; anything that could block or
//! never end is refused.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::document::{Document, FileKind, NO_HOME};
use super::encoding;
use super::profiles::{MissingFile, Profiles};
use crate::error::{Error, Place, Result};
use crate::hint;
use crate::system::directories::Directories;
use crate::system::environment::Environment;
use crate::system::files::read_named;

/// The largest shared file that is read, in bytes: a thousand times a large one.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// What moves the config file, and what the credentials file.
const VARIABLES: [&str; 2] = ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"];

/// Where the shared files are; `None` for those of a home that there is not.
#[derive(Debug, Clone)]
pub struct Paths {
    pub config: Option<PathBuf>,
    pub credentials: Option<PathBuf>,
    /// The variables that move the two.
    pub variables: [Option<&'static str>; 2],
}

impl Paths {
    /// Finds the files: in the home, unless the environment moves them.
    ///
    /// # Errors
    /// Where a variable names a file of a home that there is not.
    pub fn find(environment: &Environment, directories: &Directories) -> Result<Self> {
        let path = |variable: &str, name: &str| match environment.get(variable) {
            Some(path) => {
                directories.expand(path).map(Some).map_err(|e| e.at(Place::variable(variable)))
            }
            None => Ok(directories.aws(name)),
        };
        let [config, credentials] = VARIABLES;
        Ok(Self {
            config: path(config, "config")?,
            credentials: path(credentials, "credentials")?,
            variables: VARIABLES.map(|name| environment.get(name).map(|_| name)),
        })
    }
}

/// Reads both shared files; one that is missing is empty.
///
/// # Errors
/// When one cannot be read, is a folder or a pipe, is larger than 64 MiB, or is not text in UTF-8.
pub fn load(paths: &Paths) -> Result<Profiles> {
    let mut missing = Vec::new();
    let mut document = |kind: FileKind, path: Option<&Path>, variable| {
        let no_home = || Path::new(NO_HOME).join(kind.name());
        let bytes = path.map(read).transpose()?.flatten();
        let path = path.map_or_else(no_home, Path::to_owned);
        let bytes = bytes.unwrap_or_else(|| {
            missing.push(MissingFile { path: path.clone(), variable });
            Zeroizing::default()
        });
        parse(kind, &path, bytes)
    };
    let [config, credentials] = paths.variables;
    let config = document(FileKind::Config, paths.config.as_deref(), config)?;
    let credentials = document(FileKind::Credentials, paths.credentials.as_deref(), credentials)?;
    Ok(Profiles::new(config, credentials).with_missing(missing))
}

/// Reads one shared file; one that is missing is empty.
///
/// # Errors
/// As [`load`].
pub fn load_document(kind: FileKind, path: &Path) -> Result<Document> {
    parse(kind, path, read(path)?.unwrap_or_default())
}

/// Parses a shared file's bytes.
///
/// # Errors
/// When they are not text in UTF-8.
pub fn parse(kind: FileKind, path: &Path, bytes: Zeroizing<Vec<u8>>) -> Result<Document> {
    let document = Document::parse(kind, path, bytes);
    encoding::check(&document)?;
    Ok(document)
}

/// Reads a file; `None` when it is not there.
fn read(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>> {
    let error = |what: &str| Error::configuration(format!("{}: {what}", path.display()));
    match read_named(path, MAX_BYTES) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(e) if e.kind() == ErrorKind::FileTooLarge => {
            Err(error(&format!("is larger than {} MiB", MAX_BYTES / 1024 / 1024)))
        }
        Err(e) if e.kind() == ErrorKind::InvalidInput => Err(error(&e.to_string()).hint(format!(
            "name a regular file, which can be read more than once; see what this is: {}",
            hint::look_at(path)
        ))),
        Err(e) => Err(error(&format!("cannot be read: {e}"))
            .hint(format!("look at it with: {}", hint::look_at(path)))),
    }
}
