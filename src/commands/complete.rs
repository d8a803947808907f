//! `rolecall __complete`: answers the scripts of `rolecall completions` at each Tab.

use std::ffi::OsString;

use clap::{Args, Command};

use crate::app::context::shared_files;
use crate::completion::{ProfileCompleter, answer};
use crate::config::load::load;
use crate::output::print;
use crate::shell::IntegratedShell;
use crate::system::exit::Exit;

/// Answer the scripts that `completions` prints
#[derive(Debug, Args)]
pub struct CompleteArgs {
    #[arg(value_parser = IntegratedShell::parse_typed)]
    pub shell: IntegratedShell,
    #[arg(last = true)]
    pub words: Vec<OsString>,
}

/// Prints the candidates. It shows no error, not even about broken settings: a Tab must not write
/// into the line. `root` is the whole command line.
pub fn run(args: &CompleteArgs, mut root: Command) -> Exit {
    let words: Vec<String> =
        args.words.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let profiles = ProfileCompleter::new(shared_files().and_then(|paths| load(&paths)).ok());
    let _ = print(&answer(&mut root, args.shell, &words, &profiles));
    Exit::SUCCESS
}

#[cfg(test)]
mod tests;
