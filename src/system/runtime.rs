//! The one async runtime, started when the first cold call needs it, and the only place where the
//! program waits: everything that waits here ends at once on SIGINT.

use std::cell::{Cell, OnceCell};
use std::future::Future;
use std::time::{Duration, Instant};

use crate::error::{Error, Result};

/// How long after another program's end the signal may come that has ended it.
const AFTERMATH: Duration = Duration::from_millis(50);

#[derive(Default)]
pub struct Runtime {
    inner: OnceCell<Inner>,
    /// After SIGINT nothing waits any more, whoever swallowed the first error.
    interrupted: Cell<bool>,
    /// When all waiting has to have an end.
    deadline: Cell<Option<Instant>>,
}

struct Inner {
    tokio: tokio::runtime::Runtime,
    /// Registered once, so that a SIGINT between two waits is not lost.
    #[cfg(unix)]
    interrupts: std::cell::RefCell<Option<tokio::signal::unix::Signal>>,
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

impl Runtime {
    fn inner(&self) -> Result<&Inner> {
        if let Some(inner) = self.inner.get() {
            return Ok(inner);
        }
        let error =
            |e: std::io::Error| Error::failed(format!("the async runtime cannot be started: {e}"));
        let tokio =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(error)?;
        #[cfg(unix)]
        let interrupts = {
            let _entered = tokio.enter();
            let kind = tokio::signal::unix::SignalKind::interrupt();
            (!ignores_interrupts())
                .then(|| tokio::signal::unix::signal(kind))
                .transpose()
                .map_err(error)?
                .into()
        };
        Ok(self.inner.get_or_init(|| Inner {
            tokio,
            #[cfg(unix)]
            interrupts,
        }))
    }

    /// Runs a future to its end or to SIGINT.
    pub fn run<F: Future>(&self, future: F) -> Result<F::Output> {
        self.check()?;
        let inner = self.inner()?;
        #[cfg(unix)]
        let mut signal = inner
            .interrupts
            .try_borrow_mut()
            .map_err(|_| Error::failed("the runtime waits already"))?;
        inner.tokio.block_on(async {
            #[cfg(unix)]
            let interrupted = async {
                match signal.as_mut() {
                    Some(signal) => drop(signal.recv().await),
                    None => std::future::pending().await,
                }
            };
            #[cfg(not(unix))]
            let interrupted = async { drop(tokio::signal::ctrl_c().await) };
            let late = async {
                match self.deadline.get() {
                    Some(end) => tokio::time::sleep_until(end.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                () = interrupted => {
                    self.interrupted.set(true);
                    Err(Error::interrupted())
                }
                () = late => Err(Error::failed("it takes too long")),
                output = future => Ok(output),
            }
        })
    }

    /// Ends all waiting at a time.
    pub fn limit(&self, deadline: Instant) {
        self.deadline.set(Some(deadline));
    }

    /// Returns an error after SIGINT.
    pub fn check(&self) -> Result<()> {
        if self.interrupted.get() { Err(Error::interrupted()) } else { Ok(()) }
    }

    /// Returns an error when SIGINT, which Ctrl-C sends to all on the terminal, is what has ended
    /// another program, and was seen there first.
    pub fn check_after_a_failure(&self) -> Result<()> {
        self.run(async { tokio::time::sleep(AFTERMATH).await })
    }

    /// Runs a future for at most `limit`; `None` when that was too short.
    pub fn run_within<F: Future>(&self, limit: Duration, future: F) -> Result<Option<F::Output>> {
        // The timer needs the runtime's context, so it is made inside.
        self.run(async { tokio::time::timeout(limit, future).await.ok() })
    }
}
