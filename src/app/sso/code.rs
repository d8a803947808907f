//! A login by an authorization code with PKCE: the browser comes back to this machine (RFC 8252,
//! RFC 7636).

use form_urlencoded::Serializer;
use ring::digest::{SHA256, digest};
use secrecy::{ExposeSecret, SecretString};

use super::performer::{Performer, Refusal};
use crate::clients::ssooidc::{Client, Grant, IssuedToken};
use crate::error::{Error, Kind, Place, Result};
use crate::servers::callback::{Answer, CallbackServer};
use crate::system::base64url;
use crate::system::browser::Browsers;
use crate::system::random::token;
use crate::system::report::Report;

/// What this login alone knows.
struct Secrets {
    state: SecretString,
    verifier: SecretString,
}

impl Performer<'_> {
    /// Logs in in the browser. The page there waits until AWS has given the token.
    pub(super) fn by_code(
        &self,
        client: &Client,
        port: u16,
        browsers: &Browsers,
    ) -> Result<IssuedToken, Refusal> {
        let runtime = &self.context.runtime;
        // 64 letters, within RFC 7636's 43 to 128.
        let secrets = Secrets { state: token::<24>()?.into(), verifier: token::<48>()?.into() };
        let server = runtime.run(CallbackServer::bind(port, secrets.state.clone()))?;
        let mut server = server.map_err(|error| self.not_listening(port, error))?;
        let redirect_uri = server.redirect_uri();
        let url = self.authorization_url(client, &secrets, &redirect_uri)?;
        let answer = self.wait(&mut server, &url, browsers)?;
        let issued = match answer {
            Answer::Code(code) => {
                let verifier = &secrets.verifier;
                let grant = Grant::Code { code: &code, verifier, redirect_uri: &redirect_uri };
                let client = (client.id.as_str(), client.secret.expose_secret());
                let issued = self.calls().create_token(&self.target, client, &grant);
                issued.map_err(|error| self.refusal(error, "give a token for the login"))
            }
            Answer::Refused { error, description } => {
                Err(Refusal::Other(self.refused(&error, description)))
            }
        };
        let page = self.page(match &issued {
            Ok(_) => Ok(()),
            Err(Refusal::Client(error) | Refusal::Other(error)) => Err(error),
        });
        runtime.run(server.finish(page))?;
        issued
    }

    /// Opens the browser, and waits until it comes back.
    fn wait(&self, server: &mut CallbackServer, url: &str, browsers: &Browsers) -> Result<Answer> {
        let ui = &self.context.ui;
        let how = if browsers.is_empty() {
            "Open this page in a browser of this machine, or of one that forwards its port here"
        } else {
            "The browser opens a page to sign in; if it does not, open this"
        };
        ui.instruct(&format!("{how}:\n\n  {url}\n"));
        let limit = self.context.settings.login_timeout();
        let answer = self.context.runtime.run_within(limit, async {
            let answer = server.answer(ui);
            let opened = async {
                if !browsers.is_empty() {
                    if let Err(what) = browsers.open_page(url).await {
                        ui.warn(&format!("no browser could be opened: {what}"));
                    }
                }
                std::future::pending().await
            };
            tokio::select! {
                answer = answer => answer,
                never = opened => never,
            }
        })?;
        answer.ok_or_else(|| {
            Error::new(
                Kind::Declined,
                format!("nobody signed in to {} within {} s", self.name(), limit.as_secs()),
            )
            .hint(format!("try again: {}", self.command()))
            .hint(format!(
                "without a browser on this machine: {} --use-device-code",
                self.command()
            ))
        })
    }

    fn authorization_url(
        &self,
        client: &Client,
        secrets: &Secrets,
        redirect_uri: &str,
    ) -> Result<String> {
        let verifier = secrets.verifier.expose_secret();
        let challenge = base64url::encode(digest(&SHA256, verifier.as_bytes()).as_ref());
        let query = Serializer::new(String::new())
            .append_pair("response_type", "code")
            .append_pair("client_id", &client.id)
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("state", secrets.state.expose_secret())
            .append_pair("code_challenge_method", "S256")
            .append_pair("scopes", &self.scopes.join(" "))
            .append_pair("code_challenge", &challenge)
            .finish();
        Ok(format!("{}/authorize?{query}", self.calls().oidc_address(&self.target)?))
    }

    fn not_listening(&self, port: u16, error: std::io::Error) -> Error {
        let what = format!("port {port} of this machine cannot be used for the login");
        Error::failed(what)
            .at(Place::Option("--port"))
            .caused_by(error)
            .hint(format!("take a free one: {} --port 0", self.command()))
            .hint(format!("or need none: {} --use-device-code", self.command()))
    }

    /// Returns the error of a login that was refused in the browser.
    fn refused(&self, error: &str, description: Option<String>) -> Error {
        let said = match description {
            Some(description) => format!("{error}: {description}"),
            None => error.to_owned(),
        };
        Error::new(
            Kind::Declined,
            format!("{}: the sign-in was refused in the browser", self.who()),
        )
        .cause(said)
        .hint(format!("try again: {}", self.command()))
    }
}
