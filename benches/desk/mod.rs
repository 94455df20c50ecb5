//! A console for benches: events go in, frames come out on a terminal that only counts bytes.
#![allow(dead_code, unreachable_pub, missing_docs)]

use std::io::{self, Write};
use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::{SignedDuration, Timestamp};
use ratatui::layout::Size as Cells;
use twinscope::clock::Clock;
use twinscope::config::{Configuration, Home};
use twinscope::console::action::{Action, Effect};
use twinscope::console::draw::{self, Look};
use twinscope::console::jobs::{JobMessage, JobRequest, Said};
use twinscope::console::keymap::Keymap;
use twinscope::console::place::{Place, View};
use twinscope::console::preferences::Preferences;
use twinscope::console::table::Ordered;
use twinscope::console::table::leases::LeaseBook;
use twinscope::console::terminal::{Terminal, no_raw};
use twinscope::console::world::World;
use twinscope::console::{App, Event, command};
use twinscope::drivers::LeaseQuery;
use twinscope::drivers::embedded::EmbeddedEstate;
use twinscope::drivers::embedded::generated::{self, Size, generate};
use twinscope::ipam::{Estate, Ipam};

/// When it is, for whatever has an age.
pub const NOW: &str = "2027-01-15T08:00:00Z";

pub fn now() -> Timestamp {
    NOW.parse().unwrap()
}

/// Where frames go to.
#[derive(Default)]
pub struct Nowhere;

impl Write for Nowhere {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A console, its table in order, the first frame drawn.
pub struct Desk {
    pub app: App,
    terminal: Terminal<Nowhere>,
    world: World,
}

impl Desk {
    pub fn new(
        estate: Arc<Estate>,
        leases: LeaseBook,
        view: View,
        (width, height): (u16, u16),
    ) -> Desk {
        let world = World {
            estate,
            leases: Arc::new(leases),
            ..World::unknown(now())
        };
        let keymap = Keymap::new(command::defaults()).unwrap();
        let app = App::new(
            world.clone(),
            Look::default(),
            keymap,
            Preferences::default(),
        );
        let size = Cells { width, height };
        let terminal = Terminal::enter(Nowhere, size, no_raw, true).unwrap();
        let mut desk = Desk {
            app,
            terminal,
            world,
        };
        let effects = desk.app.start();
        desk.carry(effects);
        let effects = desk.app.act(Action::Go(Place::showing(view)));
        desk.carry(effects);
        // What is looked at is asked for once the cursor has rested; here all is there already.
        let rested = now().checked_add(SignedDuration::from_secs(1)).unwrap();
        desk.give(Event::Tick(rested));
        desk.draw();
        desk
    }

    /// Puts tables in order at once, and refuses to read leases; nothing else is asked of anybody.
    fn carry(&mut self, mut effects: Vec<Effect>) {
        while let Some(effect) = effects.pop() {
            if let Effect::Spawn(job, JobRequest::AllLeases(_)) = effect {
                let said = Said::Failed("nobody is asked".to_owned());
                effects.extend(self.app.handle(Event::Job(JobMessage { job, said })));
            } else if let Effect::Spawn(
                job,
                JobRequest::Order {
                    generation,
                    source,
                    filter,
                    sort,
                    before,
                    ..
                },
            ) = effect
            {
                let ordered = match before {
                    Some(before) => Ordered::within(source.as_ref(), &filter, &before, &self.world),
                    None => Ordered::of(source.as_ref(), &filter, &sort, &self.world),
                };
                let said = Said::Ordered(generation, ordered);
                effects.extend(self.app.handle(Event::Job(JobMessage { job, said })));
            }
        }
    }

    pub fn give(&mut self, event: Event) {
        let effects = self.app.handle(event);
        self.carry(effects);
    }

    /// Draws if something has changed; gives the bytes that this took.
    pub fn draw(&mut self) -> usize {
        match self.app.take_changed() {
            true => self.frame(),
            false => 0,
        }
    }

    /// Draws in any case.
    pub fn frame(&mut self) -> usize {
        let mut hits = None;
        let app = &self.app;
        let bytes = self.terminal.screen().draw(|buffer| {
            let (drawn, cursor) = draw::draw(app, buffer);
            hits = Some(drawn);
            cursor
        });
        if let Some(hits) = hits {
            self.app.drawn(hits);
        }
        bytes.unwrap()
    }

    /// Presses a key and draws; gives the bytes that this took.
    pub fn key(&mut self, code: KeyCode) -> usize {
        self.give(Event::Key(KeyEvent::new(code, KeyModifiers::NONE)));
        self.draw()
    }
}

/// A home with a generated estate, read once and cached.
pub struct Generated {
    pub home: Home,
    pub estate: Arc<Estate>,
    pub runtime: tokio::runtime::Runtime,
    _folder: tempfile::TempDir,
}

impl Generated {
    pub fn new(size: Size) -> Generated {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        EmbeddedEstate::open(&home.estate_file(), clock())
            .unwrap()
            .fill(&generate(size))
            .unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .unwrap();
        let ipam = open(&home);
        let estate = runtime.block_on(async {
            let estate = ipam.collect().await;
            ipam.save_cache().await.unwrap();
            estate
        });
        Generated {
            home,
            estate,
            runtime,
            _folder: folder,
        }
    }
}

pub fn clock() -> Clock {
    Clock::manual(now())
}

pub fn open(home: &Home) -> Ipam {
    Ipam::open(home, &Configuration::default(), clock(), "bench").unwrap()
}

/// The leases of a generated estate, as a console has them once it has read them page by page.
pub fn book(size: Size) -> LeaseBook {
    let mut book = LeaseBook::default();
    let mut leases = generated::leases(size, now()).peekable();
    while let Some((server, _, first)) = leases.next() {
        let mut page = vec![first];
        let mut query = LeaseQuery {
            limit: 1000,
            ..LeaseQuery::default()
        };
        while let Some((_, _, lease)) = leases.next_if(|(other, _, _)| *other == server) {
            page.push(lease);
            if page.len() == query.limit {
                let after = page.last().map(|lease| lease.address);
                book = book.with_page(&server, &query, std::mem::take(&mut page), now());
                query.after = after;
            }
        }
        book = book.with_page(&server, &query, page, now());
    }
    book
}
