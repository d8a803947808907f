//! AssumeRoleWithWebIdentity with the token of a file, which whoever runs the machine renews.

use std::io::Read;

use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::Sources;
use super::principal::{require_same, subject};
use crate::aws::Session;
use crate::chain::{Chain, WebIdentity};
use crate::clients::asked::Asked;
use crate::clients::factory::Target;
use crate::error::{Error, Place, Result};
use crate::system::directories::Directories;

/// STS takes tokens of up to 20,000 characters.
const MAX_TOKEN_BYTES: u64 = 20_000;

impl Sources<'_> {
    pub(super) fn web_identity(&self, chain: &Chain, call: &WebIdentity) -> Result<Session> {
        let token = read_web_identity_token(self.directories, call)?;
        require_same(chain, &subject(token.expose_secret()))?;
        let target = Target::sts(&chain.plan.network, &call.endpoint);
        self.calls.assume_role_with_web_identity(&target, call, &token).map_err(|error| {
            let purpose = format!("assume {} by web identity", call.role_arn);
            let refused = format!(
                "{}: AWS did not let the web identity assume {}",
                chain.who(),
                call.role_arn
            );
            error.explained(&Asked { chain, role: None, target: &target, purpose }, refused)
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
    let metadata = std::fs::metadata(&path).map_err(|e| error(format!("cannot be read: {e}")))?;
    if !metadata.is_file() {
        return Err(error("is not a file".to_owned()));
    }
    let mut text = Zeroizing::new(String::new());
    std::fs::File::open(&path)
        .and_then(|file| file.take(MAX_TOKEN_BYTES + 1).read_to_string(&mut text))
        .map_err(|e| error(format!("cannot be read: {e}")))?;
    let token = text.trim();
    if token.is_empty() || token.len() as u64 > MAX_TOKEN_BYTES {
        return Err(error(
            if token.is_empty() { "is empty" } else { "is too long for a token" }.to_owned(),
        ));
    }
    Ok(SecretString::from(token))
}
