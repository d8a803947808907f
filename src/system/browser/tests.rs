use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

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

/// Returns the words that open the page, the program by its file's name.
fn words(browser: &Browser) -> String {
    let name = browser.program.file_name().unwrap().to_str().unwrap().to_owned();
    [vec![name], browser.command.arguments("URL", &[])].concat().join(" ")
}

#[test]
fn browser_is_that_of_the_variable_or_the_systems() {
    use Platform::{Linux, Windows};
    use Surroundings::{Desktop, Wsl};
    let display = ("DISPLAY", ":0");
    let wayland = ("WAYLAND_DISPLAY", "wayland-0");
    let ssh = ("SSH_CONNECTION", "1 2 3 4");
    for (surroundings, programs, variables, expected) in [
        (Desktop(Linux), "xdg-open gio", &[display][..], "xdg-open URL"),
        (Desktop(Linux), "gio firefox", &[wayland], "gio open URL"),
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
            "the person sits at another machine, as SSH_CONNECTION tells",
        ),
        (
            Desktop(Linux),
            "xdg-open",
            &[display, ("SSH_TTY", "/dev/pts/1")],
            "the person sits at another machine, as SSH_TTY tells",
        ),
        // The variable.
        (Desktop(Linux), "b xdg-open", &[("BROWSER", "b"), ssh], "b URL"),
        (Desktop(Linux), "b xdg-open", &[("BROWSER", "a:b --x %s -y &:xdg-open")], "b --x URL -y"),
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
        (Wsl, "wslview rundll32.exe xdg-open", &[display], "wslview URL"),
        (Wsl, "rundll32.exe powershell.exe", &[], "rundll32.exe url.dll,FileProtocolHandler URL"),
        (
            Wsl,
            "powershell.exe",
            &[],
            "powershell.exe -NoProfile -NonInteractive -Command Start-Process 'URL'",
        ),
        (Wsl, "wslview", &[ssh], "the person sits at another machine, as SSH_CONNECTION tells"),
        (Desktop(Windows), "rundll32.exe", &[], "rundll32.exe url.dll,FileProtocolHandler URL"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        programs.split_whitespace().for_each(|name| program(folder.path(), name, ""));
        let found = Browser::found(&environment(folder.path(), variables), surroundings);
        let found = found.map_or_else(|error| error.to_string(), |browser| words(&browser));
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
    let mut browser = Browser::find(&environment).unwrap();
    assert_eq!(browser.hidden, ["AWS_X"]);
    // A variable that this process has for certain.
    browser.hidden.push("CARGO_MANIFEST_DIR".to_owned());
    browser.open(PAGE).unwrap();
    let begin = Instant::now();
    while !record.exists() {
        assert!(begin.elapsed() < Duration::from_secs(60), "the browser was not started");
        std::thread::sleep(Duration::from_millis(5));
    }
    let text = std::fs::read_to_string(record).unwrap();
    assert_eq!(text.lines().next(), Some(PAGE), "{text}");
    assert!(!text.contains("CARGO_MANIFEST_DIR="), "{text}");
    assert!(text.contains("PATH="), "{text}");
}

#[test]
fn program_that_cannot_be_started_is_named() {
    let folder = tempfile::tempdir().unwrap();
    program(folder.path(), "b", "#!/nowhere/sh\n");
    let command = BrowserCommand::parse("b --x").unwrap();
    let browser = Browser::first(&environment(folder.path(), &[]), [command]).unwrap();
    assert_eq!(browser.program(), folder.path().join("b"));
    let error = browser.open(PAGE).unwrap_err().to_string();
    assert!(error.contains("/b cannot be started: No such file"), "{error}");
}
