//! The one async runtime, started when it is first needed, and the only place where the program
//! waits: everything that waits here ends at once on SIGINT.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

#[cfg(windows)]
use tokio::signal::windows::{CtrlC as Interrupts, ctrl_c};

#[cfg(unix)]
use tokio::signal::unix::{Signal as Interrupts, SignalKind, signal};

use crate::error::{Error, Result};

/// How long after another program's end the signal may come that has ended it.
const AFTERMATH: Duration = Duration::from_millis(50);

/// A handle of the runtime. Its clones share the runtime and an interruption; each has a deadline
/// of its own. Threads may wait at the same time.
#[derive(Clone, Default)]
pub struct Runtime {
    shared: Arc<Shared>,
    /// When all waiting by this handle has to have an end.
    deadline: Option<Instant>,
}

#[derive(Default)]
struct Shared {
    started: OnceLock<Started>,
    /// After SIGINT nothing waits any more, whoever swallowed the first error.
    interrupted: AtomicBool,
}

struct Started {
    tokio: tokio::runtime::Runtime,
    /// Registered once, by the first wait that is no brief one, so that a SIGINT between two waits
    /// is not lost.
    listener: OnceLock<Listener>,
}

/// Of the threads that wait one listens for all. `None` where SIGINT is ignored.
type Listener = tokio::sync::Mutex<Option<Interrupts>>;

impl Started {
    fn new() -> std::io::Result<Self> {
        let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Self { tokio, listener: OnceLock::new() })
    }

    fn listener(&self) -> std::io::Result<&Listener> {
        if let Some(listener) = self.listener.get() {
            return Ok(listener);
        }
        let _entered = self.tokio.enter();
        let interrupts = listen()?;
        Ok(self.listener.get_or_init(|| Listener::new(interrupts)))
    }
}

#[cfg(unix)]
fn listen() -> std::io::Result<Option<Interrupts>> {
    (!ignores_interrupts()).then(|| signal(SignalKind::interrupt())).transpose()
}

#[cfg(windows)]
fn listen() -> std::io::Result<Option<Interrupts>> {
    ctrl_c().map(Some)
}

/// Returns whether who started this process had SIGINT ignored, as shells do for jobs in the
/// background of a script: it stays so, also for a command that takes this process over (signal(7):
/// a handler does not outlive execve, what is ignored does).
#[cfg(unix)]
fn ignores_interrupts() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .is_some_and(|mask| mask & 0b10 != 0)
}

impl Shared {
    fn started(&self) -> Result<&Started> {
        if let Some(started) = self.started.get() {
            return Ok(started);
        }
        let started = Started::new().map_err(failed_to_start)?;
        Ok(self.started.get_or_init(|| started))
    }

    /// Waits for SIGINT, where anybody listens.
    async fn interruption(&self, listener: Option<&Listener>) {
        let Some(listener) = listener else { return std::future::pending().await };
        let mut interrupts = listener.lock().await;
        // Another thread may have seen it while it listened for this one.
        if self.interrupted.load(Ordering::Relaxed) {
            return;
        }
        match interrupts.as_mut() {
            Some(interrupts) => drop(interrupts.recv().await),
            None => std::future::pending().await,
        }
        self.interrupted.store(true, Ordering::Relaxed);
    }
}

fn failed_to_start(error: std::io::Error) -> Error {
    Error::failed("the async runtime cannot be started").caused_by(error)
}

impl Runtime {
    /// Returns a handle whose waits end at `deadline`.
    #[must_use]
    pub fn until(&self, deadline: Instant) -> Self {
        Self { shared: Arc::clone(&self.shared), deadline: Some(deadline) }
    }

    /// Runs a future to its end.
    ///
    /// # Errors
    /// After SIGINT and at the deadline.
    pub fn run<F: Future>(&self, future: F) -> Result<F::Output> {
        let started = self.shared.started()?;
        self.wait(started, Some(started.listener().map_err(failed_to_start)?), future)
    }

    /// Runs a future for a moment, at most `limit`; `None` when that was too short. Before the
    /// first wait that is no brief one, SIGINT is left to the system, which ends the process: to
    /// catch it costs a fiftieth of a look-up in the keyring.
    ///
    /// # Errors
    /// After SIGINT, where it is caught already, and at the deadline.
    pub fn run_briefly<F: Future>(&self, limit: Duration, future: F) -> Result<Option<F::Output>> {
        let started = self.shared.started()?;
        let future = async { tokio::time::timeout(limit, future).await.ok() };
        self.wait(started, started.listener.get(), future)
    }

    fn wait<F: Future>(
        &self,
        started: &Started,
        listener: Option<&Listener>,
        future: F,
    ) -> Result<F::Output> {
        if self.shared.interrupted.load(Ordering::Relaxed) {
            return Err(Error::interrupted());
        }
        if tokio::runtime::Handle::try_current().is_ok() {
            return Err(Error::failed("the runtime waits already"));
        }
        started.tokio.block_on(async {
            tokio::select! {
                biased;
                () = self.shared.interruption(listener) => Err(Error::interrupted()),
                () = self.lateness() => Err(Error::failed("it takes too long")),
                output = future => Ok(output),
            }
        })
    }

    /// Runs a future for at most `limit`; `None` when that was too short.
    ///
    /// # Errors
    /// After SIGINT and at the deadline.
    pub fn run_within<F: Future>(&self, limit: Duration, future: F) -> Result<Option<F::Output>> {
        // The timer needs the runtime's context, so it is made inside.
        self.run(async { tokio::time::timeout(limit, future).await.ok() })
    }

    /// Waits for a time.
    ///
    /// # Errors
    /// After SIGINT and at the deadline.
    pub fn sleep(&self, time: Duration) -> Result<()> {
        self.run(async { tokio::time::sleep(time).await })
    }

    /// Waits for the deadline.
    async fn lateness(&self) {
        match self.deadline {
            Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
            None => std::future::pending().await,
        }
    }

    /// Waits 50 ms for SIGINT, which Ctrl-C sends to all on the terminal: it may be what has ended
    /// another program, and was seen there first.
    ///
    /// # Errors
    /// After SIGINT and at the deadline.
    pub fn check_after_a_failure(&self) -> Result<()> {
        self.sleep(AFTERMATH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_wait_at_the_same_time() {
        let (runtime, begin) = (Runtime::default(), Instant::now());
        let wait = || {
            let runtime = runtime.clone();
            std::thread::spawn(move || runtime.sleep(Duration::from_millis(400)))
        };
        let threads = [wait(), wait(), wait()];
        for thread in threads {
            thread.join().unwrap().unwrap();
        }
        assert!(begin.elapsed() < Duration::from_millis(1_100), "{:?}", begin.elapsed());
    }

    #[test]
    fn deadline_of_one_handle_ends_its_waits_only() {
        let runtime = Runtime::default();
        let limited = runtime.until(Instant::now() + Duration::from_millis(10));
        let error = limited.sleep(Duration::from_secs(600)).unwrap_err();
        assert_eq!(error.message(), "it takes too long");
        assert!(limited.sleep(Duration::from_secs(600)).is_err());
        runtime.sleep(Duration::from_millis(20)).unwrap();
    }

    #[test]
    fn brief_wait_ends_at_its_limit_and_leaves_interrupts_alone() {
        let runtime = Runtime::default();
        let never = std::future::pending::<()>();
        assert_eq!(runtime.run_briefly(Duration::from_millis(10), never).unwrap(), None);
        assert_eq!(runtime.run_briefly(Duration::from_secs(1), async { 1 }).unwrap(), Some(1));
        assert!(runtime.shared.started().unwrap().listener.get().is_none());
        runtime.sleep(Duration::ZERO).unwrap();
        assert!(runtime.shared.started().unwrap().listener.get().is_some());
    }

    #[test]
    fn wait_within_a_wait_is_an_error() {
        let runtime = Runtime::default();
        let inner = runtime.run(async { runtime.sleep(Duration::ZERO) }).unwrap();
        assert_eq!(inner.unwrap_err().message(), "the runtime waits already");
    }
}
