//! What a credential_process prints, and what a store gives back: read, and what was read survives
//! being written.

use rolecall::fuzzing::{
    parse_process_output, parse_session, render_process_output, render_session,
};
use secrecy::SecretString;

pub fn check(data: &[u8]) {
    match parse_process_output(data, Some("111111111111")) {
        Ok(credentials) => {
            let printed = render_process_output(&credentials);
            assert_eq!(printed.matches('\n').count(), 1);
            let again = parse_process_output(printed.as_bytes(), None)
                .expect("what is printed can be read");
            assert_eq!(*render_process_output(&again), *printed);
        }
        Err(error) => assert!(error.len() < 120 && !error.contains(char::is_control), "{error}"),
    }
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Some(session) = parse_session(&SecretString::from(text)) {
        let kept = render_session(&session).expect("a session from the store has an end");
        assert!(parse_session(&kept).is_some());
    }
}
