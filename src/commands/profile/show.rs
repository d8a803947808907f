//! `rolecall profile show`: the lines of a section in both files, as they stand.

use clap::Args;
use serde_json::json;

use super::section::{SectionArgs, check_known};
use crate::app::context::Context;
use crate::config::document::FileKind;
use crate::config::edit::SectionName;
use crate::config::profiles::Profiles;
use crate::error::{FileLine, Result};
use crate::output::diff::shown;
use crate::output::{print, print_line};

/// Show a profile's lines as they stand, each with file and line, secrets masked
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rolecall profile show prod
  rolecall profile show --sso-session corp
  rolecall profile show prod --json")]
pub struct ProfileShowArgs {
    #[command(flatten)]
    pub section: SectionArgs,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// A line of a section.
struct Line {
    file: FileKind,
    place: FileLine,
    text: String,
}

pub fn run(context: &Context, args: &ProfileShowArgs) -> Result<()> {
    let (section, _) = args.section.split(&[])?;
    let profiles = context.profiles()?;
    check_known(&profiles, &section)?;
    let lines = lines(&profiles, &section);
    if args.json {
        let lines = lines.iter().map(|Line { file, place, text }| {
            json!({"file": file.name(), "path": place.path, "line": place.line, "text": text})
        });
        return print_line(json!({
            "name": section.name,
            "kind": section.kind.prefix(),
            "lines": lines.collect::<Vec<_>>(),
        }));
    }
    let lines = lines.iter().map(|Line { place, text, .. }| format!("{place}: {}\n", shown(text)));
    print(&lines.collect::<String>())
}

fn lines(profiles: &Profiles, section: &SectionName) -> Vec<Line> {
    let of_file = |file| {
        let document = profiles.document(file);
        let sections = profiles.sections_in(file, section.kind, &section.name);
        let lines = sections.flat_map(|section| document.shown_section(section));
        lines.map(move |(line, text)| Line {
            file,
            place: FileLine { path: document.path.clone(), line },
            text,
        })
    };
    FileKind::ALL.into_iter().flat_map(of_file).collect()
}
