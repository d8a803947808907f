//! `rolecall demo`: the main job against an embedded strict STS on loopback, in a throw-away home,
//! by running this very program as a user would. Only built with the feature `demo`.

#[path = "../../tests/cli/support/fake_aws/mod.rs"]
#[allow(
    clippy::pedantic,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "shared with the tests"
)]
mod fake_aws;

use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Instant;

use self::fake_aws::{FakeAws, Role, TrustStatement, User, World};
use crate::app::context::Context;
use crate::error::{Error, Result};
use crate::output::print;
use crate::store::StoreName;

const HOME_ACCOUNT: &str = "111111111111";
const OTHER_ACCOUNT: &str = "222222222222";
const CONFIG: &str = "\
# ~/.aws/config of the demo
[profile dev]
region = eu-west-1

[profile build]
role_arn       = arn:aws:iam::111111111111:role/build
source_profile = dev

[profile deploy]
role_arn       = arn:aws:iam::222222222222:role/deploy
source_profile = build
external_id    = demo-7f3a
";

pub fn run(context: &Context) -> Result<ExitCode> {
    let failed = |e: std::io::Error| Error::failed(format!("the demo cannot be set up: {e}"));
    let home = tempfile::tempdir().map_err(failed)?;
    let secret = "demo/secret/key/that/opens/nothing/0000000";
    let aws = FakeAws::start(world(secret));
    let folder = home.path().join(".aws");
    crate::system::files::write_private(&folder.join("config"), CONFIG.as_bytes())
        .map_err(failed)?;
    let keys = format!(
        "[dev]\naws_access_key_id = AKIAROLECALLDEMO0000\naws_secret_access_key = {secret}\n"
    );
    crate::system::files::write_private(&folder.join("credentials"), keys.as_bytes())
        .map_err(failed)?;
    let keyutils = context.store(StoreName::Keyutils);
    let store =
        if cfg!(target_os = "linux") && keyutils.probe().is_ok() { "keyutils" } else { "file" };
    let demo = Demo { home: home.path(), url: aws.url().to_owned(), store };

    print(&format!(
        "An STS that checks signatures, trust and time listens on {}.\nThe home of this demo is {}:\n\n",
        aws.url(),
        home.path().display()
    ))?;
    print(&indented(CONFIG))?;
    demo.step("The way to `deploy`, without going it", &["explain", "deploy"], str::to_owned)?;
    demo.step(
        "Cold: the role is assumed, once for each hop, and both sessions are kept",
        &["process", "deploy"],
        masked,
    )?;
    let cold = aws.count("AssumeRole");
    demo.step("Warm: the session comes from the store", &["process", "deploy"], masked)?;
    let warm = aws.count("AssumeRole") - cold;
    print(&format!(
        "    (STS was called {cold} times for the cold call, {warm} times for the warm one)\n"
    ))?;
    demo.step(
        "The first hop is a profile of its own, and its session is there already",
        &["process", "build"],
        masked,
    )?;
    demo.step(
        "For a shell: eval \"$(rolecall env deploy)\"",
        &["env", "deploy", "--shell", "sh"],
        masked,
    )?;
    demo.step("Who that is, as STS says", &["whoami", "deploy"], str::to_owned)?;
    demo.step(
        "For one command: rolecall exec deploy -- …",
        &["exec", "deploy", "--", "sh", "-c", "echo I run as $AWS_ACCESS_KEY_ID in $AWS_REGION"],
        str::to_owned,
    )?;
    demo.step("All profiles", &["list"], str::to_owned)?;
    print(
        "\nThe home is gone again. With your own profiles: rolecall explain PROFILE, then rolecall whoami PROFILE\n",
    )?;
    Ok(ExitCode::SUCCESS)
}

fn world(secret: &str) -> World {
    let build = format!("arn:aws:iam::{HOME_ACCOUNT}:role/build");
    let deploy = format!("arn:aws:iam::{OTHER_ACCOUNT}:role/deploy");
    World::new()
        .account(HOME_ACCOUNT, "home")
        .account(OTHER_ACCOUNT, "other")
        .user(
            User::new(HOME_ACCOUNT, "bob", "AKIAROLECALLDEMO0000", secret)
                .allow("sts:AssumeRole", "*"),
        )
        .role(
            Role::new(&build)
                .trusts(TrustStatement::account(HOME_ACCOUNT))
                .allow("sts:AssumeRole", &deploy),
        )
        .role(Role::new(&deploy).trusts(TrustStatement::arn(&build).external_id("demo-7f3a")))
}

struct Demo<'a> {
    home: &'a Path,
    url: String,
    store: &'static str,
}

impl Demo<'_> {
    /// Runs one command and shows what it printed and how long it took.
    fn step(&self, title: &str, arguments: &[&str], show: fn(&str) -> String) -> Result<()> {
        let program = std::env::current_exe()
            .map_err(|e| Error::failed(format!("the program does not find itself: {e}")))?;
        let mut command = Command::new(program);
        command.args(arguments).env_clear();
        for (name, value) in [
            ("HOME", self.home.as_os_str()),
            ("PATH", "/usr/local/bin:/usr/bin:/bin".as_ref()),
            ("USER", "demo".as_ref()),
            ("AWS_ENDPOINT_URL_STS", self.url.as_ref()),
            ("AWS_EC2_METADATA_DISABLED", "true".as_ref()),
            ("ROLECALL_STORE", self.store.as_ref()),
            ("ROLECALL_FILE_PASSPHRASE", "demo".as_ref()),
        ] {
            command.env(name, value);
        }
        let begin = Instant::now();
        let output = command
            .output()
            .map_err(|e| Error::failed(format!("the program cannot be run: {e}")))?;
        let took = begin.elapsed();
        let said = String::from_utf8_lossy(&output.stderr);
        if !output.status.success() {
            return Err(Error::failed(format!(
                "the demo's `rolecall {}` failed ({})",
                arguments.join(" "),
                output.status
            ))
            .cause(said.trim()));
        }
        let shown = indented(&show(&String::from_utf8_lossy(&output.stdout)));
        let typed = arguments
            .iter()
            .map(|word| shlex::try_quote(word).unwrap_or_default())
            .collect::<Vec<_>>()
            .join(" ");
        print(&format!(
            "\n{title}\n  $ rolecall {typed}    [{:.1} ms]\n{shown}",
            took.as_secs_f64() * 1000.0
        ))
    }
}

fn indented(text: &str) -> String {
    text.lines().flat_map(|line| ["    ", line, "\n"]).collect()
}

/// Cuts every long word, so that no credential stays in the terminal's history.
fn masked(text: &str) -> String {
    let mut result = String::new();
    let mut word = String::new();
    for c in text.chars().chain(['\n']) {
        if c.is_ascii_alphanumeric() || "+/=_-.:%".contains(c) {
            word.push(c);
            continue;
        }
        // `NAME=value` keeps its name; base64 has its `=` only at the end.
        let keep = word
            .split_once('=')
            .filter(|(name, _)| name.len() < 40)
            .map_or(0, |(name, _)| name.len() + 1)
            + 12;
        result +=
            &if word.len() > keep + 16 { format!("{}…", &word[..keep]) } else { word.clone() };
        result.push(c);
        word.clear();
    }
    result.trim_end().to_owned() + "\n"
}
