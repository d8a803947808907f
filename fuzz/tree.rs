// The program's modules, private as they are: the same list as in src/main.rs (`run` compares
// them).
#[path = "../src/app/mod.rs"]
mod app;
#[path = "../src/audit/mod.rs"]
mod audit;
#[path = "../src/aws/mod.rs"]
mod aws;
#[path = "../src/chain/mod.rs"]
mod chain;
#[path = "../src/cli/mod.rs"]
mod cli;
#[path = "../src/clients/mod.rs"]
mod clients;
#[path = "../src/commands/mod.rs"]
mod commands;
#[path = "../src/completion/mod.rs"]
mod completion;
#[path = "../src/config/mod.rs"]
mod config;
#[path = "../src/error.rs"]
mod error;
#[path = "../src/executor/mod.rs"]
mod executor;
#[path = "../src/hint.rs"]
mod hint;
#[path = "../src/output/mod.rs"]
mod output;
#[path = "../src/picker/mod.rs"]
mod picker;
#[path = "../src/prompt/mod.rs"]
mod prompt;
#[path = "../src/settings/mod.rs"]
mod settings;
#[path = "../src/shell/mod.rs"]
mod shell;
#[path = "../src/sources/mod.rs"]
mod sources;
#[path = "../src/store/mod.rs"]
mod store;
#[path = "../src/system/mod.rs"]
mod system;
#[path = "../src/text/mod.rs"]
mod text;
#[path = "../src/ui.rs"]
mod ui;
