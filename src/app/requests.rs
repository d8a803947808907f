//! Requests, from options and settings.

use std::io::ErrorKind;

use super::context::Context;
use super::options::{CredentialOptions, Selected};
use crate::chain::{Caching, Defaults, Request, RoleOptions};
use crate::error::{Error, Place, Result};
use crate::hint;
use crate::system::files::read_named;

/// A policy document longer than this is not one (STS takes 2,048 characters).
const MAX_POLICY_BYTES: u64 = 64 * 1024;

/// What was typed for a verb that yields credentials.
///
/// # Errors
/// Where `--policy` names no policy.
pub fn of_options(context: &Context, options: &CredentialOptions) -> Result<Request> {
    let defaults = context.settings.request_defaults();
    let caching =
        if options.no_cache { Caching::Off } else { context.settings.caching(options.store) };
    let defaults = Defaults { caching, ..defaults };
    let request = typed(context, &options.selected, &options.role, defaults)?;
    Ok(if options.mfa_token.is_some() { request.with_typed_code() } else { request })
}

/// What was typed for a verb that only shows the chain.
///
/// # Errors
/// Where `--policy` names no policy.
pub fn of_role(context: &Context, selected: &Selected, role: &RoleOptions) -> Result<Request> {
    typed(context, selected, role, context.settings.request_defaults())
}

/// A profile among others, as `process` sees it where only its name is typed.
pub fn of_profile(context: &Context, name: &str) -> Request {
    Request::of_profile(name, context.settings.request_defaults())
}

fn typed(
    context: &Context,
    selected: &Selected,
    role: &RoleOptions,
    defaults: Defaults,
) -> Result<Request> {
    let policy = role.policy.as_deref().map(|text| policy(context, text)).transpose()?;
    let role = RoleOptions { policy, ..role.clone() };
    Ok(Request::typed(selected.name(), role, defaults))
}

/// Reads `--policy`: JSON itself, or the file that holds it.
///
/// # Errors
/// Where the file cannot be read, or it is no JSON object.
pub fn policy(context: &Context, text: &str) -> Result<String> {
    let error = |what: String| Error::usage(what).at(Place::Option("--policy"));
    let (json, of) = if text.trim_start().starts_with('{') {
        (text.to_owned(), String::new())
    } else {
        let path = context.directories.expand(text)?;
        let of = format!(" {}:", path.display());
        let error = |e: &str| {
            error(format!("--policy{of} {e}"))
                .hint(format!("look at it with: {}", hint::look_at(&path)))
        };
        let bytes = read_named(&path, MAX_POLICY_BYTES).map_err(|e| match e.kind() {
            ErrorKind::InvalidInput => error(&e.to_string()).hint(
                "a policy is read from a regular file; see its form: aws iam create-policy help",
            ),
            _ => error(&e.to_string()),
        })?;
        (String::from_utf8(bytes.to_vec()).map_err(|_| error("not text in UTF-8"))?, of)
    };
    match serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&json) {
        Ok(_) => Ok(json.trim().to_owned()),
        Err(e) => Err(error(format!("--policy{of} is not a JSON object: {e}"))
            .hint("see the form of a policy: aws iam create-policy help")),
    }
}
