//! The pages of resources in the console, by their ARNs.

use crate::aws::arn::Arn;
use crate::aws::partition::Partition;
use crate::text::percent_encoded;

const TABLE: &str = include_str!("resources.txt");

/// What a resource's page is made of.
pub struct Resource<'a> {
    pub arn: &'a Arn<'a>,
    pub text: &'a str,
    pub partition: &'static Partition,
    pub region: &'a str,
}

impl Resource<'_> {
    /// Returns its page; `None` where only its service has one that is known.
    pub fn page(&self) -> Option<String> {
        let mut rows = TABLE.split("\n\n").nth(1).unwrap_or_default().lines();
        rows.find_map(|row| {
            let mut words = row.splitn(3, ' ');
            let (service, pattern, page) = (words.next()?, words.next()?, words.next()?);
            let found = (service == self.arn.service).then(|| captures(pattern, self.arn.resource));
            self.fill(page, &found.flatten()?)
        })
    }

    /// Fills in the names in braces.
    fn fill(&self, template: &str, captures: &[(&str, &str)]) -> Option<String> {
        let (mut page, mut rest) = (String::new(), template);
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}')?;
            let (name, how) = name.split_once('|').unwrap_or((name, ""));
            let value = match name {
                "region" => self.region,
                "account" => self.arn.account,
                "dns" => self.partition.dns_suffix,
                "arn" => self.text,
                name => captures.iter().find(|(known, _)| *known == name)?.1,
            };
            page = page + before + &encoded(value, how);
            rest = after;
        }
        Some(page + rest)
    }
}

fn encoded(value: &str, how: &str) -> String {
    match how {
        "path" => value
            .split_inclusive(['/', ':'])
            .map(|part| match part.strip_suffix(['/', ':']) {
                Some(word) => percent_encoded(word) + &part[word.len()..],
                None => percent_encoded(part),
            })
            .collect(),
        "last" => percent_encoded(value.rsplit('/').next().unwrap_or(value)),
        "twice" => percent_encoded(&percent_encoded(value)),
        "logs" => encoded(value, "twice").replace('%', "$"),
        "name" => percent_encoded(without_suffix(value)),
        "parameter" if value.contains('/') => encoded(&format!("/{value}"), "twice"),
        _ => percent_encoded(value),
    }
}

/// Takes away what Secrets Manager adds to the name of a secret: a hyphen and six characters.
fn without_suffix(name: &str) -> &str {
    match name.rsplit_once('-') {
        Some((name, suffix)) if suffix.len() == 6 && !name.is_empty() => name,
        _ => name,
    }
}

/// Matches a resource with a pattern, and returns what its names stand for; `None` where it does
/// not fit.
fn captures<'a>(pattern: &'a str, resource: &'a str) -> Option<Vec<(&'a str, &'a str)>> {
    let (mut found, mut pattern, mut rest) = (Vec::new(), pattern, resource);
    while let Some((before, after)) = pattern.split_once('{') {
        rest = rest.strip_prefix(before)?;
        let (name, after) = after.split_once('}')?;
        let literal = after.split('{').next().unwrap_or_default();
        let end = if literal.is_empty() { rest.len() } else { rest.find(literal)? };
        let (value, behind) = rest.split_at(end);
        let (name, takes_all) = name.strip_suffix('*').map_or((name, false), |name| (name, true));
        if value.is_empty() || (!takes_all && value.contains(['/', ':'])) {
            return None;
        }
        found.push((name, value));
        (pattern, rest) = (after, behind);
    }
    (rest == pattern).then_some(found)
}
