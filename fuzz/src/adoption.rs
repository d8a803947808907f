//! Steps, one a line, and the two shared files, divided by lines `%%`: what `adopt PROFILE` changes
//! means the same to rolecall, and `release PROFILE` gives every byte back.

use std::path::Path;

use rolecall::fuzzing::{
    AdoptionStep, Caching, Defaults, Document, Environment, FileKind, Profiles, Request,
    RoleOptions, SectionKind, SessionKeys, adopt, apply_edits, release, resolve,
};
use zeroize::Zeroizing;

const DEFAULTS: Defaults = Defaults { mfa_session: Some(43_200), caching: Caching::On };

/// The config and the credentials file.
type Files = [Vec<u8>; 2];

fn read(files: &Files) -> Profiles {
    let document = |kind: FileKind, bytes: &[u8]| {
        Document::parse(kind, Path::new(kind.name()), Zeroizing::new(bytes.to_vec()))
    };
    let [config, credentials] = files;
    Profiles::new(document(FileKind::Config, config), document(FileKind::Credentials, credentials))
}

/// Returns the files after a step, `None` where there is nothing to do, or it is refused.
fn after(profiles: &Profiles, step: rolecall::fuzzing::Result<AdoptionStep>) -> Option<Files> {
    let Ok(AdoptionStep::Edits(edits)) = step else { return None };
    Some([FileKind::Config, FileKind::Credentials].map(|file| {
        let of_file = edits.iter().filter(|(kind, _)| *kind == file);
        let of_file: Vec<_> = of_file.map(|(_, edit)| edit.clone()).collect();
        apply_edits(profiles.document(file), &of_file).unwrap().to_vec()
    }))
}

/// Returns the names of the sessions on the way to a profile; `None` where there is no way.
fn sessions(profiles: &Profiles, name: &str) -> Option<String> {
    let environment = Environment::new([], Some("bob".to_owned()));
    let request = Request::typed(Some(name), RoleOptions::default(), DEFAULTS);
    resolve(profiles, &request, &environment)
        .ok()
        .map(|chain| format!("{:?}", SessionKeys::of(&chain)))
}

/// Returns what readers take from all sections but one profile.
fn others(profiles: &Profiles, but: &str) -> Vec<String> {
    let kinds = [SectionKind::Profile, SectionKind::SsoSession, SectionKind::Services];
    let names = kinds.into_iter().flat_map(|kind| profiles.names_of(kind).map(move |n| (kind, n)));
    let names = names.filter(|name| *name != (SectionKind::Profile, but));
    names
        .map(|(kind, name)| {
            let section = profiles.section(kind, name).ok().flatten();
            let values = section.iter().flat_map(|section| &section.properties);
            let values: Vec<_> = values.map(|p| (&p.key, p.value.to_string())).collect();
            format!("{kind:?} {name} {values:?}")
        })
        .collect()
}

/// Makes one step and checks what it leaves. A step that is refused, or has nothing to do, leaves
/// the files as they are.
fn make(verb: &str, name: &str, files: &mut Files) {
    let before = read(files);
    let step = match verb {
        "adopt" => adopt(&before, name),
        "release" => release(&before, name),
        _ => return,
    };
    let Some(changed) = after(&before, step) else { return };
    let now = read(&changed);
    assert_eq!(sessions(&before, name), sessions(&now, name), "{verb} {name}");
    assert_eq!(others(&before, name), others(&now, name), "{verb} {name}");
    if verb == "adopt" {
        assert!(matches!(adopt(&now, name), Ok(AdoptionStep::Done)), "{name} adopted again");
        let released = after(&now, release(&now, name));
        assert_eq!(released.as_ref(), Some(&*files), "{name} adopted and released");
    } else {
        assert!(after(&now, release(&now, name)).is_none(), "{name} released again");
    }
    *files = changed;
}

pub fn check(data: &[u8]) {
    let divider = b"\n%%\n";
    let mut parts = Vec::new();
    let mut rest = data;
    while let Some(at) = rest.windows(divider.len()).position(|bytes| bytes == divider) {
        parts.push(&rest[..at]);
        rest = &rest[at + divider.len()..];
    }
    parts.push(rest);
    let [steps, config, more @ ..] = parts.as_slice() else { return };
    let mut files = [config.to_vec(), more.first().map(|bytes| bytes.to_vec()).unwrap_or_default()];
    for step in String::from_utf8_lossy(steps).lines().take(8) {
        if let Some((verb, name)) = step.split_once(' ') {
            make(verb, name, &mut files);
        }
    }
}
