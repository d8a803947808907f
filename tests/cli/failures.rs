//! The table of failures, `tests/data/failures`: what is in the home, what is typed, and the whole
//! error. Each error also has to name a place, to end in a hint that runs, and to show no secret.
//!
//! `BLESS=1 cargo test --test cli failures` writes down what the program says now; read the
//! difference before you keep it.

use test_tables::Case;

use super::support::{Fault, Kind, Run, Sandbox, check_rows};

const BLOCKS: [&str; 11] = [
    "config",
    "credentials",
    "settings",
    "files",
    "environment",
    "aws",
    "before",
    "run",
    "exit",
    "stderr",
    "no place",
];

/// What may stand in an error as the place of a value, besides `file:line`.
const VARIABLES: [&str; 8] =
    ["AWS_", "ROLECALL_", "_PROXY", "_proxy", "XDG_", "BROWSER", "DISPLAY", "SSH_"];

/// Programs that hints tell people to run, besides rolecall.
const PROGRAMS: [&str; 16] = [
    "aws ",
    "unset ",
    "export ",
    "ls ",
    "command -v ",
    "timedatectl",
    "ps ",
    "chmod ",
    "curl ",
    "iconv ",
    "env ",
    "xdg-open ",
    "head ",
    "aws-vault ",
    "granted ",
    "pass ",
];

#[test]
fn each_failure_prints_its_whole_error() {
    check_rows(&test_tables::read("failures", &BLOCKS), 250, check);
}

/// What AWS sign-in says is tried in `aws_login.rs`, behind a proxy: its provider knows AWS's own
/// endpoint only.
#[test]
fn each_meaning_of_a_refusal_has_its_failure() {
    let cases = test_tables::read("failures", &BLOCKS);
    let table = include_str!("../../src/clients/meanings.txt");
    for row in table.split("\n\n").skip(1).filter(|row| !row.starts_with("sign-in ")) {
        let means = row.lines().find_map(|line| line.strip_prefix("means: ")).unwrap();
        let said = means.split(['{', '}']).step_by(2).max_by_key(|text| text.len()).unwrap();
        let codes = row.lines().next().unwrap().split(' ').skip(1);
        for code in codes {
            assert!(
                cases.iter().any(|case| {
                    let stderr = case.block("stderr");
                    stderr.contains(&format!("cause: {code}: ")) && stderr.contains(said)
                }),
                "no failure shows {code}: {means}"
            );
        }
    }
}

/// A home as a case describes it.
fn sandbox(case: &Case) -> Sandbox {
    let sandbox = Sandbox::empty();
    let fill = |text: &str| fill(&sandbox, text);
    match case.optional("credentials") {
        Some(text) => sandbox.credentials(&fill(text)),
        None => sandbox.keys("dev"),
    };
    for (block, path) in
        [("config", ".aws/config"), ("settings", "xdg/config/rolecall/settings.ini")]
    {
        if let Some(text) = case.optional(block) {
            sandbox.file(path, fill(text));
        }
    }
    // PATH = text of one line, `\n` for more.
    for line in case.block("files").lines() {
        let (path, text) =
            line.split_once(" = ").unwrap_or_else(|| panic!("{}: {line}", case.name));
        let text = fill(text).replace("\\n", "\n");
        match path.strip_prefix("bin/") {
            Some(name) => drop(sandbox.script(name, &text)),
            None => drop(sandbox.file(path, text)),
        }
    }
    // NAME=value sets a variable, NAME alone takes it away.
    for line in case.block("environment").lines() {
        match line.split_once('=') {
            Some((name, value)) => sandbox.set(name, fill(value)),
            None => sandbox.unset(line),
        }
    }
    for line in case.block("aws").lines() {
        change_aws(&sandbox, &fill(line));
    }
    for line in case.block("before").lines() {
        let run = sandbox.shell("/bin/sh", &fill(line));
        assert_eq!(run.code, 0, "{}: {line}: {run:#?}", case.name);
    }
    sandbox
}

/// What is different at AWS: `OPERATION STATUS CODE [MESSAGE]`, `OPERATION answers STATUS BODY`,
/// `OPERATION hangs|resets|throttles`, `no users`, `roles at most SECONDS`, `an instance`.
fn change_aws(sandbox: &Sandbox, line: &str) {
    let words: Vec<&str> = line.splitn(4, ' ').collect();
    let fault = |on: &str, kind| sandbox.aws.inject(Fault::always(on, kind));
    match words[..] {
        ["no", "users"] => sandbox.aws.world(|world| world.users.clear()),
        ["roles", "at", "most", seconds] => sandbox.aws.world(|world| {
            for role in &mut world.roles {
                role.max_session_duration = seconds.parse().unwrap();
            }
        }),
        ["an", "instance"] => sandbox.aws.world(|world| {
            world.metadata.role = Some("arn:aws:iam::111111111111:role/machine".to_owned());
        }),
        [on, "answers", status, body] => {
            fault(on, Kind::Status(status.parse().unwrap(), body.to_owned()));
        }
        [on, "hangs"] => fault(on, Kind::Hang),
        [on, "resets"] => fault(on, Kind::Reset),
        [on, "throttles"] => fault(on, Kind::Throttle),
        [on, status, code] => {
            fault(on, Kind::Refuse(status.parse().unwrap(), code.to_owned(), String::new()));
        }
        [on, status, code, message] => {
            let status = status.parse().unwrap();
            fault(on, Kind::Refuse(status, code.to_owned(), message.to_owned()));
        }
        _ => panic!("no change of AWS: {line}"),
    }
}

/// What differs from run to run, by the names that it has in the table.
fn names(sandbox: &Sandbox) -> [(&'static str, String); 6] {
    let home = sandbox.path("").display().to_string();
    [
        ("{home}", home.trim_end_matches('/').to_owned()),
        ("{url}", sandbox.aws.url().to_owned()),
        ("{host}", sandbox.aws.url().trim_start_matches("http://").to_owned()),
        ("{key}", sandbox.access_key_id.clone()),
        ("{secret}", sandbox.secret.clone()),
        ("{id}", sandbox.id[..8].to_owned()),
    ]
}

fn fill(sandbox: &Sandbox, text: &str) -> String {
    names(sandbox).iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
}

fn generalize(sandbox: &Sandbox, text: &str) -> String {
    let sessions: Vec<String> = sandbox
        .aws
        .world(|world| world.sessions.iter().map(|one| one.access_key_id.clone()).collect());
    let text = names(sandbox)
        .iter()
        .fold(text.to_owned(), |text, (name, value)| text.replace(value, name));
    sessions.iter().fold(text, |text, id| text.replace(id, "{session}"))
}

fn check(case: &Case) -> Result<(), String> {
    let sandbox = sandbox(case);
    let line = fill(&sandbox, case.block("run").trim_end());
    // Without a terminal, wherever the tests themselves run.
    let run = sandbox.program("setsid", &["--wait", "/bin/sh", "-c", &line]).run();
    let said =
        format!("{}{}", generalize(&sandbox, &run.stdout), generalize(&sandbox, &run.stderr));
    let code = run.code.to_string();
    if std::env::var_os("BLESS").is_some() {
        bless(case, &[("exit", &code), ("stderr", &said)]);
    } else if (code.as_str(), said.as_str()) != (case.block("exit").trim(), case.block("stderr")) {
        return Err(format!("exit {code}, not {}\n{said}", case.block("exit").trim()));
    }
    let is_json = |text: &str| serde_json::from_str::<serde_json::Value>(text).is_ok();
    if line.contains("--json") && !line.contains('|') && !run.stdout.is_empty() {
        assert!(is_json(&run.stdout), "{}: stdout is no JSON: {run:#?}", case.name);
    }
    explains(case, &sandbox, &run)?;
    explains_as_much_when_verbose(case, run.code, &said)
}

/// Demands that `-v` changes no exit code and takes no line of the error away. No run may show a
/// secret, and so neither may this one.
fn explains_as_much_when_verbose(case: &Case, code: i32, plain: &str) -> Result<(), String> {
    let sandbox = sandbox(case);
    let line = fill(&sandbox, case.block("run").trim_end());
    if [" -q", " -v"].iter().any(|option| line.contains(option)) {
        return Ok(());
    }
    let line = line.replace("rolecall ", "rolecall -v ");
    let run = sandbox.program("setsid", &["--wait", "/bin/sh", "-c", &line]).run();
    let said = generalize(&sandbox, &run.stderr);
    let is_of_error =
        |line: &&str| ["error: ", "cause: ", "hint: "].iter().any(|word| line.starts_with(word));
    let mut lost = plain.lines().filter(is_of_error).filter(|line| !said.contains(line));
    match lost.next() {
        None if run.code == code => Ok(()),
        lost => Err(format!("with -v it ends in {} and loses {lost:?}:\n{said}", run.code)),
    }
}

/// Demands what every error has to have.
fn explains(case: &Case, sandbox: &Sandbox, run: &Run) -> Result<(), String> {
    // What a verb says of many profiles, or as JSON, is no error of its own.
    if !run.stderr.lines().any(|line| line.starts_with("error: ")) {
        return Ok(());
    }
    let beside = ["hint: ", "info: "];
    let message =
        run.stderr.lines().filter(|line| !beside.iter().any(|word| line.starts_with(word)));
    let message: String = message.map(|line| format!("{line}\n")).collect();
    let has_place = places(&message).next().is_some()
        || VARIABLES.iter().any(|name| message.contains(name))
        || message.split(['`', ' ']).any(|word| word.starts_with("--"));
    match (has_place, case.optional("no place")) {
        (false, None) => return Err(format!("it names no place: {run:#?}")),
        (true, Some(_)) => return Err(format!("it does name a place: {run:#?}")),
        _ => {}
    }
    let hints: Vec<&str> = run.stderr.lines().filter_map(|l| l.strip_prefix("hint: ")).collect();
    if hints.is_empty() && !case.block("run").contains(" -q") {
        return Err(format!("it has no hint: {run:#?}"));
    }
    hints.iter().try_for_each(|hint| runs(sandbox, hint))
}

/// The places `file:line` in a text.
fn places(text: &str) -> impl Iterator<Item = &str> {
    text.split_whitespace().filter(|word| {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric());
        word.rsplit_once(':').is_some_and(|(file, line)| {
            !file.is_empty() && !line.is_empty() && line.bytes().all(|b| b.is_ascii_digit())
        })
    })
}

/// Demands that a hint ends in a command; one of rolecall is run as it would be pasted.
fn runs(sandbox: &Sandbox, hint: &str) -> Result<(), String> {
    let (_, command) = hint.rsplit_once(": ").unwrap_or(("", hint));
    if command.starts_with("rolecall ") {
        let command = command.replace("CODE", "123456");
        // It waits for a person.
        let command = command.replace("rolecall sso login", "rolecall --no-input sso login");
        let run = sandbox
            .program("setsid", &["--wait", "timeout", "20", "/bin/sh", "-c", &command])
            .run();
        let unknown = run.code == 2 && !run.stderr.contains("--mfa-token");
        if unknown || [126, 127].contains(&run.code) || run.stderr.contains("is in neither") {
            return Err(format!("the hint `{hint}` does not run: {run:#?}"));
        }
    } else if !PROGRAMS.iter().any(|program| command.starts_with(program)) {
        return Err(format!("the hint `{hint}` ends in no command"));
    }
    Ok(())
}

/// Writes blocks of a case anew.
fn bless(case: &Case, blocks: &[(&str, &str)]) {
    static ONE_AT_A_TIME: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _one = ONE_AT_A_TIME.lock().unwrap();
    let (file, name) = case.name.split_once(": ").unwrap();
    let path = test_tables::path(&format!("failures/{file}"));
    let text = std::fs::read_to_string(&path).unwrap();
    let head = format!("=== {name}\n");
    let begin = text.find(&head).unwrap() + head.len();
    let end = text[begin..].find("\n=== ").map_or(text.len(), |at| begin + at + 1);
    let mut body = text[begin..end].trim_end().to_owned() + "\n";
    for (block, content) in blocks {
        let marker = format!("--- {block}\n");
        let content = format!("{marker}{}\n", content.trim_end());
        match body.find(&marker) {
            Some(at) => {
                let rest = at + marker.len();
                let end = body[rest..].find("--- ").map_or(body.len(), |at| rest + at);
                body.replace_range(at..end, &content);
            }
            None => body += &content,
        }
    }
    let gap = if end < text.len() { "\n" } else { "" };
    std::fs::write(&path, format!("{}{body}{gap}{}", &text[..begin], &text[end..])).unwrap();
}
