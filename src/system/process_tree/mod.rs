//! A process with all that it starts, which is ended when the process is given up: a shell's pipeline
//! would outlive the shell. It ends with its `ProcessTree`, unless that is released.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub use unix::ProcessTree;
#[cfg(windows)]
pub use windows::ProcessTree;
