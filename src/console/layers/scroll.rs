//! What layers with more lines than room share: how far they are scrolled.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::console::draw::{Canvas, Role};

/// A page, in lines.
const PAGE: isize = 10;

/// How far lines are scrolled.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Scroll {
    /// The first line that is seen.
    from: usize,
    /// The last that can be the first, in the last frame.
    end: usize,
}

impl Scroll {
    /// The first line that is seen.
    pub fn from(self) -> usize {
        self.from
    }

    /// Whether there are more lines below those that are seen.
    pub fn goes_on(self) -> bool {
        self.from < self.end
    }

    /// Back to the first line.
    pub fn top(&mut self) {
        self.from = 0;
    }

    /// So many lines down.
    pub fn step(&mut self, by: isize) {
        let from = self.from.min(self.end);
        self.from = from.saturating_add_signed(by).min(self.end);
    }

    /// A key that scrolls; says whether it was one.
    pub fn key(&mut self, key: KeyEvent) -> bool {
        match key.code {
            KeyCode::Up | KeyCode::Char('k') => self.step(-1),
            KeyCode::Down | KeyCode::Char('j') => self.step(1),
            KeyCode::PageUp => self.step(-PAGE),
            KeyCode::PageDown | KeyCode::Char(' ') => self.step(PAGE),
            KeyCode::Home | KeyCode::Char('g') => self.step(isize::MIN),
            KeyCode::End | KeyCode::Char('G') => self.step(isize::MAX),
            _ => return false,
        }
        true
    }

    /// What the last frame said of how far there is to scroll.
    pub fn set_end(&mut self, end: usize) {
        self.end = end;
    }

    /// Draws the lines that are seen, and takes down how far there is to scroll; where that is not
    /// nowhere, the row below says what is seen. Gives the first line.
    pub fn draw(self, canvas: &mut Canvas<'_>, area: Rect, lines: &[Line<'_>]) -> usize {
        self.draw_from(self.from, canvas, area, lines)
    }

    /// As [`Scroll::draw`], from another line on.
    pub fn draw_from(
        self,
        from: usize,
        canvas: &mut Canvas<'_>,
        area: Rect,
        lines: &[Line<'_>],
    ) -> usize {
        let end = lines.len().saturating_sub(usize::from(area.height));
        let from = from.min(end);
        canvas.hits.layer_end = end;
        crate::console::details::lines(canvas, area, from, lines);
        if end > 0 {
            let last = from + usize::from(area.height);
            let shown = format!("{last} of {} lines", lines.len());
            let dim = canvas.style(Role::Dim);
            canvas.text_right(area.x, area.bottom(), area.width, &shown, dim);
        }
        from
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossterm::event::KeyModifiers;

    #[test]
    fn it_ends_at_both_ends() {
        let mut scroll = Scroll::default();
        scroll.step(5);
        assert_eq!(scroll.from(), 0, "nothing was drawn yet");
        scroll.set_end(12);
        let mut press = |code| {
            assert!(scroll.key(KeyEvent::new(code, KeyModifiers::NONE)));
            scroll.from()
        };
        assert_eq!(press(KeyCode::Up), 0);
        assert_eq!(press(KeyCode::PageDown), 10);
        assert_eq!(press(KeyCode::PageDown), 12);
        assert_eq!(press(KeyCode::Char('k')), 11);
        assert_eq!(press(KeyCode::End), 12);
        assert_eq!(press(KeyCode::Home), 0);
        assert_eq!(press(KeyCode::End), 12);
        // The window grew: the first key counts from what is seen.
        scroll.set_end(4);
        scroll.step(-1);
        assert_eq!(scroll.from(), 3);
    }
}
