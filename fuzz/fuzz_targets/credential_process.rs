//! What a credential_process prints, and what a store gives back: read, and what was read survives
//! being written.
#![no_main]
#![allow(dead_code, unused)]

include!("../tree.rs");

use secrecy::SecretString;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    match aws::process_json::parse(data, Some("111111111111")) {
        Ok(credentials) => {
            let printed = output::credential_process::render(&credentials);
            assert_eq!(printed.matches('\n').count(), 1);
            let again = aws::process_json::parse(printed.as_bytes(), None)
                .expect("what is printed can be read");
            assert_eq!(*output::credential_process::render(&again), *printed);
        }
        Err(error) => assert!(error.len() < 120 && !error.contains(char::is_control), "{error}"),
    }
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Some(session) = store::sessions::parse(&SecretString::from(text)) {
        let kept = store::sessions::render(&session).expect("a session from the store has an end");
        assert!(store::sessions::parse(&kept).is_some());
    }
});
