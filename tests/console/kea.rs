//! Kea's failover in the console: Set Partner Down, maintenance and Reset HA on a hot standby pair
//! that is played, in what a real one answers.

use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use serde_json::{Value, json};
use twinscope::clock::Clock;
use twinscope::config::Home;
use twinscope::console::place::View;
use twinscope::drivers::kea::KeaServer;
use twinscope::drivers::kea::peers::{PeerEntry, Peers};
use twinscope::drivers::kea::wire::{Answer, Command, Wire};
use twinscope::drivers::probe::{Found, ProbeItem};
use twinscope::drivers::{
    BoxFuture, Driver, DriverError, Expected, Impact, LeaseQuery, Probe, Readings, Silence,
};
use twinscope::ipam::{Ipam, SqliteStore};
use twinscope::model::edit::{Edit, ObjectRef, Order};
use twinscope::model::fingerprint::Fingerprint;
use twinscope::model::lease::Lease;
use twinscope::model::server::ServerReading;
use twinscope::model::{FailoverState, ServerName};

use crate::harness::{BEGIN, Console};

const NAMES: [&str; 2] = ["kea1", "kea2"];
const PAIR: &str = "kea1-kea2";

/// How a server is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Is {
    Up,
    Stopped,
    /// Nothing of its machine answers.
    Silent,
}

struct Stage {
    is: [Is; 2],
    states: [&'static str; 2],
    /// Whether the two hear each other.
    joined: bool,
    /// Every command that changes something.
    sent: Vec<String>,
}

type Shared = Arc<Mutex<Stage>>;

/// One server of the pair, at its control channel.
struct Played {
    stage: Shared,
    number: usize,
}

fn result(result: i64, text: &str, arguments: &Value) -> Answer {
    let answer = json!({"result": result, "text": text, "arguments": arguments});
    serde_json::from_value(answer).unwrap()
}

fn config(number: usize) -> Value {
    let peers = [("primary", 0), ("standby", 1)].map(|(role, peer)| {
        json!({
            "name": NAMES[peer],
            "url": format!("http://192.0.2.{}:8000/", peer + 1),
            "role": role,
        })
    });
    let subnets = [1, 2].map(|id| {
        json!({
            "id": id,
            "subnet": format!("10.0.{id}.0/24"),
            "pools": [{"pool": format!("10.0.{id}.10-10.0.{id}.200")}],
            "user-context": {"name": format!("Floor {id}")},
        })
    });
    json!({"Dhcp4": {
        "valid-lifetime": 3600,
        "subnet4": subnets,
        "hooks-libraries": [{
            "library": "/usr/lib/kea/hooks/libdhcp_ha.so",
            "parameters": {"high-availability": [{
                "this-server-name": NAMES[number],
                "mode": "hot-standby",
                "max-unacked-clients": 5,
                "peers": peers,
            }]},
        }],
    }})
}

impl Stage {
    fn answer(&mut self, number: usize, command: &Command) -> Answer {
        let other = 1 - number;
        let lost = !self.joined || self.is[other] != Is::Up;
        let ok = |arguments: &Value| result(0, "", arguments);
        if command.writes {
            let arguments = command.arguments.as_deref().unwrap_or("");
            self.sent.push(format!("{} {arguments}", command.name));
        }
        match command.name {
            "version-get" => result(0, "3.0.3", &Value::Null),
            "list-commands" => ok(&json!([
                "config-get",
                "config-set",
                "config-write",
                "ha-heartbeat",
                "ha-maintenance-start",
                "ha-maintenance-cancel",
                "ha-reset",
                "stat-lease4-get",
                "status-get",
            ])),
            "config-get" => ok(&config(number)),
            "status-get" => ok(&json!({
                "pid": 100 + number,
                "reload": 3600,
                "uptime": 3600,
                "high-availability": [{"ha-mode": "hot-standby", "ha-servers": {
                    "local": {"state": self.states[number], "scopes": [], "server-name": NAMES[number]},
                    "remote": {
                        "age": if lost { 90 } else { 1 },
                        "in-touch": true,
                        "last-state": if lost { "unavailable" } else { self.states[other] },
                        "server-name": NAMES[other],
                        "communication-interrupted": lost,
                        "connecting-clients": 2,
                        "unacked-clients": 2,
                        "unacked-clients-left": 4,
                    },
                }}],
            })),
            "ha-heartbeat" => ok(&json!({
                "state": self.states[number],
                "scopes": [],
                "unsent-update-count": 0,
            })),
            "stat-lease4-get" => ok(&json!({"result-set": {
                "columns": ["subnet-id", "total-addresses", "assigned-addresses"],
                "rows": [[1, 191, 120], [2, 191, 15]],
            }})),
            "ha-maintenance-start" if lost => {
                self.states[number] = "partner-down";
                ok(&Value::Null)
            }
            "ha-maintenance-start" => {
                self.states[number] = "partner-in-maintenance";
                self.states[other] = "in-maintenance";
                ok(&Value::Null)
            }
            "ha-maintenance-cancel" => {
                self.states = ["hot-standby"; 2];
                ok(&Value::Null)
            }
            "ha-reset" => {
                self.states[number] = "waiting";
                ok(&Value::Null)
            }
            _ => result(2, "not supported", &Value::Null),
        }
    }
}

fn unreachable(number: usize, is: Is) -> DriverError {
    DriverError::Unreachable {
        server: ServerName::new(NAMES[number]),
        how: match is {
            Is::Silent => Silence::NoConnection("192.0.2.1 port 8000: timed out".to_owned()),
            _ => Silence::ServiceStopped,
        },
    }
}

impl Wire for Played {
    fn ask<'a>(&'a self, command: &'a Command) -> BoxFuture<'a, Result<Answer, DriverError>> {
        let mut stage = self.stage.lock().unwrap();
        let answer = match stage.is[self.number] {
            Is::Up => Ok(stage.answer(self.number, command)),
            is => Err(unreachable(self.number, is)),
        };
        Box::pin(std::future::ready(answer))
    }
}

/// The real driver, but for the doors: there is no machine to knock at.
struct Kea {
    driver: KeaServer,
    stage: Shared,
    number: usize,
}

impl Driver for Kea {
    fn server(&self) -> &ServerName {
        self.driver.server()
    }

    fn read<'a>(
        &'a self,
        before: Option<&'a ServerReading>,
    ) -> BoxFuture<'a, Result<ServerReading, DriverError>> {
        self.driver.read(before)
    }

    fn leases<'a>(
        &'a self,
        query: &'a LeaseQuery,
    ) -> BoxFuture<'a, Result<Vec<Lease>, DriverError>> {
        self.driver.leases(query)
    }

    fn impact(&self, edits: &[Edit], readings: &Readings) -> Impact {
        self.driver.impact(edits, readings)
    }

    fn apply<'a>(
        &'a self,
        edits: &'a [Edit],
        expected: Expected<'a>,
    ) -> BoxFuture<'a, Result<(), DriverError>> {
        self.driver.apply(edits, expected)
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

    fn command(&self, order: &Order) -> String {
        self.driver.command(order)
    }

    fn probe(&self, now: Timestamp) -> BoxFuture<'_, Probe> {
        let is = self.stage.lock().unwrap().is[self.number];
        Box::pin(async move {
            let read = match is {
                Is::Up => self.driver.read(None).await,
                is => Err(unreachable(self.number, is)),
            };
            let mut probe = Probe::from_read(self.server(), &read, now);
            let at = format!("192.0.2.{}:8000", self.number + 1);
            let (host, port) = match is {
                Is::Up => (Found::Answers, Found::Answers),
                Is::Stopped => (Found::Answers, Found::Refuses),
                Is::Silent => (Found::Silent, Found::Silent),
            };
            probe.host = ProbeItem::new(host, &at, now);
            probe.failover_port = ProbeItem::new(port, &at, now);
            probe
        })
    }
}

/// A console on the pair.
struct Pair {
    console: Console,
    stage: Shared,
}

impl Pair {
    fn new(size: (u16, u16)) -> Pair {
        let stage = Arc::new(Mutex::new(Stage {
            is: [Is::Up; 2],
            states: ["hot-standby"; 2],
            joined: true,
            sent: Vec::new(),
        }));
        let home = tempfile::tempdir().unwrap();
        let clock = Clock::manual(BEGIN.parse().unwrap());
        let place = Home::at(home.path());
        let entry = |number: usize| PeerEntry {
            server: ServerName::new(NAMES[number]),
            aliases: Vec::new(),
            ha_url: Some(format!("http://192.0.2.{}:8000/", number + 1)),
            url: None,
        };
        let peers = Arc::new(Peers::new(vec![entry(0), entry(1)]));
        let drivers = [0, 1].map(|number| {
            let wire = Arc::new(Played {
                stage: Arc::clone(&stage),
                number,
            });
            let name = ServerName::new(NAMES[number]);
            let driver = KeaServer::new(name, wire, Arc::clone(&peers), clock.clone());
            let stage = Arc::clone(&stage);
            let kea = Kea {
                driver,
                stage,
                number,
            };
            Arc::new(kea) as Arc<dyn Driver>
        });
        std::fs::create_dir_all(&place.state).unwrap();
        let store = Arc::new(SqliteStore::open(&place.ipam_file()).unwrap());
        let ipam = Ipam::with_drivers(drivers.to_vec(), store, &place.state, clock.clone(), "op");
        let mut console = Console::with_ipam(size, home, clock, ipam.unwrap());
        console.collect();
        Pair { console, stage }
    }

    fn set(&mut self, change: impl FnOnce(&mut Stage)) -> &mut Console {
        change(&mut self.stage.lock().unwrap());
        self.console.wait(6).collect()
    }

    /// A command of the relationship's menu.
    fn choose(&mut self, label: &str) -> &mut Console {
        self.console.go(View::FailoverRelationships);
        self.console.right_click("kea1").click(label)
    }

    fn sent(&self) -> Vec<String> {
        self.stage.lock().unwrap().sent.clone()
    }

    fn state(&self, number: usize) -> (FailoverState, Option<String>) {
        let estate = self.console.ipam.estate();
        let end = estate.end(&ServerName::new(NAMES[number]), PAIR).unwrap();
        let status = end.status.unwrap();
        (status.state, status.own_word.clone())
    }
}

const SIZES: [(u16, u16); 2] = [(80, 24), (120, 40)];

fn shot(name: &str, (width, height): (u16, u16), screen: &str) {
    for word in ["MCLT", "Lead Time", "reserve (", "Switchover"] {
        assert!(!screen.contains(word), "'{word}':\n{screen}");
    }
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(format!("{name}_{width}x{height}"), screen));
}

#[test]
fn a_partner_that_lives_is_maintained_instead() {
    for size in SIZES {
        let mut pair = Pair::new(size);
        pair.choose("Set Partner Down").keys("<enter>");
        pair.console
            .expect("DON'T: the partner is alive")
            .expect("m Start Maintenance")
            .expect("use Start Maintenance");
        shot("kea_partner_down_dont", size, &pair.console.screen());
        pair.console
            .click("m Start Maintenance")
            .expect("What will be done")
            .keys("<esc>")
            .keys("m")
            .expect("What will be done");
        shot("kea_start_maintenance_plan", size, &pair.console.screen());
        assert!(pair.sent().is_empty());
        pair.console.keys("<enter>");
        assert_eq!(pair.sent().len(), 1);
        let word = pair.state(0).1;
        assert_eq!(word.as_deref(), Some("partner-in-maintenance"));
        pair.console.wait(6).expect("WAIT");
        pair.console
            .expect("m Cancel Maintenance")
            .keys("m <enter>");
        assert_eq!(pair.state(0).0, FailoverState::Normal);
        assert_eq!(
            pair.sent(),
            [
                r#"ha-maintenance-start {"server-name":"kea1"}"#,
                r#"ha-maintenance-cancel {"server-name":"kea1"}"#,
            ]
        );
    }
}

#[test]
fn a_dead_partner_is_switched_past() {
    for size in SIZES {
        let mut pair = Pair::new(size);
        pair.set(|stage| stage.is[0] = Is::Silent);
        pair.choose("Set Partner Down");
        pair.console
            .expect("kea2 goes on")
            .expect("UNCONFIRMED: fence it first");
        shot("kea_partner_down_unconfirmed", size, &pair.console.screen());
        pair.set(|stage| stage.is[0] = Is::Stopped);
        pair.console
            .expect("SAFE TO SWITCH")
            .expect_not("Start Maintenance");
        shot("kea_partner_down_safe", size, &pair.console.screen());
        pair.console
            .keys("<end>")
            .expect("What it costs")
            .expect("max-unacked-clients 5, so far 2")
            .expect(r#"{"command":"ha-maintenance-start","#);
        shot("kea_partner_down_costs", size, &pair.console.screen());
        pair.console
            .keys("<enter>")
            .expect("What will be done")
            .keys("<enter>")
            .expect("PARTNER DOWN");
        assert_eq!(pair.state(1).0, FailoverState::PartnerDown);
        // It was frozen, and comes to: it finds the old request.
        pair.set(|stage| {
            stage.is[0] = Is::Up;
            stage.states[0] = "in-maintenance";
        });
        pair.console
            .expect("TROUBLE")
            .expect("stuck in maintenance")
            .expect("m Reset HA");
        shot("kea_stuck_in_maintenance", size, &pair.console.screen());
        pair.console
            .keys("m")
            .expect("What will be done")
            .keys("<enter>");
        assert_eq!(pair.state(0).1.as_deref(), Some("waiting"));
        for (state, says) in [
            ("waiting", "until it has heard kea2"),
            ("syncing", "asks for everything"),
            ("ready", "Both are Normal"),
        ] {
            pair.set(|stage| stage.states[0] = state);
            pair.console.expect(says);
            if state == "syncing" {
                shot("kea_way_back", size, &pair.console.screen());
            }
        }
        pair.set(|stage| stage.states = ["hot-standby"; 2]);
        pair.console.expect("NORMAL AGAIN");
    }
}

#[test]
fn what_a_state_does_not_take_is_dimmed_and_says_why() {
    let mut pair = Pair::new((120, 40));
    for (states, allowed) in [
        (["hot-standby"; 2], "Start Maintenance"),
        (
            ["partner-in-maintenance", "in-maintenance"],
            "Cancel Maintenance",
        ),
        (["in-maintenance", "partner-down"], "Reset HA"),
    ] {
        pair.set(|stage| stage.states = states);
        for label in ["Start Maintenance", "Cancel Maintenance", "Reset HA"] {
            pair.choose(label);
            let refused = match label {
                "Start Maintenance" => "Start Maintenance: which",
                _ => "What will be done",
            };
            let opened = pair.console.shows(refused);
            // A server that is held may be reset too.
            let also = label == "Reset HA" && states.contains(&"in-maintenance");
            assert_eq!(
                opened,
                label == allowed || also,
                "{states:?} {label}:\n{}",
                pair.console.screen()
            );
            pair.console.keys("<esc> <esc>");
        }
    }
    pair.set(|stage| stage.states = ["in-maintenance", "partner-down"]);
    pair.console.go(View::FailoverRelationships);
    pair.console.right_click("kea1");
    shot(
        "kea_menu_of_a_relationship",
        (120, 40),
        &pair.console.screen(),
    );
}
