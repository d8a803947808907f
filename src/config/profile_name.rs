//! The name of a profile.

use crate::text::text_type;

text_type! {
    /// A profile's name: whatever stands in a section's header, or was typed.
    ProfileName
}

impl ProfileName {
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }
}
