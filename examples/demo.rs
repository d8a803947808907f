//! The main job without an AWS account: `cargo run --example demo`.
//!
//! Starts the strict fake AWS of the tests on loopback, writes a throw-away home, and runs the
//! program `rolecall` there as a user would. Each step shows what was typed, what was printed, and
//! how long it took.

#![allow(clippy::print_stdout, reason = "this is its own program, with its own stdout")]

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use fake_aws::{FakeAws, Role, TrustStatement, User, World};

const HOME_ACCOUNT: &str = "111111111111";
const OTHER_ACCOUNT: &str = "222222222222";
const ACCESS_KEY_ID: &str = "AKIAROLECALLDEMO0000";
const SECRET: &str = "demo/secret/key/that/opens/nothing/0000000";
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

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let program = build()?;
    let home = tempfile::tempdir()?;
    write_shared_files(home.path())?;
    let aws = FakeAws::start(world());
    let demo = Demo { program, home: home.path(), aws: &aws, store: store() };
    println!(
        "A fake AWS that checks signatures, trust and time listens on {}.\n\
         The home of this demo is {}:\n\n{}",
        aws.url(),
        home.path().display(),
        indented(CONFIG)
    );
    demo.show_all()
}

/// Builds the program as this example was built, and returns where it is.
fn build() -> Result<PathBuf> {
    let this = std::env::current_exe()?;
    let folder = this.parent().and_then(Path::parent).ok_or("this example is in no folder")?;
    let profile = match folder.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    // Named together with this example it needs no dependency that is not built yet.
    let status = Command::new(env!("CARGO"))
        .args(["build", "--profile", profile, "--bin", "rolecall", "--example", "demo"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()?;
    if !status.success() {
        return Err("`cargo build` has failed".into());
    }
    Ok(folder.join("rolecall").with_extension(std::env::consts::EXE_EXTENSION))
}

fn write_shared_files(home: &Path) -> Result<()> {
    let folder = home.join(".aws");
    fs::create_dir(&folder)?;
    fs::write(folder.join("config"), CONFIG)?;
    let keys = format!("aws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET}\n");
    fs::write(folder.join("credentials"), format!("[dev]\n{keys}"))?;
    Ok(())
}

fn world() -> World {
    let build = format!("arn:aws:iam::{HOME_ACCOUNT}:role/build");
    let deploy = format!("arn:aws:iam::{OTHER_ACCOUNT}:role/deploy");
    let bob = User::new(HOME_ACCOUNT, "bob", ACCESS_KEY_ID, SECRET).allow("sts:AssumeRole", "*");
    let from_home = TrustStatement::account(HOME_ACCOUNT);
    let from_build = TrustStatement::arn(&build).external_id("demo-7f3a");
    World::new()
        .account(HOME_ACCOUNT, "home")
        .account(OTHER_ACCOUNT, "other")
        .user(bob)
        .role(Role::new(&build).trusts(from_home).allow("sts:AssumeRole", &deploy))
        .role(Role::new(&deploy).trusts(from_build))
}

/// Returns a store that needs no desktop: the kernel's keyring where it may be used, as it may not
/// in many containers, else encrypted files.
fn store() -> &'static str {
    #[cfg(target_os = "linux")]
    {
        use linux_keyutils::{KeyRing, KeyRingIdentifier};
        if KeyRing::from_special_id(KeyRingIdentifier::User, true).is_ok() {
            return "keyutils";
        }
    }
    "file"
}

struct Demo<'a> {
    program: PathBuf,
    home: &'a Path,
    aws: &'a FakeAws,
    store: &'static str,
}

impl Demo<'_> {
    fn show_all(&self) -> Result<()> {
        self.show("The way to `deploy`, without going it", &["explain", "deploy"], str::to_owned)?;
        self.show(
            "Cold: the role is assumed, once for each hop, and both sessions are kept",
            &["process", "deploy"],
            masked,
        )?;
        let cold = self.aws.count("AssumeRole");
        self.show("Warm: the session comes from the store", &["process", "deploy"], masked)?;
        let warm = self.aws.count("AssumeRole") - cold;
        println!(
            "    (STS was called {cold} times for the cold call, {warm} times for the warm one)"
        );
        self.show(
            "The first hop is a profile of its own, and its session is there already",
            &["process", "build"],
            masked,
        )?;
        self.show(
            "For a shell: eval \"$(rolecall env deploy)\"",
            &["env", "deploy", "--shell", "sh"],
            masked,
        )?;
        self.show("Who that is, as STS says", &["whoami", "deploy"], str::to_owned)?;
        self.show(
            "For one command: rolecall exec deploy …",
            &["exec", "deploy", "sh", "-c", "echo I run as $AWS_ACCESS_KEY_ID in $AWS_REGION"],
            str::to_owned,
        )?;
        self.show("All profiles", &["list"], str::to_owned)?;
        self.show(
            "Nothing stays behind",
            &["sessions", "clear", "build", "deploy"],
            str::to_owned,
        )?;
        println!(
            "\nWith your own profiles: rolecall explain PROFILE, then rolecall whoami PROFILE"
        );
        Ok(())
    }

    /// Runs the program once, and shows what it printed and how long it took.
    fn show(&self, title: &str, arguments: &[&str], shown: fn(&str) -> String) -> Result<()> {
        let begin = Instant::now();
        let output = Command::new(&self.program)
            .args(arguments)
            .env_clear()
            .env("HOME", self.home)
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("USER", "demo")
            .env("AWS_ENDPOINT_URL_STS", self.aws.url())
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("ROLECALL_STORE", self.store)
            .env("ROLECALL_FILE_PASSPHRASE", "demo")
            .output()?;
        let milliseconds = begin.elapsed().as_secs_f64() * 1000.0;
        let typed = shlex::try_join(arguments.iter().copied())?;
        if !output.status.success() {
            let stderr = String::from_utf8_lossy(&output.stderr);
            return Err(format!("`rolecall {typed}` failed: {}", stderr.trim()).into());
        }
        let stdout = shown(&String::from_utf8_lossy(&output.stdout));
        print!("\n{title}\n  $ rolecall {typed}    [{milliseconds:.1} ms]\n{}", indented(&stdout));
        Ok(())
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
