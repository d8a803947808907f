//! Session keys: what changes them, what does not, and that no two chains share one.

use std::collections::HashMap;

use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::aws::names::{AccessKeyId, Region};
use crate::chain::base::ProcessSource;
use crate::chain::plan::ServiceEndpoints;
use crate::chain::session_key::SessionKeys;
use crate::chain::step::{SessionPolicies, SessionTags};
use crate::error::{FileLine, Place};

const CONFIG: &str = "\
[profile prod]
role_arn = arn:aws:iam::222222222222:role/admin
source_profile = near
external_id = external
role_session_name = name
duration_seconds = 3600
source_identity = me
session_tags = a=1, b=2
transitive_session_tags = a, b
policy_arns = arn:aws:iam::aws:policy/ReadOnlyAccess
[profile near]
role_arn = arn:aws:iam::111111111111:role/near
source_profile = dev
mfa_serial = arn:aws:iam::111111111111:mfa/bob
[profile dev]
region = eu-west-1
aws_access_key_id = AKIADEV
aws_secret_access_key = SECRETDEV
";

/// The keys along a chain, the base's first.
fn keys(config: &str, variables: &str, options: &str) -> Vec<String> {
    let chain = chain(config, "", variables, options)
        .unwrap_or_else(|e| panic!("{config}\n{options}: {e}"));
    let keys = SessionKeys::of(&chain);
    assert_eq!(keys.steps.len(), chain.plan.steps.len());
    assert_eq!(keys.last(), keys.steps.last().unwrap_or(&keys.base));
    let all: Vec<String> =
        [&keys.base].into_iter().chain(&keys.steps).map(|k| k.as_str().to_owned()).collect();
    assert!(
        all.iter().all(|k| k.len() == 64
            && k.bytes().all(|b| b.is_ascii_hexdigit() && !b.is_ascii_uppercase())),
        "{all:?}"
    );
    all
}

#[test]
fn every_edit_that_shapes_the_session_changes_its_key() {
    let before = keys(CONFIG, "", "prod");
    for (old, new) in [
        ("222222222222:role/admin", "222222222222:role/reader"),
        ("222222222222:role/admin", "333333333333:role/admin"),
        ("external_id = external\n", "external_id = other\n"),
        ("external_id = external\n", ""),
        ("mfa/bob", "mfa/eve"),
        ("mfa_serial = arn:aws:iam::111111111111:mfa/bob\n", ""),
        ("[profile near]", "[profile near]\nmfa_session_duration = 1h"),
        ("= name", "= other"),
        ("= 3600", "= 1800"),
        ("duration_seconds = 3600\n", ""),
        ("identity = me", "identity = you"),
        ("a=1, b=2", "a=1, b=3"),
        ("a=1, b=2", "a=1"),
        ("a=1, b=2", "c=1, b=2"),
        ("= a, b\n", "= a\n"),
        ("ReadOnlyAccess", "ViewOnlyAccess"),
        ("policy_arns = arn:aws:iam::aws:policy/ReadOnlyAccess\n", ""),
        ("role/near", "role/far"),
        ("AKIADEV", "AKIAOTHER"),
        ("source_profile = near", "source_profile = dev"),
        ("eu-west-1", "us-east-1"),
        ("[profile prod]", "[profile prod]\nendpoint_url = http://localhost"),
        ("[profile prod]", "[profile prod]\nuse_fips_endpoint = true"),
        ("[profile prod]", "[profile prod]\nsts_regional_endpoints = legacy"),
    ] {
        let config = CONFIG.replace(old, new);
        assert_ne!(config, CONFIG, "{old}");
        assert_ne!(keys(&config, "", "prod").last(), before.last(), "{old} → {new}");
    }
    for options in [
        "--region us-east-1",
        "--duration 20m",
        "--external-id typed",
        "--role-session-name typed",
        "--no-mfa-session",
        "--source-identity typed",
        "--tag c=3",
        "--tag a=2",
        "--transitive-tag c",
        "--policy {}",
        "--policy-arn arn:aws:iam::aws:policy/x",
        "--read-only",
        "--role-arn arn:aws:iam::222222222222:role/typed",
        "--source-profile dev",
    ] {
        assert_ne!(keys(CONFIG, "", &format!("prod {options}")).last(), before.last(), "{options}");
    }
    assert_ne!(
        keys(CONFIG, "", "near --mfa-serial 123456789").last(),
        keys(CONFIG, "", "near").last()
    );
    for variables in [
        "AWS_REGION=us-east-1",
        "AWS_ENDPOINT_URL_STS=http://localhost",
        "AWS_USE_DUALSTACK_ENDPOINT=true",
    ] {
        assert_ne!(keys(CONFIG, variables, "prod").last(), before.last(), "{variables}");
    }
    let named = keys(&CONFIG.replace("role_session_name = name\n", ""), "user=eve", "prod");
    assert_ne!(
        named.last(),
        keys(&CONFIG.replace("role_session_name = name\n", ""), "user=bob", "prod").last()
    );
}

#[test]
fn edit_that_does_not_shape_session_keeps_its_key() {
    let before = keys(CONFIG, "", "prod");
    let reversed: String = {
        let mut sections: Vec<String> =
            CONFIG.split("[profile ").skip(1).map(|s| format!("[profile {s}")).collect();
        for section in &mut sections {
            let mut lines: Vec<&str> = section.lines().collect();
            lines[1..].reverse();
            *section = lines.join("\n") + "\n";
        }
        sections.reverse();
        sections.concat()
    };
    for config in [
        reversed,
        CONFIG.replace(" = ", "="),
        CONFIG.replace(" = ", "\t =  "),
        CONFIG.replace('\n', " # comment\n"),
        CONFIG.replace('\n', "\r\n"),
        CONFIG.replace('\n', "\n\n; comment\n"),
        CONFIG.lines().map(|line| upper_case_key(line) + "\n").collect(),
        CONFIG.replace("a=1, b=2", "a = 1,b = 2 ,"),
        CONFIG.replace("near", "other-name"),
        CONFIG.replace("role/other-name", "role/near"),
        CONFIG.replace(
            "[profile prod]",
            "[profile prod]\nmfa_process = code\ndescription = x\noutput = json\n\
             rolecall_confirm = true\nmax_attempts = 9\naws_access_key_id = AKIAOWN\n\
             aws_secret_access_key = SECRETOWN",
        ),
        CONFIG.replace(
            "external_id = external",
            "rolecall_external_id = external\nexternal_id = hidden",
        ),
        CONFIG.replace(
            "role_arn = arn:aws:iam::111111111111:role/near",
            "credential_process = rolecall process near\n\
             rolecall_role_arn = arn:aws:iam::111111111111:role/near",
        ),
        format!("{CONFIG}[profile unrelated]\nregion = us-east-1\n[profile broken]\nrubbish\n"),
    ] {
        let config = config.replace("role/other-name", "role/near");
        assert_eq!(keys(&config, "", "prod"), before, "{config}");
    }
    let renamed = CONFIG.replace("[profile prod]", "[profile production]");
    assert_eq!(keys(&renamed, "", "production"), before);
    assert_eq!(
        keys(CONFIG, "AWS_REGION=eu-west-1", "prod --external-id external --duration 1h"),
        before
    );
}

fn upper_case_key(line: &str) -> String {
    line.split_once(" =")
        .map_or_else(|| line.to_owned(), |(key, rest)| format!("{} ={rest}", key.to_uppercase()))
}

#[test]
fn roles_with_common_source_share_its_keys() {
    let config = format!(
        "{CONFIG}[profile sister]\nrole_arn = arn:aws:iam::333333333333:role/x\n\
         source_profile = near\n"
    );
    let (prod, sister, near) =
        (keys(&config, "", "prod"), keys(&config, "", "sister"), keys(&config, "", "near"));
    assert_eq!(prod[..3], sister[..3]);
    assert_eq!(near, prod[..3]);
    assert_ne!(prod[3], sister[3]);
}

#[test]
fn mfa_session_key_is_same_for_regions_of_partition_and_durations() {
    let before = keys(CONFIG, "", "near");
    for (variables, options) in [
        ("AWS_REGION=us-east-1", "near"),
        ("", "near --duration 30m"),
        ("AWS_USE_FIPS_ENDPOINT=true", "near"),
    ] {
        let other = keys(CONFIG, variables, options);
        assert_eq!(other[..2], before[..2], "{variables} {options}");
        assert_ne!(other[2], before[2], "{variables} {options}");
    }
    for variables in ["AWS_REGION=cn-north-1", "AWS_ENDPOINT_URL_STS=http://localhost"] {
        assert_ne!(keys(CONFIG, variables, "near")[1], before[1], "{variables}");
    }
}

#[test]
fn every_base_has_its_own_key() {
    let sso = "sso_start_url = https://a\nsso_region = us-east-1\n\
               sso_account_id = 1\nsso_role_name = r\n";
    let session = "[sso-session s]\nsso_start_url = https://a\nsso_region = us-east-1\n\
                   [profile x]\nsso_session = s\nsso_account_id = 1\nsso_role_name = r\n";
    let web = "role_arn = arn:aws:iam::111111111111:role/w\nweb_identity_token_file = /token\n";
    let mut seen: HashMap<String, String> = HashMap::new();
    let mut add = |config: &str, variables: &str, options: &str| {
        let variables = format!("AWS_REGION=eu-west-1\n{variables}");
        let config = if config.contains("[profile x]") {
            config.to_owned()
        } else {
            format!("[profile x]\n{config}")
        };
        let what = format!("{config}{variables} {options}");
        if let Some(other) =
            seen.insert(keys(&config, &variables, options)[0].clone(), what.clone())
        {
            panic!("the same key:\n{what}\nand\n{other}");
        }
    };
    for (config, old, new) in [
        (sso, "https://a", "https://b"),
        (sso, "us-east-1", "us-west-2"),
        (sso, "id = 1", "id = 2"),
        (sso, "name = r", "name = s"),
        (sso, "sso_region", "endpoint_url = http://h\nsso_region"),
        (web, "role/w", "role/v"),
        (web, "/token", "/other"),
        (web, "role_arn", "duration_seconds = 900\nrole_arn"),
        (web, "role_arn", "role_session_name = eve\nrole_arn"),
        (web, "role_arn", "policy_arns = arn:aws:iam::aws:policy/x\nrole_arn"),
        (web, "role_arn", "endpoint_url = http://h\nrole_arn"),
        (web, "role_arn", "use_fips_endpoint = true\nrole_arn"),
    ] {
        let edited = config.replace(old, new);
        assert_ne!(edited, config);
        add(&edited, "", "x");
    }
    add(sso, "", "x");
    add(session, "", "x");
    add(web, "", "x");
    add(web, "", "x --policy {}");
    add(web, "", "x --region us-east-1");
    add("aws_access_key_id = AKIA1\naws_secret_access_key = SECRET\n", "", "x");
    add("aws_access_key_id = AKIA2\naws_secret_access_key = SECRET\n", "", "x");
    add("", "AWS_ACCESS_KEY_ID=AKIA1\nAWS_SECRET_ACCESS_KEY=SECRET", "");
    add("", "AWS_ACCESS_KEY_ID=AKIA2\nAWS_SECRET_ACCESS_KEY=SECRET", "");
    add("login_session = a\n", "", "x");
    add("login_session = b\n", "", "x");
    add("credential_process = a\n", "", "x");
    add("credential_process = b\n", "", "x");
    add("credential_process = a\naws_account_id = 1\n", "", "x");
    add("", "", "");
    add("", "AWS_EC2_METADATA_SERVICE_ENDPOINT=http://h", "");
    add("", "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://h", "");
    add("", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/h", "");
}

fn text() -> impl Strategy<Value = String> {
    // Few and alike, so that fields that run into each other would show.
    select(vec!["", "a", "b", "ab", "aa", "some", "none", "a\0", "1", "assume_role", "some1"])
        .prop_map(str::to_owned)
}

fn role_arn() -> impl Strategy<Value = RoleArn> {
    text().prop_map(RoleArn::unchecked)
}

fn region() -> impl Strategy<Value = Region> {
    text().prop_map(Region::unchecked)
}

fn endpoint() -> impl Strategy<Value = Endpoint> {
    (text(), text()).prop_map(|(url, signing_region)| Endpoint { url, signing_region, place: None })
}

fn mfa(serial: String) -> Mfa {
    Mfa { serial: MfaSerial::unchecked(serial), process: None, oath: None }
}

fn policies() -> impl Strategy<Value = SessionPolicies> {
    (proptest::option::of(text()), proptest::collection::vec(text(), 0..3))
        .prop_map(|(inline, arns)| SessionPolicies { inline, arns })
}

fn tags() -> impl Strategy<Value = SessionTags> {
    let pairs = proptest::collection::vec((text(), text()), 0..3);
    (pairs, proptest::collection::vec(text(), 0..3))
        .prop_map(|(all, transitive)| SessionTags { all, transitive })
}

fn call() -> impl Strategy<Value = AssumeRole> {
    let optional = || proptest::option::of(text());
    let seconds = proptest::option::of(select(vec![1u32, 11, 900]));
    let names = (role_arn(), text(), optional(), optional(), seconds, optional());
    (names, tags(), policies(), region(), endpoint()).prop_map(
        |(
            (role_arn, role_session_name, external_id, serial, duration_seconds, source_identity),
            tags,
            policies,
            region,
            endpoint,
        )| AssumeRole {
            profile: None,
            mfa: serial.map_or(MfaUse::None, |serial| MfaUse::Code(mfa(serial))),
            role_arn,
            role_session_name,
            external_id,
            duration_seconds,
            source_identity,
            tags,
            policies,
            region,
            endpoint,
        },
    )
}

fn session_token() -> impl Strategy<Value = GetSessionToken> {
    (text(), select(vec![1u32, 11, 900]), text()).prop_map(
        |(serial, duration_seconds, sts_scope)| GetSessionToken {
            profile: None,
            mfa: Some(mfa(serial)),
            duration_seconds,
            region: Region::unchecked(""),
            endpoint: Endpoint { url: String::new(), signing_region: String::new(), place: None },
            sts_scope,
        },
    )
}

fn base() -> impl Strategy<Value = Base> {
    let keys = || {
        text().prop_map(|id| StaticKeys {
            access_key_id: AccessKeyId::unchecked(id),
            secret_access_key: "s".into(),
            session_token: None,
            account_id: None,
            expiration: None,
            place: None,
        })
    };
    let seconds = proptest::option::of(1u32..3);
    let web = (role_arn(), text(), text(), seconds, policies(), region(), endpoint()).prop_map(
        |(role_arn, token_file, name, seconds, policies, region, endpoint)| {
            Base::WebIdentity(WebIdentity {
                role_arn,
                token_file,
                role_session_name: name,
                duration_seconds: seconds,
                policies,
                region,
                endpoint,
            })
        },
    );
    let sso = (
        proptest::option::of(text()),
        text(),
        text(),
        text(),
        text(),
        proptest::option::of(text()),
    )
        .prop_map(|(session, start_url, region, account_id, role_name, endpoint)| {
            let session = crate::chain::SsoSession {
                name: session,
                start_url,
                start_url_place: FileLine { path: "config".into(), line: 1 },
                region,
                region_place: FileLine { path: "config".into(), line: 1 },
                scopes: None,
                device_code: Ok(None),
                redirect_port: Ok(None),
                oidc_endpoint: Ok(None),
            };
            Base::Sso(Box::new(crate::chain::Sso {
                session,
                account_id,
                role_name,
                endpoint: endpoint
                    .map(|url| EndpointUrl { url, place: Place::variable("AWS_ENDPOINT_URL") }),
            }))
        });
    let place = || FileLine { path: "config".into(), line: 1 };
    prop_oneof![
        keys().prop_map(Base::Static),
        keys().prop_map(Base::Environment),
        Just(Base::Ec2InstanceMetadata),
        Just(Base::EcsContainer),
        web,
        sso,
        text().prop_map(move |session| Base::LoginSession { session, place: place() }),
        (text(), proptest::option::of(text())).prop_map(move |(command, account_id)| {
            let source = ProcessSource::Program;
            Base::Process { command: command.into(), place: place(), account_id, source }
        }),
    ]
}

fn endpoint_url(url: String) -> EndpointUrl {
    EndpointUrl { url, place: Place::variable("AWS_ENDPOINT") }
}

fn any_chain() -> impl Strategy<Value = Chain> {
    let first = proptest::option::of(session_token());
    (
        base(),
        first,
        proptest::collection::vec(call(), 0..4),
        proptest::option::of(text()),
        proptest::option::of(text()),
    )
        .prop_map(|(base, first, calls, container, imds)| Chain {
            subject: Subject { profile: None, invocation: Invocation::default() },
            plan: Plan {
                principal: Principal::Base,
                folder: None,
                base_profile: None,
                steps: (first.into_iter().map(|c| Step::GetSessionToken(Box::new(c))))
                    .chain(calls.into_iter().map(|c| Step::AssumeRole(Box::new(c))))
                    .collect(),
                region: None,
                network: Network {
                    container: container
                        .filter(|_| matches!(base, Base::EcsContainer))
                        .map(endpoint_url),
                    imds: Imds {
                        endpoint: imds
                            .filter(|_| matches!(base, Base::Ec2InstanceMetadata))
                            .map(endpoint_url),
                        ..Imds::default()
                    },
                    ..Network::default()
                },
                base,
                endpoints: ServiceEndpoints { sts: Ok(None), iam: Ok(None), sign_in: Ok(None) },
                confirm: Vec::new(),
                unneeded: Vec::new(),
            },
            origins: Origins::default(),
            inner: None,
        })
}

/// The beginning of a chain as text; what `render` leaves out because it is absent is told from
/// what is empty.
fn told(chain: &Chain, steps: usize) -> String {
    let calls: Vec<String> =
        chain.plan.steps[..steps].iter().map(|step| format!("{step:?}")).collect();
    format!(
        "{:?} {:?} {} {calls:?}",
        chain.plan.network.container,
        chain.plan.network.imds.endpoint,
        base_of(chain)
    ) + &format!(
        "{:?}",
        match &chain.plan.base {
            Base::WebIdentity(call) => Some(call),
            _ => None,
        }
    )
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 20,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_two_chains_share_a_key(chains in proptest::collection::vec(any_chain(), 200)) {
        let mut seen: HashMap<String, String> = HashMap::new();
        for chain in &chains {
            let keys = SessionKeys::of(chain);
            for (steps, key) in [&keys.base].into_iter().chain(&keys.steps).enumerate() {
                let told = told(chain, steps);
                if let Some(other) = seen.insert(key.as_str().to_owned(), told.clone()) {
                    prop_assert_eq!(told, other);
                }
            }
        }
        // And the other way round: the same beginning has the same key.
        let distinct: std::collections::HashSet<&String> = seen.values().collect();
        prop_assert_eq!(distinct.len(), seen.len());
    }
}
