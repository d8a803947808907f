//! Profiles for what a login of IAM Identity Center may use: which are added, changed, renamed and
//! removed, so that what a person wrote stays. Pure: files and a list in, edits out.
//!
//! The mark is a key of the profile itself, `rolecall_synced = SESSION`. A marked profile is known by
//! its account and role, whatever its name has become.

mod only;
mod present;
mod template;

use std::collections::{HashMap, HashSet};

use zeroize::Zeroizing;

use self::present::{Key, Marked, Present};
use super::shared_files::FileEdits;
use crate::chain::keys;
use crate::chain::references::{Reference, references_to_profiles};
use crate::clients::assignments::Account;
use crate::config::document::{FileKind, SectionKind};
use crate::config::edit::{Edit, KeyPath, NewValue, SectionName};
use crate::config::profiles::Profiles;
use crate::error::Result;

pub use self::only::Only;
pub use self::template::{DEFAULT as DEFAULT_NAME, NameTemplate};

/// A role of an account that whoever logged in may use.
#[derive(Debug, Clone, Copy)]
pub struct Assignment<'a> {
    pub account: &'a Account,
    pub role: &'a str,
}

/// What AWS lists.
#[derive(Debug, Default)]
pub struct Listing<'a> {
    pub assignments: Vec<Assignment<'a>>,
    /// Whether the roles of every account came.
    pub is_whole: bool,
}

/// What is done with marked profiles that are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Naming {
    /// They keep their names.
    Keep,
    /// They get the names of the template.
    Template,
}

/// What is done with marked profiles whose role is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gone {
    Keep,
    Remove,
}

/// What a person wants.
#[derive(Debug, Clone)]
pub struct Wish {
    pub session: String,
    pub template: NameTemplate,
    pub only: Only,
    pub region: Option<String>,
    /// The region that was written until now.
    pub old_region: Option<String>,
    pub naming: Naming,
    pub gone: Gone,
    /// What is to be remembered in the section of the session.
    pub remembered: Vec<(&'static str, String)>,
}

/// What becomes of the profiles.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    pub added: Vec<String>,
    pub changed: Vec<String>,
    /// The old names and the new ones.
    pub renamed: Vec<(String, String)>,
    pub removed: Vec<String>,
    /// How many marked profiles stay as they are.
    pub kept: usize,
    /// The marked profiles that stay though their role is gone.
    pub gone: Vec<String>,
    /// How many roles have a profile that somebody made.
    pub by_hand: usize,
    /// The new profiles whose names would have been those of others too.
    pub told_apart: Vec<String>,
    /// What was not done, and why.
    pub skipped: Vec<String>,
}

/// Returns the edits of the files that fulfil a wish, and what becomes of the profiles. The time
/// grows with the size of the files and of the list.
///
/// # Errors
/// When a line that names a profile cannot be made to name it anew, or a value cannot be written.
pub fn plan(profiles: &Profiles, wish: &Wish, listing: &Listing) -> Result<(FileEdits, Outcome)> {
    let names = template::names(&wish.template, &listing.assignments, &wish.session);
    let regions: Vec<&str> =
        [&wish.region, &wish.old_region].into_iter().flatten().map(String::as_str).collect();
    let present = Present::find(profiles, &wish.session, &regions);
    let mut planner = Planner {
        profiles,
        wish,
        taken: present.names,
        references: None,
        edits: FileEdits::default(),
        outcome: Outcome::default(),
    };
    planner.remember()?;
    planner.remove(&present.marked, listing);
    let mut marked: HashMap<&Key, &Marked> = HashMap::new();
    for profile in &present.marked {
        marked.entry(&profile.key).or_insert(profile);
    }
    let (mut renames, mut new) = (Vec::new(), Vec::new());
    for (assignment, name) in listing.assignments.iter().zip(&names) {
        let Assignment { account, role } = assignment;
        let texts = [account.name.as_deref().unwrap_or_default(), &account.id, role, name];
        let is_meant = wish.only.matches(&texts);
        let key = (account.id.clone(), (*role).to_owned());
        match (marked.get(&key), present.by_hand.get(&key)) {
            (Some(profile), _) if is_meant => {
                if planner.update(profile)? || wants_name(wish, profile, name) {
                    renames.extend(wants_name(wish, profile, name).then_some((*profile, name)));
                } else {
                    planner.outcome.kept += 1;
                }
            }
            (Some(_), _) => planner.outcome.kept += 1,
            (None, _) if !is_meant => {}
            (None, Some(_)) => planner.outcome.by_hand += 1,
            (None, None) => new.push((*assignment, name)),
        }
    }
    planner.rename(&renames)?;
    for (assignment, name) in new {
        planner.add(assignment, name)?;
    }
    Ok((planner.edits, planner.outcome))
}

/// Returns the name that the profile of one role gets where nothing else is said.
pub fn default_name(assignment: Assignment, session: &str) -> Option<String> {
    let template = NameTemplate::parse(DEFAULT_NAME).ok()?;
    template::names(&template, &[assignment], session).into_iter().next()
}

fn wants_name(wish: &Wish, profile: &Marked, name: &str) -> bool {
    wish.naming == Naming::Template && profile.name != name
}

struct Planner<'a> {
    profiles: &'a Profiles,
    wish: &'a Wish,
    /// The names that profiles have.
    taken: HashSet<String>,
    /// The lines that name profiles, by those; read when they are first needed.
    references: Option<HashMap<String, Vec<Reference>>>,
    edits: FileEdits,
    outcome: Outcome,
}

impl Planner<'_> {
    fn push(&mut self, edit: Edit) {
        self.edits.push(FileKind::Config, edit);
    }

    fn set(&mut self, section: &SectionName, key: &str, value: &str) -> Result<()> {
        let value = NewValue::new(Zeroizing::new(value.to_owned())).map_err(|error| {
            let message = format!("`{key}` of `{}`: {}", section.name, error.message());
            error.with_message(message)
        })?;
        self.push(Edit::Set { section: section.clone(), key: KeyPath::parse(key)?, value });
        Ok(())
    }

    /// Writes into the section of the session what it does not say already.
    fn remember(&mut self) -> Result<()> {
        let (kind, name) = (SectionKind::SsoSession, self.wish.session.clone());
        let there = self.profiles.section(kind, &name)?;
        let section = SectionName { kind, name };
        for (key, value) in &self.wish.remembered {
            if there.as_ref().and_then(|there| there.value(key)) != Some(value.as_str()) {
                self.set(&section, key, value)?;
            }
        }
        Ok(())
    }

    /// Removes the marked profiles whose role is gone, but for those that somebody wrote into or
    /// that others need. A list that may lack some removes none.
    fn remove(&mut self, marked: &[Marked], listing: &Listing) {
        let listed: HashSet<(&str, &str)> =
            listing.assignments.iter().map(|one| (one.account.id.as_str(), one.role)).collect();
        let is_gone =
            |profile: &&Marked| !listed.contains(&(profile.key.0.as_str(), profile.key.1.as_str()));
        let gone: Vec<&Marked> = marked.iter().filter(is_gone).collect();
        let may_remove = self.wish.gone == Gone::Remove && listing.is_whole && !listed.is_empty();
        if !may_remove || gone.is_empty() {
            if self.wish.gone == Gone::Remove && !gone.is_empty() {
                let why = if listed.is_empty() { "nothing at all" } else { "not every role" };
                self.outcome.skipped.push(format!("AWS lists {why}, so no profile is removed"));
            }
            self.outcome.gone.extend(gone.into_iter().map(|profile| profile.name.clone()));
            return;
        }
        let going: HashSet<&str> =
            gone.iter().filter(|one| !one.has_more).map(|one| one.name.as_str()).collect();
        for profile in gone {
            let Marked { name, place, .. } = profile;
            let needed = self
                .references_to(name)
                .iter()
                .find(|reference| !going.contains(reference.by.name.as_str()))
                .map(|reference| reference.place.clone());
            let why = match (profile.has_more, needed) {
                (true, _) => "there is more in it than what was synced".to_owned(),
                (false, Some(place)) => format!("{place} names it"),
                (false, None) => {
                    self.taken.remove(name);
                    self.outcome.removed.push(name.clone());
                    self.push(Edit::RemoveSection { section: SectionName::profile(name) });
                    continue;
                }
            };
            self.outcome.gone.push(name.clone());
            let what = format!("{place}: profile `{name}` stays though its role is gone: {why}");
            self.outcome.skipped.push(what);
        }
    }

    fn references_to(&mut self, name: &str) -> &[Reference] {
        let profiles = self.profiles;
        let all = self.references.get_or_insert_with(|| references_to_profiles(profiles));
        all.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// Gives a marked profile the values that it lacks, and returns whether there were any.
    fn update(&mut self, profile: &Marked) -> Result<bool> {
        let (wish, section) = (self.wish, SectionName::profile(&profile.name));
        let wanted = [
            (keys::SSO_SESSION, Some(&wish.session), &profile.session),
            (keys::REGION, wish.region.as_ref(), &profile.region),
        ];
        let mut is_changed = false;
        for (key, wanted, there) in wanted {
            if let Some(wanted) = wanted.filter(|wanted| there.as_ref() != Some(wanted)) {
                self.set(&section, key, wanted)?;
                is_changed = true;
            }
        }
        if is_changed {
            self.outcome.changed.push(profile.name.clone());
        }
        Ok(is_changed)
    }

    /// Gives profiles other names, each as soon as nobody else has its name. Lines that name one
    /// come to name it anew.
    fn rename(&mut self, renames: &[(&Marked, &String)]) -> Result<()> {
        let mut waiting: HashMap<&str, (&Marked, &String)> = HashMap::new();
        let mut done: Vec<(&str, &str)> = Vec::new();
        for (profile, to) in renames {
            let mut next = Some((*profile, *to));
            while let Some((profile, to)) = next {
                if self.taken.contains(to) {
                    waiting.insert(to, (profile, to));
                    break;
                }
                self.taken.remove(&profile.name);
                self.taken.insert(to.clone());
                done.push((&profile.name, to));
                next = waiting.remove(profile.name.as_str());
            }
        }
        // Lines are changed under the old names of their sections.
        for (from, to) in &done {
            let edits: Vec<(FileKind, Edit)> = self
                .references_to(from)
                .iter()
                .map(|reference| Ok((reference.file, reference.renamed(to)?)))
                .collect::<Result<_>>()?;
            self.edits.extend(edits);
        }
        for (from, to) in done {
            let section = SectionName::profile(from);
            for file in FileKind::ALL {
                let mut there = self.profiles.sections_in(file, SectionKind::Profile, from);
                if there.next().is_some() {
                    let edit = Edit::RenameSection { section: section.clone(), to: to.to_owned() };
                    self.edits.push(file, edit);
                }
            }
            self.outcome.renamed.push((from.to_owned(), to.to_owned()));
        }
        let mut waiting: Vec<(&Marked, &String)> = waiting.into_values().collect();
        waiting.sort_by_key(|(profile, _)| profile.place.line);
        for (profile, to) in waiting {
            let Marked { name, place, .. } = profile;
            let what = format!("{place}: profile `{name}` keeps its name, because `{to}` is taken");
            self.outcome.skipped.push(what);
        }
        Ok(())
    }

    /// Adds a profile, unless somebody made one of its name, or a file cannot hold what it is for.
    fn add(&mut self, assignment: Assignment, name: &str) -> Result<()> {
        let Assignment { account, role } = assignment;
        let is_writable = |text: &str| NewValue::new(Zeroizing::new(text.to_owned())).is_ok();
        if !is_writable(&account.id) || !is_writable(role) {
            let what = format!("role {role} in account {} cannot be written", account.id);
            self.outcome.skipped.push(what);
            return Ok(());
        }
        if !self.taken.insert(name.to_owned()) {
            let id = &account.id;
            let what = format!(
                "role {role} in account {id} gets no profile, because there is another one of the \
                 name `{name}`"
            );
            self.outcome.skipped.push(what);
            return Ok(());
        }
        let (wish, section) = (self.wish, SectionName::profile(name));
        self.push(Edit::AddSection { section: section.clone() });
        self.set(&section, keys::SSO_SESSION, &wish.session)?;
        self.set(&section, keys::SSO_ACCOUNT_ID, &account.id)?;
        self.set(&section, keys::SSO_ROLE_NAME, role)?;
        if let Some(region) = &wish.region {
            self.set(&section, keys::REGION, region)?;
        }
        self.set(&section, keys::SYNCED, &wish.session)?;
        self.outcome.added.push(name.to_owned());
        if name != wish.template.fill(&assignment, &wish.session) {
            self.outcome.told_apart.push(name.to_owned());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
