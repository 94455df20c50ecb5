//! Details: the tabs of the row under the cursor.

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
use ratatui::text::{Line, Span};

use super::draw::{Canvas, Role};
use super::subject::Subject;
use super::world::World;

/// A tab of the details.
#[derive(Clone, Copy)]
pub struct Tab {
    /// Its label.
    pub name: &'static str,
    /// Draws it from a line on; gives how many lines there are in all.
    pub draw: fn(&Subject, &World, &mut Canvas<'_>, Rect, usize) -> usize,
}

/// Draws lines from one on; gives how many there are.
pub fn lines(canvas: &mut Canvas<'_>, area: Rect, from: usize, lines: &[Line<'_>]) -> usize {
    for (line, y) in lines.iter().skip(from).zip(area.top()..area.bottom()) {
        canvas.line(Rect::new(area.x, y, area.width, 1), line);
    }
    lines.len()
}

/// A labelled value as a line.
#[must_use]
pub fn field<'a>(canvas: &Canvas<'_>, label: &str, value: impl Into<String>) -> Line<'a> {
    Line::from(vec![
        Span::styled(format!("{label:<28} "), canvas.style(Role::Label)),
        Span::styled(value.into(), canvas.style(Role::Text)),
    ])
}
