//! The chains of profiles, resolved but not performed.

use std::collections::BTreeMap;
use std::path::Path;

use secrecy::ExposeSecret;

use super::findings::{Findings, FindingsAbout};
use crate::app::call::AskPolicy;
use crate::app::context::Context;
use crate::app::requests;
use crate::app::service::resolve;
use crate::app::stores::StoreOpener;
use crate::app::summary::is_settings_only;
use crate::aws::duration;
use crate::aws::partition::Endpoint;
use crate::chain::process_command::misdirected_process;
use crate::chain::{Base, Chain, NearMisses, Network, Sso, misspelled};
use crate::clients::http::Trust;
use crate::config::profiles::{Profile, Profiles};
use crate::error::{Error, FileLine};
use crate::hint;
use crate::prompt::PromptEnvironment;
use crate::sources::login_tokens::TokenPlace;
use crate::system::clock::{Clock, SystemClock};
use crate::system::command_line;

const PROFILES: &str = "profiles";

/// The STS endpoints that chains use, by URL and by whom the connection trusts.
pub type UsedEndpoints = BTreeMap<(String, Option<String>), (Endpoint, Network)>;

/// Checks profiles, and returns the STS endpoints that their chains use.
pub fn check(
    context: &Context,
    profiles: &Profiles,
    names: &[&str],
    findings: &mut Findings,
) -> UsedEndpoints {
    let mut endpoints = UsedEndpoints::new();
    for name in names {
        let near_misses = if names.len() == 1 { NearMisses::Search } else { NearMisses::Skip };
        let request = requests::of_profile(context, name).with_near_misses(near_misses);
        match resolve(context, profiles, &request) {
            Ok(chain) => {
                check_keys(&chain, &mut findings.about(name));
                check_base(context, name, &chain, findings);
                check_process(name, &chain, findings);
                let bundle = check_bundle(&chain, &mut findings.about(name));
                let plan = chain.plan;
                let uses_sts = !plan.steps.is_empty() || matches!(plan.base, Base::WebIdentity(_));
                if let (Some(endpoint), true, Ok(bundle)) =
                    (plan.endpoints.sts.ok().flatten(), uses_sts, bundle)
                {
                    let key = (endpoint.url.clone(), bundle);
                    endpoints.entry(key).or_insert((endpoint, plan.network));
                }
            }
            Err(_) if is_settings_only(profiles, name) => {
                findings.ok(PROFILES, format!("`{name}` holds settings only"));
                if let Ok(Some(profile)) = profiles.profile(name) {
                    check_spelling(&profile, &mut findings.about(name));
                }
            }
            Err(error) => findings.about(name).error(PROFILES, &error),
        }
    }
    endpoints
}

/// Warns of keys that are wrong and do nothing.
fn check_keys(chain: &Chain, findings: &mut FindingsAbout) {
    for error in &chain.plan.unneeded {
        findings.harmless(PROFILES, error);
    }
    if let Some(profile) = &chain.subject.profile {
        check_spelling(profile, findings);
    }
}

fn check_spelling(profile: &Profile, findings: &mut FindingsAbout) {
    for message in misspelled(profile) {
        findings.warning(PROFILES, &message, Some(&hint::correct(&profile.name)));
    }
}

/// Warns of a CA bundle that cannot be used; returns the one that is used.
fn check_bundle(
    chain: &Chain,
    findings: &mut FindingsAbout,
) -> Result<Option<String>, UnusableBundle> {
    let network = &chain.plan.network;
    let (Some(path), Some(place)) = (&network.ca_bundle, &network.ca_bundle_place) else {
        return Ok(None);
    };
    match Trust::read_bundle(Path::new(path), Some(place)) {
        Ok(_) => Ok(Some(path.clone())),
        Err(error) => {
            findings.harmless(PROFILES, &error);
            Err(UnusableBundle)
        }
    }
}

/// Without its CA bundle an endpoint cannot be called.
struct UnusableBundle;

/// Checks what the base of a chain needs on this machine.
fn check_base(context: &Context, name: &str, chain: &Chain, findings: &mut Findings) {
    let plan = &chain.plan;
    let base_profile = plan.base_profile.as_deref();
    let of = base_profile.filter(|base| *base != name).map(|base| format!(" of `{base}`"));
    let what =
        format!("`{name}`: {}{}{}", plan.base.kind(), of.unwrap_or_default(), chain.arrows());
    match &plan.base {
        Base::Sso(sso) => {
            let profile = base_profile.unwrap_or(name);
            check_token(context, sso, profile, &mut findings.about(name));
        }
        Base::WebIdentity(call)
            if !context.directories.expand(&call.token_file).is_ok_and(|path| path.is_file()) =>
        {
            let hint = format!("look for it: {}", hint::look_at(Path::new(&call.token_file)));
            let message = format!("the token file {} is not there", call.token_file);
            findings.about(name).warning(PROFILES, &message, Some(&hint));
        }
        Base::Process { command, place, .. } => {
            let process = (place, what.as_str());
            check_program(context, command.expose_secret(), process, &mut findings.about(name));
        }
        _ => findings.ok(PROFILES, what),
    }
}

/// Looks for the program of a `credential_process`.
fn check_program(
    context: &Context,
    line: &str,
    (place, what): (&FileLine, &str),
    findings: &mut FindingsAbout,
) {
    let Context { environment, directories, .. } = context;
    let programs = PromptEnvironment::read(environment, directories, None);
    match command_line::program(line).filter(|program| programs.find(program).is_none()) {
        None => findings.ok(PROFILES, what),
        Some(program) => {
            let missing = format!("there is no program `{program}`");
            let error = Error::configuration(format!("{what}: {place}: {missing}"))
                .with_shared_cause(missing)
                .hint(hint::missing_program(&program));
            findings.error(PROFILES, &error);
        }
    }
}

/// Checks the token of a single sign-on, which many profiles share.
fn check_token(context: &Context, sso: &Sso, profile: &str, findings: &mut FindingsAbout) {
    let who = match &sso.session.name {
        Some(session) => format!("sso-session `{session}`"),
        None => sso.session.start_url.clone(),
    };
    let Context { directories, runtime, ui, .. } = context;
    let kept = StoreOpener::new(context, ui, AskPolicy::Never).login_tokens(None);
    let end = kept.place().end(&sso.session, directories, runtime);
    let store = kept.store_of(&sso.session).map(|store| format!(" in the store {store}"));
    let store = store.unwrap_or_default();
    let hint = format!("log in: {}", sso.session.login(profile));
    match end.map(|end| (end - SystemClock.now()).num_seconds()) {
        Some(left) if left > 0 => {
            findings
                .ok(PROFILES, &format!("{who} (token{store}: {} left)", duration::render(left)));
        }
        Some(_) => {
            findings.warning(
                PROFILES,
                &format!("{who}: the token{store} has expired"),
                Some(&hint),
            );
        }
        None => findings.warning(PROFILES, &format!("{who}: nobody has logged in"), Some(&hint)),
    }
    let others = match kept.place() {
        TokenPlace::Store => TokenPlace::SharedFiles,
        TokenPlace::SharedFiles => TokenPlace::Store,
    };
    if others.end(&sso.session, directories, runtime).is_some() {
        let left = match others {
            TokenPlace::SharedFiles => "~/.aws/sso/cache",
            TokenPlace::Store => "the store",
        };
        let message = format!("{who}: another token lies in {left}, where rolecall does not look");
        let hint =
            format!("end both logins: {}", hint::session("sso logout", sso.session.label(profile)));
        findings.warning(PROFILES, &message, Some(&hint));
    }
}

/// Warns of a `credential_process` that gives SDKs another profile's credentials.
fn check_process(name: &str, chain: &Chain, findings: &mut Findings) {
    let misdirected = chain.subject.profile.as_ref().and_then(misdirected_process);
    let Some((process, target)) = misdirected else { return };
    let message = format!(
        "{}: SDKs get the credentials of `{target}` for `{name}`, which has {} of its own",
        process.place,
        if chain.plan.steps.iter().any(|step| step.role_arn().is_some()) {
            "a role"
        } else {
            "keys"
        }
    );
    let hint = format!("write there: credential_process = {}", hint::command("process", name));
    findings.warning(PROFILES, message, Some(&hint));
}
