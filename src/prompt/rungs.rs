//! The ways to get a token code, as data: their names, their order, and what a person or the
//! settings make of it.

use std::fmt;

use zeroize::Zeroizing;

/// One way to get a code, or to ask a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rung {
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

impl Rung {
    /// The order without a choice.
    pub const ALL: [Self; 7] = [
        Self::Token,
        Self::Process,
        Self::Seed,
        Self::Ykman,
        Self::Tty,
        Self::Pinentry,
        Self::Dialog,
    ];
    /// What may be chosen, for messages.
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

    /// Returns whether it asks a person, who can be asked again and can confirm.
    pub fn is_person(self) -> bool {
        matches!(self, Self::Tty | Self::Pinentry | Self::Dialog)
    }

    /// Reads an order such as `tty, pinentry`; the error is the name that is not known.
    pub fn parse_order(text: &str) -> Result<Vec<Self>, String> {
        let mut order = vec![Self::Token];
        for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            let rung = Self::ALL
                .into_iter()
                .find(|rung| rung.name().eq_ignore_ascii_case(word))
                .ok_or_else(|| word.to_owned())?;
            if !order.contains(&rung) {
                order.push(rung);
            }
        }
        Ok(order)
    }
}

impl fmt::Display for Rung {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What came of one rung.
pub enum Outcome<T> {
    Had(T),
    /// The person does not want to: nobody else is asked.
    Declined,
    /// The person did not answer in time: nobody else is asked.
    Silent,
    /// It cannot be used here, and why: the next rung is tried.
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
    fn an_order_keeps_what_was_chosen_and_the_token_first() {
        let order = |text: &str| {
            Rung::parse_order(text)
                .map(|o| o.iter().map(Rung::to_string).collect::<Vec<_>>().join(" "))
        };
        assert_eq!(order("pinentry,tty").as_deref(), Ok("token pinentry tty"));
        assert_eq!(order(" TTY , tty,token,, process ").as_deref(), Ok("token tty process"));
        assert_eq!(order("").as_deref(), Ok("token"));
        assert_eq!(order("tty,mail,post"), Err("mail".to_owned()));
    }

    #[test]
    fn every_name_is_listed_and_read() {
        let all = Rung::parse_order(Rung::NAMES).unwrap();
        assert_eq!(all, Rung::ALL);
    }
}
