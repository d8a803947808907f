//! Start URLs of IAM Identity Center: on a host of AWS, or on a company's own, which leads to one.

/// The hosts of AWS, as data.
const HOSTS: &str = include_str!("start_url/hosts.txt");

/// Where a start URL stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartUrlHost {
    Aws,
    /// It has to be asked where it leads.
    Vanity,
    /// The URL is none that can be asked: it has no host, or a scheme that is not protected.
    Unusable,
}

impl StartUrlHost {
    pub fn of(url: &str) -> Self {
        let Some(uri) = parse(url) else { return Self::Unusable };
        let host = host(&uri);
        let is_aws = rows().any(|(kind, name)| match kind {
            "exact" => host == name,
            // At least one label stands before it.
            "suffix" => host.len() > name.len() && host.ends_with(name),
            _ => false,
        });
        match uri.scheme_str() {
            Some("https") if is_aws => Self::Aws,
            Some("https") => Self::Vanity,
            Some("http") if is_loopback(&host) => Self::Vanity,
            _ => Self::Unusable,
        }
    }
}

/// Returns the region of a start URL, where the form of its host says it.
pub fn region_of(url: &str) -> Option<String> {
    let host = host(&parse(url)?);
    let labels: Vec<&str> = host.split('.').collect();
    rows().filter(|(kind, _)| *kind == "region").find_map(|(_, form)| {
        let form: Vec<&str> = form.split('.').collect();
        let matches = form.len() == labels.len()
            && form.iter().zip(&labels).all(|(part, label)| match *part {
                "*" => !label.is_empty(),
                "{region}" => is_region(label),
                part => part == *label,
            });
        let at = form.iter().position(|part| *part == "{region}")?;
        matches.then(|| labels[at].to_owned())
    })
}

/// Returns whether a label has the form of a region: `eu-west-1`, `eusc-de-east-1`.
fn is_region(label: &str) -> bool {
    let parts: Vec<&str> = label.split('-').collect();
    let Some((number, words)) = parts.split_last() else { return false };
    words.len() >= 2
        && words.iter().all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase()))
        && !number.is_empty()
        && number.bytes().all(|b| b.is_ascii_digit())
}

fn rows() -> impl Iterator<Item = (&'static str, &'static str)> {
    HOSTS.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(' '))
}

fn parse(url: &str) -> Option<http::Uri> {
    // What follows `#` is the browser's.
    let uri: http::Uri = url.split('#').next()?.parse().ok()?;
    // A name before the host is there to deceive.
    let authority = uri.authority()?.as_str();
    (!authority.contains('@') && uri.host().is_some_and(|host| !host.is_empty())).then_some(uri)
}

fn host(uri: &http::Uri) -> String {
    let host = uri.host().unwrap_or_default().to_ascii_lowercase();
    host.strip_suffix('.').unwrap_or(&host).to_owned()
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || address.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_is_that_of_aws_or_a_company_and_may_say_its_region() {
        use StartUrlHost::{Aws, Unusable, Vanity};
        for (url, kind, region) in [
            ("https://corp.awsapps.com/start", Aws, None),
            ("https://CORP.AWSAPPS.COM:443/start#/", Aws, None),
            ("https://start.us-gov-home.awsapps.com/directory/d-1", Aws, None),
            ("https://start.home.awsapps.cn/directory/d-1", Aws, None),
            ("https://ssoins-1.portal.eu-west-1.app.aws", Aws, Some("eu-west-1")),
            ("https://ssoins-1.us-gov-west-1.portal.amazonaws.com/", Aws, Some("us-gov-west-1")),
            ("https://ssoins-1.cn-north-1.portal.amazonaws.com.cn", Aws, Some("cn-north-1")),
            ("https://ssoins-1.eusc-de-east-1.portal.amazonaws.eu", Aws, Some("eusc-de-east-1")),
            (
                "https://ssoins-1.portal.cn-north-1.app.amazonwebservices.com.cn",
                Aws,
                Some("cn-north-1"),
            ),
            (
                "https://ssoins-1.portal.eusc-de-east-1.api.amazonwebservices.eu",
                Aws,
                Some("eusc-de-east-1"),
            ),
            ("https://ssoins-1.portal.nowhere.app.aws", Aws, None),
            ("https://a.b.portal.eu-west-1.app.aws", Aws, None),
            ("https://identitycenter.amazonaws.com/ssoins-1", Aws, None),
            ("https://identitycenter.amazonaws.com.cn/ssoins-1", Aws, None),
            ("https://identitycenter.amazonaws.eu/ssoins-1", Aws, None),
            ("https://identitycenter.us-gov.amazonaws.com/ssoins-1", Aws, None),
            ("https://x.identitycenter.amazonaws.com/", Vanity, None),
            ("https://sso.example.com/start", Vanity, None),
            ("https://awsapps.com/start", Vanity, None),
            ("https://.awsapps.com/start", Vanity, None),
            ("https://evilawsapps.com/start", Vanity, None),
            ("https://corp.awsapps.com.example/start", Vanity, None),
            ("https://example.com/.awsapps.com", Vanity, None),
            ("http://127.0.0.1:8080/start", Vanity, None),
            ("http://localhost/start", Vanity, None),
            ("http://[::1]:80/start", Vanity, None),
            ("http://localhost.example/start", Unusable, None),
            ("http://corp.awsapps.com/start", Unusable, None),
            ("https://corp.awsapps.com@example.com/start", Unusable, None),
            ("ftp://corp.awsapps.com/start", Unusable, None),
            ("corp.awsapps.com/start", Unusable, None),
            ("/start", Unusable, None),
            ("", Unusable, None),
        ] {
            assert_eq!(StartUrlHost::of(url), kind, "{url}");
            assert_eq!(region_of(url).as_deref(), region, "{url}");
        }
    }

    #[test]
    fn each_row_of_hosts_is_understood() {
        for line in HOSTS.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
            let (kind, value) = line.split_once(' ').unwrap();
            assert!(matches!(kind, "exact" | "suffix" | "region"), "{line}");
            assert_eq!(value.starts_with('.'), kind == "suffix", "{line}");
            assert_eq!(value.matches("{region}").count(), usize::from(kind == "region"), "{line}");
            assert_eq!(value, value.to_ascii_lowercase());
        }
    }
}
