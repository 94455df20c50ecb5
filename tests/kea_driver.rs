//! One Kea server as a driver: what is written, what is not, and what is said of it, on real pairs.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "kea_lab/mod.rs"]
mod kea_lab;

use std::os::unix::fs::PermissionsExt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use kea_lab::{Hooks, Lab, Mode, NAMES, Options, Version};
use serde_json::{Value, json};
use tempfile::TempDir;
use twinscope::clock::Clock;
use twinscope::config::{Configuration, Home, KeaAddress};
use twinscope::drivers::kea::KeaServer;
use twinscope::drivers::kea::channel::Channel;
use twinscope::drivers::kea::peers::{PeerEntry, Peers};
use twinscope::drivers::kea::wire::{Answer, Command, Wire};
use twinscope::drivers::{BoxFuture, Driver, DriverError, Readings};
use twinscope::ipam::{Cancel, Ended, Ipam, Progress};
use twinscope::model::edit::{Edit, ObjectRef, Order};
use twinscope::model::plan::{Action, Intent, Purpose, Reach, Risk, Step};
use twinscope::model::{Plan, Reservation, ScopeId, ServerName};

/// What is done as a command is about to be sent: it may become another one.
type Meddler = dyn FnMut(&Command) -> Option<Command> + Send;

/// A channel on which things go wrong at the worst moment.
struct Meddling {
    channel: Channel,
    meddler: Mutex<Box<Meddler>>,
}

impl Wire for Meddling {
    fn ask<'a>(&'a self, command: &'a Command) -> BoxFuture<'a, Result<Answer, DriverError>> {
        let other = (self.meddler.lock().unwrap())(command);
        Box::pin(async move { self.channel.ask(other.as_ref().unwrap_or(command)).await })
    }
}

/// A pair, and a driver of each of its servers.
struct Pair {
    lab: Arc<Lab>,
    drivers: [KeaServer; 2],
    home: TempDir,
}

impl Pair {
    fn start(version: Version, mode: Mode, options: Options) -> Pair {
        let lab = Arc::new(Lab::start(version, mode, options));
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

    /// A driver of a server on a channel on which things go wrong.
    fn meddled(
        &self,
        server: usize,
        meddler: impl FnMut(&Command) -> Option<Command> + Send + 'static,
    ) -> KeaServer {
        let name = ServerName::new(NAMES[server]);
        let address = KeaAddress::Socket(self.lab.socket(server));
        let wire = Meddling {
            channel: Channel::open(name.clone(), &address).unwrap(),
            meddler: Mutex::new(Box::new(meddler)),
        };
        let peers = Arc::new(Peers::default());
        KeaServer::new(name, Arc::new(wire), peers, Clock::system())
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
        let line = || {
            let reading = runtime.block_on(pair.drivers[1].read(None)).unwrap();
            let mut lines = reading.config.foreign.iter();
            lines.any(|line| line.starts_with("set, but not saved"))
        };
        assert!(line());
        std::fs::remove_dir(&file).unwrap();
        std::fs::rename(&aside, &file).unwrap();
        assert_eq!(pair.reserved(1, "10.0.0.81"), [true, false]);
        apply("10.0.0.82", "02-cc-00-00-00-06").unwrap();
        assert_eq!(pair.reserved(1, "10.0.0.81"), [true, true]);
        assert!(!line());
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

#[test]
fn a_server_that_drops_its_hooks_gets_its_old_configuration_back() {
    for version in Version::found() {
        let pair = Pair::start(version, Mode::HotStandby, minimal());
        let runtime = runtime();
        let mut first = true;
        let driver = pair.meddled(0, move |command| {
            if command.name != "config-set" || !std::mem::take(&mut first) {
                return None;
            }
            let mut bad = command.clone();
            let text = bad.arguments.unwrap();
            let mut config: Value = serde_json::from_str(&text).unwrap();
            let hooks = config["Dhcp4"]["hooks-libraries"].as_array_mut().unwrap();
            let mut stanzas = hooks
                .iter_mut()
                .filter_map(|hook| hook.pointer_mut("/parameters/high-availability/0"));
            stanzas.next().unwrap()["this-server-name"] = json!("zz");
            bad.arguments = Some(config.to_string());
            Some(bad)
        });
        let edit = reservation("10.0.0.85", "02-cc-00-00-00-10");
        let error = runtime.block_on(driver.apply(&[edit], &[])).unwrap_err();
        eprintln!("{version:?}: {error}");
        pair.lab.wait_normal();
        assert_eq!(pair.reserved(0, "10.0.0.85"), [false, false]);
        assert!(matches!(error, DriverError::Refused { .. }), "{error}");
    }
}

#[test]
fn a_change_between_our_reading_and_our_writing_is_kept_or_stops_us() {
    for version in Version::found() {
        let pair = Pair::start(version, Mode::HotStandby, minimal());
        let runtime = runtime();
        // Somebody else reserves an address after we have read: another one, then ours.
        for (theirs, ours, mac, stale) in [
            ("10.0.0.90", "10.0.0.86", "02-cc-00-00-00-11", false),
            ("10.0.0.87", "10.0.0.87", "02-cc-00-00-00-14", true),
        ] {
            let lab = pair.lab.clone();
            let mut readings = 0;
            let driver = pair.meddled(1, move |command| {
                readings += usize::from(matches!(command.name, "config-get"));
                if readings == 1 && command.name != "config-get" {
                    readings += 10;
                    let mut config = lab.config(1);
                    let list = &mut config["Dhcp4"]["subnet4"][0]["reservations"];
                    let mac = format!("02:dd:00:00:00:{}", &theirs[7..]);
                    list.as_array_mut()
                        .unwrap()
                        .push(json!({"hw-address": mac, "ip-address": theirs}));
                    lab.set_config(1, config);
                    lab.wait_normal();
                }
                None
            });
            let object = ObjectRef::Reservation(scope(), ours.parse().unwrap());
            let edit = reservation(ours, mac);
            let done = runtime.block_on(driver.apply(&[edit], &[(object.clone(), None)]));
            if stale {
                let error = done.unwrap_err();
                assert!(
                    matches!(&error, DriverError::Stale { objects, .. } if *objects == [object]),
                    "{error}"
                );
            } else {
                done.unwrap();
                assert_eq!(pair.reserved(1, ours), [true, true]);
            }
            assert!(pair.reserved(1, theirs)[0], "{version:?}");
            pair.lab.wait_normal();
        }
    }
}

#[test]
fn an_answer_that_is_lost_is_said_to_be() {
    for version in Version::found() {
        let pair = Pair::start(version, Mode::HotStandby, minimal());
        let runtime = runtime();
        let lab = pair.lab.clone();
        let driver = pair.meddled(1, move |command| {
            if command.name == "config-set" {
                lab.freeze(1);
            }
            None
        });
        let edit = reservation("10.0.0.88", "02-cc-00-00-00-12");
        let error = runtime.block_on(driver.apply(&[edit], &[])).unwrap_err();
        eprintln!("{version:?}: {error}");
        assert!(
            matches!(error, DriverError::OutcomeUnknown { .. }),
            "{error}"
        );
        pair.lab.thaw(1);
        pair.lab.wait_normal();
        let reading = runtime.block_on(driver.read(None)).unwrap();
        let now = reading.config.scopes[&scope()].reservations.len();
        eprintln!(
            "{version:?}: {now} reservations now; {:?}",
            reading.config.foreign
        );
    }
}

#[test]
fn the_bridge_stands_around_the_server_that_answers() {
    let Some(version) = Version::found().pop() else {
        return;
    };
    for mode in Mode::ALL {
        let pair = Pair::start(version, mode, minimal());
        let runtime = runtime();
        let read = || -> Readings {
            let mut readings = Readings::new();
            // Twice: the second time each knows who its partner is.
            for server in [0, 1, 0, 1] {
                let driver = &pair.drivers[server];
                if let Ok(reading) = runtime.block_on(driver.read(None)) {
                    readings.insert(driver.server().clone(), Arc::new(reading));
                }
            }
            readings
        };
        let edits = vec![reservation("10.0.0.89", "02-cc-00-00-00-13")];
        let steps = |server: usize, readings: &Readings| {
            let name = pair.drivers[server].server().clone();
            let step = Step {
                server: name.clone(),
                action: Action::Apply(edits.clone()),
                purpose: Purpose::Main,
                expect: Vec::new(),
                foretold: Vec::new(),
                changes: Vec::new(),
                inverse: Ok(Vec::new()),
                refused: None,
            };
            let plan = Plan {
                intent: Intent::Change {
                    server: name,
                    edits: edits.clone(),
                    reach: Reach::Server,
                },
                title: String::new(),
                steps: vec![step.clone()],
                warnings: Vec::new(),
                impact: String::new(),
                silence: Duration::ZERO,
                risk: Risk::Small,
                clears: Vec::new(),
                left_out: Vec::new(),
            };
            let steps = pair.drivers[server].expand(step, &plan, readings);
            let lines = steps
                .iter()
                .map(|step| format!("{:?} {}: {}", step.purpose, step.server, step.action));
            let impact = pair.drivers[server].impact(&edits, readings);
            (lines.collect::<Vec<_>>(), impact.words)
        };
        let readings = read();
        let [first, second] = [0, 1].map(|server| steps(server, &readings));
        assert_eq!(
            (first.1.as_str(), second.1.as_str()),
            ("no interruption", "no interruption")
        );
        assert_eq!(first.0[0], "Bridge s2: Serve s1, s2 in 's1-s2'");
        let back = match mode {
            Mode::HotStandby => "Always s2: Serve nobody in 's1-s2'",
            Mode::LoadBalance => "Always s2: Serve s2 in 's1-s2'",
        };
        assert_eq!(first.0[2], back);
        assert_eq!(second.0.len(), if mode == Mode::HotStandby { 1 } else { 3 });
        let (a, b) = (pair.drivers[0].server(), pair.drivers[1].server());
        assert!(pair.drivers[1].goes_first(a, &readings));
        assert!(!pair.drivers[0].goes_first(b, &readings));
        pair.lab.kill(1);
        pair.lab.wait_state(0, "partner-down");
        let mut readings = readings;
        readings.remove(b);
        readings.insert(
            a.clone(),
            Arc::new(runtime.block_on(pair.drivers[0].read(None)).unwrap()),
        );
        let alone = steps(0, &readings);
        assert_eq!(alone.0.len(), 1);
        assert_eq!(alone.1, "about 1 s without answers on s1");
    }
}

#[test]
fn a_configured_pair_is_read_and_changed_as_one() {
    for version in Version::found() {
        for mode in Mode::ALL {
            let lab = Lab::start(version, mode, minimal());
            let folder = tempfile::tempdir().unwrap();
            let home = Home::at(folder.path());
            let servers = [0, 1].map(|server| {
                format!(
                    "[[server]]\nname = \"{}\"\nkind = \"kea\"\nsocket = \"{}\"\nha_url = \"{}\"\n",
                    NAMES[server],
                    lab.socket(server).display(),
                    lab.peer_url(server)
                )
            });
            let file = home.config_file();
            let configuration = Configuration::parse(&file, &servers.join("\n")).unwrap();
            let runtime = runtime();
            let ipam = Ipam::open(&home, &configuration, Clock::system(), "tester").unwrap();
            runtime.block_on(async {
                ipam.collect().await;
                ipam.collect().await;
                let intent = |address: &str, mac| Intent::Change {
                    server: ServerName::new("s1"),
                    edits: vec![reservation(address, mac)],
                    reach: Reach::Pair,
                };
                let plan = ipam
                    .plan(intent("10.0.0.70", "02-cc-00-00-00-70"))
                    .await
                    .unwrap();
                for step in &plan.steps {
                    eprintln!("  {:?} {}: {}", step.purpose, step.server, step.action);
                }
                eprintln!("  {}; {:?}", plan.impact, plan.warnings);
                assert_eq!(plan.warnings.len(), 2);
                let begun = Instant::now();
                let outcome = ipam
                    .carry_out(plan, &Progress::none(), &Cancel::new())
                    .await;
                eprintln!(
                    "{version:?} {mode:?}: {:?} in {:?}; {:?}",
                    outcome.ended,
                    begun.elapsed(),
                    outcome.notes
                );
                assert_eq!(outcome.ended, Ended::Done, "{outcome:?}");
                for server in 0..2 {
                    let config = lab.config_on_disk(server);
                    assert!(config.to_string().contains("10.0.0.70"));
                }
                let again = ipam
                    .plan(intent("10.0.0.71", "02-cc-00-00-00-71"))
                    .await
                    .unwrap();
                assert_eq!(again.warnings, Vec::<String>::new());
            });
            lab.wait_normal();
        }
    }
}
