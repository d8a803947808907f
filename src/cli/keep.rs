//! The verbs for what is kept: sessions, and what proves who somebody is.

use clap::{Args, Subcommand};

use crate::app::options::{Several, duration, token_code};
use crate::store::StoreName;

/// Show or forget the sessions that are kept
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  rolecall sessions                     what is kept, for whom, until when and where
  rolecall sessions clear prod          forget the session of prod
  rolecall sessions clear               forget all sessions, in every store"
)]
pub struct Sessions {
    #[command(subcommand)]
    pub command: Option<SessionsCommand>,
    #[command(flatten)]
    pub list: SessionsList,
}

#[derive(Debug, Subcommand)]
pub enum SessionsCommand {
    /// Show the sessions that are kept, without a secret (what `sessions` alone does)
    #[command(after_help = "Examples:\n  rolecall sessions list --json")]
    List(SessionsList),
    /// Forget the sessions of profiles, or all, in every store
    ///
    /// The session that a profile ends in always goes. One on the way to it goes unless another
    /// profile uses it too.
    #[command(
        after_help = "Examples:\n  rolecall sessions clear prod\n  rolecall sessions clear               all of them"
    )]
    Clear {
        #[command(flatten)]
        selected: Several,
    },
}

#[derive(Debug, Args)]
pub struct SessionsList {
    /// Print one JSON array
    #[arg(long)]
    pub json: bool,
}

/// Fetch sessions, and ask for what they need, ahead of time
///
/// Without a profile, for the SDKs' default chain. One profile that fails keeps none of the others
/// from it; the exit code is that of the first that failed.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rolecall login dev staging prod       one MFA code serves all roles of an identity
  rolecall login --all --mfa-token 123456
  rolecall login prod --refresh --json")]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub struct Login {
    #[command(flatten)]
    pub selected: Several,
    /// Every profile that there is a session to fetch for
    #[arg(long, conflicts_with_all = ["positional", "profile"])]
    pub all: bool,
    /// Print one JSON array: what came of each profile
    #[arg(long)]
    pub json: bool,
    /// Token code of the MFA device, instead of the first question
    #[arg(long, value_name = "CODE", value_parser = token_code)]
    pub mfa_token: Option<String>,
    /// Fetch new sessions; the cached ones stay until the new ones exist
    #[arg(long)]
    pub refresh: bool,
    /// Confirm new sessions of profiles with `rolecall_confirm`, where settings.ini has `allow_yes
    /// = true`
    #[arg(long)]
    pub yes: bool,
    /// How long a cached session must live to be left as it is (default: 15m)
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub min_ttl: Option<u32>,
    /// Where sessions are kept
    #[arg(long, value_name = "STORE")]
    pub store: Option<StoreName>,
    /// Session length: 15m to 12h, at most 1h for a chained role; for calls with the same
    /// --duration
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub duration: Option<u32>,
    /// Region of the calls; for calls with the same --region
    #[arg(long, value_name = "NAME")]
    pub region: Option<String>,
    /// Ask for a code for each role, instead of once for all roles of the same keys
    #[arg(long)]
    pub no_mfa_session: bool,
}

/// Forget the sessions that are kept
///
/// Without a profile all of them, in every store, and what keeps the file store open. Long-term
/// keys and MFA seeds stay.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rolecall logout                       forget all sessions, and close the file store
  rolecall logout prod                  forget the session of prod, as `sessions clear prod` does")]
pub struct Logout {
    #[command(flatten)]
    pub selected: Several,
}

#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// TOTP seeds of virtual MFA devices, so that nobody types their codes
    #[command(subcommand)]
    Mfa(MfaCommand),
}

#[derive(Debug, Subcommand)]
pub enum MfaCommand {
    /// Keep a device's seed in the store and print the two codes by which AWS enables it
    Add(MfaAdd),
    /// List the devices whose seeds are kept
    #[command(after_help = "Examples:\n  rolecall keys mfa list --json")]
    List(MfaList),
    /// Forget a device's seed
    Remove(MfaRemove),
}

/// Keep a device's seed in the store and print the two codes by which AWS enables it
///
/// The seed is asked for on the terminal, hidden, or read from stdin: base32, or an otpauth://totp/
/// URI.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rolecall keys mfa add arn:aws:iam::111111111111:mfa/bob
  pass show aws/mfa-seed | rolecall keys mfa add arn:aws:iam::111111111111:mfa/bob --store file

A new device, from nothing:
  aws iam create-virtual-mfa-device --virtual-mfa-device-name bob --bootstrap-method Base32StringSeed --outfile seed
  rolecall keys mfa add arn:aws:iam::111111111111:mfa/bob < seed && rm seed")]
pub struct MfaAdd {
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
    #[arg(long, value_name = "STORE")]
    pub store: Option<StoreName>,
}

/// List the devices whose seeds are kept
#[derive(Debug, Args)]
pub struct MfaList {
    /// Print one JSON array
    #[arg(long)]
    pub json: bool,
}

/// Forget a device's seed
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  rolecall keys mfa remove arn:aws:iam::111111111111:mfa/bob")]
pub struct MfaRemove {
    /// The device's ARN or serial number
    #[arg(value_name = "SERIAL")]
    pub serial: String,
    /// The only store to look in
    #[arg(long, value_name = "STORE")]
    pub store: Option<StoreName>,
}
