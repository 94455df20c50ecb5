//! Tests of `terminal`.

use std::cell::RefCell;
use std::rc::Rc;

use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::Position;
use ratatui::style::{Color, Modifier, Style};

use super::*;

const SIZE: Size = Size {
    width: 40,
    height: 10,
};
const IN: &str = "\x1b[?1049h\x1b[?25l\x1b[?2004h\x1b[?1000h\x1b[?1002h\x1b[?1006h";
const OUT: &str = "\x1b[?1006l\x1b[?1002l\x1b[?1000l\x1b[?2004l\x1b[?25h\x1b[?1049l";

/// A writer that is looked at while a terminal has it, and counts its writes.
#[derive(Clone, Default)]
struct Shared(Rc<RefCell<(Vec<u8>, usize)>>);

impl Shared {
    fn take(&self) -> String {
        self.0.borrow_mut().1 = 0;
        String::from_utf8(std::mem::take(&mut self.0.borrow_mut().0)).unwrap()
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut inner = self.0.borrow_mut();
        inner.0.extend_from_slice(bytes);
        inner.1 += 1;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A writer that fails while it is told to.
struct Failing(Rc<RefCell<bool>>, Vec<u8>);

impl Write for Failing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if *self.0.borrow() {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        self.1.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn hello(buffer: &mut Buffer) -> Option<Position> {
    buffer.set_string(0, 0, "hello", Style::new());
    None
}

/// What a terminal shows after those bytes.
fn shown(bytes: &[u8]) -> vt100::Parser {
    let side = |cells| std::num::NonZeroU16::new(cells).unwrap();
    let mut parser = vt100::Parser::new(side(SIZE.height), side(SIZE.width), 0);
    parser.process(bytes);
    parser
}

#[test]
fn leaving_takes_back_what_entering_did_in_reverse_and_once() {
    let out = Shared::default();
    let mut terminal = Terminal::enter(out.clone(), SIZE, no_raw, true).unwrap();
    assert_eq!(out.take(), IN);
    terminal.leave().unwrap();
    assert_eq!(out.take(), OUT);
    terminal.leave().unwrap();
    drop(terminal);
    assert_eq!(out.take(), "");
}

#[test]
fn what_is_sent_has_no_query_and_no_hover() {
    for part in ["\x1b[6n", "\x1b[c", "?1003", "?1015"] {
        assert!(!IN.contains(part));
    }
    let parser = shown(IN.as_bytes());
    let screen = parser.screen();
    assert_eq!(
        screen.mouse_protocol_mode(),
        vt100::MouseProtocolMode::ButtonMotion
    );
    assert_eq!(
        screen.mouse_protocol_encoding(),
        vt100::MouseProtocolEncoding::Sgr
    );
    assert!(screen.alternate_screen() && screen.bracketed_paste() && screen.hide_cursor());
    let parser = shown(format!("{IN}{OUT}").as_bytes());
    let screen = parser.screen();
    assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
    assert!(!screen.alternate_screen() && !screen.bracketed_paste() && !screen.hide_cursor());
}

#[test]
fn dropping_leaves_and_reentering_draws_the_whole_frame() {
    let out = Shared::default();
    let mut terminal = Terminal::enter(out.clone(), SIZE, no_raw, true).unwrap();
    terminal.screen().draw(hello).unwrap();
    terminal.leave().unwrap();
    out.take();
    terminal.reenter().unwrap();
    terminal.reenter().unwrap();
    assert_eq!(out.take(), IN);
    terminal.screen().draw(hello).unwrap();
    assert!(out.take().contains("\x1b[2J"));
    terminal.resume().unwrap();
    assert_eq!(out.take(), format!("{OUT}{IN}"));
    drop(terminal);
    assert_eq!(out.take(), OUT);
}

#[test]
fn a_terminal_that_fails_on_entering_is_left() {
    thread_local!(static RAW: RefCell<Vec<bool>> = const { RefCell::new(Vec::new()) });
    let raw: RawMode = |on| {
        RAW.with(|calls| calls.borrow_mut().push(on));
        Ok(())
    };
    let broken = Failing(Rc::new(RefCell::new(true)), Vec::new());
    assert!(Terminal::enter(broken, SIZE, raw, true).is_err());
    assert_eq!(RAW.with(RefCell::take), [true, false]);
    let none: RawMode = |_| Err(io::ErrorKind::NotConnected.into());
    let out = Shared::default();
    assert!(Terminal::enter(out.clone(), SIZE, none, true).is_err());
    assert_eq!(out.take(), "");
}

#[test]
fn the_mouse_is_given_back_and_taken() {
    let out = Shared::default();
    let mut terminal = Terminal::enter(out.clone(), SIZE, no_raw, false).unwrap();
    assert!(!out.take().contains("1000"));
    terminal.set_mouse(true).unwrap();
    terminal.set_mouse(true).unwrap();
    assert_eq!(out.take(), "\x1b[?1000h\x1b[?1002h\x1b[?1006h");
    terminal.set_mouse(false).unwrap();
    assert_eq!(out.take(), "\x1b[?1006l\x1b[?1002l\x1b[?1000l");
    assert!(!terminal.mouse());
    // Where the terminal is left, only the wish is kept.
    terminal.leave().unwrap();
    out.take();
    terminal.set_mouse(true).unwrap();
    assert_eq!(out.take(), "");
    terminal.reenter().unwrap();
    assert_eq!(out.take(), IN);
}

#[test]
fn only_a_panic_on_the_ui_thread_restores() {
    let entered = AtomicBool::new(true);
    let ui = std::thread::current().id();
    let job = std::thread::spawn(|| std::thread::current().id())
        .join()
        .unwrap();
    assert_eq!(on_panic(&entered, ui, job), OnPanic::Log);
    assert!(entered.load(Ordering::SeqCst));
    assert_eq!(on_panic(&entered, ui, ui), OnPanic::Restore);
    // Dropping the terminal while it unwinds finds it restored; a later panic is nobody's matter.
    assert_eq!(on_panic(&entered, ui, ui), OnPanic::Tell);
    assert_eq!(on_panic(&entered, ui, job), OnPanic::Tell);
}

#[test]
fn a_frame_is_one_write_in_a_synchronized_update() {
    let out = Shared::default();
    let mut screen = Screen::new(out.clone(), SIZE);
    let bytes = screen.draw(hello).unwrap();
    assert_eq!(out.0.borrow().1, 1);
    let text = out.take();
    assert_eq!(text.len(), bytes);
    assert!(text.starts_with("\x1b[?2026h") && text.ends_with("\x1b[?2026l"));
    assert_eq!(shown(text.as_bytes()).screen().contents(), "hello");
    assert_eq!(screen.bytes_written(), bytes as u64);
}

#[test]
fn the_same_frame_costs_nothing() {
    let out = Shared::default();
    let mut screen = Screen::new(out.clone(), SIZE);
    screen.draw(hello).unwrap();
    out.take();
    assert_eq!(screen.draw(hello).unwrap(), 0);
    screen.resize(SIZE);
    assert_eq!(screen.draw(hello).unwrap(), 0);
    assert_eq!(out.0.borrow().1, 0);
    let with_cursor = |buffer: &mut Buffer| {
        hello(buffer);
        Some(Position { x: 3, y: 2 })
    };
    assert!(screen.draw(with_cursor).unwrap() > 0);
    assert_eq!(screen.draw(with_cursor).unwrap(), 0);
    let text = out.take();
    assert!(text.contains("\x1b[3;4H") && text.contains("\x1b[?25h"));
    screen.draw(hello).unwrap();
    assert!(out.take().contains("\x1b[?25l"));
    // A cursor outside is none.
    let outside = |buffer: &mut Buffer| {
        hello(buffer);
        Some(Position { x: 40, y: 2 })
    };
    assert_eq!(screen.draw(outside).unwrap(), 0);
}

#[test]
fn only_what_changed_is_written() {
    let mut screen = Screen::new(Vec::new(), SIZE);
    screen.draw(hello).unwrap();
    let bytes = screen
        .draw(|buffer| {
            buffer.set_string(0, 0, "hallo", Style::new());
            None
        })
        .unwrap();
    assert!(bytes < 60, "{bytes}");
    assert_eq!(shown(screen.writer()).screen().contents(), "hallo");
    screen.draw(|_| None).unwrap();
    assert_eq!(shown(screen.writer()).screen().contents().trim(), "");
}

#[test]
fn a_whole_frame_repairs_a_spoilt_screen() {
    let out = Shared::default();
    let mut screen = Screen::new(out.clone(), SIZE);
    screen.draw(hello).unwrap();
    let mut all = out.take();
    all.push_str("\x1b[1;31mspoilt\r\nspoilt\x1b[?25h");
    screen.invalidate();
    screen.draw(hello).unwrap();
    all.push_str(&out.take());
    let parser = shown(all.as_bytes());
    assert_eq!(parser.screen().contents(), "hello");
    assert!(parser.screen().hide_cursor());
    assert!(!parser.screen().cell(0, 0).unwrap().bold());
    let smaller = Size {
        width: 20,
        height: 5,
    };
    screen.resize(smaller);
    assert_eq!(screen.size(), smaller);
    screen.draw(hello).unwrap();
    assert!(out.take().contains("\x1b[2J"));
}

#[test]
fn after_a_failed_write_the_frame_is_drawn_whole() {
    let fails = Rc::new(RefCell::new(false));
    let mut screen = Screen::new(Failing(Rc::clone(&fails), Vec::new()), SIZE);
    screen.draw(hello).unwrap();
    *fails.borrow_mut() = true;
    assert!(screen.draw(|_| None).is_err());
    *fails.borrow_mut() = false;
    screen.draw(hello).unwrap();
    assert_eq!(shown(&screen.writer().1).screen().contents(), "hello");
}

#[test]
fn a_size_from_outside_is_bounded() {
    for side in [0, 1, u16::MAX] {
        let size = Size {
            width: side,
            height: side,
        };
        let mut screen = Screen::new(Vec::new(), size);
        screen.draw(|_| Some(Position { x: 0, y: 0 })).unwrap();
        assert!(screen.size().width <= 1000 && screen.size().height <= 500);
    }
}

#[test]
fn styles_survive_the_way_through_a_terminal() {
    let mut screen = Screen::new(Vec::new(), SIZE);
    screen
        .draw(|buffer| {
            let style = Style::new()
                .fg(Color::Cyan)
                .add_modifier(Modifier::REVERSED | Modifier::BOLD);
            buffer.set_string(2, 1, "SEL", style);
            None
        })
        .unwrap();
    let parser = shown(screen.writer());
    let cell = parser.screen().cell(1, 2).unwrap();
    assert!(cell.inverse() && cell.bold());
    assert_eq!(cell.fgcolor(), vt100::Color::Idx(6));
}

#[test]
fn copying_sends_no_control_characters_and_not_too_much() {
    let out = Shared::default();
    let mut screen = Screen::new(out.clone(), SIZE);
    assert_eq!(screen.copy("a\u{1b}]52;c;x\u{7}\tb\n").unwrap(), 11);
    assert_eq!(out.take(), "\x1b]52;c;YV01MjtjO3gJYgo=\x1b\\");
    let most = "x".repeat(COPY_LIMIT);
    assert_eq!(screen.copy(&most).unwrap(), COPY_LIMIT);
    assert!(out.take().len() <= 64 * 1024 + 16);
    let error = screen.copy(&format!("{most}x")).unwrap_err();
    assert!(matches!(error, CopyError::TooLong { bytes } if bytes == COPY_LIMIT + 1));
    assert_eq!(out.take(), "");
}

/// Any cell: few symbols and styles, so that runs of alike ones come about.
fn any_cell() -> impl Strategy<Value = (&'static str, Style)> {
    let symbols = prop_oneof![4 => Just(" "), 2 => Just("a"), 1 => Just("▌"), 1 => Just("語")];
    let colours = || {
        prop_oneof![
            3 => Just(Color::Reset),
            1 => Just(Color::Cyan),
            1 => Just(Color::DarkGray),
            1 => Just(Color::Indexed(200)),
            1 => Just(Color::Rgb(1, 2, 3)),
        ]
    };
    let modifiers = prop_oneof![
        3 => Just(Modifier::empty()),
        1 => Just(Modifier::BOLD),
        1 => Just(Modifier::REVERSED),
        1 => Just(Modifier::UNDERLINED | Modifier::ITALIC),
    ];
    (symbols, colours(), colours(), modifiers).prop_map(|(symbol, fg, bg, modifier)| {
        (symbol, Style::new().fg(fg).bg(bg).add_modifier(modifier))
    })
}

fn as_shown(colour: Color) -> vt100::Color {
    match colour {
        Color::Cyan => vt100::Color::Idx(6),
        Color::DarkGray => vt100::Color::Idx(8),
        Color::Indexed(number) => vt100::Color::Idx(number),
        Color::Rgb(red, green, blue) => vt100::Color::Rgb(red, green, blue),
        _ => vt100::Color::Default,
    }
}

proptest! {
    #[test]
    fn a_terminal_shows_every_frame_as_it_was_drawn(
        frames in proptest::collection::vec(
            proptest::collection::vec((0..38_u16, 0..10_u16, 1..20_u16, any_cell()), 1..20),
            1..5,
        ),
    ) {
        let out = Shared::default();
        let mut screen = Screen::new(out.clone(), SIZE);
        let mut bytes = String::new();
        for frame in frames {
            let mut drawn = Buffer::empty(ratatui::layout::Rect::new(0, 0, 40, 10));
            for (x, y, count, (symbol, style)) in frame {
                let text = symbol.repeat(usize::from(count));
                drawn.set_stringn(x, y, text, usize::from(40 - x), style);
            }
            screen.draw(|buffer| {
                buffer.clone_from(&drawn);
                None
            }).unwrap();
            bytes.push_str(&out.take());
            let parser = shown(bytes.as_bytes());
            for y in 0..10 {
                let mut x = 0;
                while x < 40 {
                    let (want, cell) = (&drawn[(x, y)], parser.screen().cell(y, x).unwrap());
                    let symbol = if cell.has_contents() { cell.contents() } else { " " };
                    prop_assert_eq!(symbol, want.symbol());
                    prop_assert_eq!(cell.bgcolor(), as_shown(want.bg));
                    prop_assert_eq!(cell.inverse(), want.modifier.contains(Modifier::REVERSED));
                    prop_assert_eq!(cell.underline(), want.modifier.contains(Modifier::UNDERLINED));
                    let letter = symbol != " " || cell.inverse() || cell.underline();
                    if letter {
                        prop_assert_eq!(cell.fgcolor(), as_shown(want.fg));
                        prop_assert_eq!(cell.bold(), want.modifier.contains(Modifier::BOLD));
                    }
                    x += if symbol == "語" { 2 } else { 1 };
                }
            }
        }
    }
}

#[test]
fn blanks_and_colours_cost_little() {
    let out = Shared::default();
    let mut screen = Screen::new(out.clone(), SIZE);
    let line = |style: Style| {
        move |buffer: &mut Buffer| {
            buffer.set_string(0, 3, format!("{:<40}", "ab"), style);
            None
        }
    };
    screen.draw(line(Style::new().bg(Color::Cyan))).unwrap();
    out.take();
    screen.draw(line(Style::new().fg(Color::Red))).unwrap();
    assert_eq!(
        out.take(),
        "\x1b[?2026h\x1b[4;1H\x1b[31mab\x1b[38X\x1b[m\x1b[?2026l"
    );
    // Blanks of another colour are no change at all, and cost nothing.
    let blanks = |fg| {
        move |buffer: &mut Buffer| {
            line(Style::new().fg(Color::Red))(buffer);
            buffer.set_string(10, 3, "      ", Style::new().fg(fg));
            None
        }
    };
    screen.draw(blanks(Color::Green)).unwrap();
    out.take();
    screen.draw(blanks(Color::Blue)).unwrap();
    assert_eq!(out.take(), "");
}
