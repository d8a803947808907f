//! What a call asked AWS for, in the words of the profile: the sentences of the table of meanings
//! are filled in from here.

use std::path::Path;

use serde_json::{Map, Value};

use crate::aws::Credentials;
use crate::chain::{AssumeRole, Base, Chain, MfaUse, Principal, keys};
use crate::clients::factory::{Service, Target, attempts};
use crate::error::Place;
use crate::hint;
use crate::text::one_line;

/// A call for a chain.
pub struct Asked<'a> {
    pub chain: &'a Chain,
    /// The role whose call it is; `None` for what the base or the whole chain needs.
    pub role: Option<&'a AssumeRole>,
    pub target: &'a Target<'a>,
    /// What it was to do: `assume arn:…`.
    pub purpose: String,
}

/// A sentence with the values of a call in it.
pub struct Filled {
    pub text: String,
    /// Where the first of the values stands.
    pub place: Option<Place>,
}

impl Asked<'_> {
    /// Returns who it is for, for a message.
    pub fn who(&self) -> String {
        self.role.map_or_else(|| self.chain.who(), AssumeRole::who)
    }

    /// Fills in the names in braces; `None` where a name means nothing for this call. `sentence` is
    /// AWS's.
    pub fn fill(&self, template: &str, sentence: &str) -> Option<Filled> {
        let (mut text, mut place) = (String::new(), None);
        let mut rest = template;
        while let Some((before, name, after)) = rest.split_once('{').and_then(|(before, rest)| {
            rest.split_once('}').map(|(name, after)| (before, name, after))
        }) {
            let (value, of) = self.value(name, sentence)?;
            place = place.or(of);
            text = text + before + &value;
            rest = after;
        }
        Some(Filled { text: text + rest, place })
    }

    fn value(&self, name: &str, sentence: &str) -> Option<(String, Option<Place>)> {
        let plain = |text: String| Some((text, None));
        match name {
            "caller" => Some(self.caller()),
            "region" => self.region(),
            "endpoint" => Some(self.endpoint()),
            "endpoint_word" => plain(hint::word(&self.target.url()).into_owned()),
            "container_token" => plain(self.container_token()),
            "members" => Some(self.members(sentence)),
            "external_id" if self.place_of(name).is_none() => plain("no external ID".to_owned()),
            "mfa" => plain(self.mfa().to_owned()),
            "account" => plain(self.account()?.to_owned()),
            "role" => plain(self.role_name()?.to_owned()),
            "attempts" => plain(attempts(self.target.network).to_string()),
            "subject" => plain(self.subject().unwrap_or_default()),
            "role_word" => plain(hint::word(self.role_name()?).into_owned()),
            "look_at_token_file" => match &self.chain.plan.base {
                Base::WebIdentity(call) => plain(hint::look_at(Path::new(&call.token_file))),
                _ => None,
            },
            "curl" => plain(hint::SYSTEM.curl.to_owned()),
            "set_clock" => plain(hint::SYSTEM.set_clock.to_owned()),
            "renew" => plain(self.renew()?),
            "login" => plain(self.login()?),
            "if_own_session" => plain(String::new()).filter(|_| !self.is_of_base()),
            "if_assigned" => plain(String::new()).filter(|_| self.role_name().is_some()),
            "if_list" => plain(String::new()).filter(|_| self.role_name().is_none()),
            "if_mfa_session" => plain(String::new())
                .filter(|_| self.role.is_some_and(|role| matches!(role.mfa, MfaUse::Session(_)))),
            "if_no_device" => plain(String::new())
                .filter(|_| self.may_take_code() && self.chain.unused_device().is_none()),
            "device" => {
                let (serial, place) =
                    self.chain.unused_device().filter(|_| self.may_take_code())?;
                let option = hint::option("--mfa-serial", serial);
                Some((
                    format!("the device that {place} names: {} {option}", self.command("whoami")),
                    None,
                ))
            }
            "sso_region" => {
                let Base::Sso(sso) = &self.chain.plan.base else { return None };
                let place = &sso.session.region_place;
                Some((
                    format!("sso_region = {} ({place})", sso.session.region),
                    Some(Place::from(place)),
                ))
            }
            name if name.starts_with("rolecall ") => {
                plain(self.command(&name["rolecall ".len()..]))
            }
            name if name.starts_with("set ") => {
                let (name, value) = name["set ".len()..].split_once('=')?;
                plain(hint::set(name, value))
            }
            name if name.starts_with("variables ") => {
                let parts: Vec<&str> = name.split(' ').skip(1).collect();
                plain(hint::list_variables(&parts))
            }
            key => Some(self.key(key)),
        }
    }

    /// Returns a verb about the role or the chain.
    fn command(&self, verb: &str) -> String {
        match self.role {
            Some(role) => self.chain.command_of(verb, role),
            None => self.chain.command(verb),
        }
    }

    /// Names a key with its place.
    fn key(&self, key: &str) -> (String, Option<Place>) {
        match self.place_of(key) {
            Some(Place::Option(name)) => (name.to_owned(), Some(Place::Option(name))),
            Some(place) => (format!("{key} ({place})"), Some(place)),
            None => (key.to_owned(), None),
        }
    }

    fn place_of(&self, key: &str) -> Option<Place> {
        match self.role {
            _ if key.starts_with("aws_") => self.chain.place_in_base(key),
            Some(role) => self.chain.place_in_role(role, key),
            // The session with MFA is made for the role that names the device.
            None if key == keys::MFA_SERIAL => self.chain.place_of_device(key),
            None => self.chain.place_in_base(key),
        }
    }

    /// Names the values that AWS's schema refuses: `… at 'roleSessionName' failed to …`.
    fn members(&self, sentence: &str) -> (String, Option<Place>) {
        let mut members =
            sentence.split(" at '").skip(1).filter_map(|rest| rest.split('\'').next());
        let mut named: Vec<(String, Option<Place>)> = Vec::new();
        for member in members.by_ref() {
            let one = self.key(&key_of(member));
            if !named.iter().any(|(text, _)| *text == one.0) {
                named.push(one);
            }
        }
        let texts: Vec<&str> = named.iter().map(|(text, _)| text.as_str()).collect();
        (texts.join(", "), named.first().and_then(|(_, place)| place.clone()))
    }

    /// Returns whether the caller's keys are those of the base, as they stand in a file or in the
    /// environment or lie in the store.
    fn is_of_base(&self) -> bool {
        let base = self.chain.plan.base.access_key_id();
        let caller = self.target.caller.map(Credentials::access_key_id);
        base.is_some_and(|id| Some(id.as_str()) == caller)
    }

    /// Names the keys that signed the call.
    fn caller(&self) -> (String, Option<Place>) {
        let Some(caller) = self.target.caller else { return ("the caller".to_owned(), None) };
        let what = match caller {
            Credentials::LongTerm(_) => "access key",
            Credentials::Session(_) => "session",
        };
        let (id, base) = (caller.access_key_id(), &self.chain.plan.base);
        let place = self.chain.place_of_base().filter(|_| self.is_of_base());
        match place {
            Some(place) => (format!("{what} {id} ({place})"), Some(place)),
            None if self.is_of_base()
                || self.chain.plan.steps.is_empty()
                || base.access_key_id().is_none() =>
            {
                let (kind, name) = (base.kind(), self.chain.base_name());
                let place = self.chain.place_of_base();
                let at = place.as_ref().map_or_else(String::new, |place| format!(" at {place}"));
                (format!("{what} {id} (of {name}, by {kind}{at})"), place)
            }
            None => (format!("{what} {id} (given by AWS for an earlier step)"), None),
        }
    }

    /// Returns where the region of the call stands: a login has its own.
    pub fn place_of_region(&self) -> Option<Place> {
        match (self.target.service, &self.chain.plan.base) {
            (Service::Portal | Service::Oidc, Base::Sso(sso)) => {
                Some((&sso.session.region_place).into())
            }
            _ => self.chain.place_of_region().cloned(),
        }
    }

    fn region(&self) -> Option<(String, Option<Place>)> {
        let region = self.target.region?;
        match self.place_of_region() {
            Some(place) => Some((format!("{region} ({place})"), Some(place))),
            None => Some((region.to_owned(), None)),
        }
    }

    /// Names the endpoint and where it is configured.
    fn endpoint(&self) -> (String, Option<Place>) {
        let url = self.target.url();
        match self.target.endpoint_place {
            Some(place) => (format!("{url} ({place})"), Some(place.clone())),
            None => (format!("{url}, AWS's own"), None),
        }
    }

    /// Names the token that was sent to a container endpoint.
    fn container_token(&self) -> String {
        match &self.target.network.container_token {
            Some(place) => format!("the token that {place} gives"),
            None => {
                "a request without a token, and no AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE is set"
                    .to_owned()
            }
        }
    }

    /// Says whose the token of a web identity is, where it says so itself.
    fn subject(&self) -> Option<String> {
        let Principal::Known(subject) = &self.chain.plan.principal else { return None };
        let claims: Map<String, Value> = serde_json::from_str(subject).ok()?;
        let [iss, sub, aud] =
            ["iss", "sub", "aud"].map(|name| claims.get(name).cloned().unwrap_or_default());
        Some(format!(" {}", one_line(&format!("(iss = {iss}, sub = {sub}, aud = {aud})"))))
    }

    fn account(&self) -> Option<&str> {
        match (self.role, &self.chain.plan.base) {
            (Some(role), _) => Some(role.role_arn.account()),
            (None, base) => base.facts().account_id,
        }
    }

    fn role_name(&self) -> Option<&str> {
        self.role.map_or(self.chain.plan.base.facts().role_name, |role| Some(role.role_arn.name()))
    }

    /// Returns whether a code could be given that is not.
    fn may_take_code(&self) -> bool {
        let is_first =
            self.chain.roles().next().zip(self.role).is_some_and(|(a, b)| std::ptr::eq(a, b));
        is_first
            && self.role.is_some_and(|role| role.mfa == MfaUse::None)
            && matches!(self.target.caller, Some(Credentials::LongTerm(_)))
    }

    fn mfa(&self) -> &'static str {
        match self.role.map(|role| &role.mfa) {
            Some(MfaUse::Code(_)) => "this call carried a code",
            Some(MfaUse::Session(_)) => "the caller's session was made with a code",
            _ => "this call had no MFA",
        }
    }

    /// Returns the command that replaces the keys of a file, of the environment or of the store.
    fn renew(&self) -> Option<String> {
        let profile = self.chain.base_name();
        match &self.chain.plan.base {
            _ if !self.is_of_base() => None,
            Base::Environment(_) => {
                let keys = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];
                Some(hint::unset(&keys))
            }
            Base::Stored(_) => Some(format!("{} --force", hint::command("keys add", profile))),
            _ => Some(format!("aws configure {}", hint::option("--profile", profile))),
        }
    }

    fn login(&self) -> Option<String> {
        let profile = self.chain.base_name();
        match &self.chain.plan.base {
            Base::Sso(sso) => Some(sso.session.login(profile)),
            Base::LoginSession { .. } => {
                Some(format!("aws login {}", hint::option("--profile", profile)))
            }
            _ => None,
        }
    }
}

/// Returns the key of the shared files that a member of a request comes from.
fn key_of(member: &str) -> String {
    let member = member.split('.').next().unwrap_or(member);
    match member {
        "serialNumber" => keys::MFA_SERIAL.to_owned(),
        "tags" => keys::SESSION_TAGS.to_owned(),
        "transitiveTagKeys" => keys::TRANSITIVE_SESSION_TAGS.to_owned(),
        "webIdentityToken" => keys::WEB_IDENTITY_TOKEN_FILE.to_owned(),
        "policy" => "--policy".to_owned(),
        "tokenCode" => "the MFA code".to_owned(),
        _ => {
            let mut key = String::new();
            for c in member.chars() {
                if c.is_ascii_uppercase() {
                    key.push('_');
                }
                key.push(c.to_ascii_lowercase());
            }
            key
        }
    }
}

#[cfg(test)]
mod tests {
    use super::key_of;

    #[test]
    fn members_of_requests_are_keys_of_files() {
        for (member, key) in [
            ("roleArn", "role_arn"),
            ("roleSessionName", "role_session_name"),
            ("durationSeconds", "duration_seconds"),
            ("serialNumber", "mfa_serial"),
            ("policyArns.3.member.arn", "policy_arns"),
            ("tags.1.member.value", "session_tags"),
        ] {
            assert_eq!(key_of(member), key);
        }
    }
}
