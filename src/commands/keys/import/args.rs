//! What is typed for `rolecall keys import`.

use clap::{Args, ValueEnum};

use crate::app::options::Several;
use crate::store::StoreName;

/// Move access keys into the store: from the shared files, where they lie in plain text, from
/// another program, or from the environment
///
/// Each secret is verified with AWS, kept, read back and verified again. Only then is it taken out
/// of its file, whose other lines stay, or is the profile written that names it. A profile that
/// fails keeps its keys where they were, and keeps none of the others from it; the exit code is 1
/// then.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  rolecall keys import --all --dry-run                what would be moved
  rolecall keys import dev
  rolecall keys import --all --store file
  rolecall keys import --all --from aws-vault         every profile that has keys there
  rolecall keys import dev --from granted
  rolecall keys import dev --from env                 of the variables that this shell has

No copy of a secret is left in a file. To get one back: rolecall keys remove PROFILE forgets the \
store's, and AWS makes new ones.
The stores of other programs stay as they are. A profile that does not exist yet is made.")]
pub struct KeysImportArgs {
    #[command(flatten)]
    pub selected: Several,
    /// Every profile that holds long-term keys
    #[arg(long, conflicts_with_all = ["positional", "profile"])]
    pub all: bool,
    /// Where the keys are now
    #[arg(long, value_name = "SOURCE", default_value = "credentials")]
    pub from: Source,
    /// Print what would be moved, with the unified diff of the files, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Print one JSON array: what came of each profile
    #[arg(long)]
    pub json: bool,
    /// Write this region into the profiles that have none
    #[arg(long, value_name = "NAME")]
    pub region: Option<String>,
    /// Where the secrets are kept: keyring or file
    #[arg(long, value_name = "STORE", value_parser = StoreName::value_parser())]
    pub store: Option<StoreName>,
}

/// Where keys come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Source {
    /// The shared files
    Credentials,
    /// The variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY
    Env,
    /// The stores of aws-vault
    AwsVault,
    /// The store of granted
    Granted,
}

impl Source {
    /// Returns the name that is typed.
    fn name(self) -> &'static str {
        match self {
            Self::Credentials => "credentials",
            Self::Env => "env",
            Self::AwsVault => "aws-vault",
            Self::Granted => "granted",
        }
    }
}

impl KeysImportArgs {
    /// Returns what moves every pair that lies in plain text.
    pub fn all_in_plain_text(region: Option<String>) -> Self {
        Self {
            selected: Several::default(),
            all: true,
            from: Source::Credentials,
            dry_run: false,
            json: false,
            region,
            store: None,
        }
    }

    /// Returns the option that says where the keys come from, as it stands in a command.
    pub fn from(&self) -> String {
        match self.from {
            Source::Credentials => String::new(),
            source => format!(" --from {}", source.name()),
        }
    }

    /// Returns what a command means where nobody says it.
    pub fn all(&self) -> String {
        let which = if self.from == Source::Env { "PROFILE" } else { "--all" };
        format!("{which}{}", self.from())
    }
}
