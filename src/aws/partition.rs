//! AWS's partitions and the STS endpoint of a region. Checked against the endpoint rules that ship
//! in `aws-sdk-sts` (see the test).

use crate::error::Place;

/// A partition: regions that share DNS suffixes, ARN prefix and accounts.
#[derive(Debug, PartialEq, Eq)]
pub struct Partition {
    pub id: &'static str,
    pub dns_suffix: &'static str,
    pub dual_stack_suffix: &'static str,
    /// The one region for which calls of IAM are signed.
    pub iam_region: &'static str,
    /// What its regions begin with.
    region_prefixes: &'static [&'static str],
}

/// The most specific prefixes come first; `aws` catches what no other does, as in AWS's own rules.
const PARTITIONS: &[Partition] = &[
    partition("aws-us-gov", "amazonaws.com", "api.aws", "us-gov-west-1", &["us-gov-"]),
    partition("aws-cn", "amazonaws.com.cn", "api.amazonwebservices.com.cn", "cn-north-1", &["cn-"]),
    partition("aws-eusc", "amazonaws.eu", "api.amazonwebservices.eu", "eusc-de-east-1", &["eusc-"]),
    partition("aws-iso-b", "sc2s.sgov.gov", "api.aws.scloud", "us-isob-east-1", &["us-isob-"]),
    partition(
        "aws-iso-e",
        "cloud.adc-e.uk",
        "api.cloud-aws.adc-e.uk",
        "eu-isoe-west-1",
        &["eu-isoe-"],
    ),
    partition(
        "aws-iso-f",
        "csp.hci.ic.gov",
        "api.aws.hci.ic.gov",
        "us-isof-south-1",
        &["us-isof-"],
    ),
    partition("aws-iso", "c2s.ic.gov", "api.aws.ic.gov", "us-iso-east-1", &["us-iso-"]),
    partition("aws", "amazonaws.com", "api.aws", "us-east-1", &[""]),
];

const fn partition(
    id: &'static str,
    dns_suffix: &'static str,
    dual_stack_suffix: &'static str,
    iam_region: &'static str,
    region_prefixes: &'static [&'static str],
) -> Partition {
    Partition { id, dns_suffix, dual_stack_suffix, iam_region, region_prefixes }
}

/// Returns the partition that a region belongs to.
pub fn of_region(region: &str) -> &'static Partition {
    let of = |p: &&Partition| p.region_prefixes.iter().any(|prefix| region.starts_with(prefix));
    PARTITIONS.iter().find(of).unwrap_or(&PARTITIONS[PARTITIONS.len() - 1])
}

/// Returns the partition of a name, as ARNs have it.
pub fn by_id(id: &str) -> Option<&'static Partition> {
    PARTITIONS.iter().find(|partition| partition.id == id)
}

/// The 16 regions that `sts_regional_endpoints = legacy` sends to the global endpoint (AWS SDKs and
/// Tools Reference Guide, "AWS STS Regional endpoints").
const LEGACY_GLOBAL: [&str; 16] = [
    "ap-northeast-1",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "aws-global",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

/// How a service's endpoint is chosen when none is configured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EndpointVariant {
    pub fips: bool,
    pub dual_stack: bool,
    /// `sts_regional_endpoints = legacy`.
    pub legacy_global: bool,
}

/// Where STS is called and which region signs the call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    pub url: String,
    pub signing_region: String,
    /// Where it is configured; `None` for AWS's own.
    pub place: Option<Place>,
}

/// Returns the STS endpoint of a region.
pub fn sts_endpoint(region: &str, variant: EndpointVariant) -> Endpoint {
    let global = region == "aws-global" || variant.legacy_global && LEGACY_GLOBAL.contains(&region);
    if global && !variant.fips && !variant.dual_stack {
        return Endpoint {
            url: "https://sts.amazonaws.com".to_owned(),
            signing_region: "us-east-1".to_owned(),
            place: None,
        };
    }
    let signing_region = if region == "aws-global" { "us-east-1" } else { region };
    let partition = of_region(region);
    // GovCloud's plain endpoints are FIPS endpoints already; only its dual-stack ones have the
    // other name.
    let fips_name = variant.fips && (partition.id != "aws-us-gov" || variant.dual_stack);
    let host = if fips_name { "sts-fips" } else { "sts" };
    let suffix =
        if variant.dual_stack { partition.dual_stack_suffix } else { partition.dns_suffix };
    Endpoint {
        url: format!("https://{host}.{region}.{suffix}"),
        signing_region: signing_region.to_owned(),
        place: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_sts::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};

    /// AWS's own endpoint rules are the oracle.
    #[test]
    fn sts_endpoint_agrees_with_rules_of_sdk() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for region in [
            "us-east-1",
            "eu-west-1",
            "ap-southeast-5",
            "il-central-1",
            "mx-central-1",
            "me-central-1",
            "af-south-1",
            "us-gov-west-1",
            "us-gov-east-1",
            "cn-north-1",
            "cn-northwest-1",
            "us-iso-east-1",
            "us-isob-east-1",
            "eu-isoe-west-1",
            "us-isof-south-1",
            "eusc-de-east-1",
            "xx-new-1",
        ] {
            for (fips, dual_stack) in [(false, false), (true, false), (false, true), (true, true)] {
                let params = Params::builder()
                    .region(region)
                    .use_fips(fips)
                    .use_dual_stack(dual_stack)
                    .use_global_endpoint(false)
                    .build()
                    .unwrap();
                let expected = runtime.block_on(DefaultResolver::new().resolve_endpoint(&params));
                let ours = sts_endpoint(
                    region,
                    EndpointVariant { fips, dual_stack, legacy_global: false },
                );
                assert_eq!(
                    ours.url,
                    expected.unwrap().url(),
                    "{region} fips={fips} dual_stack={dual_stack}"
                );
            }
            let params = Params::builder()
                .region(region)
                .use_fips(false)
                .use_dual_stack(false)
                .use_global_endpoint(true)
                .build()
                .unwrap();
            let expected =
                runtime.block_on(DefaultResolver::new().resolve_endpoint(&params)).unwrap();
            let ours =
                sts_endpoint(region, EndpointVariant { legacy_global: true, ..Default::default() });
            assert_eq!(ours.url, expected.url(), "{region} legacy");
        }
    }

    #[test]
    fn iam_regions_are_those_of_the_sdk() {
        use aws_sdk_iam::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
        use aws_smithy_types::Document;
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for region in ["us-east-1", "eu-west-1", "xx-new-1", "us-gov-east-1", "cn-northwest-1"]
            .into_iter()
            .chain(PARTITIONS.iter().map(|partition| partition.iam_region))
        {
            let params = Params::builder().region(region).build().unwrap();
            let resolver = DefaultResolver::new();
            let endpoint = runtime.block_on(resolver.resolve_endpoint(&params)).unwrap();
            let signed = endpoint.auth_schemes()[0].get("signingRegion");
            let expected = of_region(region).iam_region;
            assert_eq!(signed.and_then(Document::as_string), Some(expected), "{region}");
        }
    }

    #[test]
    fn the_global_endpoint_is_signed_for_us_east_1() {
        let legacy = EndpointVariant { legacy_global: true, ..Default::default() };
        assert_eq!(sts_endpoint("eu-west-1", legacy).signing_region, "us-east-1");
        assert_eq!(sts_endpoint("ap-east-1", legacy).signing_region, "ap-east-1");
        assert_eq!(
            sts_endpoint("aws-global", EndpointVariant::default()).url,
            "https://sts.amazonaws.com"
        );
    }
}
