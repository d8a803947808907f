//! What is to be opened in the console: the page of a service, one that was copied out of a
//! browser, or that of a resource.

use super::resources::Resource;
use super::{Hosts, Service};
use crate::aws::arn::Arn;
use crate::aws::names::Region;
use crate::aws::partition::{self, Partition};
use crate::error::{Error, Place, Result};

const OPTION: &str = "--service";
const HOME: &str = "console/home";
const HTTPS: &str = "https://";

/// Where a session of the console is.
#[derive(Debug, Clone, Copy)]
pub struct Site {
    pub partition: &'static Partition,
    pub hosts: &'static Hosts,
}

/// A page of the console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    pub url: String,
    /// The account that what was typed is of, where it says so.
    pub account: Option<String>,
    /// What was found to be typed, for a message.
    pub what: String,
}

impl Site {
    /// Returns the site of a region or, before it, of a partition that an ARN names.
    ///
    /// # Errors
    /// Returns the partition, where no console is known in it that credentials sign in to.
    pub fn of(region: &str, partition: Option<&str>) -> Result<Self, &'static Partition> {
        let partition =
            partition.and_then(partition::by_id).unwrap_or_else(|| partition::of_region(region));
        let hosts = Hosts::of(partition).ok_or(partition)?;
        Ok(Self { partition, hosts })
    }

    /// Reads what is to be opened: nothing, a service's name, an address or an ARN.
    ///
    /// # Errors
    /// When it is none of these, or of another partition.
    pub fn destination(&self, region: &str, typed: Option<&str>) -> Result<Destination> {
        match typed.map(str::trim) {
            None => Ok(self.page(
                region,
                &format!("{HOME}?region={region}"),
                format!("the console's home in {region}"),
            )),
            Some(url) if url.contains("://") => self.of_url(url),
            Some(arn) if arn.starts_with("arn:") => self.of_arn(region, arn),
            Some(name) => self.of_service(region, name),
        }
    }

    /// Returns a page in a region.
    fn page(&self, region: &str, page: &str, what: String) -> Destination {
        let url = format!("{HTTPS}{region}.{}/{page}", self.hosts.console);
        Destination { url, account: None, what }
    }

    /// Returns the page of a service. A global one is at no region's host.
    fn of_service(&self, region: &str, name: &str) -> Result<Destination> {
        let service = Service::find(name).ok_or_else(|| unknown_service(name))?;
        Ok(self.service_page(region, &service, format!("service {name}")))
    }

    fn service_page(&self, region: &str, service: &Service, what: String) -> Destination {
        let page = service.page(region);
        if service.is_global() {
            return self.global_page(&page, what);
        }
        self.page(region, &page, what)
    }

    fn global_page(&self, page: &str, what: String) -> Destination {
        let url = format!("{HTTPS}{}/{page}", self.hosts.console);
        Destination { url, account: None, what }
    }

    fn of_arn(&self, session_region: &str, text: &str) -> Result<Destination> {
        let arn =
            Arn::parse(text).filter(|_| !text.contains(char::is_control)).ok_or_else(|| {
                wrong(&format!("`{text}` is no ARN"))
                    .hint("give a service's name in its place: rolecall console --service ec2")
            })?;
        if arn.partition != self.partition.id {
            return Err(wrong(&format!("the ARN is of another partition, {}", arn.partition))
                .cause(format!("the session is of the partition {}", self.partition.id))
                .hint("see which profiles there are: rolecall list"));
        }
        let region = match arn.region {
            "" => session_region,
            region if Region::parse(region).is_some() => region,
            region => {
                return Err(wrong(&format!("`{region}` in the ARN is no region's name"))
                    .hint("see how --service is used: rolecall console --help"));
            }
        };
        let resource = Resource { arn: &arn, text, partition: self.partition, region };
        let service = Service::find(arn.service);
        let found = match (resource.page(), service) {
            (Some(page), _) if page.contains(&format!("region={region}")) => {
                self.page(region, &page, format!("the resource {text}"))
            }
            (Some(page), _) => self.global_page(&page, format!("the resource {text}")),
            (None, Some(service)) => {
                let what = format!("the service {}, since no page of {text} is known", arn.service);
                self.service_page(region, &service, what)
            }
            (None, None) => return Err(unknown_service(arn.service)),
        };
        let account = Some(arn.account).filter(|id| is_account(id)).map(str::to_owned);
        Ok(Destination { account, ..found })
    }

    fn of_url(&self, url: &str) -> Result<Destination> {
        let rest = url.strip_prefix(HTTPS).filter(|_| is_printable(url));
        let rest = rest.ok_or_else(|| self.no_page("the address does not begin with https://"))?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (host, page) = rest.split_at(end);
        let host = host.to_ascii_lowercase();
        let of_console = host.strip_suffix(self.hosts.console);
        let prefix = of_console.filter(|prefix| {
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
            prefix.is_empty() || (prefix.ends_with('.') && prefix.chars().all(plain))
        });
        let prefix = prefix.ok_or_else(|| {
            self.no_page(&format!("`{host}` is no host of AWS's console in {}", self.partition.id))
        })?;
        let (account, prefix) = without_session(prefix);
        let url = format!("{HTTPS}{prefix}{}{page}", self.hosts.console);
        Ok(Destination { url, account, what: "the address that was given".to_owned() })
    }

    fn no_page(&self, what: &str) -> Error {
        wrong(what)
            .cause(format!("AWS signs in to pages of {} only", self.hosts.console))
            .hint("open a service in its place: rolecall console --service ec2")
    }
}

/// Takes the label away that the host has where the browser holds several sessions at once
/// (`111111111111-abcd1234.`), and returns its account: the page is opened in another session.
fn without_session(prefix: &str) -> (Option<String>, &str) {
    let label = prefix.split_once('.').and_then(|(label, rest)| {
        let (account, mark) = label.split_once('-')?;
        let is_session = is_account(account) && mark.bytes().all(|b| b.is_ascii_alphanumeric());
        is_session.then(|| (account.to_owned(), rest))
    });
    label.map_or((None, prefix), |(account, rest)| (Some(account), rest))
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_printable(text: &str) -> bool {
    text.chars().all(|c| !c.is_control() && !c.is_whitespace())
}

fn wrong(what: &str) -> Error {
    Error::usage(format!("{OPTION}: {what}")).at(Place::Option(OPTION))
}

fn unknown_service(name: &str) -> Error {
    let error = wrong(&format!("no service of the console is called `{name}`"));
    let near = Service::near(name);
    let error = if near.is_empty() {
        error
    } else {
        error.cause(format!("did you mean {}?", near.join(", ")))
    };
    error.hint("see how --service is used: rolecall console --help")
}
