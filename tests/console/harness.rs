//! A console on the embedded estate's sample, driven by keys and clicks until nothing is under way.
#![allow(dead_code, clippy::needless_pass_by_value)]

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use jiff::SignedDuration;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use twinscope::clock::Clock;
use twinscope::config::{Configuration, Home};
use twinscope::console::action::{Action, Effect};
use twinscope::console::draw::{self, Look};
use twinscope::console::jobs::{JobMessage, Jobs};
use twinscope::console::keymap::Keymap;
use twinscope::console::place::{Place, View};
use twinscope::console::preferences::Preferences;
use twinscope::console::world::World;
use twinscope::console::{App, Event, command};
use twinscope::drivers::embedded::generated::{Size, generate};
use twinscope::drivers::embedded::{EmbeddedEstate, LabCommand};
use twinscope::ipam::{Access, Cancel, Ipam, Progress};
use twinscope::model::plan::Intent;

/// When every test begins.
pub const BEGIN: &str = "2026-11-23T08:00:00Z";

/// A console that a test holds in its hands.
pub struct Console {
    pub app: App,
    pub ipam: Ipam,
    pub clock: Clock,
    pub effects: Vec<Effect>,
    home: tempfile::TempDir,
    runtime: Runtime,
    jobs: Jobs,
    messages: mpsc::Receiver<JobMessage>,
    running: usize,
    size: (u16, u16),
}

impl Console {
    /// A console of a size on the sample estate, read once.
    pub fn new(width: u16, height: u16) -> Console {
        Console::with_access(width, height, Access::default())
    }

    pub fn with_access(width: u16, height: u16, access: Access) -> Console {
        Console::on(width, height, access, |_| ())
    }

    /// A console on 150 servers with 40,000 scopes and 120,000 reservations.
    pub fn large() -> Console {
        Console::on(140, 42, Access::default(), |estate| {
            estate.fill(&generate(Size::LARGE)).unwrap();
        })
    }

    fn on(width: u16, height: u16, access: Access, fill: fn(&EmbeddedEstate)) -> Console {
        let home = tempfile::tempdir().unwrap();
        let clock = Clock::manual(BEGIN.parse().unwrap());
        let place = Home::at(home.path());
        fill(&EmbeddedEstate::open(&place.estate_file(), clock.clone()).unwrap());
        let configuration = Configuration::load(&place).unwrap();
        let ipam = Ipam::open(&place, &configuration, clock.clone(), "op").unwrap();
        ipam.set_access(access);
        Console::with_ipam((width, height), home, clock, ipam)
    }

    /// A console on whatever servers an IPAM has, read once.
    pub fn with_ipam(
        size: (u16, u16),
        home: tempfile::TempDir,
        clock: Clock,
        ipam: Ipam,
    ) -> Console {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(ipam.collect());
        let (tell, messages) = mpsc::channel(64);
        let preferences = home.path().join("preferences.toml");
        let jobs = Jobs::new(ipam.clone(), preferences, tell);
        let world = World {
            estate: ipam.estate(),
            access: ipam.access(),
            operator: ipam.operator().to_owned(),
            groups: ipam.groups().into(),
            ..World::unknown(clock.now())
        };
        let keymap = Keymap::new(command::defaults()).unwrap();
        let mut app = App::new(world, Look::default(), keymap, Preferences::default());
        let effects = app.start();
        let mut console = Console {
            app,
            ipam,
            clock,
            effects: Vec::new(),
            home,
            runtime,
            jobs,
            messages,
            running: 0,
            size,
        };
        console.carry(effects);
        console.draw();
        console
    }

    /// Closes the console, and opens it anew with what it remembers.
    pub fn restart(&mut self) -> &mut Console {
        let file = self.home.path().join("preferences.toml");
        let world = World {
            estate: self.ipam.estate(),
            access: self.ipam.access(),
            operator: self.ipam.operator().to_owned(),
            ..World::unknown(self.clock.now())
        };
        let keymap = Keymap::new(command::defaults()).unwrap();
        let taste = Preferences::load(&file);
        let (tell, messages) = mpsc::channel(64);
        self.jobs = Jobs::new(self.ipam.clone(), file, tell);
        self.messages = messages;
        self.app = App::new(world, Look::default(), keymap, taste);
        let effects = self.app.start();
        self.carry(effects);
        self.draw();
        self
    }

    /// Closes the console and opens it anew on what is in the cache: no server is asked.
    pub fn offline(&mut self) -> &mut Console {
        self.runtime.block_on(self.ipam.save_cache()).unwrap();
        let place = Home::at(self.home.path());
        let configuration = Configuration::load(&place).unwrap();
        self.ipam = Ipam::open(&place, &configuration, self.clock.clone(), "op").unwrap();
        let loaded = self.ipam.load_cache();
        assert!(loaded.info().is_some());
        self.restart()
    }

    /// Does what effects say, and draws.
    pub fn carry_out(&mut self, effects: Vec<Effect>) {
        self.carry(effects);
        self.draw();
    }

    /// Goes to a view.
    pub fn go(&mut self, view: View) -> &mut Console {
        let effects = self.app.act(Action::Go(Place::showing(view)));
        self.carry_out(effects);
        self
    }

    /// A console that knows nothing yet: no server was read.
    pub fn forget(&mut self) {
        let world = World::unknown(self.clock.now());
        let keymap = Keymap::new(command::defaults()).unwrap();
        self.app = App::new(world, Look::default(), keymap, Preferences::default());
        self.draw();
    }

    /// Carries out an intent without showing it.
    pub fn does(&mut self, intent: Intent) {
        let plan = self.runtime.block_on(self.ipam.plan(intent)).unwrap();
        let effects = self.app.act(Action::CarryOut(Box::new(plan)));
        self.carry_out(effects);
    }

    /// A plan of that intent is begun, and never ends.
    pub fn hang(&mut self, intent: Intent) {
        let plan = self.runtime.block_on(self.ipam.plan(intent)).unwrap();
        let _ = self.app.act(Action::CarryOut(Box::new(plan)));
        self.draw();
    }

    /// The embedded estate behind it, for drills.
    pub fn lab(&self, command: LabCommand) {
        let file = Home::at(self.home.path()).estate_file();
        let estate = EmbeddedEstate::open(&file, self.clock.clone()).unwrap();
        estate.lab(&command).unwrap();
    }

    /// Reads every server, as the collector would.
    pub fn collect(&mut self) -> &mut Console {
        let estate = self.runtime.block_on(self.ipam.collect());
        self.give(Event::Tick(self.clock.now()));
        self.give(Event::Estate(estate))
    }

    /// Has IPAM carry something out behind the console's back, as a cmdlet does.
    pub fn intent(&mut self, intent: Intent) -> &mut Console {
        let ipam = self.ipam.clone();
        self.runtime.block_on(async {
            let plan = ipam.plan(intent).await.unwrap();
            ipam.carry_out(plan, &Progress::none(), &Cancel::new())
                .await
        });
        self.collect()
    }

    /// Lets time pass.
    pub fn wait(&mut self, seconds: i64) -> &mut Console {
        self.clock.advance(SignedDuration::from_secs(seconds));
        self.give(Event::Tick(self.clock.now()))
    }

    /// Gives an event, waits until every job has ended, and draws.
    pub fn give(&mut self, event: Event) -> &mut Console {
        let effects = self.app.handle(event);
        self.carry(effects);
        self.draw();
        self
    }

    /// Does what a command would lead to.
    pub fn act(&mut self, action: Action) -> &mut Console {
        let effects = self.app.act(action);
        self.carry(effects);
        self.draw();
        self
    }

    /// Presses keys, separated by blanks: `j m <enter> ctrl-r`. In quotation marks: typed text.
    pub fn keys(&mut self, keys: &str) -> &mut Console {
        let mut rest = keys.trim();
        while !rest.is_empty() {
            if let Some(quoted) = rest.strip_prefix('"') {
                let (text, after) = quoted.split_once('"').unwrap();
                for character in text.chars() {
                    self.key(KeyCode::Char(character), KeyModifiers::NONE);
                }
                rest = after.trim_start();
                continue;
            }
            let (word, after) = rest.split_once(' ').unwrap_or((rest, ""));
            let (code, modifiers) = key(word);
            self.key(code, modifiers);
            rest = after.trim_start();
        }
        self
    }

    fn key(&mut self, code: KeyCode, modifiers: KeyModifiers) {
        self.give(Event::Key(KeyEvent::new(code, modifiers)));
    }

    pub fn paste(&mut self, text: &str) -> &mut Console {
        self.give(Event::Paste(text.to_owned()))
    }

    /// Clicks on the first place where a text stands, a cell into it.
    pub fn click(&mut self, text: &str) -> &mut Console {
        self.mouse(MouseEventKind::Down(MouseButton::Left), text)
    }

    pub fn right_click(&mut self, text: &str) -> &mut Console {
        self.mouse(MouseEventKind::Down(MouseButton::Right), text)
    }

    pub fn mouse(&mut self, kind: MouseEventKind, text: &str) -> &mut Console {
        let (column, row) = self.find(text);
        self.give(Event::Mouse(MouseEvent {
            kind,
            column: column + 1,
            row,
            modifiers: KeyModifiers::NONE,
        }))
    }

    /// Where a text stands.
    pub fn find(&self, text: &str) -> (u16, u16) {
        let screen = self.screen();
        for (row, line) in screen.lines().enumerate() {
            if let Some(at) = line.find(text) {
                let column = line[..at].chars().count();
                return (column.try_into().unwrap(), row.try_into().unwrap());
            }
        }
        panic!("'{text}' is not on the screen:\n{screen}");
    }

    pub fn shows(&self, text: &str) -> bool {
        self.screen().contains(text)
    }

    /// Fails when a text is not on the screen.
    #[track_caller]
    pub fn expect(&mut self, text: &str) -> &mut Console {
        assert!(
            self.shows(text),
            "'{text}' is not on the screen:\n{}",
            self.screen()
        );
        self
    }

    #[track_caller]
    pub fn expect_not(&mut self, text: &str) -> &mut Console {
        assert!(
            !self.shows(text),
            "'{text}' is on the screen:\n{}",
            self.screen()
        );
        self
    }

    /// The screen as text.
    pub fn screen(&self) -> String {
        text(&self.buffer())
    }

    /// The screen, with what is reversed, bold, dim or coloured marked: for tests of looks.
    pub fn buffer(&self) -> Buffer {
        let mut buffer = Buffer::empty(Rect::new(0, 0, self.size.0, self.size.1));
        let _ = draw::draw(&self.app, &mut buffer);
        buffer
    }

    fn draw(&mut self) {
        let mut buffer = Buffer::empty(Rect::new(0, 0, self.size.0, self.size.1));
        let (hits, _) = draw::draw(&self.app, &mut buffer);
        self.app.drawn(hits);
    }

    /// Does what effects say until nothing is under way.
    fn carry(&mut self, effects: Vec<Effect>) {
        let mut effects = std::collections::VecDeque::from(effects);
        loop {
            while let Some(effect) = effects.pop_front() {
                match effect {
                    Effect::Spawn(job, request) => {
                        self.running += 1;
                        let _guard = self.runtime.enter();
                        self.jobs.spawn(job, request);
                    }
                    Effect::Cancel(job) => self.jobs.cancel(job),
                    other => self.effects.push(other),
                }
            }
            if self.running == 0 {
                break;
            }
            let next = async {
                let patience = Duration::from_secs(30);
                tokio::time::timeout(patience, self.messages.recv()).await
            };
            let message = self.runtime.block_on(next).unwrap().unwrap();
            if message.said.is_last() {
                self.running -= 1;
                effects.extend(self.app.handle(Event::Estate(self.ipam.estate())));
            }
            effects.extend(self.app.handle(Event::Job(message)));
        }
    }
}

fn key(word: &str) -> (KeyCode, KeyModifiers) {
    let mut modifiers = KeyModifiers::NONE;
    let mut rest = word;
    while let Some((modifier, after)) = [
        ("ctrl-", KeyModifiers::CONTROL),
        ("shift-", KeyModifiers::SHIFT),
        ("alt-", KeyModifiers::ALT),
    ]
    .iter()
    .find_map(|(name, modifier)| Some((*modifier, rest.strip_prefix(name)?)))
    {
        modifiers |= modifier;
        rest = after;
    }
    let code = match rest {
        "<enter>" => KeyCode::Enter,
        "<esc>" => KeyCode::Esc,
        "<tab>" => KeyCode::Tab,
        "<backtab>" => KeyCode::BackTab,
        "<space>" => KeyCode::Char(' '),
        "<backspace>" => KeyCode::Backspace,
        "<delete>" => KeyCode::Delete,
        "<up>" => KeyCode::Up,
        "<down>" => KeyCode::Down,
        "<left>" => KeyCode::Left,
        "<right>" => KeyCode::Right,
        "<home>" => KeyCode::Home,
        "<end>" => KeyCode::End,
        "<pageup>" => KeyCode::PageUp,
        "<pagedown>" => KeyCode::PageDown,
        "<menu>" => KeyCode::Menu,
        other if other.chars().count() == 1 => KeyCode::Char(other.chars().next().unwrap()),
        other => KeyCode::F(other.trim_matches(['<', '>', 'f']).parse().unwrap()),
    };
    (code, modifiers)
}

/// A buffer as lines of text, without blanks at their ends.
pub fn text(buffer: &Buffer) -> String {
    let area = buffer.area;
    let mut lines = Vec::new();
    for y in area.top()..area.bottom() {
        let mut line = String::new();
        let mut skip = 0;
        for x in area.left()..area.right() {
            let symbol = buffer[(x, y)].symbol();
            if skip > 0 {
                skip -= 1;
                continue;
            }
            skip = unicode_width::UnicodeWidthStr::width(symbol).saturating_sub(1);
            line.push_str(symbol);
        }
        lines.push(line.trim_end().to_owned());
    }
    lines.join("\n")
}
