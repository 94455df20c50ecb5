//! Which bytes a frame costs: only what has changed, in one write, and none where nothing has.

use std::io::{self, Write};

use crossterm::clipboard::CopyToClipboard;
use crossterm::style::{Attribute, SetAttribute};
use crossterm::terminal::{BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate};
use crossterm::{cursor, queue};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect, Size};

use super::encode::encode;

/// The most bytes of text that [`Screen::copy`] takes: as base64 they are the 64 KiB that
/// terminals and multiplexers let through.
pub const COPY_LIMIT: usize = 48 * 1024;

/// The largest screen that is drawn on, in cells; what lies beyond stays empty. A size comes from
/// outside, and must not cost us all memory.
const LARGEST: Size = Size {
    width: 1000,
    height: 500,
};

/// A text was not copied.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// It is too long for a terminal's clipboard.
    #[error("{bytes} bytes are too many to copy: a terminal takes {COPY_LIMIT}")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// The terminal could not be written to.
    #[error("the terminal can't be written to: {0}")]
    Io(#[from] io::Error),
}

/// A screen of cells on a writer. It asks the terminal nothing, so it works on any writer.
pub struct Screen<W: Write> {
    out: W,
    shown: Buffer,
    next: Buffer,
    cursor: Option<Position>,
    /// What is on the terminal is not known: clear it, and draw everything.
    whole: bool,
    bytes: Vec<u8>,
    written: u64,
}

impl<W: Write> Screen<W> {
    /// A screen of that size in cells; the first frame is drawn whole.
    pub fn new(out: W, size: Size) -> Screen<W> {
        let area = area_of(size);
        Screen {
            out,
            shown: Buffer::empty(area),
            next: Buffer::empty(area),
            cursor: None,
            whole: true,
            bytes: Vec::new(),
            written: 0,
        }
    }

    /// The size in cells.
    #[must_use]
    pub fn size(&self) -> Size {
        self.next.area.as_size()
    }

    /// Takes another size; the next frame is drawn whole, since terminals differ in what they do
    /// with the old one. The same size changes nothing.
    pub fn resize(&mut self, size: Size) {
        let area = area_of(size);
        if area != self.next.area {
            self.shown = Buffer::empty(area);
            self.next = Buffer::empty(area);
            self.whole = true;
        }
    }

    /// The next frame is drawn whole, whatever the terminal shows now.
    pub fn invalidate(&mut self) {
        self.whole = true;
    }

    /// Draws a frame: `paint` gets an empty buffer of the screen's size and says where the cursor
    /// is shown, if at all. What differs from the frame before is written at once. The answer is
    /// how many bytes that took: 0 for the same frame.
    ///
    /// # Errors
    /// What the writer answers; the next frame is drawn whole then.
    pub fn draw(
        &mut self,
        paint: impl FnOnce(&mut Buffer) -> Option<Position>,
    ) -> io::Result<usize> {
        self.next.reset();
        let area = self.next.area;
        let cursor = paint(&mut self.next).filter(|at| area.contains(*at));
        if self.next.area != area {
            // Whoever painted has put another buffer in its place; it can't be compared.
            self.next.resize(area);
            self.whole = true;
        }
        self.bytes.clear();
        self.compose(cursor)?;
        if self.bytes.is_empty() {
            return Ok(0);
        }
        let bytes = std::mem::take(&mut self.bytes);
        let sent = self.send(&bytes);
        self.bytes = bytes;
        if let Err(error) = sent {
            self.whole = true;
            return Err(error);
        }
        self.whole = false;
        self.cursor = cursor;
        std::mem::swap(&mut self.shown, &mut self.next);
        Ok(self.bytes.len())
    }

    /// Puts the frame's bytes together; none when the terminal shows it already.
    fn compose(&mut self, cursor: Option<Position>) -> io::Result<()> {
        if self.whole {
            self.shown.reset();
        }
        let mut cells = String::new();
        encode(&self.shown, &self.next, &mut cells);
        if cells.is_empty() && !self.whole && cursor == self.cursor {
            return Ok(());
        }
        let bytes = &mut self.bytes;
        queue!(bytes, BeginSynchronizedUpdate)?;
        if self.whole {
            queue!(
                bytes,
                cursor::Hide,
                SetAttribute(Attribute::Reset),
                Clear(ClearType::All)
            )?;
        }
        bytes.extend_from_slice(cells.as_bytes());
        let was_shown = self.cursor.is_some() && !self.whole;
        match cursor {
            Some(at) => {
                queue!(bytes, cursor::MoveTo(at.x, at.y))?;
                if !was_shown {
                    queue!(bytes, cursor::Show)?;
                }
            }
            None if was_shown => queue!(bytes, cursor::Hide)?,
            None => {}
        }
        queue!(bytes, EndSynchronizedUpdate)
    }

    /// Copies a text to the clipboard of the operator's own terminal (OSC 52), over SSH too. Line
    /// ends and tabs stay, other control characters do not. The answer is how many bytes of text
    /// went.
    ///
    /// # Errors
    /// [`CopyError`]: over [`COPY_LIMIT`] nothing is sent.
    pub fn copy(&mut self, text: &str) -> Result<usize, CopyError> {
        let text: String = text
            .chars()
            .filter(|c| matches!(c, '\n' | '\t') || !c.is_control())
            .collect();
        if text.len() > COPY_LIMIT {
            return Err(CopyError::TooLong { bytes: text.len() });
        }
        let mut bytes = Vec::new();
        queue!(bytes, CopyToClipboard::to_clipboard_from(&text))?;
        self.send(&bytes)?;
        Ok(text.len())
    }

    /// How many bytes were sent since the beginning.
    #[must_use]
    pub fn bytes_written(&self) -> u64 {
        self.written
    }

    /// The writer.
    pub fn writer(&self) -> &W {
        &self.out
    }

    /// Bytes that no frame knows of, at once.
    pub(super) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)?;
        self.out.flush()?;
        self.written += bytes.len() as u64;
        Ok(())
    }
}

fn area_of(size: Size) -> Rect {
    Rect {
        x: 0,
        y: 0,
        width: size.width.min(LARGEST.width),
        height: size.height.min(LARGEST.height),
    }
}
