//! Messages beside the result: errors, warnings, hints and those of `-v`, all on stderr.

use std::cell::{Cell, RefCell};
use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use crate::error::{Error, Result};
use crate::system::report::Report;
use crate::text;
use crate::text::color::ColorChoice;

/// A longer line could wrap, and could not be erased then.
const WIDEST_PROGRESS: usize = 70;

/// What decides which messages show, and how.
pub struct UiOptions {
    /// How many times `-v` was given.
    pub verbose: u8,
    pub quiet: bool,
    pub color: ColorChoice,
    /// Whether `NO_COLOR` is set.
    pub no_color: bool,
    /// Whether `CLICOLOR_FORCE` is set.
    pub force_color: bool,
}

#[derive(Debug, Default)]
pub struct Ui {
    pub verbose: u8,
    pub quiet: bool,
    color: bool,
    /// Whether colours are used everywhere or nowhere; `None` when it depends on the stream.
    decided: Option<bool>,
    warned: RefCell<Vec<String>>,
    /// The number of columns that `progress` has filled.
    progress: Cell<usize>,
}

impl Ui {
    pub fn new(options: &UiOptions) -> Self {
        let UiOptions { verbose, quiet, .. } = *options;
        let decided = match options.color {
            ColorChoice::Always => Some(true),
            ColorChoice::Never => Some(false),
            ColorChoice::Auto if options.no_color => Some(false),
            ColorChoice::Auto => options.force_color.then_some(true),
        };
        let color = decided.unwrap_or_else(|| std::io::stderr().is_terminal());
        Self {
            verbose,
            quiet,
            color,
            decided,
            warned: RefCell::default(),
            progress: Cell::default(),
        }
    }

    /// Returns whether text on a stream is coloured.
    pub fn colors_on(&self, stream: &impl IsTerminal) -> bool {
        self.decided.unwrap_or_else(|| stream.is_terminal())
    }

    pub fn error(&self, error: &Error) {
        let mut text = self.line("error", "1;31", error.message());
        for cause in error.causes() {
            text += &self.line("cause", "33", cause);
        }
        if !self.quiet {
            for hint in error.hints() {
                text += &self.line("hint", "36", hint);
            }
        }
        self.say(&text);
    }

    /// Shows the error that a verb ended with, and returns its exit code.
    pub fn conclude(&self, result: Result<ExitCode>) -> ExitCode {
        result.unwrap_or_else(|error| {
            self.error(&error);
            ExitCode::from(error.kind().exit_code())
        })
    }

    /// Shows on a terminal what rolecall does now. The next message takes the place of the line.
    pub fn progress(&self, what: &str) {
        if self.quiet || self.verbose > 0 || !std::io::stderr().is_terminal() {
            return;
        }
        let clean: String = text::clean(what).chars().take(WIDEST_PROGRESS).collect();
        self.say(&format!("{clean}\r"));
        self.progress.set(clean.chars().count());
    }

    /// Writes to stderr; there is nobody to tell when that fails.
    fn say(&self, text: &str) {
        let blank = match self.progress.take() {
            0 => String::new(),
            columns => format!("{:columns$}\r", ""),
        };
        let _ = std::io::stderr().write_all((blank + text).as_bytes());
    }

    /// Shows what to do next.
    pub fn hint(&self, what: &str) {
        if !self.quiet {
            self.say(&self.line("hint", "36", what));
        }
    }

    fn line(&self, word: &str, style: &str, text: &str) -> String {
        // A name or an answer may hold anything. It must not move the cursor, or begin a line that
        // looks like rolecall's own.
        let clean = text::clean(text);
        if self.color {
            format!("\u{1b}[{style}m{word}:\u{1b}[0m {clean}\n")
        } else {
            format!("{word}: {clean}\n")
        }
    }
}

impl Report for Ui {
    fn decided(&self, what: &dyn Fn() -> String) {
        if self.verbose > 0 {
            self.say(&self.line("info", "2", &what()));
        }
    }

    /// Shows each warning once, however many sessions it is about.
    fn warn(&self, what: &str) {
        if !self.quiet && !self.warned.borrow().iter().any(|said| said == what) {
            self.warned.borrow_mut().push(what.to_owned());
            self.say(&self.line("warning", "33", what));
        }
    }

    fn note(&self, what: &str) {
        if !self.quiet && (self.verbose > 0 || std::io::stderr().is_terminal()) {
            self.say(&self.line("info", "2", what));
        }
    }

    fn notify_terminal(&self, what: &str) {
        #[cfg(unix)]
        if !self.quiet && !std::io::stderr().is_terminal() {
            use rustix::fs::{Mode, OFlags};
            // A terminal that Ctrl-S has stopped must not stop this process.
            let flags = OFlags::WRONLY | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
            if let Ok(tty) = rustix::fs::open("/dev/tty", flags, Mode::empty()) {
                let _ =
                    std::fs::File::from(tty).write_all(self.line("rolecall", "2", what).as_bytes());
            }
        }
        #[cfg(not(unix))]
        let _ = what;
    }
}
