//! A person chooses one of several on the terminal, by its number or its name.

use super::context::Context;
use crate::error::Result;

/// How often a person may answer with something that is none of them.
const ANSWERS: usize = 3;

/// One of several.
pub struct Choice {
    pub name: String,
    pub about: String,
}

/// Lets a person choose, and returns the place in the list; `None` where nobody can be asked, nobody
/// answers, or three answers were none of them.
///
/// # Errors
/// The terminal failed, or the call was interrupted.
pub fn choose(context: &Context, question: &str, choices: &[Choice]) -> Result<Option<usize>> {
    let width = choices.iter().map(|choice| choice.name.chars().count()).max().unwrap_or(0);
    let lines = choices.iter().enumerate().map(|(at, Choice { name, about })| {
        let line = format!("{:>3}  {name:<width$}  {about}", at + 1);
        format!("{}\n", line.trim_end())
    });
    let question = format!("{}{question} (1 to {}) ", lines.collect::<String>(), choices.len());
    for _ in 0..ANSWERS {
        let Some(answer) = context.ask(&question)? else { break };
        let answer = answer.trim();
        let number = answer.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        let by_number = number.filter(|at| *at < choices.len());
        let chosen = by_number.or_else(|| choices.iter().position(|choice| choice.name == answer));
        if chosen.is_some() {
            return Ok(chosen);
        }
    }
    Ok(None)
}
