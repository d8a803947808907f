//! Which processes asked: the parent, its parent and so on.

use super::Asker;

/// The number of processes that are looked at; chains of shells, wrappers and plugins are shorter.
const MAX_ASKERS: usize = 10;

/// Returns the processes from the parent upwards, without the one that started the system. What
/// happens meanwhile (one ends, one belongs to somebody else) ends the list early.
pub fn askers() -> Vec<Asker> {
    let mut askers = Vec::new();
    let mut next = platform::parent();
    while let Some(pid) =
        next.filter(|&pid| askers.len() < MAX_ASKERS && (pid != 1 || askers.is_empty()))
    {
        let (name, parent) = platform::look(pid).unzip();
        askers.push(Asker { pid, name });
        next = parent.flatten();
    }
    askers
}

#[cfg(target_os = "linux")]
mod platform {
    use memchr::{memchr, memrchr};
    use rustix::fs::{Mode, OFlags, open, readlink};
    use rustix::path::DecInt;

    /// The kernel's names of processes are cut at this many bytes (proc(5), `comm`).
    const MAX_NAME_BYTES: usize = 15;
    /// Room for the first fields of a `stat`.
    const STAT_BYTES: usize = 192;

    pub fn parent() -> Option<u32> {
        rustix::process::getppid()?.as_raw_pid().try_into().ok()
    }

    /// Returns a process's name and parent. A name is what a script is called, where the program's
    /// file would be its interpreter.
    pub fn look(pid: u32) -> Option<(String, Option<u32>)> {
        let mut path = Path::of(pid);
        let file = open(path.to("stat"), OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).ok()?;
        let mut stat = [0; STAT_BYTES];
        let read = rustix::io::read(&file, &mut stat).ok()?;
        let (name, parent) = parse(stat.get(..read)?)?;
        let whole = if name.len() == MAX_NAME_BYTES { whole_name(&mut path, name) } else { None };
        Some((whole.unwrap_or_else(|| String::from_utf8_lossy(name).into_owned()), parent))
    }

    /// Reads `PID (NAME) STATE PARENT …` (proc(5), `stat`). A name may hold anything, also `) (`;
    /// nothing behind it holds a `)`.
    pub fn parse(stat: &[u8]) -> Option<(&[u8], Option<u32>)> {
        let (begin, end) = (memchr(b'(', stat)? + 1, memrchr(b')', stat)?);
        let digits = stat.get(end + 4..)?;
        let digits = digits.get(..memchr(b' ', digits)?)?;
        let parent = std::str::from_utf8(digits).ok()?.parse().ok()?;
        // 0 is a parent that cannot be seen from in here.
        Some((stat.get(begin..end)?, Some(parent).filter(|&pid| pid != 0)))
    }

    /// Finds the name that was cut, where it is that of the program's file.
    fn whole_name(path: &mut Path, cut: &[u8]) -> Option<String> {
        let program = readlink(path.to("exe"), Vec::new()).ok()?.into_string().ok()?;
        let name = program.rsplit('/').next()?;
        name.as_bytes().starts_with(cut).then(|| name.trim_end_matches(" (deleted)").to_owned())
    }

    /// `/proc/PID/…`, without memory of its own.
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
mod platform {
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
        // Windows remembers the number of a parent that is gone, which another process may have by
        // now.
        let parent = parent.filter(|&parent| {
            !cfg!(windows) || find(parent).is_none_or(|(_, _, earlier)| earlier <= began)
        });
        Some((name, parent.map(Pid::as_u32)))
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::platform::parse;

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
    fn askers_begin_with_parent_and_end_before_init() {
        let askers = super::askers();
        assert_eq!(askers[0].pid, std::os::unix::process::parent_id());
        assert!(askers.len() <= super::MAX_ASKERS);
        assert!(askers.iter().skip(1).all(|asker| asker.pid != 1));
    }
}
