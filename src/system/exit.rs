//! The exit code of the program.

use std::process::{ExitCode, Termination};

/// The exit code of the program, whole: Windows has 32 bits for it, and `ExitCode` takes 8 of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exit(u32);

impl Exit {
    pub const SUCCESS: Self = Self(0);

    /// Returns the code of a program that has ended.
    #[cfg(windows)]
    pub fn of(status: std::process::ExitStatus) -> Self {
        Self(status.code().unwrap_or(1).cast_unsigned())
    }
}

impl From<u8> for Exit {
    fn from(code: u8) -> Self {
        Self(code.into())
    }
}

impl From<()> for Exit {
    fn from((): ()) -> Self {
        Self::SUCCESS
    }
}

/// What `main` returns ends the program, after all else is dropped.
impl Termination for Exit {
    #[expect(clippy::disallowed_methods, reason = "`ExitCode` cannot hold it")]
    fn report(self) -> ExitCode {
        match u8::try_from(self.0) {
            Ok(code) => ExitCode::from(code),
            Err(_) => std::process::exit(self.0.cast_signed()),
        }
    }
}
