//! stdin, stdout and stderr as the SDKs leave them to a `credential_process`: the question reaches
//! the person in each arrangement.

use super::support::{BOB_MFA, DEV, Sandbox, role};

/// Who leaves the streams so, and a line of shell that does; stdout is always a pipe that somebody
/// reads. An SDK's pipes for stdin stay open and empty, which a pipe that is opened for both ways
/// stands for.
const ARRANGEMENTS: [(&str, &str); 11] = [
    ("botocore and the AWS CLI: stdin inherited, stderr a pipe", "exec \"$0\" \"$@\""),
    ("Go: through a shell, stderr the terminal", "sh -c \"$0 $*\" 2>/dev/tty"),
    ("Java: through a shell, stdin and stderr pipes", "mkfifo pipe; sh -c \"$0 $*\" <>pipe"),
    (
        "JavaScript: the same, in a shell that becomes it",
        "mkfifo pipe; exec sh -c \"exec $0 $*\" <>pipe",
    ),
    ("Rust: through a shell, stdin nothing", "sh -c \"$0 $*\" </dev/null"),
    ("stdin closed", "exec \"$0\" \"$@\" <&-"),
    ("stdin closed, stderr closed", "exec \"$0\" \"$@\" <&- 2>&-"),
    ("stderr nothing", "exec \"$0\" \"$@\" 2>/dev/null"),
    ("a pipe for stdin that holds something", "echo 000000 | \"$0\" \"$@\""),
    ("stderr a full disk", "exec \"$0\" \"$@\" 2>/dev/full"),
    ("stderr a pipe that nobody reads any more", "exec \"$0\" \"$@\" 2> >(exec true)"),
];

#[test]
fn terminal_is_asked_with_each_arrangement_of_streams() {
    for (who, line) in ARRANGEMENTS {
        let sandbox = Sandbox::new();
        sandbox.config(&format!(
            "[profile guarded]\nrole_arn = {}\nsource_profile = dev\nmfa_serial = {BOB_MFA}\n",
            role("guarded")
        ));
        let line = format!("exec bash -c '{line}' \"$0\" \"$@\"");
        let mut terminal = sandbox.command(&["process", "guarded"]).by_shell(&line).on_a_terminal();
        terminal.wait_for("MFA code", 1);
        terminal.enter(&format!("{}\n", sandbox.aws.mfa_code(DEV, "bob")));
        let shown = terminal.shown();
        let run = terminal.finish().ok().silent();
        assert!(run.key().starts_with("ASIA"), "{who}: {run:?}");
        assert_eq!(run.stdout.lines().count(), 1, "{who}");
        assert!(!shown.contains("SecretAccessKey"), "{who}: {shown}");
        assert_eq!((sandbox.aws.count("GetSessionToken"), sandbox.assumed()), (1, 1), "{who}");
    }
}
