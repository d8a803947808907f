//! `rolecall write`: puts a session into the credentials file, for tools that read nothing else.

mod section;
mod watch;

use clap::Args;

use self::section::Target;
use crate::app::options::CredentialOptions;
use crate::app::service::CredentialsService;
use crate::app::written::Overwrite;
use crate::error::{Error, Result};

/// Write a session into the credentials file, for tools that read only that
///
/// Every other byte of the file stays. A section that rolecall did not write is refused.
#[derive(Debug, Args)]
#[command(
    override_usage = "\
rolecall write [OPTIONS] [PROFILE] --as <NAME>
       rolecall write --clear <NAME>",
    after_help = "\
Examples:
  rolecall write prod --as default
  rolecall write prod --as default --watch            renewed until Ctrl-C, which takes it out
  rolecall write --clear default                      takes it out again

rolecall marks what it writes (`rolecall_written`), and takes out exactly that."
)]
pub struct WriteArgs {
    /// The section of the credentials file to write the session to
    #[arg(long = "as", value_name = "NAME", required_unless_present = "clear")]
    pub section: Option<String>,
    /// Stay, write a new session before the old one ends, and take it out in the end
    #[arg(long)]
    pub watch: bool,
    /// Write over what rolecall did not write: keys that stand there are lost
    #[arg(long)]
    pub force: bool,
    /// Take out of a section what rolecall wrote
    #[arg(
        long,
        value_name = "NAME",
        conflicts_with_all = [
            "section", "watch", "force", "Selected", "RoleOptions", "mfa_token", "yes", "refresh",
            "min_ttl", "no_cache", "store",
        ]
    )]
    pub clear: Option<String>,
    #[command(flatten)]
    pub credentials: CredentialOptions,
}

pub fn run(service: &CredentialsService, args: &WriteArgs) -> Result<()> {
    let context = service.context();
    match (&args.clear, &args.section) {
        (Some(name), _) => Target::new(context, name, Overwrite::Own)?.clear(),
        (None, Some(name)) => {
            let overwrite = if args.force { Overwrite::Anything } else { Overwrite::Own };
            let target = Target::new(context, name, overwrite)?;
            if args.watch {
                watch::run(service, &target, &args.credentials)
            } else {
                target.write(service, &args.credentials)
            }
        }
        (None, None) => Err(Error::usage("no section is named: --as NAME")),
    }
}
