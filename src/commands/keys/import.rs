//! `rolecall keys import`: moves long-term keys from plain text into the store. A secret leaves its
//! file only after the store has given it back and AWS has accepted what it gave.

use clap::Args;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::checks::{caller_identity, facts, target};
use super::keep::{is_same, keep};
use super::lines::ProfileLines;
use super::plan::{Wanted, key_lines, leads_to, planned};
use crate::app::call::AskPolicy;
use crate::app::context::Context;
use crate::app::options::Several;
use crate::app::service::CredentialsService;
use crate::app::stores::StoreOpener;
use crate::aws::names::AccessKeyId;
use crate::aws::{Credentials, LongTermKeys, key_pair};
use crate::chain::process_command::hides_process;
use crate::chain::{Chain, keys};
use crate::config::document::FileKind;
use crate::config::profiles::{Profile, Profiles};
use crate::error::{Error, FileLine, Kind, Result};
use crate::hint;
use crate::output::{print, print_line, table};
use crate::store::StoreName;
use crate::store::access_keys::StoredAccessKeys;
use crate::system::exit::Exit;
use crate::system::report::Report;

/// Move access keys from the shared files, where they lie in plain text, into the store
///
/// Each secret is verified with AWS, kept, read back, verified again, and only then taken out of its
/// file, whose other lines stay. A profile that fails keeps its keys where they were, and keeps none
/// of the others from it; the exit code is 1 then.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rolecall keys import --all --dry-run                what would be moved
  rolecall keys import dev
  rolecall keys import --all --store file

No copy of a secret is left in a file. To get one back: rolecall keys remove PROFILE forgets the \
store's, and AWS makes new ones.")]
pub struct KeysImportArgs {
    #[command(flatten)]
    pub selected: Several,
    /// Every profile that holds long-term keys
    #[arg(long, conflicts_with_all = ["positional", "profile"])]
    pub all: bool,
    /// Show what would be moved, and change nothing
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

/// What came of a profile.
struct Outcome {
    profile: String,
    access_key_id: Option<String>,
    result: Result<Moved>,
}

#[derive(Clone, Copy)]
enum Moved {
    Yes,
    /// It is a dry run.
    Would,
}

pub fn run(service: &CredentialsService, args: &KeysImportArgs) -> Result<Exit> {
    let context = service.context();
    let target = target(&context.settings, args.store)?;
    let profiles = context.profiles()?;
    let names = chosen(&profiles, args)?;
    let stored = StoreOpener::new(context, &context.ui, AskPolicy::Allowed).access_keys(args.store);
    let import = Import { service, args, target, stored };
    let mut outcomes = Vec::new();
    for (done, name) in names.iter().enumerate() {
        context.ui.progress(&format!("{} of {}: {name} …", done + 1, names.len()));
        let profile = profiles.profile(name).ok().flatten();
        let id = profile.and_then(|p| p.value(keys::ACCESS_KEY_ID).map(str::to_owned));
        let result = import.one(name);
        if let Err(error) = &result {
            if error.kind() == Kind::Interrupted {
                return Err(error.clone());
            }
            context.ui.error(error);
        }
        outcomes.push(Outcome { profile: name.clone(), access_key_id: id, result });
    }
    show(context, args, &outcomes)?;
    let has_failed = outcomes.iter().any(|outcome| outcome.result.is_err());
    Ok(if has_failed { Exit::from(Kind::Failed.exit_code()) } else { Exit::SUCCESS })
}

/// Returns the profiles that are meant.
fn chosen(profiles: &Profiles, args: &KeysImportArgs) -> Result<Vec<String>> {
    let names = args.selected.names();
    if let Some(name) = names.iter().find(|name| matches!(profiles.profile(name), Ok(None))) {
        return Err(profiles.unknown(name));
    }
    if args.all {
        let holds_keys = |name: &&str| {
            let profile = profiles.profile(name).ok().flatten();
            profile.is_some_and(|p| p.get(keys::SECRET_ACCESS_KEY).is_some() && !has_token(&p))
        };
        return Ok(profiles.names().filter(holds_keys).map(str::to_owned).collect());
    }
    if names.is_empty() {
        return Err(Error::usage("which profiles are meant? name them, or give --all")
            .hint("see what would be moved: rolecall keys import --all --dry-run"));
    }
    Ok(names.into_iter().map(str::to_owned).collect())
}

fn has_token(profile: &Profile) -> bool {
    [keys::SESSION_TOKEN, keys::SECURITY_TOKEN].iter().any(|key| profile.get(key).is_some())
}

/// Reads the pair of a profile.
fn pair_of(profile: &Profile) -> Result<LongTermKeys> {
    let name = &profile.name;
    let id = profile.get(keys::ACCESS_KEY_ID);
    let (Some(id), Some(secret)) = (id, profile.get(keys::SECRET_ACCESS_KEY)) else {
        let what = format!("profile `{name}` holds no pair of keys in plain text");
        return Err(Error::misconfigured(&profile.place, what)
            .about(name)
            .hint(format!("see what it holds: {}", hint::command("explain", name))));
    };
    if has_token(profile) {
        let what = format!("profile `{name}` holds a session, which ends by itself");
        return Err(Error::misconfigured(&id.place, what)
            .about(name)
            .hint("see which profiles have long-term keys: rolecall keys import --all --dry-run"));
    }
    key_pair::pair(&id.value, &secret.value).map_err(|what| {
        Error::misconfigured(&id.place, what)
            .about(name)
            .hint(format!("see what it holds: {}", hint::command("explain", name)))
    })
}

/// What holds for all profiles of one call.
struct Import<'a> {
    service: &'a CredentialsService,
    args: &'a KeysImportArgs,
    target: StoreName,
    stored: StoredAccessKeys<'a>,
}

impl Import<'_> {
    /// Moves the keys of a profile.
    fn one(&self, name: &str) -> Result<Moved> {
        let context = self.service.context();
        // The files are others after each profile.
        let profiles = context.profiles()?;
        let profile = profiles.profile(name)?.ok_or_else(|| profiles.unknown(name))?;
        let given = pair_of(&profile)?;
        let id = AccessKeyId::new(&given.access_key_id);
        let added = self.added(&profile, &id)?;
        let gone = gone(&profiles, &profile, &given);
        let mut after = added.preview(&profiles)?;
        for lines in &gone {
            after = lines.preview(&after)?;
        }
        let again = hint::command("keys import", name);
        let place = profile.get(keys::ACCESS_KEY_ID).map(|property| &property.place);
        let wanted = Wanted { profile: name, id: &id, place, again: &again };
        let chain = planned(context, &after, &wanted)?;
        check_sdks(&chain)?;
        if self.args.dry_run {
            return Ok(Moved::Would);
        }
        let is_new = self.keep_verified(&chain, &id, &given)?;
        if let Err((error, files)) = write(context, &added, &gone) {
            if is_new && files == Files::AsBefore {
                self.stored.remove(&id)?;
            }
            return Err(error);
        }
        for place in left_over(&context.profiles()?, &given.secret_access_key) {
            context.ui.warn(&format!("{place}: the secret of {id} stands here too"));
        }
        Ok(Moved::Yes)
    }

    /// Returns the lines that name the keys.
    fn added(&self, profile: &Profile, id: &AccessKeyId) -> Result<ProfileLines> {
        let process = profile.get(keys::CREDENTIAL_PROCESS);
        if let Some(process) = process.filter(|process| !leads_to(&process.value, &profile.name)) {
            let what = format!("profile `{}` has a credential_process too", profile.name);
            return Err(Error::misconfigured(&process.place, what)
                .about(&profile.name)
                .hint(format!("see the way: {}", hint::command("explain", &profile.name))));
        }
        if let Some(other) = profile.get(keys::STORED_KEY_ID).filter(|stored| *stored.value != **id)
        {
            let what = format!("profile `{}` names other keys in the store", profile.name);
            return Err(Error::misconfigured(&other.place, what)
                .about(&profile.name)
                .hint(format!("forget those: {}", hint::command("keys remove", &profile.name))));
        }
        let region = self.args.region.as_deref().filter(|_| profile.get(keys::REGION).is_none());
        key_lines(Some(profile), &profile.name, id, region)
    }

    /// Verifies keys, keeps them, and verifies what the store gives back. Returns whether the store
    /// did not have them before.
    fn keep_verified(&self, chain: &Chain, id: &AccessKeyId, given: &LongTermKeys) -> Result<bool> {
        let again = hint::command("keys import", chain.name());
        let before = self.stored.existing(id, self.target)?;
        let verify = |keys: &LongTermKeys| {
            let keys = Credentials::LongTerm(keys.clone());
            caller_identity(self.service, chain, &keys, &again)
        };
        let identity = verify(given)?;
        if before.as_ref().is_some_and(|before| is_same(before, given)) {
            return Ok(false);
        }
        let verified = keep(&self.stored, (id, given), self.target, facts(Some(&identity)))
            .and_then(|kept| verify(&kept));
        if verified.is_err() && before.is_none() {
            self.stored.remove(id)?;
        }
        verified.map(|_| before.is_none())
    }
}

/// Refuses a profile that SDKs would not ask rolecall for.
fn check_sdks(chain: &Chain) -> Result<()> {
    let Some(profile) = &chain.subject.profile else { return Ok(()) };
    let Some(other) = hides_process(profile) else { return Ok(()) };
    let name = &profile.name;
    let what = format!(
        "profile `{name}` has {}, so SDKs would not ask rolecall once its keys are gone",
        other.key
    );
    Err(Error::misconfigured(&other.place, what)
        .about(name)
        .hint(format!("see the way: {}", hint::command("explain", name))))
}

/// Returns the lines that go: the pair in each file that has a half of it.
fn gone(profiles: &Profiles, profile: &Profile, given: &LongTermKeys) -> Vec<ProfileLines> {
    let pair = [keys::ACCESS_KEY_ID, keys::SECRET_ACCESS_KEY];
    let has_half = |file: &FileKind| {
        let mut properties = profiles.document(*file).properties_of(&profile.name);
        properties.any(|property| pair.contains(&property.key.as_str()))
    };
    let lines = |file| ProfileLines {
        file,
        profile: profile.name.to_string(),
        set: Vec::new(),
        unset: pair.to_vec(),
        expected: vec![
            (keys::ACCESS_KEY_ID, SecretString::from(given.access_key_id.as_str())),
            (keys::SECRET_ACCESS_KEY, given.secret_access_key.clone()),
        ],
    };
    [FileKind::Credentials, FileKind::Config].into_iter().filter(has_half).map(lines).collect()
}

/// What became of the shared files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Files {
    AsBefore,
    Changed,
}

/// Writes the new lines, and then takes the old ones out, so that the profile has its keys at any
/// moment.
fn write(
    context: &Context,
    added: &ProfileLines,
    gone: &[ProfileLines],
) -> Result<(), (Error, Files)> {
    let written = added.write(context).map_err(|error| (error, Files::AsBefore))?;
    for (before, lines) in gone.iter().enumerate() {
        if let Err(error) = lines.write(context) {
            // What is gone from a file is in the store alone.
            let is_undone = before == 0 && written.undo(context).is_ok();
            return Err((error, if is_undone { Files::AsBefore } else { Files::Changed }));
        }
    }
    Ok(())
}

/// Returns the lines of both files that still hold a secret: those of other profiles, and comments.
fn left_over(profiles: &Profiles, secret: &SecretString) -> Vec<FileLine> {
    let secret = secret.expose_secret().as_bytes();
    let in_file = |file: FileKind| {
        let document = profiles.document(file);
        let lines = document.bytes().split(|byte| *byte == b'\n').zip(1..);
        let found = lines.filter(|(line, _)| line.windows(secret.len()).any(|w| w == secret));
        let place = |(_, line)| FileLine { path: document.path.clone(), line };
        found.map(place).collect::<Vec<_>>()
    };
    [FileKind::Config, FileKind::Credentials].into_iter().flat_map(in_file).collect()
}

fn show(context: &Context, args: &KeysImportArgs, outcomes: &[Outcome]) -> Result<()> {
    let word = |outcome: &Outcome| match outcome.result {
        Ok(Moved::Yes) => "moved",
        Ok(Moved::Would) => "would be moved",
        Err(_) => "failed",
    };
    if args.json {
        let json = |outcome: &Outcome| {
            json!({
                "profile": outcome.profile,
                "access_key_id": outcome.access_key_id,
                "result": word(outcome).replace(' ', "_"),
                "error": outcome.result.as_ref().err().map(ToString::to_string),
            })
        };
        return print_line(outcomes.iter().map(json).collect::<Value>());
    }
    if outcomes.is_empty() {
        context.ui.note("no profile holds long-term keys in plain text");
        return Ok(());
    }
    let cells = |outcome: &Outcome| {
        let id = table::or_dash(outcome.access_key_id.as_deref());
        vec![outcome.profile.clone(), id, word(outcome).to_owned()]
    };
    let rows: Vec<_> = outcomes.iter().map(cells).collect();
    print(&table::plain(&["PROFILE", "ACCESS KEY", "RESULT"], &rows))
}
