//! The ways to get a token code, as data: their names, their order, and what comes of each.

use std::fmt;

use zeroize::Zeroizing;

/// Why no person is asked.
pub const NO_INPUT: &str = "input is switched off (--no-input or ROLECALL_NO_INPUT)";
pub const NO_TERMINAL: &str = "there is no terminal";
pub const NOWHERE: &str = "there is neither a terminal nor a display";

/// One way to get a code, or to ask a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PromptMethod {
    /// `--mfa-token`, always first.
    Token,
    /// `mfa_process` of the profile, else of its source.
    Process,
    /// A TOTP seed in the store.
    Seed,
    /// The OATH codes of a YubiKey, through `ykman`.
    Ykman,
    /// The controlling terminal.
    Tty,
    Pinentry,
    /// A window of the desktop.
    Dialog,
}

impl PromptMethod {
    /// The default order.
    pub const ALL: [Self; 7] = [
        Self::Token,
        Self::Process,
        Self::Seed,
        Self::Ykman,
        Self::Tty,
        Self::Pinentry,
        Self::Dialog,
    ];
    /// The names that may be chosen, for messages.
    pub const NAMES: &str = "process, seed, ykman, tty, pinentry, dialog";

    fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Process => "process",
            Self::Seed => "seed",
            Self::Ykman => "ykman",
            Self::Tty => "tty",
            Self::Pinentry => "pinentry",
            Self::Dialog => "dialog",
        }
    }

    /// Returns whether the method asks a person, who can be asked again and can confirm.
    pub fn is_person(self) -> bool {
        matches!(self, Self::Tty | Self::Pinentry | Self::Dialog)
    }

    /// Parses an order such as `tty, pinentry`.
    ///
    /// # Errors
    /// The name that is not known.
    pub fn parse_order(text: &str) -> Result<Vec<Self>, String> {
        let mut order = vec![Self::Token];
        for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            let method = Self::ALL
                .into_iter()
                .find(|method| method.name().eq_ignore_ascii_case(word))
                .ok_or_else(|| word.to_owned())?;
            if !order.contains(&method) {
                order.push(method);
            }
        }
        Ok(order)
    }
}

impl fmt::Display for PromptMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What came of one method.
pub enum Outcome<T> {
    Had(T),
    /// The person does not want to answer. Nobody else is asked.
    Declined,
    /// Another process asked the same a moment ago, and got no answer. Nobody is asked.
    DeclinedMeanwhile,
    /// The person did not answer in time. Nobody else is asked.
    Silent,
    /// The reason why the method cannot be used here. The next one is tried.
    Absent(String),
}

impl<T> Outcome<T> {
    pub fn absent(why: impl Into<String>) -> Self {
        Self::Absent(why.into())
    }

    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Outcome<U> {
        match self {
            Self::Had(value) => Outcome::Had(change(value)),
            Self::Declined => Outcome::Declined,
            Self::DeclinedMeanwhile => Outcome::DeclinedMeanwhile,
            Self::Silent => Outcome::Silent,
            Self::Absent(why) => Outcome::Absent(why),
        }
    }
}

/// What a person types.
pub type Text = Zeroizing<String>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_keeps_choice_and_begins_with_token() {
        let order = |text: &str| {
            PromptMethod::parse_order(text)
                .map(|o| o.iter().map(PromptMethod::to_string).collect::<Vec<_>>().join(" "))
        };
        assert_eq!(order("pinentry,tty").as_deref(), Ok("token pinentry tty"));
        assert_eq!(order(" TTY , tty,token,, process ").as_deref(), Ok("token tty process"));
        assert_eq!(order("").as_deref(), Ok("token"));
        assert_eq!(order("tty,mail,post"), Err("mail".to_owned()));
    }

    #[test]
    fn every_listed_name_parses() {
        let all = PromptMethod::parse_order(PromptMethod::NAMES).unwrap();
        assert_eq!(all, PromptMethod::ALL);
    }
}
