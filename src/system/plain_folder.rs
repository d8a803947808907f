//! Stands in for `folder` where files are opened by their whole paths only. Whose a folder is, the
//! system's own rules of the profile's folder say.

use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::private_folder::create_private_folder;

pub struct Folder {
    path: PathBuf,
}

impl Folder {
    pub fn own(path: &Path) -> io::Result<Self> {
        Self::of_user(path)
    }

    pub fn own_or_new(path: &Path) -> io::Result<Self> {
        create_private_folder(path)?;
        Self::of_user(path)
    }

    pub fn of_user(path: &Path) -> io::Result<Self> {
        if std::fs::metadata(path)?.is_dir() {
            Ok(Self { path: path.to_owned() })
        } else {
            Err(ErrorKind::NotADirectory.into())
        }
    }

    pub fn open(&self, name: &OsStr) -> io::Result<File> {
        self.open_with(name, OpenOptions::new().read(true))
    }

    pub fn open_own(&self, name: &OsStr) -> io::Result<File> {
        let mut options = OpenOptions::new();
        self.open_with(name, options.read(true).write(true).create(true).truncate(false))
    }

    pub fn append(&self, name: &OsStr) -> io::Result<File> {
        self.open_with(name, OpenOptions::new().append(true).create(true))
    }

    fn open_with(&self, name: &OsStr, options: &OpenOptions) -> io::Result<File> {
        let file = options.open(self.path.join(name))?;
        if file.metadata()?.is_file() {
            Ok(file)
        } else {
            Err(io::Error::new(ErrorKind::InvalidInput, "is not a regular file"))
        }
    }

    pub fn begin(&self, prefix: &str) -> io::Result<NewFile<'_>> {
        let file = tempfile::Builder::new().prefix(prefix).tempfile_in(&self.path)?;
        Ok(NewFile { folder: self, file })
    }

    pub fn rename(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        std::fs::rename(self.path.join(from), self.path.join(to))
    }

    pub fn remove(&self, name: &OsStr) -> io::Result<()> {
        std::fs::remove_file(self.path.join(name))
    }
}

pub struct NewFile<'a> {
    folder: &'a Folder,
    file: NamedTempFile,
}

impl NewFile<'_> {
    pub fn file(&self) -> &File {
        self.file.as_file()
    }

    pub fn fill(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.file.as_file().sync_all()
    }

    pub fn replace(self, name: &OsStr) -> io::Result<()> {
        self.file.persist(self.folder.path.join(name))?;
        Ok(())
    }

    pub fn create(self, name: &OsStr) -> io::Result<bool> {
        match self.file.persist_noclobber(self.folder.path.join(name)) {
            Ok(_) => Ok(true),
            Err(failure) if failure.error.kind() == ErrorKind::AlreadyExists => Ok(false),
            Err(failure) => Err(failure.error),
        }
    }
}
