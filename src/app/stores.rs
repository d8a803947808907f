//! The stores, made when they are first needed.

use std::cell::OnceCell;

use secrecy::SecretString;

use super::call::AskPolicy;
use super::context::Context;
use crate::prompt::tty::Tty;
use crate::store::choice::Stores;
use crate::store::seeds::StoredSeeds;
use crate::store::{FileStore, NoStore, SecretStore, StoreError, StoreName};
use crate::system::clock::{Clock, SystemClock};
use crate::system::report::Report;

/// Opens stores for one command.
#[derive(Clone, Copy)]
pub struct StoreOpener<'a> {
    context: &'a Context,
    report: &'a dyn Report,
    /// Whether a person may be asked to unlock one.
    ask: AskPolicy,
}

impl<'a> StoreOpener<'a> {
    pub fn new(context: &'a Context, report: &'a dyn Report, ask: AskPolicy) -> Self {
        let ask = if context.is_attended() { ask } else { AskPolicy::Never };
        Self { context, report, ask }
    }

    /// Returns the stores in the order in which they are tried.
    pub fn in_order(self, typed: Option<StoreName>) -> Stores<'a> {
        let order = match self.context.settings.store(typed) {
            Some(name) => vec![self.open(name)],
            None if cfg!(target_os = "linux") => {
                vec![
                    self.open(StoreName::Keyring),
                    self.open(StoreName::Keyutils),
                    self.open(StoreName::None),
                ]
            }
            None => vec![self.open(StoreName::Keyring), self.open(StoreName::None)],
        };
        Stores::new(order, self.report, self.ask == AskPolicy::Allowed)
    }

    /// Returns the seeds of MFA devices.
    pub fn seeds(self, typed: Option<StoreName>) -> StoredSeeds<'a> {
        StoredSeeds {
            open: Box::new(move |name| self.open(name)),
            chosen: self.context.settings.store(typed),
            records: self.context.directories.seeds(),
            person: self.ask == AskPolicy::Allowed,
            report: self.report,
        }
    }

    /// Returns every store that may hold something, whichever is chosen.
    pub fn all(self) -> Vec<Box<dyn SecretStore + 'a>> {
        let mut all = vec![self.keyring()];
        if cfg!(target_os = "linux") {
            all.push(keyutils());
        }
        all.extend(self.file_store().map(|store| Box::new(store) as Box<dyn SecretStore>));
        all
    }

    /// Returns the `file` store; `None` where there is no folder for it.
    pub fn file_store(self) -> Option<FileStore<'a>> {
        let folder = self.context.directories.file_store()?;
        Some(FileStore::new(folder, self.passphrase(), now()))
    }

    pub fn open(self, name: StoreName) -> Box<dyn SecretStore + 'a> {
        match name {
            StoreName::Keyring => self.keyring(),
            StoreName::Keyutils => keyutils(),
            StoreName::None => Box::new(NoStore),
            StoreName::File => {
                let folder = self.context.directories.file_store().unwrap_or_default();
                Box::new(FileStore::new(folder, self.passphrase(), now()))
            }
        }
    }

    #[cfg(target_os = "linux")]
    fn keyring(self) -> Box<dyn SecretStore + 'a> {
        let address = self.context.environment.get("DBUS_SESSION_BUS_ADDRESS").map(str::to_owned);
        let runtime = self.context.directories.runtime.clone();
        Box::new(crate::store::SecretService::new(address, runtime))
    }

    #[cfg(not(target_os = "linux"))]
    fn keyring(self) -> Box<dyn SecretStore + 'a> {
        Box::new(crate::store::Native::new())
    }

    /// Asks for the passphrase of the `file` store: in the environment, else on the terminal.
    fn passphrase(self) -> Box<dyn Fn() -> Result<SecretString, StoreError> + 'a> {
        let asked: OnceCell<Option<SecretString>> = OnceCell::new();
        Box::new(move || {
            let passphrase = asked.get_or_init(|| self.ask_for_passphrase());
            passphrase.clone().ok_or_else(|| {
                let way = "set ROLECALL_FILE_PASSPHRASE, or run on a terminal";
                StoreError::Passphrase(way.to_owned())
            })
        })
    }

    fn ask_for_passphrase(self) -> Option<SecretString> {
        let Context { environment, settings, runtime, .. } = self.context;
        if let Some(passphrase) = environment.get("ROLECALL_FILE_PASSPHRASE") {
            return Some(SecretString::from(passphrase));
        }
        let mut tty = if settings.no_input() { None } else { Tty::open() }?;
        let question = "Passphrase of the rolecall file store: ";
        let answer = tty.ask_hidden(runtime, question, settings.prompt_timeout()).ok()??;
        Some(SecretString::from(answer.trim_end_matches(['\r', '\n'])))
    }
}

#[cfg(target_os = "linux")]
fn keyutils() -> Box<dyn SecretStore> {
    Box::new(crate::store::Keyutils::new(now()))
}

#[cfg(not(target_os = "linux"))]
fn keyutils() -> Box<dyn SecretStore> {
    Box::new(NoStore)
}

fn now() -> Box<dyn Fn() -> i64> {
    Box::new(|| SystemClock.now().timestamp())
}
