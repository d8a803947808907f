//! Codes that a program gives: `mfa_process` of a profile, and `ykman` for the OATH accounts of a
//! YubiKey.

use std::process::Stdio;

use tokio::process::Command;
use zeroize::Zeroizing;

use super::rungs::{Outcome, Text};
use super::surroundings::asker;
use super::tty::Tty;
use super::{Ladder, is_token_code};
use crate::aws::arn::Arn;
use crate::error::{Error, Result};
use crate::executor::Question;
use crate::system::child::{self, Output};

/// Whom AWS's own QR codes name as the issuer of an account.
const ISSUERS: [&str; 3] = ["Amazon Web Services", "AWS", "Amazon"];

impl Ladder<'_> {
    /// Runs a program; what it says on stderr and asks goes to the terminal when there is one. The
    /// error says what it did wrong.
    fn run(&self, mut command: Command) -> Result<Result<Output, String>> {
        let terminal = if self.no_input { None } else { Tty::open() }.map(Tty::into_ends);
        let (input, output) = terminal.unzip();
        command.stdin(input.map_or_else(Stdio::null, Stdio::from));
        let ended = self.runtime.run(child::run_beside(command, output, self.process_limit))?;
        if !ended.as_ref().is_ok_and(|output| output.status.success()) {
            self.runtime.check_after_a_failure()?;
        }
        Ok(ended)
    }

    /// Runs `mfa_process` and takes the code that it prints.
    pub(super) fn process(&self, question: &Question) -> Result<Outcome<String>> {
        let Some(line) = question.process else {
            return Ok(Outcome::absent("the profile has no mfa_process"));
        };
        let who = question.who;
        self.report.decided(&|| format!("asking the mfa_process of {who}"));
        let fail = |what: &str| {
            Error::failed(format!("the mfa_process of {who} {what}"))
                .hint(format!("see the profile: {}", question.invocation.command("explain")))
        };
        let mut command = child::shell_command(line);
        command.env_remove("ROLECALL_FILE_PASSPHRASE");
        let output = self.run(command)?.map_err(|what| fail(&what))?;
        if !output.status.success() {
            let error = fail(&format!("failed ({})", output.status));
            return Err(match said(&output) {
                None => error,
                Some(said) => error.cause(said),
            });
        }
        code(&output).map(Outcome::Had).ok_or_else(|| fail("did not print a code of six digits"))
    }

    /// Asks a YubiKey for the code of the account that the profile names, or else of the one that
    /// looks like the device.
    pub(super) fn ykman(&self, question: &Question) -> Result<Outcome<String>> {
        if self.no_input {
            return Ok(Outcome::absent(super::NO_INPUT));
        }
        let program = match self.surroundings().program("ykman") {
            Ok(program) => program,
            Err(why) => return Ok(Outcome::Absent(why)),
        };
        let ykman =
            |arguments: &[&str]| -> Result<Result<Output, String>> {
                let mut command = asker(&program);
                command.args(["oath", "accounts"]).args(arguments);
                match self.run(command)? {
                    Err(what) => Ok(Err(format!("ykman {what}"))),
                    Ok(output) if output.status.success() => Ok(Ok(output)),
                    Ok(output) => Ok(Err(said(&output)
                        .unwrap_or_else(|| format!("ykman failed ({})", output.status)))),
                }
            };
        let account = match question.oath {
            Some(name) => name.to_owned(),
            None => match ykman(&["list"])? {
                Err(why) => return Ok(Outcome::Absent(why)),
                Ok(output) => {
                    match account(&String::from_utf8_lossy(&output.stdout), question.serial) {
                        Some(name) => name,
                        None => {
                            return Ok(Outcome::absent(
                                "the YubiKey has no account of this device; name it: mfa_yubikey_oath",
                            ));
                        }
                    }
                }
            },
        };
        if account.starts_with('-') {
            return Ok(Outcome::absent(format!("`{account}` is no account's name")));
        }
        if question.refused.is_some() {
            self.wait_for_the_next_code()?;
        }
        self.report.decided(&|| {
            format!("asking the YubiKey for a code of `{account}`; it may want to be touched")
        });
        Ok(match ykman(&["code", "-s", &account])? {
            Err(why) => Outcome::Absent(why),
            Ok(output) => code(&output).map_or_else(
                || Outcome::absent("ykman did not print a code of six digits"),
                Outcome::Had,
            ),
        })
    }
}

/// The code that a program printed.
fn code(output: &Output) -> Option<String> {
    let text: Text = Zeroizing::new(String::from_utf8_lossy(&output.stdout).into_owned());
    let code = text.trim();
    is_token_code(code).then(|| code.to_owned())
}

/// What a program said when it failed, in one line.
fn said(output: &Output) -> Option<String> {
    let text = String::from_utf8_lossy(&output.stderr);
    let line = crate::text::one_line(text.trim());
    (!line.is_empty()).then_some(line)
}

/// Finds the one account of a list (`ykman oath accounts list`: a line each, `ISSUER:NAME` or
/// `NAME`) that belongs to a device: its name is the serial, as aws-vault has it, or what the QR
/// code of the AWS console makes of it.
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
    fn the_account_of_a_device_is_found() {
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
            // Two of them: nobody can tell which.
            ("AWS:bob@111111111111\nAmazon Web Services:bob@111111111111", None),
        ];
        for (list, found) in rows {
            assert_eq!(account(list, SERIAL).as_deref(), found, "{list}");
        }
        assert_eq!(account("GAHT12345678", "GAHT12345678").as_deref(), Some("GAHT12345678"));
    }
}
