//! A line that a person types.

use zeroize::Zeroizing;

/// The bytes that a person types: a terminal may be set to anything but UTF-8.
pub type Bytes = Zeroizing<Vec<u8>>;

/// The longest line that is read.
pub const MAX_LINE_BYTES: usize = 4096;
