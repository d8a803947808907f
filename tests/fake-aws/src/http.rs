//! The server side of HTTP/1.1: reads requests and sends answers.

use std::fmt::Write as _;
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::encoding;

const IDLE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(50);
const HEAD_MOST: usize = 256 * 1024;
const BODY_MOST: usize = 16 * 1024 * 1024;

/// A request as it came.
#[derive(Clone, Debug, Default)]
pub struct Request {
    pub method: String,
    pub path: String,
    pub query: String,
    /// Names in lower case, in the order sent.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub close: bool,
}

impl Request {
    /// Returns the first header with a name, given in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Returns the parameters of the query string.
    pub fn query_pairs(&self) -> Vec<(String, String)> {
        encoding::form(&self.query)
    }

    /// Returns the body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// An answer to send.
#[derive(Clone, Debug)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Response {
    /// Returns an answer with a body of some type.
    pub fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: vec![("Content-Type".to_owned(), content_type.to_owned())],
            body: body.into(),
        }
    }

    /// Returns an answer without a body.
    pub fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    /// Returns an answer in plain text.
    pub fn text(status: u16, body: &str) -> Self {
        Self::new(status, "text/plain", body)
    }

    /// Returns an answer in JSON.
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        Self::new(status, "application/json", body.to_string())
    }

    /// Returns the same with one more header.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Returns status line and headers as HTTP/1.1 writes them.
    pub fn head(&self, date: &str, close: bool) -> String {
        let mut head = format!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status));
        let more = [
            ("Date", date.to_owned()),
            ("Content-Length", self.body.len().to_string()),
            ("Connection", if close { "close" } else { "keep-alive" }.to_owned()),
        ];
        for (name, value) in &self.headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        for (name, value) in more {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        head + "\r\n"
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        302 => "Found",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        413 => "Request Entity Too Large",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => "Answer",
    }
}

/// One client's connection.
pub struct Connection<'a> {
    stream: TcpStream,
    held: Vec<u8>,
    stop: &'a AtomicBool,
}

impl<'a> Connection<'a> {
    /// Takes over a connection until it ends or the server stops.
    pub fn new(stream: TcpStream, stop: &'a AtomicBool) -> io::Result<Self> {
        stream.set_read_timeout(Some(POLL))?;
        stream.set_write_timeout(Some(IDLE))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, held: Vec::new(), stop })
    }

    /// Returns the next request, or nothing when the client has gone or idles too long.
    pub fn receive(&mut self) -> io::Result<Option<Request>> {
        let (mut request, head) = loop {
            if let Some(parsed) = parse(&self.held)? {
                break parsed;
            }
            if self.held.len() > HEAD_MOST {
                return Err(invalid("the head is too long"));
            }
            if !self.fill()? {
                return Ok(None);
            }
        };
        self.held.drain(..head);
        if request.header("expect").is_some_and(|value| value.eq_ignore_ascii_case("100-continue"))
        {
            self.write(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        let chunked = request
            .header("transfer-encoding")
            .is_some_and(|value| value.to_ascii_lowercase().contains("chunked"));
        request.body = if chunked {
            self.chunks()?
        } else {
            let length = request.header("content-length").unwrap_or("0").trim();
            let length = length.parse().map_err(|_| invalid("content-length"))?;
            self.take(length)?
        };
        Ok(Some(request))
    }

    /// Sends bytes as they are.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)?;
        self.stream.flush()
    }

    /// Sends an answer.
    pub fn send(&mut self, response: &Response, date: &str, close: bool) -> io::Result<()> {
        let mut bytes = response.head(date, close).into_bytes();
        bytes.extend_from_slice(&response.body);
        self.write(&bytes)
    }

    /// Waits until a time has passed, the client has gone or the server stops.
    pub fn wait(&mut self, time: Duration) {
        let end = Instant::now() + time;
        while !self.stop.load(Ordering::Relaxed) {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            if left >= POLL {
                match self.stream.peek(&mut [0]) {
                    Err(error) if waits(&error) => continue,
                    Ok(0) | Err(_) => return,
                    Ok(_) => {}
                }
            }
            std::thread::sleep(POLL.min(left));
        }
    }

    fn fill(&mut self) -> io::Result<bool> {
        let start = Instant::now();
        let mut bytes = [0; 16 * 1024];
        while start.elapsed() < IDLE && !self.stop.load(Ordering::Relaxed) {
            match self.stream.read(&mut bytes) {
                Ok(0) => return Ok(false),
                Ok(count) => {
                    self.held.extend_from_slice(&bytes[..count]);
                    return Ok(true);
                }
                Err(error) if waits(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }

    fn take(&mut self, count: usize) -> io::Result<Vec<u8>> {
        if count > BODY_MOST {
            return Err(invalid("the body is too long"));
        }
        while self.held.len() < count {
            if !self.fill()? {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(self.held.drain(..count).collect())
    }

    fn line(&mut self) -> io::Result<String> {
        loop {
            if let Some(end) = self.held.windows(2).position(|pair| pair == b"\r\n") {
                let line = self.take(end + 2)?;
                return Ok(String::from_utf8_lossy(&line[..end]).into_owned());
            }
            if self.held.len() > HEAD_MOST || !self.fill()? {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
    }

    fn chunks(&mut self) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let line = self.line()?;
            let size = line.split(';').next().unwrap_or("").trim();
            let size = usize::from_str_radix(size, 16).map_err(|_| invalid("chunk size"))?;
            if body.len() + size > BODY_MOST {
                return Err(invalid("the body is too long"));
            }
            if size == 0 {
                while !self.line()?.is_empty() {}
                return Ok(body);
            }
            body.extend(self.take(size)?);
            self.line()?;
        }
    }
}

fn waits(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, what)
}

fn parse(bytes: &[u8]) -> io::Result<Option<(Request, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; 128];
    let mut parsed = httparse::Request::new(&mut headers);
    let status = parsed.parse(bytes).map_err(|error| invalid(&error.to_string()))?;
    let httparse::Status::Complete(length) = status else {
        return Ok(None);
    };
    let target = parsed.path.unwrap_or("/");
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let headers: Vec<(String, String)> = parsed
        .headers
        .iter()
        .map(|header| {
            let value = String::from_utf8_lossy(header.value).into_owned();
            (header.name.to_ascii_lowercase(), value)
        })
        .collect();
    let mut request = Request {
        method: parsed.method.unwrap_or("").to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers,
        body: Vec::new(),
        close: false,
    };
    let connection = request.header("connection").unwrap_or("");
    request.close = parsed.version == Some(0) || connection.eq_ignore_ascii_case("close");
    Ok(Some((request, length)))
}

#[cfg(test)]
mod tests;
