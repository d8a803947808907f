//! Logins at IAM Identity Center: the one place, whichever verb needs them.

mod code;
mod device;
mod login;
mod performer;
mod session;
mod way;

pub use login::log_in;
pub use session::choose_session;
pub use way::LoginOptions;
