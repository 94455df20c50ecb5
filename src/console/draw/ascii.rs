//! What is drawn where only ASCII may be: signs in texts become their nearest, all else a question
//! mark.

use ratatui::buffer::Buffer;

/// Replaces whatever is not ASCII, cell by cell; what is wide stays so wide.
pub(super) fn only(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        if cell.symbol().is_ascii() {
            continue;
        }
        let sign = match cell.symbol() {
            "·" | "•" | "–" | "—" => "-",
            "…" => "~",
            "→" | "›" | "▸" => ">",
            "←" | "‹" | "◂" => "<",
            "↑" | "▴" => "^",
            "↓" | "▾" => "v",
            "≤" => "<",
            "≥" => ">",
            "×" => "x",
            "\u{a0}" => " ",
            _ => "?",
        };
        cell.set_symbol(sign);
    }
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    #[test]
    fn signs_and_letters_become_ascii() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 12, 1));
        buffer.set_string(0, 0, "a · b… é 語x", Style::new());
        only(&mut buffer);
        let shown: String = buffer
            .content
            .iter()
            .map(ratatui::buffer::Cell::symbol)
            .collect();
        assert_eq!(shown, "a - b~ ? ? x");
    }
}
