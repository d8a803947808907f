//! Which proxy a call goes through, as the HTTP client chooses it from the environment.

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;

use crate::clients::http::is_near;
use crate::system::environment::Environment;

/// A proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxy {
    /// Without its user and password.
    pub address: String,
    pub variable: &'static str,
}

impl Proxy {
    /// Returns the proxy of an address, if it has one.
    pub fn of(url: &str, environment: &Environment) -> Option<Self> {
        let uri: Uri = url.parse().ok()?;
        if uri.host().is_none_or(is_near) {
            return None;
        }
        let first = |names: [&'static str; 2]| {
            names.into_iter().find_map(|name| Some((name, environment.get(name)?)))
        };
        let own = if uri.scheme_str() == Some("https") {
            ["HTTPS_PROXY", "https_proxy"]
        } else {
            ["HTTP_PROXY", "http_proxy"]
        };
        let (variable, proxy) = first(own).or_else(|| first(["ALL_PROXY", "all_proxy"]))?;
        let except = first(["NO_PROXY", "no_proxy"]).map_or("", |(_, except)| except);
        let proxies = Matcher::builder().all(proxy).no(except).build();
        let proxy = proxies.intercept(&uri)?;
        let address = proxy.uri();
        let port = address.port().map_or_else(String::new, |port| format!(":{port}"));
        let address = format!("{}{port}", address.host().unwrap_or_default());
        Some(Self { address, variable })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxy_is_the_one_of_the_scheme_without_its_password() {
        for (url, variables, expected) in [
            (
                "https://sts.amazonaws.com",
                &[("HTTPS_PROXY", "http://u:pw@p:3128")][..],
                Some(("p:3128", "HTTPS_PROXY")),
            ),
            ("https://sts.amazonaws.com", &[("http_proxy", "http://p:1")], None),
            ("http://sts.local", &[("http_proxy", "p:1")], Some(("p:1", "http_proxy"))),
            (
                "https://sts.amazonaws.com",
                &[("ALL_PROXY", "http://p:1")],
                Some(("p:1", "ALL_PROXY")),
            ),
            (
                "https://sts.amazonaws.com",
                &[("ALL_PROXY", "http://p:1"), ("no_proxy", ".amazonaws.com")],
                None,
            ),
            ("http://127.0.0.1:1", &[("HTTP_PROXY", "http://p:1")], None),
            ("https://sts.amazonaws.com", &[], None),
        ] {
            let variables =
                variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            let proxy = Proxy::of(url, &Environment::new(variables, None));
            // Names of variables have no case on Windows, where the first spelling is told.
            let name = |name: &str| {
                if cfg!(windows) { name.to_ascii_uppercase() } else { name.to_owned() }
            };
            let found = proxy.as_ref().map(|proxy| (&*proxy.address, name(proxy.variable)));
            let expected = expected.map(|(address, variable)| (address, name(variable)));
            assert_eq!(found, expected, "{url}");
        }
    }
}
