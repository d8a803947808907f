//! The search: which profiles match a query, and how well. Pure.

use nucleo_matcher::pattern::{Atom, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use crate::aws::arn::Arn;

/// What a profile is found by beside its name, which counts more.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Fields {
    pub role_arn: Option<String>,
    /// The role or permission set of IAM Identity Center.
    pub sso_role: Option<String>,
    pub account: Option<String>,
    /// SSO session and start URL, description, tags.
    pub others: Vec<String>,
}

/// A parsed query.
#[derive(Default)]
pub enum Query {
    #[default]
    Everything,
    /// A whole ARN, as pasted from the console, an error or CloudTrail: the profiles of its role,
    /// then those of its account.
    Arn { account: String, name: String },
    /// Words in the notation of fzf. All must match.
    Words(Vec<Atom>),
}

impl Query {
    pub fn parse(text: &str) -> Self {
        let text = text.trim();
        if text.is_empty() {
            return Self::Everything;
        }
        let quoted = text.trim_matches(['"', '\'', '`', ',', ';', '(', ')', '<', '>', '[', ']']);
        if let Some(arn) = Arn::parse(quoted).filter(|arn| {
            arn.account.len() == 12 && arn.account.bytes().all(|b| b.is_ascii_digit())
        }) {
            let principal = arn.principal();
            let name = Arn::parse(&principal).map_or(arn.name(), |role| role.name()).to_owned();
            return Self::Arn { account: arn.account.to_owned(), name };
        }
        Self::Words(Pattern::parse(text, CaseMatching::Ignore, Normalization::Smart).atoms)
    }
}

/// The matcher with its memory, which is costly to allocate.
pub struct Search {
    matcher: Matcher,
    characters: Vec<char>,
}

impl Default for Search {
    fn default() -> Self {
        Self { matcher: Matcher::new(Config::DEFAULT), characters: Vec::new() }
    }
}

impl Search {
    /// Returns how well a profile matches; `None` when it does not.
    pub fn score(&mut self, query: &Query, name: &str, fields: &Fields) -> Option<u32> {
        match query {
            Query::Everything => Some(0),
            Query::Arn { account, name } => of_arn(account, name, fields),
            Query::Words(atoms) => atoms.iter().map(|atom| self.word(atom, name, fields)).sum(),
        }
    }

    fn word(&mut self, atom: &Atom, name: &str, fields: &Fields) -> Option<u32> {
        let role = fields.role_arn.as_deref().and_then(Arn::parse).map(|arn| arn.name());
        let own = [&fields.account, &fields.role_arn, &fields.sso_role]
            .into_iter()
            .flatten()
            .map(String::as_str);
        let around = role.into_iter().chain(own).chain(fields.others.iter().map(String::as_str));
        if atom.negative {
            let mut all = around.chain([name]);
            return all.all(|text| self.one(atom, text).is_some()).then_some(0);
        }
        let best = around.filter_map(|text| self.one(atom, text)).max();
        let own = self.one(atom, name).map(|score| score * 2);
        own.max(best)
    }

    fn one(&mut self, atom: &Atom, text: &str) -> Option<u32> {
        atom.score(Utf32Str::new(text, &mut self.characters), &mut self.matcher).map(u32::from)
    }

    /// Returns the places of the matching characters of a name, in order; none for a name beyond
    /// ASCII.
    pub fn highlights(&mut self, query: &Query, name: &str) -> Vec<usize> {
        let Query::Words(atoms) = query else { return Vec::new() };
        if !name.is_ascii() {
            return Vec::new();
        }
        let mut found = Vec::new();
        for atom in atoms.iter().filter(|atom| !atom.negative) {
            atom.indices(Utf32Str::Ascii(name.as_bytes()), &mut self.matcher, &mut found);
        }
        let mut found: Vec<usize> =
            found.into_iter().filter_map(|at| usize::try_from(at).ok()).collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// Scores the profiles of a role above the others of its account.
fn of_arn(account: &str, name: &str, fields: &Fields) -> Option<u32> {
    let role = fields.role_arn.as_deref().and_then(Arn::parse);
    let here = role.is_some_and(|arn| arn.account == account)
        || fields.account.as_deref() == Some(account);
    // IAM Identity Center names the role of a permission set `AWSReservedSSO_NAME_HASH`.
    let permission_set = name
        .strip_prefix("AWSReservedSSO_")
        .and_then(|rest| rest.rsplit_once('_'))
        .map(|(name, _)| name);
    let same = role.is_some_and(|arn| arn.name() == name)
        || fields.sso_role.is_some() && fields.sso_role.as_deref() == permission_set;
    here.then_some(if same { 2 } else { 1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(account: &str, role: &str, sso: &str, others: &[&str]) -> Fields {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Fields {
            role_arn: some(role),
            sso_role: some(sso),
            account: some(account),
            others: others.iter().map(|&o| o.to_owned()).collect(),
        }
    }

    fn world() -> Vec<(&'static str, Fields)> {
        vec![
            (
                "prod-admin",
                fields(
                    "",
                    "arn:aws:iam::222222222222:role/team/admin",
                    "",
                    &["The Till", "team=blue"],
                ),
            ),
            ("prod", fields("", "arn:aws:iam::222222222222:role/reader", "", &[])),
            (
                "people",
                fields("333333333333", "", "Developer", &["corp", "https://corp.example/start"]),
            ),
            ("dev", fields("111111111111", "", "", &["keys of production's poor relative"])),
            ("日本", fields("", "arn:aws:iam::333333333333:role/admin", "", &["Zürich"])),
        ]
    }

    fn found(query: &str) -> Vec<&'static str> {
        let (query, mut search) = (Query::parse(query), Search::default());
        let mut found: Vec<_> = world()
            .iter()
            .filter_map(|(name, fields)| Some((search.score(&query, name, fields)?, *name)))
            .collect();
        found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
        found.into_iter().map(|(_, name)| name).collect()
    }

    #[test]
    fn query_finds_profiles_by_every_field_best_first() {
        for (query, names) in [
            ("", &["prod-admin", "prod", "people", "dev", "日本"][..]),
            ("pradm", &["prod-admin"]),
            ("TILL", &["prod-admin"]),
            ("222222222222", &["prod-admin", "prod"]),
            ("role/reader", &["prod"]),
            ("Developer", &["people"]),
            ("corp.example", &["people"]),
            ("team=blue", &["prod-admin"]),
            // The name counts more than a description.
            ("prod", &["prod-admin", "prod", "dev"]),
            // All words must match, each in any field.
            ("prod 2222 reader", &["prod"]),
            ("prod nothing", &[]),
            // The notation of fzf.
            ("^prod$", &["prod"]),
            ("prod !admin", &["prod", "dev"]),
            ("'admin", &["prod-admin", "日本"]),
            ("日", &["日本"]),
            ("zurich", &["日本"]),
            ("   ", &["prod-admin", "prod", "people", "dev", "日本"]),
        ] {
            assert_eq!(found(query), names, "{query}");
        }
    }

    #[test]
    fn arn_finds_its_role_then_its_account() {
        for (query, names) in [
            ("arn:aws:iam::222222222222:role/reader", &["prod", "prod-admin"][..]),
            ("arn:aws:iam::222222222222:role/team/admin", &["prod-admin", "prod"]),
            ("arn:aws:sts::222222222222:assumed-role/admin/bob@example", &["prod-admin", "prod"]),
            ("\"arn:aws:sts::222222222222:assumed-role/admin/bob\",", &["prod-admin", "prod"]),
            (
                " arn:aws:iam::333333333333:role/aws-reserved/sso.amazonaws.com/\
                 AWSReservedSSO_Developer_0a1b2c ",
                &["people", "日本"],
            ),
            (
                "arn:aws:sts::333333333333:assumed-role/AWSReservedSSO_Developer_0a1b2c/bob",
                &["people", "日本"],
            ),
            ("arn:aws:iam::111111111111:user/bob", &["dev"]),
            ("arn:aws:iam::999999999999:role/admin", &[]),
            // An unfinished ARN is searched for like any other text.
            ("arn:aws:iam::222222222222", &["prod-admin", "prod"]),
        ] {
            assert_eq!(found(query), names, "{query}");
        }
    }

    #[test]
    fn highlights_are_matching_characters_of_name() {
        let mut search = Search::default();
        for (query, name, at) in [
            ("pad", "prod-admin", &[0, 5, 6][..]),
            ("admin prod", "prod-admin", &[0, 1, 2, 3, 5, 6, 7, 8, 9]),
            ("x", "prod", &[]),
            ("!x", "prod", &[]),
            ("", "prod", &[]),
            ("日", "日本", &[]),
        ] {
            assert_eq!(search.highlights(&Query::parse(query), name), at, "{query}");
        }
    }
}
