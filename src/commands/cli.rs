//! The command line as a whole: the verbs, how it is parsed, and how help is laid out.

use std::ffi::OsString;
use std::mem::ManuallyDrop;

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use super::can::CanArgs;
use super::complete::CompleteArgs;
use super::completions::CompletionsArgs;
use super::console::ConsoleArgs;
use super::doctor::DoctorArgs;
use super::env::EnvArgs;
use super::exec::{ExecArgs, SEPARATOR};
use super::explain::ExplainArgs;
use super::init::InitArgs;
use super::keys::KeysCommand;
use super::list::ListArgs;
use super::log::LogArgs;
use super::login::LoginArgs;
use super::logout::LogoutArgs;
use super::man::ManArgs;
use super::policy::PolicyCommand;
use super::process::ProcessArgs;
use super::profile::ProfileCommand;
use super::prompt::PromptArgs;
use super::reference::REFERENCE;
use super::sessions::SessionsArgs;
use super::setup::SetupArgs;
use super::shell::ShellArgs;
use super::sso::SsoCommand;
use super::use_::UseArgs;
use super::whoami::WhoamiArgs;
use super::write::WriteArgs;
use crate::app::options::{CredentialOptions, Global, Selected};
use crate::completion::position::LinePosition;

/// AWS credentials for SDKs, shells and child processes.
#[derive(Debug, Parser)]
#[command(
    name = "rolecall",
    version,
    propagate_version = true,
    after_help = "\
Examples:
  rolecall setup                        the first steps, asked one by one
  rolecall explain prod                 what would be done for a profile, step by step
  rolecall use prod                     switch this shell to it (once set up: rolecall init --help)
  eval \"$(rolecall env prod)\"           its credentials in this shell, without any set-up
  rolecall exec prod aws s3 ls          its credentials for one command
  rolecall shell --pick                 a shell with those of a profile that you choose from a list
  credential_process = rolecall process prod
                                        its credentials for every SDK, from ~/.aws/config"
)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// Parses the command line, and returns the verb's name too. The parser is never dropped, because
/// that takes longer than looking up a session.
///
/// # Errors
/// Returns help, the version, or what is wrong with the command line, for [`super::usage`] to show.
pub fn parse() -> Result<(Cli, String), clap::Error> {
    if let Some(cli) = process(std::env::args_os().skip(1)) {
        return Ok((cli, "process".to_owned()));
    }
    let words = separate_command(std::env::args_os().collect());
    let mut parser = ManuallyDrop::new(Cli::command());
    let mut matches = match parser.try_get_matches_from_mut(&words) {
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::DisplayHelp | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
            ) =>
        {
            with_examples_first(Cli::command()).try_get_matches_from(&words)?
        }
        Err(error) => return Err(about_command(error, &words)),
        Ok(matches) => matches,
    };
    let command = matches.subcommand_name().unwrap_or_default().to_owned();
    Cli::from_arg_matches_mut(&mut matches)
        .map(|cli| (cli, command))
        .map_err(|error| error.format(&mut parser))
}

/// `process` alone. Without the other verbs the parser is built in a fraction of the time.
#[derive(Debug, Parser)]
#[command(disable_help_flag = true, no_binary_name = true)]
struct ProcessOnly {
    #[command(flatten)]
    global: Global,
    #[command(flatten)]
    process: ProcessArgs,
}

/// Parses a valid `process …`, for which SDKs wait. The whole parser reports help and errors.
fn process(words: impl IntoIterator<Item = OsString>) -> Option<Cli> {
    let mut words = words.into_iter();
    words.next().filter(|verb| verb == "process")?;
    let words: Vec<OsString> = words.collect();
    let (global, process) = match words.as_slice() {
        // The line of most files needs no parser. Building one takes as long as looking up a
        // session.
        [word] if word.to_str().is_some_and(|word| !word.starts_with('-')) => {
            let selected = Selected { positional: word.to_str().map(str::to_owned), profile: None };
            (
                Global::default(),
                ProcessArgs {
                    credentials: CredentialOptions { selected, ..CredentialOptions::default() },
                },
            )
        }
        _ => {
            // The parser is never dropped, which would take time.
            let mut parser = ManuallyDrop::new(ProcessOnly::command());
            let mut matches = parser.try_get_matches_from_mut(words).ok()?;
            let only = ProcessOnly::from_arg_matches_mut(&mut matches).ok()?;
            (only.global, only.process)
        }
    };
    Some(Cli { global, command: Command::Process(process) })
}

/// Puts the `--` before the command of `exec` where it was left out. The first word begins the
/// command that is no option and comes after a profile. `words` begins with the program's name.
pub fn separate_command(mut words: Vec<OsString>) -> Vec<OsString> {
    if words.iter().any(|word| word == EXEC) {
        let read: Vec<String> =
            words.iter().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
        // Without the other verbs the parser is built in a fraction of the time.
        let exec = Global::augment_args(ExecArgs::augment_args(clap::Command::new(EXEC)));
        let parser = Global::augment_args(clap::Command::new("rolecall")).subcommand(exec);
        if let Some(at) = LinePosition::after(&parser, &read).unmarked_command() {
            words.insert(at + 1, OsString::from("--"));
        }
    }
    words
}

const EXEC: &str = "exec";

/// Says how a command is written where `exec` does not know an option that may be the command's.
/// clap's own advice is a `--` right before the option, which would make that the command.
fn about_command(mut error: clap::Error, words: &[OsString]) -> clap::Error {
    if error.get(ContextKind::Suggested).is_some() && words.iter().any(|word| word == EXEC) {
        let advice = format!(
            "a command that no profile is named for comes after `--`: rolecall exec {SEPARATOR} CMD"
        );
        let advice = ContextValue::StyledStrs(vec![StyledStr::from(advice)]);
        error.insert(ContextKind::Suggested, advice);
    }
    error
}

#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum Command {
    /// Print credentials as JSON for `credential_process`
    Process(ProcessArgs),
    /// Print credentials as lines for a shell or a file
    Env(EnvArgs),
    /// Run a command with credentials
    Exec(ExecArgs),
    /// Run your shell with credentials
    Shell(ShellArgs),
    /// Switch this shell to a profile
    Use(UseArgs),
    /// Print the shell side: what makes `use` work
    Init(InitArgs),
    /// Print one short line for a shell's prompt
    Prompt(PromptArgs),
    /// Show who a profile's credentials belong to
    Whoami(WhoamiArgs),
    /// Show what a profile's role or user may do
    Can(CanArgs),
    /// Open AWS's console in the browser as a profile
    Console(ConsoleArgs),
    /// Write a session into the credentials file, for tools that read only that
    Write(WriteArgs),
    /// Show the way from a profile to its credentials, without going it
    Explain(ExplainArgs),
    /// List the profiles
    List(ListArgs),
    /// Show what was handed out: when, of which role, and which process asked
    Log(LogArgs),
    /// Show or forget the sessions that are kept
    Sessions(SessionsArgs),
    /// Fetch sessions, and ask for what they need, ahead of time
    Login(LoginArgs),
    /// Forget the sessions that are kept
    Logout(LogoutArgs),
    /// Log in at IAM Identity Center, and use what it assigns
    #[command(subcommand)]
    Sso(SsoCommand),
    /// Keep what proves who you are
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Show and edit the shared files
    #[command(subcommand)]
    Profile(ProfileCommand),
    /// Take the first steps: questions, from nothing to a profile that works
    Setup(SetupArgs),
    /// Check files, store, clock, endpoints and profiles
    Doctor(DoctorArgs),
    /// Print the policies that a role and its caller need
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Print a script that completes verbs, options and profiles
    Completions(CompletionsArgs),
    /// Write the manual pages into a folder
    Man(ManArgs),
    /// Answer the scripts that `completions` prints
    #[command(name = "__complete", hide = true)]
    Complete(CompleteArgs),
}

/// The layout of help: examples come first, because they teach more than a list of options.
const HELP: &str = "{about}{after-help}\n\n{usage-heading} {usage}\n\n{all-args}";

/// Lays out the help of a command and of every verb below it. It builds them all, so it is called
/// only when help is shown.
fn with_examples_first(command: clap::Command) -> clap::Command {
    lay_out(command).help_template(format!("{HELP}\n\n{REFERENCE}"))
}

fn lay_out(mut command: clap::Command) -> clap::Command {
    command.build();
    let verbs: Vec<String> =
        command.get_subcommands().map(|verb| verb.get_name().to_owned()).collect();
    verbs
        .into_iter()
        .fold(command.help_template(HELP), |command, verb| command.mut_subcommand(verb, lay_out))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_of_exec_begins_at_first_plain_word_after_profile() {
        for (typed, meant) in [
            ("exec prod aws s3 ls", "exec prod -- aws s3 ls"),
            ("exec prod aws s3 ls --profile x", "exec prod -- aws s3 ls --profile x"),
            ("exec prod ls -la", "exec prod -- ls -la"),
            ("exec prod ls -- -la", "exec prod -- ls -- -la"),
            ("exec prod exec prod", "exec prod -- exec prod"),
            ("exec prod use -", "exec prod -- use -"),
            ("exec prod -", "exec prod -- -"),
            (
                "exec prod --duration 15m a --duration x",
                "exec prod --duration 15m -- a --duration x",
            ),
            ("exec prod --duration=15m a", "exec prod --duration=15m -- a"),
            ("exec --duration 15m prod a", "exec --duration 15m prod -- a"),
            (
                "exec --tag k=v --read-only prod -vv -q a -q",
                "exec --tag k=v --read-only prod -vv -q -- a -q",
            ),
            (
                "-q --color never exec prod --color always a",
                "-q --color never exec prod --color always -- a",
            ),
            ("exec -p prod aws s3", "exec -p prod -- aws s3"),
            ("exec -pprod aws s3", "exec -pprod -- aws s3"),
            ("exec -vp prod aws -p x", "exec -vp prod -- aws -p x"),
            ("exec --profile prod --refresh aws", "exec --profile prod --refresh -- aws"),
            ("exec --profile=prod aws", "exec --profile=prod -- aws"),
            ("exec -i pro aws", "exec -i pro -- aws"),
            // As typed: it is there, or there is no command.
            ("exec prod -- aws s3", "exec prod -- aws s3"),
            ("exec -- aws s3", "exec -- aws s3"),
            ("exec -p prod -- aws", "exec -p prod -- aws"),
            ("exec prod", "exec prod"),
            ("exec prod --help", "exec prod --help"),
            ("exec prod --duration aws", "exec prod --duration aws"),
            ("exec", "exec"),
            ("shell prod exec prod a", "shell prod exec prod a"),
            ("explain exec prod", "explain exec prod"),
            ("help exec prod a", "help exec prod a"),
        ] {
            let words = format!("rolecall {typed}").split(' ').map(OsString::from).collect();
            let meant: Vec<OsString> =
                format!("rolecall {meant}").split(' ').map(OsString::from).collect();
            assert_eq!(separate_command(words), meant, "{typed}");
        }
    }

    #[test]
    fn process_alone_parses_as_among_all_verbs() {
        for (words, read) in [
            (&["process"][..], true),
            (&["process", "prod"], true),
            (&["process", "größer als $(x)"], true),
            (&["process", ""], true),
            (&["process", "help"], true),
            (&["process", "-p", "prod", "-v"], true),
            (
                &[
                    "process",
                    "prod",
                    "--no-input",
                    "-q",
                    "-vv",
                    "--color",
                    "never",
                    "--duration",
                    "1h",
                    "--tag",
                    "a=b",
                    "--tag",
                    "c=d",
                ],
                true,
            ),
            (&["process", "-"], true),
            (&["process", "--", "-x"], true),
            (&["process", "--help"], false),
            (&["process", "-x"], false),
            (&["process", "prod", "other"], false),
            (&["env", "prod"], false),
            (&[], false),
        ] {
            let alone = process(words.iter().map(OsString::from));
            assert_eq!(alone.is_some(), read, "{words:?}");
            if let Some(alone) = alone {
                let whole = Cli::try_parse_from([&["rolecall"], words].concat()).unwrap();
                assert_eq!(format!("{alone:?}"), format!("{whole:?}"));
            }
        }
    }
}
