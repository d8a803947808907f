//! Logins at IAM Identity Center: the one place, whichever verb needs them.

mod automatic;
mod code;
mod device;
mod login;
mod logout;
mod performer;
mod session;
mod start_url;
mod way;

pub use automatic::AutomaticLogins;
pub use login::log_in;
pub use logout::{log_out, log_out_of_all};
pub use session::choose_session;
pub use way::LoginOptions;
