use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

use super::*;
use crate::error::Kind;

fn rewrite_with(path: &Path, edit: impl Fn(&[u8]) -> Vec<u8>) -> Result<Rewritten> {
    rewrite(path, &Runtime::default(), |bytes| Ok(Zeroizing::new(edit(bytes))))
}

fn append(path: &Path) -> Result<Rewritten> {
    rewrite_with(path, |bytes| [bytes, b"+"].concat())
}

/// Returns the names in a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_missing_file_is_made_with_its_folder() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join(".aws/config");
    assert_eq!(append(&path).unwrap(), Rewritten::Changed);
    assert_eq!(fs::read(&path).unwrap(), b"+");
    assert_eq!(names(path.parent().unwrap()), ["config"]);
    #[cfg(unix)]
    assert_eq!((mode(path.parent().unwrap()), mode(&path)), (0o700, 0o600));
}

#[test]
fn unchanged_bytes_are_not_written() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("config");
    assert_eq!(rewrite_with(&path, <[u8]>::to_vec).unwrap(), Rewritten::Unchanged);
    assert!(!path.exists());
    fs::write(&path, "old").unwrap();
    let before = fs::metadata(&path).unwrap().modified().unwrap();
    assert_eq!(rewrite_with(&path, <[u8]>::to_vec).unwrap(), Rewritten::Unchanged);
    assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), before);
    assert_eq!(names(home.path()), ["config"]);
}

#[test]
fn a_refused_edit_leaves_the_file_alone() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("config");
    fs::write(&path, "old").unwrap();
    let refused = |_: &[u8]| Err(Error::configuration("refused"));
    let error = rewrite(&path, &Runtime::default(), refused).unwrap_err();
    assert_eq!((error.kind(), error.message()), (Kind::Configuration, "refused"));
    assert_eq!(fs::read(&path).unwrap(), b"old");
    assert_eq!(names(home.path()), ["config"]);
}

#[test]
fn edit_is_repeated_after_other_program_changes_file() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("config");
    fs::write(&path, "old").unwrap();
    let calls = std::cell::Cell::new(0);
    let edit = |bytes: &[u8]| {
        calls.set(calls.get() + 1);
        if calls.get() < 3 {
            fs::write(&path, format!("other {}", calls.get())).unwrap();
        }
        [bytes, b"+"].concat()
    };
    assert_eq!(rewrite_with(&path, edit).unwrap(), Rewritten::Changed);
    assert_eq!(fs::read(&path).unwrap(), b"other 2+");
    let never = |bytes: &[u8]| {
        calls.set(calls.get() + 1);
        fs::write(&path, format!("other {}", calls.get())).unwrap();
        [bytes, b"+"].concat()
    };
    let error = rewrite_with(&path, never).unwrap_err();
    assert!(error.message().ends_with("another program changes it again and again"), "{error}");
    assert_eq!(fs::read(&path).unwrap(), b"other 8");
    assert_eq!(names(home.path()), ["config"]);
}

#[test]
fn edit_is_repeated_after_other_program_creates_file() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("config");
    let edit = |bytes: &[u8]| {
        if bytes.is_empty() {
            fs::write(&path, "other").unwrap();
        }
        [bytes, b"+"].concat()
    };
    rewrite_with(&path, edit).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"other+");
}

#[test]
fn a_folder_in_the_place_of_a_file_is_an_error() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("config");
    fs::create_dir(&path).unwrap();
    let error = append(&path).unwrap_err();
    assert!(error.message().ends_with("config: is a folder, not a file"), "{error}");
    assert_eq!(names(home.path()), ["config"]);
    let below = home.path().join("file/config");
    fs::write(home.path().join("file"), "").unwrap();
    assert!(append(&below).is_err());
}

#[test]
fn a_large_file_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("config");
    File::create(&path).unwrap().set_len(MAX_BYTES + 1).unwrap();
    let error = append(&path).unwrap_err();
    assert!(error.message().ends_with("is larger than 64 MiB"), "{error}");
}

#[test]
fn leftovers_of_a_killed_process_are_removed() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("config");
    for left in [".config.rolecall-lock", ".config.rolecall-new-a", ".config.rolecall-new-b"] {
        fs::write(home.path().join(left), "half").unwrap();
    }
    append(&path).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"+");
    assert_eq!(names(home.path()), ["config"]);
}

#[test]
fn writer_waits_for_holder_of_lock() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("config");
    let target = UserFile::find(&path).unwrap();
    let lock = lock_beside(&target.path, LOCK_TIMEOUT, &Runtime::default()).unwrap();
    let waiter = std::thread::spawn({
        let path = path.clone();
        move || append(&path)
    });
    std::thread::sleep(Duration::from_millis(50));
    assert!(!path.exists());
    drop(lock);
    assert_eq!(waiter.join().unwrap().unwrap(), Rewritten::Changed);
}

/// Runs this test program in a folder, to do there what its file `order` says.
fn child(folder: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--ignored", "--nocapture", "system::rewrite::tests::do_as_told"])
        .current_dir(folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

const LARGE: usize = 300_000;

#[test]
#[ignore = "a part of other tests"]
fn do_as_told() {
    let config = Path::new("config");
    match fs::read_to_string("order").unwrap_or_default().as_str() {
        "append" => {
            for _ in 0..5 {
                append(config).unwrap();
            }
        }
        "flip" => loop {
            let flip =
                |bytes: &[u8]| vec![if bytes.starts_with(b"a") { b'b' } else { b'a' }; LARGE];
            rewrite_with(config, flip).unwrap();
            std::io::stdout().write_all(b"\nflipped\n").unwrap();
        },
        "fail" => {
            let error = rewrite_with(config, |_| vec![b'b'; LARGE]).unwrap_err();
            std::io::stdout().write_all(format!("\n{error}\n").as_bytes()).unwrap();
        }
        _ => {}
    }
}

#[test]
fn forty_concurrent_writers_lose_no_edit() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("order"), "append").unwrap();
    let children: Vec<Child> = (0..40).map(|_| child(home.path())).collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
    assert_eq!(fs::read(home.path().join("config")).unwrap().len(), 200);
    assert_eq!(names(home.path()), ["config", "order"]);
}

#[test]
fn a_killed_process_leaves_the_old_or_the_new_file() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("config");
    fs::write(&path, vec![b'a'; LARGE]).unwrap();
    fs::write(home.path().join("order"), "flip").unwrap();
    for round in 0..60 {
        let mut child = child(home.path());
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap() == "flipped"));
        std::thread::sleep(Duration::from_micros(round * 97));
        child.kill().unwrap();
        child.wait().unwrap();
        let bytes = fs::read(&path).unwrap();
        assert!(bytes.len() == LARGE && bytes.iter().all(|&b| b == bytes[0]), "round {round}");
        let left = names(home.path());
        assert!(left.iter().filter(|name| name.starts_with('.')).count() <= 2, "{left:?}");
    }
    append(&path).unwrap();
    assert_eq!(names(home.path()), ["config", "order"]);
}

#[cfg(unix)]
use self::unix::mode;

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};

    use super::*;

    pub(super) fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn rewrite_keeps_mode_and_owner() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("config");
        for bits in [0o600, 0o644, 0o660, 0o777] {
            fs::write(&path, "old").unwrap();
            fs::set_permissions(&path, PermissionsExt::from_mode(bits)).unwrap();
            append(&path).unwrap();
            assert_eq!((mode(&path), fs::read(&path).unwrap()), (bits, b"old+".to_vec()));
        }
        // Only the superuser can give a file away.
        if chown(&path, Some(12345), Some(54321)).is_ok() {
            append(&path).unwrap();
            let metadata = path.metadata().unwrap();
            assert_eq!((metadata.uid(), metadata.gid(), mode(&path)), (12345, 54321, 0o777));
        }
    }

    #[test]
    fn rewrite_follows_links_and_keeps_them() {
        let home = tempfile::tempdir().unwrap();
        let dotfiles = home.path().join("dotfiles");
        fs::create_dir_all(home.path().join(".aws")).unwrap();
        fs::create_dir(&dotfiles).unwrap();
        fs::write(dotfiles.join("aws-config"), "old").unwrap();
        symlink("../.aws-config", home.path().join(".aws/config")).unwrap();
        symlink(dotfiles.join("aws-config"), home.path().join(".aws-config")).unwrap();
        append(&home.path().join(".aws/config")).unwrap();
        assert_eq!(fs::read(dotfiles.join("aws-config")).unwrap(), b"old+");
        assert_eq!(names(home.path()), [".aws", ".aws-config", "dotfiles"]);
        assert_eq!(names(&home.path().join(".aws")), ["config"]);
        assert_eq!(names(&dotfiles), ["aws-config"]);
        assert!(home.path().join(".aws/config").is_symlink());
        assert!(home.path().join(".aws-config").is_symlink());
    }

    #[test]
    fn a_linked_folder_is_followed() {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir(home.path().join("real")).unwrap();
        symlink("real", home.path().join(".aws")).unwrap();
        append(&home.path().join(".aws/config")).unwrap();
        assert_eq!(names(&home.path().join("real")), ["config"]);
        assert!(home.path().join(".aws").is_symlink());
    }

    #[test]
    fn a_link_to_nowhere_is_an_error() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("config");
        symlink("nowhere", &path).unwrap();
        let error = append(&path).unwrap_err();
        assert!(error.message().ends_with("is a link to something that does not exist"), "{error}");
        assert_eq!(names(home.path()), ["config"]);
        let folder = home.path().join(".aws");
        symlink("nowhere", &folder).unwrap();
        let error = append(&folder.join("config")).unwrap_err();
        assert!(error.message().ends_with(".aws: is a link to something that does not exist"));
        let round = home.path().join("round");
        symlink("round", &round).unwrap();
        assert!(append(&round).is_err());
    }

    #[test]
    fn a_read_only_file_is_an_error() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("config");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, PermissionsExt::from_mode(0o400)).unwrap();
        let error = append(&path).unwrap_err();
        assert!(error.message().ends_with("config: is read-only"), "{error}");
        assert_eq!((mode(&path), fs::read(&path).unwrap()), (0o400, b"old".to_vec()));
        assert_eq!(names(home.path()), ["config"]);
    }

    #[test]
    fn a_folder_that_takes_no_file_is_an_error() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("aws");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("config"), "old").unwrap();
        fs::set_permissions(&folder, PermissionsExt::from_mode(0o500)).unwrap();
        // The superuser may write to every folder but the kernel's.
        let superuser = rustix::process::geteuid().is_root();
        let path = if superuser { Path::new("/proc/self/config") } else { &folder.join("config") };
        let error = append(path).unwrap_err();
        assert!(error.message().contains("its folder takes no new file: "), "{error}");
        assert_eq!(fs::read(folder.join("config")).unwrap(), b"old");
        fs::set_permissions(&folder, PermissionsExt::from_mode(0o700)).unwrap();
    }

    #[test]
    fn devices_and_pipes_are_refused() {
        let home = tempfile::tempdir().unwrap();
        let pipe = home.path().join("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        for path in [Path::new("/dev/null"), &pipe] {
            let error = append(path).unwrap_err();
            assert!(error.message().ends_with("is not a regular file"), "{error}");
        }
        assert_eq!(names(home.path()), ["pipe"]);
    }

    #[test]
    fn planted_links_are_not_followed() {
        let home = tempfile::tempdir().unwrap();
        let (path, treasure) = (home.path().join("config"), home.path().join("treasure"));
        fs::write(&treasure, "mine").unwrap();
        symlink(&treasure, home.path().join(".config.rolecall-new-a")).unwrap();
        append(&path).unwrap();
        assert_eq!(fs::read(&treasure).unwrap(), b"mine");
        symlink(&treasure, home.path().join(".config.rolecall-lock")).unwrap();
        append(&path).unwrap();
        assert_eq!(fs::read(&treasure).unwrap(), b"mine");
    }

    /// A limit on the size of files fails as a full disk does.
    #[test]
    fn a_full_disk_is_an_error() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("config");
        fs::write(&path, "old").unwrap();
        fs::write(home.path().join("order"), "fail").unwrap();
        let output = Command::new("sh")
            .args(["-c", "trap '' XFSZ; ulimit -f 8; exec \"$@\"", "sh"])
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", "--ignored", "--nocapture", "system::rewrite::tests::do_as_told"])
            .current_dir(home.path())
            .output()
            .unwrap();
        let stdout = String::from_utf8_lossy(&output.stdout);
        assert!(stdout.contains("config: cannot be written: File too large"), "{stdout}");
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(names(home.path()), ["config", "order"]);
    }
}
