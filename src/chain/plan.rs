//! What will be done: a base, and the steps that follow. Plain data.

use super::base::Base;
use super::network::{EndpointUrl, Network};
use super::principal::Principal;
use super::step::Step;
use crate::aws::names::Region;
use crate::aws::partition::Endpoint;
use crate::config::ProfileName;
use crate::error::{Error, Result};

/// The way to credentials.
#[derive(Debug, Clone)]
pub struct Plan {
    pub base: Base,
    /// Who stands behind the base; `resolve` does not know, since it reads nothing.
    pub principal: Principal,
    /// The current folder, where a process or a CA bundle is named by its way from there.
    pub folder: Option<String>,
    /// The profile that the base stands in.
    pub base_profile: Option<ProfileName>,
    pub steps: Vec<Step>,
    /// The region for STS and for export.
    pub region: Option<Region>,
    pub network: Network,
    pub endpoints: ServiceEndpoints,
    /// The profiles on the way with `rolecall_confirm`: each new session of theirs is asked about.
    pub confirm: Vec<ProfileName>,
    /// What is wrong in the settings, and is not needed to get the credentials.
    pub unneeded: Vec<Error>,
}

/// Where services are called beside the steps.
#[derive(Debug, Clone)]
pub struct ServiceEndpoints {
    /// When the region is known; an error where it is configured and wrong.
    pub sts: Result<Option<Endpoint>>,
    /// The configured endpoint of IAM; an error where it is wrong.
    pub iam: Result<Option<EndpointUrl>>,
    /// The configured endpoint of sign-in to the console; an error where it is wrong.
    pub sign_in: Result<Option<EndpointUrl>>,
}
