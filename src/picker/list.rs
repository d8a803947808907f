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
use crate::chain::{NearMisses, keys};
use crate::config::document::SectionKind;
use crate::config::profiles::{Profile, Profiles};
use crate::output::explanation;
use crate::output::table::{self, or_dash};
use crate::store::index::Entries;
use crate::system::clock::{Clock, SystemClock};
use crate::system::terminal::KeyPress;
use crate::text::shown_url;

/// What a person chose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Picked {
    Profile(String),
    /// To sign in at an `[sso-session]` that no profile names yet.
    SignIn(String),
}

/// The profiles of the picker, read as far as the screen and the search need them.
pub struct ProfileList<'a> {
    context: &'a Context,
    profiles: &'a Profiles,
    entries: Entries,
    /// The account of a profile's kept session.
    accounts: HashMap<String, String>,
    /// The profiles, and after them the sessions that no profile names.
    model: Model,
    sessions: Vec<String>,
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
        let sessions = sessions_without_profiles(profiles);
        // Whoever has profiles wants these first.
        let titles = sessions.iter().map(|session| (sign_in(session), -1.0));
        let names = names.map(|name| (name.to_owned(), used.weight(name, now)));
        let model = Model::new(names.chain(titles).collect());
        let widest = table::widest(&COLUMNS, std::iter::empty());
        Self {
            context,
            profiles,
            entries,
            accounts,
            model,
            sessions,
            rows: HashMap::new(),
            widest,
            preview: None,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.model.names().is_empty()
    }

    /// Returns what a row stands for.
    pub fn picked(&self, number: usize) -> Option<Picked> {
        let name = self.model.names().get(number)?;
        Some(match self.session(number) {
            Some(session) => Picked::SignIn(session.to_owned()),
            None => Picked::Profile(name.clone()),
        })
    }

    /// Returns the session of a row that signs in.
    fn session(&self, number: usize) -> Option<&str> {
        let at = number.checked_sub(self.model.names().len() - self.sessions.len())?;
        self.sessions.get(at).map(String::as_str)
    }

    fn start_url(&self, session: &str) -> Option<String> {
        let section = self.profiles.section(SectionKind::SsoSession, session).ok().flatten()?;
        section.value("sso_start_url").map(shown_url)
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
            .enumerate()
            .skip(filled)
            .take(count)
            .map(|(number, name)| match self.session(number) {
                Some(session) => Fields {
                    others: self.start_url(session).into_iter().collect(),
                    ..Fields::default()
                },
                None => self.fields(name),
            })
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
            let row = match self.session(number) {
                Some(session) => self.sign_in_row(session),
                None => self.row(&self.model.names()[number]),
            };
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

    fn sign_in_row(&self, session: &str) -> ProfileRow {
        let [account, region, mfa, left] = std::array::from_fn(|_| or_dash(None));
        let url = self.start_url(session);
        ProfileRow {
            color: self.context.settings.color_of(session),
            matched: Vec::new(),
            problem: false,
            cells: [sign_in(session), account, or_dash(url.as_deref()), region, mfa, left],
        }
    }

    /// Explains the chosen profile for the preview, unless the preview holds it already.
    fn explain(&mut self) {
        let Some(number) = self.model.selected() else { return };
        if self.preview.as_ref().is_some_and(|(explained, _)| *explained == number) {
            return;
        }
        if let Some(session) = self.session(number) {
            let text = format!(
                "No profile names the sso-session `{session}` yet: sign in, and make profiles of \
                 what you may use there."
            );
            self.preview = Some((number, text));
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

/// Returns the title of a row that signs in.
fn sign_in(session: &str) -> String {
    format!("sign in to {session} …")
}

/// Returns the sessions of IAM Identity Center that no profile names. Reads profiles until each
/// session is named.
pub fn sessions_without_profiles(profiles: &Profiles) -> Vec<String> {
    let mut sessions: Vec<&str> = profiles.names_of(SectionKind::SsoSession).collect();
    for name in profiles.names() {
        if sessions.is_empty() {
            break;
        }
        let profile = profiles.profile(name).ok().flatten();
        let named = profile.as_ref().and_then(|profile| profile.value(keys::SSO_SESSION));
        sessions.retain(|session| Some(*session) != named);
    }
    sessions.into_iter().map(str::to_owned).collect()
}

/// Returns SSO session and start URL, description and tags.
fn others(profile: &Profile) -> Vec<String> {
    let keys = ["description", "session_tags", "sso_session", "sso_start_url"];
    keys.iter().filter_map(|key| profile.value(key)).map(str::to_owned).collect()
}
