//! Failover on live Kea servers, from two that stand alone to a pair and back: at no moment do both
//! hand out the addresses of one pool without knowing of each other.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "kea_lab/mod.rs"]
mod kea_lab;

use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kea_lab::{Hooks, Lab, Mode, NAMES, Options, Version, on_each};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use twinscope::clock::Clock;
use twinscope::cmdlets;
use twinscope::config::{Configuration, Home};
use twinscope::console::dialogs::failover::{Configure, EditRelationship};
use twinscope::console::layers::form::{Control, Field, Fields, FormKind, Wrong};
use twinscope::console::world::World;
use twinscope::ipam::{Cancel, Ended, Ipam, Outcome, Progress};
use twinscope::model::failover::{self, RelationshipProperty, Role};
use twinscope::model::plan::{FailoverChoice, Intent};
use twinscope::model::scope::Seconds;
use twinscope::model::{HaEnd, HaSetup, Plan, Relationship, ScopeId, ServerName};

const PAIR: &str = "Pair";

/// Two servers that stand alone: the first has two scopes, the second none.
struct Two {
    lab: Arc<Lab>,
    ipam: Ipam,
    runtime: Runtime,
    mode: Mode,
    _home: TempDir,
}

fn scope(number: usize) -> ScopeId {
    format!("10.0.{}.0/20", number * 16).parse().unwrap()
}

fn name(server: usize) -> ServerName {
    ServerName::new(NAMES[server])
}

impl Two {
    fn start(version: Version, mode: Mode, hooks: Hooks) -> Two {
        let options = Options {
            ha: false,
            subnets: 2,
            leases: 0,
            hooks,
            ..Options::default()
        };
        let lab = Lab::start(version, mode, options);
        let mut empty = lab.config(1);
        empty["Dhcp4"]["subnet4"] = json!([]);
        lab.set_config(1, empty);
        for server in 0..2 {
            lab.get(server, "config-write", Value::Null);
        }
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
        let configuration = Configuration::parse(&home.config_file(), &servers.join("\n")).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let guard = runtime.enter();
        let ipam = Ipam::open(&home, &configuration, Clock::system(), "tester").unwrap();
        drop(guard);
        runtime.block_on(ipam.collect());
        Two {
            lab: Arc::new(lab),
            ipam,
            runtime,
            mode,
            _home: folder,
        }
    }

    fn world(&self) -> World {
        World {
            estate: self.ipam.estate(),
            kinds: self.ipam.kinds(),
            ..World::unknown(self.ipam.clock().now())
        }
    }

    /// A line of cmdlets: its exit code, and all that it said.
    fn line(&self, line: &str) -> (u8, String) {
        let words: Vec<std::ffi::OsString> = line.split(' ').map(Into::into).collect();
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut input: &[u8] = &[];
        let mut console = cmdlets::Console {
            input: &mut input,
            output: &mut out,
            errors: &mut err,
            interactive: false,
        };
        let ran = cmdlets::run(&self.ipam, &words, &mut console);
        let code = self.runtime.block_on(ran).unwrap();
        let said = [out, err].concat();
        (code, String::from_utf8(said).unwrap())
    }

    fn setup(&self) -> HaSetup {
        let setup = self.ipam.kinds().ha_setup(&name(0), &name(1)).unwrap();
        let end = |server: usize| HaEnd {
            name: NAMES[server].to_owned(),
            url: self.lab.peer_url(server),
        };
        assert_eq!([&setup.own, &setup.partner], [&end(0), &end(1)]);
        HaSetup {
            heartbeat_delay: 200,
            max_response_delay: 2000,
            max_ack_delay: 1000,
            ..setup
        }
    }

    fn new_pair(&self, scopes: &[usize], setup: HaSetup) -> Intent {
        let mut relationship = Relationship::new(PAIR, name(1));
        relationship.mclt = Seconds(0);
        relationship.mode = match self.mode {
            Mode::LoadBalance => failover::Mode::LoadBalance { percent: 50 },
            Mode::HotStandby => failover::Mode::HotStandby {
                role: Role::Active,
                reserve_percent: 0,
            },
        };
        Intent::ConfigureFailover {
            server: name(0),
            scopes: scopes.iter().map(|at| scope(*at)).collect(),
            with: FailoverChoice::New {
                relationship,
                secret: None,
                ha: Some(Box::new(setup)),
            },
        }
    }

    fn plan(&self, intent: Intent) -> Plan {
        self.runtime.block_on(self.ipam.plan(intent)).unwrap()
    }

    fn refused(&self, intent: Intent) -> String {
        let refused = self.runtime.block_on(self.ipam.plan(intent)).unwrap_err();
        refused.to_string()
    }

    fn carry_out(&self, plan: Plan, progress: &Progress) -> Outcome {
        let watch = Watch::over(&self.lab);
        let done = self
            .runtime
            .block_on(self.ipam.carry_out(plan, progress, &Cancel::new()));
        let both = watch.end();
        assert_eq!(both, None, "{done:?}");
        done
    }

    /// Carries it out, and sees that all of it was done.
    fn does(&self, intent: Intent) -> Outcome {
        let done = self.carry_out(self.plan(intent), &Progress::none());
        assert_eq!(done.ended, Ended::Done, "{done:?}\n{}", self.lab.logs());
        done
    }

    fn undoes(&self, done: &Outcome) {
        self.does(Intent::Undo {
            plan: done.plan.unwrap(),
        });
    }

    /// Which scopes each has, and whether each says that it is under failover; the file too.
    fn stands(&self, first: &[(usize, bool)], second: &[(usize, bool)], paired: bool) {
        for (server, expected) in [first, second].into_iter().enumerate() {
            let now = self.lab.config(server);
            assert_eq!(held(&now), held(&self.lab.config_on_disk(server)));
            let expected: BTreeMap<String, bool> = expected
                .iter()
                .map(|(at, under)| (scope(*at).net().to_string(), *under))
                .collect();
            let found: BTreeMap<String, bool> = held(&now)
                .into_iter()
                .map(|(prefix, subnet)| (prefix, paired && !marked(&subnet)))
                .collect();
            assert_eq!(found, expected, "{}", NAMES[server]);
            assert_eq!(relationship(&now).is_some(), paired, "{}", NAMES[server]);
        }
        let [one, two] = [0, 1].map(|server| held(&self.lab.config(server)));
        for (prefix, subnet) in &two {
            let original = &one[prefix];
            assert_eq!(original["id"], subnet["id"]);
            assert_eq!(pools(original), pools(subnet));
            let classes: BTreeSet<String> = pools(subnet).into_values().flatten().collect();
            let each: &[&str] = match (paired, self.mode) {
                (true, Mode::LoadBalance) => &["HA_s1", "HA_s2"],
                _ => &[],
            };
            assert!(classes.iter().eq(each), "{classes:?}");
        }
        if paired {
            for server in 0..2 {
                self.lab.wait_state(server, self.mode.word());
            }
        }
    }
}

fn relationship(config: &Value) -> Option<&Value> {
    let hooks = config["Dhcp4"]["hooks-libraries"].as_array()?;
    hooks
        .iter()
        .map(|hook| &hook["parameters"]["high-availability"][0])
        .find(|found| found.is_object())
}

/// A server's subnets by prefix.
fn held(config: &Value) -> BTreeMap<String, Value> {
    let subnets = config["Dhcp4"]["subnet4"].as_array().cloned();
    subnets
        .into_iter()
        .flatten()
        .map(|subnet| (subnet["subnet"].as_str().unwrap().to_owned(), subnet))
        .collect()
}

fn marked(subnet: &Value) -> bool {
    subnet["user-context"]["failover"] == "none"
}

/// Pools with their classes.
fn pools(subnet: &Value) -> BTreeMap<String, Vec<String>> {
    let pools = subnet["pools"].as_array().cloned().unwrap_or_default();
    pools
        .into_iter()
        .map(|pool| {
            let classes = pool["client-classes"].as_array().cloned();
            let old = pool["client-class"].as_str().map(|class| json!(class));
            let classes = classes.unwrap_or_default().into_iter().chain(old);
            let classes = classes
                .filter_map(|class| class.as_str().map(str::to_owned))
                .filter(|class| !class.is_empty())
                .collect();
            (pool["pool"].as_str().unwrap().to_owned(), classes)
        })
        .collect()
}

/// Looks all the time whether both servers hand out addresses of one pool, each by itself.
struct Watch {
    ended: Arc<AtomicBool>,
    found: Arc<Mutex<Option<String>>>,
    thread: std::thread::JoinHandle<()>,
}

impl Watch {
    fn over(lab: &Arc<Lab>) -> Watch {
        let ended = Arc::new(AtomicBool::new(false));
        let found = Arc::new(Mutex::new(None));
        let (lab, over, saw) = (lab.clone(), ended.clone(), found.clone());
        let thread = std::thread::spawn(move || {
            while !over.load(Ordering::Relaxed) {
                if let Some(both) = both_alone(&lab) {
                    *saw.lock().unwrap() = Some(both);
                    return;
                }
                std::thread::sleep(Duration::from_millis(30));
            }
        });
        Watch {
            ended,
            found,
            thread,
        }
    }

    fn end(self) -> Option<String> {
        self.ended.store(true, Ordering::Relaxed);
        self.thread.join().unwrap();
        let found = self.found.lock().unwrap();
        found.clone()
    }
}

/// A server's configuration and whether it answers clients; `None` while it does not say.
fn seen(lab: &Lab, server: usize) -> Option<(Value, bool)> {
    let mut config = lab
        .try_ask(server, &json!({"command": "config-get"}))
        .ok()?["arguments"]
        .take();
    config.as_object_mut()?.remove("hash");
    let answers = match relationship(&config) {
        None => true,
        Some(_) => {
            let now = lab
                .try_ask(server, &json!({"command": "ha-heartbeat"}))
                .ok()?;
            now["arguments"]["scopes"]
                .as_array()
                .is_some_and(|scopes| !scopes.is_empty())
        }
    };
    Some((config, answers))
}

fn both_alone(lab: &Lab) -> Option<String> {
    let first = seen(lab, 0)?;
    let second = seen(lab, 1)?;
    // Nothing changed while the second one was looked at.
    if seen(lab, 0)? != first {
        return None;
    }
    let ((one, answers), (two, also)) = (first, second);
    if !(answers && also) {
        return None;
    }
    let paired = relationship(&one).is_some() && relationship(&two).is_some();
    let others = held(&two);
    for (prefix, subnet) in held(&one) {
        let Some(copy) = others.get(&prefix) else {
            continue;
        };
        let known = paired && !marked(&subnet) && !marked(copy);
        if !known && !pools(&subnet).is_empty() && !pools(copy).is_empty() {
            return Some(format!("{prefix} on both: {subnet} and {copy}"));
        }
    }
    None
}

/// The form, filled in with what it proposes and what a test types.
fn form(two: &Two, kind: &dyn FormKind, typed: &[(&str, &str)]) -> Result<Vec<Intent>, Wrong> {
    let world = two.world();
    let mut fields = Fields(kind.fields(&world));
    for (id, text) in typed {
        let field = fields.0.iter_mut().find(|field| field.id == *id).unwrap();
        let unit = Field::text(field.id, "", *text);
        match &mut field.control {
            Control::Choice { at, .. } => *at = text.parse().unwrap(),
            Control::Check(on) => *on = text.parse().unwrap(),
            control => *control = unit.control,
        }
    }
    kind.submit(&fields, &world)
}

#[test]
fn the_form_and_the_cmdlet_make_a_pair() {
    on_each("the form and the cmdlet", |version| {
        let two = Two::start(version, Mode::HotStandby, Hooks::All);
        let world = two.world();
        let kind = Configure::new(&world, &name(0), [scope(0)].into());
        let fields = Fields(kind.fields(&world));
        let shown = |id| kind.shown(id, &fields);
        assert!(shown("own-url") && shown("heartbeat") && shown("mode"));
        assert!(!shown("mclt") && !shown("secret") && !shown("percent"));
        assert_eq!(fields.text("own-url"), two.lab.peer_url(0));
        assert_eq!(fields.text("partner-name"), "s2");
        for (typed, field) in [
            (("own-url", "http://dhcp1:8001/"), "own-url"),
            (("response", "9000"), "response"),
            (("partner-name", "s1"), "partner-name"),
        ] {
            let wrong = form(&two, &kind, &[typed]).unwrap_err();
            assert_eq!(wrong[0].0, field, "{wrong:?}");
        }
        let typed = [("mode", "1"), ("heartbeat", "200"), ("response", "2000")];
        let mut intents = form(&two, &kind, &typed).unwrap();
        two.does(intents.remove(0));
        two.stands(&[(0, true), (1, false)], &[(0, true)], true);

        // What can't be changed is not asked for.
        let held = Relationship::clone(
            two.world().estate.servers[&name(0)]
                .reading
                .as_ref()
                .unwrap()
                .config
                .relationships
                .values()
                .next()
                .unwrap(),
        );
        let kind = EditRelationship::new(&name(0), &held);
        let fields = Fields(kind.fields(&two.world()));
        assert!(fields.get("mode").is_none() && fields.get("mclt").is_none());
        let mut intents = form(&two, &kind, &[("switch", "true"), ("seconds", "4")]).unwrap();
        two.does(intents.remove(0));

        let relationship = &held.name;
        two.does(Intent::DeleteRelationship {
            keep_on: name(0),
            name: relationship.clone(),
            force: false,
        });
        let add = "Add-DhcpServerv4Failover -ComputerName s1 -Name Line -PartnerServer s2 -ScopeId 10.0.0.0";
        let (code, words) = two.line(&format!("{add} -MaxClientLeadTime 1:00:00 -Force"));
        assert!(
            code != 0 && words.contains("Maximum Client Lead Time"),
            "{words}"
        );
        let (code, words) = two.line(&format!("{add} -StateSwitchInterval 1:00:00 -Force"));
        assert!(code != 0 && words.contains("1 to 65 s"), "{words}");
        let (code, words) = two.line(&format!("{add} -WhatIf"));
        assert!(code == 0 && words.contains("three heartbeats"), "{words}");
    });
}

fn existing(at: usize) -> Intent {
    Intent::ConfigureFailover {
        server: name(0),
        scopes: [scope(at)].into(),
        with: FailoverChoice::Existing { name: PAIR.into() },
    }
}

fn remove(at: usize) -> Intent {
    Intent::RemoveFailover {
        server: name(0),
        scopes: [scope(at)].into(),
        force: false,
    }
}

fn edit(property: RelationshipProperty) -> Intent {
    Intent::EditRelationship {
        server: name(0),
        name: PAIR.into(),
        properties: vec![property],
    }
}

fn the_whole_life(version: Version, mode: Mode, hooks: Hooks) {
    let two = Two::start(version, mode, hooks);
    two.stands(&[(0, false), (1, false)], &[], false);

    let plan = two.plan(two.new_pair(&[0], two.setup()));
    assert!(plan.impact.contains("three heartbeats"), "{}", plan.impact);
    let order: Vec<&str> = plan.steps.iter().map(|step| step.server.as_str()).collect();
    assert_eq!(order, ["s2", "s1"]);
    let half = plan
        .warnings
        .iter()
        .any(|warning| warning.contains("only its half"));
    assert_eq!(half, mode == Mode::LoadBalance, "{:?}", plan.warnings);
    let done = two.carry_out(plan, &Progress::none());
    assert_eq!(done.ended, Ended::Done, "{done:?}\n{}", two.lab.logs());
    two.stands(&[(0, true), (1, false)], &[(0, true)], true);
    two.undoes(&done);
    two.stands(&[(0, false), (1, false)], &[], false);
    two.does(two.new_pair(&[0], two.setup()));
    two.stands(&[(0, true), (1, false)], &[(0, true)], true);

    let done = two.does(existing(1));
    two.stands(&[(0, true), (1, true)], &[(0, true), (1, true)], true);
    two.undoes(&done);
    two.stands(&[(0, true), (1, false)], &[(0, true)], true);
    two.does(existing(1));

    let done = two.does(edit(RelationshipProperty::SwitchInterval(Some(Seconds(3)))));
    for server in 0..2 {
        let config = two.lab.config(server);
        let terms = relationship(&config).unwrap();
        assert_eq!(
            [&terms["max-response-delay"], &terms["max-unacked-clients"]],
            [3000, 0]
        );
    }
    two.undoes(&done);
    let too_long = two.refused(edit(RelationshipProperty::SwitchInterval(Some(Seconds(
        3600,
    )))));
    assert!(too_long.contains("1 to 65 s"), "{too_long}");
    let other = match mode {
        Mode::HotStandby => failover::Mode::LoadBalance { percent: 50 },
        Mode::LoadBalance => failover::Mode::HotStandby {
            role: Role::Active,
            reserve_percent: 0,
        },
    };
    let not_now = two.refused(edit(RelationshipProperty::Mode(other)));
    assert!(
        not_now.contains("take their mode from each other"),
        "{not_now}"
    );
    let no_mclt = two.refused(edit(RelationshipProperty::Mclt(Seconds(60))));
    assert!(no_mclt.contains("Maximum Client Lead Time"), "{no_mclt}");
    let second = two.refused(two.new_pair(&[0], two.setup()));
    assert!(second.contains("already"), "{second}");

    let done = two.does(remove(1));
    two.stands(&[(0, true), (1, false)], &[(0, true)], true);
    two.undoes(&done);
    two.stands(&[(0, true), (1, true)], &[(0, true), (1, true)], true);
    two.does(remove(1));

    let done = two.does(Intent::DeleteRelationship {
        keep_on: name(0),
        name: PAIR.into(),
        force: false,
    });
    two.stands(&[(0, false), (1, false)], &[], false);
    let for_good = two.refused(Intent::Undo {
        plan: done.plan.unwrap(),
    });
    assert!(for_good.contains("names and URLs"), "{for_good}");
}

#[test]
fn the_whole_life_of_a_hot_standby() {
    on_each("the whole life of a hot standby", |version| {
        the_whole_life(version, Mode::HotStandby, Hooks::All);
    });
}

#[test]
fn the_whole_life_of_a_load_balancing() {
    on_each("the whole life of a load balancing", |version| {
        the_whole_life(version, Mode::LoadBalance, Hooks::Minimal);
    });
}

#[test]
fn two_that_do_not_find_each_other_are_as_before() {
    on_each("two that do not find each other", |version| {
        let two = Two::start(version, Mode::LoadBalance, Hooks::Minimal);
        let alone = |server: usize| {
            let config = two.lab.config(server);
            (held(&config), relationship(&config).cloned())
        };
        let before = [0, 1].map(alone);
        // Somebody listens there: said before anything is sent.
        let port = two.lab.peer_url(0);
        let port = port.trim_start_matches("http://").trim_end_matches('/');
        let taken = TcpListener::bind(port).unwrap();
        let busy = two.refused(two.new_pair(&[0], patient(&two)));
        assert!(busy.contains("something listens"), "{busy}");
        drop(taken);
        // Or takes the port between the plan and the write: the partner was written by then.
        let plan = two.plan(two.new_pair(&[0], patient(&two)));
        let taken = TcpListener::bind(port).unwrap();
        let done = two.carry_out(plan, &Progress::none());
        drop(taken);
        assert_eq!(done.ended, Ended::Nothing, "{done:?}");
        assert_eq!([0, 1].map(alone), before);
        // Or the partner is gone when the second one is written.
        let plan = two.plan(two.new_pair(&[0], patient(&two)));
        let lab = two.lab.clone();
        let progress = Progress::to(move |step, result| {
            if step == 1 && result.is_none() {
                lab.freeze(1);
            }
            if step == 1 && result.is_some() {
                lab.thaw(1);
            }
        });
        let done = two.carry_out(plan, &progress);
        assert_eq!(done.ended, Ended::Nothing, "{done:?}");
        assert_eq!([0, 1].map(alone), before);
        // Nothing is in the way of the next time.
        two.does(two.new_pair(&[0], patient(&two)));
        two.stands(&[(0, true), (1, false)], &[(0, true)], true);
    });
}

/// With a partner that waits longer than a server that hangs is waited for.
fn patient(two: &Two) -> HaSetup {
    HaSetup {
        max_response_delay: 30_000,
        ..two.setup()
    }
}
