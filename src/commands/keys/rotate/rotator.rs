//! What every way through a rotation is made of. AWS, the stores, the profiles and the journal
//! together say where it stands, so that it goes on from there however it was interrupted.

use chrono::TimeDelta;

use super::propagation::{self, is_unknown_key, until_known};
use crate::app::context::Context;
use crate::app::service::{CredentialsService, Obtained};
use crate::aws::Credentials;
use crate::aws::names::AccessKeyId;
use crate::clients::access_keys::{KeyStatus, LastUsed, ListedKey};
use crate::commands::keys::signer::{Signer, chain};
use crate::commands::whoami::caller_identity;
use crate::error::{Error, Kind, Result};
use crate::hint;
use crate::output::time::timestamp;
use crate::store::access_keys::StoredAccessKeys;
use crate::store::rotations::{Journal, Rotation};
use crate::system::clock::{Clock, SystemClock};

/// How far the time of a key's making may be off the time at which it was asked for, as AWS says
/// both: a call takes 15 seconds at most.
const CREATED_BEFORE: TimeDelta = TimeDelta::seconds(5);
const CREATED_WITHIN: TimeDelta = TimeDelta::seconds(60);

pub struct Rotator<'a> {
    pub service: &'a CredentialsService,
    pub stored: StoredAccessKeys<'a>,
    pub journal: Journal,
}

/// A rotation on its way.
pub struct Course {
    /// A profile that names one of the keys.
    pub profile: String,
    /// The key that it named at first.
    pub named: AccessKeyId,
    pub old: AccessKeyId,
    pub entry: Rotation,
}

/// What came of a rotation.
pub struct Done {
    pub old: AccessKeyId,
    pub new: Option<AccessKeyId>,
    pub outcome: Outcome,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Rotated,
    Finished,
    Undone,
    /// The key is younger than it may be.
    NotDue,
}

impl Outcome {
    /// Returns its name for tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rotated => "rotated",
            Self::Finished => "finished",
            Self::Undone => "undone",
            Self::NotDue => "not due",
        }
    }
}

/// What AWS lists, and who asked.
pub struct Listing<'a> {
    pub signer: Signer<'a>,
    pub keys: Vec<ListedKey>,
}

impl Listing<'_> {
    pub fn get(&self, id: &AccessKeyId) -> Option<&ListedKey> {
        self.keys.iter().find(|key| key.id == *id)
    }

    pub fn is_active(&self, id: &AccessKeyId) -> bool {
        self.get(id).is_some_and(|key| key.status == KeyStatus::Active)
    }

    /// Returns the key beside the old one. A user has two at most.
    pub fn beside(&self, old: &AccessKeyId) -> Option<&ListedKey> {
        self.keys.iter().find(|key| key.id != *old)
    }
}

impl<'a> Rotator<'a> {
    pub fn context(&self) -> &'a Context {
        self.service.context()
    }

    /// Returns the rotation that a profile's key is in.
    pub fn course(&self, profile: &str, named: &AccessKeyId) -> Option<Course> {
        let (old, entry) = self.journal.find(named)?;
        Some(Course { profile: profile.to_owned(), named: named.clone(), old, entry })
    }

    pub fn note(&self, course: &Course) -> Result<()> {
        self.journal.write(&course.old, &course.entry)
    }

    /// Asks AWS which keys there are, signed by the key that the profile names or, where AWS does
    /// not know that one any more, by the other.
    ///
    /// # Errors
    /// When AWS refuses both, or for another reason than an unknown key; an interruption.
    pub fn look(&self, course: &Course) -> Result<Listing<'a>> {
        let others = [Some(course.old.clone()), course.entry.new_key()];
        let other = others.into_iter().flatten().find(|id| *id != course.named);
        self.look_as(course, &course.named).or_else(|error| match other {
            Some(other) if is_unknown_key(&error) => {
                self.look_as(course, &other).map_err(|_| error)
            }
            _ => Err(error),
        })
    }

    /// As [`Self::look`], signed by one key, which AWS may know for some moments only.
    ///
    /// # Errors
    /// As [`Self::look`].
    pub fn look_soon_as(&self, course: &Course, id: &AccessKeyId) -> Result<Listing<'a>> {
        let what = format!("waiting until IAM knows {id}");
        until_known(self.context(), &what, 1, || self.look_as(course, id))
    }

    fn look_as(&self, course: &Course, id: &AccessKeyId) -> Result<Listing<'a>> {
        let signer = Signer::new(self.service, &course.profile, id)?;
        let keys = signer.list(&course.entry.user)?;
        Ok(Listing { signer, keys })
    }

    /// Waits until AWS takes a key three times in a row, for at most a minute.
    ///
    /// # Errors
    /// When it does not, or refuses otherwise; when the store does not give the key; an interruption.
    pub fn prove(&self, profile: &str, id: &AccessKeyId) -> Result<()> {
        let mut chain = chain(self.service, profile, id)?;
        chain.plan.steps.clear();
        let keys = self.stored.get(id, SystemClock.now())?.ok_or_else(|| no_secret(id))?;
        let obtained = Obtained { chain, credentials: Credentials::LongTerm(keys) };
        let what = format!("waiting until AWS knows {id}");
        let proof = || caller_identity(self.service, &obtained);
        until_known(self.context(), &what, propagation::PROOF, proof).map(drop).map_err(|error| {
            if !is_unknown_key(&error) {
                return error;
            }
            let seconds = propagation::LIMIT.as_secs();
            Error::failed(format!("AWS does not know the access key {id} after {seconds} s"))
                .about(profile)
                .refused(error.code().cloned(), None)
                .cause(error.causes().first().cloned().unwrap_or_default())
        })
    }
}

/// Returns whether a key that AWS lists is the one that a rotation asked for and got no answer
/// about: AWS made it just then, and it has never been used, because nobody has its secret.
///
/// # Errors
/// When AWS does not say when it was used; an interruption.
pub fn is_orphan(entry: &Rotation, key: &ListedKey, signer: &Signer) -> Result<bool> {
    let Rotation { asked_at, new, is_kept, .. } = entry;
    if *is_kept || new.as_deref().is_some_and(|new| new != key.id.as_str()) {
        return Ok(false);
    }
    let asked_then = key.created_at.is_some_and(|created| {
        created >= *asked_at - CREATED_BEFORE && created <= *asked_at + CREATED_WITHIN
    });
    let is_known = new.is_some();
    Ok((is_known || asked_then) && signer.last_used(&key.id)?.is_none())
}

/// Returns the error about two keys where there should be one.
///
/// # Errors
/// An interruption.
pub fn two_keys(
    listing: &Listing,
    (profile, named, user): (&str, &AccessKeyId, &str),
) -> Result<Error> {
    let what = format!("user `{user}` has two access keys already, and AWS allows no third");
    let mut error = Error::failed(what).about(profile);
    for key in &listing.keys {
        let use_of_it = match listing.signer.last_used(&key.id) {
            Ok(Some(LastUsed { at, service, region })) => {
                format!("last used {} for {service} in {region}", timestamp(at))
            }
            Ok(None) => "never used".to_owned(),
            Err(error) if error.kind() == Kind::Interrupted => return Err(error),
            Err(_) => "AWS does not say when it was used".to_owned(),
        };
        let whose =
            if key.id == *named { format!(" (profile `{profile}`)") } else { String::new() };
        let made = key.created_at.map(|at| format!(", made {}", timestamp(at)));
        let (id, status) = (&key.id, key.status.name());
        error =
            error.cause(format!("{id}{whose}: {status}{}, {use_of_it}", made.unwrap_or_default()));
    }
    let other = listing.beside(named).map_or("ID", |key| key.id.as_str());
    Ok(error.hint(format!(
        "delete the other one if nothing uses it, with an administrator's profile: aws iam \
         delete-access-key {} {}",
        hint::option("--user-name", user),
        hint::option("--access-key-id", other),
    )))
}

pub fn no_secret(id: &AccessKeyId) -> Error {
    Error::store(format!("no store has the secret of {id}"))
        .hint("see what is stored, and where: rolecall keys list")
}
