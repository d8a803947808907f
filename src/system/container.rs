//! Whether this process is in a container of the kind that shares the host's users.

use std::path::{Path, PathBuf};

use super::wsl;

/// The namespaces of a machine itself, whose numbers are fixed (`linux/proc_ns.h`).
const USERS: &str = "user:[4026531837]";
const PROCESSES: &str = "pid:[4026531836]";
const CGROUPS: &str = "cgroup:[4026531835]";

/// Returns whether this process is in a container whose users are the host's: what the kernel keeps
/// for a user is then within reach of the host and of other containers. Where that cannot be found
/// out, it is so.
pub fn shares_users_with_host() -> bool {
    let link = |name: &str| std::fs::read_link(Path::new("/proc/self/ns").join(name)).ok();
    // A distribution in WSL has namespaces of its own, but all in the virtual machine are the same
    // person's.
    let is_wsl = || Path::new(wsl::SOCKETS).is_dir();
    is_shared(link("user"), link("pid"), link("cgroup")) && !is_wsl()
}

fn is_shared(users: Option<PathBuf>, processes: Option<PathBuf>, cgroups: Option<PathBuf>) -> bool {
    let is = |link: Option<PathBuf>, first: &str| link.map(|link| link == Path::new(first));
    // A kernel without control groups has no such namespace.
    let is_container =
        is(processes, PROCESSES) != Some(true) || is(cgroups, CGROUPS) == Some(false);
    is(users, USERS) != Some(false) && is_container
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn namespaces_tell_containers_that_share_users() {
        let other = "4026532178";
        let own =
            |first: &str| Some(PathBuf::from(first.replace(&first[first.len() - 11..], other)));
        let first = |name: &str| Some(PathBuf::from(name));
        for (users, processes, cgroups, expected) in [
            (first(USERS), first(PROCESSES), first(CGROUPS), false),
            (first(USERS), first(PROCESSES), None, false),
            (first(USERS), own(PROCESSES), first(CGROUPS), true),
            (first(USERS), first(PROCESSES), own(CGROUPS), true),
            (own(USERS), own(PROCESSES), own(CGROUPS), false),
            (None, None, None, true),
        ] {
            let shown = format!("{users:?} {processes:?} {cgroups:?}");
            assert_eq!(is_shared(users, processes, cgroups), expected, "{shown}");
        }
    }
}
