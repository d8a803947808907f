use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::time::SystemTime;

use super::*;

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn write(folder: &Folder, name: &str, bytes: &[u8]) -> io::Result<()> {
    let mut file = folder.begin(".new-")?;
    file.fill(bytes, Flush::Medium)?;
    file.replace(name.as_ref())
}

#[test]
fn folder_and_files_are_created_with_modes_0700_and_0600() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("cache/rolecall");
    assert_eq!(Folder::own(&path).err().unwrap().kind(), ErrorKind::NotFound);
    let folder = Folder::own_or_new(&path).unwrap();
    folder.open_own("lock".as_ref()).unwrap();
    folder.append("log".as_ref()).unwrap();
    write(&folder, "index", b"1").unwrap();
    let modes = ["", "lock", "log", "index"].map(|name| mode(&path.join(name)));
    assert_eq!(modes, [0o700, 0o600, 0o600, 0o600]);
    // Readable by others is mended; they could not have put anything in.
    fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
    Folder::own(&path).unwrap();
    assert_eq!(mode(&path), 0o700);
}

#[test]
fn folder_writable_by_others_is_refused() {
    let home = tempfile::tempdir().unwrap();
    for open_to in [0o770, 0o707, 0o777, 0o1777] {
        let folder = home.path().join(format!("{open_to:o}"));
        fs::create_dir(&folder).unwrap();
        fs::set_permissions(&folder, PermissionsExt::from_mode(open_to)).unwrap();
        let error = Folder::own_or_new(&folder).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{open_to:o}");
    }
}

#[test]
fn folder_of_another_user_is_refused() {
    let home = tempfile::tempdir().unwrap();
    // Only root can give a folder away.
    if chown(home.path(), Some(12_345), None).is_ok() {
        let error = Folder::own(home.path()).err().unwrap();
        assert!(error.to_string().contains("another user (12345)"), "{error}");
    }
}

#[test]
fn planted_links_and_pipes_are_not_opened() {
    let home = tempfile::tempdir().unwrap();
    let treasure = home.path().join("treasure");
    fs::write(&treasure, "mine").unwrap();
    let path = home.path().join("own");
    let folder = Folder::own_or_new(&path).unwrap();
    symlink(&treasure, path.join("linked")).unwrap();
    symlink(home.path().join("new"), path.join("dangling")).unwrap();
    fs::hard_link(&treasure, path.join("hard")).unwrap();
    fs::create_dir(path.join("folder")).unwrap();
    let fifo = path.join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let _socket = std::os::unix::net::UnixListener::bind(path.join("socket")).unwrap();
    for name in ["linked", "dangling", "hard", "folder", "pipe", "socket"] {
        assert!(folder.open_own(name.as_ref()).is_err(), "{name}");
        assert!(folder.append(name.as_ref()).is_err(), "{name}");
        assert!(name == "hard" || folder.open(name.as_ref()).is_err(), "{name}");
    }
    // A new file takes the place of a link, not of what the link leads to.
    write(&folder, "linked", b"ours").unwrap();
    assert!(!path.join("linked").is_symlink());
    let link = home.path().join("link");
    symlink(&path, &link).unwrap();
    let error = Folder::own_or_new(&link).err().unwrap();
    assert!(error.to_string().contains("is a link"), "{error}");
    assert_eq!(fs::read_to_string(&treasure).unwrap(), "mine");
    assert!(!home.path().join("new").exists());
}

#[test]
fn file_without_name_leaves_nothing_and_takes_a_place_whole() {
    let home = tempfile::tempdir().unwrap();
    let folder = Folder::own(home.path()).unwrap();
    let mut file = folder.begin(".new-").unwrap();
    file.fill(b"1", Flush::Medium).unwrap();
    if cfg!(target_os = "linux") {
        assert!(names(home.path()).is_empty());
    }
    drop(file);
    assert!(names(home.path()).is_empty());
    write(&folder, "index", b"1").unwrap();
    write(&folder, "index", b"2").unwrap();
    assert_eq!(names(home.path()), ["index"]);
    assert_eq!(fs::read(home.path().join("index")).unwrap(), b"2");
}

#[test]
fn named_new_file_replaces_creates_and_is_dropped() {
    let home = tempfile::tempdir().unwrap();
    let folder = Folder::own(home.path()).unwrap();
    let begin = || {
        let (file, name) = folder.named(".new-").unwrap();
        NewFile { folder: &folder, file, prefix: ".new-".to_owned(), name }
    };
    drop(begin());
    assert!(begin().create("index".as_ref()).unwrap());
    assert!(!begin().create("index".as_ref()).unwrap());
    let mut file = begin();
    file.fill(b"2", Flush::Medium).unwrap();
    file.replace("index".as_ref()).unwrap();
    assert_eq!(names(home.path()), ["index"]);
    assert_eq!(fs::read(home.path().join("index")).unwrap(), b"2");
}

#[test]
fn next_write_removes_old_begun_files_only() {
    let home = tempfile::tempdir().unwrap();
    let folder = Folder::own(home.path()).unwrap();
    let long_ago = SystemTime::UNIX_EPOCH;
    for name in [".new-old", ".new-young", "other"] {
        let file = File::create(home.path().join(name)).unwrap();
        if name != ".new-young" {
            file.set_modified(long_ago).unwrap();
        }
    }
    write(&folder, "index", b"").unwrap();
    assert_eq!(names(home.path()), [".new-young", "index", "other"]);
}
