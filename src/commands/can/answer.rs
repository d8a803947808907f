//! What the simulations come to: one row for each action on each resource.

use super::context::is_absent;
use super::principal::Principal;
use super::session_policies::SessionDecision;
use crate::clients::simulation::{ContextEntry, Decision, Evaluation, MatchedStatement};

/// The whole answer.
pub struct Answer {
    pub profile: Option<String>,
    /// Whose policies were simulated.
    pub principal: String,
    /// The profile that asked, where it is another one.
    pub asker: Option<String>,
    pub rows: Vec<Row>,
    /// The condition keys that were given.
    pub context: Vec<ContextEntry>,
    /// What no simulation covers.
    pub left_out: Vec<String>,
}

/// May it be done?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Allowed,
    /// Denied by a statement.
    ExplicitDeny,
    /// No statement allows it.
    ImplicitDeny,
    /// It depends on what is not known.
    NotDecided,
}

/// The answer about an action on a resource.
pub struct Row {
    pub action: String,
    pub resource: String,
    pub verdict: Verdict,
    /// Why, where no statement says it.
    pub reason: Option<String>,
    /// The statements that decided.
    pub statements: Vec<MatchedStatement>,
    /// The condition keys that policies ask for and that are not known.
    pub missing: Vec<String>,
}

/// Joins what the principal's policies and the session policies decide.
pub fn rows(
    principal: &Principal,
    context: &[ContextEntry],
    evaluations: Vec<Evaluation>,
    session: &SessionDecision,
) -> Vec<Row> {
    let is_given = |key: &str| context.iter().any(|entry| entry.key.eq_ignore_ascii_case(key));
    let unknown = |evaluation: &Evaluation| {
        let keys = evaluation.missing.iter();
        let mut keys: Vec<String> =
            keys.filter(|key| !is_given(key) && !is_absent(principal, key)).cloned().collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    };
    let row = |evaluation: Evaluation| {
        let own = of_principal(&evaluation, unknown(&evaluation));
        match session {
            SessionDecision::Unlimited => own,
            SessionDecision::Unknown(why) => match own.verdict {
                Verdict::Allowed => {
                    Row { verdict: Verdict::NotDecided, reason: Some(why.clone()), ..own }
                }
                _ => own,
            },
            SessionDecision::Decided(all) => {
                let is_same = |one: &&Evaluation| {
                    (&one.action, &one.resource) == (&own.action, &own.resource)
                };
                let of_session = all.iter().find(is_same);
                limited(own, of_session.map(|one| of_session_policies(one, unknown(one))))
            }
        }
    };
    evaluations.into_iter().map(row).collect()
}

fn of_principal(evaluation: &Evaluation, missing: Vec<String>) -> Row {
    let is_open = !missing.is_empty();
    let no = |by: Option<bool>| by == Some(false);
    let (verdict, reason) = match evaluation.decision {
        Decision::Allowed => (Verdict::Allowed, None),
        Decision::ExplicitDeny if !evaluation.statements.is_empty() => {
            (Verdict::ExplicitDeny, None)
        }
        Decision::ExplicitDeny if no(evaluation.by_organization) => {
            (Verdict::ExplicitDeny, Some("by a service control policy"))
        }
        Decision::ExplicitDeny => (Verdict::ExplicitDeny, None),
        Decision::ImplicitDeny if no(evaluation.by_organization) => {
            (Verdict::ImplicitDeny, Some("no service control policy allows it"))
        }
        Decision::ImplicitDeny if is_open => (Verdict::NotDecided, None),
        Decision::ImplicitDeny if no(evaluation.by_boundary) => {
            (Verdict::ImplicitDeny, Some("the permissions boundary does not allow it"))
        }
        Decision::ImplicitDeny => (Verdict::ImplicitDeny, Some("no statement allows it")),
    };
    row_of(evaluation, verdict, reason, missing)
}

fn of_session_policies(evaluation: &Evaluation, missing: Vec<String>) -> Row {
    let (verdict, reason) = match evaluation.decision {
        Decision::Allowed => (Verdict::Allowed, None),
        Decision::ExplicitDeny => (Verdict::ExplicitDeny, Some("by the session policies")),
        Decision::ImplicitDeny if missing.is_empty() => {
            (Verdict::ImplicitDeny, Some("the session policies do not allow it"))
        }
        Decision::ImplicitDeny => (Verdict::NotDecided, None),
    };
    Row { statements: Vec::new(), ..row_of(evaluation, verdict, reason, missing) }
}

fn row_of(
    evaluation: &Evaluation,
    verdict: Verdict,
    reason: Option<&str>,
    missing: Vec<String>,
) -> Row {
    let reason = match verdict {
        Verdict::NotDecided => Some(format!("it depends on {}", missing.join(", "))),
        _ => reason.map(str::to_owned),
    };
    Row {
        action: evaluation.action.clone(),
        resource: evaluation.resource.clone(),
        verdict,
        reason,
        statements: evaluation.statements.clone(),
        missing,
    }
}

/// Returns what both together allow: what denies in so many words comes first, then what does not
/// allow, then what is not known.
fn limited(own: Row, session: Option<Row>) -> Row {
    let rank = |row: &Row| match row.verdict {
        Verdict::Allowed => 0,
        Verdict::NotDecided => 1,
        Verdict::ImplicitDeny => 2,
        Verdict::ExplicitDeny => 3,
    };
    let session = session.unwrap_or_else(|| Row {
        action: own.action.clone(),
        resource: own.resource.clone(),
        verdict: Verdict::NotDecided,
        reason: Some("the session policies were not simulated for it".to_owned()),
        statements: Vec::new(),
        missing: Vec::new(),
    });
    let (mut row, other) =
        if rank(&session) > rank(&own) { (session, own) } else { (own, session) };
    row.missing.extend(other.missing);
    row.missing.sort_unstable();
    row.missing.dedup();
    row
}

/// Returns what no simulation covers.
pub fn left_out(actions: &[String], session: &SessionDecision) -> Vec<String> {
    let mut all = vec![
        "resource policies, such as those of buckets, keys and queues".to_owned(),
        "resource control policies, policies of VPC endpoints, and conditions of service control \
         policies"
            .to_owned(),
    ];
    let assumes = |action: &String| action.to_ascii_lowercase().starts_with("sts:assume");
    if actions.iter().any(assumes) {
        all.push("trust policies: whether a role lets the caller in".to_owned());
    }
    if let SessionDecision::Unknown(why) = session {
        all.push(format!("session policies ({why})"));
    }
    all
}
