//! `rolecall doctor`: looks at everything a chain depends on, one line each, with what to do about
//! it.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use crate::app::call::AskPolicy;
use crate::app::context::Context;
use crate::app::options::Selected;
use crate::app::requests;
use crate::app::service::{CredentialsService, resolve};
use crate::app::stores::StoreOpener;
use crate::aws::{duration, partition::Endpoint};
use crate::chain::ProfileView;
use crate::chain::process_command::misdirected_process;
use crate::chain::{Base, Chain, NearMisses, Network};
use crate::config::profiles::{Profiles, is_secret};
use crate::error::{Error, Kind, Result};
use crate::hint::{path as path_word, word};
use crate::output::print;
use crate::prompt::Surroundings;
use crate::sources::sso;
use crate::store::StoreName;
use crate::system::clock::{Clock, SystemClock};

/// Check files, store, clock, endpoints and profiles
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rolecall doctor
  rolecall doctor prod                                one profile's chain
  rolecall doctor --store file")]
pub struct DoctorArgs {
    #[command(flatten)]
    pub selected: Selected,
    /// Print one JSON array
    #[arg(long)]
    pub json: bool,
    /// Store to check
    #[arg(long, value_enum, value_name = "STORE")]
    pub store: Option<StoreName>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Status {
    Ok,
    Warning,
    Problem,
}

impl Status {
    fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }
}

struct Finding {
    check: &'static str,
    status: Status,
    message: String,
    hint: Option<String>,
}

#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(
        &mut self,
        check: &'static str,
        status: Status,
        message: impl Into<String>,
        hint: Option<String>,
    ) {
        self.0.push(Finding { check, status, message: message.into(), hint });
    }
    fn ok(&mut self, check: &'static str, message: impl Into<String>) {
        self.add(check, Status::Ok, message, None);
    }
    fn error(&mut self, check: &'static str, error: &Error) {
        self.add(check, Status::Problem, error.to_string(), error.hints.first().cloned());
    }
}

pub fn run(service: &CredentialsService, args: &DoctorArgs) -> Result<ExitCode> {
    let context = service.context();
    let mut findings = Findings::default();
    match context.profiles() {
        Err(error) => findings.error("files", &error),
        Ok(profiles) => {
            files(&profiles, &mut findings);
            let names: Vec<&str> = match args.selected.name() {
                Some(name) if matches!(profiles.profile(name), Ok(None)) => {
                    return Err(profiles.unknown(name));
                }
                Some(name) => vec![name],
                None => profiles.names().collect(),
            };
            plaintext_keys(&profiles, &names, &mut findings);
            let endpoints = chains(context, &profiles, &names, &mut findings);
            reach(service, &endpoints, &mut findings)?;
        }
    }
    stores(context, args.store, &mut findings);
    folders(context, &mut findings);
    log(context, &mut findings);
    prompts(context, &mut findings);
    // A store that was interrupted only says that it could not be asked.
    context.runtime.check()?;
    print(&if args.json { render_json(&findings) } else { render_text(&findings) })?;
    let problem = findings.0.iter().any(|f| f.status == Status::Problem);
    Ok(if problem { ExitCode::from(Kind::Failed.exit_code()) } else { ExitCode::SUCCESS })
}

fn files(profiles: &Profiles, findings: &mut Findings) {
    let all: Vec<_> =
        profiles.names().filter_map(|name| profiles.profile(name).ok().flatten()).collect();
    let secret: Vec<&Path> = all
        .iter()
        .flat_map(|p| &p.properties)
        .filter(|p| is_secret(&p.key))
        .map(|p| p.place.path.as_path())
        .collect();
    for path in profiles.paths() {
        match std::fs::metadata(path) {
            Err(_) => {
                findings.ok("files", format!("{} does not exist, which is fine", path.display()));
            }
            Ok(metadata) => match permissions(path, &metadata).filter(|_| secret.contains(&path)) {
                Some(message) => {
                    findings.add(
                        "files",
                        Status::Warning,
                        message,
                        Some(format!("keep it to yourself: chmod 600 {}", path_word(path))),
                    );
                }
                None => findings.ok("files", format!("{} can be read", path.display())),
            },
        }
    }
    for (place, reason) in profiles.malformed() {
        let hint = Some(
            "correct it; the SDKs refuse the whole file for it: rolecall profile dump --json"
                .to_owned(),
        );
        findings.add("files", Status::Problem, format!("{place}: {reason}"), hint);
    }
    for (place, reason) in profiles.ignored() {
        findings.add("files", Status::Warning, format!("{place}: ignored, because {reason}"), None);
    }
}

/// Says who else may read or write a file with keys in it.
#[cfg(unix)]
fn permissions(path: &Path, metadata: &std::fs::Metadata) -> Option<String> {
    use std::os::unix::fs::PermissionsExt;
    let mode = metadata.permissions().mode() & 0o777;
    (metadata.is_file() && mode & 0o077 != 0)
        .then(|| format!("{} may be read by others (mode {mode:03o})", path.display()))
}

#[cfg(not(unix))]
fn permissions(_: &Path, _: &std::fs::Metadata) -> Option<String> {
    None
}

fn plaintext_keys(profiles: &Profiles, names: &[&str], findings: &mut Findings) {
    for name in names {
        let Ok(Some(profile)) = profiles.profile(name) else { continue };
        if let (Some(secret), None) =
            (profile.get("aws_secret_access_key"), profile.get("aws_session_token"))
        {
            let message = format!(
                "{}: the long-term keys of profile `{name}` lie in plain text",
                secret.place
            );
            findings.add(
                "keys",
                Status::Warning,
                message,
                Some("prefer a login without long-term keys: aws configure sso".to_owned()),
            );
        }
    }
}

/// Resolves every profile, and returns the STS endpoints that their chains use.
fn chains(
    context: &Context,
    profiles: &Profiles,
    names: &[&str],
    findings: &mut Findings,
) -> BTreeMap<String, (Endpoint, Network)> {
    let mut endpoints = BTreeMap::new();
    for name in names {
        let near_misses = if names.len() == 1 { NearMisses::Search } else { NearMisses::Skip };
        let request = requests::of_profile(context, name).with_near_misses(near_misses);
        match resolve(context, profiles, &request) {
            Ok(chain) => {
                chain_of(context, name, &chain, findings);
                if let Some((process, target)) =
                    chain.subject.profile.as_ref().and_then(misdirected_process)
                {
                    let what = format!(
                        "{}: SDKs get the credentials of `{target}` for `{name}`, which has a role of its own",
                        process.place
                    );
                    let hint = format!(
                        "write there: credential_process = {}",
                        crate::hint::command("process", name)
                    );
                    findings.add("profiles", Status::Warning, what, Some(hint));
                }
                let used =
                    !chain.plan.steps.is_empty() || matches!(chain.plan.base, Base::WebIdentity(_));
                if let Some(endpoint) = chain.plan.endpoints.sts.filter(|_| used) {
                    endpoints.entry(endpoint.url.clone()).or_insert((endpoint, chain.plan.network));
                }
            }
            Err(error) => {
                let settings_only = profiles
                    .profile(name)
                    .ok()
                    .flatten()
                    .is_some_and(|p| ProfileView::from(&p).is_settings_only());
                if settings_only {
                    findings.ok("profiles", format!("`{name}` holds settings only"));
                } else {
                    findings.error("profiles", &error);
                }
            }
        }
    }
    endpoints
}

fn chain_of(context: &Context, name: &str, chain: &Chain, findings: &mut Findings) {
    let of = chain
        .plan
        .base_profile
        .as_deref()
        .filter(|p| *p != name)
        .map(|p| format!(" of `{p}`"))
        .unwrap_or_default();
    let what = format!("`{name}`: {}{of}{}", chain.plan.base.kind(), chain.arrows());
    match &chain.plan.base {
        Base::Sso(sso) => {
            let token = context
                .directories
                .home()
                .ok()
                .and_then(|home| sso::read_token(&sso::token_path(home, sso)));
            let left = token
                .and_then(|t| t.expires_at())
                .map(|end| (end - SystemClock.now()).num_seconds());
            let login = sso::login(sso, chain.plan.base_profile.as_deref().unwrap_or(name));
            match left {
                Some(left) if left > 0 => findings
                    .ok("profiles", format!("{what} (token: {} left)", duration::render(left))),
                Some(_) => {
                    findings.add(
                        "profiles",
                        Status::Warning,
                        format!("{what}: the token has expired"),
                        Some(format!("log in: {login}")),
                    );
                }
                None => {
                    findings.add(
                        "profiles",
                        Status::Warning,
                        format!("{what}: nobody has logged in"),
                        Some(format!("log in: {login}")),
                    );
                }
            }
        }
        Base::WebIdentity(call) if !context.directories.expand(&call.token_file).is_file() => {
            let hint = Some(format!("look for it: ls -l {}", word(&call.token_file)));
            findings.add(
                "profiles",
                Status::Problem,
                format!("{what}: the token file {} is not there", call.token_file),
                hint,
            );
        }
        _ => findings.ok("profiles", what),
    }
}

/// Calls each endpoint with keys that nobody has: any answer shows that it is there, and what time
/// it is at AWS.
fn reach(
    service: &CredentialsService,
    endpoints: &BTreeMap<String, (Endpoint, Network)>,
    findings: &mut Findings,
) -> Result<()> {
    let keys = crate::aws::Credentials::LongTerm(crate::aws::LongTermKeys {
        access_key_id: "AKIAROLECALLDOCTOR00".to_owned(),
        secret_access_key: String::from("none").into(),
        account_id: None,
    });
    for (endpoint, network) in endpoints.values() {
        let answer = match service.sts().get_caller_identity(network, endpoint, &keys) {
            Ok(answer) => answer,
            Err(error) if error.kind == Kind::Interrupted => return Err(error),
            Err(error) => {
                findings.error("endpoints", &error);
                continue;
            }
        };
        let clock = answer.as_ref().err().and_then(|failure| failure.clock.clone());
        if let Some(clock) = clock {
            findings.add(
                "clock",
                Status::Problem,
                clock,
                Some("set this machine's clock: timedatectl set-ntp true".to_owned()),
            );
        }
        match answer {
            Err(failure) if failure.code.is_none() => {
                let hint = Some(
                    "look at the network and at HTTPS_PROXY, for example: env | grep -i proxy"
                        .to_owned(),
                );
                findings.add(
                    "endpoints",
                    Status::Problem,
                    format!("{}: {}", endpoint.url, failure.message),
                    hint,
                );
            }
            _ => findings.ok("endpoints", format!("{} answers", endpoint.url)),
        }
    }
    Ok(())
}

fn stores(context: &Context, typed: Option<StoreName>, findings: &mut Findings) {
    let stores = StoreOpener::new(context, &context.ui, AskPolicy::Never).in_order(typed);
    let chosen = stores.order.len() == 1;
    for store in &stores.order {
        match store.probe() {
            Ok(what) => {
                findings.ok("store", format!("{}: {what}", store.name()));
                return;
            }
            Err(error) => {
                let status = if chosen { Status::Problem } else { Status::Warning };
                let hint = match store.name() {
                    "keyring" => Some("start or unlock your keyring, or choose another store: export ROLECALL_STORE=file".to_owned()),
                    "file" => Some("give the passphrase: export ROLECALL_FILE_PASSPHRASE".to_owned()),
                    _ => None,
                };
                findings.add("store", status, format!("{}: {error}", store.name()), hint);
            }
        }
    }
}

/// The folders that rolecall writes to.
fn folders(context: &Context, findings: &mut Findings) {
    let index = context.directories.index().and_then(|path| path.parent().map(Path::to_path_buf));
    const LOCKS: &str = "locks";
    for (what, folder) in [(LOCKS, context.directories.locks()), ("the index of sessions", index)] {
        let Some(folder) = folder else {
            findings.add(
                "folders",
                Status::Warning,
                format!("there is no folder for {what}"),
                Some("set a home: export HOME=/path".to_owned()),
            );
            continue;
        };
        let written = match what {
            LOCKS => crate::system::locks::try_locking(&folder),
            _ => crate::system::files::create_private_folder(&folder)
                .and_then(|()| crate::system::files::try_writing(&folder)),
        };
        match written {
            Ok(()) => {
                findings.ok("folders", format!("{} can be written ({what})", folder.display()));
            }
            Err(error) => {
                let hint = Some(format!(
                    "it must be yours alone (0700); look at it: ls -ld {}",
                    path_word(&folder)
                ));
                findings.add(
                    "folders",
                    Status::Warning,
                    format!("{} cannot be written ({what}): {error}", folder.display()),
                    hint,
                );
            }
        }
    }
}

/// The log of what was handed out.
fn log(context: &Context, findings: &mut Findings) {
    let Some(path) = context.directories.log() else {
        let hint = Some("set a home: export HOME=/path".to_owned());
        return findings.add("log", Status::Warning, "there is no folder for the log", hint);
    };
    if !context.settings.logs() {
        return findings.ok("log", "nothing is logged (`log = false` in the settings)");
    }
    let place = path.display();
    let written =
        crate::audit::probe(&path).and_then(|length| Ok((length, std::fs::metadata(&path)?)));
    match written {
        Ok((length, metadata)) => match permissions(&path, &metadata) {
            Some(message) => {
                findings.add(
                    "log",
                    Status::Warning,
                    message,
                    Some(format!("keep it to yourself: chmod 600 {}", path_word(&path))),
                );
            }
            None => {
                findings.ok(
                    "log",
                    format!(
                        "{place} holds {} KiB of what was handed out (see it: rolecall log)",
                        length.div_ceil(1024)
                    ),
                );
            }
        },
        Err(error) => {
            let hint = Some(format!(
                "look at it, or switch it off by `log = false` in settings.ini: ls -l {}",
                path_word(&path)
            ));
            findings.add(
                "log",
                Status::Warning,
                format!("{place} cannot be written: {error}"),
                hint,
            );
        }
    }
}

fn prompts(context: &Context, findings: &mut Findings) {
    let surroundings =
        Surroundings::read(&context.environment, &context.directories, context.settings.pinentry());
    let here = crate::prompt::available(context.settings.prompt_methods(), &surroundings);
    let (can, cannot): (Vec<_>, Vec<_>) = here.into_iter().partition(|(_, found)| found.is_ok());
    let person = can.iter().any(|(rung, _)| rung.is_person());
    let list = |all: Vec<(_, Result<String, String>)>| {
        let one = |(rung, what): (crate::prompt::Rung, Result<String, String>)| match what {
            Ok(what) | Err(what) if !what.is_empty() => format!("{rung} ({what})"),
            _ => rung.to_string(),
        };
        all.into_iter().map(one).collect::<Vec<_>>().join(", ")
    };
    let message = match (list(can), list(cannot)) {
        (can, none) if none.is_empty() => can,
        (can, cannot) => format!("{can}; not here: {cannot}"),
    };
    let hint =
        Some("give MFA codes by mfa_process or: rolecall process --mfa-token CODE".to_owned());
    if context.settings.no_input() {
        let message = "nothing is ever asked (--no-input, ROLECALL_NO_INPUT or the settings)";
        findings.add("prompts", Status::Warning, message, hint);
    } else if person {
        findings.ok("prompts", message);
    } else {
        findings.add(
            "prompts",
            Status::Warning,
            format!("no person can be asked here: {message}"),
            hint,
        );
    }
}

fn render_json(findings: &Findings) -> String {
    let all: Vec<_> =
        findings.0.iter().map(|f| json!({"check": f.check, "status": f.status.name(), "message": f.message, "hint": f.hint})).collect();
    format!("{}\n", json!(all))
}

fn render_text(findings: &Findings) -> String {
    let clean =
        |text: &str| text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>();
    let mut text = String::new();
    for finding in &findings.0 {
        text += &format!(
            "{:<8} {:<9} {}\n",
            finding.status.name(),
            finding.check,
            clean(&finding.message)
        );
        if let (Some(hint), false) = (&finding.hint, finding.status == Status::Ok) {
            text += &format!("{:18} hint: {}\n", "", clean(hint));
        }
    }
    text
}
