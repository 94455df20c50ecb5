//! What real clients notice of a change: on each version and mode, by each way that leads to it.
//! `cargo test --test kea_clients -- --nocapture` prints the table.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "kea_lab/mod.rs"]
mod kea_lab;

use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

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

/// When what was done began, relative to nothing.
type Times = Arc<Mutex<Vec<(Instant, String)>>>;

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
        let begun = Instant::now();
        doing(&times);
        self.lab.wait_normal();
        let took = begun.elapsed();
        let count = clients.count(&self.lab, begun);
        let mut story = String::new();
        let mut moments = std::mem::take(&mut *times.lock().unwrap());
        let lost = count.unanswered.iter();
        moments.extend(lost.map(|at| (*at, "a client without an answer".to_owned())));
        moments.sort();
        for (at, what) in moments {
            let at = at.duration_since(begun).as_secs_f64();
            let _ = writeln!(story, "{at:>8.3} s {what}");
        }
        Measured { count, took, story }
    }
}

struct Measured {
    count: Count,
    took: Duration,
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
                let Measured { count, took, story } = measured;
                let took = took.as_secs_f64();
                let line = format!("{name:<64} {took:>7.2} s {count}");
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
            let seen = !measured.count.unanswered.is_empty();
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
                    let none = measured.count.unanswered.is_empty();
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
        "{:<64} {:>9} {:>6} {:>10} {:>8} {:>10} {:>6}",
        "clients every 5 ms, heartbeat 1 s", "took", "sent", "unanswered", "", "silence", "twice"
    );
    let table = format!("{head}\n{}\n", rows.join("\n"));
    std::io::stdout().write_all(table.as_bytes()).unwrap();
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
