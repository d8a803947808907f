//! Session tags (IAM User Guide, "Pass session tags in AWS STS").

use super::Role;
use crate::chain::keys;
use crate::chain::role::policies::{list, shortened};
use crate::chain::step::SessionTags;
use crate::error::{Error, Result};

const MAX_TAGS: usize = 50;
/// Characters.
const MAX_KEY: usize = 128;
const MAX_VALUE: usize = 256;

impl Role<'_> {
    /// Returns the tags of the role's session; a typed one replaces the profile's of its key.
    pub(super) fn tags(&self) -> Result<SessionTags> {
        let mut all = self.tags_of_profile()?;
        let of_profile = all.len();
        for (key, value) in &self.typed.tags {
            all.retain(|(existing, _)| existing != key);
            all.push((key.clone(), value.clone()));
        }
        let is_typed = |key: &str| self.typed.tags.iter().any(|(typed, _)| typed == key);
        let wrong = |(key, value): &&(String, String)| {
            key.is_empty() || key.chars().count() > MAX_KEY || value.chars().count() > MAX_VALUE
        };
        if let Some((key, _)) = all.iter().find(wrong) {
            let what = format!(
                "must have a key of 1 to {MAX_KEY} characters and a value of up to {MAX_VALUE}, \
                 and `{}` has not",
                shortened(key)
            );
            return Err(if is_typed(key) { typed_error(&what) } else { self.tag_error(&what) });
        }
        if all.len() > MAX_TAGS {
            let what = format!("must be at most {MAX_TAGS}, and here are {}", all.len());
            let typed = of_profile <= MAX_TAGS;
            return Err(if typed { typed_error(&what) } else { self.tag_error(&what) });
        }
        let of_profile = self.view.property(keys::TRANSITIVE_SESSION_TAGS);
        let transitive = of_profile.into_iter().flat_map(|p| list(&p.value)).map(str::to_owned);
        let typed = self.typed.transitive_tags.iter().cloned();
        Ok(SessionTags { transitive: transitive.chain(typed).collect(), all })
    }

    fn tags_of_profile(&self) -> Result<Vec<(String, String)>> {
        let Some(property) = self.view.property(keys::SESSION_TAGS) else { return Ok(Vec::new()) };
        let pair = |item: &str| {
            let (key, value) = item.split_once('=').ok_or_else(|| {
                self.tag_error(&format!("must be `key=value, key=value`, not `{item}`"))
            })?;
            Ok((key.trim().to_owned(), value.trim().to_owned()))
        };
        list(&property.value).map(pair).collect()
    }

    /// Returns an error about the tags of the profile, or of what is typed where it has none.
    fn tag_error(&self, what: &str) -> Error {
        match self.view.property(keys::SESSION_TAGS) {
            Some(property) => {
                self.wrong(format!("{}: session_tags {what}", property.place)).at(&property.place)
            }
            None => typed_error(what),
        }
    }
}

fn typed_error(what: &str) -> Error {
    Error::usage(format!("--tag {what}"))
}
