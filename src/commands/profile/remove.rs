//! `rolecall profile remove`: takes sections out of both files.

use clap::Args;

use super::section::{ChangeArgs, argument, check_known, is_in};
use crate::app::context::Context;
use crate::app::shared_files::{FileEdits, change};
use crate::chain::references::{Reference, references};
use crate::config::document::{FileKind, SectionKind};
use crate::config::edit::{Edit, SectionName};
use crate::config::profiles::{Profiles, shown};
use crate::error::{Error, Result};

/// How many lines an error shows that name a section.
const SHOWN: usize = 3;

/// Take profiles out of both files, unless others need them; no other byte changes
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rolecall profile remove prod stage
  rolecall profile remove --sso-session corp
  rolecall profile remove prod --dry-run   only show what would change")]
pub struct ProfileRemoveArgs {
    /// The profiles
    #[arg(value_name = "PROFILE")]
    pub positional: Vec<String>,
    /// A profile (repeatable)
    #[arg(short, long, value_name = "NAME")]
    pub profile: Vec<String>,
    /// A section `[sso-session NAME]` (repeatable)
    #[arg(long, value_name = "NAME")]
    pub sso_session: Vec<String>,
    /// A section `[services NAME]` (repeatable)
    #[arg(long, value_name = "NAME")]
    pub services: Vec<String>,
    /// Remove them though other profiles need them
    #[arg(long)]
    pub force: bool,
    #[command(flatten)]
    pub change: ChangeArgs,
}

impl ProfileRemoveArgs {
    /// Returns each section once.
    fn sections(&self) -> Vec<SectionName> {
        let named = [
            (SectionKind::Profile, &self.positional),
            (SectionKind::Profile, &self.profile),
            (SectionKind::SsoSession, &self.sso_session),
            (SectionKind::Services, &self.services),
        ];
        let mut sections = Vec::new();
        for (kind, names) in named {
            for name in names {
                let section = SectionName { kind, name: name.clone() };
                if !sections.contains(&section) {
                    sections.push(section);
                }
            }
        }
        sections
    }
}

pub fn run(context: &Context, args: &ProfileRemoveArgs) -> Result<()> {
    let sections = args.sections();
    if sections.is_empty() {
        return Err(Error::usage("no profile is named: PROFILE is missing"));
    }
    change(context, args.change.commit(), |profiles| {
        for section in &sections {
            check_known(profiles, section)?;
            if !args.force {
                check_unneeded(profiles, section, &sections)?;
            }
        }
        Ok(plan(profiles, &sections))
    })
}

fn plan(profiles: &Profiles, sections: &[SectionName]) -> FileEdits {
    let mut edits = FileEdits::default();
    for section in sections {
        for file in FileKind::ALL.into_iter().filter(|file| is_in(profiles, *file, section)) {
            edits.push(file, Edit::RemoveSection { section: section.clone() });
        }
    }
    edits
}

/// Checks that no profile names a section, but for those that go with it.
///
/// # Errors
/// The lines that name it.
fn check_unneeded(
    profiles: &Profiles,
    section: &SectionName,
    removed: &[SectionName],
) -> Result<()> {
    let mut needed = references(profiles, section);
    needed.retain(|reference| !removed.contains(&reference.by));
    if needed.is_empty() {
        return Ok(());
    }
    let message = format!("other profiles need the {} `{}`", section.kind.prefix(), section.name);
    let line = |Reference { by, place, key, value, .. }: &Reference| {
        format!("{place}: [{}] has {key} = {}", by.header(FileKind::Config), shown(key, value))
    };
    let error =
        needed.iter().take(SHOWN).map(line).fold(Error::configuration(message), Error::cause);
    let error = match needed.len().saturating_sub(SHOWN) {
        0 => error,
        more => error.cause(format!("and {more} more lines")),
    };
    let words = argument(section);
    Err(error.hint(format!("remove it all the same: rolecall profile remove {words} --force")))
}
