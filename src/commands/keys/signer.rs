//! Who signs the calls about a user's access keys: one of these keys, or its session with MFA where
//! the profile names a device. IAM takes no session without MFA.

use super::checks::names_no_keys;
use super::lines::ProfileLines;
use crate::app::call::{Call, Caller};
use crate::app::options::CredentialOptions;
use crate::app::requests;
use crate::app::service::{CredentialsService, Obtained, resolve};
use crate::aws::arn::Arn;
use crate::aws::names::AccessKeyId;
use crate::chain::{Base, Chain, Step, keys};
use crate::clients::access_keys::{CreatedKey, KeyStatus, LastUsed, ListedKey};
use crate::clients::asked::Asked;
use crate::clients::calls::AwsCalls;
use crate::clients::factory::Target;
use crate::clients::failure::CallError;
use crate::clients::sts::CallerIdentity;
use crate::commands::whoami::caller_identity;
use crate::error::{Error, Result};
use crate::hint;

/// What a user needs to rotate its own keys.
const STATEMENT: &str = r#"{"Effect":"Allow","Action":["iam:ListAccessKeys","iam:GetAccessKeyLastUsed","iam:CreateAccessKey","iam:UpdateAccessKey","iam:DeleteAccessKey"],"Resource":"arn:aws:iam::*:user/${aws:username}"}"#;

pub struct Signer<'a> {
    service: &'a CredentialsService,
    obtained: Obtained,
}

impl<'a> Signer<'a> {
    /// Takes a key from the store as if the profile named it, and gets its session with MFA where
    /// there is one.
    ///
    /// # Errors
    /// Where the profile begins elsewhere, the store does not give the key, or AWS gives no session.
    pub fn new(service: &'a CredentialsService, profile: &str, id: &AccessKeyId) -> Result<Self> {
        let chain = chain(service, profile, id)?;
        let call = Call::typed(&CredentialOptions::default(), Caller::Person);
        let credentials = service.acquire(&chain, &call)?.credentials;
        Ok(Self { service, obtained: Obtained { chain, credentials } })
    }

    /// Returns the name of the IAM user whose the keys are (sts:GetCallerIdentity).
    ///
    /// # Errors
    /// For the account's root user and whoever else is no IAM user; when AWS refuses or does not
    /// answer, or the wait is interrupted.
    pub fn user(&self) -> Result<String> {
        let identity = caller_identity(self.service, &self.obtained)?;
        user_of(&identity, self.obtained.chain.name())
    }

    fn call<T>(
        &self,
        purpose: String,
        call: impl FnOnce(AwsCalls, &Target) -> Result<T, CallError>,
    ) -> Result<T> {
        let target = self.obtained.iam_target()?;
        call(self.service.calls(), &target).map_err(|error| {
            let chain = &self.obtained.chain;
            let refused = format!("{}: AWS did not {purpose}", chain.who());
            let asked = Asked { chain, role: None, target: &target, purpose };
            let lacks_statement =
                matches!(&error, CallError::Failed(failure) if failure.is_denied_by_default());
            let error = error.explained(&asked, refused);
            if lacks_statement {
                error.cause(format!("a statement that allows it: {STATEMENT}"))
            } else {
                error
            }
        })
    }

    /// # Errors
    /// When AWS refuses or does not answer, or the wait is interrupted; as all of these.
    pub fn list(&self, user: &str) -> Result<Vec<ListedKey>> {
        let purpose = format!("list the access keys of user `{user}`");
        self.call(purpose, |calls, target| calls.list_access_keys(target, user))
    }

    pub fn create(&self, user: &str) -> Result<CreatedKey> {
        let purpose = format!("make an access key for user `{user}`");
        self.call(purpose, |calls, target| calls.create_access_key(target, user))
    }

    pub fn set_status(&self, user: &str, (id, status): (&AccessKeyId, KeyStatus)) -> Result<()> {
        let way = match status {
            KeyStatus::Active => "on",
            KeyStatus::Inactive => "off",
        };
        let purpose = format!("switch the access key {id} {way}");
        self.call(purpose, |calls, target| calls.set_access_key_status(target, user, (id, status)))
    }

    /// A key that is not there is deleted.
    pub fn delete(&self, user: &str, id: &AccessKeyId) -> Result<()> {
        let purpose = format!("delete the access key {id}");
        let deleted = self.call(purpose, |calls, target| calls.delete_access_key(target, user, id));
        let is_gone =
            |error: &Error| error.code().is_some_and(|code| code.as_str() == "NoSuchEntity");
        deleted.or_else(|error| if is_gone(&error) { Ok(()) } else { Err(error) })
    }

    pub fn last_used(&self, id: &AccessKeyId) -> Result<Option<LastUsed>> {
        let purpose = format!("say when the access key {id} was used last");
        self.call(purpose, |calls, target| calls.access_key_last_used(target, id))
    }
}

/// Returns the chain of a profile as if it named a key, up to the session with MFA.
///
/// # Errors
/// Where the profile begins elsewhere.
pub fn chain(service: &CredentialsService, profile: &str, id: &AccessKeyId) -> Result<Chain> {
    let context = service.context();
    let profiles = context.profiles()?;
    let found = profiles.profile(profile)?.ok_or_else(|| profiles.unknown(profile))?;
    let named = found.get(keys::STORED_KEY_ID).ok_or_else(|| names_no_keys(&found))?;
    let lines = ProfileLines {
        file: named.file,
        profile: profile.to_owned(),
        set: vec![(keys::STORED_KEY_ID, id.to_string())],
        // Where the keys themselves are handed out, the device is for calls such as these.
        unset: vec![keys::HAND_OUT_KEYS],
        ..ProfileLines::default()
    };
    let after = lines.preview(&profiles)?;
    let mut chain = resolve(context, &after, &requests::of_profile(context, profile))?;
    let is_own = chain.plan.base_profile.as_deref() == Some(profile);
    match &mut chain.plan.base {
        Base::Stored(stored) if is_own && stored.access_key_id == *id => {
            stored.place = Some(named.place.clone());
        }
        _ => {
            let what = format!("profile `{profile}` takes its credentials from elsewhere");
            return Err(Error::misconfigured(&named.place, what)
                .about(profile)
                .hint(format!("see the way: {}", hint::command("explain", profile))));
        }
    }
    let has_session = matches!(chain.plan.steps.first(),
        Some(Step::GetSessionToken(call)) if call.mfa.is_some());
    chain.plan.steps.truncate(usize::from(has_session));
    Ok(chain)
}

/// Returns the name of an IAM user.
///
/// # Errors
/// For the account's root user, whose keys are to be deleted, and for whoever else is no user.
fn user_of(identity: &CallerIdentity, profile: &str) -> Result<String> {
    let arn = Arn::parse(&identity.arn);
    match arn.filter(|arn| arn.resource.starts_with("user/")) {
        Some(arn) => Ok(arn.name().to_owned()),
        None if identity.arn.ends_with(":root") => {
            let what =
                "these are keys of the account's root user, and rolecall changes no such keys";
            Err(Error::failed(format!("profile `{profile}`: {what}"))
                .about(profile)
                .cause("no policy limits them; AWS advises to delete them")
                .hint("make a user, and add its keys: rolecall keys add --help"))
        }
        None => Err(Error::failed(format!("profile `{profile}`: {} is no IAM user", identity.arn))
            .about(profile)
            .hint(format!("see the way: {}", hint::command("explain", profile)))),
    }
}
