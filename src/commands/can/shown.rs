//! The answer as a table for people, and as JSON.

use std::io::IsTerminal;

use serde_json::{Map, Value, json};

use super::answer::{Answer, Row, Verdict};
use crate::clients::simulation::MatchedStatement;
use crate::output::table::{self, Column};
use crate::system::terminal::stdout_width;
use crate::text::clean;

const COLUMNS: [Column; 4] = [
    Column { title: "ACTION", least: 20, leaves: None },
    Column { title: "RESOURCE", least: 12, leaves: Some(1) },
    Column { title: "ANSWER", least: 11, leaves: None },
    Column { title: "WHY", least: 20, leaves: Some(2) },
];

impl Verdict {
    fn name(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::ExplicitDeny => "explicit_deny",
            Self::ImplicitDeny => "implicit_deny",
            Self::NotDecided => "not_decided",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::ExplicitDeny | Self::ImplicitDeny => "denied",
            Self::NotDecided => "not decided",
        }
    }
}

impl Answer {
    /// Returns the table, and below it whose policies were simulated with which condition keys, and
    /// what the answer leaves out. On a terminal the table fits in; into a pipe it is whole.
    pub fn text(&self) -> String {
        let cells: Vec<Vec<String>> = self.rows.iter().map(cells).collect();
        let width = std::io::stdout().is_terminal().then(stdout_width).flatten();
        let mut text = table::render(&COLUMNS, &cells, width, |_| None);
        text += &format!("\nPolicies of {}", clean(&self.principal));
        if let Some(asker) = &self.asker {
            text += &format!(", simulated with the rights of {}", clean(asker));
        }
        let given =
            self.context.iter().map(|entry| format!("{}={}", entry.key, entry.values.join(",")));
        text += &format!("\nGiven: {}\n", clean(&given.collect::<Vec<_>>().join(" ")));
        let missing = self.missing();
        if !missing.is_empty() {
            let keys = missing.join(", ");
            text += &format!(
                "Not known, and asked for by policies: {} (--context KEY=VALUE)\n",
                clean(&keys)
            );
        }
        for what in &self.left_out {
            text += &format!("Not covered: {}\n", clean(what));
        }
        text
    }

    /// Returns one JSON object.
    pub fn json(&self) -> String {
        let given: Map<String, Value> =
            self.context.iter().map(|entry| (entry.key.clone(), json!(entry.values))).collect();
        json!({
            "profile": self.profile,
            "principal": self.principal,
            "asked_as": self.asker,
            "results": self.rows.iter().map(json_row).collect::<Value>(),
            "context": given,
            "missing_context": self.missing(),
            "not_covered": self.left_out,
        })
        .to_string()
    }

    /// Returns the condition keys that are not known, each once.
    fn missing(&self) -> Vec<&str> {
        let mut all: Vec<&str> =
            self.rows.iter().flat_map(|row| &row.missing).map(String::as_str).collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

fn cells(row: &Row) -> Vec<String> {
    let by = row.statements.iter().map(by).collect::<Vec<_>>().join("; ");
    let why = match (&row.reason, row.verdict) {
        (Some(reason), _) => reason.clone(),
        (None, Verdict::ExplicitDeny) if by.is_empty() => "by a statement".to_owned(),
        (None, _) => by,
    };
    vec![row.action.clone(), row.resource.clone(), row.verdict.title().to_owned(), why]
}

/// Names a statement: its policy, and the lines of it.
fn by(statement: &MatchedStatement) -> String {
    let of_type =
        statement.policy_type.as_ref().map_or_else(String::new, |one| format!(" ({one})"));
    let lines = match statement.lines {
        None => String::new(),
        Some((begin, end)) if begin == end => format!(", line {begin}"),
        Some((begin, end)) => format!(", lines {begin}-{end}"),
    };
    format!("by {}{of_type}{lines}", statement.policy)
}

fn json_row(row: &Row) -> Value {
    let statement = |one: &MatchedStatement| {
        json!({
            "policy": one.policy,
            "type": one.policy_type,
            "lines": one.lines.map(|(begin, end)| json!([begin, end])),
        })
    };
    json!({
        "action": row.action,
        "resource": row.resource,
        "decision": row.verdict.name(),
        "reason": row.reason,
        "statements": row.statements.iter().map(statement).collect::<Value>(),
        "missing_context": row.missing,
    })
}
