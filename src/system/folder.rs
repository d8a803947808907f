//! A folder that is open, and the files in it by their names. Whatever happens to the folder's path
//! meanwhile, reading and writing stay in the folder that was looked at. No link in it is followed,
//! and nothing but a regular file is opened, so that no pipe or device is waited for.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat};

use super::flush::Flush;
use super::private_folder::create_private_folder;

/// How old a file is that a process has begun and will not end any more, in seconds.
const ABANDONED_AFTER: i64 = 600;
/// How many names are tried for a new file.
const ATTEMPTS: u32 = 1_000;

pub struct Folder {
    fd: OwnedFd,
}

impl Folder {
    /// Opens a folder of rolecall's own. One that others can read is closed to them.
    ///
    /// # Errors
    /// `NotFound`, or `PermissionDenied` where the folder is a link, belongs to another user, or
    /// others may write to it: they may have put anything in.
    pub fn own(path: &Path) -> io::Result<Self> {
        let fd = open_folder(path, OFlags::NOFOLLOW).map_err(|error| match error {
            // The kernel says of a link that it is no folder, or a loop.
            rustix::io::Errno::NOTDIR | rustix::io::Errno::LOOP if path.is_symlink() => {
                refused("the folder is a link")
            }
            error => error.into(),
        })?;
        let stat = rustix::fs::fstat(&fd)?;
        if !is_ours(&stat) {
            let whose = format!("the folder belongs to another user ({})", stat.st_uid);
            return Err(refused(&whose));
        }
        let mode = Mode::from_raw_mode(stat.st_mode);
        if mode.intersects(Mode::WGRP | Mode::WOTH) {
            return Err(refused("others may write to the folder"));
        }
        if mode.intersects(Mode::RWXG | Mode::RWXO) {
            rustix::fs::fchmod(&fd, Mode::RWXU)?;
        }
        Ok(Self { fd })
    }

    /// Opens a folder as `own` does, and makes it where it is missing.
    ///
    /// # Errors
    /// Those of `own`, and when it cannot be made.
    pub fn own_or_new(path: &Path) -> io::Result<Self> {
        match Self::own(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                create_private_folder(path)?;
                Self::own(path)
            }
            opened => opened,
        }
    }

    /// Opens a folder of the user's, which other programs write to as well.
    ///
    /// # Errors
    /// What the system says.
    pub fn of_user(path: &Path) -> io::Result<Self> {
        Ok(Self { fd: open_folder(path, OFlags::empty())? })
    }

    /// Opens a file to read.
    ///
    /// # Errors
    /// `NotFound`, `InvalidInput` for what is no regular file, or what the system says.
    pub fn open(&self, name: &OsStr) -> io::Result<File> {
        self.open_file(name, OFlags::RDONLY)
    }

    /// Opens a file of the user's alone to read and write, and makes it where it is missing.
    ///
    /// # Errors
    /// As `open`; `PermissionDenied` where it belongs to another user, or has a second name.
    pub fn open_own(&self, name: &OsStr) -> io::Result<File> {
        let file = self.open_file(name, OFlags::RDWR | OFlags::CREATE)?;
        only_ours(file)
    }

    /// Opens a file of the user's alone to append to, and makes it where it is missing.
    ///
    /// # Errors
    /// As `open_own`.
    pub fn append(&self, name: &OsStr) -> io::Result<File> {
        let file = self.open_file(name, OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE)?;
        only_ours(file)
    }

    fn open_file(&self, name: &OsStr, flags: OFlags) -> io::Result<File> {
        let safe = OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
        let opened = rustix::fs::openat(&self.fd, name, flags | safe, Mode::RUSR | Mode::WUSR);
        let file = File::from(opened.map_err(|error| match error {
            rustix::io::Errno::LOOP => irregular("is a link"),
            // A pipe that nobody reads, or a socket.
            rustix::io::Errno::NXIO => irregular("is not a regular file"),
            error => error.into(),
        })?);
        if file.metadata()?.is_file() { Ok(file) } else { Err(irregular("is not a regular file")) }
    }

    /// Begins a file (0600) that has no name yet, or one that begins with `prefix` where the file
    /// system has no files without a name. What killed processes have left under such names is
    /// removed.
    ///
    /// # Errors
    /// When the folder takes no new file.
    pub fn begin(&self, prefix: &str) -> io::Result<NewFile<'_>> {
        let (file, name) = match self.unnamed() {
            Some(file) => (file, None),
            None => self.named(prefix)?,
        };
        // Both times are of the file system's clock, whatever that of this machine says.
        let now = file.metadata()?.mtime();
        self.remove_older(now.saturating_sub(ABANDONED_AFTER), |name| {
            name.as_bytes().starts_with(prefix.as_bytes())
        });
        Ok(NewFile { folder: self, file, prefix: prefix.to_owned(), name })
    }

    #[cfg(target_os = "linux")]
    fn unnamed(&self) -> Option<File> {
        // By this path it gets its name.
        Path::new("/proc/self/fd").exists().then_some(())?;
        let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
        let fd = rustix::fs::openat(&self.fd, ".", flags, Mode::RUSR | Mode::WUSR).ok()?;
        Some(fd.into())
    }

    #[cfg(not(target_os = "linux"))]
    #[expect(clippy::unused_self, reason = "as on Linux")]
    fn unnamed(&self) -> Option<File> {
        None
    }

    fn named(&self, prefix: &str) -> io::Result<(File, Option<String>)> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let (name, fd) = unused_name(prefix, |name| {
            rustix::fs::openat(&self.fd, name, flags, Mode::RUSR | Mode::WUSR)
        })?;
        Ok((fd.into(), Some(name)))
    }

    /// Gives a file another name, in place of the file that has it.
    ///
    /// # Errors
    /// What the system says.
    pub fn rename(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::renameat(&self.fd, from, &self.fd, to)?)
    }

    /// Removes a file by its name; a link goes itself.
    ///
    /// # Errors
    /// What the system says.
    pub fn remove(&self, name: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.fd, name, AtFlags::empty())?)
    }

    /// Removes the regular files that were last written before a time, in unix seconds; what cannot
    /// be removed stays.
    fn remove_older(&self, than: i64, is_meant: impl Fn(&OsStr) -> bool) {
        for entry in Dir::read_from(&self.fd).into_iter().flatten().flatten() {
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            if is_meant(name) && self.is_older(name, than) {
                let _ = self.remove(name);
            }
        }
    }

    fn is_older(&self, name: &OsStr, than: i64) -> bool {
        rustix::fs::statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW).is_ok_and(|stat| {
            FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile && stat.st_mtime < than
        })
    }
}

/// A file that is being written. It is gone when it is dropped without a name.
pub struct NewFile<'a> {
    folder: &'a Folder,
    file: File,
    prefix: String,
    /// `None` for a file that has no name.
    name: Option<String>,
}

impl NewFile<'_> {
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Writes the whole content, and has it leave this process's hands.
    ///
    /// # Errors
    /// What the system says.
    pub fn fill(&mut self, bytes: &[u8], flush: Flush) -> io::Result<()> {
        self.file.write_all(bytes)?;
        match flush {
            Flush::Medium => self.file.sync_all(),
            Flush::Drive => Ok(rustix::fs::fsync(&self.file)?),
        }
    }

    /// Puts the file in the place of one that may be there.
    ///
    /// # Errors
    /// What the system says. The old file is still there then.
    pub fn replace(mut self, name: &OsStr) -> io::Result<()> {
        if self.name.is_none() {
            // No system call puts a file without a name in another's place.
            let (begun, ()) = unused_name(&self.prefix, |begun| self.link(begun))?;
            self.name = Some(begun);
        }
        if let Some(begun) = &self.name {
            self.folder.rename(begun.as_ref(), name)?;
            self.name = None;
        }
        Ok(rustix::fs::fsync(&self.folder.fd)?)
    }

    /// Names the file, unless there is one of that name; returns whether it did.
    ///
    /// # Errors
    /// What the system says.
    #[cfg_attr(
        not(feature = "file-store"),
        expect(dead_code, reason = "the store `file` needs it")
    )]
    pub fn create(self, name: &OsStr) -> io::Result<bool> {
        match self.link(name) {
            Ok(()) => {
                rustix::fs::fsync(&self.folder.fd)?;
                Ok(true)
            }
            Err(rustix::io::Errno::EXIST) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Gives the file a further name.
    fn link(&self, name: &OsStr) -> rustix::io::Result<()> {
        let inside = &self.folder.fd;
        if let Some(begun) = &self.name {
            return rustix::fs::linkat(inside, begun, inside, name, AtFlags::empty());
        }
        let itself = format!("/proc/self/fd/{}", self.file.as_raw_fd());
        rustix::fs::linkat(rustix::fs::CWD, itself, inside, name, AtFlags::SYMLINK_FOLLOW)
    }
}

impl Drop for NewFile<'_> {
    fn drop(&mut self) {
        if let Some(name) = &self.name {
            let _ = rustix::fs::unlinkat(&self.folder.fd, name, AtFlags::empty());
        }
    }
}

/// Tries names until one is free.
fn unused_name<T>(
    prefix: &str,
    attempt: impl Fn(&OsStr) -> rustix::io::Result<T>,
) -> io::Result<(String, T)> {
    for n in 0..ATTEMPTS {
        let name = format!("{prefix}{}-{n}", std::process::id());
        match attempt(OsStr::new(&name)) {
            Err(rustix::io::Errno::EXIST) => {}
            Err(error) => return Err(error.into()),
            Ok(made) => return Ok((name, made)),
        }
    }
    Err(ErrorKind::AlreadyExists.into())
}

fn open_folder(path: &Path, flags: OFlags) -> rustix::io::Result<OwnedFd> {
    let flags = flags | OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    rustix::fs::open(path, flags, Mode::empty())
}

/// Refuses a file that others may have put there, or can still reach by another name.
fn only_ours(file: File) -> io::Result<File> {
    let stat = rustix::fs::fstat(&file)?;
    if is_ours(&stat) && stat.st_nlink <= 1 {
        Ok(file)
    } else {
        Err(refused("is not a file of this user's alone"))
    }
}

fn is_ours(stat: &Stat) -> bool {
    stat.st_uid == rustix::process::geteuid().as_raw()
}

fn refused(what: &str) -> io::Error {
    io::Error::new(ErrorKind::PermissionDenied, what)
}

fn irregular(what: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, what)
}

#[cfg(test)]
mod tests;
