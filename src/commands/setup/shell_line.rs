//! The line by which the calling shell can be switched, at the end of its start-up file.

use std::path::Path;

use zeroize::Zeroizing;

use super::ask::Ask;
use crate::commands::calling_shell::calling_shell_name;
use crate::error::{Error, Kind, Result};
use crate::shell::IntegratedShell;
use crate::system::files::read_named;
use crate::system::report::Report;
use crate::system::rewrite::{check_writable, rewrite};

/// The largest start-up file that is read, in bytes.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// Offers the line of the shell that calls. A file that cannot be written is no failure: the person
/// is told what to write.
pub fn step(ask: &Ask) -> Result<()> {
    let context = ask.context;
    let shell = calling_shell_name(context).as_deref().and_then(IntegratedShell::parse);
    let Some(shell) = shell else {
        ask.say("\nThe shell that calls is none that `rolecall use` can switch.");
        return Ok(());
    };
    let (place, line) = shell.installation();
    let home = context.directories.home()?;
    let Some(path) = shell.startup_file(&context.environment, home) else {
        ask.say(&format!("\nSo that `rolecall use` can switch this shell, {place}:\n  {line}"));
        return Ok(());
    };
    match offer(ask, &path, line) {
        Err(error) if error.kind() == Kind::Interrupted || error.kind() == Kind::NeedsPerson => {
            Err(error)
        }
        Err(error) => {
            context.ui.warn(error.message());
            ask.say(&format!("Write it there yourself, {place}:\n  {line}"));
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

fn offer(ask: &Ask, path: &Path, line: &str) -> Result<()> {
    let shown = path.display();
    let old = if path.exists() { read(path)? } else { Vec::new() };
    if is_installed(&old) {
        ask.say(&format!("\n{shown} has the shell's line already."));
        return Ok(());
    }
    if path.symlink_metadata().is_ok() {
        // What a link leads to may belong to somebody else.
        check_writable(path)?;
    }
    let at = old.split_inclusive(|byte| *byte == b'\n').count();
    let diff = format!("--- {shown}\n+++ {shown}\n@@ -{at},0 +{} @@\n+{line}\n", at + 1);
    if !ask.agree(&diff, "Write this, so that `rolecall use` can switch the shell?")? {
        return Ok(());
    }
    rewrite(path, &ask.context.runtime, |old| Ok(Zeroizing::new(with_line(old, line))))?;
    ask.say(&format!("{shown} is changed; it works in new shells, and in this one by:\n  {line}"));
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>> {
    let bytes = read_named(path, MAX_BYTES).map(|bytes| bytes.to_vec());
    bytes.map_err(|error| Error::failed(format!("{}: {error}", path.display())))
}

fn is_installed(text: &[u8]) -> bool {
    String::from_utf8_lossy(text).lines().any(IntegratedShell::is_installed_by)
}

/// Returns a file's text with one more line at its end. One that has come meanwhile is not doubled.
fn with_line(old: &[u8], line: &str) -> Vec<u8> {
    let mut new = old.to_vec();
    if is_installed(old) {
        return new;
    }
    if !old.is_empty() && !old.ends_with(b"\n") {
        new.push(b'\n');
    }
    new.extend_from_slice(line.as_bytes());
    new.push(b'\n');
    new
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_comes_last_and_once() {
        let line = "eval \"$(rolecall init bash)\"";
        for (old, new) in [
            ("", "eval \"$(rolecall init bash)\"\n"),
            ("a=1", "a=1\neval \"$(rolecall init bash)\"\n"),
            ("a=1\n", "a=1\neval \"$(rolecall init bash)\"\n"),
            ("# rolecall init bash\n", "# rolecall init bash\neval \"$(rolecall init bash)\"\n"),
            ("  source <(rolecall init bash --prompt)", "  source <(rolecall init bash --prompt)"),
            (
                "source /usr/share/rolecall/shell/rolecall.bash",
                "source /usr/share/rolecall/shell/rolecall.bash",
            ),
        ] {
            assert_eq!(String::from_utf8(with_line(old.as_bytes(), line)).unwrap(), new);
        }
    }
}
