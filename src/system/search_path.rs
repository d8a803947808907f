//! Where programs are, by their names.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::environment::Environment;
use crate::platform::Platform;

/// What Windows starts without a further program, where `PATHEXT` does not order them otherwise.
const WINDOWS_EXTENSIONS: [&str; 4] = [".com", ".exe", ".bat", ".cmd"];

/// The places where programs are looked for: the folders of `PATH`.
pub struct SearchPath {
    platform: Platform,
    folders: Vec<PathBuf>,
    /// What ends the names of programs on Windows, in their order.
    extensions: Vec<String>,
}

impl SearchPath {
    /// Reads `PATH`, and `PATHEXT` on Windows. A folder that is no absolute path does not count: it
    /// would be another one in each folder.
    pub fn of(environment: &Environment) -> Self {
        let folders = environment.get("PATH").map(std::env::split_paths).into_iter().flatten();
        Self {
            platform: Platform::HERE,
            folders: folders.filter(|folder| folder.is_absolute()).collect(),
            extensions: extensions(environment.get("PATHEXT")),
        }
    }

    /// Finds a program by its path, else by its name on `PATH`. On Windows its extension may be left
    /// out.
    pub fn find(&self, program: impl AsRef<Path>) -> Option<PathBuf> {
        let program = program.as_ref();
        let folders = match program.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => &[folder.to_owned()],
            _ => &self.folders[..],
        };
        let names = names(self.platform, program.file_name()?, &self.extensions);
        let paths = folders.iter().flat_map(|folder| names.iter().map(|name| folder.join(name)));
        paths.into_iter().find(|path| is_program(path))
    }
}

/// Returns the extensions that `PATHEXT` names, without those of scripts that another program runs.
fn extensions(variable: Option<&str>) -> Vec<String> {
    let Some(variable) = variable else {
        return WINDOWS_EXTENSIONS.map(str::to_owned).to_vec();
    };
    let named = variable.split(';').map(|extension| extension.trim().to_ascii_lowercase());
    named.filter(|extension| WINDOWS_EXTENSIONS.contains(&extension.as_str())).collect()
}

/// Returns the names that a program's file may have, the first first: a file without an extension
/// is no program on Windows, although npm puts such scripts beside those for cmd.exe.
fn names(platform: Platform, program: &OsStr, extensions: &[String]) -> Vec<OsString> {
    let with = |extension: &String| {
        let mut name = program.to_owned();
        name.push(extension);
        name
    };
    let lowercase = program.to_ascii_lowercase();
    let ends_with = |end: &String| lowercase.as_encoded_bytes().ends_with(end.as_bytes());
    match platform {
        Platform::Linux | Platform::MacOs => vec![program.to_owned()],
        Platform::Windows => {
            let itself = extensions.iter().any(ends_with).then(|| program.to_owned());
            itself.into_iter().chain(extensions.iter().map(with)).collect()
        }
    }
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_finds_programs_without_their_extensions() {
        let all = ".COM;.EXE;.BAT;.CMD;.VBS;.JS;.PS1";
        for (program, variable, found) in [
            ("cdk", None, &["cdk.com", "cdk.exe", "cdk.bat", "cdk.cmd"][..]),
            ("cdk", Some(all), &["cdk.com", "cdk.exe", "cdk.bat", "cdk.cmd"]),
            ("cdk", Some(".CMD; .exe"), &["cdk.cmd", "cdk.exe"]),
            ("cdk.cmd", Some(".EXE;.CMD"), &["cdk.cmd", "cdk.cmd.exe", "cdk.cmd.cmd"]),
            ("AWS.Exe", Some(".EXE"), &["AWS.Exe", "AWS.Exe.exe"]),
            ("python3.11", Some(".EXE"), &["python3.11.exe"]),
            (
                "script.js",
                Some(all),
                &["script.js.com", "script.js.exe", "script.js.bat", "script.js.cmd"],
            ),
        ] {
            let names = names(Platform::Windows, program.as_ref(), &extensions(variable));
            assert_eq!(names, found, "{program} {variable:?}");
        }
        assert_eq!(names(Platform::Linux, "cdk".as_ref(), &extensions(None)), ["cdk"]);
    }

    #[test]
    fn program_is_found_in_the_first_folder_that_has_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for (name, mode) in
            [("one/tool", 0o644), ("two/tool", 0o755), ("two/cdk.cmd", 0o644), ("two/cdk", 0o644)]
        {
            std::fs::create_dir_all(path(name).parent().unwrap()).unwrap();
            std::fs::write(path(name), "").unwrap();
            #[cfg(unix)]
            std::fs::set_permissions(
                path(name),
                std::os::unix::fs::PermissionsExt::from_mode(mode),
            )
            .unwrap();
            #[cfg(not(unix))]
            let _ = mode;
        }
        let variable = std::env::join_paths([Path::new("relative"), &path("one"), &path("two")]);
        let variables = [("PATH".to_owned(), variable.unwrap().into_string().unwrap())];
        let search_path = SearchPath::of(&Environment::new(variables, None));
        let (name, file) =
            if cfg!(windows) { ("cdk", "two/cdk.cmd") } else { ("tool", "two/tool") };
        assert_eq!(search_path.find(name), Some(path(file)));
        assert_eq!(search_path.find(path("two").join(name)), Some(path(file)));
        assert_eq!(search_path.find(path("one/missing")), None);
        assert_eq!(search_path.find("missing"), None);
        assert_eq!(search_path.find(""), None);
    }
}
