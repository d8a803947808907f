//! Which profile is meant where none is named: what the SDKs' default chain finds, else what a
//! person chooses.

use crate::app::call::Caller;
use crate::app::context::Context;
use crate::app::options::{CredentialOptions, Pick, Selected};
use crate::app::service::{CredentialsService, Obtained};
use crate::chain::ProfileView;
use crate::error::{Kind, Result};
use crate::picker;
use crate::system::report::Report;

/// Any of them means that the environment names the credentials.
const NAMED_BY: [&str; 7] = [
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
];

/// What the default chain has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DefaultChain {
    /// A profile or the environment: what they give holds, and what is wrong with them is said.
    Named,
    /// The instance that this may be.
    Instance,
    Nothing,
}

/// As `obtain`, but a person chooses with `--pick`, or where no profile is named and the default
/// chain has none. Scripts, and everybody with `--no-input`, get what the default chain gives.
pub fn obtain_or_pick(
    service: &CredentialsService,
    options: &CredentialOptions,
    pick: &Pick,
) -> Result<Obtained> {
    let context = service.context();
    if pick.pick {
        let name = picker::pick_from(context, options.selected.name().unwrap_or_default())?;
        return obtain_as(service, options, name);
    }
    match default_chain(context, options) {
        DefaultChain::Named => service.obtain(options, Caller::Person),
        DefaultChain::Nothing => obtain_as(service, options, picker::pick(context)?),
        DefaultChain::Instance => match service.obtain(options, Caller::Person) {
            Err(error) if error.kind == Kind::Failed => {
                context.ui.decided(&|| {
                    format!("no profile is named, and the default chain has none: {error}")
                });
                obtain_as(service, options, picker::pick(context)?)
            }
            done => done,
        },
    }
}

fn obtain_as(
    service: &CredentialsService,
    options: &CredentialOptions,
    name: String,
) -> Result<Obtained> {
    let selected = Selected { positional: Some(name), profile: None };
    let options = CredentialOptions { selected, ..options.clone() };
    service.obtain(&options, Caller::Person)
}

fn default_chain(context: &Context, options: &CredentialOptions) -> DefaultChain {
    let named = options.selected.name().is_some() || options.role.role_arn.is_some();
    if named
        || NAMED_BY.iter().any(|name| context.environment.get(name).is_some())
        || !picker::is_possible(context)
    {
        return DefaultChain::Named;
    }
    // A file that cannot be read is for the default chain to say.
    let Ok(profiles) = context.profiles() else { return DefaultChain::Named };
    let own = profiles.profile("default");
    match own {
        Err(_) => DefaultChain::Named,
        Ok(Some(profile)) if !ProfileView::from(&profile).is_settings_only() => DefaultChain::Named,
        Ok(_) if !profiles.names().any(|name| name != "default") => DefaultChain::Named,
        Ok(_) if context.environment.is_true("AWS_EC2_METADATA_DISABLED") => DefaultChain::Nothing,
        Ok(_) => DefaultChain::Instance,
    }
}
