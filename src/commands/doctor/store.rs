//! The store.

use super::findings::Findings;
use crate::app::call::AskPolicy;
use crate::app::context::Context;
use crate::app::stores::StoreOpener;
use crate::error::Result;
use crate::hint;
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
        let hint = way_out(store.name(), &error);
        if is_chosen {
            findings.problem(STORE, message, hint.as_deref());
        } else {
            findings.warning(STORE, message, hint.as_deref());
        }
    }
    Ok(None)
}

fn way_out(store: &str, error: &StoreError) -> Option<String> {
    match store {
        "keyring" => Some(format!(
            "{}, or choose another store: {}",
            remedy(store, error),
            hint::set("ROLECALL_STORE", "file")
        )),
        "file" => Some(hint::give_passphrase()),
        _ => None,
    }
}
