//! `rolecall profile adopt` and `release`: roles that every SDK gets through rolecall, and back.

use clap::Args;

use super::section::ChangeArgs;
use crate::app::context::Context;
use crate::app::options::Several;
use crate::app::shared_files::{FileEdits, change};
use crate::chain::adoption::{Step, adopt, release};
use crate::config::profiles::Profiles;
use crate::error::{Error, Result};
use crate::hint;
use crate::system::report::Report;

/// Let every SDK get a role through rolecall: its keys get the prefix `rolecall_`, and
/// `credential_process = rolecall process PROFILE` is added
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rolecall profile adopt prod
  rolecall profile adopt --all --dry-run   what would change in a whole config
  rolecall profile adopt --all             every profile with a role

It can be undone byte for byte: rolecall profile release --all")]
pub struct ProfileAdoptArgs {
    #[command(flatten)]
    pub chosen: ChosenArgs,
}

/// Undo `profile adopt`, byte for byte
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rolecall profile release prod
  rolecall profile release --all")]
pub struct ProfileReleaseArgs {
    #[command(flatten)]
    pub chosen: ChosenArgs,
}

/// Some profiles, or all.
#[derive(Debug, Args)]
pub struct ChosenArgs {
    #[command(flatten)]
    pub profiles: Several,
    /// Every profile that it can be done for
    #[arg(long, conflicts_with_all = ["positional", "profile"])]
    pub all: bool,
    #[command(flatten)]
    pub change: ChangeArgs,
}

pub fn run_adopt(context: &Context, args: &ProfileAdoptArgs) -> Result<()> {
    let otherwise = "has no role of its own, so SDKs do not need rolecall for it";
    Planned { context, step: adopt, otherwise }.run(&args.chosen)
}

pub fn run_release(context: &Context, args: &ProfileReleaseArgs) -> Result<()> {
    let otherwise = "does not go through rolecall: that takes `rolecall_role_arn` and a \
                     credential_process that asks rolecall for it";
    Planned { context, step: release, otherwise }.run(&args.chosen)
}

/// How each profile is changed.
struct Planned<'a> {
    context: &'a Context,
    step: fn(&Profiles, &str) -> Result<Step>,
    /// What a profile of another kind is like.
    otherwise: &'a str,
}

impl Planned<'_> {
    fn run(&self, chosen: &ChosenArgs) -> Result<()> {
        let names = chosen.profiles.names();
        if names.is_empty() && !chosen.all {
            return Err(Error::usage("no profile is named: PROFILE or --all is missing"));
        }
        change(self.context, chosen.change.commit(), |profiles| {
            if chosen.all { Ok(self.all(profiles)) } else { self.named(profiles, &names) }
        })
    }

    /// Finds the edits of profiles that were named. One that cannot be changed keeps all as they
    /// are.
    fn named(&self, profiles: &Profiles, names: &[&str]) -> Result<FileEdits> {
        let mut edits = FileEdits::default();
        for name in names {
            let with_lines = |error: Error| {
                let hint = format!("see its lines: {}", hint::command("profile show", name));
                if error.hints().is_empty() { error.hint(hint) } else { error }
            };
            let Some(profile) = profiles.profile(name)? else {
                return Err(profiles.unknown(name));
            };
            match (self.step)(profiles, name).map_err(with_lines)? {
                Step::Edits(found) => edits.extend(found),
                Step::Done => {}
                Step::NotOfKind => {
                    let what = format!("profile `{name}` {}", self.otherwise);
                    return Err(with_lines(Error::misconfigured(&profile.place, what).about(name)));
                }
            }
        }
        Ok(edits)
    }

    /// Finds the edits of all profiles. One that cannot be changed stays as it is, with a warning.
    fn all(&self, profiles: &Profiles) -> FileEdits {
        let mut edits = FileEdits::default();
        for name in profiles.names() {
            match (self.step)(profiles, name) {
                Ok(Step::Edits(found)) => edits.extend(found),
                Ok(Step::Done | Step::NotOfKind) => {}
                Err(error) => {
                    let ui = &self.context.ui;
                    ui.warn(&format!("profile `{name}` stays as it is: {error}"));
                }
            }
        }
        edits
    }
}
