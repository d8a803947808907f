//! The folders that rolecall writes to.

use std::io;
use std::path::{Path, PathBuf};

use super::findings::Findings;
use crate::app::context::Context;
use crate::hint;
use crate::system::files;

const FOLDERS: &str = "folders";

/// Tries to write to each folder.
pub fn check(context: &Context, findings: &mut Findings) {
    let index = context.directories.index();
    let index = index.as_deref().and_then(Path::parent).map(Path::to_path_buf);
    let locks = context.directories.locks();
    let usable = locks.iter().find(|folder| files::try_locking(folder).is_ok()).cloned();
    try_folder("locks", usable.or(locks.into_iter().next()), files::try_locking, findings);
    try_folder("the index of sessions", index, files::try_writing, findings);
}

fn try_folder(
    what: &str,
    folder: Option<PathBuf>,
    attempt: fn(&Path) -> io::Result<()>,
    findings: &mut Findings,
) {
    let Some(folder) = folder else {
        let message = format!("there is no folder for {what}");
        return findings.warning(FOLDERS, message, Some(&hint::set_home()));
    };
    let shown = folder.display();
    match attempt(&folder) {
        Ok(()) => findings.ok(FOLDERS, format!("{shown} can be written ({what})")),
        Err(error) => {
            let message = format!("{shown} cannot be written ({what}): {error}");
            let hint = format!("it must be yours alone; look at it: {}", hint::look_at(&folder));
            findings.warning(FOLDERS, message, Some(&hint));
        }
    }
}
