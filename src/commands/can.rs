//! `rolecall can`: what a profile's principal may do, by IAM's policy simulator.

mod answer;
mod context;
mod principal;
mod session_policies;
mod shown;

use clap::builder::Resettable;
use clap::{Args, Id};

use self::answer::{Answer, Verdict};
use self::principal::Principal;
use crate::app::call::{Call, Caller};
use crate::app::options::{CredentialOptions, Selected};
use crate::app::requests;
use crate::app::service::{CredentialsService, Obtained};
use crate::chain::{Chain, RoleOptions};
use crate::clients::asked::Asked;
use crate::clients::factory::Target;
use crate::clients::failure::CallError;
use crate::clients::simulation::{Policies, Simulation};
use crate::error::{Error, Kind, Result};
use crate::output::{print, print_line};
use crate::system::clock::{Clock, SystemClock};
use crate::system::exit::Exit;

/// Show what a profile's role or user may do
///
/// IAM simulates its policies; nothing is done. The exit code is 0 when all is allowed, else 1.
#[derive(Debug, Args)]
#[command(
    override_usage = "rolecall can [OPTIONS] [PROFILE] <ACTION>...",
    mut_arg("profile", |arg| arg.conflicts_with(Resettable::<Id>::Reset)),
    after_help = "\
Examples:
  rolecall can prod s3:GetObject --resource arn:aws:s3:::bucket/key
  rolecall can prod ec2:StartInstances ec2:StopInstances --context aws:SourceIp=192.0.2.1
  rolecall can prod iam:CreateUser --as admin --json  asked with the rights of admin

To ask takes the right iam:SimulatePrincipalPolicy; `--as` takes it from another profile."
)]
pub struct CanArgs {
    /// The actions, such as s3:GetObject
    #[arg(value_name = "ACTION", index = 2)]
    pub actions: Vec<String>,
    /// A resource that they are to be done on (repeatable; default: all)
    #[arg(long, value_name = "ARN")]
    pub resource: Vec<String>,
    /// The value of a condition key (repeatable; a key may have several)
    #[arg(long, value_name = "KEY=VALUE", value_parser = context::parse)]
    pub context: Vec<(String, String)>,
    /// The profile that asks, instead of the one that is asked about
    #[arg(long = "as", value_name = "PROFILE")]
    pub asker: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub credentials: CredentialOptions,
}

impl CanArgs {
    /// Tells the profile from the actions: an action has a colon in it.
    fn words(&self) -> (Selected, Vec<String>) {
        let Selected { positional, profile } = self.credentials.selected.clone();
        let (positional, action) = match positional {
            Some(word) if profile.is_some() || word.contains(':') => (None, Some(word)),
            other => (other, None),
        };
        let actions = action.into_iter().chain(self.actions.iter().cloned()).collect();
        (Selected { positional, profile }, actions)
    }
}

pub fn run(service: &CredentialsService, args: &CanArgs) -> Result<Exit> {
    let (selected, actions) = args.words();
    check_actions(&actions)?;
    let subject = CredentialOptions { selected, ..args.credentials.clone() };
    let parties = Parties::new(service, args, subject)?;
    let answer = parties.ask(service, args, &actions)?;
    if args.json {
        print_line(answer.json())?;
    } else {
        print(&answer.text())?;
    }
    let is_allowed = answer.rows.iter().all(|row| row.verdict == Verdict::Allowed);
    Ok(Exit::from(if is_allowed { 0 } else { Kind::Failed.exit_code() }))
}

/// Refuses what the simulator does not take as an action.
fn check_actions(actions: &[String]) -> Result<()> {
    let example = "see how actions are named: rolecall can --help";
    if actions.is_empty() {
        return Err(Error::usage("no action is named: ACTION").hint(example));
    }
    let is_word = |text: &str, more: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c))
    };
    let is_action = |action: &&String| {
        action
            .split_once(':')
            .is_some_and(|(service, name)| is_word(service, "-") && is_word(name, ""))
    };
    let wrong = actions.iter().find(|action| !is_action(action));
    wrong.map_or(Ok(()), |action| {
        let why = if action.contains(['*', '?']) {
            "AWS simulates no wildcards"
        } else {
            "it is no action"
        };
        Err(Error::usage(format!("ACTION `{action}`: {why}")).hint(example))
    })
}

/// Who is asked about, and who asks.
struct Parties {
    /// The chain of the profile that is asked about.
    chain: Chain,
    principal: Principal,
    asker: Obtained,
}

impl Parties {
    fn new(
        service: &CredentialsService,
        args: &CanArgs,
        subject: CredentialOptions,
    ) -> Result<Self> {
        let Some(asker) = asker(args, &subject) else {
            let asker = service.obtain(&subject, Caller::Person)?;
            let principal = principal::of_credentials(service, &asker, &asker)?;
            return Ok(Self { chain: asker.chain.clone(), principal, asker });
        };
        // The code is for who asks: the other one may not be needed at all.
        let subject = CredentialOptions { mfa_token: None, ..subject };
        let request = requests::of_options(service.context(), &subject)?;
        let chain = service.resolve(&service.context().profiles()?, &request)?;
        let asker = service.obtain(&asker, Caller::Person)?;
        if let Some(role) = chain.role_arn() {
            let principal = Principal::of_role(role);
            return Ok(Self { chain, principal, asker });
        }
        let call = Call::typed(&subject, Caller::Person);
        let credentials = service.acquire(&chain, &call)?.credentials;
        let obtained = Obtained { chain, credentials };
        let principal = principal::of_credentials(service, &obtained, &asker)?;
        Ok(Self { chain: obtained.chain, principal, asker })
    }

    /// Asks for everything that the answer is made of.
    fn ask(
        &self,
        service: &CredentialsService,
        args: &CanArgs,
        actions: &[String],
    ) -> Result<Answer> {
        let context =
            context::entries(&self.chain, &self.principal, &args.context, SystemClock.now());
        let simulation = Simulation { actions, resources: &args.resource, context: &context };
        let target = self.asker.iam_target()?;
        let policies = Policies::OfPrincipal(&self.principal.arn);
        let evaluations = service
            .calls()
            .simulate(&target, policies, &simulation)
            .map_err(|error| self.refused(&target, args, error))?;
        let session = session_policies::decide(service, &target, &self.chain, &simulation)?;
        Ok(Answer {
            profile: self.chain.subject.profile_name().map(ToString::to_string),
            principal: self.principal.arn.clone(),
            asker: args.asker.clone(),
            rows: answer::rows(&self.principal, &context, evaluations, &session),
            left_out: answer::left_out(actions, &session),
            context,
        })
    }

    /// Says what AWS did not simulate, and which right that takes.
    fn refused(&self, target: &Target, args: &CanArgs, error: CallError) -> Error {
        let arn = &self.principal.arn;
        let purpose = format!("simulate the policies of {arn}");
        let chain = &self.asker.chain;
        let refused = format!("{}: AWS did not simulate the policies of {arn}", chain.who());
        let error = error.explained(&Asked { chain, role: None, target, purpose }, refused);
        if error.code().is_none_or(|code| code.as_str() != "AccessDenied") {
            return error;
        }
        let statement = format!(
            r#"{{"Effect":"Allow","Action":"iam:SimulatePrincipalPolicy","Resource":"{arn}"}}"#
        );
        let error = error.cause(format!("the statement to ask for: {statement}"));
        match args.asker {
            None => {
                error.hint("or ask with the rights of another profile (--as), see: rolecall list")
            }
            Some(_) => error,
        }
    }
}

/// Returns the options of who asks, where that is not the session that is asked about: another
/// profile, or the same without the session policies that were typed, under which it could hardly
/// ask.
fn asker(args: &CanArgs, subject: &CredentialOptions) -> Option<CredentialOptions> {
    let typed = &subject.role;
    let is_scoped = typed.policy.is_some() || !typed.policy_arns.is_empty() || typed.read_only;
    if let Some(name) = &args.asker {
        let role = RoleOptions { region: typed.region.clone(), ..RoleOptions::default() };
        let selected = Selected { positional: None, profile: Some(name.clone()) };
        return Some(CredentialOptions { selected, role, ..subject.clone() });
    }
    let (policy, policy_arns, read_only) = (None, Vec::new(), false);
    let role = RoleOptions { policy, policy_arns, read_only, ..typed.clone() };
    is_scoped.then(|| CredentialOptions { role, ..subject.clone() })
}
