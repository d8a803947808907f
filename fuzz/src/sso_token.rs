//! The token file of IAM Identity Center, which the AWS CLI and the SDKs write.

use rolecall::fuzzing::Token;

pub fn check(data: &[u8]) {
    let Some(token) = Token::parse(data) else { return };
    token.expires_at();
    token.access_token();
    assert!(data.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{'));
}
