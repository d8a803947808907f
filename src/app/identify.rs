//! Who stands behind a chain, by the settings of a command.

use super::context::Context;
use crate::chain::Chain;
use crate::sources::login_tokens::TokenPlace;
use crate::sources::principal::Principals;

/// Fills in who stands behind a chain. Blocks for less than a tenth of a second.
pub fn identify(context: &Context, chain: &mut Chain) {
    let Context { environment, directories, runtime, settings, .. } = context;
    let sso_tokens = match settings.stored_sso_tokens() {
        Some(_) => TokenPlace::Store,
        None => TokenPlace::SharedFiles,
    };
    Principals { environment, directories, runtime, sso_tokens }.identify(chain);
}
