//! What is parsed from outside, checked with any bytes: each target panics where a promise does not
//! hold. `tests/corpora.rs` runs the targets over the inputs that are known, as ordinary tests;
//! `fuzz/run` looks for new ones.

mod edit;
mod process_output;
mod shared_files;
mod sts_answer;

/// Checks what one input leads to.
pub type Check = fn(&[u8]);

/// The targets by name; `seeds/NAME` holds the inputs that each begins with.
pub const TARGETS: [(&str, Check); 4] = [
    ("edit", edit::check),
    ("process_output", process_output::check),
    ("shared_files", shared_files::check),
    ("sts_answer", sts_answer::check),
];
