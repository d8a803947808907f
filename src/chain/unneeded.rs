//! Settings that are wrong, where nothing needs them.

use std::cell::RefCell;

use crate::error::{Error, Result};

/// Whether the credentials can be had without a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    Needed,
    Unneeded,
}

impl Need {
    /// A setting is needed where this is true.
    pub fn when(condition: bool) -> Self {
        if condition { Self::Needed } else { Self::Unneeded }
    }
}

/// The errors of settings that nothing needs, for those who look at settings.
#[derive(Debug, Default)]
pub(super) struct Unneeded(RefCell<Vec<Error>>);

impl Unneeded {
    /// Takes a setting; one that is wrong and not needed counts as not set.
    ///
    /// # Errors
    /// Where it is wrong and needed.
    pub fn take<T>(&self, need: Need, setting: Result<Option<T>>) -> Result<Option<T>> {
        match (need, setting) {
            (Need::Unneeded, Err(error)) => {
                self.0.borrow_mut().push(error);
                Ok(None)
            }
            (_, setting) => setting,
        }
    }

    /// Notes that a setting is wrong which the credentials may not need. Who comes to need it has the
    /// error.
    pub fn note<T>(&self, setting: Result<T>) -> Result<T> {
        setting.inspect_err(|error| self.0.borrow_mut().push(error.clone()))
    }

    pub fn into_errors(self) -> Vec<Error> {
        self.0.into_inner()
    }

    pub fn errors(&self) -> Vec<Error> {
        self.0.borrow().clone()
    }
}
