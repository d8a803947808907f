//! The profiles of both shared files, merged as the SDKs merge them: duplicate sections and keys,
//! the last wins; the credentials file over the config file, key by key; `[profile default]` in
//! place of `[default]`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::ProfileName;
use super::document::{
    Document, FileKind, Header, Malformed, ParsedProperty, Section, SectionKind,
};
use super::encoding;
use super::malformed::{ALL_MALFORMED, malformed};
use crate::error::{Error, FileLine, Result};
use crate::text::{shown_url, without_url_secrets};

/// A key of a merged section, with the place that won. The value may be a secret: `Debug` leaves it
/// out.
#[derive(Clone, PartialEq, Eq)]
pub struct Property {
    pub key: String,
    pub value: Zeroizing<String>,
    pub file: FileKind,
    pub place: FileLine,
    /// The numbers of the lines that continue the value; blank lines and comments may stand between
    /// them.
    pub continuation_lines: Vec<usize>,
}

impl Property {
    /// Returns the lines of the value that continue it, each with its place: a nested block's
    /// lines, or those of a text over several lines.
    pub fn continuation(&self) -> impl Iterator<Item = (FileLine, &str)> {
        let lines = self.value.split('\n').skip(1).zip(&self.continuation_lines);
        lines.map(|(text, &line)| (FileLine { path: self.place.path.clone(), line }, text))
    }
}

impl fmt::Debug for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.key, self.place)
    }
}

/// A profile, as both files together have it; sections of other kinds merge in the same way.
#[derive(Debug, Clone)]
pub struct Profile {
    pub name: ProfileName,
    /// The first header.
    pub place: FileLine,
    /// In the order of first appearance.
    pub properties: Vec<Property>,
    /// The keys whose names AWS does not accept.
    pub ignored: Vec<(FileLine, String)>,
}

impl Profile {
    /// Returns a property that is set to something.
    pub fn get(&self, key: &str) -> Option<&Property> {
        self.properties.iter().find(|p| p.key == key && !p.value.is_empty())
    }

    /// Returns a property's value; an empty one counts as absent.
    pub fn value(&self, key: &str) -> Option<&str> {
        self.get(key).map(|p| p.value.as_str())
    }
}

/// Both shared files with an index of their sections by kind and name.
#[derive(Debug, Clone)]
pub struct Profiles {
    pub(super) documents: [Document; 2],
    /// The named sections, sorted by the hash of kind and name; those of one name in the order in
    /// which they merge: config file first. A map would own thousands of names for the few that are
    /// asked for.
    index: Vec<(u64, SectionPosition)>,
    /// The sections whose headers cannot be read.
    pub(super) malformed: Vec<SectionPosition>,
    /// The files that are not there.
    pub(super) missing: Vec<MissingFile>,
}

/// A shared file that is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingFile {
    pub path: PathBuf,
    /// The variable that names it.
    pub variable: Option<&'static str>,
}

/// A document and a section of it.
type SectionPosition = (usize, usize);

fn named(documents: &[Document; 2], (which, at): SectionPosition) -> Option<(SectionKind, &str)> {
    match &documents[which].sections[at].header {
        Header::Named { kind, name, .. } => Some((*kind, name)),
        Header::Ignored(_) | Header::OfCli | Header::Malformed(_) => None,
    }
}

fn hash(key: (SectionKind, &str)) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

impl Profiles {
    pub fn new(config: Document, credentials: Document) -> Self {
        let is_default = |section: &Section, wanted: bool| match &section.header {
            Header::Named { kind: SectionKind::Profile, name, prefixed } => {
                name == "default" && *prefixed == wanted
            }
            _ => false,
        };
        let replace_default = config.sections.iter().any(|section| is_default(section, true));
        let documents = [config, credentials];
        let mut index = Vec::with_capacity(documents.iter().map(|d| d.sections.len()).sum());
        let mut malformed = Vec::new();
        for (which, document) in documents.iter().enumerate() {
            for (at, section) in document.sections.iter().enumerate() {
                if matches!(section.header, Header::Malformed(_)) {
                    malformed.push((which, at));
                }
                let replaced = replace_default
                    && document.kind == FileKind::Config
                    && is_default(section, false);
                if let Some(key) = named(&documents, (which, at)).filter(|_| !replaced) {
                    index.push((hash(key), (which, at)));
                }
            }
        }
        index.sort_unstable();
        Self { documents, index, malformed, missing: Vec::new() }
    }

    /// Says which of the files are not there.
    #[must_use]
    pub fn with_missing(self, missing: Vec<MissingFile>) -> Self {
        Self { missing, ..self }
    }

    /// Returns them with another state of one of the files.
    ///
    /// # Errors
    /// When it is not text in UTF-8.
    pub fn with_document(&self, document: Document) -> Result<Self> {
        encoding::check(&document)?;
        let [config, credentials] = self.documents.clone();
        Ok(match document.kind {
            FileKind::Config => Self::new(document, credentials),
            FileKind::Credentials => Self::new(config, document),
        })
    }

    /// Returns the files that are not there.
    pub fn missing(&self) -> &[MissingFile] {
        &self.missing
    }

    /// Returns where the sections of a name are, in the order in which they merge.
    fn positions(&self, kind: SectionKind, name: &str) -> impl Iterator<Item = SectionPosition> {
        let key = (kind, name);
        let wanted = hash(key);
        let begin = self.index.partition_point(|(hash, _)| *hash < wanted);
        let same = self.index[begin..].iter().take_while(move |(hash, _)| *hash == wanted);
        same.map(|(_, position)| *position)
            .filter(move |&position| named(&self.documents, position) == Some(key))
    }

    /// Returns one of the files.
    pub fn document(&self, file: FileKind) -> &Document {
        let [config, credentials] = &self.documents;
        match file {
            FileKind::Config => config,
            FileKind::Credentials => credentials,
        }
    }

    /// Returns the sections of a name that a file has and readers read.
    pub fn sections_in(
        &self,
        file: FileKind,
        kind: SectionKind,
        name: &str,
    ) -> impl Iterator<Item = &Section> {
        let positions = self.positions(kind, name).map(|(which, at)| (&self.documents[which], at));
        positions
            .filter(move |(document, _)| document.kind == file)
            .map(|(document, at)| &document.sections[at])
    }

    /// Returns whether a file has a key in a section of a name. Malformed lines count as absent.
    pub fn has_key(&self, file: FileKind, kind: SectionKind, name: &str, key: &str) -> bool {
        let document = self.document(file);
        self.sections_in(file, kind, name)
            .any(|section| document.body(section).properties.iter().any(|p| p.key == key))
    }

    /// Returns the names of all profiles, in the order of the files.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names_of(SectionKind::Profile)
    }

    pub fn names_of(&self, wanted: SectionKind) -> impl Iterator<Item = &str> {
        let all = self
            .documents
            .iter()
            .enumerate()
            .flat_map(|(which, d)| (0..d.sections.len()).map(move |at| (which, at)));
        all.filter_map(move |position| {
            let (kind, name) = named(&self.documents, position)?;
            (kind == wanted && self.positions(kind, name).next() == Some(position)).then_some(name)
        })
    }

    /// Returns a profile, `None` when neither file has it.
    ///
    /// # Errors
    /// When a line in one of its sections is malformed.
    pub fn profile(&self, name: &str) -> Result<Option<Profile>> {
        self.section(SectionKind::Profile, name)
    }

    /// Returns a section of any kind, as both files together have it; `None` when neither has it.
    ///
    /// # Errors
    /// When a line in one of the sections of that name is malformed.
    pub fn section(&self, kind: SectionKind, name: &str) -> Result<Option<Profile>> {
        let mut merged: Option<Profile> = None;
        let mut keys = Keys::default();
        for (which, at) in self.positions(kind, name) {
            let document = &self.documents[which];
            let section = &document.sections[at];
            let place = |line| FileLine { path: document.path.clone(), line };
            let body = document.body(section);
            if let Some(first) = body.malformed.first() {
                let error = Error::configuration(format!("the section of `{name}` is malformed"))
                    .at(&place(first.line));
                let (error, more) = malformed(
                    error,
                    body.malformed.iter().map(|m| format!("{}: {}", place(m.line), m.reason)),
                );
                return Err(error.hint(if more {
                    ALL_MALFORMED
                } else {
                    "correct the line, then check both files with: rolecall profile dump --json"
                }));
            }
            let merged = merged.get_or_insert_with(|| Profile {
                name: ProfileName::new(name),
                place: place(section.line),
                properties: Vec::new(),
                ignored: Vec::new(),
            });
            merged.ignored.extend(body.ignored.into_iter().map(|(line, key)| (place(line), key)));
            for property in body.properties {
                let ParsedProperty { key, value, line, continuation_lines, .. } = property;
                let (file, place) = (document.kind, place(line));
                keys.put(merged, Property { key, value, file, place, continuation_lines });
            }
        }
        Ok(merged)
    }

    /// Returns every malformed line of both files with its place.
    pub fn malformed(&self) -> Vec<(FileLine, String)> {
        self.places(Document::malformed)
    }

    /// Returns the malformed lines that are in no profile's section, so that no profile fails by
    /// them.
    pub fn malformed_outside_profiles(&self) -> Vec<(FileLine, String)> {
        self.places(Document::malformed_outside_profiles)
    }

    /// Returns the sections and keys that the SDKs skip, with the reason.
    pub fn ignored(&self) -> Vec<(FileLine, String)> {
        self.places(Document::ignored)
    }

    /// Returns the paths of the config and the credentials file.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.documents.iter().map(|d| d.path.as_path())
    }

    /// Returns the profiles as they are once one of the files holds other bytes.
    #[must_use]
    pub fn with_file(&self, kind: FileKind, bytes: &Zeroizing<Vec<u8>>) -> Self {
        let other = |of: FileKind| {
            let document = self.document(of);
            let copy = || Zeroizing::new(document.bytes().to_vec());
            let bytes = if of == kind { bytes.clone() } else { copy() };
            Document::parse(of, &document.path, bytes)
        };
        Self::new(other(FileKind::Config), other(FileKind::Credentials))
    }

    fn places(&self, of: impl Fn(&Document) -> Vec<Malformed>) -> Vec<(FileLine, String)> {
        let of_document = |document: &Document| {
            let place = |line| FileLine { path: document.path.clone(), line };
            of(document).into_iter().map(|m| (place(m.line), m.reason)).collect::<Vec<_>>()
        };
        self.documents.iter().flat_map(of_document).collect()
    }
}

/// Where the keys of a merged section stand in it. Few are found fastest by looking at each.
#[derive(Default)]
struct Keys(BTreeMap<String, usize>);

impl Keys {
    const FEW: usize = 64;

    /// Adds a property, or puts it in the place of the one with its key.
    fn put(&mut self, merged: &mut Profile, property: Property) {
        let all = &mut merged.properties;
        let found = if all.len() < Self::FEW {
            all.iter().position(|p| p.key == property.key)
        } else {
            if self.0.is_empty() {
                self.0 = all.iter().enumerate().map(|(at, p)| (p.key.clone(), at)).collect();
            }
            self.0.get(&property.key).copied()
        };
        if let Some(at) = found {
            all[at] = property;
            return;
        }
        if !self.0.is_empty() {
            self.0.insert(property.key.clone(), all.len());
        }
        all.push(property);
    }
}

/// What the name of a key holds whose value is a secret.
const SECRET_WORDS: [&str; 6] =
    ["secret", "token", "password", "private_key", "seed", "passphrase"];
/// How the name of a key ends that only says something about a secret.
const ABOUT_SECRETS: [&str; 3] = ["_expires", "_file", "_url"];

/// Returns whether a key's value is a secret that must never be shown.
pub fn is_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    SECRET_WORDS.iter().any(|word| key.contains(word))
        && !ABOUT_SECRETS.iter().any(|end| key.ends_with(end))
}

fn is_scheme(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
}

/// Returns a value as it may be shown: `****` in place of a secret, also in a nested block, and
/// URLs without what may be secret in them.
pub fn shown<'a>(key: &str, value: &'a str) -> Cow<'a, str> {
    if value.is_empty() {
        return Cow::Borrowed(value);
    }
    // AWS's IDs are letters and digits: what is none may be the secret in its place.
    let is_id = |value: &str| value.len() < 40 && value.bytes().all(|b| b.is_ascii_alphanumeric());
    if is_secret(key) || key.eq_ignore_ascii_case("aws_access_key_id") && !is_id(value) {
        return Cow::Borrowed("****");
    }
    if value.split_once("://").is_some_and(|(scheme, _)| is_scheme(scheme)) {
        return Cow::Owned(shown_url(value));
    }
    if !value.starts_with('\n') {
        return without_url_secrets(value);
    }
    let lines = value.split('\n').map(|line| match line.split_once('=') {
        Some((key, value)) => {
            let blanks = value.len() - value.trim_start_matches([' ', '\t']).len();
            let (blanks, value) = value.split_at(blanks);
            Cow::Owned(format!("{key}={blanks}{}", shown(key.trim(), value)))
        }
        None => without_url_secrets(line),
    });
    Cow::Owned(lines.collect::<Vec<_>>().join("\n"))
}

/// Splits the raw value of a nested block (`"\na = b\nc = d"`) into its sub-properties.
pub fn sub_properties(value: &str) -> impl Iterator<Item = (String, &str)> {
    value.split('\n').filter_map(sub_property)
}

/// Splits a line of a nested block into key and value.
pub fn sub_property(line: &str) -> Option<(String, &str)> {
    let (key, value) = line.split_once('=')?;
    Some((key.trim_matches([' ', '\t']).to_ascii_lowercase(), value.trim_matches([' ', '\t'])))
}
