//! Ways in which a service can fail.

use std::io;
use std::time::Duration;

use crate::encoding::random;
use crate::http::{Connection, Response};
use crate::router::{self, Route};
use crate::sso;

const FOREVER: Duration = Duration::from_hours(1);
const DRIP: Duration = Duration::from_millis(10);

/// Something that goes wrong with calls of an operation.
#[derive(Clone, Debug)]
pub struct Fault {
    /// The operation, or `*` for every one.
    pub on: String,
    /// How many more times it happens; `None` for every time.
    pub times: Option<u32>,
    /// How many times it does not happen first.
    pub skip: u32,
    pub kind: Kind,
}

impl Fault {
    /// Goes wrong once.
    pub fn once(on: &str, kind: Kind) -> Self {
        Self::times(on, 1, kind)
    }

    /// Goes wrong this many times.
    pub fn times(on: &str, times: u32, kind: Kind) -> Self {
        Self { on: on.to_owned(), times: Some(times), skip: 0, kind }
    }

    /// Goes wrong until it is taken away.
    pub fn always(on: &str, kind: Kind) -> Self {
        Self { on: on.to_owned(), times: None, skip: 0, kind }
    }

    /// Goes wrong at one call, counted from 1.
    pub fn nth(on: &str, number: u32, kind: Kind) -> Self {
        Self { skip: number.saturating_sub(1), ..Self::once(on, kind) }
    }
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The answer comes this many milliseconds late.
    Delay(u64),
    /// The service says that there are too many calls.
    Throttle,
    /// The service refuses with a status, a code and a message, in the form of its protocol.
    Refuse(u16, String, String),
    /// Another status and body come.
    Status(u16, String),
    /// The connection ends without an answer.
    Reset,
    /// Random bytes come.
    Garbage,
    /// The connection ends in the middle of the answer.
    TruncatedBody,
    /// This many bytes come.
    HugeBody(usize),
    /// No answer ever comes.
    Hang,
    /// The answer comes byte by byte.
    SlowDrip,
    /// The answer's date is wrong by this many seconds.
    WrongDate(i64),
}

/// Takes the fault that applies to an operation now, and counts it.
pub fn take(faults: &mut Vec<Fault>, operation: &str) -> Option<Kind> {
    let mut is_due = |fault: &mut Fault| {
        let applies = fault.on == "*" || fault.on == operation;
        let waits = applies && fault.skip > 0;
        fault.skip -= u32::from(waits);
        applies && !waits
    };
    let place = faults.iter_mut().position(&mut is_due)?;
    let kind = faults[place].kind.clone();
    if let Some(times) = &mut faults[place].times {
        *times = times.saturating_sub(1);
        if *times == 0 {
            faults.remove(place);
        }
    }
    Some(kind)
}

/// Returns the answer that a fault gives in place of the service's, if it gives one.
pub fn instead(kind: &Kind, route: &Route) -> Option<Response> {
    let query_protocol = route.query_protocol();
    match kind {
        Kind::Refuse(status, code, message) => Some(router::refuse(route, *status, code, message)),
        Kind::Throttle if query_protocol => {
            Some(router::refuse(route, 400, "Throttling", "Rate exceeded"))
        }
        Kind::Throttle => Some(sso::too_many()),
        Kind::Status(code, body) if query_protocol => {
            Some(Response::new(*code, "text/xml", body.clone()))
        }
        Kind::Status(code, body) => Some(Response::new(*code, "application/json", body.clone())),
        Kind::Garbage => Some(Response::new(200, "text/xml", random(512))),
        Kind::HugeBody(bytes) => Some(Response::new(200, "text/xml", vec![b'a'; *bytes])),
        Kind::Reset | Kind::Hang => Some(Response::text(500, "")),
        Kind::Delay(_) | Kind::TruncatedBody | Kind::SlowDrip | Kind::WrongDate(_) => None,
    }
}

/// Sends an answer the way a fault wants it, and returns whether the connection goes on.
pub fn deliver(
    kind: &Kind,
    connection: &mut Connection,
    response: &Response,
    date: &str,
    close: bool,
) -> io::Result<bool> {
    match kind {
        Kind::Reset => return Ok(false),
        Kind::Hang => {
            connection.wait(FOREVER);
            return Ok(false);
        }
        Kind::Delay(milliseconds) => connection.wait(Duration::from_millis(*milliseconds)),
        Kind::TruncatedBody => {
            connection.write(response.head(date, true).as_bytes())?;
            connection.write(&response.body[..response.body.len() / 2])?;
            return Ok(false);
        }
        Kind::SlowDrip => {
            connection.write(response.head(date, close).as_bytes())?;
            for byte in &response.body {
                connection.write(&[*byte])?;
                connection.wait(DRIP);
            }
            return Ok(!close);
        }
        Kind::Throttle
        | Kind::Refuse(..)
        | Kind::Status(..)
        | Kind::Garbage
        | Kind::HugeBody(_)
        | Kind::WrongDate(_) => {}
    }
    connection.send(response, date, close)?;
    Ok(!close)
}
