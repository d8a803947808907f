//! libFuzzer with the target that the variable `TARGET` names; `fuzz/run` builds and starts it.

#![no_main]

use std::sync::OnceLock;

use rolecall_fuzz::{Check, TARGETS};

static CHECK: OnceLock<Check> = OnceLock::new();

libfuzzer_sys::fuzz_target!(|data: &[u8]| CHECK.get_or_init(chosen)(data));

#[expect(clippy::disallowed_methods, reason = "the arguments are libFuzzer's own")]
fn chosen() -> Check {
    let name = std::env::var("TARGET").expect("TARGET names what is fuzzed");
    let found = TARGETS.iter().find(|(target, _)| *target == name);
    found.unwrap_or_else(|| panic!("there is no target {name}")).1
}
