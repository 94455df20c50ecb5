//! A message: text that waits to be read.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::scroll::Scroll;
use super::{Click, Layer, Reply};
use crate::console::draw::{Canvas, Role, wrap};
use crate::console::world::World;

/// A message.
#[derive(Debug)]
pub struct Message {
    title: String,
    text: String,
    scroll: Scroll,
}

impl Message {
    /// A message.
    #[must_use]
    pub fn new(title: impl Into<String>, text: impl Into<String>) -> Message {
        Message {
            title: title.into(),
            text: text.into(),
            scroll: Scroll::default(),
        }
    }
}

impl Layer for Message {
    fn name(&self) -> &'static str {
        "message"
    }

    fn key(&mut self, key: KeyEvent, _world: &World) -> Reply {
        match key.code {
            KeyCode::Esc | KeyCode::Enter | KeyCode::Char('q') => Reply::close(),
            // Where all of it is seen, a space has read it.
            KeyCode::Char(' ') if !self.scroll.goes_on() => Reply::close(),
            _ => {
                self.scroll.key(key);
                Reply::consumed()
            }
        }
    }

    fn click(&mut self, spot: u32, _click: Click, _world: &World) -> Reply {
        if spot == 0 {
            Reply::close()
        } else {
            Reply::consumed()
        }
    }

    fn clicked_outside(&mut self, _world: &World) -> Reply {
        Reply::close()
    }

    fn wheel(&mut self, lines: isize, _world: &World) -> Reply {
        self.scroll.step(lines);
        Reply::consumed()
    }

    fn drawn(&mut self, end: usize) {
        self.scroll.set_end(end);
    }

    fn draw(&self, canvas: &mut Canvas<'_>, screen: Rect, _world: &World) {
        let wide = 72.min(screen.width);
        let text = canvas.style(Role::Text);
        let lines = wrap(&self.text, wide.saturating_sub(4));
        let lines: Vec<Line<'_>> = lines
            .into_iter()
            .map(|line| Line::styled(line, text))
            .collect();
        let high = u16::try_from(lines.len())
            .unwrap_or(u16::MAX)
            .saturating_add(4)
            .min(screen.height.saturating_sub(2));
        let inner = canvas.modal(screen, wide, high, &self.title);
        let body = Rect {
            x: inner.x + 1,
            width: inner.width.saturating_sub(2),
            height: inner.height.saturating_sub(2),
            ..inner
        };
        self.scroll.draw(canvas, body, &lines);
        canvas.button(
            inner.x + 1,
            inner.bottom().saturating_sub(1),
            "Close",
            true,
            0,
        );
    }
}
