//! AssumeRoleWithWebIdentity with the token of a file, which whoever runs the machine renews.

use std::io::ErrorKind;

use secrecy::{ExposeSecret, SecretString};

use super::Sources;
use super::principal::{require_same, subject};
use crate::aws::Session;
use crate::chain::{Chain, WebIdentity};
use crate::clients::factory::Target;
use crate::error::{Error, Place, Result};
use crate::system::directories::Directories;
use crate::system::files::read_named;

/// STS takes tokens of up to 20,000 characters.
const MAX_TOKEN_BYTES: u64 = 20_000;

impl Sources<'_> {
    pub(super) fn web_identity(&self, chain: &Chain, call: &WebIdentity) -> Result<Session> {
        let token = read_web_identity_token(self.directories, call)?;
        require_same(chain, &subject(token.expose_secret()))?;
        let target = Target::sts(&chain.plan.network, &call.endpoint);
        self.calls.assume_role_with_web_identity(&target, call, &token).map_err(|error| {
            error.into_error(format!("AWS did not let the web identity assume {}", call.role_arn))
        })
    }
}

/// Reads the token of a web identity, without the blanks around it.
///
/// # Errors
/// Where there is no home that its path begins with, or no such file, or no token in it.
pub(super) fn read_web_identity_token(
    directories: &Directories,
    call: &WebIdentity,
) -> Result<SecretString> {
    let path = directories.expand(&call.token_file)?;
    let error = |what: String| {
        Error::configuration(format!("the web identity token {} {what}", path.display()))
            .at(Place::File(path.clone()))
            .hint(format!("look at it with: ls -l {}", crate::hint::path(&path)))
    };
    let bytes = read_named(&path, MAX_TOKEN_BYTES).map_err(|e| {
        error(match e.kind() {
            ErrorKind::FileTooLarge => "is too long for a token".to_owned(),
            ErrorKind::InvalidInput => e.to_string(),
            _ => format!("cannot be read: {e}"),
        })
    })?;
    let text = str::from_utf8(&bytes).map_err(|_| error("is not text".to_owned()))?;
    let token = text.trim();
    if token.is_empty() {
        return Err(error("is empty".to_owned()));
    }
    Ok(SecretString::from(token))
}
