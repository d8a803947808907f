//! `rolecall profile add`: a new section at the end of the config file.

use clap::Args;

use super::section::{ChangeArgs, SectionArgs, argument, first_line, is_in};
use super::set::{Change, parse, warn_of_unread_keys};
use crate::app::context::Context;
use crate::app::shared_files::{FileEdits, change};
use crate::config::document::FileKind;
use crate::config::edit::{Edit, SectionName};
use crate::config::profiles::Profiles;
use crate::error::{Error, Result};

/// Add a profile to the end of the config file; no byte that is there changes
#[derive(Debug, Args)]
#[command(
    override_usage = "rolecall profile add [OPTIONS] PROFILE [KEY=VALUE…]",
    after_help = "\
Examples:
  rolecall profile add prod role_arn=arn:aws:iam::222222222222:role/admin source_profile=dev
  rolecall profile add --sso-session corp sso_region=eu-west-1 \
sso_start_url=https://example.awsapps.com/start
  rolecall profile add --services local s3.endpoint_url=http://localhost:4566 --dry-run"
)]
pub struct ProfileAddArgs {
    #[command(flatten)]
    pub section: SectionArgs,
    /// A key and its value; `block.key` for a key of a nested block
    #[arg(value_name = "KEY=VALUE", index = 2)]
    pub changes: Vec<String>,
    #[command(flatten)]
    pub change: ChangeArgs,
}

pub fn run(context: &Context, args: &ProfileAddArgs) -> Result<()> {
    let (section, words) = args.section.split(&args.changes)?;
    let changes = parse(&words, &section)?;
    warn_of_unread_keys(context, &section, &changes);
    change(context, args.change.commit(), |profiles| plan(profiles, &section, &changes))
}

/// Returns the plan that adds a section with keys, each `KEY=VALUE`.
///
/// # Errors
/// As [`parse`].
pub fn planned(
    section: SectionName,
    words: &[String],
) -> Result<impl Fn(&Profiles) -> Result<FileEdits>> {
    let changes = parse(words, &section)?;
    Ok(move |profiles: &Profiles| plan(profiles, &section, &changes))
}

fn plan(profiles: &Profiles, section: &SectionName, changes: &[Change]) -> Result<FileEdits> {
    check_new(profiles, section)?;
    let mut edits = FileEdits::default();
    edits.push(FileKind::Config, Edit::AddSection { section: section.clone() });
    for change in changes {
        edits.push(FileKind::Config, change.edit(section));
    }
    Ok(edits)
}

/// Checks that neither file has a section.
///
/// # Errors
/// Its place, where there is one.
pub fn check_new(profiles: &Profiles, section: &SectionName) -> Result<()> {
    if !FileKind::ALL.into_iter().any(|file| is_in(profiles, file, section)) {
        return Ok(());
    }
    let place = first_line(profiles, section);
    let what = format!("there is a {} `{}` already", section.kind.prefix(), section.name);
    let hint = format!("see its lines: rolecall profile show {}", argument(section));
    Err(Error::misconfigured(&place, what).hint(hint))
}
