//! The store.

use super::findings::Findings;
use crate::app::call::AskPolicy;
use crate::app::context::Context;
use crate::app::stores::StoreOpener;
use crate::error::Result;
use crate::store::remedy::remedy;
use crate::store::{StoreError, StoreName};

const STORE: &str = "store";

/// Probes the stores in their order, up to the first that works, and returns its name. It unlocks
/// none.
///
/// # Errors
/// A probe was interrupted.
pub fn check(
    context: &Context,
    typed: Option<StoreName>,
    findings: &mut Findings,
) -> Result<Option<&'static str>> {
    let stores = StoreOpener::new(context, &context.ui, AskPolicy::Never).in_order(typed);
    let is_chosen = stores.order.len() == 1;
    for store in &stores.order {
        let error = match store.probe() {
            Ok(what) => {
                findings.ok(STORE, format!("{}: {what}", store.name()));
                return Ok(Some(store.name()));
            }
            Err(error) => error.unless_interrupted()?,
        };
        let message = format!("{}: {error}", store.name());
        let hint = hint(store.name(), &error);
        if is_chosen {
            findings.problem(STORE, message, hint.as_deref());
        } else {
            findings.warning(STORE, message, hint.as_deref());
        }
    }
    Ok(None)
}

fn hint(store: &str, error: &StoreError) -> Option<String> {
    match store {
        "keyring" => {
            let remedy = remedy(store, error);
            Some(format!("{remedy}, or choose another store: export ROLECALL_STORE=file"))
        }
        "file" => Some("give the passphrase: export ROLECALL_FILE_PASSPHRASE".to_owned()),
        _ => None,
    }
}
