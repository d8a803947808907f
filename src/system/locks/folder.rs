//! The folder of the locks and the files in it. It may lie in a place that others can write to (a
//! cache moved to a shared disk), so nothing in it is followed, and nothing is changed before it is
//! known to be the user's own.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// Returns where the lock of a name is. A name's beginning tells it apart from all others: it is a
/// hash, or has a prefix of ours.
pub fn path(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{}.lock", name.get(..32).unwrap_or(name)))
}

/// Opens a lock file, making it and its folder where they are missing.
///
/// # Errors
/// When the folder or the file is not the user's alone, or a link.
#[cfg(unix)]
pub fn open(folder: &Path, path: &Path) -> io::Result<File> {
    use rustix::fs::{FileType, Mode, OFlags, fchmod, fstat, openat};
    crate::system::files::create_private_folder(folder)?;
    let flags = OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let inside =
        rustix::fs::open(folder, flags | OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty())?;
    let user = rustix::process::geteuid().as_raw();
    let refused =
        |what: &str| Err(io::Error::new(io::ErrorKind::PermissionDenied, what.to_owned()));
    let stat = fstat(&inside)?;
    if stat.st_uid != user {
        return refused(&format!("the folder belongs to another user ({})", stat.st_uid));
    }
    let mode = Mode::from_raw_mode(stat.st_mode);
    if mode.intersects(Mode::WGRP | Mode::WOTH) {
        return refused("others may write to the folder");
    }
    if mode.intersects(Mode::RWXG | Mode::RWXO) {
        fchmod(&inside, Mode::RWXU)?;
    }
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    // A pipe or a device must not make this wait.
    let file = openat(
        &inside,
        name,
        flags | OFlags::RDWR | OFlags::CREATE | OFlags::NONBLOCK | OFlags::NOCTTY,
        Mode::RUSR | Mode::WUSR,
    )?;
    let stat = fstat(&file)?;
    if stat.st_uid != user
        || stat.st_nlink > 1
        || FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile
    {
        return refused("the lock is not a file of this user's alone");
    }
    Ok(file.into())
}

#[cfg(not(unix))]
pub fn open(folder: &Path, path: &Path) -> io::Result<File> {
    crate::system::files::create_private_folder(folder)?;
    crate::system::files::open_private(path)
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn folder_and_lock_are_created_with_modes_0700_and_0600() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("cache/rolecall");
        let lock = path(&folder, "name");
        open(&folder, &lock).unwrap();
        assert_eq!((mode(&folder), mode(&lock)), (0o700, 0o600));
        // Readable by others is mended; they could not have put anything in.
        std::fs::set_permissions(&folder, PermissionsExt::from_mode(0o755)).unwrap();
        open(&folder, &lock).unwrap();
        assert_eq!(mode(&folder), 0o700);
    }

    #[test]
    fn folder_writable_by_others_is_refused() {
        let home = tempfile::tempdir().unwrap();
        for open_to in [0o770, 0o707, 0o777, 0o1777] {
            let folder = home.path().join(format!("{open_to:o}"));
            std::fs::create_dir(&folder).unwrap();
            std::fs::set_permissions(&folder, PermissionsExt::from_mode(open_to)).unwrap();
            assert!(open(&folder, &path(&folder, "name")).is_err(), "{open_to:o}");
            assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
        }
    }

    #[test]
    fn planted_links_are_not_followed() {
        let home = tempfile::tempdir().unwrap();
        let treasure = home.path().join("treasure");
        std::fs::write(&treasure, "mine").unwrap();
        let folder = home.path().join("locks");
        open(&folder, &path(&folder, "first")).unwrap();
        symlink(&treasure, path(&folder, "linked")).unwrap();
        symlink(home.path().join("new"), path(&folder, "dangling")).unwrap();
        std::fs::hard_link(&treasure, path(&folder, "hard")).unwrap();
        std::fs::create_dir(path(&folder, "folder")).unwrap();
        let fifo = path(&folder, "pipe");
        assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        for name in ["linked", "dangling", "hard", "folder", "pipe"] {
            assert!(open(&folder, &path(&folder, name)).is_err(), "{name}");
        }
        let linked = home.path().join("link");
        symlink(&folder, &linked).unwrap();
        assert!(open(&linked, &path(&linked, "first")).is_err());
        assert_eq!(std::fs::read_to_string(&treasure).unwrap(), "mine");
        assert!(!home.path().join("new").exists());
    }
}
