//! `rolecall profile unset`: takes keys out of a section, in both files.

use clap::Args;

use super::section::{ChangeArgs, SectionArgs, check_known, is_in, with_lines};
use crate::app::context::Context;
use crate::app::shared_files::{FileEdits, change};
use crate::config::document::FileKind;
use crate::config::edit::{Edit, KeyPath, SectionName};
use crate::config::profiles::Profiles;
use crate::error::{Error, Result};

/// Take keys out of a profile, in both files; no other byte changes
#[derive(Debug, Args)]
#[command(
    override_usage = "rolecall profile unset [OPTIONS] PROFILE KEY…",
    after_help = "\
Examples:
  rolecall profile unset prod region output
  rolecall profile unset prod s3.addressing_style   a key of the nested block `s3`
  rolecall profile unset prod region --dry-run      only show what would change"
)]
pub struct ProfileUnsetArgs {
    #[command(flatten)]
    pub section: SectionArgs,
    /// A key; `block.key` for a key of a nested block
    #[arg(value_name = "KEY", index = 2)]
    pub keys: Vec<String>,
    #[command(flatten)]
    pub change: ChangeArgs,
}

pub fn run(context: &Context, args: &ProfileUnsetArgs) -> Result<()> {
    let (section, words) = args.section.split(&args.keys)?;
    let keys = words.iter().map(|word| KeyPath::parse(word)).collect::<Result<Vec<_>>>()?;
    if keys.is_empty() {
        return Err(Error::usage("nothing is to be taken out: KEY is missing"));
    }
    let plan = |profiles: &Profiles| {
        check_known(profiles, &section)?;
        Ok(plan(profiles, &section, &keys))
    };
    change(context, args.change.commit(), plan).map_err(|error| with_lines(error, &section))
}

/// Finds the edits that take keys out of a known section. A key that neither file has is looked for
/// in one of them, whose error says so.
fn plan(profiles: &Profiles, section: &SectionName, keys: &[KeyPath]) -> FileEdits {
    let mut edits = FileEdits::default();
    let has_section = |file: &FileKind| is_in(profiles, *file, section);
    for key in keys {
        let unset = || Edit::Unset { section: section.clone(), key: key.clone() };
        let mut files: Vec<FileKind> = FileKind::ALL
            .into_iter()
            .filter(|file| profiles.has_key(*file, section.kind, &section.name, key.top()))
            .collect();
        if files.is_empty() {
            files.extend(FileKind::ALL.into_iter().find(has_section));
        }
        for file in files {
            edits.push(file, unset());
        }
    }
    edits
}
