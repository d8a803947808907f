//! The server: accepts connections, remembers every call, and lets faults happen.

use std::io;
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use crate::faults::{self, Fault, Kind};
use crate::http::{Connection, Request, Response};
use crate::router::{self, Route};
use crate::sigv4::Authorization;
use crate::world::World;
use crate::{time, totp};

/// One request that arrived.
#[derive(Clone, Debug)]
pub struct Call {
    pub service: String,
    pub operation: String,
    /// Who signed, when it was signed.
    pub access_key_id: Option<String>,
    /// The region that was signed.
    pub region: Option<String>,
    /// Parameters as sent, secrets included.
    pub params: Vec<(String, String)>,
    /// Headers as sent, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The server's time when it arrived, in seconds since 1970.
    pub time: i64,
    /// The status of the answer, once there is one.
    pub status: Option<u16>,
}

impl Call {
    /// Returns the value of a parameter.
    pub fn param(&self, name: &str) -> Option<&str> {
        find(&self.params, name)
    }

    /// Returns the value of a header, named in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }
}

fn find<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

struct Shared {
    world: Mutex<World>,
    calls: Mutex<Vec<(u64, Call)>>,
    faults: Mutex<Vec<Fault>>,
    offset: AtomicI64,
    serial: AtomicI64,
    stop: AtomicBool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A running fake AWS. It stops when it is dropped.
pub struct FakeAws {
    url: String,
    shared: Arc<Shared>,
    listening: Option<JoinHandle<()>>,
}

impl FakeAws {
    /// Serves a world on a free port of 127.0.0.1, until the value is dropped.
    pub fn start(world: World) -> Self {
        Self::start_on(world, 0).expect("a free port")
    }

    /// Serves a world on a port of 127.0.0.1.
    pub fn start_on(world: World, port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port))?;
        let url = format!("http://{}", listener.local_addr()?);
        let shared = Arc::new(Shared {
            world: Mutex::new(world),
            calls: Mutex::default(),
            faults: Mutex::default(),
            offset: AtomicI64::new(0),
            serial: AtomicI64::new(0),
            stop: AtomicBool::new(false),
        });
        let inner = Arc::clone(&shared);
        let listening = std::thread::spawn(move || listen(&listener, &inner));
        Ok(Self { url, shared, listening: Some(listening) })
    }

    /// Returns the address, as in `http://127.0.0.1:4566`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns every call so far, in order.
    pub fn calls(&self) -> Vec<Call> {
        let calls = lock(&self.shared.calls);
        calls.iter().map(|(_, call)| call.clone()).collect()
    }

    /// Returns how many calls of an operation there were.
    pub fn count(&self, operation: &str) -> usize {
        let calls = lock(&self.shared.calls);
        calls.iter().filter(|(_, call)| call.operation == operation).count()
    }

    /// Forgets the calls so far.
    pub fn clear_calls(&self) {
        lock(&self.shared.calls).clear();
    }

    /// Sets how far the server's clock is ahead of this machine's, in seconds.
    pub fn set_clock_offset(&self, seconds: i64) {
        self.shared.offset.store(seconds, Ordering::SeqCst);
    }

    /// Returns the time by the server's clock, in seconds since 1970.
    pub fn now(&self) -> i64 {
        self.shared.now()
    }

    /// Lets something go wrong from now on, until it has happened as often as it says.
    pub fn inject(&self, fault: Fault) {
        lock(&self.shared.faults).push(fault);
    }

    /// Takes all faults away.
    pub fn clear_faults(&self) {
        lock(&self.shared.faults).clear();
    }

    /// Runs a function that looks at the world or changes it.
    pub fn world<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        look(&mut lock(&self.shared.world))
    }

    /// Returns a code that a user's device shows now by the server's clock, if possible one that
    /// was not used yet.
    pub fn mfa_code(&self, account: &str, user: &str) -> String {
        let now = self.now();
        self.world(|world| {
            let device = world.find_user(account, user).and_then(|one| one.mfa.clone());
            let device = device.expect("the user has a device");
            let next = now + totp::STEP;
            let mark = |time| (device.serial.clone(), totp::window(time));
            let taken = |time| world.used_codes.contains(&mark(time));
            device.code(if taken(now) && !taken(next) { next } else { now })
        })
    }
}

impl Drop for FakeAws {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        let address = self.url.trim_start_matches("http://");
        let _ = TcpStream::connect(address);
        if let Some(listening) = self.listening.take() {
            let _ = listening.join();
        }
    }
}

impl Shared {
    fn now(&self) -> i64 {
        time::system_now() + self.offset.load(Ordering::SeqCst)
    }

    fn record(&self, request: &Request, route: &Route, now: i64) -> u64 {
        let id = self.serial.fetch_add(1, Ordering::SeqCst).unsigned_abs();
        let signed = Authorization::of(request);
        let call = Call {
            service: route.service.to_owned(),
            operation: route.operation.clone(),
            access_key_id: signed.as_ref().map(|one| one.access_key_id.clone()),
            region: signed.map(|one| one.region),
            params: route.params.0.clone(),
            headers: request.headers.clone(),
            time: now,
            status: None,
        };
        lock(&self.calls).push((id, call));
        id
    }

    fn answered(&self, id: u64, status: u16) {
        let mut calls = lock(&self.calls);
        if let Some((_, call)) = calls.iter_mut().find(|(known, _)| *known == id) {
            call.status = Some(status);
        }
    }
}

fn listen(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        if shared.stop.load(Ordering::SeqCst) {
            return;
        }
        if let Ok(stream) = stream {
            let shared = Arc::clone(shared);
            std::thread::spawn(move || {
                let _ = converse(stream, &shared);
            });
        }
    }
}

fn converse(stream: TcpStream, shared: &Shared) -> io::Result<()> {
    let mut connection = Connection::new(stream, &shared.stop)?;
    loop {
        let request = match connection.receive() {
            Ok(Some(request)) => request,
            Ok(None) => return Ok(()),
            Err(error) => {
                let response = Response::text(400, &error.to_string());
                return connection.send(&response, &time::http(shared.now()), true);
            }
        };
        let now = shared.now();
        let route = router::find(&request);
        let call = shared.record(&request, &route, now);
        let fault = faults::take(&mut lock(&shared.faults), &route.operation);
        let replacement = fault.as_ref().and_then(|kind| faults::instead(kind, &route));
        let response = replacement
            .unwrap_or_else(|| router::answer(&mut lock(&shared.world), &request, &route, now));
        shared.answered(call, response.status);
        let wrong = match fault {
            Some(Kind::WrongDate(seconds)) => seconds,
            _ => 0,
        };
        let date = time::http(now + wrong);
        let goes_on = if let Some(kind) = &fault {
            faults::deliver(kind, &mut connection, &response, &date, request.close)?
        } else {
            connection.send(&response, &date, request.close)?;
            !request.close
        };
        if !goes_on {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests;
