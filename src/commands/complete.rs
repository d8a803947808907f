//! `rolecall completions SHELL`, and what its scripts ask at each Tab.

use std::process::ExitCode;

use clap::CommandFactory;

use crate::app::context::shared_files;
use crate::cli::{Cli, Complete, Completions};
use crate::completion::{Live, answer, script};
use crate::config::load::load;
use crate::error::Result;
use crate::output::print;

pub fn completions(args: &Completions) -> Result<ExitCode> {
    print(script(args.shell))?;
    Ok(ExitCode::SUCCESS)
}

/// Whatever is wrong, broken settings too, a Tab says nothing of it.
pub fn complete(args: &Complete) -> ExitCode {
    let words: Vec<String> =
        args.words.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let live = Live::new(load(&shared_files()).ok());
    let _ = print(&answer(&mut Cli::command(), args.shell, &words, &live));
    ExitCode::SUCCESS
}
