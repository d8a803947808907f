//! What one run of the program was given: read once, and never changed.

use std::io::IsTerminal;

use super::options::Global;
use crate::config::load::{Paths, load};
use crate::config::profiles::Profiles;
use crate::error::{Error, Result};
use crate::settings::{EffectiveSettings, Typed};
use crate::system::directories::{Directories, directories};
use crate::system::environment::{Environment, read_environment};
use crate::system::runtime::Runtime;
use crate::text::color::ColorChoice;
use crate::ui::Ui;

pub struct Context {
    /// The verb, as it was typed.
    pub verb: String,
    pub environment: Environment,
    pub directories: Directories,
    pub settings: EffectiveSettings,
    pub ui: Ui,
    pub runtime: Runtime,
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
                .hint(format!("take it away: unset {name}")));
        }
        let directories = directories(&environment);
        let path = match environment.get("ROLECALL_CONFIG") {
            Some(path) => Some(directories.expand(path)),
            None => directories.settings(),
        };
        let typed = Typed { quiet: global.quiet, no_input: global.no_input, color: global.color };
        let settings = EffectiveSettings::load(path.as_deref(), &environment, typed)?;
        let colors = (
            environment.get("NO_COLOR").is_some(),
            environment.get("CLICOLOR_FORCE").is_some_and(|value| value != "0"),
        );
        let ui = Ui::new(global.verbose, settings.quiet(), settings.color(), colors);
        Ok(Self { verb, environment, directories, settings, ui, runtime: Runtime::default() })
    }

    /// Reads the shared files.
    ///
    /// # Errors
    /// Where a file cannot be read; what is wrong in it is for who asks for it.
    pub fn profiles(&self) -> Result<Profiles> {
        load(&Paths::find(&self.environment, &self.directories))
    }

    /// Returns whether a prompt of a shell is coloured: it never goes to a terminal itself, so only
    /// a word against it counts.
    pub fn colors_in_prompts(&self) -> bool {
        match self.settings.color() {
            ColorChoice::Always => true,
            ColorChoice::Auto => self.environment.get("NO_COLOR").is_none(),
            ColorChoice::Never => false,
        }
    }

    /// Returns whether a person is there to unlock a store.
    pub fn is_attended(&self) -> bool {
        !self.settings.no_input() && std::io::stderr().is_terminal()
    }
}

/// Returns where the shared files are, whatever the settings say.
pub fn shared_files() -> Paths {
    let (environment, _) = read_environment();
    Paths::find(&environment, &directories(&environment))
}
