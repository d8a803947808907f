//! Gets codes from programs: `mfa_process` of a profile, and `ykman` for the OATH accounts of a
//! YubiKey.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;
use zeroize::Zeroizing;

use super::environment::{PromptEnvironment, asking_command};
use super::is_token_code;
use super::method::{Outcome, Text};
use crate::aws::arn::Arn;
use crate::error::{Error, Result};
use crate::executor::Question;
use crate::system::child::{self, Output};
use crate::system::clock::Clock;
use crate::system::command_line;
use crate::system::report::Report;
use crate::system::runtime::Runtime;
use crate::system::terminal;

/// The issuers that AWS's own QR codes name.
const ISSUERS: [&str; 3] = ["Amazon Web Services", "AWS", "Amazon"];

/// How long a device shows a code (RFC 6238).
const WINDOW_SECONDS: i64 = 30;
/// How far clocks may differ.
const SLACK_SECONDS: i64 = 1;

/// Runs programs that give codes.
pub struct Programs<'a> {
    pub runtime: &'a Runtime,
    pub clock: &'a dyn Clock,
    pub report: &'a dyn Report,
    pub timeout: Duration,
    pub no_input: bool,
}

impl Programs<'_> {
    /// Runs a program. Its stdin and stderr are the terminal when there is one. The inner error
    /// says what it did wrong.
    fn run(&self, mut command: Command) -> Result<Result<Output, String>> {
        let terminal = if self.no_input { None } else { terminal::files() };
        let (input, output) = terminal.unzip();
        command.stdin(input.map_or_else(Stdio::null, Stdio::from));
        let ended = self.runtime.run(child::run_beside(command, output, self.timeout))?;
        if !ended.as_ref().is_ok_and(|output| output.status.success()) {
            self.runtime.check_after_a_failure()?;
        }
        Ok(ended.map_err(|failure| failure.to_string()))
    }

    /// Runs `mfa_process` and takes the code that it prints.
    pub fn mfa_process(
        &self,
        question: &Question,
        environment: &PromptEnvironment,
    ) -> Result<Outcome<String>> {
        let Some(line) = question.process else {
            return Ok(Outcome::absent("the profile has no mfa_process"));
        };
        let who = question.who;
        self.report.decided(&|| {
            let place = question.process_place.map_or_else(String::new, |at| format!(" ({at})"));
            format!("asking the mfa_process of {who}{place}")
        });
        let fail = |what: &str| {
            let what = format!("the mfa_process of {who} {what}");
            let error = match question.process_place {
                Some(place) => Error::failed(format!("{place}: {what}")).at(place.clone()),
                None => Error::failed(what),
            };
            error
                .about(question.invocation.profile().map_or("", |name| name))
                .hint(format!("see the profile: {}", question.invocation.command("explain")))
        };
        let mut command = command_line::command(line, &environment.search_path());
        command.env_remove("ROLECALL_FILE_PASSPHRASE");
        let output = self.run(command)?.map_err(|what| fail(&what))?;
        if !output.status.success() {
            let error = fail(&format!("failed ({})", output.status));
            return Err(match output.complaint() {
                None => error,
                Some(said) => error.cause(said),
            });
        }
        code(&output).map(Outcome::Had).ok_or_else(|| fail("did not print a code of six digits"))
    }

    /// Asks a YubiKey for the code of the account that the profile names, or else of the account
    /// that belongs to the device.
    pub fn ykman(
        &self,
        question: &Question,
        environment: &PromptEnvironment,
    ) -> Result<Outcome<String>> {
        let program = match environment.program("ykman") {
            Ok(program) => program,
            Err(why) => return Ok(Outcome::Absent(why)),
        };
        let account = match self.account(&program, question)? {
            Outcome::Had(account) => account,
            other => return Ok(other),
        };
        if question.refused.is_some() {
            self.wait_for_next_code()?;
        }
        self.report.decided(&|| {
            format!("asking the YubiKey for a code of `{account}`; it may want to be touched")
        });
        Ok(match self.run_ykman(&program, &["code", "-s", &account])? {
            Err(why) => Outcome::Absent(why),
            Ok(output) => code(&output).map_or_else(
                || Outcome::absent("ykman did not print a code of six digits"),
                Outcome::Had,
            ),
        })
    }

    /// Returns the name of the YubiKey's account for a question.
    fn account(&self, program: &Path, question: &Question) -> Result<Outcome<String>> {
        let account = match question.oath {
            Some(name) => Some(name.to_owned()),
            None => match self.run_ykman(program, &["list"])? {
                Err(why) => return Ok(Outcome::Absent(why)),
                Ok(list) => account(&String::from_utf8_lossy(&list.stdout), question.serial),
            },
        };
        Ok(match account {
            None => Outcome::absent(
                "the YubiKey has no account of this device; name it: mfa_yubikey_oath",
            ),
            Some(name) if name.starts_with('-') => {
                Outcome::absent(format!("`{name}` is no account's name"))
            }
            Some(name) => Outcome::Had(name),
        })
    }

    /// Runs `ykman oath accounts`. The inner error says what went wrong.
    fn run_ykman(&self, program: &Path, arguments: &[&str]) -> Result<Result<Output, String>> {
        let mut command = asking_command(program);
        command.args(["oath", "accounts"]).args(arguments);
        Ok(match self.run(command)? {
            Err(what) => Err(format!("ykman {what}")),
            Ok(output) if output.status.success() => Ok(output),
            Ok(output) => Err(output
                .complaint()
                .unwrap_or_else(|| format!("ykman failed ({})", output.status))),
        })
    }

    /// Waits for the code after the one that AWS has just refused: a code works once, and lasts for
    /// half a minute.
    fn wait_for_next_code(&self) -> Result<()> {
        let passed = self.clock.now().timestamp().rem_euclid(WINDOW_SECONDS);
        let left = WINDOW_SECONDS - passed + SLACK_SECONDS;
        self.report.note(&format!(
            "AWS did not accept the code; waiting {left} s for the device's next one"
        ));
        let wait = Duration::from_secs(left.unsigned_abs());
        self.runtime.sleep(wait)
    }
}

/// Returns the code that a program printed.
fn code(output: &Output) -> Option<String> {
    let text: Text = Zeroizing::new(String::from_utf8_lossy(&output.stdout).into_owned());
    let code = text.trim();
    is_token_code(code).then(|| code.to_owned())
}

/// Finds the only account of a list that belongs to a device. The list is that of `ykman oath
/// accounts list`: `ISSUER:NAME` or `NAME` on each line. The name is the serial, as aws-vault
/// writes it, or `USER@ACCOUNT`, as the QR code of the AWS console has it.
fn account(list: &str, serial: &str) -> Option<String> {
    let by_console = Arn::parse(serial).map(|arn| format!("{}@{}", arn.name(), arn.account));
    let fits = |line: &&str| {
        let (issuer, name) = if line.starts_with("arn:") {
            ("", *line)
        } else {
            line.split_once(':').unwrap_or(("", line))
        };
        name == serial
            || (by_console.as_deref() == Some(name)
                && (issuer.is_empty() || ISSUERS.contains(&issuer)))
    };
    let mut all = list.lines().map(str::trim).filter(fits);
    all.next().filter(|_| all.next().is_none()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::account;

    const SERIAL: &str = "arn:aws:iam::111111111111:mfa/bob";

    #[test]
    fn account_of_device_is_found_in_list() {
        let rows = [
            ("", None),
            ("GitHub:bob\n", None),
            (SERIAL, Some(SERIAL)),
            ("GitHub:bob\narn:aws:iam::111111111111:mfa/bob\n", Some(SERIAL)),
            (
                "aws:arn:aws:iam::111111111111:mfa/bob",
                Some("aws:arn:aws:iam::111111111111:mfa/bob"),
            ),
            ("Amazon Web Services:bob@111111111111", Some("Amazon Web Services:bob@111111111111")),
            ("Amazon Web Services:bob@222222222222", None),
            ("Amazon Web Services:bobby@111111111111", None),
            ("GitHub:bob@111111111111", None),
            ("bob@111111111111", Some("bob@111111111111")),
            // Two accounts fit.
            ("AWS:bob@111111111111\nAmazon Web Services:bob@111111111111", None),
        ];
        for (list, found) in rows {
            assert_eq!(account(list, SERIAL).as_deref(), found, "{list}");
        }
        assert_eq!(account("GAHT12345678", "GAHT12345678").as_deref(), Some("GAHT12345678"));
    }
}
