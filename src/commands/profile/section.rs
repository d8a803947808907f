//! The section that a verb shows or edits.

use clap::Args;

use crate::app::shared_files::Commit;
use crate::completion::position::SUBJECT;
use crate::config::document::{FileKind, SectionKind};
use crate::config::edit::SectionName;
use crate::config::profiles::Profiles;
use crate::error::{Error, FileLine, Kind, Result};
use crate::hint;

/// A profile, by position or by option, or a section of another kind.
#[derive(Debug, Args)]
#[group(id = SUBJECT, multiple = true)]
pub struct SectionArgs {
    /// The profile
    #[arg(value_name = "PROFILE", index = 1)]
    positional: Option<String>,
    /// The profile
    #[arg(short, long, value_name = "NAME", conflicts_with_all = ["sso_session", "services"])]
    profile: Option<String>,
    /// A section `[sso-session NAME]` in place of a profile
    #[arg(long, value_name = "NAME", conflicts_with = "services")]
    sso_session: Option<String>,
    /// A section `[services NAME]` in place of a profile
    #[arg(long, value_name = "NAME")]
    services: Option<String>,
}

impl SectionArgs {
    /// Returns the section, and the words after its name. Where an option names it, all words come
    /// after it.
    ///
    /// # Errors
    /// When nothing names it.
    pub fn split(&self, words: &[String]) -> Result<(SectionName, Vec<String>)> {
        let options = [
            (SectionKind::Profile, &self.profile),
            (SectionKind::SsoSession, &self.sso_session),
            (SectionKind::Services, &self.services),
        ];
        let mut named = options.into_iter().filter_map(|(kind, name)| Some((kind, name.clone()?)));
        match (named.next(), &self.positional) {
            (Some((kind, name)), first) => {
                let words = first.iter().chain(words).cloned().collect();
                Ok((SectionName { kind, name }, words))
            }
            (None, Some(name)) => Ok((SectionName::profile(name), words.to_vec())),
            (None, None) => Err(Error::usage("no profile is named: PROFILE is missing")),
        }
    }
}

/// What every verb takes that changes the shared files.
#[derive(Debug, Args)]
pub struct ChangeArgs {
    /// Print what would change, as a unified diff with secrets masked, and change nothing
    #[arg(long)]
    pub dry_run: bool,
}

impl ChangeArgs {
    pub fn commit(&self) -> Commit {
        if self.dry_run { Commit::DryRun } else { Commit::Write }
    }
}

/// Returns the arguments by which a command names a section.
pub fn argument(section: &SectionName) -> String {
    match section.kind {
        SectionKind::Profile => hint::profile(&section.name).into_owned(),
        SectionKind::SsoSession => hint::option("--sso-session", &section.name),
        SectionKind::Services => hint::option("--services", &section.name),
    }
}

/// Returns whether a file has the section, as far as readers read it.
pub fn is_in(profiles: &Profiles, file: FileKind, section: &SectionName) -> bool {
    profiles.sections_in(file, section.kind, &section.name).next().is_some()
}

/// Returns where a section that one of the files has begins: in the config file, if it is there.
pub fn first_line(profiles: &Profiles, section: &SectionName) -> FileLine {
    let SectionName { kind, name } = section;
    let files = FileKind::ALL.into_iter();
    let mut places = files.flat_map(|file| {
        let path = &profiles.document(file).path;
        let sections = profiles.sections_in(file, *kind, name);
        sections.map(|section| FileLine { path: path.clone(), line: section.line })
    });
    let config = || profiles.document(FileKind::Config).path.clone();
    places.next().unwrap_or_else(|| FileLine { path: config(), line: 1 })
}

/// Checks that one of the files has the section.
///
/// # Errors
/// When neither has it, with what may have been meant.
pub fn check_known(profiles: &Profiles, section: &SectionName) -> Result<()> {
    if FileKind::ALL.into_iter().any(|file| is_in(profiles, file, section)) {
        return Ok(());
    }
    let SectionName { kind, name } = section;
    if *kind == SectionKind::Profile {
        return Err(profiles.unknown(name));
    }
    let (path, prefix) = (profiles.document(FileKind::Config).path.display(), kind.prefix());
    let error = Error::configuration(format!("{path} has no section [{prefix} {name}]"));
    Err(profiles
        .say_like_sections(profiles.say_missing(error), *kind, name)
        .hint("see which sections there are: rolecall profile dump --json"))
}

/// Points to the section's lines where an error about the files says nothing else to do.
pub fn with_lines(error: Error, section: &SectionName) -> Error {
    if error.kind() == Kind::Usage || !error.hints().is_empty() {
        return error;
    }
    error.hint(format!("see its lines: rolecall profile show {}", argument(section)))
}
