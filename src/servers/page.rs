//! The page that a person sees in the browser at the end of a login: one text without scripts,
//! links or pictures.

use ring::digest::{SHA256, digest};

use crate::text::clean;
use crate::text::color::Color;

/// Follows the light or dark of the person's desktop.
const STYLE: &str = "\
:root{color-scheme:light dark}\
body{font:1.1rem/1.5 system-ui,sans-serif;margin:0;display:grid;place-content:center;\
min-height:100vh;padding:2rem;box-sizing:border-box;background:light-dark(#f6f7f9,#16181d);\
color:light-dark(#1c2026,#e6e8eb)}\
main{max-width:34rem;padding:1.5rem 2rem;border-radius:.6rem;border-top:.4rem solid var(--c);\
background:light-dark(#fff,#22252c);box-shadow:0 1px 4px #0003}\
h1{font-size:1.5rem;margin:0 0 .8rem}p{margin:.4rem 0;overflow-wrap:anywhere}";
const GREEN: &str = "#2e9e5b";
const RED: &str = "#c8372d";

/// What a page says.
#[derive(Debug, Clone)]
pub struct Page {
    title: &'static str,
    lines: Vec<String>,
    /// As CSS writes it.
    color: String,
}

impl Page {
    /// Somebody is signed in; `color` is that of the profile or session.
    pub fn success(lines: Vec<String>, color: Option<Color>) -> Self {
        let color = color.map_or_else(|| GREEN.to_owned(), Color::css);
        Self { title: "Signed in", lines, color }
    }

    /// Nobody is signed in.
    pub fn failure(lines: Vec<String>) -> Self {
        Self { title: "Not signed in", lines, color: RED.to_owned() }
    }

    /// The request belongs to no login.
    pub fn stranger(why: &str) -> Self {
        let lines = vec![format!("This page belongs to no login that waits here: {why}.")];
        Self { title: "Nothing to do", lines, color: RED.to_owned() }
    }

    fn style(&self) -> String {
        format!(":root{{--c:{}}}{STYLE}", self.color)
    }

    pub fn html(&self) -> String {
        let mut lines = String::new();
        for line in &self.lines {
            lines = lines + "<p>" + &escaped(line) + "</p>\n";
        }
        format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title} · rolecall\
             </title>\n<style>{style}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n{lines}\
             </main>\n</body>\n</html>\n",
            title = self.title,
            style = self.style(),
        )
    }

    /// Returns the headers that keep it to itself: nothing is kept, loaded, run, framed or told to
    /// other sites.
    pub fn headers(&self) -> [(&'static str, String); 6] {
        let style = aws_smithy_types::base64::encode(digest(&SHA256, self.style().as_bytes()));
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; \
             frame-ancestors 'none'"
        );
        let fixed = |text: &str| text.to_owned();
        [
            ("content-type", fixed("text/html; charset=utf-8")),
            ("cache-control", fixed("no-store")),
            ("content-security-policy", policy),
            ("x-frame-options", fixed("DENY")),
            ("x-content-type-options", fixed("nosniff")),
            ("referrer-policy", fixed("no-referrer")),
        ]
    }
}

/// Returns a text as HTML shows it, whatever it holds.
fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in clean(text).chars() {
        match c {
            '&' => html += "&amp;",
            '<' => html += "&lt;",
            '>' => html += "&gt;",
            '"' => html += "&quot;",
            '\'' => html += "&#39;",
            c => html.push(c),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_others_are_shown_and_not_run() {
        let page = Page::failure(vec!["<script>alert('x')</script> & \"y\" \u{1b}[31m".to_owned()]);
        let html = page.html();
        assert!(
            html.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;y&quot;")
        );
        assert!(!html.contains("<script") && !html.contains('\u{1b}'), "{html}");
    }

    #[test]
    fn color_is_that_of_the_profile() {
        let page = Page::success(Vec::new(), Color::parse("208"));
        assert!(page.html().contains("--c:#ff8700"), "{}", page.html());
        assert!(Page::success(Vec::new(), None).html().contains(GREEN));
    }
}
