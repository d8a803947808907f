//! URLs: values as parts of them, and URLs in texts for people, without what may be secret in them.

use std::borrow::Cow;

/// What stands for what is not shown.
const MASK: &str = "****";

/// Returns a text as one value of a URL: all but the unreserved characters become `%XX` (RFC 3986).
pub fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded += &format!("%{byte:02X}");
        }
    }
    encoded
}

/// Returns a URL with `****` in place of its user info (`user:password@`) and its query. The text
/// may be no URL: whatever stands before the last `@` is taken for user info, so that rather a host
/// is hidden than half of a password shown.
pub fn shown_url(url: &str) -> String {
    match url.split_once("://") {
        Some((scheme, rest)) => format!("{scheme}://{}", masked(rest)),
        None => masked(url),
    }
}

fn masked(url: &str) -> String {
    let (user, rest) = match url.rsplit_once('@') {
        Some((_, rest)) => (format!("{MASK}@"), rest),
        None => (String::new(), url),
    };
    match rest.split_once('?') {
        Some((page, _)) if !is_console(page) => format!("{user}{page}?{MASK}"),
        _ => user + rest,
    }
}

/// Returns whether a page is one of AWS's console, to which hints lead people by its query.
fn is_console(page: &str) -> bool {
    page.split('/').next().is_some_and(|host| host.ends_with(".console.aws.amazon.com"))
}

/// Returns a text with every URL in it as [`shown_url`] shows it. A URL ends at a blank, a
/// backtick, a double quote or an angle bracket.
pub fn without_url_secrets(text: &str) -> Cow<'_, str> {
    if !text.contains("://") {
        return Cow::Borrowed(text);
    }
    let ends_url = |c: char| c.is_whitespace() || matches!(c, '`' | '"' | '<' | '>');
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("://") {
        let (url, behind) = after.split_at(after.find(ends_url).unwrap_or(after.len()));
        shown += &format!("{before}://{}", masked(url));
        rest = behind;
    }
    Cow::Owned(shown + rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_characters_are_encoded() {
        assert_eq!(percent_encoded("AZaz09-._~"), "AZaz09-._~");
        assert_eq!(percent_encoded("a b&c=d/é+%"), "a%20b%26c%3Dd%2F%C3%A9%2B%25");
    }

    #[test]
    fn urls_lose_their_user_info_and_query() {
        for (url, shown) in [
            ("https://sts.eu-west-1.amazonaws.com", "https://sts.eu-west-1.amazonaws.com"),
            ("https://host:8443/start/#/", "https://host:8443/start/#/"),
            ("https://bob:HIDDEN@host:8443/a", "https://****@host:8443/a"),
            ("https://HIDDEN@host", "https://****@host"),
            ("socks5h://bob:HIDDEN@[::1]:1080", "socks5h://****@[::1]:1080"),
            ("http://host/a?token=HIDDEN#HIDDEN", "http://host/a?****"),
            ("http://bob:HID@DEN/?HIDDEN@host?x=HIDDEN", "http://****@host?****"),
        ] {
            assert_eq!(shown_url(url), shown, "{url}");
            let text = |url: &str| format!("the proxy `{url}`, and {url} too, at \"{url}\"");
            assert_eq!(without_url_secrets(&text(url)), text(shown), "{url}");
        }
        for (text, shown) in [
            ("bob:HIDDEN@proxy:3128", "****@proxy:3128"),
            ("https://bob:HID `\"DEN@host", "https://****@host"),
            ("localhost:4566", "localhost:4566"),
            ("", ""),
        ] {
            assert_eq!(shown_url(text), shown, "{text}");
        }
        assert_eq!(without_url_secrets("bob@host has no URL"), "bob@host has no URL");
    }
}
