//! Reaching the session bus, and reading what comes back as an error.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use tokio::net::UnixStream;
use zbus::address::transport::{Transport, UnixSocket};
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

/// Connects to the first Unix socket of `bus_address` that answers and is this user's, or to `bus`
/// under `runtime_dir`.
pub(super) async fn connect(
    bus_address: Option<&str>,
    runtime_dir: Option<&Path>,
) -> Result<Connection, StoreError> {
    let mut failure = StoreError::Unavailable(match bus_address {
        Some(list) if !list.is_empty() => {
            format!("session bus: no Unix socket, which says whose it is: {list}")
        }
        _ => "no session bus is known".to_owned(),
    });
    for path in sockets(bus_address, runtime_dir) {
        match connect_to(&path).await {
            Ok(connection) => return Ok(connection),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

/// Connects to a bus that this user started. A bus of anybody else, who may listen where others can
/// write or under an abstract name, would be told every secret.
async fn connect_to(path: &Path) -> Result<Connection, StoreError> {
    let failed = |error| StoreError::Unavailable(format!("session bus: {error}"));
    let stream = UnixStream::connect(path).await.map_err(failed)?;
    let owner = stream.peer_cred().map_err(failed)?.uid();
    if owner != rustix::process::geteuid().as_raw() {
        let shown = path.display().to_string().replace('\0', "@");
        return Err(StoreError::Unavailable(format!(
            "session bus: {shown} belongs to another user ({owner})"
        )));
    }
    let stream = stream.into_std().map_err(failed)?;
    let connection = zbus::connection::Builder::unix_stream(stream).build().await;
    connection.map_err(|error| unreachable(&error))
}

/// Returns the sockets where the bus may listen; an abstract name begins with a zero byte. Other
/// transports are left out: none of them says whose it is.
fn sockets(bus_address: Option<&str>, runtime_dir: Option<&Path>) -> Vec<PathBuf> {
    match (bus_address.filter(|address| !address.is_empty()), runtime_dir) {
        (Some(list), _) => list.split(';').filter_map(socket).collect(),
        (None, Some(folder)) => vec![folder.join("bus")],
        (None, None) => Vec::new(),
    }
}

fn socket(address: &str) -> Option<PathBuf> {
    let address: Address = address.parse().ok()?;
    let Transport::Unix(unix) = address.transport() else { return None };
    match unix.path() {
        UnixSocket::File(path) => Some(path.clone()),
        UnixSocket::Abstract(name) => {
            let mut path = OsString::from("\0");
            path.push(name);
            Some(path.into())
        }
        _ => None,
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
        assert_eq!(sockets(Some(list), None), [Path::new("/a"), Path::new("\0b")]);
    }

    #[test]
    fn empty_address_gives_bus_in_runtime_folder() {
        let found = sockets(Some(""), Some(Path::new("/run/user/1")));
        assert_eq!(found, [Path::new("/run/user/1/bus")]);
        assert!(sockets(None, None).is_empty());
    }
}
