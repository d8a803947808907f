//! Keys that look like another one: what a profile may have meant where a key is missing. AWS's
//! SDKs ignore a key that they do not know, so nothing else tells that it does nothing.

use super::keys;
use crate::config::profiles::Profile;
use crate::error::{Error, FileLine};

/// Keys that mean something else than what they look like: those of `keys`, and AWS's settings
/// (AWS SDKs and Tools Reference Guide, "Settings reference").
const KNOWN: [&str; 56] = [
    keys::ROLE_ARN,
    keys::SOURCE_PROFILE,
    keys::CREDENTIAL_SOURCE,
    keys::EXTERNAL_ID,
    keys::ROLE_SESSION_NAME,
    keys::DURATION_SECONDS,
    keys::MFA_SERIAL,
    keys::WEB_IDENTITY_TOKEN_FILE,
    keys::ACCESS_KEY_ID,
    keys::SECRET_ACCESS_KEY,
    keys::SESSION_TOKEN,
    keys::SECURITY_TOKEN,
    keys::ACCOUNT_ID,
    keys::CREDENTIAL_PROCESS,
    keys::LOGIN_SESSION,
    keys::SSO_SESSION,
    keys::SSO_START_URL,
    keys::SSO_REGION,
    keys::SSO_ACCOUNT_ID,
    keys::SSO_ROLE_NAME,
    keys::REGION,
    keys::SERVICES,
    keys::ENDPOINT_URL,
    keys::MFA_PROCESS,
    keys::MFA_YUBIKEY_OATH,
    keys::MFA_SESSION_DURATION,
    keys::SOURCE_IDENTITY,
    keys::SESSION_TAGS,
    keys::TRANSITIVE_SESSION_TAGS,
    keys::POLICY_ARNS,
    keys::CONFIRM,
    keys::CACHE,
    keys::WRITTEN,
    keys::STORED_KEY_ID,
    keys::HAND_OUT_KEYS,
    "output",
    "description",
    "ca_bundle",
    "cli_pager",
    "cli_auto_prompt",
    "defaults_mode",
    "account_id_endpoint_mode",
    "max_attempts",
    "retry_mode",
    "use_fips_endpoint",
    "use_dualstack_endpoint",
    "sts_regional_endpoints",
    "ignore_configured_endpoint_urls",
    keys::SSO_REGISTRATION_SCOPES,
    keys::SSO_USE_DEVICE_CODE,
    keys::SSO_REDIRECT_PORT,
    "x_security_token_expires",
    keys::SYNCED,
    keys::SYNC_NAME,
    keys::SYNC_REGION,
    keys::SYNC_ONLY,
];

/// Adds to an error, for each key that a profile lacks, the one that looks like it and its line.
pub(super) fn explain(error: Error, profile: &Profile, lacking: &[&str]) -> Error {
    let found = lacking.iter().filter_map(|key| Some((*key, look_alike(profile, key)?)));
    let mut found: Vec<(&str, LookAlike)> = found.collect();
    // A line is named once, by the key that it is most like.
    found.sort_by_key(|(_, found)| std::cmp::Reverse(found.likeness));
    let mut said: Vec<&str> = Vec::new();
    found.iter().fold(error, |error, (meant, LookAlike { unread, .. })| {
        if said.contains(&unread.line.as_str()) {
            return error;
        }
        said.push(&unread.line);
        error.cause(unread.is_meant_for(meant))
    })
}

/// Says which keys of a profile differ from one that is known by a typing error, and in which line.
pub fn misspelled(profile: &Profile) -> impl Iterator<Item = String> {
    unread(profile).filter_map(|unread| Some(unread.is_meant_for(corrected(unread.key)?)))
}

/// Returns the key that is meant by one that nobody reads and that differs by a typing error.
pub fn meant_key(key: &str) -> Option<&'static str> {
    if is_known(key) { None } else { corrected(key) }
}

fn corrected(key: &str) -> Option<&'static str> {
    let name = normalized(key);
    KNOWN.into_iter().find(|known| is_typing_error(&name, &normalized(known)))
}

/// A key that nobody reads.
struct Unread<'a> {
    key: &'a str,
    /// Its place, and why nobody reads it.
    line: String,
}

impl Unread<'_> {
    fn is_meant_for(&self, meant: &str) -> String {
        // Only its place is wrong where its name is right.
        if self.key == meant {
            return self.line.clone();
        }
        format!("{}: is `{meant}` meant?", self.line)
    }
}

struct LookAlike<'a> {
    unread: Unread<'a>,
    /// In thousandths.
    likeness: usize,
}

/// Returns the unread key of a profile that is most like another one.
fn look_alike<'a>(profile: &'a Profile, wanted: &str) -> Option<LookAlike<'a>> {
    let all = unread(profile).filter_map(|unread| {
        let likeness = likeness(&normalized(unread.key), &normalized(wanted))?;
        Some(LookAlike { unread, likeness })
    });
    all.max_by_key(|found| found.likeness)
}

/// Returns what nobody reads in a profile: keys that are not known, that AWS does not accept, or
/// that are indented, so that they continue the value above them.
fn unread(profile: &Profile) -> impl Iterator<Item = Unread<'_>> {
    let unknown = |place: &FileLine, key: &str| format!("{place}: nobody reads `{key}`");
    let set = profile.properties.iter().flat_map(move |property| {
        let (place, above) = (&property.place, property.key.as_str());
        let own = (!is_known(above)).then(|| Unread { key: above, line: unknown(place, above) });
        // A nested block holds keys by right.
        let lines = property.continuation().filter(|_| !property.value.starts_with('\n'));
        let indented = lines.filter_map(move |(place, text)| {
            let key = text.split_once('=')?.0.trim();
            let line = format!("{place}: `{key}` is indented, so it belongs to `{above}`");
            Some(Unread { key, line })
        });
        own.into_iter().chain(indented)
    });
    let ignored = profile.ignored.iter();
    set.chain(ignored.map(move |(place, key)| Unread { key, line: unknown(place, key) }))
}

/// Returns the keys that a profile may have, without the prefix where it is one's choice.
pub fn known_keys() -> impl Iterator<Item = &'static str> {
    KNOWN.into_iter()
}

fn is_known(key: &str) -> bool {
    KNOWN.contains(&key) || KNOWN.contains(&key.strip_prefix(keys::PREFIX).unwrap_or(key))
}

/// Returns how like two keys are, in thousandths; `None` when one cannot be meant by the other.
fn likeness(key: &str, wanted: &str) -> Option<usize> {
    if key == wanted || is_typing_error(key, wanted) {
        return Some(1000);
    }
    let words = |key: &str| key.split('_').map(str::to_owned).collect::<Vec<_>>();
    let (of_key, of_wanted) = (words(key), words(wanted));
    let shared = of_key.iter().filter(|word| of_wanted.contains(word)).count();
    let likeness = shared * 1000 / of_key.len().max(of_wanted.len());
    (likeness >= 500).then_some(likeness)
}

/// Returns whether two keys differ by few letters; word boundaries do not count.
fn is_typing_error(key: &str, wanted: &str) -> bool {
    let (key, wanted) = (key.replace('_', ""), wanted.replace('_', ""));
    let limit = (wanted.len() / 6).max(1);
    key.len().abs_diff(wanted.len()) <= limit && strsim::osa_distance(&key, &wanted) <= limit
}

/// Returns a key with its words divided as AWS does, without quotes.
fn normalized(key: &str) -> String {
    let key = key.trim_matches(['"', '\'']);
    let key = key.strip_prefix(keys::PREFIX).unwrap_or(key);
    key.replace(['-', ' ', '.', '\t'], "_").to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::tests::profiles;

    #[test]
    fn missing_key_is_explained_by_its_look_alike() {
        for (line, lacking, meant) in [
            ("source_arn = dev", keys::SOURCE_PROFILE, true),
            ("source = dev", keys::SOURCE_PROFILE, true),
            ("profile = dev", keys::SOURCE_PROFILE, true),
            ("sourceprofile = dev", keys::SOURCE_PROFILE, true),
            ("source-profile = dev", keys::SOURCE_PROFILE, true),
            ("source profile = dev", keys::SOURCE_PROFILE, true),
            ("\"source_profile\" = dev", keys::SOURCE_PROFILE, true),
            ("output = json\n  source_profile = dev", keys::SOURCE_PROFILE, true),
            ("source_identity = bob", keys::SOURCE_PROFILE, false),
            ("s3 =\n  source_profile = dev", keys::SOURCE_PROFILE, false),
            ("role = x", keys::ROLE_ARN, true),
            ("role_name = x", keys::ROLE_ARN, true),
            ("rolearn = x", keys::ROLE_ARN, true),
            ("role_session_name = x", keys::ROLE_ARN, false),
            ("aws_secret_key = x", keys::SECRET_ACCESS_KEY, true),
            ("aws_secret_acess_key = x", keys::SECRET_ACCESS_KEY, true),
            ("color = red", keys::ROLE_ARN, false),
        ] {
            let number = 1 + line.lines().count();
            let profile = profiles(&format!("[profile a]\n{line}\n"), "").profile("a");
            let error = explain(Error::failed("x"), &profile.unwrap().unwrap(), &[lacking]);
            assert_eq!(error.causes().len(), usize::from(meant), "{line}: {error:?}");
            let place = format!("config:{number}: ");
            assert!(!meant || error.causes()[0].starts_with(&place), "{error:?}");
        }
    }
}
