//! The client by which rolecall logs in at IAM Identity Center: registered once for each session and
//! kept beside the tokens, where other programs' are too.

use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use super::sso_token::{cache_file, parse_time, render_time};
use crate::chain::SsoSession;
use crate::clients::ssooidc::{Client, ClientKind};
use crate::system::files::{read_named, write_shared};

/// What no registration's file comes near, in bytes.
const MAX_BYTES: u64 = 1024 * 1024;
/// What a registration must have left to be used for one more login.
const LEAST_LEFT: TimeDelta = TimeDelta::minutes(15);

/// Where the client of a session is kept.
pub struct RegistrationFile<'a> {
    path: PathBuf,
    scopes: &'a [String],
}

impl<'a> RegistrationFile<'a> {
    /// Returns the file for logins at a session that ask for some scopes.
    pub fn of(home: &Path, session: &SsoSession, scopes: &'a [String]) -> Self {
        Self { path: cache_file(home, &name(session, scopes)), scopes }
    }

    /// Returns the client that was kept, where it can log in that way now.
    pub fn read(&self, kind: ClientKind, now: DateTime<Utc>) -> Option<Client> {
        let bytes = read_named(&self.path, MAX_BYTES).ok()?;
        let fields: Map<String, Value> = serde_json::from_slice(&bytes).ok()?;
        let text = |key: &str| fields.get(key).and_then(Value::as_str);
        let list = |key: &str| -> Vec<&str> {
            let values = fields.get(key).and_then(Value::as_array);
            values.into_iter().flatten().filter_map(Value::as_str).collect()
        };
        let expires_at = text("expiresAt").and_then(parse_time)?;
        let fits = list("grantTypes") == kind.grants()
            && list("scopes") == self.scopes
            && expires_at - now > LEAST_LEFT;
        fits.then_some(())?;
        Some(Client {
            id: text("clientId")?.to_owned(),
            secret: SecretString::from(text("clientSecret")?),
            expires_at,
        })
    }

    /// Keeps a client.
    ///
    /// # Errors
    /// What the system says.
    pub fn write(&self, kind: ClientKind, client: &Client) -> std::io::Result<()> {
        let mut fields = json!({
            "clientId": client.id,
            "clientSecret": client.secret.expose_secret(),
            "expiresAt": render_time(client.expires_at),
            "scopes": self.scopes,
        });
        if !kind.grants().is_empty() {
            fields["grantTypes"] = json!(kind.grants());
        }
        write_shared(&self.path, &Zeroizing::new(serde_json::to_vec(&fields)?))
    }

    /// Returns where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Returns what the file is named by: the text whose hash botocore takes too, with another tool.
fn name(session: &SsoSession, scopes: &[String]) -> String {
    let text = |text: &str| Value::from(text).to_string();
    let scopes: Vec<String> = scopes.iter().map(|scope| text(scope)).collect();
    let session_name = session.name.as_deref().map_or("null".to_owned(), text);
    format!(
        r#"{{"region": {}, "scopes": [{}], "session_name": {session_name}, "startUrl": {}, "tool": "rolecall"}}"#,
        text(&session.region),
        scopes.join(", "),
        text(&session.start_url),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::FileLine;
    use crate::system::digest::sha1_hex;

    fn session(name: Option<&str>) -> SsoSession {
        let place = || FileLine { path: "config".into(), line: 1 };
        SsoSession {
            name: name.map(str::to_owned),
            start_url: "https://corp.awsapps.com/start".to_owned(),
            start_url_place: place(),
            region: "eu-west-1".to_owned(),
            region_place: place(),
            scopes: None,
            device_code: Ok(None),
            redirect_port: Ok(None),
            oidc_endpoint: Ok(None),
        }
    }

    #[test]
    fn name_of_file_is_that_of_botocore_but_for_the_tool() {
        let scopes = ["sso:account:access".to_owned()];
        let name = name(&session(Some("corp")), &scopes);
        let of_botocore = name.replace(r#""tool": "rolecall""#, r#""tool": "botocore""#);
        assert_eq!(sha1_hex(&of_botocore), "787ef34d0a944c01385765faa28b5e67d1c08f33");
        assert!(super::name(&session(None), &scopes).contains(r#""session_name": null"#));
    }

    #[test]
    fn client_is_used_again_for_its_own_way_while_it_lives() {
        let home = tempfile::tempdir().unwrap();
        let session = session(Some("corp"));
        let scopes = ["sso:account:access".to_owned()];
        let file = RegistrationFile::of(home.path(), &session, &scopes);
        let now = DateTime::UNIX_EPOCH;
        let client = |minutes| Client {
            id: "id".to_owned(),
            secret: SecretString::from("secret"),
            expires_at: now + TimeDelta::minutes(minutes),
        };
        std::fs::create_dir_all(file.path().parent().unwrap()).unwrap();
        for (kind, other) in [
            (ClientKind::AuthorizationCode, ClientKind::DeviceCode),
            (ClientKind::DeviceCode, ClientKind::AuthorizationCode),
        ] {
            file.write(kind, &client(16)).unwrap();
            let read = file.read(kind, now).unwrap();
            assert_eq!((read.id.as_str(), read.secret.expose_secret()), ("id", "secret"));
            assert!(file.read(other, now).is_none());
            let more = ["sso:account:access".to_owned(), "more".to_owned()];
            let others = RegistrationFile { path: file.path.clone(), scopes: &more };
            assert!(others.read(kind, now).is_none());
            file.write(kind, &client(15)).unwrap();
            assert!(file.read(kind, now).is_none());
        }
        std::fs::write(file.path(), "{").unwrap();
        assert!(file.read(ClientKind::DeviceCode, now).is_none());
    }
}
