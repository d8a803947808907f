//! The modes of a console (Microsoft's documentation of SetConsoleMode). Pure.

/// Ctrl-C is a signal.
const ENABLE_PROCESSED_INPUT: u32 = 0x0001;
/// Typed characters show, where a whole line is read.
const ENABLE_ECHO_INPUT: u32 = 0x0004;
/// Keys come as the bytes of a terminal of Unix, one event a byte.
const ENABLE_VIRTUAL_TERMINAL_INPUT: u32 = 0x0200;
/// Escape sequences move the cursor and colour text.
const ENABLE_VIRTUAL_TERMINAL_PROCESSING: u32 = 0x0004;

/// The modes of both ends of a console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Modes {
    pub input: u32,
    pub output: u32,
}

impl Modes {
    /// Returns whether a line shows while it is typed.
    pub fn echoes(&self) -> bool {
        self.input & ENABLE_ECHO_INPUT != 0
    }

    /// Returns the modes in which keys come as keys, and Ctrl-C as a signal.
    #[must_use]
    pub fn with_keys(&self) -> Self {
        let input = (self.input | ENABLE_PROCESSED_INPUT) & !ENABLE_VIRTUAL_TERMINAL_INPUT;
        Self { input, output: self.output }
    }

    /// Returns the modes in which escape sequences are understood.
    #[must_use]
    pub fn with_escapes(&self) -> Self {
        let output = self.output | ENABLE_VIRTUAL_TERMINAL_PROCESSING;
        Self { input: self.input, output }
    }

    /// Returns the modes in which nothing shows of a line.
    #[must_use]
    pub fn without_echo(&self) -> Self {
        Self { input: self.input & !ENABLE_ECHO_INPUT, output: self.output }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_change_one_thing_and_leave_the_rest() {
        // Those of cmd.exe, and those of a shell that reads the bytes of a terminal.
        for (input, keys) in [(0x01f7, 0x01f7), (0x02e0, 0x00e1)] {
            let modes = Modes { input, output: 0x0003 };
            assert_eq!(modes.with_keys(), Modes { input: keys, output: 0x0003 });
            assert_eq!(modes.with_escapes(), Modes { input, output: 0x0007 });
            assert_eq!(modes.without_echo(), Modes { input: input & !0x0004, output: 0x0003 });
            assert!(!modes.without_echo().echoes());
        }
        assert!(Modes { input: 0x01f7, output: 0 }.echoes());
    }
}
