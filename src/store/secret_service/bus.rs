//! Reaching the session bus, calling the Secret Service, and reading what comes back as an error.

use std::path::Path;

use zbus::address::transport::{Transport, Unix, UnixSocket};
use zbus::export::serde::Serialize;
use zbus::{Address, Connection, DynamicType, Error, Message, fdo};

use crate::store::error::StoreError;

/// The name on the bus and the root object, from the Secret Service specification.
pub(super) const BUS_NAME: &str = "org.freedesktop.secrets";
pub(super) const ROOT: &str = "/org/freedesktop/secrets";

/// An error reply that says its object is locked, or is not there any more.
const IS_LOCKED: &str = "org.freedesktop.Secret.Error.IsLocked";
const NO_SUCH_OBJECT: &str = "org.freedesktop.Secret.Error.NoSuchObject";

/// A failed call, as far as callers tell failures apart.
#[derive(Debug)]
pub(super) enum CallError {
    /// The object named in the call does not exist (any more).
    Gone,
    /// Any other failure.
    Store(StoreError),
}

impl From<CallError> for StoreError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Gone => Self::Failed("the keyring's item went away".to_owned()),
            CallError::Store(error) => error,
        }
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

/// Calls a method of the Secret Service on one of its objects.
pub(super) async fn call<B: Serialize + DynamicType>(
    connection: &Connection,
    path: &str,
    interface: &'static str,
    method: &'static str,
    body: &B,
) -> Result<Message, CallError> {
    connection
        .call_method(Some(BUS_NAME), path, Some(interface), method, body)
        .await
        .map_err(|error| judge(&error))
}

/// A reply that is not what the specification says.
pub(super) fn malformed(error: &Error) -> StoreError {
    StoreError::Failed(format!("the keyring's answer cannot be read: {error}"))
}

fn unreachable(error: &Error) -> StoreError {
    match error {
        Error::Connection(cause, _) | Error::InputOutput(cause) => {
            StoreError::Unavailable(format!("session bus: {cause}"))
        }
        other => StoreError::Unavailable(format!("session bus: {other}")),
    }
}

fn judge(error: &Error) -> CallError {
    CallError::Store(match error {
        Error::MethodError(name, detail, _) => match name.as_str() {
            NO_SUCH_OBJECT => return CallError::Gone,
            IS_LOCKED => StoreError::Locked("the keyring's item is locked".to_owned()),
            name => StoreError::Failed(format!(
                "keyring: {name}: {}",
                detail.as_deref().unwrap_or("no detail")
            )),
        },
        Error::FDO(cause) => match &**cause {
            fdo::Error::UnknownObject(_) => return CallError::Gone,
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
    fn only_unix_sockets_are_tried() {
        let list = "tcp:host=example.com,port=1;unix:path=/a;unixexec:path=/bin/sh;unix:abstract=b";
        let found = addresses(Some(list), None);
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(found, ["unix:path=/a", "unix:abstract=b"]);
    }

    #[test]
    fn the_runtime_folder_is_the_fallback() {
        let found = addresses(Some(""), Some(Path::new("/run/user/1")));
        assert_eq!(found[0].to_string(), "unix:path=/run/user/1/bus");
        assert!(addresses(None, None).is_empty());
    }
}
