//! The variables that a shell sets and unsets.

use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::output::shells::{RenderError, Shell, Variable, render_shell};
use crate::output::variables::Values;

/// Marks lines to evaluate, so that the shell does not take help for them.
const MARK: &str = "# rolecall\n";

/// A change of the shell's variables.
pub struct Change {
    /// The variables that programs read; `None` where these stay as they are.
    pub values: Option<Values>,
    /// Other variables. They replace those of `values`.
    pub own: Vec<(&'static str, Option<String>)>,
}

impl Change {
    /// Renders the lines to evaluate, or for nushell the data to load.
    ///
    /// # Errors
    /// The shell cannot hold a value.
    pub fn render(&self, shell: Shell) -> Result<Zeroizing<String>> {
        let mut variables = self.values.as_ref().map(Values::variables).unwrap_or_default();
        variables.retain(|variable| self.own.iter().all(|(name, _)| *name != variable.name));
        variables.extend(self.own.iter().map(|(name, value)| Variable {
            name,
            value: value.as_deref(),
            secret: false,
        }));
        let unprintable = |e: RenderError| {
            Error::failed(e.to_string()).hint("use a child process instead: rolecall shell --help")
        };
        let text = Zeroizing::new(render_shell(shell, &variables).map_err(unprintable)?);
        Ok(if shell == Shell::Nushell { text } else { Zeroizing::new(format!("{MARK}{}", *text)) })
    }
}
