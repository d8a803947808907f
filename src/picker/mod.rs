//! Chooses a profile on the terminal. `model` and `search` change the state as keys say, `list` adds
//! the profiles, `view` renders the screen, and `terminal` draws it. Only profiles on the screen are
//! resolved, so that thousands show at once.

mod list;
mod model;
mod search;
mod terminal;
mod usage;
mod view;

use std::io::IsTerminal;

use self::list::ProfileList;
use self::model::KeyOutcome;
use self::terminal::{Colors, Screen};
use crate::app::context::Context;
use crate::config::profiles::Profiles;
use crate::error::{Error, Kind, Result};
use crate::hint;
use crate::system::clock::{Clock, SystemClock};
use crate::system::report::Report;
use crate::system::terminal::{KeyPress, Reads, is_drawable};

pub use self::list::{Picked, sessions_without_profiles};

/// The number of profiles that are read for the search between two reads of the keyboard.
const PROFILES_PER_ROUND: usize = 200;

/// Returns whether a person can choose: input is not switched off, and there is a terminal that can
/// be drawn on.
pub fn is_possible(context: &Context) -> bool {
    impossible(context).is_none()
}

/// Returns why nobody can choose; `None` when somebody can.
fn impossible(context: &Context) -> Option<&'static str> {
    if context.settings.no_input() {
        return Some("input is switched off (--no-input or ROLECALL_NO_INPUT)");
    }
    if !std::io::stdin().is_terminal() && !std::io::stderr().is_terminal() {
        return Some("there is no terminal to choose on");
    }
    if !shows_lists(context.environment.get("TERM")) {
        return Some("this terminal (TERM) cannot show a list to choose from");
    }
    (!is_drawable()).then_some("there is no terminal to choose on")
}

/// Returns whether the terminal that `TERM` names can be drawn on. Consoles have no such name.
fn shows_lists(term: Option<&str>) -> bool {
    term.map_or(cfg!(windows), |term| term != "dumb")
}

/// Lets a person choose a profile, or a session to sign in at, beginning with a query. Waits for as long as the person takes.
///
/// # Errors
/// Nobody can be asked, or the person chose nothing.
pub fn pick(context: &Context, query: &str) -> Result<Picked> {
    if let Some(why) = impossible(context) {
        return Err(Error::needs_person(format!("no profile is named, and {why}"))
            .hint("name one, see: rolecall list"));
    }
    let profiles = context.profiles()?;
    let chosen = run(context, &profiles, query)?
        .ok_or_else(|| Error::new(Kind::Interrupted, "no profile was chosen"))?;
    if let Picked::Profile(name) = &chosen {
        record(context, name);
    }
    Ok(chosen)
}

/// Counts a use of a profile, for the order of the list.
pub fn record(context: &Context, profile: &str) {
    if let Some(path) = context.directories.used() {
        if let Err(error) = usage::record(&path, profile, SystemClock.now().timestamp()) {
            context
                .ui
                .decided(&|| format!("{}: what was used cannot be kept: {error}", path.display()));
        }
    }
}

/// How the picker ended.
enum End {
    /// With a profile's number.
    Chosen(usize),
    Cancelled,
}

fn run(context: &Context, profiles: &Profiles, query: &str) -> Result<Option<Picked>> {
    let mut list = ProfileList::new(context, profiles);
    if list.is_empty() {
        let paths: Vec<String> = profiles.paths().map(|p| p.display().to_string()).collect();
        let what = format!("there is no profile in {}", paths.join(" or "));
        return Err(hint::first_steps(profiles.say_missing(Error::configuration(what))));
    }
    context.runtime.catch_signals()?;
    let colors = if context.ui.colors_on_terminal() { Colors::On } else { Colors::Off };
    let mut screen = Screen::begin(colors)?;
    let end = choose(context, &mut list, &mut screen, query)?;
    drop(screen);
    match end {
        End::Chosen(number) => Ok(list.picked(number)),
        End::Cancelled => Ok(None),
    }
}

fn choose(
    context: &Context,
    list: &mut ProfileList,
    screen: &mut Screen,
    query: &str,
) -> Result<End> {
    let mut size = screen.size()?;
    if !query.is_empty() {
        list.press(&KeyPress::Text(query.to_owned()), size);
    }
    let mut changed = true;
    loop {
        if std::mem::take(&mut changed) {
            let (lines, cursor) = list.draw(size);
            changed = !screen.draw(&lines, cursor, size)?;
        }
        let reads = if list.is_filled() { Reads::Wait } else { Reads::Poll };
        for key in screen.read(reads)? {
            changed = true;
            match list.press(&key, size) {
                KeyOutcome::Continue => {}
                KeyOutcome::Cancelled => return Ok(End::Cancelled),
                KeyOutcome::Chosen(number) => return Ok(End::Chosen(number)),
            }
        }
        // Signals, which no key sends in these modes.
        let pauses = screen.pauses();
        context.runtime.run(tokio::task::yield_now())?;
        changed |= screen.pauses() != pauses;
        let now = screen.size()?;
        changed |= now != size;
        size = now;
        list.fill(PROFILES_PER_ROUND);
    }
}
