//! `rolecall init`: the shell side as text. Reads no file and starts nothing, because
//! every new shell waits for it.

use clap::Args;

use crate::error::Result;
use crate::output::print;
use crate::shell::IntegratedShell;

/// Print the shell side: what makes `use` work
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ~/.bashrc                     eval \"$(rolecall init bash)\"
  ~/.zshrc                      eval \"$(rolecall init zsh)\"
  ~/.config/fish/config.fish    rolecall init fish | source
  $PROFILE                      Invoke-Expression (& rolecall init powershell | Out-String)
  ~/.config/elvish/rc.elv       eval (rolecall init elvish | slurp)
  nushell, once                 mkdir $nu.user-autoload-dirs.0; rolecall init nushell | save -f \
($nu.user-autoload-dirs.0 | path join rolecall.nu)

Each stands at the end of its file, and brings the completions too. With --prompt the \
shell's prompt shows what is active.")]
pub struct InitArgs {
    /// bash, zsh, fish, powershell, nushell or elvish
    #[arg(value_name = "SHELL", value_parser = IntegratedShell::parse_typed)]
    pub shell: IntegratedShell,
    /// Show profile, account and time left in the shell's prompt
    #[arg(long)]
    pub prompt: bool,
}

pub fn run(args: &InitArgs) -> Result<()> {
    let (integrated_shell, prompt) = args.shell.scripts();
    let completions = crate::completion::script(args.shell);
    print(&if args.prompt {
        format!("{integrated_shell}\n{completions}\n{prompt}")
    } else {
        format!("{integrated_shell}\n{completions}")
    })
}
