//! `rolecall keys mfa add|list|remove`: seeds of virtual MFA devices in the store.

use std::io::{IsTerminal, Read};
use std::process::ExitCode;
use std::time::Duration;

use chrono::SecondsFormat;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::app::context::Context;
use crate::aws::MfaSerial;
use crate::aws::arn::Arn;
use crate::aws::totp::Seed;
use crate::cli::{MfaAdd, MfaCommand, MfaList, MfaRemove};
use crate::error::{Error, Result};
use crate::output::{print, table};
use crate::prompt::qr;
use crate::prompt::tty::Tty;
use crate::store::{StoreName, UnlockPolicy};
use crate::system::clock::Clock;
use crate::system::clock::SystemClock;
use crate::system::report::Report;

/// What pipes a seed in may have to ask a person first.
const PATIENCE: Duration = Duration::from_secs(120);
/// The longest seed or URI that is read, in bytes.
const LONGEST: u64 = 4096;

pub fn run(context: &Context, command: &MfaCommand) -> Result<ExitCode> {
    match command {
        MfaCommand::Add(args) => add(context, args),
        MfaCommand::List(args) => list(context, args),
        MfaCommand::Remove(args) => remove(context, args),
    }?;
    Ok(ExitCode::SUCCESS)
}

fn add(context: &Context, args: &MfaAdd) -> Result<()> {
    let serial = checked(&args.serial, &args.more)?;
    let target = target(context, args.store, &serial)?;
    let seeds = context.seeds(args.store, UnlockPolicy::Ask);
    // Before anybody types anything: a store that cannot be used would take it in vain.
    let existing = seeds.existing(&serial, target)?;
    let typed = read(context, &serial)?;
    let seed = Seed::parse(&typed, serial.as_str()).map_err(|what| {
        Error::usage(format!("{what}; nothing was kept"))
            .hint(format!("try again: rolecall keys mfa add {serial}"))
    })?;
    if !args.force && existing.is_some_and(|kept| kept != seed) {
        return Err(Error::failed(format!(
            "another seed of {serial} is kept, and AWS may still want its codes"
        ))
        .hint(format!("replace it: rolecall keys mfa add {serial} --force")));
    }
    if context.is_attended() && !args.no_qr {
        qr::show(&context.runtime, &context.ui, &seed)?;
    }
    seeds.put(&serial, &seed, target, SystemClock.now())?;
    let now = seed.window(SystemClock.now().timestamp());
    let codes = [seed.code(now.saturating_sub(1)), seed.code(now)];
    let text = if args.json {
        let name = context.store(target).name();
        json!({"serial": serial.as_str(), "store": name, "authentication_code1": codes[0], "authentication_code2": codes[1]}).to_string()
    } else {
        codes.join("\n")
    };
    print(&format!("{text}\n"))?;
    let user = Arn::parse(serial.as_str()).map_or("USER", |arn| arn.name());
    context.ui.hint(&format!(
        "both codes are valid now, and not for long; if the device is new, let AWS know it: aws iam enable-mfa-device --user-name {user} \
         --serial-number {serial} --authentication-code1 {} --authentication-code2 {}",
        codes[0], codes[1]
    ));
    Ok(())
}

fn list(context: &Context, args: &MfaList) -> Result<()> {
    let records = context.seeds(None, UnlockPolicy::Never).records();
    let time = |at: chrono::DateTime<chrono::Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
    if args.json {
        let all = records.iter().map(|(serial, one)| json!({"serial": serial.as_str(), "store": one.store, "added_at": time(one.added_at)}));
        return print(&format!("{}\n", Value::Array(all.collect())));
    }
    if records.is_empty() {
        context.ui.note("no MFA seed is kept; add one: rolecall keys mfa add SERIAL");
        return Ok(());
    }
    let rows: Vec<_> = records
        .iter()
        .map(|(serial, one)| vec![serial.to_string(), one.store.clone(), time(one.added_at)])
        .collect();
    print(&table::plain(&["SERIAL", "STORE", "ADDED"], &rows))
}

fn remove(context: &Context, args: &MfaRemove) -> Result<()> {
    let serial = checked(&args.serial, &[])?;
    if let Some(name) = args.store.filter(|name| !name.takes_long_lived_secrets()) {
        return Err(keeps_none(context, name, &format!("remove {serial}")));
    }
    if !context.seeds(args.store, UnlockPolicy::Ask).remove(&serial)? {
        return Err(Error::failed(format!("no seed of {serial} is kept"))
            .hint("see those that are: rolecall keys mfa list"));
    }
    context.ui.note(&format!("the seed of {serial} is forgotten; AWS still knows the device, and a phone may still have the seed"));
    Ok(())
}

/// Checks a serial number; a seed in its place is not repeated.
fn checked(serial: &str, more: &[String]) -> Result<MfaSerial> {
    let is_uri = serial.to_ascii_lowercase().starts_with("otpauth:");
    let is_base32 = serial.len() >= 24
        && serial.bytes().all(|b| b.is_ascii_alphabetic() || matches!(b, b'2'..=b'7'));
    if !more.is_empty() || is_uri || is_base32 {
        return Err(Error::usage("a seed does not belong on the command line, where every user of this machine can read it")
            .hint("type it when asked, or pipe it in: rolecall keys mfa add SERIAL"));
    }
    MfaSerial::parse(serial).ok_or_else(|| {
        Error::usage("SERIAL must be an MFA device's serial number or ARN (9 to 256 characters)")
            .hint("list your devices: aws iam list-mfa-devices")
    })
}

/// Returns the store that a new seed goes to.
fn target(context: &Context, typed: Option<StoreName>, serial: &MfaSerial) -> Result<StoreName> {
    match typed.or(context.settings.store) {
        None => Ok(StoreName::Keyring),
        Some(name) if name.takes_long_lived_secrets() => Ok(name),
        Some(name) => Err(keeps_none(context, name, &format!("add {serial}"))),
    }
}

fn keeps_none(context: &Context, name: StoreName, verb: &str) -> Error {
    let name = if name == StoreName::Keyutils { "keyutils" } else { context.store(name).name() };
    let why = if name == "keyutils" {
        "the store keyutils keeps sessions only, because nothing there survives a reboot"
    } else {
        "the store none keeps nothing"
    };
    Error::usage(why).hint(format!("choose another: rolecall keys mfa {verb} --store file"))
}

/// Reads the seed from a pipe or asks for it, hidden.
fn read(context: &Context, serial: &MfaSerial) -> Result<Zeroizing<String>> {
    if let Some(piped) = piped(context)? {
        return Ok(piped);
    }
    // On Windows what is typed would show.
    let answer = match if context.no_input || cfg!(windows) { None } else { Tty::open() } {
        Some(mut tty) => {
            let question =
                format!("Seed of {serial}, in base32 or as an otpauth:// URI (it is not shown): ");
            tty.ask_hidden(&context.runtime, &question, context.patience())?
        }
        None => None,
    };
    answer.filter(|text| !text.trim().is_empty()).ok_or_else(|| {
        let why = if context.no_input {
            "input is switched off"
        } else {
            "there was none on stdin or the terminal"
        };
        Error::needs_person(format!("the seed of {serial} is needed, and {why}"))
            .hint(format!("pipe it in: PROGRAM-THAT-PRINTS-IT | rolecall keys mfa add {serial}"))
    })
}

/// Reads stdin when it is no terminal; `None` when there is nothing in it.
fn piped(context: &Context) -> Result<Option<Zeroizing<String>>> {
    if std::io::stdin().is_terminal() {
        return Ok(None);
    }
    let (send, receive) = tokio::sync::oneshot::channel();
    // A blocked read cannot be taken back, so it has a thread of its own, which ends with the
    // process.
    std::thread::spawn(move || {
        let mut text = Zeroizing::new(String::with_capacity(8192));
        let read = std::io::stdin().take(LONGEST + 1).read_to_string(&mut text);
        let _ = send.send(read.map(|_| text));
    });
    let text = match context.runtime.run_within(PATIENCE, receive)? {
        Some(Ok(Ok(text))) => text,
        Some(Ok(Err(error))) => {
            return Err(Error::usage(format!("the seed cannot be read from stdin: {error}")));
        }
        Some(Err(_)) => return Ok(None),
        None => {
            return Err(Error::failed(format!(
                "nothing came on stdin within {} s",
                PATIENCE.as_secs()
            )));
        }
    };
    if text.len() as u64 > LONGEST
        || text.trim().lines().filter(|line| !line.trim().is_empty()).count() > 1
    {
        return Err(Error::usage("stdin holds more than a seed, which is one line"));
    }
    Ok((!text.trim().is_empty()).then_some(text))
}
