//! The processes above this one: its parent, that one's parent and so on.

use serde::{Deserialize, Serialize};

/// The number of processes that are looked up. Chains of shells, wrappers and plugins are shorter.
const MAX_ANCESTORS: usize = 10;

/// A process above this one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ancestor {
    pub pid: u32,
    /// Absent when the process has ended, or belongs to another user.
    pub name: Option<String>,
}

/// Returns the processes from the parent upwards, without the first process of the system. The list
/// ends early at a process that has ended or that belongs to another user.
pub fn ancestors() -> Vec<Ancestor> {
    let mut ancestors = Vec::new();
    let mut next = processes::parent();
    while let Some(pid) =
        next.filter(|&pid| ancestors.len() < MAX_ANCESTORS && (pid != 1 || ancestors.is_empty()))
    {
        let (name, parent) = processes::look(pid).unzip();
        ancestors.push(Ancestor { pid, name });
        next = parent.flatten();
    }
    ancestors
}

#[cfg(target_os = "linux")]
mod processes {
    use memchr::{memchr, memrchr};
    use rustix::fs::{Mode, OFlags, open, readlink};
    use rustix::path::DecInt;

    /// The length at which the kernel cuts the names of processes (proc(5), `comm`).
    const MAX_NAME_BYTES: usize = 15;
    /// The room for the first fields of a `stat` file.
    const STAT_BYTES: usize = 192;

    pub fn parent() -> Option<u32> {
        rustix::process::getppid()?.as_raw_pid().try_into().ok()
    }

    /// Returns a process's name and parent. The name of a script is the script's own, while the
    /// program's file is its interpreter.
    pub fn look(pid: u32) -> Option<(String, Option<u32>)> {
        let mut path = Path::of(pid);
        let file = open(path.to("stat"), OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).ok()?;
        let mut stat = [0; STAT_BYTES];
        let read = rustix::io::read(&file, &mut stat).ok()?;
        let (name, parent) = parse(stat.get(..read)?)?;
        let whole = if name.len() == MAX_NAME_BYTES { whole_name(&mut path, name) } else { None };
        Some((whole.unwrap_or_else(|| String::from_utf8_lossy(name).into_owned()), parent))
    }

    /// Parses `PID (NAME) STATE PARENT …` (proc(5), `stat`). A name may hold anything, even `) (`,
    /// and no `)` stands behind it.
    pub fn parse(stat: &[u8]) -> Option<(&[u8], Option<u32>)> {
        let (begin, end) = (memchr(b'(', stat)? + 1, memrchr(b')', stat)?);
        let digits = stat.get(end + 4..)?;
        let digits = digits.get(..memchr(b' ', digits)?)?;
        let parent = std::str::from_utf8(digits).ok()?.parse().ok()?;
        // 0 is a parent outside of this namespace.
        Some((stat.get(begin..end)?, Some(parent).filter(|&pid| pid != 0)))
    }

    /// Finds the whole of a cut name, where it is the name of the program's file.
    fn whole_name(path: &mut Path, cut: &[u8]) -> Option<String> {
        let program = readlink(path.to("exe"), Vec::new()).ok()?.into_string().ok()?;
        let name = program.rsplit('/').next()?;
        name.as_bytes().starts_with(cut).then(|| name.trim_end_matches(" (deleted)").to_owned())
    }

    /// `/proc/PID/…`, without an allocation.
    struct Path {
        bytes: [u8; 32],
        folder: usize,
    }

    impl Path {
        fn of(pid: u32) -> Self {
            let mut path = Self { bytes: [0; 32], folder: 0 };
            for part in [b"/proc/", DecInt::new(pid).as_bytes(), b"/"] {
                path.folder = path.put(part);
            }
            path
        }

        fn put(&mut self, part: &[u8]) -> usize {
            let end = self.folder + part.len();
            self.bytes[self.folder..end].copy_from_slice(part);
            end
        }

        fn to(&mut self, name: &str) -> &[u8] {
            let end = self.put(name.as_bytes());
            &self.bytes[..end]
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod processes {
    use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};

    pub fn parent() -> Option<u32> {
        look(std::process::id())?.1
    }

    pub fn look(pid: u32) -> Option<(String, Option<u32>)> {
        let mut system = System::new().ok()?;
        let mut find = |pid: Pid| {
            system.refresh_processes_specifics(
                ProcessesToUpdate::Some(&[pid]),
                false,
                ProcessRefreshKind::nothing(),
            );
            let process = system.process(pid)?;
            Some((
                process.name().to_string_lossy().into_owned(),
                process.parent(),
                process.start_time(),
            ))
        };
        let (name, parent, began) = find(Pid::from_u32(pid))?;
        // Windows remembers the ID of a parent that has ended, and another process may have it by
        // now.
        let parent = parent.filter(|&parent| {
            !cfg!(windows) || find(parent).is_none_or(|(_, _, earlier)| earlier <= began)
        });
        Some((name, parent.map(Pid::as_u32)))
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::processes::parse;

    #[test]
    fn stat_with_any_name_parses() {
        for (stat, found) in [
            (&b"4711 (zsh) S 4000 4711 4711 34816"[..], Some((&b"zsh"[..], Some(4000)))),
            (b"4711 (a) (b\nc) R 1 2) S 4000 4711", Some((b"a) (b\nc) R 1 2", Some(4000)))),
            (b"4711 () S 1 1", Some((b"", Some(1)))),
            (b"4711 (\xff\x1b[2J) Z 4294967295 1", Some((b"\xff\x1b[2J", Some(u32::MAX)))),
            (b"4711 (outside) S 0 1", Some((b"outside", None))),
            (b"4711 (zsh) S 4000", None),
            (b"4711 (zsh) S -1 1", None),
            (b"4711 (zsh)", None),
            (b"4711 )zsh( S 1 1", None),
            (b"4711 (zsh", None),
            (b"", None),
        ] {
            assert_eq!(parse(stat), found, "{}", String::from_utf8_lossy(stat));
        }
    }

    #[test]
    fn ancestors_begin_with_parent_and_end_before_init() {
        let ancestors = super::ancestors();
        assert_eq!(ancestors[0].pid, std::os::unix::process::parent_id());
        assert!(ancestors.len() <= super::MAX_ANCESTORS);
        assert!(ancestors.iter().skip(1).all(|ancestor| ancestor.pid != 1));
    }
}
