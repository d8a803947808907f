//! `rolecall sso login`: in a browser that comes back, and by a device code.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use fake_aws::Browser;
use rustix::process::Signal;
use serde_json::Value;

use super::support::{
    ADMIN, DEV, Fault, Kind, Run, Sandbox, Statement, mode, sso_token_file as token_file, time,
    until,
};

pub const USER: &str = "bob@example.com";

/// Bob, who is signed in in his browser, and may be `Developer` in the account `DEV`.
pub fn people() -> Sandbox {
    let sandbox = Sandbox::with_world(|world| {
        let all = vec![Statement::allow("*", "*")];
        world.sso_grant(USER, DEV, "Developer", all).sso_browser(Browser::Agrees(USER.to_owned()))
    });
    let url = start_url(&sandbox);
    // Tests run in containers too.
    let browser = "sso_use_device_code = false\n";
    sandbox.config(&format!(
        "[sso-session corp]\nsso_start_url = {url}\nsso_region = eu-west-1\n{browser}\
         [profile people]\nsso_session = corp\nsso_account_id = {DEV}\nsso_role_name = Developer\n\
         [profile prod]\nrole_arn = {ADMIN}\nsource_profile = people\n\
         [profile legacy]\nsso_start_url = {url}/old\nsso_region = eu-west-1\nsso_account_id = {DEV}\nsso_role_name = Developer\n{browser}"
    ));
    browse(&sandbox, "curl -sSL -i \"$1\" >\"$HOME/page\"; echo tab >>\"$HOME/tabs\"");
    sandbox
}

/// Adds a session `other`.
fn add_other(sandbox: &Sandbox) {
    let config = std::fs::read_to_string(sandbox.path(".aws/config")).unwrap();
    let url = start_url(sandbox);
    sandbox.config(&format!(
        "{config}[sso-session other]\nsso_start_url = {url}\nsso_region = eu-west-1\nsso_use_device_code = false\n"
    ));
}

pub fn start_url(sandbox: &Sandbox) -> String {
    format!("https://d-{}.awsapps.com/start", sandbox.id.to_ascii_lowercase())
}

/// Lets a script be the browser.
pub fn browse(sandbox: &Sandbox, script: &str) {
    sandbox.set("BROWSER", sandbox.script("browser", script));
}

pub fn token(sandbox: &Sandbox, name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(sandbox.path(&token_file(name))).unwrap()).unwrap()
}

fn page(sandbox: &Sandbox) -> String {
    until("the page in the browser", || {
        std::fs::read_to_string(sandbox.path("tabs")).is_ok_and(|tabs| !tabs.is_empty())
    });
    std::fs::read_to_string(sandbox.path("page")).unwrap()
}

/// The address of the page that a login shows, once it does.
fn address(terminal: &super::support::Terminal) -> String {
    terminal.wait_for("/authorize?", 1);
    let shown = terminal.shown();
    let line = shown.lines().find(|line| line.contains("/authorize?")).unwrap();
    line.trim().to_owned()
}

/// The value of a parameter of an address.
fn parameter(address: &str, name: &str) -> String {
    let (_, query) = address.split_once('?').unwrap();
    let pair = query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}=")));
    pair.unwrap().replace("%3A", ":").replace("%2F", "/")
}

#[test]
fn browser_that_comes_back_gives_token_that_all_sdks_read() {
    let sandbox = people();
    sandbox.run(&["sso", "login", "corp"]).ok();
    let file = token(&sandbox, "corp");
    assert_eq!(file["startUrl"], start_url(&sandbox).as_str());
    assert_eq!(file["region"], "eu-west-1");
    let issued = sandbox.aws.world(|world| world.sso.tokens[0].text.clone());
    assert_eq!(file["accessToken"], issued.as_str());
    let keys: Vec<&str> = file.as_object().unwrap().keys().map(String::as_str).collect();
    let mut sorted = keys.clone();
    sorted.sort_unstable();
    assert_eq!(
        sorted,
        [
            "accessToken",
            "clientId",
            "clientSecret",
            "expiresAt",
            "refreshToken",
            "region",
            "registrationExpiresAt",
            "startUrl"
        ]
    );
    let left = time(file["expiresAt"].as_str().unwrap()) - sandbox.aws.now();
    assert!((28_700..=28_800).contains(&left), "{left}");
    assert_eq!(mode(&sandbox.path(&token_file("corp"))), 0o600);
    // It serves, and so does its renewal.
    sandbox.run(&["process", "people"]).ok().silent();
    let page = page(&sandbox);
    for part in ["302", "200 OK", "Signed in", "corp", "You may close this window"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let lower = page.to_ascii_lowercase();
    for header in [
        "cache-control: no-store",
        "content-security-policy: default-src 'none'",
        "x-frame-options: deny",
        "connection: close",
        "referrer-policy: no-referrer",
    ] {
        assert!(lower.contains(header), "{header}: {page}");
    }
    assert!(!lower.contains("<script"), "{page}");
}

#[test]
fn client_asks_for_what_aws_demands() {
    let sandbox = people();
    sandbox.run(&["sso", "login", "corp"]).ok();
    let client = sandbox.aws.world(|world| world.sso.clients[0].clone());
    assert_eq!(client.grants.unwrap(), ["authorization_code", "refresh_token"]);
    assert_eq!(client.redirects, ["http://127.0.0.1/oauth/callback"]);
    assert_eq!(client.scopes, ["sso:account:access"]);
    assert_eq!(client.issuer.as_deref(), Some(start_url(&sandbox).as_str()));
    let calls = sandbox.aws.calls();
    let authorize = calls.iter().find(|call| call.operation == "Authorize").unwrap();
    let names: Vec<&str> = authorize.params.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "response_type",
            "client_id",
            "redirect_uri",
            "state",
            "code_challenge_method",
            "scopes",
            "code_challenge"
        ]
    );
    let sent = sandbox.sent_to("CreateToken", "redirectUri").unwrap();
    assert_eq!(Some(sent.as_str()), authorize.param("redirect_uri"));
    assert!(sent.starts_with("http://127.0.0.1:") && sent.ends_with("/oauth/callback"), "{sent}");
}

#[test]
fn registration_is_used_again_and_made_anew_once() {
    let sandbox = people();
    for _ in 0..2 {
        sandbox.run(&["sso", "login", "corp"]).ok();
    }
    assert_eq!(sandbox.aws.count("RegisterClient"), 1);
    assert_eq!(sandbox.aws.count("CreateToken"), 2, "each login is a new one");
    // One for device codes is another one.
    sandbox.aws.world(|world| world.sso.approval = Some((USER.to_owned(), 0)));
    sandbox.run(&["sso", "login", "corp", "--use-device-code"]).ok();
    assert_eq!(sandbox.aws.count("RegisterClient"), 2);
    assert_eq!(sandbox.sent_to("RegisterClient", "grantTypes"), None);
    assert_eq!(
        sandbox.sent_to("RegisterClient", "scopes").as_deref(),
        Some(r#"["sso:account:access"]"#)
    );
    // AWS has forgotten the client.
    sandbox.aws.world(|world| world.sso.clients.clear());
    sandbox.run(&["sso", "login", "corp", "--use-device-code"]).ok();
    assert_eq!(sandbox.aws.count("RegisterClient"), 3);
}

#[test]
fn session_is_named_by_itself_by_profile_or_not_at_all() {
    let sandbox = people();
    for args in [&["corp"][..], &["people"], &["prod"]] {
        sandbox.run(&[&["sso", "login"], args].concat()).ok();
        std::fs::remove_file(sandbox.path(&token_file("corp"))).unwrap();
    }
    sandbox.run(&["sso", "login", "legacy"]).ok();
    let legacy = format!("{}/old", start_url(&sandbox));
    assert_eq!(token(&sandbox, &legacy)["startUrl"], legacy.as_str());
    sandbox.set("AWS_PROFILE", "people");
    sandbox.run(&["sso", "login"]).ok();
    token(&sandbox, "corp");
    sandbox.unset("AWS_PROFILE");
    add_other(&sandbox);
    let run = sandbox.run(&["sso", "login"]).fails(4).error_form();
    run.says(&["several", "`corp`, `other`", "rolecall sso login corp"]);
}

#[test]
fn only_session_needs_no_name_and_none_is_an_error_with_places() {
    let sandbox = people();
    let config = std::fs::read_to_string(sandbox.path(".aws/config")).unwrap();
    sandbox.config(config.split("[profile legacy]").next().unwrap());
    sandbox.run(&["sso", "login"]).ok();
    sandbox.config("[profile dev]\nregion = eu-west-1\n");
    let run = sandbox.run(&["sso", "login"]).fails(3).error_form();
    run.says(&[
        "no session of IAM Identity Center",
        ".aws/config",
        "rolecall profile add --sso-session",
    ]);
    let run = sandbox.run(&["sso", "login", "dev"]).fails(3);
    run.says(&["dev"]);
    sandbox.run(&["sso", "login", "crop"]).fails(3).error_form().says(&["sso-session `crop`"]);
}

#[test]
fn person_chooses_among_several_sessions() {
    let sandbox = people();
    add_other(&sandbox);
    for (answer, name) in [("1\n", "corp"), ("other\n", "other"), ("9\n2\n", "other")] {
        let mut terminal = sandbox.command(&["sso", "login"]).on_a_terminal();
        terminal.wait_for("Which session? (1 to 2)", 1);
        terminal.enter(answer);
        terminal.finish().ok();
        token(&sandbox, name);
        std::fs::remove_file(sandbox.path(&token_file(name))).unwrap();
    }
    let mut terminal = sandbox.command(&["sso", "login"]).on_a_terminal();
    terminal.wait_for("Which session?", 1);
    terminal.enter("\x03");
    terminal.finish().fails(130);
}

#[test]
fn browser_that_fails_leaves_address_to_person() {
    let sandbox = people();
    browse(&sandbox, "exit 3");
    let running =
        sandbox.command(&["sso", "login", "corp"]).by_shell("exec \"$0\" \"$@\" 2>/dev/tty");
    let terminal = running.on_a_terminal();
    terminal.wait_for("no browser could be opened", 1);
    let address = address(&terminal);
    curl(&sandbox, &address);
    terminal.finish().ok();
    token(&sandbox, "corp");
}

/// Follows an address as a browser does.
pub fn curl(sandbox: &Sandbox, address: &str) -> Run {
    sandbox.program("curl", &["-sSL", address]).run().ok()
}

/// Starts a login whose address is shown, and returns it with the port to which it comes back.
pub fn waiting<'a>(
    sandbox: &'a Sandbox,
    args: &[&str],
) -> (super::support::Terminal<'a>, String, u16) {
    let all = [&["sso", "login", "corp", "--no-browser"], args].concat();
    let command = sandbox.command(&all).by_shell("exec \"$0\" \"$@\" 2>/dev/tty");
    let terminal = command.on_a_terminal();
    let address = address(&terminal);
    let redirect = parameter(&address, "redirect_uri");
    let port = redirect.trim_start_matches("http://127.0.0.1:").split('/').next().unwrap();
    let port = port.parse().unwrap();
    (terminal, address, port)
}

/// Says something to a port, and returns the answer.
fn say(port: u16, what: &[u8]) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let _ = stream.write_all(what);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn strangers_at_callback_neither_sign_in_nor_end_login() {
    let sandbox = people();
    let (terminal, address, port) = waiting(&sandbox, &[]);
    let state = parameter(&address, "state");
    for (request, status) in [
        ("GET / HTTP/1.1\r\nhost: x\r\n\r\n".to_owned(), "404"),
        ("GET /favicon.ico HTTP/1.1\r\nhost: x\r\n\r\n".to_owned(), "404"),
        (format!("GET /oauth?code=c&state={state} HTTP/1.1\r\nhost: x\r\n\r\n"), "404"),
        (
            format!(
                "POST /oauth/callback?code=c&state={state} HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\n\r\nx"
            ),
            "405",
        ),
        ("GET /oauth/callback?code=c&state=guess HTTP/1.1\r\nhost: x\r\n\r\n".to_owned(), "400"),
        ("GET /oauth/callback?code=c HTTP/1.1\r\nhost: x\r\n\r\n".to_owned(), "400"),
        ("GET /oauth/callback?error=access_denied HTTP/1.1\r\nhost: x\r\n\r\n".to_owned(), "400"),
        (
            "GET /oauth/callback?error=access_denied&state=guess HTTP/1.1\r\nhost: x\r\n\r\n"
                .to_owned(),
            "400",
        ),
        (format!("GET /oauth/callback?state={state} HTTP/1.1\r\nhost: x\r\n\r\n"), "400"),
        ("nonsense\r\n\r\n".to_owned(), "400"),
    ] {
        let answer = say(port, request.as_bytes());
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{request:?}: {answer}");
    }
    // A head without end.
    let endless = [b"GET / HTTP/1.1\r\nx: ".to_vec(), vec![b'a'; 1_000_000]].concat();
    say(port, &endless);
    // Clients that say nothing, and more of them than are heard at once.
    let silent: Vec<TcpStream> =
        (0..100).map(|_| TcpStream::connect(("127.0.0.1", port)).unwrap()).collect();
    let mut slow = TcpStream::connect(("127.0.0.1", port)).unwrap();
    slow.write_all(b"GET /oau").unwrap();
    assert_eq!(sandbox.aws.count("CreateToken"), 0);
    let page = curl(&sandbox, &address).stdout;
    assert!(page.contains("Signed in"), "{page}");
    terminal.finish().ok();
    drop((silent, slow));
    assert_eq!(sandbox.aws.count("CreateToken"), 1);
    token(&sandbox, "corp");
}

#[test]
fn listener_is_on_loopback_alone_and_on_the_typed_port() {
    let sandbox = people();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let wanted = free.local_addr().unwrap().port();
    drop(free);
    let (terminal, address, port) = waiting(&sandbox, &["--port", &wanted.to_string()]);
    assert_eq!(port, wanted);
    assert!(TcpStream::connect(("127.0.0.2", port)).is_err());
    // One that is taken is named, before a browser opens.
    let run = sandbox.run(&["sso", "login", "legacy", "--port", &wanted.to_string()]);
    run.fails(1).error_form().says(&[&wanted.to_string(), "--port 0"]);
    curl(&sandbox, &address);
    terminal.finish().ok();
}

#[test]
fn refusal_in_browser_is_shown_there_and_here() {
    let sandbox = people();
    let why = "<b>not</b> for \"you\" \u{1b}[31m";
    sandbox.aws.world(|world| world.sso.browser = Browser::Refuses(why.to_owned()));
    let run = sandbox.run(&["sso", "login", "corp"]).fails(4);
    run.says(&["refused in the browser", "access_denied: <b>not</b> for \"you\""]);
    let page = page(&sandbox);
    assert!(page.contains("&lt;b&gt;not&lt;/b&gt; for &quot;you&quot;"), "{page}");
    assert!(page.contains("Not signed in") && !page.contains("<b>"), "{page}");
    assert!(!sandbox.path(&token_file("corp")).exists());
}

#[test]
fn failed_exchange_is_shown_in_browser_too() {
    let sandbox = people();
    let refused = Kind::Refuse(400, "InvalidGrantException".to_owned(), "no such code".to_owned());
    sandbox.aws.inject(Fault::always("CreateToken", refused));
    let run = sandbox.run(&["sso", "login", "corp"]);
    assert!(run.code == 1 || run.code == 4, "{run:#?}");
    run.says(&["InvalidGrantException", "no such code"]);
    assert!(page(&sandbox).contains("Not signed in"));
    assert!(!sandbox.path(&token_file("corp")).exists());
}

#[test]
fn ctrl_c_ends_login_and_leaves_nothing() {
    let sandbox = people();
    let (mut terminal, ..) = waiting(&sandbox, &[]);
    terminal.enter("\x03");
    terminal.finish().fails(130);
    assert!(!sandbox.path(&token_file("corp")).exists());
    let (terminal, ..) = waiting(&sandbox, &[]);
    terminal.running.signal(Signal::TERM);
    terminal.finish().fails(143);
    // While AWS is asked for the token.
    sandbox.aws.inject(Fault::always("CreateToken", Kind::Hang));
    let running = sandbox.command(&["sso", "login", "corp"]).start();
    until("the exchange", || sandbox.aws.count("CreateToken") == 1);
    running.signal(Signal::INT);
    running.finish().fails(130);
    assert!(!sandbox.path(&token_file("corp")).exists());
}

#[test]
fn login_ends_when_nobody_comes() {
    let sandbox = people();
    sandbox.settings("prompt_timeout = 1\n");
    browse(&sandbox, "exit 0");
    let run = sandbox.run(&["sso", "login", "corp"]).fails(4);
    run.says(&["nobody signed in to corp within 1 s", "rolecall sso login corp --use-device-code"]);
    let run = sandbox.run(&["sso", "login", "corp", "--use-device-code"]).fails(4);
    run.says(&["nobody signed in to corp within 1 s"]);
}

#[test]
fn without_input_nobody_is_asked() {
    let sandbox = people();
    let run = sandbox.run(&["sso", "login", "corp", "--no-input"]).fails(4).error_form();
    run.says(&["input is switched off"]);
    sandbox.no_calls();
}

#[test]
fn twenty_at_once_open_one_tab() {
    let sandbox = people();
    // The tab opens, and the person takes a moment.
    browse(&sandbox, "echo tab >>\"$HOME/tabs\"; sleep 2; curl -sSL \"$1\" >\"$HOME/page\"");
    let start = |_| sandbox.command(&["sso", "login", "corp"]).start();
    let all: Vec<_> = (0..20).map(start).collect();
    for running in all {
        running.finish().ok();
    }
    assert_eq!(std::fs::read_to_string(sandbox.path("tabs")).unwrap(), "tab\n");
    assert_eq!(sandbox.aws.count("CreateToken"), 1);
    // The next one is anew, though the token is good.
    browse(&sandbox, "curl -sSL \"$1\" >\"$HOME/page\"");
    sandbox.run(&["sso", "login", "corp"]).ok();
    assert_eq!(sandbox.aws.count("CreateToken"), 2);
}

#[test]
fn page_has_color_of_session() {
    let sandbox = people();
    sandbox.settings("[colors]\ncorp = #123456\n");
    sandbox.run(&["sso", "login", "corp"]).ok();
    assert!(page(&sandbox).contains("#123456"));
}
