//! Keys from the environment, which has one pair.

use secrecy::ExposeSecret;

use super::into_profile::into_profile;
use super::mover::{Moved, Mover, Outcome};
use crate::aws::{LongTermKeys, key_pair};
use crate::chain::{Base, base};
use crate::error::{Error, Place, Result};
use crate::hint;

const VARIABLES: [&str; 2] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];

/// Moves the keys of the environment to the one profile that is meant.
///
/// # Errors
/// Where several profiles are meant, or the environment has no long-term keys.
pub fn import(mover: &Mover) -> Result<Vec<Outcome>> {
    let [name] = mover.args.selected.names()[..] else {
        return Err(Error::usage("--from env: the environment has the keys of one profile")
            .at(Place::Option("--from"))
            .hint("name it: rolecall keys import PROFILE --from env"));
    };
    let given = pair(mover)?;
    let outcomes = mover.each(&[name.to_owned()], |name| {
        (Some(given.access_key_id.clone()), into_profile(mover, name, &given, &[]))
    })?;
    if outcomes.iter().any(|outcome| matches!(outcome.result, Ok(Moved::Yes))) {
        let unset = hint::unset(&VARIABLES);
        mover.service.context().ui.hint(&format!("this shell has them still: {unset}"));
    }
    Ok(outcomes)
}

fn pair(mover: &Mover) -> Result<LongTermKeys> {
    let base = base::of_environment(&mover.service.context().environment)?;
    let Some(Base::Environment(keys)) = base else {
        let what = "the environment has no AWS_ACCESS_KEY_ID";
        return Err(Error::configuration(what)
            .at(Place::variable(VARIABLES[0]))
            .hint("type the keys in: rolecall keys add --help"));
    };
    let wrong = |what: &str| {
        Error::configuration(format!("{}: {what}", VARIABLES[0]))
            .at(Place::variable(VARIABLES[0]))
            .hint("take other ones, typed or piped in: rolecall keys add --help")
    };
    if keys.session_token.is_some() {
        return Err(wrong("the keys are those of a session, which ends by itself"));
    }
    key_pair::pair(&keys.access_key_id, keys.secret_access_key.expose_secret()).map_err(wrong)
}
