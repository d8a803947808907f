//! A role on the way: the parameters of its call, checked before any call (AWS STS API Reference,
//! AssumeRole).

mod call;
pub mod limits;
mod policies;
mod source;
mod tags;
mod values;

use super::profile_view::ProfileView;
use super::request::RoleOptions;

pub use call::CallSite;
pub use policies::typed_policies;
pub use source::Source;

/// A role, as its profile says it and as what is typed overrides that. Nothing is typed of roles
/// before the last.
#[derive(Clone, Copy)]
pub struct Role<'a> {
    pub view: ProfileView<'a>,
    pub typed: &'a RoleOptions,
}
