//! `credential_process`: runs the command of a profile and reads the JSON that it prints
//! (AWS SDKs and Tools Reference Guide, "Process credential provider").

use secrecy::{ExposeSecret, SecretString};

use super::Sources;
use crate::aws::process_json::parse;
use crate::aws::{Credentials, Session};
use crate::chain::Chain;
use crate::config::profiles::Place;
use crate::error::{Error, Kind, Result};
use crate::system::child::{run, shell_command};
use crate::text;

/// The environment variable that tells a process source which profiles led to it.
pub const TRAIL: &str = "ROLECALL_PROFILE_CHAIN";

impl Sources<'_> {
    pub(super) fn process(
        &self,
        chain: &Chain,
        command: &SecretString,
        place: &Place,
        account_id: Option<&str>,
    ) -> Result<Credentials> {
        let profile = chain.plan.base_profile.as_deref().unwrap_or_else(|| chain.name());
        let fail = |what: String| {
            Error::failed(format!("{place}: the credential_process of profile `{profile}` {what}"))
        };
        let mut command = shell_command(command.expose_secret());
        let mut trail = self.trail.clone();
        // The selected profile too: a wrapper may ask for that one again, and each round would
        // start another process.
        let selected = chain.subject.profile_name().filter(|name| name.as_str() != profile);
        trail.extend(selected.map(ToString::to_string));
        trail.push(profile.to_owned());
        command.env(TRAIL, trail.join("\n")).env_remove("ROLECALL_FILE_PASSPHRASE");
        let output = self.runtime.run(run(command, self.process_limit))?;
        let output = output.map_err(|failure| {
            fail(failure).hint(
                "run the command by itself to see what it does; a longer limit: process_timeout in settings.ini, see: rolecall doctor",
            )
        })?;
        if !output.status.success() {
            let mut error = fail(format!("failed ({})", output.status));
            let said = String::from_utf8_lossy(&output.stderr);
            for line in said
                .lines()
                .filter(|line| !line.trim().is_empty())
                .rev()
                .take(4)
                .collect::<Vec<_>>()
                .into_iter()
                .rev()
            {
                error = error.cause(text::one_line(line));
            }
            // Another rolecall's configuration error, such as a loop, is one here too.
            if output.status.code() == Some(i32::from(Kind::Configuration.exit_code()))
                && error.causes.iter().any(|c| c.contains("leads back"))
            {
                error.kind = Kind::Configuration;
            }
            return Err(error
                .hint(format!("see the command: {}", crate::hint::command("explain", profile))));
        }
        let credentials = parse(&output.stdout, account_id)
            .map_err(|what| fail(what).hint("see what it must print: aws help config-vars"))?;
        match &credentials {
            Credentials::Session(session)
                if session.expires_at.is_some_and(|end| end <= self.clock.now()) =>
            {
                Err(fail("gave credentials that have expired".to_owned()))
            }
            _ => Ok(match credentials {
                Credentials::Session(session) => {
                    Credentials::Session(Session { issued_at: Some(self.clock.now()), ..session })
                }
                keys @ Credentials::LongTerm(_) => keys,
            }),
        }
    }
}
