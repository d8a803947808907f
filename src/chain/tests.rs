//! Profiles to chains: `tests/data/chains`, chains that are too long to write down, and session
//! keys.

mod keys;
mod plans;

use clap::Parser;
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};

use super::overrides::Overrides;
use super::resolve::resolve;
use super::{
    AssumeRole, Base, Chain, GetSessionToken, MfaUse, Network, StaticKeys, Step, WebIdentity,
};
use crate::aws::partition::Endpoint;
use crate::config::tests::profiles;
use crate::error::{Error, Kind, Result};
use crate::system::environment::Environment;

/// Reads options as they are typed after `rolecall process`.
fn overrides(options: &str) -> Overrides {
    let words = ["rolecall", "process"]
        .into_iter()
        .map(str::to_owned)
        .chain(shlex::split(options).unwrap());
    let cli = crate::cli::Cli::try_parse_from(words).unwrap_or_else(|e| panic!("{options}: {e}"));
    let crate::cli::Command::Process(process) = cli.command else { unreachable!() };
    let role = process.credentials.role;
    Overrides {
        profile: process.credentials.selected.name().map(str::to_owned),
        region: role.region,
        duration_seconds: role.duration,
        role_arn: role.role_arn,
        source_profile: role.source_profile,
        external_id: role.external_id,
        role_session_name: role.role_session_name,
        mfa_serial: role.mfa_serial,
        mfa_session: (!role.no_mfa_session).then_some(43_200),
        unkept: false,
        source_identity: role.source_identity,
        tags: role.tags,
        transitive_tags: role.transitive_tags,
        policy: role.policy,
        policy_arns: role.policy_arns,
        read_only: role.read_only,
        suggest: true,
    }
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
    resolve(&profiles(config, credentials), &overrides(options), &environment(variables))
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
    });
    match endpoint.filter(|e| Some(*e) != usual.as_ref()) {
        None => Value::Null,
        Some(e) if Some(e.signing_region.as_str()) == region => json!(e.url),
        Some(e) => json!(format!("{} signed for {}", e.url, e.signing_region)),
    }
}

fn base_of(chain: &Chain) -> Value {
    let profile = json!(chain.base_profile);
    let kind = json!(chain.base.kind());
    match &chain.base {
        Base::Static(keys) | Base::Environment(keys) => object([
            ("kind", kind),
            ("profile", profile),
            ("keys", json!(keys_of(keys))),
            ("account_id", json!(keys.account_id)),
            ("expiration", json!(keys.expiration)),
        ]),
        Base::Ec2InstanceMetadata | Base::EcsContainer => {
            object([("kind", kind), ("profile", profile)])
        }
        Base::Machine { container } => object([
            ("kind", json!("machine")),
            ("profile", profile),
            ("container", json!(container)),
        ]),
        Base::WebIdentity(WebIdentity {
            role_arn,
            token_file,
            role_session_name,
            duration_seconds,
            policy,
            policy_arns,
            region,
            endpoint,
        }) => object([
            ("kind", kind),
            ("profile", profile),
            ("role_arn", json!(role_arn)),
            ("token_file", json!(token_file)),
            ("role_session_name", json!(role_session_name)),
            ("duration_seconds", json!(duration_seconds)),
            ("policy", json!(policy)),
            ("policy_arns", json!(policy_arns)),
            (
                "region",
                if chain.region.as_ref() == Some(region) { Value::Null } else { json!(region) },
            ),
            ("endpoint", unusual(Some(endpoint), Some(region))),
        ]),
        Base::Sso(sso) => object([
            ("kind", kind),
            ("profile", profile),
            ("session", json!(sso.session)),
            ("start_url", json!(sso.start_url)),
            ("region", json!(sso.region)),
            ("account_id", json!(sso.account_id)),
            ("role_name", json!(sso.role_name)),
            ("endpoint", json!(sso.endpoint)),
            ("oidc_endpoint", json!(sso.oidc_endpoint)),
        ]),
        Base::LoginSession { session, place } => object([
            ("kind", kind),
            ("profile", profile),
            ("session", json!(session)),
            ("place", json!(place.to_string())),
        ]),
        Base::Process { command, place, account_id } => object([
            ("kind", kind),
            ("profile", profile),
            ("command", json!(command.expose_secret())),
            ("place", json!(place.to_string())),
            ("account_id", json!(account_id)),
        ]),
    }
}

fn step_of(chain: &Chain, step: &Step) -> Value {
    let call = match step {
        Step::AssumeRole(call) => call,
        Step::GetSessionToken(call) => {
            let GetSessionToken { profile, mfa, duration_seconds, region, endpoint, realm } =
                &**call;
            return object([
                ("kind", json!("get_session_token")),
                ("profile", json!(profile)),
                ("mfa_serial", json!(mfa.serial)),
                ("mfa_process", json!(mfa.process)),
                ("mfa_yubikey_oath", json!(mfa.oath)),
                (
                    "duration_seconds",
                    if *duration_seconds == 43_200 { Value::Null } else { json!(duration_seconds) },
                ),
                (
                    "region",
                    if chain.region.as_ref() == Some(region) { Value::Null } else { json!(region) },
                ),
                ("endpoint", unusual(Some(endpoint), Some(region))),
                ("realm", if realm == "aws" { Value::Null } else { json!(realm) }),
            ]);
        }
    };
    let AssumeRole {
        profile,
        role_arn,
        role_session_name,
        external_id,
        mfa,
        duration_seconds,
        source_identity,
        tags,
        transitive_tags,
        policy,
        policy_arns,
        region,
        endpoint,
    } = &**call;
    let how = match mfa {
        MfaUse::Session(_) => json!("of the session"),
        MfaUse::Impossible(_) => json!("impossible"),
        _ => Value::Null,
    };
    object([
        ("profile", json!(profile)),
        ("role_arn", json!(role_arn)),
        (
            "role_session_name",
            if role_session_name == "bob" { Value::Null } else { json!(role_session_name) },
        ),
        ("external_id", json!(external_id)),
        ("mfa_serial", json!(mfa.code().map(|m| &m.serial))),
        ("mfa_process", json!(mfa.code().and_then(|m| m.process.as_ref()))),
        ("mfa_yubikey_oath", json!(mfa.code().and_then(|m| m.oath.as_ref()))),
        ("mfa", how),
        ("duration_seconds", json!(duration_seconds)),
        ("source_identity", json!(source_identity)),
        ("tags", tags.iter().map(|(k, v)| json!(format!("{k}={v}"))).collect()),
        ("transitive_tags", json!(transitive_tags)),
        ("policy", json!(policy)),
        ("policy_arns", json!(policy_arns)),
        ("region", if chain.region.as_ref() == Some(region) { Value::Null } else { json!(region) }),
        ("endpoint", unusual(endpoint.as_ref(), Some(region))),
    ])
}

fn network_of(network: &Network) -> Value {
    let Network {
        fips,
        dual_stack,
        max_attempts,
        adaptive_retries,
        ca_bundle,
        imds,
        container,
        host,
    } = network;
    let imds = object([
        ("endpoint", json!(imds.endpoint)),
        ("ipv6", json!(imds.ipv6)),
        ("attempts", json!(imds.attempts)),
        ("timeout", json!(imds.timeout)),
        ("disabled", json!(imds.disabled)),
    ]);
    object([
        ("fips", json!(fips)),
        ("dual_stack", json!(dual_stack)),
        ("max_attempts", json!(max_attempts)),
        ("adaptive_retries", json!(adaptive_retries)),
        ("ca_bundle", json!(ca_bundle)),
        ("imds", imds),
        ("container", json!(container)),
        ("host", json!(host)),
    ])
}

fn render(chain: &Chain) -> Value {
    object([
        ("profile", json!(chain.profile.as_ref().map(|p| &p.name))),
        ("base", base_of(chain)),
        ("steps", chain.steps.iter().map(|s| step_of(chain, s)).collect()),
        ("region", json!(chain.region)),
        ("endpoint", unusual(chain.sts.as_ref(), chain.region.as_deref())),
        ("network", network_of(&chain.network)),
        ("account_id", json!(chain.account_id)),
        ("confirm", json!(chain.confirm)),
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

/// The credentials file of a case that has none of its own. (Its environment is then a region.)
const DEV: &str = "[dev]\naws_access_key_id = AKIADEV\naws_secret_access_key = SECRETDEV\n";

#[test]
fn resolution() {
    let cases = crate::test_tables::read(
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
    let mut config = "[profile keys]\nregion = eu-west-1\naws_access_key_id = AKIA1\naws_secret_access_key = SECRET\n".to_owned();
    for n in 0..hops {
        let source = if n + 1 == hops { end.to_owned() } else { format!("p{}", n + 1) };
        writeln!(config, "[profile p{n}]\nrole_arn = arn:aws:iam::222222222222:role/r{n}\nsource_profile = {source}").unwrap();
    }
    config
}

#[test]
fn two_hundred_hops() {
    let chain = chain(&long(200, "keys"), "", "", "p0").unwrap();
    assert_eq!((chain.steps.len(), chain.region.as_deref()), (200, Some("eu-west-1")));
    let arns: Vec<String> = chain.roles().map(|call| call.role_arn.clone()).collect();
    let expected: Vec<String> =
        (0..200).rev().map(|n| format!("arn:aws:iam::222222222222:role/r{n}")).collect();
    assert_eq!(arns, expected);
}

#[test]
fn a_loop_of_two_hundred_hops_is_told_shortly() {
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
fn a_chain_is_found_among_many() {
    let config = long(2_000, "keys");
    assert_eq!(chain(&config, "", "", "p0").unwrap().steps.len(), 2_000);
}
