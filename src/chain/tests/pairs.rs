//! Pairs of chains that differ in one thing: they never share a session, or sharing is right, and
//! the table says why.

use super::*;
use crate::chain::session_key::SessionKeys;

/// What is different in the second chain.
enum Change {
    /// A text of the config file, in the place of another one.
    Config(&'static str, &'static str),
    Variables(&'static str),
    Options(&'static str),
    /// Who is found to stand behind the base, in the place of `bob`.
    Principal(&'static str),
    /// The same of the base of the other rolecall that the process is.
    InnerPrincipal(&'static str),
}

use Change::{Config, InnerPrincipal, Options, Principal as Who, Variables};

/// Whether the chains share a session.
enum Verdict {
    Apart,
    Shared(&'static str),
}

use Verdict::{Apart, Shared};

type Row = (&'static str, Change, Verdict);

/// Checks each row against the chain of `options` in `config`.
fn check(config: &str, variables: &str, options: &str, rows: &[Row]) {
    let key = |config: &str, variables: &str, options: &str, who: &str, inner: &str| {
        let mut chain = chain(config, "", variables, options)
            .unwrap_or_else(|e| panic!("{config}\n{variables}\n{options}: {e}"));
        let known = |who: &str| crate::chain::Principal::Known(who.to_owned());
        chain.plan.principal = known(who);
        if let Some(chain) = &mut chain.inner {
            chain.plan.principal = known(inner);
        }
        assert!(chain.is_origin_known(), "{config}");
        SessionKeys::of(&chain).last().clone()
    };
    let before = key(config, variables, options, "bob", "bob");
    for (thing, change, verdict) in rows {
        let (mut edited, mut set, mut typed) =
            (config.to_owned(), variables.to_owned(), options.to_owned());
        let (mut who, mut inner) = ("bob", "bob");
        match change {
            Config(old, new) => {
                assert!(config.contains(old), "{thing}: {old}");
                edited = config.replacen(old, new, 1);
            }
            Variables(more) => set += &format!("\n{more}"),
            Options(more) => typed += &format!(" {more}"),
            Who(other) => who = other,
            InnerPrincipal(other) => inner = other,
        }
        let after = key(&edited, &set, &typed, who, inner);
        match verdict {
            Apart => assert_ne!(after, before, "{thing}: they share a session"),
            Shared(why) => assert_eq!(after, before, "{thing}: they do not share, though {why}"),
        }
    }
}

const ROLE: &str = "\
[profile prod]
role_arn = arn:aws:iam::222222222222:role/admin
source_profile = dev
external_id = external
mfa_serial = arn:aws:iam::111111111111:mfa/bob
role_session_name = name
duration_seconds = 3600
source_identity = me
session_tags = a=1, b=2
transitive_session_tags = a, b
policy_arns = arn:aws:iam::aws:policy/ReadOnlyAccess
[profile dev]
region = eu-west-1
aws_access_key_id = AKIADEV
aws_secret_access_key = SECRETDEV
";

#[test]
fn roles_that_differ_in_one_thing() {
    const HEAD: &str = "[profile prod]";
    check(
        ROLE,
        "",
        "prod",
        &[
            ("role", Config("role/admin", "role/reader"), Apart),
            ("account", Config("222222222222", "333333333333"), Apart),
            ("external ID", Config("= external", "= other"), Apart),
            ("no external ID", Config("external_id = external\n", ""), Apart),
            ("session name", Config("= name", "= other"), Apart),
            ("typed session name", Options("--role-session-name other"), Apart),
            ("local user, by the session name", Config("role_session_name = name\n", ""), Apart),
            ("duration", Config("= 3600", "= 1800"), Apart),
            ("duration left to STS", Config("duration_seconds = 3600\n", ""), Apart),
            ("source identity", Config("= me", "= you"), Apart),
            ("value of a tag", Config("b=2", "b=3"), Apart),
            ("key of a tag", Config("b=2", "c=2"), Apart),
            ("one tag more", Options("--tag c=3"), Apart),
            ("order of tags", Config("a=1, b=2", "b=2, a=1"), Apart),
            ("transitive tags", Config("= a, b", "= a"), Apart),
            ("order of transitive tags", Config("= a, b", "= b, a"), Apart),
            ("managed policy", Config("ReadOnlyAccess", "ViewOnlyAccess"), Apart),
            ("policy", Options("--policy '{}'"), Apart),
            ("--read-only", Options("--read-only --policy-arn arn:aws:iam::aws:policy/x"), Apart),
            ("long-term keys", Config("AKIADEV", "AKIAEVE"), Apart),
            ("secret of the keys", Config("SECRETDEV", "SECRETEVE"), Shared("their ID names them")),
            ("device", Config("mfa/bob", "mfa/eve"), Apart),
            ("no session with MFA", Options("--no-mfa-session"), Apart),
            ("region", Variables("AWS_REGION=us-east-1"), Apart),
            ("typed region", Options("--region us-east-1"), Apart),
            ("partition", Config("region = eu-west-1", "region = cn-north-1"), Apart),
            ("endpoint", Config(HEAD, "[profile prod]\nendpoint_url = http://h"), Apart),
            ("endpoint of STS", Variables("AWS_ENDPOINT_URL_STS=http://h"), Apart),
            ("endpoint of all", Variables("AWS_ENDPOINT_URL=http://h"), Apart),
            (
                "endpoint in services",
                Config(
                    HEAD,
                    "[services s]\nsts =\n  endpoint_url = http://h\n[profile prod]\nservices = s",
                ),
                Apart,
            ),
            ("FIPS", Config(HEAD, "[profile prod]\nuse_fips_endpoint = true"), Apart),
            ("dual stack", Variables("AWS_USE_DUALSTACK_ENDPOINT=true"), Apart),
            ("global endpoint", Variables("AWS_STS_REGIONAL_ENDPOINTS=legacy"), Apart),
            ("CA bundle", Config(HEAD, "[profile prod]\nca_bundle = /ca.pem"), Apart),
            ("CA bundle of the environment", Variables("AWS_CA_BUNDLE=/ca.pem"), Apart),
            (
                "proxy",
                Variables("HTTPS_PROXY=http://proxy\nHTTP_PROXY=http://proxy"),
                Shared("TLS says who answers, whoever carries the call"),
            ),
            ("machine", Variables("HOSTNAME=other"), Shared("the keys are the same everywhere")),
            (
                "IMDS",
                Variables("AWS_EC2_METADATA_SERVICE_ENDPOINT=http://h"),
                Shared("nobody asks it"),
            ),
            ("attempts", Variables("AWS_MAX_ATTEMPTS=9"), Shared("they make no other session")),
            ("retries", Variables("AWS_RETRY_MODE=adaptive"), Shared("they make no other session")),
            (
                "source of codes",
                Config(HEAD, "[profile prod]\nmfa_process = code"),
                Shared("the device is the same"),
            ),
            (
                "confirmation",
                Config(HEAD, "[profile prod]\nrolecall_confirm = true"),
                Shared("it is asked before a new session, not before a cached one"),
            ),
            (
                "cache of another kind of source",
                Config(HEAD, "[profile prod]\nrolecall_cache = false"),
                Shared("the key is for processes"),
            ),
        ],
    );
    let renamed = ROLE.replace("[profile prod]", "[profile production]");
    let key = |config, name| SessionKeys::of(&chain(config, "", "", name).unwrap()).last().clone();
    assert_eq!(key(ROLE, "prod"), key(&renamed, "production"), "a name makes no other session");
}

#[test]
fn logins_that_differ_in_one_thing() {
    let config = "\
[sso-session corp]
sso_start_url = https://a
sso_region = us-east-1
[sso-session other]
sso_start_url = https://a
sso_region = us-east-1
[profile people]
sso_session = corp
sso_account_id = 111111111111
sso_role_name = Developer
";
    check(
        config,
        "AWS_REGION=eu-west-1",
        "people",
        &[
            ("who logged in", Who("eve"), Apart),
            ("session", Config("sso_session = corp", "sso_session = other"), Apart),
            ("start URL", Config("https://a", "https://b"), Apart),
            ("region", Config("us-east-1", "us-west-2"), Apart),
            ("account", Config("111111111111", "222222222222"), Apart),
            ("role", Config("Developer", "Admin"), Apart),
            ("endpoint", Variables("AWS_ENDPOINT_URL_SSO=http://h"), Apart),
            (
                "endpoint of the renewal",
                Variables("AWS_ENDPOINT_URL_SSO_OIDC=http://h"),
                Shared("the login is part of the key"),
            ),
            ("CA bundle", Variables("AWS_CA_BUNDLE=/ca.pem"), Apart),
            ("region of STS", Variables("AWS_REGION=us-east-1"), Shared("STS is not asked")),
        ],
    );
    check(
        "[profile people]\nlogin_session = a\n",
        "AWS_REGION=eu-west-1",
        "people",
        &[("who logged in", Who("eve"), Apart), ("login session", Config("= a", "= b"), Apart)],
    );
}

#[test]
fn web_identities_that_differ_in_one_thing() {
    let config = "\
[profile pod]
role_arn = arn:aws:iam::111111111111:role/pod
web_identity_token_file = /token
role_session_name = name
duration_seconds = 3600
region = eu-west-1
";
    check(
        config,
        "",
        "pod",
        &[
            ("subject of the token", Who("eve"), Apart),
            ("file of the token", Config("/token", "/other"), Apart),
            ("role", Config("role/pod", "role/other"), Apart),
            ("session name", Config("= name", "= other"), Apart),
            ("duration", Config("3600", "1800"), Apart),
            ("policy", Options("--policy '{}'"), Apart),
            ("managed policy", Options("--policy-arn arn:aws:iam::aws:policy/x"), Apart),
            ("region", Options("--region us-east-1"), Apart),
            ("endpoint", Variables("AWS_ENDPOINT_URL_STS=http://h"), Apart),
            ("FIPS", Variables("AWS_USE_FIPS_ENDPOINT=true"), Apart),
            ("CA bundle", Variables("AWS_CA_BUNDLE=/ca.pem"), Apart),
            ("machine", Variables("HOSTNAME=other"), Apart),
        ],
    );
}

#[test]
fn machines_that_differ_in_one_thing() {
    let config = "\
[profile r]
role_arn = arn:aws:iam::111111111111:role/r
credential_source = Ec2InstanceMetadata
region = eu-west-1
";
    let machine: &[Row] = &[
        ("machine", Who("eve"), Apart),
        ("name of the machine", Variables("HOSTNAME=other"), Apart),
    ];
    check(config, "", "r", machine);
    check(
        config,
        "",
        "r",
        &[
            ("IMDS", Variables("AWS_EC2_METADATA_SERVICE_ENDPOINT=http://h"), Apart),
            (
                "address family of IMDS",
                Variables("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE=IPv6"),
                Shared("one machine answers at both"),
            ),
            ("kind of machine", Config("Ec2InstanceMetadata", "EcsContainer"), Apart),
        ],
    );
    let container = config.replace("Ec2InstanceMetadata", "EcsContainer");
    check(&container, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/a", "r", machine);
    check(
        &container,
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/a",
        "r",
        &[("container", Variables("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/b"), Apart)],
    );
    let typed = "--role-arn arn:aws:iam::111111111111:role/r --region eu-west-1";
    check("", "", typed, machine);
}

#[test]
fn processes_that_differ_in_one_thing() {
    let config = "\
[profile r]
role_arn = arn:aws:iam::111111111111:role/r
source_profile = tool
region = eu-west-1
[profile tool]
credential_process = tool a
";
    check(
        config,
        "",
        "r",
        &[
            ("command", Config("tool a", "tool b"), Apart),
            ("account", Config("tool a", "tool a\naws_account_id = 1"), Apart),
            (
                "environment of the process",
                Variables("AWS_VAULT=other"),
                Shared("its output is kept until its Expiration, unless rolecall_cache = false"),
            ),
        ],
    );
}

const NESTED: &str = "\
[profile outer]
role_arn = arn:aws:iam::222222222222:role/outer
source_profile = mid
region = eu-west-1
[profile mid]
credential_process = rolecall process inner
[profile inner]
role_arn = arn:aws:iam::111111111111:role/inner
source_profile = dev
region = eu-west-1
[profile dev]
aws_access_key_id = AKIADEV
aws_secret_access_key = SECRETDEV
";

#[test]
fn processes_that_are_another_rolecall_differ_by_its_chain() {
    check(
        NESTED,
        "",
        "outer",
        &[
            ("role of the inner profile", Config("role/inner", "role/intern"), Apart),
            ("account of the inner profile", Config("111111111111", "333333333333"), Apart),
            ("keys of the inner profile", Config("AKIADEV", "AKIAEVE"), Apart),
            (
                "region of the inner profile",
                Config("dev\nregion = eu-west-1", "dev\nregion = us-east-1"),
                Apart,
            ),
            ("inner profile", Config("process inner", "process dev"), Apart),
            ("who logged in for the inner profile", InnerPrincipal("eve"), Apart),
            ("environment that shapes both", Variables("AWS_ENDPOINT_URL_STS=http://h"), Apart),
        ],
    );
    let twice = NESTED.replace("source_profile = dev\n", "source_profile = far\n")
        + "[profile far]\ncredential_process = rolecall process dev\n";
    check(&twice, "", "outer", &[("keys behind two of them", Config("AKIADEV", "AKIAEVE"), Apart)]);
}

#[test]
fn nothing_is_cached_where_the_origin_cannot_be_told() {
    let with = |command: &str| NESTED.replace("rolecall process inner", command);
    let known = |config: &str| chain(config, "", "", "outer").unwrap().is_origin_known();
    for command in [
        "rolecall process inner",
        "/usr/bin/rolecall process -q --profile inner --no-input",
        "rolecall process --profile=inner",
        "tool inner",
        "/opt/rolecall/tool",
    ] {
        assert!(known(&with(command)), "{command}");
    }
    for command in [
        "rolecall process nobody",
        "rolecall process",
        "rolecall process inner --duration 1h",
        "rolecall process inner --read-only",
        "rolecall process inner other",
        "rolecall process $P",
        "rolecall env inner",
        "rolecall -v process inner",
        "rolecall process inner | tee log",
        "env A=b rolecall process inner",
        "A=b /usr/bin/rolecall process inner",
        "sh -c 'exec rolecall process inner'",
        "x=$(rolecall process inner); echo $x",
        "rolecall process inner\nrolecall_cache = false",
        "tool\nrolecall_cache = FALSE",
    ] {
        assert!(!known(&with(command)), "{command}");
    }
    // Too many to follow.
    let mut long = with("rolecall process p0");
    for n in 0..20 {
        long += &format!("[profile p{n}]\ncredential_process = rolecall process p{}\n", n + 1);
    }
    long += "[profile p20]\naws_access_key_id = A\naws_secret_access_key = S\n";
    assert!(!known(&long));
    let mut unknown = chain(NESTED, "", "", "outer").unwrap();
    unknown.plan.principal = crate::chain::Principal::Unknown;
    assert!(!unknown.is_origin_known());
    let mut unknown = chain(NESTED, "", "", "outer").unwrap();
    unknown.inner.as_mut().unwrap().plan.principal = crate::chain::Principal::Unknown;
    assert!(!unknown.is_origin_known());
}
