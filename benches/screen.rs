//! Frames and keys at 120x40: over a thousand leases and a million, and over 40,000 scopes; and the
//! first paint from the cache.
#![allow(clippy::unwrap_used, missing_docs)]

mod desk;

use std::time::Duration;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use crossterm::event::KeyCode;
use desk::{Desk, Generated, book, open};
use twinscope::console::place::View;
use twinscope::console::table::leases::LeaseBook;
use twinscope::drivers::embedded::generated::Size;
use twinscope::ipam::CacheLoad;

const SCREEN: (u16, u16) = (120, 40);

fn screen(criterion: &mut Criterion) {
    let estate = Generated::new(Size::LARGE);
    let mut group = criterion.benchmark_group("screen");
    for (name, size) in [("1k", Size::SMALL), ("1M", Size::LARGE)] {
        let known = estate.estate.clone();
        let mut desk = Desk::new(known, book(size), View::Leases, SCREEN);
        desk.key(KeyCode::End);
        group.bench_function(format!("a frame of Leases at {name}"), |bench| {
            bench.iter(|| desk.frame());
        });
        desk.key(KeyCode::Home);
        group.bench_function(format!("a cursor move in Leases at {name}"), |bench| {
            bench.iter(|| desk.key(KeyCode::Down) + desk.key(KeyCode::Up));
        });
    }
    let known = estate.estate.clone();
    let none = LeaseBook::default();
    let mut desk = Desk::new(known, none.clone(), View::ScopeProperties, SCREEN);
    desk.key(KeyCode::End);
    group.bench_function("a frame of 40,000 scopes", |bench| {
        bench.iter(|| desk.frame());
    });
    group.sample_size(20);
    group.bench_function("the first paint from the cache", |bench| {
        bench.iter_batched(
            || open(&estate.home),
            |ipam| {
                assert!(matches!(ipam.load_cache(), CacheLoad::Loaded(_)));
                let desk = Desk::new(ipam.estate(), none.clone(), View::ScopeProperties, SCREEN);
                (ipam, desk)
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

criterion_group!(
    name = benches;
    config = Criterion::default().measurement_time(Duration::from_secs(3));
    targets = screen
);
criterion_main!(benches);
