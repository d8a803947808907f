//! Which way a person logs in: in a browser that comes back to this machine, or by a device code
//! that is approved in a browser anywhere.

use std::path::Path;

use crate::chain::{Placed, SsoSession};
use crate::clients::ssooidc::ClientKind;
use crate::error::Result;
use crate::system::browsers::Browsers;
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

/// What tells that the person sits at another machine.
const REMOTE: [(&str, &str); 6] = [
    ("SSH_CONNECTION", "this is a session of SSH"),
    ("SSH_CLIENT", "this is a session of SSH"),
    ("SSH_TTY", "this is a session of SSH"),
    ("CODESPACES", "this is a codespace"),
    ("CLOUD_SHELL", "this is a cloud shell"),
    ("CI", "this is a job of CI"),
];
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
        let remote = remote(environment);
        let browsers = match (&remote, options.no_browser) {
            (None, false) => Browsers::find(environment),
            _ => Browsers::default(),
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
        match remote.or_else(container) {
            Some(why) => device(Some(why), browsers),
            None if browsers.is_empty() && !options.no_browser => {
                device(Some("there is no browser here".to_owned()), browsers)
            }
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

/// Says why the person sits at another machine; `None` where that cannot be told.
fn remote(environment: &Environment) -> Option<String> {
    let set = |name: &str| environment.get(name).is_some_and(|value| value != "false");
    let (name, what) = REMOTE.into_iter().find(|(name, _)| set(name))?;
    Some(format!("{what} ({name} is set)"))
}
