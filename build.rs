//! Links GCC's unwinder into the program where the system's linker has it as an archive.
//!
//! Rust's standard library takes it from `libgcc_s.so.1`. To load that library and to look its
//! symbols up costs 4 % of the instructions of a warm `rolecall process`.

#![expect(clippy::disallowed_methods, reason = "cargo speaks to build scripts by variables")]

use std::env;
use std::path::Path;
use std::process::Command;

const UNWINDER: &str = "libgcc_eh.a";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=RUSTC_LINKER");
    if is("OS", "linux") && is("ENV", "gnu") && linker_has_unwinder() {
        println!("cargo::rustc-link-lib=static:-bundle,+verbatim={UNWINDER}");
    }
}

fn is(part: &str, value: &str) -> bool {
    env::var(format!("CARGO_CFG_TARGET_{part}")).is_ok_and(|target| target == value)
}

/// Asks the C compiler that links. It prints a path where it has the archive, else the bare name.
fn linker_has_unwinder() -> bool {
    let linker = env::var("RUSTC_LINKER").unwrap_or_else(|_| "cc".to_owned());
    let answer = Command::new(linker).arg(format!("-print-file-name={UNWINDER}")).output();
    answer.is_ok_and(|output| {
        let path = String::from_utf8_lossy(&output.stdout);
        output.status.success() && Path::new(path.trim()).is_absolute()
    })
}
