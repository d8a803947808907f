//! What AWS's refusals mean for a profile, and what mends them: the table `meanings.txt`, in which
//! a row is looked for by service, code and the beginning of AWS's sentence.

use crate::aws::Credentials;
use crate::clients::factory::Target;
use crate::error::Kind;

const TABLE: &str = include_str!("meanings.txt");

/// One row of the table. Names in braces are still to be filled in.
pub struct Meaning {
    pub means: &'static str,
    pub hints: Vec<&'static str>,
    pub kind: Kind,
    /// The service, then the codes.
    head: &'static str,
    by: Option<&'static str>,
    says: &'static str,
}

/// Finds the first row that fits a refusal.
pub fn find(target: &Target, code: &str, sentence: &str) -> Option<Meaning> {
    rows().find(|row| row.fits(target, code, sentence))
}

fn rows() -> impl Iterator<Item = Meaning> {
    TABLE.split("\n\n").skip(1).map(Meaning::parse)
}

impl Meaning {
    fn parse(block: &'static str) -> Self {
        let mut lines = block.lines();
        let head = lines.next().unwrap_or_default();
        let (means, says, hints, kind) = ("", "", Vec::new(), Kind::Failed);
        let mut row = Self { means, hints, kind, head, by: None, says };
        for line in lines {
            match line.split_once(": ").unwrap_or((line, "")) {
                ("by", by) => row.by = Some(by),
                ("says", says) => row.says = says,
                ("means", means) => row.means = means,
                ("hint", hint) => row.hints.push(hint),
                ("login", "") => row.kind = Kind::NeedsPerson,
                _ => {}
            }
        }
        row
    }

    fn fits(&self, target: &Target, code: &str, sentence: &str) -> bool {
        let caller = match target.caller {
            Some(Credentials::LongTerm(_)) => "user",
            Some(Credentials::Session(_)) => "session",
            None => "nobody",
        };
        let mut words = self.head.split(' ');
        words.next() == Some(target.service.name())
            && words.any(|word| word == code)
            && self.by.is_none_or(|by| by == caller)
            && begins(sentence, self.says)
    }
}

/// Returns whether a sentence begins as a pattern says, in which `*` stands for anything.
fn begins(sentence: &str, pattern: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| sentence.strip_prefix(first)) else {
        return false;
    };
    parts.all(|part| {
        let found = rest.find(part);
        rest = found.map_or("", |at| &rest[at + part.len()..]);
        found.is_some()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clients::factory::Service;

    #[test]
    fn sentences_begin_as_patterns_say() {
        for (sentence, pattern, expected) in [
            ("anything", "", true),
            ("User: a is not authorized to perform: sts:TagSession on", "User: * sts:Tag", true),
            ("User: a is not authorized to perform: sts:AssumeRole on", "User: * sts:Tag", false),
            ("no User: a", "User: *", false),
            ("x is invalid", "* is invalid", true),
            ("", "User", false),
        ] {
            assert_eq!(begins(sentence, pattern), expected, "{sentence} / {pattern}");
        }
    }

    #[test]
    fn sign_in_asks_for_a_login_where_one_mends_it() {
        let network = crate::chain::Network::default();
        let target = Target::of(Service::SignIn, &network, "eu-west-1", None);
        for (code, sentence, kind) in [
            ("AccessDeniedException", "The refresh token has expired. (TOKEN_EXPIRED)", 4),
            ("AccessDeniedException", "Changed. (USER_CREDENTIALS_CHANGED)", 4),
            ("AccessDeniedException", "No. (INSUFFICIENT_PERMISSIONS)", 1),
            ("ValidationException", "The provided authorization grant is invalid", 4),
            ("TooManyRequestsError", "Slow down", 1),
            ("InternalServerException", "", 1),
        ] {
            let meaning = find(&target, code, sentence).unwrap();
            assert_eq!(meaning.kind.exit_code(), kind, "{code}: {sentence}");
        }
        assert!(find(&target, "Unknown", "").is_none());
    }

    #[test]
    fn each_row_has_all_its_parts_and_nothing_else() {
        let services = [
            Service::Sts,
            Service::Iam,
            Service::Portal,
            Service::Oidc,
            Service::SignIn,
            Service::Federation,
            Service::Instance,
            Service::Container,
        ];
        for (row, block) in rows().zip(TABLE.split("\n\n").skip(1)) {
            let (service, codes) = row.head.split_once(' ').unwrap();
            assert!(services.iter().any(|one| one.name() == service), "{block}");
            assert!(!codes.is_empty() && !row.means.is_empty() && !row.hints.is_empty(), "{block}");
            assert!(row.by.is_none_or(|by| ["user", "session"].contains(&by)), "{block}");
            let known = ["by: ", "says: ", "means: ", "hint: ", "login"];
            for line in block.lines().skip(1) {
                assert!(known.iter().any(|begin| line.starts_with(begin)), "{line}");
            }
            assert!(
                row.hints.iter().all(|hint| hint.contains(": ") || hint.ends_with("{device}")),
                "{block}"
            );
        }
    }
}
