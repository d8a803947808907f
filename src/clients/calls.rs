//! How a call is made: its answer is waited for on the one runtime, and its error becomes data.

use std::future::Future;

use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use crate::clients::factory::{Factory, Target};
use crate::clients::failure::{CallError, Failure};
use crate::clients::proxy::Proxy;
use crate::system::clock::Clock;
use crate::system::environment::Environment;
use crate::system::runtime::Runtime;

/// Makes calls; those of each service stand in that service's file. A call blocks until it is
/// answered, for at most the factory's time limits, or until SIGINT.
#[derive(Clone, Copy)]
pub struct AwsCalls<'a> {
    pub factory: &'a Factory,
    pub runtime: &'a Runtime,
    pub clock: &'a dyn Clock,
    /// Names the proxies, for errors.
    pub environment: &'a Environment,
}

impl AwsCalls<'_> {
    /// Waits for the answer of a call.
    pub(super) fn answer<T, E>(
        &self,
        target: &Target,
        call: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    ) -> Result<T, CallError>
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        Ok(self.runtime.run(call)?.map_err(|error| self.failure(target, &error))?)
    }

    /// Reads how a call failed.
    pub(super) fn failure<E>(&self, target: &Target, error: &SdkError<E, HttpResponse>) -> Failure
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let mut failure = Failure::new(error, self.clock.now());
        if let Some(unreachable) = &mut failure.unreachable {
            unreachable.proxy = Proxy::of(&target.url(), self.environment);
        }
        failure
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clients::http::SystemRoots;

    #[test]
    fn worker_thread_owns_what_calls_need() {
        let (factory, runtime) = (Factory::new(SystemRoots::Bundle), Runtime::default());
        let worker = std::thread::spawn(move || {
            let network = crate::chain::Network::default();
            factory.http(&network).and_then(|_| runtime.sleep(Duration::ZERO))
        });
        worker.join().unwrap().unwrap();
    }
}
