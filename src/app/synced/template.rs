//! How profiles are named that are made for accounts and roles.

use std::collections::HashMap;

use super::Assignment;

/// The name of a profile where nothing else is said.
pub const DEFAULT: &str = "{account_name}.{role}";

/// What a template may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Placeholder {
    AccountName,
    AccountId,
    Email,
    Role,
    Session,
}

const PLACEHOLDERS: [(&str, Placeholder); 5] = [
    ("account_name", Placeholder::AccountName),
    ("account_id", Placeholder::AccountId),
    ("email", Placeholder::Email),
    ("role", Placeholder::Role),
    ("session", Placeholder::Session),
];

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Value(Placeholder),
}

/// The name of a profile, with values to be filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameTemplate(Vec<Part>);

impl NameTemplate {
    /// Parses a template: text, and names of values in braces.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn parse(template: &str) -> Result<Self, String> {
        let known = || PLACEHOLDERS.map(|(name, _)| format!("{{{name}}}")).join(", ");
        let (mut parts, mut rest) = (Vec::new(), template);
        while let Some((text, after)) = rest.split_once('{') {
            let Some((name, after)) = after.split_once('}') else {
                return Err("a `{` has no `}`".to_owned());
            };
            let found = PLACEHOLDERS.iter().find(|(placeholder, _)| *placeholder == name);
            let (_, value) =
                found.ok_or_else(|| format!("there is no {{{name}}}, only {}", known()))?;
            parts.extend([Part::Text(legal(text)), Part::Value(*value)]);
            rest = after;
        }
        if rest.contains('}') {
            return Err("a `}` has no `{`".to_owned());
        }
        parts.push(Part::Text(legal(rest)));
        if !parts.iter().any(|part| matches!(part, Part::Value(_))) {
            return Err(format!("it names none of {}", known()));
        }
        Ok(Self(parts))
    }

    /// Returns the name for an account and role. What AWS leaves out, or has in no character that a
    /// profile's name may have, is the account's ID in its place.
    pub fn fill(&self, assignment: &Assignment, session: &str) -> String {
        let account = assignment.account;
        let value = |placeholder| match placeholder {
            Placeholder::AccountName => account.name.as_deref(),
            Placeholder::AccountId => Some(account.id.as_str()),
            Placeholder::Email => account.email.as_deref(),
            Placeholder::Role => Some(assignment.role),
            Placeholder::Session => Some(session),
        };
        let parts = self.0.iter().map(|part| match part {
            Part::Text(text) => text.clone(),
            Part::Value(placeholder) => {
                let value = legal(value(*placeholder).unwrap_or_default());
                let value = value.trim_matches('-');
                if value.is_empty() { legal(&account.id) } else { value.to_owned() }
            }
        });
        let name = parts.collect::<String>();
        // A name that begins so would be taken for an option.
        name.trim_start_matches('-').to_owned()
    }
}

/// Returns a text in the characters that AWS accepts in a profile's name: any others in a row
/// become one `-`.
fn legal(text: &str) -> String {
    let mut legal = String::new();
    for c in text.chars() {
        if c.is_ascii_alphanumeric() || "_-/.%@:+".contains(c) {
            legal.push(c);
        } else if !legal.ends_with('-') {
            legal.push('-');
        }
    }
    legal
}

/// Names each account and role by a template. Names that several would have, and `default`, which
/// means more to the SDKs, get the account's ID, then the role, then a number behind them. What is
/// named depends on nothing but the list.
pub fn names(template: &NameTemplate, assignments: &[Assignment], session: &str) -> Vec<String> {
    let mut names: Vec<String> =
        assignments.iter().map(|assignment| template.fill(assignment, session)).collect();
    for more in [|a: &Assignment| legal(&a.account.id), |a: &Assignment| legal(a.role)] {
        let mut count: HashMap<String, usize> = HashMap::new();
        for name in &names {
            *count.entry(name.clone()).or_default() += 1;
        }
        for (name, assignment) in names.iter_mut().zip(assignments) {
            if count[name] > 1 || name == "default" {
                *name = format!("{name}.{}", more(assignment));
            }
        }
    }
    let mut count: HashMap<String, usize> = HashMap::new();
    for name in &mut names {
        let number = count.entry(name.clone()).or_default();
        *number += 1;
        if *number > 1 {
            *name = format!("{name}.{number}");
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clients::assignments::Account;

    fn account(id: &str, name: Option<&str>) -> Account {
        Account { id: id.to_owned(), name: name.map(str::to_owned), email: None }
    }

    fn named(template: &str, all: &[(&str, Option<&str>, &str)]) -> Vec<String> {
        let accounts: Vec<Account> = all.iter().map(|(id, name, _)| account(id, *name)).collect();
        let assignments: Vec<Assignment> = accounts
            .iter()
            .zip(all)
            .map(|(account, (_, _, role))| Assignment { account, role })
            .collect();
        names(&NameTemplate::parse(template).unwrap(), &assignments, "corp")
    }

    #[test]
    fn names_are_legal_and_fall_back_to_account_id() {
        for (template, name, role, expected) in [
            (DEFAULT, Some("Shop"), "Admin", "Shop.Admin"),
            (DEFAULT, Some("Shop & Co (EU)"), "Read_Only", "Shop-Co-EU.Read_Only"),
            (DEFAULT, Some("日本"), "A", "000000000042.A"),
            (DEFAULT, Some("日本 shop"), "a=b,c", "shop.a-b-c"),
            (DEFAULT, None, "A", "000000000042.A"),
            ("{account_id}:{role}", Some("x"), "A", "000000000042:A"),
            ("{session}/{account_name} {role}", Some("x"), "A", "corp/x-A"),
            ("{email}", Some("x"), "A", "000000000042"),
            ("--{role}", Some("x"), "A", "A"),
            ("{role}", Some("x"), "default", "default.000000000042"),
        ] {
            assert_eq!(named(template, &[("000000000042", name, role)]), [expected], "{template}");
        }
    }

    #[test]
    fn same_names_get_account_id_then_role_then_number() {
        let (one, two) = ("111111111111", "222222222222");
        let shop = Some("Shop");
        assert_eq!(
            named(DEFAULT, &[(one, shop, "A"), (two, shop, "A"), (two, shop, "B")]),
            ["Shop.A.111111111111", "Shop.A.222222222222", "Shop.B"]
        );
        assert_eq!(
            named("{account_name}", &[(one, shop, "A"), (one, shop, "B"), (two, shop, "A")]),
            ["Shop.111111111111.A", "Shop.111111111111.B", "Shop.222222222222"]
        );
        assert_eq!(
            named(DEFAULT, &[(one, shop, "a=b"), (one, shop, "a,b")]),
            ["Shop.a-b.111111111111.a-b", "Shop.a-b.111111111111.a-b.2"]
        );
    }

    #[test]
    fn wrong_template_says_why() {
        for (template, why) in [
            (
                "{name}",
                "there is no {name}, only {account_name}, {account_id}, {email}, {role}, {session}",
            ),
            ("{role", "has no `}`"),
            ("role}", "has no `{`"),
            ("{}", "there is no {}"),
            ("fixed", "it names none of"),
            ("", "it names none of"),
        ] {
            let error = NameTemplate::parse(template).unwrap_err();
            assert!(error.contains(why), "{template}: {error}");
        }
    }
}
