//! What a walk needs of the world, played: what stands in them is set by a test, and what is
//! touched is noted.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::super::*;
use crate::aws::LongTermKeys;
use crate::chain::session_key::SessionKeys;
use crate::chain::tests::chain;
use crate::error::{AwsCode, Error, Refusal};
use crate::system::clock::Clock;
use crate::system::locks::{Attempt, DeclinedQuestion, Locks};
use crate::system::report::Report;

const CONFIG: &str = "\
[profile far]
role_arn = arn:aws:iam::333333333333:role/far
source_profile = near
[profile near]
role_arn = arn:aws:iam::222222222222:role/near
source_profile = dev
[profile mfa]
role_arn = arn:aws:iam::444444444444:role/mfa
source_profile = near-mfa
mfa_serial = arn:aws:iam::111111111111:mfa/bob
[profile near-mfa]
role_arn = arn:aws:iam::222222222222:role/near
source_profile = dev
mfa_serial = 123456789
[profile direct]
role_arn = arn:aws:iam::222222222222:role/near
source_profile = dev
mfa_serial = auto
[profile sso-role]
role_arn = arn:aws:iam::333333333333:role/far
source_profile = sso
[profile sso]
sso_start_url = https://corp.awsapps.com/start
sso_region = us-east-1
sso_account_id = 111111111111
sso_role_name = dev
[profile process]
credential_process = tool
[profile careful]
role_arn = arn:aws:iam::222222222222:role/near
source_profile = dev
rolecall_confirm = true
[profile beyond]
role_arn = arn:aws:iam::333333333333:role/far
source_profile = careful
[profile asking]
credential_process = tool
rolecall_confirm = true
[profile dev]
aws_access_key_id = AKIADEV
aws_secret_access_key = SECRETDEV
";

/// Everything that a walk may touch, and what it touched.
pub struct World {
    pub chain: Chain,
    pub keys: SessionKeys,
    pub policy: CachePolicy,
    pub now: Cell<DateTime<Utc>>,
    pub events: RefCell<Vec<String>>,
    pub kept: RefCell<HashMap<SessionKey, Session>>,
    /// The life of what STS and the base give.
    pub life: Cell<Option<i64>>,
    pub fails: RefCell<HashMap<&'static str, Error>>,
    pub loses_puts: Cell<bool>,
    pub attempts: RefCell<Vec<Attempt>>,
    /// What another process stores while this one waits.
    pub meanwhile: RefCell<Option<(SessionKey, Session)>>,
    /// What another process leaves when this one has waited.
    pub left: RefCell<Vec<DeclinedQuestion>>,
    pub given: Cell<u32>,
    /// The one code that AWS takes, when it does not take all.
    pub right_code: RefCell<Option<String>>,
    /// Whether whoever gives codes gives another one after a refusal.
    pub patient: Cell<bool>,
    /// Whether the keys are the account's root's, whose sessions live an hour.
    pub root: Cell<bool>,
    /// How far AWS's clock is ahead, where its answers say so.
    pub offset: Cell<Option<TimeDelta>>,
}

pub fn second(n: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + n, 0).unwrap()
}

pub fn session(id: &str, begin: Option<i64>, end: Option<i64>) -> Session {
    Session {
        access_key_id: id.to_owned(),
        secret_access_key: "s".into(),
        session_token: Some("t".into()),
        expires_at: end.map(second),
        issued_at: begin.map(second),
        account_id: None,
    }
}

impl World {
    pub fn new(options: &str) -> Self {
        let chain = chain(CONFIG, "", "AWS_REGION=eu-west-1", options).unwrap();
        Self {
            keys: SessionKeys::of(&chain),
            chain,
            policy: CachePolicy { min_ttl: TimeDelta::minutes(15), mode: CacheMode::Use },
            now: Cell::new(second(0)),
            events: RefCell::default(),
            kept: RefCell::default(),
            life: Cell::new(Some(3600)),
            fails: RefCell::default(),
            loses_puts: Cell::new(false),
            attempts: RefCell::default(),
            meanwhile: RefCell::default(),
            left: RefCell::default(),
            given: Cell::new(0),
            right_code: RefCell::default(),
            patient: Cell::new(true),
            root: Cell::new(false),
            offset: Cell::default(),
        }
    }

    pub fn refresh(mut self) -> Self {
        self.policy.mode = CacheMode::Refresh;
        self
    }

    pub fn no_cache(mut self) -> Self {
        self.policy.mode = CacheMode::Off;
        self
    }

    /// Puts a session of an hour into the store: 0 is the base's, 1 the first step's.
    pub fn with(self, at: usize, id: &str, left: i64) -> Self {
        self.kept
            .borrow_mut()
            .insert(self.key(at).clone(), session(id, Some(left - 3600), Some(left)));
        self
    }

    pub fn failing(self, what: &'static str, error: Error) -> Self {
        self.fails.borrow_mut().insert(what, error);
        self
    }

    pub fn attempts(self, attempts: Vec<Attempt>) -> Self {
        self.attempts.replace(attempts);
        self
    }

    pub fn key(&self, at: usize) -> &SessionKey {
        if at == 0 { &self.keys.base } else { &self.keys.steps[at - 1] }
    }

    pub fn name(&self, key: &SessionKey) -> String {
        (0..=self.keys.steps.len())
            .find(|at| self.key(*at) == key)
            .map_or_else(|| "unknown".to_owned(), |at| at.to_string())
    }

    pub fn event(&self, event: String) {
        self.events.borrow_mut().push(event);
    }

    pub fn failure(&self, what: &str) -> Result<()> {
        self.fails.borrow().get(what).map_or(Ok(()), |error| Err(error.clone()))
    }

    pub fn failure_of_code(&self, code: &str) -> Result<()> {
        if self.right_code.borrow().as_deref().is_none_or(|right| right == code) {
            return Ok(());
        }
        Err(Error::failed("no")
            .cause(format!("invalid MFA code {code}"))
            .refused(Some(AwsCode::new("AccessDenied")), Some(Refusal::MfaCode)))
    }

    pub fn next(&self) -> Session {
        self.given.set(self.given.get() + 1);
        let end = self.life.get().map(|life| (self.now.get() - second(0)).num_seconds() + life);
        let mut session = session(&format!("ASIA{}", self.given.get()), None, end);
        session.issued_at = Some(self.now.get());
        session
    }

    pub fn walk(&self) -> Result<Acquired> {
        Executor {
            clock: self,
            sts: self,
            sources: self,
            sessions: self,
            prompt: self,
            locks: self,
            report: self,
            policy: self.policy,
            clock_warned: &Cell::new(false),
        }
        .acquire(&self.chain)
    }

    /// Walks; returns the access key and what happened, and forgets it.
    pub fn run(&self) -> (String, Vec<String>) {
        let walked = self.walk().unwrap_or_else(|e| panic!("{e:?} after {:?}", self.events));
        (walked.credentials.access_key_id().to_owned(), self.events.take())
    }

    pub fn fail(&self) -> (Error, Vec<String>) {
        let error = self.walk().map(|c| panic!("{c:?} after {:?}", self.events)).unwrap_err();
        (error, self.events.take())
    }
}

impl Clock for World {
    fn now(&self) -> DateTime<Utc> {
        self.now.get()
    }
}

impl Sts for World {
    fn clock_offset(&self) -> Option<TimeDelta> {
        self.offset.get()
    }

    fn get_session_token(
        &self,
        _: &Chain,
        call: &GetSessionToken,
        caller: &Credentials,
        code: Option<&TokenCode>,
    ) -> Result<Session> {
        let profile = call.profile.as_deref().unwrap_or("-");
        let with = code.map(|code| format!(" with {} {}", code.serial, code.code));
        let with = with.unwrap_or_default();
        self.event(format!("session of {profile} from {}{with}", caller.access_key_id()));
        code.map_or(Ok(()), |code| self.failure_of_code(&code.code))?;
        self.failure("sts")?;
        let life = if self.root.get() { 3_600 } else { call.duration_seconds };
        Ok(Session {
            expires_at: Some(self.now.get() + TimeDelta::seconds(i64::from(life))),
            ..self.next()
        })
    }

    fn assume_role(
        &self,
        _: &Chain,
        call: &AssumeRole,
        caller: &Credentials,
        code: Option<&TokenCode>,
    ) -> Result<Session> {
        self.event(format!(
            "assume {} from {}{}",
            call.profile.as_deref().unwrap_or("-"),
            caller.access_key_id(),
            code.map_or_else(String::new, |c| format!(" with {} {}", c.serial, c.code))
        ));
        self.failure("sts").and_then(|()| {
            if call.profile.as_deref() == Some("far") { self.failure("sts far") } else { Ok(()) }
        })?;
        match code {
            Some(code) => self.failure_of_code(&code.code)?,
            None => self.failure("sts without a code")?,
        }
        Ok(self.next())
    }

    fn mfa_serial(&self, _: &Chain, caller: &Credentials) -> Result<String> {
        self.event(format!("look up the device of {}", caller.access_key_id()));
        self.failure("iam")?;
        Ok("arn:aws:iam::111111111111:mfa/found".to_owned())
    }
}

impl FetchBase for World {
    fn fetch(&self, _: &Chain, base: &Base) -> Result<Credentials> {
        self.event(format!("fetch {}", base.kind()));
        self.failure("source")?;
        Ok(match base {
            Base::Static(keys) | Base::Environment(keys) => Credentials::LongTerm(LongTermKeys {
                access_key_id: keys.access_key_id.to_string(),
                secret_access_key: keys.secret_access_key.clone(),
                account_id: None,
            }),
            Base::Process { .. } if self.life.get() == Some(0) => {
                Credentials::LongTerm(LongTermKeys {
                    access_key_id: "AKIAPROCESS".to_owned(),
                    secret_access_key: "s".into(),
                    account_id: None,
                })
            }
            _ => Credentials::Session(self.next()),
        })
    }
}

impl Sessions for World {
    fn get(&self, key: &SessionKey) -> Result<Option<Session>> {
        self.event(format!("get {}", self.name(key)));
        self.failure("get")?;
        Ok(self.kept.borrow().get(key).cloned())
    }

    fn put(&self, key: &SessionKey, session: &Session, metadata: &Metadata) -> Result<()> {
        self.event(format!(
            "put {} of {} {}",
            self.name(key),
            metadata.profile,
            metadata.role_arn.as_deref().unwrap_or("-")
        ));
        self.failure("put")?;
        if !self.loses_puts.get() {
            self.kept.borrow_mut().insert(key.clone(), session.clone());
        }
        Ok(())
    }
}

impl Prompt for World {
    fn token_code(&self, question: &Question) -> Result<String> {
        let meanwhile = if question.declined { ", declined meanwhile" } else { "" };
        self.event(format!(
            "ask {} {}{meanwhile}",
            question.invocation.profile().map_or(question.who, |name| name.as_str()),
            question.serial
        ));
        self.failure("prompt")?;
        if let (Some(error), false) = (question.refused, self.patient.get()) {
            return Err(error.clone());
        }
        Ok(format!("{:06}", self.events.borrow().iter().filter(|e| e.starts_with("ask")).count()))
    }

    fn confirm(&self, question: &ConfirmQuestion) -> Result<()> {
        let ConfirmQuestion { profile, role_arn, declined } = *question;
        let meanwhile = if declined { ", declined meanwhile" } else { "" };
        self.event(format!("confirm {profile} {}{meanwhile}", role_arn.unwrap_or("-")));
        self.failure("confirm")
    }
}

impl Locks for World {
    fn attempt(&self, name: &str, purpose: &str) -> Attempt {
        assert!(purpose.contains(self.chain.name()));
        assert_eq!(name, self.keys.base.as_str());
        self.event("lock".to_owned());
        self.attempts
            .borrow_mut()
            .pop()
            .unwrap_or_else(|| Attempt::Held(tempfile::tempfile().unwrap()))
    }

    fn record(&self, _: &std::fs::File, declined: &DeclinedQuestion) {
        self.event(format!(
            "record {} at {}",
            declined.question,
            (declined.at - second(0)).num_seconds()
        ));
    }

    fn wait(&self, _: &str, limit: Duration) -> Result<Vec<DeclinedQuestion>> {
        assert!(limit >= Duration::from_secs(60));
        self.event("wait".to_owned());
        if let Some((key, session)) = self.meanwhile.take() {
            self.kept.borrow_mut().insert(key, session);
        }
        self.failure("wait").map(|()| self.left.take())
    }
}

impl Report for World {
    fn decided(&self, what: &dyn Fn() -> String) {
        assert!(!what().contains("SECRET"));
    }
    fn warn(&self, what: &str) {
        self.event(format!("warn {what}"));
    }
    fn note(&self, _: &str) {}
    fn notify_terminal(&self, _: &str) {}
}
