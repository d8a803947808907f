//! The ARN by which IAM knows the owner of credentials.

use crate::aws::arn::Arn;
use crate::chain::{Base, Chain};

/// Returns the ARN of the role or user behind a chain's credentials, of which STS says `arn`: it
/// leaves out a role's path, and IAM Identity Center's roles have one. `None` where it says no ARN.
pub fn iam_principal(chain: &Chain, arn: &str) -> Option<String> {
    let arn = Arn::parse(arn)?;
    if let (Base::Sso(sso), ["assumed-role", role, _]) =
        (&chain.plan.base, &arn.resource.split('/').collect::<Vec<_>>()[..])
    {
        let region = if sso.session.region == "us-east-1" {
            String::new()
        } else {
            format!("{}/", sso.session.region)
        };
        return Some(format!(
            "arn:{}:iam::{}:role/aws-reserved/sso.amazonaws.com/{region}{role}",
            arn.partition, arn.account
        ));
    }
    Some(arn.principal())
}
