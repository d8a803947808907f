//! What `rolecall write` puts into the credentials file, for tools that read nothing else: how it is
//! marked, and how exactly that is taken out again. Pure: bytes in, bytes out.
//!
//! The mark is a key of the section itself: `rolecall_written = section ASIA…` where the section is
//! rolecall's as a whole, and `rolecall_written = keys ASIA…` where it was there before. It holds
//! for the session of that access key ID only: keys that somebody put in its place are theirs.

use chrono::{DateTime, SecondsFormat, Utc};
use secrecy::ExposeSecret;
use zeroize::Zeroizing;

use crate::aws::{Session, expiration};
use crate::chain::keys;
use crate::config::document::{Document, Header, ParsedProperty, Section, SectionKind};
use crate::config::edit::{Edit, KeyPath, NewValue, SectionName, apply};
use crate::config::profiles::Profile;
use crate::error::{Error, FileLine, Result};

/// What is written, in its order.
const WRITTEN: [&str; 5] = [
    keys::WRITTEN,
    keys::ACCESS_KEY_ID,
    keys::SECRET_ACCESS_KEY,
    keys::SESSION_TOKEN,
    keys::TOKEN_EXPIRES,
];
/// What belongs to other keys: readers would take it for the session's.
const OF_OTHER_KEYS: [&str; 2] = [keys::SECURITY_TOKEN, keys::ACCOUNT_ID];

/// What may be written over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overwrite {
    /// What rolecall wrote.
    Own,
    Anything,
}

/// Which part of a section is rolecall's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Extent {
    Section,
    Keys,
}

impl Extent {
    fn name(self) -> &'static str {
        match self {
            Self::Section => "section",
            Self::Keys => "keys",
        }
    }

    /// Reads a mark, which has to be about the keys that are there.
    fn parse(mark: &str, access_key_id: &str) -> Option<Self> {
        let (extent, id) = mark.split_once(' ')?;
        let all = [Self::Section, Self::Keys].into_iter();
        all.filter(|_| id == access_key_id).find(|one| one.name() == extent)
    }
}

/// The sections of one name, which readers merge.
struct Found<'a> {
    document: &'a Document,
    sections: Vec<&'a Section>,
    properties: Vec<ParsedProperty>,
}

impl<'a> Found<'a> {
    /// Looks for a section; `None` where there is none.
    fn of(document: &'a Document, section: &SectionName) -> Option<Self> {
        let is_it = |header: &Header| {
            matches!(header, Header::Named { kind: SectionKind::Profile, name, .. }
                if *name == section.name)
        };
        let sections: Vec<&Section> =
            document.sections.iter().filter(|one| is_it(&one.header)).collect();
        let bodies = sections.iter().map(|section| document.body(section));
        let properties = bodies.flat_map(|body| body.properties).collect();
        (!sections.is_empty()).then_some(Self { document, sections, properties })
    }

    fn value(&self, key: &str) -> Option<&str> {
        let last = self.properties.iter().rfind(|property| property.key == key);
        last.map(|property| property.value.as_str())
    }

    fn mark(&self) -> Option<Extent> {
        Extent::parse(self.value(keys::WRITTEN)?, self.value(keys::ACCESS_KEY_ID)?)
    }

    /// Returns a property that rolecall did not write.
    fn hand_made(&self) -> Option<&ParsedProperty> {
        let is_marked = self.mark().is_some();
        let is_own = |property: &&ParsedProperty| WRITTEN.contains(&property.key.as_str());
        self.properties.iter().find(|property| !is_marked || !is_own(property))
    }

    /// Returns whether there is nothing in the section but what rolecall wrote: not even a comment.
    fn is_all_own(&self) -> bool {
        let [section] = self.sections[..] else { return false };
        let body = self.document.body(section);
        let text = &self.document.bytes()[section.body.start..body.end];
        let lines = text.split_inclusive(|&b| b == b'\n').count();
        let own: usize = self.properties.iter().map(|property| property.lines().count()).sum();
        self.hand_made().is_none() && lines == own
    }

    fn place(&self, line: usize) -> FileLine {
        FileLine { path: self.document.path.clone(), line }
    }

    /// Returns which part of the section is rolecall's once a session is written into it.
    ///
    /// # Errors
    /// When something stands there that may not be written over.
    fn extent(&self, section: &SectionName, overwrite: Overwrite) -> Result<Extent> {
        match (self.hand_made(), overwrite) {
            (Some(property), Overwrite::Own) => Err(self.refused(section, property)),
            _ => Ok(self.mark().unwrap_or(Extent::Keys)),
        }
    }

    /// Returns the error about what rolecall did not write: the secret, or else a property.
    fn refused(&self, section: &SectionName, property: &ParsedProperty) -> Error {
        let secret = self.properties.iter().rfind(|one| one.key == keys::SECRET_ACCESS_KEY);
        let (line, what) = match secret.filter(|_| self.mark().is_none()) {
            None => (property.line, format!("`{}`", property.key)),
            Some(secret) if self.value(keys::SESSION_TOKEN).is_some() => {
                (secret.line, "a session".to_owned())
            }
            Some(secret) => (secret.line, "long-term keys".to_owned()),
        };
        let what = format!("[{}] holds {what}, which rolecall did not write", section.name);
        Error::misconfigured(&self.place(line), what)
    }

    /// Returns the edits that remove those of some keys that are there.
    fn unset(
        &self,
        section: &SectionName,
        keys: impl IntoIterator<Item = &'static str>,
    ) -> impl Iterator<Item = Edit> {
        let there = keys.into_iter().filter(|key| self.value(key).is_some());
        let paths = there.filter_map(|key| KeyPath::parse(key).ok());
        paths.map(|key| Edit::Unset { section: section.clone(), key })
    }
}

/// Refuses a section of the credentials file that cannot or may not be written.
///
/// # Errors
/// When it holds what may not be written over, or its name is none that readers accept.
pub fn check(document: &Document, section: &SectionName, overwrite: Overwrite) -> Result<()> {
    match Found::of(document, section) {
        Some(found) => found.extent(section, overwrite).map(drop),
        None => apply(document, &[Edit::AddSection { section: section.clone() }]).map(drop),
    }
}

/// Returns the credentials file with a session in a section. Its other bytes stay.
///
/// # Errors
/// As [`check`], and when the session or the section has what the file cannot hold.
pub fn put(
    document: &Document,
    section: &SectionName,
    session: &Session,
    overwrite: Overwrite,
) -> Result<Zeroizing<Vec<u8>>> {
    let found = Found::of(document, section);
    let mut edits = Vec::new();
    let extent = if let Some(found) = &found {
        found.extent(section, overwrite)?
    } else {
        edits.push(Edit::AddSection { section: section.clone() });
        Extent::Section
    };
    let values = values(session, extent);
    let is_set = |key: &str| values.iter().any(|(name, _)| *name == key);
    let stale = WRITTEN.into_iter().filter(|key| !is_set(key)).chain(OF_OTHER_KEYS);
    edits.extend(found.iter().flat_map(|found| found.unset(section, stale.clone())));
    for (key, value) in &values {
        let (key, value) = (KeyPath::parse(key)?, NewValue::new(value.clone())?);
        edits.push(Edit::Set { section: section.clone(), key, value });
    }
    apply(document, &edits)
}

/// Returns the keys of a section with their values.
fn values(session: &Session, extent: Extent) -> Vec<(&'static str, Zeroizing<String>)> {
    let mark = format!("{} {}", extent.name(), session.access_key_id);
    let token = session.session_token.as_ref().map(ExposeSecret::expose_secret);
    let end = session.expires_at.map(|end| end.to_rfc3339_opts(SecondsFormat::Secs, true));
    let all = [
        (keys::WRITTEN, Some(mark.as_str())),
        (keys::ACCESS_KEY_ID, Some(session.access_key_id.as_str())),
        (keys::SECRET_ACCESS_KEY, Some(session.secret_access_key.expose_secret())),
        (keys::SESSION_TOKEN, token),
        (keys::TOKEN_EXPIRES, end.as_deref()),
    ];
    let set = all.into_iter().filter_map(|(key, value)| Some((key, value?)));
    set.map(|(key, value)| (key, Zeroizing::new(value.to_owned()))).collect()
}

/// Returns the credentials file without what rolecall wrote into a section, and without the section
/// where it is rolecall's and holds nothing else. `None` where there is nothing to take out: no such
/// section, or another session than that of `access_key_id`, if one is named.
///
/// # Errors
/// When rolecall did not write what the section holds.
pub fn take_out(
    document: &Document,
    section: &SectionName,
    access_key_id: Option<&str>,
) -> Result<Option<Zeroizing<Vec<u8>>>> {
    let Some(found) = Found::of(document, section) else { return Ok(None) };
    if access_key_id.is_some_and(|id| found.value(keys::ACCESS_KEY_ID) != Some(id)) {
        return Ok(None);
    }
    let Some(extent) = found.mark() else {
        let what = format!("rolecall did not write what [{}] holds", section.name);
        return Err(Error::misconfigured(&found.place(found.sections[0].line), what));
    };
    let edits = match extent {
        Extent::Section if found.is_all_own() => {
            vec![Edit::RemoveSection { section: section.clone() }]
        }
        _ => found.unset(section, WRITTEN).collect(),
    };
    apply(document, &edits).map(Some)
}

/// Returns when the session ended that rolecall wrote into a profile's section, with the place of
/// the mark; `None` where it lives, has no end, or rolecall wrote none.
pub fn ended(profile: &Profile, now: DateTime<Utc>) -> Option<(DateTime<Utc>, FileLine)> {
    let mark = profile.get(keys::WRITTEN)?;
    Extent::parse(&mark.value, profile.value(keys::ACCESS_KEY_ID)?)?;
    let end = expiration::parse(profile.value(keys::TOKEN_EXPIRES)?).ok()?;
    (end <= now).then(|| (end, mark.place.clone()))
}

#[cfg(test)]
mod tests;
