//! Texts beside each other, each wrapped in a column of its own.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::{width, wrap};

/// A text in a column: the text, its style, the column's width in cells.
pub type Column<'a> = (&'a str, Style, u16);

/// Texts beside each other with two cells between them, in as many lines as the longest takes.
/// A text may have lines of its own.
#[must_use]
pub fn columns(cells: &[Column<'_>]) -> Vec<Line<'static>> {
    let wrapped: Vec<(Vec<String>, Style, u16)> = cells
        .iter()
        .map(|(text, style, room)| (wrap(text, *room), *style, *room))
        .collect();
    let high = wrapped.iter().map(|(lines, ..)| lines.len()).max();
    (0..high.unwrap_or(0))
        .map(|line| {
            let mut spans = Vec::new();
            for (place, (lines, style, room)) in wrapped.iter().enumerate() {
                if place > 0 {
                    spans.push(Span::raw("  "));
                }
                let part = lines.get(line).cloned().unwrap_or_default();
                let blank = usize::from(room.saturating_sub(width(&part)));
                spans.push(Span::styled(format!("{part}{}", " ".repeat(blank)), *style));
            }
            Line::from(spans)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_stand_beside_each_other() {
        let plain = Style::default();
        let lines = columns(&[
            ("State", plain, 6),
            ("a long word", plain, 6),
            ("", plain, 2),
        ]);
        let text: Vec<String> = lines.iter().map(ToString::to_string).collect();
        assert_eq!(text, ["State   a long    ", "        word      "]);
    }
}
