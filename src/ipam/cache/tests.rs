//! Tests of the cache's file: foreign, damaged, of another version, and whose it is.

use super::*;
use crate::clock::Clock;
use crate::config::{Configuration, Home};
use crate::drivers::embedded::{EmbeddedEstate, Fault, LabCommand};

fn clock() -> Clock {
    Clock::manual("2026-03-02T08:00:00Z".parse().unwrap())
}

fn open(folder: &tempfile::TempDir) -> Ipam {
    let home = Home::at(folder.path());
    Ipam::open(&home, &Configuration::default(), clock(), "alice").unwrap()
}

/// A home with the sample estate, and what of it is in the cache.
async fn written() -> (tempfile::TempDir, Arc<Estate>) {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(folder.path());
    let estate = EmbeddedEstate::open(&home.estate_file(), clock()).unwrap();
    estate.lab(&LabCommand::Stop("dc1".into())).unwrap();
    estate
        .lab(&LabCommand::Fail("old1".into(), Fault::Unreachable))
        .unwrap();
    let ipam = open(&folder);
    let estate = ipam.collect().await;
    ipam.save_cache().await.unwrap();
    (folder, estate)
}

#[tokio::test]
async fn the_sample_comes_back_as_it_was() {
    let (folder, before) = written().await;
    let ipam = open(&folder);
    let info = ipam.load_cache().info().unwrap();
    assert_eq!(info.written, clock().now());
    assert_eq!(info.servers.len(), 7, "two were never read");
    let after = ipam.estate();
    for (name, then) in &before.servers {
        let now = &after.servers[name];
        assert_eq!(
            (now.availability, now.availability_since),
            (then.availability, then.availability_since)
        );
        assert_eq!(now.error, then.error);
        assert_eq!(now.cached, then.reading.is_some());
        let (Some(now), Some(then)) = (&now.reading, &then.reading) else {
            assert!(now.reading.is_none() && then.reading.is_none());
            continue;
        };
        assert_eq!(now.config, then.config);
        assert_eq!(now.identity, then.identity);
        assert_eq!(now.relationships, then.relationships);
        assert_eq!(now.statistics, then.statistics);
        assert_eq!((&now.zones, &now.counters), (&then.zones, &then.counters));
        assert_eq!(
            (&now.revision, now.coverage),
            (&then.revision, then.coverage)
        );
    }
    let pairs = |estate: &Estate| {
        let rows = estate.servers.keys().flat_map(|name| {
            let reading = estate.servers[name].reading.as_ref();
            let scopes = reading
                .into_iter()
                .flat_map(|reading| reading.config.scopes.keys());
            scopes.map(|id| estate.pair(name, *id)).collect::<Vec<_>>()
        });
        rows.collect::<Vec<_>>()
    };
    assert_eq!(pairs(&before), pairs(&after));
    // Who was asked meanwhile is not shown as it was.
    let ipam = open(&folder);
    let dns1 = ipam.resolve("dns1").unwrap();
    ipam.read(&dns1).await.unwrap();
    assert_eq!(ipam.load_cache().info().unwrap().servers.len(), 6);
    assert!(!ipam.estate().servers[&dns1].cached);
}

#[tokio::test]
async fn what_is_no_cache_of_ours_is_ignored_with_a_sentence() {
    let (folder, _) = written().await;
    let file = Home::at(folder.path()).cache_file();
    let good = fs::read(&file).unwrap();
    let says = |bytes: &[u8]| {
        fs::write(&file, bytes).unwrap();
        let ipam = open(&folder);
        let CacheLoad::Ignored(why) = ipam.load_cache() else {
            panic!("it was taken");
        };
        assert_eq!(ipam.estate().generation, 0);
        assert!(why.contains("estate-cache.bin "), "{why}");
        assert!(
            why.ends_with("; it is not used, and will be written anew"),
            "{why}"
        );
        why
    };
    assert!(says(b"").contains("is no cache of this program"));
    assert!(says(b"SQLite format 3\0").contains("is no cache of this program"));
    let mut old = good.clone();
    old[16] ^= 2;
    assert!(says(&old).contains("another version"));
    let mut other_shape = good.clone();
    other_shape[24] ^= 1;
    assert!(says(&other_shape).contains("another version"));
    for at in [40, 48, 60, good.len() / 2, good.len() - 1] {
        let mut damaged = good.clone();
        damaged[at] ^= 0x10;
        assert!(says(&damaged).contains("is damaged"), "byte {at}");
    }
    for long in [20, 60, 200, good.len() - 1] {
        assert!(says(&good[..long]).contains("is damaged"), "{long} bytes");
    }
    let mut longer = good.clone();
    longer.push(0);
    assert!(says(&longer).contains("is damaged"));
    fs::write(&file, &good).unwrap();
    assert!(matches!(open(&folder).load_cache(), CacheLoad::Loaded(_)));
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    assert!(matches!(open(&folder).load_cache(), CacheLoad::Ignored(_)));
    let ipam = open(&folder);
    ipam.collect().await;
    let error = ipam.save_cache().await.unwrap_err().to_string();
    assert!(error.contains("estate-cache.bin"), "{error}");
}

#[tokio::test]
async fn the_file_is_its_owners_and_nothing_is_left_beside_it() {
    let (folder, _) = written().await;
    let file = Home::at(folder.path()).cache_file();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    // A process that was killed while it wrote.
    fs::write(folder.path().join("estate-cache.1-2-3.0.new"), "half").unwrap();
    let ipam = open(&folder);
    ipam.collect().await;
    ipam.save_cache().await.unwrap();
    let names = fs::read_dir(folder.path()).unwrap().flatten();
    let names: Vec<_> = names.map(|entry| entry.file_name()).collect();
    let caches = names
        .iter()
        .filter(|name| name.to_string_lossy().starts_with("estate-cache"));
    assert_eq!(caches.count(), 1, "{names:?}");
    // Nothing new, nothing written.
    fs::remove_file(&file).unwrap();
    ipam.save_cache().await.unwrap();
    assert!(!file.exists());
}
