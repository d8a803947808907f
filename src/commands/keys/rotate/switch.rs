//! Which key the profiles name: switched in all of them at once.

use zeroize::Zeroizing;

use crate::app::context::Context;
use crate::aws::names::AccessKeyId;
use crate::chain::keys;
use crate::commands::keys::lines::path_of;
use crate::config::document::{Document, FileKind};
use crate::config::edit::{Edit, KeyPath, NewValue, SectionName, apply};
use crate::config::profiles::Profiles;
use crate::error::{Error, Result};
use crate::hint;
use crate::system::rewrite::rewrite;

/// Returns the profiles that name a key, with the file in which each does.
pub fn naming(profiles: &Profiles, id: &AccessKeyId) -> Vec<(String, FileKind)> {
    let file_of = |name: &str| {
        let profile = profiles.profile(name).ok().flatten()?;
        let named = profile.get(keys::STORED_KEY_ID).filter(|named| *named.value == **id)?;
        Some((name.to_owned(), named.file))
    };
    profiles.names().filter_map(file_of).collect()
}

/// Lets every profile that names one key name another. Each file is rewritten once; its other bytes
/// stay.
///
/// # Errors
/// When a file cannot be edited so, or not be written, or a profile still names the first key
/// afterwards.
pub fn switch(context: &Context, from: &AccessKeyId, to: &AccessKeyId) -> Result<()> {
    let profiles = naming(&context.profiles()?, from);
    for file in [FileKind::Config, FileKind::Credentials] {
        let names: Vec<&str> =
            profiles.iter().filter(|(_, of)| *of == file).map(|(n, _)| &**n).collect();
        if names.is_empty() {
            continue;
        }
        let path = path_of(context, file)?;
        rewrite(&path, &context.runtime, |bytes| {
            let document = Document::parse(file, &path, Zeroizing::new(bytes.to_vec()));
            // What another program has changed meanwhile is looked at below.
            let names_it = |name: &&&str| {
                let ids = document.properties_of(name).filter(|p| p.key == keys::STORED_KEY_ID);
                ids.last().is_some_and(|id| *id.value == **from)
            };
            let still = names.iter().filter(names_it);
            let edits: Vec<Edit> = still.map(|name| edit(name, to)).collect::<Result<_>>()?;
            apply(&document, &edits)
        })?;
    }
    match naming(&context.profiles()?, from).first() {
        None => Ok(()),
        Some((name, _)) => Err(Error::failed(format!("profile `{name}` still names {from}"))
            .about(name)
            .hint(format!("see its lines: {}", hint::command("profile show", name)))),
    }
}

fn edit(profile: &str, id: &AccessKeyId) -> Result<Edit> {
    Ok(Edit::Set {
        section: SectionName::profile(profile),
        key: KeyPath::parse(keys::STORED_KEY_ID)?,
        value: NewValue::new(Zeroizing::new(id.to_string()))?,
    })
}
