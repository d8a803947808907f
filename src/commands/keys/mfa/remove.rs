//! `rolecall keys mfa remove`: removes a seed from the stores.

use clap::Args;

use super::checks::{checked, keeps_none};
use crate::app::call::AskPolicy;
use crate::app::context::Context;
use crate::app::stores::StoreOpener;
use crate::error::{Error, Result};
use crate::store::StoreName;
use crate::system::report::Report;

/// Forget a device's seed
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  rolecall keys mfa remove arn:aws:iam::111111111111:mfa/bob")]
pub struct MfaRemoveArgs {
    /// The device's ARN or serial number
    #[arg(value_name = "SERIAL")]
    pub serial: String,
    /// The only store to look in
    #[arg(long, value_name = "STORE", value_parser = StoreName::value_parser())]
    pub store: Option<StoreName>,
}

pub fn run(context: &Context, args: &MfaRemoveArgs) -> Result<()> {
    let serial = checked(&args.serial, &[])?;
    if let Some(name) = args.store.filter(|name| !name.takes_long_lived_secrets()) {
        return Err(keeps_none(name, &format!("remove {serial}")));
    }
    let seeds = StoreOpener::new(context, &context.ui, AskPolicy::Allowed).seeds(args.store);
    if !seeds.remove(&serial)? {
        return Err(Error::failed(format!("no seed of {serial} is kept"))
            .hint("see those that are: rolecall keys mfa list"));
    }
    context.ui.note(&format!(
        "the seed of {serial} is forgotten; AWS still knows the device, and a phone may still have \
         the seed"
    ));
    Ok(())
}
