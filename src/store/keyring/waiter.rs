//! The time that a call of a keyring may take.

use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::error::{Error, Kind};
use crate::store::error::StoreError;
use crate::system::runtime::Runtime;

/// The longest that one call may take, connecting included.
pub const LOOK_UP_TIMEOUT: Duration = Duration::from_secs(1);
pub const WRITE_TIMEOUT: Duration = Duration::from_secs(2);
/// The longest that a person is waited for.
pub const UNLOCK_TIMEOUT: Duration = Duration::from_mins(1);
/// How long a keyring that stayed silent once is taken to stay so.
const SILENCE: Duration = Duration::from_secs(5);

/// What a call waits for, and for how long at most.
#[derive(Debug, Clone, Copy)]
pub enum Wait {
    Keyring(Duration),
    Person(Duration),
}

/// Waits for the calls of one keyring.
pub struct Waiter {
    runtime: Runtime,
    /// Since when the keyring is silent, and how long it was waited for.
    silent: Mutex<Option<(Instant, Duration)>>,
}

impl Waiter {
    pub fn new(runtime: Runtime) -> Self {
        Self { runtime, silent: Mutex::default() }
    }

    fn silent(&self) -> MutexGuard<'_, Option<(Instant, Duration)>> {
        // Whoever panicked with it left a whole value.
        self.silent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a call to its end, or as long as `wait` says. A call for a person is waited for in
    /// any case; another one fails at once where the keyring was silent a moment ago.
    ///
    /// # Errors
    /// That of the call, `TimedOut`, and `Interrupted` on Ctrl-C.
    pub fn wait<T>(
        &self,
        wait: Wait,
        call: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let (timeout, ended) = match wait {
            Wait::Keyring(timeout) => {
                if let Some((since, waited)) = *self.silent() {
                    if since.elapsed() < SILENCE {
                        return Err(StoreError::TimedOut(waited));
                    }
                }
                (timeout, self.runtime.run_briefly(timeout, call))
            }
            Wait::Person(timeout) => (timeout, self.runtime.run_within(timeout, call)),
        };
        let outcome = match ended {
            Ok(outcome) => outcome.unwrap_or(Err(StoreError::TimedOut(timeout))),
            Err(error) => Err(failed_to_wait(&error)),
        };
        // A person who stays away says nothing about the keyring.
        let is_silent =
            matches!((&outcome, wait), (Err(StoreError::TimedOut(_)), Wait::Keyring(_)));
        *self.silent() = is_silent.then(|| (Instant::now(), timeout));
        outcome
    }
}

fn failed_to_wait(error: &Error) -> StoreError {
    match error.kind() {
        Kind::Interrupted => StoreError::Interrupted,
        _ => StoreError::Failed(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOMENT: Duration = Duration::from_millis(5);

    #[test]
    fn silent_keyring_is_waited_for_once_and_asked_again_for_a_person() {
        let waiter = Waiter::new(Runtime::default());
        let never = || std::future::pending::<Result<(), StoreError>>();
        let silent = Err(StoreError::TimedOut(MOMENT));
        assert_eq!(waiter.wait(Wait::Keyring(MOMENT), never()), silent);
        assert_eq!(waiter.wait(Wait::Keyring(UNLOCK_TIMEOUT), never()), silent, "at once");
        assert_eq!(waiter.wait(Wait::Person(UNLOCK_TIMEOUT), async { Ok(1) }), Ok(1));
        assert_eq!(waiter.wait(Wait::Keyring(UNLOCK_TIMEOUT), async { Ok(2) }), Ok(2));
    }

    #[test]
    fn person_who_stays_away_does_not_make_the_keyring_silent() {
        let waiter = Waiter::new(Runtime::default());
        let never = std::future::pending::<Result<(), StoreError>>();
        let late = waiter.wait(Wait::Person(MOMENT), never);
        assert_eq!(late, Err(StoreError::TimedOut(MOMENT)));
        assert_eq!(waiter.wait(Wait::Keyring(UNLOCK_TIMEOUT), async { Ok(()) }), Ok(()));
    }
}
