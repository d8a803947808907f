//! Where files are.

use std::path::{Path, PathBuf};

use super::environment::Environment;
use crate::error::{Error, Result};
use crate::hint;

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
                .hint(hint::set_home())
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

    /// Returns the folders where locks may be, the best first. It is the cache's, which a job of cron
    /// finds as well as a desktop; where that cannot be written or has no locks, the runtime
    /// directory's, which is at its usual place whether or not the environment names it.
    pub fn locks(&self) -> Vec<PathBuf> {
        let named = self.runtime.clone().filter(|folder| folder.is_dir());
        let runtime = named.or_else(usual_runtime_directory);
        self.cache.iter().chain(&runtime).map(|folder| folder.join("rolecall")).collect()
    }

    /// Returns the folder of the `file` store.
    pub fn file_store(&self) -> Option<PathBuf> {
        Some(self.data.as_ref()?.join("rolecall/store"))
    }
}

/// Returns the runtime directory that systemd and elogind make for a user who is logged in.
fn usual_runtime_directory() -> Option<PathBuf> {
    #[cfg(target_os = "linux")]
    {
        let folder = format!("/run/user/{}", rustix::process::geteuid().as_raw());
        Some(PathBuf::from(folder)).filter(|folder| folder.is_dir())
    }
    #[cfg(not(target_os = "linux"))]
    None
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
