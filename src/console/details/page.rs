//! A page of details: headings, fields in one column or two, small tables, sentences.

use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::lines;
use crate::console::age;
use crate::console::draw::{Canvas, Look, Role, width, wrap};
use crate::console::table::{Cell, Tone};
use crate::console::world::World;
use crate::ipam::estate::ServerView;
use crate::model::text::printable;

/// From so many cells on, fields stand in two columns.
const TWO_COLUMNS: u16 = 80;
/// The least between the two.
const BETWEEN: u16 = 3;
/// No label is given more.
const WIDEST_LABEL: u16 = 30;

/// A page while it is being made.
#[derive(Debug)]
pub struct Page<'t> {
    theme: &'t Look,
    wide: u16,
    lines: Vec<Line<'static>>,
}

/// A label and its value.
pub type Field = (String, Cell<'static>);

/// A label and a text as a field. The text is made fit for the screen.
#[must_use]
pub fn text(label: &str, value: impl AsRef<str>) -> Field {
    (label.to_owned(), Cell::new(printable(value.as_ref(), 600)))
}

impl<'t> Page<'t> {
    /// An empty page as wide as an area.
    #[must_use]
    pub fn new(canvas: &Canvas<'t>, area: Rect) -> Page<'t> {
        Page {
            theme: canvas.theme,
            wide: area.width,
            lines: Vec::new(),
        }
    }

    /// The style of a role.
    #[must_use]
    pub fn style(&self, role: Role) -> Style {
        self.theme.style(role)
    }

    /// How things look.
    #[must_use]
    pub fn theme(&self) -> &'t Look {
        self.theme
    }

    /// How wide it is, in cells.
    #[must_use]
    pub fn width(&self) -> u16 {
        self.wide
    }

    /// A heading, with a blank line before it where something stands above.
    pub fn heading(&mut self, title: &str) {
        self.gap();
        let style = self.style(Role::Title);
        self.lines.push(Line::styled(title.to_owned(), style));
    }

    /// A blank line, where the page does not begin or has one already.
    pub fn gap(&mut self) {
        if self.lines.last().is_some_and(|line| line.width() > 0) {
            self.lines.push(Line::default());
        }
    }

    /// A sentence, in as many lines as it takes.
    pub fn say(&mut self, tone: Tone, sentence: &str) {
        let style = self.style(Role::from(tone));
        for line in wrap(sentence, self.wide) {
            self.lines.push(Line::styled(line, style));
        }
    }

    /// Lines made elsewhere.
    pub fn push(&mut self, line: Line<'static>) {
        self.lines.push(line);
    }

    /// Labelled values: where the page is wide they stand in two columns, the first read downwards
    /// and then the second; those that are too long for that stand below them.
    pub fn fields(&mut self, fields: &[Field]) {
        let mut short: Vec<Field> = fields.to_vec();
        let mut long: Vec<Field> = Vec::new();
        let natural = |fields: &[Field]| {
            let widest = |of: fn(&Field) -> u16| fields.iter().map(of).max().unwrap_or(0);
            widest(|field| width(&field.0)) + 2 + widest(|field| width(&field.1.text))
        };
        let halves = |fields: &[Field]| {
            let (left, right) = fields.split_at(fields.len().div_ceil(2));
            (natural(left), natural(right))
        };
        if self.wide < TWO_COLUMNS {
            long = std::mem::take(&mut short);
        }
        while !short.is_empty() {
            let (left, right) = halves(&short);
            if short.len() >= 4 && left + right + BETWEEN <= self.wide {
                break;
            }
            let values = short.iter().enumerate();
            let widest = values.max_by_key(|(_, (_, value))| width(&value.text));
            match widest.map(|(place, _)| place) {
                Some(place) if short.len() > 4 => long.push(short.remove(place)),
                _ => {
                    long = fields.to_vec();
                    short.clear();
                }
            }
        }
        if !short.is_empty() {
            let (left, right) = halves(&short);
            let spare = self.wide.saturating_sub(left + right);
            let gap = spare.clamp(BETWEEN, BETWEEN * 2);
            let (first, second) = short.split_at(short.len().div_ceil(2));
            let (first, second) = (self.column(first, left), self.column(second, right));
            for (place, mut spans) in first.into_iter().enumerate() {
                spans.push(Span::raw(" ".repeat(usize::from(gap))));
                spans.extend(second.get(place).cloned().unwrap_or_default());
                self.lines.push(Line::from(spans));
            }
        }
        // In the order in which they were given.
        let rest = fields.iter().filter(|field| long.contains(field)).cloned();
        let rest: Vec<Field> = rest.collect();
        let lines = self.column(&rest, self.wide);
        self.lines.extend(lines.into_iter().map(Line::from));
    }

    /// Labelled values one below the other, each line filled up to a width.
    fn column(&self, fields: &[Field], wide: u16) -> Vec<Vec<Span<'static>>> {
        let widest = fields.iter().map(|(label, _)| width(label)).max();
        let label = widest.unwrap_or(0).min(WIDEST_LABEL);
        let room = wide.saturating_sub(label + 2).max(8);
        let label_style = self.style(Role::Label);
        let mut lines = Vec::new();
        for (name, value) in fields {
            let style = self.style(Role::from(value.tone));
            let mut name = name.clone();
            for part in wrap(&value.text, room) {
                let name = std::mem::take(&mut name);
                let fill = usize::from((label + 2).saturating_sub(width(&name)));
                let rest = usize::from(room.saturating_sub(width(&part)));
                lines.push(vec![
                    Span::styled(name + &" ".repeat(fill), label_style),
                    Span::styled(part, style),
                    Span::raw(" ".repeat(rest)),
                ]);
            }
        }
        lines
    }

    /// A small table: each column as wide as it needs, the last taking what is left. What does
    /// not fit is cut with an ellipsis.
    pub fn table(&mut self, headers: &[&str], rows: &[Vec<Cell<'static>>]) {
        let count = headers.len();
        let mut widths: Vec<u16> = headers.iter().map(|header| width(header)).collect();
        for row in rows {
            for (wide, cell) in widths.iter_mut().zip(row) {
                *wide = (*wide).max(width(&cell.text));
            }
        }
        // The widest gives first, until all fit.
        let gaps = u16::try_from(count.saturating_sub(1) * 2).unwrap_or(0);
        let room = self.wide.saturating_sub(gaps);
        while widths.iter().sum::<u16>() > room {
            match widths.iter_mut().max() {
                Some(widest) if *widest > 6 => *widest -= 1,
                _ => break,
            }
        }
        let style = self.style(Role::Header);
        let head = headers.iter().zip(&widths);
        let head = head.map(|(header, wide)| Span::styled(fit(header, *wide), style));
        self.lines.push(spaced(head));
        for row in rows {
            let cells = row.iter().zip(&widths).map(|(cell, wide)| {
                Span::styled(
                    fit(&cell.text, *wide),
                    self.theme.style(Role::from(cell.tone)),
                )
            });
            let line = spaced(cells);
            self.lines.push(line);
        }
    }

    /// Where what is shown comes from and how old it is: silent where the server answers and was
    /// read just now.
    pub fn source(&mut self, world: &World, view: &ServerView) {
        let name = printable(view.name.as_str(), 255);
        match (&view.error, &view.reading) {
            (Some(error), Some(reading)) => {
                let ago = age::ago(world.age(reading.taken));
                let error = printable(&error.to_string(), 400);
                self.say(Tone::Bad, &format!("{error}. This is as read {ago}."));
                self.gap();
            }
            (Some(error), None) => {
                let error = printable(&error.to_string(), 400);
                self.say(Tone::Bad, &format!("{error}. It was never read."));
            }
            (None, None) => self.say(Tone::Dim, &format!("{name} has not answered yet.")),
            (None, Some(_)) => {}
        }
    }

    /// Draws it from a line on; gives how many lines there are.
    pub fn draw(self, canvas: &mut Canvas<'_>, area: Rect, from: usize) -> usize {
        // The end stays in sight, however far it was scrolled.
        let last = self.lines.len().saturating_sub(usize::from(area.height));
        lines(canvas, area, from.min(last), &self.lines)
    }
}

/// A text in exactly so many cells.
fn fit(text: &str, wide: u16) -> String {
    let used = width(text);
    if used <= wide {
        return format!("{text}{}", " ".repeat(usize::from(wide - used)));
    }
    let mut out = String::new();
    for character in text.chars() {
        let mut next = out.clone();
        next.push(character);
        if width(&next) + 1 > wide {
            break;
        }
        out = next;
    }
    out.push('…');
    let used = width(&out);
    format!(
        "{out}{}",
        " ".repeat(usize::from(wide.saturating_sub(used)))
    )
}

fn spaced(spans: impl Iterator<Item = Span<'static>>) -> Line<'static> {
    let mut line: Vec<Span<'static>> = Vec::new();
    for span in spans {
        if !line.is_empty() {
            line.push(Span::raw("  "));
        }
        line.push(span);
    }
    Line::from(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_cut_to_their_width() {
        assert_eq!(fit("abc", 5), "abc  ");
        assert_eq!(fit("abcdef", 4), "abc…");
        assert_eq!(fit("日本語", 4), "日… ");
    }
}
