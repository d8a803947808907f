//! One section of the credentials file: a session is put there, and taken out.

use std::path::PathBuf;

use zeroize::Zeroizing;

use crate::app::call::{Call, Caller};
use crate::app::context::Context;
use crate::app::options::CredentialOptions;
use crate::app::requests;
use crate::app::service::CredentialsService;
use crate::app::written::{self, Overwrite};
use crate::aws::{Credentials, Session};
use crate::chain::{Chain, Step};
use crate::config::document::{Document, FileKind};
use crate::config::edit::SectionName;
use crate::config::load::{Paths, load_document, parse};
use crate::error::{Error, Kind, Place, Result};
use crate::hint;
use crate::output::time::{left, timestamp};
use crate::system::clock::{Clock, SystemClock};
use crate::system::files::readable_by_others;
use crate::system::report::Report;
use crate::system::rewrite::rewrite;
use crate::system::runtime::Runtime;

/// The section that is written or cleared.
pub struct Target<'a> {
    context: &'a Context,
    path: PathBuf,
    section: SectionName,
    overwrite: Overwrite,
}

impl<'a> Target<'a> {
    /// Finds the credentials file.
    ///
    /// # Errors
    /// When there is no home, and no variable that names the file.
    pub fn new(context: &'a Context, name: &str, overwrite: Overwrite) -> Result<Self> {
        let Context { environment, directories, .. } = context;
        let path = match Paths::find(environment, directories)?.credentials {
            Some(path) => path,
            None => directories.home()?.join(".aws").join(FileKind::Credentials.name()),
        };
        Ok(Self { context, path, section: SectionName::profile(name), overwrite })
    }

    pub fn name(&self) -> &str {
        &self.section.name
    }

    /// Gets a session and writes it.
    ///
    /// # Errors
    /// Those of [`Self::obtain`] and [`Self::put`].
    pub fn write(&self, service: &CredentialsService, options: &CredentialOptions) -> Result<()> {
        let call = Call::typed(options, Caller::Person);
        let session = self.obtain(service, options, &call)?;
        self.put(&session)?;
        self.note(&session, "");
        Ok(())
    }

    /// Gets a session that may be written. This waits as [`CredentialsService::acquire`].
    ///
    /// # Errors
    /// When the section may not be written, or it would take the place of what the session is made
    /// from; when there are only long-term keys; and those of `acquire`.
    pub fn obtain(
        &self,
        service: &CredentialsService,
        options: &CredentialOptions,
        call: &Call,
    ) -> Result<Session> {
        let request = requests::of_options(self.context, options)?;
        let chain = service.resolve(&self.context.profiles()?, &request)?;
        self.check_way(&chain)?;
        // Before anybody is asked for a code.
        let document = load_document(FileKind::Credentials, &self.path)?;
        written::check(&document, &self.section, self.overwrite)
            .map_err(|error| self.with_ways(error, &chain))?;
        match service.acquire(&chain, call)?.credentials {
            Credentials::Session(session) => Ok(session),
            Credentials::LongTerm(_) => Err(only_keys(&chain)),
        }
    }

    /// Refuses a section that stands on the way to the credentials. The keys that are written there
    /// would be taken from then on, and the next session would be made from the last one.
    fn check_way(&self, chain: &Chain) -> Result<()> {
        let plan = &chain.plan;
        let base = plan.base_profile.as_ref();
        let sources = plan.steps.iter().rev().skip(1).filter_map(Step::profile);
        if base.into_iter().chain(sources).all(|name| name.as_str() != self.name()) {
            return Ok(());
        }
        let name = self.name();
        let what = format!(
            "--as {name}: {} gets its credentials by the profile `{name}`, whose place the \
             section [{name}] would take",
            chain.who()
        );
        Err(Error::configuration(what).at(Place::Option("--as")).hint(self.other_name(chain)))
    }

    /// Adds what can be done about a section that may not be written.
    fn with_ways(&self, error: Error, chain: &Chain) -> Error {
        if error.kind() == Kind::Usage {
            let message = format!("--as: {}", error.message());
            return error.with_message(message).at(Place::Option("--as"));
        }
        if self.overwrite == Overwrite::Anything {
            return error;
        }
        let force = format!("{} --force", command(chain, self.name()));
        error
            .hint(self.other_name(chain))
            .hint(format!("or write over it, which loses its keys: {force}"))
    }

    fn other_name(&self, chain: &Chain) -> String {
        let other = format!("{}-session", self.name());
        format!("write a section of another name: {}", command(chain, &other))
    }

    /// Puts a session into the section. This waits as [`rewrite()`].
    ///
    /// # Errors
    /// When the section may not be written any more, or the file cannot be.
    pub fn put(&self, session: &Session) -> Result<()> {
        rewrite(&self.path, &self.context.runtime, |bytes| {
            let document = parse(FileKind::Credentials, &self.path, bytes.to_vec().into())?;
            written::put(&document, &self.section, session, self.overwrite)
        })?;
        let wide = std::fs::metadata(&self.path).ok();
        if let Some(what) = wide.and_then(|metadata| readable_by_others(&self.path, &metadata)) {
            self.context.ui.warn(&format!("{what}; {}", hint::keep_to_yourself(&self.path)));
        }
        Ok(())
    }

    /// Tells a person what was written.
    pub fn note(&self, session: &Session, more: &str) {
        let end = session.expires_at.map_or_else(String::new, |end| {
            format!(", until {} ({} left)", timestamp(end), left(end, SystemClock.now()))
        });
        let path = self.path.display();
        self.context.ui.note(&format!("wrote [{}] into {path}{end}{more}", self.name()));
    }

    /// Takes out what rolecall wrote.
    ///
    /// # Errors
    /// When rolecall did not write it, or the file cannot be written.
    pub fn clear(&self) -> Result<()> {
        let document = load_document(FileKind::Credentials, &self.path)?;
        if self.without(&document, None)?.is_none() {
            let (path, name) = (self.path.display(), self.name());
            self.context.ui.warn(&format!("{path} has no section [{name}] to take out"));
            return Ok(());
        }
        self.take_out(&self.context.runtime, None)
    }

    /// Takes a session out that this process wrote, though it was interrupted. What has come in its
    /// place stays.
    pub fn leave(&self, session: &Session) {
        // The runtime of the command waits for nothing any more.
        let runtime = Runtime::default();
        let Err(error) = self.take_out(&runtime, Some(&session.access_key_id)) else { return };
        let (why, clear) = (error.message(), hint::option("rolecall write --clear", self.name()));
        self.context.ui.warn(&format!("the session was not taken out: {why}; try: {clear}"));
    }

    fn take_out(&self, runtime: &Runtime, access_key_id: Option<&str>) -> Result<()> {
        rewrite(&self.path, runtime, |bytes| {
            let document = parse(FileKind::Credentials, &self.path, bytes.to_vec().into())?;
            let without = self.without(&document, access_key_id)?;
            Ok(without.unwrap_or_else(|| bytes.to_vec().into()))
        })?;
        Ok(())
    }

    fn without(
        &self,
        document: &Document,
        access_key_id: Option<&str>,
    ) -> Result<Option<Zeroizing<Vec<u8>>>> {
        let look = format!("look at it: {}", hint::command("explain", self.name()));
        written::take_out(document, &self.section, access_key_id).map_err(|e| e.hint(look))
    }
}

/// Returns the command that writes the session of a chain under a name.
fn command(chain: &Chain, name: &str) -> String {
    format!("{} {}", chain.command("write"), hint::option("--as", name))
}

/// Returns the error about long-term keys, which are no session.
fn only_keys(chain: &Chain) -> Error {
    let who = chain.who();
    let what = format!("{who}: long-term keys are not written into a file, only sessions are");
    let error = match chain.place_of_base() {
        Some(place) => Error::misconfigured(place, what),
        None => Error::configuration(what),
    };
    let explain = chain.command("explain");
    error.hint(format!("name a role or an MFA device in the profile, then see: {explain}"))
}
