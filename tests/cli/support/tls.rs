//! A TLS front for a plain server, with a certificate that only a test authority vouches for
//! (`tests/data/tls`).

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

fn data(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/tls").join(name)
}

/// The CA bundle that vouches for the front.
pub fn authority() -> String {
    data("authority.pem").display().to_string()
}

/// Starts a front of the server at `upstream`; returns its URL. It ends with the test's process.
pub fn front(upstream: &str) -> String {
    serve("https", upstream, forward)
}

/// Starts a proxy behind which every host is the server at `upstream`; returns its URL. Its
/// certificate is that of AWS sign-in in each region.
pub fn proxy(upstream: &str) -> String {
    serve("http", upstream, |mut client, config, upstream| {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            client.read_exact(&mut byte)?;
            head.extend_from_slice(&byte);
        }
        client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
        forward(client, config, upstream)
    })
}

type Answer = fn(TcpStream, Arc<ServerConfig>, SocketAddr) -> std::io::Result<()>;

/// Answers every connection in a thread of its own.
fn serve(scheme: &str, upstream: &str, answer: Answer) -> String {
    let upstream: SocketAddr = upstream.trim_start_matches("http://").parse().unwrap();
    let config =
        ServerConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![CertificateDer::from_pem_file(data("server.pem")).unwrap()],
                PrivateKeyDer::from_pem_file(data("server-key.pem")).unwrap(),
            )
            .unwrap();
    let (config, listener) = (Arc::new(config), TcpListener::bind("127.0.0.1:0").unwrap());
    let url = format!("{scheme}://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let config = Arc::clone(&config);
            // A client that does not trust the certificate hangs up.
            std::thread::spawn(move || answer(client, config, upstream));
        }
    });
    url
}

/// Forwards one request and its answer, and ends the connection.
fn forward(
    client: TcpStream,
    config: Arc<ServerConfig>,
    upstream: SocketAddr,
) -> std::io::Result<()> {
    let connection = ServerConnection::new(config).map_err(std::io::Error::other)?;
    let mut client = StreamOwned::new(connection, client);
    let mut request = Vec::new();
    let mut part = [0; 4096];
    while !is_whole(&request) {
        match client.read(&mut part)? {
            0 => return Ok(()),
            count => request.extend_from_slice(&part[..count]),
        }
    }
    let first_line = request.iter().position(|b| *b == b'\n').unwrap() + 1;
    request.splice(first_line..first_line, *b"Connection: close\r\n");
    let mut server = TcpStream::connect(upstream)?;
    server.write_all(&request)?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer)?;
    client.write_all(&answer)?;
    client.conn.send_close_notify();
    client.flush()
}

fn is_whole(request: &[u8]) -> bool {
    let Some(end) = request.windows(4).position(|w| w == b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(&request[..end]).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    let length: usize = length.map_or(0, |length| length.trim().parse().unwrap());
    request.len() >= end + 4 + length
}
