//! The calls of IAM about a user's access keys. Each names the user: AWS finds the user of a session
//! by its name only.

use aws_sdk_iam::types::{AccessKeyMetadata, StatusType};
use chrono::{DateTime, Utc};
use secrecy::SecretString;

use crate::aws::LongTermKeys;
use crate::aws::names::AccessKeyId;
use crate::chain::Network;
use crate::clients::calls::AwsCalls;
use crate::clients::factory::Target;
use crate::clients::failure::{CallError, Failure};

/// Whether AWS accepts a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyStatus {
    Active,
    Inactive,
}

impl KeyStatus {
    /// Returns its name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
        }
    }
}

/// An access key as IAM lists it.
#[derive(Debug, Clone)]
pub struct ListedKey {
    pub id: AccessKeyId,
    pub status: KeyStatus,
    pub created_at: Option<DateTime<Utc>>,
}

/// An access key that was just made.
pub struct CreatedKey {
    pub keys: LongTermKeys,
    pub created_at: Option<DateTime<Utc>>,
}

/// When a key signed a call last, as far as AWS has noted it, and of which service in which region.
#[derive(Debug, Clone)]
pub struct LastUsed {
    pub at: DateTime<Utc>,
    pub service: String,
    pub region: String,
}

impl AwsCalls<'_> {
    /// Returns the access keys of a user: all pages of iam:ListAccessKeys.
    ///
    /// # Errors
    /// When AWS refuses, does not answer or answers with pages that have no end, or the wait is
    /// interrupted.
    pub fn list_access_keys(
        &self,
        target: &Target,
        user: &str,
    ) -> Result<Vec<ListedKey>, CallError> {
        let client = self.factory.iam(target)?;
        let mut all = Vec::new();
        let mut markers: Vec<Option<String>> = vec![None];
        while let Some(marker) = markers.last() {
            let request = client.list_access_keys().user_name(user).set_marker(marker.clone());
            let page = self.answer(target, request.send())?;
            all.extend(page.access_key_metadata().iter().filter_map(listed));
            if !page.is_truncated() {
                return Ok(all);
            }
            let next = page.marker().map(str::to_owned);
            if next.is_none() || markers.contains(&next) {
                let what = "a page of access keys that does not lead to the next one";
                return Err(Failure::without_answer(what).into());
            }
            markers.push(next);
        }
        Ok(all)
    }

    /// Makes an access key (iam:CreateAccessKey). It is asked for once: a second attempt would make
    /// a second key where only the answer to the first was lost.
    ///
    /// # Errors
    /// When AWS refuses, does not answer or answers without a key, or the wait is interrupted. AWS
    /// may have made one unless it refused.
    pub fn create_access_key(&self, target: &Target, user: &str) -> Result<CreatedKey, CallError> {
        let network = Network { max_attempts: Some(1), ..target.network.clone() };
        let target = Target { network: &network, ..*target };
        let client = self.factory.iam(&target)?;
        let answer = self.answer(&target, client.create_access_key().user_name(user).send())?;
        let key = answer.access_key().filter(|key| !key.secret_access_key().is_empty());
        let key = key.ok_or_else(|| Failure::without_answer("an answer without a key"))?;
        Ok(CreatedKey {
            keys: LongTermKeys {
                access_key_id: key.access_key_id().to_owned(),
                secret_access_key: SecretString::from(key.secret_access_key()),
                account_id: None,
            },
            created_at: key.create_date().and_then(time),
        })
    }

    /// Switches an access key on or off (iam:UpdateAccessKey).
    ///
    /// # Errors
    /// When AWS refuses or does not answer, or the wait is interrupted.
    pub fn set_access_key_status(
        &self,
        target: &Target,
        user: &str,
        (id, status): (&AccessKeyId, KeyStatus),
    ) -> Result<(), CallError> {
        let client = self.factory.iam(target)?;
        let status = match status {
            KeyStatus::Active => StatusType::Active,
            KeyStatus::Inactive => StatusType::Inactive,
        };
        let request =
            client.update_access_key().user_name(user).access_key_id(id.as_str()).status(status);
        self.answer(target, request.send()).map(drop)
    }

    /// Deletes an access key (iam:DeleteAccessKey).
    ///
    /// # Errors
    /// When AWS refuses or does not answer, or the wait is interrupted.
    pub fn delete_access_key(
        &self,
        target: &Target,
        user: &str,
        id: &AccessKeyId,
    ) -> Result<(), CallError> {
        let client = self.factory.iam(target)?;
        let request = client.delete_access_key().user_name(user).access_key_id(id.as_str());
        self.answer(target, request.send()).map(drop)
    }

    /// Returns when a key was used last (iam:GetAccessKeyLastUsed); `None` where it never was.
    ///
    /// # Errors
    /// When AWS refuses or does not answer, or the wait is interrupted.
    pub fn access_key_last_used(
        &self,
        target: &Target,
        id: &AccessKeyId,
    ) -> Result<Option<LastUsed>, CallError> {
        let client = self.factory.iam(target)?;
        let request = client.get_access_key_last_used().access_key_id(id.as_str());
        let answer = self.answer(target, request.send())?;
        Ok(answer.access_key_last_used().and_then(|used| {
            Some(LastUsed {
                at: used.last_used_date().and_then(time)?,
                service: used.service_name().to_owned(),
                region: used.region().to_owned(),
            })
        }))
    }
}

/// Reads a key of a list; one without an ID is none. A status that this version does not know is
/// one that AWS does not accept.
fn listed(key: &AccessKeyMetadata) -> Option<ListedKey> {
    let is_active = key.status() == Some(&StatusType::Active);
    Some(ListedKey {
        id: AccessKeyId::new(key.access_key_id()?),
        status: if is_active { KeyStatus::Active } else { KeyStatus::Inactive },
        created_at: key.create_date().and_then(time),
    })
}

fn time(time: &aws_sdk_iam::primitives::DateTime) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(time.secs(), 0)
}
