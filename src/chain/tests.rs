//! Profiles to chains: `tests/data/chains`, chains that are too long to write down, and session
//! keys.

mod adoption;
mod keys;
mod pairs;
mod plans;

use clap::Parser;
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};

use super::network::Imds;
use super::*;
use crate::aws::partition::Endpoint;
use crate::config::tests::profiles;
use crate::error::{Error, Kind, Result};
use crate::system::environment::Environment;

/// Reads options as they are typed after `rolecall process`.
fn request(options: &str) -> Request {
    #[derive(Parser)]
    #[command(no_binary_name = true)]
    struct Options {
        #[arg(index = 1)]
        profile: Option<String>,
        #[arg(long = "profile")]
        named: Option<String>,
        #[arg(long)]
        mfa_token: Option<String>,
        #[command(flatten)]
        role: RoleOptions,
    }
    let words = shlex::split(options).unwrap();
    let typed = Options::try_parse_from(words).unwrap_or_else(|e| panic!("{options}: {e}"));
    let defaults = Defaults { mfa_session: Some(43_200), caching: Caching::On };
    let profile = typed.profile.or(typed.named);
    let request = Request::typed(profile.as_deref(), typed.role, defaults);
    if typed.mfa_token.is_some() { request.with_typed_code() } else { request }
}

/// `NAME=value` lines; the local user is `bob` unless a line `user=…` says otherwise.
fn environment(lines: &str) -> Environment {
    let variables = lines
        .lines()
        .filter_map(|l| l.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let mut environment = Environment::new(variables, None);
    environment.user = Some(environment.get("user").unwrap_or("bob").to_owned());
    environment
}

pub(crate) fn chain(
    config: &str,
    credentials: &str,
    variables: &str,
    options: &str,
) -> Result<Chain> {
    resolve(&profiles(config, credentials), &request(options), &environment(variables))
}

/// A JSON object without what is absent, empty or switched off.
fn object<const N: usize>(fields: [(&str, Value); N]) -> Value {
    let absent =
        |v: &Value| v.is_null() || *v == json!(false) || *v == json!([]) || *v == json!({});
    Value::Object(
        fields
            .into_iter()
            .filter(|(_, value)| !absent(value))
            .map(|(key, value)| (key.to_owned(), value))
            .collect::<Map<_, _>>(),
    )
}

fn keys_of(keys: &StaticKeys) -> String {
    let token =
        keys.session_token.as_ref().map_or_else(String::new, |t| format!(":{}", t.expose_secret()));
    format!("{}:{}{token}", keys.access_key_id, keys.secret_access_key.expose_secret())
}

/// An endpoint that is not the usual one of its region.
fn unusual(endpoint: Option<&Endpoint>, region: Option<&str>) -> Value {
    let usual = region.map(|region| Endpoint {
        url: format!("https://sts.{region}.amazonaws.com"),
        signing_region: region.to_owned(),
        place: None,
    });
    match endpoint.filter(|e| {
        usual.as_ref().is_none_or(|u| (&u.url, &u.signing_region) != (&e.url, &e.signing_region))
    }) {
        None => Value::Null,
        Some(e) if Some(e.signing_region.as_str()) == region => json!(e.url),
        Some(e) => json!(format!("{} signed for {}", e.url, e.signing_region)),
    }
}

fn unless(usual: bool, value: Value) -> Value {
    if usual { Value::Null } else { value }
}

fn base_of(chain: &Chain) -> Value {
    let region = chain.plan.region.as_ref();
    let mut fields = match &chain.plan.base {
        Base::Static(keys) | Base::Environment(keys) => object([
            ("keys", json!(keys_of(keys))),
            ("account_id", json!(keys.account_id)),
            ("expiration", json!(keys.expiration.as_ref().map(|end| &end.text))),
        ]),
        Base::Stored(keys) => object([
            ("keys", json!(keys.access_key_id)),
            ("account_id", json!(keys.account_id)),
            ("place", json!(keys.place.as_ref().map(ToString::to_string))),
        ]),
        Base::Ec2InstanceMetadata | Base::EcsContainer => object([]),
        Base::DefaultProviders(provider) => object([
            ("kind", json!("default_providers")),
            ("container", json!(*provider == DefaultProvider::Container)),
        ]),
        Base::WebIdentity(call) => object([
            ("role_arn", json!(call.role_arn)),
            ("token_file", json!(call.token_file)),
            ("role_session_name", json!(call.role_session_name)),
            ("duration_seconds", json!(call.duration_seconds)),
            ("policy", json!(call.policies.inline)),
            ("policy_arns", json!(call.policies.arns)),
            ("region", unless(region == Some(&call.region), json!(call.region))),
            ("endpoint", unusual(Some(&call.endpoint), Some(&call.region))),
        ]),
        Base::Sso(sso) => object([
            ("session", json!(sso.session.name)),
            ("start_url", json!(sso.session.start_url)),
            ("region", json!(sso.session.region)),
            ("account_id", json!(sso.account_id)),
            ("role_name", json!(sso.role_name)),
            ("endpoint", json!(sso.endpoint.as_deref())),
            ("oidc_endpoint", json!(sso.session.oidc_endpoint.as_ref().unwrap().as_deref())),
        ]),
        Base::LoginSession { session, place } => {
            object([("session", json!(session)), ("place", json!(place.to_string()))])
        }
        Base::Process { command, place, account_id, .. } => object([
            ("command", json!(command.expose_secret())),
            ("place", json!(place.to_string())),
            ("account_id", json!(account_id)),
        ]),
    };
    fields.as_object_mut().unwrap().entry("kind").or_insert_with(|| json!(chain.plan.base.kind()));
    if let Some(profile) = &chain.plan.base_profile {
        fields["profile"] = json!(profile);
    }
    fields
}

fn get_session_token_of(chain: &Chain, call: &GetSessionToken) -> Value {
    let region = chain.plan.region.as_ref();
    object([
        ("kind", json!("get_session_token")),
        ("profile", json!(call.profile)),
        ("mfa_serial", json!(call.mfa.as_ref().map(|mfa| &mfa.serial))),
        ("mfa_process", json!(call.mfa.as_ref().and_then(|mfa| mfa.process.as_ref()))),
        ("mfa_yubikey_oath", json!(call.mfa.as_ref().and_then(|mfa| mfa.oath.as_ref()))),
        ("duration_seconds", unless(call.duration_seconds == 43_200, json!(call.duration_seconds))),
        ("region", unless(region == Some(&call.region), json!(call.region))),
        ("endpoint", unusual(Some(&call.endpoint), Some(&call.region))),
        ("sts_scope", unless(call.sts_scope == "aws", json!(call.sts_scope))),
    ])
}

fn step_of(chain: &Chain, step: &Step) -> Value {
    let call = match step {
        Step::AssumeRole(call) => call,
        Step::GetSessionToken(call) => return get_session_token_of(chain, call),
    };
    let how = match &call.mfa {
        MfaUse::Session(_) => json!("of the session"),
        MfaUse::Impossible(_) => json!("impossible"),
        MfaUse::None | MfaUse::Code(_) => Value::Null,
    };
    let code = call.mfa.code();
    let region = chain.plan.region.as_ref();
    object([
        ("profile", json!(call.profile)),
        ("role_arn", json!(call.role_arn)),
        (
            "role_session_name",
            unless(call.role_session_name == "bob", json!(call.role_session_name)),
        ),
        ("external_id", json!(call.external_id)),
        ("mfa_serial", json!(code.map(|mfa| &mfa.serial))),
        ("mfa_process", json!(code.and_then(|mfa| mfa.process.as_ref()))),
        ("mfa_yubikey_oath", json!(code.and_then(|mfa| mfa.oath.as_ref()))),
        ("mfa", how),
        ("duration_seconds", json!(call.duration_seconds)),
        ("source_identity", json!(call.source_identity)),
        ("tags", call.tags.all.iter().map(|(k, v)| json!(format!("{k}={v}"))).collect()),
        ("transitive_tags", json!(call.tags.transitive)),
        ("policy", json!(call.policies.inline)),
        ("policy_arns", json!(call.policies.arns)),
        ("region", unless(region == Some(&call.region), json!(call.region))),
        ("endpoint", unusual(Some(&call.endpoint), Some(&call.region))),
    ])
}

fn network_of(network: &Network) -> Value {
    let Imds { endpoint, ipv6, attempts, timeout, disabled } = &network.imds;
    let imds = object([
        ("endpoint", json!(endpoint.as_deref())),
        ("ipv6", json!(ipv6)),
        ("attempts", json!(attempts)),
        ("timeout", json!(timeout)),
        ("disabled", json!(disabled)),
    ]);
    object([
        ("fips", json!(network.fips)),
        ("dual_stack", json!(network.dual_stack)),
        ("max_attempts", json!(network.max_attempts)),
        ("adaptive_retries", json!(network.adaptive_retries)),
        ("ca_bundle", json!(network.ca_bundle)),
        ("imds", imds),
        ("container", json!(network.container.as_deref())),
        ("host", json!(network.host)),
    ])
}

/// Every field by its name; what is absent or usual is left out, so that a new field touches only
/// the rows that set it.
fn render(chain: &Chain) -> Value {
    let plan = &chain.plan;
    object([
        ("profile", json!(chain.subject.profile_name())),
        ("base", base_of(chain)),
        ("steps", plan.steps.iter().map(|step| step_of(chain, step)).collect()),
        ("region", json!(plan.region)),
        (
            "endpoint",
            unusual(
                plan.endpoints.sts.as_ref().ok().and_then(Option::as_ref),
                plan.region.as_deref(),
            ),
        ),
        ("network", network_of(&plan.network)),
        ("account_id", json!(chain.claimed_account())),
        ("confirm", json!(plan.confirm)),
    ])
}

/// An error as it is shown, with its kind.
fn shown(error: &Error) -> String {
    let mut text = format!("{:?}: {}\n", error.kind(), error.message()).to_lowercase();
    for cause in error.causes() {
        text += &format!("cause: {cause}\n");
    }
    for hint in error.hints() {
        text += &format!("hint: {hint}\n");
    }
    text
}

/// Returns whether an error's message begins with a line of a file that its data does not have.
fn lacks_its_place(error: &Error) -> bool {
    let mut parts = error.message().splitn(3, ':');
    let (file, line) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    ["config", "credentials"].contains(&file)
        && line.parse::<usize>().is_ok()
        && error.place().is_none_or(|place| place.to_string() != format!("{file}:{line}"))
}

/// The credentials file of a case that has none of its own. (Its environment is then a region.)
const DEV: &str = "[dev]\naws_access_key_id = AKIADEV\naws_secret_access_key = SECRETDEV\n";

#[test]
fn chains_of_table_resolve_as_expected() {
    let cases = test_tables::read(
        "chains",
        &["config", "credentials", "environment", "options", "chain", "error"],
    );
    assert!(cases.len() > 150, "{} cases", cases.len());
    let mut wrong = String::new();
    for case in &cases {
        let (credentials, variables) = (
            case.optional("credentials").unwrap_or(DEV),
            case.optional("environment").unwrap_or("AWS_REGION=eu-west-1"),
        );
        let result =
            chain(case.block("config"), credentials, variables, case.block("options").trim());
        let name = &case.name;
        assert!(
            !format!("{result:?}").replace("AWS_SECRET", "").contains("SECRET"),
            "{name}: a secret shows"
        );
        match (result, case.optional("error")) {
            (Ok(chain), None) => {
                let (got, expected) = (render(&chain), case.json("chain"));
                if got != expected {
                    wrong += &format!("\n{name}\n  got      {got}\n  expected {expected}\n");
                }
            }
            (Err(error), Some(parts)) => {
                let text = shown(&error);
                if lacks_its_place(&error) {
                    wrong += &format!("\n{name}\n  has no place as data: {text}");
                }
                assert!(
                    matches!(error.kind(), Kind::Configuration | Kind::Usage),
                    "{name}: {text}"
                );
                for part in parts.lines().filter(|l| !l.is_empty()) {
                    if !text.to_lowercase().contains(&part.to_lowercase()) {
                        wrong += &format!("\n{name}\n  got      {text}  missing  {part}\n");
                    }
                }
            }
            (Ok(chain), Some(_)) => {
                wrong += &format!("\n{name}\n  no error, but {}\n", render(&chain));
            }
            (Err(error), None) => wrong += &format!("\n{name}\n  got      {}", shown(&error)),
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// `p0` is a role whose source is `p1`, and so on; the last one's source is `end`.
fn long(hops: usize, end: &str) -> String {
    use std::fmt::Write as _;
    let mut config = "[profile keys]\nregion = eu-west-1\n\
                      aws_access_key_id = AKIA1\naws_secret_access_key = SECRET\n"
        .to_owned();
    for n in 0..hops {
        let source = if n + 1 == hops { end.to_owned() } else { format!("p{}", n + 1) };
        let role_arn = format!("arn:aws:iam::222222222222:role/r{n}");
        writeln!(config, "[profile p{n}]\nrole_arn = {role_arn}\nsource_profile = {source}")
            .unwrap();
    }
    config
}

#[test]
fn chain_of_200_roles_resolves_in_order() {
    let chain = chain(&long(200, "keys"), "", "", "p0").unwrap();
    assert_eq!((chain.plan.steps.len(), chain.plan.region.as_deref()), (200, Some("eu-west-1")));
    let arns: Vec<String> = chain.roles().map(|call| call.role_arn.to_string()).collect();
    let expected: Vec<String> =
        (0..200).rev().map(|n| format!("arn:aws:iam::222222222222:role/r{n}")).collect();
    assert_eq!(arns, expected);
}

#[test]
fn loop_of_200_profiles_is_short_error_with_line() {
    for back in ["p0", "p100", "p199"] {
        let error = chain(&long(200, back), "", "AWS_REGION=eu-west-1", "p0").unwrap_err();
        assert_eq!(error.kind(), Kind::Configuration);
        assert!(
            error.message().len() < 300 && error.message().contains(&format!("`{back}`")),
            "{error}"
        );
        assert!(
            error
                .causes()
                .iter()
                .any(|c| c.contains(&format!("config:604: source_profile = {back}"))),
            "{error:?}"
        );
    }
}

#[test]
fn chain_of_2000_roles_resolves() {
    let config = long(2_000, "keys");
    assert_eq!(chain(&config, "", "", "p0").unwrap().plan.steps.len(), 2_000);
}
