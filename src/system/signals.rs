//! The signals that end or stop a program, caught so that whoever waits can clean up first.

use std::io;

#[cfg(unix)]
use std::future::poll_fn;
#[cfg(unix)]
use std::task::Poll;

#[cfg(windows)]
use tokio::signal::windows::{CtrlBreak, CtrlC, ctrl_break, ctrl_c};

#[cfg(unix)]
use signal_hook::consts::{
    SIGABRT, SIGALRM, SIGHUP, SIGINT, SIGPROF, SIGQUIT, SIGTERM, SIGTSTP, SIGUSR1, SIGUSR2,
    SIGVTALRM, SIGXCPU, SIGXFSZ,
};
#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals that end a program by default and are meant to be caught: those of a terminal, of
/// people and other programs, and of timers and limits. What a fault of the program raises is left
/// to the system, and a closed pipe is an error already.
#[cfg(unix)]
const ENDS: [i32; 12] = [
    SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGALRM, SIGUSR1, SIGUSR2, SIGVTALRM, SIGPROF, SIGXCPU,
    SIGXFSZ, SIGABRT,
];

/// Some signals, which no longer do what they do by default.
#[cfg(unix)]
pub struct Caught(Vec<(i32, Signal)>);

#[cfg(unix)]
impl Caught {
    /// Catches the signals that end a program, in the runtime that was entered.
    pub fn ends() -> io::Result<Self> {
        Self::of(&ENDS)
    }

    /// Catches the signal that Ctrl-Z sends.
    pub fn stops() -> io::Result<Self> {
        Self::of(&[SIGTSTP])
    }

    /// What who started this process had ignored stays so, also for a command that takes the
    /// process over (signal(7): a handler does not outlive execve, what is ignored does): shells
    /// ignore SIGINT for jobs in the background of a script, nohup ignores SIGHUP.
    fn of(numbers: &[i32]) -> io::Result<Self> {
        let ignored = ignored();
        let caught = numbers.iter().filter(|number| ignored & (1 << (**number - 1)) == 0);
        let listen = |number: &i32| Ok((*number, signal(SignalKind::from_raw(*number))?));
        Ok(Self(caught.map(listen).collect::<io::Result<_>>()?))
    }

    /// Waits for one of them and returns its number.
    pub async fn next(&mut self) -> i32 {
        poll_fn(|context| {
            let come = self.0.iter_mut().find_map(|(number, signal)| {
                signal.poll_recv(context).is_ready().then_some(*number)
            });
            come.map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }
}

/// Returns the set of ignored signals, as a mask (proc(5), `SigIgn`); an empty one where nobody
/// tells.
#[cfg(unix)]
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

/// Ends this process as a caught signal would have ended it. Returns for SIGINT, which has an exit
/// code of its own.
#[cfg(unix)]
pub fn end_by(signal: i32) {
    if signal != SIGINT {
        let _ = signal_hook::low_level::emulate_default_handler(signal);
    }
}

/// Ctrl-C and Ctrl-Break, which do not end the program while this is there.
#[cfg(windows)]
pub struct Caught {
    interrupt: CtrlC,
    termination: CtrlBreak,
}

#[cfg(windows)]
impl Caught {
    pub fn ends() -> io::Result<Self> {
        Ok(Self { interrupt: ctrl_c()?, termination: ctrl_break()? })
    }

    /// Waits for one of them and returns its number in C.
    pub async fn next(&mut self) -> i32 {
        const SIGINT: i32 = 2;
        const SIGBREAK: i32 = 21;
        tokio::select! {
            _ = self.interrupt.recv() => SIGINT,
            _ = self.termination.recv() => SIGBREAK,
        }
    }
}

#[cfg(windows)]
pub fn end_by(_signal: i32) {}
