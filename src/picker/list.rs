//! The list of the picker: profiles are summarized when they come onto the screen.

use std::collections::HashMap;

use super::model::{KeyOutcome, Model};
use super::search::Fields;
use super::usage::UsageHistory;
use super::view::{self, COLUMNS, Frame, Layout, Preview, ProfileRow, ScreenLine, Size};
use crate::app::context::Context;
use crate::app::requests;
use crate::app::service::resolve;
use crate::app::summary::{is_settings_only, summarize};
use crate::aws::arn::Arn;
use crate::chain::NearMisses;
use crate::config::profiles::{Profile, Profiles};
use crate::output::explanation;
use crate::output::table::{self, or_dash};
use crate::store::index::Entries;
use crate::system::clock::{Clock, SystemClock};
use crate::system::terminal::KeyPress;

/// The profiles of the picker, read as far as the screen and the search need them.
pub struct ProfileList<'a> {
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

impl<'a> ProfileList<'a> {
    pub fn new(context: &'a Context, profiles: &'a Profiles) -> Self {
        let entries = context.known_sessions();
        let used =
            context.directories.used().map(|path| UsageHistory::read(&path)).unwrap_or_default();
        let now = SystemClock.now().timestamp();
        let accounts = entries
            .values()
            .filter_map(|entry| Some((entry.profile.clone(), entry.account_id.clone()?)))
            .collect();
        // A default section with settings alone cannot be chosen.
        let settings = |name: &str| name == "default" && is_settings_only(profiles, name);
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

    pub fn is_empty(&self) -> bool {
        self.model.names().is_empty()
    }

    pub fn name(&self, number: usize) -> Option<String> {
        self.model.names().get(number).cloned()
    }

    /// Returns whether everything that the search looks through was read.
    pub fn is_filled(&self) -> bool {
        self.model.filled() == self.model.names().len()
    }

    /// Reads what the search looks through, for the next `count` profiles.
    pub fn fill(&mut self, count: usize) {
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

    /// Returns what a profile is found by. Its properties are enough, so it is not resolved.
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

    /// Does what a key says.
    pub fn press(&mut self, key: &KeyPress, size: Size) -> KeyOutcome {
        if *key == KeyPress::Tab {
            let shown = self.layout(size).preview != Preview::None;
            self.model.preview = Some(!shown);
        }
        // A search needs the fields of all profiles.
        if !matches!(
            key,
            KeyPress::Up
                | KeyPress::Down
                | KeyPress::PageUp
                | KeyPress::PageDown
                | KeyPress::Enter
                | KeyPress::Cancel
                | KeyPress::Tab
        ) {
            self.fill(usize::MAX);
        }
        self.model.press(key)
    }

    fn layout(&self, size: Size) -> Layout {
        view::layout(size, self.model.preview)
    }

    /// Renders the screen: its lines, and the cursor's column in the first line.
    pub fn draw(&mut self, size: Size) -> (Vec<ScreenLine>, usize) {
        let layout = self.layout(size);
        self.model.set_rows(layout.rows);
        let (visible, chosen) = self.model.visible();
        let visible = visible.to_vec();
        let rows: Vec<ProfileRow> =
            visible.iter().map(|number| self.visible_row(*number)).collect();
        if layout.preview != Preview::None {
            self.explain();
        }
        let (query, cursor) = self.model.query();
        let selected = self.model.selected();
        let preview = self.preview.as_ref().filter(|(number, _)| Some(*number) == selected);
        let frame = Frame {
            size,
            query: &query,
            cursor,
            found: self.model.found(),
            total: self.model.names().len(),
            rows: &rows,
            chosen,
            widest: &self.widest,
            preview: preview.map(|(_, text)| text.as_str()),
        };
        view::view(&frame, layout)
    }

    /// Returns a row with the characters that the query matches. The profile is resolved once.
    fn visible_row(&mut self, number: usize) -> ProfileRow {
        if !self.rows.contains_key(&number) {
            let row = self.row(&self.model.names()[number]);
            // An error takes the room of the cells behind it.
            let measured = if row.problem { &row.cells[..2] } else { &row.cells[..] };
            let widths = table::widest(&COLUMNS, std::iter::once(measured));
            for (widest, width) in self.widest.iter_mut().zip(widths) {
                *widest = width.max(*widest);
            }
            self.rows.insert(number, row);
        }
        ProfileRow { matched: self.model.highlights(number), ..self.rows[&number].clone() }
    }

    fn row(&self, name: &str) -> ProfileRow {
        let mut row = summarize(self.context, self.profiles, &self.entries, name);
        if row.problem.is_some() {
            let fields = self.fields(name);
            row.account = fields
                .role_arn
                .as_deref()
                .and_then(Arn::parse)
                .map(|arn| arn.account.to_owned())
                .or(fields.account);
        }
        let settings = &self.context.settings;
        let account = row.account.as_deref().map(|id| settings.account_name(id).unwrap_or(id));
        let problem = row.problem.as_ref().map(|problem| format!("! {problem}"));
        ProfileRow {
            color: settings.color_of(name),
            matched: Vec::new(),
            problem: problem.is_some(),
            cells: [
                row.name.clone(),
                or_dash(account),
                or_dash(problem.as_deref().or(row.role_name())),
                or_dash(row.region.as_deref()),
                or_dash(row.mfa.as_ref().map(|_| "yes")),
                or_dash(row.left().as_deref()),
            ],
        }
    }

    /// Explains the chosen profile for the preview, unless the preview holds it already.
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
                let labelled = |word: &str, text: &str| format!("{word:<10} {text}");
                let mut lines = vec![labelled("error", error.message())];
                lines.extend(error.causes().iter().map(|cause| labelled("cause", cause)));
                lines.extend(error.hints().iter().map(|hint| labelled("hint", hint)));
                lines.join("\n")
            }
        };
        self.preview = Some((number, text));
    }
}

/// Returns SSO session and start URL, description and tags.
fn others(profile: &Profile) -> Vec<String> {
    let keys = ["description", "session_tags", "sso_session", "sso_start_url"];
    keys.iter().filter_map(|key| profile.value(key)).map(str::to_owned).collect()
}
