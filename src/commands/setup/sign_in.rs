//! Signing in by IAM Identity Center: the session, the login, and profiles of what it may use.

use super::ask::Ask;
use crate::app::assignments::{Lister, Roles};
use crate::app::choice::Choice;
use crate::app::service::CredentialsService;
use crate::app::sso::{LoginOptions, log_in};
use crate::app::synced::{Assignment, default_name};
use crate::aws::names::Region;
use crate::chain::{Chain, SsoLogins};
use crate::clients::assignments::Account;
use crate::commands::sso::sync::{SsoSyncArgs, Sync};
use crate::config::document::SectionKind;
use crate::config::edit::SectionName;
use crate::error::{Kind, Result};
use crate::text::shown_url;

/// The beginnings of host names that AWS gives to companies that chose none.
const NAMELESS: [&str; 2] = ["d-", "ssoins-"];

/// Signs in, and returns a profile that was made; `None` where none was.
pub fn step(service: &CredentialsService, ask: &Ask) -> Result<Option<String>> {
    match session(ask)? {
        Some(session) => profiles_of(service, ask, &session),
        None => Ok(None),
    }
}

/// Signs in at a session, and returns a profile that was made; `None` where none was.
pub fn profiles_of(
    service: &CredentialsService,
    ask: &Ask,
    session: &str,
) -> Result<Option<String>> {
    let context = ask.context;
    let profiles = context.profiles()?;
    let environment = &context.environment;
    let login = SsoLogins { profiles: &profiles, environment, verb: "sso login" }.named(session)?;
    let mut lister = lister(service, ask, &login)?;
    let accounts = lister.accounts()?;
    let roles = lister.roles(&accounts)?;
    let all: Vec<Assignment> = roles
        .listed
        .iter()
        .flat_map(|(account, roles)| roles.iter().map(move |role| Assignment { account, role }))
        .collect();
    if all.is_empty() {
        ask.say("No role is assigned to you there yet; ask who administers it.");
        return Ok(None);
    }
    let about = |name: &str, about: String| Choice { name: name.to_owned(), about };
    let choices = [
        about("all", format!("a profile for each role ({})", all.len())),
        about("one", "a profile for one account and role".to_owned()),
        about("none", "no profile".to_owned()),
    ];
    match ask.choose("Which profiles shall there be?", &choices)? {
        0 => every(ask, session, &roles),
        1 => one(ask, session, &all),
        _ => Ok(None),
    }
}

/// Returns the session to sign in to: one that is there, or a new one.
fn session(ask: &Ask) -> Result<Option<String>> {
    let profiles = ask.context.profiles()?;
    let mut choices = Vec::new();
    for name in profiles.names_of(SectionKind::SsoSession) {
        let section = profiles.section(SectionKind::SsoSession, name)?;
        let url = section.as_ref().and_then(|section| section.value("sso_start_url"));
        let about = url.map(shown_url).unwrap_or_default();
        choices.push(Choice { name: name.to_owned(), about });
    }
    if !choices.is_empty() {
        choices.push(Choice { name: "another one".to_owned(), about: String::new() });
        let at = ask.choose("Sign in to which session?", &choices)?;
        if at < choices.len() - 1 {
            return Ok(choices.into_iter().nth(at).map(|choice| choice.name));
        }
    }
    new_session(ask)
}

/// Writes a new session after a yes.
fn new_session(ask: &Ask) -> Result<Option<String>> {
    let url = ask.text("Start URL, as https://corp.awsapps.com/start", None, start_url)?;
    let host = host(&url);
    let region = region_in(host);
    let region =
        ask.region("Region of IAM Identity Center", region.or_else(|| ask.usual_region()))?;
    let section = ask.new_name("Name for this session", Some(name_in(host)), |name| {
        SectionName { kind: SectionKind::SsoSession, name: name.to_owned() }
    })?;
    let words = [format!("sso_start_url={url}"), format!("sso_region={region}")];
    Ok(ask.add_section(&section, &words)?.then_some(section.name))
}

/// Reads the address of a company's portal, which people also copy without its beginning.
fn start_url(text: &str) -> Result<String, String> {
    let url = match text.split_once("://") {
        Some(("https", _)) => text.to_owned(),
        Some(_) => return Err("it begins with https://".to_owned()),
        None => format!("https://{text}"),
    };
    let host = host(&url);
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    if !host.contains('.') || !host.chars().all(legal) || url.contains(char::is_whitespace) {
        return Err(format!("`{text}` is no address of a page"));
    }
    Ok(url)
}

fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}

/// Returns the region that a host's name tells, as `ssoins-1.portal.eu-west-1.app.aws` does.
fn region_in(host: &str) -> Option<&str> {
    let is_region = |part: &&str| {
        let is_numbered = part.ends_with(|c: char| c.is_ascii_digit());
        let parts = part.split('-');
        is_numbered && (3..=4).contains(&parts.count()) && Region::parse(part).is_some()
    };
    host.split('.').skip(1).find(is_region)
}

/// Returns a name for the session of a host: the company's, where the host has it.
fn name_in(host: &str) -> &str {
    let first = host.split('.').next().unwrap_or_default();
    let is_nameless = NAMELESS.iter().any(|prefix| first.starts_with(prefix));
    if first.is_empty() || is_nameless || first == "start" { "sso" } else { first }
}

/// Logs in where that is needed.
fn lister<'a>(service: &'a CredentialsService, ask: &Ask, login: &'a Chain) -> Result<Lister<'a>> {
    match Lister::new(service, login) {
        Ok(lister) => {
            ask.say(&format!("You are signed in to {} already.", login.login_name()));
            Ok(lister)
        }
        Err(error) if error.kind() == Kind::NeedsPerson => {
            log_in(ask.context, login, LoginOptions::default())?;
            ask.say(&format!("You are signed in to {}.", login.login_name()));
            Lister::new(service, login)
        }
        Err(error) => Err(error),
    }
}

/// Makes a profile for each account and role after a yes, and returns the first.
fn every(ask: &Ask, session: &str, roles: &Roles) -> Result<Option<String>> {
    let region = ask.region("Their region", ask.usual_region())?;
    let args = SsoSyncArgs { region: Some(region), ..SsoSyncArgs::default() };
    let sync = Sync::new(ask.context, &args, session, roles)?;
    let (diff, outcome) = sync.preview()?;
    if diff.is_empty() {
        ask.say("Each of them has a profile already.");
        return Ok(None);
    }
    let (added, changed) = (outcome.added.len(), outcome.changed.len());
    let question = format!("Write this (new profiles: {added}, changed: {changed})?");
    if !ask.agree(&diff, &question)? {
        return Ok(None);
    }
    sync.finish()?;
    Ok(outcome.added.into_iter().next())
}

/// Makes a profile for one account and role after a yes, and returns it.
fn one(ask: &Ask, session: &str, all: &[Assignment]) -> Result<Option<String>> {
    let mut accounts: Vec<&Account> = all.iter().map(|one| one.account).collect();
    accounts.dedup_by_key(|account| &account.id);
    let of_account = |account: &&Account| Choice {
        name: account.id.clone(),
        about: account.name.clone().unwrap_or_default(),
    };
    let choices: Vec<Choice> = accounts.iter().map(of_account).collect();
    let account = accounts[ask.choose("Which account?", &choices)?];
    let of_it: Vec<&Assignment> = all.iter().filter(|one| one.account.id == account.id).collect();
    let of_role = |one: &&Assignment| Choice { name: one.role.to_owned(), about: String::new() };
    let choices: Vec<Choice> = of_it.iter().map(of_role).collect();
    let chosen = of_it[ask.choose("Which role?", &choices)?];
    let region = ask.region("Its region", ask.usual_region())?;
    let guess = default_name(*chosen, session);
    let section =
        ask.new_name("Name of the profile", guess.as_deref(), |name| SectionName::profile(name))?;
    let words = [
        format!("sso_session={session}"),
        format!("sso_account_id={}", account.id),
        format!("sso_role_name={}", chosen.role),
        format!("region={region}"),
    ];
    Ok(ask.add_section(&section, &words)?.then_some(section.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_of_start_url_tells_region_and_name() {
        for (typed, url, region, name) in [
            ("corp.awsapps.com/start", "https://corp.awsapps.com/start", None, "corp"),
            ("https://d-1234567890.awsapps.com/start", "", None, "sso"),
            ("https://ssoins-1.portal.eu-west-1.app.aws", "", Some("eu-west-1"), "sso"),
            (
                "https://start.us-gov-west-1.us-gov-home.awsapps.com/directory/corp",
                "",
                Some("us-gov-west-1"),
                "sso",
            ),
            ("https://start.home.awsapps.cn/directory/d-1", "", None, "sso"),
        ] {
            let read = start_url(typed).unwrap();
            assert_eq!(read, if url.is_empty() { typed } else { url });
            assert_eq!((region_in(host(&read)), name_in(host(&read))), (region, name), "{typed}");
        }
        for wrong in ["http://corp.awsapps.com/start", "corp", "corp corp.example", "https://", ""]
        {
            assert!(start_url(wrong).is_err(), "{wrong}");
        }
    }
}
