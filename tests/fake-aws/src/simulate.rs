//! IAM's policy simulator. As AWS's, it gives one result for each action, with those of each
//! resource in it, and pages that may be shorter than what was asked for.

use std::collections::BTreeMap;

use crate::iam::{authorize, no_role};
use crate::params::Params;
use crate::policy::{self, Decision, Effect, Statement};
use crate::rules::Refusal;
use crate::session::Caller;
use crate::world::{World, account_of, role_name};
use crate::xml;

/// How many results a page has at most, and when nobody asks for a number.
const MOST: usize = 1_000;
const USUAL: usize = 100;
const TYPES: [&str; 12] = [
    "string",
    "stringList",
    "numeric",
    "numericList",
    "boolean",
    "booleanList",
    "ip",
    "ipList",
    "binary",
    "binaryList",
    "date",
    "dateList",
];

/// What is simulated.
struct Scenario<'a> {
    /// The policies by name, with their type.
    policies: Vec<(&'a str, &'a str, &'a [Statement])>,
    boundary: Option<&'a [Statement]>,
    control: Option<&'a [Statement]>,
    /// The condition keys in lower case.
    context: BTreeMap<String, Vec<String>>,
}

/// Answers `SimulatePrincipalPolicy`.
pub fn principal(world: &World, caller: &Caller, params: &Params) -> Result<String, Refusal> {
    let source = params.get("PolicySourceArn").ok_or_else(|| missing("policySourceArn"))?;
    if source.split(':').nth(2) != Some("iam") || !source.contains('/') {
        let message = format!("Invalid ARN provided in the request: {source}");
        return Err(Refusal::new(400, "InvalidInput", message));
    }
    authorize(caller, "iam:SimulatePrincipalPolicy", source, source)?;
    let role = world.find_role(source);
    let user = world.users.iter().find(|user| user.arn() == source);
    let own = match (role, user) {
        (Some(role), _) => ("role_policy", "role", role.policies.as_slice()),
        (_, Some(user)) => ("user_policy", "user", user.policies.as_slice()),
        _ if source.contains(":role/") => return Err(no_role(role_name(source))),
        _ => {
            let name = role_name(source);
            let message = format!("The user with name {name} cannot be found.");
            return Err(Refusal::new(404, "NoSuchEntity", message));
        }
    };
    let scenario = Scenario {
        policies: vec![own],
        boundary: role.and_then(|role| role.boundary.as_deref()),
        control: world.control_policies.get(account_of(source)).map(Vec::as_slice),
        context: context(params)?,
    };
    results(world, &scenario, params)
}

/// Answers `SimulateCustomPolicy`.
pub fn custom(world: &World, caller: &Caller, params: &Params) -> Result<String, Refusal> {
    let documents = params.members("PolicyInputList", "");
    if documents.is_empty() {
        return Err(missing("policyInputList"));
    }
    authorize(caller, "iam:SimulateCustomPolicy", "*", "*")?;
    let mut policies = Vec::new();
    for (place, document) in documents.iter().enumerate() {
        let statements =
            policy::parse(document).map_err(|why| Refusal::new(400, "InvalidInput", why))?;
        policies.push((format!("PolicyInputList.{}", place + 1), statements));
    }
    let scenario = Scenario {
        policies: policies.iter().map(|(name, all)| (name.as_str(), "none", &all[..])).collect(),
        boundary: None,
        control: None,
        context: context(params)?,
    };
    results(world, &scenario, params)
}

fn missing(member: &str) -> Refusal {
    Refusal::validation(format!(
        "1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not be null"
    ))
}

/// Reads the condition keys, each of which needs a name, a type and values.
fn context(params: &Params) -> Result<BTreeMap<String, Vec<String>>, Refusal> {
    let mut all = BTreeMap::new();
    for (place, name) in params.members("ContextEntries", ".ContextKeyName").iter().enumerate() {
        let member = format!("ContextEntries.member.{}", place + 1);
        let of_type = params.get(&format!("{member}.ContextKeyType")).unwrap_or_default();
        let values = params.members(&format!("{member}.ContextKeyValues"), "");
        let fits = TYPES.contains(&of_type)
            && !values.is_empty()
            && (values.len() == 1 || of_type.ends_with("List"))
            && values.iter().all(|value| is_of(of_type, value));
        if !fits {
            let message = format!("Invalid context entry: {name} {of_type} {}", values.join(" "));
            return Err(Refusal::new(400, "InvalidInput", message));
        }
        if all.insert(name.to_ascii_lowercase(), values).is_some() {
            let message = format!("Duplicate context key: {name}");
            return Err(Refusal::new(400, "InvalidInput", message));
        }
    }
    Ok(all)
}

fn is_of(of_type: &str, value: &str) -> bool {
    match of_type.trim_end_matches("List") {
        "boolean" => ["true", "false"].contains(&value),
        "numeric" => value.parse::<f64>().is_ok(),
        "ip" => value.split('/').next().is_some_and(|ip| ip.parse::<std::net::IpAddr>().is_ok()),
        _ => true,
    }
}

/// Returns the page that was asked for.
fn results(world: &World, scenario: &Scenario, params: &Params) -> Result<String, Refusal> {
    let actions = params.members("ActionNames", "");
    if actions.is_empty() {
        return Err(missing("actionNames"));
    }
    if let Some(action) = actions.iter().find(|action| !is_action(action)) {
        let message = format!("Invalid action name: {action}");
        return Err(Refusal::new(400, "InvalidInput", message));
    }
    let begin = match params.get("Marker") {
        None => 0,
        Some(marker) => marker
            .strip_prefix("result-")
            .and_then(|place| place.parse().ok())
            .filter(|place| *place < actions.len())
            .ok_or_else(|| Refusal::new(400, "InvalidInput", "Invalid Marker"))?,
    };
    let asked = params.number("MaxItems")?.and_then(|number| usize::try_from(number).ok());
    let at_once = asked.unwrap_or(USUAL).min(MOST).min(world.simulated_at_once.unwrap_or(MOST));
    let end = (begin + at_once.max(1)).min(actions.len());
    let resources = params.members("ResourceArns", "");
    let members: String =
        actions[begin..end].iter().map(|action| scenario.result(action, &resources)).collect();
    let marker = if end < actions.len() {
        xml::element("IsTruncated", "true") + &xml::element("Marker", &format!("result-{end}"))
    } else {
        xml::element("IsTruncated", "false")
    };
    Ok(marker + &xml::nest("EvaluationResults", &members))
}

fn is_action(action: &str) -> bool {
    action.split_once(':').is_some_and(|(service, name)| {
        !service.is_empty() && !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric())
    })
}

impl Scenario<'_> {
    /// Returns the result of an action, with those of each resource that was named.
    fn result(&self, action: &str, resources: &[String]) -> String {
        let any = ["*".to_owned()];
        let asked = if resources.is_empty() { &any[..] } else { resources };
        let worst = asked.iter().max_by_key(|resource| rank(self.decide(action, resource)));
        let worst = worst.map_or("*", String::as_str);
        let specific: String = resources
            .iter()
            .map(|resource| {
                let inner = xml::element("EvalResourceName", resource)
                    + &xml::element("EvalResourceDecision", name(self.decide(action, resource)))
                    + &self.details(action, resource);
                xml::nest("member", &inner)
            })
            .collect();
        let control = self.control.map_or_else(String::new, |all| {
            let allows = self.decide_by(all, action, worst) == Decision::Allowed;
            let inner = xml::element("AllowedByOrganizations", &allows.to_string());
            xml::nest("OrganizationsDecisionDetail", &inner)
        });
        let inner = xml::element("EvalActionName", action)
            + &xml::element("EvalResourceName", "*")
            + &xml::element("EvalDecision", name(self.decide(action, worst)))
            + &self.details(action, worst)
            + &control
            + &xml::nest("ResourceSpecificResults", &specific);
        xml::nest("member", &inner)
    }

    /// Returns the statements that decided, the condition keys that are missing, and the boundary.
    fn details(&self, action: &str, resource: &str) -> String {
        let denied = self.decide(action, resource) == Decision::ExplicitDeny;
        let wanted = if denied { Effect::Deny } else { Effect::Allow };
        let mut matched = String::new();
        for (policy, of_type, statements) in &self.policies {
            for (place, statement) in statements.iter().enumerate() {
                if statement.effect != wanted || !self.applies(statement, action, resource) {
                    continue;
                }
                let position = |line: usize| {
                    xml::element("Line", &line.to_string()) + &xml::element("Column", "1")
                };
                let inner = xml::element("SourcePolicyId", policy)
                    + &xml::element("SourcePolicyType", of_type)
                    + &xml::nest("StartPosition", &position(place * 5 + 3))
                    + &xml::nest("EndPosition", &position(place * 5 + 7));
                matched += &xml::nest("member", &inner);
            }
        }
        let boundary = self.boundary.map_or_else(String::new, |all| {
            let allows = self.decide_by(all, action, resource) == Decision::Allowed;
            let inner = xml::element("AllowedByPermissionsBoundary", &allows.to_string());
            xml::nest("PermissionsBoundaryDecisionDetail", &inner)
        });
        xml::nest("MatchedStatements", &matched)
            + &xml::nest("MissingContextValues", &self.missing())
            + &boundary
    }

    /// Returns the condition keys of all statements that were not given, also of statements about
    /// other actions.
    fn missing(&self) -> String {
        let statements = self.policies.iter().flat_map(|(.., statements)| *statements);
        let keys = statements.filter_map(|statement| statement.only_if.as_ref());
        let keys = keys.filter(|(key, _)| !self.context.contains_key(&key.to_ascii_lowercase()));
        keys.map(|(key, _)| xml::element("member", key)).collect()
    }

    fn applies(&self, statement: &Statement, action: &str, resource: &str) -> bool {
        let has = |key: &str, value: &str| {
            self.context
                .get(&key.to_ascii_lowercase())
                .is_some_and(|values| values.iter().any(|one| one == value))
        };
        let mfa = has("aws:MultiFactorAuthPresent", "true");
        statement.when.is_met(mfa)
            && statement.only_if.as_ref().is_none_or(|(key, value)| has(key, value))
            && statement.is_about(action, resource)
    }

    fn decide_by(&self, statements: &[Statement], action: &str, resource: &str) -> Decision {
        let applying = statements.iter().filter(|one| self.applies(one, action, resource));
        applying.fold(Decision::ImplicitDeny, |decision, statement| {
            match (decision, statement.effect) {
                (Decision::ExplicitDeny, _) | (_, Effect::Deny) => Decision::ExplicitDeny,
                (_, Effect::Allow) => Decision::Allowed,
            }
        })
    }

    /// Returns the decision of everything together.
    fn decide(&self, action: &str, resource: &str) -> Decision {
        let own =
            self.policies.iter().flat_map(|(.., all)| all.iter().cloned()).collect::<Vec<_>>();
        let limits = [Some(own.as_slice()), self.boundary, self.control];
        let all = limits.into_iter().flatten().map(|all| self.decide_by(all, action, resource));
        all.max_by_key(|decision| rank(*decision)).unwrap_or(Decision::ImplicitDeny)
    }
}

/// Returns how much a decision takes away.
fn rank(decision: Decision) -> u8 {
    match decision {
        Decision::Allowed => 0,
        Decision::ImplicitDeny => 1,
        Decision::ExplicitDeny => 2,
    }
}

fn name(decision: Decision) -> &'static str {
    match decision {
        Decision::Allowed => "allowed",
        Decision::ImplicitDeny => "implicitDeny",
        Decision::ExplicitDeny => "explicitDeny",
    }
}
