//! The controlling terminal on Unix, by termios and the bytes that it sends.
//!
//! crossterm, which reads the keys of Windows, is not used here. Its reader (0.29) takes stdin where
//! that is a terminal, runs on without end when the terminal is gone, waits past its limit for the
//! rest of a broken sequence, takes the rest of an unknown sequence for text, and knows neither
//! stops nor, on macOS, `/dev/tty`. Its size starts `tput` where the terminal knows none.

mod key_decoder;
pub mod keyboard;
pub mod lines;
pub mod output;
