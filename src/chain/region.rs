//! The region of a chain, and the endpoint of STS there.

use super::endpoints::Endpoints;
use super::inputs::Inputs;
use crate::aws::names::Region;
use crate::aws::partition::{self, Endpoint};
use crate::config::profiles::Profile;
use crate::error::{Error, Kind, Place, Result};

/// Finds the region: typed, the environment's, or that of the first of the profiles `along` the way
/// that names one; with its place.
pub(super) fn find<'a>(
    inputs: &'a Inputs,
    mut along: impl Iterator<Item = &'a Profile>,
) -> Result<Option<(Region, Place)>> {
    let typed = inputs.typed().region.as_deref().map(|region| (region, Place::Option("--region")));
    let variable = |name| Some((inputs.environment.get(name)?, Place::variable(name)));
    typed
        .or_else(|| variable("AWS_REGION"))
        .or_else(|| variable("AWS_DEFAULT_REGION"))
        .or_else(|| {
            let property = along.find_map(|profile| profile.get(super::keys::REGION))?;
            Some((property.value.as_str(), Place::from(&property.place)))
        })
        .map(|(region, place)| checked(region.trim(), place))
        .transpose()
}

impl Endpoints<'_> {
    /// Returns the region and the endpoint of STS there.
    ///
    /// # Errors
    /// Where no region is known, or the configured endpoint is no URL.
    pub fn required_sts(&self) -> Result<(Region, Endpoint)> {
        let region = self.region.clone()?.ok_or_else(|| self.missing())?;
        let endpoint = self.sts(&region)?;
        Ok((region, endpoint))
    }

    /// Returns the endpoint of STS where a region is known.
    pub fn sts_where_known(&self) -> Result<Option<Endpoint>> {
        self.region.clone()?.map(|region| self.sts(&region)).transpose()
    }

    /// Returns what one session with MFA serves: all that call the same configured endpoint, else a
    /// partition.
    pub fn sts_scope(&self, region: &Region) -> Result<String> {
        let configured = self.configured("sts")?;
        Ok(configured.map_or_else(
            || partition::of_region(region).id.to_owned(),
            |configured| configured.url,
        ))
    }

    fn missing(&self) -> Error {
        let who = match (self.selected, &self.inputs.typed().role_arn) {
            (Some(name), _) => format!("profile `{name}`"),
            (None, Some(role_arn)) => role_arn.clone(),
            (None, None) => "the role".to_owned(),
        };
        let example = self.inputs.request.invocation(self.selected).command("process");
        Error::configuration(format!("no region for {who}, and STS is called in one"))
            .with_shared_cause("no region is set, and STS is called in one")
            .hint(format!(
                "put `region = …` into the profile, set AWS_REGION, or type: \
                 {example} --region eu-west-1"
            ))
    }
}

fn checked(region: &str, place: Place) -> Result<(Region, Place)> {
    let Some(region) = Region::parse(region) else {
        let kind = match place {
            Place::Option(_) => Kind::Usage,
            _ => Kind::Configuration,
        };
        let hint = match Region::meant_by(region) {
            Some(meant) => {
                format!("did you mean `{meant}`? see the names with: aws ec2 describe-regions")
            }
            None => "see the names with: aws ec2 describe-regions".to_owned(),
        };
        return Err(Error::new(kind, format!("{place}: `{region}` is not a region's name"))
            .at(place)
            .hint(hint));
    };
    Ok((region, place))
}
