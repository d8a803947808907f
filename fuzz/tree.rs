// The program's modules, private as they are: the same list as in src/main.rs (`run` compares
// them).
#[path = "../src/audit/mod.rs"]
mod audit;
#[path = "../src/aws/mod.rs"]
mod aws;
#[path = "../src/chain/mod.rs"]
mod chain;
#[path = "../src/cli/mod.rs"]
mod cli;
#[path = "../src/commands/mod.rs"]
mod commands;
#[path = "../src/completion/mod.rs"]
mod completion;
#[path = "../src/config/mod.rs"]
mod config;
#[path = "../src/context.rs"]
mod context;
#[path = "../src/error.rs"]
mod error;
#[path = "../src/executor/mod.rs"]
mod executor;
#[path = "../src/files.rs"]
mod files;
#[path = "../src/hint.rs"]
mod hint;
#[path = "../src/http.rs"]
mod http;
#[path = "../src/iam.rs"]
mod iam;
#[path = "../src/locks/mod.rs"]
mod locks;
#[path = "../src/output/mod.rs"]
mod output;
#[path = "../src/overview.rs"]
mod overview;
#[path = "../src/picker/mod.rs"]
mod picker;
#[path = "../src/prompt/mod.rs"]
mod prompt;
#[path = "../src/runtime.rs"]
mod runtime;
#[path = "../src/settings/mod.rs"]
mod settings;
#[path = "../src/shell/mod.rs"]
mod shell;
#[path = "../src/sources/mod.rs"]
mod sources;
#[path = "../src/store/mod.rs"]
mod store;
#[path = "../src/sts.rs"]
mod sts;
#[path = "../src/totp.rs"]
mod totp;
#[path = "../src/ui.rs"]
mod ui;
