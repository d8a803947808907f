//! A role to assume from a profile that is there.

use super::ask::Ask;
use crate::app::choice::Choice;
use crate::aws::names::{MfaSerial, RoleArn};
use crate::chain::keys;
use crate::config::edit::SectionName;
use crate::error::Result;
use crate::hint;

/// Adds the profile of a role, and returns it; `None` where the person did not want it.
pub fn step(ask: &Ask) -> Result<Option<String>> {
    let arn = ask.text("ARN of the role", None, |text| {
        let meant = RoleArn::meant_by(text).map(|arn| arn.to_string());
        meant.ok_or_else(|| {
            "that is no role's ARN, as arn:aws:iam::222222222222:role/admin is".to_owned()
        })
    })?;
    let profiles = ask.context.profiles()?;
    let role_of = |name: &str| {
        let profile = profiles.profile(name).ok().flatten();
        profile.is_some_and(|profile| {
            [keys::ROLE_ARN, PREFIXED_ARN].iter().any(|key| profile.value(key) == Some(&arn))
        })
    };
    if let Some(name) = profiles.names().find(|name| role_of(name)) {
        ask.say(&format!("Profile `{name}` is of this role already"));
        return Ok(Some(name.to_owned()));
    }
    let source = source(ask, &profiles.names().map(str::to_owned).collect::<Vec<_>>())?;
    let serial = ask.text(
        "MFA device: its ARN, or auto to look it up; Enter where the role wants no code",
        Some(""),
        |text| match MfaSerial::parse(text) {
            _ if text.is_empty() => Ok(String::new()),
            Some(serial) => Ok(serial.to_string()),
            None => Err("that is no serial number or ARN of a device".to_owned()),
        },
    )?;
    let external_id =
        ask.text("External ID; Enter for none", Some(""), |text| Ok(text.to_owned()))?;
    let of_source = profiles.profile(&source)?;
    let region = of_source.as_ref().and_then(|profile| profile.value(keys::REGION));
    let region = ask.region("Region", region.or_else(|| ask.usual_region()))?;
    let guess = RoleArn::parse(&arn).map(|arn| arn.name().to_owned());
    let section =
        ask.new_name("Name of the profile", guess.as_deref(), |name| SectionName::profile(name))?;
    let name = section.name.clone();
    let mut words = vec![
        format!("region={region}"),
        format!("credential_process={}", hint::command("process", &name)),
        format!("{PREFIXED_ARN}={arn}"),
        format!("rolecall_source_profile={source}"),
    ];
    let optional = [("rolecall_mfa_serial", serial), ("rolecall_external_id", external_id)];
    let given = optional.iter().filter(|(_, value)| !value.is_empty());
    words.extend(given.map(|(key, value)| format!("{key}={value}")));
    Ok(ask.add_section(&section, &words)?.then_some(name))
}

const PREFIXED_ARN: &str = "rolecall_role_arn";

/// Lets a person choose the profile that the role is assumed from.
fn source(ask: &Ask, names: &[String]) -> Result<String> {
    if let [name] = names {
        ask.say(&format!("It is assumed from profile `{name}`, the only one."));
        return Ok(name.clone());
    }
    let choice = |name: &String| Choice { name: name.clone(), about: String::new() };
    let choices: Vec<Choice> = names.iter().map(choice).collect();
    Ok(names[ask.choose("From which profile is it assumed?", &choices)?].clone())
}
