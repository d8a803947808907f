//! What holds for every file and every list.

use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::config::document::Document;
use crate::config::edit::apply;

const SESSION: &str = "[sso-session corp]\nsso_start_url = https://x\nsso_region = eu-west-1\n";

fn profiles(config: &str) -> Profiles {
    let document = |kind: FileKind, text: &str| {
        Document::parse(kind, Path::new(kind.name()), text.as_bytes().to_vec().into())
    };
    Profiles::new(document(FileKind::Config, config), document(FileKind::Credentials, ""))
}

fn account(number: usize, name: &str) -> Account {
    let name = Some(name.to_owned()).filter(|name| !name.is_empty());
    Account { id: format!("{number:012}"), name, email: None }
}

fn wish(gone: Gone) -> Wish {
    Wish {
        session: "corp".to_owned(),
        template: NameTemplate::parse(DEFAULT_NAME).unwrap(),
        only: Only::default(),
        region: Some("eu-west-1".to_owned()),
        old_region: None,
        naming: Naming::Keep,
        gone,
        remembered: vec![(keys::SYNC_REGION, "eu-west-1".to_owned())],
    }
}

/// Syncs a file, and returns it with what became of the profiles.
fn synced(config: &str, accounts: &[(Account, Vec<String>)], wish: &Wish) -> (String, Outcome) {
    let assignments = accounts
        .iter()
        .flat_map(|(account, roles)| roles.iter().map(move |role| Assignment { account, role }));
    let listing = Listing { assignments: assignments.collect(), is_whole: true };
    let profiles = profiles(config);
    let (edits, outcome) = plan(&profiles, wish, &listing).unwrap();
    let document = profiles.document(FileKind::Config);
    let bytes = apply(document, edits.of(FileKind::Config)).unwrap();
    (String::from_utf8(bytes.to_vec()).unwrap(), outcome)
}

/// A line that somebody may have written, or a key that is written here.
fn line() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "# a comment",
        "; another",
        "",
        "   ",
        "output=json",
        "region\t=  us-east-1 # mine",
        "s3 =\n  addressing_style = path",
        "sso_session = corp",
        "sso_session =corp",
        "sso_session = old",
        "rolecall_synced = corp",
        "rolecall_synced = other",
        "description = ä\u{a0}ö",
        "nonsense",
    ])
}

/// A section for one of a few accounts, or of something else.
fn section() -> impl Strategy<Value = String> {
    let header = prop::sample::select(vec!["profile a.R", "profile b.R", "profile c", "default"]);
    let own = (0..4_usize, any::<bool>(), any::<bool>());
    (header, own, prop::collection::vec(line(), 0..6)).prop_map(|(header, own, lines)| {
        let (account, is_sso, is_marked) = own;
        let mut text = format!("[{header}{account}]\n");
        if header == "default" {
            text = "[default]\n".to_owned();
        }
        if is_sso {
            text += &format!("sso_account_id = {account:012}\nsso_role_name = R\n");
        }
        if is_marked {
            text += "sso_session = corp\nrolecall_synced = corp\n";
        }
        lines.iter().fold(text, |text, line| text + line + "\n")
    })
}

fn accounts() -> impl Strategy<Value = Vec<(Account, Vec<String>)>> {
    let name = prop::sample::select(vec!["", "a", "b", "a b", "ä", "default"]);
    let roles = prop::sample::subsequence(vec!["R".to_owned(), "S".to_owned()], 0..=2);
    prop::collection::vec((name, roles), 0..4).prop_map(|all| {
        let numbered = all.into_iter().enumerate();
        numbered.map(|(number, (name, roles))| (account(number, name), roles)).collect()
    })
}

/// Returns the lines of a file that no sync may change: all but those of the keys that are written,
/// and of removed sections.
fn lines_of_person<'a>(config: &'a str, removed: &[String]) -> Vec<&'a str> {
    let (mut lines, mut is_removed) = (Vec::new(), false);
    for line in config.lines() {
        if let Some(header) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            let name = header.strip_prefix("profile ").unwrap_or(header);
            is_removed = removed.iter().any(|removed| removed == name);
        }
        let key = line.split('=').next().unwrap_or_default().trim();
        let is_written = ["sso_session", "region", "rolecall_sync_region"].contains(&key);
        // How many blank lines stay around a section that is taken out is for the editor to say.
        if !is_removed && !is_written && !line.trim().is_empty() {
            lines.push(line);
        }
    }
    lines
}

fn is_in_order(few: &[&str], many: &str) -> bool {
    let mut many = many.lines();
    few.iter().all(|line| many.any(|other| other == *line))
}

proptest! {
    #[test]
    fn what_a_person_wrote_stays(
        sections in prop::collection::vec(section(), 0..8),
        list in accounts(),
        prune in any::<bool>(),
    ) {
        let config = format!("{SESSION}{}", sections.concat());
        let wish = wish(if prune { Gone::Remove } else { Gone::Keep });
        let (after, outcome) = synced(&config, &list, &wish);
        let lines = lines_of_person(&config, &outcome.removed);
        prop_assert!(is_in_order(&lines, &after), "{config}\n---\n{after}");
        for name in &outcome.removed {
            let profiles = profiles(&config);
            let profile = profiles.profile(name).unwrap().unwrap();
            prop_assert_eq!(profile.value(keys::SYNCED), Some("corp"));
        }
        // Each has what it is for, and a second run finds nothing to do.
        let profiles = profiles(&after);
        for name in &outcome.added {
            let profile = profiles.profile(name).unwrap().unwrap();
            prop_assert_eq!(profile.value(keys::SSO_SESSION), Some("corp"));
        }
        let (again, second) = synced(&after, &list, &wish);
        prop_assert_eq!(&again, &after);
        prop_assert!(second.added.is_empty() && second.changed.is_empty());
    }
}

#[test]
fn hundreds_of_accounts_are_synced_renamed_and_removed_around_a_long_file() {
    let section = |n| format!("[profile hand{n}] # x\nregion =eu\n# note\ns3 =\n  a = b\n");
    let by_hand = (0..2_000).map(section).collect::<Vec<_>>().concat();
    let config = format!("{SESSION}{by_hand}");
    let roles = ["Admin", "Power", "Read"].map(str::to_owned).to_vec();
    let all: Vec<_> =
        (0..500).map(|n| (account(n, &format!("Account {n}")), roles.clone())).collect();
    let (after, outcome) = synced(&config, &all, &wish(Gone::Keep));
    assert_eq!(outcome.added.len(), 1_500);
    assert!(after.contains(&by_hand));
    let template = NameTemplate::parse("{role}/{account_id}").unwrap();
    let renaming = Wish { template, naming: Naming::Template, ..wish(Gone::Keep) };
    let (renamed, outcome) = synced(&after, &all, &renaming);
    assert_eq!(outcome.renamed.len(), 1_500);
    let (last, outcome) = synced(&renamed, &all[..1], &wish(Gone::Remove));
    assert_eq!(outcome.removed.len(), 1_497);
    assert!(last.contains(&by_hand));
    assert_eq!(last.matches("rolecall_synced").count(), 3);
}
