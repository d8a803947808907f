//! The names that AWS gives: regions, roles, MFA devices, access keys.

use super::arn::Arn;
use crate::text::text_type;

text_type! {
    /// A region's name, as `eu-west-1`.
    Region
}

impl Region {
    const MAX_LENGTH: usize = 63;

    /// Reads a name that can stand in a host name; whether there is such a region only AWS knows.
    pub fn parse(text: &str) -> Option<Self> {
        let legal = (1..=Self::MAX_LENGTH).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        legal.then(|| Self(text.to_owned()))
    }

    /// Returns the name that a text is written for which is none: with underscores or blanks, in
    /// quotes, in capital letters.
    pub fn meant_by(text: &str) -> Option<Self> {
        let name = unquoted(text).to_ascii_lowercase().replace(['_', ' '], "-");
        let parts = name.split('-').count() >= 3 && name.ends_with(|c: char| c.is_ascii_digit());
        Self::parse(&name).filter(|_| parts)
    }
}

/// Cuts the quotes that AWS's files take as a part of the value.
fn unquoted(text: &str) -> &str {
    text.trim().trim_matches(['"', '\'', '`']).trim()
}

text_type! {
    /// An IAM role's ARN: `arn:aws:iam::123456789012:role/path/name`.
    RoleArn
}

impl RoleArn {
    pub fn parse(text: &str) -> Option<Self> {
        Arn::parse_role(text).map(|_| Self(text.to_owned()))
    }

    /// Returns the role that a text is written for which is no role's ARN: the ARN of a session of
    /// it, or its ARN in quotes.
    pub fn meant_by(text: &str) -> Option<Self> {
        let text = unquoted(text);
        Self::parse(text).or_else(|| Self::parse(&Arn::parse(text)?.principal()))
    }

    /// Returns the account that the role belongs to.
    pub fn account(&self) -> &str {
        Arn::parse(&self.0).map_or("", |arn| arn.account)
    }

    /// Returns the role's name, without its path.
    pub fn name(&self) -> &str {
        Arn::parse(&self.0).map_or(&self.0, |arn| arn.name())
    }

    /// Returns the partition, as `aws`.
    pub fn partition(&self) -> &str {
        Arn::parse(&self.0).map_or("aws", |arn| arn.partition)
    }
}

text_type! {
    /// An MFA device's serial number or ARN, or `auto`.
    MfaSerial
}

impl MfaSerial {
    /// Stands for the one device of the user, which is looked up.
    pub const AUTO: &str = "auto";

    /// Reads `auto`, or a serial number as STS takes it (AssumeRole, SerialNumber):
    /// `[\w+=/:,.@-]{9,256}`.
    pub fn parse(text: &str) -> Option<Self> {
        (text == Self::AUTO || is_serial(text)).then(|| Self(text.to_owned()))
    }

    pub fn is_auto(&self) -> bool {
        self.0 == Self::AUTO
    }
}

/// Returns whether a text can be a device's serial number.
fn is_serial(text: &str) -> bool {
    (9..=256).contains(&text.len())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "_+=/:,.@-".contains(c))
}

text_type! {
    /// The half of a key pair that is no secret. Its prefix is never looked at: stand-ins for AWS
    /// give others than `AKIA` and `ASIA`.
    AccessKeyId
}

impl AccessKeyId {
    /// Takes what the environment says, as the SDKs do; the client refuses what it cannot send.
    pub fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// Returns whether what stands in the place of a secret is an ID as AWS gives them, so that the
    /// secret stands in the place of the ID.
    pub fn is_in_place_of(secret: &str) -> bool {
        let begins = secret.starts_with("AKIA") || secret.starts_with("ASIA");
        let plain = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit();
        begins && secret.len() == 20 && secret.bytes().all(plain)
    }

    /// Reads an ID that a request's header can carry.
    pub fn parse(text: &str) -> Option<Self> {
        let printable = !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic());
        printable.then(|| Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn region_parses_only_from_host_name_label() {
        for (text, legal) in [
            ("eu-west-1", true),
            ("local", true),
            ("", false),
            ("eu_west_1", false),
            ("EU-WEST-1", false),
            ("eu-west-1 ", false),
            ("a.example.com", false),
            ("é", false),
        ] {
            assert_eq!(Region::parse(text).is_some(), legal, "{text}");
        }
        assert!(Region::parse(&"x".repeat(64)).is_none());
    }

    #[test]
    fn region_that_is_meant_is_found() {
        for (text, meant) in [
            ("eu_west_1", Some("eu-west-1")),
            ("\"eu-west-1\"", Some("eu-west-1")),
            ("EU West 1", Some("eu-west-1")),
            ("EU-WEST-1", Some("eu-west-1")),
            ("evil.example.com/", None),
            ("../x", None),
            ("é", None),
        ] {
            assert_eq!(Region::meant_by(text).as_deref(), meant, "{text}");
        }
    }

    #[test]
    fn role_that_is_meant_is_found() {
        let admin = Some("arn:aws:iam::222222222222:role/admin");
        for (text, meant) in [
            ("arn:aws:sts::222222222222:assumed-role/admin/bob", admin),
            ("'arn:aws:iam::222222222222:role/admin'", admin),
            ("arn:aws:iam::222222222222:user/bob", None),
            ("admin", None),
        ] {
            assert_eq!(RoleArn::meant_by(text).as_deref(), meant, "{text}");
        }
    }

    #[test]
    fn role_arn_gives_account_name_and_partition() {
        let arn = RoleArn::parse("arn:aws-cn:iam::222222222222:role/team/admin").unwrap();
        assert_eq!(
            (arn.account(), arn.name(), arn.partition()),
            ("222222222222", "admin", "aws-cn")
        );
        assert!(RoleArn::parse("arn:aws:iam::222222222222:user/bob").is_none());
    }

    #[test]
    fn mfa_serial_parses_from_auto_arn_or_serial_number() {
        for (text, legal) in [
            ("auto", true),
            ("arn:aws:iam::111111111111:mfa/bob", true),
            ("GAHT12345678", true),
            ("12345678", false),
            ("AUTO", false),
            ("arn:aws:iam::1:mfa/b ob", false),
        ] {
            assert_eq!(MfaSerial::parse(text).is_some(), legal, "{text}");
        }
    }
}
