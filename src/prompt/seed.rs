//! The rung that asks nobody: codes from a TOTP seed in the store. The store is looked into when
//! the first code is due, once.

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

/// How many codes AWS is offered for one call: others may have used the first, and the second while
/// this process waited.
const TRIES: usize = 3;
/// No clock that is set while this process waits makes it wait longer.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

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
    /// The last window whose code was given out: each code works once.
    used: Option<u64>,
    /// How many codes were given for the call that is being made.
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

    /// Gives a code that this process has not given before; `None` when no seed is kept, or when
    /// another rung gave the code that AWS refused. Waits for the device's next code where it must,
    /// and gives up with AWS's own error.
    pub fn token_code(&self, question: &Question) -> Result<Option<String>> {
        let mut devices = self.devices.borrow_mut();
        let at = match devices.iter().position(|device| device.serial == question.serial) {
            Some(at) => at,
            None if question.refused.is_some() => return Ok(None),
            None => {
                let seed = match MfaSerial::parse(question.serial) {
                    Some(serial) => (self.open)().find(&serial, self.clock.now())?,
                    None => None,
                };
                devices.push(Device {
                    serial: question.serial.to_owned(),
                    seed,
                    used: None,
                    given: 0,
                });
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
            Some(error) if device.given >= TRIES => return Err(give_up(error, &device.serial)),
            Some(_) => {}
        }
        let now = seed.window(self.clock.now().timestamp());
        let window = match device.used {
            Some(used) if used >= now => {
                self.wait(seed, used + 1, question.refused.is_some())?;
                used + 1
            }
            _ => now,
        };
        if question.refused.is_none() {
            self.report.decided(&|| format!("using the code of the MFA seed of {}", device.serial));
        }
        device.used = Some(window);
        device.given += 1;
        Ok(Some(seed.code(window)))
    }

    fn wait(&self, seed: &Seed, window: u64, refused: bool) -> Result<()> {
        let milliseconds = seed
            .begin(window)
            .saturating_mul(1000)
            .saturating_sub(self.clock.now().timestamp_millis());
        let left = Duration::from_millis(u64::try_from(milliseconds).unwrap_or_default())
            .min(LONGEST_WAIT);
        let why = if refused {
            "AWS did not accept this MFA code, which may have been used"
        } else {
            "this MFA code was used"
        };
        self.report.note(&format!("{why}; waiting {} s for the next one", left.as_secs() + 1));
        // The timer needs the runtime's context, so it is made inside.
        self.runtime.run(async { tokio::time::sleep(left).await })
    }
}

fn give_up(error: &Error, serial: &str) -> Error {
    error.clone().hint(format!(
        "{TRIES} codes of the seed in the store were refused: set this machine's clock, or add the right seed: rolecall keys mfa add {serial} --force"
    ))
}

#[cfg(test)]
mod tests;
