//! What opens the console: the browser of the system, a command, or one Firefox container or
//! Chromium profile for each account.

use std::path::Path;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use crate::app::context::Context;
use crate::chain::Chain;
use crate::error::{Error, Kind, Place, Result};
use crate::system::browser::{BrowserCommand, Browsers, NoBrowser, URL, VARIABLE};
use crate::text::color::Color;
use crate::text::percent_encoded;

const OPTION: &str = "--browser";
const FIREFOX_CONTAINERS: &str = "firefox-containers";
const CHROMIUM_PROFILES: &str = "chromium-profiles";
const PROFILE: &str = "{profile}";
const ACCOUNT: &str = "{account}";
const COLOR: &str = "{color}";
/// How soon a program fails that cannot open the console. Nobody waits for it longer.
const FAILS_WITHIN: Duration = Duration::from_secs(1);

/// By name on the path, or where the systems install them.
const FIREFOXES: [&str; 6] = [
    "firefox",
    "firefox-esr",
    "librewolf",
    "/Applications/Firefox.app/Contents/MacOS/firefox",
    r"C:\Program Files\Mozilla Firefox\firefox.exe",
    "/mnt/c/Program Files/Mozilla Firefox/firefox.exe",
];
const CHROMIUMS: [&str; 9] = [
    "google-chrome",
    "google-chrome-stable",
    "chromium",
    "chromium-browser",
    "brave-browser",
    "microsoft-edge",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    "/mnt/c/Program Files/Google/Chrome/Application/chrome.exe",
];
const CHROMIUM_ARGUMENTS: [&str; 4] =
    ["--profile-directory=rolecall-{account}", "--no-first-run", "--no-default-browser-check", URL];

/// The colours of Firefox's containers, with what they look like.
const CONTAINER_COLORS: [(&str, [u8; 3]); 8] = [
    ("blue", [55, 173, 255]),
    ("turquoise", [0, 199, 154]),
    ("green", [81, 205, 0]),
    ("yellow", [255, 203, 0]),
    ("orange", [255, 159, 0]),
    ("red", [255, 97, 61]),
    ("pink", [255, 75, 218]),
    ("purple", [175, 81, 245]),
];
const ICONS: [&str; 4] = ["fingerprint", "briefcase", "circle", "fence"];

/// Opens pages.
pub struct Opener {
    browsers: Browsers,
    page: Page,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Page {
    Itself,
    /// The address that Firefox's extension "Open external links in a container" takes.
    InContainer,
}

/// Whose console is opened.
pub struct Person {
    profile: String,
    account: String,
    /// The account's name, or else its ID.
    title: String,
    color: &'static str,
}

impl Person {
    pub fn new(context: &Context, profile: &str, account: Option<&str>) -> Self {
        let account = account.unwrap_or_default().to_owned();
        let title = context.settings.account_name(&account).unwrap_or(&account).to_owned();
        let color = context.settings.color_of(profile);
        let color = color.and_then(container_color).unwrap_or_else(|| color_of_account(&account));
        Self { profile: profile.to_owned(), account, title, color }
    }
}

impl Opener {
    /// Finds what opens pages: what was typed, else what is set, else the system's browser.
    ///
    /// # Errors
    /// There is none, or a command cannot be read.
    pub fn find(context: &Context, typed: Option<&str>, chain: &Chain) -> Result<Self> {
        let typed = typed.map(|text| (text, Place::Option(OPTION)));
        let set = context.settings.console_browser();
        let chosen = typed.or_else(|| set.map(|(text, place)| (text, place.clone())));
        let (found, place) = if let Some((text, place)) = chosen {
            (Self::chosen(context, text), Some(place))
        } else {
            let browsers = Browsers::find(&context.environment);
            let place = context.environment.get(VARIABLE).map(|_| Place::variable(VARIABLE));
            (browsers.map(|browsers| Self { browsers, page: Page::Itself }), place)
        };
        found.map_err(|error| no_browser(chain, place, &error))
    }

    fn chosen(context: &Context, text: &str) -> Result<Self, NoBrowser> {
        let environment = &context.environment;
        let (word, rest) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
        let (programs, arguments, page) = match word {
            FIREFOX_CONTAINERS => (&FIREFOXES[..], &[URL][..], Page::InContainer),
            CHROMIUM_PROFILES => (&CHROMIUMS[..], &CHROMIUM_ARGUMENTS[..], Page::Itself),
            _ => {
                let browsers = Browsers::of(environment, [BrowserCommand::parse(text)?])?;
                return Ok(Self { browsers, page: Page::Itself });
            }
        };
        let commands = if rest.trim().is_empty() {
            Browsers::expect(environment)?;
            programs.iter().map(|program| BrowserCommand::of_program(program)).collect()
        } else {
            vec![BrowserCommand::parse(rest)?]
        };
        let commands = commands.into_iter().map(|command| command.with_arguments(arguments));
        Ok(Self { browsers: Browsers::of(environment, commands)?, page })
    }

    /// Returns whether the account has to be known.
    pub fn needs_account(&self) -> bool {
        self.page == Page::InContainer || self.browsers.mentions(ACCOUNT)
    }

    /// Opens an address, and returns the program that does. Waits for one second at most for a
    /// program to fail, so that the next one can be tried.
    ///
    /// # Errors
    /// None opens it.
    pub fn open(
        &self,
        context: &Context,
        url: &SecretString,
        person: &Person,
        chain: &Chain,
    ) -> Result<&Path> {
        let Person { profile, account, title, color } = person;
        let url = url.expose_secret();
        let page = match self.page {
            Page::Itself => url.to_owned(),
            Page::InContainer => format!(
                "ext+container:name={}&url={}&color={color}&icon={}",
                percent_encoded(title),
                percent_encoded(url),
                ICONS[sum(account) % ICONS.len()],
            ),
        };
        let values = [(PROFILE, profile.as_str()), (ACCOUNT, account), (COLOR, *color)];
        let opened = self.browsers.open(&page, &values, FAILS_WITHIN);
        context.runtime.run(opened)?.map_err(|error| no_browser(chain, None, &error))
    }
}

/// Says that nothing opens, and what to do instead. A command that was chosen and is wrong is a
/// fault of who chose it.
fn no_browser(chain: &Chain, place: Option<Place>, error: &NoBrowser) -> Error {
    let is_of_system = matches!(error, NoBrowser::Elsewhere(_) | NoBrowser::NoDisplay);
    let kind = match &place {
        _ if is_of_system => Kind::NeedsPerson,
        Some(Place::Option(_)) => Kind::Usage,
        Some(_) => Kind::Configuration,
        None => Kind::NeedsPerson,
    };
    let message = match &place {
        Some(place) if !is_of_system => format!("{place}: no browser opens: {error}"),
        _ => format!("{}: no browser opens here: {error}", chain.who()),
    };
    let found = Error::new(kind, message).about(chain.name());
    let found = place.into_iter().fold(found, Error::at);
    found.hint(format!(
        "print the address, for a browser elsewhere: {} --print",
        chain.command("console")
    ))
}

/// Returns the container's colour that comes nearest to one of the terminal's; `None` for black,
/// white and grey.
fn container_color(color: Color) -> Option<&'static str> {
    if let Color::Indexed(index @ 0..16) = color {
        return match index % 8 {
            1 => Some("red"),
            2 => Some("green"),
            3 => Some("yellow"),
            4 => Some("blue"),
            5 => Some("pink"),
            6 => Some("turquoise"),
            _ => None,
        };
    }
    let wanted = rgb(color).map(i32::from);
    let distance = |known: &[u8; 3]| -> i32 {
        known.iter().zip(wanted).map(|(a, b)| (i32::from(*a) - b).pow(2)).sum()
    };
    let nearest = CONTAINER_COLORS.iter().min_by_key(|(_, known)| distance(known));
    let is_grey = wanted.iter().all(|part| *part == wanted[0]);
    nearest.map(|(name, _)| *name).filter(|_| !is_grey)
}

/// Returns red, green and blue of a colour, as xterm shows it.
fn rgb(color: Color) -> [u8; 3] {
    match color {
        Color::Rgb(red, green, blue) => [red, green, blue],
        Color::Indexed(index @ 16..232) => {
            let level = |n: u8| if n == 0 { 0 } else { 55 + 40 * n };
            let cube = index - 16;
            [level(cube / 36), level(cube / 6 % 6), level(cube % 6)]
        }
        Color::Indexed(grey) => [grey; 3],
    }
}

/// Returns a colour that an account always has.
fn color_of_account(account: &str) -> &'static str {
    CONTAINER_COLORS[sum(account) % CONTAINER_COLORS.len()].0
}

fn sum(account: &str) -> usize {
    account.bytes().fold(0, |sum, digit| sum * 7 % 9_973 + usize::from(digit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn color_of_profile_becomes_the_nearest_of_containers() {
        for (color, name) in [
            ("red", Some("red")),
            ("bright-blue", Some("blue")),
            ("magenta", Some("pink")),
            ("208", Some("orange")),
            ("#ff8700", Some("orange")),
            ("39", Some("blue")),
            ("93", Some("purple")),
            ("white", None),
            ("240", None),
            ("#808080", None),
        ] {
            assert_eq!(container_color(Color::parse(color).unwrap()), name, "{color}");
        }
    }

    #[test]
    fn account_has_one_color() {
        assert_eq!(color_of_account("111111111111"), color_of_account("111111111111"));
        assert_ne!(color_of_account("111111111111"), color_of_account("111111111112"));
    }
}
