//! Credentials of the machine: EC2 instance metadata (IMDSv2) and the container endpoint (ECS, EKS
//! Pod Identity), by `aws-config`'s providers.

use std::time::Duration;

use aws_config::ecs::EcsCredentialsProvider;
use aws_config::imds;
use aws_config::imds::client::EndpointMode;
use aws_config::imds::credentials::ImdsCredentialsProvider;
use aws_credential_types::provider::ProvideCredentials;

use super::Sources;
use crate::aws::Credentials;
use crate::chain::Chain;
use crate::clients::failure::provider_error;
use crate::error::{Error, Place, Result};
use crate::text::shown_url;

/// All attempts at the machine's own endpoint together.
const TIMEOUT: Duration = Duration::from_secs(20);

impl Sources<'_> {
    pub(super) fn instance(&self, chain: &Chain) -> Result<Credentials> {
        let settings = &chain.plan.network.imds;
        if settings.disabled {
            return Err(Error::configuration(
                "instance metadata is switched off by AWS_EC2_METADATA_DISABLED",
            )
            .at(Place::variable("AWS_EC2_METADATA_DISABLED"))
            .hint("switch it on again: unset AWS_EC2_METADATA_DISABLED"));
        }
        let config = self.provider_config(chain)?;
        let mut client = imds::Client::builder().configure(&config);
        if let Some(endpoint) = &settings.endpoint {
            client = client.endpoint(endpoint).map_err(|e| {
                Error::configuration(format!(
                    "the instance metadata endpoint `{}` is no URL: {e}",
                    shown_url(endpoint)
                ))
            })?;
        }
        if settings.ipv6 {
            client = client.endpoint_mode(EndpointMode::IpV6);
        }
        if let Some(attempts) = settings.attempts {
            client = client.max_attempts(attempts);
        }
        if let Some(seconds) = settings.timeout {
            let limit = Duration::from_secs(u64::from(seconds));
            client = client.connect_timeout(limit).read_timeout(limit);
        }
        let provider = ImdsCredentialsProvider::builder()
            .configure(&config)
            .imds_client(client.build())
            .build();
        self.ask(chain, &provider, "the instance metadata service gave no credentials")
    }

    pub(super) fn container(&self, chain: &Chain) -> Result<Credentials> {
        if chain.plan.network.container.is_none() {
            return Err(Error::configuration(
                "EcsContainer is the credential_source, and this is not a container of ECS or EKS",
            )
            .cause(
                "neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor \
                 AWS_CONTAINER_CREDENTIALS_FULL_URI is set",
            )
            .hint(format!(
                "see where the profile's credentials come from: {}",
                chain.command("explain")
            )));
        }
        let provider =
            EcsCredentialsProvider::builder().configure(&self.provider_config(chain)?).build();
        self.ask(chain, &provider, "the container endpoint gave no credentials")
    }

    fn ask(
        &self,
        chain: &Chain,
        provider: &impl ProvideCredentials,
        message: &str,
    ) -> Result<Credentials> {
        let answer = self.calls.runtime.run_within(TIMEOUT, provider.provide_credentials())?;
        match answer {
            None => {
                Err(Error::failed(message).cause(format!("no answer in {} s", TIMEOUT.as_secs())))
            }
            Some(Err(error)) => Err(provider_error(message.to_owned(), &error)),
            Some(Ok(credentials)) => self.provided(chain, &credentials),
        }
    }
}
