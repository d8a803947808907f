use super::{
    CallerKind, assume_role_seconds, external_id_met, may_call_iam, may_get_federation_token,
    may_get_session_token, may_present_code, mfa_present, session_tags, session_token_seconds,
    web_identity_seconds,
};

const KINDS: [CallerKind; 5] = [
    CallerKind::LongTerm,
    CallerKind::UserSession { mfa: false },
    CallerKind::UserSession { mfa: true },
    CallerKind::RoleSession,
    CallerKind::FederatedUser,
];

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn role_session_duration_outside_limits_is_error() {
    let long = CallerKind::LongTerm;
    assert_eq!(assume_role_seconds(None, long, 3600), Ok(3600));
    assert_eq!(assume_role_seconds(Some(900), long, 3600), Ok(900));
    assert_eq!(assume_role_seconds(Some(43_200), long, 43_200), Ok(43_200));
    let low = assume_role_seconds(Some(899), long, 43_200).unwrap_err();
    assert_eq!(
        low.message,
        "1 validation error detected: Value '899' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900"
    );
    let high = assume_role_seconds(Some(43_201), long, 43_200).unwrap_err();
    assert!(high.message.ends_with("less than or equal to 43200"));
    let role = assume_role_seconds(Some(3601), long, 3600).unwrap_err();
    assert!(role.message.contains("MaxSessionDuration"));
    assert_eq!((role.status, &*role.code), (400, "ValidationError"));
}

#[test]
fn role_assumed_with_any_session_is_limited_to_one_hour() {
    for kind in KINDS {
        let answer = assume_role_seconds(Some(3601), kind, 43_200);
        if kind == CallerKind::LongTerm {
            assert_eq!(answer, Ok(3601));
        } else {
            assert_eq!(
                answer.unwrap_err().message,
                "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
                "{kind:?}"
            );
        }
        let over_both = assume_role_seconds(Some(3601), kind, 3_600).unwrap_err();
        assert!(over_both.message.contains("MaxSessionDuration"), "{kind:?}: {over_both:?}");
        assert_eq!(assume_role_seconds(Some(3600), kind, 43_200), Ok(3600));
    }
    assert_eq!(web_identity_seconds(Some(43_200), 43_200), Ok(43_200));
}

#[test]
fn session_token_duration_outside_limits_is_error() {
    assert_eq!(session_token_seconds(None), Ok(43_200));
    assert_eq!(session_token_seconds(Some(129_600)), Ok(129_600));
    assert!(session_token_seconds(Some(129_601)).is_err());
    assert!(session_token_seconds(Some(899)).is_err());
}

#[test]
fn caller_kind_decides_session_token_iam_and_mfa_rights() {
    assert_eq!(KINDS.map(|k| may_get_session_token(k).is_ok()), [true, false, false, false, false]);
    let federation = KINDS.map(|k| may_get_federation_token(k).is_ok());
    assert_eq!(federation, [true, false, false, false, false]);
    assert_eq!(KINDS.map(|k| may_call_iam(k).is_ok()), [true, false, true, true, false]);
    assert_eq!(KINDS.map(|k| mfa_present(k, false)), [false, false, true, false, false]);
    assert_eq!(KINDS.map(|k| mfa_present(k, true)), [true; 5]);
    assert_eq!(KINDS.map(|k| may_present_code(k).is_ok()), [true, true, true, false, false]);
}

#[test]
fn external_id_must_match_when_trust_requires_it() {
    assert!(external_id_met(None, None));
    assert!(external_id_met(None, Some("x")));
    assert!(external_id_met(Some("x"), Some("x")));
    assert!(!external_id_met(Some("x"), Some("X")));
    assert!(!external_id_met(Some("x"), None));
}

#[test]
fn inherited_tags_are_added_and_conflicts_are_refused() {
    let asked = pairs(&[("team", "a")]);
    let inherited = pairs(&[("cost", "1")]);
    let all = session_tags(&asked, &["team".into(), "cost".into()], &inherited).unwrap();
    assert_eq!(all, pairs(&[("team", "a"), ("cost", "1")]));
    assert!(session_tags(&asked, &["other".into()], &inherited).is_err());
    assert!(session_tags(&pairs(&[("COST", "2")]), &[], &inherited).is_err());
    assert!(session_tags(&pairs(&[("a", "1"), ("A", "2")]), &[], &[]).is_err());
    assert!(session_tags(&pairs(&[("aws:x", "1")]), &[], &[]).is_err());
}
