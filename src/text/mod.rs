//! Text for people: cleaned, measured, coloured. Everything that is shown goes through here.

pub mod color;
mod escapes;
pub mod pattern;
mod sanitize;
mod text_type;
mod url;
mod width;

pub(crate) use text_type::text_type;

pub use escapes::unescape;
pub use sanitize::{clean, clean_lines, flat, is_hostile, one_line};
pub use url::{percent_encoded, shown_url, without_url_secrets};
pub use width::{cut, fit, of, width};
