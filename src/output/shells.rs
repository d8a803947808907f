//! Renders environment variables as lines that a shell evaluates, quoted for each shell.
//!
//! How each shell evaluates them:
//!
//! | shell | command |
//! |---|---|
//! | sh, bash, zsh, dash, ksh | `eval "$(rolecall env X)"` |
//! | fish | `rolecall env X --shell fish \| source` |
//! | tcsh | ``eval "`rolecall env X --shell tcsh`"`` |
//! | PowerShell | `rolecall env X --shell powershell \| Out-String \| Invoke-Expression` |
//! | cmd | `for /f "delims=" %i in ('rolecall env X --shell cmd') do @%i` |
//! | nushell | `rolecall env X --shell nushell \| from json \| load-env` |
//! | elvish | `eval (rolecall env X --shell elvish \| slurp)` |
//! | xonsh | `execx($(rolecall env X --shell xonsh))` |
//!
//! No value runs as code or changes on its way. A value that a shell cannot hold is an error, which
//! names the variable and never shows the value.

use std::fmt;
use std::fmt::Write as _;

use serde_json::Value;

/// One variable to set (`Some`) or to unset (`None`).
#[derive(Clone, Copy)]
pub struct Variable<'a> {
    pub name: &'a str,
    pub value: Option<&'a str>,
    pub secret: bool,
}

/// Never shows a value, secret or not.
impl fmt::Debug for Variable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Variable")
            .field("name", &self.name)
            .field("value", &self.value.map(|_| "****"))
            .field("secret", &self.secret)
            .finish()
    }
}

/// The syntax of a shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shell {
    Sh,
    Fish,
    Tcsh,
    PowerShell,
    Cmd,
    Nushell,
    Elvish,
    Xonsh,
}

impl Shell {
    /// The names that `--shell` documents.
    pub const NAMES: [&'static str; 12] = [
        "sh",
        "bash",
        "zsh",
        "dash",
        "ksh",
        "fish",
        "tcsh",
        "powershell",
        "cmd",
        "nushell",
        "elvish",
        "xonsh",
    ];

    /// As `parse`, for the command line, whose parser shows the error.
    ///
    /// # Errors
    /// The names that are known, where this is none of them.
    pub fn parse_typed(name: &str) -> Result<Self, String> {
        Self::parse(name).ok_or_else(|| format!("known shells: {}", Self::NAMES.join(", ")))
    }

    /// Parses a shell's name, its path, or its name as a login shell or process: `zsh`, `-zsh`,
    /// `/usr/bin/fish`, `bash.exe`, `ksh93`, `bash-5.2`.
    pub fn parse(name: &str) -> Option<Self> {
        let base = name.trim().rsplit(['/', '\\']).next().unwrap_or_default();
        let base = base.strip_prefix('-').unwrap_or(base).to_ascii_lowercase();
        let base = base.strip_suffix(".exe").unwrap_or(&base);
        let base = base.strip_suffix("-preview").unwrap_or(base);
        let base = base.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.' || c == '-');
        Some(match base {
            "sh" | "bash" | "rbash" | "zsh" | "rzsh" | "dash" | "ash" | "ksh" | "rksh" | "mksh"
            | "lksh" | "oksh" | "pdksh" | "yash" | "posh" | "busybox" => Self::Sh,
            "fish" => Self::Fish,
            "tcsh" | "csh" => Self::Tcsh,
            "powershell" | "pwsh" => Self::PowerShell,
            "cmd" => Self::Cmd,
            "nu" | "nushell" => Self::Nushell,
            "elvish" => Self::Elvish,
            "xonsh" => Self::Xonsh,
            _ => return None,
        })
    }

    /// Returns the canonical name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sh => "sh",
            Self::Fish => "fish",
            Self::Tcsh => "tcsh",
            Self::PowerShell => "powershell",
            Self::Cmd => "cmd",
            Self::Nushell => "nushell",
            Self::Elvish => "elvish",
            Self::Xonsh => "xonsh",
        }
    }
}

/// Why a variable cannot be rendered. Holds no value.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot print {name}: {reason}")]
pub struct RenderError {
    pub name: String,
    pub reason: &'static str,
}

impl RenderError {
    pub(super) fn new(name: &str, reason: &'static str) -> Self {
        Self { name: name.escape_debug().to_string(), reason }
    }
}

/// Refuses what no environment can hold.
///
/// # Errors
/// The name is no variable name, or the value has a NUL.
pub(super) fn check(variable: &Variable<'_>) -> Result<(), RenderError> {
    let mut bytes = variable.name.bytes();
    if !bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        || !bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
    {
        return Err(RenderError::new(variable.name, "not a variable name"));
    }
    if variable.value.is_some_and(|v| v.contains('\0')) {
        return Err(RenderError::new(variable.name, "its value has a NUL byte"));
    }
    Ok(())
}

/// Returns the lines that `shell` evaluates: they set and export each variable, or unset it.
///
/// A line that unsets neither fails nor prints when the variable is not set. An empty value is set
/// as such, except where the system has no empty variables (`cmd`, older PowerShell): there it
/// unsets.
///
/// # Errors
/// A name is no variable name, or the shell cannot hold a value.
pub fn render_shell(shell: Shell, vars: &[Variable<'_>]) -> Result<String, RenderError> {
    for variable in vars {
        check(variable)?;
    }
    if shell == Shell::Nushell {
        return Ok(json_object(vars, Unset::Null));
    }
    let mut out = String::new();
    for variable in vars {
        let name = variable.name;
        match variable.value {
            Some(value) => set(&mut out, shell, name, value)?,
            None => unset(&mut out, shell, name),
        }
        out.push('\n');
    }
    // In the C locale tcsh loses bytes, perhaps a quote, where a read of 4096 bytes ends within a
    // character beyond ASCII.
    let odd = vars.iter().find(|v| v.value.is_some_and(|value| !value.is_ascii()));
    if let (Shell::Tcsh, true, Some(odd)) = (shell, out.len() >= 4000, odd) {
        return Err(RenderError::new(
            odd.name,
            "its value is not ASCII, and with so much output tcsh could garble it",
        ));
    }
    Ok(out)
}

fn set(out: &mut String, shell: Shell, name: &str, value: &str) -> Result<(), RenderError> {
    let (before, quote, after): (String, fn(&mut String, &str), &str) = match shell {
        Shell::Sh => (format!("export {name}="), quote_sh, ""),
        Shell::Fish => (format!("set -gx {name} "), quote_fish, ";"),
        Shell::Tcsh => (format!("setenv {name} "), quote_tcsh, ";"),
        Shell::PowerShell => (format!("$env:{name} = "), quote_powershell, ""),
        Shell::Cmd => {
            check_cmd(value).map_err(|reason| RenderError::new(name, reason))?;
            (format!("set \"{name}="), String::push_str, "\"")
        }
        Shell::Elvish => (format!("set-env {name} "), quote_elvish, ""),
        Shell::Xonsh => (format!("${name} = "), quote_xonsh, ""),
        Shell::Nushell => return Ok(()),
    };
    out.push_str(&before);
    quote(out, value);
    out.push_str(after);
    Ok(())
}

/// Refuses what cmd, which has no escapes, cannot hold.
fn check_cmd(value: &str) -> Result<(), &'static str> {
    if value.contains(['\n', '\r']) {
        return Err("its value has a line break, which cmd cannot take in");
    }
    // `for /f` takes a quote as it is; in a batch file it would end the quoting.
    if value.contains('"') {
        return Err("its value has a double quote, which cmd cannot quote");
    }
    Ok(())
}

fn unset(out: &mut String, shell: Shell, name: &str) {
    match shell {
        Shell::Sh => push(out, format_args!("unset {name}")),
        // A universal variable belongs to every session and outlives this one, so it stays.
        Shell::Fish => push(
            out,
            format_args!(
                "if set -qg {name}; set -eg {name}; end; \
                 if set -qUx {name}; echo 'rolecall: {name} is a universal variable and stays set; \
                 to remove it: set -eU {name}' >&2; end;"
            ),
        ),
        Shell::Tcsh => push(out, format_args!("unsetenv {name};")),
        Shell::PowerShell => push(out, format_args!("$env:{name} = $null")),
        Shell::Cmd => push(out, format_args!("set \"{name}=\"")),
        Shell::Elvish => push(out, format_args!("unset-env {name}")),
        Shell::Xonsh => push(out, format_args!("${{...}}.pop('{name}', None)")),
        Shell::Nushell => {}
    }
}

/// Appends to a string, which cannot fail.
fn push(out: &mut String, args: fmt::Arguments<'_>) {
    let _ = out.write_fmt(args);
}

/// Appends a value between single quotes; `write` appends each of its characters.
fn quote(out: &mut String, value: &str, write: impl Fn(&mut String, char)) {
    out.push('\'');
    value.chars().for_each(|c| write(out, c));
    out.push('\'');
}

/// Quotes with single quotes. A quote inside is written `'\''`, which zsh's `rc_quotes` reads too.
fn quote_sh(out: &mut String, value: &str) {
    quote(out, value, |out, c| match c {
        '\'' => out.push_str(r"'\''"),
        _ => out.push(c),
    });
}

/// Quotes with single quotes, in which `\` and `'` are escaped. Line breaks are written outside of
/// them, so that each variable stays on one line and `eval (rolecall env …)` works too.
fn quote_fish(out: &mut String, value: &str) {
    quote(out, value, |out, c| match c {
        '\n' => out.push_str(r"'\n'"),
        '\r' => out.push_str(r"'\r'"),
        '\\' | '\'' => out.extend(['\\', c]),
        _ => out.push(c),
    });
}

/// Quotes with single quotes. `!` (history even in single quotes), `\` (special with
/// `backslash_quote`) and `'` are escaped outside of them. Backquotes turn a line break into a
/// blank, so it is written `$'\n'`.
fn quote_tcsh(out: &mut String, value: &str) {
    quote(out, value, |out, c| match c {
        '\n' => out.push_str(r"'$'\n''"),
        '\r' => out.push_str(r"'$'\r''"),
        '!' | '\\' | '\'' => out.extend(['\'', '\\', c, '\'']),
        _ => out.push(c),
    });
}

/// Quotes with single quotes, in which `'` is written twice.
fn quote_elvish(out: &mut String, value: &str) {
    quote(out, value, |out, c| match c {
        '\'' => out.push_str("''"),
        _ => out.push(c),
    });
}

/// Quotes printable ASCII with single quotes, and writes the rest as `[char]` codes. Windows
/// PowerShell reads a program's output in an OEM or ANSI code page, where a byte of UTF-8 can
/// become a curly quote, and a curly quote ends a string as `'` does.
fn quote_powershell(out: &mut String, value: &str) {
    let mut open = true;
    out.push('\'');
    for unit in value.encode_utf16() {
        let plain = u8::try_from(unit).ok().filter(|b| (b' '..=b'~').contains(b));
        if let Some(byte) = plain {
            if !open {
                out.push_str(" + '");
                open = true;
            }
            if byte == b'\'' {
                out.push('\'');
            }
            out.push(char::from(byte));
        } else {
            if open {
                out.push('\'');
                open = false;
            }
            push(out, format_args!(" + [char]0x{unit:04x}"));
        }
    }
    if open {
        out.push('\'');
    }
}

/// Quotes as a Python string, in which all but a few harmless characters are written as codes.
fn quote_xonsh(out: &mut String, value: &str) {
    quote(out, value, |out, c| match u32::from(c) {
        _ if c.is_ascii_alphanumeric() || " _-+=/.:,@".contains(c) => out.push(c),
        code @ ..=0xff => push(out, format_args!("\\x{code:02x}")),
        code @ ..=0xffff => push(out, format_args!("\\u{code:04x}")),
        code => push(out, format_args!("\\U{code:08x}")),
    });
}

/// How a JSON object holds the names to unset.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Unset {
    Null,
    LeftOut,
}

/// Renders one JSON object, in the order of the variables.
pub(super) fn json_object(vars: &[Variable<'_>], unset: Unset) -> String {
    let mut out = String::from("{");
    let shown = vars.iter().filter(|one| one.value.is_some() || unset == Unset::Null);
    for (number, Variable { name, value, .. }) in shown.enumerate() {
        let before = if number == 0 { "" } else { "," };
        push(&mut out, format_args!("{before}\n  \"{name}\": {}", Value::from(*value)));
    }
    out.push_str(if out.len() == 1 { "}\n" } else { "\n}\n" });
    out
}

#[cfg(test)]
mod tests;
