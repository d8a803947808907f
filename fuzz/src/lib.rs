//! What is parsed from outside, checked with any bytes: each target panics where a promise does not
//! hold. `tests/corpora.rs` runs the targets over the inputs that are known, as ordinary tests;
//! `fuzz/run` looks for new ones.

mod adoption;
mod assuan;
mod edit;
mod index;
mod otpauth;
mod process_output;
mod settings;
mod shared_files;
mod shell_state;
mod sso_token;
mod sts_answer;

/// Checks what one input leads to.
pub type Check = fn(&[u8]);

/// The targets by name; `seeds/NAME` holds the inputs that each begins with.
pub const TARGETS: [(&str, Check); 11] = [
    ("adoption", adoption::check),
    ("assuan", assuan::check),
    ("edit", edit::check),
    ("index", index::check),
    ("otpauth", otpauth::check),
    ("process_output", process_output::check),
    ("settings", settings::check),
    ("shared_files", shared_files::check),
    ("shell_state", shell_state::check),
    ("sso_token", sso_token::check),
    ("sts_answer", sts_answer::check),
];
