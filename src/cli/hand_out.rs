//! The verbs that hand out credentials, or use them.

use std::ffi::OsString;

use clap::{Args, Subcommand};

use crate::app::options::{Credentials, Pick, format, shell};
use crate::output::formats::Format;
use crate::output::shells::Shell;

/// Print credentials as JSON for `credential_process`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  credential_process = rolecall process prod          in ~/.aws/config, under [profile prod]
  rolecall process prod --no-input < /dev/null        what an SDK would get")]
pub struct Process {
    #[command(flatten)]
    pub credentials: Credentials,
}

/// Print credentials as lines for a shell or a file
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  eval \"$(rolecall env prod)\"                         sh, bash, zsh, dash, ksh
  rolecall env prod --shell fish | source
  rolecall env prod --shell powershell | Out-String | Invoke-Expression
  rolecall env prod --format docker > prod.env
  eval \"$(rolecall env --unset)\"                      undo")]
pub struct Env {
    /// Shell to print for (default: the one that calls)
    #[arg(long, value_name = "NAME", conflicts_with = "format", value_parser = shell)]
    pub shell: Option<Shell>,
    /// File format to print instead: dotenv, docker, json, github, systemd
    #[arg(long, value_name = "NAME", value_parser = format)]
    pub format: Option<Format>,
    /// Print the lines that undo it
    #[arg(long)]
    pub unset: bool,
    #[command(flatten)]
    pub pick: Pick,
    #[command(flatten)]
    pub credentials: Credentials,
}

/// Run a command with credentials
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rolecall exec prod -- terraform plan
  rolecall exec prod --read-only -- aws s3 ls
  rolecall exec --role-arn arn:aws:iam::222222222222:role/audit --source-profile dev -- aws sts get-caller-identity")]
pub struct Exec {
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "CMD", index = 2)]
    pub command: Vec<OsString>,
    #[command(flatten)]
    pub pick: Pick,
    #[command(flatten)]
    pub credentials: Credentials,
}

/// Run your shell with credentials
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rolecall shell prod
  rolecall shell prod --read-only                     may look, not touch")]
pub struct ShellCommand {
    #[command(flatten)]
    pub pick: Pick,
    #[command(flatten)]
    pub credentials: Credentials,
}

/// Show who a profile's credentials belong to
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rolecall whoami prod
  rolecall whoami --json                              the SDKs' default chain
  rolecall whoami --role-arn arn:aws:iam::222222222222:role/audit --source-profile dev")]
pub struct Whoami {
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub pick: Pick,
    #[command(flatten)]
    pub credentials: Credentials,
}

#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// The role's trust policy, which lets the caller in
    Trust(PolicyOf),
    /// The caller's permission policy, which lets it assume the role
    Caller(PolicyOf),
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rolecall policy trust prod > trust.json
  aws iam update-assume-role-policy --role-name admin --policy-document file://trust.json
  rolecall policy caller prod > caller.json")]
pub struct PolicyOf {
    #[command(flatten)]
    pub credentials: Credentials,
}
