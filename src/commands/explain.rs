//! `rolecall explain`: the way from a profile to its credentials, as resolved and not performed.

use std::process::ExitCode;

use serde_json::{Map, Value, json};

use crate::app::context::Context;
use crate::app::credentials::chain;
use crate::aws::duration;
use crate::chain::{AssumeRole, Base, Chain, GetSessionToken, Step};
use crate::cli::Explain;
use crate::config::profiles::Merged;
use crate::error::Result;
use crate::output::explanation::{shown, text};
use crate::output::print;

pub fn run(context: &Context, args: &Explain) -> Result<ExitCode> {
    let chain = chain(context, &args.selected, &args.role)?;
    print(&if args.json { format!("{}\n", json(&chain)) } else { text(&chain) })?;
    Ok(ExitCode::SUCCESS)
}

/// Renders the object of the contract.
pub fn json(chain: &Chain) -> Value {
    let step = |step: &Step| match step {
        Step::GetSessionToken(call) => get_session_token(call),
        Step::AssumeRole(call) => assume_role(call),
    };
    let steps: Vec<Value> = chain.steps.iter().map(step).collect();
    json!({
        "profile": chain.profile.as_ref().map(|p| &p.name),
        "region": chain.region,
        "base": base(chain),
        "steps": steps,
        "properties": chain.profile.as_ref().map_or_else(|| json!({}), properties),
    })
}

fn base(chain: &Chain) -> Value {
    let mut object = Map::new();
    object.insert("kind".to_owned(), json!(chain.base.kind()));
    object.insert("profile".to_owned(), json!(chain.base_profile));
    let mut set = |key: &str, value: Value| object.insert(key.to_owned(), value);
    match &chain.base {
        Base::Static(keys) | Base::Environment(keys) => {
            set("access_key_id", json!(keys.access_key_id));
            set("temporary", json!(keys.session_token.is_some()));
        }
        Base::WebIdentity(call) => {
            set("role_arn", json!(call.role_arn));
            set("role_session_name", json!(call.role_session_name));
            set("token_file", json!(call.token_file));
            set("duration_seconds", json!(call.duration_seconds.unwrap_or(duration::DEFAULT_ROLE)));
            set("policy", json!(call.policy));
            set("policy_arns", json!(call.policy_arns));
            set("region", json!(call.region));
            set("endpoint", json!(call.endpoint.url));
        }
        Base::Sso(sso) => {
            set("sso_session", json!(sso.session));
            set("sso_start_url", json!(sso.start_url));
            set("sso_region", json!(sso.region));
            set("sso_account_id", json!(sso.account_id));
            set("sso_role_name", json!(sso.role_name));
        }
        Base::LoginSession { session, .. } => drop(set("login_session", json!(session))),
        // The command itself may hold a secret; where it stands is enough to find it.
        Base::Process { place, .. } => drop(set("place", json!(place.to_string()))),
        Base::EcsContainer | Base::Machine { container: true } => {
            drop(set("uri", json!(chain.network.container)));
        }
        Base::Ec2InstanceMetadata | Base::Machine { container: false } => {
            drop(set("endpoint", json!(chain.network.imds.endpoint)));
        }
    }
    Value::Object(object)
}

fn get_session_token(call: &GetSessionToken) -> Value {
    json!({
        "kind": "get_session_token",
        "profile": call.profile,
        "mfa_serial": call.mfa.serial,
        "duration_seconds": call.duration_seconds,
        "region": call.region,
        "endpoint": call.endpoint.url,
    })
}

fn assume_role(call: &AssumeRole) -> Value {
    let tags: Map<String, Value> =
        call.tags.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
    json!({
        "kind": "assume_role",
        "profile": call.profile,
        "role_arn": call.role_arn,
        "role_session_name": call.role_session_name,
        "external_id": call.external_id,
        "mfa_serial": call.mfa.code().map(|mfa| &mfa.serial),
        "duration_seconds": call.duration_seconds.unwrap_or(duration::DEFAULT_ROLE),
        "source_identity": call.source_identity,
        "session_tags": tags,
        "transitive_session_tags": call.transitive_tags,
        "policy": call.policy,
        "policy_arns": call.policy_arns,
        "region": call.region,
        "endpoint": call.endpoint.as_ref().map(|e| &e.url),
    })
}

fn properties(profile: &Merged) -> Value {
    let property = |p: &crate::config::profiles::Property| {
        (
            p.key.clone(),
            json!({"value": shown(&p.key, &p.value), "file": p.place.file.name(), "line": p.place.line}),
        )
    };
    Value::Object(profile.properties.iter().map(property).collect())
}
