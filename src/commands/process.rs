//! `rolecall process`: prints credentials for the SDK that runs it as `credential_process`.

use clap::Args;

use crate::app::call::Caller;
use crate::app::options::CredentialOptions;
use crate::app::service::CredentialsService;
use crate::error::Result;
use crate::output::{credential_process, print};

/// Print credentials as JSON for `credential_process`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  credential_process = rolecall process prod          in ~/.aws/config, under [profile prod]
  rolecall process prod --no-input < /dev/null        what an SDK would get")]
pub struct ProcessArgs {
    #[command(flatten)]
    pub credentials: CredentialOptions,
}

pub fn run(service: &CredentialsService, args: &ProcessArgs) -> Result<()> {
    let obtained = service.obtain(&args.credentials, Caller::Sdk)?;
    print(&credential_process::render(&obtained.credentials))
}
