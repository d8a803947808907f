//! Finds out who stands behind a base that does not say it: who logged in, whose token a file
//! holds, which machine this is. It reads a small file or two, and only for such bases; it trusts
//! nothing that it reads, which only tells one principal from another.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use super::sso_token::{read_token, token_path};
use super::web_identity::read_web_identity_token;
use crate::chain::base::ProcessSource;
use crate::chain::{Base, Chain, DefaultProvider, Plan, Principal};
use crate::error::{Error, Result};
use crate::system::digest::sha256_hex;
use crate::system::directories::Directories;
use crate::system::environment::Environment;
use crate::system::runtime::Runtime;

/// What tells machines apart, besides their names: the system's own identity, and that of an
/// instance of EC2.
const MACHINE_FILES: [&str; 2] = ["/etc/machine-id", "/sys/class/dmi/id/board_asset_tag"];
/// A machine's identity has less than a hundred characters.
const MAX_MACHINE_BYTES: u64 = 128;
/// The cache of `aws login` holds tokens of a few thousand bytes.
const MAX_LOGIN_BYTES: u64 = 256 * 1024;

/// Finds out who stands behind bases.
#[derive(Clone, Copy)]
pub struct Principals<'a> {
    pub environment: &'a Environment,
    pub directories: &'a Directories,
    pub runtime: &'a Runtime,
}

impl Principals<'_> {
    /// Fills in the principal of a chain, and of the chain of a process that is another rolecall.
    /// Blocks for less than a tenth of a second.
    pub fn identify(self, chain: &mut Chain) {
        let plan = &mut chain.plan;
        if let Base::Process { source: ProcessSource::Rolecall(inner), .. } = &mut plan.base {
            self.identify(inner);
        }
        plan.principal = self.of(plan);
    }

    fn of(self, plan: &Plan) -> Principal {
        let found =
            match &plan.base {
                Base::Sso(sso) => self.directories.home().ok().and_then(|home| {
                    read_token(&token_path(home, sso), self.runtime).ok()??.login()
                }),
                Base::WebIdentity(call) => read_web_identity_token(self.directories, call)
                    .ok()
                    .map(|token| subject(token.expose_secret())),
                Base::LoginSession { session, .. } => self.login(session),
                Base::Ec2InstanceMetadata | Base::DefaultProviders(DefaultProvider::Instance) => {
                    Some(machine())
                }
                Base::EcsContainer | Base::DefaultProviders(DefaultProvider::Container) => {
                    self.container()
                }
                Base::Static(_) | Base::Environment(_) | Base::Process { .. } => {
                    return Principal::Base;
                }
            };
        found.map_or(Principal::Unknown, Principal::Known)
    }

    /// Returns the login of `aws login`, by the key that is made for each.
    fn login(self, session: &str) -> Option<String> {
        let folder = match self.environment.get("AWS_LOGIN_CACHE_DIRECTORY") {
            Some(folder) => PathBuf::from(folder),
            None => self.directories.home().ok()?.join(".aws/login/cache"),
        };
        let path = folder.join(format!("{}.json", sha256_hex(session.trim())));
        let login: Map<String, Value> =
            serde_json::from_str(&read(&path, MAX_LOGIN_BYTES)?).ok()?;
        Some(sha256_hex(login.get("dpopKey")?.as_str()?))
    }

    /// Returns the machine, and the pod or task whose token is sent to the endpoint.
    fn container(self) -> Option<String> {
        let token = match self.environment.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") {
            Some(path) => read(Path::new(path), MAX_LOGIN_BYTES)?,
            None => {
                let token = self.environment.get("AWS_CONTAINER_AUTHORIZATION_TOKEN");
                Zeroizing::new(token.unwrap_or_default().to_owned())
            }
        };
        Some(json!([machine(), subject(&token)]).to_string())
    }
}

/// Refuses what somebody else's login or token would give, who came after the chain was resolved:
/// its sessions are cached under the principal of then.
///
/// # Errors
/// Where the principal is another one now.
pub(super) fn require_same(chain: &Chain, now: &str) -> Result<()> {
    match &chain.plan.principal {
        Principal::Known(then) if then != now => Err(Error::failed(format!(
            "{}: the login or the token was replaced meanwhile",
            chain.who()
        ))
        .hint(format!("try again: {}", chain.command("whoami")))),
        _ => Ok(()),
    }
}

/// Returns whose token it is: who issued it, of whom and for whom, which stay when it is renewed.
/// A token that does not say so stands for itself.
pub(super) fn subject(token: &str) -> String {
    let token = token.trim();
    claims(token).unwrap_or_else(|| sha256_hex(token))
}

fn claims(token: &str) -> Option<String> {
    let payload = token.split('.').nth(1)?.replace('-', "+").replace('_', "/");
    let padding = "=".repeat(payload.len().wrapping_neg() % 4);
    let payload = Zeroizing::new(aws_smithy_types::base64::decode(payload + &padding).ok()?);
    let claims: Map<String, Value> = serde_json::from_slice(&payload).ok()?;
    claims.get("sub")?;
    Some(json!(["iss", "sub", "aud"].map(|name| claims.get(name))).to_string())
}

/// Returns what tells this machine from others that share its home or its store.
fn machine() -> String {
    let files = MACHINE_FILES
        .map(|path| read(Path::new(path), MAX_MACHINE_BYTES).map(|text| text.trim().to_owned()));
    json!([node_name(), files]).to_string()
}

#[cfg(unix)]
fn node_name() -> Option<String> {
    Some(rustix::system::uname().nodename().to_string_lossy().into_owned())
}

#[cfg(not(unix))]
fn node_name() -> Option<String> {
    None
}

/// Reads the beginning of a regular file of text.
fn read(path: &Path, max_bytes: u64) -> Option<Zeroizing<String>> {
    if !std::fs::metadata(path).ok()?.is_file() {
        return None;
    }
    let mut text = Zeroizing::new(String::new());
    File::open(path).ok()?.take(max_bytes).read_to_string(&mut text).ok()?;
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(payload: &str) -> String {
        let encoded = aws_smithy_types::base64::encode(payload);
        format!("e30.{}.c2ln", encoded.replace('+', "-").replace('/', "_").trim_end_matches('='))
    }

    #[test]
    fn subject_stays_when_a_token_is_renewed() {
        let of = |more: &str| {
            subject(&token(&format!(
                r#"{{"iss":"https://oidc","sub":"system:bob","aud":["sts"],{more}}}"#
            )))
        };
        assert_eq!(of(r#""exp":1,"jti":"??>>""#), of(r#""exp":2"#));
        assert_eq!(of(r#""exp":1"#), r#"["https://oidc","system:bob",["sts"]]"#);
    }

    #[test]
    fn subjects_of_others_differ() {
        let tokens = [
            token(r#"{"iss":"a","sub":"b","aud":"c"}"#),
            token(r#"{"iss":"b","sub":"b","aud":"c"}"#),
            token(r#"{"iss":"a","sub":"c","aud":"c"}"#),
            token(r#"{"iss":"a","sub":"b","aud":"d"}"#),
            token(r#"{"iss":"a","sub":"b"}"#),
            token(r#"{"iss":"a"}"#),
            token("{}"),
            token("no json"),
            "opaque".to_owned(),
            "opaque2".to_owned(),
            "a.b.c".to_owned(),
            String::new(),
        ];
        let subjects: std::collections::HashSet<_> = tokens.iter().map(|t| subject(t)).collect();
        assert_eq!(subjects.len(), tokens.len());
    }
}
