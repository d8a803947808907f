//! Which way leads from a profile's credentials into the console.

use crate::app::options::CredentialOptions;
use crate::app::requests;
use crate::app::service::{self, CredentialsService};
use crate::aws::console::Site;
use crate::aws::names::RoleArn;
use crate::aws::partition;
use crate::chain::{
    Base, Chain, Identity, RoleOptions, SessionPolicies, Sso, Step, check_typed_duration,
    typed_policies,
};
use crate::error::{Error, Place, Result};
use crate::system::report::Report;

/// How the browser is signed in.
pub enum Way {
    /// By the access portal of IAM Identity Center, without credentials.
    Portal(Box<Sso>),
    /// With a role's session; `seconds` is how long that of the console shall last, where AWS takes
    /// a length.
    Role { seconds: Option<u32> },
    /// With a federated session that a user's long-term keys get.
    User(UserSession),
    /// Only AWS knows whose credentials they are.
    Unknown { seconds: Option<u32> },
}

/// What a user's federated session shall be.
pub struct UserSession {
    pub policies: SessionPolicies,
    pub seconds: Option<u32>,
}

/// A way, and where it leads.
pub struct Route {
    /// What the credentials are acquired by.
    pub chain: Chain,
    pub way: Way,
    pub site: Site,
    pub region: String,
}

impl Route {
    /// Resolves what the options name.
    ///
    /// # Errors
    /// Where files, environment or options are wrong, and where the partition has no console that
    /// credentials sign in to.
    pub fn find(
        service: &CredentialsService,
        options: &CredentialOptions,
        is_new: bool,
    ) -> Result<Self> {
        let context = service.context();
        let profiles = context.profiles()?;
        // Policies and length are the role's where one is assumed, else the console session's.
        let plain = CredentialOptions { role: unscoped(&options.role), ..options.clone() };
        let request = requests::of_options(context, &plain)?;
        let bare = service::resolve(context, &profiles, &request);
        let is_of_role = bare.as_ref().is_ok_and(assumes_role);
        let is_of_user = bare.as_ref().is_ok_and(is_of_user);
        let asked = if is_of_role || (!is_of_user && is_scoped(&options.role)) {
            options.clone()
        } else {
            plain
        };
        let request = requests::of_options(context, &asked)?;
        let mut chain = service.resolve(&profiles, &request)?;
        let (site, region) = site(&chain)?;
        let seconds = options.role.duration;
        if let Some(seconds) = seconds {
            check_typed_duration(seconds)?;
        }
        let way = if is_of_user {
            let typed = requests::of_options(context, options)?;
            let policies = typed_policies(typed.role(), site.partition.id)?;
            federates_itself(service, options, &mut chain)?;
            Way::User(UserSession { policies, seconds })
        } else {
            way(service, options, &chain, is_new)
        };
        if !matches!(way, Way::Portal(_)) {
            // It is needed last, and looked at before anybody is asked.
            chain.plan.endpoints.sign_in.as_ref().map_err(Error::clone)?;
        }
        Ok(Self { chain, way, site, region })
    }
}

/// Returns the options without those that shape the last session.
fn unscoped(role: &RoleOptions) -> RoleOptions {
    RoleOptions {
        duration: None,
        policy: None,
        policy_arns: Vec::new(),
        read_only: false,
        ..role.clone()
    }
}

fn is_scoped(role: &RoleOptions) -> bool {
    role.policy.is_some() || !role.policy_arns.is_empty() || role.read_only
}

fn assumes_role(chain: &Chain) -> bool {
    match chain.plan.steps.last() {
        Some(step) => step.role_arn().is_some(),
        None => matches!(chain.plan.base, Base::WebIdentity(_)),
    }
}

fn is_of_user(chain: &Chain) -> bool {
    !assumes_role(chain) && chain.plan.base.facts().identity == Identity::User
}

/// Leaves only the keys of a user: the console takes no session of theirs, with MFA or without.
fn federates_itself(
    service: &CredentialsService,
    options: &CredentialOptions,
    chain: &mut Chain,
) -> Result<()> {
    let ui = &service.context().ui;
    if options.mfa_token.is_some() {
        let what = "--mfa-token cannot be used: a user's session of the console has no MFA";
        return Err(Error::usage(what)
            .at(Place::Option("--mfa-token"))
            .about(chain.name())
            .hint(format!("leave it out: {}", chain.command("console"))));
    }
    let device = chain.plan.steps.iter().find_map(Step::code_device);
    if device.is_some() {
        ui.warn(
            "a user's session of the console counts as made without MFA, so that policies which \
             demand it deny; a role does not have this limit",
        );
    }
    chain.plan.steps.clear();
    ui.decided(&|| {
        format!(
            "{} holds a user's long-term keys: sts:GetFederationToken makes the session that the \
             console takes",
            chain.who()
        )
    });
    Ok(())
}

fn way(
    service: &CredentialsService,
    options: &CredentialOptions,
    chain: &Chain,
    is_new: bool,
) -> Way {
    let ui = &service.context().ui;
    let seconds = options.role.duration;
    if let (Base::Sso(sso), []) = (&chain.plan.base, chain.plan.steps.as_slice()) {
        let Some(reason) = needs_credentials(options, chain, is_new) else {
            ui.decided(&|| {
                format!(
                    "the access portal opens role {} of account {} without credentials, and joins \
                     the sessions that the browser has",
                    sso.role_name, sso.account_id
                )
            });
            return Way::Portal(sso.clone());
        };
        ui.decided(&|| format!("sign-in by federation, not by the access portal: {reason}"));
        return Way::Role { seconds };
    }
    let Some(step) = chain.plan.steps.last() else {
        return match (&chain.plan.base, chain.plan.base.facts().identity) {
            (Base::WebIdentity(call), _) => Way::Role { seconds: call.duration_seconds },
            (_, Identity::Role) => Way::Role { seconds },
            _ => Way::Unknown { seconds },
        };
    };
    let Step::AssumeRole(call) = step else { return Way::Unknown { seconds } };
    let is_chained =
        chain.roles().count() > 1 || chain.plan.base.facts().identity == Identity::Role;
    if is_chained && call.duration_seconds.is_some() {
        ui.decided(&|| {
            "the console's session is as long as the role's: AWS takes no other length for a \
             chained role"
                .to_owned()
        });
    }
    Way::Role { seconds: call.duration_seconds.filter(|_| !is_chained) }
}

/// Returns why the access portal would not do what was asked for.
fn needs_credentials(
    options: &CredentialOptions,
    chain: &Chain,
    is_new: bool,
) -> Option<&'static str> {
    [
        (is_new, "--new-session"),
        (options.role.duration.is_some(), "--duration"),
        (options.refresh, "--refresh"),
        (options.no_cache, "--no-cache"),
        (options.min_ttl.is_some(), "--min-ttl"),
        (!chain.plan.confirm.is_empty(), "rolecall_confirm asks before each session"),
    ]
    .into_iter()
    .find_map(|(is_asked, reason)| is_asked.then_some(reason))
}

/// Returns where the session of a chain is. A role's ARN tells the partition before the region.
fn site(chain: &Chain) -> Result<(Site, String)> {
    let sso_region = match &chain.plan.base {
        Base::Sso(sso) => Some(sso.session.region.as_str()),
        _ => None,
    };
    let region = chain.plan.region.as_deref().or(sso_region).filter(|name| *name != "aws-global");
    let of_role = chain.role_arn().map(RoleArn::partition);
    let site = Site::of(region.unwrap_or_default(), of_role).map_err(|partition| {
        let place = chain.place_of_region();
        let at = place.map_or_else(String::new, |place| format!(", which {place} names"));
        let what = "no sign-in to the console by credentials is known for the partition";
        let error = Error::failed(format!("{}: {what} {}{at}", chain.who(), partition.id));
        let error = place.into_iter().fold(error, |error, place| error.at(place.clone()));
        error
            .about(chain.name())
            .hint(format!("see the way and its region: {}", chain.command("explain")))
    })?;
    let is_of_site = |name: &&str| partition::of_region(name) == site.partition;
    let region = region.filter(is_of_site).unwrap_or(site.partition.iam_region);
    Ok((site, region.to_owned()))
}
