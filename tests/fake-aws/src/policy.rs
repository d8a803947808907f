//! Identity policies and session policies, as far as roles need them.

use serde_json::{Value, json};

/// Whether a statement grants or forbids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    Allow,
    Deny,
}

/// Whether a statement counts for requests with MFA, without it, or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    Always,
    WithMfa,
    WithoutMfa,
}

impl When {
    /// Returns whether it counts for a request with MFA, or for one without.
    pub fn is_met(self, mfa: bool) -> bool {
        match self {
            Self::Always => true,
            Self::WithMfa => mfa,
            Self::WithoutMfa => !mfa,
        }
    }
}

/// One statement of a policy.
#[derive(Clone, Debug)]
pub struct Statement {
    pub effect: Effect,
    pub actions: Vec<String>,
    pub resources: Vec<String>,
    pub when: When,
    /// A condition key and the value that it must have, which only the simulator knows.
    pub only_if: Option<(String, String)>,
    /// The ARN of the managed policy in which it stands; `None` for an inline one.
    pub policy: Option<String>,
}

/// The answer of policies to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    Allowed,
    ImplicitDeny,
    ExplicitDeny,
}

impl Statement {
    /// Grants an action on a resource; both may hold `*` and `?`.
    pub fn allow(action: &str, resource: &str) -> Self {
        Self {
            effect: Effect::Allow,
            actions: vec![action.to_owned()],
            resources: vec![resource.to_owned()],
            when: When::Always,
            only_if: None,
            policy: None,
        }
    }

    /// Forbids an action on a resource; both may hold `*` and `?`.
    pub fn deny(action: &str, resource: &str) -> Self {
        Self { effect: Effect::Deny, ..Self::allow(action, resource) }
    }

    /// Counts only in requests made with MFA.
    #[must_use]
    pub fn with_mfa(self) -> Self {
        Self { when: When::WithMfa, ..self }
    }

    /// Counts only in requests made without MFA.
    #[must_use]
    pub fn without_mfa(self) -> Self {
        Self { when: When::WithoutMfa, ..self }
    }

    /// Counts only where a condition key has a value.
    #[must_use]
    pub fn only_if(self, key: &str, value: &str) -> Self {
        Self { only_if: Some((key.to_owned(), value.to_owned())), ..self }
    }

    /// Stands in a managed policy.
    #[must_use]
    pub fn of_policy(self, arn: &str) -> Self {
        Self { policy: Some(arn.to_owned()), ..self }
    }

    fn matches(&self, action: &str, resource: &str, mfa: bool) -> bool {
        // What a call says of other keys is not known, and allows nothing.
        let known = self.only_if.is_none() || self.effect == Effect::Deny;
        known && self.when.is_met(mfa) && self.is_about(action, resource)
    }

    /// Returns whether it names an action and a resource, whatever its conditions.
    pub fn is_about(&self, action: &str, resource: &str) -> bool {
        let action = action.to_ascii_lowercase();
        self.actions.iter().any(|pattern| wildcard(&pattern.to_ascii_lowercase(), &action))
            && self.resources.iter().any(|pattern| wildcard(pattern, resource))
    }
}

/// Returns the decision of some statements together about an action on a resource.
pub fn decide(statements: &[Statement], action: &str, resource: &str, mfa: bool) -> Decision {
    let mut decision = Decision::ImplicitDeny;
    for statement in statements {
        if statement.matches(action, resource, mfa) {
            match statement.effect {
                Effect::Deny => return Decision::ExplicitDeny,
                Effect::Allow => decision = Decision::Allowed,
            }
        }
    }
    decision
}

/// Returns the statement that forbids an action on a resource.
pub fn denying<'a>(
    statements: &'a [Statement],
    action: &str,
    resource: &str,
    mfa: bool,
) -> Option<&'a Statement> {
    let forbids = |statement: &&Statement| {
        statement.effect == Effect::Deny && statement.matches(action, resource, mfa)
    };
    statements.iter().find(forbids)
}

/// Returns whether a pattern of `*` and `?` covers a text.
pub fn wildcard(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t, mut star) = (0, 0, None);
    while t < text.len() {
        if p < pattern.len() && pattern[p] == '*' {
            star = Some((p, t));
            p += 1;
        } else if p < pattern.len() && (pattern[p] == '?' || pattern[p] == text[t]) {
            p += 1;
            t += 1;
        } else if let Some((at, from)) = star {
            star = Some((at, from + 1));
            p = at + 1;
            t = from + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|character| *character == '*')
}

/// Returns the document of some statements, without their conditions.
pub fn document(statements: &[Statement]) -> String {
    let one = |statement: &Statement| {
        let effect = match statement.effect {
            Effect::Allow => "Allow",
            Effect::Deny => "Deny",
        };
        json!({"Effect": effect, "Action": statement.actions, "Resource": statement.resources})
    };
    let all: Vec<Value> = statements.iter().map(one).collect();
    json!({"Version": "2012-10-17", "Statement": all}).to_string()
}

/// Returns the statements of a policy document. A statement with a condition other than MFA's never
/// allows.
pub fn parse(document: &str) -> Result<Vec<Statement>, &'static str> {
    let value: Value =
        serde_json::from_str(document).map_err(|_| "This policy contains invalid Json")?;
    let list = match value.get("Statement") {
        Some(Value::Array(list)) if !list.is_empty() => list.clone(),
        Some(one @ Value::Object(_)) => vec![one.clone()],
        _ => return Err("Syntax errors in policy."),
    };
    list.iter().filter_map(|one| statement(one).transpose()).collect()
}

fn statement(value: &Value) -> Result<Option<Statement>, &'static str> {
    const SYNTAX: &str = "Syntax errors in policy.";
    let effect = match value.get("Effect").and_then(Value::as_str) {
        Some("Allow") => Effect::Allow,
        Some("Deny") => Effect::Deny,
        _ => return Err(SYNTAX),
    };
    if value.get("Action").is_none() && value.get("NotAction").is_none()
        || value.get("Principal").is_some()
    {
        return Err(SYNTAX);
    }
    let condition = value.get("Condition");
    let only_if = condition.and_then(equals_condition);
    let when = match condition {
        Some(condition) if only_if.is_none() => match mfa_condition(condition) {
            Some(when) => when,
            None if effect == Effect::Allow => return Ok(None),
            None => When::Always,
        },
        _ => When::Always,
    };
    Ok(Some(Statement {
        effect,
        actions: texts(value.get("Action")),
        resources: texts(value.get("Resource")),
        when,
        only_if,
        policy: None,
    }))
}

/// Reads a condition that is one `StringEquals` of one key.
fn equals_condition(condition: &Value) -> Option<(String, String)> {
    let keys = condition.as_object().filter(|all| all.len() == 1)?.get("StringEquals")?;
    let (key, value) = keys.as_object().filter(|all| all.len() == 1)?.iter().next()?;
    Some((key.clone(), value.as_str()?.to_owned()))
}

fn mfa_condition(condition: &Value) -> Option<When> {
    let operators = condition.as_object()?;
    let (operator, keys) = operators.iter().next().filter(|_| operators.len() == 1)?;
    let (key, wanted) = keys.as_object().and_then(|keys| keys.iter().next())?;
    if !key.eq_ignore_ascii_case("aws:MultiFactorAuthPresent") || !operator.starts_with("Bool") {
        return None;
    }
    let wanted = wanted.as_bool().or(wanted.as_str().map(|text| text == "true"))?;
    Some(if wanted { When::WithMfa } else { When::WithoutMfa })
}

fn texts(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Array(list)) => {
            list.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Decision, Statement, decide, parse, wildcard};

    #[test]
    fn wildcard_matches_star_and_question_mark() {
        for (pattern, text, covered) in [
            ("*", "", true),
            ("arn:aws:iam::*:role/dev-*", "arn:aws:iam::1:role/dev-x", true),
            ("arn:aws:iam::*:role/dev-*", "arn:aws:iam::1:role/ops", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("sts:*", "sts:assumerole", true),
        ] {
            assert_eq!(wildcard(pattern, text), covered, "{pattern} {text}");
        }
    }

    #[test]
    fn explicit_deny_overrides_allow() {
        let rules = [
            Statement::allow("sts:*", "*"),
            Statement::deny("sts:AssumeRole", "*/prod").without_mfa(),
        ];
        let says = |resource, mfa| decide(&rules, "sts:AssumeRole", resource, mfa);
        assert_eq!(says("role/dev", false), Decision::Allowed);
        assert_eq!(says("role/prod", false), Decision::ExplicitDeny);
        assert_eq!(says("role/prod", true), Decision::Allowed);
        assert_eq!(decide(&rules, "iam:Get", "x", true), Decision::ImplicitDeny);
    }

    #[test]
    fn policy_document_parses_and_invalid_one_is_error() {
        assert!(parse("{").is_err());
        assert!(parse("{}").is_err());
        let text = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}"#;
        assert_eq!(parse(text).unwrap().len(), 1);
    }
}
