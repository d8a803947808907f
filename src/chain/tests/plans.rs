//! The plan is the best there is: for every chain of up to four roles, every plan is tried against
//! the rules that the strict fake of the black-box tests enforces. None that works asks fewer
//! questions or, with as many, makes fewer calls.

use std::collections::HashMap;

use fake_aws::rules::{self, CallerKind};

use super::*;

/// What is wanted of an identity: credentials of two such chains, at every moment of twelve hours.
const DAY: u32 = 43_200;
const DEVICES: [&str; 2] =
    ["arn:aws:iam::111111111111:mfa/bob", "arn:aws:iam::111111111111:mfa/other"];
const LENGTHS: [u32; 3] = [900, 3_600, 43_200];

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum RoleKind {
    Plain,
    ExternalId,
    SessionPolicy,
}

/// A role as its profile has it.
#[derive(Clone, Copy, Debug)]
struct PlayedRole {
    device: Option<usize>,
    seconds: u32,
    kind: RoleKind,
}

fn roles() -> Vec<PlayedRole> {
    let mut all = Vec::new();
    for device in [None, Some(0), Some(1)] {
        for seconds in LENGTHS {
            all.extend(
                [RoleKind::Plain, RoleKind::ExternalId, RoleKind::SessionPolicy]
                    .map(|kind| PlayedRole { device, seconds, kind }),
            );
        }
    }
    all
}

/// How a chain is walked: a session of the user first, with a device or without, and the device
/// whose code each role's call carries.
#[derive(Clone, Debug, PartialEq, Eq)]
struct PlayedPlan {
    first: Option<(Option<usize>, u32)>,
    codes: Vec<Option<usize>>,
}

/// Questions, then calls: fewer is better.
type Cost = (u32, u32);

/// What AWS makes of a plan; `None` when it refuses a call. `demanding`: a later role that names a
/// device demands MFA, as the first does.
fn cost(chain: &[PlayedRole], plan: &PlayedPlan, kept: bool, demanding: bool) -> Option<Cost> {
    let mut caller = CallerKind::LongTerm;
    // The length of each session, and whether its call carries a code.
    let mut sessions: Vec<(u32, bool)> = Vec::new();
    if let Some((device, seconds)) = plan.first {
        rules::may_get_session_token(caller).ok()?;
        if device.is_some() {
            rules::may_present_code(caller).ok()?;
        }
        sessions.push((rules::session_token_seconds(Some(seconds)).ok()?, device.is_some()));
        caller = CallerKind::UserSession { mfa: device.is_some() };
    }
    for (place, (role, code)) in chain.iter().zip(&plan.codes).enumerate() {
        if code.is_some() {
            rules::may_present_code(caller).ok()?;
        }
        let demands = role.device.is_some() && (place == 0 || demanding);
        if demands && !rules::mfa_present(caller, code.is_some()) {
            return None;
        }
        sessions.push((
            rules::assume_role_seconds(Some(role.seconds), caller, rules::ROLE_MOST).ok()?,
            code.is_some(),
        ));
        caller = CallerKind::RoleSession;
    }
    Some(if kept { of_a_day(&sessions, plan.first.is_some()) } else { of_one_walk(&sessions) })
}

fn of_one_walk(sessions: &[(u32, bool)]) -> Cost {
    (
        sessions.iter().map(|(_, code)| u32::from(*code)).sum(),
        u32::try_from(sessions.len()).unwrap(),
    )
}

/// A session is made again when it has ended and the next one must be made from it. The user's
/// session serves both chains.
fn of_a_day(sessions: &[(u32, bool)], shared: bool) -> Cost {
    let (mut questions, mut calls, mut interval) = (0, 0, 0);
    for (place, (seconds, code)) in sessions.iter().enumerate().rev() {
        interval = interval.max(*seconds);
        let times = DAY.div_ceil(interval) * if shared && place == 0 { 1 } else { 2 };
        calls += times;
        questions += times * u32::from(*code);
    }
    (questions, calls)
}

/// The best cost of all plans.
fn best(chain: &[PlayedRole], kept: bool, demanding: bool) -> Option<Cost> {
    let mut best = None;
    for first in [None, Some(None), Some(Some(0)), Some(Some(1))] {
        let mut codes: Vec<Option<usize>> = vec![None; chain.len()];
        'plans: loop {
            let plan =
                PlayedPlan { first: first.map(|device| (device, DAY)), codes: codes.clone() };
            best = [best, cost(chain, &plan, kept, demanding)].into_iter().flatten().min();
            for code in &mut codes {
                *code = match code {
                    None => Some(0),
                    Some(0) => Some(1),
                    Some(_) => None,
                };
                if code.is_some() {
                    continue 'plans;
                }
            }
            break;
        }
    }
    best
}

/// The shared file of chains that begin alike: `far` is each of the possible last roles.
fn config(near: &[PlayedRole], all: &[PlayedRole]) -> String {
    let mut text = String::from(
        "[profile dev]\nregion = eu-west-1\n\
         aws_access_key_id = AKIADEV\naws_secret_access_key = SECRETDEV\n",
    );
    let mut add = |name: &str, source: &str, role: &PlayedRole| {
        text += &format!(
            "[profile {name}]\nrole_arn = arn:aws:iam::222222222222:role/{name}\n\
             source_profile = {source}\nduration_seconds = {}\n",
            role.seconds
        );
        if let Some(device) = role.device {
            text += &format!("mfa_serial = {}\n", DEVICES[device]);
        }
        text += match role.kind {
            RoleKind::Plain => "",
            RoleKind::ExternalId => "external_id = shared\n",
            RoleKind::SessionPolicy => "policy_arns = arn:aws:iam::aws:policy/ReadOnlyAccess\n",
        };
    };
    let name = |place: usize| if place == 0 { "dev".to_owned() } else { format!("near{place}") };
    for (place, role) in near.iter().enumerate() {
        add(&name(place + 1), &name(place), role);
    }
    for (n, role) in all.iter().enumerate() {
        add(&format!("far{n}"), &name(near.len()), role);
    }
    text
}

/// Reads a plan off what `resolve` made, and checks that each call is the one its profile asks for.
fn planned(chain: &Chain, roles: &[PlayedRole]) -> PlayedPlan {
    let device = |serial: &str| DEVICES.iter().position(|known| *known == serial).unwrap();
    let (mut first, mut codes) = (None, Vec::new());
    for step in &chain.plan.steps {
        match step {
            Step::GetSessionToken(call) => {
                assert!(first.is_none() && codes.is_empty(), "it must come first");
                first =
                    Some((call.mfa.as_ref().map(|mfa| device(&mfa.serial)), call.duration_seconds));
            }
            Step::AssumeRole(call) => {
                let role = &roles[codes.len()];
                assert_eq!(call.duration_seconds, Some(role.seconds));
                assert_eq!(call.external_id.is_some(), role.kind == RoleKind::ExternalId);
                assert_eq!(!call.policies.arns.is_empty(), role.kind == RoleKind::SessionPolicy);
                codes.push(call.mfa.code().map(|mfa| device(&mfa.serial)));
            }
        }
    }
    assert_eq!(codes.len(), roles.len());
    PlayedPlan { first, codes }
}

/// What the plans' costs depend on; external IDs and policies do not come into it.
fn shape(
    chain: &[PlayedRole],
    kept: bool,
    demanding: bool,
) -> (Vec<(Option<usize>, u32)>, bool, bool) {
    (chain.iter().map(|role| (role.device, role.seconds)).collect(), kept, demanding)
}

/// Compares all chains that begin in a way; returns how many there were, and how many can be
/// walked.
fn compare(
    near: &[PlayedRole],
    all: &[PlayedRole],
    known: &mut HashMap<(Vec<(Option<usize>, u32)>, bool, bool), Option<Cost>>,
) -> (usize, usize) {
    let profiles = profiles(&config(near, all), "");
    let mut walkable = 0;
    for (n, last) in all.iter().enumerate() {
        let roles = [near, &[*last]].concat();
        // Where nothing is kept, external IDs and policies are handed on as where it is.
        let is_plain = roles.iter().all(|role| role.kind == RoleKind::Plain);
        for kept in if is_plain { &[true, false][..] } else { &[true] } {
            let kept = *kept;
            let defaults = Defaults { mfa_session: kept.then_some(DAY), caching: Caching::On };
            let request = Request::of_profile(&format!("far{n}"), defaults);
            let plan = resolve(&profiles, &request, &Environment::default())
                .map(|chain| planned(&chain, &roles));
            for demanding in [false, true] {
                let ours = plan.as_ref().ok().and_then(|plan| cost(&roles, plan, kept, demanding));
                let best = *known
                    .entry(shape(&roles, kept, demanding))
                    .or_insert_with(|| best(&roles, kept, demanding));
                assert_eq!(
                    ours, best,
                    "{roles:#?}\n{plan:?}, sessions kept: {kept}, \
                     later roles demand MFA: {demanding}"
                );
                walkable += usize::from(best.is_some() && kept && !demanding);
            }
        }
    }
    (all.len(), walkable)
}

/// Compares the chains of some lengths, in two threads.
fn compare_all(lengths: std::ops::RangeInclusive<usize>) -> (usize, usize) {
    let all = roles();
    assert_eq!(all.len(), 27);
    let mut beginnings: Vec<Vec<PlayedRole>> = Vec::new();
    let mut near: Vec<Vec<PlayedRole>> = vec![Vec::new()];
    for length in 1..=*lengths.end() {
        if lengths.contains(&length) {
            beginnings.extend(near.iter().cloned());
        }
        near = near
            .iter()
            .flat_map(|near| all.iter().map(move |role| [&near[..], &[*role]].concat()))
            .collect();
    }
    let threads: Vec<_> = (0..2)
        .map(|half| {
            let (all, mine): (Vec<PlayedRole>, Vec<Vec<PlayedRole>>) =
                (all.clone(), beginnings.iter().skip(half).step_by(2).cloned().collect());
            std::thread::spawn(move || {
                let mut known = HashMap::new();
                mine.iter()
                    .map(|near| compare(near, &all, &mut known))
                    .fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
            })
        })
        .collect();
    threads
        .into_iter()
        .map(|t| t.join().unwrap())
        .fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
}

// Of the chains that can be walked the first role may be of any length, the later ones of up to an
// hour.

#[test]
fn plan_of_up_to_three_roles_has_lowest_cost() {
    assert_eq!(compare_all(1..=3), (27 + 27 * 27 + 27 * 27 * 27, 27 + 27 * 18 + 27 * 18 * 18));
}

#[test]
#[ignore = "takes minutes; run by: tests/run plans"]
fn plan_of_four_roles_has_lowest_cost() {
    assert_eq!(compare_all(4..=4), (27 * 27 * 27 * 27, 27 * 18 * 18 * 18));
}
