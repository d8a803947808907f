//! `rolecall man DIR`: one manual page per verb, made from the texts of `--help`.

use std::path::{Path, PathBuf};

use clap::{Args, Command};
use clap_mangen::Man;

use super::reference::REFERENCE;
use crate::error::{Error, Result};
use crate::output::print;

/// Write the manual pages into a folder
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rolecall man ~/.local/share/man/man1
  man rolecall-exec")]
pub struct ManArgs {
    /// The folder, made where it is missing
    #[arg(value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    pub folder: PathBuf,
}

/// `root` is the whole command line.
pub fn run(args: &ManArgs, root: Command) -> Result<()> {
    let mut root = root.disable_help_subcommand(true);
    root.build();
    let mut pages = Vec::new();
    collect(&root, &mut pages);
    let folder = &args.folder;
    let failed = |path: &Path, e: &std::io::Error| {
        Error::failed(format!("{} cannot be written: {e}", path.display()))
            .hint("choose a folder that can: rolecall man ./man1")
    };
    std::fs::create_dir_all(folder).map_err(|e| failed(folder, &e))?;
    let mut written = String::new();
    for (name, text) in pages {
        let path = folder.join(name);
        std::fs::write(&path, text).map_err(|e| failed(&path, &e))?;
        written += &format!("{}\n", path.display());
    }
    print(&written)
}

/// Collects the pages of a verb and of those below it, each with its file's name.
fn collect(command: &Command, pages: &mut Vec<(String, String)>) {
    let name = command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned();
    pages.push((format!("{name}.1"), page(command)));
    for verb in command.get_subcommands().filter(|verb| !verb.is_hide_set()) {
        collect(verb, pages);
    }
}

/// Renders a page. Its examples come before the options, because they teach more.
fn page(command: &Command) -> String {
    let examples = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let man = Man::new(command.clone());
    let name = command.get_display_name().unwrap_or_else(|| command.get_name());
    let mut text = format!(
        "{QUOTE}.TH {} 1 \"\" \"rolecall {}\" \"rolecall\"\n",
        roff(&name.to_uppercase()).trim_end(),
        env!("CARGO_PKG_VERSION")
    );
    text += &section(|w| man.render_name_section(w));
    text += &synopsis(command);
    text += &section(|w| man.render_description_section(w));
    text += &blocks(&examples);
    if command.get_arguments().any(|arg| !arg.is_hide_set()) {
        text += &section(|w| man.render_options_section(w));
    }
    if command.get_subcommands().any(|verb| !verb.is_hide_set()) {
        text += &section(|w| man.render_subcommands_section(w));
    }
    if name == "rolecall" {
        text += &blocks(REFERENCE);
    }
    ascii(&text)
}

/// Renders a section of clap_mangen, without what it repeats in each one and without a break that
/// mandoc warns of.
fn section(render: impl Fn(&mut Vec<u8>) -> std::io::Result<()>) -> String {
    let mut bytes = Vec::new();
    // Writing to memory cannot fail.
    let _ = render(&mut bytes);
    String::from_utf8_lossy(&bytes).replace(QUOTE, "").replace(".br\n\n.br\n", ".sp\n")
}

fn synopsis(command: &Command) -> String {
    let usage = command.clone().render_usage().to_string();
    let lines: Vec<&str> = usage.trim_start_matches("Usage:").lines().map(str::trim).collect();
    format!(".SH SYNOPSIS\n.nf\n{}.fi\n", roff(&lines.join("\n")))
}

/// Escapes characters beyond ASCII, which older roffs do not know.
fn ascii(text: &str) -> String {
    text.chars().fold(String::new(), |text, c| {
        if c.is_ascii() {
            text + c.encode_utf8(&mut [0])
        } else {
            text + &format!("\\[u{:04X}]", u32::from(c))
        }
    })
}

/// The definition of an apostrophe, for old and new roffs.
const QUOTE: &str = ".ie \\n(.g .ds Aq \\(aq\n.el .ds Aq '\n";

/// Renders the text that follows a verb's help. A line that ends in `:` heads a section, and the
/// lines under it stand as they are.
fn blocks(help: &str) -> String {
    let mut text = String::new();
    for block in help.trim_end().split("\n\n").filter(|block| !block.is_empty()) {
        let (head, body) = block.split_once('\n').unwrap_or((block, ""));
        match head.strip_suffix(':').filter(|_| !body.is_empty()) {
            Some(head) => {
                text += &format!(
                    ".SH {}\n.nf\n{}.fi\n",
                    roff(&head.to_uppercase()).trim_end(),
                    roff(body)
                );
            }
            None => text += &format!(".PP\n{}", roff(block)),
        }
    }
    text
}

/// Escapes lines for roff. No line is a request, no character an escape, and what a person can type
/// stays ASCII.
fn roff(text: &str) -> String {
    text.lines().fold(String::new(), |out, line| {
        let line = line
            .replace('\\', "\\e")
            .replace('-', "\\-")
            .replace('\'', "\\(aq")
            .replace('`', "\\(ga")
            .replace('^', "\\(ha")
            .replace('~', "\\(ti");
        let guard = if line.starts_with('.') { "\\&" } else { "" };
        format!("{out}{guard}{line}\n")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_become_sections() {
        let text = blocks(
            "Examples:\n  eval \"$(rolecall env 'a\\b')\"   sh\n\nFiles:\n.x\n\nA last word.",
        );
        let examples = ".SH EXAMPLES\n.nf\n  eval \"$(rolecall env \\(aqa\\eb\\(aq)\"   sh\n.fi\n";
        assert_eq!(text, format!("{examples}.SH FILES\n.nf\n\\&.x\n.fi\n.PP\nA last word.\n"));
    }
}
