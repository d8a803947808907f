//! Places that others can write to or listen at, and what is left where a process is killed.

use std::io::Read;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::{Duration, SystemTime};

use rustix::process::Signal;

use super::support::{Sandbox, make_pipe, not_available_here, shares_users_with_host, until};

fn open_to_all(path: &Path) {
    std::fs::set_permissions(path, PermissionsExt::from_mode(0o777)).unwrap();
}

/// Answers one connection by closing it, and sends what was said there.
fn overheard(listener: UnixListener) -> mpsc::Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut said = vec![0; 64];
        let length = stream.read(&mut said).unwrap_or(0);
        said.truncate(length);
        let _ = sender.send(said);
    });
    receiver
}

fn bus(sandbox: &Sandbox) -> UnixListener {
    let path = sandbox.path("xdg/runtime/bus");
    let _ = std::fs::remove_file(&path);
    let listener = UnixListener::bind(&path).unwrap();
    open_to_all(&path);
    sandbox.set("DBUS_SESSION_BUS_ADDRESS", "");
    sandbox.set("ROLECALL_STORE", "keyring");
    listener
}

#[test]
fn bus_of_another_user_is_told_nothing() {
    let sandbox = Sandbox::alone();
    let said = overheard(bus(&sandbox));
    open_to_all(&sandbox.path("xdg/runtime"));
    let run = sandbox.run(&["process", "prod", "-v"]).ok();
    run.says(&["session bus", "/xdg/runtime/bus belongs to another user (0)"]);
    assert_eq!(said.recv().unwrap(), b"");
    let _bus = bus(&sandbox);
    let report = sandbox.run(&["doctor"]).stdout;
    assert!(report.contains("belongs to another user (0)"), "{report}");
}

#[test]
fn abstract_bus_of_another_user_is_told_nothing() {
    use std::os::linux::net::SocketAddrExt;
    let sandbox = Sandbox::alone();
    let name = format!("rolecall-{}", sandbox.id);
    let address = std::os::unix::net::SocketAddr::from_abstract_name(&name).unwrap();
    let said = overheard(UnixListener::bind_addr(&address).unwrap());
    sandbox.set("DBUS_SESSION_BUS_ADDRESS", format!("unix:abstract={name}"));
    sandbox.set("ROLECALL_STORE", "keyring");
    let run = sandbox.run(&["process", "prod", "-v"]).ok();
    run.says(&[&format!("@{name} belongs to another user (0)")]);
    assert_eq!(said.recv().unwrap(), b"");
}

#[test]
fn bus_of_the_user_is_spoken_to() {
    let sandbox = Sandbox::new();
    let said = overheard(bus(&sandbox));
    sandbox.run(&["process", "prod"]).ok();
    assert!(said.recv().unwrap().starts_with(b"\0AUTH"));
}

#[test]
fn bus_address_without_unix_socket_is_no_bus() {
    let sandbox = Sandbox::new();
    sandbox.set("ROLECALL_STORE", "keyring");
    for address in ["tcp:host=127.0.0.1,port=9", "unixexec:path=/bin/false", "autolaunch:"] {
        sandbox.set("DBUS_SESSION_BUS_ADDRESS", address);
        sandbox.run(&["process", "prod", "-v"]).ok().says(&["no Unix socket", address]);
    }
}

#[test]
fn container_with_users_of_host_does_not_fall_back_to_keyutils() {
    let sandbox = Sandbox::new();
    sandbox.unset("ROLECALL_STORE");
    let container = "unshare --pid --mount --fork";
    if std::process::Command::new("sh")
        .args(["-c", &format!("{container} true")])
        .output()
        .is_ok_and(|output| !output.status.success())
    {
        return not_available_here("a container: no process gets a PID namespace of its own");
    }
    let inside = |line: &str| sandbox.shell("/bin/sh", &format!("{container} {line}"));
    inside("rolecall process prod -v").ok().says(&["shares the kernel keyring", "trying none"]);
    inside("rolecall process prod").ok();
    assert_eq!(sandbox.assumed(), 2);
    let report = inside("rolecall doctor").stdout;
    assert!(report.contains("shares the kernel keyring"), "{report}");
    inside("rolecall process prod --store keyutils").ok();
    inside("rolecall process prod --store keyutils").ok();
    assert_eq!(sandbox.assumed(), 3);
    // Outside, it is the fallback.
    sandbox.run(&["process", "prod"]).ok();
    assert_eq!(sandbox.assumed(), if shares_users_with_host() { 4 } else { 3 });
}

#[test]
fn kernel_drops_identity_of_file_store_after_a_time() {
    let sandbox = Sandbox::new();
    sandbox.set("ROLECALL_STORE", "file");
    sandbox.set("ROLECALL_FILE_PASSPHRASE", "correct horse");
    sandbox.run(&["process", "prod"]).ok();
    let name = sandbox.identity().unwrap();
    let keys = std::fs::read_to_string("/proc/keys").unwrap();
    // proc_keys(5): the fourth column is the time that is left.
    let key = keys.lines().find(|line| line.contains(&name)).unwrap();
    let left = key.split_whitespace().nth(3).unwrap();
    let expected = if shares_users_with_host() { ["14m", "15m"] } else { ["7h", "8h"] };
    assert!(expected.contains(&left), "{key}");
}

#[test]
fn desktop_and_cron_at_once_make_one_call() {
    let sandbox = Sandbox::new();
    let mut all = Vec::new();
    for n in 0..10 {
        if n % 2 == 0 {
            sandbox.set("XDG_RUNTIME_DIR", sandbox.path("xdg/runtime"));
        } else {
            sandbox.unset("XDG_RUNTIME_DIR");
        }
        all.push(sandbox.command(&["process", "prod"]).start());
    }
    for one in all {
        one.finish().ok();
    }
    assert_eq!(sandbox.assumed(), 1);
}

#[test]
fn read_only_cache_leaves_locks_to_runtime_folder() {
    let sandbox = Sandbox::new();
    sandbox.set("XDG_CACHE_HOME", "/dev/null/cache");
    sandbox.run(&["process", "prod"]).ok().silent();
    assert!(sandbox.path("xdg/runtime/rolecall").is_dir());
}

/// Every file of rolecall's own in the state folder.
const STATE: [&str; 5] = ["log.jsonl", "index.json", "index.lock", "seeds.json", "used.json"];

#[test]
fn links_in_state_folder_are_not_followed() {
    for planted in STATE {
        let sandbox = Sandbox::new();
        let treasure = sandbox.file("treasure", "mine");
        std::fs::create_dir_all(sandbox.path("xdg/state/rolecall")).unwrap();
        symlink(&treasure, sandbox.path(&format!("xdg/state/rolecall/{planted}"))).unwrap();
        sandbox.run(&["process", "prod"]).ok();
        sandbox.run(&["log"]);
        assert_eq!(std::fs::read_to_string(&treasure).unwrap(), "mine", "{planted}");
    }
}

#[test]
fn state_folder_of_others_is_not_used() {
    let plant: [fn(&Sandbox, &Path); 3] = [
        |_, folder| {
            std::fs::create_dir(folder).unwrap();
            open_to_all(folder);
        },
        |_, folder| {
            std::fs::create_dir(folder).unwrap();
            chown(folder, Some(12_345), None).unwrap();
        },
        |sandbox, folder| {
            std::fs::create_dir(sandbox.path("elsewhere")).unwrap();
            symlink(sandbox.path("elsewhere"), folder).unwrap();
        },
    ];
    for plant in plant {
        let sandbox = Sandbox::new();
        let folder = sandbox.path("xdg/state/rolecall");
        open_to_all(&sandbox.path("xdg/state"));
        plant(&sandbox, &folder);
        sandbox.run(&["process", "prod"]).ok().says(&["warning: not logged: "]);
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
        sandbox.run(&["list"]).ok();
    }
}

#[test]
fn file_store_in_folder_of_others_is_not_used() {
    let sandbox = Sandbox::new();
    sandbox.set("ROLECALL_STORE", "file");
    sandbox.set("ROLECALL_FILE_PASSPHRASE", "correct horse");
    let folder = sandbox.path("xdg/data/rolecall/store");
    std::fs::create_dir_all(&folder).unwrap();
    open_to_all(&folder);
    sandbox.run(&["process", "prod"]).ok().says(&["others may write to the folder"]);
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
}

#[test]
fn settings_that_others_write_are_refused() {
    let sandbox = Sandbox::new();
    let settings = sandbox.file("xdg/config/rolecall/settings.ini", "store = none\n");
    sandbox.run(&["process", "prod"]).ok();
    std::fs::set_permissions(&settings, PermissionsExt::from_mode(0o666)).unwrap();
    let run = sandbox.run(&["process", "prod"]).fails(3).error_form();
    run.says(&["settings.ini", "may be written by everybody", "hint: ", "chmod go-w"]);
    std::fs::set_permissions(&settings, PermissionsExt::from_mode(0o644)).unwrap();
    chown(&settings, Some(12_345), None).unwrap();
    let run = sandbox.run(&["process", "prod"]).fails(3).error_form();
    run.says(&["belongs to another user (12345)"]);
}

#[test]
fn doctor_warns_of_shared_files_that_others_write() {
    let sandbox = Sandbox::new();
    let warned = |places: &[(PathBuf, u32)]| {
        for (path, mode) in places {
            std::fs::set_permissions(path, PermissionsExt::from_mode(*mode)).unwrap();
        }
        sandbox.run(&["doctor"]).stdout
    };
    let config = sandbox.path(".aws/config");
    assert!(!warned(&[]).contains("credential_process of theirs"));
    for (mode, who) in [(0o666, "everybody"), (0o664, "its group")] {
        let report = warned(&[(config.clone(), mode)]);
        let expected = format!("{} may be written by {who}", config.display());
        assert!(report.contains(&expected) && report.contains("chmod go-w"), "{report}");
    }
    let folder = sandbox.path(".aws");
    let report = warned(&[(config, 0o600), (folder.clone(), 0o777)]);
    let expected = format!("{} may be written by everybody", folder.display());
    assert!(report.contains(&expected), "{report}");
}

#[test]
fn pipe_in_any_place_that_is_read_does_not_hang() {
    let sandbox = Sandbox::new();
    let fifo = sandbox.path("fifo");
    make_pipe(&fifo);
    let shown = fifo.display();
    sandbox.config(&format!(
        "[profile prod]\nrole_arn = arn:aws:iam::222222222222:role/admin\nsource_profile = dev\n\
         [profile bundle]\nrole_arn = arn:aws:iam::222222222222:role/admin\n\
         source_profile = dev\nca_bundle = {shown}\n\
         [profile web]\nrole_arn = arn:aws:iam::222222222222:role/admin\n\
         web_identity_token_file = {shown}\n"
    ));
    sandbox.set("AWS_ENDPOINT_URL_STS", "https://127.0.0.1:9");
    sandbox.run(&["process", "bundle"]).fails(3).error_form().says(&["is a pipe"]);
    sandbox.run(&["process", "web"]).fails(3).error_form().says(&["is a pipe"]);
    let policy = fifo.display().to_string();
    sandbox.run(&["process", "prod", "--policy", &policy]).fails(2).says(&["is a pipe"]);
}

#[test]
fn killed_processes_leave_nothing() {
    let sandbox = Sandbox::new();
    sandbox.set("ROLECALL_STORE", "file");
    sandbox.set("ROLECALL_FILE_PASSPHRASE", "correct horse");
    sandbox.run(&["process", "prod"]).ok();
    for n in 0..40 {
        let one = sandbox.command(&["process", "prod", "--refresh"]).start();
        std::thread::sleep(Duration::from_millis(n * 2));
        one.signal(Signal::KILL);
        one.finish();
    }
    let left = || -> Vec<PathBuf> {
        ["xdg/state/rolecall", "xdg/data/rolecall/store", "xdg/cache/rolecall"]
            .iter()
            .flat_map(|folder| std::fs::read_dir(sandbox.path(folder)).unwrap())
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.file_name().unwrap().to_string_lossy().starts_with(".rolecall-"))
            .collect()
    };
    // A process may be killed between naming a file and putting it in its place. What is left then
    // goes with a later write.
    let old = SystemTime::UNIX_EPOCH;
    for path in left().into_iter().chain([
        sandbox.file("xdg/state/rolecall/.rolecall-abc", ""),
        sandbox.file("xdg/data/rolecall/store/.rolecall-abc", ""),
        sandbox.file("xdg/cache/rolecall/.rolecall-abc", ""),
        sandbox.file("xdg/cache/rolecall/asks-1.lock", ""),
    ]) {
        std::fs::File::options().write(true).open(path).unwrap().set_modified(old).unwrap();
    }
    sandbox.run(&["process", "prod", "--refresh"]).ok().silent();
    assert_eq!(left(), Vec::<PathBuf>::new());
    assert!(!sandbox.path("xdg/cache/rolecall/asks-1.lock").exists());
    until("the index", || sandbox.path("xdg/state/rolecall/index.json").exists());
}
