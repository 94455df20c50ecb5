//! How fast and how quiet the console is, in one table with its limits: `cargo bench --bench figures`.
//!
//! `-- --small` looks at a small estate, for a first look without a release build.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

mod desk;

use std::hint::black_box;
use std::time::{Duration, Instant};

use crossterm::event::KeyCode;
use desk::{Desk, Generated, book, now, open};
use jiff::SignedDuration;
use twinscope::console::Event;
use twinscope::console::place::View;
use twinscope::console::table::leases::LeaseBook;
use twinscope::console::table::{Filter, Ordered, Sort};
use twinscope::console::world::World;
use twinscope::drivers::embedded::generated::Size;
use twinscope::ipam::CacheLoad;

const SCREEN: (u16, u16) = (120, 40);

/// A line of the table.
fn line(what: &str, figure: f64, unit: &str, limit: Option<f64>) {
    let (limit, word) = match limit {
        None => (String::new(), ""),
        Some(limit) if figure <= limit => (format!("{limit:>9.1} {unit}"), "ok"),
        Some(limit) => (format!("{limit:>9.1} {unit}"), "OVER"),
    };
    println!("{what:<58} {figure:>10.1} {unit:<3} {limit:<14} {word}");
}

/// The middle one of some goes, in milliseconds.
fn median(goes: usize, mut go: impl FnMut() -> Duration) -> f64 {
    let mut times: Vec<Duration> = (0..goes).map(|_| go()).collect();
    times.sort_unstable();
    times[goes / 2].as_secs_f64() * 1000.0
}

fn timed<T>(work: impl FnOnce() -> T) -> Duration {
    let begun = Instant::now();
    black_box(work());
    begun.elapsed()
}

/// Bytes: the mean of many, and the most.
fn bytes(goes: usize, mut go: impl FnMut() -> usize) -> (f64, f64) {
    let all: Vec<usize> = (0..goes).map(|_| go()).collect();
    let sum: usize = all.iter().sum();
    #[allow(clippy::cast_precision_loss)]
    let both = (
        sum as f64 / goes as f64,
        all.iter().copied().max().unwrap_or(0) as f64,
    );
    both
}

fn quiet(name: &str, mut desk: Desk) {
    desk.key(KeyCode::Home);
    desk.key(KeyCode::Down);
    let (mean, most) = bytes(30, || desk.key(KeyCode::Down));
    line(
        &format!("{name}: cursor move, mean"),
        mean,
        "B",
        Some(300.0),
    );
    line(
        &format!("{name}: cursor move, most"),
        most,
        "B",
        Some(300.0),
    );
    // On to the last row shown: every further one scrolls.
    for _ in 0..40 {
        desk.key(KeyCode::Down);
    }
    let (mean, most) = bytes(50, || desk.key(KeyCode::Down));
    line(
        &format!("{name}: scrolling one row, mean"),
        mean,
        "B",
        Some(4400.0),
    );
    line(
        &format!("{name}: scrolling one row, most"),
        most,
        "B",
        Some(4400.0),
    );
    let begin = now();
    let mut idle = 0;
    for hundredth in 1..=100 {
        let at = begin + SignedDuration::from_millis(hundredth * 10);
        desk.give(Event::Tick(at));
        idle += desk.draw();
    }
    #[allow(clippy::cast_precision_loss)]
    line(
        &format!("{name}: an idle second"),
        idle as f64,
        "B",
        Some(0.0),
    );
}

fn main() {
    // As a test it only has to run: then cargo does not say that it is a bench.
    let asked = |wanted: &str| std::env::args().any(|word| word == wanted);
    let small = asked("--small") || !asked("--bench");
    let size = if small { Size::SMALL } else { Size::LARGE };
    println!(
        "{:<58} {:>10}     {:<14}",
        format!("{} servers, {} scopes, 120x40", size.servers, size.scopes),
        "today",
        "     limit"
    );
    let estate = Generated::new(size);
    let leases = book(size);
    let few = book(Size::SMALL);
    let many = leases.len();

    // Bytes.
    let scopes = || {
        let known = estate.estate.clone();
        Desk::new(known, LeaseBook::default(), View::ScopeProperties, SCREEN)
    };
    let leases_desk =
        |book: &LeaseBook| Desk::new(estate.estate.clone(), book.clone(), View::Leases, SCREEN);
    quiet("Scope Properties", scopes());
    quiet("Leases", leases_desk(&leases));
    let mut desk = scopes();
    desk.key(KeyCode::Enter);
    desk.key(KeyCode::Down);
    let (mean, _) = bytes(10, || desk.key(KeyCode::Down));
    line(
        "Scope Properties, details open: cursor move, mean",
        mean,
        "B",
        None,
    );

    // Frames.
    let frame = |book: &LeaseBook| {
        let mut desk = leases_desk(book);
        desk.key(KeyCode::End);
        median(201, || timed(|| desk.frame()))
    };
    let (at_few, at_many) = (frame(&few), frame(&leases));
    line(
        &format!("a frame of Leases at {}", few.len()),
        at_few,
        "ms",
        None,
    );
    line(
        &format!("a frame of Leases at {many}"),
        at_many,
        "ms",
        Some(at_few * 1.2),
    );
    let mut desk = scopes();
    desk.key(KeyCode::End);
    line(
        "a frame of Scope Properties",
        median(201, || timed(|| desk.frame())),
        "ms",
        None,
    );
    let mut desk = leases_desk(&leases);
    desk.key(KeyCode::Home);
    let press = |desk: &mut Desk, code| timed(|| desk.key(code));
    line(
        "a cursor move in Leases, key to bytes",
        median(101, || press(&mut desk, KeyCode::Down)),
        "ms",
        None,
    );

    // Finding.
    let world = World::unknown(now());
    let source = leases.source(None);
    let everything = Ordered::of(
        source.as_ref(),
        &Filter::default(),
        &Sort::default(),
        &world,
    )
    .rows;
    let mut worst: (f64, &str) = (0.0, "");
    for text in [
        "p",
        "pr",
        "printer",
        "1",
        "10.1",
        "a",
        "contoso",
        "00:15:5d",
        "active",
        "10.1.0.0/16",
        "state:active",
        "phone 10.1",
        "-printer",
        "zzz",
    ] {
        let filter = Filter::parse(text);
        let took = median(7, || {
            timed(|| Ordered::within(source.as_ref(), &filter, &everything, &world))
        });
        if took > worst.0 {
            worst = (took, text);
        }
    }
    line(
        &format!(
            "a key in the filter over {many} leases, worst ('{}')",
            worst.1
        ),
        worst.0,
        "ms",
        Some(16.0),
    );
    let mut worst: (f64, &str) = (0.0, "");
    for (column, spec) in source.columns().iter().enumerate() {
        let sort = Sort {
            column: Some(column),
            descending: true,
        };
        let took = median(5, || {
            timed(|| Ordered::of(source.as_ref(), &Filter::default(), &sort, &world))
        });
        if took > worst.0 {
            worst = (took, spec.name);
        }
    }
    line(
        &format!(
            "sorting {many} leases, worst ({}), off the UI thread",
            worst.1
        ),
        worst.0,
        "ms",
        Some(150.0),
    );

    // The first paint.
    let paint = median(11, || {
        let ipam = open(&estate.home);
        timed(|| {
            let CacheLoad::Loaded(_) = ipam.load_cache() else {
                unreachable!("there is a cache");
            };
            let known = ipam.estate();
            Desk::new(known, LeaseBook::default(), View::ScopeProperties, SCREEN)
        })
    });
    line("the first paint from the cache", paint, "ms", Some(100.0));
    let opening = median(11, || timed(|| open(&estate.home)));
    line(
        "  besides: opening IPAM's files before that",
        opening,
        "ms",
        None,
    );

    #[allow(clippy::cast_precision_loss)]
    let each = leases.bytes() as f64 / leases.len() as f64 + 4.0;
    line(
        "memory a lease, with one view's order",
        each,
        "B",
        Some(170.0),
    );
}
