//! One item of the Secret Service as a credential of `keyring_core`.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use keyring_core::api::{Credential, CredentialApi};
use keyring_core::{Error, Result};
use zeroize::Zeroize;

use crate::store::secret_service::client::Client;
use crate::store::secret_service::link::Link;

/// The item with these attributes, whether it is there or not.
///
/// Other programs may have made several of them. Reading takes the first, writing and deleting
/// leave none of the others.
pub(super) struct Item {
    pub(super) link: Arc<Link>,
    pub(super) service: String,
    pub(super) user: String,
    pub(super) label: Option<String>,
}

impl CredentialApi for Item {
    fn set_secret(&self, secret: &[u8]) -> Result<()> {
        let label = self.label.as_deref().unwrap_or(&self.service);
        let put =
            async |client: &Client| client.put(&self.service, &self.user, label, secret).await;
        self.link.write(put)
    }

    fn get_secret(&self) -> Result<Vec<u8>> {
        self.link
            .look_up(async |client| client.get(&self.service, &self.user).await)?
            .ok_or(Error::NoEntry)
    }

    fn delete_credential(&self) -> Result<()> {
        let deleted =
            self.link.write(async |client| client.delete(&self.service, &self.user).await);
        if deleted? { Ok(()) } else { Err(Error::NoEntry) }
    }

    fn get_credential(&self) -> Result<Option<Arc<Credential>>> {
        self.get_secret()?.zeroize();
        Ok(None)
    }

    fn get_specifiers(&self) -> Option<(String, String)> {
        Some((self.service.clone(), self.user.clone()))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn debug_fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Item({}, {})", self.service, self.user)
    }
}
