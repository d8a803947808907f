//! `rolecall sso sync`: a profile for each account and role.

use std::cell::RefCell;

use clap::Args;
use serde_json::{Value, json};

use crate::app::assignments::{Lister, Roles};
use crate::app::context::Context;
use crate::app::service::CredentialsService;
use crate::app::shared_files::{Commit, FileEdits, change, preview};
use crate::app::sso::choose_session;
use crate::app::synced::{
    Assignment, DEFAULT_NAME, Gone, Listing, NameTemplate, Naming, Only, Outcome, Wish, plan,
};
use crate::aws::names::Region;
use crate::chain::keys;
use crate::clients::assignments::Account;
use crate::clients::failure::Failure;
use crate::config::document::SectionKind;
use crate::config::profiles::{Profile, Profiles};
use crate::error::{Error, Place, Result};
use crate::hint;
use crate::output::print_line;
use crate::system::report::Report;
use crate::text::shown_url;

/// How many lines are said of one kind.
const SHOWN: usize = 5;

/// Make a profile for each account and role that a login of IAM Identity Center may use; no other
/// byte of the config file changes
#[derive(Debug, Default, Args)]
#[command(after_help = "\
Examples:
  rolecall sso sync corp --dry-run                 only show what would change
  rolecall sso sync corp --region eu-west-1
  rolecall sso sync corp --name '{account_name}/{role}'
  rolecall sso sync corp --only 'prod*' --only '!*.ReadOnly'
  rolecall sso sync corp --prune                   remove the profiles of roles that are gone

--name, --region and --only are remembered in the [sso-session]. A profile that rolecall made has
the mark `rolecall_synced`; what you write into it stays, and it keeps its name until --name is
given again.")]
pub struct SsoSyncArgs {
    /// An `[sso-session]`, or a profile with one (default: that of the selected profile, or the only
    /// one)
    #[arg(value_name = "SESSION")]
    pub session: Option<String>,
    /// How profiles are named: {account_name}, {account_id}, {email}, {role}, {session} (default:
    /// {account_name}.{role}); renames those that were made before
    #[arg(long, value_name = "TEMPLATE")]
    pub name: Option<String>,
    /// The region of the profiles (default: none)
    #[arg(long, value_name = "NAME")]
    pub region: Option<String>,
    /// Only accounts and roles of which name, ID, role or the profile's name match, `*` and `?` as in
    /// file names; `!PATTERN` leaves out (repeatable)
    #[arg(long, value_name = "PATTERN")]
    pub only: Vec<String>,
    /// Remove the profiles that rolecall made whose role is gone
    #[arg(long)]
    pub prune: bool,
    /// Print what would change, as a unified diff with secrets masked, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Print what was changed as one JSON object
    #[arg(long)]
    pub json: bool,
}

pub fn run(service: &CredentialsService, args: &SsoSyncArgs) -> Result<()> {
    let context = service.context();
    let profiles = context.profiles()?;
    let chain = choose_session(context, &profiles, args.session.as_deref(), "sso sync")?;
    let session = match (chain.plan.base.sso_session(), &chain.subject.profile) {
        (Some(name), _) => name.to_owned(),
        (_, Some(profile)) => return Err(no_session(profile)),
        _ => return Err(Error::failed(format!("{} has no login to sync", chain.who()))),
    };
    let wish = wish(args, &profiles, session)?;
    let mut lister = Lister::new(service, &chain)?;
    let accounts = lister.accounts()?;
    let roles = lister.roles(&accounts)?;
    Sync { context, args, wish, roles: &roles }.finish()
}

/// What is to be synced: what is wanted, and what AWS lists.
pub struct Sync<'a> {
    context: &'a Context,
    args: &'a SsoSyncArgs,
    wish: Wish,
    roles: &'a Roles,
}

impl<'a> Sync<'a> {
    /// # Errors
    /// When an option or what is remembered in the session's section is wrong.
    pub fn new(
        context: &'a Context,
        args: &'a SsoSyncArgs,
        session: &str,
        roles: &'a Roles,
    ) -> Result<Self> {
        let wish = wish(args, &context.profiles()?, session.to_owned())?;
        Ok(Self { context, args, wish, roles })
    }

    /// Returns how the config file would change, and what would become of the profiles.
    ///
    /// # Errors
    /// When the file cannot be read or edited so.
    pub fn preview(&self) -> Result<(String, Outcome)> {
        let outcome = RefCell::default();
        let diff = preview(self.context, |profiles| self.plan(profiles, &outcome))?;
        Ok((diff, outcome.into_inner()))
    }

    /// Changes the config file, or shows how it would change, and says what becomes of the profiles.
    ///
    /// # Errors
    /// When the file cannot be read, edited so or written.
    pub fn finish(&self) -> Result<()> {
        let Self { context, args, wish, roles } = self;
        say_refused(context, &roles.refused);
        let outcome = self.write()?;
        if args.json {
            print_line(json(wish, args, &outcome, &roles.refused))?;
        }
        say(context, wish, args, &outcome);
        Ok(())
    }

    fn write(&self) -> Result<Outcome> {
        let Self { context, args, .. } = self;
        if args.dry_run && args.json {
            return Ok(self.preview()?.1);
        }
        let outcome = RefCell::default();
        let commit = if args.dry_run { Commit::DryRun } else { Commit::Write };
        change(context, commit, |profiles| self.plan(profiles, &outcome))?;
        Ok(outcome.into_inner())
    }

    /// Another program may change the file meanwhile; what counts is the last plan.
    fn plan(&self, profiles: &Profiles, outcome: &RefCell<Outcome>) -> Result<FileEdits> {
        let Roles { listed, refused } = self.roles;
        let assignments = listed.iter().flat_map(|(account, roles)| {
            roles.iter().map(move |role| Assignment { account, role })
        });
        let listing = Listing { assignments: assignments.collect(), is_whole: refused.is_empty() };
        let (edits, planned) = plan(profiles, &self.wish, &listing)?;
        outcome.replace(planned);
        Ok(edits)
    }
}

/// Returns the error about a profile that holds its login itself.
fn no_session(profile: &Profile) -> Error {
    let value = |key| profile.value(key).unwrap_or("VALUE");
    let what = format!(
        "profile `{}` holds its login itself, and synced profiles need an [sso-session]",
        profile.name
    );
    let (url, region) = (value(keys::SSO_START_URL), value(keys::SSO_REGION));
    let set = [("sso_start_url", shown_url(url)), ("sso_region", region.to_owned())];
    let set = set.map(|(key, value)| hint::word(&format!("{key}={value}")).into_owned());
    let make = format!("rolecall profile add --sso-session corp {}", set.join(" "));
    Error::misconfigured(&profile.place, what)
        .about(&profile.name)
        .hint(format!("make one: {make}"))
}

/// Returns what is wanted: by options, or else as it is remembered in the session's section.
///
/// # Errors
/// When an option or what is remembered is wrong.
fn wish(args: &SsoSyncArgs, profiles: &Profiles, session: String) -> Result<Wish> {
    let section = profiles.section(SectionKind::SsoSession, &session)?;
    let remembered = |key| section.as_ref().and_then(|section| section.get(key));
    let at = |key: &'static str, option: &'static str, typed: bool| match remembered(key) {
        Some(property) if !typed => (key, Place::from(&property.place)),
        _ => (option, Place::Option(option)),
    };
    let wrong = |(what, place): (&str, Place), why: String| match place {
        Place::Option(_) => Error::usage(format!("{what}: {why}")).at(place),
        place => Error::misconfigured(place, format!("{what}: {why}")).hint(format!(
            "take it away: rolecall profile unset {} {what}",
            hint::option("--sso-session", &session)
        )),
    };
    let value = |key| remembered(key).map(|property| property.value.as_str());
    let mut written = Vec::new();

    let name = args.name.as_deref().or(value(keys::SYNC_NAME)).unwrap_or(DEFAULT_NAME);
    let template = NameTemplate::parse(name)
        .map_err(|why| wrong(at(keys::SYNC_NAME, "--name", args.name.is_some()), why))?;
    written.extend(args.name.clone().map(|name| (keys::SYNC_NAME, name)));

    let region = args.region.as_deref().or(value(keys::SYNC_REGION)).map(str::to_owned);
    if let Some(region) = region.as_deref().filter(|region| Region::parse(region).is_none()) {
        let why = match Region::meant_by(region) {
            Some(meant) => format!("`{region}` is no region, is {meant} meant?"),
            None => format!("`{region}` is no region"),
        };
        return Err(wrong(at(keys::SYNC_REGION, "--region", args.region.is_some()), why));
    }
    written.extend(args.region.clone().map(|region| (keys::SYNC_REGION, region)));

    let only = match value(keys::SYNC_ONLY) {
        _ if !args.only.is_empty() => Only::of(args.only.iter().map(String::as_str)),
        Some(text) => Only::parse(text),
        None => Ok(Only::default()),
    };
    let only =
        only.map_err(|why| wrong(at(keys::SYNC_ONLY, "--only", !args.only.is_empty()), why))?;
    written.extend((!args.only.is_empty()).then(|| (keys::SYNC_ONLY, only.text())));

    Ok(Wish {
        template,
        only,
        region,
        old_region: value(keys::SYNC_REGION).map(str::to_owned),
        naming: if args.name.is_some() { Naming::Template } else { Naming::Keep },
        gone: if args.prune { Gone::Remove } else { Gone::Keep },
        remembered: written,
        session,
    })
}

fn say_refused(context: &Context, refused: &[(Account, Failure)]) {
    let lines = refused.iter().map(|(account, failure)| {
        format!("the roles of account {} are not listed: {failure}", account.id)
    });
    warn_each(context, lines);
}

/// Warns of each of some lines, and of how many more there are.
fn warn_each(context: &Context, lines: impl ExactSizeIterator<Item = String>) {
    let more = lines.len().saturating_sub(SHOWN);
    for line in lines.take(SHOWN) {
        context.ui.warn(&line);
    }
    if more > 0 {
        context.ui.warn(&format!("and {more} more like these; see them with --json"));
    }
}

/// Tells a person what became of the profiles.
fn say(context: &Context, wish: &Wish, args: &SsoSyncArgs, outcome: &Outcome) {
    warn_each(context, outcome.skipped.iter().cloned());
    if !outcome.told_apart.is_empty() {
        let (count, first) = (outcome.told_apart.len(), &outcome.told_apart[0]);
        context.ui.note(&format!(
            "{count} profiles would have had names of others, and are told apart: {first} …"
        ));
    }
    let renamed = match outcome.renamed.len() {
        0 => String::new(),
        count => format!("{count} renamed, "),
    };
    let by_hand = match outcome.by_hand {
        0 => String::new(),
        count => format!(", {count} there by hand"),
    };
    context.ui.note(&format!(
        "sso-session `{}`: {} profiles added, {} changed, {renamed}{} removed, {} kept{by_hand}",
        wish.session,
        outcome.added.len(),
        outcome.changed.len(),
        outcome.removed.len(),
        outcome.kept
    ));
    if !args.prune && !outcome.gone.is_empty() {
        let count = outcome.gone.len();
        context.ui.hint(&format!(
            "{count} profiles are of roles that are gone; remove them: rolecall sso sync {} --prune",
            hint::word(&wish.session)
        ));
    }
}

fn json(
    wish: &Wish,
    args: &SsoSyncArgs,
    outcome: &Outcome,
    refused: &[(Account, Failure)],
) -> Value {
    let renamed = outcome.renamed.iter().map(|(from, to)| json!({"from": from, "to": to}));
    let not_listed = refused.iter().map(|(account, _)| &account.id);
    json!({
        "session": wish.session,
        "dry_run": args.dry_run,
        "added": outcome.added,
        "changed": outcome.changed,
        "renamed": renamed.collect::<Value>(),
        "removed": outcome.removed,
        "kept": outcome.kept,
        "by_hand": outcome.by_hand,
        "gone": outcome.gone,
        "skipped": outcome.skipped,
        "accounts_not_listed": not_listed.collect::<Vec<_>>(),
    })
}
