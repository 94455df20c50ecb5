//! What layers with a list share: lines with headings between, a focus, and a line to type into.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::{Position, Rect};
use tui_input::backend::crossterm::EventHandler;
use tui_input::{Input, InputRequest};

use super::Click;
use crate::console::draw::{Canvas, Role, width, wrap};

/// A page of a list, in lines.
const PAGE: isize = 10;

/// A line of a list.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Line {
    /// What it says.
    pub text: String,
    /// What it means.
    pub role: Role,
    /// What stands beside it, dim.
    pub note: String,
    /// What stands at its right.
    pub key: String,
    /// Whether it only stands above others, and can't be chosen.
    pub heading: bool,
}

impl Line {
    /// A line that can be chosen.
    pub fn new(text: impl Into<String>, note: impl Into<String>) -> Line {
        Line {
            text: text.into(),
            role: Role::Text,
            note: note.into(),
            key: String::new(),
            heading: false,
        }
    }

    /// A line above others.
    pub fn heading(text: impl Into<String>, note: impl Into<String>) -> Line {
        Line {
            role: Role::Title,
            heading: true,
            ..Line::new(text, note)
        }
    }

    /// A line that only says something.
    pub fn remark(text: impl Into<String>, role: Role) -> Line {
        Line {
            role,
            heading: true,
            ..Line::new(text, "")
        }
    }
}

/// Lines, one of which has the focus.
#[derive(Clone, Default, Debug)]
pub(super) struct List {
    lines: Vec<Line>,
    focus: usize,
}

impl List {
    /// The lines.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The line with the focus, where there is one that can be chosen.
    pub fn focus(&self) -> Option<usize> {
        let line = self.lines.get(self.focus);
        line.filter(|line| !line.heading).map(|_| self.focus)
    }

    /// Shows other lines, with the focus on the first.
    pub fn set(&mut self, lines: Vec<Line>) {
        self.lines = lines;
        self.focus = 0;
        self.step(0);
    }

    /// Shows newer lines; the focus stays where it is.
    pub fn renew(&mut self, lines: Vec<Line>) {
        self.lines = lines;
        self.go(self.focus);
    }

    /// Puts the focus on a line, or on the nearest that can be chosen.
    pub fn go(&mut self, place: usize) {
        self.focus = place.min(self.lines.len().saturating_sub(1));
        self.step(0);
    }

    /// Moves the focus by so many lines that can be chosen; it stops at both ends.
    pub fn step(&mut self, by: isize) {
        let open = |place: &usize| self.lines.get(*place).is_some_and(|line| !line.heading);
        let after = (self.focus..self.lines.len()).filter(open);
        let before = (0..self.focus.min(self.lines.len())).rev().filter(open);
        let steps = by.unsigned_abs();
        let next = match by {
            0 => return self.focus = after.chain(before).next().unwrap_or(0),
            1.. => after.filter(|place| *place > self.focus).take(steps).last(),
            _ => before.take(steps).last(),
        };
        self.focus = next.unwrap_or(self.focus);
    }

    /// A key that moves the focus; says whether it was one. What types or moves in a line of text
    /// is none.
    pub fn key(&mut self, key: KeyEvent) -> bool {
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Up | KeyCode::BackTab => self.step(-1),
            KeyCode::Down | KeyCode::Tab => self.step(1),
            KeyCode::PageUp => self.step(-PAGE),
            KeyCode::PageDown => self.step(PAGE),
            KeyCode::Home if ctrl => self.go(0),
            KeyCode::End if ctrl => self.step(isize::MAX),
            KeyCode::Char('p') if ctrl => self.step(-1),
            KeyCode::Char('n') if ctrl => self.step(1),
            _ => return false,
        }
        true
    }

    /// Draws the lines around the focus; each that can be chosen is the spot of its place.
    pub fn draw(&self, canvas: &mut Canvas<'_>, area: Rect) {
        let visible = usize::from(area.height);
        let last = self.lines.len().saturating_sub(visible);
        let from = self.focus.saturating_sub(visible / 2).min(last);
        let shown = self.lines.iter().enumerate().skip(from).take(visible);
        // Notes stand below each other, but for those of lines that are long themselves.
        let texts = shown.clone().filter(|(_, line)| !line.heading);
        let texts = texts.map(|(_, line)| width(&line.text));
        let wide = texts
            .filter(|wide| *wide <= area.width / 2)
            .max()
            .unwrap_or(0);
        for ((place, line), y) in shown.zip(area.top()..area.bottom()) {
            let row = Rect::new(area.x, y, area.width, 1);
            let here = place == self.focus && !line.heading;
            draw_line(canvas, row, line, here, wide);
            if let (false, Ok(spot)) = (line.heading, u32::try_from(place)) {
                canvas.spot(row, spot);
            }
        }
    }
}

/// Draws one line; the texts of its list are so wide.
fn draw_line(canvas: &mut Canvas<'_>, row: Rect, line: &Line, here: bool, wide: u16) {
    let style = canvas.style(if here { Role::Cursor } else { line.role });
    let dim = if here { style } else { canvas.style(Role::Dim) };
    let key = if here { style } else { canvas.style(Role::Key) };
    if here {
        canvas.buffer.set_style(row, style);
    }
    let indent = if line.heading { 1 } else { 2 };
    let mut x = row.x + indent;
    let mut room = row.width.saturating_sub(indent + 1);
    if !line.key.is_empty() {
        canvas.text_right(x, row.y, room, &line.key, key);
        room = room.saturating_sub(width(&line.key) + 2);
    }
    let wide = match line.heading {
        true => width(&line.text),
        false => wide.max(width(&line.text).min(room)),
    };
    canvas.text(x, row.y, wide.min(room), &line.text, style);
    x += wide + 2;
    room = room.saturating_sub(wide + 2);
    if room > 3 {
        canvas.text(x, row.y, room, &line.note, dim);
    }
}

/// What was done to a [`Finder`], where that is more than moving in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Done {
    /// It is left.
    Left,
    /// The line with the focus is chosen.
    Chosen,
    /// Other words are to be found.
    Typed,
    /// Nothing more.
    Moved,
}

/// A line to type into, over the list of what has those words.
#[derive(Default, Debug)]
pub(super) struct Finder {
    /// What was typed.
    pub input: Input,
    /// What was found.
    pub list: List,
}

impl Finder {
    /// What was typed, without blanks around it.
    pub fn typed(&self) -> &str {
        self.input.value().trim()
    }

    /// Shows what was found: for other words, with the focus on the first line.
    pub fn show(&mut self, lines: Vec<Line>, anew: bool) {
        match anew {
            true => self.list.set(lines),
            false => self.list.renew(lines),
        }
    }

    /// A key was pressed.
    pub fn key(&mut self, key: KeyEvent) -> Done {
        match key.code {
            KeyCode::Esc => Done::Left,
            KeyCode::Enter => Done::Chosen,
            _ if self.list.key(key) => Done::Moved,
            _ if typed(&mut self.input, key) => Done::Typed,
            _ => Done::Moved,
        }
    }

    /// A line was clicked.
    pub fn click(&mut self, spot: u32, click: Click) -> Done {
        self.list.go(usize::try_from(spot).unwrap_or(usize::MAX));
        match click {
            Click::Drag => Done::Moved,
            _ => Done::Chosen,
        }
    }

    /// Draws both; gives the room below the line where nothing was found, for saying so.
    pub fn draw(
        &self,
        canvas: &mut Canvas<'_>,
        area: Rect,
        sign: &str,
        empty: &str,
    ) -> Option<Rect> {
        let line = Rect { height: 1, ..area };
        draw_input(canvas, line, sign, &self.input, empty);
        let below = Rect {
            y: area.y + 1,
            height: area.height.saturating_sub(1),
            ..area
        };
        self.list.draw(canvas, below);
        self.list.lines().is_empty().then_some(below)
    }
}

/// Writes a sentence in as many lines as it takes.
pub(super) fn say(canvas: &mut Canvas<'_>, area: Rect, role: Role, text: &str) {
    let style = canvas.style(role);
    for (line, y) in wrap(text, area.width).iter().zip(area.top()..area.bottom()) {
        canvas.text(area.x, y, area.width, line, style);
    }
}

/// Draws a line to type into, with the terminal's cursor in it.
pub(super) fn draw_input(
    canvas: &mut Canvas<'_>,
    area: Rect,
    sign: &str,
    input: &Input,
    empty: &str,
) {
    let key = canvas.style(Role::Key);
    let used = canvas.text(area.x, area.y, area.width, sign, key);
    let (x, room) = (area.x + used, area.width.saturating_sub(used));
    if input.value().is_empty() {
        let dim = canvas.style(Role::Dim);
        canvas.text(x, area.y, room, empty, dim);
    }
    let scroll = input.visual_scroll(usize::from(room.saturating_sub(1)));
    let mut skipped = 0;
    let shown: String = input
        .value()
        .chars()
        .skip_while(|character| {
            let skip = skipped < scroll;
            skipped += usize::from(width(character.encode_utf8(&mut [0; 4])));
            skip
        })
        .collect();
    let style = canvas.style(Role::Text);
    if !shown.is_empty() {
        canvas.text(x, area.y, room, &shown, style);
    }
    let at = input.visual_cursor().saturating_sub(scroll);
    let at = u16::try_from(at).unwrap_or(0).min(room.saturating_sub(1));
    canvas.cursor = Some(Position::new(x + at, area.y));
}

/// A key that types or moves in a line of text; says whether the text has changed.
pub(super) fn typed(input: &mut Input, key: KeyEvent) -> bool {
    let change = input.handle_event(&crossterm::event::Event::Key(key));
    change.is_some_and(|change| change.value)
}

/// Pasted text goes in where the cursor is, its first line.
pub(super) fn pasted(input: &mut Input, text: &str) {
    let line = text.trim_start().lines().next().unwrap_or("");
    for character in line
        .chars()
        .filter(|character| !character.is_control())
        .take(200)
    {
        input.handle(InputRequest::InsertChar(character));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_focus_passes_over_headings_and_stops_at_the_ends() {
        let mut list = List::default();
        assert_eq!(list.focus(), None);
        list.step(1);
        list.set(vec![
            Line::heading("one", ""),
            Line::new("a", ""),
            Line::heading("two", ""),
            Line::new("b", ""),
            Line::new("c", ""),
        ]);
        assert_eq!(list.focus(), Some(1));
        list.step(-1);
        assert_eq!(list.focus(), Some(1));
        list.step(1);
        assert_eq!(list.focus(), Some(3));
        list.step(9);
        assert_eq!(list.focus(), Some(4));
        list.step(-2);
        assert_eq!(list.focus(), Some(1));
        list.go(2);
        assert_eq!(list.focus(), Some(3));
        list.set(vec![Line::heading("none", "")]);
        assert_eq!(list.focus(), None);
    }
}
