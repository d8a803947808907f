//! A login by a device code: it is approved in a browser anywhere (RFC 8628).

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use secrecy::ExposeSecret;
use tokio::task::JoinHandle;

use super::performer::{Performer, Refusal};
use crate::clients::failure::{CallError, Failure};
use crate::clients::ssooidc::{Client, Device, Grant, IssuedToken};
use crate::error::{AwsCode, Error, Kind, Result};
use crate::prompt::qr;
use crate::system::browser::{Browsers, NoBrowser};
use crate::system::report::Report;
use crate::system::terminal::{Output, Writes, is_drawable};

/// What a poll is put off by when AWS says so (RFC 8628, section 3.5).
const SLOWER: Duration = Duration::from_secs(5);
const PURPOSE: &str = "give a token for the login";

/// What a poll came to, beside a token.
enum Pending {
    Wait,
    SlowDown,
    /// No answer came that decides anything.
    Unreachable(Failure),
}

/// A browser that is being opened.
type Opening = JoinHandle<Result<(), NoBrowser>>;

impl Performer<'_> {
    /// Logs in by a device code; `why` says what forbids a browser here.
    pub(super) fn by_device(
        &self,
        client: &Client,
        why: Option<&str>,
        browsers: &Browsers,
    ) -> Result<IssuedToken, Refusal> {
        let begin = Instant::now();
        let start_url = &self.session.start_url;
        let device = self
            .calls()
            .start_device(&self.target, client, start_url)
            .map_err(|error| self.refusal(error, "begin the login"))?;
        // The client may be approved already.
        let mut pending = match self.poll(client, &device)? {
            Ok(issued) => return Ok(issued),
            Err(pending) => pending,
        };
        self.show(&device, why);
        let mut opening = self.open(&device, browsers)?;
        let limit = device.expires_in.min(self.context.settings.login_timeout());
        let mut interval = device.interval;
        loop {
            match pending {
                Pending::Wait => {}
                Pending::SlowDown => interval += SLOWER,
                Pending::Unreachable(failure) => {
                    self.context.ui.decided(&|| format!("asking again: {failure}"));
                }
            }
            let left = limit.saturating_sub(begin.elapsed());
            if left.is_zero() {
                return Err(self.too_late(limit).into());
            }
            self.context.runtime.sleep(interval.min(left))?;
            self.check(&mut opening)?;
            pending = match self.poll(client, &device)? {
                Ok(issued) => return Ok(issued),
                Err(pending) => pending,
            };
        }
    }

    /// Asks once whether the person has approved.
    fn poll(
        &self,
        client: &Client,
        device: &Device,
    ) -> Result<Result<IssuedToken, Pending>, Refusal> {
        let client = (client.id.as_str(), client.secret.expose_secret());
        let answer = self.calls().create_token(&self.target, client, &Grant::Device(&device.code));
        let failure = match answer {
            Ok(issued) => return Ok(Ok(issued)),
            Err(CallError::Failed(failure)) => failure,
            Err(error @ CallError::Other(_)) => return Err(self.refusal(error, PURPOSE)),
        };
        match failure.code.as_ref().map(AwsCode::as_str) {
            Some("AuthorizationPendingException") => Ok(Err(Pending::Wait)),
            Some("SlowDownException" | "TooManyRequestsException") => Ok(Err(Pending::SlowDown)),
            None | Some("InternalServerException") => Ok(Err(Pending::Unreachable(failure))),
            Some(_) => Err(self.refusal(failure.into(), PURPOSE)),
        }
    }

    /// Shows the code and where it is approved.
    fn show(&self, device: &Device, why: Option<&str>) {
        let ui = &self.context.ui;
        let page = device.page_with_code.as_deref().unwrap_or(&device.page);
        let why = why.map(|why| format!("Signing in by a code: {why}.\n")).unwrap_or_default();
        ui.instruct(&format!(
            "{why}Open this page in a browser, on any machine:\n\n  {page}\n\nand check that it \
             shows the code {}\n",
            device.user_code
        ));
        if !std::io::stderr().is_terminal() || !is_drawable() {
            return;
        }
        let Ok(mut terminal) = Output::open(Writes::Bounded) else { return };
        let size = terminal.size().ok().flatten();
        if let Some(image) = qr::draw(page) {
            if size.is_some_and(|(columns, rows)| image.columns <= columns && image.rows <= rows) {
                let _ = terminal.write(&image.drawing);
            }
        }
        // OSC 52 asks the terminal, wherever it is, to take a text into the clipboard.
        let text = aws_smithy_types::base64::encode(page);
        let _ = terminal.write(&format!("\u{1b}]52;c;{text}\u{7}"));
        ui.note("where your terminal allows it, the address is in the clipboard");
    }

    /// Begins to open the page in a browser that is here. It goes on while AWS is asked.
    fn open(&self, device: &Device, browsers: &Browsers) -> Result<Option<Opening>> {
        if browsers.is_empty() {
            return Ok(None);
        }
        let page = device.page_with_code.as_ref().unwrap_or(&device.page).clone();
        let browsers = browsers.clone();
        let open = async move { browsers.open_page(&page).await };
        self.context.runtime.run(async { Some(tokio::spawn(open)) })
    }

    /// Says once that no browser could be opened.
    fn check(&self, opening: &mut Option<Opening>) -> Result<()> {
        let Some(ended) = opening.take_if(|opening| opening.is_finished()) else { return Ok(()) };
        if let Ok(Err(what)) = self.context.runtime.run(ended)? {
            self.context.ui.warn(&format!("no browser could be opened: {what}"));
        }
        Ok(())
    }

    fn too_late(&self, limit: Duration) -> Error {
        let (name, seconds) = (self.name(), limit.as_secs());
        Error::new(Kind::Declined, format!("nobody signed in to {name} within {seconds} s"))
            .hint(format!("try again: {}", self.command()))
    }
}
