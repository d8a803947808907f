//! Back ends that only aws-vault itself reads: it is run, and exports the keys.

use super::runner::Runner;
use super::{Access, Content, OtherStore};
use crate::aws::{Credentials, process_json};
use crate::error::{Error, Result};

/// The program aws-vault.
pub struct Export<'a> {
    program: Runner<'a>,
    /// The back end that is chosen.
    backend: Option<&'a str>,
}

impl<'a> Export<'a> {
    pub fn new(access: Access<'a>, backend: Option<&'a str>) -> Self {
        Self { program: Runner { access, name: "aws-vault".to_owned() }, backend }
    }
}

impl OtherStore for Export<'_> {
    fn title(&self) -> String {
        match self.backend {
            Some(backend) => format!("back end {backend} of the program aws-vault"),
            None => "program aws-vault on PATH".to_owned(),
        }
    }

    fn names(&self) -> Result<Option<Vec<String>>> {
        // Where it is chosen, that it is not there is an error.
        if self.backend.is_none() && !self.program.exists() {
            return Ok(None);
        }
        let printed = self.program.run(&["list", "--credentials"], None)?;
        let text = String::from_utf8_lossy(&printed);
        let names = text.lines().map(str::trim).filter(|name| !name.is_empty());
        Ok(Some(names.map(str::to_owned).collect()))
    }

    fn read(&self, name: &str) -> Result<Content> {
        let arguments = ["export", "--no-session", "--format=json", "--", name];
        let printed = self.program.run(&arguments, None)?;
        match process_json::parse(&printed, None) {
            Ok(Credentials::LongTerm(keys)) => Ok(Content::Keys(keys)),
            Ok(Credentials::Session(_)) => Ok(Content::Other("aws-vault exports a session for it")),
            Err(what) => Err(Error::failed(format!("`aws-vault {}` {what}", arguments.join(" ")))
                .hint("see how it exports: aws-vault export --help")),
        }
    }

    fn is_last_resort(&self) -> bool {
        self.backend.is_none() && cfg!(target_os = "linux")
    }
}
