//! `keyutils_lookup DESCRIPTION [--forget]`: one key of the user keyring, printed or revoked.

use std::io::Write;

use linux_keyutils::{KeyRing, KeyRingIdentifier};

fn main() {
    let description = std::env::args().nth(1).expect("a key's description");
    let ring = KeyRing::from_special_id(KeyRingIdentifier::User, false).expect("the user keyring");
    let key = ring.search(&description).expect("the key");
    if std::env::args().nth(2).is_some_and(|option| option == "--forget") {
        return key.revoke().expect("a key of one's own");
    }
    let payload = key.read_to_vec().expect("its payload");
    std::io::stdout().write_all(&payload).expect("stdout");
}
