//! Which session of IAM Identity Center a verb is about.

use crate::app::choice::{self, Choice};
use crate::app::context::Context;
use crate::chain::{Base, Chain, Sso, SsoLogins};
use crate::config::profiles::Profiles;
use crate::error::{Error, Result};
use crate::hint;
use crate::text::shown_url;

/// How many places an error names.
const SHOWN: usize = 3;

/// Finds the login that was typed for a verb (`sso login`): that of a session or of a profile.
/// Without a name it is that of the selected profile, or the only one of the shared files, or the
/// one that a person chooses on the terminal.
///
/// # Errors
/// Where there is no such session, several and nobody to choose, or the wait is interrupted.
pub fn choose_session(
    context: &Context,
    profiles: &Profiles,
    typed: Option<&str>,
    verb: &str,
) -> Result<Chain> {
    let logins = SsoLogins { profiles, environment: &context.environment, verb };
    if let Some(name) = typed {
        return logins.named(name);
    }
    let variables = ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"];
    let selected = variables.iter().find_map(|name| context.environment.get(name));
    let of_selected = logins.named(selected.unwrap_or("default"));
    if of_selected.is_ok() {
        return of_selected;
    }
    let names = logins.names();
    match names.as_slice() {
        [] if selected.is_some() => of_selected,
        [] => Err(none(profiles)),
        [name] => logins.named(name),
        names => choose(context, logins, names),
    }
}

fn sso(login: &Chain) -> Option<&Sso> {
    if let Base::Sso(sso) = &login.plan.base { Some(sso) } else { None }
}

fn none(profiles: &Profiles) -> Error {
    let places: Vec<String> = profiles.paths().map(|path| path.display().to_string()).collect();
    let error =
        Error::configuration("there is no session of IAM Identity Center to log in at").cause(
            format!("neither an [sso-session …] nor sso_start_url is in {}", places.join(" or ")),
        );
    profiles.say_missing(error).hint(
        "make one: rolecall profile add --sso-session corp sso_start_url=URL sso_region=REGION",
    )
}

/// Lets a person choose one of several.
fn choose(context: &Context, logins: SsoLogins, names: &[String]) -> Result<Chain> {
    let choice = |name: &String| {
        let login = logins.named(name);
        let url = login.ok().as_ref().and_then(sso).map(|sso| shown_url(&sso.session.start_url));
        Choice { name: name.clone(), about: url.unwrap_or_default() }
    };
    let choices: Vec<Choice> = names.iter().map(choice).collect();
    if let Some(at) = choice::choose(context, "Which session?", &choices)? {
        return logins.named(&names[at]);
    }
    let list: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    let what = format!("there are several sessions, and none is named: {}", list.join(", "));
    let places =
        names.iter().filter_map(|name| Some(sso(&logins.named(name).ok()?)?.session.clone()));
    let error = places.take(SHOWN).fold(Error::needs_person(what), |error, session| {
        error.cause(format!("{}: {}", session.start_url_place, shown_url(&session.start_url)))
    });
    Err(error.hint(format!("name one: {}", hint::session(logins.verb, &names[0]))))
}
