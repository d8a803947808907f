//! Two shared files and an environment, divided by lines `%%`: read, merged, and resolved for every
//! profile.

use std::path::Path;

use rolecall::fuzzing::{
    Caching, Defaults, Document, Environment, FileKind, Kind, Profiles, Request, RoleOptions,
    SessionKeys, resolve,
};
use zeroize::Zeroizing;

const DEFAULTS: Defaults = Defaults { mfa_session: Some(43_200), caching: Caching::On };

pub fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut parts = text.splitn(3, "\n%%\n");
    let (config, credentials) =
        (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let variables = parts.next().unwrap_or_default().lines().filter_map(|l| l.split_once('='));
    let environment = Environment::new(
        variables.map(|(k, v)| (k.to_owned(), v.to_owned())),
        Some("bob".to_owned()),
    );

    let document = |kind: FileKind, text: &str| {
        Document::parse(kind, Path::new(kind.name()), Zeroizing::new(text.as_bytes().to_vec()))
    };
    let profiles = Profiles::new(
        document(FileKind::Config, config),
        document(FileKind::Credentials, credentials),
    );
    let lines = 1 + config.matches('\n').count().max(credentials.matches('\n').count());
    for (place, _) in profiles.malformed().iter().chain(&profiles.ignored()) {
        assert!((1..=lines).contains(&place.line), "{place}");
    }
    let names = profiles.names().take(20).map(|name| Some(name.to_owned())).chain([None]);
    for name in names {
        for role_arn in [None, Some("arn:aws:iam::222222222222:role/admin".to_owned())] {
            let role = RoleOptions { role_arn, ..RoleOptions::default() };
            let request = Request::typed(name.as_deref(), role, DEFAULTS);
            match resolve(&profiles, &request, &environment) {
                Ok(chain) => {
                    let keys = SessionKeys::of(&chain);
                    assert_eq!(keys.last().as_str().len(), 64);
                }
                Err(error) => {
                    assert!(matches!(error.kind, Kind::Configuration | Kind::Usage), "{error:?}")
                }
            }
        }
    }
}
