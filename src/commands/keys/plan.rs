//! What a profile is once it names keys in the store, before anything is written.

use super::lines::ProfileLines;
use crate::app::context::Context;
use crate::app::requests;
use crate::app::service::resolve;
use crate::aws::names::{AccessKeyId, Region};
use crate::chain::process_command::target;
use crate::chain::{Base, Chain, ProfileView, Request, RoleOptions, keys};
use crate::config::document::FileKind;
use crate::config::profiles::{Profile, Profiles};
use crate::error::{Error, FileLine, Place, Result};
use crate::hint;

/// The keys that a profile is to name.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    pub profile: &'a str,
    pub id: &'a AccessKeyId,
    /// Where the keys stand now; `None` where that is no line of a file.
    pub place: Option<&'a FileLine>,
    /// The command that wants it.
    pub again: &'a str,
}

/// Returns whether a `credential_process` asks rolecall for a profile.
pub fn leads_to(command: &str, profile: &str) -> bool {
    target(command).as_deref() == Some(profile)
}

/// Returns what is written into a profile: the ID of its keys, the process where it is not there,
/// and a region.
///
/// # Errors
/// Where the region is none.
pub fn key_lines(
    before: Option<&Profile>,
    profile: &str,
    id: &AccessKeyId,
    region: Option<&str>,
) -> Result<ProfileLines> {
    let get = |key| before.and_then(|profile| profile.get(key));
    let mut set = Vec::new();
    if let Some(region) = region {
        let region = Region::parse(region).ok_or_else(|| {
            Error::usage(format!("--region: `{region}` is no name of a region"))
                .at(Place::Option("--region"))
        })?;
        set.push((keys::REGION, region.to_string()));
    }
    set.push((keys::STORED_KEY_ID, id.to_string()));
    let process = get(keys::CREDENTIAL_PROCESS);
    if process.is_none_or(|process| !leads_to(&process.value, profile)) {
        set.push((keys::CREDENTIAL_PROCESS, hint::command("process", profile)));
    }
    let file = get(keys::STORED_KEY_ID).map_or(FileKind::Config, |property| property.file);
    Ok(ProfileLines { file, profile: profile.to_owned(), set, ..ProfileLines::default() })
}

/// Resolves the profile as it will be, and demands that it comes to the keys.
///
/// # Errors
/// Where it does not, or no region is known for STS.
pub fn planned(context: &Context, after: &Profiles, wanted: &Wanted) -> Result<Chain> {
    let Wanted { profile: name, id, place, .. } = *wanted;
    let mut chain = resolve(context, after, &requests::of_profile(context, name))
        .map_err(|error| about_region(context, after, error, wanted))?;
    let is_own = chain.plan.base_profile.as_deref() == Some(name);
    match &mut chain.plan.base {
        Base::Stored(keys) if is_own && keys.access_key_id == *id => keys.place = place.cloned(),
        base => {
            let kind = base.kind();
            let view = ProfileView::from(chain.subject.profile.as_ref());
            let source = [keys::SOURCE_PROFILE, keys::CREDENTIAL_SOURCE];
            let source = source.into_iter().find_map(|key| view.property(key));
            let what = format!("profile `{name}` takes its credentials from elsewhere");
            let error = match source {
                Some(source) => Error::misconfigured(&source.place, what),
                None => Error::configuration(what),
            };
            return Err(error
                .about(name)
                .cause(format!("it begins from {kind} of profile `{}`", chain.base_name()))
                .hint(format!("see the way: {}", hint::command("explain", name))));
        }
    }
    let profile = chain.subject.profile.as_ref();
    match profile.and_then(|profile| profile.get(keys::CREDENTIAL_PROCESS)) {
        Some(process) if !leads_to(&process.value, name) => {
            let what = format!("this credential_process of profile `{name}` wins over the other");
            Err(Error::misconfigured(&process.place, what)
                .about(name)
                .hint(format!("take it out, then try again: {}", hint::command("keys add", name))))
        }
        _ => Ok(chain),
    }
}

/// Says how to name a region, where nothing else is missing.
fn about_region(context: &Context, after: &Profiles, error: Error, wanted: &Wanted) -> Error {
    let region = Some("us-east-1".to_owned());
    let role = RoleOptions { region, ..RoleOptions::default() };
    let request = Request::typed(Some(wanted.profile), role, context.settings.request_defaults());
    match resolve(context, after, &request) {
        Ok(_) => Error::configuration(error.message())
            .about(wanted.profile)
            .hint(format!("write one into the profile: {} --region eu-west-1", wanted.again)),
        Err(_) => error,
    }
}
