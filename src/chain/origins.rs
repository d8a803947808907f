//! Where the values of a chain stand, for the errors about them. Nothing here shapes a chain: the
//! plan says what is sent.

use super::Chain;
use super::base::{Base, DefaultProvider};
use super::keys;
use super::network::EndpointUrl;
use super::profile_view::ProfileView;
use super::step::AssumeRole;
use crate::config::profiles::Profile;
use crate::error::Place;

/// What the values of a chain were read from: the profiles, whose properties know their places, and
/// the command line.
#[derive(Debug, Clone, Default)]
pub struct Origins {
    /// The profiles of the roles; `None` for a role that is only typed.
    pub(super) roles: Vec<Option<Profile>>,
    /// The profile that the base stands in.
    pub(super) base: Option<Profile>,
    /// The options that were typed of the last role.
    pub(super) typed: Vec<&'static str>,
    pub(super) region: Option<Place>,
    /// Whether the shared files hold any profile.
    pub(super) has_profiles: bool,
}

/// The keys of a role's parameters, and the options that override them.
const OPTIONS: [(&str, &str); 9] = [
    (keys::ROLE_ARN, "--role-arn"),
    (keys::DURATION_SECONDS, "--duration"),
    (keys::ROLE_SESSION_NAME, "--role-session-name"),
    (keys::EXTERNAL_ID, "--external-id"),
    (keys::MFA_SERIAL, "--mfa-serial"),
    (keys::SOURCE_IDENTITY, "--source-identity"),
    (keys::SESSION_TAGS, "--tag"),
    (keys::TRANSITIVE_SESSION_TAGS, "--transitive-tag"),
    (keys::POLICY_ARNS, "--policy-arn"),
];

/// The keys that variables stand for, where the environment is the base.
const VARIABLES: [(&str, &str); 6] = [
    (keys::ACCESS_KEY_ID, "AWS_ACCESS_KEY_ID"),
    (keys::SECRET_ACCESS_KEY, "AWS_SECRET_ACCESS_KEY"),
    (keys::SESSION_TOKEN, "AWS_SESSION_TOKEN"),
    (keys::ROLE_ARN, "AWS_ROLE_ARN"),
    (keys::ROLE_SESSION_NAME, "AWS_ROLE_SESSION_NAME"),
    (keys::WEB_IDENTITY_TOKEN_FILE, "AWS_WEB_IDENTITY_TOKEN_FILE"),
];

impl Chain {
    /// Returns whether there is a profile that could be named.
    pub fn has_profiles(&self) -> bool {
        self.origins.has_profiles
    }

    /// Returns where a value of a role's call stands; `None` where nobody sets it.
    pub fn place_in_role(&self, call: &AssumeRole, key: &str) -> Option<Place> {
        let is_last = self.roles().next_back().is_some_and(|last| std::ptr::eq(last, call));
        let typed = if is_last { self.typed(key) } else { None };
        let origins = &self.origins;
        let named = |profile: &&Profile| Some(&profile.name) == call.profile.as_ref();
        let profile = origins.roles.iter().flatten().chain(&origins.base).find(named);
        typed.or_else(|| place_in(profile, key))
    }

    /// Returns where a value of the base stands; `None` where nobody sets it.
    pub fn place_in_base(&self, key: &str) -> Option<Place> {
        let typed = if self.plan.steps.is_empty() { self.typed(key) } else { None };
        typed.or_else(|| place_in(self.origins.base.as_ref(), key)).or_else(|| {
            let of_environment = match &self.plan.base {
                Base::Environment(_) => true,
                Base::WebIdentity(_) => self.plan.base_profile.is_none(),
                _ => false,
            };
            let variable = VARIABLES.iter().find(|(of, _)| of_environment && *of == key);
            variable.map(|(_, name)| Place::variable(name))
        })
    }

    /// Returns where a key of the MFA device stands: in the first role's profile that has it, or
    /// else in that of the keys.
    pub fn place_of_device(&self, key: &str) -> Option<Place> {
        let of_role = self.roles().find_map(|role| self.place_in_role(role, key));
        of_role.or_else(|| self.place_in_base(key))
    }

    /// Returns the device that the profile of the keys names and no role does, with its place.
    pub fn unused_device(&self) -> Option<(&str, Place)> {
        let device = ProfileView::from(self.origins.base.as_ref()).property(keys::MFA_SERIAL)?;
        Some((&device.value, Place::from(&device.place)))
    }

    /// Returns where it stands that the credentials come from this base.
    pub fn place_of_base(&self) -> Option<Place> {
        let network = &self.plan.network;
        let endpoint = |endpoint: &Option<EndpointUrl>| endpoint.as_ref().map(|e| e.place.clone());
        match &self.plan.base {
            Base::Static(_) | Base::Environment(_) => self.place_in_base(keys::ACCESS_KEY_ID),
            Base::Stored(keys) => keys.place.as_ref().map(Place::from),
            Base::Process { place, .. } | Base::LoginSession { place, .. } => Some(place.into()),
            Base::Sso(sso) => Some(Place::from(&sso.session.start_url_place)),
            Base::WebIdentity(_) => self.place_in_base(keys::WEB_IDENTITY_TOKEN_FILE),
            Base::Ec2InstanceMetadata | Base::DefaultProviders(DefaultProvider::Instance) => {
                endpoint(&network.imds.endpoint)
            }
            Base::EcsContainer | Base::DefaultProviders(DefaultProvider::Container) => {
                endpoint(&network.container)
            }
        }
    }

    /// Returns where the region stands.
    pub fn place_of_region(&self) -> Option<&Place> {
        self.origins.region.as_ref()
    }

    fn typed(&self, key: &str) -> Option<Place> {
        let (_, option) = OPTIONS.iter().find(|(of, _)| *of == key)?;
        self.origins.typed.contains(option).then_some(Place::Option(option))
    }
}

fn place_in(profile: Option<&Profile>, key: &str) -> Option<Place> {
    ProfileView::from(profile).property(key).map(|property| Place::from(&property.place))
}
