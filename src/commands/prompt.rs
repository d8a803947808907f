//! `rolecall prompt`: one short line from the environment and the index. It opens no store and no
//! shared file, because every prompt waits for it.

use std::process::ExitCode;

use chrono::{DateTime, SecondsFormat, Utc};
use clap::Args;
use serde_json::{Value, json};

use crate::app::context::Context;
use crate::aws::duration;
use crate::error::Result;
use crate::output::print;
use crate::shell::Side;
use crate::store::index::{self, Entry};
use crate::system::clock::{Clock, SystemClock};
use crate::text::color::Color;

/// Print one short line for a shell's prompt
///
/// Profile, account and time left, from the environment and what rolecall knows without opening the
/// store; nothing when no profile is active. Colours and account names come from the sections
/// `colors` and `accounts` of settings.ini.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  eval \"$(rolecall init zsh --prompt)\"   let the shell side show it
  rolecall prompt --json                  for prompt programs")]
pub struct PromptArgs {
    /// Shell whose prompt it stands in, so that colours and odd names do no harm there
    #[arg(long, value_name = "NAME", value_parser = Side::parse_typed, conflicts_with = "json")]
    pub shell: Option<Side>,
    /// Print one JSON object, `null` when no profile is active
    #[arg(long)]
    pub json: bool,
}

/// A longer name is cut: the line stands beside what is typed.
const LONGEST_NAME: usize = 48;

/// What is active in this shell.
struct Active {
    profile: String,
    account: Option<String>,
    account_name: Option<String>,
    expires_at: Option<DateTime<Utc>>,
    color: Option<Color>,
}

pub fn run(context: &Context, args: &PromptArgs) -> Result<ExitCode> {
    let active = active(context);
    let now = SystemClock.now();
    if args.json {
        print(&format!("{}\n", active.map_or(Value::Null, |active| json(&active, now))))?;
    } else if let Some(active) = active {
        print(&format!("{}\n", line(&text(&active, now), active.color, args.shell)))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn active(context: &Context) -> Option<Active> {
    let get = |name: &str| context.environment.get(name);
    let profile = get("ROLECALL_PROFILE")
        .or_else(|| get("AWS_PROFILE"))
        .or_else(|| get("AWS_DEFAULT_PROFILE"))?
        .to_owned();
    let kept = context.directories.index().and_then(|path| newest(&path, &profile));
    let of_keys = get("AWS_CREDENTIAL_EXPIRATION").and_then(|text| text.parse().ok());
    // Beside keys without an end the index may speak of others.
    let of_index =
        kept.as_ref().map(|entry| entry.expires_at).filter(|_| get("AWS_ACCESS_KEY_ID").is_none());
    let account = kept.and_then(|entry| entry.account_id);
    Some(Active {
        account_name: account
            .as_deref()
            .and_then(|id| context.settings.account_name(id))
            .map(str::to_owned),
        color: context.settings.color_of(&profile).filter(|_| context.colors_in_prompts()),
        expires_at: of_keys.or(of_index),
        account,
        profile,
    })
}

/// Returns what the index knows of a profile: of its sessions the one that lives longest.
fn newest(path: &std::path::Path, profile: &str) -> Option<Entry> {
    index::read(path)
        .into_values()
        .filter(|entry| entry.profile == profile)
        .max_by_key(|entry| entry.expires_at)
}

fn json(active: &Active, now: DateTime<Utc>) -> Value {
    json!({
        "profile": active.profile,
        "account": active.account,
        "account_name": active.account_name,
        "expiration": active.expires_at.map(|end| end.to_rfc3339_opts(SecondsFormat::Secs, true)),
        "left": active.expires_at.map(|end| duration::render((end - now).num_seconds())),
        "color": active.color.map(|color| color.to_string()),
        "text": text(active, now),
    })
}

/// Profile, account and time left, with nothing in it that moves the cursor.
fn text(active: &Active, now: DateTime<Utc>) -> String {
    let mut profile: String = active.profile.chars().take(LONGEST_NAME).collect();
    if profile.len() < active.profile.len() {
        profile.push('…');
    }
    let left = active.expires_at.map(|end| duration::render((end - now).num_seconds()));
    let parts =
        [Some(profile), active.account_name.clone().or_else(|| active.account.clone()), left];
    let text = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// Colours it and makes it harmless in a shell's prompt, which is expanded once more: what would
/// run or be looked up there is replaced.
fn line(text: &str, color: Option<Color>, shell: Option<Side>) -> String {
    let expands = matches!(shell, Some(Side::Bash | Side::Zsh));
    let safe: String = text
        .chars()
        .map(|c| if expands && matches!(c, '$' | '`' | '\\') { '\u{fffd}' } else { c })
        .collect();
    let safe = if shell == Some(Side::Zsh) { safe.replace('%', "%%") } else { safe };
    let Some(color) = color else { return safe };
    // The marks of what takes no room: zsh's own, readline's RL_PROMPT_START_IGNORE and
    // …_END_IGNORE.
    let (open, close) = match shell {
        Some(Side::Zsh) => ("%{", "%}"),
        Some(Side::Bash) => ("\u{1}", "\u{2}"),
        _ => ("", ""),
    };
    format!("{open}\u{1b}[{}m{close}{safe}{open}\u{1b}[0m{close}", color.sgr())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_expands_in_a_prompt() {
        let name = "a%b $(x) `x` \\u !";
        let red = Some(Color::Indexed(1));
        assert_eq!(
            line(name, red, Some(Side::Zsh)),
            "%{\u{1b}[31m%}a%%b \u{fffd}(x) \u{fffd}x\u{fffd} \u{fffd}u !%{\u{1b}[0m%}"
        );
        assert_eq!(
            line(name, red, Some(Side::Bash)),
            "\u{1}\u{1b}[31m\u{2}a%b \u{fffd}(x) \u{fffd}x\u{fffd} \u{fffd}u !\u{1}\u{1b}[0m\u{2}"
        );
        assert_eq!(line(name, None, Some(Side::Fish)), name);
        assert_eq!(line(name, red, None), format!("\u{1b}[31m{name}\u{1b}[0m"));
    }

    #[test]
    fn the_line_is_short_and_moves_nothing() {
        let mut active = Active {
            profile: "x".repeat(60),
            account: Some("1".to_owned()),
            account_name: None,
            expires_at: None,
            color: None,
        };
        let now = DateTime::from_timestamp(1_000_000, 0).unwrap();
        assert_eq!(text(&active, now), format!("{}… 1", "x".repeat(48)));
        active.profile = "a\u{1b}[2J\n".to_owned();
        active.account_name = Some("Production".to_owned());
        active.expires_at = DateTime::from_timestamp(1_000_700, 0);
        assert_eq!(text(&active, now), "a\u{fffd}[2J\u{fffd} Production 11m");
        active.expires_at = Some(now);
        assert_eq!(text(&active, now), "a\u{fffd}[2J\u{fffd} Production expired");
    }
}
