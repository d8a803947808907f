//! Durations as people write them (`15m`, `1h30m`, `3600`) and the bounds that STS sets, in
//! seconds.

/// The shortest session that STS gives (AssumeRole, GetSessionToken: DurationSeconds).
pub const SHORTEST: u32 = 900;
/// The longest role session (AssumeRole: DurationSeconds, up to the role's MaxSessionDuration).
pub const LONGEST_ROLE: u32 = 43_200;
/// The longest session of role chaining.
pub const LONGEST_CHAINED: u32 = 3_600;
/// The longest session of a user (GetSessionToken: DurationSeconds).
pub const LONGEST_TOKEN: u32 = 129_600;
/// How long a session with MFA lives unless `mfa_session_duration` says otherwise: what
/// GetSessionToken gives by itself.
pub const DEFAULT_TOKEN: u32 = 43_200;
/// What AssumeRole gives when no DurationSeconds is sent.
pub const DEFAULT_ROLE: u32 = 3_600;

/// Returns the seconds of `90`, `90s`, `15m`, `1h`, `1h30m`, `1d`; `None` when it is none of these
/// or does not fit.
pub fn parse(text: &str) -> Option<u32> {
    let text = text.trim();
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return text.parse().ok();
    }
    let (mut total, mut digits) = (0u32, String::new());
    for c in text.chars() {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        let unit = match c {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            _ => return None,
        };
        total = total.checked_add(digits.parse::<u32>().ok()?.checked_mul(unit)?)?;
        digits.clear();
    }
    digits.is_empty().then_some(total)
}

/// As `parse`, for the command line, whose parser shows the error.
///
/// # Errors
/// The rule, where the text breaks it.
pub fn parse_typed(text: &str) -> Result<u32, String> {
    parse(text).ok_or_else(|| "a duration is written 15m, 1h30m or 3600".to_owned())
}

/// Renders seconds for people: `2h 5m`, `14m`, `40s`; whole minutes above one minute.
pub fn render(seconds: i64) -> String {
    match seconds {
        ..=0 => "expired".to_owned(),
        1..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m", seconds / 60),
        3_600..86_400 if seconds % 3_600 < 60 => format!("{}h", seconds / 3_600),
        3_600..86_400 => format!("{}h {}m", seconds / 3_600, seconds % 3_600 / 60),
        _ => format!("{}d {}h", seconds / 86_400, seconds % 86_400 / 3_600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duration_parses_from_seconds_or_units() {
        for (text, seconds) in [
            ("3600", Some(3600)),
            ("15m", Some(900)),
            ("1h", Some(3600)),
            ("1h30m", Some(5400)),
            ("12h", Some(43_200)),
            ("1d", Some(86_400)),
            ("90s", Some(90)),
            (" 15m ", Some(900)),
            ("0", Some(0)),
            ("", None),
            ("m", None),
            ("1x", None),
            ("1h30", None),
            ("-1", None),
            ("1.5h", None),
            ("99999999999", None),
            ("9999999h", None),
        ] {
            assert_eq!(parse(text), seconds, "{text:?}");
        }
    }

    #[test]
    fn seconds_render_as_short_text() {
        for (seconds, text) in [
            (-5, "expired"),
            (0, "expired"),
            (40, "40s"),
            (61, "1m"),
            (3600, "1h"),
            (7500, "2h 5m"),
            (90_000, "1d 1h"),
        ] {
            assert_eq!(render(seconds), text);
        }
    }
}
