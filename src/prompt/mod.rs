//! Asks for MFA codes and confirmations while stdin, stdout and stderr belong to the SDK. Methods
//! are tried in an order: the option, sources that give codes by themselves, the terminal, then
//! programs that ask in their own way. A method that cannot be used here says why, and the next one
//! is tried.

pub(crate) mod assuan;
mod available;
mod chain;
mod dialog;
mod environment;
mod method;
mod person;
mod pinentry;
mod programs;
pub mod qr;
pub mod seed;
mod system_programs;
pub mod tty;

pub use self::available::available;
pub use self::chain::{Progress, PromptChain, YesOption};
pub use self::environment::PromptEnvironment;
pub use self::method::PromptMethod;

/// Returns whether a text is a token code: six digits.
pub fn is_token_code(text: &str) -> bool {
    text.len() == 6 && text.bytes().all(|b| b.is_ascii_digit())
}
