//! QR codes on the terminal, for a phone. That of a seed is erased afterwards, so that nobody finds
//! the seed by scrolling up.

use std::time::Duration;

use qrcode::render::unicode::Dense1x2;
use qrcode::{EcLevel, QrCode};
use zeroize::Zeroizing;

use super::tty::Tty;
use crate::aws::totp::Seed;
use crate::error::Result;
use crate::system::report::Report;
use crate::system::runtime::Runtime;
use crate::system::terminal::is_drawable;

const INTRODUCTION: &str = "For your phone, which should know the same seed:\n";
const QUESTION: &str = "Press Enter when it has it. ";

/// How long the code stays when nobody presses Enter.
const QUESTION_TIMEOUT: Duration = Duration::from_secs(600);

/// A code as lines of text.
pub struct Image {
    pub drawing: Zeroizing<String>,
    pub columns: usize,
    pub rows: usize,
}

/// Draws the code of a text; `None` where that is too long.
pub fn draw(text: &str) -> Option<Image> {
    // The lowest level of error correction: a screen has no scratches, and a higher level needs
    // more lines.
    let code = QrCode::with_error_correction_level(text.as_bytes(), EcLevel::L).ok()?;
    let image = Zeroizing::new(code.render::<Dense1x2>().build());
    let columns = image.lines().next().map_or(0, |line| line.chars().count());
    // Black on white, whatever the terminal's colours are.
    let lines: Vec<String> =
        image.lines().map(|line| format!("\u{1b}[30;107m{line}\u{1b}[0m\n")).collect();
    let rows = lines.len();
    Some(Image { drawing: Zeroizing::new(Zeroizing::new(lines).concat()), columns, rows })
}

/// Shows the code until the person presses Enter, or for `QUESTION_TIMEOUT`. On a terminal that is
/// too narrow, or cannot be drawn on, it only says so; without a terminal it does nothing.
///
/// # Errors
/// After SIGINT, when the code is erased already.
pub fn show(runtime: &Runtime, report: &dyn Report, seed: &Seed) -> Result<()> {
    let Some(mut tty) = Tty::open() else { return Ok(()) };
    if !is_drawable() {
        // A code that cannot be erased must not show.
        report.note("this terminal cannot show a QR code");
        return Ok(());
    }
    let Some(Image { drawing, columns, rows }) = draw(&seed.uri()) else {
        report.note("the seed is too long for a QR code");
        return Ok(());
    };
    let (wide, high) = tty.size().unwrap_or((usize::MAX, 0));
    if columns > wide {
        report.note(&format!("the QR code takes {columns} columns, and this terminal has {wide}"));
        return Ok(());
    }
    let drawing = Zeroizing::new(format!("{INTRODUCTION}{}", *drawing));
    let answer = tty.ask_below(runtime, drawing, QUESTION, QUESTION_TIMEOUT);
    // With the introduction, the question and the line below it.
    if rows + 3 > high {
        report.warn(
            "the QR code was higher than the terminal, so a part of it may be left above: clear \
             its scrollback",
        );
    }
    answer.map(drop)
}
