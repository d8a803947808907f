//! Access key pairs as people and programs hand them over: two lines, the JSON of the AWS CLI or of
//! a `credential_process`, and the CSV that the console lets one download. No error quotes what was
//! read, since that holds secrets.

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::LongTermKeys;
use super::names::AccessKeyId;

/// The columns of the console's files `accessKeys.csv` and `credentials.csv`.
const ID_COLUMN: &str = "access key id";
const SECRET_COLUMN: &str = "secret access key";

/// The JSON of `aws iam create-access-key`, and that of a `credential_process`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Json {
    access_key: Option<JsonPair>,
    #[serde(flatten)]
    pair: JsonPair,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct JsonPair {
    access_key_id: Option<String>,
    secret_access_key: Option<SecretString>,
    session_token: Option<SecretString>,
}

/// Reads a pair from two lines, the ID first, or from JSON.
///
/// # Errors
/// What is wrong with it.
pub fn parse(text: &str) -> Result<LongTermKeys, &'static str> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).trim();
    if text.starts_with('{') {
        return parse_json(text);
    }
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    match lines[..] {
        [id, secret] => pair(id, secret),
        _ => Err("it is neither two lines, the access key ID first, nor JSON"),
    }
}

fn parse_json(text: &str) -> Result<LongTermKeys, &'static str> {
    let json: Json = serde_json::from_str(text).map_err(|_| "it is not the JSON of a key pair")?;
    let given = json.access_key.unwrap_or(json.pair);
    if given.session_token.is_some_and(|token| !token.expose_secret().is_empty()) {
        return Err("it holds a session, which ends by itself and is not kept");
    }
    let id = given.access_key_id.ok_or("it has no AccessKeyId")?;
    let secret = given.secret_access_key.ok_or("it has no SecretAccessKey")?;
    pair(&id, secret.expose_secret())
}

/// Reads the only pair of a CSV file of the console.
///
/// # Errors
/// What is wrong with it.
pub fn parse_csv(text: &str) -> Result<LongTermKeys, &'static str> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut rows = text.lines().filter(|line| !line.trim().is_empty()).map(cells);
    let titles = rows.next().ok_or("it is empty")?;
    let column = |title: &str| titles.iter().position(|cell| cell.eq_ignore_ascii_case(title));
    let (id, secret) = column(ID_COLUMN)
        .zip(column(SECRET_COLUMN))
        .ok_or("its first line does not name `Access key ID` and `Secret access key`")?;
    let row = rows.next().ok_or("it has no line with keys")?;
    if rows.next().is_some() {
        return Err("it holds more than one key pair");
    }
    let cell = |at: usize| row.get(at).map_or("", |cell| cell.as_str());
    pair(cell(id), cell(secret))
}

/// Returns the cells of a line of CSV (RFC 4180), without blanks at their ends.
fn cells(line: &str) -> Vec<Zeroizing<String>> {
    let mut cells = Vec::new();
    let mut rest = line;
    loop {
        let (cell, after) = match rest.trim_start().strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => rest.split_at(rest.find(',').unwrap_or(rest.len())),
        };
        cells.push(Zeroizing::new(cell.trim().to_owned()));
        match after.split_once(',') {
            Some((_, next)) => rest = next,
            None => return cells,
        }
    }
}

/// Makes a pair of its halves.
///
/// # Errors
/// Where they have changed places, or no request could carry them.
pub fn pair(id: &str, secret: &str) -> Result<LongTermKeys, &'static str> {
    let (id, secret) = (id.trim(), secret.trim());
    if AccessKeyId::is_in_place_of(secret) {
        return Err("access key ID and secret have changed places");
    }
    let id = AccessKeyId::parse(id).ok_or("the access key ID is empty or holds blanks")?;
    if secret.is_empty() || !secret.bytes().all(|b| b.is_ascii_graphic()) {
        return Err("the secret access key is empty or holds blanks");
    }
    Ok(LongTermKeys {
        access_key_id: id.to_string(),
        secret_access_key: SecretString::from(secret),
        account_id: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "AKIAIOSFODNN7EXAMPLE";
    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

    fn is_pair(read: Result<LongTermKeys, &'static str>) -> bool {
        read.is_ok_and(|keys| {
            keys.access_key_id == ID && keys.secret_access_key.expose_secret() == SECRET
        })
    }

    #[test]
    fn pair_is_read_from_two_lines_or_json() {
        for (text, is_read) in [
            (format!("{ID}\n{SECRET}\n"), true),
            (format!("\u{feff}  {ID}\r\n\r\n {SECRET}  "), true),
            (format!(r#"{{"AccessKeyId":"{ID}","SecretAccessKey":"{SECRET}"}}"#), true),
            (
                format!(
                    r#"{{"AccessKey":{{"UserName":"bob","AccessKeyId":"{ID}","Status":"Active",
                    "SecretAccessKey":"{SECRET}","CreateDate":"2026-11-26T00:00:00Z"}}}}"#
                ),
                true,
            ),
            (
                format!(
                    r#"{{"AccessKeyId":"{ID}","SecretAccessKey":"{SECRET}","SessionToken":"t"}}"#
                ),
                false,
            ),
            (format!("{SECRET}\n{ID}\n"), false),
            (format!("{ID} {SECRET}"), false),
            (format!("{ID}\n{SECRET}\nmore"), false),
            (format!("{ID}\nwith a blank"), false),
            (format!(r#"{{"AccessKeyId":"{ID}"}}"#), false),
            ("{".to_owned(), false),
            (String::new(), false),
        ] {
            assert_eq!(is_pair(parse(&text)), is_read, "{text}");
        }
    }

    #[test]
    fn pair_is_read_from_csv_of_the_console() {
        for (text, is_read) in [
            (format!("\u{feff}Access key ID,Secret access key\r\n{ID},{SECRET}\r\n"), true),
            (
                format!(
                    "User name,Password,Access key ID,Secret access key,Console login link\n\
                     \"Bob, the first\",,{ID},\"{SECRET}\",https://x.signin.aws.amazon.com/console\n"
                ),
                true,
            ),
            ("Access key ID,Secret access key\n".to_owned(), false),
            (format!("Access key ID,Secret access key\n{ID}\n"), false),
            (format!("{ID},{SECRET}\n"), false),
            (format!("Access key ID,Secret access key\n{ID},{SECRET}\n{ID},{SECRET}\n"), false),
            (String::new(), false),
        ] {
            assert_eq!(is_pair(parse_csv(&text)), is_read, "{text}");
        }
    }
}
