//! `rolecall __complete`: what the scripts of `rolecall completions` ask at each Tab.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Args, Command};

use crate::app::context::shared_files;
use crate::completion::{ProfileCompleter, answer};
use crate::config::load::load;
use crate::output::print;
use crate::shell::Side;

/// Answer the scripts that `completions` prints
#[derive(Debug, Args)]
pub struct CompleteArgs {
    #[arg(value_parser = Side::parse_typed)]
    pub shell: Side,
    #[arg(last = true)]
    pub words: Vec<OsString>,
}

/// Whatever is wrong, broken settings too, a Tab says nothing of it. `root` is the whole command
/// line.
pub fn run(args: &CompleteArgs, mut root: Command) -> ExitCode {
    let words: Vec<String> =
        args.words.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let profiles = ProfileCompleter::new(load(&shared_files()).ok());
    let _ = print(&answer(&mut root, args.shell, &words, &profiles));
    ExitCode::SUCCESS
}

#[cfg(test)]
mod tests;
