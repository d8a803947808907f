//! Stands in for `folder` on Windows, where files are opened by their whole paths only. Whose a
//! folder is, the system's own rules of the profile's folder say.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::flush::Flush;
use super::in_use::patiently;
use super::private_folder::create_private_folder;

/// How old a file is that a process has begun and will not end any more.
const ABANDONED_AFTER: Duration = Duration::from_secs(600);
/// How many names are tried for a new file.
const ATTEMPTS: u32 = 1_000;

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
        if fs::metadata(path)?.is_dir() {
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
        let path = self.path.join(name);
        let file = patiently(|| options.open(&path))?;
        if file.metadata()?.is_file() {
            Ok(file)
        } else {
            Err(io::Error::new(ErrorKind::InvalidInput, "is not a regular file"))
        }
    }

    pub fn begin(&self, prefix: &str) -> io::Result<NewFile<'_>> {
        let (file, path) = self.unused(prefix)?;
        // Both times are of the file system's clock, whatever that of this machine says.
        if let Some(time) = file.metadata()?.modified()?.checked_sub(ABANDONED_AFTER) {
            self.remove_older(time, prefix);
        }
        Ok(NewFile { folder: self, file, path: Some(path) })
    }

    /// Makes a file of a name that is free.
    fn unused(&self, prefix: &str) -> io::Result<(File, PathBuf)> {
        for n in 0..ATTEMPTS {
            let path = self.path.join(format!("{prefix}{}-{n}", std::process::id()));
            match File::options().read(true).write(true).create_new(true).open(&path) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                made => return Ok((made?, path)),
            }
        }
        Err(ErrorKind::AlreadyExists.into())
    }

    /// Removes the files whose names begin so and that were last written before a time; what cannot
    /// be removed stays.
    fn remove_older(&self, than: SystemTime, prefix: &str) {
        for entry in fs::read_dir(&self.path).into_iter().flatten().flatten() {
            let is_older = || entry.metadata().and_then(|m| m.modified()).is_ok_and(|at| at < than);
            if entry.file_name().as_encoded_bytes().starts_with(prefix.as_bytes()) && is_older() {
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    pub fn rename(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        let (from, to) = (self.path.join(from), self.path.join(to));
        patiently(|| fs::rename(&from, &to))
    }

    pub fn remove(&self, name: &OsStr) -> io::Result<()> {
        let path = self.path.join(name);
        patiently(|| fs::remove_file(&path))
    }
}

pub struct NewFile<'a> {
    folder: &'a Folder,
    file: File,
    /// `None` once it has its name.
    path: Option<PathBuf>,
}

impl NewFile<'_> {
    pub fn file(&self) -> &File {
        &self.file
    }

    pub fn fill(&mut self, bytes: &[u8], _: Flush) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.file.sync_all()
    }

    /// The old file may be open elsewhere: who reads it goes on with what it was.
    pub fn replace(mut self, name: &OsStr) -> io::Result<()> {
        if let Some(path) = &self.path {
            let target = self.folder.path.join(name);
            patiently(|| fs::rename(path, &target))?;
            self.path = None;
        }
        Ok(())
    }

    #[cfg_attr(
        not(feature = "file-store"),
        expect(dead_code, reason = "the store `file` needs it")
    )]
    pub fn create(self, name: &OsStr) -> io::Result<bool> {
        let Some(path) = &self.path else { return Ok(false) };
        // A rename would replace a file of that name.
        match fs::hard_link(path, self.folder.path.join(name)) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error),
        }
    }
}

impl Drop for NewFile<'_> {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            let _ = fs::remove_file(path);
        }
    }
}
