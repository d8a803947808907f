//! A `credential_process = rolecall process NAME` that leads back to where it started.

use std::collections::HashSet;

use super::inputs::Inputs;
use super::process_command::target;
use super::profile_view::ProfileView;
use super::request::Request;
use super::sources::{SourceChain, follow_sources, way};
use crate::config::profiles::Property;
use crate::error::{Error, Result};
use crate::hint;

/// Follows the processes that are rolecall itself, from profile to profile.
///
/// # Errors
/// Where they come to a profile for the second time.
pub(super) fn check(inputs: &Inputs, found: &SourceChain) -> Result<()> {
    let request = Request::of_profile("", inputs.request.defaults());
    let inner = Inputs::new(inputs.profiles, &request, inputs.environment);
    let (mut trail, mut seen) = (Vec::new(), HashSet::new());
    let mut next;
    let mut found = found;
    loop {
        let Some(profile) = found.base_profile() else { return Ok(()) };
        let Some(command) = ProfileView::from(profile).process() else { return Ok(()) };
        let Some(target) = target(&command.value) else { return Ok(()) };
        for name in found.roles.iter().flatten().chain([profile]).map(|profile| &profile.name) {
            seen.insert(name.to_string());
            trail.push(name.to_string());
        }
        if seen.contains(&target) {
            return Err(leads_back(&trail, &target, command));
        }
        let Some(profile) = inputs.profiles.profile(&target)? else { return Ok(()) };
        // What is wrong with the other profile is for the other process to say.
        let Ok(walked) = follow_sources(&inner, Some(profile)) else { return Ok(()) };
        next = walked;
        found = &next;
    }
}

fn leads_back(trail: &[String], target: &str, command: &Property) -> Error {
    let names: Vec<&str> = trail.iter().map(String::as_str).chain([target]).collect();
    Error::configuration(format!(
        "credential_process leads back to the same profile: {}",
        way(&names)
    ))
    .at(&command.place)
    .cause(format!("{}: credential_process = rolecall process {target}", command.place))
    .hint(format!(
        "give the profile a source, for example: rolecall_source_profile; then try: {}",
        hint::command("explain", target)
    ))
}
