//! The passphrase of the store `file`: from the environment, else asked for on the terminal.

use std::cell::OnceCell;

use secrecy::{ExposeSecret, SecretString};

use super::context::Context;
use crate::error::{Error, Kind, Result};
use crate::prompt::tty::Tty;
use crate::store::StoreError;
use crate::store::secret_store::{AskPassphrase, StoreAge};
use crate::system::files::LockFile;

const VARIABLE: &str = "ROLECALL_FILE_PASSPHRASE";
const QUESTION: &str = "Passphrase of the rolecall file store: ";
const NEW_QUESTION: &str = "New passphrase of the rolecall file store: ";
const AGAIN_QUESTION: &str = "The same once more: ";

/// Asks once for all stores that it opens.
pub struct Passphrase<'a> {
    context: &'a Context,
    answer: OnceCell<Result<SecretString, StoreError>>,
}

impl<'a> Passphrase<'a> {
    pub fn new(context: &'a Context) -> Self {
        Self { context, answer: OnceCell::new() }
    }

    fn in_environment(&self) -> Option<&str> {
        self.context.environment.get_untrimmed(VARIABLE)
    }

    fn ask(&self, store: StoreAge) -> Result<SecretString, StoreError> {
        if let Some(passphrase) = self.in_environment() {
            return Ok(SecretString::from(passphrase));
        }
        let way = format!("set {VARIABLE}, or run on a terminal");
        let missing = || StoreError::Passphrase(way.clone());
        let mut tty = self.context.terminal().ok_or_else(missing)?;
        let answer = match store {
            StoreAge::Existing => self.ask_for(&mut tty, QUESTION),
            StoreAge::New => self.ask_twice(&mut tty),
        };
        match answer {
            Ok(Some(passphrase)) => Ok(passphrase),
            Err(error) => Err(failed(&error).unwrap_or_else(missing)),
            Ok(None) => Err(missing()),
        }
    }

    fn ask_for(&self, tty: &mut Tty, question: &str) -> Result<Option<SecretString>> {
        let Context { settings, runtime, .. } = self.context;
        let answer = tty.ask_hidden(runtime, question, settings.prompt_timeout())?;
        Ok(answer.map(|answer| SecretString::from(answer.trim_end_matches(['\r', '\n']))))
    }

    /// Asks until the same passphrase was typed twice: nobody sees what is typed, and a mistake
    /// would close the store for good.
    fn ask_twice(&self, tty: &mut Tty) -> Result<Option<SecretString>> {
        loop {
            let Some(first) = self.ask_for(tty, NEW_QUESTION)? else { return Ok(None) };
            if first.expose_secret().is_empty() {
                return Ok(Some(first));
            }
            let Some(second) = self.ask_for(tty, AGAIN_QUESTION)? else { return Ok(None) };
            if first.expose_secret() == second.expose_secret() {
                return Ok(Some(first));
            }
            tty.say("They differ.\n");
        }
    }
}

/// Returns the failure of a question that ends the command.
fn failed(error: &Error) -> Option<StoreError> {
    (error.kind() == Kind::Interrupted).then_some(StoreError::Interrupted)
}

impl AskPassphrase for Passphrase<'_> {
    fn turn(&self) -> Result<Option<LockFile>, StoreError> {
        let asks = self.answer.get().is_none()
            && self.in_environment().is_none()
            && self.context.terminal().is_some();
        if !asks {
            return Ok(None);
        }
        self.context.turn_to_ask("the passphrase of the file store").map_err(|error| {
            failed(&error).unwrap_or_else(|| StoreError::Passphrase(error.to_string()))
        })
    }

    fn passphrase(&self, store: StoreAge) -> Result<SecretString, StoreError> {
        self.answer.get_or_init(|| self.ask(store)).clone()
    }

    fn variable(&self) -> Option<&'static str> {
        self.in_environment().map(|_| VARIABLE)
    }
}
