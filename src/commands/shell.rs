//! `rolecall shell`: starts a shell with credentials in its environment.

use std::ffi::OsStr;

use clap::Args;

use super::calling_shell::shell_program;
use super::child::{child, start};
use crate::app::options::PickOptions;
use crate::app::service::CredentialsService;
use crate::error::Result;
use crate::system::exit::Exit;
use crate::system::report::Report;

/// The variable with the number of rolecall's shells around a shell.
const DEPTH: &str = "ROLECALL_SHELL_DEPTH";

/// Run your shell with credentials
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rolecall shell prod
  rolecall shell prod --read-only                     may look, not touch")]
pub struct ShellArgs {
    #[command(flatten)]
    pub options: PickOptions,
}

pub fn run(service: &CredentialsService, args: &ShellArgs) -> Result<Exit> {
    let context = service.context();
    let shell = shell_program(context);
    let mut command = child(service, &args.options, OsStr::new(&shell), &[])?;
    let depth = context.environment.get(DEPTH).and_then(|d| d.parse::<u32>().ok()).unwrap_or(0) + 1;
    command.env(DEPTH, depth.to_string());
    let inside = context.environment.get("ROLECALL_PROFILE").filter(|_| depth > 1);
    let inside = inside
        .map(|outer| format!(", inside the one with `{outer}` (level {depth})"))
        .unwrap_or_default();
    let name =
        command.get_envs().find(|(key, _)| *key == "ROLECALL_PROFILE").and_then(|(_, value)| value);
    let name = name.map_or_else(
        || "the default credentials".into(),
        |n| format!("profile `{}`", n.to_string_lossy()),
    );
    context.ui.note(&format!("a shell with {name}{inside}; leave it with: exit"));
    Ok(start(context, command))
}
