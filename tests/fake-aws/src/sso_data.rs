//! What IAM Identity Center holds: people's tokens, clients and grants.

use std::time::Instant;

use crate::oidc_client::Client;
use crate::oidc_code::{Browser, Code};
use crate::policy::Statement;
use crate::world::{Role, World};

/// What IAM Identity Center knows.
#[derive(Clone, Debug)]
pub struct Sso {
    pub grants: Vec<Grant>,
    pub tokens: Vec<Token>,
    pub refresh_tokens: Vec<RefreshToken>,
    pub clients: Vec<Client>,
    pub devices: Vec<Device>,
    /// Who sits at the browsers in which people log in.
    pub browser: Browser,
    pub codes: Vec<Code>,
    pub refresh: Refresh,
    /// Who approves device codes, and after how many polls. With `None` nobody does.
    pub approval: Option<(String, u32)>,
    /// Refuses device codes.
    pub denies: bool,
    pub interval: u32,
    /// The seconds that access tokens live.
    pub token_seconds: i64,
    /// The seconds that role credentials live.
    pub role_seconds: i64,
    /// How many calls the portal takes.
    pub limit: Option<Limit>,
}

impl Default for Sso {
    fn default() -> Self {
        Self {
            grants: Vec::new(),
            tokens: Vec::new(),
            refresh_tokens: Vec::new(),
            clients: Vec::new(),
            devices: Vec::new(),
            browser: Browser::default(),
            codes: Vec::new(),
            refresh: Refresh::Rotate,
            approval: None,
            denies: false,
            interval: 1,
            token_seconds: 28_800,
            role_seconds: 3_600,
            limit: None,
        }
    }
}

/// What a refresh does to the refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refresh {
    /// The answer holds a new one, and the old one is refused from then on.
    Rotate,
    /// The answer holds the same one.
    Keep,
    /// The answer holds none, and the old one stays good.
    Silent,
}

/// A limit of calls: some at once, and as many more each second.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    per_second: u32,
    left: f64,
    since: Instant,
}

impl Limit {
    /// Takes this many calls a second.
    pub fn new(per_second: u32) -> Self {
        Self { per_second, left: per_second.into(), since: Instant::now() }
    }

    /// Counts a call; `false` where it is one too many.
    pub fn allows(&mut self) -> bool {
        let most = f64::from(self.per_second);
        self.left = most.min(self.left + self.since.elapsed().as_secs_f64() * most);
        self.since = Instant::now();
        let allows = self.left >= 1.0;
        if allows {
            self.left -= 1.0;
        }
        allows
    }
}

/// Somebody's right to a role of an account.
#[derive(Clone, Debug)]
pub struct Grant {
    pub user: String,
    pub account: String,
    pub role_name: String,
}

/// An access token.
#[derive(Clone, Debug)]
pub struct Token {
    pub text: String,
    pub user: String,
    pub expires: i64,
}

/// A refresh token.
#[derive(Clone, Debug)]
pub struct RefreshToken {
    pub token: String,
    pub user: String,
    pub client: Option<String>,
    pub used: bool,
}

/// A device code that waits for approval.
#[derive(Clone, Debug)]
pub struct Device {
    pub code: String,
    pub user_code: String,
    pub client: String,
    pub expires: i64,
    pub polls: u32,
    /// When it was asked about last.
    pub asked: Option<i64>,
}

/// Returns the ARN of the role behind a permission set.
pub fn reserved_arn(account: &str, role_name: &str) -> String {
    format!(
        "arn:aws:iam::{account}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_{role_name}_0123456789abcdef"
    )
}

impl World {
    /// Lets somebody use a role of an account through single sign-on.
    #[must_use]
    pub fn sso_grant(
        mut self,
        user: &str,
        account: &str,
        role_name: &str,
        policies: Vec<Statement>,
    ) -> Self {
        self.sso.grants.push(Grant {
            user: user.to_owned(),
            account: account.to_owned(),
            role_name: role_name.to_owned(),
        });
        let arn = reserved_arn(account, role_name);
        if self.find_role(&arn).is_none() {
            let mut role = Role::new(&arn).max_session(43_200);
            role.policies = policies;
            self.roles.push(role);
        }
        self
    }

    /// Accepts an access token of somebody until a time.
    #[must_use]
    pub fn sso_token(mut self, user: &str, token: &str, expires: i64) -> Self {
        self.sso.tokens.push(Token { text: token.to_owned(), user: user.to_owned(), expires });
        self
    }

    /// Accepts a refresh token of somebody, from whatever client.
    #[must_use]
    pub fn sso_refresh_token(mut self, user: &str, token: &str) -> Self {
        self.sso.refresh_tokens.push(RefreshToken {
            token: token.to_owned(),
            user: user.to_owned(),
            client: None,
            used: false,
        });
        self
    }

    /// Knows a client until a time.
    #[must_use]
    pub fn sso_client(mut self, id: &str, secret: &str, expires: i64) -> Self {
        self.sso.clients.push(Client {
            id: id.to_owned(),
            secret: secret.to_owned(),
            expires,
            grants: None,
            redirects: Vec::new(),
            scopes: Vec::new(),
            issuer: None,
        });
        self
    }

    /// Has somebody sit at the browsers.
    #[must_use]
    pub fn sso_browser(mut self, browser: Browser) -> Self {
        self.sso.browser = browser;
        self
    }

    /// Has somebody approve device codes after some polls.
    #[must_use]
    pub fn sso_approval(mut self, user: &str, polls: u32) -> Self {
        self.sso.approval = Some((user.to_owned(), polls));
        self
    }

    /// Chooses what a refresh does to the refresh token.
    #[must_use]
    pub fn sso_refresh(mut self, refresh: Refresh) -> Self {
        self.sso.refresh = refresh;
        self
    }
}
