//! What the shared files may have meant where they hold no profile of a name: sections that are
//! skipped because their header is another one, files that are not there, names that come near.
//! All of it is looked for only when a profile is not found.

use super::document::{Document, FileKind, Header, NO_HOME, SectionKind};
use super::malformed::{ALL_MALFORMED, SHOWN, malformed};
use super::profiles::Profiles;
use super::syntax::{content, is_identifier, lines, trim};
use crate::error::Error;
use crate::hint;

impl Profiles {
    /// Returns the error for a profile that neither file has, with what it may have been meant for.
    pub fn unknown(&self, name: &str) -> Error {
        let meant: Vec<String> =
            self.documents.iter().flat_map(|document| look_alikes(document, name)).collect();
        if meant.is_empty() {
            return self.absent(name, self.nearest(SectionKind::Profile, name));
        }
        let error = meant.into_iter().take(SHOWN).fold(self.neither(name), Error::cause);
        self.say_missing(error)
            .hint("correct the file, or see which profiles there are: rolecall list")
    }

    /// Adds to the error about a section that neither file has what it may have been meant for.
    pub fn say_like_sections(&self, error: Error, kind: SectionKind, name: &str) -> Error {
        let right = format!("[{} {name}]", kind.prefix());
        let skipped = self.documents.iter().flat_map(|document| {
            let bytes = document.bytes();
            let skipped = document.sections.iter().filter(|section| {
                matches!(section.header, Header::Ignored(_) | Header::Malformed(_))
            });
            skipped.filter_map(move |section| {
                let line = lines(bytes, section.start..bytes.len()).next()?;
                let text = str::from_utf8(&bytes[trim(bytes, content(bytes, line))]).ok()?;
                let place = format!("{}:{}", document.path.display(), section.line);
                holds(text, name).then(|| (place, shown(text)))
            })
        });
        let causes = skipped.map(|(place, shown)| format!("{place}: {shown} must be {right}"));
        let error = causes.take(SHOWN).fold(error, Error::cause);
        match self.nearest(kind, name) {
            Some(near) => error.cause(format!("is [{} {near}] meant?", kind.prefix())),
            None => error,
        }
    }

    fn nearest(&self, kind: SectionKind, name: &str) -> Option<&str> {
        let near = self.names_of(kind).filter_map(|n| distance(n, name).map(|d| (d, n))).min();
        near.map(|(_, near)| near)
    }

    /// As `unknown`, but without a look at all names, for those who look at each profile.
    pub fn absent(&self, name: &str, near: Option<&str>) -> Error {
        let headers = self.malformed.iter().map(|&(which, at)| {
            let (document, section) = (&self.documents[which], &self.documents[which].sections[at]);
            let reason = if let Header::Malformed(reason) = &section.header { reason } else { "" };
            format!("{}:{}: {reason}", document.path.display(), section.line)
        });
        let (error, more) = malformed(self.neither(name), headers);
        let error = self.say_missing(error);
        let error = match near {
            Some(near) => error.hint(format!("did you mean `{near}`? see: rolecall list")),
            None if self.is_empty() => hint::first_steps(error),
            None => error.hint("see which profiles there are: rolecall list"),
        };
        if more { error.hint(ALL_MALFORMED) } else { error }
    }

    /// Returns whether neither file has a profile.
    pub fn is_empty(&self) -> bool {
        self.names().next().is_none()
    }

    fn neither(&self, name: &str) -> Error {
        let [config, credentials] = &self.documents;
        Error::configuration(format!(
            "profile `{name}` is in neither {} nor {}",
            config.path.display(),
            credentials.path.display()
        ))
        .about(name)
    }

    /// Adds to an error which files are not there, and what names them.
    pub fn say_missing(&self, error: Error) -> Error {
        let (at_home, named): (Vec<_>, Vec<_>) =
            self.missing.iter().partition(|missing| missing.path.starts_with(NO_HOME));
        let error = if at_home.is_empty() {
            error
        } else {
            error.cause("there is no home folder: HOME is no absolute path").hint(hint::set_home())
        };
        named.into_iter().fold(error, |error, missing| {
            let path = missing.path.display();
            match missing.variable {
                None => error.cause(format!("{path} does not exist")),
                Some(variable) => {
                    error.cause(format!("{path}, which {variable} names, does not exist")).hint(
                        format!("name a file that is there, or none: {}", hint::unset(&[variable])),
                    )
                }
            }
        })
    }
}

/// Returns the lines of a file that look like the header of a profile and are none, each with what
/// it must be; and the keys that stand below no header at all.
fn look_alikes(document: &Document, name: &str) -> Vec<String> {
    let (bytes, path) = (document.bytes(), document.path.display());
    let right = header(document.kind, name);
    let header_of = |number| document.sections.iter().find(|section| section.line == number);
    let headers = lines(bytes, 0..bytes.len()).enumerate().filter_map(|(at, line)| {
        let text = str::from_utf8(&bytes[trim(bytes, content(bytes, line))]).ok()?;
        let text = text.trim_start_matches('\u{feff}');
        if !text.starts_with('[') || !holds(text, name) {
            return None;
        }
        let (number, shown) = (at + 1, shown(text));
        Some(match header_of(number).map(|section| &section.header) {
            Some(Header::Named { kind: SectionKind::Profile, .. }) => return None,
            Some(Header::Named { .. }) => format!("{path}:{number}: {shown} is not a profile"),
            Some(Header::OfCli) => {
                format!("{path}:{number}: {shown} is the AWS CLI's own, and not a profile")
            }
            Some(Header::Ignored(_) | Header::Malformed(_)) => {
                format!("{path}:{number}: {shown} must be {right}")
            }
            None => format!(
                "{path}:{number}: {shown} is indented, and must be {right} where a line begins"
            ),
        })
    });
    let keys = document.keys_before_sections().into_iter().take(1);
    let keys = keys.map(|line| {
        format!("{path}:{line}: the keys before the first section must stand below {right}")
    });
    keys.chain(headers).collect()
}

/// Returns the header of a profile.
fn header(file: FileKind, name: &str) -> String {
    match file {
        FileKind::Credentials => format!("[{name}]"),
        FileKind::Config if name == "default" => "[default]".to_owned(),
        FileKind::Config if is_identifier(name.as_bytes()) => format!("[profile {name}]"),
        FileKind::Config => format!("[profile '{name}']"),
    }
}

/// Returns whether a header has a name in it: alone, or after one word.
fn holds(header: &str, name: &str) -> bool {
    let end = header.find([']', '#', ';']).unwrap_or(header.len());
    let inside = header[1..end].trim();
    let after_word = inside.split_once([' ', '\t', ':', '.']).map(|(_, rest)| rest);
    [Some(inside), after_word, inside.strip_prefix("profile")].into_iter().flatten().any(|part| {
        part.trim_matches(|c: char| " \t\"':=-_".contains(c)).eq_ignore_ascii_case(name)
    })
}

/// Returns as much of a header as an error shows.
fn shown(header: &str) -> String {
    let end = header.find(']').map_or(header.len(), |end| end + 1);
    crate::text::cut(&header[..end], 60).into_owned()
}

/// Returns the edit distance of two short names when it is small enough for a typing error; capital
/// letters are the same as small ones.
fn distance(a: &str, b: &str) -> Option<usize> {
    let limit = (b.chars().count() / 2).min(3);
    if a.len().abs_diff(b.len()) > limit.max(1) * 4 || b.len() > 128 {
        return None;
    }
    let distance = strsim::levenshtein(&a.to_lowercase(), &b.to_lowercase());
    (distance <= limit).then_some(distance)
}
