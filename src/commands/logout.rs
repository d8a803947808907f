//! `rolecall logout`: forgets sessions, and closes the file store.

use clap::Args;

use super::sessions::clear::clear;
use crate::app::call::AskPolicy;
use crate::app::context::Context;
use crate::app::options::Several;
use crate::app::stores::StoreOpener;
use crate::error::{Error, Result};
use crate::system::report::Report;

/// Forget the sessions that are kept
///
/// Without a profile all of them, in every store, and what keeps the file store open. Long-term
/// keys and MFA seeds stay.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rolecall logout                       forget all sessions, and close the file store
  rolecall logout prod                  forget the session of prod, as `sessions clear prod` does")]
pub struct LogoutArgs {
    #[command(flatten)]
    pub selected: Several,
}

pub fn run(context: &Context, args: &LogoutArgs) -> Result<()> {
    let names = args.selected.names();
    // The store is closed even if sessions cannot be cleared.
    let closed = if names.is_empty() {
        StoreOpener::new(context, &context.ui, AskPolicy::Allowed)
            .file_store()
            .map(|store| store.close())
    } else {
        None
    };
    clear(context, &names)?;
    match closed {
        Some(Err(error)) => Err(Error::store("the file store may still be open")
            .cause(error.to_string())
            .hint("try again: rolecall logout")),
        Some(Ok(true)) => {
            context.ui.note("the file store asks for its passphrase again");
            Ok(())
        }
        _ => Ok(()),
    }
}
