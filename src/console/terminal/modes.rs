//! Which modes a terminal is in while the console runs, as bytes.

use std::fmt;
use std::io::{self, Write};

use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen};
use crossterm::{Command, cursor, queue};

/// Reports presses, the wheel and dragging, in SGR. Never 1003: it would report every cell that
/// the pointer crosses, a flood over SSH.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MouseOn;

/// Takes [`MouseOn`] back, in the reverse order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MouseOff;

impl Command for MouseOn {
    fn write_ansi(&self, f: &mut impl fmt::Write) -> fmt::Result {
        f.write_str("\x1b[?1000h\x1b[?1002h\x1b[?1006h")
    }

    #[cfg(windows)]
    fn execute_winapi(&self) -> io::Result<()> {
        crossterm::event::EnableMouseCapture.execute_winapi()
    }

    #[cfg(windows)]
    fn is_ansi_code_supported(&self) -> bool {
        false
    }
}

impl Command for MouseOff {
    fn write_ansi(&self, f: &mut impl fmt::Write) -> fmt::Result {
        f.write_str("\x1b[?1006l\x1b[?1002l\x1b[?1000l")
    }

    #[cfg(windows)]
    fn execute_winapi(&self) -> io::Result<()> {
        crossterm::event::DisableMouseCapture.execute_winapi()
    }

    #[cfg(windows)]
    fn is_ansi_code_supported(&self) -> bool {
        false
    }
}

/// The bytes that switch the mouse on or off.
pub(super) fn mouse(on: bool) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if on {
        queue!(bytes, MouseOn)?;
    } else {
        queue!(bytes, MouseOff)?;
    }
    Ok(bytes)
}

/// Alternate screen, hidden cursor, bracketed paste, and the mouse if wanted. Asks the terminal
/// nothing. Not flushed.
///
/// # Errors
/// What the writer answers.
pub fn enter_modes(out: &mut impl Write, with_mouse: bool) -> io::Result<()> {
    queue!(
        out,
        EnterAlternateScreen,
        cursor::Hide,
        EnableBracketedPaste
    )?;
    if with_mouse {
        queue!(out, MouseOn)?;
    }
    Ok(())
}

/// Takes everything of [`enter_modes`] back, in the reverse order. The mouse is switched off even
/// where it was off: that does no harm. Not flushed.
///
/// # Errors
/// What the writer answers.
pub fn leave_modes(out: &mut impl Write) -> io::Result<()> {
    queue!(
        out,
        MouseOff,
        DisableBracketedPaste,
        cursor::Show,
        LeaveAlternateScreen
    )
}
