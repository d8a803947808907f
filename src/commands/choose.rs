//! Finds the profile of a call that names none: the SDKs' default chain comes first, then the
//! choice of a person.

use crate::app::call::Caller;
use crate::app::context::Context;
use crate::app::options::{CredentialOptions, PickOptions, Selected};
use crate::app::service::{CredentialsService, Obtained};
use crate::chain::ProfileView;
use crate::commands::setup;
use crate::error::{Kind, Result};
use crate::picker::{self, Picked, sessions_without_profiles};
use crate::system::report::Report;

/// The variables by which the environment names the credentials.
const NAMED_BY: [&str; 7] = [
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
];

/// What the default chain leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DefaultChain {
    /// A profile, or credentials of the environment. Their errors are shown as they are.
    Named,
    /// Perhaps the instance that this machine is.
    Instance,
    Nothing,
}

/// Obtains credentials, as [`CredentialsService::obtain`] does. A person chooses the profile with
/// `--pick`, or when no profile is named and the default chain leads to nothing. Scripts, and calls
/// with `--no-input`, get what the default chain gives.
///
/// # Errors
/// As [`CredentialsService::obtain`], or nobody can choose.
pub fn obtain_or_pick(service: &CredentialsService, options: &PickOptions) -> Result<Obtained> {
    do_or_pick(service, options, |options| service.obtain(options, Caller::Person))
}

/// Does something with the options, and with a profile that a person chooses as
/// [`obtain_or_pick`] says.
///
/// # Errors
/// Those of `what`, or nobody can choose.
pub fn do_or_pick<T>(
    service: &CredentialsService,
    options: &PickOptions,
    what: impl Fn(&CredentialOptions) -> Result<T>,
) -> Result<T> {
    let context = service.context();
    let PickOptions { pick, credentials: options } = options;
    if *pick {
        return what(&picked(service, options)?);
    }
    match default_chain(context, options) {
        DefaultChain::Named => what(options),
        DefaultChain::Nothing => what(&picked(service, options)?),
        DefaultChain::Instance => match what(options) {
            Err(error) if error.kind() == Kind::Failed => {
                context.ui.decided(&|| {
                    format!("no profile is named, and the default chain has none: {error}")
                });
                what(&picked(service, options)?)
            }
            done => done,
        },
    }
}

/// Returns the options with the profile that a person chooses, beginning with what was typed.
fn picked(service: &CredentialsService, options: &CredentialOptions) -> Result<CredentialOptions> {
    let query = options.selected.name().unwrap_or_default();
    let name = pick_profile(service, query)?;
    let selected = Selected { positional: Some(name), profile: None };
    Ok(CredentialOptions { selected, ..options.clone() })
}

/// Lets a person choose a profile, beginning with a query. Who signs in first chooses among the
/// profiles that are made then.
///
/// # Errors
/// Nobody can be asked, the person chose nothing, or signing in fails.
pub fn pick_profile(service: &CredentialsService, query: &str) -> Result<String> {
    let mut query = query;
    loop {
        match picker::pick(service.context(), query)? {
            Picked::Profile(name) => return Ok(name),
            Picked::SignIn(session) => setup::sign_in(service, &session)?,
        }
        query = "";
    }
}

fn default_chain(context: &Context, options: &CredentialOptions) -> DefaultChain {
    let named = options.selected.name().is_some() || options.role.role_arn.is_some();
    if named
        || NAMED_BY.iter().any(|name| context.environment.get(name).is_some())
        || !picker::is_possible(context)
    {
        return DefaultChain::Named;
    }
    // The default chain reports a file that cannot be read.
    let Ok(profiles) = context.profiles() else { return DefaultChain::Named };
    let own = profiles.profile("default");
    match own {
        Err(_) => DefaultChain::Named,
        Ok(Some(profile)) if !ProfileView::from(&profile).is_settings_only() => DefaultChain::Named,
        Ok(_)
            if !profiles.names().any(|name| name != "default")
                && sessions_without_profiles(&profiles).is_empty() =>
        {
            DefaultChain::Named
        }
        Ok(_) if context.environment.is_true("AWS_EC2_METADATA_DISABLED") => DefaultChain::Nothing,
        Ok(_) => DefaultChain::Instance,
    }
}
