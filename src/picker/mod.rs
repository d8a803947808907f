//! Choosing a profile on the terminal: what is known and what a key does (`model`, `search`), what
//! it looks like (`view`), bytes to keys (`keys`), and the terminal itself (`terminal`). Only what
//! is on the screen is resolved, so thousands of profiles show at once.

#![cfg_attr(not(unix), allow(dead_code, unused_imports, reason = "consoles are not drawn on"))]

mod keys;
mod model;
mod search;
#[cfg(unix)]
mod terminal;
mod usage;
mod view;

use std::collections::HashMap;
use std::io::IsTerminal;

use self::model::{Key, KeyOutcome, Model};
use self::search::Fields;
#[cfg(unix)]
use self::terminal::{Colors, Reads};
use self::usage::UsageHistory;
use self::view::{COLUMNS, Frame, Layout, Preview, ProfileRow, ScreenLine, Size};
use crate::app::context::Context;
use crate::app::requests;
use crate::app::service::resolve;
use crate::app::summary;
use crate::aws::arn::Arn;
use crate::chain::{NearMisses, ProfileView};
use crate::config::profiles::{Profile, Profiles};
use crate::error::{Error, Kind, Result};
use crate::output::{explanation, table};
use crate::store::index::{self, Entries};
use crate::system::clock::{Clock, SystemClock};
use crate::system::report::Report;

/// How many profiles are read for the search between two looks at the keyboard.
const PROFILES_PER_ROUND: usize = 200;

/// Returns whether a person is there who can choose: at a terminal that can be drawn on, with a
/// process that does not run for itself.
pub fn is_possible(context: &Context) -> bool {
    impossible(context).is_none()
}

/// Returns why nobody can be asked.
fn impossible(context: &Context) -> Option<&'static str> {
    if context.settings.no_input() {
        return Some("input is switched off (--no-input or ROLECALL_NO_INPUT)");
    }
    if !std::io::stdin().is_terminal() && !std::io::stderr().is_terminal() {
        return Some("there is no terminal to choose on");
    }
    if context.environment.get("TERM").is_none_or(|term| term == "dumb") {
        return Some("this terminal (TERM) cannot show a list to choose from");
    }
    (!is_there()).then_some("there is no terminal to choose on")
}

#[cfg(unix)]
fn is_there() -> bool {
    terminal::open().is_some()
}

/// Consoles that are not drawn on like terminals.
#[cfg(not(unix))]
fn is_there() -> bool {
    false
}

/// Lets a person choose a profile. Errors: nobody can be asked (exit code 4), or nothing was chosen
/// (130).
pub fn pick(context: &Context) -> Result<String> {
    pick_from(context, "")
}

/// As `pick`, with a query to begin with.
pub fn pick_from(context: &Context, query: &str) -> Result<String> {
    if let Some(why) = impossible(context) {
        return Err(Error::needs_person(format!("no profile is named, and {why}"))
            .hint("name one, see: rolecall list"));
    }
    let profiles = context.profiles()?;
    let chosen = run(context, &profiles, query)?
        .ok_or_else(|| Error::new(Kind::Interrupted, "no profile was chosen"))?;
    record(context, &chosen);
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

#[cfg(not(unix))]
fn run(_: &Context, _: &Profiles, _: &str) -> Result<Option<String>> {
    Ok(None)
}

#[cfg(unix)]
fn run(context: &Context, profiles: &Profiles, query: &str) -> Result<Option<String>> {
    let mut picker = Picker::new(context, profiles);
    if picker.model.names().is_empty() {
        let paths: Vec<String> = profiles.paths().map(|p| p.display().to_string()).collect();
        return Err(Error::configuration(format!("there is no profile in {}", paths.join(" or ")))
            .hint("write one with: aws configure sso, or: aws configure"));
    }
    let tty =
        terminal::open().ok_or_else(|| Error::needs_person("there is no terminal to choose on"))?;
    // From here on a SIGINT is waited for, and does not end the program before the terminal is put
    // back.
    context.runtime.run(std::future::ready(()))?;
    let colors = if context.ui.colors(true) { Colors::On } else { Colors::Off };
    let mut screen = terminal::Screen::begin(tty, colors)?;
    let mut size = screen.size()?;
    if !query.is_empty() {
        picker.press(&Key::Text(query.to_owned()), size);
    }
    let (mut reads, mut changed) = (Reads::Wait, true);
    loop {
        if std::mem::take(&mut changed) {
            let (lines, cursor) = picker.draw(size);
            changed = !screen.draw(&lines, cursor, size)?;
        }
        let is_filled = picker.model.filled() == picker.model.names().len();
        let wanted = if is_filled { Reads::Wait } else { Reads::Poll };
        if wanted != reads {
            reads = wanted;
            screen.set_reads(reads)?;
        }
        for key in screen.read(reads)? {
            changed = true;
            match picker.press(&key, size) {
                KeyOutcome::Continue => {}
                KeyOutcome::Cancelled => return Ok(None),
                KeyOutcome::Chosen(number) => return Ok(picker.model.names().get(number).cloned()),
            }
        }
        if let Some(signal) = screen.signal() {
            drop(screen);
            return Err(terminal::end_by(signal));
        }
        // SIGINT, which in these modes no key makes.
        context.runtime.run(tokio::task::yield_now())?;
        let now = screen.size()?;
        changed |= now != size;
        size = now;
        picker.fill(PROFILES_PER_ROUND);
    }
}

/// The model with what it shows, read as far as it was needed.
struct Picker<'a> {
    context: &'a Context,
    profiles: &'a Profiles,
    entries: Entries,
    /// The account of a profile's kept session.
    accounts: HashMap<String, String>,
    model: Model,
    rows: HashMap<usize, ProfileRow>,
    widest: Vec<usize>,
    preview: Option<(usize, String)>,
}

impl<'a> Picker<'a> {
    fn new(context: &'a Context, profiles: &'a Profiles) -> Self {
        let entries =
            context.directories.index().map(|path| index::read(&path)).unwrap_or_default();
        let used =
            context.directories.used().map(|path| UsageHistory::read(&path)).unwrap_or_default();
        let now = SystemClock.now().timestamp();
        let accounts = entries
            .values()
            .filter_map(|entry| Some((entry.profile.clone(), entry.account_id.clone()?)))
            .collect();
        // The section that holds everybody's settings is no choice.
        let settings = |name: &str| {
            name == "default"
                && profiles
                    .profile(name)
                    .is_ok_and(|p| p.is_some_and(|p| ProfileView::from(&p).is_settings_only()))
        };
        let names = profiles.names().filter(|name| !settings(name));
        let model =
            Model::new(names.map(|name| (name.to_owned(), used.weight(name, now))).collect());
        let widest = table::widest(&COLUMNS, std::iter::empty());
        Self {
            context,
            profiles,
            entries,
            accounts,
            model,
            rows: HashMap::new(),
            widest,
            preview: None,
        }
    }

    /// Reads what some more profiles are found by.
    fn fill(&mut self, count: usize) {
        let filled = self.model.filled();
        let fields: Vec<Fields> = self
            .model
            .names()
            .iter()
            .skip(filled)
            .take(count)
            .map(|name| self.fields(name))
            .collect();
        for fields in fields {
            self.model.fill(fields);
        }
    }

    /// Profile properties are enough to search: nothing is resolved for it.
    fn fields(&self, name: &str) -> Fields {
        let Some(profile) = self.profiles.profile(name).ok().flatten() else {
            return Fields::default();
        };
        let value =
            |keys: &[&str]| keys.iter().find_map(|key| profile.value(key)).map(str::to_owned);
        let mut fields = Fields {
            role_arn: value(&["rolecall_role_arn", "role_arn"]),
            sso_role: value(&["sso_role_name"]),
            account: value(&["sso_account_id", "aws_account_id"])
                .or_else(|| self.accounts.get(name).cloned()),
            others: others(&profile),
        };
        let id = fields
            .role_arn
            .as_deref()
            .and_then(Arn::parse)
            .map(|arn| arn.account)
            .or(fields.account.as_deref());
        fields
            .others
            .extend(id.and_then(|id| self.context.settings.account_name(id)).map(str::to_owned));
        fields
    }

    fn press(&mut self, key: &Key, size: Size) -> KeyOutcome {
        if *key == Key::Preview {
            let shown = self.layout(size).preview != Preview::None;
            self.model.preview = Some(!shown);
        }
        // A search that missed what was not read yet would lie.
        if !matches!(
            key,
            Key::Up
                | Key::Down
                | Key::PageUp
                | Key::PageDown
                | Key::Enter
                | Key::Cancel
                | Key::Preview
        ) {
            self.fill(usize::MAX);
        }
        self.model.press(key)
    }

    fn layout(&self, size: Size) -> Layout {
        view::layout(size, self.model.preview)
    }

    fn draw(&mut self, size: Size) -> (Vec<ScreenLine>, usize) {
        let layout = self.layout(size);
        self.model.set_rows(layout.rows);
        let (visible, chosen) = self.model.visible();
        let visible = visible.to_vec();
        for &number in &visible {
            if !self.rows.contains_key(&number) {
                let row = self.row(&self.model.names()[number]);
                // What is wrong takes the room that there is.
                let measured = if row.problem { &row.cells[..2] } else { &row.cells[..] };
                for (widest, one) in
                    self.widest.iter_mut().zip(table::widest(&COLUMNS, std::iter::once(measured)))
                {
                    *widest = one.max(*widest);
                }
                self.rows.insert(number, row);
            }
        }
        let mut rows: Vec<ProfileRow> =
            visible.iter().map(|number| self.rows[number].clone()).collect();
        for (row, number) in rows.iter_mut().zip(&visible) {
            row.matched = self.model.highlights(*number);
        }
        if layout.preview != Preview::None {
            self.explain();
        }
        let (query, cursor) = self.model.query();
        let selected = self.model.selected();
        let frame = Frame {
            size,
            query: &query,
            cursor,
            found: self.model.found(),
            total: self.model.names().len(),
            rows: &rows,
            chosen,
            widest: &self.widest,
            preview: self
                .preview
                .as_ref()
                .filter(|(number, _)| Some(*number) == selected)
                .map(|(_, text)| text.as_str()),
        };
        view::view(&frame, layout)
    }

    fn row(&self, name: &str) -> ProfileRow {
        let mut row = summary::row(self.context, self.profiles, &self.entries, name);
        if row.problem.is_some() {
            let fields = self.fields(name);
            row.account = fields
                .role_arn
                .as_deref()
                .and_then(Arn::parse)
                .map(|arn| arn.account.to_owned())
                .or(fields.account);
        }
        let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        let role = row
            .problem
            .as_ref()
            .map(|problem| format!("! {problem}"))
            .or_else(|| row.role_name().map(str::to_owned));
        let left = or_dash(row.left());
        ProfileRow {
            color: self.context.settings.color_of(name),
            matched: Vec::new(),
            problem: row.problem.is_some(),
            cells: [
                row.name,
                or_dash(row.account.map(|id| {
                    self.context.settings.account_name(&id).map_or(id.clone(), str::to_owned)
                })),
                or_dash(role),
                or_dash(row.region),
                if row.mfa.is_some() { "yes" } else { "-" }.to_owned(),
                left,
            ],
        }
    }

    /// Explains the chosen profile, unless it is explained already.
    fn explain(&mut self) {
        let Some(number) = self.model.selected() else { return };
        if self.preview.as_ref().is_some_and(|(explained, _)| *explained == number) {
            return;
        }
        let request = requests::of_profile(self.context, &self.model.names()[number])
            .with_near_misses(NearMisses::Search);
        let text = match resolve(self.context, self.profiles, &request) {
            Ok(chain) => explanation::text(&chain),
            Err(error) => {
                let lines = [
                    ("error", std::slice::from_ref(&error.message)),
                    ("cause", &error.causes),
                    ("hint", &error.hints),
                ];
                let lines = lines.iter().flat_map(|(word, texts)| {
                    texts.iter().map(move |text| format!("{word:<10} {text}"))
                });
                lines.collect::<Vec<_>>().join("\n")
            }
        };
        self.preview = Some((number, text));
    }
}

/// SSO session and start URL, description and tags.
fn others(profile: &Profile) -> Vec<String> {
    let keys = ["description", "session_tags", "sso_session", "sso_start_url"];
    keys.iter().filter_map(|key| profile.value(key)).map(str::to_owned).collect()
}
