//! Choosing a profile on the terminal: where nobody named one, and the default chain has none.

use rustix::process::Signal;
use rustix::termios::Termios;

use super::support::{ADMIN, PROD, Run, Sandbox, Terminal, role};

const ALTERNATE: (&str, &str) = ("\x1b[?1049h", "\x1b[?1049l");
const HELP: &str = "esc leave";
/// The command that shows which profile was chosen.
const SHOW: [&str; 4] = ["exec", "--", "printenv", "ROLECALL_PROFILE"];

/// A sandbox with the profiles `prod` (role `admin`), `tool` (role `other`) and `dev` (keys).
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.set("TERM", "xterm-256color");
    // What is shown is in one piece then.
    sandbox.set("NO_COLOR", "1");
    sandbox.config(&format!(
        "[default]\nregion = eu-west-1\n[profile prod]\nrole_arn = {ADMIN}\nsource_profile = dev\ndescription = The Till\n\
         [profile tool]\nrole_arn = {}\nsource_profile = dev\n",
        role("other")
    ));
    sandbox
}

/// Starts the program as in `$(…)`: stdin is the terminal, stdout and stderr are pipes.
fn start<'a>(sandbox: &'a Sandbox, args: &[&str]) -> Terminal<'a> {
    let terminal = sandbox.command(args).by_shell("exec \"$0\" \"$@\"").on_a_terminal();
    terminal.resize(90, 24);
    terminal
}

/// Starts the program and waits for the list.
fn opened<'a>(sandbox: &'a Sandbox, args: &[&str]) -> (Terminal<'a>, Termios) {
    // The modes are the terminal's own until the program runs, and what they were must come back.
    let terminal = sandbox.command(args).by_shell("read -r _; exec \"$0\" \"$@\"").on_a_terminal();
    terminal.resize(90, 24);
    let before = terminal.modes();
    let mut terminal = terminal;
    terminal.enter("\n");
    terminal.wait_for(HELP, 1);
    (terminal, before)
}

/// Types keys and demands that the terminal is as it was when the program has ended.
#[track_caller]
fn end(mut terminal: Terminal, before: &Termios, keys: &str) -> Run {
    terminal.enter(keys);
    left(terminal, before)
}

#[track_caller]
fn left(terminal: Terminal, before: &Termios) -> Run {
    terminal.wait_for(ALTERNATE.1, 1);
    let shown = terminal.shown();
    assert!(
        shown.contains(ALTERNATE.0)
            && shown.contains("\x1b[?2004h")
            && shown.contains("\x1b[?2004l"),
        "{shown:?}"
    );
    let modes = |t: &Termios| (t.input_modes, t.output_modes, t.control_modes, t.local_modes);
    super::support::until("the terminal's modes are back", || {
        modes(&terminal.modes()) == modes(before)
    });
    terminal.finish()
}

#[test]
fn typed_query_finds_profile_and_enter_chooses_it() {
    let sandbox = sandbox();
    for (keys, name) in [
        ("\r", "prod"),
        ("tool\r", "tool"),
        ("TILL\r", "prod"),
        ("role/other\r", "tool"),
        ("\x1b[B\r", "tool"),
        ("\x1b[B\x1b[A\r", "prod"),
        ("\x1bOB\x1bOB\x1bOB\x1bOB\r", "dev"),
        ("\x0e\x0a\x10\x0e\x0b\x0e\r", "dev"),
        ("xyz\x15tool\r", "tool"),
        ("prod xyz\x17\x7f\r", "prod"),
        ("\x1b[F\r", "dev"),
        ("nothing finds this\r\x15dev\r", "dev"),
    ] {
        // What was used before would come first.
        let _ = std::fs::remove_file(sandbox.path("xdg/state/rolecall/used.json"));
        let (terminal, before) = opened(&sandbox, &SHOW);
        let run = end(terminal, &before, keys).ok().silent();
        assert_eq!(run.stdout, format!("{name}\n"), "{keys:?}");
    }
}

#[test]
fn a_pasted_arn_finds_its_role() {
    let sandbox = sandbox();
    for (pasted, name) in [
        (format!("{}\n", role("other")), "tool"),
        (format!("arn:aws:sts::{PROD}:assumed-role/other/bob"), "tool"),
        (ADMIN.to_owned(), "prod"),
    ] {
        let (terminal, before) = opened(&sandbox, &SHOW);
        let run = end(terminal, &before, &format!("\x1b[200~{pasted}\x1b[201~\r")).ok();
        assert_eq!(run.stdout, format!("{name}\n"), "{pasted}");
    }
}

#[test]
fn leaving_without_choice_exits_130_with_empty_stdout() {
    let sandbox = sandbox();
    for keys in ["\x1b", "\x03", "\x07", "prod\x03"] {
        let (terminal, before) = opened(&sandbox, &["env"]);
        let run = end(terminal, &before, keys).fails(130);
        assert_eq!(
            (run.stdout.as_str(), run.stderr.as_str()),
            ("", "error: no profile was chosen\n"),
            "{keys:?}"
        );
    }
    sandbox.no_calls();
    assert!(!sandbox.path("xdg/state/rolecall/used.json").exists());
}

#[test]
fn signal_ends_picker_and_restores_terminal() {
    let sandbox = sandbox();
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        let (terminal, before) = opened(&sandbox, &["env"]);
        terminal.running.signal(signal);
        assert_eq!(left(terminal, &before).fails(code).stdout, "");
    }
    // Also within a sequence that never ends.
    let (mut terminal, before) = opened(&sandbox, &["env"]);
    terminal.enter("\x1b[200~never ended");
    terminal.running.signal(Signal::TERM);
    left(terminal, &before).fails(143);
}

#[test]
fn signal_ends_picker_on_stopped_terminal() {
    let sandbox = sandbox();
    let (terminal, _) = opened(&sandbox, &["env"]);
    terminal.stop(true);
    // Each resize is a screen to draw.
    terminal.resize(80, 20);
    std::thread::sleep(std::time::Duration::from_millis(300));
    terminal.running.signal(Signal::TERM);
    // Its last words are lost, but it ends.
    terminal.finish().fails(143);
}

#[test]
fn signal_after_choice_ends_program() {
    let sandbox = sandbox();
    let script = sandbox.script("slow", "touch \"$HOME/begun\"; exec sleep 60");
    sandbox.config(&format!("[profile slow]\ncredential_process = {script}\n"));
    let (mut terminal, _) = opened(&sandbox, &["env"]);
    terminal.enter("slow\r");
    super::support::until("the credential_process runs", || sandbox.path("begun").exists());
    terminal.running.signal(Signal::TERM);
    terminal.finish().fails(143);
}

#[test]
fn picker_works_in_command_substitution() {
    let sandbox = sandbox();
    let line = "read -r _; got=$(\"$0\" \"$@\"); echo \"code $?\"; eval \"$got\"; echo \"$ROLECALL_PROFILE in $AWS_REGION\"";
    let mut terminal = sandbox.command(&["env", "--shell", "sh"]).by_shell(line).on_a_terminal();
    terminal.enter("\n");
    terminal.wait_for(HELP, 1);
    terminal.enter("tool\r");
    assert_eq!(terminal.finish().ok().stdout, "code 0\ntool in eu-west-1\n");
}

#[test]
fn whoami_env_and_shell_open_picker_without_profile() {
    let sandbox = sandbox();
    for args in [&["whoami"][..], &["whoami", "--json"], &["env", "--format", "json"], &["shell"]] {
        sandbox.set("SHELL", "/bin/true");
        let (terminal, before) = opened(&sandbox, args);
        end(terminal, &before, "prod\r").ok();
    }
}

#[test]
fn picker_stays_closed_when_credentials_are_named() {
    let sandbox = sandbox();
    // A list would wait for keys that nobody presses.
    let ends = |sandbox: &Sandbox, args: &[&str]| start(sandbox, args).finish();
    ends(&sandbox, &["whoami", "prod"]).ok();
    ends(&sandbox, &["whoami", "-p", "prod"]).ok();
    ends(&sandbox, &["whoami", "--role-arn", ADMIN, "--source-profile", "dev"]).ok();
    // For SDKs there is nobody to choose.
    ends(&sandbox, &["process"]).fails(3);
    ends(&sandbox, &["env", "--unset"]).ok();
    for variable in ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"] {
        sandbox.set(variable, "tool");
        assert_eq!(ends(&sandbox, &SHOW).ok().stdout, "tool\n");
        sandbox.set(variable, "nobody");
        ends(&sandbox, &["whoami"]).fails(3).says(&["nobody", variable]);
        sandbox.unset(variable);
    }
    sandbox.keys_in_environment();
    ends(&sandbox, &["whoami"]).ok();
    sandbox.unset("AWS_SECRET_ACCESS_KEY");
    ends(&sandbox, &["whoami"]).fails(3).says(&["AWS_SECRET_ACCESS_KEY"]);
    sandbox.unset("AWS_ACCESS_KEY_ID");
    sandbox.credentials(&format!("[dev]\n{0}[default]\n{0}", sandbox.key_lines()));
    ends(&sandbox, &["whoami"]).ok();
    sandbox.config("[default]\nno equals sign\n[profile prod]\nregion = eu-west-1\n");
    ends(&sandbox, &["whoami"]).fails(3).says(&["config:2"]);
}

#[test]
fn picker_opens_when_instance_metadata_does_not_answer() {
    let sandbox = sandbox();
    sandbox.unset("AWS_EC2_METADATA_DISABLED");
    // Nothing answers there.
    sandbox.set("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1");
    let (terminal, before) = opened(&sandbox, &SHOW);
    assert_eq!(end(terminal, &before, "tool\r").ok().stdout, "tool\n");
    sandbox.command(&["whoami"]).without_terminal().run().fails(1).error_form();
}

#[test]
fn command_without_usable_terminal_fails_without_picker() {
    let sandbox = sandbox();
    let told = |run: Run| {
        let run = run.fails(3).error_form();
        run.says(&["no profile is named", "rolecall list"]);
    };
    told(sandbox.command(&["whoami"]).without_terminal().run());
    // A terminal, but none of the streams: somebody's script.
    told(sandbox.command(&["whoami"]).on_a_terminal().finish());
    told(start(&sandbox, &["whoami", "--no-input"]).finish());
    for (name, value) in [("ROLECALL_NO_INPUT", "1"), ("TERM", "dumb"), ("TERM", "")] {
        sandbox.set(name, value);
        let terminal = start(&sandbox, &["whoami"]);
        told(terminal.finish());
        start(&sandbox, &["whoami", "--pick"]).finish().fails(4).error_form();
        sandbox.unset("ROLECALL_NO_INPUT");
    }
    sandbox
        .command(&["whoami", "--pick"])
        .without_terminal()
        .run()
        .fails(4)
        .error_form()
        .says(&["there is no terminal", "rolecall list"]);
    // In the background the terminal is somebody else's.
    let line = "set -m; (\"$0\" \"$@\"; echo \"code $?\") & wait";
    let run = sandbox.command(&["exec", "--", "true"]).by_shell(line).on_a_terminal().finish();
    assert_eq!(run.stdout, "code 3\n");
    sandbox.no_calls();
}

#[test]
fn pick_option_opens_picker_with_query_although_profile_is_set() {
    let sandbox = sandbox();
    sandbox.set("AWS_PROFILE", "prod");
    for (args, keys, name) in [
        (&["-i"][..], "tool\r", "tool"),
        (&["--pick", "too"], "\r", "tool"),
        (&["--pick", "-p", "till"], "\r", "prod"),
    ] {
        let (terminal, before) = opened(&sandbox, &[&["exec"], args, &SHOW[1..]].concat());
        assert_eq!(end(terminal, &before, keys).ok().stdout, format!("{name}\n"), "{args:?}");
    }
}

#[test]
fn chosen_profile_comes_first_next_time() {
    let sandbox = sandbox();
    let (terminal, before) = opened(&sandbox, &SHOW);
    end(terminal, &before, "dev\r").ok();
    let (terminal, before) = opened(&sandbox, &SHOW);
    assert_eq!(end(terminal, &before, "\r").ok().stdout, "dev\n");
    // The file is the user's alone, and a broken one costs the order only.
    let path = sandbox.path("xdg/state/rolecall/used.json");
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    std::fs::write(&path, "{\"dev\":").unwrap();
    let (terminal, before) = opened(&sandbox, &SHOW);
    assert_eq!(end(terminal, &before, "\r").ok().silent().stdout, "prod\n");
}

#[test]
fn picker_shows_profile_details_and_fits_small_terminal() {
    let sandbox = sandbox();
    sandbox.run(&["process", "prod"]).ok();
    let mut terminal =
        sandbox.command(&SHOW).by_shell("read -r _; exec \"$0\" \"$@\"").on_a_terminal();
    terminal.resize(120, 20);
    terminal.enter("\n");
    terminal.wait_for(HELP, 1);
    let shown = terminal.shown();
    for text in ["PROFILE", "prod", PROD, "admin", "eu-west-1", "59m", "│", "assume arn", "3/3"] {
        assert!(shown.contains(text), "`{text}` is not in {shown}");
    }
    for secret in sandbox.secrets() {
        assert!(!shown.contains(&secret));
    }
    // Narrow and low: the names stay, and the cursor is never beyond.
    terminal.resize(20, 5);
    terminal.wait_for("\x1b[5;1H", 2);
    terminal.enter("too");
    terminal.wait_for("> too", 1);
    terminal.enter("\r");
    assert_eq!(terminal.finish().ok().stdout, "tool\n");
}

#[test]
fn hostile_profile_name_is_cleaned_on_screen_and_chosen_intact() {
    let sandbox = sandbox();
    let lines =
        format!("role_arn = {ADMIN}\nsource_profile = dev\ndescription = \x1b]0;title\x07\n");
    sandbox.config(&format!(
        "[profile \"a\x1b[2Jb\u{202e}c\x07\"]\n{lines}[profile \"\u{9b}5n\"]\n{lines}"
    ));
    let mut terminal =
        sandbox.command(&SHOW).by_shell("read -r _; exec \"$0\" \"$@\"").on_a_terminal();
    terminal.resize(130, 30);
    terminal.enter("\n");
    terminal.wait_for(HELP, 1);
    terminal.enter("c");
    terminal.wait_for("> c", 1);
    let shown = terminal.shown();
    let begin = shown.find(ALTERNATE.0).unwrap();
    assert!(!shown[begin..].contains("Jb\u{202e}"), "{shown:?}");
    assert!(
        !shown[begin..].contains(['\x07', '\u{9b}', '\u{202e}']) && !shown.contains("\x1b]"),
        "{shown:?}"
    );
    assert!(shown.contains("a\u{fffd}[2Jb\u{fffd}c\u{fffd}"), "{shown:?}");
    terminal.enter("\r");
    assert_eq!(terminal.finish().ok().stdout, "a\x1b[2Jb\u{202e}c\x07\n");
}

#[test]
fn color_option_and_no_color_switch_colors_of_picker_and_list() {
    let sandbox = sandbox();
    let colours = |sandbox: &Sandbox, args: &[&str]| {
        let (terminal, before) = opened(sandbox, &[args, &SHOW].concat());
        let shown = terminal.shown();
        end(terminal, &before, "\x1b").fails(130);
        shown.contains("\x1b[7m")
    };
    assert!(!colours(&sandbox, &[]));
    assert!(colours(&sandbox, &["--color", "always"]));
    sandbox.unset("NO_COLOR");
    assert!(colours(&sandbox, &[]));
    assert!(!colours(&sandbox, &["--color", "never"]));
    sandbox.file(
        "xdg/config/rolecall/settings.ini",
        "[colors]\nto* = bright-red\n[accounts]\n222222222222 = Production\n",
    );
    let (mut terminal, before) = opened(&sandbox, &SHOW);
    terminal.wait_for("\x1b[91mtool", 1);
    terminal.enter("production");
    terminal.wait_for("2/3", 1);
    assert!(terminal.shown().contains("Production") && !terminal.shown().contains("\x1b[91mdev"));
    end(terminal, &before, "\x1b").fails(130);
    let listed = sandbox.run(&["list"]).ok().stdout;
    let colored = sandbox.run(&["list", "--color", "always"]).ok().stdout;
    assert_eq!(colored.replace("\x1b[91m", "").replace("\x1b[0m", ""), listed);
    assert!(!listed.contains('\x1b') && colored.contains("\n\x1b[91mtool\x1b[0m "), "{colored:?}");
}

#[test]
fn picker_without_profiles_exits_3() {
    let sandbox = Sandbox::empty();
    sandbox.set("TERM", "xterm");
    start(&sandbox, &["whoami"]).finish().fails(3).says(&["no credentials found"]);
    start(&sandbox, &["whoami", "--pick"]).finish().fails(3).says(&["there is no profile in"]);
}

#[test]
fn list_fits_terminal_width_and_is_uncut_in_pipe() {
    let sandbox = sandbox();
    let line = "exec \"$0\" \"$@\" >/dev/tty";
    let listed = |width: u16, args: &[&str]| {
        let mut terminal = sandbox
            .command(&[&["list"], args].concat())
            .by_shell(&format!("read -r _; {line}; "))
            .on_a_terminal();
        terminal.resize(width, 24);
        terminal.enter("\n");
        terminal.wait_for("dev", 1);
        let shown = terminal.shown();
        terminal.finish().ok();
        shown.lines().skip(1).map(|line| line.trim_end_matches('\r').to_owned()).collect::<Vec<_>>()
    };
    let wide = listed(120, &[]);
    assert!(wide[0].starts_with("PROFILE") && wide[0].ends_with("DESCRIPTION"), "{wide:#?}");
    assert!(wide.iter().any(|line| line.ends_with("The Till")), "{wide:#?}");
    for width in [20, 40, 60, 80] {
        for line in listed(width, &[]) {
            assert!(line.chars().count() <= usize::from(width), "{width}: {line}");
        }
    }
    // Piped, nothing is cut and the columns are those that they always were.
    let piped = sandbox.run(&["list"]).ok().stdout;
    assert!(piped.lines().next().unwrap().ends_with("LEFT"), "{piped}");
    for (words, names) in
        [(&["prod", "till"][..], 1), (&["prod till"], 1), (&["prod", "other"], 0), (&["role"], 2)]
    {
        let run = sandbox.run(&[&["list", "--json"], words].concat()).ok();
        assert_eq!(run.json().as_array().unwrap().len(), names, "{words:?}");
    }
}
