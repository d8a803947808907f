//! `rolecall log`: the credentials that were handed out, and which process asked for them.

use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;

use super::reference::log_file;
use crate::app::context::Context;
use crate::app::options::Selected;
use crate::audit::{self, LogEntry};
use crate::aws::duration;
use crate::error::{Error, Result};
use crate::hint;
use crate::output::table::{self, or_dash};
use crate::output::time::{left, timestamp};
use crate::output::{print, print_line};
use crate::platform::ancestors::Ancestor;
use crate::system::clock::{Clock, SystemClock};
use crate::system::report::Report;

/// Show what was handed out: when, of which role, and which process asked
#[derive(Debug, Args)]
#[command(
    mut_arg("positional", |arg| arg.help("Only what was handed out of this profile")),
    mut_arg("profile", |arg| arg.help("The same")),
    after_help = concat!("\
Examples:
  rolecall log                            everything, newest last (times in UTC)
  rolecall log prod --since 1h            one profile's last hour
  rolecall log --json | jq -r '.[] | select(.origin == \"new\") | .access_key_id'
                                          the keys to look for in CloudTrail

The log is ", log_file!(), ", and log.1.jsonl to log.3.jsonl before it, \
of a megabyte each.
It holds no secrets. `log = false` in settings.ini switches it off.")
)]
pub struct LogArgs {
    #[command(flatten)]
    pub selected: Selected,
    /// Only what was handed out in this time, such as 15m, 8h or 7d
    #[arg(long, value_name = "DURATION", value_parser = duration::parse_typed)]
    pub since: Option<u32>,
    /// Only the newest
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
    /// Print one JSON array
    #[arg(long)]
    pub json: bool,
}

pub fn run(context: &Context, args: &LogArgs) -> Result<()> {
    let path = context.directories.log().ok_or_else(|| {
        Error::configuration("there is no folder for the log: HOME is not set")
            .hint(hint::set_home())
    })?;
    let found = audit::read(&path).map_err(|e| {
        Error::failed("the log cannot be read")
            .cause(e.to_string())
            .hint(format!("look at it: {}", hint::look_at(&path)))
    })?;
    if found.skipped > 0 {
        context.ui.decided(&|| {
            format!("{} lines in {} are torn or no lines of the log", found.skipped, path.display())
        });
    }
    let now = SystemClock.now();
    let entries = choose(found.entries, args, now);
    if args.json {
        let lines: Vec<&str> = entries.iter().map(|(_, line)| line.as_str()).collect();
        print_line(audit::escape(format!("[{}]", lines.join(","))))
    } else if entries.is_empty() {
        let of =
            args.selected.name().map(|name| format!(" of profile `{name}`")).unwrap_or_default();
        let off = if context.settings.logs() { "" } else { " (the settings have `log = false`)" };
        context.ui.note(&format!("nothing{of} is in the log{off}"));
        Ok(())
    } else {
        let rows: Vec<Vec<String>> = entries.iter().map(|(entry, _)| cells(entry, now)).collect();
        print(&table::plain(
            &["TIME", "COMMAND", "PROFILE", "ACCOUNT", "ROLE", "ORIGIN", "LEFT", "ASKED BY"],
            &rows,
        ))
    }
}

/// Returns the entries that the options ask for, each with its line.
fn choose(
    mut entries: Vec<(LogEntry<'static>, String)>,
    args: &LogArgs,
    now: DateTime<Utc>,
) -> Vec<(LogEntry<'static>, String)> {
    let since = args.since.map(|seconds| now - TimeDelta::seconds(i64::from(seconds)));
    let profile = args.selected.name();
    entries.retain(|(entry, _)| {
        profile.is_none_or(|name| entry.profile.as_deref() == Some(name))
            && since.is_none_or(|since| entry.time >= since)
    });
    entries.split_off(entries.len().saturating_sub(args.limit.unwrap_or(usize::MAX)))
}

fn cells(entry: &LogEntry, now: DateTime<Utc>) -> Vec<String> {
    let left = entry.expiration.map(|end| left(end, now));
    let asked_by: Vec<String> = entry.asked_by.iter().map(asker).collect();
    vec![
        timestamp(entry.time),
        entry.command.clone().into_owned(),
        or_dash(entry.profile.as_deref()),
        or_dash(entry.account_id.as_deref()),
        or_dash(entry.role.as_deref()),
        entry.origin.clone().into_owned(),
        or_dash(left.as_deref()),
        asked_by.join(" ← "),
    ]
}

/// Renders `name(pid)`, with quotes around a name that could be taken for something else.
fn asker(asker: &Ancestor) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_.+@:/ ~".contains(c);
    match &asker.name {
        None => format!("?({})", asker.pid),
        Some(name) if !name.is_empty() && name.chars().all(plain) => {
            format!("{name}({})", asker.pid)
        }
        Some(name) => format!("{name:?}({})", asker.pid),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_name_of_process_is_quoted() {
        for (name, shown) in [
            (Some("terraform"), "terraform(7)"),
            (Some("tmux: server"), "tmux: server(7)"),
            (Some("prüfer.sh"), "prüfer.sh(7)"),
            (None, "?(7)"),
            (Some(""), r#"""(7)"#),
            (Some("?"), r#""?"(7)"#),
            (Some("a(1) ← b"), r#""a(1) ← b"(7)"#),
            (Some("a\n\u{1b}[2J"), r#""a\n\u{1b}[2J"(7)"#),
            (Some("\u{9b}2J\u{202e}\""), r#""\u{9b}2J\u{202e}\""(7)"#),
        ] {
            assert_eq!(asker(&Ancestor { pid: 7, name: name.map(str::to_owned) }), shown);
        }
    }
}
