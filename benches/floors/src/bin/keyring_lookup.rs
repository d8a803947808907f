//! `keyring_lookup SERVICE USERNAME`: one item through the `keyring` crate as it comes, printed.

use std::io::Write;

fn main() {
    let [_, service, username] =
        std::env::args().collect::<Vec<_>>().try_into().expect("a service and a user name");
    let secret = keyring::Entry::new(&service, &username)
        .and_then(|entry| entry.get_secret())
        .expect("the item");
    std::io::stdout().write_all(&secret).expect("stdout");
}
