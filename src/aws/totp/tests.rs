use fake_aws::totp as fake;
use proptest::prelude::*;

use super::*;

const SERIAL: &str = "arn:aws:iam::111111111111:mfa/bob";
const SEED: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

fn seed(text: &str) -> Seed {
    Seed::parse(text, SERIAL).unwrap_or_else(|e| panic!("{text}: {e}"))
}

fn code_at(seed: &Seed, time: i64) -> String {
    seed.code(seed.window(time))
}

/// RFC 6238, appendix B: the last six of its eight digits.
#[test]
fn codes_match_vectors_of_rfc_6238() {
    let ten = "GEZDGNBVGY3TQOJQ";
    let sha1 = seed(SEED);
    let sha256 =
        seed(&format!("otpauth://totp/x?secret={}GEZA====&algorithm=SHA256", ten.repeat(3)));
    let sha512 =
        seed(&format!("otpauth://totp/x?algorithm=SHA512&secret={}GEZDGNA", ten.repeat(6)));
    for (time, codes) in [
        (59, ["287082", "119246", "693936"]),
        (1_111_111_109, ["081804", "084774", "091201"]),
        (1_111_111_111, ["050471", "062674", "943326"]),
        (1_234_567_890, ["005924", "819424", "441116"]),
        (2_000_000_000, ["279037", "698825", "618901"]),
        (20_000_000_000, ["353130", "737706", "863826"]),
    ] {
        assert_eq!([&sha1, &sha256, &sha512].map(|seed| code_at(seed, time)), codes, "{time}");
    }
}

#[test]
fn seed_is_read_from_any_uri_and_written_as_aws_writes_it() {
    let same = [
        format!(
            "otpauth://totp/Amazon%20Web%20Services:bob@111111111111?secret={SEED}\
             &issuer=Amazon%20Web%20Services"
        ),
        format!(
            "OTPAUTH://TOTP/x?issuer=other&secret={}&digits=6&period=30&algorithm=sha1",
            SEED.to_lowercase()
        ),
        format!("otpauth://totp/?secret={SEED}%3D%3D&image=https%3A%2F%2Fx"),
        " gezd-gnbv gy3t qojq\tGEZDGNBVGY3TQOJQ==\n".to_owned(),
    ];
    for text in &same {
        assert!(seed(text) == seed(SEED), "{text}");
    }
    assert_eq!(
        seed(SEED).uri().as_str(),
        format!(
            "otpauth://totp/Amazon%20Web%20Services:bob%40111111111111?secret={SEED}\
             &issuer=Amazon%20Web%20Services"
        )
    );
    let minute = seed(&format!("otpauth://totp/x?secret={SEED}&period=60&algorithm=SHA512"));
    assert_eq!((minute.period(), minute.window(119), minute.begin(1)), (60, 1, 60));
    assert!(seed(&minute.uri()) == minute);
}

#[test]
fn invalid_seed_is_refused_with_reason() {
    let uri = |more: &str| format!("otpauth://totp/x?secret={SEED}&{more}");
    for (text, says) in [
        ("", "empty"),
        (" -= ", "empty"),
        ("123456", "not base32"),
        ("234567", "length"),
        ("2345672", "too short"),
        ("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJ0", "not base32"),
        ("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJÄ", "not base32"),
        ("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQA", "length"),
        ("https://example.org", "URI"),
        ("otpauth-migration://offline?data=x", "URI"),
        ("otpauth://totp/x", "no secret"),
        ("otpauth://totp/x?issuer=y", "no secret"),
        (&format!("otpauth://hotp/x?secret={SEED}&counter=1"), "time-based"),
        (&format!("otpauth://?secret={SEED}"), "time-based"),
        (&uri("digits=8"), "6 digits"),
        (&uri("algorithm=MD5"), "SHA256"),
        (&uri("period=0"), "period"),
        (&uri("period=61"), "period"),
        (&uri("period=x"), "period"),
    ] {
        let error = Seed::parse(text, SERIAL).err().unwrap_or_else(|| panic!("`{text}` was taken"));
        assert!(error.contains(says), "{text}: {error}");
    }
}

#[test]
fn uri_of_any_serial_parses_back() {
    for serial in [
        SERIAL,
        "GAHT12345678",
        "arn:aws-cn:iam::1:mfa/path/to/bob",
        "a:b:c:d:e:f:g:h",
        "arn:aws:iam::1:u2f",
    ] {
        assert!(Seed::parse(&Seed::parse(SEED, serial).unwrap().uri(), serial).is_ok(), "{serial}");
    }
}

proptest! {
    #[test]
    fn seed_in_any_spelling_gives_codes_of_fake_aws(
        groups in proptest::collection::vec("[A-Za-z2-7]{8}", 2..9),
        between in "[ -]{0,2}",
        padding in "={0,6}",
        time in 0_i64..20_000_000_000,
    ) {
        let typed = format!("{}{padding}", groups.join(&between));
        let expected = fake::code(&fake::base32(&typed).unwrap(), time);
        prop_assert_eq!(code_at(&seed(&typed), time), expected);
    }

    #[test]
    fn any_text_parses_without_panic(
        text in "\\PC*",
        more in "(otpauth://totp/x\\?(secret|digits|period|algorithm)=\\PC*)?",
    ) {
        for text in [&text, &more] {
            if let Ok(seed) = Seed::parse(text, SERIAL) {
                prop_assert_eq!(seed.code(u64::MAX).len(), 6);
            }
        }
    }
}
