//! The services of the console, by the names that people and ARNs have for them.

const TABLE: &str = include_str!("services.txt");
/// How many letters a typing error may change, and how many names are offered for it.
const TYPING_ERROR: usize = 2;
const MAX_NEAR: usize = 3;

/// A service, as one row of the table has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// The page without its region, and what the page reads itself.
    page: &'static str,
    fragment: Option<&'static str>,
    is_global: bool,
    names: Vec<&'static str>,
}

fn rows() -> impl Iterator<Item = Service> {
    let lines = TABLE.split("\n\n").nth(1).unwrap_or_default().lines();
    lines.map(|line| {
        let mut words = line.split_whitespace();
        let page = words.next().unwrap_or_default();
        let (page, fragment) =
            page.split_once('#').map_or((page, None), |(page, rest)| (page, Some(rest)));
        let mut names: Vec<&str> = words.collect();
        let is_global = names.last() == Some(&"global");
        names.truncate(names.len() - usize::from(is_global));
        Service { page, fragment, is_global, names }
    })
}

/// Returns the name of each service, and what it is also called.
pub fn names() -> impl Iterator<Item = (&'static str, String)> {
    rows().filter_map(|row| {
        let (name, others) = row.names.split_first()?;
        Some((*name, others.join(", ")))
    })
}

impl Service {
    /// Finds a service by one of its names, in any case.
    pub fn find(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        rows().find(|row| row.names.contains(&name.as_str()))
    }

    /// Returns the names that a text comes near to, the nearest first: those that differ by little,
    /// else those that have it in them.
    pub fn near(text: &str) -> Vec<&'static str> {
        let text = text.to_ascii_lowercase();
        let names: Vec<_> = rows().flat_map(|row| row.names).collect();
        let distance = |name: &str| strsim::osa_distance(name, &text);
        let most = TYPING_ERROR.min(text.chars().count() / 2);
        let mut near: Vec<_> =
            names.iter().copied().filter(|name| distance(name) <= most).collect();
        near.sort_by_key(|name| distance(name));
        if near.is_empty() && text.len() >= 3 {
            near.extend(names.iter().copied().filter(|name| name.contains(text.as_str())));
        }
        near.truncate(MAX_NEAR);
        near
    }

    /// Returns the page of the service in a region.
    pub fn page(&self, region: &str) -> String {
        let fragment = self.fragment.map(|text| format!("#{text}")).unwrap_or_default();
        if self.is_global {
            format!("{}{fragment}", self.page)
        } else {
            format!("{}?region={region}{fragment}", self.page)
        }
    }

    pub fn is_global(&self) -> bool {
        self.is_global
    }
}
