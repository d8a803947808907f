//! Where `keys add` takes keys from: a CSV file, stdin, or two questions.

use std::path::Path;

use super::stdin;
use crate::app::context::Context;
use crate::aws::LongTermKeys;
use crate::aws::key_pair;
use crate::error::{Error, Place, Result};
use crate::hint;
use crate::system::files::read_named;

/// The largest CSV file that is read, in bytes.
const MAX_CSV_BYTES: u64 = 64 * 1024;

/// Reads a key pair for a profile.
///
/// # Errors
/// When it is none, cannot be read, or nobody can be asked for it.
pub fn read(context: &Context, profile: &str, csv: Option<&Path>) -> Result<LongTermKeys> {
    if let Some(path) = csv {
        return of_csv(path);
    }
    if let Some(text) = stdin::read(context, "the key pair")? {
        if text.len() > stdin::MAX_BYTES {
            return Err(unusable("stdin", "it is too long for a key pair"));
        }
        return key_pair::parse(&text).map_err(|what| unusable("stdin", what));
    }
    ask(context, profile)
}

fn of_csv(path: &Path) -> Result<LongTermKeys> {
    let file = path.display();
    let bytes = read_named(path, MAX_CSV_BYTES).map_err(|error| {
        Error::usage(format!("--csv {file}: {error}"))
            .at(Place::Option("--csv"))
            .hint(format!("look at it with: {}", hint::look_at(path)))
    })?;
    let text = str::from_utf8(&bytes).map_err(|_| "it is not text in UTF-8");
    text.and_then(key_pair::parse_csv)
        .map_err(|what| unusable(&format!("--csv {file}"), what).at(Place::Option("--csv")))
}

fn unusable(source: &str, what: &str) -> Error {
    Error::usage(format!("{source}: {what}; nothing was kept"))
        .hint("see what is read: rolecall keys add --help")
}

/// Asks a person for both halves, the second one hidden.
fn ask(context: &Context, profile: &str) -> Result<LongTermKeys> {
    let id = context.ask(&format!("Access key ID for profile `{profile}`: "))?;
    let id = id.filter(|id| !id.trim().is_empty()).ok_or_else(|| nobody(context, profile))?;
    let secret = context.ask_hidden("Its secret access key (it is not shown): ")?;
    let secret = secret.filter(|text| !text.trim().is_empty());
    let secret = secret.ok_or_else(|| nobody(context, profile))?;
    key_pair::pair(&id, &secret).map_err(|what| {
        Error::usage(format!("{what}; nothing was kept"))
            .hint(format!("try again: {}", hint::command("keys add", profile)))
    })
}

fn nobody(context: &Context, profile: &str) -> Error {
    let why = if context.settings.no_input() {
        "input is switched off"
    } else {
        "there was none on stdin or the terminal"
    };
    Error::needs_person(format!("a key pair for profile `{profile}` is needed, and {why}")).hint(
        "pipe both in, the ID first, or name the file of the console: rolecall keys add --help",
    )
}
