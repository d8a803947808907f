//! Where granted keeps the keys of IAM users (granted, `pkg/securestorage`): its defaults, and what its
//! own file of settings says.

use std::path::PathBuf;

use zeroize::Zeroizing;

use super::files::{Files, Passphrase};
use super::{Access, OtherStore, pass};
use crate::error::{Error, Result};
use crate::hint;
use crate::system::files::read_named;

/// What chooses the back end, in words.
pub const BACKEND: &str = "`Backend` in granted's own file `config`";
/// The name of its collection and of its prefix.
const NAME: &str = "granted-aws-iam-credentials";
const FOLDER: &str = "secure-storage-aws-iam-credentials";
const FILE_PASSPHRASE: &str = "CF_KEYRING_FILE_PASSWORD";
const MAX_CONFIG_BYTES: u64 = 1024 * 1024;

/// Returns the stores that are looked at: the one that is chosen, else each in the order in which
/// granted does.
///
/// # Errors
/// Where its settings cannot be read, choose a back end that cannot, or name a folder of a home that
/// there is not.
pub fn stores(access: Access) -> Result<Vec<Box<dyn OtherStore + '_>>> {
    let folder = folder(access)?;
    let settings = Settings::read(folder.join("config"))?;
    let chosen = settings.get("Backend");
    let is_meant = |name| chosen.is_none_or(|chosen| chosen == name);
    let mut found: Vec<Box<dyn OtherStore>> = Vec::new();
    #[cfg(target_os = "linux")]
    if is_meant("secret-service") {
        let collection = settings.get("LibSecretCollectionName").unwrap_or(NAME);
        found.push(Box::new(super::secret_service::Items::new(access, collection)));
    }
    if cfg!(unix) && is_meant("pass") {
        let place = pass::Place { program: None, folder: settings.get("PassDir"), prefix: NAME };
        found.push(Box::new(pass::Entries::new(access, &place)?));
    }
    if is_meant("file") {
        let files = match settings.get("FileDir") {
            Some(folder) => access.directories.expand(folder)?,
            None => folder.join(FOLDER),
        };
        // It never asks.
        let passphrase = Passphrase { variable: FILE_PASSPHRASE, default: Some("") };
        found.push(Box::new(Files::new(access, files, passphrase)));
    }
    match chosen {
        Some(other) if found.is_empty() => {
            let path = settings.path.display();
            Err(Error::configuration(format!(
                "{path}: the back end `{other}` is read by granted alone"
            ))
            .hint(
                "put the keys into the credentials file, and move them from there: granted \
                       credentials export-plaintext",
            ))
        }
        _ => Ok(found),
    }
}

/// Returns the folder of granted's own files: the usual one where it is there, or else that of
/// `XDG_CONFIG_HOME`.
fn folder(access: Access) -> Result<PathBuf> {
    let usual = access.directories.home()?.join(".granted");
    match access.environment.get("XDG_CONFIG_HOME") {
        Some(folder) if !usual.exists() => Ok(PathBuf::from(folder).join("granted")),
        _ => Ok(usual),
    }
}

/// The section `[Keyring]` of granted's settings, which are TOML. Values are strings of one line.
struct Settings {
    path: PathBuf,
    values: Vec<(String, String)>,
}

impl Settings {
    /// Reads them; there are none where there is no file.
    fn read(path: PathBuf) -> Result<Self> {
        let bytes = match read_named(&path, MAX_CONFIG_BYTES) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Zeroizing::default(),
            Err(error) => {
                let shown = path.display();
                return Err(Error::configuration(format!("{shown}: {error}"))
                    .hint(format!("look at it: {}", hint::look_at(&path))));
            }
        };
        let values = keyring_section(&String::from_utf8_lossy(&bytes));
        Ok(Self { path, values })
    }

    /// Returns a value; the case of a name does not count.
    fn get(&self, name: &str) -> Option<&str> {
        let found = self.values.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }
}

fn keyring_section(text: &str) -> Vec<(String, String)> {
    let mut is_inside = false;
    let mut values = Vec::new();
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            let name = line.trim_start_matches('[').split(']').next().unwrap_or_default();
            is_inside = name.trim().eq_ignore_ascii_case("keyring");
        } else if let Some((key, value)) = line.split_once('=').filter(|_| is_inside) {
            values.extend(string(value.trim()).map(|value| (key.trim().to_owned(), value)));
        }
    }
    values
}

/// Reads a string of TOML: in single quotes as it stands, in double quotes with `\\` and `\"`.
fn string(text: &str) -> Option<String> {
    if let Some(rest) = text.strip_prefix('\'') {
        return rest.split_once('\'').map(|(value, _)| value.to_owned());
    }
    let (mut value, mut rest) = (String::new(), text.strip_prefix('"')?.chars());
    loop {
        match rest.next()? {
            '"' => return Some(value),
            '\\' => match rest.next()? {
                c @ ('"' | '\\') => value.push(c),
                _ => return None,
            },
            c => value.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn section_of_the_keyring_is_read_and_no_other() {
        let text = "DefaultBrowser = \"STDOUT\"\nBackend = \"x\"\n\n[Keyring]\n  # mine\n  Backend = \"file\" # c\n  \
                    FileDir = '~/a b'\n  PassDir = \"C:\\\\a \\\"b\\\"\"\n  Empty = \"\"\n  Odd = 1\n  Torn = \"\n\
                    [SSO]\n[SSO.x]\nBackend = \"y\"\n";
        let settings = Settings { path: PathBuf::new(), values: keyring_section(text) };
        for (name, value) in [
            ("Backend", Some("file")),
            ("filedir", Some("~/a b")),
            ("PassDir", Some(r#"C:\a "b""#)),
            ("Empty", None),
            ("Odd", None),
            ("Torn", None),
            ("DefaultBrowser", None),
        ] {
            assert_eq!(settings.get(name), value, "{name}");
        }
    }
}
