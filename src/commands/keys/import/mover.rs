//! What every import does: keys are verified, kept, read back and verified again, one profile after
//! the other.

use std::cell::RefCell;

use secrecy::{ExposeSecret, SecretString};

use super::args::KeysImportArgs;
use crate::app::service::CredentialsService;
use crate::aws::names::AccessKeyId;
use crate::aws::{Credentials, LongTermKeys};
use crate::chain::Chain;
use crate::commands::keys::checks::{caller_identity, facts};
use crate::commands::keys::keep::{is_same, keep};
use crate::config::document::FileKind;
use crate::config::profiles::Profiles;
use crate::error::{Error, FileLine, Kind, Result};
use crate::hint;
use crate::store::StoreName;
use crate::store::access_keys::StoredAccessKeys;
use crate::system::report::Report;

/// What came of a profile.
pub struct Outcome {
    pub profile: String,
    pub access_key_id: Option<String>,
    pub result: Result<Moved>,
}

#[derive(Debug, Clone, Copy)]
pub enum Moved {
    Yes,
    /// It is a dry run.
    Would,
    /// It is nothing to be moved, for this reason.
    PassedOver(&'static str),
}

impl Outcome {
    /// Returns what came of it, in a word or two.
    pub fn word(&self) -> &'static str {
        match self.result {
            Ok(Moved::Yes) => "moved",
            Ok(Moved::Would) => "would be moved",
            Ok(Moved::PassedOver(_)) => "passed over",
            Err(_) => "failed",
        }
    }
}

/// Moves the keys of one call.
pub struct Mover<'a> {
    pub service: &'a CredentialsService,
    pub args: &'a KeysImportArgs,
    target: StoreName,
    stored: StoredAccessKeys<'a>,
    /// The shared files as a dry run would have left them by now.
    planned: RefCell<Option<Profiles>>,
}

/// Whether the store has keys for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    New,
    Before,
}

/// What became of the shared files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Files {
    AsBefore,
    Changed,
}

impl<'a> Mover<'a> {
    pub fn new(
        service: &'a CredentialsService,
        args: &'a KeysImportArgs,
        target: StoreName,
        stored: StoredAccessKeys<'a>,
    ) -> Self {
        Self { service, args, target, stored, planned: RefCell::default() }
    }

    /// Returns the shared files as they are, or as they would be by now.
    pub fn profiles(&self) -> Result<Profiles> {
        let planned = self.planned.borrow().clone();
        planned.map_or_else(|| self.service.context().profiles(), Ok)
    }

    /// Returns the command that does it again for a profile.
    pub fn again(&self, profile: &str) -> String {
        hint::command("keys import", profile) + &self.args.from()
    }

    /// Moves the keys of profiles one by one. `one` returns the ID of the keys and what came of them.
    ///
    /// # Errors
    /// An interruption, and the need of a person who is not there.
    pub fn each(
        &self,
        names: &[String],
        one: impl Fn(&str) -> (Option<String>, Result<Moved>),
    ) -> Result<Vec<Outcome>> {
        let ui = &self.service.context().ui;
        let mut outcomes = Vec::new();
        for (done, name) in names.iter().enumerate() {
            ui.progress(&format!("{} of {}: {name} …", done + 1, names.len()));
            let (access_key_id, result) = one(name);
            if let Err(error) = &result {
                if matches!(error.kind(), Kind::Interrupted | Kind::NeedsPerson) {
                    return Err(error.clone());
                }
                ui.error(error);
            }
            outcomes.push(Outcome { profile: name.clone(), access_key_id, result });
        }
        Ok(outcomes)
    }

    /// Moves keys whose profile comes to be as `after` has it. `write` changes the files once the
    /// store has the keys.
    ///
    /// # Errors
    /// When AWS does not accept the keys, the store does not take them or a file cannot be written.
    /// What was kept for the first time is forgotten then, unless a file names it already.
    pub fn finish(
        &self,
        (chain, after): (&Chain, Profiles),
        (id, given): (&AccessKeyId, &LongTermKeys),
        write: impl FnOnce() -> Result<(), (Error, Files)>,
    ) -> Result<Moved> {
        if self.args.dry_run {
            self.planned.replace(Some(after));
            return Ok(Moved::Would);
        }
        let kept = self.keep_verified(chain, id, given)?;
        if let Err((error, files)) = write() {
            if (kept, files) == (Kept::New, Files::AsBefore) {
                self.stored.remove(id)?;
            }
            return Err(error);
        }
        let context = self.service.context();
        for place in left_over(&context.profiles()?, &given.secret_access_key) {
            context.ui.warn(&format!("{place}: the secret of {id} stands here too"));
        }
        Ok(Moved::Yes)
    }

    /// Verifies keys, keeps them, and verifies what the store gives back.
    fn keep_verified(&self, chain: &Chain, id: &AccessKeyId, given: &LongTermKeys) -> Result<Kept> {
        let again = self.again(chain.name());
        let before = self.stored.existing(id, self.target)?;
        let verify = |keys: &LongTermKeys| {
            let keys = Credentials::LongTerm(keys.clone());
            caller_identity(self.service, chain, &keys, &again)
        };
        let identity = verify(given)?;
        if before.as_ref().is_some_and(|before| is_same(before, given)) {
            return Ok(Kept::Before);
        }
        let verified = keep(&self.stored, (id, given), self.target, facts(Some(&identity)))
            .and_then(|kept| verify(&kept));
        if verified.is_err() && before.is_none() {
            self.stored.remove(id)?;
        }
        verified.map(|_| if before.is_none() { Kept::New } else { Kept::Before })
    }
}

/// Returns the lines of both files that still hold a secret: those of other profiles, and comments.
fn left_over(profiles: &Profiles, secret: &SecretString) -> Vec<FileLine> {
    let secret = secret.expose_secret().as_bytes();
    let in_file = |file: FileKind| {
        let document = profiles.document(file);
        let lines = document.bytes().split(|byte| *byte == b'\n').zip(1..);
        let found = lines.filter(|(line, _)| line.windows(secret.len()).any(|w| w == secret));
        let place = |(_, line)| FileLine { path: document.path.clone(), line };
        found.map(place).collect::<Vec<_>>()
    };
    [FileKind::Config, FileKind::Credentials].into_iter().flat_map(in_file).collect()
}
