//! Where files are.

use std::path::{Path, PathBuf};

use super::environment::Environment;
use crate::error::{Error, Result};
use crate::hint;
use crate::platform::Platform;

/// The folder of rolecall's files in each of the system's folders.
const OURS: &str = "rolecall";
/// The file of the settings in it.
const SETTINGS: &str = "settings.ini";

/// Where files are: by the XDG base directories on every Unix, and on Windows in the folders for
/// the data of applications.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Directories {
    platform: Platform,
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

    /// Expands a leading `~/`, on Windows also `~\`.
    ///
    /// # Errors
    /// Where there is no home: the path must not lead into the current folder.
    pub fn expand(&self, path: &str) -> Result<PathBuf> {
        let is_separator = |c| c == '/' || (c == '\\' && self.platform == Platform::Windows);
        match path.strip_prefix('~').and_then(|rest| rest.strip_prefix(is_separator)) {
            Some(rest) => Ok(self.home()?.join(native(self.platform, rest))),
            None => Ok(PathBuf::from(path)),
        }
    }

    /// Returns a file of AWS's. Without a home there is no such file, which is not an error by itself.
    pub fn aws(&self, name: &str) -> Option<PathBuf> {
        Some(self.home.as_ref()?.join(".aws").join(name))
    }

    /// Returns the file of the settings, unless `ROLECALL_CONFIG` moves them.
    pub fn settings(&self) -> Option<PathBuf> {
        ours(self.config.as_ref(), SETTINGS)
    }

    /// Returns where a person may have put the settings although they are not read there: the place
    /// that other programs of the system use, or that other systems have.
    pub fn other_settings(&self) -> Option<PathBuf> {
        let folder = match self.platform {
            Platform::Linux => return None,
            Platform::MacOs => self.home.as_ref()?.join("Library").join("Application Support"),
            Platform::Windows => self.home.as_ref()?.join(".config"),
        };
        ours(Some(&folder), SETTINGS)
    }

    /// Returns the file of the index of cached sessions.
    pub fn index(&self) -> Option<PathBuf> {
        ours(self.state.as_ref(), "index.json")
    }

    /// Returns the file of the log of what was handed out.
    pub fn log(&self) -> Option<PathBuf> {
        ours(self.state.as_ref(), "log.jsonl")
    }

    /// Returns the file that lists the devices whose seeds are stored.
    pub fn seeds(&self) -> Option<PathBuf> {
        ours(self.state.as_ref(), "seeds.json")
    }

    /// Returns the file that lists the long-term keys that are stored.
    pub fn access_keys(&self) -> Option<PathBuf> {
        Some(self.state.as_ref()?.join("rolecall/keys.json"))
    }

    /// Returns the file that tells which tokens of logins are in the store.
    pub fn sso_tokens(&self) -> Option<PathBuf> {
        ours(self.state.as_ref(), "sso.json")
    }

    /// Returns the file that tells where rotations of long-term keys stand.
    pub fn rotations(&self) -> Option<PathBuf> {
        ours(self.state.as_ref(), "rotations.json")
    }

    /// Returns the file of the usage history.
    pub fn used(&self) -> Option<PathBuf> {
        ours(self.state.as_ref(), "used.json")
    }

    /// Returns the folders where locks may be, the best first. It is the cache's, which a job of cron
    /// finds as well as a desktop; where that cannot be written or has no locks, the runtime
    /// directory's, which is at its usual place whether or not the environment names it.
    pub fn locks(&self) -> Vec<PathBuf> {
        let named = self.runtime.clone().filter(|folder| folder.is_dir());
        let runtime = named.or_else(usual_runtime_directory);
        self.cache.iter().chain(&runtime).map(|folder| folder.join(OURS)).collect()
    }

    /// Returns the folder of the `file` store.
    pub fn file_store(&self) -> Option<PathBuf> {
        ours(self.data.as_ref(), "store")
    }
}

/// Returns a path in rolecall's part of a folder.
fn ours(folder: Option<&PathBuf>, name: &str) -> Option<PathBuf> {
    Some(folder?.join(OURS).join(name))
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

/// Finds the directories of an environment.
pub fn directories(environment: &Environment) -> Directories {
    let known = |folder| {
        let path = match folder {
            // On Unix this is HOME again, else what the user database says.
            Folder::Home => dirs::home_dir(),
            Folder::RoamingData => dirs::config_dir(),
            Folder::LocalData => dirs::data_local_dir(),
        };
        path.filter(|path| path.is_absolute())
    };
    find(Platform::HERE, environment, known)
}

/// A folder that the system knows without the environment.
#[derive(Clone, Copy)]
enum Folder {
    Home,
    /// Of Windows: the data of applications that may follow the user to other machines.
    RoamingData,
    /// Of Windows: the data of applications that stays on this machine.
    LocalData,
}

/// Finds the directories of an environment on a system, of which `known` are known without it. A
/// variable counts if it is an absolute path: a relative one would be another folder in each.
fn find(
    platform: Platform,
    environment: &Environment,
    known: impl Fn(Folder) -> Option<PathBuf>,
) -> Directories {
    let set = |name: &str| environment.get(name).and_then(|path| absolute(platform, path));
    let home = home(platform, environment).or_else(|| known(Folder::Home));
    if platform == Platform::Windows {
        let local = set("LOCALAPPDATA").or_else(|| known(Folder::LocalData));
        return Directories {
            platform,
            config: set("APPDATA").or_else(|| known(Folder::RoamingData)),
            cache: local.clone(),
            data: local.clone(),
            state: local,
            runtime: None,
            home,
        };
    }
    let under =
        |variable: &str, path: &str| set(variable).or_else(|| Some(home.as_ref()?.join(path)));
    Directories {
        platform,
        config: under("XDG_CONFIG_HOME", ".config"),
        cache: under("XDG_CACHE_HOME", ".cache"),
        data: under("XDG_DATA_HOME", ".local/share"),
        state: under("XDG_STATE_HOME", ".local/state"),
        runtime: set("XDG_RUNTIME_DIR"),
        home,
    }
}

/// Returns the home folder that an environment names: by HOME, on Windows else by USERPROFILE, else
/// by HOMEDRIVE with HOMEPATH, as the SDKs do.
fn home(platform: Platform, environment: &Environment) -> Option<PathBuf> {
    let set = |name: &str| environment.get(name).map(str::to_owned);
    let names = match platform {
        Platform::Linux | Platform::MacOs => vec![set("HOME")],
        Platform::Windows => {
            let drive = set("HOMEDRIVE").zip(set("HOMEPATH"));
            vec![set("HOME"), set("USERPROFILE"), drive.map(|(drive, path)| drive + &path)]
        }
    };
    names.iter().flatten().find_map(|path| absolute(platform, path))
}

/// Returns a path if it is absolute on a system.
fn absolute(platform: Platform, path: &str) -> Option<PathBuf> {
    let is_absolute = match (platform, path.as_bytes()) {
        (Platform::Linux | Platform::MacOs, path) => path.starts_with(b"/"),
        (Platform::Windows, [drive, b':', b'/' | b'\\', ..]) => drive.is_ascii_alphabetic(),
        (Platform::Windows, path) => path.starts_with(br"\\") || path.starts_with(b"//"),
    };
    is_absolute.then(|| native(platform, path))
}

/// Returns a path with the separators that a system shows.
fn native(platform: Platform, path: &str) -> PathBuf {
    match platform {
        Platform::Linux | Platform::MacOs => PathBuf::from(path),
        Platform::Windows => PathBuf::from(path.replace('/', r"\")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the system knows without the environment.
    fn known(folder: Folder) -> &'static str {
        match folder {
            Folder::Home => "known home",
            Folder::RoamingData => "known roaming",
            Folder::LocalData => "known local",
        }
    }

    fn found(platform: Platform, variables: &[(&str, &str)]) -> Directories {
        let variables = variables.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
        let environment = Environment::of(platform, variables);
        find(platform, &environment, |folder| Some(PathBuf::from(known(folder))))
    }

    #[test]
    fn xdg_variables_or_their_defaults_count_on_every_unix() {
        for platform in [Platform::Linux, Platform::MacOs] {
            let plain = found(platform, &[("HOME", "/home/bob"), ("APPDATA", "/a")]);
            let path = |path: &str| Some(PathBuf::from(path));
            assert_eq!(plain.settings(), path("/home/bob/.config/rolecall/settings.ini"));
            assert_eq!(plain.index(), path("/home/bob/.local/state/rolecall/index.json"));
            assert_eq!(plain.file_store(), path("/home/bob/.local/share/rolecall/store"));
            assert_eq!(plain.aws("config"), path("/home/bob/.aws/config"));
            assert_eq!(plain.locks()[0], Path::new("/home/bob/.cache/rolecall"));
            let moved = found(
                platform,
                &[
                    ("HOME", "/home/bob"),
                    ("XDG_CONFIG_HOME", "/xdg/config"),
                    ("XDG_CACHE_HOME", "/xdg/cache"),
                    ("XDG_DATA_HOME", "relative"),
                    ("XDG_STATE_HOME", "/xdg/state"),
                    ("XDG_RUNTIME_DIR", "/xdg/runtime"),
                ],
            );
            assert_eq!(moved.settings(), path("/xdg/config/rolecall/settings.ini"));
            assert_eq!(moved.log(), path("/xdg/state/rolecall/log.jsonl"));
            assert_eq!(moved.file_store(), path("/home/bob/.local/share/rolecall/store"));
            assert_eq!(moved.locks()[0], Path::new("/xdg/cache/rolecall"));
            assert_eq!(moved.runtime, path("/xdg/runtime"));
            let other = "/home/bob/Library/Application Support/rolecall/settings.ini";
            assert_eq!(moved.other_settings(), path(other).filter(|_| platform == Platform::MacOs));
        }
    }

    #[test]
    fn folders_for_data_of_applications_count_on_windows() {
        let in_folder = |folder: &str, name: &str| Some(Path::new(folder).join(OURS).join(name));
        let xdg = ("XDG_CONFIG_HOME", r"C:\xdg");
        let plain = found(Platform::Windows, &[("USERPROFILE", r"C:\Users\bob"), xdg]);
        assert_eq!(plain.settings(), in_folder("known roaming", SETTINGS));
        assert_eq!(plain.index(), in_folder("known local", "index.json"));
        assert_eq!(plain.locks(), [Path::new("known local").join(OURS)]);
        let other = Path::new(r"C:\Users\bob").join(".config");
        assert_eq!(plain.other_settings(), ours(Some(&other), SETTINGS));
        let moved = found(
            Platform::Windows,
            &[("AppData", r"D:\a\Roaming"), ("LOCALAPPDATA", "D:/a/Local"), xdg],
        );
        assert_eq!(moved.settings(), in_folder(r"D:\a\Roaming", SETTINGS));
        assert_eq!(moved.used(), in_folder(r"D:\a\Local", "used.json"));
    }

    #[test]
    fn home_is_that_of_first_variable_with_an_absolute_path() {
        for (platform, variables, home) in [
            (Platform::Linux, &[("HOME", "/h"), ("USERPROFILE", "/u")][..], "/h"),
            (Platform::Linux, &[("HOME", "h"), ("USERPROFILE", "/u")], "known home"),
            (Platform::MacOs, &[], "known home"),
            (Platform::Windows, &[("HOME", r"C:\h"), ("USERPROFILE", r"C:\u")], r"C:\h"),
            (Platform::Windows, &[("HOME", "C:/h/i"), ("USERPROFILE", r"C:\u")], r"C:\h\i"),
            (Platform::Windows, &[("HOME", "/c/h"), ("UserProfile", r"C:\u")], r"C:\u"),
            (Platform::Windows, &[("USERPROFILE", r"\\server\u")], r"\\server\u"),
            (Platform::Windows, &[("HOMEDRIVE", "H:"), ("HOMEPATH", r"\u")], r"H:\u"),
            (Platform::Windows, &[("HOMEDRIVE", "H:"), ("HOMEPATH", "u")], "known home"),
            (Platform::Windows, &[("HOMEPATH", r"\u")], "known home"),
        ] {
            let found = found(platform, variables);
            assert_eq!(found.home().unwrap(), Path::new(home), "{platform:?} {variables:?}");
        }
    }

    #[test]
    fn tilde_with_a_separator_of_the_system_becomes_home() {
        let home = |folder: &str, rest: &str| Path::new(folder).join(rest);
        for (platform, typed, expanded) in [
            (Platform::Linux, "~/a/b", home("/h", "a/b")),
            (Platform::Linux, r"~\a", PathBuf::from(r"~\a")),
            (Platform::Linux, "~bob/a", PathBuf::from("~bob/a")),
            (Platform::Linux, "a/~/b", PathBuf::from("a/~/b")),
            (Platform::Windows, "~/a/b", home(r"C:\h", r"a\b")),
            (Platform::Windows, r"~\a\b", home(r"C:\h", r"a\b")),
            (Platform::Windows, "~bob", PathBuf::from("~bob")),
            (Platform::Windows, "D:/a", PathBuf::from("D:/a")),
        ] {
            let is_windows = platform == Platform::Windows;
            let directories = found(platform, &[("HOME", if is_windows { r"C:\h" } else { "/h" })]);
            assert_eq!(directories.expand(typed).unwrap(), expanded, "{platform:?} {typed}");
        }
    }
}
