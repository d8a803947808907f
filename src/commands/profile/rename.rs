//! `rolecall profile rename`: gives a section another name, and whoever names it too.

use clap::Args;

use super::add::check_new;
use super::section::{ChangeArgs, SectionArgs, check_known, is_in, with_lines};
use crate::app::context::Context;
use crate::app::shared_files::{FileEdits, change};
use crate::chain::references::references;
use crate::config::document::FileKind;
use crate::config::edit::{Edit, SectionName};
use crate::config::profiles::Profiles;
use crate::error::{Error, Result};

/// Give a profile another name, also where others name it: `source_profile`, and
/// `credential_process = rolecall process PROFILE`
#[derive(Debug, Args)]
#[command(
    override_usage = "rolecall profile rename [OPTIONS] PROFILE NEW",
    after_help = "\
Examples:
  rolecall profile rename prod live
  rolecall profile rename --sso-session corp company
  rolecall profile rename prod live --dry-run   only show what would change"
)]
pub struct ProfileRenameArgs {
    #[command(flatten)]
    pub section: SectionArgs,
    /// The new name
    #[arg(value_name = "NEW", index = 2)]
    pub to: Vec<String>,
    #[command(flatten)]
    pub change: ChangeArgs,
}

pub fn run(context: &Context, args: &ProfileRenameArgs) -> Result<()> {
    let (section, words) = args.section.split(&args.to)?;
    let [to] = words.as_slice() else {
        return Err(Error::usage("two names are needed, the old one and the new one"));
    };
    let plan = |profiles: &Profiles| plan(profiles, &section, to);
    change(context, args.change.commit(), plan).map_err(|error| with_lines(error, &section))
}

fn plan(profiles: &Profiles, section: &SectionName, to: &str) -> Result<FileEdits> {
    check_known(profiles, section)?;
    let mut edits = FileEdits::default();
    if section.name == to {
        return Ok(edits);
    }
    check_new(profiles, &SectionName { kind: section.kind, name: to.to_owned() })?;
    for reference in references(profiles, section) {
        // A line of a malformed section cannot be changed.
        profiles.section(reference.by.kind, &reference.by.name)?;
        edits.push(reference.file, reference.renamed(to)?);
    }
    for file in FileKind::ALL.into_iter().filter(|file| is_in(profiles, *file, section)) {
        edits.push(file, Edit::RenameSection { section: section.clone(), to: to.to_owned() });
    }
    Ok(edits)
}
