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
shell's prompt shows what is active.
Packages have the same text as files, which a shell reads without starting a process: \
source /usr/share/rolecall/shell/rolecall.bash")]
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What bash has learned since 3.2, which is the bash of macOS.
    const NEWER_THAN_3_2: [&str; 24] = [
        "mapfile",
        "readarray",
        "coproc",
        "declare -A",
        "local -A",
        "typeset -A",
        "declare -g",
        "declare -n",
        "local -n",
        "local -\n",
        "local - ",
        "wait -n",
        "read -N",
        "printf -v __rolecall_now '%(",
        "EPOCHSECONDS",
        "EPOCHREALTIME",
        "BASHPID",
        "compopt",
        "&>>",
        "|&",
        ";&",
        "^^",
        ",,}",
        "@Q}",
    ];
    /// Lines that older ones never run, or may fail at.
    const GUARDED: [&str; 8] = [
        "mapfile -t answer < <(_rolecall_ask \"$2\")",
        "\\builtin local - 2>/dev/null || \\builtin :",
        "if [[ -n ${EPOCHSECONDS-} ]]; then",
        "__rolecall_now=$EPOCHSECONDS",
        "\\builtin printf -v __rolecall_now '%(%s)T' -1 2>/dev/null || \
         __rolecall_now=$(\\command date +%s)",
        "compopt -o default 2>/dev/null || :",
        "compopt -o nospace 2>/dev/null || :",
        "compopt -o bashdefault -o default 2>/dev/null || :",
    ];

    /// Returns the lines that the bash of macOS does not know.
    fn too_new(script: &str) -> Vec<&str> {
        let lines = script.lines().map(str::trim).filter(|line| !line.starts_with('#'));
        let is_new = |line: &&str| {
            let line = format!("{line}\n");
            NEWER_THAN_3_2.iter().any(|word| line.contains(word))
        };
        lines.filter(|line| !GUARDED.contains(line)).filter(is_new).collect()
    }

    #[test]
    fn bash_scripts_need_bash_3_2_alone() {
        let (side, prompt) = IntegratedShell::Bash.scripts();
        let script = [side, crate::completion::script(IntegratedShell::Bash), prompt].concat();
        assert_eq!(too_new(&script), [""; 0]);
        for line in GUARDED {
            assert!(script.contains(line), "it is not there any more: {line}");
        }
        for line in ["local -A x", "x=${x^^}", "cmd |& cat", "read -N 1", "local -"] {
            assert_eq!(too_new(line), [line]);
        }
    }
}
