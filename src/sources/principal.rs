//! Finds out who stands behind a base that does not say it: who logged in, whose token a file
//! holds, which machine this is. It reads a small file or two, and only for such bases; it trusts
//! nothing that it reads, which only tells one principal from another.

use std::path::{Path, PathBuf};

use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use super::Sources;
use super::identity_token::{read_container_token, read_web_identity_token, subject};
use super::login_tokens::TokenPlace;
use crate::chain::process_command::words;
use crate::chain::{Base, Chain, DefaultProvider, Plan, Principal};
use crate::clients::calls::AwsCalls;
use crate::error::{Error, Result};
use crate::system::digest::sha256_hex;
use crate::system::directories::Directories;
use crate::system::environment::Environment;
use crate::system::files::read_named;
use crate::system::runtime::Runtime;

/// What tells machines apart, besides their names: the system's own identity, and that of an
/// instance of EC2.
const MACHINE_FILES: [&str; 2] = ["/etc/machine-id", "/sys/class/dmi/id/board_asset_tag"];
/// A machine's identity has less than a hundred characters.
const MAX_MACHINE_BYTES: u64 = 128;
/// The cache of `aws login` holds tokens of a few thousand bytes.
pub(super) const MAX_LOGIN_BYTES: u64 = 256 * 1024;

/// Finds out who stands behind bases.
#[derive(Clone, Copy)]
pub struct Principals<'a> {
    pub environment: &'a Environment,
    pub directories: &'a Directories,
    pub runtime: &'a Runtime,
    /// Where the tokens of logins are.
    pub sso_tokens: TokenPlace,
}

impl Principals<'_> {
    /// Fills in the principal of a chain, and of the chain of a process that is another rolecall.
    /// Blocks for less than a tenth of a second.
    pub fn identify(self, chain: &mut Chain) {
        chain.plan.principal = self.of(&chain.plan);
        if is_relative(&chain.plan) {
            match std::env::current_dir() {
                Ok(folder) => {
                    // Names that are no text stay apart in this form.
                    let folder = folder.as_os_str().as_encoded_bytes().escape_ascii();
                    chain.plan.folder = Some(folder.to_string());
                }
                Err(_) => chain.plan.principal = Principal::Unknown,
            }
        }
        if let Some(inner) = &mut chain.inner {
            self.identify(inner);
        }
    }

    /// Finds out who stands behind the base of a plan, as [`Self::identify`] does.
    pub(super) fn of(self, plan: &Plan) -> Principal {
        let found = match &plan.base {
            Base::Sso(sso) => self.sso_tokens.login(&sso.session, self.directories, self.runtime),
            Base::WebIdentity(call) => read_web_identity_token(self.directories, call)
                .ok()
                .map(|token| subject(token.expose_secret())),
            Base::LoginSession { session, .. } => self.login(session),
            Base::Ec2InstanceMetadata | Base::DefaultProviders(DefaultProvider::Instance) => {
                Some(self.machine())
            }
            Base::EcsContainer | Base::DefaultProviders(DefaultProvider::Container) => {
                self.container()
            }
            Base::Static(_) | Base::Stored(_) | Base::Environment(_) | Base::Process { .. } => {
                return Principal::Base;
            }
        };
        found.map_or(Principal::Unknown, Principal::Known)
    }

    /// Returns the login of `aws login`, by the key that is made for each.
    fn login(self, session: &str) -> Option<String> {
        let path = login_path(self.environment, self.directories, session).ok()?;
        let login: Map<String, Value> =
            serde_json::from_str(&read(&path, MAX_LOGIN_BYTES)?).ok()?;
        Some(sha256_hex(login.get("dpopKey")?.as_str()?))
    }

    /// Returns the machine, and the pod or task whose token is sent to the endpoint.
    fn container(self) -> Option<String> {
        let token = read_container_token(self.environment).ok()?;
        let token = token.as_ref().map(ExposeSecret::expose_secret).unwrap_or_default();
        Some(json!([self.machine(), subject(token)]).to_string())
    }

    /// Returns what tells this machine from others that share its home or its store.
    fn machine(self) -> String {
        let files = MACHINE_FILES.map(|path| {
            read(Path::new(path), MAX_MACHINE_BYTES).map(|text| text.trim().to_owned())
        });
        json!([node_name(self.environment), files]).to_string()
    }
}

/// Returns the file of a login of `aws login`, as the provider finds it.
pub(super) fn login_path(
    environment: &Environment,
    directories: &Directories,
    session: &str,
) -> Result<PathBuf> {
    let folder = match environment.get("AWS_LOGIN_CACHE_DIRECTORY") {
        Some(folder) => PathBuf::from(folder),
        None => directories.home()?.join(".aws").join("login").join("cache"),
    };
    Ok(folder.join(format!("{}.json", sha256_hex(session.trim()))))
}

/// Returns whether a plan means something else in another folder: whom to trust, or which program
/// gives the credentials.
fn is_relative(plan: &Plan) -> bool {
    let names_file = |word: &str| Path::new(word).is_relative() && Path::new(word).exists();
    plan.network.ca_bundle.as_ref().is_some_and(|path| Path::new(path).is_relative())
        || match &plan.base {
            Base::Process { command, place, .. } => {
                place.path.is_relative() || words(command.expose_secret()).any(|w| names_file(&w))
            }
            _ => false,
        }
}

/// Refuses what somebody else's login or token would give, who came after the chain was resolved:
/// its sessions are cached under the principal of then.
///
/// # Errors
/// Where the principal is another one now.
pub(super) fn require_same(chain: &Chain, now: &str) -> Result<()> {
    match &chain.plan.principal {
        Principal::Known(then) if then != now => Err(replaced(chain)),
        _ => Ok(()),
    }
}

/// As [`require_same`], for what a provider has read itself by now.
///
/// # Errors
/// Where the principal is another one now, or cannot be told any more.
pub(super) fn require_unchanged(sources: &Sources, chain: &Chain) -> Result<()> {
    let AwsCalls { environment, runtime, .. } = sources.calls;
    let sso_tokens = (sources.login_tokens)().place();
    let principals =
        Principals { environment, directories: sources.directories, runtime, sso_tokens };
    match &chain.plan.principal {
        then @ Principal::Known(_) if principals.of(&chain.plan) != *then => Err(replaced(chain)),
        _ => Ok(()),
    }
}

fn replaced(chain: &Chain) -> Error {
    Error::failed(format!("{}: the login or the token was replaced meanwhile", chain.who()))
        .hint(format!("try again: {}", chain.command("whoami")))
}

#[cfg(unix)]
fn node_name(_: &Environment) -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

#[cfg(not(unix))]
fn node_name(environment: &Environment) -> String {
    environment.get("COMPUTERNAME").unwrap_or_default().to_owned()
}

/// Reads a regular file of text.
fn read(path: &Path, max_bytes: u64) -> Option<Zeroizing<String>> {
    let bytes = read_named(path, max_bytes).ok()?;
    Some(Zeroizing::new(str::from_utf8(&bytes).ok()?.to_owned()))
}
