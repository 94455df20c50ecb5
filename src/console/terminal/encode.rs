//! How cells that changed become bytes: as few as every terminal understands.

use std::fmt::Write;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr;

/// What can be seen of a blank.
const SEEN: Modifier = Modifier::UNDERLINED
    .union(Modifier::REVERSED)
    .union(Modifier::CROSSED_OUT);
/// So many blanks are erased rather than written.
const ERASED: u16 = 6;

/// Puts what differs from what is shown, on a screen of the same size, into bytes. The pen is plain
/// before and after. Nothing differs: no bytes.
pub(super) fn encode(shown: &Buffer, next: &Buffer, bytes: &mut String) {
    let wide = usize::from(next.area.width).max(1);
    let rows = shown.content.chunks(wide).zip(next.content.chunks(wide));
    let mut pen = Pen::new(next, bytes);
    for ((shown, next), y) in rows.zip(0..) {
        // Up to here the terminal has lost what it showed: a half of what is wide was written over.
        let mut lost = 0;
        let mut skip = 0;
        for ((before, cell), x) in shown.iter().zip(next).zip(0_u16..) {
            if skip > 0 {
                skip -= 1;
                // The other half of what was written: what began here is lost with it.
                if x < lost {
                    lost = lost.max(x + width(before));
                }
                continue;
            }
            skip = width(cell) - 1;
            if x >= lost && looks_the_same(before, cell) {
                continue;
            }
            lost = lost.max(x + width(before)).max(x + 1 + skip);
            pen.cell(x, y, cell);
        }
    }
    pen.end();
}

/// How many cells it takes; what takes none is written over the blank that it came with.
fn width(cell: &Cell) -> u16 {
    match cell.symbol() {
        symbol if symbol.len() == 1 => 1,
        symbol => u16::try_from(symbol.width()).unwrap_or(1).max(1),
    }
}

/// Of a blank, the colour of the letter that is not there makes no difference.
fn looks_the_same(before: &Cell, cell: &Cell) -> bool {
    let alike = |one: &Cell, other: &Cell| one.bg == other.bg && is_blank(one) && is_blank(other);
    alike(before, cell)
        || before.symbol() == cell.symbol()
            && (before.fg, before.bg, before.modifier) == (cell.fg, cell.bg, cell.modifier)
}

fn is_blank(cell: &Cell) -> bool {
    cell.symbol() == " " && !cell.modifier.intersects(SEEN)
}

/// Where the terminal's cursor is, and how it would write.
struct Pen<'a> {
    next: &'a Buffer,
    bytes: &'a mut String,
    at: Option<(u16, u16)>,
    /// Plain blanks that are still to be written: from where on, and how many.
    blanks: (u16, u16, u16),
    fg: Color,
    bg: Color,
    modifier: Modifier,
}

impl<'a> Pen<'a> {
    fn new(next: &'a Buffer, bytes: &'a mut String) -> Pen<'a> {
        Pen {
            next,
            bytes,
            at: None,
            blanks: (0, 0, 0),
            fg: Color::Reset,
            bg: Color::Reset,
            modifier: Modifier::empty(),
        }
    }

    fn cell(&mut self, x: u16, y: u16, cell: &Cell) {
        let blank = is_blank(cell);
        if blank && cell.bg == Color::Reset {
            self.blank(x, y);
        } else {
            self.write(x, y, cell, blank);
        }
    }

    fn blank(&mut self, x: u16, y: u16) {
        let (from, row, count) = self.blanks;
        if count > 0 && row == y && from + count == x {
            self.blanks.2 += 1;
        } else {
            self.flush();
            self.blanks = (x, y, 1);
        }
    }

    /// Writes the blanks that are still to be written.
    fn flush(&mut self) {
        let (x, y, count) = std::mem::take(&mut self.blanks);
        if count == 0 {
            return;
        }
        self.go(x, y);
        if self.bg != Color::Reset || self.modifier.intersects(SEEN) {
            self.plain();
        }
        if count < ERASED {
            (0..count).for_each(|_| self.bytes.push(' '));
            self.at = Some((x + count, y));
        } else {
            // The cursor stays. On a background of its own, terminals do not agree what an erased
            // cell looks like; on this one they do.
            self.put(format_args!("\x1b[{count}X"));
        }
    }

    fn write(&mut self, x: u16, y: u16, cell: &Cell, blank: bool) {
        self.flush();
        self.go(x, y);
        if blank && self.bg == cell.bg && !self.modifier.intersects(SEEN) {
            // The pen is good enough for it.
        } else {
            self.set(cell);
        }
        self.bytes.push_str(cell.symbol());
        // Terminals do not agree how wide everything is: after what is wide, they are told where
        // to go on.
        self.at = (cell.symbol().width() == 1).then_some((x + 1, y));
    }

    fn go(&mut self, x: u16, y: u16) {
        match self.at {
            Some(at) if at == (x, y) => {}
            Some((from, row)) if row == y && from < x => match x - from {
                1..=3 if self.could_write(from, x, y) => {
                    // Shorter than to go over it: once more what is there already.
                    let cells = (from..x).filter_map(|x| self.next.cell((x, y)));
                    cells.for_each(|cell| self.bytes.push_str(cell.symbol()));
                }
                1 => self.put(format_args!("\x1b[C")),
                by => self.put(format_args!("\x1b[{by}C")),
            },
            _ => self.put(format_args!("\x1b[{};{}H", y + 1, x + 1)),
        }
        self.at = Some((x, y));
    }

    /// Whether these cells would be written with the pen as it is, a byte each.
    fn could_write(&self, from: u16, to: u16, y: u16) -> bool {
        let plain = !self.modifier.intersects(SEEN);
        (from..to).all(|x| {
            self.next.cell((x, y)).is_some_and(|cell| {
                let alike = (cell.fg, cell.modifier) == (self.fg, self.modifier);
                let blank = is_blank(cell) && plain;
                cell.symbol().len() == 1 && cell.bg == self.bg && (alike || blank)
            })
        })
    }

    fn set(&mut self, cell: &Cell) {
        let (fg, bg, modifier) = (cell.fg, cell.bg, cell.modifier);
        if (fg, bg, modifier) == (self.fg, self.bg, self.modifier) {
            return;
        }
        if (fg, bg, modifier) == (Color::Reset, Color::Reset, Modifier::empty()) {
            return self.plain();
        }
        let mut codes = String::new();
        if !modifier.contains(self.modifier) {
            // What is on can only be taken away with everything.
            codes.push_str("0;");
            (self.fg, self.bg) = (Color::Reset, Color::Reset);
            self.modifier = Modifier::empty();
        }
        let more = modifier.difference(self.modifier);
        for (flag, code) in [
            (Modifier::BOLD, "1;"),
            (Modifier::DIM, "2;"),
            (Modifier::ITALIC, "3;"),
            (Modifier::UNDERLINED, "4;"),
            (Modifier::SLOW_BLINK, "5;"),
            (Modifier::RAPID_BLINK, "6;"),
            (Modifier::REVERSED, "7;"),
            (Modifier::HIDDEN, "8;"),
            (Modifier::CROSSED_OUT, "9;"),
        ] {
            if more.contains(flag) {
                codes.push_str(code);
            }
        }
        if fg != self.fg {
            colour(&mut codes, fg, 30);
        }
        if bg != self.bg {
            colour(&mut codes, bg, 40);
        }
        codes.pop();
        self.put(format_args!("\x1b[{codes}m"));
        (self.fg, self.bg, self.modifier) = (fg, bg, modifier);
    }

    fn plain(&mut self) {
        self.bytes.push_str("\x1b[m");
        (self.fg, self.bg) = (Color::Reset, Color::Reset);
        self.modifier = Modifier::empty();
    }

    fn end(&mut self) {
        self.flush();
        let coloured = self.fg != Color::Reset || self.bg != Color::Reset;
        if coloured || !self.modifier.is_empty() {
            self.plain();
        }
    }

    fn put(&mut self, text: std::fmt::Arguments<'_>) {
        // A string takes everything.
        let _ = self.bytes.write_fmt(text);
    }
}

/// The codes of a colour, `30` for letters and `40` for what is behind them. The first sixteen by
/// their own codes, which the poorest terminal knows.
fn colour(codes: &mut String, colour: Color, base: u8) {
    let number = match colour {
        Color::Reset => 9,
        Color::Black => 0,
        Color::Red => 1,
        Color::Green => 2,
        Color::Yellow => 3,
        Color::Blue => 4,
        Color::Magenta => 5,
        Color::Cyan => 6,
        Color::Gray => 7,
        Color::DarkGray => 60,
        Color::LightRed => 61,
        Color::LightGreen => 62,
        Color::LightYellow => 63,
        Color::LightBlue => 64,
        Color::LightMagenta => 65,
        Color::LightCyan => 66,
        Color::White => 67,
        Color::Indexed(number) => {
            let _ = write!(codes, "{};5;{number};", base + 8);
            return;
        }
        Color::Rgb(red, green, blue) => {
            let _ = write!(codes, "{};2;{red};{green};{blue};", base + 8);
            return;
        }
    };
    let _ = write!(codes, "{};", base + number);
}
