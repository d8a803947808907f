//! What was changed on the controlling terminal, which gets it back however the program ends: by
//! `Drop`, by a panic, or by a stop, after which it is changed again.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use zeroize::Zeroizing;

#[cfg(unix)]
use super::unix::output::{Modes, Output};
#[cfg(windows)]
use super::windows::output::{Modes, Output};
use super::{TypedAhead, Writes};

/// All that is changed now. A panic and a stop reach it from anywhere.
static TAKEN: Mutex<Vec<Taken>> = Mutex::new(Vec::new());

/// What a question or the picker changes.
#[derive(Default)]
pub struct Changes {
    /// `None`: the modes stay, or another program changes them.
    pub modes: Option<Modes>,
    /// What was typed before the terminal is taken.
    pub typed: TypedAhead,
    /// Is written when the terminal is taken.
    pub enter: Zeroizing<String>,
    /// Is written when it is given back.
    pub leave: String,
}

struct Taken {
    number: usize,
    before: Modes,
    changes: Changes,
    /// How often it was given back for a stop.
    pauses: usize,
}

impl Taken {
    fn change(&self, tty: &mut Output, typed: TypedAhead) {
        if let Some(modes) = &self.changes.modes {
            let _ = tty.set_modes(modes, typed);
        }
        let _ = tty.write(&self.changes.enter);
    }

    /// A process in the background must not touch the terminal, which is somebody else's then.
    fn give_back(&self, tty: &mut Output) {
        if tty.is_ours() {
            let _ = tty.write(&self.changes.leave);
            let _ = tty.set_modes(&self.before, TypedAhead::Keep);
        }
    }
}

fn open() -> io::Result<Output> {
    Output::open(Writes::Bounded)
}

fn taken() -> MutexGuard<'static, Vec<Taken>> {
    TAKEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The terminal as it was, which it is again on drop. `Runtime::catch_signals` has to be called
/// before: until then a signal ends the program at once.
pub struct TerminalGuard(usize);

impl TerminalGuard {
    /// Changes the terminal; `changes` gets its modes.
    ///
    /// # Errors
    /// There is no terminal.
    pub fn new(changes: impl FnOnce(&Modes) -> Changes) -> io::Result<Self> {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        give_back_on_panic();
        let mut tty = open()?;
        let before = tty.modes()?;
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let changes = changes(&before);
        let one = Taken { number, before, changes, pauses: 0 };
        let mut all = taken();
        one.change(&mut tty, one.changes.typed);
        all.push(one);
        Ok(Self(number))
    }

    /// Changes the modes once more.
    ///
    /// # Errors
    /// The terminal is gone.
    #[cfg(unix)]
    pub fn set_modes(&self, modes: Modes) -> io::Result<()> {
        let mut all = taken();
        if let Some(one) = all.iter_mut().find(|one| one.number == self.0) {
            open()?.set_modes(&modes, TypedAhead::Keep)?;
            one.changes.modes = Some(modes);
        }
        Ok(())
    }

    /// Leaves the terminal as it is now.
    pub fn release(self) {
        taken().retain(|one| one.number != self.0);
    }

    /// Returns the number of stops since the terminal was taken.
    pub fn pauses(&self) -> usize {
        taken().iter().find(|one| one.number == self.0).map_or(0, |one| one.pauses)
    }
}

impl Drop for TerminalGuard {
    fn drop(&mut self) {
        let mut all = taken();
        // After a panic all is given back already, and its message must stay on the screen.
        let Some(at) = all.iter().position(|one| one.number == self.0) else { return };
        let one = all.remove(at);
        if let Ok(mut tty) = open() {
            one.give_back(&mut tty);
        }
    }
}

/// Stops this process as SIGTSTP would, with the terminal as it was before, and changes it again
/// when it goes on. What other programs have changed stays theirs.
#[cfg(unix)]
pub fn pause() {
    use rustix::process::{Signal, getpid, kill_process};
    let is_changed = |one: &Taken| one.changes.modes.is_some() || !one.changes.enter.is_empty();
    let mut all = taken();
    let mut tty = open().ok();
    if let Some(tty) = &mut tty {
        all.iter().rev().filter(|one| is_changed(one)).for_each(|one| one.give_back(tty));
        // What was typed so far is nobody's answer.
        tty.forget_input();
    }
    // SIGTSTP is caught. SIGTTIN does the same by default: it stops nothing where nobody could let
    // it go on (POSIX, "Orphaned Process Group").
    let _ = kill_process(getpid(), Signal::TTIN);
    for one in all.iter_mut().filter(|one| is_changed(one)) {
        one.pauses += 1;
        if let Some(tty) = &mut tty {
            one.change(tty, TypedAhead::Discard);
        }
    }
    drop(all);
    // Questions are asked again after SIGCONT, also those that nothing has stopped.
    let _ = kill_process(getpid(), Signal::CONT);
}

/// Gives everything back on a panic, which ends a release build without unwinding.
fn give_back_on_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            // A panic while it is locked must not wait for itself.
            let all = TAKEN.try_lock().map(|mut all| std::mem::take(&mut *all));
            if let (Ok(all), Ok(mut tty)) = (all, open()) {
                all.iter().rev().for_each(|one| one.give_back(&mut tty));
            }
            before(panic);
        }));
    });
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs::OpenOptions;
    use std::os::unix::fs::OpenOptionsExt;
    use std::process::{Command, Stdio};

    use rustix::fs::OFlags;

    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    use rustix::termios::LocalModes;

    use super::*;
    use crate::system::terminal::hidden;

    /// Changes its terminal and panics. Only the next test runs it so, on a terminal of its own.
    #[test]
    #[ignore = "a process of another test"]
    fn panicking() {
        let hidden = |before: &Modes| {
            let enter = String::from("taken").into();
            Changes {
                modes: Some(hidden(before)),
                typed: TypedAhead::Discard,
                enter,
                leave: "given back".to_owned(),
            }
        };
        let _guard = TerminalGuard::new(hidden).unwrap();
        let echoes = || open().unwrap().modes().unwrap().local_modes.contains(LocalModes::ECHO);
        assert!(!echoes());
        // The guard is not dropped: only the hook can have given it back.
        let panic = std::panic::catch_unwind(|| panic!("it is given back by the hook"));
        assert!(panic.is_err() && echoes());
    }

    #[test]
    fn terminal_is_given_back_before_panic_ends_the_process() {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
        let slave = OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(OFlags::NOCTTY.bits().cast_signed())
            .open(name)
            .unwrap();
        let test = "system::terminal::guard::tests::panicking";
        let mut command = Command::new("setsid");
        command.args(["--ctty", "--wait"]).arg(std::env::current_exe().unwrap());
        command.args(["--ignored", "--exact", "--nocapture", test]);
        let status =
            command.stdin(slave).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
        assert!(status.success());
    }
}
