//! A company's own start URL (a vanity URL) leads to the one of AWS, by which a login is made.

use std::borrow::Cow;

use crate::app::context::Context;
use crate::aws::start_url::{StartUrlHost, region_of};
use crate::chain::{Chain, Sso, SsoSession};
use crate::clients::calls::AwsCalls;
use crate::clients::factory::{Service, Target};
use crate::clients::failure::CallError;
use crate::error::Result;
use crate::hint;
use crate::system::clock::SystemClock;
use crate::system::report::Report;
use crate::text::shown_url;

/// Returns the session by which a login is made: as configured, or with the start URL to which that
/// one leads and the region that it names. Where that cannot be told, a warning says why, and the
/// session is as it is configured. Blocks for at most half a minute.
///
/// # Errors
/// Where the CA bundle cannot be used, or the wait is interrupted.
pub fn resolve<'a>(context: &Context, chain: &Chain, sso: &'a Sso) -> Result<Cow<'a, SsoSession>> {
    let session = &sso.session;
    let url = session.start_url.split('#').next().unwrap_or_default();
    if StartUrlHost::of(url) != StartUrlHost::Vanity {
        return Ok(Cow::Borrowed(session));
    }
    let shown = format!("{} ({})", shown_url(&session.start_url), session.start_url_place);
    let why = match ask(context, chain, session, url) {
        Ok(led) if StartUrlHost::of(&led) == StartUrlHost::Aws => {
            context.ui.decided(&|| format!("{shown} leads to {}", shown_url(&led)));
            return Ok(Cow::Owned(led_to(context, chain, session, &led)));
        }
        Ok(led) => format!("it leads to {}", shown_url(&led)),
        Err(CallError::Failed(failure)) => failure.to_string(),
        Err(CallError::Other(error)) => return Err(error),
    };
    context.ui.warn(&format!(
        "{shown} is none of AWS's start URLs that rolecall knows, and leads to none: {why}; it is \
         used as it is"
    ));
    Ok(Cow::Borrowed(session))
}

fn ask(
    context: &Context,
    chain: &Chain,
    session: &SsoSession,
    url: &str,
) -> Result<String, CallError> {
    let Context { clients, runtime, environment, .. } = context;
    runtime.catch_signals()?;
    let calls = AwsCalls { factory: clients, runtime, clock: &SystemClock, environment };
    let target = Target::of(Service::Oidc, &chain.plan.network, &session.region, None);
    let target = Target { endpoint: Some(url), ..target };
    calls.redirect_of(&target, url)
}

/// Returns the session at the URL to which its own leads. The region that the URL names counts, and a
/// warning says that another one is configured: credentials would be asked for there.
fn led_to(context: &Context, chain: &Chain, session: &SsoSession, led: &str) -> SsoSession {
    let start_url = led.split('#').next().unwrap_or_default().to_owned();
    let region = region_of(&start_url).unwrap_or_else(|| session.region.clone());
    if region != session.region {
        let section = match &session.name {
            Some(name) => hint::option("--sso-session", name),
            None => hint::profile(chain.base_name()).into_owned(),
        };
        context.ui.warn(&format!(
            "the login is made in {region}, where {} is, and not in sso_region = {} ({}); set it: \
             rolecall profile set {section} sso_region={region}",
            shown_url(&start_url),
            session.region,
            session.region_place
        ));
    }
    SsoSession { start_url, region, ..session.clone() }
}
