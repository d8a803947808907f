//! From a request to its chain: the whole policy of what is done for whom. The rules are botocore's
//! where the SDKs agree with it.

use secrecy::ExposeSecret;

use super::base::{self, Base, Identity, ProcessSource};
use super::endpoints::Endpoints;
use super::inputs::Inputs;
use super::mfa;
use super::plan::{Plan, ServiceEndpoints};
use super::principal::Principal;
use super::process_command::{RolecallUse, rolecall_use};
use super::process_loop;
use super::profile_view::ProfileView;
use super::region;
use super::request::{Caching, Request};
use super::role::limits::{Chaining, check_typed_duration};
use super::role::{CallSite, Role};
use super::sources::{BaseSource, SourceChain, select};
use super::step::{AssumeRole, GetSessionToken, Mfa, MfaUse, Step};
use super::unneeded::{Need, Unneeded};
use super::{Chain, Origins, Subject};
use crate::aws::duration;
use crate::config::profiles::Profiles;
use crate::error::{Error, Place, Result};
use crate::system::environment::Environment;

/// How many processes that are another rolecall are followed, one from the other.
const MAX_NESTED: u8 = 8;

/// Turns a request into a chain.
///
/// # Errors
/// Where the shared files, the environment or what was typed are wrong; nothing else can fail.
pub fn resolve(profiles: &Profiles, request: &Request, environment: &Environment) -> Result<Chain> {
    resolve_nested(&Inputs::new(profiles, request, environment), MAX_NESTED)
}

/// As `resolve`, for a process that is another rolecall, `nested` of which may follow.
fn resolve_nested(inputs: &Inputs, nested: u8) -> Result<Chain> {
    let found = select(inputs)?;
    process_loop::check(inputs, &found)?;
    let (region, region_place) = match region::find(inputs, found.profiles()) {
        Ok(found) => {
            let (region, place) = found.unzip();
            (Ok(region), place)
        }
        // What is typed is meant.
        Err(error) if inputs.typed().region.is_some() => return Err(error),
        Err(error) => (Err(error), None),
    };
    let selected = found.profile_name();
    let settings = found.settings.as_ref();
    let unneeded = Unneeded::default();
    let endpoints = Endpoints { inputs, settings, selected, region, unneeded };
    let mut plan = Planner { inputs, found: &found, endpoints: &endpoints }.plan()?;
    plan.unneeded = endpoints.unneeded.into_errors();
    let inner = follow_process(inputs, &mut plan.base, nested);
    let invocation = inputs.request.invocation(selected);
    let origins = Origins {
        base: if let BaseSource::Profile(base) = found.base { Some(*base) } else { None },
        roles: found.roles,
        typed: inputs.request.role().typed(),
        region: region_place,
        has_profiles: found.profile.is_some() || !inputs.profiles.is_empty(),
    };
    Ok(Chain { subject: Subject { profile: found.profile, invocation }, plan, origins, inner })
}

/// Follows a process that is another rolecall to its own chain. What is wrong with that one is for
/// the other process to say.
fn follow_process(inputs: &Inputs, base: &mut Base, nested: u8) -> Option<Box<Chain>> {
    let Base::Process { command, source: source @ ProcessSource::Program, .. } = base else {
        return None;
    };
    let asked = rolecall_use(command.expose_secret());
    if matches!(asked, RolecallUse::None) {
        return None;
    }
    *source = ProcessSource::Uncached;
    let RolecallUse::Plain(name) = asked else { return None };
    let request = Request::of_profile(&name, inputs.request.defaults());
    let inner = Inputs::new(inputs.profiles, &request, inputs.environment);
    let chain = resolve_nested(&inner, nested.checked_sub(1)?).ok()?;
    *source = ProcessSource::Rolecall;
    Some(Box::new(chain))
}

/// Fills in regions, endpoints and parameters.
struct Planner<'a> {
    inputs: &'a Inputs<'a>,
    found: &'a SourceChain,
    endpoints: &'a Endpoints<'a>,
}

impl Planner<'_> {
    fn plan(&self) -> Result<Plan> {
        let base = self.base()?;
        let roles = self.roles();
        let calls = self.calls(&base, &roles)?;
        let steps = self.steps(&base, &roles, calls)?;
        self.check_typed(&base, &steps)?;
        let asks = |view: &ProfileView| view.asks_to_confirm();
        let views = roles.iter().copied().chain([self.base_view()]);
        let confirm = views.filter(asks).filter_map(|view| Some(view.profile()?.name.clone()));
        let is_auto =
            steps.iter().find_map(Step::code_device).is_some_and(|mfa| mfa.serial.is_auto());
        let unneeded = &self.endpoints.unneeded;
        let iam = self.endpoints.configured("iam");
        Ok(Plan {
            unneeded: Vec::new(),
            confirm: confirm.collect(),
            principal: Principal::default(),
            folder: None,
            base_profile: self.base_view().profile().map(|profile| profile.name.clone()),
            network: self.endpoints.network(&base, &steps)?,
            endpoints: ServiceEndpoints {
                // A step that calls STS has its own, or there would be no plan.
                sts: unneeded.note(self.endpoints.sts_where_known()),
                iam: if is_auto { Ok(iam?) } else { iam },
                sign_in: self.endpoints.configured("signin"),
            },
            region: self.endpoints.region.clone().unwrap_or_default(),
            base,
            steps,
        })
    }

    fn base_view(&self) -> ProfileView<'_> {
        ProfileView::from(self.found.base_profile())
    }

    fn base(&self) -> Result<Base> {
        match &self.found.base {
            BaseSource::Ready(base) => Ok((**base).clone()),
            BaseSource::WebIdentityOfEnvironment => {
                base::web_identity_of_environment(self.endpoints)
            }
            BaseSource::Profile(profile) => {
                // A role that is typed on top has the other options to itself.
                let own = self.found.roles.is_empty() && self.inputs.typed().role_arn.is_none();
                let typed = if own { self.inputs.typed() } else { &self.inputs.nothing };
                base::of_profile(self.endpoints, profile, typed)
            }
        }
    }

    /// Returns the roles, the last of the chain first: the profiles that were found, or one that is
    /// typed on top of a base.
    fn roles(&self) -> Vec<ProfileView<'_>> {
        let found = &self.found.roles;
        if found.is_empty() && self.inputs.typed().role_arn.is_some() {
            return vec![self.base_view()];
        }
        found.iter().map(|profile| ProfileView::from(profile.as_ref())).collect()
    }

    /// Returns the calls of the roles, in the order in which they are made.
    fn calls(&self, base: &Base, roles: &[ProfileView]) -> Result<Vec<AssumeRole>> {
        let mut calls = Vec::with_capacity(roles.len());
        for (distance, &view) in roles.iter().enumerate().rev() {
            let chained = !calls.is_empty() || base.facts().identity.is_session();
            let (region, endpoint) = self.endpoints.required_sts()?;
            let typed = if distance == 0 { self.inputs.typed() } else { &self.inputs.nothing };
            let by_role = !calls.is_empty() || base.facts().identity == Identity::Role;
            let mut call = Role { view, typed }.assume_role(CallSite {
                source: roles.get(distance + 1).copied().unwrap_or(self.base_view()),
                chaining: if chained { Chaining::Yes } else { Chaining::No },
                device: Need::when(!by_role || typed.mfa_serial.is_some()),
                unneeded: &self.endpoints.unneeded,
                environment: self.inputs.environment,
                region,
                endpoint,
            })?;
            if calls.is_empty() && call.mfa == MfaUse::None && self.inputs.request.has_typed_code()
            {
                call.mfa = self.device_of_keys()?.map_or(MfaUse::None, MfaUse::Code);
            }
            calls.push(call);
        }
        Ok(calls)
    }

    /// Puts the session of the keys, where there is to be one, before the roles.
    fn steps(
        &self,
        base: &Base,
        roles: &[ProfileView],
        mut calls: Vec<AssumeRole>,
    ) -> Result<Vec<Step>> {
        let keys = self.base_view();
        let ends_in_keys = calls.is_empty() && base.facts().identity == Identity::User;
        let session_of_keys = ends_in_keys && !self.hands_out_keys(base);
        let own = if session_of_keys { self.device_of_keys()? } else { None };
        let request = self.inputs.request;
        let codes = own.is_some() || calls.iter().any(|call| call.mfa.code().is_some());
        let duration = self.endpoints.unneeded.take(
            Need::when(codes),
            mfa::session_of(request, roles.last().copied().into_iter().chain([keys])),
        )?;
        let caching = if duration.is_some() { request.defaults().caching } else { Caching::Off };
        let first = mfa::plan(base, own, &mut calls, caching);
        let mut steps = Vec::with_capacity(calls.len() + 1);
        let session = match first.zip(duration) {
            Some((mfa, seconds)) => Some((Some(mfa), seconds)),
            None if session_of_keys && matches!(base, Base::Stored(_)) => {
                Some((None, duration::DEFAULT_TOKEN))
            }
            None => None,
        };
        if let Some((mfa, seconds)) = session {
            steps.push(Step::GetSessionToken(Box::new(self.get_session_token(mfa, seconds)?)));
        }
        steps.extend(calls.into_iter().map(|call| Step::AssumeRole(Box::new(call))));
        Ok(steps)
    }

    /// Returns whether stored keys themselves are handed out where no role follows. Other keys are
    /// for everybody to read, and it is their device alone that decides.
    fn hands_out_keys(&self, base: &Base) -> bool {
        let is_wanted = self.inputs.typed().long_term_keys || self.base_view().hands_out_keys();
        is_wanted && matches!(base, Base::Stored(_))
    }

    /// Returns the device that the profile of the base names. Roles inherit it for a typed code only.
    fn device_of_keys(&self) -> Result<Option<Mfa>> {
        let keys = Role { view: self.base_view(), typed: &self.inputs.nothing };
        keys.mfa(ProfileView::from(None))
    }

    fn get_session_token(
        &self,
        mfa: Option<Mfa>,
        duration_seconds: u32,
    ) -> Result<GetSessionToken> {
        let (region, endpoint) = self.endpoints.required_sts()?;
        Ok(GetSessionToken {
            profile: self.base_view().profile().map(|profile| profile.name.clone()),
            sts_scope: self.endpoints.sts_scope(&region)?,
            mfa,
            duration_seconds,
            region,
            endpoint,
        })
    }

    /// Refuses what was typed and would change nothing.
    fn check_typed(&self, base: &Base, steps: &[Step]) -> Result<()> {
        let typed = self.inputs.typed();
        let last = steps.last();
        let assumes = last.is_some_and(|step| step.role_arn().is_some());
        let is_impossible = |step: &Step| match step {
            Step::AssumeRole(call) => matches!(call.mfa, MfaUse::Impossible(_)),
            Step::GetSessionToken(_) => false,
        };
        if typed.mfa_serial.is_some() && last.is_some_and(is_impossible) {
            return Err(self.no_code(base, steps, "--mfa-serial"));
        }
        if self.inputs.request.has_typed_code()
            && !steps.iter().any(|step| step.code_device().is_some())
        {
            return Err(match steps.last() {
                Some(step) if is_impossible(step) => self.no_code(base, steps, "--mfa-token"),
                _ => self.no_device(steps),
            });
        }
        if !assumes && !matches!(base, Base::WebIdentity(_)) {
            if let Some(option) = typed.first_for_a_role() {
                return Err(self.no_role(option));
            }
        }
        if typed.long_term_keys && !(steps.is_empty() && matches!(base, Base::Stored(_))) {
            return Err(self.no_stored_keys(base, steps));
        }
        if let Some(seconds) = typed.duration {
            check_typed_duration(seconds)?;
        }
        Ok(())
    }

    fn no_code(&self, base: &Base, steps: &[Step], option: &'static str) -> Error {
        let before = steps.iter().rev().nth(1).and_then(Step::role_arn);
        let caller = before.map_or(base.kind(), |arn| arn.as_str());
        let invocation = self.inputs.request.invocation(self.found.profile_name());
        let what = "cannot be given: AWS takes no MFA code from a role's session";
        Error::usage(format!("{option} {what}"))
            .at(Place::Option(option))
            .cause(format!("the caller would be {caller}"))
            .hint(format!("see the way: {}", invocation.without("--mfa-serial").command("explain")))
    }

    fn no_device(&self, steps: &[Step]) -> Error {
        let option = "--mfa-token";
        let invocation = self.inputs.request.invocation(self.found.profile_name());
        let hint = match steps {
            [Step::AssumeRole(_)] => format!(
                "have the device found: {} --mfa-serial auto {option} CODE",
                invocation.command("process")
            ),
            _ => format!(
                "name the device as mfa_serial in the profile of the keys, then try: {}",
                invocation.command("explain")
            ),
        };
        let who = self.who();
        Error::usage(format!("{option} cannot be used: no call for {who} takes an MFA code"))
            .at(Place::Option(option))
            .about(self.found.profile_name().map_or("", |name| name))
            .cause("no profile on the way names the device that shows the code")
            .hint(hint)
    }

    fn no_stored_keys(&self, base: &Base, steps: &[Step]) -> Error {
        let option = "--long-term-keys";
        let end = steps.last().map_or(base.kind(), Step::title);
        let invocation = self.inputs.request.invocation(self.found.profile_name());
        Error::usage(format!("{option} needs keys of the store, and {} ends in others", self.who()))
            .at(Place::Option(option))
            .about(self.found.profile_name().map_or("", |name| name))
            .cause(format!("it would hand out: {end}"))
            .hint(format!("see the way: {}", invocation.command("explain")))
    }

    fn who(&self) -> String {
        self.found
            .profile_name()
            .map_or_else(|| "these credentials".to_owned(), |name| format!("profile `{name}`"))
    }

    fn no_role(&self, option: &str) -> Error {
        let what = self.who();
        Error::usage(format!("{option} needs a role, and {what} assumes none"))
            .about(self.found.profile_name().map_or("", |name| name))
            .hint("name a role too: rolecall process --role-arn arn:aws:iam::ACCOUNT:role/NAME")
    }
}
