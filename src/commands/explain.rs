//! `rolecall explain`: the chain of a profile, resolved but not performed.

use clap::Args;
use serde_json::{Map, Value, json};

use crate::app::options::Selected;
use crate::app::requests;
use crate::app::service::CredentialsService;
use crate::aws::duration;
use crate::chain::{AssumeRole, Base, Chain, DefaultProvider, GetSessionToken, RoleOptions, Step};
use crate::config::profiles::{Profile, Property, shown};
use crate::error::Result;
use crate::output::explanation::text;
use crate::output::{print, print_line};
use crate::text::shown_url;

/// Show the way from a profile to its credentials, without going it
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rolecall explain prod
  rolecall explain prod --json                        with file and line of every property
  rolecall explain --role-arn arn:aws:iam::222222222222:role/audit --source-profile dev")]
pub struct ExplainArgs {
    #[command(flatten)]
    pub selected: Selected,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub role: RoleOptions,
}

pub fn run(service: &CredentialsService, args: &ExplainArgs) -> Result<()> {
    let context = service.context();
    let request = requests::of_role(context, &args.selected, &args.role)?;
    let chain = service.resolve(&context.profiles()?, &request)?;
    if args.json { print_line(json(&chain)) } else { print(&text(&chain)) }
}

/// Renders the chain as one object.
fn json(chain: &Chain) -> Value {
    let step = |step: &Step| match step {
        Step::GetSessionToken(call) => get_session_token(call),
        Step::AssumeRole(call) => assume_role(call),
    };
    let steps: Vec<Value> = chain.plan.steps.iter().map(step).collect();
    json!({
        "profile": chain.subject.profile.as_ref().map(|p| &p.name),
        "region": chain.plan.region,
        "base": base(chain),
        "steps": steps,
        "properties": chain.subject.profile.as_ref().map_or_else(|| json!({}), properties),
    })
}

fn base(chain: &Chain) -> Value {
    let plan = &chain.plan;
    let details = match &plan.base {
        Base::Static(keys) | Base::Environment(keys) => json!({
            "access_key_id": keys.access_key_id,
            "temporary": keys.session_token.is_some(),
        }),
        Base::Stored(keys) => json!({
            "access_key_id": keys.access_key_id,
            "handed_out": plan.steps.is_empty(),
        }),
        Base::WebIdentity(call) => json!({
            "role_arn": call.role_arn,
            "role_session_name": call.role_session_name,
            "token_file": call.token_file,
            "duration_seconds": call.duration_seconds.unwrap_or(duration::DEFAULT_ROLE),
            "policy": call.policies.inline,
            "policy_arns": call.policies.arns,
            "region": call.region,
            "endpoint": shown_url(&call.endpoint.url),
        }),
        Base::Sso(sso) => json!({
            "sso_session": sso.session.name,
            "sso_start_url": shown_url(&sso.session.start_url),
            "sso_region": sso.session.region,
            "sso_account_id": sso.account_id,
            "sso_role_name": sso.role_name,
        }),
        Base::LoginSession { session, .. } => json!({"login_session": session}),
        // The command line may hold a secret. Its place is enough to find it.
        Base::Process { place, .. } => json!({"place": place.to_string()}),
        Base::EcsContainer | Base::DefaultProviders(DefaultProvider::Container) => {
            json!({"uri": plan.network.container.as_deref().map(shown_url)})
        }
        Base::Ec2InstanceMetadata | Base::DefaultProviders(DefaultProvider::Instance) => {
            json!({"endpoint": plan.network.imds.endpoint.as_deref().map(shown_url)})
        }
    };
    let mut base = json!({"kind": plan.base.kind(), "profile": plan.base_profile});
    if let (Value::Object(base), Value::Object(details)) = (&mut base, details) {
        base.extend(details);
    }
    base
}

fn get_session_token(call: &GetSessionToken) -> Value {
    json!({
        "kind": "get_session_token",
        "profile": call.profile,
        "mfa_serial": call.mfa.as_ref().map(|mfa| &mfa.serial),
        "duration_seconds": call.duration_seconds,
        "region": call.region,
        "endpoint": shown_url(&call.endpoint.url),
    })
}

fn assume_role(call: &AssumeRole) -> Value {
    let tags: Map<String, Value> =
        call.tags.all.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
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
        "transitive_session_tags": call.tags.transitive,
        "policy": call.policies.inline,
        "policy_arns": call.policies.arns,
        "region": call.region,
        "endpoint": shown_url(&call.endpoint.url),
    })
}

fn properties(profile: &Profile) -> Value {
    let property = |p: &Property| {
        let (value, file) = (shown(&p.key, &p.value), p.file.name());
        (p.key.clone(), json!({"value": value, "file": file, "line": p.place.line}))
    };
    Value::Object(profile.properties.iter().map(property).collect())
}
