//! `apply`, `compare`, `collect`, cache and leases on an estate of 150 servers and 40,000 scopes.
#![allow(clippy::unwrap_used, missing_docs)]

use std::hint::black_box;
use std::net::Ipv4Addr;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use jiff::Timestamp;
use twinscope::clock::Clock;
use twinscope::config::{Configuration, Home};
use twinscope::console::find;
use twinscope::console::world::World;
use twinscope::drivers::embedded::EmbeddedEstate;
use twinscope::drivers::embedded::generated::{self, Size, generate};
use twinscope::ipam::Ipam;
use twinscope::model::scope::ScopeProperty;
use twinscope::model::server::Coverage;
use twinscope::model::{ClientId, Edit, Reservation, ServerConfig, ServerName};
use twinscope::rules::compare::Copy;
use twinscope::rules::{Facts, Rulebook, apply, changes, compare_relationship, heal};

/// A new reservation in the first scope of a server.
fn reservation(config: &ServerConfig) -> Edit {
    let scope = *config.scopes.keys().next().unwrap();
    let address = Ipv4Addr::from_bits(scope.address().to_bits() + 205);
    let client = ClientId::mac([2, 2, 2, 2, 2, 2]);
    Edit::AddReservation {
        scope,
        reservation: Reservation::new(address, client),
    }
}

fn rules(criterion: &mut Criterion) {
    let estate = generate(Size::LARGE);
    let facts: Vec<Facts> = estate
        .iter()
        .map(|(identity, _)| Facts::of(identity.name.clone(), Rulebook::LATEST))
        .collect();
    let (_, config) = &estate[0];
    let edit = reservation(config);
    criterion.bench_function("apply/one reservation on one of 150 servers", |bench| {
        bench.iter(|| apply(black_box(config), &facts[0], black_box(&edit)).unwrap());
    });
    let edits: Vec<Edit> = estate
        .iter()
        .map(|(_, config)| reservation(config))
        .collect();
    criterion.bench_function("apply/one reservation on each of 150 servers", |bench| {
        bench.iter(|| {
            for (((_, config), facts), edit) in estate.iter().zip(&facts).zip(&edits) {
                black_box(apply(config, facts, edit).unwrap());
            }
        });
    });
    let after = apply(config, &facts[0], &edit).unwrap();
    criterion.bench_function("changes/preview of one reservation", |bench| {
        bench.iter(|| changes(black_box(config), black_box(&after)));
    });

    // As drivers read them: each server has copies of its own, nothing is shared.
    let apart: Vec<(ServerName, ServerConfig)> = estate
        .iter()
        .enumerate()
        .map(|(number, (identity, config))| {
            let mut config = config.clone();
            for (index, scope) in config.scopes.values_mut().enumerate() {
                let scope = std::sync::Arc::make_mut(scope);
                if number % 2 == 1 && index % 10 == 0 {
                    scope.set(ScopeProperty::Description("drifted".to_owned()));
                }
            }
            (identity.name.clone(), config)
        })
        .collect();
    let compare_all = |estate: &[(ServerName, ServerConfig)]| {
        let mut found = 0;
        for pair in estate.chunks_exact(2) {
            let copy = |config| Copy {
                config,
                coverage: Coverage::ALL,
            };
            let name = &pair[0].1.relationships.values().next().unwrap().name;
            let comparison = compare_relationship(copy(&pair[0].1), copy(&pair[1].1), name);
            found += heal(&comparison.differences).len();
        }
        found
    };
    assert!(compare_all(&apart) > 1900, "every tenth scope has drifted");
    criterion.bench_function(
        "compare and heal/all 75 pairs, every tenth scope drifted",
        |bench| {
            bench.iter(|| compare_all(black_box(&apart)));
        },
    );
}

fn collect(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(folder.path());
    EmbeddedEstate::open(&home.estate_file(), Clock::system())
        .unwrap()
        .fill(&generate(Size::LARGE))
        .unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let open = || Ipam::open(&home, &Configuration::default(), Clock::system(), "bench").unwrap();
    let mut group = criterion.benchmark_group("collect");
    group.sample_size(10);
    group.bench_function("150 servers, 40,000 scopes, the first time", |bench| {
        bench.iter_with_large_drop(|| {
            let ipam = open();
            let estate = runtime.block_on(ipam.collect());
            assert_eq!(estate.servers.len(), 150);
            (ipam, estate)
        });
    });
    let ipam = open();
    runtime.block_on(ipam.collect());
    group.bench_function("150 servers, 40,000 scopes, nothing changed", |bench| {
        bench.iter(|| runtime.block_on(ipam.collect()));
    });
    group.finish();

    let world = World {
        estate: ipam.estate(),
        ..World::unknown(Timestamp::UNIX_EPOCH)
    };
    let mut group = criterion.benchmark_group("find in 120,000 reservations");
    for typed in ["10.100.0.1", "10.1", "0015", "office", "dhcp1 printer"] {
        let query = find::Query::parse(typed);
        group.bench_function(typed, |bench| {
            bench.iter(|| find::find(black_box(&world), &query, 20));
        });
    }
    group.finish();

    let file = home.cache_file();
    let save = || {
        let _ = std::fs::remove_file(&file);
        runtime.block_on(async {
            // Another generation, or there would be nothing to write.
            ipam.read(&ipam.servers()[0]).await.unwrap();
            ipam.save_cache().await.unwrap();
        });
    };
    save();
    let bytes = std::fs::metadata(&file).unwrap().len();
    let mut group = criterion.benchmark_group(format!("cache of {} kB", bytes / 1000));
    group.sample_size(20);
    group.bench_function("written", |bench| bench.iter(save));
    group.bench_function("loaded and published", |bench| {
        bench.iter_batched(
            open,
            |ipam| {
                let info = ipam.load_cache().info().unwrap();
                assert_eq!(info.servers.len(), 150);
                ipam
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
    criterion.bench_function("leases/a million generated", |bench| {
        bench.iter(|| generated::leases(Size::LARGE, Timestamp::UNIX_EPOCH).count());
    });
}

criterion_group!(benches, rules, collect);
criterion_main!(benches);
