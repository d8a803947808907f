use super::*;

/// Written by `99designs/keyring` 1.2.2 with the passphrase `correct horse`.
const WRITTEN: &str = "\
    eyJhbGciOiJQQkVTMi1IUzI1NitBMTI4S1ciLCJjcmVhdGVkIjoiMjAyNi0xMS0yNiAxOTowNDo0Mi43MTU4N\
    TIzMzggKzAwMDAgVVRDIG09KzAuMDAwNjUzMTAyIiwiZW5jIjoiQTI1NkdDTSIsInAyYyI6ODE5MiwicDJzIj\
    oibU9Ja3h0TzdjTGV0R1h3MCJ9.F8Cg0SK-9JLSobgSTftHniDFLRyVne-mVNTqTPJlFL0nhqcwJRB1_A.Jpc\
    kCbfVroeHEDfo.FqJ0ZHHve2GChO29z2jJTYzGe1pyRIR247us7E6SfnB8gjPSQ9jnAQJWBo9NF08eDYTSLTq\
    GaAUmeQULlWEnNXd5qcjblGo4otSgrwBub3WwZPp7o3wViLkAfzd1Gm1ilmELV1orZ89PAwWsP2J33VWWbv1G\
    oXq2MauTH5Wh4rVUoIQB1xTz6waPk9VlKuM01x_iwo16McjnY-I7mGXO8jQuhe6knHoPZps8Ta16Ko2BIkfr-\
    ZN5UC6zXG7tKSlMx_g3HziBEis4IeA-Ge3Bbc9j2PXabjP2niWez3nr09qRplJIe625vHrt-INMMPzxNS5WhT\
    D32R5IpUpnQ-UhIvAgevwQpQ7N28VKfXsMyGChAM3m7lr0qVjD2QOT-ydqVaOXCAITHtrKjs4bL2VibeIJOmy\
    hM4TCj4dVTi-ZhTet1nuDKt-Z3a44llgf_MNfGmNhmn8O7KToDdLSzPf3pvAX8Jk3Ic39Ldm2OFsV.CFFxA7U\
    BxPvlMjaMGkKPeg";

fn passphrase() -> SecretString {
    SecretString::from("correct horse")
}

/// The text with another header.
fn with_header(header: &str) -> String {
    let header = aws_smithy_types::base64::encode(header);
    let header = header.replace('+', "-").replace('/', "_");
    let (_, rest) = WRITTEN.split_once('.').unwrap();
    format!("{}.{rest}", header.trim_end_matches('='))
}

fn header(more: &str) -> String {
    format!(r#"{{"alg":"PBES2-HS256+A128KW","enc":"A256GCM",{more}}}"#)
}

#[test]
fn text_of_the_library_is_decrypted() {
    for text in [WRITTEN.to_owned(), format!("{WRITTEN}\n")] {
        let content = Jwe::parse(&text).unwrap().open(&passphrase()).unwrap();
        let content = str::from_utf8(&content).unwrap();
        assert!(content.starts_with(r#"{"Key":"team/dev","Data":"eyJBY2"#), "{content}");
    }
}

#[test]
fn wrong_passphrase_and_changed_text_are_told_apart() {
    let opened = |text: &str, passphrase: &str| {
        Jwe::parse(text).unwrap().open(&SecretString::from(passphrase)).map(drop)
    };
    for wrong in ["", "correct horse ", "Correct horse"] {
        assert_eq!(opened(WRITTEN, wrong), Err(JweError::WrongPassphrase), "{wrong:?}");
    }
    let parts: Vec<&str> = WRITTEN.split('.').collect();
    for (part, error) in [
        (1, JweError::WrongPassphrase),
        (2, JweError::Damaged),
        (3, JweError::Damaged),
        (4, JweError::Damaged),
    ] {
        let mut changed: Vec<String> = parts.iter().map(ToString::to_string).collect();
        let first = if parts[part].starts_with('A') { "B" } else { "A" };
        changed[part].replace_range(..1, first);
        assert_eq!(opened(&changed.join("."), "correct horse"), Err(error), "part {part}");
    }
}

#[test]
fn garbage_is_no_encrypted_text() {
    let parts: Vec<&str> = WRITTEN.split('.').collect();
    let without = |at: usize| {
        let mut parts = parts.clone();
        parts[at] = "";
        parts.join(".")
    };
    let huge_salt = format!(r#""p2c":1,"p2s":"{}""#, "A".repeat(4096));
    for text in [
        String::new(),
        "....".to_owned(),
        "a.b.c.d.e".to_owned(),
        "{}".to_owned(),
        format!("{WRITTEN}.x"),
        format!("{WRITTEN}="),
        format!("é{WRITTEN}"),
        WRITTEN[..100].to_owned(),
        without(0),
        without(1),
        without(2),
        without(4),
        with_header("{"),
        with_header("[]"),
        with_header("{}"),
        with_header(&header(r#""p2c":0,"p2s":"AAAA""#)),
        with_header(&header(r#""p2c":-1,"p2s":"AAAA""#)),
        with_header(&header(r#""p2c":1000001,"p2s":"AAAA""#)),
        with_header(&header(r#""p2c":99999999999999,"p2s":"AAAA""#)),
        with_header(&header(r#""p2c":1,"p2s":"not base64!""#)),
        with_header(&header(r#""p2c":1,"p2s":"AAAA","zip":"DEF""#)),
        with_header(&header(&huge_salt)),
        with_header(r#"{"alg":"dir","enc":"A256GCM","p2c":1,"p2s":"AAAA"}"#),
        with_header(r#"{"alg":"PBES2-HS256+A128KW","enc":"A128GCM","p2c":1,"p2s":"AAAA"}"#),
    ] {
        assert!(Jwe::parse(&text).is_err(), "{text}");
    }
}
