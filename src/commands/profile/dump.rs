//! `rolecall profile dump`: both shared files as merged, and strict about every line of them.

use std::process::ExitCode;

use clap::Args;
use serde_json::{Map, Value, json};

use crate::app::context::Context;
use crate::config::document::SectionKind;
use crate::config::profiles::{Profile, Profiles, is_secret, sub_properties};
use crate::error::{Error, Result};
use crate::output::print;

/// Print all profiles as merged from both files; a malformed line anywhere is an error
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  rolecall profile dump --json")]
pub struct ProfileDumpArgs {
    /// Print JSON (the only form there is)
    #[arg(long)]
    pub json: bool,
}

pub fn run(context: &Context) -> Result<ExitCode> {
    let profiles = context.profiles()?;
    let malformed = profiles.malformed();
    if !malformed.is_empty() {
        let count = malformed.len();
        let mut error = Error::configuration(format!(
            "{count} malformed {} in the shared files",
            if count == 1 { "line" } else { "lines" }
        ));
        for (place, reason) in malformed {
            error = error.cause(format!("{place}: {reason}"));
        }
        return Err(error.hint("correct them, then look again: rolecall doctor"));
    }
    let dump = json!({
        "profiles": sections(&profiles, SectionKind::Profile, |merged| properties(merged, false))?,
        "sso_sessions": sections(&profiles, SectionKind::SsoSession, |merged| properties(merged, false))?,
        "services": sections(&profiles, SectionKind::Services, |merged| properties(merged, true))?,
    });
    print(&format!("{dump}\n"))?;
    Ok(ExitCode::SUCCESS)
}

fn sections(
    profiles: &Profiles,
    kind: SectionKind,
    render: impl Fn(&Profile) -> Value,
) -> Result<Value> {
    let mut all = Map::new();
    for name in profiles.names_of(kind) {
        if let Some(merged) = profiles.section(kind, name)? {
            all.insert(name.to_owned(), render(&merged));
        }
    }
    Ok(Value::Object(all))
}

fn properties(merged: &Profile, nested: bool) -> Value {
    let render = |key: &str, value: &str| -> Value {
        if nested && value.starts_with('\n') {
            return Value::Object(
                sub_properties(value).map(|(key, value)| (key, Value::from(value))).collect(),
            );
        }
        // Values are verbatim but for secrets; the token of old botocore opens nothing without
        // them, and the SDKs' cases expect it.
        let secret = is_secret(key) && key != "aws_security_token";
        Value::from(if secret && !value.is_empty() { "****" } else { value })
    };
    Value::Object(
        merged.properties.iter().map(|p| (p.key.clone(), render(&p.key, &p.value))).collect(),
    )
}
