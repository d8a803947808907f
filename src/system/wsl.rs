//! Whether this is a distribution in WSL, the Linux that Windows runs.

use std::path::Path;

use super::environment::Environment;

/// What the kernel has where Windows programs can be started.
const INTEROP: &str = "/proc/sys/fs/binfmt_misc/WSLInterop";
/// Where WSL keeps the sockets of a distribution.
pub const SOCKETS: &str = "/run/WSL";

/// Returns the name of the distribution, or `Linux` where no variable has it, as in a job of cron;
/// `None` outside of WSL.
pub fn distribution(environment: &Environment) -> Option<&str> {
    let is_here = |path| Path::new(path).exists();
    named(environment, cfg!(target_os = "linux") && (is_here(INTEROP) || is_here(SOCKETS)))
}

fn named(environment: &Environment, has_files: bool) -> Option<&str> {
    let name = environment.get("WSL_DISTRO_NAME");
    let is_wsl = has_files || name.is_some() || environment.get("WSL_INTEROP").is_some();
    is_wsl.then(|| name.unwrap_or("Linux"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_and_files_tell_wsl() {
        let interop = ("WSL_INTEROP", "/run/WSL/1_interop");
        for (variables, has_files, expected) in [
            (&[("WSL_DISTRO_NAME", "Ubuntu"), interop][..], true, Some("Ubuntu")),
            (&[("WSL_DISTRO_NAME", "Debian")], false, Some("Debian")),
            (&[interop], false, Some("Linux")),
            (&[], true, Some("Linux")),
            (&[("WSLENV", "X")], false, None),
            (&[("WSL_DISTRO_NAME", "")], false, None),
        ] {
            let pairs = variables.iter().map(|&(name, value)| (name.to_owned(), value.to_owned()));
            let environment = Environment::new(pairs, None);
            assert_eq!(named(&environment, has_files), expected, "{variables:?} {has_files}");
        }
    }
}
