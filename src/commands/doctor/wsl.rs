//! What a distribution in WSL has of its own, and what of Windows.

use super::findings::Findings;
use crate::app::context::Context;
use crate::prompt::{PromptEnvironment, PromptMethod, available};
use crate::system::browsers::Browsers;
use crate::system::wsl;

const WSL: &str = "wsl";

/// Says which store, windows and browser are used, where this is WSL. `store` is the one that
/// works.
pub fn check(context: &Context, store: Option<&str>, findings: &mut Findings) {
    let Context { environment, directories, settings, .. } = context;
    let Some(distribution) = wsl::distribution(environment) else { return };
    let programs = PromptEnvironment::read(environment, directories, settings.pinentry());
    let dialog = available(&[PromptMethod::Dialog], &programs).into_iter().next();
    let browsers = Browsers::find(environment);
    let facts = Facts {
        distribution,
        store,
        dialog: dialog.map_or_else(|| Err("none is known".to_owned()), |(_, found)| found),
        browser: browsers.first().map(|program| program.display().to_string()),
    };
    findings.ok(WSL, facts.message());
}

struct Facts<'a> {
    distribution: &'a str,
    store: Option<&'a str>,
    /// The programs that open a window, or why there is none.
    dialog: Result<String, String>,
    browser: Option<String>,
}

impl Facts<'_> {
    fn message(&self) -> String {
        let store = match self.store {
            Some("keyring") => "in the keyring of this distribution, not in that of Windows",
            Some("keyutils") => "in the kernel, until WSL stops (ROLECALL_STORE=file keeps them)",
            Some("file") => "in encrypted files",
            _ => "nowhere (ROLECALL_STORE=file keeps them)",
        };
        let window = match &self.dialog {
            Ok(programs) => format!("a window for questions is opened by {programs}"),
            Err(why) => format!("no window can be opened ({why})"),
        };
        let browser = match &self.browser {
            Some(browser) => format!("opens {browser}"),
            None => "finds no browser (wslview, from wslu, opens that of Windows)".to_owned(),
        };
        format!(
            "{} in WSL: sessions lie {store}; {window}; `rolecall sso login` {browser}",
            self.distribution
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_names_store_window_and_browser() {
        for (store, dialog, browser, expected) in [
            (
                Some("keyring"),
                Ok("/usr/bin/zenity"),
                Some("/opt/wslview"),
                "Ubuntu in WSL: sessions lie in the keyring of this distribution, not in that of \
                 Windows; a window for questions is opened by /usr/bin/zenity; `rolecall sso login` \
                 opens /opt/wslview",
            ),
            (
                Some("keyutils"),
                Ok("/mnt/c/powershell.exe"),
                Some("/usr/bin/wslview"),
                "Ubuntu in WSL: sessions lie in the kernel, until WSL stops (ROLECALL_STORE=file \
                 keeps them); a window for questions is opened by /mnt/c/powershell.exe; \
                 `rolecall sso login` opens /usr/bin/wslview",
            ),
            (
                Some("file"),
                Err("there is no display"),
                None,
                "Ubuntu in WSL: sessions lie in encrypted files; no window can be opened (there \
                 is no display); `rolecall sso login` finds no browser \
                 (wslview, from wslu, opens that of Windows)",
            ),
            (
                None,
                Err("x"),
                None,
                "Ubuntu in WSL: sessions lie nowhere (ROLECALL_STORE=file keeps them); no window \
                 can be opened (x); `rolecall sso login` finds no browser \
                 (wslview, from wslu, opens that of Windows)",
            ),
        ] {
            let facts = Facts {
                distribution: "Ubuntu",
                store,
                dialog: dialog.map(str::to_owned).map_err(str::to_owned),
                browser: browser.map(str::to_owned),
            };
            assert_eq!(facts.message(), expected);
        }
    }
}
