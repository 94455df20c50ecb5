//! The console as an operator has it: the program in a pseudo terminal, by keys, mouse and signals.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod pty;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use pty::{LEFT, Program, RIGHT, WHEEL_DOWN};
use rustix::process::Signal;
use tempfile::TempDir;

/// Set in the child: this test program plays the console with a layer that panics.
const PART: &str = "TWINSCOPE_TEST_PART";

/// As often as can be, so that what happens is seen soon.
const OFTEN: &str = "[collect]\nstate = 1\nretry = 1\ncache = 1\nconfiguration = 1\n";

/// A fresh home on the embedded estate's sample.
struct Home(TempDir);

impl Home {
    fn new() -> Home {
        let home = Home(tempfile::tempdir().unwrap());
        home.write("config.toml", OFTEN);
        home
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, file: &str, text: &str) {
        std::fs::write(self.path().join(file), text).unwrap();
    }

    /// Standard output of another process on the same home, which must succeed.
    fn run(&self, line: &str) -> String {
        let output = Command::new(env!("CARGO_BIN_EXE_twinscope"))
            .args(line.split_whitespace())
            .env("TWINSCOPE_HOME", self.path())
            .env("USER", "tester")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{line}: {said}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// The console with these words, once every server was read.
    fn console(&self, words: &[&str], size: (u16, u16), environment: &[(&str, &str)]) -> Program {
        let program = Program::sized(self.path(), words, size, environment);
        program.wait_until("every server read", |screen| {
            let rows: Vec<String> = screen.rows(0, size.0).collect();
            rows[0].contains("9 running") && rows.iter().any(|row| row.contains("10.0.0.0"))
        });
        program
    }

    /// Waits until the cache was written that often: so often everything was read and published.
    fn wait_for_collections(&self, times: usize) {
        let cache = self.path().join("estate-cache.bin");
        let written = || -> Option<SystemTime> { cache.metadata().ok()?.modified().ok() };
        let deadline = Instant::now() + Duration::from_secs(60);
        let mut seen = written();
        for _ in 0..times {
            while written() == seen {
                assert!(Instant::now() < deadline, "nobody collects");
                std::thread::yield_now();
                // Nothing tells of a file: it has to be looked at.
                std::thread::park_timeout(Duration::from_millis(20));
            }
            seen = written();
        }
    }
}

/// Where the row of a scope on a server stands, from 0.
fn row_of(program: &Program, server: &str, scope: &str) -> u16 {
    let (wanted, scope) = (format!("{server}.contoso.com"), format!("{scope} "));
    program.look(|screen| {
        let (_, columns) = screen.size();
        let at = screen.rows(0, columns.get()).position(|row| {
            let cells = row.find(&scope);
            // A relationship's name has both servers' in it; the server stands before the scope.
            cells.is_some_and(|at| row[..at].contains(&wanted))
        });
        u16::try_from(at.expect("the row")).unwrap()
    })
}

/// Both copies of the scope have the seed's reservation.
fn both_have_it(home: &Home) {
    for server in ["dhcp1", "dc1"] {
        let told = home.run(&format!(
            "Get-DhcpServerv4Reservation -ScopeId 10.0.0.0 -ComputerName {server}.contoso.com"
        ));
        let has = told
            .lines()
            .any(|line| line.contains("10.0.0.100") && line.contains("00-15-5d-a7-66-02"));
        assert!(has, "{server}:\n{told}");
    }
}

#[test]
fn it_opens_on_the_embedded_estate_and_quits() {
    let home = Home::new();
    let mut program = home.console(&[], (120, 40), &[]);
    for text in [
        "Twinscope · contoso.com",
        "MONITOR AND MANAGE",
        "EVENT CATALOG",
        "ACCESS CONTROL",
        "Server Type: DHCP",
        "View: Scope Properties",
        "Scope ID",
        "read-write",
        "q quit",
    ] {
        assert!(program.find(text).is_some(), "{text}\n{}", program.screen());
    }
    program.keys("q");
    assert!(program.wait_exit().success());
    assert!(program.restored());
    let bytes = String::from_utf8_lossy(&program.bytes()).into_owned();
    for query in ["\x1b[6n", "\x1b[c", "\x1b[>", "\x1b[?u", "1003"] {
        assert!(!bytes.contains(query));
    }
}

#[test]
fn the_seeds_example_by_keys_alone_at_80x24() {
    let home = Home::new();
    let mut program = home.console(&[], (80, 24), &[]);
    program.keys("t");
    program.wait_for("DNS and DHCP  ");
    program.keys("<end><enter>");
    program.wait_gone("DNS and DHCP  ");
    program.keys("v");
    program.wait_for("Superscope Properties");
    program.keys("<home><down><enter>");
    program.wait_gone("Superscope Properties");
    program.keys("/");
    program.keys("server:dhcp1 10.0.0.0<enter>");
    program.wait_for("1 of ");
    program.choose("Create DHCP Reservation");
    program.wait_for("Client ID");
    program.keys("<tab><ctrl-u>10.0.0.100<tab>00155DA76602");
    program.wait_for("00-15-5d-a7-66-02");
    program.keys("<enter>");
    program.wait_for("u takes it back");
    assert!(program.find("Client ID").is_none(), "{}", program.screen());
    both_have_it(&home);
    program.keys("q");
    assert!(program.wait_exit().success());
}

#[test]
fn the_seeds_example_by_mouse_alone_at_140x42() {
    let home = Home::new();
    let mut program = home.console(&[], (140, 42), &[]);
    program.click(LEFT, "DHCP ▾");
    program.wait_for("DNS and DHCP  ");
    // Below the line that says DNS.
    let (x, y) = program.find("DNS and DHCP  ").unwrap();
    program.mouse(LEFT, x, y + 2);
    program.wait_gone("DNS and DHCP  ");
    program.click(LEFT, "Scope Properties ▾");
    program.wait_for("Superscope Properties");
    let (x, y) = program.find("Superscope Properties").unwrap();
    program.mouse(LEFT, x, y - 1);
    program.wait_gone("Superscope Properties");
    let row = row_of(&program, "dhcp1", "10.0.0.0");
    program.mouse(RIGHT, 60, row);
    program.click(LEFT, "Create DHCP Reservation");
    program.wait_for("Client ID");
    // The proposed address is taken away by the mouse alone: the terminal pastes over it.
    program.click(LEFT, "IP address");
    program.keys("<ctrl-u>");
    program.paste("10.0.0.100");
    program.click(LEFT, "Client ID");
    program.paste("00155DA76602");
    program.wait_for("00155DA76602");
    program.click(LEFT, "[ OK ]");
    program.wait_for("u takes it back");
    both_have_it(&home);
    // The wheel, and a header that sorts.
    program.mouse(WHEEL_DOWN, 60, row);
    program.click(LEFT, "Scope ID");
    program.wait_for("Scope ID▴");
    // It ends before the button is let go.
    let (x, y) = program.find("q quit").unwrap();
    program.mouse_press(LEFT, x, y);
    assert!(program.wait_exit().success());
    assert!(program.restored());
}

#[test]
fn what_another_process_does_is_shown_without_asking() {
    let home = Home::new();
    let program = home.console(&[], (120, 40), &[]);
    home.run("lab stop dc1");
    program.wait_for("1 stopped");
    home.run("lab start dc1");
    program.wait_for("9 running");
    home.run(
        "Set-DhcpServerv4Scope -ScopeId 10.0.0.0 -ComputerName dhcp1.contoso.com -Name Elsewhere",
    );
    program.wait_for("Elsewhere");
}

#[test]
fn the_terminal_changes_its_size() {
    let home = Home::new();
    let program = home.console(&[], (120, 40), &[]);
    program.resize(80, 24);
    program.wait_gone("MONITOR AND MANAGE");
    program.wait_for("Server Type: DHCP");
    program.resize(59, 24);
    program.wait_for("Twinscope needs 60 columns and 16 rows; this terminal has");
    assert!(program.find("Scope ID").is_none());
    program.resize(60, 15);
    program.wait_for("and 15.");
    program.resize(60, 16);
    program.wait_for("Scope ID");
    program.resize(200, 60);
    program.wait_for("MONITOR AND MANAGE");
    program.wait_for("Failover Config Sync Status");
}

#[test]
fn what_is_pasted_goes_where_one_types() {
    let home = Home::new();
    let program = home.console(&[], (120, 40), &[]);
    // Where nobody types it is no command either.
    program.paste("qqq\nq");
    program.keys("/");
    program.paste("warehouse\nq\x07");
    program.wait_for("/ warehouse");
    program.wait_for(" of ");
    program.keys("<esc>");
    program.wait_gone("/ warehouse");
    program.keys("/server:dhcp1 10.0.0.0<enter>");
    program.wait_for("1 of ");
    program.choose("Create DHCP Reservation");
    program.wait_for("Client ID");
    program.keys("<tab><tab>");
    program.paste("00:15:5D:A7:66:02\r\nand more");
    program.keys("<tab>");
    program.wait_for("00-15-5d-a7-66-02");
}

#[test]
fn signals_give_the_terminal_back() {
    for signal in [Signal::TERM, Signal::HUP, Signal::INT, Signal::QUIT] {
        let home = Home::new();
        let mut program = home.console(&[], (100, 30), &[]);
        assert!(!program.restored());
        program.signal(signal);
        assert!(program.wait_exit().success(), "{signal:?}");
        assert!(program.restored(), "{signal:?}");
    }
}

#[test]
fn the_shell_stops_it_and_lets_it_go_on() {
    let home = Home::new();
    let environment = [
        ("TWINSCOPE_HOME", home.path().to_str().unwrap()),
        ("PS1", "shell> "),
        ("CONSOLE", env!("CARGO_BIN_EXE_twinscope")),
    ];
    let mut program = Program::start("/bin/sh", &["-i"], (100, 30), &environment);
    program.wait_for("shell>");
    program.keys("$CONSOLE<enter>");
    program.wait_for("9 running");
    program.keys("<ctrl-z>");
    program.wait_restored();
    program.wait_for("shell>");
    // The terminal is the shell's, with its echo and its line ends.
    program.keys("echo $((40 + 2))<enter>");
    program.wait_for("42");
    program.resize(90, 25);
    program.keys("fg<enter>");
    program.wait_for("9 running");
    assert!(!program.restored());
    program.keys("q");
    // What is typed before the program has ended is the program's.
    program.wait_until("the shell's prompt", |screen| {
        let rows: Vec<String> = screen.rows(0, 90).collect();
        let last = rows.iter().rev().find(|row| !row.trim().is_empty());
        !screen.alternate_screen() && last.is_some_and(|row| row.trim() == "shell>")
    });
    assert!(program.restored());
    program.keys("exit<enter>");
    program.wait_exit();
}

#[test]
fn a_stop_from_outside_is_repaired_when_it_goes_on() {
    let home = Home::new();
    let program = home.console(&[], (100, 30), &[]);
    program.wait_idle();
    program.signal(Signal::STOP);
    let before = program.bytes_so_far();
    program.signal(Signal::CONT);
    // Every mode anew, and the whole frame.
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let bytes = program.bytes();
        let since = String::from_utf8_lossy(&bytes[before..]).into_owned();
        if since.contains("\x1b[?1049h") && since.contains("9 running") {
            break;
        }
        assert!(Instant::now() < deadline, "{}", program.screen());
        std::thread::park_timeout(Duration::from_millis(20));
    }
    program.keys("v");
    program.wait_for("Superscope Properties");
}

#[test]
fn without_colour_the_cursor_is_still_seen() {
    let home = Home::new();
    for (words, environment) in [
        (&[][..], &[("NO_COLOR", "1")][..]),
        (&["--theme", "mono"][..], &[][..]),
    ] {
        let program = home.console(words, (100, 30), environment);
        program.look(|screen| {
            let (rows, columns) = screen.size();
            let cells = (0..rows.get()).flat_map(|y| (0..columns.get()).map(move |x| (y, x)));
            let cells: Vec<_> = cells.filter_map(|(y, x)| screen.cell(y, x)).collect();
            let plain = vt100::Color::Default;
            assert!(
                cells
                    .iter()
                    .all(|cell| cell.fgcolor() == plain && cell.bgcolor() == plain)
            );
            let inverse = cells.iter().filter(|cell| cell.inverse()).count();
            assert!(inverse >= 60, "{inverse}");
        });
    }
    let program = home.console(&[], (100, 30), &[]);
    program.look(|screen| {
        let (rows, columns) = screen.size();
        let mut cells = (0..rows.get()).flat_map(|y| (0..columns.get()).map(move |x| (y, x)));
        assert!(cells.any(|(y, x)| {
            screen
                .cell(y, x)
                .is_some_and(|cell| cell.bgcolor() != vt100::Color::Default)
        }));
    });
}

#[test]
fn ascii_only_where_that_is_asked_for() {
    let home = Home::new();
    let program = home.console(&["--ascii"], (120, 40), &[]);
    program.keys("m");
    program.wait_for("Create DHCP Reservation");
    program.wait_idle();
    let bytes = program.bytes();
    let text = String::from_utf8_lossy(&bytes);
    let other: String = text.chars().filter(|c| !c.is_ascii()).collect();
    assert_eq!(other, "", "{}", program.screen());
}

#[test]
fn read_only_refuses_with_a_reason() {
    let home = Home::new();
    let program = home.console(&["--read-only"], (120, 40), &[]);
    program.wait_for("read-only");
    program.keys("m");
    program.wait_for("Create DHCP Reservation");
    // The cursor stands on what can be done; the other one is asked for all the same.
    program.click(LEFT, "Create DHCP Reservation");
    program.wait_for("the console was opened with --read-only");
    assert!(program.find("Client ID").is_none());
}

#[test]
fn a_wrong_keymap_is_refused_with_its_line() {
    let home = Home::new();
    home.write("keymap.toml", "[keys]\nquit = \"x\"\nmenu = [\"nokey\"]\n");
    let mut program = Program::twinscope(home.path(), &[]);
    assert!(!program.wait_exit().success());
    assert!(program.restored());
    let said = program.screen();
    assert!(said.contains("keymap.toml, line 3, menu:"), "{said}");
    let bytes = program.bytes();
    assert!(!String::from_utf8_lossy(&bytes).contains("\x1b[?1049h"));
    // A right one holds, in the footer too.
    home.write("keymap.toml", "[keys]\nquit = \"x\"\n");
    let mut program = home.console(&[], (120, 40), &[]);
    program.wait_for("x quit");
    program.keys("x");
    assert!(program.wait_exit().success());
}

#[test]
fn without_a_terminal_or_with_an_unknown_theme_it_says_so() {
    let home = Home::new();
    let mut program = Program::twinscope(home.path(), &["--theme", "pink"]);
    assert!(!program.wait_exit().success());
    let said = program.screen();
    assert!(said.contains("pink") && said.contains("mono"), "{said}");
    let output = Command::new(env!("CARGO_BIN_EXE_twinscope"))
        .env("TWINSCOPE_HOME", home.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("needs a terminal"));
}

#[test]
fn an_idle_console_sends_nothing_while_it_collects() {
    let home = Home::new();
    let program = home.console(&[], (120, 40), &[]);
    home.wait_for_collections(2);
    program.wait_idle();
    let before = program.bytes_so_far();
    home.wait_for_collections(3);
    let all = program.bytes();
    let sent = String::from_utf8_lossy(&all[before..]).into_owned();
    assert_eq!(sent, "");
    // And once something changes, only that.
    home.run("lab stop dns2");
    program.wait_for("1 stopped");
    let cost = program.bytes_so_far() - before;
    assert!(cost < 400, "{cost} bytes");
}

#[test]
fn a_terminal_that_goes_away_ends_it() {
    use std::io::Read;
    let home = Home::new();
    let (mut pty, pts) = pty_process::blocking::open().unwrap();
    pty.resize(pty_process::Size::new(30, 100)).unwrap();
    let mut child = pty_process::blocking::Command::new(env!("CARGO_BIN_EXE_twinscope"))
        .env_clear()
        .env("TERM", "xterm-256color")
        .env("TWINSCOPE_HOME", home.path())
        .spawn(pts)
        .unwrap();
    let mut seen = Vec::new();
    let mut chunk = [0; 4096];
    while !String::from_utf8_lossy(&seen).contains("10.0.0.0") {
        let count = pty.read(&mut chunk).unwrap();
        seen.extend_from_slice(&chunk[..count]);
    }
    drop(pty);
    let deadline = Instant::now() + Duration::from_secs(60);
    while child.try_wait().unwrap().is_none() {
        assert!(Instant::now() < deadline, "it lives on without a terminal");
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

#[test]
fn the_next_start_shows_what_was_known() {
    let home = Home::new();
    let mut program = home.console(&[], (120, 40), &[]);
    program.keys("q");
    assert!(program.wait_exit().success());
    for server in ["dhcp1", "dc1"] {
        home.run(&format!("lab fail {server} unreachable"));
    }
    let program = Program::twinscope(home.path(), &[]);
    program.wait_for("2 not reachable");
    assert_eq!(
        program.look(|screen| {
            screen
                .rows(0, 120)
                .filter(|row| row.contains("10.0.0.0 "))
                .count()
        }),
        2
    );
}

#[test]
fn a_drill_goes_through_by_keys_alone() {
    let home = Home::new();
    let mut program = home.console(&[], (80, 24), &[]);
    home.run("lab cut dhcp1 dc1");
    program.wait_for("1 not normal");
    program.keys("v<end><enter>");
    program.wait_for("Primary Server Status");
    program.keys("/dhcp1<enter>");
    program.wait_for("1 of ");
    program.choose("Set Partner Down");
    program.wait_for("which server goes on?");
    program.keys("<enter>");
    program.wait_for("DON'T");
    home.run("lab stop dc1");
    program.wait_for("SAFE TO SWITCH");
    program.keys("<enter>");
    program.wait_for("What will be done");
    program.keys("<enter>");
    program.wait_for("PARTNER DOWN");
    home.run("lab join dhcp1 dc1");
    home.run("lab start dc1");
    for _ in 0..10 {
        home.run("lab pass 10m");
    }
    program.wait_for("NORMAL AGAIN");
    program.keys("<esc>");
    // With a letter at its heels it would be that letter with Alt.
    program.wait_gone("NORMAL AGAIN");
    program.wait_gone("not normal");
    program.keys("q");
    assert!(program.wait_exit().success());
}

/// What the test below runs in its terminal; outside of one there is nothing to do.
#[test]
fn plays_a_console_that_panics() {
    use crossterm::event::KeyEvent;
    use ratatui::layout::Rect;
    use tokio::sync::mpsc;
    use twinscope::clock::Clock;
    use twinscope::config::{Configuration, Home as Place};
    use twinscope::console::action::Action;
    use twinscope::console::draw::{Canvas, Look};
    use twinscope::console::jobs::Jobs;
    use twinscope::console::keymap::Keymap;
    use twinscope::console::layers::{Layer, Reply};
    use twinscope::console::preferences::Preferences;
    use twinscope::console::run::{self, Sources};
    use twinscope::console::terminal::{Terminal, tty_size};
    use twinscope::console::world::World;
    use twinscope::console::{App, command};
    use twinscope::ipam::Ipam;

    #[derive(Debug, Default)]
    struct Broken(bool);

    impl Layer for Broken {
        fn name(&self) -> &'static str {
            "broken"
        }

        fn key(&mut self, _: KeyEvent, _: &World) -> Reply {
            self.0 = true;
            Reply::consumed()
        }

        fn draw(&self, _: &mut Canvas<'_>, _: Rect, _: &World) {
            assert!(!self.0, "the layer is broken");
        }
    }

    if std::env::var(PART).is_err() {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime
        .block_on(async {
            let home = Place::of_user().unwrap();
            let clock = Clock::system();
            let ipam = Ipam::open(&home, &Configuration::default(), clock.clone(), "op").unwrap();
            let keymap = Keymap::new(command::defaults()).unwrap();
            let world = World::unknown(clock.now());
            let mut app = App::new(world, Look::default(), keymap, Preferences::default());
            let _ = app.act(Action::Open(Box::new(Broken::default())));
            let (tell, messages) = mpsc::channel(16);
            let mut jobs = Jobs::new(ipam.clone(), home.state.join("taste"), tell);
            let sources = Sources {
                inputs: run::listen().unwrap(),
                messages,
                estates: ipam.watch(),
            };
            let mut terminal = Terminal::of_process(true, |_| ()).unwrap();
            run::run(
                &mut app,
                &mut terminal,
                &mut jobs,
                sources,
                &clock,
                tty_size,
            )
            .await
        })
        .unwrap();
}

#[test]
fn a_panic_in_the_console_gives_the_terminal_back_and_is_told() {
    let home = Home::new();
    let environment = [
        (PART, "panic"),
        ("TWINSCOPE_HOME", home.path().to_str().unwrap()),
    ];
    let words = [
        "--exact",
        "plays_a_console_that_panics",
        "--nocapture",
        "--test-threads=1",
    ];
    let this = std::env::current_exe().unwrap();
    let mut program = Program::start(this, &words, (100, 30), &environment);
    program.wait_for("MONITOR AND MANAGE");
    assert!(!program.restored());
    program.keys("x");
    assert!(!program.wait_exit().success());
    assert!(program.restored());
    assert!(program.screen().contains("the layer is broken"));
    let bytes = program.bytes();
    let left = b"\x1b[?1049l";
    assert_eq!(bytes.windows(left.len()).filter(|at| at == left).count(), 1);
}
