//! The stores, made when they are first needed.

use super::call::AskPolicy;
use super::context::Context;
use super::passphrase::Passphrase;
use crate::sources::login_tokens::{LoginTokens, StoredTokens, TokenStore};
use crate::store::access_keys::StoredAccessKeys;
use crate::store::choice::Stores;
use crate::store::long_lived::{LongLived, LongLivedSecrets, Records};
use crate::store::secret_store::PassphraseSource;
use crate::store::seeds::StoredSeeds;
use crate::store::{FileStore, NoStore, SecretStore, StoreName, UnlockPolicy};
use crate::system::clock::SystemClock;
#[cfg(target_os = "macos")]
use crate::system::locks::FileLocks;
use crate::system::report::Report;
use crate::system::state_file::StateFile;

/// Opens stores for one command.
#[derive(Clone, Copy)]
pub struct StoreOpener<'a> {
    context: &'a Context,
    report: &'a dyn Report,
    /// Whether a store may ask a person to unlock it: where one may be asked and is there.
    pub unlock: UnlockPolicy,
}

impl<'a> StoreOpener<'a> {
    pub fn new(context: &'a Context, report: &'a dyn Report, ask: AskPolicy) -> Self {
        let unlock = match ask {
            AskPolicy::Allowed if context.is_attended() => UnlockPolicy::Ask,
            _ => UnlockPolicy::Never,
        };
        Self { context, report, unlock }
    }

    /// Returns the stores in the order in which they are tried.
    pub fn in_order(self, typed: Option<StoreName>) -> Stores<'a> {
        let order = match self.context.settings.store(typed) {
            Some(name) => vec![self.open(name)],
            None => [Some(self.keyring()), keyutils_as_fallback(), Some(Box::new(NoStore) as _)]
                .into_iter()
                .flatten()
                .collect(),
        };
        Stores::new(order, self.report, self.unlock)
    }

    /// Returns the seeds of MFA devices.
    pub fn seeds(self, typed: Option<StoreName>) -> StoredSeeds<'a> {
        self.long_lived(typed, self.context.directories.seeds().map(StateFile::new))
    }

    /// Returns the long-term keys.
    pub fn access_keys(self, typed: Option<StoreName>) -> StoredAccessKeys<'a> {
        self.long_lived(typed, self.context.directories.access_keys().map(StateFile::new))
    }

    /// Returns the tokens of logins in the stores.
    pub fn sso_tokens(self, typed: Option<StoreName>) -> StoredTokens<'a> {
        self.long_lived(typed, self.context.directories.sso_tokens().map(StateFile::new))
    }

    /// Returns the tokens of logins where the settings keep them.
    pub fn login_tokens(self, typed: Option<StoreName>) -> LoginTokens<'a> {
        let Context { directories, runtime, settings, .. } = self.context;
        let store = settings
            .stored_sso_tokens()
            .map(|setting| TokenStore { tokens: self.sso_tokens(typed), setting });
        LoginTokens { directories, runtime, clock: &SystemClock, store }
    }

    fn long_lived<S: LongLived>(
        self,
        typed: Option<StoreName>,
        records: Option<StateFile<Records<S::Facts>>>,
    ) -> LongLivedSecrets<'a, S> {
        LongLivedSecrets {
            open: Box::new(move |name| self.open(name)),
            chosen: self.context.settings.store(typed),
            records,
            unlock: self.unlock,
            report: self.report,
        }
    }

    /// Returns every store that may hold something, whichever is chosen.
    pub fn all(self) -> Vec<Box<dyn SecretStore + 'a>> {
        let mut all = vec![self.open(StoreName::Keyring)];
        if cfg!(target_os = "linux") {
            all.push(self.open(StoreName::Keyutils));
        }
        all.extend(self.file_store().map(|store| Box::new(store) as Box<dyn SecretStore>));
        all
    }

    /// Returns the `file` store; `None` where there is no folder for it.
    pub fn file_store(self) -> Option<FileStore<'a>> {
        let folder = self.context.directories.file_store()?;
        Some(FileStore::new(folder, self.passphrase(), &SystemClock))
    }

    pub fn open(self, name: StoreName) -> Box<dyn SecretStore + 'a> {
        match name {
            StoreName::Keyring => self.keyring(),
            #[cfg(target_os = "linux")]
            StoreName::Keyutils => Box::new(crate::store::Keyutils::new(&SystemClock)),
            #[cfg(target_os = "linux")]
            StoreName::None => Box::new(NoStore),
            #[cfg(not(target_os = "linux"))]
            StoreName::Keyutils | StoreName::None => Box::new(NoStore),
            StoreName::File => {
                let folder = self.context.directories.file_store().unwrap_or_default();
                Box::new(FileStore::new(folder, self.passphrase(), &SystemClock))
            }
        }
    }

    #[cfg(target_os = "linux")]
    fn keyring(self) -> Box<dyn SecretStore + 'a> {
        let address = self.context.environment.get("DBUS_SESSION_BUS_ADDRESS").map(str::to_owned);
        let runtime_dir = self.context.directories.runtime.clone();
        let runtime = self.context.runtime.clone();
        Box::new(crate::store::SecretService::keyring(runtime, address, runtime_dir))
    }

    #[cfg(target_os = "macos")]
    fn keyring(self) -> Box<dyn SecretStore + 'a> {
        let (folders, runtime) = (self.context.directories.locks(), self.context.runtime.clone());
        let locks = FileLocks::new(folders, None, runtime.clone(), self.report);
        Box::new(crate::store::native::keyring(runtime, Box::new(locks), &SystemClock))
    }

    #[cfg(windows)]
    fn keyring(self) -> Box<dyn SecretStore + 'a> {
        Box::new(crate::store::native::keyring(self.context.runtime.clone()))
    }

    fn passphrase(self) -> PassphraseSource<'a> {
        Box::new(Passphrase::new(self.context))
    }
}

#[cfg(target_os = "linux")]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere there is none")]
fn keyutils_as_fallback() -> Option<Box<dyn SecretStore>> {
    Some(Box::new(crate::store::Keyutils::fallback(&SystemClock)))
}

#[cfg(not(target_os = "linux"))]
fn keyutils_as_fallback() -> Option<Box<dyn SecretStore>> {
    None
}
