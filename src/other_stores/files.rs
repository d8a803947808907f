//! The file back end: a folder with an encrypted file for each item, which is named by it.

use std::cell::RefCell;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use zeroize::Zeroizing;

use super::jwe::{Jwe, JweError};
use super::{Access, Content, OtherStore, item, unreadable};
use crate::error::{Error, Result};
use crate::hint;
use crate::system::files::read_named;
use crate::text::unescape;

/// The largest file that is read; one with keys has some 900 bytes.
const MAX_FILE_BYTES: u64 = 64 * 1024;
/// How every encrypted item begins: with a JSON object in base64.
const BEGIN: &[u8] = b"eyJ";
/// How often a person is asked for one file.
const TRIES: usize = 3;

/// Where the passphrase comes from before a person is asked.
#[derive(Clone, Copy)]
pub struct Passphrase {
    pub variable: &'static str,
    /// What the program takes where the variable is not set.
    pub default: Option<&'static str>,
}

/// A folder of encrypted files.
pub struct Files<'a> {
    access: Access<'a>,
    folder: PathBuf,
    source: Passphrase,
    /// The passphrase that has opened a file.
    known: RefCell<Option<SecretString>>,
}

impl<'a> Files<'a> {
    pub fn new(access: Access<'a>, folder: PathBuf, source: Passphrase) -> Self {
        Self { access, folder, source, known: RefCell::default() }
    }

    /// Returns the passphrase that nobody has to be asked for.
    fn given(&self) -> Option<SecretString> {
        let variable = self.access.environment.get_untrimmed(self.source.variable);
        variable.or(self.source.default).map(SecretString::from)
    }

    /// Decrypts a file. Files of one folder may have different passphrases.
    fn open(&self, jwe: &Jwe, path: &Path) -> Result<Zeroizing<Vec<u8>>> {
        let damaged = || {
            unreadable(&path.display().to_string(), "it is damaged")
                .hint(format!("look at it: {}", hint::show(path)))
        };
        let known = self.known.borrow().clone();
        let given = if known.is_none() { self.given() } else { None };
        for passphrase in known.into_iter().chain(given) {
            match jwe.open(&passphrase) {
                Ok(content) => return Ok(self.remember(passphrase, content)),
                Err(JweError::Damaged) => return Err(damaged()),
                Err(JweError::WrongPassphrase) => {}
            }
        }
        if self.access.environment.get_untrimmed(self.source.variable).is_some() {
            return Err(self.not_opened(path));
        }
        for _ in 0..TRIES {
            let passphrase = self.ask(path)?;
            match jwe.open(&passphrase) {
                Ok(content) => return Ok(self.remember(passphrase, content)),
                Err(JweError::Damaged) => return Err(damaged()),
                Err(JweError::WrongPassphrase) => {
                    self.access.report.note("it is another passphrase");
                }
            }
        }
        Err(self.not_opened(path))
    }

    fn remember(
        &self,
        passphrase: SecretString,
        content: Zeroizing<Vec<u8>>,
    ) -> Zeroizing<Vec<u8>> {
        self.known.replace(Some(passphrase));
        content
    }

    fn ask(&self, path: &Path) -> Result<SecretString> {
        let file = path.display();
        let answer = (self.access.ask_hidden)(&format!("Passphrase of {file}: "))?;
        let answer = answer.ok_or_else(|| {
            Error::needs_person(format!("the passphrase of {file} is needed, and nobody gave it"))
                .hint(hint::give_passphrase_in(self.source.variable))
        })?;
        Ok(SecretString::from(answer.trim_end_matches(['\r', '\n'])))
    }

    fn not_opened(&self, path: &Path) -> Error {
        let variable = self.source.variable;
        let what = match self.access.environment.get_untrimmed(variable) {
            Some(_) => format!("{variable} is not its passphrase, or it is damaged"),
            None => "that is not its passphrase, or it is damaged".to_owned(),
        };
        unreadable(&path.display().to_string(), what)
            .hint(hint::give_passphrase_in(self.source.variable))
    }
}

fn failed(path: &Path, error: &std::io::Error) -> Error {
    unreadable(&path.display().to_string(), error)
        .hint(format!("look at it: {}", hint::look_at(path)))
}

impl OtherStore for Files<'_> {
    fn title(&self) -> String {
        format!("files in {}", self.folder.display())
    }

    fn names(&self) -> Result<Option<Vec<String>>> {
        let failed = |error| failed(&self.folder, &error);
        let entries = match std::fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        let mut names = Vec::new();
        for entry in entries {
            let file_name = entry.map_err(failed)?.file_name();
            let name = file_name.to_str().and_then(name_of);
            let name = name.filter(|_| self.folder.join(&file_name).is_file());
            names.extend(name);
        }
        names.sort_unstable();
        Ok(Some(names))
    }

    fn read(&self, name: &str) -> Result<Content> {
        let path = self.folder.join(file_name_of(name));
        let shown = path.display().to_string();
        let bytes = read_named(&path, MAX_FILE_BYTES).map_err(|error| failed(&path, &error))?;
        if !bytes.starts_with(BEGIN) {
            return Ok(Content::Other("it is no encrypted item"));
        }
        let text = str::from_utf8(&bytes).map_err(|_| "it is not text");
        let garbage =
            |what| unreadable(&shown, what).hint(format!("look at it: {}", hint::show(&path)));
        let jwe = text.and_then(Jwe::parse).map_err(garbage)?;
        item::parse(&self.open(&jwe, &path)?).map_err(garbage)
    }
}

/// Returns the item of a file; `None` where the library does not name a file so.
fn name_of(file_name: &str) -> Option<String> {
    let name = String::from_utf8(unescape(file_name, b'%')).ok()?;
    (file_name_of(&name) == file_name).then_some(name)
}

/// Returns the name of an item's file.
fn file_name_of(name: &str) -> String {
    name.replace('%', "%25").replace('/', "%2F")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_are_those_of_the_library() {
        for (file, name) in [
            ("dev", Some("dev")),
            ("team%2Fdev", Some("team/dev")),
            ("100%25", Some("100%")),
            ("a b", Some("a b")),
            ("größe", Some("größe")),
            ("a%2fb", None),
            ("a%b", None),
            ("a%FF", None),
        ] {
            assert_eq!(name_of(file).as_deref(), name, "{file}");
        }
    }
}
