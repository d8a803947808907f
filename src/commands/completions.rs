//! `rolecall completions SHELL`: prints the script with which a shell completes.

use clap::Args;

use crate::completion::script;
use crate::error::Result;
use crate::output::print;
use crate::shell::IntegratedShell;

/// Print a script that completes verbs, options and profiles
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  eval \"$(rolecall completions bash)\"                         in ~/.bashrc
  eval \"$(rolecall completions zsh)\"                          in ~/.zshrc, after compinit
  rolecall completions fish > ~/.config/fish/completions/rolecall.fish
  rolecall completions powershell | Out-String | Invoke-Expression
  rolecall completions nushell | save -f ~/.config/nushell/rolecall.nu
                                                              then in config.nu: \
source ~/.config/nushell/rolecall.nu
  eval (rolecall completions elvish | slurp)                  in rc.elv")]
pub struct CompletionsArgs {
    /// bash, zsh, fish, powershell, nushell or elvish
    #[arg(value_name = "SHELL", value_parser = IntegratedShell::parse_typed)]
    pub shell: IntegratedShell,
}

pub fn run(args: &CompletionsArgs) -> Result<()> {
    print(script(args.shell))
}
