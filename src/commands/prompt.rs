//! `rolecall prompt`: one short line from the environment and the index. It opens no store and no
//! shared file, because every prompt waits for it.

use chrono::{DateTime, Utc};
use clap::Args;
use serde_json::{Value, json};

use crate::app::context::Context;
use crate::error::Result;
use crate::output::print_line;
use crate::output::time::{left, timestamp};
use crate::shell::IntegratedShell;
use crate::store::index::{self, Entry};
use crate::system::clock::{Clock, SystemClock};
use crate::text::clean;
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
    #[arg(
        long,
        value_name = "NAME",
        value_parser = IntegratedShell::parse_typed,
        conflicts_with = "json"
    )]
    pub shell: Option<IntegratedShell>,
    /// Print one JSON object, `null` when no profile is active
    #[arg(long)]
    pub json: bool,
}

/// The longest name that is shown whole. The line stands before what the person types.
const MAX_NAME_CHARACTERS: usize = 48;

/// The profile that is active in this shell.
struct Active {
    profile: String,
    account: Option<String>,
    account_name: Option<String>,
    expires_at: Option<DateTime<Utc>>,
    color: Option<Color>,
}

pub fn run(context: &Context, args: &PromptArgs) -> Result<()> {
    let active = active(context);
    let now = SystemClock.now();
    if args.json {
        print_line(active.map_or(Value::Null, |active| json(&active, now)))
    } else if let Some(active) = active {
        print_line(line(&text(&active, now), active.color, args.shell))
    } else {
        Ok(())
    }
}

fn active(context: &Context) -> Option<Active> {
    let get = |name: &str| context.environment.get(name);
    let profile = get("ROLECALL_PROFILE")
        .or_else(|| get("AWS_PROFILE"))
        .or_else(|| get("AWS_DEFAULT_PROFILE"))?
        .to_owned();
    let newest = context.directories.index().and_then(|path| newest(&path, &profile));
    let of_keys = get("AWS_CREDENTIAL_EXPIRATION").and_then(|text| text.parse().ok());
    // Keys without an end may be other ones than those of the index.
    let of_index = newest
        .as_ref()
        .map(|entry| entry.expires_at)
        .filter(|_| get("AWS_ACCESS_KEY_ID").is_none());
    let account = newest.and_then(|entry| entry.account_id);
    Some(Active {
        account_name: account
            .as_deref()
            .and_then(|id| context.settings.account_name(id))
            .map(str::to_owned),
        color: context.settings.color_of(&profile).filter(|_| context.ui.colors_in_prompts()),
        expires_at: of_keys.or(of_index),
        account,
        profile,
    })
}

/// Returns what the index knows of the profile's session that lives longest.
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
        "expiration": active.expires_at.map(timestamp),
        "left": active.expires_at.map(|end| left(end, now)),
        "color": active.color.map(|color| color.to_string()),
        "text": text(active, now),
    })
}

/// Renders profile, account and time left, without anything that moves the cursor.
fn text(active: &Active, now: DateTime<Utc>) -> String {
    let mut profile: String = active.profile.chars().take(MAX_NAME_CHARACTERS).collect();
    if profile.len() < active.profile.len() {
        profile.push('…');
    }
    let left = active.expires_at.map(|end| left(end, now));
    let parts =
        [Some(profile), active.account_name.clone().or_else(|| active.account.clone()), left];
    let text = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
    clean(&text).into_owned()
}

/// Colours a text and makes it safe in a shell's prompt, which the shell expands once more.
/// Characters that would run a command or look up a variable are replaced.
fn line(text: &str, color: Option<Color>, shell: Option<IntegratedShell>) -> String {
    let expands = matches!(shell, Some(IntegratedShell::Bash | IntegratedShell::Zsh));
    let safe: String = text
        .chars()
        .map(|c| if expands && matches!(c, '$' | '`' | '\\') { '\u{fffd}' } else { c })
        .collect();
    let safe = if shell == Some(IntegratedShell::Zsh) { safe.replace('%', "%%") } else { safe };
    let Some(color) = color else { return safe };
    // The marks around text without width: zsh's own, and readline's RL_PROMPT_START_IGNORE and
    // RL_PROMPT_END_IGNORE.
    let (open, close) = match shell {
        Some(IntegratedShell::Zsh) => ("%{", "%}"),
        Some(IntegratedShell::Bash) => ("\u{1}", "\u{2}"),
        _ => ("", ""),
    };
    format!("{open}\u{1b}[{}m{close}{safe}{open}\u{1b}[0m{close}", color.sgr())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_does_not_expand_in_prompt() {
        let name = "a%b $(x) `x` \\u !";
        let red = Some(Color::Indexed(1));
        assert_eq!(
            line(name, red, Some(IntegratedShell::Zsh)),
            "%{\u{1b}[31m%}a%%b \u{fffd}(x) \u{fffd}x\u{fffd} \u{fffd}u !%{\u{1b}[0m%}"
        );
        assert_eq!(
            line(name, red, Some(IntegratedShell::Bash)),
            "\u{1}\u{1b}[31m\u{2}a%b \u{fffd}(x) \u{fffd}x\u{fffd} \u{fffd}u !\u{1}\u{1b}[0m\u{2}"
        );
        assert_eq!(line(name, None, Some(IntegratedShell::Fish)), name);
        assert_eq!(line(name, red, None), format!("\u{1b}[31m{name}\u{1b}[0m"));
    }

    #[test]
    fn long_name_is_cut_and_control_characters_are_replaced() {
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
