//! Which lines of the shared files name a section: what has to change with its name.

use std::collections::HashMap;

use zeroize::Zeroizing;

use super::keys;
use super::process_command::{target, with_target};
use crate::config::document::{Document, FileKind, ParsedProperty, SectionKind};
use crate::config::edit::{Edit, KeyPath, NewValue, SectionName};
use crate::config::profiles::Profiles;
use crate::error::{Error, FileLine, Result};

/// A line of a profile that names another section.
pub struct Reference {
    /// The profile that the line is in.
    pub by: SectionName,
    pub file: FileKind,
    pub place: FileLine,
    pub key: String,
    pub value: Zeroizing<String>,
}

impl Reference {
    /// Returns the edit that lets the line name the section by a new name.
    ///
    /// # Errors
    /// When the line cannot hold the name.
    pub fn renamed(&self, to: &str) -> Result<Edit> {
        let value = if self.key == keys::CREDENTIAL_PROCESS {
            with_target(&self.value, to).ok_or_else(|| {
                let what = format!("the command cannot be made to name `{to}`");
                Error::misconfigured(&self.place, what)
            })?
        } else {
            to.to_owned()
        };
        let (section, key) = (self.by.clone(), KeyPath::parse(&self.key)?);
        Ok(Edit::Set { section, key, value: NewValue::new(Zeroizing::new(value))? })
    }
}

/// Returns the lines that name a section: `source_profile`, `sso_session` and `services`, with the
/// prefix or without, and `credential_process = rolecall process NAME`. Of a key that a file has
/// more than once in a profile the one counts that wins there.
pub fn references(profiles: &Profiles, section: &SectionName) -> Vec<Reference> {
    let of_section = all(profiles).filter(|(to, _)| to == section);
    of_section.map(|(_, reference)| reference).collect()
}

/// Returns the lines that name profiles, by the profile that they name. It reads every profile once.
pub fn references_to_profiles(profiles: &Profiles) -> HashMap<String, Vec<Reference>> {
    let mut found: HashMap<String, Vec<Reference>> = HashMap::new();
    for (to, reference) in all(profiles).filter(|(to, _)| to.kind == SectionKind::Profile) {
        found.entry(to.name).or_default().push(reference);
    }
    found
}

/// Returns every line that names a section, with what it names.
fn all(profiles: &Profiles) -> impl Iterator<Item = (SectionName, Reference)> {
    let files = |name| FileKind::ALL.into_iter().map(move |file| (name, file));
    profiles.names().flat_map(files).flat_map(|(name, file)| {
        let document = profiles.document(file);
        winning(profiles, document, name).into_iter().filter_map(move |property| {
            let to = named(&property)?;
            let place = FileLine { path: document.path.clone(), line: property.line };
            let by = SectionName::profile(name);
            let ParsedProperty { key, value, .. } = property;
            Some((to, Reference { by, file, place, key, value }))
        })
    })
}

/// Returns the keys of a profile in a file; of one that is there more than once, the last.
fn winning(profiles: &Profiles, document: &Document, name: &str) -> Vec<ParsedProperty> {
    let mut winning: Vec<ParsedProperty> = Vec::new();
    let sections = profiles.sections_in(document.kind, SectionKind::Profile, name);
    for property in sections.flat_map(|section| document.body(section).properties) {
        winning.retain(|other| other.key != property.key);
        winning.push(property);
    }
    winning
}

/// Returns the section that a property names.
fn named(property: &ParsedProperty) -> Option<SectionName> {
    let key = property.key.strip_prefix(keys::PREFIX).unwrap_or(&property.key);
    let value = property.value.as_str();
    let (kind, name) = match key {
        keys::CREDENTIAL_PROCESS if key == property.key => (SectionKind::Profile, target(value)?),
        keys::SOURCE_PROFILE => (SectionKind::Profile, value.to_owned()),
        keys::SSO_SESSION => (SectionKind::SsoSession, value.to_owned()),
        keys::SERVICES => (SectionKind::Services, value.to_owned()),
        _ => return None,
    };
    Some(SectionName { kind, name })
}
