//! The verbs that look at profiles, files and what was done.

use clap::{Args, Subcommand};

use crate::app::options::{Role, Selected, duration};
use crate::store::StoreName;

/// Show the way from a profile to its credentials, without going it
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rolecall explain prod
  rolecall explain prod --json                        with file and line of every property
  rolecall explain --role-arn arn:aws:iam::222222222222:role/audit --source-profile dev")]
pub struct Explain {
    #[command(flatten)]
    pub selected: Selected,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub role: Role,
}

/// List the profiles
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rolecall list
  rolecall list prod 2222                             the profiles that hold both
  rolecall list --json")]
pub struct List {
    /// Show profiles that hold all these words in name, account, role, ARN, SSO fields, description
    /// or tags
    #[arg(value_name = "FILTER")]
    pub filter: Vec<String>,
    /// Print one JSON array
    #[arg(long)]
    pub json: bool,
}

/// Show what was handed out: when, of which role, and which process asked
#[derive(Debug, Args)]
#[command(
    mut_arg("positional", |arg| arg.help("Only what was handed out of this profile")),
    mut_arg("profile", |arg| arg.help("The same")),
    after_help = "\
Examples:
  rolecall log                            everything, newest last (times in UTC)
  rolecall log prod --since 1h            one profile's last hour
  rolecall log --json | jq -r '.[] | select(.origin == \"new\") | .access_key_id'
                                          the keys to look for in CloudTrail

The log is ~/.local/state/rolecall/log.jsonl, and log.1.jsonl to log.3.jsonl before it, of a megabyte each.
It holds no secrets. `log = false` in settings.ini switches it off."
)]
pub struct Log {
    #[command(flatten)]
    pub selected: Selected,
    /// Only what was handed out in this time, such as 15m, 8h or 7d
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub since: Option<u32>,
    /// Only the newest
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
    /// Print one JSON array
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Subcommand)]
pub enum ProfileCommand {
    /// Print all profiles as merged from both files; a malformed line anywhere is an error
    #[command(after_help = "Examples:\n  rolecall profile dump --json")]
    Dump {
        /// Print JSON (the only form there is)
        #[arg(long)]
        json: bool,
    },
}

/// Check files, store, clock, endpoints and profiles
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rolecall doctor
  rolecall doctor prod                                one profile's chain
  rolecall doctor --store file")]
pub struct Doctor {
    #[command(flatten)]
    pub selected: Selected,
    /// Print one JSON array
    #[arg(long)]
    pub json: bool,
    /// Store to check
    #[arg(long, value_name = "STORE")]
    pub store: Option<StoreName>,
}
