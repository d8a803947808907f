//! Profiles of roles that SDKs get through rolecall: their role keys have the prefix, so that SDKs
//! run the `credential_process = rolecall process NAME` beside them. What makes a profile such a
//! one, and what undoes it byte for byte.

use super::keys;
use super::process_command::{BEFORE_PROCESS, target};
use super::profile_view::ProfileView;
use crate::config::document::{Document, FileKind, ParsedProperty, SectionKind};
use crate::config::edit::{Edit, KeyName, KeyPath, NewValue, SectionName};
use crate::config::profiles::{Profile, Profiles};
use crate::error::{Error, FileLine, Result};
use crate::hint;

/// The keys of a role that SDKs act on.
pub const ROLE_KEYS: [&str; 7] = [
    keys::ROLE_ARN,
    keys::SOURCE_PROFILE,
    keys::CREDENTIAL_SOURCE,
    keys::EXTERNAL_ID,
    keys::ROLE_SESSION_NAME,
    keys::DURATION_SECONDS,
    keys::MFA_SERIAL,
];

/// Edits, each of one of the files.
pub type Edits = Vec<(FileKind, Edit)>;

/// What is to be done with a profile.
pub enum Step {
    Edits(Edits),
    /// Nothing: it is as it should be.
    Done,
    /// Nothing: it is no profile of the kind.
    NotOfKind,
}

/// Finds the edits by which SDKs get a profile's role through rolecall; `NotOfKind` where it has no
/// role.
///
/// # Errors
/// When a line of it is malformed, SDKs would take something else before the process, or what is
/// there could not be told from what is added when it is released.
pub fn adopt(profiles: &Profiles, name: &str) -> Result<Step> {
    let Some(profile) = profiles.profile(name)? else { return Ok(Step::NotOfKind) };
    if is_adopted(&profile) {
        return Ok(Step::Done);
    }
    let role = profile.get(keys::ROLE_ARN).filter(|_| ProfileView::from(&profile).is_role());
    let Some(role) = role else { return Ok(Step::NotOfKind) };
    check_process_is_reached(&profile)?;
    let lines = Lines::of(profiles, name);
    let added = ROLE_KEYS.map(prefixed);
    for key in added.iter().map(String::as_str).chain([keys::CREDENTIAL_PROCESS]) {
        if let Some(place) = lines.first(key) {
            let what = format!("`{key}` is there already, so that it could not be undone");
            return Err(Error::misconfigured(&place, what));
        }
    }
    let section = SectionName::profile(name);
    let process = Edit::Set {
        section: section.clone(),
        key: KeyPath::parse(keys::CREDENTIAL_PROCESS)?,
        value: process(&profile)?,
    };
    // The line comes first, so that it is aligned as the others still are.
    let mut edits = vec![(role.file, process)];
    for key in ROLE_KEYS {
        edits.extend(lines.rename(&section, key, &prefixed(key))?);
    }
    Ok(Step::Edits(edits))
}

/// Finds the edits that undo `adopt`; `NotOfKind` where a profile is no adopted one.
///
/// # Errors
/// When a line of it is malformed, or a plain key stands beside the prefixed one.
pub fn release(profiles: &Profiles, name: &str) -> Result<Step> {
    let adopted = profiles.profile(name)?.filter(is_adopted);
    if adopted.is_none() {
        return Ok(Step::NotOfKind);
    }
    let (lines, section) = (Lines::of(profiles, name), SectionName::profile(name));
    let mut edits = Vec::new();
    for key in ROLE_KEYS {
        let prefixed = prefixed(key);
        if let Some(place) = lines.first(key).filter(|_| lines.first(&prefixed).is_some()) {
            let what = format!("`{key}` stands beside `{prefixed}`, which cannot take its name");
            return Err(Error::misconfigured(&place, what));
        }
        edits.extend(lines.rename(&section, &prefixed, key)?);
    }
    let key = KeyPath::parse(keys::CREDENTIAL_PROCESS)?;
    for file in lines.files(keys::CREDENTIAL_PROCESS) {
        edits.push((file, Edit::Unset { section: section.clone(), key: key.clone() }));
    }
    Ok(Step::Edits(edits))
}

fn prefixed(key: &str) -> String {
    format!("{}{key}", keys::PREFIX)
}

/// Returns whether SDKs get a profile's role by its process, which asks rolecall for this profile.
fn is_adopted(profile: &Profile) -> bool {
    let asks_itself =
        |command: &str| target(command).as_deref().is_some_and(|name| *name == *profile.name);
    profile.get(&prefixed(keys::ROLE_ARN)).is_some()
        && profile.get(keys::ROLE_ARN).is_none()
        && profile.value(keys::CREDENTIAL_PROCESS).is_some_and(asks_itself)
}

/// Checks that nothing but the role stands between SDKs and the profile's process.
fn check_process_is_reached(profile: &Profile) -> Result<()> {
    let mut before = BEFORE_PROCESS.iter().filter(|key| **key != keys::ROLE_ARN);
    match before.find_map(|key| profile.get(key)) {
        None => Ok(()),
        Some(property) => {
            let what = format!("SDKs would use `{}` and never ask rolecall", property.key);
            Err(Error::misconfigured(&property.place, what))
        }
    }
}

/// Returns the command by which SDKs ask rolecall for a profile.
fn process(profile: &Profile) -> Result<NewValue> {
    let name = profile.name.as_str();
    let has_blanks = name.contains(' ')
        && name.split(' ').all(|word| KeyName::parse(word).is_ok() || word.is_empty());
    let argument = if has_blanks {
        // Also the command interpreter of Windows knows double quotes.
        format!("\"{name}\"")
    } else {
        hint::profile(name).into_owned()
    };
    let command = format!("rolecall process {argument}");
    let is_understood = target(&command).as_deref() == Some(name);
    let value = NewValue::new(command.into()).ok().filter(|_| is_understood);
    value.ok_or_else(|| {
        let what = format!("no command in the file can name the profile `{name}`");
        Error::misconfigured(&profile.place, what)
    })
}

/// The lines of a profile in both files.
struct Lines<'a>(Vec<(&'a Document, ParsedProperty)>);

impl<'a> Lines<'a> {
    fn of(profiles: &'a Profiles, name: &str) -> Self {
        let of_file = |file| {
            let document = profiles.document(file);
            let sections = profiles.sections_in(file, SectionKind::Profile, name);
            let properties = sections.flat_map(|section| document.body(section).properties);
            properties.map(move |property| (document, property))
        };
        Self(FileKind::ALL.into_iter().flat_map(of_file).collect())
    }

    /// Returns the files that have a key.
    fn files(&self, key: &str) -> impl Iterator<Item = FileKind> {
        FileKind::ALL.into_iter().filter(move |file| {
            self.0.iter().any(|(document, p)| document.kind == *file && p.key == key)
        })
    }

    /// Returns the first line that has a key, with a value or without.
    fn first(&self, key: &str) -> Option<FileLine> {
        let (document, property) = self.0.iter().find(|(_, property)| property.key == key)?;
        Some(FileLine { path: document.path.clone(), line: property.line })
    }

    /// Returns the edits that rename a key, in each file that has it.
    fn rename(&self, section: &SectionName, key: &str, to: &str) -> Result<Edits> {
        let (path, to) = (KeyPath::parse(key)?, KeyName::parse(to)?);
        let edit = |file| {
            let (section, key, to) = (section.clone(), path.clone(), to.clone());
            (file, Edit::RenameKey { section, key, to })
        };
        Ok(self.files(key).map(edit).collect())
    }
}
