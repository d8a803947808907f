use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::AtomicBool;

use super::{Connection, Response};

fn exchange(sent: &[u8], check: impl FnOnce(&mut Connection)) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    client.write_all(sent).unwrap();
    let stop = AtomicBool::new(false);
    let (stream, _) = listener.accept().unwrap();
    let mut connection = Connection::new(stream, &stop).unwrap();
    check(&mut connection);
    drop(connection);
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn two_requests_on_one_connection_are_received() {
    let sent = b"POST /a?b=c HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabcGET /d HTTP/1.1\r\nConnection: close\r\n\r\n";
    exchange(sent, |connection| {
        let first = connection.receive().unwrap().unwrap();
        assert_eq!((first.path.as_str(), first.query.as_str()), ("/a", "b=c"));
        assert_eq!((first.text(), first.close), ("abc".into(), false));
        let second = connection.receive().unwrap().unwrap();
        assert_eq!((second.path.as_str(), second.close), ("/d", true));
    });
}

#[test]
fn chunked_body_with_expect_continue_is_received() {
    let sent =
        b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: t\r\n\r\n";
    let answer = exchange(sent, |connection| {
        let request = connection.receive().unwrap().unwrap();
        assert_eq!(request.text(), "abcde");
        let response = Response::text(200, "ok");
        connection.send(&response, "now", false).unwrap();
    });
    assert!(answer.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"));
    assert!(answer.ends_with("\r\n\r\nok"));
}

#[test]
fn bytes_that_are_no_http_are_refused() {
    exchange(b"\x16\x03\x01 not http\r\n\r\n", |connection| {
        assert!(connection.receive().is_err());
    });
}
