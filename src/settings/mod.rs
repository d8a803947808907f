//! rolecall's own settings: `settings.ini` under the user's configuration folder, moved by
//! `ROLECALL_CONFIG`.

mod effective;

pub use effective::{EffectiveSettings, Typed};

use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use crate::aws::duration;
use crate::chain::mfa_session_duration;
use crate::error::{Error, FileLine, Place, Result};
use crate::hint;
use crate::prompt::PromptMethod;
use crate::store::StoreName;
use crate::system::files::{Writer, other_writer, read_named};
use crate::text::color::{Color, ColorChoice};
use crate::text::pattern;

/// What no settings come near, in bytes.
const MAX_BYTES: u64 = 1024 * 1024;

#[derive(Debug, Default, Clone)]
pub struct Settings {
    pub store: Option<StoreName>,
    /// Seconds.
    pub min_ttl: Option<u32>,
    pub color: Option<ColorChoice>,
    pub no_input: bool,
    pub quiet: bool,
    /// How long a process source or an `mfa_process` may run.
    pub process_timeout: Option<Duration>,
    /// How long a process waits for another one that gets credentials from the same base.
    pub lock_timeout: Option<Duration>,
    /// How long the session with MFA of an identity lives, in seconds; 0 when there is to be none.
    pub mfa_session_duration: Option<u32>,
    /// Where it stands that the tokens of logins are kept in the store.
    pub stored_sso_tokens: Option<Place>,
    /// How old, in seconds, a long-term key may be; 0 where that does not matter.
    pub max_key_age: Option<u32>,
    /// Whether what is handed out is logged; it is unless this says otherwise.
    pub log: Option<bool>,
    /// The ways to ask, in their order.
    pub prompt: Option<Vec<PromptMethod>>,
    /// How long a person is waited for.
    pub prompt_timeout: Option<Duration>,
    /// The pinentry to ask with.
    pub pinentry: Option<String>,
    /// Whether `--yes` may confirm.
    pub allow_yes: bool,
    /// Whether a shell renews the keys that it holds; `None` means yes.
    pub shell_renew: Option<bool>,
    /// When a login at IAM Identity Center starts by itself.
    pub sso_login: SsoLoginStart,
    /// `[colors]`: patterns of profile names with their colour, in the order of the file.
    pub colors: Vec<(String, Color)>,
    /// `[accounts]`: account IDs with the name to show for them.
    pub accounts: Vec<(String, String)>,
    /// `browser` of `[console]`, and its place.
    pub console_browser: Option<(String, Place)>,
}

/// When a login at IAM Identity Center starts by itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum SsoLoginStart {
    /// Also for SDKs, which run `process`.
    Always,
    /// For a person at the terminal.
    #[default]
    Terminal,
    Never,
}

impl Settings {
    /// Returns the colour of a profile: that of the first pattern that matches its name.
    pub fn color_of(&self, profile: &str) -> Option<Color> {
        let mut colors = self.colors.iter();
        colors.find(|(pattern, _)| pattern::matches(pattern, profile)).map(|(_, color)| *color)
    }

    /// Returns the name that an account was given.
    pub fn account_name(&self, id: &str) -> Option<&str> {
        self.accounts.iter().find(|(account, _)| account == id).map(|(_, name)| name.as_str())
    }
}

/// Reads the settings; a missing file means all defaults.
///
/// # Errors
/// When the file cannot be read, or a line of it is wrong. A key that is not known is wrong, because
/// it was meant to do something.
pub fn load(path: &Path) -> Result<Settings> {
    let bytes = match read_named(path, MAX_BYTES) {
        Ok(bytes) => bytes,
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(Settings::default());
        }
        Err(e) => return Err(unreadable(path, &e.to_string())),
    };
    // They name programs, and where secrets are kept.
    if let Ok(Some(writer @ (Writer::Owner(_) | Writer::Everybody))) = other_writer(path) {
        return Err(Error::configuration(format!("{}: {writer}", path.display()))
            .at(place(path, None))
            .hint(hint::close_to_others(path))
            .hint(format!("and see whose it is: {}", hint::look_at(path))));
    }
    let text = String::from_utf8(bytes.to_vec()).map_err(|e| {
        let line =
            memchr::memchr_iter(b'\n', &e.as_bytes()[..e.utf8_error().valid_up_to()]).count() + 1;
        error(place(path, Some(line)), "not text in UTF-8")
    })?;
    parse(path, text.trim_start_matches('\u{feff}'))
}

fn unreadable(path: &Path, why: &str) -> Error {
    Error::configuration(format!("{}: cannot be read: {why}", path.display()))
        .at(place(path, None))
        .hint(format!("look at it with: {}", hint::look_at(path)))
}

const NEITHER: &str = "neither a [section] nor a comment nor `key = value`";

fn error(place: Place, what: &str) -> Error {
    Error::configuration(format!("{place}: {what}"))
        .at(place)
        .hint("what can stand there: rolecall --help")
}

fn place(path: &Path, line: Option<usize>) -> Place {
    let path = path.to_owned();
    match line {
        Some(line) => Place::Line(FileLine { path, line }),
        None => Place::File(path),
    }
}

/// Parses the text of the file that `path` names in errors.
///
/// # Errors
/// When a line is wrong or not known, with its place.
pub fn parse(path: &Path, text: &str) -> Result<Settings> {
    let mut settings = Settings::default();
    // A backslash in a pattern is one.
    let options = ini::ParseOption { enabled_escape: false, ..ini::ParseOption::default() };
    let ini = ini::Ini::load_from_str_opt(text, options).map_err(|e| {
        let line = e.line.min(text.lines().count());
        error(place(path, Some(line)), NEITHER)
    })?;
    for (section, properties) in &ini {
        // The parser goes on to the next line to find the `]` or the `=`.
        let over_lines = |name: &str| {
            let line = name.contains('\n').then(|| line_at(text, name));
            line.map_or(Ok(()), |line| Err(error(place(path, line), NEITHER)))
        };
        section.map_or(Ok(()), over_lines)?;
        for (key, value) in properties {
            over_lines(key)?;
            let place = || place(path, line_of(text, section, key, value));
            match section {
                None => set(&mut settings, key, value, &place)?,
                Some("colors") => {
                    let color = Color::parse(value)
                        .ok_or_else(|| wrong(place(), key, value, Color::RULE))?;
                    settings.colors.push((key.to_owned(), color));
                }
                Some("console") if key == "browser" => {
                    settings.console_browser = Some((value.to_owned(), place()));
                }
                Some("console") => {
                    let what = format!("the setting `{key}` of [console] is not known");
                    return Err(error(place(), &what));
                }
                Some("accounts") => settings.accounts.push((key.to_owned(), value.to_owned())),
                Some(_) => {}
            }
        }
        if let Some(name) =
            section.filter(|name| !matches!(*name, "colors" | "accounts" | "console"))
        {
            return Err(error(
                place(path, header_of(text, name)),
                &format!("the section [{name}] is not known"),
            ));
        }
    }
    Ok(settings)
}

fn wrong(place: Place, key: &str, value: &str, rule: &str) -> Error {
    error(place, &format!("{key} must be {rule}, not `{value}`"))
}

/// Finds the line of a part of the text again, counted from 1: the parser does not tell.
fn line_at(text: &str, part: &str) -> Option<usize> {
    text.find(part).map(|at| text[..at].matches('\n').count() + 1)
}

/// Finds the line of a setting again.
fn line_of(text: &str, section: Option<&str>, key: &str, value: &str) -> Option<usize> {
    let begin = section.map_or(Some(0), |name| header_of(text, name))?;
    // Whether a line has the name, and the value too.
    let matches = |line: &str| match line.split_once(['=', ':']) {
        Some((name, rest)) => (name.trim() == key, rest.contains(value)),
        None => (line.trim() == key, false),
    };
    let lines = || text.lines().skip(begin);
    // A value in quotes is not what stands there, and may go over lines.
    lines()
        .position(|line| matches(line) == (true, true))
        .or_else(|| lines().position(|line| matches(line).0))
        .map(|number| begin + number + 1)
        // On the line of its section's header.
        .or_else(|| line_at(text, key))
}

fn header_of(text: &str, section: &str) -> Option<usize> {
    let is_it = |line: &str| {
        line.trim()
            .strip_prefix('[')
            .and_then(|line| line.split(']').next())
            .is_some_and(|name| name.trim() == section)
    };
    // Two headers may share a line.
    text.lines().position(is_it).map(|number| number + 1).or_else(|| line_at(text, section))
}

/// Reads an order of the ways to ask, as it stands in `what` at a place.
fn prompt_order(place: Place, what: &str, text: &str) -> Result<Vec<PromptMethod>> {
    PromptMethod::parse_order(text).map_err(|name| {
        Error::configuration(format!("{what} names `{name}`, which is no way to ask"))
            .at(place)
            .hint(format!(
                "known: {}; which of them work here: rolecall doctor",
                PromptMethod::NAMES
            ))
    })
}

/// Takes in one setting that stands before the sections.
fn set(settings: &mut Settings, key: &str, value: &str, place: &dyn Fn() -> Place) -> Result<()> {
    let wrong = |rule: &str| wrong(place(), key, value, rule);
    let seconds = || duration::parse(value).ok_or_else(|| wrong("a duration such as 15m or 3600"));
    let limit = || seconds().map(|seconds| Some(Duration::from_secs(seconds.max(1).into())));
    let flag = || value.parse::<bool>().map_err(|_| wrong("true or false"));
    match key {
        "store" => {
            let name =
                StoreName::parse(value).ok_or_else(|| wrong("keyring, keyutils, file or none"))?;
            settings.store = Some(name.available().map_err(|what| error(place(), what))?);
        }
        "sso_token_store" => {
            settings.stored_sso_tokens = match value {
                "cache" => None,
                "keyring" => Some(place()),
                _ => return Err(wrong("keyring or cache")),
            };
        }
        "min_ttl" => settings.min_ttl = Some(seconds()?),
        "process_timeout" => settings.process_timeout = limit()?,
        "lock_timeout" => settings.lock_timeout = limit()?,
        "color" => {
            settings.color = Some(
                clap::ValueEnum::from_str(value, true)
                    .map_err(|_| wrong("auto, always or never"))?,
            );
        }
        "mfa_session_duration" => {
            settings.mfa_session_duration =
                Some(mfa_session_duration(value).map_err(wrong)?.unwrap_or(0));
        }
        "max_key_age" => settings.max_key_age = Some(seconds()?),
        "log" => settings.log = Some(flag()?),
        "prompt" => {
            let what = format!("{}: prompt", place());
            settings.prompt = Some(prompt_order(place(), &what, value)?);
        }
        "prompt_timeout" => settings.prompt_timeout = limit()?,
        "pinentry" => settings.pinentry = Some(value.to_owned()).filter(|v| !v.is_empty()),
        "allow_yes" => settings.allow_yes = flag()?,
        "no_input" => settings.no_input = flag()?,
        "quiet" => settings.quiet = flag()?,
        "sso_login" => {
            settings.sso_login = clap::ValueEnum::from_str(value, false)
                .map_err(|_| wrong("always, terminal or never"))?;
        }
        "shell_renew" => settings.shell_renew = Some(flag()?),
        _ => return Err(error(place(), &format!("the setting `{key}` is not known"))),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::environment::Environment;

    fn read(text: &str) -> Result<EffectiveSettings> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.ini");
        std::fs::write(&path, text).unwrap();
        EffectiveSettings::load(Some(&path), &Environment::default(), Typed::default())
    }

    #[test]
    fn color_is_that_of_first_matching_pattern() {
        let settings = read(
            "quiet = true\n\
             [colors]\n*prod* = red\ndev? = bright-green\n* = 208\n\
             [accounts]\n222222222222 = Production\n",
        );
        let settings = settings.unwrap();
        assert!(settings.quiet());
        assert_eq!(settings.color_of("my-prod-eu"), Some(Color::Indexed(1)));
        assert_eq!(settings.color_of("PROD"), Some(Color::Indexed(1)));
        assert_eq!(settings.color_of("dev1"), Some(Color::Indexed(10)));
        assert_eq!(settings.color_of("dev"), Some(Color::Indexed(208)));
        assert_eq!(settings.account_name("222222222222"), Some("Production"));
        assert_eq!(settings.account_name("1"), None);
        assert_eq!(read("").unwrap().color_of("prod"), None);
    }

    #[test]
    fn unknown_setting_is_an_error() {
        for (text, part) in [
            (
                "quiet = true\n\n[colors]\n*prod* = reddish\n",
                "settings.ini:4: *prod* must be a colour",
            ),
            (
                "[accounts]\n*a* = reddish\n[colors]\n*a* = reddish\n",
                "settings.ini:4: *a* must be a colour",
            ),
            ("[colours]\n* = red\n", "settings.ini:1: the section [colours]"),
            ("quiet = true\n [colours]\n", "settings.ini:2: the section [colours]"),
            (
                "[console]\nbrowser = x\nbrowsers = y\n",
                "settings.ini:3: the setting `browsers` of [console]",
            ),
            ("\u{feff}# x\ncolour = red\n", "settings.ini:2: the setting `colour` is not known"),
            (
                "log = true\nshell_renew : perhaps\nlog = x\n",
                "settings.ini:2: shell_renew must be true or false",
            ),
            ("log = true\nprompt = tty,smoke\n", "settings.ini:2: prompt names `smoke`"),
            ("log = true\nlog = x\n", "settings.ini:2: log must be"),
            ("log = true\nnonsense\nlog = true\n", "settings.ini:2: neither"),
            ("log = true\n[x", "settings.ini:2: neither"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.to_string().contains(part), "{text}: {error}");
            let place = error.place().map(ToString::to_string).unwrap_or_default();
            assert!(error.message().starts_with(&format!("{place}: ")), "{text}: {place}");
        }
    }
}
