//! From the old key to the new one. Nothing is taken away before what takes its place has been
//! proven.

use super::rotator::{Course, Done, Listing, Outcome, Rotator, is_orphan, no_secret, two_keys};
use super::switch::switch;
use crate::aws::LongTermKeys;
use crate::aws::names::AccessKeyId;
use crate::clients::access_keys::{CreatedKey, KeyStatus};
use crate::commands::keys::checks::{facts, target};
use crate::commands::keys::keep::keep;
use crate::commands::keys::signer::Signer;
use crate::error::{Error, Result};
use crate::hint;
use crate::output::time::timestamp;
use crate::store::StoreName;
use crate::store::access_keys::KeyFacts;
use crate::store::rotations::{Goal, Rotation};
use crate::system::clock::{Clock, SystemClock};
use crate::system::report::Report;

impl Rotator<'_> {
    /// Rotates the key that a profile names, or goes on with what was begun.
    ///
    /// # Errors
    /// When AWS or the store refuses, the user has two keys already, the rotation only waits to be
    /// finished, or the wait is interrupted.
    pub fn rotate(&self, profile: &str, named: &AccessKeyId) -> Result<Done> {
        let Some(course) = self.course(profile, named) else { return self.begin(profile, named) };
        match course.entry.goal {
            Goal::Rotate => self.go_on(course, IfComplete::Refuse),
            Goal::Finish => self.finish(course),
            Goal::Undo => self.undo(course),
        }
    }

    fn begin(&self, profile: &str, named: &AccessKeyId) -> Result<Done> {
        let signer = Signer::new(self.service, profile, named)?;
        let user = signer.user()?;
        let keys = signer.list(&user)?;
        let listing = Listing { signer, keys };
        if listing.get(named).is_none() {
            let what = format!("AWS lists no access key {named} of user `{user}`");
            return Err(Error::failed(what)
                .about(profile)
                .hint(format!("see whose it is: {}", hint::command("whoami", profile))));
        }
        if listing.keys.len() > 1 {
            return Err(two_keys(&listing, (profile, named, &user))?);
        }
        let (named, old) = (named.clone(), named.clone());
        let entry = Rotation {
            goal: Goal::Rotate,
            user,
            asked_at: self.time_at_aws(),
            new: None,
            is_kept: false,
            switched_off_at: None,
        };
        let course = Course { profile: profile.to_owned(), named, old, entry };
        self.advance(course, &listing)
    }

    /// Goes on with a rotation, however far it came.
    ///
    /// # Errors
    /// As [`Self::rotate`].
    pub fn go_on(&self, course: Course, if_complete: IfComplete) -> Result<Done> {
        let listing = self.look(&course)?;
        if listing.get(&course.old).is_none() && course.entry.is_kept {
            // Somebody has deleted it elsewhere.
            return self.clear_up(course, &listing);
        }
        let is_off = listing.get(&course.old).is_some() && !listing.is_active(&course.old);
        match course.entry.switched_off_at {
            Some(at) if is_off && if_complete == IfComplete::Refuse => {
                let Course { profile, old, .. } = &course;
                let what = format!("the key before, {old}, is switched off and not deleted yet");
                Err(Error::failed(what)
                    .about(profile)
                    .cause(format!("it was rotated at {}; AWS allows no third key", timestamp(at)))
                    .hint(format!("delete it: {} --finish", hint::command("keys rotate", profile)))
                    .hint(format!(
                        "go back to it: {} --undo",
                        hint::command("keys rotate", profile)
                    )))
            }
            _ => self.advance(course, &listing),
        }
    }

    fn advance(&self, mut course: Course, listing: &Listing) -> Result<Done> {
        let again = hint::command("keys rotate", &course.profile);
        let go_on = |error: Error| error.hint(format!("go on where it stopped: {again}"));
        let new = self.new_key(&mut course, listing)?;
        self.prove(&course.profile, &new).map_err(|error| {
            let (profile, named) = (&course.profile, &course.named);
            go_on(error.cause(format!("profile `{profile}` goes on with {named}")))
        })?;
        let switched = self.switch_to(&mut course, &new);
        switched.map_err(go_on)?;
        Ok(Done { old: course.old, new: Some(new), outcome: Outcome::Rotated })
    }

    fn switch_to(&self, course: &mut Course, new: &AccessKeyId) -> Result<()> {
        switch(self.context(), &course.old, new)?;
        course.named = new.clone();
        let listing = self.look_soon_as(course, new)?;
        if listing.is_active(&course.old) {
            listing.signer.set_status(&course.entry.user, (&course.old, KeyStatus::Inactive))?;
        }
        course.entry.switched_off_at = Some(SystemClock.now());
        self.note(course)
    }

    /// Returns the new key, once the store has its secret: the one of before, where it was
    /// interrupted later, or one that is made now.
    fn new_key(&self, course: &mut Course, listing: &Listing) -> Result<AccessKeyId> {
        if let Some(key) = listing.beside(&course.old) {
            let is_new = course.entry.new.as_deref().is_none_or(|new| new == key.id.as_str());
            if is_new && self.stored.get(&key.id, SystemClock.now())?.is_some() {
                if key.status == KeyStatus::Inactive {
                    let user = &course.entry.user;
                    listing.signer.set_status(user, (&key.id, KeyStatus::Active))?;
                }
                return self.kept(course, key.id.clone());
            }
            if !is_orphan(&course.entry, key, &listing.signer)? {
                let Course { profile, named, entry, .. } = &*course;
                return Err(if entry.is_kept && is_new {
                    no_secret(&key.id).about(profile)
                } else {
                    two_keys(listing, (profile, named, &entry.user))?
                });
            }
            self.context().ui.warn(&format!(
                "AWS had made {} when the rotation was interrupted, and nobody has its secret: it \
                 is deleted",
                key.id
            ));
            listing.signer.delete(&course.entry.user, &key.id)?;
        }
        self.make_key(course, &listing.signer)
    }

    fn kept(&self, course: &mut Course, new: AccessKeyId) -> Result<AccessKeyId> {
        course.entry.new = Some(new.to_string());
        course.entry.is_kept = true;
        self.note(course)?;
        Ok(new)
    }

    fn make_key(&self, course: &mut Course, signer: &Signer) -> Result<AccessKeyId> {
        if let Some(gone) = course.entry.new_key() {
            self.stored.remove(&gone)?;
        }
        let user = course.entry.user.clone();
        course.entry = Rotation {
            new: None,
            is_kept: false,
            asked_at: self.time_at_aws(),
            ..course.entry.clone()
        };
        self.note(course)?;
        self.context().ui.progress(&format!("making an access key for {user} …"));
        let made = signer.create(&user).or_else(|error| self.not_made(course, error))?;
        let new = AccessKeyId::new(&made.keys.access_key_id);
        course.entry.new = Some(new.to_string());
        self.note(course)?;
        if let Err(error) = self.keep(course, &new, &made) {
            // Nobody has its secret. Where this fails, the next rotation does it.
            if signer.delete(&user, &new).is_ok() {
                self.journal.forget(&course.old)?;
            }
            return Err(error);
        }
        self.kept(course, new)
    }

    /// Says whether AWS may have made a key though there was no answer.
    fn not_made(&self, course: &Course, error: Error) -> Result<CreatedKey> {
        let may_have = error.code().is_none_or(|code| code.as_str().starts_with("Service"));
        if may_have {
            let again = hint::command("keys rotate", &course.profile);
            return Err(error.hint(format!("AWS may have made one; clear up and go on: {again}")));
        }
        self.journal.forget(&course.old)?;
        Err(error)
    }

    fn keep(&self, course: &Course, new: &AccessKeyId, made: &CreatedKey) -> Result<LongTermKeys> {
        let records = self.stored.records();
        let record = records.get(course.old.as_str());
        let store = record.and_then(|record| StoreName::parse(&record.store));
        let store = match store.filter(|store| store.takes_long_lived_secrets()) {
            Some(store) => store,
            None => target(&self.context().settings, None)?,
        };
        let known = record.map(|record| record.facts.clone());
        let facts =
            KeyFacts { created_at: made.created_at, ..known.unwrap_or_else(|| facts(None)) };
        keep(&self.stored, (new, &made.keys), store, facts)
    }

    /// Returns the time as AWS's clock has it.
    fn time_at_aws(&self) -> chrono::DateTime<chrono::Utc> {
        let ahead = self.context().clients.clock_offset().unwrap_or_default();
        SystemClock.now() + ahead
    }
}

/// What becomes of a rotation that only waits to be finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfComplete {
    Refuse,
    Accept,
}
