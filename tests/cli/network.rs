//! Services and processes that answer wrongly, slowly, or never.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::support::{ADMIN, DEV, Fault, Kind, Role, Sandbox, has_ended, until};

const HTML: &str = "<!DOCTYPE html><html><head><title>Log in to the hotel</title></head><body>\u{1b}[31mred\u{1b}[0m</body></html>";

/// One attempt per call, so that a fault shows at once.
fn impatient() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.set("AWS_MAX_ATTEMPTS", "1");
    sandbox
}

#[test]
fn invalid_answer_of_sts_is_error_and_is_not_cached() {
    let sandbox = impatient();
    for kind in [
        Kind::Garbage,
        Kind::Reset,
        Kind::TruncatedBody,
        Kind::HugeBody(20 << 20),
        Kind::Status(200, HTML.to_owned()),
        Kind::Status(200, String::new()),
        Kind::Status(200, "<AssumeRoleResponse/>".to_owned()),
        Kind::Status(302, HTML.to_owned()),
        Kind::Status(400, HTML.to_owned()),
        Kind::Status(403, String::new()),
        Kind::Status(404, "{}".to_owned()),
        Kind::Status(500, HTML.to_owned()),
        Kind::Status(503, "\0\0\0".to_owned()),
        Kind::Throttle,
    ] {
        sandbox.aws.clear_faults();
        sandbox.aws.inject(Fault::always("*", kind.clone()));
        let run = sandbox.run(&["process", "prod"]).fails(1).error_form();
        assert!(run.stderr.contains("`prod`") && run.stderr.len() < 3_000, "{kind:?}: {run:#?}");
        assert!(!run.stderr.contains('\u{1b}'), "{kind:?}: {run:#?}");
    }
    // None of it was kept.
    sandbox.aws.clear_faults();
    sandbox.run(&["process", "prod"]).ok().silent();
}

#[test]
fn invalid_credentials_in_answer_of_sts_are_error() {
    let sandbox = impatient();
    let answer = |id: &str, secret: &str, token: &str, end: &str| {
        format!(
            "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><Credentials><AccessKeyId>{id}</AccessKeyId><SecretAccessKey>{secret}</SecretAccessKey><SessionToken>{token}</SessionToken><Expiration>{end}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"
        )
    };
    for body in [
        answer("", "", "", "2099-01-01T00:00:00Z"),
        answer("ASIAX", "s", "", "2099-01-01T00:00:00Z"),
        answer("ASIAX", "s", "t", "tomorrow"),
        answer("ASIAX", "s", "t", ""),
    ] {
        sandbox.aws.clear_faults();
        sandbox.aws.inject(Fault::always("AssumeRole", Kind::Status(200, body)));
        sandbox.run(&["process", "prod"]).fails(1).error_form();
    }
}

#[test]
fn transient_failure_of_sts_is_retried() {
    for kind in [
        Kind::Throttle,
        Kind::Reset,
        Kind::Status(500, String::new()),
        Kind::Status(503, HTML.to_owned()),
    ] {
        let sandbox = Sandbox::new();
        sandbox.aws.inject(Fault::times("AssumeRole", 2, kind));
        sandbox.run(&["process", "prod"]).ok();
        assert_eq!(sandbox.assumed(), 3);
    }
}

#[test]
fn max_attempts_of_environment_or_profile_limits_retries() {
    let sandbox = Sandbox::new();
    sandbox.aws.inject(Fault::always("AssumeRole", Kind::Throttle));
    sandbox.set("AWS_MAX_ATTEMPTS", "2");
    sandbox.run(&["process", "prod"]).fails(1).error_form().says(&["Throttling"]);
    assert_eq!(sandbox.assumed(), 2);
    sandbox.unset("AWS_MAX_ATTEMPTS");
    sandbox.config(&format!(
        "[profile prod]\nrole_arn = {ADMIN}\nsource_profile = dev\nmax_attempts = 1\n"
    ));
    sandbox.run(&["process", "prod"]).fails(1);
    assert_eq!(sandbox.assumed(), 3);
    sandbox.set("AWS_MAX_ATTEMPTS", "many");
    sandbox.run(&["process", "prod"]).fails(3).error_form().says(&["AWS_MAX_ATTEMPTS"]);
}

#[test]
fn answer_after_three_seconds_is_used() {
    let sandbox = Sandbox::new();
    sandbox.aws.inject(Fault::once("AssumeRole", Kind::Delay(3_000)));
    sandbox.run(&["process", "prod"]).ok();
    assert_eq!(sandbox.assumed(), 1);
}

#[test]
fn sts_that_never_answers_is_timeout_error() {
    let sandbox = impatient();
    sandbox.aws.inject(Fault::always("AssumeRole", Kind::Hang));
    let begin = Instant::now();
    sandbox.run(&["process", "prod"]).fails(1).error_form().says(&["`prod`", "no answer in time"]);
    assert!(begin.elapsed() >= Duration::from_secs(2), "it was not even waited for");
}

#[test]
fn unreachable_sts_is_error() {
    let sandbox = impatient();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    sandbox.set("AWS_ENDPOINT_URL_STS", format!("http://{free}"));
    sandbox.run(&["process", "prod"]).fails(1).error_form().says(&["`prod`"]);
    sandbox.set("AWS_ENDPOINT_URL_STS", "http://no-such-host.invalid");
    sandbox.run(&["process", "prod"]).fails(1).error_form().says(&["`prod`"]);
    // TLS to somebody who speaks none.
    sandbox.set("AWS_ENDPOINT_URL_STS", sandbox.aws.url().replace("http:", "https:"));
    sandbox.run(&["process", "prod"]).fails(1).error_form().says(&["`prod`"]);
}

/// A sandbox whose instance and container have a role.
fn machines() -> Sandbox {
    let machine = format!("arn:aws:iam::{DEV}:role/machine");
    let sandbox = Sandbox::with_world(|world| {
        world.role(Role::new(&machine)).instance_role(&machine).container("task", &machine, None)
    });
    sandbox.set("AWS_MAX_ATTEMPTS", "1");
    sandbox.set("AWS_METADATA_SERVICE_NUM_ATTEMPTS", "1");
    sandbox.set("AWS_METADATA_SERVICE_TIMEOUT", "1");
    sandbox
}

#[test]
fn invalid_answer_of_instance_or_container_endpoint_is_error() {
    let sandbox = machines();
    let container = format!("{}/v2/credentials/task", sandbox.aws.url());
    for (variable, value) in
        [("AWS_EC2_METADATA_DISABLED", "false"), ("AWS_CONTAINER_CREDENTIALS_FULL_URI", &container)]
    {
        sandbox.set(variable, value);
        for kind in [
            Kind::Garbage,
            Kind::Reset,
            Kind::TruncatedBody,
            Kind::HugeBody(20 << 20),
            Kind::Status(200, HTML.to_owned()),
            Kind::Status(200, "{}".to_owned()),
            Kind::Status(404, HTML.to_owned()),
            Kind::Status(500, String::new()),
        ] {
            sandbox.aws.clear_faults();
            sandbox.aws.inject(Fault::always("*", kind.clone()));
            let run = sandbox.run(&["process"]).fails(1).error_form();
            assert!(
                run.stderr.len() < 3_000 && !run.stderr.contains('\u{1b}'),
                "{kind:?}: {run:#?}"
            );
        }
    }
}

#[test]
fn instance_or_container_endpoint_that_never_answers_is_error() {
    let sandbox = machines();
    sandbox.unset("AWS_EC2_METADATA_DISABLED");
    sandbox.aws.inject(Fault::always("*", Kind::Hang));
    sandbox.run(&["process"]).fails(1).error_form();
    sandbox.set(
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        format!("{}/v2/credentials/task", sandbox.aws.url()),
    );
    sandbox.run(&["process"]).fails(1).error_form();
}

fn tool(body: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    let script = sandbox.script("tool", body);
    sandbox.config(&format!("[profile tool]\ncredential_process = {script}\n"));
    sandbox.file("xdg/config/rolecall/settings.ini", "process_timeout = 2s\n");
    sandbox
}

#[test]
fn credential_process_is_ended_at_process_timeout() {
    for body in [
        "echo $$ > \"$HOME/pid\"; exec sleep 60",
        "echo $$ > \"$HOME/pid\"; trap '' TERM INT; n=0; while [ $n -lt 60 ]; do n=$((n + 1)); sleep 1; done",
    ] {
        let sandbox = tool(body);
        sandbox.run(&["process", "tool"]).fails(1).error_form().says(&[
            "config:2",
            "`tool`",
            "2 s",
            "process_timeout",
        ]);
        let pid = std::fs::read_to_string(sandbox.path("pid")).unwrap();
        until("the process ends too", || has_ended(pid.trim()));
    }
}

/// Also what a shell has started for it, where no terminal is there to end it.
#[test]
fn pipeline_of_credential_process_is_ended_at_process_timeout() {
    let sandbox = tool("sh -c 'echo $$ > \"$HOME/pid\"; exec sleep 60' | cat");
    sandbox
        .command(&["process", "tool"])
        .without_terminal()
        .run()
        .fails(1)
        .error_form()
        .says(&["2 s", "process_timeout"]);
    let pid = std::fs::read_to_string(sandbox.path("pid")).unwrap();
    until("all of it ends", || has_ended(pid.trim()));
}

#[test]
fn credential_process_that_prints_endlessly_is_error() {
    for body in ["yes '{\"Version\": 1,'", "head -c 100000000 /dev/zero", "yes >&2"] {
        let sandbox = tool(body);
        let run =
            sandbox.run(&["process", "tool"]).fails(1).error_form().says(&["config:2", "`tool`"]);
        assert!(run.stderr.len() < 3_000, "{run:#?}");
    }
}

#[test]
fn run_does_not_wait_for_background_child_of_credential_process() {
    let sandbox = tool(
        "sleep 60 & echo '{\"Version\":1,\"AccessKeyId\":\"AKIAX\",\"SecretAccessKey\":\"PrintedSecret\"}'",
    );
    sandbox.secret("PrintedSecret");
    // A run that waits for it is ended by the sandbox and fails the test.
    sandbox.run(&["process", "tool"]);
}

#[test]
fn credential_process_that_reads_stdin_gets_end_of_file() {
    let sandbox = tool(
        "cat >&2; echo '{\"Version\":1,\"AccessKeyId\":\"AKIAX\",\"SecretAccessKey\":\"PrintedSecret\"}'",
    );
    sandbox.secret("PrintedSecret");
    sandbox.command(&["process", "tool"]).redirected("<&-").run().ok();
    sandbox.command(&["process", "tool"]).stdin(std::process::Stdio::piped()).run().ok();
}

#[test]
fn signal_ends_run_that_waits_for_sts_with_exit_128_plus_number() {
    let sandbox = Sandbox::new();
    sandbox.aws.inject(Fault::always("AssumeRole", Kind::Hang));
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        let calls = sandbox.assumed();
        let running = sandbox.command(&["process", "prod"]).start();
        until("the call", || sandbox.assumed() > calls);
        running.signal(signal);
        running.finish().fails(code);
    }
    // No lock is left behind.
    sandbox.aws.clear_faults();
    sandbox.run(&["process", "prod"]).ok().silent();
}

#[test]
fn an_interrupted_renewal_hands_out_nothing() {
    let sandbox = Sandbox::new();
    sandbox.run(&["process", "prod"]).ok();
    sandbox.aws.inject(Fault::always("AssumeRole", Kind::Hang));
    let running = sandbox.command(&["process", "prod", "--refresh"]).start();
    until("the call", || sandbox.assumed() == 2);
    running.signal(Signal::INT);
    running.finish().fails(130);
}

#[test]
fn interrupt_ends_run_and_its_credential_process() {
    let sandbox = tool("echo $$ > \"$HOME/pid\"; exec sleep 60");
    sandbox.file("xdg/config/rolecall/settings.ini", "");
    let running = sandbox.command(&["process", "tool"]).start();
    let pid = || std::fs::read_to_string(sandbox.path("pid")).unwrap_or_default();
    until("the process", || pid().ends_with('\n'));
    running.signal(Signal::INT);
    running.finish().fails(130);
    until("the process ends too", || has_ended(pid().trim()));
}

/// What a call costs at its start grows in the SDK with the attempts that it may make.
#[test]
fn largest_max_attempts_value_is_accepted() {
    let sandbox = Sandbox::new();
    sandbox.set("AWS_MAX_ATTEMPTS", "4294967295");
    sandbox.run(&["process", "prod"]).ok();
}
