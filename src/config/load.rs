//! Reads the shared files from disk. A missing file is an empty one; anything that could block or
//! never end is refused.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::document::{Document, FileKind, NO_HOME};
use super::profiles::Profiles;
use crate::error::{Error, Place, Result};
use crate::hint;
use crate::system::directories::Directories;
use crate::system::environment::Environment;
use crate::system::files::read_named;

/// The largest shared file that is read, in bytes: a thousand times a large one.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// Where the shared files are; `None` for those of a home that there is not.
#[derive(Debug, Clone)]
pub struct Paths {
    pub config: Option<PathBuf>,
    pub credentials: Option<PathBuf>,
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
        Ok(Self {
            config: path("AWS_CONFIG_FILE", "config")?,
            credentials: path("AWS_SHARED_CREDENTIALS_FILE", "credentials")?,
        })
    }
}

/// Reads both shared files; one that is missing is empty.
///
/// # Errors
/// When one cannot be read, is a folder or a pipe, or is larger than 64 MiB.
pub fn load(paths: &Paths) -> Result<Profiles> {
    let document = |kind: FileKind, path: Option<&Path>| {
        let (path, bytes) = match path {
            Some(path) => (path.to_owned(), read(path)?),
            None => (Path::new(NO_HOME).join(kind.name()), Zeroizing::default()),
        };
        Ok::<_, Error>(Document::parse(kind, &path, bytes))
    };
    Ok(Profiles::new(
        document(FileKind::Config, paths.config.as_deref())?,
        document(FileKind::Credentials, paths.credentials.as_deref())?,
    ))
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    let error = |what: &str| Error::configuration(format!("{}: {what}", path.display()));
    match read_named(path, MAX_BYTES) {
        Ok(bytes) => Ok(bytes),
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Ok(Zeroizing::default())
        }
        Err(e) if e.kind() == ErrorKind::FileTooLarge => {
            Err(error(&format!("is larger than {} MiB", MAX_BYTES / 1024 / 1024)))
        }
        Err(e) if e.kind() == ErrorKind::InvalidInput => Err(error(&e.to_string())
            .hint("name a regular file, which can be read more than once; for example: mktemp")),
        Err(e) => Err(error(&format!("cannot be read: {e}"))
            .hint(format!("look at it with: ls -l {}", hint::path(path)))),
    }
}
