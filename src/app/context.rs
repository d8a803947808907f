//! The composition root: the environment read once, and the real adapters, made when they are first
//! needed. Only here may the environment be read.

use std::cell::OnceCell;
use std::time::Duration;

use chrono::TimeDelta;
use secrecy::SecretString;

use crate::aws::duration;
use crate::cli::Global;
use crate::config::load::Paths;
use crate::error::{Error, Kind, Result};
use crate::prompt::tty::Tty;
use crate::prompt::{Rung, Surroundings};
use crate::settings::Settings;
use crate::store::choice::Stores;
use crate::store::seeds::StoredSeeds;
use crate::store::{FileStore, NoStore, SecretStore, StoreError, StoreName, UnlockPolicy};
use crate::system::clock::SystemClock;
use crate::system::directories::{Directories, directories};
use crate::system::environment::Environment;
use crate::system::environment::read_environment;
use crate::system::runtime::Runtime;
use crate::system::state_file::StateFile;
use crate::text::color::ColorChoice;
use crate::ui::Ui;

/// How long a process source or an `mfa_process` may run, unless the settings say otherwise.
const PROCESS_LIMIT: Duration = Duration::from_secs(60);
/// How long a person is waited for, unless the settings say otherwise.
const PATIENCE: Duration = Duration::from_secs(300);

pub struct Context {
    /// The verb, as it was typed.
    pub command: String,
    pub environment: Environment,
    pub directories: Directories,
    pub settings: Settings,
    pub ui: Ui,
    pub runtime: Runtime,
    pub no_input: bool,
    color: ColorChoice,
}

impl Context {
    /// Reads the environment and the settings.
    pub fn new(global: &Global, command: String) -> Result<Self> {
        let (environment, unreadable) = read_environment();
        if let Some(name) = unreadable {
            // Passed over, it would let other credentials be handed out than those it names.
            return Err(Error::configuration(format!("{name} holds bytes that are not UTF-8"))
                .hint(format!("take it away: unset {name}")));
        }
        let directories = directories(&environment);
        let settings_path = match environment.get("ROLECALL_CONFIG") {
            Some(path) => Some(directories.expand(path)),
            None => directories.settings(),
        };
        let mut settings = settings_path
            .map_or_else(|| Ok(Settings::default()), |path| crate::settings::load(&path))?;
        if let Some(name) = environment.get("ROLECALL_STORE") {
            let wrong = |what: &str| {
                Error::configuration(format!("ROLECALL_STORE {what}"))
                    .hint("leave it to the default: unset ROLECALL_STORE")
            };
            let name = StoreName::parse(name).ok_or_else(|| {
                wrong(&format!("must be keyring, keyutils, file or none, not `{name}`"))
            })?;
            let available = name.available().map_err(|what| wrong(&format!("={name}: {what}")))?;
            settings.store = Some(available);
        }
        if let Some(order) = environment.get("ROLECALL_PROMPT") {
            settings.prompt = Some(crate::settings::prompt_order("ROLECALL_PROMPT", order)?);
        }
        let quiet = global.quiet || settings.quiet;
        let color = if global.color == ColorChoice::Auto {
            settings.color.unwrap_or_default()
        } else {
            global.color
        };
        let colors = (
            environment.get("NO_COLOR").is_some(),
            environment.get("CLICOLOR_FORCE").is_some_and(|v| v != "0"),
        );
        let no_input = global.no_input
            || settings.no_input
            || environment.get("ROLECALL_NO_INPUT").is_some_and(|v| v != "0");
        let ui = Ui::new(global.verbose, quiet, color, colors);
        Ok(Self {
            command,
            environment,
            directories,
            settings,
            ui,
            runtime: Runtime::default(),
            no_input,
            color,
        })
    }

    /// Returns where the shared files are.
    pub fn paths(&self) -> Paths {
        paths(&self.environment, &self.directories)
    }

    /// Returns whether a prompt is coloured: it never goes to a terminal itself, so only a word
    /// against it counts.
    pub fn prompt_colors(&self) -> bool {
        self.color == ColorChoice::Always
            || self.color == ColorChoice::Auto && self.environment.get("NO_COLOR").is_none()
    }

    /// Returns the profiles whose `credential_process` led to this process.
    pub fn trail(&self) -> Vec<String> {
        let trail = self.environment.get(crate::sources::process::TRAIL);
        trail.map(|names| names.lines().map(str::to_owned).collect()).unwrap_or_default()
    }

    pub fn process_limit(&self) -> Duration {
        self.settings.process_timeout.unwrap_or(PROCESS_LIMIT)
    }

    /// Returns the ways to ask, in their order.
    pub fn rungs(&self) -> &[Rung] {
        self.settings.prompt.as_deref().unwrap_or(&Rung::ALL)
    }

    /// Returns how long a person is waited for.
    pub fn patience(&self) -> Duration {
        self.settings.prompt_timeout.unwrap_or(PATIENCE)
    }

    /// Returns what the ways to ask must know of the environment.
    pub fn surroundings(&self) -> Surroundings {
        let get = |names: &[&str]| {
            names.iter().find_map(|name| self.environment.get(name)).map(str::to_owned)
        };
        let pinentry =
            self.environment.get("PINENTRY_PROGRAM").or(self.settings.pinentry.as_deref());
        Surroundings {
            path: get(&["PATH", "Path"]),
            display: get(&["DISPLAY"]),
            wayland_display: get(&["WAYLAND_DISPLAY"]),
            remote: get(&["SSH_CONNECTION"]).is_some(),
            gpg_tty: get(&["GPG_TTY"]),
            term: get(&["TERM"]),
            lc_ctype: get(&["LC_ALL", "LC_CTYPE", "LANG"]),
            lc_messages: get(&["LC_ALL", "LC_MESSAGES", "LANG"]),
            pinentry: pinentry.map(|program| self.directories.expand(program)),
        }
    }

    /// Returns whether the environment moves the system's root certificates, which the platform's
    /// own loader then honours.
    pub fn native_roots(&self) -> bool {
        ["SSL_CERT_FILE", "SSL_CERT_DIR"].iter().any(|name| self.environment.get(name).is_some())
    }

    /// Returns how long, in seconds, the session with MFA of an identity is to live; `None` where
    /// there is to be none.
    pub fn mfa_session(&self) -> Option<u32> {
        Some(self.settings.mfa_session_duration.unwrap_or(duration::DEFAULT_TOKEN))
            .filter(|seconds| *seconds > 0)
    }

    /// Returns whether no session is kept.
    pub fn keeps_nothing(&self, store: Option<StoreName>) -> bool {
        store.or(self.settings.store) == Some(StoreName::None)
    }

    /// Returns the stores in the order in which they are tried.
    pub fn stores(&self, typed: Option<StoreName>, unlock: UnlockPolicy) -> Stores<'_> {
        let order = match typed.or(self.settings.store) {
            Some(name) => vec![self.store(name)],
            None if cfg!(target_os = "linux") => {
                vec![
                    self.store(StoreName::Keyring),
                    self.store(StoreName::Keyutils),
                    self.store(StoreName::None),
                ]
            }
            None => vec![self.store(StoreName::Keyring), self.store(StoreName::None)],
        };
        Stores::new(order, &self.ui, self.attended(unlock))
    }

    /// Returns the seeds of MFA devices.
    pub fn seeds(&self, typed: Option<StoreName>, unlock: UnlockPolicy) -> StoredSeeds<'_> {
        StoredSeeds {
            open: Box::new(|name| self.store(name)),
            chosen: typed.or(self.settings.store),
            records: self.directories.seeds().map(StateFile::new),
            unlock: self.attended(unlock),
            report: &self.ui,
        }
    }

    /// Lets no store ask where nobody is there to answer.
    pub fn attended(&self, unlock: UnlockPolicy) -> UnlockPolicy {
        if self.is_attended() { unlock } else { UnlockPolicy::Never }
    }

    /// Returns whether a person is there to unlock a store.
    pub fn is_attended(&self) -> bool {
        !self.no_input && std::io::IsTerminal::is_terminal(&std::io::stderr())
    }

    /// Returns every store that may hold something, whichever is chosen.
    pub fn all_stores(&self) -> Vec<Box<dyn SecretStore + '_>> {
        let mut all = vec![self.keyring()];
        if cfg!(target_os = "linux") {
            all.push(keyutils());
        }
        all.extend(self.file_store().map(|store| Box::new(store) as Box<dyn SecretStore>));
        all
    }

    /// Returns the `file` store; `None` where there is no folder for it.
    pub fn file_store(&self) -> Option<FileStore<'_>> {
        Some(FileStore::new(self.directories.file_store()?, self.passphrase(), &SystemClock))
    }

    pub fn store(&self, name: StoreName) -> Box<dyn SecretStore + '_> {
        match name {
            StoreName::Keyring => self.keyring(),
            StoreName::Keyutils => keyutils(),
            StoreName::None => Box::new(NoStore),
            StoreName::File => {
                let folder = self.directories.file_store().unwrap_or_default();
                Box::new(FileStore::new(folder, self.passphrase(), &SystemClock))
            }
        }
    }

    #[cfg(target_os = "linux")]
    fn keyring(&self) -> Box<dyn SecretStore + '_> {
        let address = self.environment.get("DBUS_SESSION_BUS_ADDRESS").map(str::to_owned);
        Box::new(crate::store::SecretService::keyring(address, self.directories.runtime.clone()))
    }

    #[cfg(not(target_os = "linux"))]
    fn keyring(&self) -> Box<dyn SecretStore + '_> {
        Box::new(crate::store::native::keyring())
    }

    /// Asks for the passphrase of the `file` store: in the environment, else on the terminal.
    fn passphrase(&self) -> Box<dyn Fn() -> Result<SecretString, StoreError> + '_> {
        let asked: OnceCell<Result<SecretString, StoreError>> = OnceCell::new();
        Box::new(move || asked.get_or_init(|| self.ask_passphrase()).clone())
    }

    fn ask_passphrase(&self) -> Result<SecretString, StoreError> {
        if let Some(passphrase) = self.environment.get("ROLECALL_FILE_PASSPHRASE") {
            return Ok(SecretString::from(passphrase));
        }
        let question = "Passphrase of the rolecall file store: ";
        let answer = match if self.no_input { None } else { Tty::open() } {
            Some(mut tty) => tty.ask_hidden(&self.runtime, question, self.patience()),
            None => Ok(None),
        };
        match answer {
            Ok(Some(answer)) => Ok(SecretString::from(answer.trim_end_matches(['\r', '\n']))),
            Err(error) if error.kind == Kind::Interrupted => Err(StoreError::Interrupted),
            Ok(None) | Err(_) => Err(StoreError::Passphrase(
                "set ROLECALL_FILE_PASSPHRASE, or run on a terminal".to_owned(),
            )),
        }
    }
}

#[cfg(target_os = "linux")]
fn keyutils() -> Box<dyn SecretStore> {
    Box::new(crate::store::Keyutils::new(&SystemClock))
}

#[cfg(not(target_os = "linux"))]
fn keyutils() -> Box<dyn SecretStore> {
    Box::new(NoStore)
}

/// Returns the shortest life that a cached session must have left.
pub fn min_ttl(typed: Option<u32>, settings: &Settings, default: TimeDelta) -> TimeDelta {
    typed.or(settings.min_ttl).map_or(default, |seconds| TimeDelta::seconds(i64::from(seconds)))
}

/// Returns where the shared files are, whatever the settings say.
pub fn shared_files() -> Paths {
    let (environment, _) = read_environment();
    paths(&environment, &directories(&environment))
}

fn paths(environment: &Environment, directories: &Directories) -> Paths {
    let path = |variable: &str, name: &str| match environment.get(variable) {
        Some(path) => directories.expand(path),
        None => directories.aws(name),
    };
    Paths {
        config: path("AWS_CONFIG_FILE", "config"),
        credentials: path("AWS_SHARED_CREDENTIALS_FILE", "credentials"),
    }
}
