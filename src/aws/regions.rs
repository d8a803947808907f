//! The regions that there are, to tell a typing error by. A new region is missing here, so nothing
//! is refused by this list.

use super::names::Region;

/// Regions of autumn 2026 (AWS General Reference, "AWS Regions").
const KNOWN: [&str; 46] = [
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "cn-north-1",
    "cn-northwest-1",
    "eu-central-1",
    "eu-central-2",
    "eu-isoe-west-1",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "eusc-de-east-1",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-gov-east-1",
    "us-gov-west-1",
    "us-iso-east-1",
    "us-iso-west-1",
    "us-isob-east-1",
    "us-isob-west-1",
    "us-isof-east-1",
    "us-isof-south-1",
    "us-west-1",
    "us-west-2",
];
/// How many letters a typing error may change.
const TYPING_ERROR: usize = 2;

impl Region {
    /// Returns the known region that a name comes near; `None` for a known one.
    pub fn near(name: &str) -> Option<&'static str> {
        let bare = |name: &str| name.to_ascii_lowercase().replace(['-', '_', ' '], "");
        let name = bare(name.get(..name.len().min(64))?);
        let near = KNOWN.iter().map(|known| (strsim::osa_distance(&bare(known), &name), *known));
        let (distance, known) = near.min_by_key(|(distance, _)| *distance)?;
        (1..=TYPING_ERROR).contains(&distance).then_some(known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn region_is_near_for_a_typing_error_only() {
        for (name, near) in [
            ("eu-wst-1", Some("eu-west-1")),
            ("eu-west-1a", Some("eu-west-1")),
            ("us-esat-1", Some("us-east-1")),
            ("us-est-2", Some("us-east-2")),
            ("ap-southest-2", Some("ap-southeast-2")),
            ("us-gov-west1x", Some("us-gov-west-1")),
            ("eu-west-1", None),
            ("Ireland", None),
            ("local", None),
            ("", None),
            ("é", None),
        ] {
            assert_eq!(Region::near(name), near, "{name}");
        }
    }
}
