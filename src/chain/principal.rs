//! Who stands behind a base. Plain data.

/// Who stands behind a base, where neither the shared files nor the environment say it: it is part
/// of the key of every session that is made from the base.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Principal {
    /// The base itself says it.
    #[default]
    Base,
    /// Who logged in, whose token it is, or which machine this is. No secret.
    Known(String),
    /// It cannot be told, so that nothing is cached.
    Unknown,
}
