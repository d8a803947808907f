//! Which way a person logs in: in a browser that comes back to this machine, or by a device code
//! that is approved in a browser anywhere.

use std::path::Path;

use crate::chain::{Placed, SsoSession};
use crate::clients::ssooidc::ClientKind;
use crate::error::Result;
use crate::system::browser::Browsers;
use crate::system::elsewhere::Elsewhere;
use crate::system::environment::Environment;

/// How a person wants to log in.
#[derive(Debug, Clone, Copy, Default)]
pub struct LoginOptions {
    /// By a code that is typed in a browser anywhere.
    pub device_code: bool,
    /// Show the address, and open no browser.
    pub no_browser: bool,
    /// Where on this machine the browser comes back; 0 for any free port.
    pub port: Option<u16>,
}

/// What containers have.
const CONTAINER: [&str; 2] = ["/.dockerenv", "/run/.containerenv"];

/// A way to log in.
#[derive(Debug, PartialEq, Eq)]
pub enum Way {
    /// By an authorization code with PKCE.
    Code { port: u16, browsers: Browsers },
    /// By a device code.
    Device {
        /// Why not in a browser here, where nobody asked for it.
        why: Option<String>,
        /// The browsers of the person, where they are here.
        browsers: Browsers,
    },
}

impl Way {
    /// Chooses by what was typed, what is configured, and where the person is.
    ///
    /// # Errors
    /// Where a configured value is wrong.
    pub fn choose(
        environment: &Environment,
        session: &SsoSession,
        options: LoginOptions,
    ) -> Result<Self> {
        let is_there = |path: &str| Path::new(path).exists();
        Self::chosen(environment, session, options, &is_there)
    }

    fn chosen(
        environment: &Environment,
        session: &SsoSession,
        options: LoginOptions,
        is_there: &dyn Fn(&str) -> bool,
    ) -> Result<Self> {
        let (browsers, no_browser) = match Browsers::find(environment) {
            _ if options.no_browser => (Browsers::default(), None),
            Ok(browsers) => (browsers, None),
            Err(why) => (Browsers::default(), Some(why.to_string())),
        };
        let device = |why, browsers| Ok(Self::Device { why, browsers });
        if options.device_code {
            return device(None, browsers);
        }
        let code = |port, browsers| Ok(Self::Code { port, browsers });
        if let Some(port) = options.port {
            return code(port, browsers);
        }
        let port = session.redirect_port.clone()?.map(|port| port.value);
        match session.device_code.clone()? {
            Some(Placed { value: true, place }) => {
                return device(Some(format!("sso_use_device_code = true ({place})")), browsers);
            }
            Some(Placed { value: false, .. }) => return code(port.unwrap_or(0), browsers),
            None => {}
        }
        // A port that is always the same is one that is forwarded to where the browser is.
        if let Some(port) = port {
            return code(port, browsers);
        }
        let container = || CONTAINER.into_iter().find(|path| is_there(path));
        let container = || Some(format!("this is a container ({})", container()?));
        let elsewhere = Elsewhere::find(environment).map(|elsewhere| elsewhere.to_string());
        match elsewhere.or_else(container).or(no_browser) {
            Some(why) => device(Some(why), browsers),
            None => code(0, browsers),
        }
    }

    pub fn client(&self) -> ClientKind {
        match self {
            Self::Code { .. } => ClientKind::AuthorizationCode,
            Self::Device { .. } => ClientKind::DeviceCode,
        }
    }
}
