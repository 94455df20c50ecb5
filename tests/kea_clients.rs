//! What real clients notice of a change: on each version and mode, by each way that leads to it.
//! `cargo test --test kea_clients -- --nocapture` prints the table.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "kea_lab/mod.rs"]
mod kea_lab;

use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use kea_lab::clients::{Clients, Count};
use kea_lab::{Hooks, Lab, Mode, NAMES, Options, Version, on_each};
use serde_json::json;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use twinscope::clock::Clock;
use twinscope::config::{Configuration, Home};
use twinscope::ipam::{Cancel, Ended, Ipam, Progress};
use twinscope::model::edit::Edit;
use twinscope::model::plan::{Intent, Reach, ReplicationLevel};
use twinscope::model::{Reservation, ScopeId, ServerName};

/// A pair, and the product that looks after it.
struct Managed {
    lab: Lab,
    ipam: Ipam,
    runtime: Runtime,
    _folder: TempDir,
}

/// What was done, and when.
type Times = Arc<Mutex<Vec<(Instant, String)>>>;

/// So long before the servers stop a client may have come whom they then don't hear: both are busy.
const EARLY: SignedDuration = SignedDuration::from_millis(250);
/// So long after they went on, by the log.
const LATE: SignedDuration = SignedDuration::from_millis(50);

impl Managed {
    fn start(version: Version, mode: Mode, hooks: Hooks) -> Managed {
        let options = Options {
            dhcp: true,
            hooks,
            heartbeat: 1000,
            // Far above what a busy machine may keep a server from answering.
            max_response: 20_000,
            max_unacked: 100,
            ..Options::default()
        };
        let lab = Lab::start(version, mode, options);
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
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let ipam = Ipam::open(&home, &configuration, Clock::system(), "tester").unwrap();
        Managed {
            lab,
            ipam,
            runtime,
            _folder: folder,
        }
    }

    /// Plans and does it, as the console does, all of it with success.
    fn carry_out(&self, intent: Intent, times: &Times) {
        self.runtime.block_on(async {
            // Twice: the second time each knows who its partner is.
            self.ipam.collect().await;
            self.ipam.collect().await;
            let plan = self.ipam.plan(intent).await.unwrap();
            let words: Vec<String> = plan
                .steps
                .iter()
                .map(|step| format!("{:?} {}: {}", step.purpose, step.server, step.action))
                .collect();
            let kept = times.clone();
            let progress = Progress::to(move |step, result| {
                let end = if result.is_some() { " done" } else { "" };
                let what = format!("{}{end}", words[step]);
                kept.lock().unwrap().push((Instant::now(), what));
            });
            let cancel = Cancel::new();
            let outcome = self.ipam.carry_out(plan, &progress, &cancel).await;
            assert_eq!(outcome.ended, Ended::Done, "{outcome:?}");
        });
    }

    /// Does something while clients come, and counts them.
    fn measure(&self, doing: impl FnOnce(&Times)) -> Measured {
        self.lab.wait_normal();
        let clients = Clients::come(&self.lab);
        let times = Times::default();
        let (begun, began) = (Instant::now(), Timestamp::now());
        doing(&times);
        self.lab.wait_normal();
        let took = begun.elapsed();
        let count = clients.count(&self.lab, begun);
        let after = |at: Instant| SignedDuration::try_from(at - begun).unwrap();
        let syncs: Vec<[SignedDuration; 2]> = syncs(&self.lab)
            .into_iter()
            .map(|sync| sync.map(|at| at.duration_since(began)))
            .filter(|[_, end]| end.is_positive())
            .collect();
        let in_a_sync = |at: &SignedDuration| {
            let mut syncs = syncs.iter();
            syncs.any(|[start, end]| (*start - EARLY..=*end + LATE).contains(at))
        };
        let lost: Vec<SignedDuration> = count.unanswered.iter().map(|at| after(*at)).collect();
        let unexplained = lost.iter().filter(|at| !in_a_sync(at)).count();
        let moments = std::mem::take(&mut *times.lock().unwrap());
        let mut moments: Vec<(SignedDuration, String)> = moments
            .into_iter()
            .map(|(at, what)| (after(at), what))
            .collect();
        let lost = lost.into_iter();
        moments.extend(lost.map(|at| (at, "a client without an answer".to_owned())));
        for [start, end] in &syncs {
            moments.push((*start, "leases are copied, says Kea".to_owned()));
            moments.push((*end, "leases are copied, says Kea: done".to_owned()));
        }
        moments.sort();
        let mut story = String::new();
        for (at, what) in moments {
            let _ = writeln!(story, "{:>8.3} s {what}", at.as_secs_f64());
        }
        let synced = syncs.iter().map(|[start, end]| *end - *start);
        Measured {
            count,
            took,
            unexplained,
            synced: synced.max().unwrap_or_default(),
            story,
        }
    }
}

/// When the servers copied each other's leases, from their logs: meanwhile both have stopped DHCP.
fn syncs(lab: &Lab) -> Vec<[Timestamp; 2]> {
    let mut syncs = Vec::new();
    for server in 0..2 {
        let log = std::fs::read_to_string(lab.folder(server).join("kea-dhcp4.log")).unwrap();
        let mut start = None;
        for line in log.lines() {
            let at = || {
                let time = line.get(..23)?;
                let time = DateTime::strptime("%Y-%m-%d %H:%M:%S%.f", time).ok()?;
                let time = time.to_zoned(TimeZone::system()).ok()?;
                Some(time.timestamp())
            };
            if line.contains(" HA_SYNC_START ") {
                start = at();
            } else if line.contains(" HA_SYNC_SUCCESSFUL ") {
                syncs.extend(start.take().zip(at()).map(|(start, end)| [start, end]));
            }
        }
    }
    syncs
}

struct Measured {
    count: Count,
    took: Duration,
    /// How many clients had no answer while both servers could have given one.
    unexplained: usize,
    /// How long the longest copying of leases was, as Kea tells.
    synced: SignedDuration,
    /// What was done when, and when clients were lost.
    story: String,
}

fn scope() -> ScopeId {
    "10.0.0.0/20".parse().unwrap()
}

fn reservation(number: u8) -> Edit {
    let address = format!("10.0.0.{number}").parse().unwrap();
    let client = format!("02-cc-00-00-00-{number:02}").parse().unwrap();
    let mut reservation = Reservation::new(address, client);
    reservation.name = format!("new{number}.example.org");
    Edit::AddReservation {
        scope: scope(),
        reservation,
    }
}

fn change(number: u8, reach: Reach) -> Intent {
    Intent::Change {
        server: ServerName::new(NAMES[0]),
        edits: vec![reservation(number)],
        reach,
    }
}

fn replicate() -> Intent {
    Intent::Replicate {
        from: ServerName::new(NAMES[0]),
        what: ReplicationLevel::Scopes([scope()].into()),
    }
}

/// By somebody else's hand, as plain as can be.
fn plainly(lab: &Lab) {
    let mut config = lab.config(0);
    let reservations = &mut config["Dhcp4"]["subnet4"][0]["reservations"];
    let added = json!({"hw-address": "02:dd:00:00:00:99", "ip-address": "10.0.0.99"});
    reservations.as_array_mut().unwrap().push(added);
    lab.set_config(0, config);
}

#[test]
fn no_client_notices_our_changes() {
    let rows = Mutex::new(Vec::new());
    let wrong = Mutex::new(Vec::new());
    on_each("what clients notice", |version| {
        for mode in Mode::ALL {
            let row = |what: &str, measured: &Measured, fits: bool| {
                let name = format!("{} {} {what}", version.number(), mode.word());
                let took = measured.took.as_secs_f64();
                let Measured { count, story, .. } = measured;
                let (apart, synced) = (measured.unexplained, measured.synced.as_millis());
                let line = format!("{name:<74} {took:>6.2} s {count} {apart:>6} {synced:>5} ms");
                if !fits {
                    wrong.lock().unwrap().push(format!("{line}\n{story}"));
                }
                rows.lock().unwrap().push(line);
            };
            let managed = Managed::start(version, mode, Hooks::Minimal);
            let lab = &managed.lab;
            let measured = managed.measure(|_| std::thread::sleep(Duration::from_secs(1)));
            row(
                "nothing done",
                &measured,
                measured.count.unanswered.is_empty(),
            );
            // What shows that it would be seen.
            let measured = managed.measure(|_| plainly(lab));
            let seen = measured.unexplained > 0;
            row("plain config-set on the primary", &measured, seen);
            let kinds: &[Hooks] = match version {
                Version::V2_2 | Version::V2_6 => &[Hooks::Minimal],
                Version::V3_0 => &[Hooks::Minimal, Hooks::All],
            };
            drop(managed);
            for hooks in kinds {
                let managed = Managed::start(version, mode, *hooks);
                let way = match hooks {
                    Hooks::Minimal => "behind the bridge",
                    Hooks::All => "command by command",
                };
                let ours = |what: &str, intent: Intent| {
                    let measured = managed.measure(|times| managed.carry_out(intent, times));
                    // Kea itself stops both for the milliseconds of its lease synchronisation.
                    let none = match hooks {
                        Hooks::Minimal => measured.unexplained == 0,
                        Hooks::All => measured.count.unanswered.is_empty(),
                    };
                    row(&format!("{what}, {way}"), &measured, none);
                };
                ours("a reservation on both", change(71, Reach::Pair));
                ours(
                    "a reservation on the primary alone",
                    change(72, Reach::Server),
                );
                ours("that scope replicated", replicate());
            }
        }
    });
    let mut rows = rows.into_inner().unwrap();
    rows.sort();
    let head = format!(
        "{:<74} {:>8} {:>6} {:>10} {:>8} {:>10} {:>6} {:>6} {:>8}",
        "a client every 5 ms, heartbeat 1 s",
        "took",
        "sent",
        "unanswered",
        "share",
        "silence",
        "twice",
        "apart*",
        "sync"
    );
    let foot = "* unanswered apart from Kea's own lease synchronisation, for which it stops both";
    let table = format!("{head}\n{}\n{foot}\n", rows.join("\n"));
    std::io::stdout().write_all(table.as_bytes()).unwrap();
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
