//! Start URLs of a company's own, which lead to one of AWS.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use super::sso_login::{people, start_url, token};
use super::support::{DEV, Sandbox};

/// A company's server: what was asked of it, `METHOD PATH`.
struct Company {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Company {
    /// Starts a server that answers by a method, with a status line and a header.
    fn answering(answer: impl Fn(&str) -> String + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let log = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { break };
                let mut head = Vec::new();
                let mut byte = [0];
                while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|n| n > 0) {
                    head.push(byte[0]);
                }
                let head = String::from_utf8_lossy(&head).into_owned();
                let line = head.split(" HTTP/").next().unwrap().to_owned();
                let method = line.split(' ').next().unwrap().to_owned();
                log.lock().unwrap().push(line);
                let end = "content-length: 0\r\nconnection: close\r\n\r\n";
                let _ = write!(stream, "HTTP/1.1 {}\r\n{end}", answer(&method));
            }
        });
        Self { port, asked }
    }

    fn redirecting(location: &str) -> Self {
        let answer = format!("302 Found\r\nlocation: {location}");
        Self::answering(move |_| answer.clone())
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}/aws", self.port)
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// Bob's session `corp` at a company's start URL.
fn at(company: &Company) -> Sandbox {
    let sandbox = people();
    sandbox.config(&format!(
        "[sso-session corp]\nsso_start_url = {}\nsso_region = eu-west-1\nsso_use_device_code = false\n\
         [profile people]\nsso_session = corp\nsso_account_id = {DEV}\nsso_role_name = Developer\n",
        company.url()
    ));
    sandbox
}

fn issuer(sandbox: &Sandbox) -> Option<String> {
    sandbox.aws.world(|world| world.sso.clients[0].issuer.clone())
}

/// Logs in, and nothing is wrong.
fn quietly(sandbox: &Sandbox) {
    let run = sandbox.run(&["sso", "login", "corp"]).ok();
    assert!(!run.stderr.contains("warning"), "{run:#?}");
}

#[test]
fn login_goes_by_the_url_of_aws_and_token_keeps_the_own_one() {
    let led = "https://d-1.awsapps.com/start";
    let company = Company::redirecting(&format!("{led}#/"));
    let sandbox = at(&company);
    quietly(&sandbox);
    assert_eq!(company.asked(), ["HEAD /aws"]);
    assert_eq!(issuer(&sandbox).as_deref(), Some(led));
    let file = token(&sandbox, "corp");
    assert_eq!(file["startUrl"], company.url().as_str());
    assert_eq!(file["region"], "eu-west-1");
    sandbox.run(&["process", "people"]).ok().silent();
    assert_eq!(company.asked().len(), 1, "a login alone asks");
    // By a device code it is the same.
    sandbox.aws.world(|world| {
        world.sso.approval = Some((super::sso_login::USER.to_owned(), 0));
    });
    sandbox.run(&["sso", "login", "corp", "--use-device-code"]).ok();
    assert_eq!(sandbox.sent_to("StartDeviceAuthorization", "startUrl").as_deref(), Some(led));
}

#[test]
fn server_without_head_is_asked_by_get() {
    for status in ["405 Method Not Allowed", "501 Not Implemented"] {
        let company = Company::answering(move |method| match method {
            "HEAD" => status.to_owned(),
            _ => "301 Moved\r\nlocation: https://d-1.awsapps.com/start".to_owned(),
        });
        let sandbox = at(&company);
        quietly(&sandbox);
        assert_eq!(company.asked(), ["HEAD /aws", "GET /aws"]);
        assert_eq!(issuer(&sandbox).as_deref(), Some("https://d-1.awsapps.com/start"));
    }
}

#[test]
fn region_of_the_url_counts_and_another_one_is_said() {
    let company = Company::redirecting("https://ssoins-1.portal.eu-central-1.app.aws");
    let sandbox = at(&company);
    let run = sandbox.run(&["sso", "login", "corp"]).ok();
    run.says(&[
        "warning: the login is made in eu-central-1",
        "config:3",
        "rolecall profile set --sso-session corp sso_region=eu-central-1",
    ]);
    assert_eq!(token(&sandbox, "corp")["region"], "eu-central-1");
    sandbox.run(&["profile", "set", "--sso-session", "corp", "sso_region=eu-central-1"]).ok();
    quietly(&sandbox);
}

#[test]
fn url_that_leads_to_no_host_of_aws_is_used_as_it_is() {
    for (answer, why) in [
        ("302 Found\r\nlocation: https://evil.example/start", "it leads to https://evil.example"),
        ("302 Found\r\nlocation: http://d-1.awsapps.com/start", "it leads to http://d-1."),
        ("302 Found\r\nlocation: /elsewhere", "it leads to /elsewhere"),
        ("302 Found", "it answers 302"),
        ("200 OK\r\nlocation: https://d-1.awsapps.com/start", "it answers 200"),
        ("404 Not Found", "it answers 404"),
    ] {
        let company = Company::answering(move |_| answer.to_owned());
        let sandbox = at(&company);
        let run = sandbox.run(&["sso", "login", "corp"]).ok();
        run.says(&["warning: ", "config:2", why, "used as it is"]);
        assert_eq!(company.asked(), ["HEAD /aws"], "{answer}");
        assert_eq!(issuer(&sandbox), Some(company.url()), "{answer}");
    }
    // Nobody is there.
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let gone = Company { port: free.local_addr().unwrap().port(), asked: Arc::default() };
    drop(free);
    let sandbox = at(&gone);
    sandbox.set("AWS_MAX_ATTEMPTS", "1");
    sandbox.run(&["sso", "login", "corp"]).ok().says(&["warning: ", "used as it is"]);
}

#[test]
fn url_of_aws_is_not_asked() {
    let sandbox = people();
    sandbox.run(&["sso", "login", "corp", "-v"]).ok();
    assert_eq!(issuer(&sandbox), Some(start_url(&sandbox)));
}
