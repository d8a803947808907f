//! Where files are.

use std::path::{Path, PathBuf};

use super::environment::Environment;
use crate::error::{Error, Result};

/// Where files are, by the XDG base directories and their likes on other systems.
#[derive(Debug, Clone, Default)]
pub struct Directories {
    home: Option<PathBuf>,
    config: Option<PathBuf>,
    cache: Option<PathBuf>,
    data: Option<PathBuf>,
    state: Option<PathBuf>,
    pub runtime: Option<PathBuf>,
}

impl Directories {
    /// Returns the home folder.
    ///
    /// # Errors
    /// When there is none.
    pub fn home(&self) -> Result<&Path> {
        self.home.as_deref().ok_or_else(|| {
            Error::configuration("there is no home folder: HOME is no absolute path")
                .hint("set it: export HOME=/path")
        })
    }

    /// Expands a leading `~/`.
    ///
    /// # Errors
    /// Where there is no home: the path must not lead into the current folder.
    pub fn expand(&self, path: &str) -> Result<PathBuf> {
        match path.strip_prefix("~/") {
            Some(rest) => Ok(self.home()?.join(rest)),
            None => Ok(PathBuf::from(path)),
        }
    }

    /// Returns a file of AWS's. Without a home there is no such file, which is not an error by itself.
    pub fn aws(&self, name: &str) -> Option<PathBuf> {
        Some(self.home.as_ref()?.join(".aws").join(name))
    }

    /// Returns the file of the settings, unless `ROLECALL_CONFIG` moves them.
    pub fn settings(&self) -> Option<PathBuf> {
        Some(self.config.as_ref()?.join("rolecall/settings.ini"))
    }

    /// Returns the file of the index of cached sessions.
    pub fn index(&self) -> Option<PathBuf> {
        Some(self.state.as_ref()?.join("rolecall/index.json"))
    }

    /// Returns the file of the log of what was handed out.
    pub fn log(&self) -> Option<PathBuf> {
        Some(self.state.as_ref()?.join("rolecall/log.jsonl"))
    }

    /// Returns the file that lists the devices whose seeds are stored.
    pub fn seeds(&self) -> Option<PathBuf> {
        Some(self.state.as_ref()?.join("rolecall/seeds.json"))
    }

    /// Returns the file of the usage history.
    pub fn used(&self) -> Option<PathBuf> {
        Some(self.state.as_ref()?.join("rolecall/used.json"))
    }

    /// Returns the folder of the locks: under the runtime directory, which is the user's alone and empty
    /// after a boot.
    pub fn locks(&self) -> Option<PathBuf> {
        Some(self.runtime.as_ref().filter(|d| d.is_dir()).or(self.cache.as_ref())?.join("rolecall"))
    }

    /// Returns the folder of the `file` store.
    pub fn file_store(&self) -> Option<PathBuf> {
        Some(self.data.as_ref()?.join("rolecall/store"))
    }
}

/// Finds the directories of an environment. An XDG variable counts on Linux, if it is absolute.
pub fn directories(environment: &Environment) -> Directories {
    let set = |name: &str| environment.get(name).map(PathBuf::from).filter(|p| p.is_absolute());
    // A relative home would be another one in each folder.
    let home = set("HOME").or_else(|| dirs::home_dir().filter(|home| home.is_absolute()));
    let under = |variable: &str, path: &str, native: fn() -> Option<PathBuf>| {
        if cfg!(target_os = "linux") {
            set(variable).or_else(|| Some(home.as_ref()?.join(path)))
        } else {
            native()
        }
    };
    Directories {
        config: under("XDG_CONFIG_HOME", ".config", dirs::config_dir),
        cache: under("XDG_CACHE_HOME", ".cache", dirs::cache_dir),
        data: under("XDG_DATA_HOME", ".local/share", dirs::data_local_dir),
        state: under("XDG_STATE_HOME", ".local/state", dirs::data_local_dir),
        runtime: set("XDG_RUNTIME_DIR"),
        home,
    }
}
