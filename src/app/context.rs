//! What one run of the program was given: read once, and never changed.

use std::io::IsTerminal;
use std::path::PathBuf;

use zeroize::Zeroizing;

use super::options::Global;
use crate::clients::factory::Factory;
use crate::clients::http::SystemRoots;
use crate::config::load::{Paths, load};
use crate::config::profiles::Profiles;
use crate::error::{Error, Kind, Result};
use crate::hint;
use crate::prompt::tty::Tty;
use crate::settings::{EffectiveSettings, Typed};
use crate::store::index::{self, Entries};
use crate::system::directories::{Directories, directories};
use crate::system::environment::{Environment, read_environment};
use crate::system::exit::Exit;
use crate::system::files::LockFile;
use crate::system::locks::FileLocks;
use crate::system::runtime::Runtime;
use crate::system::signals::end_by;
use crate::text::color::ColorChoice;
use crate::ui::{Ui, UiOptions};

pub struct Context {
    /// The verb, as it was typed.
    pub verb: String,
    pub environment: Environment,
    pub directories: Directories,
    /// Where the settings are read, whether or not the file is there.
    pub settings_file: Option<PathBuf>,
    pub settings: EffectiveSettings,
    pub ui: Ui,
    pub runtime: Runtime,
    pub clients: Factory,
}

impl Context {
    /// Reads the environment and the settings.
    ///
    /// # Errors
    /// Where a setting is wrong, or a variable of AWS or rolecall is no text.
    pub fn new(global: &Global, verb: String) -> Result<Self> {
        let (environment, unreadable) = read_environment();
        if let Some(name) = unreadable {
            // Passed over, it would let other credentials be handed out than those it names.
            return Err(Error::configuration(format!("{name} holds bytes that are not UTF-8"))
                .hint(format!("take it away: {}", hint::unset(&[&name]))));
        }
        let directories = directories(&environment);
        let settings_file = match environment.get("ROLECALL_CONFIG") {
            Some(path) => Some(directories.expand(path)?),
            None => directories.settings(),
        };
        let typed = Typed { quiet: global.quiet, no_input: global.no_input, color: global.color };
        let settings = EffectiveSettings::load(settings_file.as_deref(), &environment, typed)?;
        let ui = Ui::new(UiOptions {
            verbose: global.verbose,
            quiet: settings.quiet(),
            colors: colors(settings.color(), &environment),
        });
        let clients = Factory::new(system_roots(&environment));
        let runtime = Runtime::default();
        Ok(Self { verb, environment, directories, settings_file, settings, ui, runtime, clients })
    }

    /// Reads the shared files.
    ///
    /// # Errors
    /// Where a file cannot be read; what is wrong in it is for who asks for it.
    pub fn profiles(&self) -> Result<Profiles> {
        load(&Paths::find(&self.environment, &self.directories)?)
    }

    /// Returns what the index knows of the sessions in the stores.
    pub fn known_sessions(&self) -> Entries {
        self.directories.index().map(|path| index::read(&path)).unwrap_or_default()
    }

    /// Asks a person on the terminal; `None` where nobody can be asked, or nobody answers within the
    /// `prompt_timeout` of the settings.
    ///
    /// # Errors
    /// The terminal failed, or the call was interrupted.
    pub fn ask(&self, question: &str) -> Result<Option<Zeroizing<String>>> {
        let Some(mut tty) = self.terminal() else { return Ok(None) };
        let _turn = self.turn_to_ask("a question")?;
        tty.ask_line(&self.runtime, question, self.settings.prompt_timeout())
    }

    /// Asks a person on the terminal without showing the answer; `None` where nobody can be asked,
    /// or nobody answers within the `prompt_timeout` of the settings.
    ///
    /// # Errors
    /// The terminal failed, or the call was interrupted.
    pub fn ask_hidden(&self, question: &str) -> Result<Option<Zeroizing<String>>> {
        let Some(mut tty) = self.terminal() else { return Ok(None) };
        let _turn = self.turn_to_ask("a secret")?;
        tty.ask_hidden(&self.runtime, question, self.settings.prompt_timeout())
    }

    /// Returns the terminal to ask a person on; `None` where nobody may be asked or there is none.
    pub fn terminal(&self) -> Option<Tty> {
        if self.settings.no_input() { None } else { Tty::open() }
    }

    /// Waits until no other process asks on this terminal.
    ///
    /// # Errors
    /// Those of `FileLocks::turn_to_ask`.
    pub fn turn_to_ask(&self, purpose: &str) -> Result<Option<LockFile>> {
        let locks = FileLocks::new(self.directories.locks(), None, self.runtime.clone(), &self.ui);
        locks.turn_to_ask(purpose, self.settings.prompt_timeout())
    }

    /// Shows the error that a verb ended with, and returns its exit code. A signal that ended it
    /// does now what it does by default, so that the exit status says so.
    pub fn conclude<T: Into<Exit>>(&self, result: Result<T>) -> Exit {
        if let (Err(_), Some(signal)) = (&result, self.runtime.ended_by()) {
            end_by(signal);
        }
        self.ui.conclude(result.map_err(|error| self.with_help(error)))
    }

    /// Points to the help of the verb where nothing else mends a command line.
    fn with_help(&self, error: Error) -> Error {
        if error.kind() != Kind::Usage || !error.hints().is_empty() {
            return error;
        }
        error.hint(format!("see what the options take: rolecall {} --help", self.verb))
    }

    /// Returns whether a person is there to unlock a store.
    pub fn is_attended(&self) -> bool {
        !self.settings.no_input() && std::io::stderr().is_terminal()
    }
}

/// Returns whether colours are used everywhere or nowhere; `None` when it depends on the stream.
fn colors(choice: ColorChoice, environment: &Environment) -> Option<bool> {
    match choice {
        ColorChoice::Always => Some(true),
        ColorChoice::Never => Some(false),
        ColorChoice::Auto if environment.get("NO_COLOR").is_some() => Some(false),
        ColorChoice::Auto => {
            environment.get("CLICOLOR_FORCE").filter(|value| *value != "0").map(|_| true)
        }
    }
}

/// Returns where the system's root certificates are read: the environment may move them.
fn system_roots(environment: &Environment) -> SystemRoots {
    let moved = ["SSL_CERT_FILE", "SSL_CERT_DIR"];
    if moved.iter().any(|name| environment.get(name).is_some()) {
        SystemRoots::PlatformLoader
    } else {
        SystemRoots::Bundle
    }
}

/// Returns where the shared files are, whatever the settings say.
///
/// # Errors
/// Where a variable names a file of a home that there is not.
pub fn shared_files() -> Result<Paths> {
    let (environment, _) = read_environment();
    Paths::find(&environment, &directories(&environment))
}
