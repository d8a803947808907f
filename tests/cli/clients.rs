//! The clients of AWS: whom they trust, which way their requests go, and how much of an answer they
//! take.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::support::{DEV, Role, Sandbox, role, tls};

/// Two roles behind an endpoint that a private authority vouches for. Only `pinned` names it.
fn pinned_and_unpinned() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.set("AWS_ENDPOINT_URL_STS", tls::front(sandbox.aws.url()));
    sandbox.set("AWS_MAX_ATTEMPTS", "1");
    let profile = |name: &str, role_name: &str, bundle: &str| {
        format!("[profile {name}]\nrole_arn = {}\nsource_profile = dev\n{bundle}", role(role_name))
    };
    sandbox.config(&format!(
        "{}{}",
        profile("pinned", "admin", &format!("ca_bundle = {}\n", tls::authority())),
        profile("unpinned", "other", "")
    ));
    sandbox
}

#[test]
fn ca_bundle_of_one_profile_is_not_trusted_by_another() {
    for order in [["pinned", "unpinned"], ["unpinned", "pinned"]] {
        let sandbox = pinned_and_unpinned();
        let run = sandbox.run(&["login", order[0], order[1]]).fails(1);
        run.says(&["`unpinned`", "UnknownIssuer"]);
        assert_eq!(sandbox.assumed(), 1, "{order:?}");
        sandbox.run(&["process", "pinned"]).ok().silent();
        let run = sandbox.run(&["process", "unpinned"]).fails(1).error_form();
        run.says(&["the network does not reach", "AWS_ENDPOINT_URL_STS", "AWS_CA_BUNDLE"]);
    }
}

#[test]
fn ca_bundle_that_is_missing_fails_its_own_profile_only() {
    for order in [["broken", "prod"], ["prod", "broken"]] {
        let sandbox = Sandbox::new();
        sandbox.config(&format!(
            "[profile prod]\nrole_arn = {}\nsource_profile = dev\n\
             [profile broken]\nrole_arn = {}\nsource_profile = dev\nca_bundle = /no/such/bundle.pem\n",
            role("admin"),
            role("other")
        ));
        let run = sandbox.run(&["login", order[0], order[1]]).fails(3);
        run.says(&["the CA bundle /no/such/bundle.pem: "]);
        assert_eq!(sandbox.assumed(), 1, "{order:?}");
    }
}

/// A server that only notes that somebody came.
fn trap() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (url, visits) =
        (format!("http://{}", listener.local_addr().unwrap()), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&visits);
    std::thread::spawn(move || {
        for _ in listener.incoming() {
            counted.fetch_add(1, Ordering::Relaxed);
        }
    });
    (url, visits)
}

#[test]
fn requests_to_instance_and_container_bypass_proxy() {
    let machine = format!("arn:aws:iam::{DEV}:role/machine");
    for variable in ["HTTP_PROXY", "http_proxy", "ALL_PROXY"] {
        let sandbox = Sandbox::with_world(|world| {
            world
                .role(Role::new(&machine))
                .instance_role(&machine)
                .container("task", &machine, None)
        });
        let (proxy, visits) = trap();
        sandbox.set(variable, proxy);
        sandbox.set("AWS_EC2_METADATA_DISABLED", "false");
        sandbox.run(&["process"]).ok();
        sandbox.set(
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            format!("{}/v2/credentials/task", sandbox.aws.url()),
        );
        sandbox.run(&["process"]).ok();
        assert_eq!(visits.load(Ordering::Relaxed), 0, "{variable}");
    }
}

#[test]
fn requests_to_other_hosts_go_through_the_proxy() {
    let sandbox = Sandbox::new();
    let (proxy, visits) = trap();
    sandbox.set("HTTP_PROXY", proxy);
    sandbox.set("AWS_MAX_ATTEMPTS", "1");
    sandbox.set("AWS_ENDPOINT_URL_STS", "http://sts.example.invalid");
    sandbox.run(&["process", "prod"]).fails(1).error_form();
    assert_eq!(visits.load(Ordering::Relaxed), 1);
}

/// A server whose answers have no end; the count of the bytes that were taken from it.
fn endless() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (url, sent) =
        (format!("http://{}", listener.local_addr().unwrap()), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&sent);
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let _ = stream(client, &counted);
        }
    });
    (url, sent)
}

fn stream(mut client: TcpStream, sent: &AtomicUsize) -> std::io::Result<()> {
    let _ = client.read(&mut [0; 4096])?;
    client.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n")?;
    loop {
        sent.fetch_add(client.write(&[b' '; 4096])?, Ordering::Relaxed);
    }
}

#[test]
fn endless_answer_is_error_after_size_limit() {
    /// For both answers: their bounds, and what the sockets hold beside them.
    const MAX_TAKEN_BYTES: usize = 32 << 20;
    let sandbox = Sandbox::new();
    sandbox.set("AWS_MAX_ATTEMPTS", "1");
    let (url, sent) = endless();
    sandbox.set("AWS_ENDPOINT_URL_STS", &url);
    sandbox.run(&["process", "prod"]).fails(1).error_form();
    sandbox.set("AWS_CONTAINER_CREDENTIALS_FULL_URI", &url);
    sandbox.run(&["process"]).fails(1).error_form();
    let sent = sent.load(Ordering::Relaxed);
    assert!(sent > 0 && sent < MAX_TAKEN_BYTES, "{sent}");
}
