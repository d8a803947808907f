//! How long AWS takes to know a change of a key: usually some ten seconds, in which its endpoints
//! differ.

use std::time::{Duration, Instant};

use crate::app::context::Context;
use crate::error::{Error, Result};

/// How long a change is waited for.
pub const LIMIT: Duration = Duration::from_secs(60);
/// How many answers in a row prove that a key is known.
pub const PROOF: u32 = 3;
const AFTER_SUCCESS: Duration = Duration::from_millis(500);
const AFTER_REFUSAL: Duration = Duration::from_secs(1);

/// Returns whether AWS did not know the key that signed.
pub fn is_unknown_key(error: &Error) -> bool {
    error.code().is_some_and(|code| code.as_str() == "InvalidClientTokenId")
}

/// Asks until AWS has answered a number of times in a row, as long as it says that it does not know
/// the key. Blocks for at most a minute and one call. Tells a person at the terminal `what` is
/// waited for.
///
/// # Errors
/// The last refusal, where the time is over; any other error of `ask` at once; an interruption.
pub fn until_known<T>(
    context: &Context,
    what: &str,
    proof: u32,
    ask: impl FnMut() -> Result<T>,
) -> Result<T> {
    let begin = Instant::now();
    let pause = |time: Duration| {
        let seconds = begin.elapsed().as_secs();
        context.ui.progress(&format!("{what} … ({seconds} s)"));
        context.runtime.sleep(time)
    };
    repeat(proof, || begin.elapsed() >= LIMIT, pause, ask)
}

fn repeat<T>(
    proof: u32,
    is_over: impl Fn() -> bool,
    pause: impl Fn(Duration) -> Result<()>,
    mut ask: impl FnMut() -> Result<T>,
) -> Result<T> {
    let mut in_a_row = 0;
    loop {
        match ask() {
            Ok(answer) => {
                in_a_row += 1;
                if in_a_row >= proof {
                    return Ok(answer);
                }
                pause(AFTER_SUCCESS)?;
            }
            Err(error) if is_unknown_key(&error) && !is_over() => {
                in_a_row = 0;
                pause(AFTER_REFUSAL)?;
            }
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::error::AwsCode;

    fn refusal(code: &str) -> Error {
        Error::failed(code).refused(Some(AwsCode::new(code)), None)
    }

    /// Asks for answers of a text: `.` is a success, `x` an unknown key, `!` another refusal.
    /// Returns how many were asked for, and whether the last one was taken.
    fn asked(answers: &str, limit: usize) -> (usize, bool) {
        let count = Cell::new(0);
        let outcome = repeat(
            PROOF,
            || count.get() >= limit,
            |_| Ok(()),
            || {
                let answer = answers.chars().nth(count.replace(count.get() + 1));
                match answer {
                    Some('.') => Ok(()),
                    Some('x') => Err(refusal("InvalidClientTokenId")),
                    _ => Err(refusal("AccessDenied")),
                }
            },
        );
        (count.get(), outcome.is_ok())
    }

    #[test]
    fn key_is_known_after_three_answers_in_a_row() {
        for (answers, expected) in [
            ("...", (3, true)),
            ("xx...", (5, true)),
            ("..x.x...", (8, true)),
            ("xxxxx", (4, false)),
            ("..!", (3, false)),
            ("!", (1, false)),
        ] {
            assert_eq!(asked(answers, 4.max(answers.len() - 1)), expected, "{answers}");
        }
    }
}
