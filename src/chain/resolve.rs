//! From a profile to its chain: the whole policy of what is done for whom, with no I/O, clock or
//! store. The rules are botocore's where the SDKs agree with it (AWS SDKs and Tools Reference
//! Guide, "Assume role credential provider").

use std::collections::HashSet;

use super::base::{Bases, has_any, process_of, rolecall_target};
use super::endpoints::Endpoints;
use super::hop::{Hops, Source};
use super::overrides::Overrides;
use super::{AssumeRole, Base, Chain, GetSessionToken, MfaUse, NamedBy, Step, mfa};
use crate::aws::partition::{self, Endpoint};
use crate::config::profiles::{Merged, Place, Profiles, Property};
use crate::error::{self, Error, Kind, Result};
use crate::hint;
use crate::system::environment::Environment;

/// Returns the property of a key, its `rolecall_…` form first.
pub(super) fn property<'a>(profile: &'a Merged, key: &str) -> Option<&'a Property> {
    profile
        .properties
        .iter()
        .find(|p| p.key.strip_prefix("rolecall_") == Some(key) && !p.value.is_empty())
        .or_else(|| profile.get(key))
}

/// Returns whether the profile names a role to assume; with a token file it is a web identity
/// instead.
pub(super) fn is_role(profile: &Merged) -> bool {
    property(profile, "role_arn").is_some()
        && property(profile, "web_identity_token_file").is_none()
}

fn has_static_keys(profile: &Merged) -> bool {
    profile.get("aws_access_key_id").is_some() || profile.get("aws_secret_access_key").is_some()
}

/// Turns a profile name, or none, into a chain.
pub fn resolve(
    profiles: &Profiles,
    overrides: &Overrides,
    environment: &Environment,
) -> Result<Chain> {
    let resolver = Resolver { profiles, overrides, environment };
    let found = resolver.select()?;
    resolver.check_process_loop(&found)?;
    resolver.finish(found)
}

/// A walk along `source_profile` before regions and parameters are known.
struct Found {
    /// The profile whose settings (region, endpoints, retries) hold.
    settings: Option<Merged>,
    /// The selected profile, when the credentials come from it.
    profile: Option<Merged>,
    /// The role profiles, the selected one first.
    hops: Vec<Merged>,
    base: Origin,
    base_profile: Option<Merged>,
}

/// The base, or the profile that it will be read from once the region is known.
enum Origin {
    Ready(Base),
    Profile,
}

struct Resolver<'a> {
    profiles: &'a Profiles,
    overrides: &'a Overrides,
    environment: &'a Environment,
}

impl Resolver<'_> {
    fn bases(&self) -> Bases<'_> {
        Bases { profiles: self.profiles, overrides: self.overrides, environment: self.environment }
    }

    fn unknown(&self, name: &str) -> Error {
        if self.overrides.suggest {
            self.profiles.unknown(name)
        } else {
            self.profiles.absent(name, None)
        }
    }

    /// Chooses where to start: the named profile, or the SDKs' default chain.
    fn select(&self) -> Result<Found> {
        if let Some(name) = &self.overrides.profile {
            let profile = self.profiles.profile(name)?.ok_or_else(|| self.unknown(name))?;
            return self.walk(profile);
        }
        if self.overrides.role_arn.is_some() && self.overrides.source_profile.is_some() {
            // An ad-hoc role that belongs to no profile.
            return Ok(Found { profile: None, ..self.walk(Merged::nobody())? });
        }
        let variable = ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"]
            .into_iter()
            .find_map(|v| Some((v, self.environment.get(v)?)));
        let name = variable.map_or("default", |(_, name)| name);
        let profile = match self.bases().environment()? {
            Some(base) => {
                let settings = self.profiles.profile(name).ok().flatten();
                return Ok(Found {
                    settings,
                    profile: None,
                    hops: Vec::new(),
                    base: Origin::Ready(base),
                    base_profile: None,
                });
            }
            None => self.profiles.profile(name)?,
        };
        if let (None, Some((variable, name))) = (&profile, variable) {
            return Err(self.unknown(name).cause(format!("it is named by {variable}")));
        }
        match profile {
            Some(profile) if is_role(&profile) || has_any(&profile) => self.walk(profile),
            settings => {
                let base = self.bases().machine().map_or(Origin::Profile, Origin::Ready);
                let machine =
                    Found { settings, profile: None, hops: Vec::new(), base, base_profile: None };
                if matches!(machine.base, Origin::Profile) && !self.environment.web_identity() {
                    return Err(Error::configuration("no credentials found: no profile is named and the default chain has none")
                        .cause(format!("profile `{name}` holds none, and neither environment, container nor instance gives any"))
                        .hint("name a profile, see: rolecall list"));
                }
                Ok(machine)
            }
        }
    }

    /// Follows `source_profile` from a profile to the base.
    fn walk(&self, selected: Merged) -> Result<Found> {
        let mut hops: Vec<Merged> = Vec::new();
        let mut seen: HashSet<String> = selected.named().map(str::to_owned).into_iter().collect();
        let mut current = selected.clone();
        let (base, base_profile) = loop {
            let first = hops.is_empty();
            let typed = first
                && self.overrides.source_profile.is_some()
                && (self.overrides.role_arn.is_some() || is_role(&current));
            // A typed role may complete a profile that names everything else.
            let names_source = || {
                ["source_profile", "credential_source"]
                    .iter()
                    .any(|key| property(&current, key).is_some())
            };
            let typed = typed
                || first
                    && self.overrides.role_arn.is_some()
                    && !has_any(&current)
                    && names_source();
            if !typed && (!is_role(&current) || !first && has_static_keys(&current)) {
                break (Origin::Profile, Some(current));
            }
            let source = Hops { overrides: self.overrides }.source(&current, first)?;
            hops.push(current.clone());
            match source {
                Source::Credentials(base) => {
                    break (Origin::Ready(self.bases().credential_source(base, &current)?), None);
                }
                Source::Profile { name, place } if current.named() == Some(&name) => {
                    if !has_static_keys(&current) {
                        let error = Error::configuration(format!(
                            "profile `{name}` is its own source_profile and holds no keys"
                        ));
                        return Err(error.cause(format!("{place}: source_profile = {name}")).hint(
                            format!("see the profile: {}", hint::command("explain", &name)),
                        ));
                    }
                    break (Origin::Profile, Some(current));
                }
                Source::Profile { name, place } => {
                    if !seen.insert(name.clone()) {
                        return Err(loop_error(&hops, &name, &place));
                    }
                    current = self.profiles.profile(&name)?.ok_or_else(|| {
                        let error = self.unknown(&name);
                        if typed {
                            let message = format!("--source-profile: {}", error.message());
                            return error
                                .with_kind(Kind::Usage)
                                .with_message(message)
                                .at(error::Place::Option("--source-profile"));
                        }
                        error.at(&place).with_message(format!(
                            "{place}: the source_profile `{name}` of profile `{}` does not exist",
                            current.name
                        ))
                    })?;
                }
            }
        };
        Ok(Found {
            settings: Some(selected.clone()),
            profile: Some(selected),
            hops,
            base,
            base_profile,
        })
    }

    /// Finds a `credential_process = rolecall process NAME` that leads back to where it started.
    fn check_process_loop(&self, found: &Found) -> Result<()> {
        let inner = Resolver {
            profiles: self.profiles,
            overrides: &Overrides::default(),
            environment: self.environment,
        };
        let (mut trail, mut seen) = (Vec::new(), HashSet::new());
        let mut next;
        let mut found = found;
        loop {
            let (Origin::Profile, Some(profile)) = (&found.base, &found.base_profile) else {
                return Ok(());
            };
            let Some(command) = process_of(profile) else { return Ok(()) };
            let Some(target) = rolecall_target(&command.value) else { return Ok(()) };
            for name in found.hops.iter().chain([profile]).filter_map(Merged::named) {
                seen.insert(name.to_owned());
                trail.push(name.to_owned());
            }
            if seen.contains(&target) {
                let names: Vec<&str> = trail.iter().chain([&target]).map(String::as_str).collect();
                return Err(Error::configuration(format!(
                    "credential_process leads back to the same profile: {}",
                    way(&names)
                ))
                .cause(format!("{}: credential_process = rolecall process {target}", command.place))
                .hint(format!(
                    "give the profile a source, for example: rolecall_source_profile; then try: {}",
                    hint::command("explain", &target)
                )));
            }
            let Some(profile) = self.profiles.profile(&target)? else { return Ok(()) };
            // What is wrong with the other profile is for the other process to say.
            let Ok(walked) = inner.walk(profile) else { return Ok(()) };
            next = walked;
            found = &next;
        }
    }

    /// Fills in regions, endpoints and parameters.
    #[expect(clippy::too_many_lines, reason = "the parts share what was found")]
    fn finish(&self, found: Found) -> Result<Chain> {
        let endpoints = Endpoints {
            profiles: self.profiles,
            environment: self.environment,
            profile: found.settings.as_ref(),
        };
        let along = || found.settings.iter().chain(&found.hops).chain(&found.base_profile);
        let variable = |name: &str| Some((self.environment.get(name)?, name.to_owned()));
        let typed = self.overrides.region.as_deref().map(|region| (region, "--region".to_owned()));
        let region = typed
            .or_else(|| variable("AWS_REGION"))
            .or_else(|| variable("AWS_DEFAULT_REGION"))
            .or_else(|| {
                along()
                    .find_map(|p| p.get("region"))
                    .map(|p| (p.value.as_str(), p.place.to_string()))
            })
            .map(|(region, place)| checked_region(region.trim(), &place))
            .transpose()?;
        let name = found.profile.as_ref().map(|p| p.name.clone());
        let named_by = NamedBy { profile: name.clone(), typed: self.overrides.naming() };
        let need_region = || {
            region.clone().ok_or_else(|| {
                let who = match (&name, &self.overrides.role_arn) {
                    (Some(name), _) => format!("profile `{name}`"),
                    (None, Some(role_arn)) => role_arn.clone(),
                    (None, None) => "the role".to_owned(),
                };
                let example = named_by.command("process");
                Error::configuration(format!("no region for {who}, and STS is called in one"))
                    .hint(format!("put `region = …` into the profile, set AWS_REGION, or type: {example} --region eu-west-1"))
            })
        };
        let base_profile = found.base_profile.as_ref();
        let base = match found.base {
            Origin::Ready(base) => base,
            Origin::Profile => {
                let sts = || {
                    let region = need_region()?;
                    Ok((region.clone(), endpoints.sts(&region)?))
                };
                match base_profile {
                    // A role that is typed on top has the other options to itself.
                    Some(profile) => self.bases().of_profile(
                        profile,
                        found.hops.is_empty() && self.overrides.role_arn.is_none(),
                        &endpoints,
                        sts,
                    )?,
                    None => self.bases().web_identity_of_environment(sts)?,
                }
            }
        };
        let hops = Hops { overrides: self.overrides };
        // The last hop of the profile is the first that was found.
        let mut roles = found.hops.clone();
        if roles.is_empty() && self.overrides.role_arn.is_some() {
            roles.push(found.base_profile.clone().unwrap_or_else(Merged::nobody));
        }
        let mut calls = Vec::with_capacity(roles.len());
        for (distance, profile) in roles.iter().enumerate().rev() {
            let chained = !calls.is_empty() || base.is_role_session();
            let sources = roles.get(distance + 1).or(base_profile);
            let region = need_region()?;
            let endpoint = endpoints.sts(&region)?;
            let user = self.environment.user.as_deref();
            calls.push(hops.assume_role(
                profile,
                distance == 0,
                chained,
                sources,
                user,
                region,
                endpoint,
            )?);
        }
        let sts = || {
            let region = need_region()?;
            let realm = endpoints
                .configured("sts")?
                .unwrap_or_else(|| partition::of_region(&region).id.to_owned());
            Ok((region.clone(), endpoints.sts(&region)?, realm))
        };
        let steps = self.steps(&base, base_profile, &hops, &roles, calls, sts)?;
        self.check_typed_mfa(&base, &steps, &named_by)?;
        let assumes = steps.iter().any(|step| matches!(step, Step::AssumeRole(_)));
        if let (true, Some(option)) =
            (!assumes && !matches!(base, Base::WebIdentity(_)), self.overrides.role_option())
        {
            let what = name
                .as_deref()
                .map_or_else(|| "these credentials".to_owned(), |n| format!("profile `{n}`"));
            return Err(Error::usage(format!("{option} needs a role, and {what} assumes none"))
                .hint(
                    "name a role too: rolecall process --role-arn arn:aws:iam::ACCOUNT:role/NAME",
                ));
        }
        if let Some(seconds) = self.overrides.duration_seconds {
            super::hop::check_duration(seconds, false, "--duration").map_err(Error::usage)?;
        }
        let asks = |p: &&Merged| {
            p.value("rolecall_confirm").is_some_and(|v| v.eq_ignore_ascii_case("true"))
        };
        let confirm =
            roles.iter().chain(base_profile).filter(asks).map(|p| p.name.clone()).collect();
        let mut chain = Chain {
            account_id: found
                .profile
                .as_ref()
                .and_then(|p| p.value("aws_account_id"))
                .map(str::to_owned),
            confirm,
            base_profile: base_profile.map(|p| p.name.clone()),
            network: endpoints.network()?,
            iam: None,
            sts: region.as_deref().map(|region| endpoints.sts(region)).transpose()?,
            profile: found.profile,
            named_by,
            base,
            steps,
            region,
        };
        if chain.mfa_serial() == Some(mfa::AUTO) {
            chain.iam = endpoints.configured("iam")?;
        }
        Ok(chain)
    }

    /// Refuses a device that is typed for a role whose caller is a role too.
    fn check_typed_mfa(&self, base: &Base, steps: &[Step], named_by: &NamedBy) -> Result<()> {
        let impossible = |step: &Step| matches!(step, Step::AssumeRole(call) if matches!(call.mfa, MfaUse::Impossible(_)));
        if self.overrides.mfa_serial.is_none() || !steps.last().is_some_and(impossible) {
            return Ok(());
        }
        let caller = match steps.iter().rev().nth(1) {
            Some(Step::AssumeRole(call)) => &call.role_arn,
            _ => base.kind(),
        };
        Err(Error::usage(
            "--mfa-serial cannot be given: AWS takes no MFA code from a role's session",
        )
        .cause(format!("the caller would be {caller}"))
        .hint(format!("see the way: {}", named_by.without("--mfa-serial").command("explain"))))
    }

    /// Puts the session with MFA, where there is to be one, before the roles.
    fn steps(
        &self,
        base: &Base,
        base_profile: Option<&Merged>,
        hops: &Hops,
        roles: &[Merged],
        mut calls: Vec<AssumeRole>,
        sts: impl Fn() -> Result<(String, Endpoint, String)>,
    ) -> Result<Vec<Step>> {
        let own = base_profile.filter(|_| calls.is_empty() && base.is_long_term());
        let own = own.map(|profile| hops.mfa(profile, false, None)).transpose()?.flatten();
        let duration = hops.mfa_session(roles.last().into_iter().chain(base_profile))?;
        let first = mfa::plan(base, own, &mut calls, duration.is_some() && !self.overrides.unkept);
        let mut steps = Vec::with_capacity(calls.len() + 1);
        if let Some((mfa, duration_seconds)) = first.zip(duration) {
            let (region, endpoint, realm) = sts()?;
            let profile = base_profile.map(|p| p.name.clone());
            steps.push(Step::GetSessionToken(Box::new(GetSessionToken {
                profile,
                mfa,
                duration_seconds,
                region,
                endpoint,
                realm,
            })));
        }
        steps.extend(calls.into_iter().map(|call| Step::AssumeRole(Box::new(call))));
        Ok(steps)
    }
}

fn loop_error(hops: &[Merged], name: &str, place: &Place) -> Error {
    let names: Vec<&str> = hops.iter().filter_map(Merged::named).chain([name]).collect();
    Error::configuration(format!("source_profile leads round in a loop: {}", way(&names)))
        .cause(format!("{place}: source_profile = {name}"))
        .hint(format!(
            "end the chain at a profile that holds credentials, then try: {}",
            hint::command("explain", names[0])
        ))
}

/// Shows the way round a loop; of a long one, where it begins and where it closes.
fn way(names: &[&str]) -> String {
    match names {
        [first, more @ .., before, last] if names.len() > 12 => {
            format!("`{first}` → … {} more … → `{before}` → `{last}`", more.len())
        }
        _ => names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(" → "),
    }
}

fn checked_region(region: &str, place: &str) -> Result<String> {
    if !region.is_empty()
        && region.len() <= 63
        && region.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    {
        return Ok(region.to_owned());
    }
    let kind = if place.starts_with("--") { Kind::Usage } else { Kind::Configuration };
    Err(Error::new(kind, format!("{place}: `{region}` is not a region's name"))
        .hint("see the names with: aws ec2 describe-regions"))
}
