//! `rolecall setup`: from an empty home to a profile that works, question by question.

use std::collections::BTreeMap;
use std::path::Path;

use fake_aws::Browser;

use super::support::{
    ADMIN, BOB_MFA, DEV, EXTERNAL_ID, PROD, Run, Sandbox, Statement, Terminal, code, role, until,
};

const PASSPHRASE: &str = "correct horse battery staple";
const ANN: &str = "ann@example.com";
const LINE: &str = "eval \"$(rolecall init bash)\"";
const WAY: &str = "How do you sign in?";
const MORE: &str = "What else?";
const SHELL: &str = "can switch the shell?";

/// A question, and what is typed.
type Answers<'a> = Vec<(&'a str, String)>;

/// A home without any file, and a store that keeps keys.
fn empty() -> Sandbox {
    with(Sandbox::empty())
}

fn with(sandbox: Sandbox) -> Sandbox {
    sandbox.set("ROLECALL_STORE", "file");
    sandbox.set("ROLECALL_FILE_PASSPHRASE", PASSPHRASE);
    sandbox.secret(PASSPHRASE);
    sandbox
}

/// A person at `setup`, which bash has started.
struct Person<'a> {
    terminal: Terminal<'a>,
    read: usize,
}

impl<'a> Person<'a> {
    fn at(sandbox: &'a Sandbox) -> Self {
        let line = "rolecall setup; exit $?";
        Self { terminal: sandbox.program("bash", &["-c", line]).on_a_terminal(), read: 0 }
    }

    /// Waits for a question, and returns what came before it.
    #[track_caller]
    fn reads(&mut self, question: &str) -> String {
        let read = self.read;
        let new = || self.terminal.shown()[read..].to_owned();
        until(&format!("`{question}` after {:?}", new()), || new().contains(question));
        let new = new();
        let end = new.find(question).unwrap() + question.len();
        self.read += end;
        new[..end].replace('\r', "")
    }

    #[track_caller]
    fn answers(&mut self, answers: &[(&str, String)]) -> String {
        let mut shown = String::new();
        for (question, answer) in answers {
            shown += &self.reads(question);
            self.terminal.enter(&format!("{answer}\n"));
        }
        shown
    }

    #[track_caller]
    fn ends(self) -> Run {
        self.terminal.finish()
    }
}

fn answers<'a>(answers: &[(&'a str, &str)]) -> Answers<'a> {
    answers.iter().map(|(question, answer)| (*question, (*answer).to_owned())).collect()
}

/// The answers that add bob's keys as `dev`.
fn add_keys(sandbox: &Sandbox) -> Answers<'static> {
    answers(&[
        (WAY, "keys"),
        ("Name of the profile [default]:", "dev"),
        ("Its region [eu-west-1]:", ""),
        ("Access key ID for profile `dev`:", &sandbox.access_key_id),
        ("Its secret access key", &sandbox.secret),
        ("Keep them, and write this? [y/N]", "y"),
    ])
}

fn read(sandbox: &Sandbox, file: &str) -> String {
    std::fs::read_to_string(sandbox.path(file)).unwrap_or_default()
}

/// Every file that a person would miss, with its bytes.
fn files(sandbox: &Sandbox) -> BTreeMap<String, Vec<u8>> {
    fn collect(folder: &Path, into: &mut BTreeMap<String, Vec<u8>>) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = path.display().to_string();
            if path.is_dir() {
                collect(&path, into);
            } else if !name.contains("lock") && !name.contains("xdg/runtime") {
                into.insert(name, std::fs::read(&path).unwrap_or_default());
            }
        }
    }
    let mut all = BTreeMap::new();
    collect(&sandbox.path(""), &mut all);
    all
}

/// Leaves by Ctrl-C at each question in turn, in a new home each time.
#[track_caller]
fn leaves_at_each(make: &dyn Fn() -> Sandbox, answers: &dyn Fn(&Sandbox) -> Answers<'static>) {
    let count = answers(&make()).len();
    for at in 0..count {
        let sandbox = make();
        let begin = files(&sandbox);
        let answers = answers(&sandbox);
        let (question, _) = answers[at];
        let mut person = Person::at(&sandbox);
        person.answers(&answers[..at]);
        person.reads(question);
        let before = files(&sandbox);
        person.terminal.enter("\u{3}");
        person.ends().fails(130);
        assert!(files(&sandbox) == before, "it changed something at `{question}`");
        if !answers[..at].iter().any(|(_, answer)| answer == "y") {
            assert!(files(&sandbox) == begin, "it wrote without a yes before `{question}`");
        }
    }
}

#[test]
fn keys_are_added_and_shell_gets_its_line() {
    let sandbox = empty();
    sandbox.file(".bashrc", "alias ll='ls -l'");
    let mut person = Person::at(&sandbox);
    let shown = person.answers(&add_keys(&sandbox));
    let id = &sandbox.access_key_id;
    for line in [
        "There is no profile yet.",
        "+[profile dev]",
        "+region = eu-west-1",
        &format!("+rolecall_access_key_id = {id}"),
        "+credential_process = rolecall process dev",
    ] {
        assert!(shown.contains(line), "no `{line}`: {shown}");
    }
    assert!(!shown.contains("move keys"), "there are none to move: {shown}");
    let shown = person.answers(&answers(&[(MORE, "end"), (SHELL, "y")]));
    assert!(shown.contains(&format!("@@ -1,0 +2 @@\n+{LINE}\n")), "{shown}");
    person.reads("rolecall whoami dev\r\n  rolecall use dev");
    assert!(!person.terminal.shown().contains(&sandbox.secret));
    person.ends().ok();
    assert_eq!(read(&sandbox, ".bashrc"), format!("alias ll='ls -l'\n{LINE}\n"));
    assert!(sandbox.run(&["whoami", "dev"]).ok().stdout.contains(DEV));
}

#[test]
fn what_is_there_is_said_and_left_alone() {
    let sandbox = empty();
    sandbox.file(".bashrc", format!("  {LINE} # mine\n"));
    let mut person = Person::at(&sandbox);
    person.answers(&add_keys(&sandbox));
    person.answers(&answers(&[(MORE, "end")]));
    person.reads(".bashrc has the shell's line already.");
    person.ends().ok();
    let before = files(&sandbox);
    let mut person = Person::at(&sandbox);
    let again = [(WAY, "keys"), ("Name of the profile [default]:", "dev"), (MORE, "end")];
    let shown = person.answers(&answers(&again));
    assert!(shown.contains("Profile `dev` has stored keys already: AKIA"), "{shown}");
    person.ends().ok();
    assert!(files(&sandbox) == before);
}

#[test]
fn refused_write_changes_nothing() {
    let sandbox = empty();
    let mut person = Person::at(&sandbox);
    let mut all = add_keys(&sandbox);
    all.last_mut().unwrap().1 = String::new();
    person.answers(&all);
    person.answers(&answers(&[(WAY, "end"), (SHELL, "n")]));
    person.reads("take it up again: rolecall setup");
    person.ends().ok();
    assert_eq!(files(&sandbox), BTreeMap::new());
}

#[test]
fn keys_that_aws_refuses_lead_back_to_the_choice() {
    let sandbox = empty();
    let mut person = Person::at(&sandbox);
    let mut all = add_keys(&sandbox);
    all[4].1 = "A".repeat(40);
    all.pop();
    all.extend(answers(&[(WAY, "end"), (SHELL, "")]));
    person.answers(&all);
    person.ends().ok().says(&["error: ", "AWS does not accept the keys"]);
    assert_eq!(files(&sandbox), BTreeMap::new());
}

#[test]
fn keys_in_plain_text_are_moved() {
    let sandbox = empty();
    sandbox.keys("dev");
    let mut person = Person::at(&sandbox);
    let shown = person.answers(&answers(&[
        (WAY, "move"),
        ("Move them into the store, and write this? [y/N]", "y"),
        (MORE, "end"),
        (SHELL, "n"),
    ]));
    for part in ["lie in plain text (1)", "would be moved", "-aws_access_key_id", "+[profile dev]"]
    {
        assert!(shown.contains(part), "no `{part}`: {shown}");
    }
    person.ends().ok();
    assert!(!read(&sandbox, ".aws/credentials").contains(&sandbox.secret));
    assert!(sandbox.run(&["whoami", "dev"]).ok().stdout.contains(DEV));
}

/// The answers that add a role, from where the way is chosen.
fn add_role(way: &'static str) -> Answers<'static> {
    answers(&[
        (way, "role"),
        ("ARN of the role:", &role("guarded")),
        ("MFA device", BOB_MFA),
        ("External ID", ""),
        ("Region [eu-west-1]:", ""),
        ("Name of the profile [guarded]:", "prod"),
        ("Write this? [y/N]", "y"),
    ])
}

#[test]
fn role_is_added_after_keys() {
    let sandbox = empty();
    let mut person = Person::at(&sandbox);
    person.answers(&add_keys(&sandbox));
    let shown = person.answers(&add_role(MORE));
    assert!(shown.contains("It is assumed from profile `dev`, the only one."), "{shown}");
    person.answers(&answers(&[(MORE, "end"), (SHELL, "n")]));
    person.reads("rolecall whoami prod");
    person.ends().ok();
    let section = format!(
        "[profile prod]\nregion = eu-west-1\ncredential_process = rolecall process prod\n\
         rolecall_role_arn = {}\nrolecall_source_profile = dev\nrolecall_mfa_serial = {BOB_MFA}\n",
        role("guarded")
    );
    assert!(read(&sandbox, ".aws/config").ends_with(&section));
    let code = code(&sandbox);
    let run = sandbox.run(&["whoami", "prod", "--mfa-token", &code]).ok();
    assert!(run.stdout.contains(PROD));
}

#[test]
fn role_is_assumed_from_chosen_profile_with_external_id() {
    let sandbox = with(Sandbox::new());
    let mut person = Person::at(&sandbox);
    let shown = person.answers(&answers(&[
        (WAY, "role"),
        ("ARN of the role:", "admin"),
        ("ARN of the role:", &role("partner")),
        ("From which profile is it assumed?", "dev"),
        ("MFA device", "?"),
        ("MFA device", ""),
        ("External ID", EXTERNAL_ID),
        ("Region [eu-west-1]:", "eu-wets-1"),
        ("Region [eu-west-1]:", ""),
        ("Name of the profile [partner]:", "prod"),
        ("Name of the profile [partner]:", "a b"),
        ("Name of the profile [partner]:", ""),
        ("Write this? [y/N]", "yes"),
        (MORE, "role"),
        ("ARN of the role:", ADMIN),
        (MORE, "end"),
        (SHELL, "n"),
    ]));
    for part in [
        "that is no role's ARN",
        "that is no serial number",
        "is eu-west-1 meant?",
        "there is a profile `prod` already",
        "AWS accepts letters",
        "Profile `prod` is of this role already",
    ] {
        assert!(shown.contains(part), "no `{part}`: {shown}");
    }
    person.ends().ok();
    sandbox.run(&["whoami", "partner"]).ok();
}

/// Ann, who is signed in in her browser, and may use two roles.
fn company() -> Sandbox {
    let sandbox = with(Sandbox::with_world(|world| {
        let all = || vec![Statement::allow("*", "*")];
        world
            .account(DEV, "Dev")
            .account(PROD, "Shop")
            .sso_grant(ANN, DEV, "Admin", all())
            .sso_grant(ANN, PROD, "Read", all())
            .sso_browser(Browser::Agrees(ANN.to_owned()))
    }));
    // Where the tests run in a container, the login is by a device code.
    sandbox.aws.world(|world| world.sso.approval = Some((ANN.to_owned(), 0)));
    sandbox.set("BROWSER", sandbox.script("browser", "curl -sSL \"$1\" >/dev/null"));
    sandbox
}

fn sign_in() -> Answers<'static> {
    answers(&[
        (WAY, "sso"),
        ("Start URL", "corp.awsapps.com/start"),
        ("Region of IAM Identity Center [eu-west-1]:", ""),
        ("Name for this session [corp]:", ""),
        ("Write this? [y/N]", "y"),
    ])
}

fn all_roles() -> Answers<'static> {
    let all = [
        ("Which profiles shall there be?", "all"),
        ("Their region [eu-west-1]:", ""),
        ("Write this (new profiles: 2, changed: 0)? [y/N]", "y"),
    ];
    [sign_in(), answers(&all)].concat()
}

#[test]
fn login_gives_profiles_of_all_roles() {
    let sandbox = company();
    let mut person = Person::at(&sandbox);
    let shown = person.answers(&all_roles());
    for part in ["+[sso-session corp]", "a profile for each role (2)", "+[profile Dev.Admin]"] {
        assert!(shown.contains(part), "no `{part}`: {shown}");
    }
    // Taken up again, nobody signs in anew.
    let shown = person.answers(&answers(&[
        (MORE, "sso"),
        ("Sign in to which session?", "corp"),
        ("Which profiles shall there be?", "one"),
        ("Which account?", PROD),
        ("Which role?", "1"),
        ("Its region [eu-west-1]:", ""),
        ("Name of the profile [Shop.Read]:", "shop"),
        ("Write this? [y/N]", "y"),
        (MORE, "end"),
        (SHELL, "n"),
    ]));
    assert!(shown.contains("You are signed in to corp already."), "{shown}");
    person.reads("rolecall whoami shop");
    person.ends().ok();
    assert!(sandbox.run(&["whoami", "Dev.Admin"]).ok().stdout.contains(DEV));
    assert!(sandbox.run(&["whoami", "shop"]).ok().stdout.contains(PROD));
}

#[test]
fn list_to_choose_from_offers_to_sign_in_where_no_profile_names_a_session() {
    let sandbox = company();
    sandbox.set("TERM", "xterm-256color");
    sandbox.set("NO_COLOR", "1");
    let session = "[sso-session corp]\nsso_start_url = https://corp.awsapps.com/start\n\
                   sso_region = eu-west-1\n";
    sandbox.config(session);
    let command = sandbox.command(&["exec", "--", "printenv", "ROLECALL_PROFILE"]);
    let terminal = command.by_shell("exec \"$0\" \"$@\"").on_a_terminal();
    terminal.resize(120, 24);
    let mut person = Person { terminal, read: 0 };
    person.reads("sign in to corp …");
    person.terminal.enter("\r");
    person.answers(&answers(&[
        ("Which profiles shall there be?", "all"),
        ("Their region [eu-west-1]:", ""),
        ("Write this (new profiles: 2, changed: 0)? [y/N]", "y"),
    ]));
    // The profiles are chosen from now, and the session has some.
    let shown = person.reads("Shop.Read");
    assert!(!shown.contains("sign in to corp"), "{shown}");
    person.terminal.enter("shop\r");
    assert_eq!(person.ends().ok().stdout, "Shop.Read\n");
}

#[test]
fn many_new_profiles_show_on_request() {
    let sandbox = company();
    sandbox.aws.world(|world| {
        let all = || vec![Statement::allow("*", "*")];
        let grant = |world: fake_aws::World, number: usize| {
            world.sso_grant(ANN, PROD, &format!("Role{number}"), all())
        };
        *world = (0..20).fold(std::mem::take(world), grant);
    });
    let mut person = Person::at(&sandbox);
    let mut all = all_roles();
    let question = "Write this (new profiles: 22, changed: 0)? [y/N, or d to see the";
    all.pop();
    all.extend(answers(&[(question, "d"), (question, "y"), (MORE, "end"), (SHELL, "n")]));
    let shown = person.answers(&all);
    assert_eq!(shown.matches("+[profile Shop.Role7]").count(), 1, "{shown}");
    person.ends().ok();
    sandbox.run(&["whoami", "Shop.Role7"]).ok();
}

#[test]
fn ctrl_c_at_each_question_leaves_what_was_agreed_to() {
    let end = || answers(&[(MORE, "end"), (SHELL, "y")]);
    leaves_at_each(&empty, &|sandbox| [add_keys(sandbox), add_role(MORE), end()].concat());
    leaves_at_each(&company, &|_| [all_roles(), end()].concat());
    let in_plain_text = || {
        let sandbox = empty();
        sandbox.keys("dev");
        sandbox
    };
    let question = "Move them into the store, and write this? [y/N]";
    leaves_at_each(&in_plain_text, &|_| answers(&[(WAY, "move"), (question, "y"), (MORE, "end")]));
}

#[test]
fn rc_file_that_cannot_be_written_is_left_alone() {
    let sandbox = empty();
    std::fs::create_dir(sandbox.path("store")).unwrap();
    let target = sandbox.file("store/bashrc", "# managed\n");
    let mut mode = std::fs::metadata(&target).unwrap().permissions();
    mode.set_readonly(true);
    std::fs::set_permissions(&target, mode).unwrap();
    std::os::unix::fs::symlink(&target, sandbox.path(".bashrc")).unwrap();
    let mut person = Person::at(&sandbox);
    person.answers(&answers(&[(WAY, "end")]));
    person.reads(LINE);
    person.ends().ok().says(&["is read-only"]);
    assert_eq!(read(&sandbox, "store/bashrc"), "# managed\n");
}

#[test]
fn nobody_to_ask_ends_with_commands_to_type() {
    let sandbox = empty();
    let hints = ["rolecall profile add --sso-session", "rolecall keys add", "rolecall init --help"];
    sandbox.command(&["setup"]).without_terminal().run().fails(4).error_form().says(&hints);
    let terminal = sandbox.command(&["setup", "--no-input"]).on_a_terminal();
    terminal.finish().fails(4).error_form().says(&hints).says(&["--no-input"]);
    // Ctrl-D is no answer.
    let mut person = Person::at(&sandbox);
    person.reads(WAY);
    person.terminal.enter("\u{4}");
    person.ends().fails(4).says(&["rolecall setup"]);
    assert_eq!(files(&sandbox), BTreeMap::new());
}
