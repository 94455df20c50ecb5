//! The canvas: a buffer with a theme, which also takes down what can be clicked.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Color, Style};
use ratatui::text::Line;
use ratatui::widgets::{Block, Clear, Widget};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::hits::{Hits, Target};
use super::look::Look;
use super::theme::Role;
use crate::console::command::Id;

/// How many cells a text takes.
#[must_use]
pub fn width(text: &str) -> u16 {
    u16::try_from(text.width()).unwrap_or(u16::MAX)
}

/// A text in lines of at most so many cells, broken between words where that can be.
#[must_use]
pub fn wrap(text: &str, room: u16) -> Vec<String> {
    let room = room.max(1);
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let mut line = String::new();
        for word in paragraph.split_inclusive(' ') {
            if !line.is_empty() && width(&line) + width(word.trim_end()) > room {
                lines.push(line.trim_end().to_owned());
                line.clear();
            }
            for part in word.graphemes(true) {
                if width(&line) + width(part) > room && part != " " {
                    lines.push(std::mem::take(&mut line));
                }
                line.push_str(part);
            }
        }
        lines.push(line.trim_end().to_owned());
    }
    lines
}

/// What is drawn on.
#[derive(Debug)]
pub struct Canvas<'a> {
    /// The cells.
    pub buffer: &'a mut Buffer,
    /// How things look.
    pub theme: &'a Look,
    /// What can be clicked.
    pub hits: &'a mut Hits,
    /// Where the terminal's own cursor is to be.
    pub cursor: Option<Position>,
}

impl Canvas<'_> {
    /// The style of a role.
    #[must_use]
    pub fn style(&self, role: Role) -> Style {
        self.theme.style(role)
    }

    /// Writes text from a position on, cut with an ellipsis where `room` ends; gives the cells used.
    pub fn text(&mut self, x: u16, y: u16, room: u16, text: &str, style: Style) -> u16 {
        if y >= self.buffer.area.bottom() || x >= self.buffer.area.right() {
            return 0;
        }
        let room = room.min(self.buffer.area.right() - x);
        if width(text) <= room {
            let (end, _) = self
                .buffer
                .set_stringn(x, y, text, usize::from(room), style);
            return end - x;
        }
        let ellipsis = self.theme.glyphs.more;
        let keep = room.saturating_sub(width(ellipsis));
        let mut used = 0;
        for part in text.graphemes(true) {
            let wide = width(part);
            if used + wide > keep {
                break;
            }
            self.buffer
                .set_stringn(x + used, y, part, usize::from(wide), style);
            used += wide;
        }
        if room > used {
            let left = usize::from(room - used);
            let (end, _) = self.buffer.set_stringn(x + used, y, ellipsis, left, style);
            used = end - x;
        }
        used
    }

    /// Writes text so that it ends where `room` ends.
    pub fn text_right(&mut self, x: u16, y: u16, room: u16, text: &str, style: Style) {
        let wide = width(text).min(room);
        self.text(x + (room - wide), y, wide, text, style);
    }

    /// Writes a line of styled spans, cut where `area` ends.
    pub fn line(&mut self, area: Rect, line: &Line<'_>) {
        line.render(area, self.buffer);
    }

    /// Gives an area a style and nothing in it.
    pub fn fill(&mut self, area: Rect, style: Style) {
        Clear.render(area, self.buffer);
        self.buffer.set_style(area, style);
    }

    /// A box with a title; gives what is inside.
    pub fn frame(&mut self, area: Rect, title: &str, focused: bool) -> Rect {
        let role = if focused {
            Role::BorderFocused
        } else {
            Role::Border
        };
        let mut block = Block::bordered()
            .border_set(self.theme.glyphs.dialog)
            .border_style(self.style(role));
        if !title.is_empty() {
            let title = format!(" {title} ");
            // A title has its own colour, also where that is none, and not the border's.
            let own = self.style(Role::Title);
            let colour = match focused {
                true => self.style(Role::BorderFocused).fg,
                false => own.fg,
            };
            let own = own.fg(colour.unwrap_or(Color::Reset));
            block = block.title(Line::styled(title, own));
        }
        let inner = block.inner(area);
        block.render(area, self.buffer);
        inner
    }

    /// A box in the middle of the screen, above everything: what is around it does not take
    /// clicks. Gives what is inside.
    pub fn modal(&mut self, screen: Rect, wide: u16, high: u16, title: &str) -> Rect {
        let wide = wide.min(screen.width);
        let high = high.min(screen.height);
        let area = Rect {
            x: screen.x + (screen.width - wide) / 2,
            y: screen.y + (screen.height - high) / 2,
            width: wide,
            height: high,
        };
        self.popup(screen, area, title)
    }

    /// A box somewhere on the screen, above everything. Gives what is inside.
    pub fn popup(&mut self, screen: Rect, area: Rect, title: &str) -> Rect {
        self.hits.add(screen, Target::Shield);
        let area = area.intersection(screen);
        self.fill(area, self.style(Role::Text));
        self.hits.add(area, Target::Spot(u32::MAX));
        self.frame(area, title, true)
    }

    /// Makes an area of the top layer clickable, by the layer's own number.
    pub fn spot(&mut self, area: Rect, number: u32) {
        self.hits.add(area, Target::Spot(number));
    }

    /// Makes an area a command's.
    pub fn command(&mut self, area: Rect, id: Id) {
        self.hits.add(area, Target::Command(id));
    }

    /// A button that is a spot of the top layer; gives the cells used.
    pub fn button(&mut self, x: u16, y: u16, label: &str, focused: bool, number: u32) -> u16 {
        let role = if focused {
            Role::ButtonFocused
        } else {
            Role::Button
        };
        let text = format!("[ {label} ]");
        let used = self.text(x, y, width(&text), &text, self.style(role));
        self.spot(Rect::new(x, y, used, 1), number);
        used
    }
}
