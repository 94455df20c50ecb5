//! Tests of keeping up to date, on servers that answer as they are told and a clock that is moved.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use jiff::Timestamp;

use super::*;
use crate::clock::Clock;
use crate::drivers::{BoxFuture, Driver, DriverError, Expected, LeaseQuery, Silence};
use crate::ipam::{CacheLoad, Cancel, Estate, SqliteStore};
use crate::model::edit::{ObjectRef, Order};
use crate::model::failover::{FailoverState, Relationship, RelationshipStatus};
use crate::model::fingerprint::Fingerprint;
use crate::model::lease::{Lease, LeaseState, ScopeStatistics};
use crate::model::server::{
    Availability, Coverage, ServerConfig, ServerCounters, ServerIdentity, ServerReading, ServerRole,
};
use crate::model::{ClientId, Edit, Scope, ScopeId};

/// How the server behaves, and what was asked of it.
struct Fake {
    name: ServerName,
    clock: Clock,
    state: Mutex<State>,
    asked: AtomicUsize,
    /// Reads at this moment, and the most that there were at once.
    now: AtomicUsize,
    most: AtomicUsize,
}

#[derive(Clone)]
struct State {
    reading: ServerReading,
    /// How long it takes to answer.
    takes: Duration,
    dead: bool,
    /// When it was asked, and whether it was told what is known.
    log: Vec<(Instant, bool)>,
}

const SCOPE: &str = "10.0.0.0/24";

fn id() -> ScopeId {
    SCOPE.parse().unwrap()
}

fn status(state: FailoverState, since: Timestamp) -> RelationshipStatus {
    RelationshipStatus {
        state,
        previous: FailoverState::Startup,
        since,
        last_contact: Some(since),
        partner_state: Some(state),
        clock_skew: None,
        unsent_updates: None,
        switches_at: None,
        takes_over_at: None,
        recovers_at: None,
        own_word: None,
        unacked: None,
    }
}

impl Fake {
    fn new(name: &str, partner: &str, clock: &Clock) -> Arc<Fake> {
        let name = ServerName::new(name);
        let mut relationship = Relationship::new("R1", ServerName::new(partner));
        relationship.scopes = [id()].into();
        let mut config = ServerConfig::default();
        let scope = Scope::new(id(), "office", id().hosts());
        config.scopes.insert(id(), Arc::new(scope));
        config.relationships.insert("r1".into(), relationship);
        let reading = ServerReading {
            identity: ServerIdentity {
                name: name.clone(),
                roles: vec![ServerRole::Dhcp],
                addresses: Vec::new(),
                domain: String::new(),
                product: crate::model::server::Product::Microsoft,
                version: None,
                version_text: String::new(),
                authorized: true,
            },
            taken: clock.now(),
            server_clock: Some(clock.now()),
            availability: Availability::Running,
            coverage: Coverage::ALL,
            config: Arc::new(config),
            relationships: BTreeMap::from([(
                "r1".into(),
                status(FailoverState::Normal, clock.now()),
            )]),
            statistics: BTreeMap::from([(
                id(),
                ScopeStatistics {
                    free: 90,
                    in_use: 10,
                    ..ScopeStatistics::default()
                },
            )]),
            counters: ServerCounters::default(),
            zones: Vec::new(),
            revision: "1".into(),
        };
        Arc::new(Fake {
            name,
            clock: clock.clone(),
            state: Mutex::new(State {
                reading,
                takes: Duration::from_millis(10),
                dead: false,
                log: Vec::new(),
            }),
            asked: AtomicUsize::new(0),
            now: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
        })
    }

    fn set(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap());
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Driver for Fake {
    fn server(&self) -> &ServerName {
        &self.name
    }

    fn read<'a>(
        &'a self,
        before: Option<&'a ServerReading>,
    ) -> BoxFuture<'a, Result<ServerReading, DriverError>> {
        Box::pin(async move {
            self.asked.fetch_add(1, Ordering::SeqCst);
            let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(now, Ordering::SeqCst);
            let state = {
                let mut state = self.state.lock().unwrap();
                state.log.push((Instant::now(), before.is_some()));
                state.clone()
            };
            sleep(state.takes).await;
            self.now.fetch_sub(1, Ordering::SeqCst);
            if state.dead {
                return Err(DriverError::Unreachable {
                    server: self.name.clone(),
                    how: Silence::NoConnection("gone".into()),
                });
            }
            Ok(ServerReading {
                taken: self.clock.now(),
                server_clock: Some(self.clock.now()),
                ..state.reading
            })
        })
    }

    fn leases<'a>(
        &'a self,
        query: &'a LeaseQuery,
    ) -> BoxFuture<'a, Result<Vec<Lease>, DriverError>> {
        let first = query.after.map_or(0x0a00_0000, |after| after.to_bits() + 1);
        let lease = |address: u32| Lease {
            address: std::net::Ipv4Addr::from_bits(address),
            scope: id(),
            client: ClientId::mac([2; 6]),
            host_name: String::new(),
            description: String::new(),
            state: LeaseState::Active,
            client_type: crate::model::scope::ClientType::Dhcp,
            expires: None,
            policy: String::new(),
            given_by: None,
        };
        let all = (first..0x0a00_0000 + 2500).map(lease).take(query.limit);
        let page = all.collect();
        Box::pin(async move { Ok(page) })
    }

    fn apply<'a>(
        &'a self,
        _: &'a [Edit],
        _: Expected<'a>,
    ) -> BoxFuture<'a, Result<(), DriverError>> {
        Box::pin(async { Ok(()) })
    }

    fn order<'a>(
        &'a self,
        _: &'a Order,
        _: Expected<'a>,
    ) -> BoxFuture<'a, Result<(), DriverError>> {
        Box::pin(async { Ok(()) })
    }

    fn read_back<'a>(
        &'a self,
        objects: &'a [ObjectRef],
    ) -> BoxFuture<'a, Result<Vec<Option<Fingerprint>>, DriverError>> {
        let none = vec![None; objects.len()];
        Box::pin(async move { Ok(none) })
    }
}

/// Two servers of one relationship, and a folder for what is remembered of them.
struct Place {
    folder: tempfile::TempDir,
    clock: Clock,
    a: Arc<Fake>,
    b: Arc<Fake>,
}

impl Place {
    fn new() -> Place {
        let clock = Clock::manual("2026-03-02T08:00:00Z".parse().unwrap());
        Place {
            folder: tempfile::tempdir().unwrap(),
            a: Fake::new("a", "b", &clock),
            b: Fake::new("b", "a", &clock),
            clock,
        }
    }

    fn ipam(&self) -> Ipam {
        let drivers: Vec<Arc<dyn Driver>> = vec![self.a.clone(), self.b.clone()];
        let store = SqliteStore::open(&self.folder.path().join("ipam.sqlite")).unwrap();
        let state = self.folder.path();
        Ipam::with_drivers(drivers, Arc::new(store), state, self.clock.clone(), "alice").unwrap()
    }

    /// Both clocks, second by second, so that every timer runs.
    async fn pass(&self, seconds: u64) {
        for _ in 0..seconds * 4 {
            self.clock.advance(jiff::SignedDuration::from_millis(250));
            sleep(Duration::from_millis(250)).await;
        }
    }
}

fn contents(estate: &Estate) -> (u64, u64) {
    (estate.generation, estate.content_generation)
}

#[tokio::test(start_paused = true)]
async fn what_does_not_change_is_published_seldom_and_as_nothing_new() {
    let place = Place::new();
    let ipam = place.ipam();
    let collecting = ipam.keep_collecting(Periods::default());
    place.pass(2).await;
    let first = ipam.estate();
    assert!(first.servers.values().all(|view| view.reading.is_some()));
    place.pass(60).await;
    let later = ipam.estate();
    let rounds = place.a.asked();
    assert!((12..=16).contains(&rounds), "{rounds} rounds in a minute");
    assert_eq!(first.content_generation, later.content_generation);
    let published = later.generation - first.generation;
    assert!((10..=30).contains(&published), "{published} times");
    let asked = |estate: &Estate| estate.servers[&place.a.name].asked;
    assert!(asked(&later) > asked(&first));
    // Of the first reading on, the server is told what is known; now and then it is not.
    place.pass(300).await;
    let log = place.a.state.lock().unwrap().log.clone();
    assert!(!log[0].1 && log[1].1);
    assert_eq!(log.iter().filter(|(_, known)| !known).count(), 2);
    // What changes is news within a round.
    let mut statistics = place.a.state.lock().unwrap().reading.statistics.clone();
    statistics.insert(id(), ScopeStatistics::default());
    let before = contents(&ipam.estate());
    place.a.set(|state| state.reading.statistics = statistics);
    place.pass(6).await;
    assert_eq!(contents(&ipam.estate()).1, before.1 + 1);
    collecting.stop().await;
    let asked = place.a.asked();
    place.pass(30).await;
    assert_eq!(place.a.asked(), asked);
}

#[tokio::test(start_paused = true)]
async fn a_dead_server_is_asked_less_and_a_slow_one_delays_nobody() {
    let place = Place::new();
    place.a.set(|state| state.dead = true);
    place.b.set(|state| state.takes = Duration::from_secs(8));
    let ipam = place.ipam();
    let _collecting = ipam.keep_collecting(Periods::default());
    place.pass(240).await;
    let asked = place.a.asked();
    assert!((8..=13).contains(&asked), "{asked} times in four minutes");
    let slow = place.b.asked();
    assert!((17..=21).contains(&slow), "{slow} times in four minutes");
    assert_eq!(place.b.most.load(Ordering::SeqCst), 1);
    let error = ipam.estate().servers[&place.a.name].error.clone();
    assert!(error.is_some());
    // Back again: seen at the latest after the bound, and then in its old rhythm.
    place.a.set(|state| state.dead = false);
    place.pass(31).await;
    assert!(ipam.estate().servers[&place.a.name].error.is_none());
    let asked = place.a.asked();
    place.pass(30).await;
    assert!((5..=7).contains(&(place.a.asked() - asked)));
}

#[tokio::test(start_paused = true)]
async fn asked_at_once_a_server_is_not_read_twice_at_a_time() {
    let place = Place::new();
    place.a.set(|state| state.takes = Duration::from_secs(2));
    let ipam = place.ipam();
    let _collecting = ipam.keep_collecting(Periods::default());
    sleep(Duration::from_secs(1)).await;
    assert_eq!(place.a.asked(), 1);
    let began = Instant::now();
    ipam.collect_only(std::slice::from_ref(&place.a.name)).await;
    // The one that was under way was waited for, and what it says is older than the question.
    assert_eq!(place.a.asked(), 2);
    assert!(began.elapsed() >= Duration::from_secs(3));
    assert_eq!(place.a.most.load(Ordering::SeqCst), 1);
    // The rhythm goes on from there.
    place.pass(3).await;
    assert_eq!(place.a.asked(), 2);
    place.pass(4).await;
    assert_eq!(place.a.asked(), 3);
}

#[tokio::test(start_paused = true)]
async fn what_was_collected_is_there_after_a_restart_with_every_server_dead() {
    let place = Place::new();
    let ipam = place.ipam();
    assert_eq!(ipam.load_cache(), CacheLoad::Nothing);
    let collecting = ipam.keep_collecting(Periods::default());
    place.pass(10).await;
    collecting.stop().await;
    let last = ipam.estate();
    drop(ipam);
    place.a.set(|state| state.dead = true);
    place.b.set(|state| state.dead = true);
    place.clock.advance(jiff::SignedDuration::from_hours(8));
    let ipam = place.ipam();
    let info = ipam.load_cache().info().unwrap();
    assert_eq!(info.servers, ipam.servers());
    let shown = ipam.estate();
    assert!(shown.has_cached() && shown.content_generation > 0);
    for (name, view) in &shown.servers {
        let then = &last.servers[name];
        assert!(view.cached && view.asked.is_none() && view.error.is_none());
        assert_eq!(view.availability, Some(Availability::Running));
        assert_eq!(view.availability_since, then.availability_since);
        let (now, then) = (
            view.reading.as_ref().unwrap(),
            then.reading.as_ref().unwrap(),
        );
        assert_eq!((now.taken, &now.config), (then.taken, &then.config));
        assert_eq!(now.statistics, then.statistics);
        assert_eq!(now.relationships, then.relationships);
    }
    let pair = shown.pair(&place.a.name, id());
    assert_eq!(pair, Some(crate::ipam::estate::Pair::Same));
    // Asked, they are dead, and what is shown is still the cache's.
    let shown = ipam.collect().await;
    let view = &shown.servers[&place.a.name];
    assert!(view.cached && view.asked.is_some() && view.error.is_some());
    assert_eq!(view.availability, Some(Availability::NotReachable));
    // One comes back: it has to tell everything, and what it tells is confirmed.
    place.b.set(|state| state.dead = false);
    let shown = ipam.collect().await;
    assert!(!shown.servers[&place.b.name].cached);
    let log = place.b.state.lock().unwrap().log.clone();
    assert!(!log.last().unwrap().1);
    // Unchanged, it is the very same.
    let config =
        |view: &crate::ipam::estate::ServerView| Arc::clone(&view.reading.as_ref().unwrap().config);
    let before = config(&ipam.estate().servers[&place.b.name]);
    let again = ipam.collect().await;
    assert!(Arc::ptr_eq(&before, &config(&again.servers[&place.b.name])));
}

#[tokio::test(start_paused = true)]
async fn history_tells_how_full_and_which_states() {
    let place = Place::new();
    let start = place.clock.now();
    let ipam = place.ipam();
    let periods = Periods::default();
    let collecting = ipam.keep_collecting(periods);
    place.pass(30).await;
    place.a.set(|state| {
        let scope = state.reading.statistics.get_mut(&id()).unwrap();
        (scope.in_use, scope.free) = (25, 75);
    });
    let interrupted = place.clock.now();
    place.a.set(|state| {
        let now = status(FailoverState::CommunicationInterrupted, interrupted);
        state.reading.relationships.insert("r1".into(), now);
    });
    place.pass(30).await;
    let seen = |ipam: &Ipam| {
        let usage = ipam.utilisation(&place.a.name, id(), start).unwrap();
        let usage: Vec<_> = usage.iter().map(|u| (u.in_use, u.percent)).collect();
        let states = ipam.states("R1", &place.a.name).unwrap();
        let states: Vec<_> = states.iter().map(|s| (s.state, s.since)).collect();
        (usage, states)
    };
    let (usage, states) = seen(&ipam);
    assert_eq!(usage, [(10, 10.0), (25, 25.0)]);
    let expected = [
        (FailoverState::Normal, start),
        (FailoverState::CommunicationInterrupted, interrupted),
    ];
    assert_eq!(states, expected);
    // The store has it, too.
    collecting.stop().await;
    drop(ipam);
    let ipam = place.ipam();
    let both = vec![(10, 10.0), (25, 25.0)];
    assert_eq!(seen(&ipam), (both.clone(), expected.to_vec()));
    // The next session goes on from there, and tells no change twice.
    let collecting = ipam.keep_collecting(periods);
    place.pass(10).await;
    assert_eq!(seen(&ipam), (both, expected.to_vec()));
    place.a.set(|state| {
        let scope = state.reading.statistics.get_mut(&id()).unwrap();
        (scope.in_use, scope.free) = (50, 50);
    });
    place.pass(900).await;
    assert_eq!(seen(&ipam).0, [(10, 10.0), (25, 25.0), (50, 50.0)]);
    let late = place.clock.now();
    let usage = ipam.utilisation(&place.a.name, id(), late).unwrap();
    assert_eq!((usage.len(), usage[0].at, usage[0].in_use), (1, late, 50));
    collecting.stop().await;
    assert_eq!(ipam.states("R1", &place.a.name).unwrap().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn leases_come_in_pages() {
    let place = Place::new();
    let ipam = place.ipam();
    let sizes = Mutex::new(Vec::new());
    let take = |page: Vec<Lease>| sizes.lock().unwrap().push(page.len());
    let cancel = Cancel::new();
    let count = ipam.all_leases(&place.a.name, &cancel, take).await;
    assert_eq!(count.unwrap(), 2500);
    assert_eq!(*sizes.lock().unwrap(), [1000, 1000, 500]);
    let stop = |_| cancel.cancel();
    let count = ipam.all_leases(&place.a.name, &cancel, stop).await;
    assert_eq!(count.unwrap(), 1000);
    let mut pages = ipam.lease_pages(&place.a.name, Some(id()));
    assert_eq!(
        pages.next().await.unwrap().map(|page| page.len()),
        Some(1000)
    );
    assert_eq!(pages.reached().map(|at| at.octets()), Some([10, 0, 3, 231]));
}
