//! Which session of IAM Identity Center a verb is about.

use crate::app::context::Context;
use crate::chain::{SsoLogin, SsoLogins};
use crate::config::profiles::Profiles;
use crate::error::{Error, Result};
use crate::hint;
use crate::text::shown_url;

/// How often a person may answer with something that is no session.
const ANSWERS: usize = 3;
/// How many places an error names.
const SHOWN: usize = 3;

/// Finds the session that was typed for a verb (`sso login`), by its name or that of a profile. Without one it is that of the
/// profile in the environment, or the only one of the shared files, or the one that a person chooses
/// on the terminal.
///
/// # Errors
/// Where there is no such session, several and nobody to choose, or the wait is interrupted.
pub fn choose_session(
    context: &Context,
    profiles: &Profiles,
    typed: Option<&str>,
    verb: &str,
) -> Result<SsoLogin> {
    let logins = SsoLogins { profiles, environment: &context.environment };
    if let Some(name) = typed {
        return logins.named(name);
    }
    let variables = ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"];
    let profile = variables.iter().find_map(|name| context.environment.get(name));
    let of_profile = profile.map(|name| logins.named(name));
    if let Some(Ok(login)) = of_profile {
        return Ok(login);
    }
    let names = logins.names();
    match names.as_slice() {
        [] => Err(of_profile.and_then(Result::err).unwrap_or_else(|| none(profiles))),
        [name] => logins.named(name),
        names => choose(context, logins, names, verb),
    }
}

fn none(profiles: &Profiles) -> Error {
    let places: Vec<String> = profiles.paths().map(|path| path.display().to_string()).collect();
    let error =
        Error::configuration("there is no session of IAM Identity Center to log in at").cause(
            format!("neither an [sso-session …] nor sso_start_url is in {}", places.join(" or ")),
        );
    profiles.say_missing(error).hint(hint::FIRST_STEPS[0])
}

/// Lets a person choose one of several.
fn choose(context: &Context, logins: SsoLogins, names: &[String], verb: &str) -> Result<SsoLogin> {
    let lines = names.iter().enumerate().map(|(at, name)| {
        let url = logins.named(name).map(|login| shown_url(&login.session.start_url));
        format!("{:>3}  {name}  {}\n", at + 1, url.unwrap_or_default())
    });
    let question = format!("{}Which session? (1 to {}) ", lines.collect::<String>(), names.len());
    for _ in 0..ANSWERS {
        let Some(answer) = context.ask(&question)? else { break };
        let answer = answer.trim();
        let number = answer.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        let chosen = number.and_then(|at| names.get(at));
        if let Some(name) = chosen.or_else(|| names.iter().find(|name| *name == answer)) {
            return logins.named(name);
        }
    }
    let list: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    let what = format!("there are several sessions, and none is named: {}", list.join(", "));
    let places = names.iter().filter_map(|name| Some(logins.named(name).ok()?.session));
    let error = places.take(SHOWN).fold(Error::needs_person(what), |error, session| {
        error.cause(format!("{}: {}", session.start_url_place, shown_url(&session.start_url)))
    });
    Err(error.hint(format!("name one: {}", hint::session(verb, &names[0]))))
}
