//! The terminal, for real: entered and given back in a pseudo terminal.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod pty;

use std::io::{Read, Write};

use crossterm::event::Event;
use pty::Program;
use ratatui::style::Style;
use rustix::process::Signal;
use twinscope::console::draw::theme::{Role, Theme};
use twinscope::console::keymap::Chord;
use twinscope::console::terminal::{Terminal, tty_size};

/// Set in the child: which of its parts it plays.
const PART: &str = "TWINSCOPE_TEST_PART";

/// This test program again, playing a part in a pseudo terminal. One thread, so that the part is
/// on the main one.
fn part(name: &str, environment: &[(&str, &str)]) -> Program {
    let mut variables = vec![(PART, name)];
    variables.extend(environment);
    let words = ["--exact", "plays_a_part", "--nocapture", "--test-threads=1"];
    Program::start(
        std::env::current_exe().unwrap(),
        &words,
        (60, 16),
        &variables,
    )
}

/// What the other tests run in their terminals; outside of one there is nothing to do.
#[test]
fn plays_a_part() {
    let Ok(part) = std::env::var(PART) else {
        return;
    };
    let log = |panic: &str| {
        std::fs::write(std::env::var("LOG").unwrap(), panic).unwrap();
    };
    let mut terminal = Terminal::of_process(true, log).unwrap();
    draw(&mut terminal, "ready");
    if part == "events" {
        return tell_events(&mut terminal);
    }
    let mut key = [0];
    while std::io::stdin().read(&mut key).unwrap() == 1 {
        match (part.as_str(), key[0]) {
            (_, b'q') => break,
            ("panic", _) => panic!("the UI is broken"),
            ("job", _) => {
                let job = std::thread::spawn(|| panic!("the job\nis broken"));
                assert!(job.join().is_err());
                draw(&mut terminal, "job failed");
            }
            ("suspend", _) => {
                terminal.suspend().unwrap();
                draw(&mut terminal, "back again");
            }
            ("mouse", _) => {
                let on = terminal.mouse();
                terminal.set_mouse(!on).unwrap();
            }
            ("same", _) => draw(&mut terminal, "ready"),
            _ => {}
        }
    }
    drop(terminal);
    std::io::stdout().write_all(b"good bye").unwrap();
    std::io::stdout().flush().unwrap();
}

/// Shows each event, until `q`.
fn tell_events(terminal: &mut Terminal) {
    loop {
        let text = match crossterm::event::read().unwrap() {
            Event::Key(key) => Chord::of(&key).unwrap().to_string(),
            Event::Mouse(mouse) => format!("{:?} {} {}", mouse.kind, mouse.column, mouse.row),
            Event::Resize(columns, rows) => {
                terminal.screen().resize(tty_size());
                format!("{columns}x{rows}")
            }
            other => format!("{other:?}"),
        };
        if text == "q" {
            return;
        }
        draw(terminal, &format!("[{text}]"));
    }
}

fn draw(terminal: &mut Terminal, text: &str) {
    let theme = Theme::choose(None, &|name| std::env::var(name).ok()).unwrap();
    let frame = terminal.screen().draw(|buffer| {
        buffer.set_string(0, 0, text, Style::new());
        buffer.set_string(0, 1, "cursor", theme.style(Role::Cursor));
        None
    });
    frame.unwrap();
}

#[test]
fn the_terminal_is_entered_and_given_back() {
    let mut program = part("plain", &[]);
    program.wait_for("ready");
    program.look(|screen| {
        assert!(screen.alternate_screen() && screen.hide_cursor() && screen.bracketed_paste());
        let mode = screen.mouse_protocol_mode();
        assert_eq!(mode, vt100::MouseProtocolMode::ButtonMotion);
    });
    assert!(!program.restored());
    program.keys("q");
    assert!(program.wait_exit().success());
    assert!(program.restored());
    assert!(program.screen().contains("good bye"));
}

#[test]
fn no_frame_asks_the_terminal_anything() {
    let mut program = part("plain", &[]);
    program.wait_for("ready");
    program.keys("q");
    program.wait_exit();
    let bytes = String::from_utf8(program.bytes()).unwrap();
    for query in ["\x1b[6n", "\x1b[c", "\x1b[>", "\x1b[?u", "1003"] {
        assert!(!bytes.contains(query));
    }
}

#[test]
fn a_panic_gives_the_terminal_back_and_is_told() {
    let mut program = part("panic", &[]);
    program.wait_for("ready");
    program.keys("x");
    assert!(!program.wait_exit().success());
    assert!(program.restored());
    assert!(program.screen().contains("the UI is broken"));
    let left = b"\x1b[?1049l";
    let bytes = program.bytes();
    assert_eq!(bytes.windows(left.len()).filter(|at| at == left).count(), 1);
}

#[test]
fn a_panic_in_a_job_leaves_the_screen_alone_and_is_logged() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let mut program = part("job", &[("LOG", log.to_str().unwrap())]);
    program.wait_for("ready");
    program.keys("x");
    program.wait_for("job failed");
    assert!(!program.restored());
    assert!(!program.screen().contains("broken"));
    let logged = std::fs::read_to_string(&log).unwrap();
    assert!(logged.ends_with("the job is broken") && logged.contains("tests/terminal.rs"));
    program.keys("q");
    assert!(program.wait_exit().success());
}

#[test]
fn suspending_leaves_and_enters_again() {
    let mut program = part("suspend", &[]);
    program.wait_for("ready");
    program.keys("z");
    // Nobody could wake it here, so the kernel lets it go on; it has left and entered all the same.
    program.wait_for("back again");
    let bytes = String::from_utf8(program.bytes()).unwrap();
    let (left, entered) = ("\x1b[?1049l", "\x1b[?1049h");
    assert_eq!(bytes.matches(entered).count(), 2);
    assert!(bytes.find(left) < bytes.rfind(entered));
    program.keys("q");
    assert!(program.wait_exit().success());
    assert!(program.restored());
}

#[test]
fn the_mouse_can_be_given_back_while_it_runs() {
    let mut program = part("mouse", &[]);
    program.wait_for("ready");
    let none =
        |screen: &vt100::Screen| screen.mouse_protocol_mode() == vt100::MouseProtocolMode::None;
    program.keys("m");
    program.wait_until("mouse off", none);
    program.keys("m");
    program.wait_until("mouse on", |screen| !none(screen));
    program.keys("q");
    program.wait_exit();
}

#[test]
fn the_same_frame_and_an_idle_program_write_nothing() {
    let program = part("same", &[]);
    program.wait_for("ready");
    program.wait_idle();
    let before = program.bytes_so_far();
    program.keys("xxx");
    program.wait_idle();
    assert_eq!(program.bytes_so_far(), before);
}

#[test]
fn without_colour_the_cursor_is_still_seen() {
    let cell = |environment: &[(&str, &str)]| {
        let program = part("plain", environment);
        program.wait_for("cursor");
        let (x, y) = program.find("cursor").unwrap();
        program.look(|screen| {
            let cell = screen.cell(y, x).unwrap();
            (cell.inverse(), cell.bgcolor())
        })
    };
    assert_eq!(cell(&[("NO_COLOR", "1")]), (true, vt100::Color::Default));
    assert_eq!(cell(&[]), (false, vt100::Color::Idx(6)));
}

#[test]
fn what_the_harness_sends_arrives_as_it_was_meant() {
    let mut program = part("events", &[]);
    program.wait_for("ready");
    for key in [
        "a",
        "G",
        "?",
        "<lt>",
        "<space>",
        "<enter>",
        "<tab>",
        "<backtab>",
        "<backspace>",
        "<del>",
        "<ins>",
        "<home>",
        "<end>",
        "<pgup>",
        "<pgdn>",
        "<up>",
        "<down>",
        "<left>",
        "<right>",
        "<menu>",
        "<f1>",
        "<f5>",
        "<f6>",
        "<f10>",
        "<f12>",
        "<shift-f10>",
        "<ctrl-r>",
        "<ctrl-space>",
        "<alt-left>",
        "<alt-g>",
        "<ctrl-alt-del>",
        "<ctrl-end>",
        "<esc>",
        "ä",
    ] {
        let name = key.trim_matches(['<', '>']);
        let shown = match name {
            "lt" => "<".to_owned(),
            name => name.parse::<Chord>().unwrap().to_string(),
        };
        program.keys(key);
        program.wait_for(&format!("[{shown}]"));
    }
    program.mouse(pty::RIGHT, 7, 3);
    program.wait_for("[Up(Right) 7 3]");
    program.mouse_press(pty::LEFT, 0, 15);
    program.wait_for("[Down(Left) 0 15]");
    program.mouse_drag(pty::LEFT, 59, 0);
    program.wait_for("[Drag(Left) 59 0]");
    program.mouse_release(pty::LEFT, 59, 0);
    program.wait_for("[Up(Left) 59 0]");
    program.mouse(pty::WHEEL_DOWN, 1, 1);
    program.wait_for("[ScrollDown 1 1]");
    program.paste("two\nlines");
    program.wait_for(r#"[Paste("two\nlines")]"#);
    program.resize(50, 12);
    program.wait_for("[50x12]");
    program.keys("q");
    assert!(program.wait_exit().success());
    assert!(program.restored());
}

#[test]
fn the_harness_runs_twinscope_and_sees_what_it_says() {
    let home = tempfile::tempdir().unwrap();
    let mut program = Program::twinscope(home.path(), &["--help"]);
    program.wait_for("Usage:");
    assert!(program.wait_exit().success());
    assert!(program.restored());
    assert!(program.find("Usage:").is_some());
}

#[test]
fn the_harness_kills_what_it_started_and_signals_it() {
    let mut program = part("plain", &[]);
    program.wait_for("ready");
    program.resize(80, 20);
    program.signal(Signal::TERM);
    let status = program.wait_exit();
    assert!(!status.success());
}
