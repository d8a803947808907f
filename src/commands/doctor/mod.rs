//! `rolecall doctor`: checks everything that a chain depends on. Each finding is one line, with a
//! hint where there is something to do.

mod endpoints;
mod files;
mod findings;
mod folders;
mod key_ages;
mod log;
mod profiles;
mod prompts;
mod rotations;
mod settings;
mod store;
mod written;
mod wsl;

use clap::Args;

use self::findings::Findings;
use crate::app::options::Selected;
use crate::app::service::CredentialsService;
use crate::error::{Kind, Result};
use crate::output::print;
use crate::store::StoreName;
use crate::system::exit::Exit;

/// Check files, store, clock, endpoints and profiles
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rolecall doctor
  rolecall doctor prod                                one profile's chain
  rolecall doctor --store file")]
pub struct DoctorArgs {
    #[command(flatten)]
    pub selected: Selected,
    /// Print one JSON array
    #[arg(long)]
    pub json: bool,
    /// Store to check
    #[arg(long, value_name = "STORE", value_parser = StoreName::value_parser())]
    pub store: Option<StoreName>,
}

pub fn run(service: &CredentialsService, args: &DoctorArgs) -> Result<Exit> {
    let context = service.context();
    let mut findings = Findings::default();
    match context.profiles() {
        Err(error) => findings.error("files", &error),
        Ok(profiles) => {
            files::check(&profiles, &mut findings);
            let names: Vec<&str> = match args.selected.name() {
                Some(name) if matches!(profiles.profile(name), Ok(None)) => {
                    return Err(profiles.unknown(name));
                }
                Some(name) => vec![name],
                None => profiles.names().collect(),
            };
            files::check_keys(&profiles, &names, &mut findings);
            written::check(&profiles, &names, &mut findings);
            key_ages::check(context, &profiles, &names, &mut findings);
            rotations::check(context, &profiles, &names, &mut findings);
            let endpoints = profiles::check(context, &profiles, &names, &mut findings);
            endpoints::check(service, &endpoints, &mut findings)?;
        }
    }
    settings::check(context, &mut findings);
    let store = store::check(context, args.store, &mut findings)?;
    folders::check(context, &mut findings);
    log::check(context, &mut findings);
    prompts::check(context, &mut findings);
    wsl::check(context, store, &mut findings);
    print(&if args.json { findings.json() } else { findings.text() })?;
    Ok(if findings.has_problem() { Exit::from(Kind::Failed.exit_code()) } else { Exit::SUCCESS })
}
