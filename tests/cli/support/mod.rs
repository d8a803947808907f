//! What the tests stand on: a sandboxed home with a fake AWS beside it, runs of the program with
//! limits, and a terminal.

mod command;
mod people;
mod rows;
mod run;
mod sandbox;
pub mod sso_login;
#[cfg(unix)]
mod terminal;
pub mod tls;
#[cfg(unix)]
mod unix;

pub use fake_aws::{Fault, Kind, Role, Statement, TrustStatement, User};
pub use people::{
    ADMIN, BOB_MFA, DEV, EXTERNAL_ID, MFA_SEED, PROD, code, guarded_config, role, wrong_code,
};
pub use rows::{check_rows, each};
pub use run::{LIMIT, Run};
pub use sandbox::{FOLDERS, INDEX, Sandbox};
#[cfg(unix)]
pub use terminal::Terminal;
#[cfg(unix)]
pub use unix::{guarded, has_ended, make_pipe, mode, shares_users_with_host};

use std::io::Write;
use std::time::{Duration, Instant};

/// The instant of a printed `Expiration`.
pub fn time(text: &str) -> i64 {
    let time = chrono::DateTime::parse_from_rfc3339(text);
    time.unwrap_or_else(|e| panic!("`{text}` is no RFC 3339 time: {e}")).timestamp()
}

/// A time as the AWS CLI writes it.
pub fn iso(time: i64) -> String {
    chrono::DateTime::from_timestamp(time, 0).unwrap().format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The file of an SSO token in the home, by the name of the session or by the start URL.
pub fn sso_token_file(name: &str) -> String {
    let sum = ring::digest::digest(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY, name.as_bytes());
    let sum: String = sum.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!(".aws/sso/cache/{sum}.json")
}

/// Says what a test leaves out for want of a right of this machine, past the capture of output:
/// `tests/run` shows these lines.
pub fn not_available_here(what: &str) {
    let _ = writeln!(std::io::stderr(), "\nnot available here: {what}");
}

/// Waits until something is so; it must be so soon.
#[track_caller]
pub fn until(what: &str, is: impl Fn() -> bool) {
    let begin = Instant::now();
    while !is() {
        assert!(begin.elapsed() < LIMIT, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
