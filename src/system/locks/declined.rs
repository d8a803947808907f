//! What those who waited for a lock are told.

use chrono::{DateTime, Utc};

/// A question that a person declined or did not answer in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declined {
    pub question: String,
    pub at: DateTime<Utc>,
}
