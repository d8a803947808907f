//! `rolecall setup`: the first steps, asked one by one. Each step calls what the verbs call, shows
//! what it would write and asks for a yes, so that it can be left at any question.

mod ask;
mod keys;
mod role;
mod shell_line;
mod sign_in;

use clap::Args;

use self::ask::{Ask, nobody};
use super::keys::import::in_plain_text;
use crate::app::choice::Choice;
use crate::app::service::CredentialsService;
use crate::config::profiles::Profiles;
use crate::error::{Error, Kind, Result};
use crate::hint;

/// Take the first steps: questions, from nothing to a profile that works
///
/// Asks how you sign in (IAM Identity Center, access keys, keys in plain text to move, a role to
/// assume), and offers the shell's line. What would be written is shown first, and written after a
/// yes. It can be left at any question (Ctrl-C) and taken up again: what is there already is said
/// and left alone.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rolecall setup

Without a terminal, the same by commands:
  rolecall profile add --sso-session corp sso_start_url=https://corp.awsapps.com/start \
sso_region=eu-west-1
  rolecall sso login corp
  rolecall sso sync corp --region eu-west-1
  rolecall keys add dev --csv FILE --region eu-west-1
  rolecall keys import --all
  rolecall profile add prod rolecall_role_arn=ARN rolecall_source_profile=dev \
'credential_process=rolecall process prod'
  rolecall init --help")]
pub struct SetupArgs {}

/// How a person gets credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    SignIn,
    AddKeys,
    MoveKeys,
    AssumeRole,
    GoOn,
}

pub fn run(service: &CredentialsService, _: &SetupArgs) -> Result<()> {
    let context = service.context();
    if context.terminal().is_none() {
        return Err(nobody(context));
    }
    let ask = Ask::new(context);
    let mut made = None;
    loop {
        let profiles = context.profiles()?;
        let step = match choose_way(&ask, &profiles, made.is_some())? {
            Way::SignIn => sign_in::step(service, &ask),
            Way::AddKeys => keys::add_step(service, &ask),
            Way::MoveKeys => keys::move_step(service, &ask),
            Way::AssumeRole => role::step(&ask),
            Way::GoOn => break,
        };
        match step {
            Ok(profile) => made = profile.or(made),
            Err(error) if matches!(error.kind(), Kind::Interrupted | Kind::NeedsPerson) => {
                return Err(error);
            }
            // The person may correct it, or take another way.
            Err(error) => context.ui.error(&error),
        }
    }
    shell_line::step(&ask)?;
    say_next(&ask, made)
}

/// Signs in at a session, and makes profiles of what it may use.
///
/// # Errors
/// As `rolecall setup`, and where no profile was made.
pub fn sign_in(service: &CredentialsService, session: &str) -> Result<()> {
    let ask = Ask::new(service.context());
    match sign_in::profiles_of(service, &ask, session)? {
        Some(_) => Ok(()),
        None => Err(Error::new(Kind::Interrupted, "no profile was made")),
    }
}

fn choose_way(ask: &Ask, profiles: &Profiles, has_made: bool) -> Result<Way> {
    let about = |name: &str, about: String| Choice { name: name.to_owned(), about };
    let count = profiles.names().count();
    let in_plain_text = in_plain_text(profiles).len();
    let mut ways = vec![
        (Way::SignIn, about("sso", "sign in by IAM Identity Center, in the browser".to_owned())),
        (Way::AddKeys, about("keys", "keep an IAM user's access key in the store".to_owned())),
    ];
    if in_plain_text > 0 {
        let what = format!("move keys into the store that lie in plain text ({in_plain_text})");
        ways.push((Way::MoveKeys, about("move", what)));
    }
    if count > 0 {
        ways.push((Way::AssumeRole, about("role", "assume a role from a profile".to_owned())));
    }
    let rest = if has_made || count > 0 { "nothing more" } else { "nothing of these" };
    ways.push((Way::GoOn, about("end", format!("{rest}: only the shell's line"))));
    ask.say(&match count {
        0 => "\nThere is no profile yet.".to_owned(),
        1 => "\nThere is 1 profile.".to_owned(),
        _ => format!("\nThere are {count} profiles."),
    });
    let question = if has_made { "What else?" } else { "How do you sign in?" };
    let (ways, choices): (Vec<Way>, Vec<Choice>) = ways.into_iter().unzip();
    Ok(ways[ask.choose(question, &choices)?])
}

/// Says what to type next.
fn say_next(ask: &Ask, made: Option<String>) -> Result<()> {
    let profiles = ask.context.profiles()?;
    let Some(name) = made.or_else(|| profiles.names().next().map(str::to_owned)) else {
        ask.say("\nThere is no profile yet; take it up again: rolecall setup");
        return Ok(());
    };
    let (who, switch) = (hint::command("whoami", &name), hint::command("use", &name));
    ask.say(&format!("\nType next:\n  {who}\n  {switch}"));
    Ok(())
}
