//! Renders environment variables as files and documents. Names to unset are left out, because none
//! of these formats can unset.

use super::shells::{RenderError, Unset, Variable, check, json_object};

/// A format of `--format`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `.env` files, as Docker Compose, python-dotenv and Node.js read them.
    Dotenv,
    /// `docker run --env-file`, `podman run --env-file`.
    Docker,
    /// One JSON object.
    Json,
    /// The lines that a step appends to `$GITHUB_ENV`. [`github_masks`] goes with them.
    Github,
    /// `EnvironmentFile=`, systemd.exec(5).
    Systemd,
}

impl Format {
    /// The names that `--format` documents.
    pub const NAMES: [&'static str; 5] = ["dotenv", "docker", "json", "github", "systemd"];

    /// As `parse`, for the command line, whose parser shows the error.
    ///
    /// # Errors
    /// The names that are known, where this is none of them.
    pub fn parse_typed(name: &str) -> Result<Self, String> {
        Self::parse(name).ok_or_else(|| format!("known formats: {}", Self::NAMES.join(", ")))
    }

    pub fn parse(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "dotenv" | "env" => Self::Dotenv,
            "docker" | "podman" => Self::Docker,
            "json" => Self::Json,
            "github" => Self::Github,
            "systemd" => Self::Systemd,
            _ => return None,
        })
    }
}

/// Renders the variables in a file format.
///
/// # Errors
/// A name is no variable name, or the format cannot hold a value.
pub fn render_format(format: Format, vars: &[Variable<'_>]) -> Result<String, RenderError> {
    for variable in vars {
        check(variable)?;
    }
    if format == Format::Json {
        return Ok(json_object(vars, Unset::LeftOut));
    }
    let mut out = String::new();
    for variable in vars {
        let Some(value) = variable.value else { continue };
        out.push_str(variable.name);
        match format {
            Format::Dotenv => dotenv(&mut out, value),
            Format::Docker => docker(&mut out, value),
            Format::Github => github(&mut out, value),
            Format::Systemd => systemd(&mut out, value),
            Format::Json => Ok(()),
        }
        .map_err(|reason| RenderError::new(variable.name, reason))?;
        out.push('\n');
    }
    Ok(out)
}

/// Returns workflow commands that hide the secret values in the log of a GitHub job.
///
/// They belong to the step's own output, where the runner reads commands on stdout and stderr, and
/// never to `$GITHUB_ENV`, where such a line is an error. They are printed before anything else.
pub fn github_masks(vars: &[Variable<'_>]) -> String {
    let mut out = String::new();
    for value in vars.iter().filter(|v| v.secret).filter_map(|v| v.value) {
        if value.trim().is_empty() {
            continue;
        }
        out.push_str("::add-mask::");
        for c in value.chars() {
            match c {
                '%' => out.push_str("%25"),
                '\r' => out.push_str("%0D"),
                '\n' => out.push_str("%0A"),
                _ => out.push(c),
            }
        }
        out.push('\n');
    }
    out
}

/// Appends a value that all readers of `.env` files read alike. They agree only in part: Node.js
/// knows the escape `\n` alone, and only in double quotes; Compose expands `$` in double quotes;
/// python-dotenv expands `${` in any quotes and drops one of two backslashes. The value stays on
/// one line, so that a reader that knows no quotes takes no part of it for a variable.
fn dotenv(out: &mut String, value: &str) -> Result<(), &'static str> {
    if value.contains('\r') {
        return Err("its value has a carriage return, which not all readers of .env files take in");
    }
    if !value.contains(['"', '\\', '$', '`']) {
        out.extend(["=\"", &value.replace('\n', "\\n"), "\""]);
        return Ok(());
    }
    if value.contains(['\'', '\n'])
        || value.contains("${")
        || value.contains("\\\\")
        || value.ends_with('\\')
    {
        return Err("its value mixes characters that readers of .env files take differently");
    }
    out.extend(["='", value, "'"]);
    Ok(())
}

/// Appends a value as it is. It ends with its line, and there is no quoting.
fn docker(out: &mut String, value: &str) -> Result<(), &'static str> {
    if value.contains(['\n', '\r']) {
        return Err("its value has a line break, which a docker env-file cannot hold");
    }
    out.extend(["=", value]);
    Ok(())
}

/// Appends a value as `NAME=value`, or between delimiter lines if it has several lines. The runner
/// reads a carriage return at the end of a line as a part of the line break.
fn github(out: &mut String, value: &str) -> Result<(), &'static str> {
    if value.contains('\r') {
        return Err("its value has a carriage return, which $GITHUB_ENV cannot hold");
    }
    if !value.contains('\n') {
        out.extend(["=", value]);
        return Ok(());
    }
    // The delimiter is no part of the value, so the value cannot forge it.
    let mut delimiter = String::from("ROLECALL_EOF");
    while value.contains(&delimiter) {
        delimiter.push('_');
    }
    out.extend(["<<", &delimiter, "\n", value, "\n", &delimiter]);
    Ok(())
}

/// Quotes with double quotes, in which `"`, `\`, `` ` `` and `$` are escaped. A line break stands
/// for itself. systemd drops variables whose value has another control character.
fn systemd(out: &mut String, value: &str) -> Result<(), &'static str> {
    if value.chars().any(|c| c.is_ascii_control() && !matches!(c, '\n' | '\t')) {
        return Err("its value has a control character, which systemd refuses");
    }
    out.push_str("=\"");
    for c in value.chars() {
        if matches!(c, '"' | '\\' | '`' | '$') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(format: Format, value: &str) -> Result<String, RenderError> {
        render_format(format, &[Variable { name: "X", value: Some(value), secret: true }])
    }

    fn line(format: Format, value: &str) -> String {
        render(format, value).unwrap()
    }

    #[test]
    fn documented_names_parse_and_unknown_one_does_not() {
        assert!(Format::NAMES.iter().all(|name| Format::parse(name).is_some()));
        assert_eq!(Format::parse("yaml"), None);
    }

    #[test]
    fn dotenv_quotes_values_and_refuses_ambiguous_ones() {
        for (value, want) in [
            ("abc/+=", "X=\"abc/+=\"\n"),
            ("", "X=\"\"\n"),
            ("it's # a", "X=\"it's # a\"\n"),
            ("a\nb", "X=\"a\\nb\"\n"),
            ("$HOME `id` \"q\"", "X='$HOME `id` \"q\"'\n"),
            ("a\\nb", "X='a\\nb'\n"),
        ] {
            assert_eq!(line(Format::Dotenv, value), want);
        }
        for value in ["'\"", "${HOME}", "a\\\\b", "a\\", "it's $HOME", "$\nX=1", "\r"] {
            assert!(render(Format::Dotenv, value).is_err(), "{value:?}");
        }
    }

    #[test]
    fn docker_prints_value_verbatim_and_refuses_line_breaks() {
        assert_eq!(line(Format::Docker, " a'b\"$c #d\\ "), "X= a'b\"$c #d\\ \n");
        assert!(render(Format::Docker, "a\nPATH=/evil").is_err());
        assert!(render(Format::Docker, "a\r").is_err());
    }

    #[test]
    fn json_is_one_object_without_unset_variables() {
        let vars = [
            Variable { name: "B", value: Some("q\"\\\n\u{1f600}"), secret: false },
            Variable { name: "GONE", value: None, secret: false },
            Variable { name: "A", value: Some("1"), secret: false },
        ];
        let text = render_format(Format::Json, &vars).unwrap();
        assert_eq!(text, "{\n  \"B\": \"q\\\"\\\\\\n\u{1f600}\",\n  \"A\": \"1\"\n}\n");
        assert_eq!(render_format(Format::Json, &[]).unwrap(), "{}\n");
    }

    #[test]
    fn github_value_with_line_breaks_sets_no_other_variable() {
        assert_eq!(line(Format::Github, "a<<b=c"), "X=a<<b=c\n");
        assert_eq!(
            line(Format::Github, "a\nROLECALL_EOF\nPATH=/evil"),
            "X<<ROLECALL_EOF_\na\nROLECALL_EOF\nPATH=/evil\nROLECALL_EOF_\n"
        );
        assert!(render(Format::Github, "a\r").is_err());
    }

    #[test]
    fn github_masks_only_the_secrets() {
        let vars = [
            Variable { name: "S", value: Some("50%\r\n::x"), secret: true },
            Variable { name: "R", value: Some("eu-west-1"), secret: false },
            Variable { name: "E", value: Some(""), secret: true },
            Variable { name: "N", value: None, secret: true },
        ];
        assert_eq!(github_masks(&vars), "::add-mask::50%25%0D%0A::x\n");
        assert!(!render_format(Format::Github, &vars[1..]).unwrap().contains("add-mask"));
    }

    #[test]
    fn systemd_escapes_four_characters() {
        assert_eq!(line(Format::Systemd, "a\"b\\c`d$e'f\n;#"), "X=\"a\\\"b\\\\c\\`d\\$e'f\n;#\"\n");
        assert!(render(Format::Systemd, "a\u{7f}").is_err());
        assert!(render(Format::Systemd, "a\r").is_err());
    }

    #[test]
    fn errors_name_the_variable_and_never_the_value() {
        for format in
            [Format::Dotenv, Format::Docker, Format::Json, Format::Github, Format::Systemd]
        {
            let text = render(format, "geheim\0\r'\"\n").unwrap_err().to_string();
            assert!(text.starts_with("cannot print X: its value has"), "{text}");
            assert!(!text.contains("geheim"));
        }
    }

    #[test]
    fn unset_names_are_left_out() {
        let vars = [Variable { name: "X", value: None, secret: false }];
        for format in [Format::Dotenv, Format::Docker, Format::Github, Format::Systemd] {
            assert_eq!(render_format(format, &vars).unwrap(), "");
        }
    }
}
