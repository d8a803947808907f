//! Messages beside the result: errors, warnings, hints and those of `-v`, all on stderr.

use std::cell::{Cell, RefCell};
use std::io::{IsTerminal, Write};

use crate::error::{Error, Result};
use crate::system::exit::Exit;
use crate::system::report::Report;
use crate::system::terminal::{Output, Writes, takes_escapes};
use crate::text;

/// A longer line could wrap, and could not be erased then.
const WIDEST_PROGRESS: usize = 70;

/// What decides which messages show, and how.
#[derive(Debug, Default)]
pub struct UiOptions {
    /// How many times `-v` was given.
    pub verbose: u8,
    pub quiet: bool,
    /// Whether colours are used everywhere or nowhere; `None` when it depends on the stream.
    pub colors: Option<bool>,
}

#[derive(Debug, Default)]
pub struct Ui {
    options: UiOptions,
    warned: RefCell<Vec<String>>,
    /// The number of columns that `progress` has filled.
    progress: Cell<usize>,
}

impl Ui {
    pub fn new(options: UiOptions) -> Self {
        Self { options, ..Self::default() }
    }

    /// Returns whether text on a stream is coloured.
    pub fn colors_on(&self, stream: &impl IsTerminal) -> bool {
        if stream.is_terminal() {
            self.colors_on_terminal()
        } else {
            self.options.colors == Some(true)
        }
    }

    /// Returns whether text on a terminal is coloured.
    pub fn colors_on_terminal(&self) -> bool {
        self.options.colors != Some(false) && takes_escapes()
    }

    /// Returns whether a prompt of a shell is coloured: it never goes to a terminal itself, so only
    /// a word against it counts.
    pub fn colors_in_prompts(&self) -> bool {
        self.options.colors != Some(false)
    }

    pub fn error(&self, error: &Error) {
        let mut text = self.line("error", "1;31", error.message());
        for cause in error.causes() {
            text += &self.line("cause", "33", cause);
        }
        if !self.options.quiet {
            for hint in error.hints() {
                text += &self.line("hint", "36", hint);
            }
        }
        self.say(&text);
    }

    /// Shows the error that a verb ended with, and returns its exit code.
    pub fn conclude<T: Into<Exit>>(&self, result: Result<T>) -> Exit {
        result.map_or_else(
            |error| {
                self.error(&error);
                Exit::from(error.kind().exit_code())
            },
            T::into,
        )
    }

    /// Shows on a terminal what rolecall does now. The next message takes the place of the line.
    pub fn progress(&self, what: &str) {
        if self.options.quiet || self.options.verbose > 0 || !std::io::stderr().is_terminal() {
            return;
        }
        let clean: String = text::clean(what).chars().take(WIDEST_PROGRESS).collect();
        self.say(&format!("{clean}\r"));
        self.progress.set(clean.chars().count());
    }

    /// Takes the line of `progress` away.
    pub fn clear_progress(&self) {
        if self.progress.get() > 0 {
            self.say("");
        }
    }

    /// Writes to stderr; there is nobody to tell when that fails.
    fn say(&self, text: &str) {
        let blank = match self.progress.take() {
            0 => String::new(),
            columns => format!("{:columns$}\r", ""),
        };
        let _ = std::io::stderr().write_all((blank + text).as_bytes());
    }

    /// Shows what a person has to read to go on, however quiet the call is. The lines stand as they
    /// are, with the queries of their addresses.
    pub fn instruct(&self, lines: &str) {
        self.say(&format!("{}\n", text::clean_lines(lines)));
    }

    /// Shows what to do next.
    pub fn hint(&self, what: &str) {
        if !self.options.quiet {
            self.say(&self.line("hint", "36", what));
        }
    }

    fn line(&self, word: &str, style: &str, text: &str) -> String {
        // A name or an answer may hold anything. It must not move the cursor, or begin a line that
        // looks like rolecall's own.
        let text = text::without_url_secrets(text);
        let clean = text::clean(&text);
        if self.colors_on(&std::io::stderr()) {
            format!("\u{1b}[{style}m{word}:\u{1b}[0m {clean}\n")
        } else {
            format!("{word}: {clean}\n")
        }
    }
}

impl Report for Ui {
    fn decided(&self, what: &dyn Fn() -> String) {
        if self.options.verbose > 0 {
            self.say(&self.line("info", "2", &what()));
        }
    }

    /// Shows each warning once, however many sessions it is about.
    fn warn(&self, what: &str) {
        if !self.options.quiet && !self.warned.borrow().iter().any(|said| said == what) {
            self.warned.borrow_mut().push(what.to_owned());
            self.say(&self.line("warning", "33", what));
        }
    }

    fn note(&self, what: &str) {
        if !self.options.quiet && (self.options.verbose > 0 || std::io::stderr().is_terminal()) {
            self.say(&self.line("info", "2", what));
        }
    }

    fn notify_terminal(&self, what: &str) {
        if !self.options.quiet && !std::io::stderr().is_terminal() {
            if let Ok(mut tty) = Output::open(Writes::Bounded) {
                let _ = tty.write(&self.line("rolecall", "2", what));
            }
        }
    }
}
