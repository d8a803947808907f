//! `rolecall list`: all profiles, read from the files and the index alone.

use std::io::IsTerminal;

use clap::Args;
use serde_json::{Value, json};

use crate::app::context::Context;
use crate::app::key_age::KeyAges;
use crate::app::summary::{ProfileSummary, summarize};
use crate::chain::keys;
use crate::config::profiles::Profiles;
use crate::error::{Error, Result};
use crate::hint;
use crate::output::table::{self, Column, or_dash};
use crate::output::time::timestamp;
use crate::output::{print, print_line};
use crate::system::report::Report;
use crate::system::terminal::stdout_width;

/// List the profiles
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rolecall list
  rolecall list prod 2222                             the profiles that hold both
  rolecall list --json")]
pub struct ListArgs {
    /// Show profiles that hold all these words in name, account, role, ARN, SSO fields, description
    /// or tags
    #[arg(value_name = "FILTER")]
    pub filter: Vec<String>,
    /// Print one JSON array
    #[arg(long)]
    pub json: bool,
}

/// The columns. On a narrow terminal some are left out; the description shows only on a terminal.
const COLUMNS: [Column; 8] = [
    Column { title: "PROFILE", least: 16, leaves: None },
    Column { title: "ACCOUNT", least: 12, leaves: Some(7) },
    Column { title: "ROLE", least: 10, leaves: Some(6) },
    Column { title: "REGION", least: 9, leaves: Some(4) },
    Column { title: "FROM", least: 10, leaves: Some(2) },
    Column { title: "MFA", least: 3, leaves: Some(3) },
    Column { title: "LEFT", least: 4, leaves: Some(5) },
    Column { title: "DESCRIPTION", least: 12, leaves: Some(1) },
];

pub fn run(context: &Context, args: &ListArgs) -> Result<()> {
    let profiles = context.profiles()?;
    let entries = context.known_sessions();
    let words: Vec<String> =
        args.filter.iter().flat_map(|f| f.split_whitespace()).map(str::to_lowercase).collect();
    let ages = KeyAges::read(context);
    let with_age = |row: ProfileSummary| {
        if ages.records.is_empty() {
            return row;
        }
        let profile = profiles.profile(&row.name).ok().flatten();
        let id = profile.as_ref().and_then(|profile| profile.value(keys::STORED_KEY_ID));
        let key_age_days = id.and_then(|id| ages.days(id));
        ProfileSummary { key_age_days, has_old_key: id.is_some_and(|id| ages.is_old(id)), ..row }
    };
    let rows: Vec<ProfileSummary> = profiles
        .names()
        .map(|name| with_age(summarize(context, &profiles, &entries, name)))
        .filter(|row| words.iter().all(|word| row.searched.contains(word)))
        .collect();
    if args.json {
        print_line(rows.iter().map(json).collect::<Value>())
    } else if profiles.is_empty() {
        say_none(context, &profiles);
        Ok(())
    } else if rows.is_empty() {
        context.ui.note(&format!("no profile matches `{}`", args.filter.join(" ")));
        Ok(())
    } else {
        print(&render(context, &rows))?;
        hint_at_problems(context, &rows);
        Ok(())
    }
}

/// Says that there is no profile, and how to make the first.
fn say_none(context: &Context, profiles: &Profiles) {
    let paths: Vec<String> = profiles.paths().map(|p| p.display().to_string()).collect();
    context.ui.warn(&format!("there is no profile in {}", paths.join(" or ")));
    let why = profiles.say_missing(Error::configuration(""));
    let named = profiles.missing().iter().any(|missing| missing.variable.is_some());
    for cause in why.causes().iter().filter(|_| named) {
        context.ui.warn(cause);
    }
    for hint in why.hints().iter().map(String::as_str).chain([hint::FIRST_STEPS]) {
        context.ui.hint(hint);
    }
}

/// Says where the problems of rows are told whole.
fn hint_at_problems(context: &Context, rows: &[ProfileSummary]) {
    let mut broken = rows.iter().filter(|row| row.problem.is_some());
    match (broken.next(), broken.next()) {
        (None, _) => {}
        (Some(one), None) => {
            context.ui.hint(&format!("see what is wrong: {}", hint::command("explain", &one.name)));
        }
        _ => context.ui.hint("see what is wrong: rolecall doctor"),
    }
}

/// Renders the table, as wide as the terminal; into a pipe it is rendered whole.
fn render(context: &Context, rows: &[ProfileSummary]) -> String {
    let terminal = std::io::stdout().is_terminal();
    let colored = context.ui.colors_on(&std::io::stdout());
    let width = terminal.then(stdout_width).flatten();
    let columns = if width.is_some() { &COLUMNS[..] } else { &COLUMNS[..7] };
    let cells: Vec<Vec<String>> = rows.iter().map(cells).collect();
    let color = |row: usize| context.settings.color_of(&rows[row].name).filter(|_| colored);
    table::render(columns, &cells, width, color)
}

fn json(row: &ProfileSummary) -> Value {
    let is_arn = row.role.as_deref().is_some_and(|r| r.starts_with("arn:"));
    let source = (!row.source.is_empty())
        .then(|| json!({"kind": row.source, "profile": row.source_profile}));
    json!({
        "profile": row.name,
        "account": row.account,
        "role": row.role_name(),
        "role_arn": row.role.as_deref().filter(|_| is_arn),
        "region": row.region,
        "source": source,
        "mfa_serial": row.mfa,
        "expiration": row.session.as_ref().map(|e| timestamp(e.expires_at)),
        "key_age_days": row.key_age_days,
        "store": row.session.as_ref().map(|e| &e.store),
        "description": row.description,
        "error": row.problem,
    })
}

fn cells(row: &ProfileSummary) -> Vec<String> {
    let source = match (&row.problem, &row.source_profile) {
        // It must not widen the table: `explain` says the whole.
        (Some(_), _) => format!("! {}", row.problem_at.as_deref().unwrap_or("broken")),
        (None, Some(profile)) => format!("{} ({profile})", row.source),
        (None, None) if row.source.is_empty() => "-".to_owned(),
        (None, None) => match row.key_age_days.filter(|_| row.has_old_key) {
            Some(days) => format!("{}, {days}d old", row.source),
            None => row.source.clone(),
        },
    };
    vec![
        row.name.clone(),
        or_dash(row.account.as_deref()),
        or_dash(row.role_name()),
        or_dash(row.region.as_deref()),
        source,
        or_dash(row.mfa.as_ref().map(|_| "yes")),
        or_dash(row.left().as_deref()),
        row.description.clone().unwrap_or_default(),
    ]
}
