//! `credential_process`: runs the command of a profile and reads the JSON that it prints
//! (AWS SDKs and Tools Reference Guide, "Process credential provider").

use std::process::ExitStatus;

use secrecy::{ExposeSecret, SecretString};

use super::Sources;
use crate::aws::process_json::parse;
use crate::aws::{Credentials, Session};
use crate::chain::Chain;
use crate::error::{Error, FileLine, Kind, Result};
use crate::hint;
use crate::system::child::{ChildFailure, run};
use crate::system::command_line;
use crate::system::search_path::SearchPath;
use crate::text::one_line;

/// The environment variable that tells a process source which profiles led to it.
pub const TRAIL: &str = "ROLECALL_PROFILE_CHAIN";

/// How many of the last lines that a failed process said are shown.
const SHOWN_LINES: usize = 4;

impl Sources<'_> {
    pub(super) fn process(
        &self,
        chain: &Chain,
        command: &SecretString,
        place: &FileLine,
        account_id: Option<&str>,
    ) -> Result<Credentials> {
        let profile = chain.base_name();
        let fail = |what: String| {
            Error::failed(format!("{place}: the credential_process of profile `{profile}` {what}"))
                .at(place)
                .about(profile)
        };
        let search_path = SearchPath::of(self.calls.environment);
        let mut command = command_line::command(command.expose_secret(), &search_path);
        command.env(TRAIL, self.trail(chain, profile)).env_remove("ROLECALL_FILE_PASSPHRASE");
        let output = self.calls.runtime.run(run(command, self.process_limit))?;
        let output = output.map_err(|failure| {
            fail(failure.to_string()).hint(match &failure {
                ChildFailure::NotStarted { program, .. } => hint::missing_program(program),
                ChildFailure::Other(_) => {
                    "run the command by itself to see what it does; a longer \
                                      limit: process_timeout in settings.ini, see: rolecall doctor"
                        .to_owned()
                }
            })
        })?;
        if !output.status.success() {
            return Err(last_lines(&output.stderr)
                .into_iter()
                .fold(fail(format!("failed ({})", output.status)), Error::cause)
                .with_kind(kind_of(output.status))
                .hint(format!("see the command: {}", hint::command("explain", profile))));
        }
        let now = self.calls.clock.now();
        match parse(&output.stdout, account_id) {
            Err(what) => Err(fail(what).hint("see what it must print: aws help config-vars")),
            Ok(Credentials::Session(session)) => {
                Ok(Credentials::Session(Session { issued_at: Some(now), ..session }))
            }
            Ok(keys @ Credentials::LongTerm(_)) => Ok(keys),
        }
    }

    /// Returns the profiles that lead to a process of `profile`, one a line. The selected profile
    /// is one of them: a wrapper may ask for that one again, and each round would start another
    /// process.
    fn trail(&self, chain: &Chain, profile: &str) -> String {
        let selected =
            chain.subject.profile.iter().map(|p| p.name.as_str()).filter(|name| *name != profile);
        let trail = self.trail.iter().map(String::as_str).chain(selected).chain([profile]);
        trail.collect::<Vec<_>>().join("\n")
    }
}

/// Returns what the exit code of a failed process means. The process may be another rolecall, or
/// lead to one: what is wrong with the shared files for that one, such as a loop, is wrong here
/// too.
fn kind_of(status: ExitStatus) -> Kind {
    if status.code() == Some(Kind::Configuration.exit_code().into()) {
        Kind::Configuration
    } else {
        Kind::Failed
    }
}

fn last_lines(stderr: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(stderr);
    let mut lines: Vec<String> = text
        .lines()
        .rev()
        .filter(|line| !line.trim().is_empty())
        .take(SHOWN_LINES)
        .map(one_line)
        .collect();
    lines.reverse();
    lines
}
