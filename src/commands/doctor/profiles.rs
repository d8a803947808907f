//! The chains of profiles, resolved but not performed.

use std::collections::BTreeMap;

use secrecy::ExposeSecret;

use super::findings::Findings;
use crate::app::context::Context;
use crate::app::requests;
use crate::app::service::resolve;
use crate::app::summary::is_settings_only;
use crate::aws::duration;
use crate::aws::partition::Endpoint;
use crate::chain::process_command::misdirected_process;
use crate::chain::{Base, Chain, NearMisses, Network, Sso};
use crate::config::profiles::Profiles;
use crate::error::FileLine;
use crate::hint;
use crate::prompt::PromptEnvironment;
use crate::sources::sso_token::{read_token, token_path};
use crate::system::child;
use crate::system::clock::{Clock, SystemClock};

const PROFILES: &str = "profiles";

/// The STS endpoints that chains use, by URL.
pub type UsedEndpoints = BTreeMap<String, (Endpoint, Network)>;

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
                check_base(context, name, &chain, findings);
                check_process(name, &chain, findings);
                let plan = chain.plan;
                let uses_sts = !plan.steps.is_empty() || matches!(plan.base, Base::WebIdentity(_));
                if let Some(endpoint) = plan.endpoints.sts.filter(|_| uses_sts) {
                    endpoints.entry(endpoint.url.clone()).or_insert((endpoint, plan.network));
                }
            }
            Err(_) if is_settings_only(profiles, name) => {
                findings.ok(PROFILES, format!("`{name}` holds settings only"));
            }
            Err(error) => findings.error(PROFILES, &error),
        }
    }
    endpoints
}

/// Checks what the base of a chain needs on this machine.
fn check_base(context: &Context, name: &str, chain: &Chain, findings: &mut Findings) {
    let plan = &chain.plan;
    let base_profile = plan.base_profile.as_deref();
    let of = base_profile.filter(|base| *base != name).map(|base| format!(" of `{base}`"));
    let what =
        format!("`{name}`: {}{}{}", plan.base.kind(), of.unwrap_or_default(), chain.arrows());
    match &plan.base {
        Base::Sso(sso) => {
            check_token(context, sso, base_profile.unwrap_or(name), &what, findings);
        }
        Base::WebIdentity(call)
            if !context.directories.expand(&call.token_file).is_ok_and(|path| path.is_file()) =>
        {
            let hint = format!("look for it: ls -l {}", hint::word(&call.token_file));
            let message = format!("{what}: the token file {} is not there", call.token_file);
            findings.problem(PROFILES, message, Some(&hint));
        }
        Base::Process { command, place, .. } => {
            check_program(context, command.expose_secret(), (place, &what), findings);
        }
        _ => findings.ok(PROFILES, what),
    }
}

/// Looks for the program of a `credential_process`.
fn check_program(
    context: &Context,
    line: &str,
    (place, what): (&FileLine, &str),
    findings: &mut Findings,
) {
    let Context { environment, directories, .. } = context;
    let programs = PromptEnvironment::read(environment, directories, None);
    match child::program(line).filter(|program| programs.find(program).is_none()) {
        None => findings.ok(PROFILES, what),
        Some(program) => {
            let message = format!("{what}: {place}: there is no program `{program}`");
            findings.problem(PROFILES, message, Some(&hint::missing_program(&program)));
        }
    }
}

/// Checks the token of a single sign-on.
fn check_token(context: &Context, sso: &Sso, profile: &str, what: &str, findings: &mut Findings) {
    let home = context.directories.home().ok();
    let token =
        home.and_then(|home| read_token(&token_path(home, sso), &context.runtime).ok().flatten());
    let end = token.and_then(|token| token.expires_at());
    let hint = format!("log in: {}", sso.login(profile));
    match end.map(|end| (end - SystemClock.now()).num_seconds()) {
        Some(left) if left > 0 => {
            findings.ok(PROFILES, format!("{what} (token: {} left)", duration::render(left)));
        }
        Some(_) => {
            findings.warning(PROFILES, format!("{what}: the token has expired"), Some(&hint));
        }
        None => findings.warning(PROFILES, format!("{what}: nobody has logged in"), Some(&hint)),
    }
}

/// Warns of a `credential_process` that gives SDKs another profile's credentials.
fn check_process(name: &str, chain: &Chain, findings: &mut Findings) {
    let misdirected = chain.subject.profile.as_ref().and_then(misdirected_process);
    let Some((process, target)) = misdirected else { return };
    let message = format!(
        "{}: SDKs get the credentials of `{target}` for `{name}`, which has a role of its own",
        process.place
    );
    let hint = format!("write there: credential_process = {}", hint::command("process", name));
    findings.warning(PROFILES, message, Some(&hint));
}
