//! AWS's console: its hosts in each partition, the addresses of its pages, and those that sign in.

mod destination;
mod resources;
mod services;
mod sign_in;

use crate::aws::partition::Partition;

pub use destination::{Destination, Site};
pub use services::{Service, names as service_names};
pub use sign_in::{SignIn, portal_url};

/// The hosts of a partition's console.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hosts {
    pub sign_in: &'static str,
    pub console: &'static str,
    /// The region whose hosts have no prefix.
    main_region: &'static str,
    /// The region in whose host the browser's session ends.
    logout_region: &'static str,
}

/// By the partition's name. In the isolated ones no sign-in by federation is known.
const HOSTS: [(&str, Hosts); 4] = [
    (
        "aws",
        hosts(
            "signin.aws.amazon.com",
            "console.aws.amazon.com",
            "us-east-1",
            // The host without the prefix ends no session that began at one with a prefix.
            "us-east-1",
        ),
    ),
    ("aws-cn", hosts("signin.amazonaws.cn", "console.amazonaws.cn", "cn-north-1", "")),
    (
        "aws-us-gov",
        hosts("signin.amazonaws-us-gov.com", "console.amazonaws-us-gov.com", "us-gov-west-1", ""),
    ),
    ("aws-eusc", hosts("signin.amazonaws-eusc.eu", "console.amazonaws-eusc.eu", "", "")),
];

const fn hosts(
    sign_in: &'static str,
    console: &'static str,
    main_region: &'static str,
    logout_region: &'static str,
) -> Hosts {
    Hosts { sign_in, console, main_region, logout_region }
}

impl Hosts {
    /// Returns those of a partition; `None` where no console is known that federation signs in to.
    pub fn of(partition: &Partition) -> Option<&'static Self> {
        HOSTS.iter().find(|(id, _)| *id == partition.id).map(|(_, hosts)| hosts)
    }

    /// Returns the address of sign-in in a region.
    pub fn sign_in_url(&self, region: &str) -> String {
        if region == self.main_region {
            format!("https://{}", self.sign_in)
        } else {
            format!("https://{region}.{}", self.sign_in)
        }
    }

    fn logout_url(&self) -> String {
        match self.logout_region {
            "" => format!("https://{}", self.sign_in),
            region => format!("https://{region}.{}", self.sign_in),
        }
    }
}

#[cfg(test)]
mod tests;
