//! The two ends of a rotation: the old key is deleted, or it is used again.

use super::forward::IfComplete;
use super::rotator::{Course, Done, Listing, Outcome, Rotator, is_orphan, no_secret};
use super::switch::switch;
use crate::clients::access_keys::KeyStatus;
use crate::error::{Error, Result};
use crate::hint;
use crate::store::rotations::Goal;
use crate::system::clock::{Clock, SystemClock};
use crate::system::report::Report;

impl Rotator<'_> {
    /// Deletes the old key at AWS and in the store. Rotates first where that is not done.
    ///
    /// # Errors
    /// When the old key was switched on again, an undo has begun, AWS or the store refuses, or the
    /// wait is interrupted.
    pub fn finish(&self, course: Course) -> Result<Done> {
        let again = hint::command("keys rotate", &course.profile);
        if course.entry.goal == Goal::Undo {
            return Err(Error::failed("going back to the old key has begun already")
                .about(&course.profile)
                .hint(format!("go on with it: {again} --undo")));
        }
        let (profile, named) = (course.profile.clone(), course.named.clone());
        if course.entry.switched_off_at.is_none() {
            let done = self.go_on(course, IfComplete::Accept)?;
            let named = done.new.clone().unwrap_or(named);
            return match self.course(&profile, &named) {
                Some(course) => self.finish(course),
                None => Ok(done),
            };
        }
        let listing = self.look(&course)?;
        if listing.is_active(&course.old) {
            let what = format!("somebody has switched {} on again", course.old);
            return Err(Error::failed(what)
                .about(&profile)
                .hint(format!("switch it off first: {again}"))
                .hint(format!("or go back to it: {again} --undo")));
        }
        self.clear_up(course, &listing)
    }

    /// Deletes the old key, whose place the new one has taken.
    ///
    /// # Errors
    /// When AWS or the store refuses, or the wait is interrupted.
    pub fn clear_up(&self, mut course: Course, listing: &Listing) -> Result<Done> {
        let Some(new) = course.entry.new_key() else { return Err(no_secret(&course.old)) };
        switch(self.context(), &course.old, &new)?;
        course.entry.goal = Goal::Finish;
        self.note(&course)?;
        if listing.get(&course.old).is_some() {
            listing.signer.delete(&course.entry.user, &course.old)?;
        }
        self.stored.remove(&course.old)?;
        self.journal.forget(&course.old)?;
        Ok(Done { old: course.old, new: Some(new), outcome: Outcome::Finished })
    }

    /// Lets the profiles use the old key again, and deletes the new one.
    ///
    /// # Errors
    /// When the old key is deleted already or its secret is gone, AWS or the store refuses, or the
    /// wait is interrupted.
    pub fn undo(&self, mut course: Course) -> Result<Done> {
        let again = hint::command("keys rotate", &course.profile);
        let listing = self.look(&course)?;
        let Some(old) = listing.get(&course.old) else {
            let what =
                format!("there is no way back: AWS has no access key {} any more", course.old);
            return Err(Error::failed(what)
                .about(&course.profile)
                .hint(format!("clear up what is left of it: {again} --finish")));
        };
        if self.stored.get(&course.old, SystemClock.now())?.is_none() {
            return Err(no_secret(&course.old).about(&course.profile));
        }
        course.entry.goal = Goal::Undo;
        course.entry.switched_off_at = None;
        self.note(&course)?;
        if old.status == KeyStatus::Inactive {
            listing.signer.set_status(&course.entry.user, (&course.old, KeyStatus::Active))?;
        }
        self.prove(&course.profile, &course.old)?;
        if let Some(new) = course.entry.new_key() {
            switch(self.context(), &new, &course.old)?;
        }
        course.named = course.old.clone();
        self.delete_new(&course)?;
        self.journal.forget(&course.old)?;
        let new = course.entry.new_key();
        Ok(Done { old: course.old, new, outcome: Outcome::Undone })
    }

    /// Deletes the new key, and the secret that a store has of it.
    fn delete_new(&self, course: &Course) -> Result<()> {
        let listing = self.look_soon_as(course, &course.old)?;
        let user = &course.entry.user;
        if let Some(key) = listing.beside(&course.old) {
            let is_ours = course.entry.new.as_deref() == Some(key.id.as_str())
                || is_orphan(&course.entry, key, &listing.signer)?;
            if is_ours {
                listing.signer.set_status(user, (&key.id, KeyStatus::Inactive))?;
                listing.signer.delete(user, &key.id)?;
            } else {
                let text = format!("{} stays: it is not of this rotation", key.id);
                self.context().ui.warn(&text);
            }
        }
        course.entry.new_key().map_or(Ok(()), |new| self.stored.remove(&new).map(drop))
    }
}
