//! IAM's policy simulator, and the calls that tell it whose policies it is to simulate.

use aws_sdk_iam::types::{
    ContextEntry as SdkContextEntry, ContextKeyTypeEnum, EvaluationResult,
    OrganizationsDecisionDetail, PermissionsBoundaryDecisionDetail, PolicyEvaluationDecisionType,
    ResourceSpecificResult, Statement,
};

use crate::clients::calls::AwsCalls;
use crate::clients::factory::Target;
use crate::clients::failure::{CallError, Failure};
use crate::error::{Error, Result};

/// Whose policies are simulated.
#[derive(Debug, Clone, Copy)]
pub enum Policies<'a> {
    /// Those of a user or a role, by its ARN (iam:SimulatePrincipalPolicy).
    OfPrincipal(&'a str),
    /// Documents, as JSON (iam:SimulateCustomPolicy).
    Documents(&'a [String]),
}

/// What the simulator is asked.
#[derive(Debug, Clone, Copy)]
pub struct Simulation<'a> {
    pub actions: &'a [String],
    /// The ARNs; all resources when there is none.
    pub resources: &'a [String],
    pub context: &'a [ContextEntry],
}

/// What the type of a condition key is called by the simulator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContextType {
    String,
    Numeric,
    Boolean,
    Ip,
    Date,
}

/// A condition key with its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContextEntry {
    pub key: String,
    pub of_type: ContextType,
    pub values: Vec<String>,
}

/// What policies decide. The later ones take more away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Decision {
    Allowed,
    /// No statement allows it.
    ImplicitDeny,
    /// A statement denies it.
    ExplicitDeny,
}

/// A statement that made the decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchedStatement {
    /// The policy's name as the simulator has it.
    pub policy: String,
    /// `user`, `group`, `role`, `aws-managed`, `user-managed` and others.
    pub policy_type: Option<String>,
    /// The lines of the policy's document, counted from 1.
    pub lines: Option<(i32, i32)>,
}

/// The decision about an action on a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evaluation {
    pub action: String,
    pub resource: String,
    pub decision: Decision,
    pub statements: Vec<MatchedStatement>,
    /// The condition keys that policies ask for and that were not given.
    pub missing: Vec<String>,
    /// Whether the permissions boundary allows it; `None` without one.
    pub by_boundary: Option<bool>,
    /// Whether the service control policies allow it; `None` outside of an organization.
    pub by_organization: Option<bool>,
}

/// One page of an answer, and the marker of the next one.
struct Page {
    results: Vec<EvaluationResult>,
    is_truncated: bool,
    marker: Option<String>,
}

impl AwsCalls<'_> {
    /// Returns what policies decide about each action on each resource: all pages of the answer.
    ///
    /// # Errors
    /// When AWS refuses, does not answer or answers with pages that have no end, or the wait is
    /// interrupted.
    pub fn simulate(
        &self,
        target: &Target,
        policies: Policies,
        simulation: &Simulation,
    ) -> Result<Vec<Evaluation>, CallError> {
        let mut all: Vec<Evaluation> = Vec::new();
        let mut markers: Vec<Option<String>> = vec![None];
        while let Some(marker) = markers.last() {
            let page = self.page(target, policies, simulation, marker.clone())?;
            for evaluation in
                page.results.iter().flat_map(|result| evaluations(result, simulation.resources))
            {
                put(&mut all, evaluation);
            }
            // There may be more though the page is not full.
            if !page.is_truncated {
                return Ok(all);
            }
            if page.marker.is_none() || markers.contains(&page.marker) {
                let what = "a page of results that does not lead to the next one";
                return Err(Failure::without_answer(what).into());
            }
            markers.push(page.marker);
        }
        Ok(all)
    }

    fn page(
        &self,
        target: &Target,
        policies: Policies,
        simulation: &Simulation,
        marker: Option<String>,
    ) -> Result<Page, CallError> {
        let client = self.factory.iam(target)?;
        let actions = Some(simulation.actions.to_vec());
        let resources = Some(simulation.resources.to_vec()).filter(|all| !all.is_empty());
        let context: Vec<SdkContextEntry> = simulation.context.iter().map(sdk_entry).collect();
        match policies {
            Policies::OfPrincipal(arn) => {
                let request = client
                    .simulate_principal_policy()
                    .policy_source_arn(arn)
                    .set_action_names(actions)
                    .set_resource_arns(resources)
                    .set_context_entries(Some(context))
                    .set_marker(marker);
                let answer = self.answer(target, request.send())?;
                Ok(Page {
                    results: answer.evaluation_results().to_vec(),
                    is_truncated: answer.is_truncated(),
                    marker: answer.marker().map(str::to_owned),
                })
            }
            Policies::Documents(documents) => {
                let request = client
                    .simulate_custom_policy()
                    .set_policy_input_list(Some(documents.to_vec()))
                    .set_action_names(actions)
                    .set_resource_arns(resources)
                    .set_context_entries(Some(context))
                    .set_marker(marker);
                let answer = self.answer(target, request.send())?;
                Ok(Page {
                    results: answer.evaluation_results().to_vec(),
                    is_truncated: answer.is_truncated(),
                    marker: answer.marker().map(str::to_owned),
                })
            }
        }
    }

    /// Returns a role's ARN with its path, which STS leaves out (iam:GetRole).
    ///
    /// # Errors
    /// When AWS refuses or does not answer, or the wait is interrupted.
    pub fn role_arn(&self, target: &Target, name: &str) -> Result<String, CallError> {
        let client = self.factory.iam(target)?;
        let answer = self.answer(target, client.get_role().role_name(name).send())?;
        let arn = answer.role().map(|role| role.arn().to_owned());
        Ok(arn.ok_or_else(|| Failure::without_answer("an answer without a role"))?)
    }

    /// Returns the document of a managed policy's default version (iam:GetPolicy,
    /// iam:GetPolicyVersion).
    ///
    /// # Errors
    /// When AWS refuses, does not answer or answers without a document, or the wait is interrupted.
    pub fn policy_document(&self, target: &Target, arn: &str) -> Result<String, CallError> {
        let client = self.factory.iam(target)?;
        let policy = self.answer(target, client.get_policy().policy_arn(arn).send())?;
        let version = policy.policy().and_then(|policy| policy.default_version_id());
        let version =
            version.ok_or_else(|| Failure::without_answer("an answer without a policy"))?;
        let request = client.get_policy_version().policy_arn(arn).version_id(version);
        let answer = self.answer(target, request.send())?;
        let document = answer.policy_version().and_then(|version| version.document());
        let document = document.and_then(percent_decoded);
        Ok(document.ok_or_else(|| Error::failed(format!("IAM gave no document of {arn}")))?)
    }
}

fn sdk_entry(entry: &ContextEntry) -> SdkContextEntry {
    use ContextKeyTypeEnum as Sdk;
    let of_type = match (entry.of_type, entry.values.len()) {
        (ContextType::String, 1) => Sdk::String,
        (ContextType::String, _) => Sdk::StringList,
        (ContextType::Numeric, 1) => Sdk::Numeric,
        (ContextType::Numeric, _) => Sdk::NumericList,
        (ContextType::Boolean, 1) => Sdk::Boolean,
        (ContextType::Boolean, _) => Sdk::BooleanList,
        (ContextType::Ip, 1) => Sdk::Ip,
        (ContextType::Ip, _) => Sdk::IpList,
        (ContextType::Date, 1) => Sdk::Date,
        (ContextType::Date, _) => Sdk::DateList,
    };
    SdkContextEntry::builder()
        .context_key_name(&entry.key)
        .context_key_type(of_type)
        .set_context_key_values(Some(entry.values.clone()))
        .build()
}

/// Reads a result: one for each action, with those of each resource in it, and in older answers one
/// for each resource too.
fn evaluations(result: &EvaluationResult, asked: &[String]) -> Vec<Evaluation> {
    let whole = Evaluation {
        action: result.eval_action_name().to_owned(),
        // What it names by itself is the form of the ARNs.
        resource: match asked {
            [] => "*".to_owned(),
            [one] => one.clone(),
            _ => result.eval_resource_name().unwrap_or("*").to_owned(),
        },
        decision: decision(result.eval_decision()),
        statements: result.matched_statements().iter().map(statement).collect(),
        missing: result.missing_context_values().to_vec(),
        by_boundary: result
            .permissions_boundary_decision_detail()
            .map(PermissionsBoundaryDecisionDetail::allowed_by_permissions_boundary),
        by_organization: result
            .organizations_decision_detail()
            .map(OrganizationsDecisionDetail::allowed_by_organizations),
    };
    let of_resource = |one: &ResourceSpecificResult| Evaluation {
        resource: one.eval_resource_name().to_owned(),
        decision: decision(one.eval_resource_decision()),
        statements: one.matched_statements().iter().map(statement).collect(),
        missing: one.missing_context_values().to_vec(),
        by_boundary: one
            .permissions_boundary_decision_detail()
            .map(PermissionsBoundaryDecisionDetail::allowed_by_permissions_boundary)
            .or(whole.by_boundary),
        ..whole.clone()
    };
    match result.resource_specific_results() {
        [] => vec![whole],
        [one] => {
            let mut one = of_resource(one);
            one.missing.extend(whole.missing);
            if one.statements.is_empty() {
                one.statements = whole.statements;
            }
            vec![one]
        }
        several => several.iter().map(of_resource).collect(),
    }
}

/// Adds an evaluation; of two about the same the one that takes more away counts.
fn put(all: &mut Vec<Evaluation>, evaluation: Evaluation) {
    let is_same = |one: &&mut Evaluation| {
        (&one.action, &one.resource) == (&evaluation.action, &evaluation.resource)
    };
    match all.iter_mut().find(is_same) {
        Some(one) => {
            let mut missing = std::mem::take(&mut one.missing);
            missing.extend(evaluation.missing.iter().cloned());
            if evaluation.decision > one.decision {
                *one = evaluation;
            }
            one.missing = missing;
        }
        None => all.push(evaluation),
    }
}

/// A decision that this version does not know allows nothing.
fn decision(decision: &PolicyEvaluationDecisionType) -> Decision {
    match decision {
        PolicyEvaluationDecisionType::Allowed => Decision::Allowed,
        PolicyEvaluationDecisionType::ExplicitDeny => Decision::ExplicitDeny,
        _ => Decision::ImplicitDeny,
    }
}

fn statement(statement: &Statement) -> MatchedStatement {
    let lines = statement.start_position().zip(statement.end_position());
    MatchedStatement {
        policy: statement.source_policy_id().unwrap_or("a policy").to_owned(),
        policy_type: statement.source_policy_type().map(|one| one.as_str().to_owned()),
        lines: lines.map(|(begin, end)| (begin.line(), end.line())),
    }
}

/// Decodes `%7B` and its likes (RFC 3986); `None` where the text is not encoded so.
fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || char::from(rest.next()?).to_digit(16);
        bytes.push(u8::try_from(digit()? * 16 + digit()?).ok()?);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_decoded() {
        for (text, expected) in [
            ("%7B%22a%22%3A%22%C3%A9%2B%22%7D", Some(r#"{"a":"é+"}"#)),
            ("{}", Some("{}")),
            ("%7", None),
            ("%zz", None),
            ("%ff", None),
        ] {
            assert_eq!(percent_decoded(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn of_two_evaluations_the_stricter_counts_with_the_missing_keys_of_both() {
        let one = |decision, missing: &str| Evaluation {
            action: "s3:GetObject".to_owned(),
            resource: "*".to_owned(),
            decision,
            statements: Vec::new(),
            missing: vec![missing.to_owned()],
            by_boundary: None,
            by_organization: None,
        };
        let mut all = Vec::new();
        for evaluation in [
            one(Decision::ImplicitDeny, "a"),
            one(Decision::ExplicitDeny, "b"),
            one(Decision::Allowed, "c"),
        ] {
            put(&mut all, evaluation);
        }
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].decision, Decision::ExplicitDeny);
        assert_eq!(all[0].missing, ["a", "b", "c"]);
    }
}
