//! Performs a login, by the way that fits: a registered client, the person, and the token that is
//! kept.

use super::way::{LoginOptions, Way};
use crate::app::context::Context;
use crate::chain::{Chain, Sso, SsoSession};
use crate::clients::asked::Asked;
use crate::clients::calls::AwsCalls;
use crate::clients::factory::Target;
use crate::clients::failure::CallError;
use crate::clients::ssooidc::{Client, ClientKind, IssuedToken, NewClient};
use crate::error::{Error, Result};
use crate::servers::Page;
use crate::sources::login_tokens::LoginTokens;
use crate::sources::sso_registration::RegistrationFile;
use crate::sources::sso_token::Token;
use crate::system::clock::{Clock, SystemClock};
use crate::system::report::Report;
use crate::text::shown_url;

/// What a login asks for where nothing is configured. Only a login with a scope gets a token that
/// can be renewed.
const SCOPE: &str = "sso:account:access";
const INVALID_CLIENT: &str = "InvalidClientException";

/// Performs one login.
pub struct Performer<'a> {
    pub(super) context: &'a Context,
    chain: &'a Chain,
    sso: &'a Sso,
    /// The session by which the login is made, at AWS's own start URL.
    pub(super) session: &'a SsoSession,
    pub(super) target: Target<'a>,
    way: Way,
    pub(super) scopes: Vec<String>,
}

impl<'a> Performer<'a> {
    /// # Errors
    /// Where what is configured of the session is wrong.
    pub fn new(
        context: &'a Context,
        (chain, sso, session): (&'a Chain, &'a Sso, &'a SsoSession),
        options: LoginOptions,
    ) -> Result<Self> {
        let endpoint = session.oidc_endpoint.as_ref().map_err(Clone::clone)?.as_ref();
        let target = Target::oidc(&chain.plan.network, session, endpoint);
        let way = Way::choose(&context.environment, session, options)?;
        let scopes = session.scopes.as_ref().map(|scopes| scopes.value.clone());
        let scopes = scopes.unwrap_or_else(|| vec![SCOPE.to_owned()]);
        Ok(Self { context, chain, sso, session, target, way, scopes })
    }

    /// Logs in and keeps the token.
    ///
    /// # Errors
    /// Those of `log_in`.
    pub fn log_in(&self, kept: &LoginTokens) -> Result<Token> {
        self.context.runtime.catch_signals()?;
        let (client, issued) = self.with_client(|client| match &self.way {
            Way::Code { port, browsers } => self.by_code(client, *port, browsers),
            Way::Device { why, browsers } => self.by_device(client, why.as_deref(), browsers),
        })?;
        // Other programs look for the token by the start URL that is configured.
        let start_url = self.sso.session.start_url.clone();
        let session = SsoSession { start_url, ..self.session.clone() };
        let token = Token::of_login(&session, &client, &issued, SystemClock.now());
        // A renewal that began before the login must not write over it.
        let lock = kept.lock(&self.sso.session);
        let written = kept.write(&self.sso.session, &token);
        drop(lock);
        written?;
        Ok(token)
    }

    /// Logs in by the registered client, and by a new one where AWS does not know it any more.
    fn with_client(
        &self,
        log_in: impl Fn(&Client) -> Result<IssuedToken, Refusal>,
    ) -> Result<(Client, IssuedToken)> {
        let kind = self.way.client();
        let home = self.context.directories.home()?;
        let file = RegistrationFile::of(home, self.session, &self.scopes);
        if let Some(client) = file.read(kind, SystemClock.now()) {
            match log_in(&client) {
                Ok(issued) => return Ok((client, issued)),
                Err(Refusal::Client(error)) => self.context.ui.decided(&|| {
                    format!("AWS does not know the registered client any more: {error}")
                }),
                Err(Refusal::Other(error)) => return Err(error),
            }
        }
        let client = self.register(kind)?;
        if let Err(error) = file.write(kind, &client) {
            self.context.ui.warn(&format!(
                "the registration cannot be kept in {}, and is made anew each time: {error}",
                file.path().display()
            ));
        }
        match log_in(&client) {
            Ok(issued) => Ok((client, issued)),
            Err(Refusal::Client(error) | Refusal::Other(error)) => Err(error),
        }
    }

    fn register(&self, kind: ClientKind) -> Result<Client> {
        let name = format!("rolecall-{}", self.name());
        let start_url = &self.session.start_url;
        let new = NewClient { kind, name: &name, scopes: &self.scopes, start_url };
        self.calls()
            .register_client(&self.target, &new)
            .map_err(|error| self.explained(error, "register a client for the login"))
    }

    pub(super) fn calls(&self) -> AwsCalls<'a> {
        let Context { clients, runtime, environment, .. } = self.context;
        AwsCalls { factory: clients, runtime, clock: &SystemClock, environment }
    }

    fn explained(&self, error: CallError, purpose: &str) -> Error {
        let session = &self.sso.session;
        let (url, place) = (shown_url(&session.start_url), &session.start_url_place);
        let refused = format!("{}: AWS refused to {purpose} at {url} ({place})", self.who());
        let (chain, purpose) = (self.chain, purpose.to_owned());
        error.explained(&Asked { chain, role: None, target: &self.target, purpose }, refused)
    }

    /// Sorts what became of a login's call: a client that AWS does not know can be replaced.
    pub(super) fn refusal(&self, error: CallError, purpose: &str) -> Refusal {
        let is_of_client = matches!(
            &error,
            CallError::Failed(failure)
                if failure.code.as_ref().is_some_and(|code| code.as_str() == INVALID_CLIENT)
        );
        let error = self.explained(error, purpose);
        if is_of_client { Refusal::Client(error) } else { Refusal::Other(error) }
    }

    /// Returns whose login it is, for a message.
    pub(super) fn who(&self) -> String {
        self.chain.base_who()
    }

    /// Returns the name of the login to show.
    pub(super) fn name(&self) -> &str {
        self.chain.login_name()
    }

    /// Returns the command that logs in.
    pub(super) fn command(&self) -> String {
        self.sso.session.login(self.chain.base_name())
    }

    /// Returns the page that ends a login in the browser.
    pub(super) fn page(&self, outcome: Result<(), &Error>) -> Page {
        let Err(error) = outcome else {
            let name = self.name();
            let who = format!("rolecall is signed in to {name} ({}).", self.sso.session.start_url);
            let color = self.context.settings.color_of(name);
            return Page::success(vec![who, "You may close this window.".to_owned()], color);
        };
        let lines = std::iter::once(error.message()).chain(error.causes().iter().map(|s| &**s));
        let lines = lines.map(str::to_owned);
        Page::failure(lines.chain(["You may close this window.".to_owned()]).collect())
    }
}

/// Why a login by a client failed.
pub enum Refusal {
    /// AWS does not know the client.
    Client(Error),
    Other(Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}
