//! `rolecall profile set`: gives keys of a section their values.

use clap::Args;
use zeroize::Zeroizing;

use super::section::{ChangeArgs, SectionArgs, argument, check_known, is_in, with_lines};
use crate::app::context::Context;
use crate::app::shared_files::{FileEdits, change};
use crate::chain::{keys, meant_key};
use crate::config::document::{FileKind, SectionKind};
use crate::config::edit::{Edit, KeyPath, NewValue, SectionName};
use crate::config::profiles::{Profiles, is_secret};
use crate::error::{Error, Result};
use crate::hint;
use crate::system::report::Report;

/// Give keys of a profile their values; no other byte of the files changes
#[derive(Debug, Args)]
#[command(
    override_usage = "rolecall profile set [OPTIONS] PROFILE KEY=VALUE…",
    after_help = "\
Examples:
  rolecall profile set prod region=eu-west-1 output=json
  rolecall profile set prod s3.addressing_style=path     a key of the nested block `s3`
  rolecall profile set --sso-session corp sso_region=eu-west-1
  rolecall profile set prod region=eu-west-1 --dry-run   only show what would change"
)]
pub struct ProfileSetArgs {
    #[command(flatten)]
    pub section: SectionArgs,
    /// A key and its new value; `block.key` for a key of a nested block
    #[arg(value_name = "KEY=VALUE", index = 2)]
    pub changes: Vec<String>,
    #[command(flatten)]
    pub change: ChangeArgs,
}

/// A key and its new value.
pub struct Change {
    pub key: KeyPath,
    pub value: NewValue,
}

impl Change {
    pub fn edit(&self, section: &SectionName) -> Edit {
        let Self { key, value } = self;
        Edit::Set { section: section.clone(), key: key.clone(), value: value.clone() }
    }
}

pub fn run(context: &Context, args: &ProfileSetArgs) -> Result<()> {
    let (section, words) = args.section.split(&args.changes)?;
    let changes = parse(&words, &section)?;
    if changes.is_empty() {
        return Err(Error::usage("nothing is to be set: KEY=VALUE is missing"));
    }
    warn_of_unread_keys(context, &section, &changes);
    let plan = |profiles: &Profiles| {
        check_known(profiles, &section)?;
        Ok(plan(profiles, &section, &changes))
    };
    change(context, args.change.commit(), plan).map_err(|error| with_lines(error, &section))
}

/// Parses `KEY=VALUE` words. Their values are never shown: one may be a secret.
///
/// # Errors
/// For a word without `=`, for a key or a value that cannot be written, and for a secret.
pub fn parse(words: &[String], section: &SectionName) -> Result<Vec<Change>> {
    let changes = words.iter().enumerate().map(|(at, word)| {
        let (key, value) = word.split_once('=').ok_or_else(|| {
            Error::usage(format!("word {} after the name is not KEY=VALUE", at + 1))
        })?;
        let key = KeyPath::parse(key)?;
        refuse_secret(&key, section)?;
        let value = NewValue::new(Zeroizing::new(value.to_owned()));
        let value = value.map_err(|error| about_value(error, &key, section))?;
        Ok(Change { key, value })
    });
    changes.collect()
}

/// Refuses a secret: what is typed shows in the list of processes and stays in a shell's history.
fn refuse_secret(key: &KeyPath, section: &SectionName) -> Result<()> {
    if !is_secret(key.name()) && !is_secret(key.top()) {
        return Ok(());
    }
    let what = "is a secret, and one on the command line shows in the list of processes";
    let error = Error::usage(format!("`{key}` {what}"));
    if key.top() == keys::SECRET_ACCESS_KEY && section.kind == SectionKind::Profile {
        return Err(
            error.hint("keep it in the store, by a question or a pipe: rolecall keys add --help")
        );
    }
    let profile = hint::option("--profile", &section.name);
    Err(error.hint(format!("let the AWS CLI ask for it: aws configure {profile}")))
}

fn about_value(error: Error, key: &KeyPath, section: &SectionName) -> Error {
    let message = format!("`{key}`: {}", error.message());
    let hint = format!("take the key away: rolecall profile unset {} {key}", argument(section));
    error.with_message(message).hint(hint)
}

/// Warns of keys that look like another one, which is probably meant.
pub fn warn_of_unread_keys(context: &Context, section: &SectionName, changes: &[Change]) {
    let of_section = changes.iter().filter(|change| !change.key.is_nested());
    for Change { key, .. } in of_section.filter(|_| section.kind == SectionKind::Profile) {
        if let Some(meant) = meant_key(key.top()) {
            context.ui.warn(&format!("nobody reads `{key}`: is `{meant}` meant?"));
        }
    }
}

/// Finds the edits that give a known section its values.
fn plan(profiles: &Profiles, section: &SectionName, changes: &[Change]) -> FileEdits {
    let mut edits = FileEdits::default();
    let in_config = is_in(profiles, FileKind::Config, section);
    let mut is_missing = !in_config;
    for change in changes {
        let file = file_of(profiles, section, &change.key);
        if file == FileKind::Config && std::mem::take(&mut is_missing) {
            edits.push(file, Edit::AddSection { section: section.clone() });
        }
        edits.push(file, change.edit(section));
    }
    edits
}

/// Returns the file that a key is written to: the credentials file where its section has the key,
/// which then wins, or is the place of the key; else the config file.
fn file_of(profiles: &Profiles, section: &SectionName, key: &KeyPath) -> FileKind {
    let of_credentials = [keys::ACCESS_KEY_ID, keys::SECRET_ACCESS_KEY, keys::SESSION_TOKEN];
    let has = |file| profiles.has_key(file, section.kind, &section.name, key.top());
    let belongs = of_credentials.contains(&&**key.top())
        && is_in(profiles, FileKind::Credentials, section)
        && !has(FileKind::Config);
    if belongs || has(FileKind::Credentials) { FileKind::Credentials } else { FileKind::Config }
}
