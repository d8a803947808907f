//! The addresses that sign a browser in.

use secrecy::{ExposeSecret, SecretString};

use super::Hosts;
use crate::text::percent_encoded;

/// What AWS shows as the program that signed in.
const ISSUER: &str = "rolecall";

/// What a sign-in by federation leads to.
#[derive(Debug, Clone, Copy)]
pub struct SignIn<'a> {
    /// The address of sign-in that gave the token.
    pub endpoint: &'a str,
    /// The page that is shown then.
    pub destination: &'a str,
}

impl SignIn<'_> {
    /// Returns the address that signs in with a token. Who has it is signed in: it is a secret for
    /// the token's 15 minutes.
    pub fn url(&self, token: &SecretString) -> SecretString {
        let [destination, token] = [self.destination, token.expose_secret()].map(percent_encoded);
        SecretString::from(format!(
            "{}/federation?Action=login&Issuer={ISSUER}&Destination={destination}&SigninToken={token}",
            self.endpoint
        ))
    }

    /// Returns the address that ends the browser's session first. `hosts` are AWS's own where the
    /// endpoint is.
    pub fn after_logout(&self, hosts: Option<&Hosts>, token: &SecretString) -> SecretString {
        let origin = hosts.map_or_else(|| self.endpoint.to_owned(), Hosts::logout_url);
        let url = self.url(token);
        SecretString::from(format!(
            "{origin}/oauth?Action=logout&redirect_uri={}",
            percent_encoded(url.expose_secret())
        ))
    }
}

/// Returns the address at which the access portal of IAM Identity Center opens the console of a
/// role. It takes no credentials, and is no secret. `start_url` is the portal's.
pub fn portal_url(start_url: &str, account: &str, role: &str, destination: Option<&str>) -> String {
    let portal = start_url.split('#').next().unwrap_or_default().trim_end_matches('/');
    let parameters =
        [("account_id", Some(account)), ("role_name", Some(role)), ("destination", destination)];
    let query: Vec<String> = parameters
        .into_iter()
        .filter_map(|(name, value)| Some(format!("{name}={}", percent_encoded(value?))))
        .collect();
    format!("{portal}/#/console?{}", query.join("&"))
}
