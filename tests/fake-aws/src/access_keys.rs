//! The access keys of users, and the calls of IAM about them.

use crate::encoding::{base64, identifier, random};
use crate::iam::authorize;
use crate::params::Params;
use crate::rules::{CallerKind, Refusal};
use crate::session::Caller;
use crate::time;
use crate::world::{User, World, partition_of};
use crate::xml;

/// How many access keys a user may have, active or not.
const MOST: usize = 2;
/// How many keys a page of the list has when nobody asks for a number.
const USUAL: usize = 100;
/// When the keys were made that a world begins with.
const BEFORE: i64 = 1_704_067_200;

/// A user's access key.
#[derive(Clone, Debug)]
pub struct AccessKey {
    pub id: String,
    pub secret: String,
    pub is_active: bool,
    /// In seconds since 1970.
    pub created: i64,
    /// When the services begin to know it.
    pub known_from: i64,
    /// When it signed a call last, and of which service.
    pub last_used: Option<(i64, &'static str)>,
}

impl AccessKey {
    /// Returns a key that was made at the beginning of 2024 and was never used.
    pub fn of_before(id: &str, secret: &str) -> Self {
        Self {
            id: id.to_owned(),
            secret: secret.to_owned(),
            is_active: true,
            created: BEFORE,
            known_from: i64::MIN,
            last_used: None,
        }
    }

    fn status(&self) -> &'static str {
        if self.is_active { "Active" } else { "Inactive" }
    }
}

/// Remembers that a key signed a call of a service.
pub fn note_use(world: &mut World, caller: &Caller, service: &'static str, now: i64) {
    let mut keys = world.users.iter_mut().flat_map(|user| &mut user.keys);
    if let Some(key) = keys.find(|key| key.id == caller.access_key_id) {
        key.last_used = Some((now, service));
    }
}

/// Returns the user whose keys are meant, of whom a call may do an action. Only a call that is
/// signed by an access key need not name it.
fn user_of<'a>(
    world: &'a mut World,
    caller: &Caller,
    params: &Params,
    action: &str,
) -> Result<&'a mut User, Refusal> {
    let name = match (params.get("UserName"), caller.kind) {
        (Some(name), _) => name,
        (None, CallerKind::LongTerm) => caller.user_name().unwrap_or_default(),
        (None, CallerKind::UserSession { .. }) => {
            authorize(caller, action, "null", "user null")?;
            caller.user_name().unwrap_or_default()
        }
        (None, CallerKind::RoleSession | CallerKind::FederatedUser) => {
            let message = "Must specify userName when calling with non-User credentials";
            return Err(Refusal::validation(message));
        }
    };
    let partition = partition_of(&caller.arn);
    let arn = format!("arn:{partition}:iam::{}:user/{name}", caller.account);
    authorize(caller, action, &arn, &format!("user {name}"))?;
    let mut users = world.users.iter_mut();
    users.find(|user| user.account == caller.account && user.name == name).ok_or_else(|| {
        let message = format!("The user with name {name} cannot be found.");
        Refusal::new(404, "NoSuchEntity", message)
    })
}

fn place_of(user: &User, id: &str) -> Result<usize, Refusal> {
    user.keys.iter().position(|key| key.id == id).ok_or_else(|| {
        let message = format!("The Access Key with id {id} cannot be found.");
        Refusal::new(404, "NoSuchEntity", message)
    })
}

fn required<'a>(params: &'a Params, name: &str, member: &str) -> Result<&'a str, Refusal> {
    params.get(name).ok_or_else(|| {
        Refusal::validation(format!(
            "1 validation error detected: Value at '{member}' failed to satisfy constraint: Member must not be null"
        ))
    })
}

/// Answers `ListAccessKeys`.
pub fn list(world: &mut World, caller: &Caller, params: &Params) -> Result<String, Refusal> {
    let most = world.keys_at_once.unwrap_or(USUAL);
    let user = user_of(world, caller, params, "iam:ListAccessKeys")?;
    let begin = match params.get("Marker") {
        None => 0,
        Some(marker) => {
            let place = marker.strip_prefix("key-").and_then(|place| place.parse().ok());
            place.ok_or_else(|| Refusal::validation("Invalid Marker"))?
        }
    };
    let asked = params.number("MaxItems")?.and_then(|number| usize::try_from(number).ok());
    let end = user.keys.len().min(begin + asked.unwrap_or(USUAL).min(most));
    let members = user.keys.get(begin..end).unwrap_or_default().iter().map(|key| {
        let inner = xml::element("UserName", &user.name)
            + &xml::element("AccessKeyId", &key.id)
            + &xml::element("Status", key.status())
            + &xml::element("CreateDate", &time::iso(key.created));
        xml::nest("member", &inner)
    });
    let members = xml::nest("AccessKeyMetadata", &members.collect::<String>());
    Ok(if end < user.keys.len() {
        members
            + &xml::element("IsTruncated", "true")
            + &xml::element("Marker", &format!("key-{end}"))
    } else {
        members + &xml::element("IsTruncated", "false")
    })
}

/// Answers `CreateAccessKey`.
pub fn create(
    world: &mut World,
    caller: &Caller,
    params: &Params,
    now: i64,
) -> Result<String, Refusal> {
    let known_from = now + world.propagation_seconds;
    let user = user_of(world, caller, params, "iam:CreateAccessKey")?;
    if user.keys.len() >= MOST {
        let message = format!("Cannot exceed quota for AccessKeysPerUser: {MOST}");
        return Err(Refusal::new(409, "LimitExceeded", message));
    }
    let id = identifier("AKIA", &random(16));
    let key =
        AccessKey { created: now, known_from, ..AccessKey::of_before(&id, &base64(&random(30))) };
    let inner = xml::element("UserName", &user.name)
        + &xml::element("AccessKeyId", &key.id)
        + &xml::element("Status", key.status())
        + &xml::element("SecretAccessKey", &key.secret)
        + &xml::element("CreateDate", &time::iso(key.created));
    user.keys.push(key);
    Ok(xml::nest("AccessKey", &inner))
}

/// Answers `UpdateAccessKey`.
pub fn update(world: &mut World, caller: &Caller, params: &Params) -> Result<String, Refusal> {
    let id = required(params, "AccessKeyId", "accessKeyId")?;
    let is_active = match required(params, "Status", "status")? {
        "Active" => true,
        "Inactive" => false,
        other => {
            return Err(Refusal::validation(format!(
                "1 validation error detected: Value '{other}' at 'status' failed to satisfy constraint: Member must satisfy enum value set: [Active, Inactive]"
            )));
        }
    };
    let user = user_of(world, caller, params, "iam:UpdateAccessKey")?;
    let place = place_of(user, id)?;
    user.keys[place].is_active = is_active;
    Ok(String::new())
}

/// Answers `DeleteAccessKey`.
pub fn delete(world: &mut World, caller: &Caller, params: &Params) -> Result<String, Refusal> {
    let id = required(params, "AccessKeyId", "accessKeyId")?;
    let user = user_of(world, caller, params, "iam:DeleteAccessKey")?;
    let place = place_of(user, id)?;
    user.keys.remove(place);
    Ok(String::new())
}

/// Answers `GetAccessKeyLastUsed`. A key that is not there looks like one that may not be seen.
pub fn last_used(world: &World, caller: &Caller, params: &Params) -> Result<String, Refusal> {
    let id = required(params, "AccessKeyId", "accessKeyId")?;
    let found = world.find_key(id).filter(|(user, _)| user.account == caller.account);
    let Some((user, key)) = found else {
        let what = format!("access key {id}");
        return Err(Refusal::unauthorized(&caller.arn, "iam:GetAccessKeyLastUsed", &what));
    };
    let shown = format!("user {}", user.name);
    authorize(caller, "iam:GetAccessKeyLastUsed", &user.arn(), &shown)?;
    let answer = match key.last_used {
        Some((time, service)) => {
            xml::element("LastUsedDate", &time::iso(time))
                + &xml::element("ServiceName", service)
                + &xml::element("Region", "us-east-1")
        }
        None => xml::element("ServiceName", "N/A") + &xml::element("Region", "N/A"),
    };
    Ok(xml::element("UserName", &user.name) + &xml::nest("AccessKeyLastUsed", &answer))
}
