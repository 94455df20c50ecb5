//! The console's loop under a time that only these tests move: what is drawn when, and what
//! becomes of plans that take long, fail, or are given up.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::collections::VecDeque;
use std::io::{self, Write};
use std::num::NonZeroU16;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crossterm::event::{Event as FromTerminal, KeyCode, KeyEvent, KeyModifiers};
use jiff::SignedDuration;
use ratatui::layout::Size;
use tokio::sync::{Notify, mpsc, watch};
use twinscope::clock::Clock;
use twinscope::config::Home;
use twinscope::console::action::{Action, Effect};
use twinscope::console::draw::Look;
use twinscope::console::jobs::{JobMessage, Jobs, Said};
use twinscope::console::keymap::Keymap;
use twinscope::console::layers::plan::PlanLayer;
use twinscope::console::preferences::Preferences;
use twinscope::console::run::{self, Input, Sources};
use twinscope::console::terminal::{Terminal, no_raw};
use twinscope::console::world::World;
use twinscope::console::{App, command};
use twinscope::drivers::embedded::{EmbeddedEstate, LabCommand};
use twinscope::drivers::{BoxFuture, Driver, DriverError, Expected, LeaseQuery, Silence};
use twinscope::ipam::{Estate, Ipam, JournalQuery, SqliteStore};
use twinscope::model::edit::{ObjectRef, Order};
use twinscope::model::fingerprint::Fingerprint;
use twinscope::model::lease::Lease;
use twinscope::model::plan::{Intent, Reach};
use twinscope::model::server::ServerReading;
use twinscope::model::{Edit, Reservation, ScopeId, ServerName};

const DHCP1: &str = "dhcp1.contoso.com";
const DC1: &str = "dc1.contoso.com";
const SIZE: Size = Size {
    width: 120,
    height: 40,
};

/// How a server takes the next write.
enum Take {
    /// When it is told to go on.
    Held,
    /// Not at all: it is not reached.
    Unreachable,
    /// It never says anything.
    Silence,
}

/// An embedded server whose writes, and reads if wanted, wait for the test.
struct Gated {
    driver: Arc<dyn Driver>,
    takes: Mutex<VecDeque<Take>>,
    go_on: Notify,
    /// While this is held, reads wait.
    reads: tokio::sync::RwLock<()>,
}

impl Driver for Gated {
    fn server(&self) -> &ServerName {
        self.driver.server()
    }

    fn read<'a>(
        &'a self,
        before: Option<&'a ServerReading>,
    ) -> BoxFuture<'a, Result<ServerReading, DriverError>> {
        Box::pin(async move {
            let _open = self.reads.read().await;
            self.driver.read(before).await
        })
    }

    fn leases<'a>(
        &'a self,
        query: &'a LeaseQuery,
    ) -> BoxFuture<'a, Result<Vec<Lease>, DriverError>> {
        self.driver.leases(query)
    }

    fn apply<'a>(
        &'a self,
        edits: &'a [Edit],
        expected: Expected<'a>,
    ) -> BoxFuture<'a, Result<(), DriverError>> {
        Box::pin(async move {
            let take = self.takes.lock().unwrap().pop_front();
            match take {
                None => {}
                Some(Take::Held) => self.go_on.notified().await,
                Some(Take::Unreachable) => {
                    return Err(DriverError::Unreachable {
                        server: self.server().clone(),
                        how: Silence::NoConnection("the line is cut".into()),
                    });
                }
                Some(Take::Silence) => std::future::pending::<()>().await,
            }
            self.driver.apply(edits, expected).await
        })
    }

    fn order<'a>(
        &'a self,
        order: &'a Order,
        expected: Expected<'a>,
    ) -> BoxFuture<'a, Result<(), DriverError>> {
        self.driver.order(order, expected)
    }

    fn read_back<'a>(
        &'a self,
        objects: &'a [ObjectRef],
    ) -> BoxFuture<'a, Result<Vec<Option<Fingerprint>>, DriverError>> {
        self.driver.read_back(objects)
    }
}

/// What the console has written, and what a terminal shows of it.
#[derive(Clone)]
struct Seen(Arc<Mutex<(vt100::Parser, usize, usize)>>);

impl Seen {
    fn new() -> Seen {
        let side = |cells| NonZeroU16::new(cells).unwrap();
        let parser = vt100::Parser::new(side(SIZE.height), side(SIZE.width), 0);
        Seen(Arc::new(Mutex::new((parser, 0, 0))))
    }

    fn screen(&self) -> String {
        let inner = self.0.lock().unwrap();
        let rows: Vec<String> = inner.0.screen().rows(0, SIZE.width).collect();
        rows.join("\n")
    }

    fn shows(&self, text: &str) -> bool {
        self.screen().contains(text)
    }

    /// How many frames came, and how many bytes.
    fn so_far(&self) -> (usize, usize) {
        let inner = self.0.lock().unwrap();
        (inner.1, inner.2)
    }

    fn frames(&self) -> usize {
        self.so_far().0
    }
}

impl Write for Seen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut inner = self.0.lock().unwrap();
        inner.0.process(bytes);
        // Each frame is one write, and says so.
        inner.1 += usize::from(bytes.starts_with(b"\x1b[?2026h"));
        inner.2 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What the test holds in its hands while the loop runs.
struct Desk {
    seen: Seen,
    clock: Clock,
    inputs: mpsc::Sender<Input>,
    messages: mpsc::Sender<JobMessage>,
    estates: watch::Sender<Arc<Estate>>,
    ipam: Ipam,
    embedded: EmbeddedEstate,
    dhcp1: Arc<Gated>,
    dc1: Arc<Gated>,
    _home: tempfile::TempDir,
}

impl Desk {
    async fn press(&self, code: KeyCode) {
        let key = KeyEvent::new(code, KeyModifiers::NONE);
        let input = Input::Terminal(FromTerminal::Key(key));
        self.inputs.send(input).await.unwrap();
    }

    /// Lets everything that is ready happen; no time passes.
    async fn settle(&self) {
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
    }

    /// Waits for what threads have to do first. Time passes no faster than it really does, so
    /// that nobody's patience ends meanwhile.
    async fn until(&self, what: &str, holds: impl Fn() -> bool) {
        let begun = std::time::Instant::now();
        while !holds() {
            let late = begun.elapsed() > Duration::from_secs(60);
            assert!(!late, "{what} never came:\n{}", self.seen.screen());
            std::thread::park_timeout(Duration::from_millis(2));
            self.pass(2).await;
        }
    }

    async fn shows(&self, text: &str) {
        self.until(text, || self.seen.shows(text)).await;
    }

    /// Time passes, a little at once.
    async fn pass(&self, milliseconds: u64) {
        let step = milliseconds.min(10);
        for _ in 0..milliseconds / step {
            tokio::time::advance(Duration::from_millis(step)).await;
            self.clock
                .advance(SignedDuration::from_millis(i64::try_from(step).unwrap()));
            self.settle().await;
        }
    }

    /// The first frame, and what is read for it, are over; ages will not change for a while.
    async fn quiet(&self) {
        self.shows("10.0.0.0").await;
        self.read_anew().await;
        self.pass(500).await;
    }

    async fn read_anew(&self) {
        let estate = at_once(self.ipam.collect()).await;
        self.estates.send_replace(estate);
        self.settle().await;
    }

    async fn end(&self) {
        self.inputs.send(Input::End).await.unwrap();
    }

    fn reserved_on(&self, server: &str) -> bool {
        let estate = self.ipam.estate();
        let scope = estate.scope(&ServerName::new(server), hq()).unwrap();
        scope
            .reservations
            .contains_key(&"10.0.0.100".parse().unwrap())
    }
}

fn hq() -> ScopeId {
    "10.0.0.0/24".parse().unwrap()
}

fn reservation() -> Intent {
    let client = "00155DA76602".parse().unwrap();
    Intent::Change {
        server: ServerName::new(DHCP1),
        edits: vec![Edit::AddReservation {
            scope: hq(),
            reservation: Reservation::new("10.0.0.100".parse().unwrap(), client),
        }],
        reach: Reach::Pair,
    }
}

/// Runs the loop, with what is on the screen already, while the test does its part.
async fn with_desk(
    open: impl FnOnce(&mut App) -> Vec<Effect>,
    prepare: impl FnOnce(&Gated, &Gated),
    part: impl AsyncFnOnce(&Desk),
) {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(folder.path());
    let clock = Clock::manual("2026-03-02T08:00:00Z".parse().unwrap());
    let embedded = EmbeddedEstate::open(&home.estate_file(), clock.clone()).unwrap();
    let gated = |server: &str| {
        Arc::new(Gated {
            driver: embedded.driver(&ServerName::new(server)),
            takes: Mutex::default(),
            go_on: Notify::new(),
            reads: tokio::sync::RwLock::new(()),
        })
    };
    let (dhcp1, dc1) = (gated(DHCP1), gated(DC1));
    let drivers: Vec<Arc<dyn Driver>> = vec![dhcp1.clone(), dc1.clone()];
    let store = Arc::new(SqliteStore::open(&home.ipam_file()).unwrap());
    let ipam = Ipam::with_drivers(drivers, store, folder.path(), clock.clone(), "op").unwrap();
    at_once(ipam.collect()).await;
    prepare(&dhcp1, &dc1);
    let world = World {
        estate: ipam.estate(),
        access: ipam.access(),
        operator: "op".to_owned(),
        ..World::unknown(clock.now())
    };
    let keymap = Keymap::new(command::defaults()).unwrap();
    let mut app = App::new(world, Look::default(), keymap, Preferences::default());
    let (inputs, from_terminal) = mpsc::channel(1024);
    let (messages, from_jobs) = mpsc::channel(256);
    let (estates, known) = watch::channel(ipam.estate());
    let taste = folder.path().join("preferences.toml");
    let mut jobs = Jobs::new(ipam.clone(), taste, messages.clone());
    for effect in open(&mut app) {
        if let Effect::Spawn(job, request) = effect {
            jobs.spawn(job, request);
        }
    }
    let seen = Seen::new();
    let mut terminal = Terminal::enter(seen.clone(), SIZE, no_raw, true).unwrap();
    let sources = Sources {
        inputs: from_terminal,
        messages: from_jobs,
        estates: known,
    };
    let desk = Desk {
        seen,
        clock: clock.clone(),
        inputs,
        messages,
        estates,
        ipam,
        embedded,
        dhcp1,
        dc1,
        _home: folder,
    };
    let running = run::run(&mut app, &mut terminal, &mut jobs, sources, &clock, || SIZE);
    let part = async {
        part(&desk).await;
        let _ = desk.inputs.send(Input::End).await;
    };
    let (ended, ()) = tokio::join!(running, part);
    ended.unwrap();
}

/// Does what threads have a part in, while no time passes: a runtime that is idle would move it on.
async fn at_once<T>(work: impl Future<Output = T>) -> T {
    let busy = async {
        loop {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        biased;
        done = work => done,
        () = busy => unreachable!(),
    }
}

fn nothing(_: &mut App) -> Vec<Effect> {
    Vec::new()
}

fn make_it(app: &mut App) -> Vec<Effect> {
    app.act(Action::Do(reservation()))
}

fn ready(_: &Gated, _: &Gated) {}

#[tokio::test(start_paused = true)]
async fn many_keys_are_drained_and_drawn_once() {
    with_desk(nothing, ready, async |desk| {
        desk.quiet().await;
        let before = desk.seen.frames();
        for _ in 0..100 {
            desk.press(KeyCode::Down).await;
        }
        desk.settle().await;
        assert_eq!(desk.seen.frames(), before + 1);
        // Typed words as well.
        desk.press(KeyCode::Char('/')).await;
        for letter in "build".chars() {
            desk.press(KeyCode::Char(letter)).await;
        }
        desk.settle().await;
        assert!(desk.seen.shows("/ build"), "{}", desk.seen.screen());
        assert_eq!(desk.seen.frames(), before + 2);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_changes_nothing_sends_nothing() {
    with_desk(nothing, ready, async |desk| {
        desk.quiet().await;
        let before = desk.seen.so_far();
        desk.press(KeyCode::F(9)).await;
        desk.settle().await;
        // Read anew: the same, only younger.
        for _ in 0..5 {
            desk.read_anew().await;
            desk.pass(1000).await;
        }
        let key = KeyEvent::new(KeyCode::Up, KeyModifiers::NONE);
        let inputs = [
            Input::Terminal(FromTerminal::Key(key)),
            Input::Terminal(FromTerminal::FocusGained),
        ];
        for input in inputs {
            desk.inputs.send(input).await.unwrap();
        }
        desk.settle().await;
        assert_eq!(desk.seen.so_far(), before, "{}", desk.seen.screen());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_silent_estate_ages_in_steps() {
    with_desk(nothing, ready, async |desk| {
        desk.quiet().await;
        let before = desk.seen.frames();
        desk.pass(9000).await;
        assert_eq!(desk.seen.frames(), before);
        assert!(desk.seen.shows("read just now"));
        desk.pass(1000).await;
        assert!(desk.seen.shows("read 10 s ago"), "{}", desk.seen.screen());
        assert_eq!(desk.seen.frames(), before + 1);
        desk.pass(19_000).await;
        assert_eq!(desk.seen.frames(), before + 1);
        desk.pass(1500).await;
        assert!(desk.seen.shows("read 30 s ago"));
        assert_eq!(desk.seen.frames(), before + 2);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn frames_that_no_key_asked_for_are_paced() {
    with_desk(nothing, ready, async |desk| {
        desk.quiet().await;
        let mut estates = vec![desk.ipam.estate()];
        for server in [DC1, DHCP1] {
            let stop = LabCommand::Stop(server.to_owned());
            desk.embedded.lab(&stop).unwrap();
            estates.push(at_once(desk.ipam.collect()).await);
        }
        let before = desk.seen.frames();
        for round in 0..20 {
            let next = &estates[round % estates.len()];
            desk.estates.send_replace(Arc::clone(next));
            desk.pass(10).await;
        }
        let drawn = desk.seen.frames() - before;
        assert!((4..=7).contains(&drawn), "{drawn} frames in 200 ms");
        desk.estates.send_replace(Arc::clone(&estates[1]));
        desk.pass(40).await;
        assert!(desk.seen.shows("1 stopped"));
        // A key does not wait for its turn.
        desk.estates.send_replace(Arc::clone(&estates[0]));
        desk.pass(40).await;
        let before = desk.seen.frames();
        desk.press(KeyCode::Down).await;
        desk.settle().await;
        assert_eq!(desk.seen.frames(), before + 1);
        desk.press(KeyCode::Down).await;
        desk.settle().await;
        assert_eq!(desk.seen.frames(), before + 2);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_toast_goes_with_one_frame() {
    with_desk(make_it, ready, async |desk| {
        desk.shows("u takes it back").await;
        desk.pass(1000).await;
        desk.read_anew().await;
        desk.pass(100).await;
        let before = desk.seen.frames();
        desk.pass(4000).await;
        assert!(desk.seen.shows("u takes it back"));
        assert_eq!(desk.seen.frames(), before);
        desk.pass(2000).await;
        assert!(!desk.seen.shows("u takes it back"));
        assert_eq!(desk.seen.frames(), before + 1);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_progress_of_a_plan_is_drawn() {
    let hold = |dhcp1: &Gated, dc1: &Gated| {
        dhcp1.takes.lock().unwrap().push_back(Take::Held);
        dc1.takes.lock().unwrap().push_back(Take::Held);
    };
    with_desk(make_it, hold, async |desk| {
        desk.shows("doing     dhcp1").await;
        desk.shows("waiting   dc1").await;
        desk.dhcp1.go_on.notify_one();
        desk.until("the first step's end", || {
            desk.seen.shows("done      dhcp1")
        })
        .await;
        // Progress needs no key, and no more than its turn.
        desk.pass(50).await;
        desk.shows("doing     dc1").await;
        desk.dc1.go_on.notify_one();
        desk.until("the end", || desk.seen.shows("u takes it back"))
            .await;
        desk.read_anew().await;
        assert!(desk.reserved_on(DHCP1) && desk.reserved_on(DC1));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_plan_is_stopped_between_its_steps() {
    let hold = |dhcp1: &Gated, _: &Gated| {
        dhcp1.takes.lock().unwrap().push_back(Take::Held);
    };
    with_desk(make_it, hold, async |desk| {
        desk.shows("doing     dhcp1").await;
        desk.press(KeyCode::Esc).await;
        desk.settle().await;
        // The step that is under way comes to its end.
        assert!(desk.seen.shows("doing     dhcp1"));
        desk.dhcp1.go_on.notify_one();
        desk.until("the end", || desk.seen.shows("cancelled dc1"))
            .await;
        desk.shows("done      dhcp1").await;
        desk.shows("Retry (r)").await;
        desk.read_anew().await;
        assert!(desk.reserved_on(DHCP1) && !desk.reserved_on(DC1));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_never_answers_is_given_up() {
    let silent = |dhcp1: &Gated, _: &Gated| {
        dhcp1.takes.lock().unwrap().push_back(Take::Silence);
    };
    with_desk(make_it, silent, async |desk| {
        desk.shows("doing     dhcp1").await;
        desk.pass(9_700).await;
        assert!(desk.seen.shows("doing     dhcp1"));
        desk.pass(400).await;
        // It was not done, as a look at the server tells; the partner was not asked.
        desk.until("the end", || desk.seen.shows("Retry (r)")).await;
        desk.shows("not begun dc1").await;
        assert!(!desk.seen.shows("doing"), "{}", desk.seen.screen());
        desk.read_anew().await;
        assert!(!desk.reserved_on(DHCP1) && !desk.reserved_on(DC1));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_failed_on_the_partner_stays_and_is_tried_again() {
    let cut = |_: &Gated, dc1: &Gated| {
        dc1.takes.lock().unwrap().push_back(Take::Unreachable);
    };
    with_desk(make_it, cut, async |desk| {
        desk.shows("failed    dc1").await;
        desk.shows("done      dhcp1").await;
        desk.shows("the line is cut").await;
        desk.pass(60_000).await;
        desk.shows("failed    dc1").await;
        desk.press(KeyCode::Char('r')).await;
        desk.until("the retry", || !desk.seen.shows("failed    dc1"))
            .await;
        desk.settle().await;
        println!("{}", desk.seen.screen());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_comes_too_late_is_dropped() {
    with_desk(nothing, ready, async |desk| {
        desk.quiet().await;
        // A job that never was, or was forgotten.
        let before = desk.seen.so_far();
        for job in [0, 4711] {
            let said = Said::Failed("an old story".to_owned());
            desk.messages.send(JobMessage { job, said }).await.unwrap();
        }
        desk.pass(100).await;
        assert_eq!(desk.seen.so_far(), before);
    })
    .await;
    // A plan whose layer was closed before it was there.
    let always =
        |app: &mut App| app.act(Action::Open(Box::new(PlanLayer::of(reservation(), true))));
    let held = Arc::new(Mutex::new(None));
    let keep = Arc::clone(&held);
    with_desk(
        always,
        move |_, _| *keep.lock().unwrap() = Some(()),
        async |desk| {
            let gate = desk.dc1.reads.write().await;
            desk.shows("The servers concerned are being read").await;
            desk.press(KeyCode::Esc).await;
            desk.until("closing", || {
                !desk.seen.shows("The servers concerned are being read")
            })
            .await;
            desk.pass(500).await;
            let before = desk.seen.screen();
            drop(gate);
            for _ in 0..2000 {
                tokio::task::yield_now().await;
            }
            desk.pass(100).await;
            assert_eq!(desk.seen.screen(), before);
        },
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn who_ends_it_waits_for_the_step_that_is_under_way() {
    let hold = |dhcp1: &Gated, _: &Gated| {
        dhcp1.takes.lock().unwrap().push_back(Take::Held);
    };
    with_desk(make_it, hold, async |desk| {
        desk.shows("doing     dhcp1").await;
        desk.end().await;
        desk.shows("ends as soon as the step that is under way has ended")
            .await;
        desk.dhcp1.go_on.notify_one();
        let query = JournalQuery {
            plan: None,
            limit: 10,
        };
        let ended = || {
            let entries = desk.ipam.journal(&query).unwrap();
            entries.iter().any(|entry| entry.outcome == "done")
        };
        desk.until("the journal's word", ended).await;
        at_once(desk.ipam.collect()).await;
        assert!(desk.reserved_on(DHCP1) && !desk.reserved_on(DC1));
    })
    .await;
    // But not for ever.
    let silent = |dhcp1: &Gated, _: &Gated| {
        dhcp1.takes.lock().unwrap().push_back(Take::Held);
    };
    with_desk(make_it, silent, async |desk| {
        desk.shows("doing     dhcp1").await;
        desk.end().await;
        desk.shows("ends as soon").await;
        desk.pass(10_100).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn another_size_draws_the_whole_frame() {
    with_desk(nothing, ready, async |desk| {
        desk.quiet().await;
        let before = desk.seen.frames();
        let resized = |width, height| Input::Terminal(FromTerminal::Resize(width, height));
        for width in 70..=80 {
            desk.inputs.send(resized(width, 24)).await.unwrap();
        }
        desk.settle().await;
        assert_eq!(desk.seen.frames(), before + 1);
        assert!(!desk.seen.shows("MONITOR AND MANAGE"));
        desk.inputs.send(resized(20, 5)).await.unwrap();
        desk.settle().await;
        assert!(desk.seen.shows("Twinscope needs 60"));
        // Back from being stopped, the terminal is asked for its size.
        desk.inputs.send(Input::Continued).await.unwrap();
        desk.settle().await;
        assert!(desk.seen.shows("MONITOR AND MANAGE"));
    })
    .await;
}
