//! The bases: which kind of credentials a profile itself holds, in botocore's order, and those of
//! the environment and the machine.

use std::path::Path;

use secrecy::SecretString;

use super::endpoints::Endpoints;
use super::hop::{CredentialSource, Hops, check_duration, default_session_name, is_session_name};
use super::overrides::Overrides;
use super::resolve::{is_role, property};
use super::{Base, Sso, StaticKeys, WebIdentity};
use crate::aws::arn::Arn;
use crate::aws::partition::Endpoint;
use crate::config::document::{FileKind, SectionKind};
use crate::config::profiles::{Merged, Profiles, Property};
use crate::error::{Error, Kind, Result};
use crate::hint;
use crate::system::environment::Environment;

pub(super) struct Bases<'a> {
    pub profiles: &'a Profiles,
    pub overrides: &'a Overrides,
    pub environment: &'a Environment,
}

impl Bases<'_> {
    /// Reads a profile's own credentials: web identity, SSO, keys of the credentials file, login
    /// session, process, keys of the config file.
    pub fn of_profile(
        &self,
        profile: &Merged,
        selected: bool,
        endpoints: &Endpoints,
        sts: impl Fn() -> Result<(String, Endpoint)>,
    ) -> Result<Base> {
        if property(profile, "web_identity_token_file").is_some() {
            return self.web_identity(profile, selected, sts);
        }
        if profile.get("sso_account_id").is_some() || profile.get("sso_role_name").is_some() {
            return self.sso(profile, endpoints).map(Base::Sso);
        }
        let (id, secret) = (profile.get("aws_access_key_id"), profile.get("aws_secret_access_key"));
        let in_credentials_file =
            id.or(secret).is_some_and(|p| p.place.file == FileKind::Credentials);
        if in_credentials_file {
            return static_keys(profile, id, secret).map(Base::Static);
        }
        if let Some(session) = profile.get("login_session") {
            return Ok(Base::LoginSession {
                session: session.value.to_string(),
                place: session.place.clone(),
            });
        }
        if let Some(command) = process_of(profile) {
            let account_id = profile.value("aws_account_id").map(str::to_owned);
            return Ok(Base::Process {
                command: SecretString::from(command.value.as_str()),
                place: command.place.clone(),
                account_id,
            });
        }
        if id.is_some() || secret.is_some() {
            return static_keys(profile, id, secret).map(Base::Static);
        }
        let error = Error::configuration(format!(
            "{}: profile `{}` holds no credentials and names no source of any",
            profile.place, profile.name
        ));
        Err(if profile.get("sso_session").is_some() {
            error
                .cause("sso_session alone gives a token; credentials need sso_account_id and sso_role_name too")
                .hint("complete it with: aws configure sso")
        } else {
            error.hint(format!(
                "see what it holds: rolecall profile dump --json; after a change: {}",
                hint::command("explain", &profile.name)
            ))
        })
    }

    /// Returns the keys of the environment; half a pair is an error.
    pub fn environment(&self) -> Result<Option<Base>> {
        let env = |name| self.environment.get(name);
        let (id, secret) = (env("AWS_ACCESS_KEY_ID"), env("AWS_SECRET_ACCESS_KEY"));
        let half = |missing: &str, found: &str| {
            Error::configuration(format!("{found} is set in the environment but {missing} is not"))
                .hint(format!("set both or none: unset {found}"))
        };
        match (id, secret) {
            (None, None) => Ok(None),
            (Some(_), None) => Err(half("AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID")),
            (None, Some(_)) => Err(half("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")),
            (Some(id), Some(secret)) => Ok(Some(Base::Environment(StaticKeys {
                access_key_id: id.to_owned(),
                secret_access_key: SecretString::from(secret),
                session_token: env("AWS_SESSION_TOKEN")
                    .or_else(|| env("AWS_SECURITY_TOKEN"))
                    .map(SecretString::from),
                account_id: env("AWS_ACCOUNT_ID").map(str::to_owned),
                expiration: env("AWS_CREDENTIAL_EXPIRATION").map(str::to_owned),
                place: None,
            }))),
        }
    }

    pub fn credential_source(&self, source: CredentialSource, profile: &Merged) -> Result<Base> {
        match source {
            CredentialSource::Ec2InstanceMetadata => Ok(Base::Ec2InstanceMetadata),
            CredentialSource::EcsContainer => Ok(Base::EcsContainer),
            CredentialSource::Environment => self.environment()?.ok_or_else(|| {
                Error::configuration(format!("profile `{}` takes its credentials from the environment, which has none", profile.name))
                    .hint("set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, for example: eval \"$(rolecall env PROFILE)\"")
            }),
        }
    }

    /// Returns the end of the SDKs' default chain: `None` when web identity comes first or nothing
    /// is left.
    pub fn machine(&self) -> Option<Base> {
        if self.environment.web_identity() {
            return None;
        }
        let container =
            ["AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"]
                .iter()
                .any(|v| self.environment.get(v).is_some());
        let instance = !self.environment.is_true("AWS_EC2_METADATA_DISABLED");
        (container || instance).then_some(Base::Machine { container })
    }

    fn web_identity(
        &self,
        profile: &Merged,
        selected: bool,
        sts: impl Fn() -> Result<(String, Endpoint)>,
    ) -> Result<Base> {
        let missing = |key: &str| {
            Error::configuration(format!(
                "{}: profile `{}` has web_identity_token_file but no {key}",
                profile.place, profile.name
            ))
            .hint(format!("add it, then try: {}", hint::command("explain", &profile.name)))
        };
        let hops = Hops { overrides: self.overrides };
        let token_file = property(profile, "web_identity_token_file")
            .ok_or_else(|| missing("web_identity_token_file"))?;
        let role_arn = property(profile, "role_arn").ok_or_else(|| missing("role_arn"))?;
        if Arn::parse_role(role_arn.value.trim()).is_none() {
            return Err(Error::configuration(format!(
                "{}: `{}` is not an IAM role's ARN",
                role_arn.place, *role_arn.value
            )));
        }
        let (policy, policy_arns) = hops.policies(profile, selected, &role_arn.value)?;
        let own = property(profile, "role_session_name")
            .map(|p| (p.value.trim(), format!("{}: role_session_name", p.place)));
        let role_session_name =
            self.session_name(selected, own).map_err(|error| match error.kind() {
                Kind::Usage => error,
                _ => error
                    .cause(format!("profile `{}`", profile.name))
                    .hint(hint::correct(&profile.name)),
            })?;
        if selected {
            self.refuse_role_options(&format!("profile `{}` is a web identity", profile.name))?;
        }
        let (region, endpoint) = sts()?;
        Ok(Base::WebIdentity(WebIdentity {
            role_arn: role_arn.value.trim().to_owned(),
            token_file: token_file.value.to_string(),
            duration_seconds: hops.duration(profile, selected, false)?,
            role_session_name,
            policy,
            policy_arns,
            region,
            endpoint,
        }))
    }

    /// Returns the role session name that is typed or else set, with the place where it is.
    fn session_name(&self, selected: bool, set: Option<(&str, String)>) -> Result<String> {
        let wrong = |what: &str| format!("{what} must be 2 to 64 letters, digits or _+=,.@-");
        match (self.overrides.role_session_name.as_deref().filter(|_| selected), set) {
            (Some(name), _) if !is_session_name(name) => {
                Err(Error::usage(wrong("--role-session-name")))
            }
            (None, Some((name, place))) if !is_session_name(name) => {
                Err(Error::configuration(wrong(&place)))
            }
            (Some(name), _) | (None, Some((name, _))) => Ok(name.to_owned()),
            (None, None) => Ok(default_session_name(self.environment.user.as_deref())),
        }
    }

    /// AssumeRoleWithWebIdentity has no such parameters.
    fn refuse_role_options(&self, why: &str) -> Result<()> {
        let o = self.overrides;
        let refused = [
            (o.source_profile.is_some(), "--source-profile"),
            (o.external_id.is_some(), "--external-id"),
            (o.mfa_serial.is_some(), "--mfa-serial"),
            (o.source_identity.is_some(), "--source-identity"),
            (!o.tags.is_empty(), "--tag"),
            (!o.transitive_tags.is_empty(), "--transitive-tag"),
        ];
        match refused.into_iter().find(|(given, _)| *given) {
            Some((_, option)) => Err(Error::usage(format!("{option} cannot be given: {why}"))),
            None => Ok(()),
        }
    }

    /// Returns the web identity of the environment (AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN,
    /// AWS_ROLE_SESSION_NAME).
    pub fn web_identity_of_environment(
        &self,
        sts: impl Fn() -> Result<(String, Endpoint)>,
    ) -> Result<Base> {
        let env = |name: &str| self.environment.get(name).map(str::to_owned);
        let set = "AWS_WEB_IDENTITY_TOKEN_FILE is set";
        let token_file = env("AWS_WEB_IDENTITY_TOKEN_FILE").unwrap_or_default();
        let role_arn = env("AWS_ROLE_ARN").ok_or_else(|| {
            Error::configuration(format!("{set} in the environment but AWS_ROLE_ARN is not"))
                .hint("set both or none: unset AWS_WEB_IDENTITY_TOKEN_FILE")
        })?;
        if Arn::parse_role(&role_arn).is_none() {
            return Err(Error::configuration(format!(
                "AWS_ROLE_ARN: `{role_arn}` is not an IAM role's ARN"
            )));
        }
        // A role that is typed on top has the options to itself.
        let selected = self.overrides.role_arn.is_none();
        if selected {
            self.refuse_role_options(set)?;
        }
        let own = self
            .environment
            .get("AWS_ROLE_SESSION_NAME")
            .map(|name| (name, "AWS_ROLE_SESSION_NAME".to_owned()));
        let role_session_name = self.session_name(selected, own)?;
        let (region, endpoint) = sts()?;
        let duration_seconds = self
            .overrides
            .duration_seconds
            .filter(|_| selected)
            .map(|s| check_duration(s, false, "--duration"))
            .transpose()
            .map_err(Error::usage)?;
        let (policy, policy_arns) =
            Hops { overrides: self.overrides }.policies(&Merged::nobody(), selected, &role_arn)?;
        Ok(Base::WebIdentity(WebIdentity {
            role_arn,
            token_file,
            role_session_name,
            duration_seconds,
            policy,
            policy_arns,
            region,
            endpoint,
        }))
    }

    fn sso(&self, profile: &Merged, endpoints: &Endpoints) -> Result<Sso> {
        let missing = |key: &str, place: String| {
            Error::configuration(format!(
                "{place}: `{key}` is missing for the SSO credentials of profile `{}`",
                profile.name
            ))
            .hint(format!(
                "complete it with: aws configure sso {}",
                hint::option("--profile", &profile.name)
            ))
        };
        let own = |key: &str| profile.value(key).map(str::to_owned);
        let here = || profile.place.to_string();
        let (session, start_url, region) = match profile.get("sso_session") {
            None => (
                None,
                own("sso_start_url").ok_or_else(|| missing("sso_start_url", here()))?,
                own("sso_region").ok_or_else(|| missing("sso_region", here()))?,
            ),
            Some(name) => {
                let section = self
                    .profiles
                    .section(SectionKind::SsoSession, &name.value)?
                    .ok_or_else(|| {
                        Error::configuration(format!(
                            "{}: there is no section [sso-session {}]",
                            name.place, *name.value
                        ))
                        .cause(format!("profile `{}` names it", profile.name))
                        .hint("make it with: aws configure sso-session")
                    })?;
                let of_session = |key: &str| {
                    let value =
                        section.get(key).ok_or_else(|| missing(key, section.place.to_string()))?;
                    match profile.get(key) {
                        Some(own) if own.value != value.value => Err(Error::configuration(
                            format!(
                                "profile `{}` and its sso-session `{}` have different {key}",
                                profile.name, section.name
                            ),
                        )
                        .cause(format!("{}: {}", own.place, *own.value))
                        .cause(format!("{}: {}", value.place, *value.value))
                        .hint(
                            "leave it in the sso-session only; see: rolecall profile dump --json",
                        )),
                        _ => Ok(value.value.to_string()),
                    }
                };
                (
                    Some(name.value.to_string()),
                    of_session("sso_start_url")?,
                    of_session("sso_region")?,
                )
            }
        };
        Ok(Sso {
            account_id: own("sso_account_id").ok_or_else(|| missing("sso_account_id", here()))?,
            role_name: own("sso_role_name").ok_or_else(|| missing("sso_role_name", here()))?,
            endpoint: endpoints.configured("sso")?,
            oidc_endpoint: endpoints.configured("sso_oidc")?,
            session,
            start_url,
            region,
        })
    }
}

/// Returns whether a profile holds settings only: nothing in it is about credentials.
pub fn is_settings_only(profile: &Merged) -> bool {
    let about = ["role_arn", "source_profile", "credential_source", "sso_session", "sso_start_url"];
    !has_any(profile) && about.iter().all(|key| property(profile, key).is_none())
}

/// Returns whether a profile holds anything that could give credentials.
pub(super) fn has_any(profile: &Merged) -> bool {
    [
        "web_identity_token_file",
        "sso_account_id",
        "sso_role_name",
        "login_session",
        "credential_process",
        "aws_access_key_id",
        "aws_secret_access_key",
    ]
    .iter()
    .any(|key| property(profile, key).is_some())
}

/// Returns a profile's `credential_process`, which a profile with a role never reaches.
pub(super) fn process_of(profile: &Merged) -> Option<&Property> {
    let before =
        ["role_arn", "web_identity_token_file", "sso_account_id", "sso_role_name", "login_session"];
    if before.iter().any(|key| property(profile, key).is_some()) {
        return None;
    }
    profile.get("credential_process")
}

fn static_keys(
    profile: &Merged,
    id: Option<&Property>,
    secret: Option<&Property>,
) -> Result<StaticKeys> {
    let half = |found: &Property, missing: &str| {
        Error::configuration(format!(
            "{}: profile `{}` has {} but no {missing}",
            found.place, profile.name, found.key
        ))
        .hint("write both keys with: aws configure")
    };
    let (id, secret) = match (id, secret) {
        (Some(id), Some(secret)) => (id, secret),
        (Some(id), None) => return Err(half(id, "aws_secret_access_key")),
        (None, Some(secret)) => return Err(half(secret, "aws_access_key_id")),
        (None, None) => {
            return Err(Error::configuration(format!("profile `{}` holds no keys", profile.name)));
        }
    };
    let token = profile.get("aws_session_token").or_else(|| profile.get("aws_security_token"));
    for found in [Some(id), token].into_iter().flatten() {
        if !found.value.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(Error::configuration(format!(
                "{}: {} holds characters that AWS's have not",
                found.place, found.key
            ))
            .hint("write the keys anew with: aws configure"));
        }
    }
    Ok(StaticKeys {
        access_key_id: id.value.to_string(),
        secret_access_key: SecretString::from(secret.value.as_str()),
        session_token: token.map(|t| SecretString::from(t.value.as_str())),
        account_id: profile.value("aws_account_id").map(str::to_owned),
        expiration: None,
        place: Some(id.place.clone()),
    })
}

/// Keys of a profile that SDKs look at before `credential_process`.
const BEFORE_PROCESS: [&str; 9] = [
    "role_arn",
    "web_identity_token_file",
    "sso_session",
    "sso_start_url",
    "sso_account_id",
    "sso_role_name",
    "login_session",
    "aws_access_key_id",
    "aws_secret_access_key",
];

/// Returns whether every SDK takes the credentials of a profile from rolecall by itself, as the
/// profile's `credential_process`.
pub fn is_asked_by_sdks(profile: &Merged, environment: &Environment) -> bool {
    let process = profile.value("credential_process").is_some_and(|command| {
        let target = rolecall_target(command);
        // A role of the profile's own is reached by a command that asks for this profile and
        // narrows nothing; without one rolecall goes by the same command.
        if is_role(profile) {
            target.as_ref() == Some(&profile.name) && !is_narrowed(command)
        } else {
            target.is_some()
        }
    });
    // botocore prefers the web identity of the environment to the profile's process.
    process
        && !environment.web_identity()
        && !BEFORE_PROCESS.iter().any(|key| profile.get(key).is_some())
}

/// Returns the `credential_process` by which SDKs get the credentials of another profile, where
/// this one has a role of its own.
pub fn strays(profile: &Merged) -> Option<(&Property, String)> {
    let command = profile
        .get("credential_process")
        .filter(|_| is_role(profile) && profile.get("role_arn").is_none())?;
    rolecall_target(&command.value)
        .filter(|target| *target != profile.name)
        .map(|target| (command, target))
}

/// Returns whether a `rolecall process` command says more than whom it asks for.
fn is_narrowed(command: &str) -> bool {
    let options =
        ["-p", "--profile", "-v", "-q", "--verbose", "--quiet", "--no-input", "--no-cache"];
    let words = shlex::split(command).unwrap_or_default();
    words.iter().any(|word| {
        word.starts_with('-')
            && !word.starts_with("--profile=")
            && !options.contains(&word.as_str())
    })
}

/// Returns the profile that a `credential_process = rolecall process NAME` asks for.
pub(super) fn rolecall_target(command: &str) -> Option<String> {
    let words = shlex::split(command)?;
    let program = Path::new(words.first()?).file_stem()?.to_str()?;
    if program != "rolecall" || words.get(1)? != "process" {
        return None;
    }
    let mut words = words[2..].iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "-p" | "--profile" => return words.next().cloned(),
            "-v" | "-q" | "--verbose" | "--quiet" | "--no-input" | "--refresh" | "--no-cache"
            | "--no-mfa-session" | "--read-only" | "--yes" => {}
            w if w.starts_with("--profile=") => return Some(w["--profile=".len()..].to_owned()),
            w if !w.starts_with('-') => return Some(w.to_owned()),
            // Every other option has a value, here or in the next word.
            w if w.contains('=') => {}
            _ => drop(words.next()),
        }
    }
    None
}
