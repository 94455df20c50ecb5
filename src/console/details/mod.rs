//! Details: the tabs of the row under the cursor.

mod about;
pub mod access;
pub mod event;
pub mod filter;
pub mod group;
pub mod lease;
pub mod page;
pub mod policy;
pub mod relationship;
pub mod reservation;
pub mod scope;
pub mod server;
mod shared;
pub mod superscope;

use ratatui::layout::Rect;
use ratatui::text::Line;

use super::draw::Canvas;
use super::subject::Subject;
use super::world::World;
use page::Page;

/// A tab of the details.
#[derive(Clone, Copy)]
pub struct Tab {
    /// Its label.
    pub name: &'static str,
    /// Fills its page; leaves it empty where there is nothing that it could be about.
    pub fill: fn(&mut Page<'_>, &Subject, &World),
}

impl Tab {
    /// Draws it from a line on; gives how many lines there are in all.
    pub fn draw(
        &self,
        (subject, world): (&Subject, &World),
        canvas: &mut Canvas<'_>,
        area: Rect,
        from: usize,
    ) -> usize {
        let mut page = Page::new(canvas, area);
        (self.fill)(&mut page, subject, world);
        page.draw(canvas, area, from)
    }
}

/// Draws lines from one on; gives how many there are.
pub fn lines(canvas: &mut Canvas<'_>, area: Rect, from: usize, lines: &[Line<'_>]) -> usize {
    for (line, y) in lines.iter().skip(from).zip(area.top()..area.bottom()) {
        canvas.line(Rect::new(area.x, y, area.width, 1), line);
    }
    lines.len()
}
