use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::*;

const PAGE: &str = "https://h/?a=b&c=%73";

fn environment(path: &Path, variables: &[(&str, &str)]) -> Environment {
    let path = ("PATH", path.to_str().unwrap());
    let variables = variables.iter().copied().chain([path]);
    Environment::new(variables.map(|(name, value)| (name.to_owned(), value.to_owned())), None)
}

fn program(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
}

/// Returns the words of each command that opens the page, the program by its file's name.
fn words(browsers: &Browsers) -> String {
    let of = |candidate: &Candidate| {
        let name = candidate.program.file_name().unwrap().to_str().unwrap().to_owned();
        [vec![name], candidate.command.arguments("URL", &[])].concat().join(" ")
    };
    browsers.candidates.iter().map(of).collect::<Vec<_>>().join(" | ")
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

#[test]
fn browsers_are_those_of_the_variable_or_the_systems() {
    use Platform::{Linux, Windows};
    use Surroundings::{Desktop, Wsl};
    let display = ("DISPLAY", ":0");
    let wayland = ("WAYLAND_DISPLAY", "wayland-0");
    let ssh = ("SSH_CONNECTION", "1 2 3 4");
    for (surroundings, programs, variables, expected) in [
        (Desktop(Linux), "xdg-open gio", &[display][..], "xdg-open URL | gio open URL"),
        (Desktop(Linux), "gio firefox", &[wayland], "gio open URL | firefox URL"),
        (Desktop(Linux), "chromium", &[display], "chromium URL"),
        (
            Desktop(Linux),
            "",
            &[display],
            "none of these programs is here: xdg-open, gio, sensible-browser, x-www-browser, \
             firefox, google-chrome, chromium, chromium-browser",
        ),
        (
            Desktop(Linux),
            "xdg-open",
            &[],
            "there is no display: neither DISPLAY nor WAYLAND_DISPLAY is set",
        ),
        (
            Desktop(Linux),
            "xdg-open",
            &[display, ssh],
            "this is a session of SSH (SSH_CONNECTION is set)",
        ),
        (
            Desktop(Linux),
            "xdg-open",
            &[display, ("SSH_TTY", "/dev/pts/1")],
            "this is a session of SSH (SSH_TTY is set)",
        ),
        // The variable.
        (Desktop(Linux), "b xdg-open", &[("BROWSER", "b"), ssh], "b URL"),
        (
            Desktop(Linux),
            "b xdg-open",
            &[("BROWSER", "a:b --x %s -y &:xdg-open")],
            "b --x URL -y | xdg-open URL",
        ),
        (Desktop(Linux), "b", &[("BROWSER", ":b 'c d' --u=%s:")], "b c d --u=URL"),
        (Desktop(Linux), "xdg-open", &[display, ("BROWSER", "a")], "there is no program `a`"),
        (
            Desktop(Linux),
            "",
            &[("BROWSER", "a:b 'c")],
            "the command `b 'c` has a quote without its end",
        ),
        (Desktop(Linux), "xdg-open", &[display, ("BROWSER", ":")], "xdg-open URL"),
        (Desktop(Windows), "b", &[("BROWSER", "a x;b y")], "b y URL"),
        // WSL has a display of its own, or none.
        (Wsl, "wslview xdg-open", &[display], "wslview URL"),
        (
            Wsl,
            "rundll32.exe wslview",
            &[],
            "wslview URL | rundll32.exe url.dll,FileProtocolHandler URL",
        ),
        (
            Wsl,
            "powershell.exe",
            &[],
            "powershell.exe -NoProfile -NonInteractive -Command Start-Process 'URL'",
        ),
        (Wsl, "wslview", &[ssh], "this is a session of SSH (SSH_CONNECTION is set)"),
        (Desktop(Windows), "rundll32.exe", &[], "rundll32.exe url.dll,FileProtocolHandler URL"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        programs.split_whitespace().for_each(|name| program(folder.path(), name, ""));
        let found = Browsers::found(&environment(folder.path(), variables), surroundings);
        let found = found.map_or_else(|error| error.to_string(), |browsers| words(&browsers));
        assert_eq!(found, expected, "{surroundings:?} {programs} {variables:?}");
    }
}

#[test]
fn browser_gets_the_page_and_no_variable_of_ours() {
    let folder = tempfile::tempdir().unwrap();
    let record = folder.path().join("record");
    let script = format!(
        "#!/bin/sh\n{{ echo \"$1\"; cat; env; }} > '{0}.new'; mv '{0}.new' '{0}'\n",
        record.display()
    );
    program(folder.path(), "b", &script);
    let path = std::env::join_paths([folder.path(), Path::new("/usr/bin"), Path::new("/bin")]);
    let variables = [("BROWSER", "b"), ("CARGO_MANIFEST_DIR", "x"), ("AWS_X", "y")];
    let environment = environment(Path::new(&path.unwrap()), &variables);
    let mut browsers = Browsers::find(&environment).unwrap();
    assert_eq!(browsers.hidden, ["AWS_X"]);
    // A variable that this process has for certain.
    browsers.hidden.push("CARGO_MANIFEST_DIR".to_owned());
    runtime().block_on(browsers.open_page(PAGE)).unwrap();
    let text = std::fs::read_to_string(record).unwrap();
    assert_eq!(text.lines().next(), Some(PAGE), "{text}");
    assert!(!text.contains("CARGO_MANIFEST_DIR="), "{text}");
    assert!(text.contains("PATH="), "{text}");
}

#[test]
fn first_program_that_works_opens_the_page() {
    let folder = tempfile::tempdir().unwrap();
    let note = folder.path().join("note");
    program(folder.path(), "b", "#!/nowhere/sh\n");
    let path = std::env::join_paths([folder.path(), Path::new("/usr/bin"), Path::new("/bin")]);
    let path = path.unwrap();
    let browsers =
        |line: &str| Browsers::find(&environment(Path::new(&path), &[("BROWSER", line)])).unwrap();
    let write = format!("sh -c 'echo \"$1\" >{}' sh %s", note.display());
    let open = |line: &str, url: &str| {
        let opened = runtime().block_on(browsers(line).open_page(url));
        opened.map_err(|error| error.to_string())
    };
    open(&format!("false:b:{write}:rm"), PAGE).unwrap();
    assert_eq!(std::fs::read_to_string(&note).unwrap(), format!("{PAGE}\n"));
    let error = open("false %s:b:sh -c 'exit 3' %s", PAGE).unwrap_err();
    for part in ["/false failed", "/b cannot be started: No such file", "exit status: 3"] {
        assert!(error.contains(part), "{error}");
    }
    assert_eq!(
        open(&write, "file:///etc/passwd").unwrap_err(),
        "the address is no page of the web"
    );
}

#[test]
fn program_that_runs_on_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let command = BrowserCommand::parse("/bin/sh -c 'exec sleep 5'").unwrap();
    let browsers = Browsers::of(&environment(folder.path(), &[]), [command]).unwrap();
    let opened = runtime().block_on(browsers.open(PAGE, &[], Duration::ZERO)).unwrap().to_owned();
    assert_eq!(opened, Path::new("/bin/sh"));
}

#[test]
fn address_has_nothing_that_a_shell_reads() {
    for (url, expected) in [
        ("https://h/?a=b&c=%27#d~e[1]", "https://h/?a=b&c=%27#d~e[1]"),
        ("https://h/'; calc '\u{2019}", "https://h/%27;%20calc%20%27%E2%80%99"),
        ("https://h/\"`\\\n\u{e4}", "https://h/%22%60%5C%0A%C3%A4"),
    ] {
        assert_eq!(plain(url), expected);
    }
}
