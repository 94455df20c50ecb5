//! A message: text that waits to be read.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;

use super::{Click, Layer, Reply};
use crate::console::draw::{Canvas, Role, wrap};
use crate::console::world::World;

/// A message.
#[derive(Debug)]
pub struct Message {
    title: String,
    text: String,
}

impl Message {
    /// A message.
    #[must_use]
    pub fn new(title: impl Into<String>, text: impl Into<String>) -> Message {
        Message {
            title: title.into(),
            text: text.into(),
        }
    }
}

impl Layer for Message {
    fn name(&self) -> &'static str {
        "message"
    }

    fn key(&mut self, key: KeyEvent, _world: &World) -> Reply {
        match key.code {
            KeyCode::Esc | KeyCode::Enter | KeyCode::Char(' ' | 'q') => Reply::close(),
            _ => Reply::consumed(),
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

    fn draw(&self, canvas: &mut Canvas<'_>, screen: Rect, _world: &World) {
        let wide = 72.min(screen.width);
        let lines = wrap(&self.text, wide.saturating_sub(4));
        let high = u16::try_from(lines.len())
            .unwrap_or(u16::MAX)
            .saturating_add(4);
        let inner = canvas.modal(screen, wide, high, &self.title);
        let text = canvas.style(Role::Text);
        for (line, y) in lines
            .iter()
            .zip(inner.top()..inner.bottom().saturating_sub(2))
        {
            canvas.text(inner.x + 1, y, inner.width.saturating_sub(2), line, text);
        }
        canvas.button(
            inner.x + 1,
            inner.bottom().saturating_sub(1),
            "Close",
            true,
            0,
        );
    }
}
