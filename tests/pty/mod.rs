//! A program in a pseudo terminal: keys, mouse and signals go in, what the screen shows comes out.
//!
//! Waiting has a generous deadline that fails the test and shows the screen; nothing is asserted
//! about how long anything takes.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs
)]

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::Path;
use std::process::{Child, ExitStatus};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crossterm::event::{KeyCode, KeyModifiers};
use pty_process::Size;
use pty_process::blocking::{Command, Pty};
use rustix::process::{Pid, Signal, kill_process};
use twinscope::console::keymap::Chord;

/// How long anything may take on a busy machine before it counts as never.
const DEADLINE: Duration = Duration::from_secs(60);
/// How long nothing has to come for the program to count as idle.
const QUIET: Duration = Duration::from_millis(250);

pub const LEFT: u8 = 0;
pub const MIDDLE: u8 = 1;
pub const RIGHT: u8 = 2;
pub const WHEEL_UP: u8 = 64;
pub const WHEEL_DOWN: u8 = 65;

struct Seen {
    parser: vt100::Parser,
    bytes: Vec<u8>,
    ended: bool,
}

/// A program that runs in a pseudo terminal; killed when dropped.
pub struct Program {
    child: Child,
    pty: Arc<Pty>,
    seen: Arc<(Mutex<Seen>, Condvar)>,
}

impl Program {
    /// Twinscope with these words, on a screen of 120x40 and the given home.
    pub fn twinscope(home: &Path, words: &[&str]) -> Program {
        Program::sized(home, words, (120, 40), &[])
    }

    /// Twinscope on a screen of (columns, rows), with variables on top of the usual ones; an empty
    /// value takes a variable away.
    pub fn sized(
        home: &Path,
        words: &[&str],
        size: (u16, u16),
        environment: &[(&str, &str)],
    ) -> Program {
        let home = home.to_str().unwrap();
        let mut variables = vec![("TWINSCOPE_HOME", home)];
        variables.extend(environment);
        let program = env!("CARGO_BIN_EXE_twinscope");
        Program::start(program, words, size, &variables)
    }

    /// Any program, with nothing of our environment but PATH.
    pub fn start(
        program: impl AsRef<OsStr>,
        words: &[&str],
        (columns, rows): (u16, u16),
        environment: &[(&str, &str)],
    ) -> Program {
        let (pty, pts) = pty_process::blocking::open().unwrap();
        pty.resize(Size::new(rows, columns)).unwrap();
        let mut command = Command::new(program)
            .args(words)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("TERM", "xterm-256color")
            .env("LANG", "C.UTF-8")
            .env("USER", "tester");
        for (name, value) in environment {
            command = match value.is_empty() {
                true => command.env_remove(name),
                false => command.env(name, value),
            };
        }
        let child = command.spawn(pts).unwrap();
        let seen = Seen {
            parser: vt100::Parser::new(side(rows), side(columns), 0),
            bytes: Vec::new(),
            ended: false,
        };
        let pty = Arc::new(pty);
        let seen = Arc::new((Mutex::new(seen), Condvar::new()));
        let (reader, into) = (Arc::clone(&pty), Arc::clone(&seen));
        std::thread::spawn(move || read(&reader, &into));
        Program { child, pty, seen }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        // A test that failed while it looked has told enough.
        self.seen.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes as a terminal would send them.
    pub fn send(&self, bytes: &[u8]) {
        (&*self.pty).write_all(bytes).unwrap();
    }

    /// Keys: characters as they are typed, others as chords in angles: `jj<enter><shift-f10>`;
    /// `<lt>` is `<` itself.
    pub fn keys(&self, keys: &str) {
        let mut rest = keys;
        while let Some(character) = rest.chars().next() {
            rest = &rest[character.len_utf8()..];
            if character != '<' {
                self.send(character.to_string().as_bytes());
                continue;
            }
            let (name, after) = rest.split_once('>').expect("a '>' after the chord");
            rest = after;
            match name {
                "lt" => self.send(b"<"),
                _ => self.send(&bytes_of(name.parse().unwrap())),
            }
        }
    }

    /// Presses and releases a button ([`LEFT`], [`RIGHT`], …; wheels have no release) on the cell
    /// in that column and row, from 0. Fails where the program has not asked for it.
    pub fn mouse(&self, button: u8, x: u16, y: u16) {
        self.mouse_press(button, x, y);
        if button < WHEEL_UP {
            self.mouse_release(button, x, y);
        }
    }

    /// Two clicks at once.
    pub fn double_click(&self, x: u16, y: u16) {
        self.mouse(LEFT, x, y);
        self.mouse(LEFT, x, y);
    }

    /// Only presses.
    pub fn mouse_press(&self, button: u8, x: u16, y: u16) {
        self.report(button, x, y, 'M');
    }

    /// Moves with the button held.
    pub fn mouse_drag(&self, button: u8, x: u16, y: u16) {
        self.report(button + 32, x, y, 'M');
    }

    /// Only releases.
    pub fn mouse_release(&self, button: u8, x: u16, y: u16) {
        self.report(button, x, y, 'm');
    }

    fn report(&self, button: u8, x: u16, y: u16, end: char) {
        let asked = self.seen().parser.screen().mouse_protocol_encoding()
            == vt100::MouseProtocolEncoding::Sgr;
        assert!(asked, "the program has not asked for the mouse");
        self.send(format!("\x1b[<{button};{};{}{end}", x + 1, y + 1).as_bytes());
    }

    /// Pastes a text in brackets.
    pub fn paste(&self, text: &str) {
        self.send(format!("\x1b[200~{text}\x1b[201~").as_bytes());
    }

    /// Makes the screen another size; the kernel tells the program.
    pub fn resize(&self, columns: u16, rows: u16) {
        let parser = &mut self.seen().parser;
        parser.set_size(side(rows), side(columns));
        self.pty.resize(Size::new(rows, columns)).unwrap();
    }

    /// Sends a signal to the program that this started.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits until `enough` holds of the screen; fails with `what` and the screen.
    pub fn wait_until(&self, what: &str, enough: impl Fn(&vt100::Screen) -> bool) {
        self.wait(what, |seen| enough(seen.parser.screen()));
    }

    fn wait(&self, what: &str, enough: impl Fn(&Seen) -> bool) {
        let deadline = Instant::now() + DEADLINE;
        let mut seen = self.seen();
        while !enough(&seen) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || seen.ended {
                let why = match seen.ended {
                    true => "the program has ended",
                    false => "it never came",
                };
                panic!("{what}: {why}. The screen:\n{}", shown(&seen.parser));
            }
            // The end is told by the reader, so the whole time that is left may be slept.
            seen = match self.seen.1.wait_timeout(seen, left) {
                Ok((seen, _)) => seen,
                Err(held) => held.into_inner().0,
            };
        }
    }

    /// Waits until the screen has that text in one of its rows.
    pub fn wait_for(&self, text: &str) {
        self.wait_until(&format!("waiting for '{text}'"), |screen| has(screen, text));
    }

    /// Waits until the screen has that text no more.
    pub fn wait_gone(&self, text: &str) {
        self.wait_until(&format!("waiting for '{text}' to go"), |screen| {
            !has(screen, text)
        });
    }

    /// Waits until nothing has come for a while. Only for what has no text to wait for: on a busy
    /// machine a program can be slow instead of idle.
    pub fn wait_idle(&self) {
        let deadline = Instant::now() + DEADLINE;
        let mut seen = self.seen();
        loop {
            let before = seen.bytes.len();
            let quiet_until = Instant::now() + QUIET;
            loop {
                let left = quiet_until.saturating_duration_since(Instant::now());
                if left.is_zero() || seen.bytes.len() != before || seen.ended {
                    break;
                }
                seen = match self.seen.1.wait_timeout(seen, left) {
                    Ok((seen, _)) => seen,
                    Err(held) => held.into_inner().0,
                };
            }
            if seen.bytes.len() == before || seen.ended {
                return;
            }
            assert!(
                Instant::now() < deadline,
                "never idle. The screen:\n{}",
                shown(&seen.parser)
            );
        }
    }

    /// Waits until the program has ended, and everything that it wrote is read.
    pub fn wait_exit(&mut self) -> ExitStatus {
        let deadline = Instant::now() + DEADLINE;
        let mut seen = self.seen();
        while !seen.ended {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero(),
                "it never ended. The screen:\n{}",
                shown(&seen.parser)
            );
            seen = match self.seen.1.wait_timeout(seen, left) {
                Ok((seen, _)) => seen,
                Err(held) => held.into_inner().0,
            };
        }
        drop(seen);
        self.child.wait().unwrap()
    }

    /// The screen's text, a line a row, without blanks at the ends.
    pub fn screen(&self) -> String {
        shown(&self.seen().parser)
    }

    /// Looks at the screen's cells, colours and modes.
    pub fn look<T>(&self, at: impl FnOnce(&vt100::Screen) -> T) -> T {
        at(self.seen().parser.screen())
    }

    /// Where a text stands on the screen: its first (column, row), from 0.
    pub fn find(&self, text: &str) -> Option<(u16, u16)> {
        self.look(|screen| find(screen, text))
    }

    /// Clicks on the first cell of a text, once it is there.
    pub fn click(&self, button: u8, text: &str) {
        self.wait_for(text);
        let (x, y) = self.find(text).unwrap();
        self.mouse(button, x, y);
    }

    /// Chooses an item of the menu of the row under the cursor, by keys.
    pub fn choose(&self, item: &str) {
        self.keys("m");
        self.wait_for(item);
        self.keys("<home>");
        for _ in 0..30 {
            self.wait_idle();
            let (x, y) = self.find(item).unwrap();
            let here = self.look(|screen| screen.cell(y, x).unwrap().bgcolor());
            if here != vt100::Color::Default {
                return self.keys("<enter>");
            }
            self.keys("<down>");
        }
        panic!("{item} can't be reached:\n{}", self.screen());
    }

    /// How many bytes the program has written.
    pub fn bytes_so_far(&self) -> usize {
        self.seen().bytes.len()
    }

    /// Everything it has written.
    pub fn bytes(&self) -> Vec<u8> {
        self.seen().bytes.clone()
    }

    /// Whether the terminal is as it was: main screen, cursor shown, no mouse, no bracketed paste.
    pub fn restored(&self) -> bool {
        self.look(is_restored)
    }

    /// Waits for that.
    pub fn wait_restored(&self) {
        self.wait("restoring the terminal", |seen| {
            is_restored(seen.parser.screen())
        });
    }

    /// The program's process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read(mut from: &Pty, into: &(Mutex<Seen>, Condvar)) {
    let mut chunk = [0; 4096];
    loop {
        // Linux answers an error, not an end, when the last one has closed the terminal.
        let count = match from.read(&mut chunk) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Ok(count) => count,
            Err(_) => 0,
        };
        let mut seen = into.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.ended = count == 0;
        seen.bytes.extend_from_slice(&chunk[..count]);
        seen.parser.process(&chunk[..count]);
        into.1.notify_all();
        if seen.ended {
            return;
        }
    }
}

fn is_restored(screen: &vt100::Screen) -> bool {
    !screen.alternate_screen()
        && !screen.hide_cursor()
        && !screen.bracketed_paste()
        && screen.mouse_protocol_mode() == vt100::MouseProtocolMode::None
}

fn side(cells: u16) -> NonZeroU16 {
    NonZeroU16::new(cells).expect("a screen has cells")
}

fn rows(screen: &vt100::Screen) -> Vec<String> {
    let (_, columns) = screen.size();
    screen.rows(0, columns.get()).collect()
}

fn shown(parser: &vt100::Parser) -> String {
    let rows = rows(parser.screen());
    let rows: Vec<&str> = rows.iter().map(|row| row.trim_end()).collect();
    rows.join("\n").trim_end().to_owned()
}

fn has(screen: &vt100::Screen, text: &str) -> bool {
    rows(screen).iter().any(|row| row.contains(text))
}

fn find(screen: &vt100::Screen, text: &str) -> Option<(u16, u16)> {
    let (height, width) = screen.size();
    for y in 0..height.get() {
        for x in 0..width.get() {
            let rest: String = (x..width.get())
                .filter_map(|x| screen.cell(y, x))
                .filter(|cell| !cell.is_wide_continuation())
                .map(|cell| match cell.contents() {
                    "" => " ",
                    symbol => symbol,
                })
                .collect();
            if rest.starts_with(text) {
                return Some((x, y));
            }
        }
    }
    None
}

/// What xterm sends for a key.
fn bytes_of(chord: Chord) -> Vec<u8> {
    let modifiers = chord.modifiers();
    let bit = |modifier, value: u8| match modifiers.contains(modifier) {
        true => value,
        false => 0,
    };
    let number =
        1 + bit(KeyModifiers::SHIFT, 1) + bit(KeyModifiers::ALT, 2) + bit(KeyModifiers::CONTROL, 4);
    let letter = |letter: char| match number {
        1 => format!("\x1b[{letter}"),
        _ => format!("\x1b[1;{number}{letter}"),
    };
    let tilde = |code: u8| match number {
        1 => format!("\x1b[{code}~"),
        _ => format!("\x1b[{code};{number}~"),
    };
    let alt = |text: String| match modifiers.contains(KeyModifiers::ALT) {
        true => format!("\x1b{text}"),
        false => text,
    };
    let text = match chord.code() {
        KeyCode::Char(' ') if modifiers.contains(KeyModifiers::CONTROL) => "\0".to_owned(),
        KeyCode::Char(c) if modifiers.contains(KeyModifiers::CONTROL) => {
            alt(char::from(u8::try_from(c).unwrap() & 0x1f).to_string())
        }
        KeyCode::Char(c) => alt(c.to_string()),
        KeyCode::Enter => alt("\r".to_owned()),
        KeyCode::Esc => "\x1b".to_owned(),
        KeyCode::Tab => "\t".to_owned(),
        KeyCode::BackTab => "\x1b[Z".to_owned(),
        KeyCode::Backspace => alt("\x7f".to_owned()),
        KeyCode::Up => letter('A'),
        KeyCode::Down => letter('B'),
        KeyCode::Right => letter('C'),
        KeyCode::Left => letter('D'),
        KeyCode::Home => letter('H'),
        KeyCode::End => letter('F'),
        KeyCode::Insert => tilde(2),
        KeyCode::Delete => tilde(3),
        KeyCode::PageUp => tilde(5),
        KeyCode::PageDown => tilde(6),
        KeyCode::Menu => tilde(29),
        KeyCode::F(number @ 1..=5) => tilde(10 + number),
        KeyCode::F(number @ 6..=10) => tilde(11 + number),
        KeyCode::F(number @ 11..=12) => tilde(12 + number),
        code => panic!("how is {code:?} sent?"),
    };
    text.into_bytes()
}
