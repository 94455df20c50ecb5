//! One Kea server as a driver: what is written, what is not, and what is said of it, on real pairs.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "kea_lab/mod.rs"]
mod kea_lab;

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kea_lab::{Hooks, Lab, Mode, NAMES, Options, Version};
use serde_json::{Value, json};
use tempfile::TempDir;
use twinscope::clock::Clock;
use twinscope::config::KeaAddress;
use twinscope::drivers::kea::KeaServer;
use twinscope::drivers::kea::channel::Channel;
use twinscope::drivers::kea::peers::{PeerEntry, Peers};
use twinscope::drivers::{Driver, DriverError};
use twinscope::model::edit::{Edit, ObjectRef, Order};
use twinscope::model::{Reservation, ScopeId, ServerName};

/// A pair, and a driver of each of its servers.
struct Pair {
    lab: Lab,
    drivers: [KeaServer; 2],
    home: TempDir,
}

impl Pair {
    fn start(version: Version, mode: Mode, options: Options) -> Pair {
        let lab = Lab::start(version, mode, options);
        let home = tempfile::tempdir().unwrap();
        let entries = [0, 1].map(|server| PeerEntry {
            server: ServerName::new(NAMES[server]),
            aliases: Vec::new(),
            ha_url: Some(lab.peer_url(server)),
            url: None,
        });
        let peers = Arc::new(Peers::new(entries.to_vec()));
        let drivers = [0, 1].map(|server| {
            let name = ServerName::new(NAMES[server]);
            let address = KeaAddress::Socket(lab.socket(server));
            let wire = Channel::open(name.clone(), &address).unwrap();
            KeaServer::new(name, Arc::new(wire), peers.clone(), Clock::system())
                .keeping_copies_in(home.path())
        });
        Pair { lab, drivers, home }
    }

    fn relationship(&self) -> String {
        NAMES.join("-")
    }

    /// What a server has reserved at an address, now and in its file.
    fn reserved(&self, server: usize, address: &str) -> [bool; 2] {
        let now = self.lab.config(server);
        let saved = std::fs::read_to_string(self.lab.file(server)).unwrap();
        let saved = serde_json::from_str(&saved).unwrap_or(Value::Null);
        [now, saved].map(|config| {
            let subnets = config["Dhcp4"]["subnet4"].as_array().cloned();
            let mut reservations = subnets.into_iter().flatten().flat_map(|subnet| {
                subnet["reservations"]
                    .as_array()
                    .cloned()
                    .unwrap_or_default()
            });
            reservations.any(|entry| entry["ip-address"] == address)
        })
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}

fn scope() -> ScopeId {
    "10.0.0.0/20".parse().unwrap()
}

fn reservation(address: &str, mac: &str) -> Edit {
    let mut reservation = Reservation::new(address.parse().unwrap(), mac.parse().unwrap());
    reservation.name = "new.example.org".to_owned();
    Edit::AddReservation {
        scope: scope(),
        reservation,
    }
}

/// Without the hooks that change one thing at a time, and without them.
fn minimal() -> Options {
    Options {
        hooks: Hooks::Minimal,
        ..Options::default()
    }
}

#[test]
fn a_reservation_is_on_both_and_saved() {
    for version in Version::found() {
        for mode in Mode::ALL {
            for options in [minimal(), Options::default()] {
                let hooks = options.hooks;
                let pair = Pair::start(version, mode, options);
                let runtime = runtime();
                let edit = reservation("10.0.0.77", "02-cc-00-00-00-01");
                for server in [1, 0] {
                    let begun = Instant::now();
                    runtime
                        .block_on(pair.drivers[server].apply(std::slice::from_ref(&edit), &[]))
                        .unwrap();
                    eprintln!(
                        "{version:?} {mode:?} {hooks:?} {} took {:?}",
                        NAMES[server],
                        begun.elapsed()
                    );
                    assert_eq!(pair.reserved(server, "10.0.0.77"), [true, true]);
                    assert_eq!(pair.lab.state(server).as_deref(), Some(mode.word()));
                }
                pair.lab.wait_normal();
                let copies = std::fs::read_dir(pair.home.path().join("kea")).unwrap();
                assert_eq!(copies.count(), 2);
            }
        }
    }
}

#[test]
fn the_partner_covers_and_lets_go() {
    for version in Version::found() {
        for mode in Mode::ALL {
            let pair = Pair::start(version, mode, minimal());
            let runtime = runtime();
            let grant = |scopes: &[&str]| Order::GrantScopes {
                relationship: pair.relationship(),
                scopes: scopes.iter().map(ToString::to_string).collect(),
            };
            let own: &[&str] = match mode {
                Mode::HotStandby => &[],
                Mode::LoadBalance => &["s2"],
            };
            let has = |what: &[&str]| {
                let now = pair.lab.get(1, "ha-heartbeat", json!({}));
                let mut scopes: Vec<String> =
                    serde_json::from_value(now["scopes"].clone()).unwrap();
                scopes.sort();
                assert_eq!(scopes, what, "{version:?} {mode:?}");
            };
            has(own);
            runtime
                .block_on(pair.drivers[1].order(&grant(&["s1", "s2"]), &[]))
                .unwrap();
            has(&["s1", "s2"]);
            let edit = reservation("10.0.0.78", "02-cc-00-00-00-02");
            runtime
                .block_on(pair.drivers[0].apply(&[edit], &[]))
                .unwrap();
            runtime
                .block_on(pair.drivers[1].order(&grant(own), &[]))
                .unwrap();
            has(own);
            runtime
                .block_on(pair.drivers[1].order(&grant(own), &[]))
                .unwrap();
            // Alone, it keeps what it has by right.
            pair.lab.kill(0);
            pair.lab.wait_state(1, "partner-down");
            runtime
                .block_on(pair.drivers[1].order(&grant(own), &[]))
                .unwrap();
            let now = pair.lab.get(1, "ha-heartbeat", json!({}));
            assert!(
                now["scopes"].as_array().unwrap().contains(&json!("s1")),
                "{now}"
            );
            let said = runtime.block_on(pair.drivers[1].order(&grant(&["s1", "s2"]), &[]));
            if let Err(error) = &said {
                assert!(matches!(error, DriverError::Refused { .. }), "{error}");
            }
        }
    }
}

#[test]
fn a_partner_that_is_dead_is_taken_for_down_and_one_that_lives_is_not() {
    for version in Version::found() {
        for mode in Mode::ALL {
            let options = Options {
                max_unacked: 10,
                ..minimal()
            };
            let pair = Pair::start(version, mode, options);
            let runtime = runtime();
            let relationship = pair.relationship();
            let down = Order::SetPartnerDown {
                relationship: relationship.clone(),
            };
            let maintenance = Order::StartMaintenance {
                relationship: relationship.clone(),
            };
            let cancel = Order::CancelMaintenance {
                relationship: relationship.clone(),
            };
            let order = |order: &Order| runtime.block_on(pair.drivers[0].order(order, &[]));
            let alive = order(&down).unwrap_err();
            eprintln!("{version:?} {mode:?} alive: {alive}");
            assert!(matches!(alive, DriverError::Refused { .. }), "{alive}");
            assert_eq!(pair.lab.state(0).as_deref(), Some(mode.word()));
            pair.lab.wait_normal();
            let nothing = order(&cancel).unwrap_err();
            assert!(matches!(nothing, DriverError::Refused { .. }), "{nothing}");
            order(&maintenance).unwrap();
            assert_eq!(pair.lab.state(0).as_deref(), Some("partner-in-maintenance"));
            let edit = reservation("10.0.0.79", "02-cc-00-00-00-03");
            let busy = runtime
                .block_on(pair.drivers[0].apply(&[edit], &[]))
                .unwrap_err();
            assert!(matches!(busy, DriverError::Refused { .. }), "{busy}");
            order(&cancel).unwrap();
            pair.lab.wait_normal();
            order(&Order::ResetHa { relationship }).unwrap();
            pair.lab.wait_normal();
            pair.lab.kill(1);
            order(&down).unwrap();
            assert_eq!(pair.lab.state(0).as_deref(), Some("partner-down"));
            order(&down).unwrap();
            // Configured anew, the survivor goes on alone at once.
            let edit = reservation("10.0.0.80", "02-cc-00-00-00-04");
            let begun = Instant::now();
            runtime
                .block_on(pair.drivers[0].apply(&[edit], &[]))
                .unwrap();
            eprintln!(
                "{version:?} {mode:?} survivor configured in {:?}",
                begun.elapsed()
            );
            assert_eq!(pair.lab.state(0).as_deref(), Some("partner-down"));
            pair.lab.start_again(1);
            pair.lab.wait_normal();
        }
    }
}

#[test]
fn a_file_that_can_t_be_written_is_said() {
    for version in Version::found() {
        let pair = Pair::start(version, Mode::HotStandby, minimal());
        let runtime = runtime();
        // Root may write to every file: a folder in its place stops it too.
        let file = pair.lab.file(1);
        let aside = file.with_extension("aside");
        std::fs::rename(&file, &aside).unwrap();
        std::fs::create_dir(&file).unwrap();
        let apply = |address, mac| {
            let edit = reservation(address, mac);
            runtime.block_on(pair.drivers[1].apply(&[edit], &[]))
        };
        let error = apply("10.0.0.81", "02-cc-00-00-00-05").unwrap_err();
        eprintln!("{version:?}: {error}");
        assert!(
            matches!(error, DriverError::PartlyApplied { .. }),
            "{error}"
        );
        std::fs::remove_dir(&file).unwrap();
        std::fs::rename(&aside, &file).unwrap();
        assert_eq!(pair.reserved(1, "10.0.0.81"), [true, false]);
        apply("10.0.0.82", "02-cc-00-00-00-06").unwrap();
        assert_eq!(pair.reserved(1, "10.0.0.81"), [true, true]);
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        eprintln!("{version:?}: {:o}", mode & 0o777);
    }
}

#[test]
fn a_change_of_somebody_else_s_is_seen() {
    for version in Version::found() {
        let pair = Pair::start(version, Mode::HotStandby, minimal());
        let runtime = runtime();
        let object = ObjectRef::Reservation(scope(), "10.0.0.83".parse().unwrap());
        let read = || {
            let objects = std::slice::from_ref(&object);
            runtime
                .block_on(pair.drivers[1].read_back(objects))
                .unwrap()[0]
        };
        assert_eq!(read(), None);
        let edit = reservation("10.0.0.83", "02-cc-00-00-00-07");
        let mut config = pair.lab.config(1);
        config["Dhcp4"]["subnet4"][0]["reservations"]
            .as_array_mut()
            .unwrap()
            .push(json!({"hw-address": "02:cc:00:00:00:08", "ip-address": "10.0.0.83"}));
        pair.lab.set_config(1, config);
        pair.lab.wait_normal();
        let expected = [(object.clone(), None)];
        let error = runtime
            .block_on(pair.drivers[1].apply(std::slice::from_ref(&edit), &expected))
            .unwrap_err();
        assert!(
            matches!(&error, DriverError::Stale { objects, .. } if *objects == [object.clone()]),
            "{error}"
        );
        assert!(read().is_some());
        // What Kea itself refuses is in its words.
        let error = runtime
            .block_on(pair.drivers[1].apply(&[edit], &[]))
            .unwrap_err();
        eprintln!("{version:?}: {error}");
        assert!(matches!(error, DriverError::Refused { .. }), "{error}");
        pair.lab.wait_normal();
    }
}

#[test]
fn one_that_hangs_is_found_out_soon_and_nothing_was_sent() {
    for version in Version::found() {
        let pair = Pair::start(version, Mode::HotStandby, minimal());
        let runtime = runtime();
        pair.lab.freeze(0);
        let begun = Instant::now();
        let edit = reservation("10.0.0.84", "02-cc-00-00-00-09");
        let error = runtime
            .block_on(pair.drivers[0].apply(&[edit], &[]))
            .unwrap_err();
        assert!(matches!(error, DriverError::Unreachable { .. }), "{error}");
        assert!(begun.elapsed() < Duration::from_secs(5));
        pair.lab.thaw(0);
        pair.lab.wait_normal();
        assert_eq!(pair.reserved(0, "10.0.0.84"), [false, false]);
    }
}
