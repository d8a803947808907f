//! `rolecall keys mfa add`: puts a seed into the store. The seed is asked for on the terminal,
//! hidden, or read from stdin: base32, or an otpauth://totp/ URI.

use clap::Args;
use serde_json::json;
use zeroize::Zeroizing;

use super::checks::{checked, keeps_none};
use crate::app::call::AskPolicy;
use crate::app::context::Context;
use crate::app::stores::StoreOpener;
use crate::aws::arn::Arn;
use crate::aws::names::MfaSerial;
use crate::aws::totp::Seed;
use crate::commands::keys::stdin;
use crate::error::{Error, Result};
use crate::output::print_line;
use crate::prompt::qr;
use crate::settings::EffectiveSettings;
use crate::store::StoreName;
use crate::store::seeds::SeedFacts;
use crate::system::clock::{Clock, SystemClock};

/// Keep a device's seed in the store and print the two codes by which AWS enables it
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rolecall keys mfa add arn:aws:iam::111111111111:mfa/bob
  pass show aws/mfa-seed | rolecall keys mfa add arn:aws:iam::111111111111:mfa/bob --store file

A new device, from nothing:
  aws iam create-virtual-mfa-device --virtual-mfa-device-name bob --bootstrap-method \
Base32StringSeed --outfile seed
  rolecall keys mfa add arn:aws:iam::111111111111:mfa/bob < seed && rm seed")]
pub struct MfaAddArgs {
    /// The device's ARN or serial number
    #[arg(value_name = "SERIAL")]
    pub serial: String,
    // A seed typed here would be shown by the message that it does not belong here.
    #[arg(hide = true)]
    pub more: Vec<String>,
    /// Replace another seed of this device
    #[arg(long)]
    pub force: bool,
    /// Do not show the seed as a QR code for a phone
    #[arg(long)]
    pub no_qr: bool,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
    /// Where the seed is kept: keyring or file
    #[arg(long, value_name = "STORE", value_parser = StoreName::value_parser())]
    pub store: Option<StoreName>,
}

pub fn run(context: &Context, args: &MfaAddArgs) -> Result<()> {
    let serial = checked(&args.serial, &args.more)?;
    let target = target(&context.settings, args.store, &serial)?;
    let seeds = StoreOpener::new(context, &context.ui, AskPolicy::Allowed).seeds(args.store);
    // This comes before anybody types a seed, which a store that cannot be used would not take.
    let existing = seeds.existing(&serial, target)?;
    let typed = read(context, &serial)?;
    let seed = Seed::parse(&typed, &serial).map_err(|what| {
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
        let _turn = context.turn_to_ask("a seed")?;
        qr::show(&context.runtime, &context.ui, &seed)?;
    }
    seeds.put(&serial, &seed, target, (SystemClock.now(), SeedFacts::default()))?;
    show_codes(context, args, target, &seed)
}

/// Prints the two codes by which AWS enables a device.
fn show_codes(context: &Context, args: &MfaAddArgs, target: StoreName, seed: &Seed) -> Result<()> {
    let serial = &args.serial;
    let now = seed.window(SystemClock.now().timestamp());
    let codes = [seed.code(now.saturating_sub(1)), seed.code(now)];
    let text = if args.json {
        json!({
            "serial": serial,
            "store": target,
            "authentication_code1": codes[0],
            "authentication_code2": codes[1],
        })
        .to_string()
    } else {
        codes.join("\n")
    };
    print_line(text)?;
    let user = Arn::parse(serial).map_or("USER", |arn| arn.name());
    context.ui.hint(&format!(
        "both codes are valid now, and not for long; if the device is new, let AWS know it: \
         aws iam enable-mfa-device --user-name {user} --serial-number {serial} \
         --authentication-code1 {} --authentication-code2 {}",
        codes[0], codes[1]
    ));
    Ok(())
}

/// Returns the store that a new seed goes to.
fn target(
    settings: &EffectiveSettings,
    typed: Option<StoreName>,
    serial: &MfaSerial,
) -> Result<StoreName> {
    match settings.store(typed) {
        None => Ok(StoreName::Keyring),
        Some(name) if name.takes_long_lived_secrets() => Ok(name),
        Some(name) => Err(keeps_none(name, &format!("add {serial}"))),
    }
}

/// Reads the seed from a pipe or asks for it, hidden.
fn read(context: &Context, serial: &MfaSerial) -> Result<Zeroizing<String>> {
    if let Some(piped) = piped(context)? {
        return Ok(piped);
    }
    let question =
        format!("Seed of {serial}, in base32 or as an otpauth:// URI (it is not shown): ");
    let answer = context.ask_hidden(&question)?;
    answer.filter(|text| !text.trim().is_empty()).ok_or_else(|| {
        let why = if context.settings.no_input() {
            "input is switched off"
        } else {
            "there was none on stdin or the terminal"
        };
        Error::needs_person(format!("the seed of {serial} is needed, and {why}"))
            .hint(format!("pipe it in: PROGRAM-THAT-PRINTS-IT | rolecall keys mfa add {serial}"))
    })
}

/// Reads the seed from stdin; `None` when there is none.
fn piped(context: &Context) -> Result<Option<Zeroizing<String>>> {
    let Some(text) = stdin::read(context, "the seed")? else { return Ok(None) };
    let lines = text.lines().filter(|line| !line.trim().is_empty()).count();
    if text.len() > stdin::MAX_BYTES || lines > 1 {
        return Err(Error::usage("stdin holds more than a seed, which is one line"));
    }
    Ok(Some(text))
}
