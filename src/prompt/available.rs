//! Which prompt methods work here, for `doctor`.

use std::path::PathBuf;

use super::dialog;
use super::environment::PromptEnvironment;
use super::method::{NO_TERMINAL, NOWHERE, PromptMethod};
use super::pinentry;
use super::tty::Tty;

/// Returns for each method what it asks with here, or why it cannot be used. Methods that depend on
/// the profile or the call are left out.
pub fn available(
    methods: &[PromptMethod],
    environment: &PromptEnvironment,
) -> Vec<(PromptMethod, Result<String, String>)> {
    let of = |method: &PromptMethod| Some((*method, look_up(*method, environment)?));
    methods.iter().filter_map(of).collect()
}

fn look_up(
    method: PromptMethod,
    environment: &PromptEnvironment,
) -> Option<Result<String, String>> {
    let path = |found: Result<PathBuf, String>| found.map(|path| path.display().to_string());
    Some(match method {
        PromptMethod::Token | PromptMethod::Seed => return None,
        PromptMethod::Process => Ok("mfa_process of a profile".to_owned()),
        PromptMethod::Ykman => path(environment.program("ykman")),
        PromptMethod::Tty => {
            Tty::open().map(|_| "this terminal".to_owned()).ok_or_else(|| NO_TERMINAL.to_owned())
        }
        PromptMethod::Pinentry if pinentry::is_blind(environment, Tty::open().as_ref()) => {
            Err(NOWHERE.to_owned())
        }
        PromptMethod::Pinentry => path(pinentry::find(environment)),
        PromptMethod::Dialog => dialog::find(environment).map(|programs| {
            let paths = programs.iter().map(|(_, path)| path.display().to_string());
            paths.collect::<Vec<_>>().join(" or ")
        }),
    })
}
