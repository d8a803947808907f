//! Which lines of the shared files name a section: what has to change with its name.

use zeroize::Zeroizing;

use super::keys;
use super::process_command::target;
use crate::config::document::{Document, FileKind, ParsedProperty, SectionKind};
use crate::config::edit::SectionName;
use crate::config::profiles::Profiles;
use crate::error::FileLine;

/// A line of a profile that names another section.
pub struct Reference {
    /// The profile that the line is in.
    pub by: SectionName,
    pub file: FileKind,
    pub place: FileLine,
    pub key: String,
    pub value: Zeroizing<String>,
}

/// Returns the lines that name a section: `source_profile`, `sso_session` and `services`, with the
/// prefix or without, and `credential_process = rolecall process NAME`. Of a key that a file has
/// more than once in a profile the one counts that wins there.
pub fn references(profiles: &Profiles, section: &SectionName) -> Vec<Reference> {
    let mut found = Vec::new();
    for name in profiles.names() {
        for file in FileKind::ALL {
            let document = profiles.document(file);
            let keys = references_in(profiles, document, name, section);
            found.extend(keys.into_iter().map(|property| Reference {
                by: SectionName::profile(name),
                file,
                place: FileLine { path: document.path.clone(), line: property.line },
                key: property.key,
                value: property.value,
            }));
        }
    }
    found
}

fn references_in(
    profiles: &Profiles,
    document: &Document,
    name: &str,
    section: &SectionName,
) -> Vec<ParsedProperty> {
    let mut winning: Vec<ParsedProperty> = Vec::new();
    let sections = profiles.sections_in(document.kind, SectionKind::Profile, name);
    for property in sections.flat_map(|section| document.body(section).properties) {
        winning.retain(|other| other.key != property.key);
        winning.push(property);
    }
    winning.retain(|property| names(section, property));
    winning
}

/// Returns whether a property names a section.
fn names(section: &SectionName, property: &ParsedProperty) -> bool {
    let key = property.key.strip_prefix(keys::PREFIX).unwrap_or(&property.key);
    let (kind, value) = (section.kind, property.value.as_str());
    match (kind, key) {
        (SectionKind::Profile, keys::CREDENTIAL_PROCESS) if key == property.key => {
            target(value).is_some_and(|target| target == section.name)
        }
        (SectionKind::Profile, keys::SOURCE_PROFILE)
        | (SectionKind::SsoSession, keys::SSO_SESSION)
        | (SectionKind::Services, keys::SERVICES) => value == section.name,
        _ => false,
    }
}
