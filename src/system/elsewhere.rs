//! Whether the person sits at another machine.

use std::fmt;

use super::environment::Environment;

/// The variables that tell it, and what they tell. sudo and screens leave some of SSH's.
const VARIABLES: [(&str, &str); 6] = [
    ("SSH_CONNECTION", "this is a session of SSH"),
    ("SSH_CLIENT", "this is a session of SSH"),
    ("SSH_TTY", "this is a session of SSH"),
    ("CODESPACES", "this is a codespace"),
    ("CLOUD_SHELL", "this is a cloud shell"),
    ("CI", "this is a job of CI"),
];

/// What tells that the person sits elsewhere; shown as a sentence without its full stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Elsewhere {
    variable: &'static str,
    what: &'static str,
}

impl Elsewhere {
    /// Looks for it; `None` where nothing tells it.
    pub fn find(environment: &Environment) -> Option<Self> {
        let is_set = |name: &str| environment.get(name).is_some_and(|value| value != "false");
        let (variable, what) = VARIABLES.into_iter().find(|(name, _)| is_set(name))?;
        Some(Self { variable, what })
    }
}

impl fmt::Display for Elsewhere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} is set)", self.what, self.variable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_tell_where_the_person_sits() {
        for (variables, expected) in [
            (&[("SSH_TTY", "/dev/pts/1"), ("CI", "true")][..], Some("a session of SSH (SSH_TTY")),
            (&[("CODESPACES", "true")], Some("a codespace (CODESPACES")),
            (&[("CI", "1")], Some("a job of CI (CI")),
            (&[("CI", "false"), ("DISPLAY", ":0"), ("SSH_TTY", "")], None),
        ] {
            let pairs = variables.iter().map(|&(name, value)| (name.to_owned(), value.to_owned()));
            let found = Elsewhere::find(&Environment::new(pairs, None)).map(|it| it.to_string());
            assert_eq!(found, expected.map(|part| format!("this is {part} is set)")));
        }
    }
}
