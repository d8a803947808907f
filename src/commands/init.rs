//! `rolecall init`: the shell side as text. Reads no file and starts nothing, because every new
//! shell waits for it.

use std::process::ExitCode;

use crate::cli::Init;
use crate::error::Result;
use crate::output::print;

pub fn run(args: &Init) -> Result<ExitCode> {
    let (side, prompt) = args.shell.scripts();
    let completions = crate::completion::script(args.shell);
    print(&if args.prompt {
        format!("{side}\n{completions}\n{prompt}")
    } else {
        format!("{side}\n{completions}")
    })?;
    Ok(ExitCode::SUCCESS)
}
