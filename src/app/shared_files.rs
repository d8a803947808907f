//! Changes of the shared files: planned on both, then written one after the other, or shown.

use std::io::stdout;

use zeroize::Zeroizing;

use super::context::Context;
use crate::config::document::{Document, FileKind};
use crate::config::edit::{Edit, apply};
use crate::config::load::{Paths, load};
use crate::config::profiles::Profiles;
use crate::error::{Error, Result};
use crate::output::diff::{Colored, FileDiff};
use crate::output::print;
use crate::system::report::Report;
use crate::system::rewrite::{Rewritten, check_writable, rewrite};

/// What is to be edited in each of the shared files.
#[derive(Debug, Default)]
pub struct FileEdits {
    config: Vec<Edit>,
    credentials: Vec<Edit>,
}

impl FileEdits {
    pub fn push(&mut self, file: FileKind, edit: Edit) {
        match file {
            FileKind::Config => self.config.push(edit),
            FileKind::Credentials => self.credentials.push(edit),
        }
    }

    pub fn extend(&mut self, edits: impl IntoIterator<Item = (FileKind, Edit)>) {
        for (file, edit) in edits {
            self.push(file, edit);
        }
    }

    pub fn of(&self, file: FileKind) -> &[Edit] {
        match file {
            FileKind::Config => &self.config,
            FileKind::Credentials => &self.credentials,
        }
    }
}

/// What is done with a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Commit {
    /// The files are written.
    Write,
    /// The unified diff is printed.
    DryRun,
}

/// A file that changes.
struct ChangedFile<'a> {
    old: &'a Document,
    new: Zeroizing<Vec<u8>>,
}

/// Changes the shared files by the edits that `plan` finds for them. It is called again if another
/// program changes a file meanwhile. When the second file cannot be written, the first one gets its
/// old bytes back. This waits for other processes that change the same file, at most 30 seconds.
///
/// # Errors
/// Those of `plan`, of an edit that is refused, and of a file that cannot be read or written. The
/// files are then as before.
pub fn change(
    context: &Context,
    commit: Commit,
    plan: impl Fn(&Profiles) -> Result<FileEdits>,
) -> Result<()> {
    let paths = Paths::find(&context.environment, &context.directories)?;
    let profiles = load(&paths)?;
    let edits = plan(&profiles)?;
    let mut changed = Vec::new();
    for file in FileKind::ALL {
        let old = profiles.document(file);
        let new = apply(old, edits.of(file))?;
        if *new != old.bytes() {
            changed.push(ChangedFile { old, new });
        }
    }
    if changed.is_empty() {
        context.ui.note("the files say so already; nothing is to be changed");
        return Ok(());
    }
    if commit == Commit::DryRun {
        return show(context, &changed);
    }
    let replan = |document: Document| {
        let file = document.kind;
        let profiles = profiles.with_document(document)?;
        apply(profiles.document(file), plan(&profiles)?.of(file))
    };
    write(context, &paths, &profiles, &changed, replan)
}

/// Returns how the shared files would change by the edits that `plan` finds, as a unified diff with
/// secrets masked; an empty text where nothing would.
///
/// # Errors
/// Those of `plan`, of an edit that is refused, and of a file that cannot be read.
pub fn preview(context: &Context, plan: impl Fn(&Profiles) -> Result<FileEdits>) -> Result<String> {
    let profiles = context.profiles()?;
    let edits = plan(&profiles)?;
    let mut text = String::new();
    for file in FileKind::ALL {
        let old = profiles.document(file);
        let new = Document::parse(file, &old.path, apply(old, edits.of(file))?);
        text += &uncolored_diff(old, &new);
    }
    Ok(text)
}

/// Returns the unified diff of two states of a file, without colours; an empty text where nothing
/// differs.
pub fn uncolored_diff(old: &Document, new: &Document) -> String {
    FileDiff::new(old, new, Colored::No).render()
}

/// Prints what would change.
fn show(context: &Context, changed: &[ChangedFile]) -> Result<()> {
    let diffs = changed.iter().map(|ChangedFile { old, new }| {
        let new = Document::parse(old.kind, &old.path, new.clone());
        diff(context, old, &new)
    });
    print(&diffs.collect::<String>())
}

/// Returns the unified diff of two states of a file for stdout; an empty text where nothing differs.
pub fn diff(context: &Context, old: &Document, new: &Document) -> String {
    let colored = Colored::when(context.ui.colors_on(&stdout()));
    FileDiff::new(old, new, colored).render()
}

fn write(
    context: &Context,
    paths: &Paths,
    profiles: &Profiles,
    changed: &[ChangedFile],
    replan: impl Fn(Document) -> Result<Zeroizing<Vec<u8>>>,
) -> Result<()> {
    for ChangedFile { old, .. } in changed {
        check_home(paths, profiles, old.kind)?;
        check_writable(&old.path)?;
    }
    for (at, ChangedFile { old, new }) in changed.iter().enumerate() {
        let written = rewrite(&old.path, &context.runtime, |bytes| {
            if bytes == old.bytes() {
                return Ok(new.clone());
            }
            replan(Document::parse(old.kind, &old.path, bytes.to_vec().into()))
        });
        match written {
            Ok(Rewritten::Changed) => {
                context.ui.note(&format!("{} is changed", old.path.display()));
            }
            Ok(Rewritten::Unchanged) => {}
            Err(error) => return Err(put_back(context, &changed[..at], error)),
        }
    }
    Ok(())
}

/// Gives the files that were written their old bytes back, unless they have changed since.
fn put_back(context: &Context, written: &[ChangedFile], error: Error) -> Error {
    written.iter().fold(error, |error, ChangedFile { old, new }| {
        let put_back = rewrite(&old.path, &context.runtime, |bytes| {
            let same = bytes == new.as_slice();
            Ok(if same { old.bytes() } else { bytes }.to_vec().into())
        });
        match put_back {
            Ok(Rewritten::Changed) => error,
            _ => error.cause(format!("{} is changed already", old.path.display())),
        }
    })
}

/// Checks that there is a home that a file could be in.
fn check_home(paths: &Paths, profiles: &Profiles, file: FileKind) -> Result<()> {
    let path = match file {
        FileKind::Config => &paths.config,
        FileKind::Credentials => &paths.credentials,
    };
    if path.is_some() {
        return Ok(());
    }
    let what = format!("there is no place for the {} file", file.name());
    Err(profiles.say_missing(Error::configuration(what)))
}
