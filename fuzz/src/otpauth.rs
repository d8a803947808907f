//! The seed of an MFA device, as a person types it or a QR code holds it: what is taken can be
//! stored and read back, and what is not taken is not repeated.

use rolecall::fuzzing::Seed;

const SERIAL: &str = "arn:aws:iam::111111111111:mfa/bob";

pub fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(seed) = Seed::parse(text, SERIAL) else { return };
    assert!((1..=60).contains(&seed.period()));
    for time in [i64::MIN, 0, 1_800_000_000, i64::MAX] {
        let code = seed.code(seed.window(time));
        assert!(code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()), "{code}");
    }
    let again = Seed::parse(&seed.uri(), SERIAL);
    assert!(again.is_ok_and(|again| again == seed), "the store gives another seed back");
}
