//! The one async runtime, started when it is first needed, and the only place where the program
//! waits: everything that waits here ends at once on SIGINT, SIGTERM and their like.

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use super::signals::Caught;
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
    /// The signal that ends the program, or 0. After it nothing waits any more, whoever swallowed
    /// the first error.
    ended_by: AtomicI32,
}

struct Started {
    tokio: tokio::runtime::Runtime,
    /// Registered once, by the first wait that is no brief one, so that a signal between two waits
    /// is not lost.
    listener: OnceLock<Listener>,
    /// Registered when the terminal is changed.
    #[cfg(unix)]
    stops: OnceLock<Listener>,
}

/// Of the threads that wait one listens for all.
type Listener = tokio::sync::Mutex<Caught>;

impl Started {
    fn new() -> std::io::Result<Self> {
        let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Self {
            tokio,
            listener: OnceLock::new(),
            #[cfg(unix)]
            stops: OnceLock::new(),
        })
    }

    fn listener(&self) -> std::io::Result<&Listener> {
        if let Some(listener) = self.listener.get() {
            return Ok(listener);
        }
        let _entered = self.tokio.enter();
        let ends = Caught::ends()?;
        Ok(self.listener.get_or_init(|| Listener::new(ends)))
    }

    #[cfg(unix)]
    fn catch_stops(&self) -> std::io::Result<()> {
        if self.stops.get().is_none() {
            let _entered = self.tokio.enter();
            let stops = Caught::stops()?;
            self.stops.get_or_init(|| Listener::new(stops));
        }
        Ok(())
    }

    /// Waits until the program shall stop, where that is caught.
    #[cfg(unix)]
    async fn stop(&self) {
        match self.stops.get() {
            Some(stops) => drop(stops.lock().await.next().await),
            None => std::future::pending().await,
        }
    }

    #[cfg(windows)]
    async fn stop(&self) {
        std::future::pending::<()>().await;
    }
}

impl Shared {
    fn started(&self) -> Result<&Started> {
        if let Some(started) = self.started.get() {
            return Ok(started);
        }
        let started = Started::new().map_err(failed_to_start)?;
        Ok(self.started.get_or_init(|| started))
    }

    /// Waits for a signal that ends the program, where anybody listens.
    async fn interruption(&self, listener: Option<&Listener>) {
        let Some(listener) = listener else { return std::future::pending().await };
        let mut ends = listener.lock().await;
        // Another thread may have seen it while it listened for this one.
        if !self.is_interrupted() {
            self.ended_by.store(ends.next().await, Ordering::Relaxed);
        }
    }

    fn is_interrupted(&self) -> bool {
        self.ended_by.load(Ordering::Relaxed) != 0
    }
}

/// Stops this process until it shall go on.
fn pause() {
    #[cfg(unix)]
    super::terminal::pause();
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

    /// Returns the signal that has ended a wait.
    pub fn ended_by(&self) -> Option<i32> {
        Some(self.shared.ended_by.load(Ordering::Relaxed)).filter(|signal| *signal != 0)
    }

    /// Catches the signals that end or stop the program: from now on they come to the waits. Has to
    /// be called before the terminal is changed, and before a person is told of a wait.
    ///
    /// # Errors
    /// The runtime cannot be started.
    pub fn catch_signals(&self) -> Result<()> {
        let started = self.shared.started()?;
        started.listener().map_err(failed_to_start)?;
        #[cfg(unix)]
        started.catch_stops().map_err(failed_to_start)?;
        Ok(())
    }

    /// Runs a future to its end.
    ///
    /// # Errors
    /// After SIGINT and its like, and at the deadline.
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
        if self.shared.is_interrupted() {
            return Err(Error::interrupted());
        }
        if tokio::runtime::Handle::try_current().is_ok() {
            return Err(Error::failed("the runtime waits already"));
        }
        started.tokio.block_on(async {
            let mut future = pin!(future);
            loop {
                tokio::select! {
                    biased;
                    () = self.shared.interruption(listener) => return Err(Error::interrupted()),
                    () = started.stop() => pause(),
                    () = self.lateness() => return Err(Error::failed("it takes too long")),
                    output = &mut future => return Ok(output),
                }
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
