//! Where STS is called: the region of a chain, and the endpoint there.

use super::endpoints::Endpoints;
use super::inputs::Inputs;
use crate::aws::names::Region;
use crate::aws::partition::{self, Endpoint};
use crate::config::ProfileName;
use crate::config::profiles::Profile;
use crate::error::{Error, Kind, Place, Result};

/// The region of a chain, if one is known, and what tells the endpoint in it.
pub(super) struct StsSite<'a> {
    pub region: Option<Region>,
    pub endpoints: &'a Endpoints<'a>,
    inputs: &'a Inputs<'a>,
    profile: Option<&'a ProfileName>,
}

impl<'a> StsSite<'a> {
    /// Finds the region: typed, the environment's, or that of the first of the profiles `along` the
    /// way that names one. `profile` is the selected one.
    pub fn find(
        inputs: &'a Inputs,
        endpoints: &'a Endpoints<'a>,
        profile: Option<&'a ProfileName>,
        mut along: impl Iterator<Item = &'a Profile>,
    ) -> Result<Self> {
        let typed =
            inputs.typed().region.as_deref().map(|region| (region, Place::Option("--region")));
        let variable = |name| Some((inputs.environment.get(name)?, Place::variable(name)));
        let region = typed
            .or_else(|| variable("AWS_REGION"))
            .or_else(|| variable("AWS_DEFAULT_REGION"))
            .or_else(|| {
                let property = along.find_map(|profile| profile.get(super::keys::REGION))?;
                Some((property.value.as_str(), Place::from(&property.place)))
            })
            .map(|(region, place)| checked_region(region.trim(), place))
            .transpose()?;
        Ok(Self { region, endpoints, inputs, profile })
    }

    /// Returns the region and the endpoint of STS there.
    ///
    /// # Errors
    /// Where no region is known, or the configured endpoint is no URL.
    pub fn required(&self) -> Result<(Region, Endpoint)> {
        let region = self.region.clone().ok_or_else(|| self.missing())?;
        let endpoint = self.endpoints.sts(&region)?;
        Ok((region, endpoint))
    }

    /// Returns the endpoint of STS where a region is known.
    pub fn endpoint(&self) -> Result<Option<Endpoint>> {
        self.region.as_ref().map(|region| self.endpoints.sts(region)).transpose()
    }

    /// Returns what one session with MFA serves: all that call the same configured endpoint, else a
    /// partition.
    pub fn scope(&self, region: &Region) -> Result<String> {
        let configured = self.endpoints.configured("sts")?;
        Ok(configured.unwrap_or_else(|| partition::of_region(region).id.to_owned()))
    }

    fn missing(&self) -> Error {
        let who = match (self.profile, &self.inputs.typed().role_arn) {
            (Some(name), _) => format!("profile `{name}`"),
            (None, Some(role_arn)) => role_arn.clone(),
            (None, None) => "the role".to_owned(),
        };
        let example = self.inputs.request.invocation(self.profile).command("process");
        Error::configuration(format!("no region for {who}, and STS is called in one"))
            .hint(format!(
                "put `region = …` into the profile, set AWS_REGION, or type: \
             {example} --region eu-west-1"
            ))
            .about(self.profile.map_or("", |name| name))
    }
}

fn checked_region(region: &str, place: Place) -> Result<Region> {
    Region::parse(region).ok_or_else(|| {
        let kind = match place {
            Place::Option(_) => Kind::Usage,
            _ => Kind::Configuration,
        };
        Error::new(kind, format!("{place}: `{region}` is not a region's name"))
            .at(place)
            .hint("see the names with: aws ec2 describe-regions")
    })
}
