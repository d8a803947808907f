//! What a distribution in WSL has of its own, and what of Windows.

use super::findings::Findings;
use crate::app::context::Context;
use crate::prompt::{PromptEnvironment, PromptMethod, available};
use crate::system::browser::Browsers;
use crate::system::wsl;

const WSL: &str = "wsl";

/// Says which store, windows and browser are used, where this is WSL. `store` is the one that
/// works.
pub fn check(context: &Context, store: Option<&str>, findings: &mut Findings) {
    let Context { environment, directories, settings, .. } = context;
    let Some(distribution) = wsl::distribution(environment) else { return };
    let programs = PromptEnvironment::read(environment, directories, settings.pinentry());
    let dialog = available(&[PromptMethod::Dialog], &programs).into_iter().next();
    let facts = Facts {
        distribution,
        store,
        dialog: dialog.map_or_else(|| Err("none is known".to_owned()), |(_, found)| found),
        browser: Browsers::find(environment).map_err(|why| why.to_string()).map(|found| {
            let programs: Vec<String> =
                found.programs().map(|program| program.display().to_string()).collect();
            programs.join(", else ")
        }),
    };
    findings.ok(WSL, facts.message());
}

struct Facts<'a> {
    distribution: &'a str,
    store: Option<&'a str>,
    /// The programs that open a window, or why there is none.
    dialog: Result<String, String>,
    /// The programs that open pages, or why there is none.
    browser: Result<String, String>,
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
            Ok(browser) => format!("opens {browser}"),
            Err(why) => format!("finds no browser ({why})"),
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
                Ok("/opt/wslview"),
                "Ubuntu in WSL: sessions lie in the keyring of this distribution, not in that of \
                 Windows; a window for questions is opened by /usr/bin/zenity; `rolecall sso login` \
                 opens /opt/wslview",
            ),
            (
                Some("keyutils"),
                Ok("/mnt/c/powershell.exe"),
                Ok("/usr/bin/wslview"),
                "Ubuntu in WSL: sessions lie in the kernel, until WSL stops (ROLECALL_STORE=file \
                 keeps them); a window for questions is opened by /mnt/c/powershell.exe; \
                 `rolecall sso login` opens /usr/bin/wslview",
            ),
            (
                Some("file"),
                Err("there is no display"),
                Err("there is no program `wslview`"),
                "Ubuntu in WSL: sessions lie in encrypted files; no window can be opened (there \
                 is no display); `rolecall sso login` finds no browser (there is no program \
                 `wslview`)",
            ),
            (
                None,
                Err("x"),
                Err("y"),
                "Ubuntu in WSL: sessions lie nowhere (ROLECALL_STORE=file keeps them); no window \
                 can be opened (x); `rolecall sso login` finds no browser (y)",
            ),
        ] {
            let facts = Facts {
                distribution: "Ubuntu",
                store,
                dialog: dialog.map(str::to_owned).map_err(str::to_owned),
                browser: browser.map(str::to_owned).map_err(str::to_owned),
            };
            assert_eq!(facts.message(), expected);
        }
    }
}
