//! The console of Windows, by crossterm: it is found by its own name, so stdin may be a pipe, and
//! its keys come as events, whatever the modes for lines and echo are. What can be told without a
//! console is tested everywhere.

#[cfg(windows)]
mod events;
mod key_events;
#[cfg(windows)]
pub mod keyboard;
mod line_editor;
#[cfg(windows)]
pub mod lines;
mod modes;
#[cfg(windows)]
pub mod output;
