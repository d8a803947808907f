//! What a session is kept under: a hash of everything that shaped it. An edited profile misses the
//! cache by itself, and roles that share the beginning of their chains share its sessions.

use ring::digest::{Context, SHA256};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};

use super::Chain;
use super::base::Base;
use super::plan::Plan;
use super::principal::Principal;
use super::step::{AssumeRole, GetSessionToken, SessionPolicies, Step};
use crate::aws::partition::Endpoint;
use crate::system::digest;

/// The name of a session in the store: 64 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct SessionKey(String);

impl SessionKey {
    /// Parses the name of a session; `None` for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        digest::is_sha256_hex(text).then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for SessionKey {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if digest::is_sha256_hex(&text) { Ok(Self(text)) } else { Err("not a session's name") }
    }
}

/// The keys along a chain: the base's, and each step's session's.
#[derive(Debug, Clone)]
pub struct SessionKeys {
    pub base: SessionKey,
    pub steps: Vec<SessionKey>,
}

impl SessionKeys {
    /// Computes the keys of a chain. Equal chains have equal keys in every process.
    pub fn of(chain: &Chain) -> Self {
        let mut hash = Hash(Context::new(&SHA256));
        hash.text("rolecall session 1");
        hash.base(chain);
        let base = hash.key();
        let mut steps = Vec::with_capacity(chain.plan.steps.len());
        for step in &chain.plan.steps {
            match step {
                Step::GetSessionToken(call) => hash.get_session_token(call),
                Step::AssumeRole(call) => hash.assume_role(call),
            }
            steps.push(hash.key());
        }
        Self { base, steps }
    }

    /// Returns the key of what the chain ends in.
    pub fn last(&self) -> &SessionKey {
        self.steps.last().unwrap_or(&self.base)
    }
}

/// Fields are hashed with their lengths, so that no two different chains make the same bytes.
struct Hash(Context);

impl Hash {
    fn text(&mut self, text: &str) {
        self.0.update(&(text.len() as u64).to_le_bytes());
        self.0.update(text.as_bytes());
    }

    fn optional(&mut self, text: Option<&str>) {
        self.text(if text.is_some() { "some" } else { "none" });
        self.text(text.unwrap_or_default());
    }

    fn number(&mut self, number: Option<u32>) {
        self.text(&number.map_or_else(String::new, |n| n.to_string()));
    }

    fn texts<'a>(&mut self, texts: impl ExactSizeIterator<Item = &'a str>) {
        self.text(&texts.len().to_string());
        texts.for_each(|text| self.text(text));
    }

    fn endpoint(&mut self, endpoint: &Endpoint) {
        self.optional(Some(&endpoint.url));
        self.optional(Some(&endpoint.signing_region));
    }

    fn policies(&mut self, policies: &SessionPolicies) {
        self.optional(policies.inline.as_deref());
        self.texts(policies.arns.iter().map(String::as_str));
    }

    fn key(&self) -> SessionKey {
        let digest = self.0.clone().finish();
        SessionKey(digest::hex(digest.as_ref()))
    }

    fn base(&mut self, chain: &Chain) {
        let Plan { base, network, .. } = &chain.plan;
        let facts = base.facts();
        // Whose answers are believed: a private authority must not vouch for a profile that names
        // none.
        if let Some(ca_bundle) = &network.ca_bundle {
            self.text("ca_bundle");
            self.text(ca_bundle);
        }
        if let Principal::Known(principal) = &chain.plan.principal {
            self.text("principal");
            self.text(principal);
        }
        if let Some(folder) = &chain.plan.folder {
            self.text("folder");
            self.text(folder);
        }
        self.text(facts.kind);
        if facts.of_this_machine {
            self.optional(network.host.as_deref());
        }
        match base {
            Base::Static(keys) | Base::Environment(keys) => self.text(&keys.access_key_id),
            Base::Stored(keys) => self.text(&keys.access_key_id),
            Base::Ec2InstanceMetadata => self.optional(network.imds.endpoint.as_deref()),
            Base::EcsContainer => self.optional(network.container.as_deref()),
            Base::DefaultProviders(_) => {
                self.optional(network.container.as_deref());
                self.optional(network.imds.endpoint.as_deref());
            }
            Base::WebIdentity(call) => {
                self.text(&call.role_arn);
                self.text(&call.token_file);
                self.text(&call.role_session_name);
                self.text(&call.region);
                self.number(call.duration_seconds);
                self.policies(&call.policies);
                self.endpoint(&call.endpoint);
            }
            Base::Sso(sso) => {
                self.optional(sso.session.name.as_deref());
                for text in
                    [&sso.session.start_url, &sso.session.region, &sso.account_id, &sso.role_name]
                {
                    self.text(text);
                }
                self.optional(sso.endpoint.as_deref());
            }
            Base::LoginSession { session, .. } => self.text(session),
            Base::Process { command, account_id, place, .. } => {
                if let Some(inner) = &chain.inner {
                    self.text("rolecall");
                    self.text(SessionKeys::of(inner).last().as_str());
                }
                // The same command may mean something else in another profile, or beside another
                // file.
                self.text(command.expose_secret());
                self.optional(chain.plan.base_profile.as_deref());
                self.text(&place.path.to_string_lossy());
                self.optional(account_id.as_deref());
            }
        }
    }

    /// Without region and profile, which do not shape it: one session serves all.
    fn get_session_token(&mut self, call: &GetSessionToken) {
        self.text("get_session_token");
        // No device has an empty serial number.
        self.text(call.mfa.as_ref().map_or("", |mfa| &mfa.serial));
        self.number(Some(call.duration_seconds));
        self.text(&call.sts_scope);
    }

    fn assume_role(&mut self, call: &AssumeRole) {
        self.text("assume_role");
        self.text(&call.role_arn);
        self.text(&call.role_session_name);
        self.optional(call.external_id.as_deref());
        self.optional(call.mfa.code().map(|mfa| mfa.serial.as_str()));
        self.number(call.duration_seconds);
        self.optional(call.source_identity.as_deref());
        self.text(&(2 * call.tags.all.len()).to_string());
        for (key, value) in &call.tags.all {
            self.text(key);
            self.text(value);
        }
        self.texts(call.tags.transitive.iter().map(String::as_str));
        self.policies(&call.policies);
        self.text(&call.region);
        self.endpoint(&call.endpoint);
    }
}
