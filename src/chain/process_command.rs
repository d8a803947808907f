//! `credential_process = rolecall process NAME`: how SDKs come to rolecall, and one rolecall to
//! another.

use std::ops::Range;
use std::path::Path;

use super::keys;
use super::profile_view::ProfileView;
use crate::config::profiles::{Profile, Property};
use crate::system::environment::Environment;

/// Keys of a profile that SDKs look at before `credential_process`.
pub(super) const BEFORE_PROCESS: [&str; 9] = [
    keys::ROLE_ARN,
    keys::WEB_IDENTITY_TOKEN_FILE,
    keys::SSO_SESSION,
    keys::SSO_START_URL,
    keys::SSO_ACCOUNT_ID,
    keys::SSO_ROLE_NAME,
    keys::LOGIN_SESSION,
    keys::ACCESS_KEY_ID,
    keys::SECRET_ACCESS_KEY,
];

/// Returns whether every SDK takes the credentials of a profile from rolecall by itself, as the
/// profile's `credential_process`.
pub fn is_asked_by_sdks(profile: &Profile, environment: &Environment) -> bool {
    let process = profile.value(keys::CREDENTIAL_PROCESS).is_some_and(|command| {
        let target = target(command);
        // A role or stored keys of the profile's own are reached by a command that asks for this
        // profile and narrows nothing; without them rolecall goes by the same command.
        let view = ProfileView::from(profile);
        if view.is_role() || view.has_stored_keys() {
            target.as_deref() == Some(&profile.name) && !is_narrowed(command)
        } else {
            target.is_some()
        }
    });
    // botocore prefers the web identity of the environment to the profile's process.
    process && !environment.has_web_identity() && hides_process(profile).is_none()
}

/// Returns the key of a profile because of which SDKs never run its `credential_process`.
pub fn hides_process(profile: &Profile) -> Option<&Property> {
    BEFORE_PROCESS.iter().find_map(|key| profile.get(key))
}

/// Returns the `credential_process` by which SDKs get the credentials of another profile, where
/// this one has a role or stored keys of its own.
pub fn misdirected_process(profile: &Profile) -> Option<(&Property, String)> {
    let view = ProfileView::from(profile);
    let reaches_sdks =
        (view.is_role() || view.has_stored_keys()) && profile.get(keys::ROLE_ARN).is_none();
    let command = profile.get(keys::CREDENTIAL_PROCESS).filter(|_| reaches_sdks)?;
    let target = target(&command.value).filter(|target| *target != *profile.name)?;
    Some((command, target))
}

/// Returns whether a `rolecall process` command says more than whom it asks for.
fn is_narrowed(command: &str) -> bool {
    let options =
        ["-p", "--profile", "-v", "-q", "--verbose", "--quiet", "--no-input", "--no-cache"];
    let words = shlex::split(command).unwrap_or_default();
    words.iter().any(|word| {
        word.starts_with('-')
            && !word.starts_with("--profile=")
            && !options.contains(&word.as_str())
    })
}

/// What a command has to do with rolecall.
pub(super) enum RolecallUse {
    None,
    /// It asks for this profile and changes nothing of its chain.
    Plain(String),
    /// It asks in a way that is not followed: with options of a role, or by way of a shell or of
    /// another program.
    Other,
}

/// Returns what a command has to do with rolecall.
pub(super) fn rolecall_use(command: &str) -> RolecallUse {
    if let Some(name) = plain_target(command) {
        return RolecallUse::Plain(name);
    }
    if words(command).any(|word| is_rolecall(&word)) {
        RolecallUse::Other
    } else {
        RolecallUse::None
    }
}

/// Returns what a shell may see as a word of a command: with its quotes and what it begins taken
/// away, and between all that means something to it.
pub fn words(command: &str) -> impl Iterator<Item = String> {
    let separates = |c: char| c.is_whitespace() || SHELL_CHARACTERS.contains(c);
    let pieces = command.split(separates).filter(|word| !word.is_empty()).map(str::to_owned);
    pieces.chain(shlex::split(command).unwrap_or_default()).collect::<Vec<_>>().into_iter()
}

/// Characters that mean something to a shell.
const SHELL_CHARACTERS: &str = "$`'\"();|&<>{}*?[]~#!=";

fn is_rolecall(program: &str) -> bool {
    Path::new(program).file_stem().is_some_and(|stem| stem == "rolecall")
}

/// Returns whether a command runs a program of this name, and names a profile to it.
pub fn runs_for(command: &str, program: &str, profile: &str) -> bool {
    let words = shlex::split(command).unwrap_or_default();
    let Some((first, words)) = words.split_first() else { return false };
    let is_named = |word: &String| {
        let value = word.strip_prefix("--").and_then(|option| option.split_once('='));
        word == profile || value.is_some_and(|(_, value)| value == profile)
    };
    Path::new(first).file_stem().is_some_and(|stem| stem == program) && words.iter().any(is_named)
}

/// Returns the profile of a command that says nothing else.
fn plain_target(command: &str) -> Option<String> {
    let words = shlex::split(command)?;
    let [program, verb, words @ ..] = &words[..] else { return None };
    if !is_rolecall(program) || verb != "process" {
        return None;
    }
    let (mut named, mut words) = (None, words.iter());
    while let Some(word) = words.next() {
        let name = match word.as_str() {
            "-p" | "--profile" => words.next()?,
            "-v" | "--verbose" | "-q" | "--quiet" | "--no-input" | "--no-cache" | "--refresh"
            | "--yes" => continue,
            word => match word.strip_prefix("--profile=") {
                Some(name) => name,
                None if word.starts_with('-') => return None,
                None => word,
            },
        };
        if named.replace(name).is_some() {
            return None;
        }
    }
    named.filter(|name| !name.contains(|c| SHELL_CHARACTERS.contains(c))).map(str::to_owned)
}

/// Returns the profile that a `credential_process = rolecall process NAME` asks for.
pub fn target(command: &str) -> Option<String> {
    let words = shlex::split(command)?;
    let (at, prefix) = target_word(&words)?;
    Some(words[at][prefix.len()..].to_owned())
}

/// Returns the command with another profile to ask for, and every other byte as it is; `None` where
/// it asks for none, or its quotes are not understood.
pub fn with_target(command: &str, name: &str) -> Option<String> {
    let (at, prefix) = target_word(&shlex::split(command)?)?;
    let word = word_ranges(command).nth(at)?;
    let new = [&command[..word.start], prefix, name, &command[word.end..]].concat();
    // Only what is read back as meant is right.
    (target(&new).as_deref() == Some(name)).then_some(new)
}

/// Returns which word of a command names the profile that rolecall is asked for, and what stands
/// before the name in that word.
fn target_word(words: &[String]) -> Option<(usize, &'static str)> {
    const OPTION: &str = "--profile=";
    if !is_rolecall(words.first()?) || words.get(1)? != "process" {
        return None;
    }
    let mut at = 2;
    loop {
        match words.get(at)?.as_str() {
            "-p" | "--profile" => return words.get(at + 1).map(|_| (at + 1, "")),
            "-v" | "-q" | "--verbose" | "--quiet" | "--no-input" | "--refresh" | "--no-cache"
            | "--no-mfa-session" | "--read-only" | "--yes" => at += 1,
            word if word.starts_with(OPTION) => return Some((at, OPTION)),
            word if !word.starts_with('-') => return Some((at, "")),
            // Every other option has a value, here or in the next word.
            word if word.contains('=') => at += 1,
            _ => at += 2,
        }
    }
}

/// Returns where the words of a command are, with their quotes.
fn word_ranges(command: &str) -> impl Iterator<Item = Range<usize>> {
    let (mut words, mut start, mut quote) = (Vec::new(), None, None);
    let mut characters = command.char_indices();
    while let Some((at, c)) = characters.next() {
        match (quote, c) {
            (None, ' ' | '\t' | '\n') => words.extend(start.take().map(|start| start..at)),
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            (None | Some('"'), '\\') => drop(characters.next()),
            _ => {}
        }
        if quote.is_some() || !matches!(c, ' ' | '\t' | '\n') {
            start.get_or_insert(at);
        }
    }
    words.extend(start.map(|start| start..command.len()));
    words.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn program_and_profile_of_a_command_are_recognised() {
        for (command, is_it) in [
            ("aws-vault exec dev --json", true),
            ("/opt/bin/aws-vault --backend=file export --format=json 'dev'", true),
            ("aws-vault export --profile=dev", true),
            ("aws-vault exec devs --json", false),
            ("aws-vault exec prod --json", false),
            ("aws-vault-wrapper exec dev", false),
            ("sh -c 'aws-vault exec dev'", false),
            ("aws-vault exec 'dev", false),
            ("dev", false),
            ("", false),
        ] {
            assert_eq!(runs_for(command, "aws-vault", "dev"), is_it, "{command}");
        }
    }

    #[test]
    fn only_the_name_in_a_command_changes() {
        for (command, expected) in [
            ("rolecall process dev", Some("rolecall process prod")),
            ("rolecall  process   dev  ", Some("rolecall  process   prod  ")),
            ("rolecall process 'dev' --duration 15m", Some("rolecall process prod --duration 15m")),
            (
                "rolecall process --duration 15m \"dev\"",
                Some("rolecall process --duration 15m prod"),
            ),
            ("/opt/a\\ b/rolecall process -v dev", Some("/opt/a\\ b/rolecall process -v prod")),
            ("\"/opt/a b/rolecall\" process dev", Some("\"/opt/a b/rolecall\" process prod")),
            ("'/it'\\''s/rolecall' process dev", Some("'/it'\\''s/rolecall' process prod")),
            ("rolecall process --profile=dev -q", Some("rolecall process --profile=prod -q")),
            ("rolecall process -p dev", Some("rolecall process -p prod")),
            ("rolecall process \"--profile=d\\\"e v\"", Some("rolecall process --profile=prod")),
            ("rolecall process", None),
            ("rolecall process 'dev", None),
            ("aws-vault process dev", None),
        ] {
            assert_eq!(with_target(command, "prod").as_deref(), expected, "{command}");
        }
        assert_eq!(with_target("rolecall process dev", "-x"), None);
    }
}
