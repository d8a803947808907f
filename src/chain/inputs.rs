//! All that a resolution looks at.

use super::request::{NearMisses, Request, RoleOptions};
use crate::config::profiles::Profiles;
use crate::error::Error;
use crate::system::environment::Environment;

pub(super) struct Inputs<'a> {
    pub profiles: &'a Profiles,
    pub request: &'a Request,
    pub environment: &'a Environment,
    /// What is typed of a role that nothing is typed of.
    pub nothing: RoleOptions,
}

impl<'a> Inputs<'a> {
    pub fn new(profiles: &'a Profiles, request: &'a Request, environment: &'a Environment) -> Self {
        Self { profiles, request, environment, nothing: RoleOptions::default() }
    }

    /// Returns what was typed of the role.
    pub fn typed(&self) -> &'a RoleOptions {
        self.request.role()
    }

    /// Returns the error about a profile that is not there.
    pub fn unknown(&self, name: &str) -> Error {
        match self.request.near_misses() {
            NearMisses::Search => self.profiles.unknown(name),
            NearMisses::Skip => self.profiles.absent(name, None),
        }
    }
}
