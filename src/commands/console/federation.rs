//! Sign-in to the console with credentials.

use secrecy::SecretString;

use super::way::{Route, UserSession, Way};
use crate::app::service::{CredentialsService, Obtained};
use crate::aws::arn::Arn;
use crate::aws::console::SignIn;
use crate::aws::{Credentials, Session};
use crate::chain::{Chain, SessionPolicies};
use crate::clients::asked::Asked;
use crate::clients::factory::{Service, Target};
use crate::clients::failure::CallError;
use crate::clients::federation::BAD_REQUEST;
use crate::clients::sts::{CallerIdentity, FederatedUser};
use crate::commands::whoami::caller_identity;
use crate::error::{Error, Result};
use crate::system::report::Report;

/// The session of a federated user may do what this policy and the user's own allow: all that the
/// user may.
const EVERYTHING: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
/// Bounds of a federated user's name (AWS STS API Reference, GetFederationToken).
const MIN_NAME: usize = 2;
const MAX_NAME: usize = 32;

/// A browser's way in.
pub struct Federated {
    /// Signs in whoever opens it.
    pub url: SecretString,
    pub account: Option<String>,
    /// The credentials, where there are any.
    pub obtained: Option<Obtained>,
}

/// Signs in with credentials, by the kind that they are.
///
/// # Errors
/// Where AWS refuses or does not answer, or their kind opens no console.
pub fn federate(
    service: &CredentialsService,
    route: &Route,
    obtained: Obtained,
    page: &str,
    is_new: bool,
) -> Result<Federated> {
    let role_account = obtained.chain.role_arn().map(|arn| arn.account().to_owned());
    let base_account = obtained.chain.plan.base.facts().account_id.map(str::to_owned);
    let (session, seconds, account) = match &route.way {
        Way::User(asked) => {
            let identity = caller_identity(service, &obtained)?;
            let session = federated_user(service, &obtained, &identity, asked)?;
            (session, None, Some(identity.account))
        }
        Way::Unknown { seconds } => by_identity(service, &obtained, *seconds)?,
        Way::Role { seconds } => {
            let account = obtained.credentials.account_id().map(str::to_owned);
            let account = role_account.or(base_account).or(account);
            (session(&obtained)?, *seconds, account)
        }
        Way::Portal(_) => (session(&obtained)?, None, base_account),
    };
    let token = token(service, route, &session, seconds)?;
    let configured = obtained.chain.plan.endpoints.sign_in.as_ref().map_err(Error::clone)?;
    let own = route.site.hosts.sign_in_url(&route.region);
    let endpoint = configured.as_ref().map_or(own.as_str(), |endpoint| &**endpoint);
    let sign_in = SignIn { endpoint, destination: page };
    let url = if is_new {
        let hosts = configured.is_none().then_some(route.site.hosts);
        sign_in.after_logout(hosts, &token)
    } else {
        sign_in.url(&token)
    };
    Ok(Federated { url, account, obtained: Some(obtained) })
}

/// Returns the session of credentials that are certainly one.
fn session(obtained: &Obtained) -> Result<Session> {
    match &obtained.credentials {
        Credentials::Session(session) => Ok(session.clone()),
        Credentials::LongTerm(_) => Err(no_console(&obtained.chain, "long-term keys")),
    }
}

/// Asks STS whose credentials are.
fn by_identity(
    service: &CredentialsService,
    obtained: &Obtained,
    seconds: Option<u32>,
) -> Result<(Session, Option<u32>, Option<String>)> {
    let identity = caller_identity(service, obtained)?;
    let arn = Arn::parse(&identity.arn);
    let kind = arn.map_or("", |arn| arn.resource.split('/').next().unwrap_or_default());
    let decided =
        |what: &str| service.context().ui.decided(&|| format!("{}: {what}", identity.arn));
    let account = Some(identity.account.clone());
    match (&obtained.credentials, kind) {
        (Credentials::Session(session), "assumed-role") => {
            decided("a role's session, which signs in as it is");
            Ok((session.clone(), seconds, account))
        }
        (Credentials::Session(session), "federated-user") => {
            decided("a federated session, which signs in as it is");
            Ok((session.clone(), None, account))
        }
        (Credentials::LongTerm(_), _) => {
            decided("long-term keys, for which sts:GetFederationToken makes a session");
            let asked = UserSession { policies: SessionPolicies::default(), seconds };
            Ok((federated_user(service, obtained, &identity, &asked)?, None, account))
        }
        (Credentials::Session(_), "root") => Err(no_root(&obtained.chain)),
        (Credentials::Session(_), _) => {
            Err(no_console(&obtained.chain, &format!("a session of {}", identity.arn)))
        }
    }
}

/// Returns a federated session of a user.
fn federated_user(
    service: &CredentialsService,
    obtained: &Obtained,
    identity: &CallerIdentity,
    asked: &UserSession,
) -> Result<Session> {
    let chain = &obtained.chain;
    let arn = Arn::parse(&identity.arn).filter(|arn| arn.resource.starts_with("user/"));
    let Some(arn) = arn else {
        return Err(if identity.arn.ends_with(":root") {
            no_root(chain)
        } else {
            no_console(chain, &format!("keys of {}", identity.arn))
        });
    };
    let name = federated_name(arn.name());
    let everything = || Some(EVERYTHING.to_owned());
    let SessionPolicies { inline, arns } = asked.policies.clone();
    let inline = if arns.is_empty() { inline.or_else(everything) } else { inline };
    let policies = SessionPolicies { inline, arns };
    let endpoint = chain.plan.endpoints.sts.as_ref().map_err(Error::clone)?;
    let endpoint = endpoint.as_ref().ok_or_else(|| no_console(chain, "keys without a region"))?;
    let target = Target::sts(&chain.plan.network, endpoint).signed_by(&obtained.credentials);
    let user = FederatedUser { name: &name, policies: &policies, seconds: asked.seconds };
    service.calls().get_federation_token(&target, &user).map_err(|error| {
        let what = "a federated session for the console";
        let purpose = format!("get {what}");
        let refused = format!("{}: AWS did not give {what}", chain.who());
        error.explained(&Asked { chain, role: None, target: &target, purpose }, refused)
    })
}

/// Returns the name that the console and CloudTrail show, made of a user's.
fn federated_name(user: &str) -> String {
    let name: String = user.chars().take(MAX_NAME).collect();
    if name.chars().count() < MIN_NAME { format!("{name}_") } else { name }
}

/// Asks for a sign-in token. Where AWS does not take the length of the console's session, it is
/// asked once more without one.
fn token(
    service: &CredentialsService,
    route: &Route,
    session: &Session,
    seconds: Option<u32>,
) -> Result<SecretString> {
    let (chain, calls) = (&route.chain, service.calls());
    let endpoint = chain.plan.endpoints.sign_in.as_ref().map_err(Error::clone)?;
    let credentials = Credentials::Session(session.clone());
    let network = &chain.plan.network;
    let target = Target::of(Service::Federation, network, &route.region, endpoint.as_ref())
        .signed_by(&credentials);
    let is_refused = |error: &CallError| match error {
        CallError::Failed(failure) => {
            failure.code.as_ref().is_some_and(|code| code.as_str() == BAD_REQUEST)
        }
        CallError::Other(_) => false,
    };
    let token = match calls.sign_in_token(&target, session, seconds) {
        Err(error) if seconds.is_some() && is_refused(&error) => {
            let token = calls.sign_in_token(&target, session, None);
            if token.is_ok() {
                service.context().ui.warn(&format!(
                    "{}: AWS takes no length for this session of the console ({error}); it is as \
                     long as the credentials live",
                    chain.who()
                ));
            }
            token
        }
        result => result,
    };
    token.map_err(|error| {
        let purpose = "sign in to the console".to_owned();
        let refused = format!("{}: AWS did not sign in to the console", chain.who());
        error.explained(&Asked { chain, role: None, target: &target, purpose }, refused)
    })
}

fn place_of_keys(chain: &Chain) -> String {
    chain.place_of_base().map_or_else(String::new, |place| format!(" ({place})"))
}

fn no_root(chain: &Chain) -> Error {
    Error::failed(format!(
        "{}: these are the root user's keys{}, which open no console by federation",
        chain.who(),
        place_of_keys(chain)
    ))
    .about(chain.name())
    .cause("the root user signs in with its e-mail address and password; its keys are best deleted")
    .hint(format!("see whose they are: {}", chain.command("whoami")))
}

fn no_console(chain: &Chain, what: &str) -> Error {
    let at = place_of_keys(chain);
    Error::failed(format!("{}: AWS opens no console for {what}{at}", chain.who()))
        .about(chain.name())
        .cause("it takes sessions of roles and of federated users, which a user's own keys can get")
        .hint("name a profile of a role, or of the user's keys themselves: rolecall list")
}

#[cfg(test)]
mod tests {
    use super::federated_name;

    #[test]
    fn names_of_users_fit_those_of_federated_users() {
        for (user, name) in [
            ("bob", "bob"),
            ("b", "b_"),
            ("0123456789012345678901234567890123456789", "01234567890123456789012345678901"),
        ] {
            assert_eq!(federated_name(user), name);
        }
    }
}
