//! The verbs that change a shell, or make it know rolecall.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;

use crate::app::options::{Credentials, side};
use crate::shell::Side;

/// Switch this shell to a profile
///
/// A profile that every SDK resolves through `credential_process = rolecall process …` is switched
/// by AWS_PROFILE alone, and so renews itself. For others the shell holds keys, which it renews
/// before a command when little time is left and nobody has to be asked. A shell that is started
/// from this one begins without them, unless --keep was said; programs inherit them.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rolecall use prod                     switch this shell
  rolecall use -                        go back to what it had before
  rolecall use --off                    clear
  rolecall use prod --read-only         prod, but only to look
  rolecall use --keep prod              shells started from here keep it

It needs the shell side, once: rolecall init --help",
    mut_arg("positional", |arg| arg.help("The profile, or `-` for what the shell had before")))]
pub struct Use {
    /// Clear: this shell gets back the profile and region that it had before
    #[arg(long, conflicts_with_all = ["positional", "profile", "keep"])]
    pub off: bool,
    /// Shells that are started from this one keep it
    #[arg(long)]
    pub keep: bool,
    /// What the hook of the shell side says
    #[arg(long, hide = true, conflicts_with_all = ["positional", "profile", "keep", "off"])]
    pub renew: bool,
    #[command(flatten)]
    pub credentials: Credentials,
}

/// Print the shell side: what makes `use` work
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ~/.bashrc                     eval \"$(rolecall init bash)\"
  ~/.zshrc                      eval \"$(rolecall init zsh)\"
  ~/.config/fish/config.fish    rolecall init fish | source
  $PROFILE                      Invoke-Expression (& rolecall init powershell | Out-String)
  ~/.config/elvish/rc.elv       eval (rolecall init elvish | slurp)
  nushell, once                 mkdir $nu.user-autoload-dirs.0; rolecall init nushell | save -f ($nu.user-autoload-dirs.0 | path join rolecall.nu)

Each stands at the end of its file, and brings the completions too. With --prompt the shell's prompt shows what is active.")]
pub struct Init {
    /// bash, zsh, fish, powershell, nushell or elvish
    #[arg(value_name = "SHELL", value_parser = side)]
    pub shell: Side,
    /// Show profile, account and time left in the shell's prompt
    #[arg(long)]
    pub prompt: bool,
}

/// Print one short line for a shell's prompt
///
/// Profile, account and time left, from the environment and what rolecall knows without opening the
/// store; nothing when no profile is active. Colours and account names come from the sections
/// `colors` and `accounts` of settings.ini.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  eval \"$(rolecall init zsh --prompt)\"   let the shell side show it
  rolecall prompt --json                  for prompt programs")]
pub struct Prompt {
    /// Shell whose prompt it stands in, so that colours and odd names do no harm there
    #[arg(long, value_name = "NAME", value_parser = side, conflicts_with = "json")]
    pub shell: Option<Side>,
    /// Print one JSON object, `null` when no profile is active
    #[arg(long)]
    pub json: bool,
}

/// Print a script that completes verbs, options and profiles
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  source <(rolecall completions bash)                         in ~/.bashrc; for zsh in ~/.zshrc, after compinit
  rolecall completions fish > ~/.config/fish/completions/rolecall.fish
  rolecall completions powershell | Out-String | Invoke-Expression
  rolecall completions nushell | save -f ~/.config/nushell/rolecall.nu
                                                              then in config.nu: source ~/.config/nushell/rolecall.nu
  eval (rolecall completions elvish | slurp)                  in rc.elv")]
pub struct Completions {
    /// bash, zsh, fish, powershell, nushell or elvish
    #[arg(value_name = "SHELL", value_parser = side)]
    pub shell: Side,
}

/// Answer the scripts that `completions` prints
#[derive(Debug, Args)]
pub struct Complete {
    #[arg(value_parser = side)]
    pub shell: Side,
    #[arg(last = true)]
    pub words: Vec<OsString>,
}

/// Write the manual pages into a folder
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rolecall man ~/.local/share/man/man1
  man rolecall-exec")]
pub struct Man {
    /// The folder, made where it is missing
    #[arg(value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    pub folder: PathBuf,
}
