//! The parts of ARNs that rolecall reads (IAM User Guide, "Amazon Resource Names").

/// An ARN's fields, borrowed from its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arn<'a> {
    pub partition: &'a str,
    pub service: &'a str,
    pub region: &'a str,
    pub account: &'a str,
    pub resource: &'a str,
}

impl<'a> Arn<'a> {
    /// Reads `arn:partition:service:region:account:resource`; `None` when a field is missing.
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut fields = text.splitn(6, ':');
        if fields.next()? != "arn" {
            return None;
        }
        let (partition, service) = (fields.next()?, fields.next()?);
        let (region, account, resource) = (fields.next()?, fields.next()?, fields.next()?);
        (!partition.is_empty() && !resource.is_empty()).then_some(Self {
            partition,
            service,
            region,
            account,
            resource,
        })
    }

    /// Reads an IAM role's ARN: `arn:aws:iam::123456789012:role/path/name`.
    pub fn parse_role(text: &'a str) -> Option<Self> {
        let arn = Self::parse(text)?;
        let name = arn.resource.strip_prefix("role/")?;
        let printable = text.bytes().all(|b| b.is_ascii_graphic());
        (arn.service == "iam" && !arn.account.is_empty() && !name.is_empty() && printable)
            .then_some(arn)
    }

    /// Returns the last path part of the resource: the role's or user's name, or the session's.
    pub fn name(&self) -> &'a str {
        self.resource.rsplit('/').next().unwrap_or(self.resource)
    }

    /// Returns the IAM ARN of who a session belongs to: an assumed-role ARN becomes its role's
    /// (without its path, which STS leaves out).
    pub fn principal(&self) -> String {
        let parts: Vec<&str> = self.resource.split('/').collect();
        match parts[..] {
            ["assumed-role", role, _] => {
                format!("arn:{}:iam::{}:role/{role}", self.partition, self.account)
            }
            _ => format!(
                "arn:{}:{}::{}:{}",
                self.partition, self.service, self.account, self.resource
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_role_arn_parses_as_role() {
        for (text, name) in [
            ("arn:aws:iam::222222222222:role/admin", Some("admin")),
            ("arn:aws-cn:iam::222222222222:role/team/x/admin", Some("admin")),
            ("arn:aws:iam::222222222222:user/bob", None),
            ("arn:aws:iam::222222222222:role/", None),
            ("arn:aws:iam:::role/x", None),
            ("arn:aws:iam::2:role/a b", None),
            ("admin", None),
            ("", None),
            ("arn:::::", None),
        ] {
            assert_eq!(Arn::parse_role(text).map(|a| a.name()), name, "{text}");
        }
    }

    #[test]
    fn assumed_role_arn_gives_role_as_principal() {
        for (text, principal) in [
            ("arn:aws:sts::1:assumed-role/admin/bob", "arn:aws:iam::1:role/admin"),
            ("arn:aws:iam::1:user/bob", "arn:aws:iam::1:user/bob"),
            ("arn:aws:iam::1:root", "arn:aws:iam::1:root"),
        ] {
            assert_eq!(Arn::parse(text).map(|a| a.principal()).as_deref(), Some(principal));
        }
    }
}
