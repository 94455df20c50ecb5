//! How the terminal is entered, and how it is given back whatever happens.

mod encode;
mod modes;
mod screen;
#[cfg(test)]
mod tests;

use std::io::{self, Stdout, Write};
use std::panic::PanicHookInfo;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::ThreadId;

use ratatui::layout::Size;

use crate::model::text::printable;

pub use modes::{MouseOff, MouseOn, enter_modes, leave_modes};
pub use screen::{COPY_LIMIT, CopyError, Screen};

/// What is assumed of a terminal that doesn't tell its size: 80 columns, 24 rows.
pub const USUAL_SIZE: Size = Size {
    width: 80,
    height: 24,
};

/// Switches raw mode on (`true`) or off: [`tty_raw`], or nothing where there is no tty of ours.
pub type RawMode = fn(bool) -> io::Result<()>;

/// Raw mode of the process's own terminal.
///
/// # Errors
/// What the terminal answers; no terminal at all.
pub fn tty_raw(on: bool) -> io::Result<()> {
    if on {
        crossterm::terminal::enable_raw_mode()
    } else {
        crossterm::terminal::disable_raw_mode()
    }
}

/// For writers that are no tty of this process (tests, a channel of SSH): nothing to switch.
///
/// # Errors
/// None.
pub fn no_raw(_on: bool) -> io::Result<()> {
    Ok(())
}

/// The process's terminal's size in cells; [`USUAL_SIZE`] where it can't be told.
#[must_use]
pub fn tty_size() -> Size {
    match crossterm::terminal::size() {
        Ok((width, height)) if width > 0 && height > 0 => Size { width, height },
        _ => USUAL_SIZE,
    }
}

/// A terminal that was entered: it draws on its screen, and leaves when dropped.
pub struct Terminal<W: Write = Stdout> {
    screen: Screen<W>,
    raw: RawMode,
    mouse: bool,
    /// Shared with the panic hook, so that only one of the two gives the terminal back.
    entered: Arc<AtomicBool>,
}

impl Terminal<Stdout> {
    /// Enters the process's terminal on the calling thread, which from now on is the UI thread,
    /// and sees to it that a panic there gives the terminal back before it is told. A panic of any
    /// other thread, while the terminal is entered, goes as one line to `log` and not on the screen.
    ///
    /// # Errors
    /// What the terminal answers; it is as it was then.
    pub fn of_process(
        mouse: bool,
        log: impl Fn(&str) + Send + Sync + 'static,
    ) -> io::Result<Terminal<Stdout>> {
        let terminal = Terminal::enter(io::stdout(), tty_size(), tty_raw, mouse)?;
        chain_panic_hook(Arc::clone(&terminal.entered), log);
        Ok(terminal)
    }
}

impl<W: Write> Terminal<W> {
    /// Enters: raw mode, alternate screen, hidden cursor, bracketed paste, and the mouse if wanted.
    /// The first frame is drawn whole.
    ///
    /// # Errors
    /// What the writer or `raw` answers; what was entered is left again then.
    pub fn enter(writer: W, size: Size, raw: RawMode, mouse: bool) -> io::Result<Terminal<W>> {
        let mut terminal = Terminal {
            screen: Screen::new(writer, size),
            raw,
            mouse,
            entered: Arc::new(AtomicBool::new(false)),
        };
        terminal.reenter()?;
        Ok(terminal)
    }

    /// The screen to draw on.
    pub fn screen(&mut self) -> &mut Screen<W> {
        &mut self.screen
    }

    /// Whether the mouse is captured.
    #[must_use]
    pub fn mouse(&self) -> bool {
        self.mouse
    }

    /// Captures the mouse, or gives it back to the terminal's own selection.
    ///
    /// # Errors
    /// What the writer answers.
    pub fn set_mouse(&mut self, on: bool) -> io::Result<()> {
        if self.mouse != on {
            self.mouse = on;
            if self.entered.load(Ordering::SeqCst) {
                let bytes = modes::mouse(on)?;
                self.screen.send(&bytes)?;
            }
        }
        Ok(())
    }

    /// Gives the terminal back, in exactly the reverse order of entering. Once is enough: a second
    /// call writes nothing. Done on drop as well.
    ///
    /// # Errors
    /// What the writer or the terminal answers; everything is tried all the same.
    pub fn leave(&mut self) -> io::Result<()> {
        if !self.entered.swap(false, Ordering::SeqCst) {
            return Ok(());
        }
        let mut bytes = Vec::new();
        let written = leave_modes(&mut bytes).and_then(|()| self.screen.send(&bytes));
        written.and((self.raw)(false))
    }

    /// Enters again after [`leave`](Terminal::leave); the next frame is drawn whole.
    ///
    /// # Errors
    /// What the writer or the terminal answers; what was entered is left again then.
    pub fn reenter(&mut self) -> io::Result<()> {
        if self.entered.load(Ordering::SeqCst) {
            return Ok(());
        }
        (self.raw)(true)?;
        // Before the bytes: what was sent in part has to be taken back too.
        self.entered.store(true, Ordering::SeqCst);
        let mut bytes = Vec::new();
        let written = enter_modes(&mut bytes, self.mouse).and_then(|()| self.screen.send(&bytes));
        if written.is_err() {
            let _ = self.leave();
        }
        self.screen.invalidate();
        written
    }

    /// After SIGCONT: whoever stopped us, or the shell meanwhile, may have changed every mode, so
    /// all are set anew. Follow it with [`Screen::resize`] to the size of now, and a frame.
    ///
    /// # Errors
    /// What the writer or the terminal answers.
    pub fn resume(&mut self) -> io::Result<()> {
        self.leave()?;
        self.reenter()
    }

    /// Ctrl-Z: leaves, stops the process as the terminal would have (its whole process group, so
    /// that a script that runs us stops too), and enters again once it goes on. Where nobody could
    /// wake us (no job control) it returns at once. SIGTSTP has to keep its default action, and
    /// the caller is the main thread: it is the one that a signal stops at once.
    ///
    /// # Errors
    /// What the writer or the terminal answers.
    #[cfg(unix)]
    pub fn suspend(&mut self) -> io::Result<()> {
        self.leave()?;
        let stopped = rustix::process::kill_current_process_group(rustix::process::Signal::TSTP);
        self.reenter()?;
        stopped.map_err(io::Error::from)
    }

    /// There is no job control here.
    ///
    /// # Errors
    /// None.
    #[cfg(not(unix))]
    pub fn suspend(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<W: Write> Drop for Terminal<W> {
    fn drop(&mut self) {
        let _ = self.leave();
    }
}

/// What a panic hook does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum OnPanic {
    /// Gives the terminal back, then tells the panic as ever.
    Restore,
    /// Logs it: the screen stays, and the job that died reports itself as failed.
    Log,
    /// Tells it as ever: the terminal is not ours now.
    Tell,
}

/// Decides, and takes `entered` away if it is for the hook to restore.
fn on_panic(entered: &AtomicBool, ui: ThreadId, panicking: ThreadId) -> OnPanic {
    if panicking != ui {
        match entered.load(Ordering::SeqCst) {
            true => OnPanic::Log,
            false => OnPanic::Tell,
        }
    } else if entered.swap(false, Ordering::SeqCst) {
        OnPanic::Restore
    } else {
        OnPanic::Tell
    }
}

fn chain_panic_hook(entered: Arc<AtomicBool>, log: impl Fn(&str) + Send + Sync + 'static) {
    let ui = std::thread::current().id();
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        match on_panic(&entered, ui, std::thread::current().id()) {
            OnPanic::Restore => {
                let mut out = io::stdout();
                let _ = leave_modes(&mut out).and_then(|()| out.flush());
                let _ = tty_raw(false);
                before(panic);
            }
            OnPanic::Log => log(&sentence(panic)),
            OnPanic::Tell => before(panic),
        }
    }));
}

/// A panic in one line.
fn sentence(panic: &PanicHookInfo<'_>) -> String {
    printable(&panic.to_string(), 1000)
}
