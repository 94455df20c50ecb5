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
const TWO_COLUMNS: u16 = 92;
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

    /// Labelled values: in two columns, the first read downwards and then the second, where the
    /// page is wide; long values go on below themselves.
    pub fn fields(&mut self, fields: &[Field]) {
        let most = fields.iter().map(|(label, _)| width(label)).max();
        let label = most.unwrap_or(0).min(WIDEST_LABEL);
        let columns = if self.wide >= TWO_COLUMNS && fields.len() > 3 {
            2
        } else {
            1
        };
        let column = if columns == 2 {
            (self.wide - 3) / 2
        } else {
            self.wide
        };
        let room = column.saturating_sub(label + 2).max(8);
        let laid = |(name, value): &Field| -> Vec<Vec<Span<'static>>> {
            let (label_style, style) =
                (self.style(Role::Label), self.style(Role::from(value.tone)));
            let mut name = name.clone();
            wrap(&value.text, room)
                .into_iter()
                .map(|part| {
                    let name = std::mem::take(&mut name);
                    let fill = usize::from(label.saturating_sub(width(&name)) + 2);
                    let rest = usize::from(room.saturating_sub(width(&part)));
                    vec![
                        Span::styled(name + &" ".repeat(fill), label_style),
                        Span::styled(part, style),
                        Span::raw(" ".repeat(rest)),
                    ]
                })
                .collect()
        };
        if columns == 1 {
            let rows = fields.iter().flat_map(laid).map(Line::from);
            let rows: Vec<Line<'static>> = rows.collect();
            self.lines.extend(rows);
            return;
        }
        let half = fields.len().div_ceil(2);
        let (left, right) = fields.split_at(half);
        let left: Vec<_> = left.iter().flat_map(laid).collect();
        let right: Vec<_> = right.iter().flat_map(laid).collect();
        let blank = usize::from(column);
        for place in 0..left.len().max(right.len()) {
            let mut spans = match left.get(place) {
                Some(spans) => spans.clone(),
                None => vec![Span::raw(" ".repeat(blank))],
            };
            spans.push(Span::raw("   "));
            spans.extend(right.get(place).cloned().unwrap_or_default());
            self.lines.push(Line::from(spans));
        }
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
