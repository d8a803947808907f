//! The ways to ask for MFA codes.

use super::findings::Findings;
use crate::app::context::Context;
use crate::prompt::{PromptEnvironment, PromptMethod, available};

const PROMPTS: &str = "prompts";
const HINT: &str = "give MFA codes by mfa_process or: rolecall process --mfa-token CODE";

/// Looks up which prompt methods work here.
pub fn check(context: &Context, findings: &mut Findings) {
    let Context { environment, directories, settings, .. } = context;
    if settings.no_input() {
        let message = "nothing is ever asked (--no-input, ROLECALL_NO_INPUT or the settings)";
        return findings.warning(PROMPTS, message, Some(HINT));
    }
    let environment = PromptEnvironment::read(environment, directories, settings.pinentry());
    let (here, not_here): (Vec<_>, Vec<_>) = available(settings.prompt_methods(), &environment)
        .into_iter()
        .partition(|(_, found)| found.is_ok());
    let asks_person = here.iter().any(|(method, _)| method.is_person());
    let message = if not_here.is_empty() {
        list(here)
    } else {
        format!("{}; not here: {}", list(here), list(not_here))
    };
    if asks_person {
        findings.ok(PROMPTS, message);
    } else {
        findings.warning(PROMPTS, format!("no person can be asked here: {message}"), Some(HINT));
    }
}

fn list(methods: Vec<(PromptMethod, Result<String, String>)>) -> String {
    let one = |(method, what): (PromptMethod, Result<String, String>)| match what {
        Ok(what) | Err(what) if !what.is_empty() => format!("{method} ({what})"),
        _ => method.to_string(),
    };
    methods.into_iter().map(one).collect::<Vec<_>>().join(", ")
}
