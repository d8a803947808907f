//! `rolecall env`: prints credentials as lines for a shell or a file.

use clap::Args;
use zeroize::Zeroizing;

use super::calling_shell::calling_shell;
use super::choose::obtain_or_pick;
use crate::app::context::Context;
use crate::app::options::PickOptions;
use crate::app::service::CredentialsService;
use crate::error::{Error, Result};
use crate::output::formats::{Format, github_masks, render_format};
use crate::output::print;
use crate::output::shells::{RenderError, Shell, Variable, render_shell};
use crate::output::variables::Values;

/// Print credentials as lines for a shell or a file
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  eval \"$(rolecall env prod)\"                         sh, bash, zsh, dash, ksh
  rolecall env prod --shell fish | source
  rolecall env prod --shell powershell | Out-String | Invoke-Expression
  rolecall env prod --format docker > prod.env
  eval \"$(rolecall env --unset)\"                      undo")]
pub struct EnvArgs {
    /// Shell to print for (default: the one that calls)
    #[arg(long, value_name = "NAME", conflicts_with = "format", value_parser = Shell::parse_typed)]
    pub shell: Option<Shell>,
    /// File format to print instead: dotenv, docker, json, github, systemd
    #[arg(long, value_name = "NAME", value_parser = Format::parse_typed)]
    pub format: Option<Format>,
    /// Print the lines that undo it
    #[arg(long)]
    pub unset: bool,
    #[command(flatten)]
    pub options: PickOptions,
}

pub fn run(service: &CredentialsService, args: &EnvArgs) -> Result<()> {
    let context = service.context();
    let values =
        if args.unset { Values::none() } else { obtain_or_pick(service, &args.options)?.values() };
    let variables = values.variables();
    let text = match args.format {
        Some(Format::Github) => github(context, &variables),
        Some(format) => render_format(format, &variables),
        None => render_shell(args.shell.unwrap_or_else(|| calling_shell(context)), &variables),
    }
    .map_err(|what| {
        Error::failed(format!("the variables cannot be written in this form: {what}"))
            .hint("choose another: rolecall env --format json")
    })?;
    print(&Zeroizing::new(text))
}

/// Renders the lines for GitHub. The masks come first, so that the runner's log never shows a
/// secret. When stdout is `$GITHUB_ENV` itself, which takes no masks, they go to stderr, where the
/// runner reads them too.
fn github(context: &Context, variables: &[Variable]) -> Result<String, RenderError> {
    let lines = render_format(Format::Github, variables)?;
    let masks = Zeroizing::new(github_masks(variables));
    if context.environment.get("GITHUB_ENV").is_some_and(is_stdout) {
        use std::io::Write;
        let _ = std::io::stderr().write_all(masks.as_bytes());
        return Ok(lines);
    }
    Ok(format!("{}{lines}", *masks))
}

#[cfg(unix)]
fn is_stdout(path: &str) -> bool {
    let (Ok(stdout), Ok(file)) = (rustix::fs::fstat(std::io::stdout()), rustix::fs::stat(path))
    else {
        return false;
    };
    (stdout.st_dev, stdout.st_ino) == (file.st_dev, file.st_ino)
}

#[cfg(not(unix))]
fn is_stdout(_: &str) -> bool {
    false
}
