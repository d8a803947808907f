//! `zbus_lookup SERVICE USERNAME`: one item of the Secret Service over a plain session, printed.

use std::collections::BTreeMap;
use std::io::Write;

use zbus::{Connection, ObjectPath, OwnedObjectPath, Variant};

const SERVICE: &str = "org.freedesktop.secrets";
const ROOT: &str = "/org/freedesktop/secrets";
const INTERFACE: &str = "org.freedesktop.Secret.Service";

#[tokio::main(flavor = "current_thread")]
async fn main() -> zbus::Result<()> {
    let [_, service, username] =
        std::env::args().collect::<Vec<_>>().try_into().expect("a service and a user name");
    let bus = Connection::session().await?;
    let opened = bus
        .call_method(
            Some(SERVICE),
            ROOT,
            Some(INTERFACE),
            "OpenSession",
            &("plain", Variant::from("")),
        )
        .await?;
    let body = opened.body();
    let (_, session): (Variant, ObjectPath) = body.deserialize()?;
    let attributes =
        BTreeMap::from([("service", service.as_str()), ("username", username.as_str())]);
    let found = bus
        .call_method(Some(SERVICE), ROOT, Some(INTERFACE), "SearchItems", &(attributes,))
        .await?;
    let (unlocked, _): (Vec<OwnedObjectPath>, Vec<OwnedObjectPath>) = found.body().deserialize()?;
    let item = unlocked.first().expect("the item");
    let answer = bus
        .call_method(
            Some(SERVICE),
            item,
            Some("org.freedesktop.Secret.Item"),
            "GetSecret",
            &(session,),
        )
        .await?;
    let body = answer.body();
    let ((_, _, secret, _),): ((ObjectPath, &[u8], &[u8], &str),) = body.deserialize()?;
    std::io::stdout().write_all(secret).expect("stdout");
    Ok(())
}
