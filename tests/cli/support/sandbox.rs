//! A home of its own for each test, with a fake AWS beside it.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use fake_aws::{FakeAws, World};

use super::command::SandboxCommand;
use super::people::{REGION, people};
use super::run::{Printer, Run, no_secret};

/// The program under test.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_rolecall");

/// The folders of settings, cache, data, state and what lives as long as the user is logged in.
#[cfg(unix)]
pub const FOLDERS: [(&str, &str); 5] = [
    ("XDG_CONFIG_HOME", "xdg/config"),
    ("XDG_CACHE_HOME", "xdg/cache"),
    ("XDG_DATA_HOME", "xdg/data"),
    ("XDG_STATE_HOME", "xdg/state"),
    ("XDG_RUNTIME_DIR", "xdg/runtime"),
];
#[cfg(windows)]
pub const FOLDERS: [(&str, &str); 2] =
    [("APPDATA", "AppData/Roaming"), ("LOCALAPPDATA", "AppData/Local")];
#[cfg(unix)]
const SETTINGS: &str = "xdg/config/rolecall/settings.ini";
#[cfg(windows)]
const SETTINGS: &str = "AppData/Roaming/rolecall/settings.ini";
/// The index of cached sessions, in the home.
#[cfg(unix)]
pub const INDEX: &str = "xdg/state/rolecall/index.json";
#[cfg(windows)]
pub const INDEX: &str = "AppData/Local/rolecall/index.json";
/// What no program runs without: Windows finds its own parts so.
#[cfg(unix)]
const HANDED_ON: [&str; 0] = [];
#[cfg(windows)]
const HANDED_ON: [&str; 5] = ["SystemRoot", "SystemDrive", "ComSpec", "PATHEXT", "TEMP"];

pub struct Sandbox {
    pub aws: FakeAws,
    /// Different in every sandbox, so that none finds another's sessions in a store that all share.
    pub id: String,
    pub access_key_id: String,
    pub secret: String,
    home: tempfile::TempDir,
    environment: Mutex<BTreeMap<String, OsString>>,
    secrets: Mutex<BTreeSet<String>>,
    /// The user who runs the program, when it is not the one who tests.
    #[cfg(unix)]
    pub(super) user: Option<u32>,
}

impl Drop for Sandbox {
    /// Takes its sessions out of the kernel's keyring, which would keep them for hours, and closes its
    /// store.
    fn drop(&mut self) {
        #[cfg(target_os = "linux")]
        if self.user.is_none() {
            let index = std::fs::read(self.path(INDEX)).unwrap_or_default();
            let index: BTreeMap<String, serde_json::Value> =
                serde_json::from_slice(&index).unwrap_or_default();
            index.keys().for_each(|name| forget(&format!("rolecall:{name}")));
            self.close_store();
        }
    }
}

/// Takes a key out of the user's kernel keyring.
#[cfg(target_os = "linux")]
fn forget(name: &str) {
    use linux_keyutils::{KeyRing, KeyRingIdentifier};
    let ring = KeyRing::from_special_id(KeyRingIdentifier::User, true);
    if let Ok(key) = ring.and_then(|ring| ring.search(name)) {
        let _ = key.invalidate();
    }
}

/// Sixteen letters that nobody had before.
fn unique() -> String {
    let random = tempfile::Builder::new().rand_bytes(16).prefix("").tempdir().unwrap();
    let name = random.path().file_name().unwrap().to_string_lossy().to_ascii_uppercase();
    // The names of AWS's keys are letters and digits of base 32.
    name.chars().map(|c| if matches!(c, '0' | '1' | '8' | '9') { 'A' } else { c }).collect()
}

impl Sandbox {
    /// The usual people, and profiles `dev` (keys) and `prod` (role `admin` from `dev`).
    pub fn new() -> Self {
        let sandbox = Self::empty();
        sandbox.keys("dev");
        sandbox.config("[profile prod]\nrole_arn = arn:aws:iam::222222222222:role/admin\nsource_profile = dev\n");
        sandbox
    }

    /// The usual people, and no shared files.
    pub fn empty() -> Self {
        Self::with_world(|world| world)
    }

    /// The usual people in a changed world.
    pub fn with_world(change: impl FnOnce(World) -> World) -> Self {
        let id = unique();
        let access_key_id = format!("AKIA{id}");
        let secret = format!("{}/{}+LongTermSecret", unique(), unique());
        let aws = FakeAws::start(change(people(&access_key_id, &secret)));
        let home = tempfile::tempdir().unwrap();
        #[cfg(unix)]
        super::unix::let_others_pass(home.path());
        let sandbox = Self {
            secrets: Mutex::new(BTreeSet::from([secret.clone()])),
            environment: Mutex::default(),
            aws,
            id,
            access_key_id,
            secret,
            home,
            #[cfg(unix)]
            user: None,
        };
        sandbox.prepare();
        sandbox
    }

    #[allow(clippy::disallowed_methods, reason = "the tests hand on what every program needs")]
    fn prepare(&self) {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let ours = Path::new(PROGRAM).parent().unwrap().to_owned();
        let folders = std::iter::once(ours).chain(std::env::split_paths(&path));
        self.set("PATH", std::env::join_paths(folders).unwrap());
        for name in HANDED_ON {
            if let Some(value) = std::env::var_os(name) {
                self.set(name, value);
            }
        }
        self.set("HOME", self.home.path());
        for (name, folder) in FOLDERS {
            std::fs::create_dir_all(self.path(folder)).unwrap();
            self.set(name, self.path(folder));
        }
        self.set("USER", format!("bob-{}", &self.id[..8]));
        if cfg!(target_os = "linux") {
            self.set("ROLECALL_STORE", "keyutils");
        } else {
            self.set("ROLECALL_STORE", "file");
            self.set("ROLECALL_FILE_PASSPHRASE", "passphrase");
        }
        let bus = format!("unix:path={}", self.path("no-bus").display());
        self.set("DBUS_SESSION_BUS_ADDRESS", bus);
        self.set("AWS_REGION", REGION);
        for service in ["STS", "SSO", "SSO_OIDC", "IAM"] {
            self.set(&format!("AWS_ENDPOINT_URL_{service}"), self.aws.url());
        }
        self.set("AWS_EC2_METADATA_SERVICE_ENDPOINT", self.aws.url());
        self.set("AWS_EC2_METADATA_DISABLED", "true");
    }

    /// Lets the kernel forget what opens the `file` store, as at a boot. `rolecall logout` would clear
    /// the sessions of all other tests too.
    #[cfg(unix)]
    pub fn close_store(&self) {
        #[cfg(target_os = "linux")]
        self.identity().iter().for_each(|name| forget(name));
    }

    /// What the kernel calls the identity of the `file` store.
    #[cfg(target_os = "linux")]
    pub fn identity(&self) -> Option<String> {
        let path = self.path("xdg/data/rolecall/store/identity.age");
        let wrapped = std::fs::read(&path).ok()?;
        let hash = path.as_os_str().as_encoded_bytes().iter().chain(&wrapped).fold(
            0x6c62_272e_07bb_0142_62b8_2175_6295_c58d_u128,
            |hash, byte| {
                (hash ^ u128::from(*byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b)
            },
        );
        Some(format!("rolecall:identity:{hash:032x}"))
    }

    /// A path in the home.
    pub fn path(&self, relative: &str) -> PathBuf {
        self.home.path().join(relative)
    }

    /// Writes a file into the home and returns its path.
    pub fn file(&self, relative: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(relative);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    pub fn config(&self, text: &str) -> PathBuf {
        self.file(".aws/config", text)
    }

    pub fn credentials(&self, text: &str) -> PathBuf {
        self.file(".aws/credentials", text)
    }

    /// Writes rolecall's own settings and returns their path.
    pub fn settings(&self, text: &str) -> PathBuf {
        self.file(SETTINGS, text)
    }

    /// The two lines of bob's keys.
    pub fn key_lines(&self) -> String {
        format!(
            "aws_access_key_id = {}\naws_secret_access_key = {}\n",
            self.access_key_id, self.secret
        )
    }

    /// Writes bob's keys into the credentials file.
    pub fn keys(&self, profile: &str) -> PathBuf {
        self.credentials(&format!("[{profile}]\n{}", self.key_lines()))
    }

    /// Puts bob's keys into the environment.
    pub fn keys_in_environment(&self) {
        self.set("AWS_ACCESS_KEY_ID", &self.access_key_id);
        self.set("AWS_SECRET_ACCESS_KEY", &self.secret);
    }

    pub fn set(&self, name: &str, value: impl Into<OsString>) {
        self.environment.lock().unwrap().insert(name.to_owned(), value.into());
    }

    #[cfg(windows)]
    pub fn variable(&self, name: &str) -> OsString {
        self.environment()[name].clone()
    }

    pub fn unset(&self, name: &str) {
        self.environment.lock().unwrap().remove(name);
    }

    /// Holds one more text that must never show.
    pub fn secret(&self, text: &str) {
        self.secrets.lock().unwrap().insert(text.to_owned());
    }

    /// The environment of what runs in this sandbox.
    pub(super) fn environment(&self) -> BTreeMap<String, OsString> {
        self.environment.lock().unwrap().clone()
    }

    /// The program with arguments, not yet started.
    pub fn command(&self, args: &[&str]) -> SandboxCommand<'_> {
        let command = SandboxCommand::new(self, PROGRAM, args);
        #[cfg(unix)]
        if let Some(user) = self.user {
            return command.by_user(user);
        }
        command
    }

    /// Another program, which may run ours: `rolecall` is on the path.
    pub fn program(&self, program: &str, args: &[&str]) -> SandboxCommand<'_> {
        SandboxCommand::new(self, program, args)
    }

    /// Runs the program to its end.
    #[track_caller]
    pub fn run(&self, args: &[&str]) -> Run {
        self.command(args).run()
    }

    /// Lets STS accept every region.
    pub fn in_any_region(self) -> Self {
        self.aws.world(|world| world.sts_region = None);
        self
    }

    /// Everything that must never show.
    pub fn secrets(&self) -> BTreeSet<String> {
        let mut all = self.secrets.lock().unwrap().clone();
        self.aws.world(|world| {
            let keys = world.users.iter().flat_map(|user| &user.keys);
            all.extend(keys.map(|key| key.secret.clone()));
            for session in &world.sessions {
                all.extend([session.secret.clone(), session.token.clone()]);
            }
            all.extend(world.signin_tokens.iter().map(|token| token.text.clone()));
            all.extend(world.sso.tokens.iter().map(|token| token.text.clone()));
            all.extend(world.sso.refresh_tokens.iter().map(|token| token.token.clone()));
            all.extend(world.sso.clients.iter().map(|client| client.secret.clone()));
        });
        all
    }

    /// Checks what holds for every run.
    #[track_caller]
    pub(super) fn check(&self, printer: Printer, run: &Run) {
        // GitHub's runner reads its masks there, and only then.
        let masked: String =
            run.stderr.lines().filter(|l| !l.starts_with("::add-mask::")).collect();
        no_secret(&self.secrets(), &masked, run);
        assert!(!run.stderr.contains("panicked"), "it panicked: {run:#?}");
        // Who is killed may have printed just before.
        if printer == Printer::Result && run.code != 0 && run.code != 137 {
            assert_eq!(run.stdout, "", "it failed and yet printed something: {run:#?}");
        }
    }

    /// How often STS gave out a role.
    pub fn assumed(&self) -> usize {
        self.aws.count("AssumeRole")
    }

    /// The value of a parameter of the last AssumeRole.
    #[track_caller]
    pub fn sent(&self, parameter: &str) -> Option<String> {
        self.sent_to("AssumeRole", parameter)
    }

    /// The value of a parameter of the last call of an operation.
    #[track_caller]
    pub fn sent_to(&self, operation: &str, parameter: &str) -> Option<String> {
        let calls = self.aws.calls();
        let call = calls.iter().rev().find(|call| call.operation == operation);
        call.unwrap_or_else(|| panic!("{operation} was not called"))
            .param(parameter)
            .map(str::to_owned)
    }

    /// Demands that nothing was asked of AWS.
    #[track_caller]
    pub fn no_calls(&self) {
        assert!(self.aws.calls().is_empty(), "no call was due: {:#?}", self.aws.calls());
    }
}
