//! Where a login in the browser comes back to: one page on 127.0.0.1. Anybody on this machine, and
//! every page in the browser, can ask for it. Only who knows the state of the login is heard; all
//! others get a short answer and change nothing.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::net::Ipv4Addr;
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::{AbortHandle, JoinSet};

use super::Page;
use crate::system::report::Report;

const PATH: &str = "/oauth/callback";
/// How long a client has to say what it wants.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the browser waits for what came of the login: AWS is asked meanwhile.
const PAGE_TIMEOUT: Duration = Duration::from_secs(150);
/// How long the page is waited for to be sent.
const FAREWELL: Duration = Duration::from_secs(2);
/// The largest head of a request, in bytes. A browser sends the cookies of all that was ever on
/// 127.0.0.1.
const MAX_HEAD_BYTES: usize = 64 * 1024;
/// How many clients are heard at once. One more ends the oldest.
const MAX_CLIENTS: usize = 64;
/// How many messages of clients wait to be read. More are not said.
const MAX_EVENTS: usize = 16;

/// How the browser came back.
pub enum Answer {
    Code(SecretString),
    /// The login was refused there: OAuth's code, and what it means in words of the other side.
    Refused {
        error: String,
        description: Option<String>,
    },
}

/// What a client did.
enum Event {
    Answer(Answer),
    /// It did not belong to the login.
    Stranger(String),
}

/// Listens for the browser.
pub struct CallbackServer {
    listener: TcpListener,
    port: u16,
    shared: Arc<Shared>,
    events: mpsc::Receiver<Event>,
    page: watch::Sender<Option<Page>>,
    clients: JoinSet<()>,
    /// The clients, the oldest first.
    ages: VecDeque<AbortHandle>,
    /// Each client that waits for the page holds it too.
    waiting: Arc<()>,
}

/// What each client's task has.
struct Shared {
    state: SecretString,
    events: mpsc::Sender<Event>,
    page: watch::Receiver<Option<Page>>,
    waiting: Weak<()>,
}

impl CallbackServer {
    /// Listens on a port of 127.0.0.1, on a free one for 0, for the login with a state.
    ///
    /// # Errors
    /// The port is taken, or what the system says.
    pub async fn bind(port: u16, state: SecretString) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let port = listener.local_addr()?.port();
        let (events_in, events) = mpsc::channel(MAX_EVENTS);
        let (page, page_out) = watch::channel(None);
        let waiting = Arc::new(());
        let held = Arc::downgrade(&waiting);
        let shared = Shared { state, events: events_in, page: page_out, waiting: held };
        Ok(Self {
            listener,
            port,
            shared: Arc::new(shared),
            events,
            page,
            clients: JoinSet::new(),
            ages: VecDeque::new(),
            waiting,
        })
    }

    /// Returns the address that the browser comes back to.
    pub fn redirect_uri(&self) -> String {
        format!("http://127.0.0.1:{}{PATH}", self.port)
    }

    /// Waits until the browser comes back, however long that takes. It waits for `finish` then.
    pub async fn answer(&mut self, report: &dyn Report) -> Answer {
        loop {
            tokio::select! {
                event = self.events.recv() => match event {
                    Some(Event::Answer(answer)) => return answer,
                    Some(Event::Stranger(what)) => report.decided(&|| what.clone()),
                    // This server holds a sender itself.
                    None => std::future::pending().await,
                },
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) => self.serve(stream),
                    // Too many files may be open, for a moment.
                    Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
                },
            }
        }
    }

    fn serve(&mut self, stream: TcpStream) {
        while self.clients.try_join_next().is_some() {}
        self.ages.retain(|client| !client.is_finished());
        if self.ages.len() >= MAX_CLIENTS {
            if let Some(oldest) = self.ages.pop_front() {
                oldest.abort();
            }
        }
        let client = self.clients.spawn(converse(stream, Arc::clone(&self.shared)));
        self.ages.push_back(client);
    }

    /// Shows the page to the browser that came back. Blocks for two seconds at most.
    pub async fn finish(mut self, page: Page) {
        self.page.send_replace(Some(page));
        let sent = async {
            while Arc::strong_count(&self.waiting) > 1 {
                if self.clients.join_next().await.is_none() {
                    break;
                }
            }
        };
        let _ = tokio::time::timeout(FAREWELL, sent).await;
    }
}

/// Hears one client.
async fn converse(stream: TcpStream, shared: Arc<Shared>) {
    // Held from when the client's request is that of the browser until it has its page.
    let waits = OnceLock::new();
    let service = service_fn(|request| respond(request, &shared, &waits));
    let connection = http1::Builder::new()
        .keep_alive(false)
        .max_buf_size(MAX_HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let in_time = tokio::time::timeout(REQUEST_TIMEOUT, connection.as_mut()).await.is_ok();
    if !in_time && waits.get().is_some() {
        let _ = tokio::time::timeout(PAGE_TIMEOUT, connection).await;
    }
}

async fn respond(
    request: Request<Incoming>,
    shared: &Shared,
    waits: &OnceLock<Arc<()>>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let answer = match read(&request, &shared.state) {
        Ok(answer) => answer,
        Err((status, what)) => {
            let said = format!("a request to the login's page is ignored: {what}");
            let _ = shared.events.try_send(Event::Stranger(said));
            return Ok(response(status, &Page::stranger(what)));
        }
    };
    if let Some(held) = shared.waiting.upgrade() {
        let _ = waits.set(held);
    }
    let mut page = shared.page.clone();
    // The first one counts; a browser that asks again gets the same page.
    let _ = shared.events.send(Event::Answer(answer)).await;
    let shown = match page.wait_for(Option::is_some).await {
        Ok(page) => page.clone(),
        Err(_) => None,
    };
    Ok(response(StatusCode::OK, &shown.unwrap_or_else(|| Page::stranger("the login has ended"))))
}

/// Reads how the browser came back.
///
/// # Errors
/// Says why the request is not that of the login's browser.
fn read<B>(
    request: &Request<B>,
    state: &SecretString,
) -> Result<Answer, (StatusCode, &'static str)> {
    if request.uri().path() != PATH {
        return Err((StatusCode::NOT_FOUND, "it asks for another page"));
    }
    if request.method() != Method::GET {
        return Err((StatusCode::METHOD_NOT_ALLOWED, "it is no GET"));
    }
    let query = request.uri().query().unwrap_or_default();
    let values = |wanted: &str| -> Vec<String> {
        let pairs = form_urlencoded::parse(query.as_bytes());
        pairs.filter(|(name, _)| name == wanted).map(|(_, value)| value.into_owned()).collect()
    };
    let error = values("error").into_iter().next();
    let is_ours = match values("state").as_slice() {
        [given] => bool::from(given.as_bytes().ct_eq(state.expose_secret().as_bytes())),
        _ => false,
    };
    if !is_ours {
        let what = match error {
            Some(_) => "it says that a login failed, and not which (no state of this login)",
            None => "it does not have the state of this login",
        };
        return Err((StatusCode::BAD_REQUEST, what));
    }
    if let Some(error) = error {
        let description = values("error_description").into_iter().next();
        return Ok(Answer::Refused { error, description });
    }
    match values("code").as_slice() {
        [code] if !code.is_empty() => Ok(Answer::Code(SecretString::from(code.as_str()))),
        _ => Err((StatusCode::BAD_REQUEST, "it has neither a code nor an error")),
    }
}

fn response(status: StatusCode, page: &Page) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(page.html())));
    *response.status_mut() = status;
    for (name, value) in page.headers() {
        if let Ok(value) = value.parse() {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(method: &str, target: &str) -> Result<Answer, (StatusCode, &'static str)> {
        let request = Request::builder().method(method).uri(target).body(()).unwrap();
        read(&request, &SecretString::from("s-1"))
    }

    #[test]
    fn only_state_of_login_is_heard() {
        for (method, target, status) in [
            ("GET", "/", 404),
            ("GET", "/oauth/callback/?code=c&state=s-1", 404),
            ("GET", "/favicon.ico?code=c&state=s-1", 404),
            ("POST", "/oauth/callback?code=c&state=s-1", 405),
            ("HEAD", "/oauth/callback?code=c&state=s-1", 405),
            ("GET", "/oauth/callback", 400),
            ("GET", "/oauth/callback?code=c", 400),
            ("GET", "/oauth/callback?code=c&state=", 400),
            ("GET", "/oauth/callback?code=c&state=s-2", 400),
            ("GET", "/oauth/callback?code=c&state=s-1&state=s-1", 400),
            ("GET", "/oauth/callback?code=c&state=s-11", 400),
            ("GET", "/oauth/callback?error=access_denied", 400),
            ("GET", "/oauth/callback?state=s-1", 400),
            ("GET", "/oauth/callback?code=&state=s-1", 400),
            ("GET", "/oauth/callback?code=a&code=b&state=s-1", 400),
        ] {
            let refused = of(method, target).err().map(|(status, _)| status.as_u16());
            assert_eq!(refused, Some(status), "{method} {target}");
        }
        match of("GET", "/oauth/callback?code=a%2Fb+c&state=s-1") {
            Ok(Answer::Code(code)) => assert_eq!(code.expose_secret(), "a/b c"),
            _ => panic!("the code"),
        }
        let refused = "/oauth/callback?error=access_denied&error_description=not%20you&state=s-1";
        match of("GET", refused) {
            Ok(Answer::Refused { error, description }) => {
                assert_eq!(
                    (error.as_str(), description.as_deref()),
                    ("access_denied", Some("not you"))
                );
            }
            _ => panic!("the refusal"),
        }
    }
}
