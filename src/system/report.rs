//! What is said beside the result, for whoever shows it.

/// Says what was decided (`-v`) and what went wrong without costing the result.
pub trait Report {
    fn decided(&self, what: &dyn Fn() -> String);
    fn warn(&self, what: &str);
    /// Says what a person at the terminal wants to know now.
    fn note(&self, what: &str);
    /// Says it on the terminal itself where stderr is none: SDKs swallow it.
    fn notify_terminal(&self, what: &str);
}

/// Says nothing.
pub struct Silent;

impl Report for Silent {
    fn decided(&self, _: &dyn Fn() -> String) {}
    fn warn(&self, _: &str) {}
    fn note(&self, _: &str) {}
    fn notify_terminal(&self, _: &str) {}
}
