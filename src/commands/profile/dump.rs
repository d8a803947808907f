//! `rolecall profile dump`: all profiles as merged from both files. Any malformed line is an error.

use clap::Args;
use serde_json::{Map, Value, json};

use crate::app::context::Context;
use crate::chain::keys;
use crate::config::document::SectionKind;
use crate::config::profiles::{Profiles, shown, sub_properties};
use crate::error::{Error, Result};
use crate::output::print_line;

/// Print all profiles as merged from both files; a malformed line anywhere is an error
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  rolecall profile dump --json")]
pub struct ProfileDumpArgs {
    /// Print JSON (the only form there is)
    #[arg(long)]
    pub json: bool,
}

pub fn run(context: &Context) -> Result<()> {
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
        "profiles": sections(&profiles, SectionKind::Profile, value)?,
        "sso_sessions": sections(&profiles, SectionKind::SsoSession, value)?,
        "services": sections(&profiles, SectionKind::Services, value_of_service)?,
    });
    print_line(dump)
}

/// Renders all sections of a kind; `value` renders a property by key and value.
fn sections(
    profiles: &Profiles,
    kind: SectionKind,
    value: fn(&str, &str) -> Value,
) -> Result<Value> {
    let mut all = Map::new();
    for name in profiles.names_of(kind) {
        if let Some(section) = profiles.section(kind, name)? {
            let properties = section.properties.iter();
            let properties = properties.map(|p| (p.key.clone(), value(&p.key, &p.value)));
            all.insert(name.to_owned(), Value::Object(properties.collect()));
        }
    }
    Ok(Value::Object(all))
}

/// Renders a value as it is written, without secrets. The token of old botocore opens nothing
/// without them, and the SDKs' cases expect it.
fn value(key: &str, value: &str) -> Value {
    match key {
        keys::SECURITY_TOKEN => Value::from(value),
        _ => Value::from(shown(key, value)),
    }
}

/// Renders a value of a `services` section, which may hold properties of its own.
fn value_of_service(key: &str, text: &str) -> Value {
    if text.starts_with('\n') {
        let nested = sub_properties(text).map(|(key, text)| {
            let rendered = value(&key, text);
            (key, rendered)
        });
        return Value::Object(nested.collect());
    }
    value(key, text)
}
