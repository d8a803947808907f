//! What opens the console: the browser of the system or of a command, and what it gets to see.

use super::support::{Sandbox, until};

/// The usual people, and programs that write down their arguments and variables. They run as long
/// as the home is there, so that who waits for one waits in vain.
fn sandbox(programs: &[&str]) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.set("AWS_ENDPOINT_URL_SIGNIN", sandbox.aws.url());
    // In place of those of this machine.
    sandbox.set("PATH", format!("{}:/usr/bin:/bin", sandbox.path("bin").display()));
    for name in programs {
        let record = "{ printf '%s\\n' \"$0\" \"$@\"; printf '%s\\n' '---'; env; \
                      printf '%s\\n' '---'; readlink /proc/$$/fd/0 /proc/$$/fd/1 /proc/$$/fd/2; \
                      } > \"$HOME/record.new\"; mv \"$HOME/record.new\" \"$HOME/record\"; \
                      while test -d \"$HOME/bin\"; do sleep 0.2; done";
        sandbox.script(name, record);
    }
    sandbox
}

/// What a program was started with.
struct Started {
    program: String,
    arguments: Vec<String>,
    variables: String,
    streams: String,
}

fn started(sandbox: &Sandbox) -> Started {
    let path = sandbox.path("record");
    until("the browser", || path.exists());
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let parts: Vec<&str> = text.split("---\n").collect();
    let mut words = parts[0].lines().map(str::to_owned);
    let program = words.next().unwrap().rsplit('/').next().unwrap().to_owned();
    let arguments = words.collect();
    Started { program, arguments, variables: parts[1].to_owned(), streams: parts[2].to_owned() }
}

#[test]
fn browser_gets_the_address_alone_and_is_not_waited_for() {
    let sandbox = sandbox(&["my-browser"]);
    sandbox.keys_in_environment();
    sandbox.set("AWS_SECRET_OF_OTHERS", "SecretInAnotherVariable");
    sandbox.set("BROWSER", "missing-browser:my-browser --new-window");
    let run = sandbox.run(&["console", "prod"]).ok().silent();
    assert_eq!(run.stdout, "");
    let found = started(&sandbox);
    assert_eq!(found.program, "my-browser");
    let [option, url] = &found.arguments[..] else { panic!("{:?}", found.arguments) };
    assert_eq!(option, "--new-window");
    let begin = format!("{}/federation?Action=login&Issuer=rolecall&", sandbox.aws.url());
    assert!(url.starts_with(&begin), "{url}");
    for line in found.variables.lines() {
        assert!(!line.starts_with("AWS_") && !line.starts_with("ROLECALL_"), "{line}");
    }
    assert!(found.variables.contains("HOME="), "{}", found.variables);
    if cfg!(target_os = "linux") {
        let lines: Vec<&str> = found.streams.lines().collect();
        assert_eq!((lines[0], lines[2]), ("/dev/null", "/dev/null"));
    }
    // Besides the token in the address, nothing secret is an argument.
    let mut secrets = sandbox.secrets();
    sandbox.aws.world(|world| {
        for token in &world.signin_tokens {
            secrets.remove(&token.text);
        }
    });
    for secret in &secrets {
        assert!(!url.contains(secret.as_str()) && !found.variables.contains(secret.as_str()));
    }
}

#[test]
fn without_a_browser_nothing_is_asked_of_aws() {
    let sandbox = sandbox(&["xdg-open"]);
    let run = sandbox.run(&["console", "prod"]).fails(4).error_form();
    run.says(&[
        "profile `prod`: no browser opens here: there is no display",
        "hint: print the address, for a browser elsewhere: rolecall console prod --print",
    ]);
    sandbox.set("DISPLAY", ":7");
    sandbox.set("SSH_CONNECTION", "1 2 3 4");
    let run = sandbox.run(&["console", "prod"]).fails(4).error_form();
    run.says(&["this is a session of SSH (SSH_CONNECTION is set)"]);
    sandbox.no_calls();
    sandbox.unset("SSH_CONNECTION");
    sandbox.run(&["console", "prod"]).ok().silent();
    assert_eq!(started(&sandbox).program, "xdg-open");
}

#[test]
fn program_that_fails_at_once_makes_room_for_the_next() {
    let sandbox = sandbox(&["my-browser"]);
    sandbox.script("bad", "exit 3");
    sandbox.set("BROWSER", "bad:my-browser");
    sandbox.run(&["console", "prod"]).ok().silent();
    assert_eq!(started(&sandbox).program, "my-browser");
    sandbox.set("BROWSER", "bad");
    let run = sandbox.run(&["console", "prod"]).fails(4).error_form();
    run.says(&[
        "no browser opens here: ",
        "/bin/bad failed (exit status: 3)",
        "console prod --print",
    ]);
}

#[test]
fn command_gets_profile_account_and_color_in_their_places() {
    let sandbox = sandbox(&["tool", "other"]);
    sandbox.settings(
        "[colors]\nprod = bright-red\n[console]\n\
         browser = tool --name={profile} '{account} {color}' --url={url} {unknown}\n",
    );
    sandbox.run(&["console", "prod", "--service", "iam"]).ok().silent();
    let found = started(&sandbox);
    assert_eq!(found.program, "tool");
    assert_eq!(found.arguments[..2], ["--name=prod", "222222222222 red"]);
    assert!(found.arguments[2].starts_with("--url=http://127.0.0.1:"), "{:?}", found.arguments);
    assert_eq!(found.arguments[3..], ["{unknown}"]);
    // What is typed comes first.
    sandbox.run(&["console", "prod", "--browser", "other -x"]).ok();
    let found = started(&sandbox);
    assert_eq!((found.program.as_str(), found.arguments[0].as_str()), ("other", "-x"));
    let run = sandbox.run(&["console", "prod", "--browser", "missing-browser"]).fails(2);
    run.error_form().says(&["--browser: no browser opens: there is no program `missing-browser`"]);
    sandbox.settings("[console]\nbrowser = missing-browser\n");
    let run = sandbox.run(&["console", "prod"]).fails(3).error_form();
    run.says(&["settings.ini:2: no browser opens"]);
}

#[test]
fn account_has_a_container_of_firefox_or_a_profile_of_chromium() {
    let sandbox = sandbox(&["firefox", "google-chrome", "my-fox"]);
    sandbox.set("DISPLAY", ":7");
    sandbox.settings(
        "[colors]\n*prod* = 208\n[accounts]\n222222222222 = Live & well\n\
         [console]\nbrowser = firefox-containers\n",
    );
    sandbox.run(&["console", "prod"]).ok().silent();
    let found = started(&sandbox);
    assert_eq!((found.program.as_str(), found.arguments.len()), ("firefox", 1));
    let page = &found.arguments[0];
    assert!(
        page.starts_with("ext+container:name=Live%20%26%20well&url=http%3A%2F%2F127"),
        "{page}"
    );
    assert!(page.contains("%2Ffederation%3FAction%3Dlogin%26Issuer%3Drolecall%26"), "{page}");
    assert!(page.contains("&color=orange&icon="), "{page}");
    let args = ["console", "prod", "--browser", "firefox-containers my-fox --new-instance"];
    sandbox.run(&args).ok();
    let found = started(&sandbox);
    assert_eq!(found.program, "my-fox");
    assert_eq!(found.arguments[0], "--new-instance");
    assert!(found.arguments[1].starts_with("ext+container:"), "{:?}", found.arguments);
    sandbox.run(&["console", "prod", "--browser", "chromium-profiles"]).ok();
    let found = started(&sandbox);
    assert_eq!(found.program, "google-chrome");
    assert_eq!(
        found.arguments[..3],
        [
            "--profile-directory=rolecall-222222222222",
            "--no-first-run",
            "--no-default-browser-check"
        ]
    );
    assert!(found.arguments[3].starts_with("http://127.0.0.1:"), "{:?}", found.arguments);
}
