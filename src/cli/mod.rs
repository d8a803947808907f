//! What can be typed: clap types only, no decisions.

mod hand_out;
mod in_shell;
mod keep;
mod look;

use std::ffi::OsString;
use std::mem::ManuallyDrop;

use clap::error::ErrorKind;
use clap::{ArgAction, Args, CommandFactory, FromArgMatches, Parser, Subcommand};

pub use self::hand_out::*;
pub use self::in_shell::*;
pub use self::keep::*;
pub use self::look::*;
pub use crate::app::options::{Credentials, Pick, Role, Selected};
use crate::text::color::ColorChoice;

/// AWS credentials for SDKs, shells and child processes.
#[derive(Debug, Parser)]
#[command(
    name = "rolecall",
    version,
    propagate_version = true,
    after_help = "\
Examples:
  rolecall explain prod                 what would be done for a profile, step by step
  rolecall use prod                     switch this shell to it (once set up: rolecall init --help)
  eval \"$(rolecall env prod)\"           its credentials in this shell, without any set-up
  rolecall exec prod -- aws s3 ls       its credentials for one command
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

/// Parses the command line as `Parser::try_parse` does, and returns the verb's name too, but leaves
/// the parser to the end of the process: taking it apart costs more than looking a session up.
///
/// # Errors
/// Returns help, the version, or what is wrong with the command line, for [`crate::commands::usage`]
/// to show.
pub fn parse() -> Result<(Cli, String), clap::Error> {
    if let Some(cli) = process(std::env::args_os().skip(1)) {
        return Ok((cli, "process".to_owned()));
    }
    let mut parser = ManuallyDrop::new(Cli::command());
    let mut matches = match parser.try_get_matches_from_mut(std::env::args_os()) {
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::DisplayHelp | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
            ) =>
        {
            with_examples_first(Cli::command()).try_get_matches_from(std::env::args_os())?
        }
        other => other?,
    };
    let command = matches.subcommand_name().unwrap_or_default().to_owned();
    Cli::from_arg_matches_mut(&mut matches)
        .map(|cli| (cli, command))
        .map_err(|error| error.format(&mut parser))
}

/// `process` alone: without the other verbs the parser is made in a fraction of the time.
#[derive(Debug, Parser)]
#[command(disable_help_flag = true, no_binary_name = true)]
struct ProcessOnly {
    #[command(flatten)]
    global: Global,
    #[command(flatten)]
    process: Process,
}

/// Reads a right `process …`, which SDKs wait for. Help, and what is wrong, is for the whole parser
/// to say.
fn process(words: impl IntoIterator<Item = OsString>) -> Option<Cli> {
    let mut words = words.into_iter();
    words.next().filter(|verb| verb == "process")?;
    let words: Vec<OsString> = words.collect();
    let (global, process) = match words.as_slice() {
        // What stands in most files needs no parser, whose making takes as long as looking a
        // session up.
        [word] if word.to_str().is_some_and(|word| !word.starts_with('-')) => {
            let selected = Selected { positional: word.to_str().map(str::to_owned), profile: None };
            (
                Global::default(),
                Process { credentials: Credentials { selected, ..Credentials::default() } },
            )
        }
        _ => {
            // Taking the parser apart is left to the end of the process.
            let mut parser = ManuallyDrop::new(ProcessOnly::command());
            let mut matches = parser.try_get_matches_from_mut(words).ok()?;
            let only = ProcessOnly::from_arg_matches_mut(&mut matches).ok()?;
            (only.global, only.process)
        }
    };
    Some(Cli { global, command: Command::Process(process) })
}

#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Explain on stderr what is decided and why, with secrets left out
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
    /// Leave out warnings and hints
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// When to use colours (NO_COLOR and CLICOLOR_FORCE are honoured)
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub color: ColorChoice,
    /// Never ask anything: exit 4 instead (also ROLECALL_NO_INPUT=1)
    #[arg(long, global = true)]
    pub no_input: bool,
}

#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum Command {
    /// Print credentials as JSON for `credential_process`
    Process(Process),
    /// Print credentials as lines for a shell or a file
    Env(Env),
    /// Run a command with credentials
    Exec(Exec),
    /// Run your shell with credentials
    Shell(ShellCommand),
    /// Switch this shell to a profile
    Use(Use),
    /// Print the shell side: what makes `use` work
    Init(Init),
    /// Print one short line for a shell's prompt
    Prompt(Prompt),
    /// Show who a profile's credentials belong to
    Whoami(Whoami),
    /// Show the way from a profile to its credentials, without going it
    Explain(Explain),
    /// List the profiles
    List(List),
    /// Show what was handed out: when, of which role, and which process asked
    Log(Log),
    /// Show or forget the sessions that are kept
    Sessions(Sessions),
    /// Fetch sessions, and ask for what they need, ahead of time
    Login(Login),
    /// Forget the sessions that are kept
    Logout(Logout),
    /// Keep what proves who you are
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Look at the shared files
    #[command(subcommand)]
    Profile(ProfileCommand),
    /// Check files, store, clock, endpoints and profiles
    Doctor(Doctor),
    /// Print the policies that a role and its caller need
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Print a script that completes verbs, options and profiles
    Completions(Completions),
    /// Write the manual pages into a folder
    Man(Man),
    /// Answer the scripts that `completions` prints
    #[command(name = "__complete", hide = true)]
    Complete(Complete),
}

/// How help is laid out: examples first, because they teach more than a list of options.
const HELP: &str = "{about}{after-help}\n\n{usage-heading} {usage}\n\n{all-args}";

/// What holds for every verb, at the end of `rolecall --help` and in the manual page rolecall(1).
pub const REFERENCE: &str = "\
Settings:
  ~/.config/rolecall/settings.ini holds lines such as `log = false`:
  store                 where sessions are kept: keyring, keyutils, file or none
  min_ttl               how long a cached session must live, as --min-ttl
  process_timeout       how long a credential_process or mfa_process may run (default: 60)
  lock_timeout          how long to wait for another process that gets credentials from the same keys (default: 5m30s)
  mfa_session_duration  how long a session with MFA lives, 15m to 36h (default: 12h; 0 for none)
  prompt                the ways to ask, in their order (default: process,seed,ykman,tty,pinentry,dialog)
  prompt_timeout        how long a person is waited for (default: 5m)
  pinentry              the pinentry to ask with
  allow_yes             true: --yes may confirm what rolecall_confirm asks
  log                   false: what is handed out is not logged
  shell_renew           false: a shell does not renew the keys that it holds
  color, no_input, quiet
                        as the options
  The section [colors] has lines such as `*prod* = red` for names of profiles, [accounts] lines such as `222222222222 = Production`.

Environment:
  AWS_PROFILE, AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE, AWS_REGION and the others of the SDKs
  ROLECALL_STORE            the store, before the setting
  ROLECALL_FILE_PASSPHRASE  opens the store `file`
  ROLECALL_CONFIG           another settings.ini
  ROLECALL_PROMPT           the ways to ask, before the setting
  ROLECALL_NO_INPUT=1       as --no-input

Exit codes:
  0 done, 1 failed or denied by AWS, 2 usage, 3 configuration, 4 needs a person and none can be asked, 5 the store failed,
  130 interrupted; `exec` and `shell` pass on those of the command";

/// Lays out the help of a command and of every verb below it. Only for who asks for help, since it
/// builds them all.
pub fn with_examples_first(command: clap::Command) -> clap::Command {
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
    fn process_is_read_as_it_is_among_the_other_verbs() {
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
