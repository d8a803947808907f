//! `settings.ini`: read, or an error that names a line of the file.

use std::path::Path;

use rolecall::fuzzing::{Kind, parse_settings};

pub fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match parse_settings(Path::new("settings.ini"), text) {
        Ok(settings) => {
            settings.color_of("prod");
            settings.account_name("111111111111");
        }
        Err(error) => {
            assert_eq!(error.kind(), Kind::Configuration);
            let place = error.message().strip_prefix("settings.ini:");
            let line = place.and_then(|rest| rest.split(':').next()?.parse::<usize>().ok());
            let lines = text.lines().count();
            assert!(line.is_some_and(|line| (1..=lines).contains(&line)), "{error:?}");
        }
    }
}
