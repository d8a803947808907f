//! Reaching the session bus, and reading what comes back as an error.

use std::path::Path;

use zbus::address::transport::{Transport, Unix, UnixSocket};
use zbus::{Address, Connection, Error, fdo};

use crate::store::error::StoreError;

/// The name on the bus and the root object, from the Secret Service specification.
pub(super) const BUS_NAME: &str = "org.freedesktop.secrets";
pub(super) const ROOT: &str = "/org/freedesktop/secrets";

/// An error reply that says its object is locked, or is not there any more.
const IS_LOCKED: &str = "org.freedesktop.Secret.Error.IsLocked";
const NO_SUCH_OBJECT: &str = "org.freedesktop.Secret.Error.NoSuchObject";

/// A failed call, as far as callers tell failures apart.
#[derive(Debug)]
pub(super) enum BusError {
    /// The object named in the call does not exist (any more).
    Gone,
    /// Any other failure.
    Store(StoreError),
}

impl From<BusError> for StoreError {
    fn from(error: BusError) -> Self {
        match error {
            BusError::Gone => Self::Failed("the keyring's item went away".to_owned()),
            BusError::Store(error) => error,
        }
    }
}

/// A reply that is not what the specification says. What a call itself fails with is for
/// `judge`.
impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        Self::Failed(format!("the keyring's answer cannot be read: {error}"))
    }
}

impl From<Error> for BusError {
    fn from(error: Error) -> Self {
        Self::Store(error.into())
    }
}

/// Connects to the first Unix socket of `bus_address` that answers, or to `bus` under
/// `runtime_dir`.
pub(super) async fn connect(
    bus_address: Option<&str>,
    runtime_dir: Option<&Path>,
) -> Result<Connection, StoreError> {
    let mut failure = StoreError::Unavailable("no session bus is known".to_owned());
    for address in addresses(bus_address, runtime_dir) {
        match zbus::connection::Builder::address(address).build().await {
            Ok(connection) => return Ok(connection),
            Err(error) => failure = unreachable(&error),
        }
    }
    Err(failure)
}

/// The places where the bus may listen. Other transports than Unix sockets are left out: none of
/// them is a session bus of this user on this machine.
fn addresses(bus_address: Option<&str>, runtime_dir: Option<&Path>) -> Vec<Address> {
    match (bus_address.filter(|address| !address.is_empty()), runtime_dir) {
        (Some(list), _) => list
            .split(';')
            .filter(|address| address.starts_with("unix:"))
            .filter_map(|address| address.parse().ok())
            .collect(),
        (None, Some(folder)) => {
            let socket = UnixSocket::File(folder.join("bus"));
            vec![Address::new(Transport::Unix(Unix::new(socket)))]
        }
        (None, None) => Vec::new(),
    }
}

fn unreachable(error: &Error) -> StoreError {
    match error {
        Error::Connection(cause, _) | Error::InputOutput(cause) => {
            StoreError::Unavailable(format!("session bus: {cause}"))
        }
        other => StoreError::Unavailable(format!("session bus: {other}")),
    }
}

/// Judges what a call failed with.
pub(super) fn judge(error: &Error) -> BusError {
    BusError::Store(match error {
        Error::MethodError(name, detail, _) => match name.as_str() {
            NO_SUCH_OBJECT => return BusError::Gone,
            IS_LOCKED => StoreError::Locked("the keyring's item is locked".to_owned()),
            name => StoreError::Failed(format!(
                "keyring: {name}: {}",
                detail.as_deref().unwrap_or("no detail")
            )),
        },
        Error::FDO(cause) => match &**cause {
            fdo::Error::UnknownObject(_) => return BusError::Gone,
            fdo::Error::Failed(_)
            | fdo::Error::InvalidArgs(_)
            | fdo::Error::LimitsExceeded(_)
            | fdo::Error::NoMemory(_) => StoreError::Failed(format!("keyring: {cause}")),
            // Nobody owns the name, nobody can be started, or who answers is no Secret Service.
            _ => StoreError::Unavailable(format!("no keyring on the session bus: {cause}")),
        },
        Error::InputOutput(_) => unreachable(error),
        other => StoreError::Failed(format!("keyring: {other}")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_list_gives_unix_sockets_only() {
        let list = "tcp:host=example.com,port=1;unix:path=/a;unixexec:path=/bin/sh;unix:abstract=b";
        let found = addresses(Some(list), None);
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(found, ["unix:path=/a", "unix:abstract=b"]);
    }

    #[test]
    fn empty_address_gives_bus_in_runtime_folder() {
        let found = addresses(Some(""), Some(Path::new("/run/user/1")));
        assert_eq!(found[0].to_string(), "unix:path=/run/user/1/bus");
        assert!(addresses(None, None).is_empty());
    }
}
