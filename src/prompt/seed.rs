//! Codes from a TOTP seed in the store, for which nobody is asked. The store is opened once, when
//! the first code is due.

use std::cell::RefCell;
use std::time::Duration;

use crate::aws::names::MfaSerial;
use crate::aws::totp::Seed;
use crate::error::{Error, Result};
use crate::executor::Question;
use crate::store::seeds::StoredSeeds;
use crate::system::clock::Clock;
use crate::system::report::Report;
use crate::system::runtime::Runtime;

/// The number of codes for one call. Another process may have used the first one, and the second
/// one while this process waited.
const MAX_CODES: usize = 3;
/// The longest wait for the next code, even if the clock is set meanwhile.
const MAX_WAIT: Duration = Duration::from_secs(60);

pub struct Seeds<'a> {
    open: &'a dyn Fn() -> StoredSeeds<'a>,
    clock: &'a dyn Clock,
    runtime: &'a Runtime,
    report: &'a dyn Report,
    devices: RefCell<Vec<Device>>,
}

/// A device whose seed was looked for.
struct Device {
    serial: String,
    seed: Option<Seed>,
    /// The last window whose code was used: each code works once.
    used: Option<u64>,
    /// The number of codes for the current call.
    given: usize,
}

impl<'a> Seeds<'a> {
    pub fn new(
        open: &'a dyn Fn() -> StoredSeeds<'a>,
        clock: &'a dyn Clock,
        runtime: &'a Runtime,
        report: &'a dyn Report,
    ) -> Self {
        Self { open, clock, runtime, report, devices: RefCell::default() }
    }

    /// Returns a code that this process has not used before; `None` when there is no seed, or when
    /// another method gave the code that AWS refused. Waits for the device's next code where it
    /// must, for at most `MAX_WAIT`.
    ///
    /// # Errors
    /// AWS's own error, when it refused `MAX_CODES` codes; or the wait was interrupted.
    pub fn token_code(&self, question: &Question) -> Result<Option<String>> {
        let mut devices = self.devices.borrow_mut();
        let at = match devices.iter().position(|device| device.serial == question.serial) {
            Some(at) => at,
            None if question.refused.is_some() => return Ok(None),
            None => {
                devices.push(self.look_up(question.serial)?);
                devices.len() - 1
            }
        };
        let device = &mut devices[at];
        let Some(seed) = &device.seed else {
            self.report.decided(&|| format!("no MFA seed of {} is kept", device.serial));
            return Ok(None);
        };
        match question.refused {
            None => device.given = 0,
            Some(_) if device.given == 0 => return Ok(None),
            Some(error) if device.given >= MAX_CODES => return Err(give_up(error, &device.serial)),
            Some(_) => {}
        }
        let now = seed.window(self.clock.now().timestamp());
        let window = device.used.map_or(now, |used| now.max(used + 1));
        if window > now {
            self.wait(seed, window, question)?;
        }
        if question.refused.is_none() {
            self.report.decided(&|| format!("using the code of the MFA seed of {}", device.serial));
        }
        device.used = Some(window);
        device.given += 1;
        Ok(Some(seed.code(window)))
    }

    fn look_up(&self, serial: &str) -> Result<Device> {
        let seed = match MfaSerial::parse(serial) {
            Some(serial) => (self.open)().find(&serial, self.clock.now())?,
            None => None,
        };
        Ok(Device { serial: serial.to_owned(), seed, used: None, given: 0 })
    }

    fn wait(&self, seed: &Seed, window: u64, question: &Question) -> Result<()> {
        let milliseconds = seed
            .begin(window)
            .saturating_mul(1000)
            .saturating_sub(self.clock.now().timestamp_millis());
        let left =
            Duration::from_millis(u64::try_from(milliseconds).unwrap_or_default()).min(MAX_WAIT);
        let why = if question.refused.is_some() {
            "AWS did not accept this MFA code, which may have been used"
        } else {
            "this MFA code was used"
        };
        self.report.note(&format!("{why}; waiting {} s for the next one", left.as_secs() + 1));
        self.runtime.sleep(left)
    }
}

fn give_up(error: &Error, serial: &str) -> Error {
    error.clone().hint(format!(
        "{MAX_CODES} codes of the seed in the store were refused: set this machine's clock, or add \
         the right seed: rolecall keys mfa add {serial} --force"
    ))
}

#[cfg(test)]
mod tests;
