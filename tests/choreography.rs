//! What Kea's choreography needs of plans and their carrying out: bridges, what must be done always,
//! the order of two servers, what clients feel, and orders of its HA. The servers are embedded ones
//! that behave so.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Notify;
use twinscope::clock::Clock;
use twinscope::config::Home;
use twinscope::drivers::embedded::{EmbeddedEstate, LabCommand};
use twinscope::drivers::{
    BoxFuture, Driver, DriverError, Expected, Impact, LeaseQuery, Readings, Silence,
};
use twinscope::ipam::access::Access;
use twinscope::ipam::{
    Cancel, Ended, Ipam, JournalQuery, Judgement, Outcome, PlanError, Progress, SqliteStore,
    StepResult,
};
use twinscope::model::edit::{ObjectRef, Order};
use twinscope::model::fingerprint::Fingerprint;
use twinscope::model::lease::Lease;
use twinscope::model::plan::{Action, Intent, NotUndoable, Plan, Purpose, Reach, Step};
use twinscope::model::server::{Product, ServerReading};
use twinscope::model::{Edit, FailoverState, Reservation, ScopeId, ServerName};

const PRIMARY: &str = "dhcp1.contoso.com";
const STANDBY: &str = "dc1.contoso.com";
const PAIR: &str = "dhcp1.contoso.com-dc1.contoso.com";

/// What goes wrong with a write.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Mishap {
    Unreachable,
    DoneAnswerLost,
    NotDoneAnswerLost,
    Partly,
    /// It never answers.
    Silence,
}

const MISHAPS: [Mishap; 4] = [
    Mishap::Unreachable,
    Mishap::DoneAnswerLost,
    Mishap::NotDoneAnswerLost,
    Mishap::Partly,
];

/// How a server stands in the relationship: its state, and its own word for it.
type Standing = (FailoverState, Option<&'static str>);

/// What is shared by the servers of a lab.
#[derive(Default)]
struct Stage {
    /// Every write, in order: on which server, what.
    log: Mutex<Vec<(String, String)>>,
    /// By the write's place in the log.
    mishaps: Mutex<BTreeMap<usize, Mishap>>,
    standing: Mutex<BTreeMap<&'static str, Standing>>,
    silence: Mutex<BTreeMap<&'static str, Duration>>,
    /// The server that refuses deletions.
    refuses: Mutex<Option<&'static str>>,
    reached: Notify,
}

impl Stage {
    fn says(&self) -> Vec<String> {
        let log = self.log.lock().unwrap();
        log.iter()
            .map(|(on, what)| format!("{on}: {what}"))
            .collect()
    }

    fn fails(&self, at: usize, mishap: Mishap) {
        self.mishaps.lock().unwrap().insert(at, mishap);
    }

    fn stands(&self, server: &'static str, state: FailoverState, word: Option<&'static str>) {
        self.standing.lock().unwrap().insert(server, (state, word));
    }

    async fn write(
        &self,
        server: &ServerName,
        what: String,
        work: impl Future<Output = Result<(), DriverError>>,
    ) -> Result<(), DriverError> {
        let at = {
            let mut log = self.log.lock().unwrap();
            log.push((server.short().to_owned(), what));
            log.len() - 1
        };
        let mishap = self.mishaps.lock().unwrap().get(&at).copied();
        let lost = || DriverError::OutcomeUnknown {
            server: server.clone(),
            why: "the line broke".into(),
        };
        match mishap {
            None => work.await,
            Some(Mishap::Unreachable) => Err(DriverError::Unreachable {
                server: server.clone(),
                how: Silence::NoConnection("the line is cut".into()),
            }),
            Some(Mishap::DoneAnswerLost) => {
                work.await?;
                Err(lost())
            }
            Some(Mishap::NotDoneAnswerLost) => Err(lost()),
            Some(Mishap::Partly) => Err(DriverError::PartlyApplied {
                server: server.clone(),
                what: "something".into(),
            }),
            Some(Mishap::Silence) => {
                self.reached.notify_one();
                std::future::pending().await
            }
        }
    }
}

/// An embedded server that has to be written as a Kea server of a hot standby pair has.
struct Kea {
    driver: Arc<dyn Driver>,
    stage: Arc<Stage>,
}

fn grant(scopes: &[&str], purpose: Purpose) -> Step {
    let order = Order::GrantScopes {
        relationship: PAIR.into(),
        scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
    };
    Step {
        server: name(STANDBY),
        action: Action::Order(order),
        purpose,
        expect: Vec::new(),
        foretold: Vec::new(),
        changes: Vec::new(),
        inverse: Err(NotUndoable::because("nothing")),
        refused: None,
    }
}

impl Driver for Kea {
    fn server(&self) -> &ServerName {
        self.driver.server()
    }

    fn read<'a>(
        &'a self,
        before: Option<&'a ServerReading>,
    ) -> BoxFuture<'a, Result<ServerReading, DriverError>> {
        Box::pin(async move {
            let mut reading = self.driver.read(before).await?;
            reading.identity.product = Product::Kea;
            let standing = self.stage.standing.lock().unwrap();
            let stands = standing.get(self.server().as_str());
            if let (Some((state, word)), Some(status)) =
                (stands, reading.relationships.get_mut(PAIR))
            {
                status.state = *state;
                status.own_word = word.map(str::to_owned);
            }
            Ok(reading)
        })
    }

    fn leases<'a>(
        &'a self,
        query: &'a LeaseQuery,
    ) -> BoxFuture<'a, Result<Vec<Lease>, DriverError>> {
        self.driver.leases(query)
    }

    fn expand(&self, mut step: Step, plan: &Plan, readings: &Readings) -> Vec<Step> {
        let bridged = self.server().as_str() == PRIMARY && readings.contains_key(&name(STANDBY));
        assert!(plan.steps.contains(&step) && plan.steps.iter().all(|step| !step.is_around()));
        if !bridged || !matches!(step.action, Action::Apply(_)) {
            return vec![step];
        }
        // Whatever a driver makes of it, what was planned stays.
        step.expect.clear();
        let (both, own) = (&["s1", "s2"], &["s2"]);
        vec![
            grant(both, Purpose::Bridge),
            step,
            grant(own, Purpose::Always),
        ]
    }

    fn goes_first(&self, _partner: &ServerName, _readings: &Readings) -> bool {
        self.server().as_str() == STANDBY
    }

    fn refuses(&self, edit: &Edit, _reading: &ServerReading) -> Option<String> {
        let here = *self.stage.refuses.lock().unwrap() == Some(self.server().as_str());
        let refused = here && matches!(edit, Edit::AddReservation { .. });
        refused.then(|| "reservations come from a database here".to_owned())
    }

    fn impact(&self, _edits: &[Edit], _readings: &Readings) -> Impact {
        let silences = self.stage.silence.lock().unwrap();
        match silences.get(self.server().as_str()) {
            None => Impact::none(),
            Some(silence) => Impact {
                silence: *silence,
                words: format!(
                    "about {} s without answers on {}",
                    silence.as_secs(),
                    self.server().short()
                ),
            },
        }
    }

    fn apply<'a>(
        &'a self,
        edits: &'a [Edit],
        expected: Expected<'a>,
    ) -> BoxFuture<'a, Result<(), DriverError>> {
        assert!(!expected.is_empty() || self.server().as_str() == STANDBY);
        let work = self.driver.apply(edits, expected);
        Box::pin(self.stage.write(self.server(), "write".into(), work))
    }

    fn order<'a>(
        &'a self,
        order: &'a Order,
        _expected: Expected<'a>,
    ) -> BoxFuture<'a, Result<(), DriverError>> {
        let what = match order {
            Order::GrantScopes { scopes, .. } if scopes.len() > 1 => "both".to_owned(),
            Order::GrantScopes { .. } => "own".to_owned(),
            other => other.to_string(),
        };
        let work = async move {
            if let Order::StartMaintenance { .. } = order {
                let word = Some("partner-in-maintenance");
                let here = if self.server().as_str() == PRIMARY {
                    PRIMARY
                } else {
                    STANDBY
                };
                self.stage.stands(here, FailoverState::Paused, word);
            }
            Ok(())
        };
        Box::pin(self.stage.write(self.server(), what, work))
    }

    fn read_back<'a>(
        &'a self,
        objects: &'a [ObjectRef],
    ) -> BoxFuture<'a, Result<Vec<Option<Fingerprint>>, DriverError>> {
        self.driver.read_back(objects)
    }
}

struct Lab {
    folder: tempfile::TempDir,
    clock: Clock,
    estate: EmbeddedEstate,
    stage: Arc<Stage>,
}

impl Lab {
    fn new() -> Lab {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::manual("2026-03-02T08:00:00Z".parse().unwrap());
        let file = Home::at(folder.path()).estate_file();
        let estate = EmbeddedEstate::open(&file, clock.clone()).unwrap();
        Lab {
            folder,
            clock,
            estate,
            stage: Arc::default(),
        }
    }

    /// As another process would have it.
    fn ipam(&self, operator: &str) -> Ipam {
        self.ipam_on(operator, &self.stage)
    }

    fn ipam_on(&self, operator: &str, stage: &Arc<Stage>) -> Ipam {
        let drivers = [PRIMARY, STANDBY].map(|server| {
            Arc::new(Kea {
                driver: self.estate.driver(&name(server)),
                stage: Arc::clone(stage),
            }) as Arc<dyn Driver>
        });
        let file = Home::at(self.folder.path()).ipam_file();
        let store = Arc::new(SqliteStore::open(&file).unwrap());
        let (state, clock) = (self.folder.path(), self.clock.clone());
        Ipam::with_drivers(drivers.to_vec(), store, state, clock, operator).unwrap()
    }
}

fn name(server: &str) -> ServerName {
    ServerName::new(server)
}

fn hq() -> ScopeId {
    "10.0.0.0/24".parse().unwrap()
}

fn reserve_on(server: &str) -> Intent {
    let address: Ipv4Addr = "10.0.0.100".parse().unwrap();
    let client = "00155da76664".parse().unwrap();
    Intent::Change {
        server: name(server),
        edits: vec![Edit::AddReservation {
            scope: hq(),
            reservation: Reservation::new(address, client),
        }],
        reach: Reach::Pair,
    }
}

fn reserve() -> Intent {
    reserve_on(PRIMARY)
}

fn order_on(server: &str, order: fn(String) -> Order) -> Intent {
    Intent::Order {
        server: name(server),
        order: order(PAIR.to_owned()),
    }
}

async fn carry_out(ipam: &Ipam, plan: Plan) -> Outcome {
    ipam.carry_out(plan, &Progress::none(), &Cancel::new())
        .await
}

async fn done(ipam: &Ipam, intent: Intent) -> Outcome {
    let plan = ipam.plan(intent).await.unwrap();
    carry_out(ipam, plan).await
}

async fn has(ipam: &Ipam, server: &str) -> bool {
    let reading = ipam.read(&name(server)).await.unwrap();
    let reservations = &reading.config.scopes[&hq()].reservations;
    reservations.contains_key(&"10.0.0.100".parse::<Ipv4Addr>().unwrap())
}

fn results(outcome: &Outcome) -> Vec<&'static str> {
    let word = |result: &StepResult| match result {
        StepResult::Done => "done",
        StepResult::TakenBack => "taken back",
        StepResult::Failed(_) => "failed",
        StepResult::Unknown(_) => "unknown",
        StepResult::NotBegun => "not begun",
        StepResult::Cancelled => "cancelled",
    };
    outcome
        .steps
        .iter()
        .map(|step| word(&step.result))
        .collect()
}

#[tokio::test]
async fn the_standby_is_first_and_stands_in_for_the_primary() {
    let lab = Lab::new();
    let ipam = lab.ipam("alice");
    // Whichever of the two is asked.
    for server in [PRIMARY, STANDBY] {
        let plan = ipam.plan(reserve_on(server)).await.unwrap();
        let steps: Vec<(&str, Purpose)> = plan
            .steps
            .iter()
            .map(|step| (step.server.short(), step.purpose.clone()))
            .collect();
        assert_eq!(
            steps,
            [
                ("dc1", Purpose::Joint),
                ("dc1", Purpose::Bridge),
                ("dhcp1", Purpose::Joint),
                ("dc1", Purpose::Always),
            ]
        );
        assert_eq!(plan.steps[1].words(), "answers for both meanwhile");
        assert_eq!(plan.steps[3].words(), "gives it back");
        // What the driver did to the step itself does not count.
        assert!(!plan.steps[2].expect.is_empty());
        assert_eq!(plan.not_undoable(), None);
        let mut shown = Vec::new();
        twinscope::cmdlets::render_plan(&plan, &mut shown).unwrap();
        let shown = String::from_utf8(shown).unwrap();
        assert!(
            shown.contains("  2. dc1.contoso.com: answers for both meanwhile\n"),
            "{shown}"
        );
        assert!(
            shown.contains("  4. dc1.contoso.com: gives it back\n"),
            "{shown}"
        );
        let outcome = carry_out(&ipam, plan).await;
        assert_eq!(
            (outcome.ended, results(&outcome)),
            (Ended::Done, vec!["done"; 4])
        );
        assert!(has(&ipam, PRIMARY).await && has(&ipam, STANDBY).await);
        let way = ["dc1: write", "dc1: both", "dhcp1: write", "dc1: own"];
        assert_eq!(lab.stage.says(), way);
        lab.stage.log.lock().unwrap().clear();
        // Taking it back goes the same way.
        let id = outcome.plan.unwrap();
        assert_eq!(ipam.last_undoable().unwrap(), Some(id));
        let undo = done(&ipam, Intent::Undo { plan: id }).await;
        assert_eq!(undo.ended, Ended::Done);
        assert_eq!(lab.stage.says(), way);
        assert!(!has(&ipam, PRIMARY).await && !has(&ipam, STANDBY).await);
        lab.stage.log.lock().unwrap().clear();
    }
    assert!(ipam.take_up().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_partner_that_can_not_be_read_is_carried_to_later() {
    let lab = Lab::new();
    let ipam = lab.ipam("alice");
    lab.estate.lab(&LabCommand::Stop("dc1".into())).unwrap();
    let plan = ipam.plan(reserve()).await.unwrap();
    assert_eq!(plan.steps[0].purpose, Purpose::Main);
    assert!(matches!(plan.steps[1].purpose, Purpose::Carry { .. }));
    let outcome = carry_out(&ipam, plan).await;
    assert_eq!(outcome.ended, Ended::DoneHere);
    assert_eq!(outcome.out_of_sync.len(), 1);
}

#[tokio::test]
async fn a_bridge_that_fails_leaves_both_as_they_were() {
    let lab = Lab::new();
    let ipam = lab.ipam("alice");
    lab.stage.fails(1, Mishap::Unreachable);
    let outcome = done(&ipam, reserve()).await;
    assert_eq!(
        results(&outcome),
        ["taken back", "failed", "not begun", "not begun"]
    );
    assert_eq!(outcome.ended, Ended::Nothing);
    assert!(outcome.out_of_sync.is_empty() && ipam.estate().out_of_sync.is_empty());
    assert!(
        outcome.notes[0].contains("could not stand in for it"),
        "{:?}",
        outcome.notes
    );
    assert!(
        outcome.notes[1].contains("was taken back"),
        "{:?}",
        outcome.notes
    );
    assert_eq!(lab.stage.says(), ["dc1: write", "dc1: both", "dc1: write"]);
    assert!(!has(&ipam, PRIMARY).await && !has(&ipam, STANDBY).await);
    assert_eq!(ipam.last_undoable().unwrap(), None);
}

#[tokio::test]
async fn what_the_second_server_refuses_is_taken_back_on_the_first() {
    let lab = Lab::new();
    let ipam = lab.ipam("alice");
    lab.stage.fails(2, Mishap::Unreachable);
    let outcome = done(&ipam, reserve()).await;
    assert_eq!(results(&outcome), ["taken back", "done", "failed", "done"]);
    assert_eq!(outcome.ended, Ended::Nothing);
    let way = [
        "dc1: write",
        "dc1: both",
        "dhcp1: write",
        "dc1: own",
        "dc1: write",
    ];
    assert_eq!(lab.stage.says(), way);
    assert!(!has(&ipam, STANDBY).await);
    assert!(ipam.estate().out_of_sync.is_empty());

    // When that can't be done either, it is said what stands where, and offered again.
    lab.stage.log.lock().unwrap().clear();
    lab.stage.fails(4, Mishap::Unreachable);
    let outcome = done(&ipam, reserve()).await;
    assert_eq!(results(&outcome), ["done", "done", "failed", "done"]);
    assert_eq!(outcome.ended, Ended::Partly);
    assert!(outcome.back_out.is_some());
    assert!(
        outcome
            .notes
            .iter()
            .any(|it| it.contains("could not be taken back")),
        "{:?}",
        outcome.notes
    );
    assert!(
        ipam.estate()
            .out_of_sync
            .contains_key(&(name(PRIMARY), hq()))
    );
    lab.stage.mishaps.lock().unwrap().clear();
    let back = carry_out(&ipam, outcome.back_out.unwrap()).await;
    assert_eq!(back.ended, Ended::Done);
    assert!(!has(&ipam, STANDBY).await && ipam.estate().out_of_sync.is_empty());
}

#[tokio::test]
async fn nothing_is_begun_on_the_second_when_the_first_fails() {
    let lab = Lab::new();
    let ipam = lab.ipam("alice");
    lab.stage.fails(0, Mishap::Unreachable);
    let outcome = done(&ipam, reserve()).await;
    assert_eq!(
        results(&outcome),
        ["failed", "not begun", "not begun", "not begun"]
    );
    assert_eq!((outcome.ended, lab.stage.says().len()), (Ended::Nothing, 1));
}

#[tokio::test]
async fn a_cancel_on_the_bridge_takes_it_down() {
    let lab = Lab::new();
    let ipam = lab.ipam("alice");
    let plan = ipam.plan(reserve()).await.unwrap();
    let cancel = Cancel::new();
    let progress = {
        let cancel = cancel.clone();
        Progress::to(move |place, result| {
            if place == 1 && result.is_some() {
                cancel.cancel();
            }
        })
    };
    let outcome = ipam.carry_out(plan, &progress, &cancel).await;
    assert_eq!(
        results(&outcome),
        ["taken back", "done", "cancelled", "done"]
    );
    assert_eq!(outcome.ended, Ended::Nothing);
    assert!(!has(&ipam, STANDBY).await);
}

#[tokio::test]
async fn what_must_be_done_always_is_done_once_by_each_process_until_it_is() {
    let lab = Lab::new();
    let alice = lab.ipam("alice");
    lab.stage.fails(3, Mishap::Unreachable);
    let outcome = done(&alice, reserve()).await;
    assert_eq!(results(&outcome), ["done", "done", "done", "failed"]);
    assert_eq!(outcome.ended, Ended::Partly);
    assert!(
        outcome.notes[0].contains("gives it back"),
        "{:?}",
        outcome.notes
    );
    assert!(has(&alice, PRIMARY).await);
    // Who tried does not try again, the next one does, though the first lives.
    assert!(alice.take_up().await.unwrap().is_empty());
    lab.stage.fails(4, Mishap::Unreachable);
    let bob = lab.ipam("bob");
    let told = bob.take_up().await.unwrap();
    assert_eq!(told.len(), 1);
    assert!(
        told[0].contains("left something to be done")
            && told[0].contains("could not be done now")
            && told[0].contains("when Twinscope is next started"),
        "{told:?}"
    );
    assert!(bob.take_up().await.unwrap().is_empty());
    // Who may not write leaves it.
    let watcher = lab.ipam("watcher");
    watcher.set_access(Access::read_only("only looking"));
    let told = watcher.take_up().await.unwrap();
    assert!(told[0].contains("only looking"), "{told:?}");
    let carol = lab.ipam("carol");
    let told = carol.take_up().await.unwrap();
    assert!(
        told[0].ends_with("on dc1.contoso.com was done now"),
        "{told:?}"
    );
    let own = lab
        .stage
        .says()
        .iter()
        .filter(|what| *what == "dc1: own")
        .count();
    assert_eq!(own, 3);
    assert!(lab.ipam("dave").take_up().await.unwrap().is_empty());
    let query = JournalQuery {
        plan: outcome.plan,
        limit: 1,
    };
    assert_eq!(
        carol.journal(&query).unwrap()[0].outcome,
        "taken up: was done now"
    );
    // It is no less what was asked for, and can be taken back.
    assert_eq!(carol.last_undoable().unwrap(), outcome.plan);
}

#[tokio::test]
async fn what_was_right_long_ago_is_not_done_when_it_is_wrong_now() {
    let lab = Lab::new();
    lab.stage.fails(3, Mishap::Unreachable);
    done(&lab.ipam("alice"), reserve()).await;
    lab.stage.stands(STANDBY, FailoverState::PartnerDown, None);
    let told = lab.ipam("bob").take_up().await.unwrap();
    assert!(told[0].contains("is not needed any more"), "{told:?}");
    assert_eq!(lab.stage.says().len(), 4);
    assert!(lab.ipam("carol").take_up().await.unwrap().is_empty());
}

/// Carries a plan out in a process that dies at that write.
fn dies_at(lab: &Lab, write: usize) {
    let stage = Arc::new(Stage::default());
    stage.fails(write, Mishap::Silence);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let ipam = lab.ipam_on("alice", &stage);
        let plan = ipam.plan(reserve()).await.unwrap();
        let reached = stage.reached.notified();
        tokio::spawn(async move { carry_out(&ipam, plan).await });
        reached.await;
    });
    runtime.shutdown_background();
}

async fn taken_up(ipam: &Ipam) -> Vec<String> {
    for _ in 0..500 {
        let told = ipam.take_up().await.unwrap();
        if !told.is_empty() {
            return told;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("nothing was left behind");
}

#[test]
fn whoever_finds_a_bridge_of_the_dead_takes_it_down() {
    // Whether the bridge itself, the write behind it or its end was under way.
    for (write, taken_down) in [(0, false), (1, true), (2, true), (3, true)] {
        let lab = Lab::new();
        dies_at(&lab, write);
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let bob = lab.ipam("bob");
            let told = taken_up(&bob).await;
            assert!(told[0].contains("was interrupted"), "{write}: {told:?}");
            assert_eq!(
                told[0].contains("was done now"),
                taken_down,
                "{write}: {told:?}"
            );
            let says = lab.stage.says();
            let expected: &[&str] = if taken_down { &["dc1: own"] } else { &[] };
            assert_eq!(says, expected, "{write}");
            assert!(lab.ipam("carol").take_up().await.unwrap().is_empty());
        });
    }
}

#[test]
fn a_bridge_of_the_dead_stays_open_until_it_is_down() {
    let lab = Lab::new();
    dies_at(&lab, 2);
    lab.stage.fails(0, Mishap::Unreachable);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let bob = lab.ipam("bob");
        let told = taken_up(&bob).await;
        assert!(
            told[0].contains("could not be done now") && told[0].contains("tried again"),
            "{told:?}"
        );
        assert!(bob.take_up().await.unwrap().is_empty());
        let told = lab.ipam("carol").take_up().await.unwrap();
        assert!(told[0].contains("was done now"), "{told:?}");
        assert_eq!(lab.stage.says(), ["dc1: own", "dc1: own"]);
        assert!(lab.ipam("dave").take_up().await.unwrap().is_empty());
    });
}

#[tokio::test]
async fn whatever_fails_where_each_bridge_is_taken_down_once() {
    for first in 0..5 {
        for mishap in MISHAPS {
            // Where the second write fails too, the rollback may be what it hits.
            for second in [None, Some(first + 1), Some(first + 2)] {
                if second == Some(first + 2) && mishap != Mishap::Unreachable {
                    continue;
                }
                let lab = Lab::new();
                let ipam = lab.ipam("alice");
                lab.stage.fails(first, mishap);
                if let Some(second) = second {
                    lab.stage.fails(second, mishap);
                }
                let case = format!("{mishap:?} at {first} and {second:?}");
                let outcome = done(&ipam, reserve()).await;
                let says = lab.stage.says();
                let mishaps = lab.stage.mishaps.lock().unwrap().clone();
                let count = |what: &str, but: Option<Mishap>| {
                    let says = says.iter().enumerate();
                    says.filter(|(at, said)| {
                        *said == what && (but.is_none() || mishaps.get(at).copied() != but)
                    })
                    .count()
                };
                let bridges = count("dc1: both", Some(Mishap::Unreachable));
                assert_eq!(count("dc1: own", None), bridges, "{case}: {says:?}");
                // What is said to be done, or taken back, is.
                let (here, there) = (has(&ipam, PRIMARY).await, has(&ipam, STANDBY).await);
                match outcome.ended {
                    Ended::Done => assert!(here && there, "{case}"),
                    Ended::Nothing => assert!(!here && !there, "{case}"),
                    _ => {}
                }
                if here != there && outcome.ended == Ended::Partly {
                    assert!(
                        outcome.back_out.is_some() || !outcome.notes.is_empty(),
                        "{case}"
                    );
                }
                // Nothing is tried a second time by the same process.
                ipam.take_up().await.unwrap();
                assert_eq!(lab.stage.says(), says, "{case}");
            }
        }
    }
}

#[tokio::test]
async fn what_means_nothing_on_a_server_has_no_plan() {
    let lab = Lab::new();
    let ipam = lab.ipam("alice");
    *lab.stage.refuses.lock().unwrap() = Some(PRIMARY);
    let refused = ipam.plan(reserve()).await.unwrap_err();
    assert!(
        matches!(&refused, PlanError::Driver(DriverError::Unsupported { why, .. })
            if why.contains("database")),
        "{refused}"
    );
    let Intent::Change { edits, .. } = reserve() else {
        unreachable!()
    };
    assert!(ipam.refuses(&name(PRIMARY), &edits[0]).is_some());
    assert!(ipam.refuses(&name(STANDBY), &edits[0]).is_none());
    let kinds = ipam.kinds();
    assert!(
        kinds
            .refuses(&ipam.estate(), &name(PRIMARY), &edits[0])
            .is_some()
    );
    // At the partner it only keeps the copy from being made.
    let plan = ipam.plan(reserve_on(STANDBY)).await.unwrap();
    let (step, why) = plan.refusal().unwrap();
    assert_eq!(step.server, name(PRIMARY));
    assert!(why.contains("database"), "{why}");
}

#[tokio::test]
async fn what_clients_will_feel_is_told_and_asked_about_when_it_is_long() {
    let lab = Lab::new();
    let ipam = lab.ipam("alice");
    let judged = async || {
        let plan = ipam.plan(reserve()).await.unwrap();
        let judgement = ipam.judgement(&plan);
        (plan.impact, plan.silence, judgement)
    };
    let none = (
        "no interruption".to_owned(),
        Duration::ZERO,
        Judgement::Allowed,
    );
    assert_eq!(judged().await, none);
    let feel = |seconds| {
        let mut silence = lab.stage.silence.lock().unwrap();
        silence.insert(PRIMARY, Duration::from_secs(seconds));
    };
    feel(1);
    let (impact, silence, judgement) = judged().await;
    assert_eq!(
        impact,
        "about 1 s without answers on dhcp1; no interruption on dc1.contoso.com"
    );
    assert_eq!(
        (silence, judgement),
        (Duration::from_secs(1), Judgement::Allowed)
    );
    feel(6);
    let (_, _, judgement) = judged().await;
    assert!(
        matches!(&judgement, Judgement::Confirm(why) if why.contains("about 6 s")),
        "{judgement:?}"
    );
    ipam.set_access(Access {
        ask_above: Duration::from_secs(10),
        ..Access::default()
    });
    assert_eq!(judged().await.2, Judgement::Allowed);
}

#[tokio::test]
async fn orders_of_maintenance_follow_the_states() {
    use FailoverState as S;
    let lab = Lab::new();
    let ipam = lab.ipam("alice");
    let start = || {
        order_on(PRIMARY, |relationship| Order::StartMaintenance {
            relationship,
        })
    };
    let cancel = || {
        order_on(PRIMARY, |relationship| Order::CancelMaintenance {
            relationship,
        })
    };
    let reset = || order_on(STANDBY, |relationship| Order::ResetHa { relationship });
    let refused = async |intent: Intent| ipam.plan(intent).await.unwrap_err().to_string();
    assert!(
        refused(cancel())
            .await
            .contains("does not hold its partner")
    );
    assert!(refused(reset()).await.contains("not stuck"));
    let plan = ipam.plan(start()).await.unwrap();
    assert!(
        plan.warnings[0].contains("dhcp1.contoso.com answers for both")
            && plan.warnings[0].contains("dc1.contoso.com serves nobody"),
        "{:?}",
        plan.warnings
    );
    // Its answer is lost: the state tells that it was done.
    lab.stage.fails(0, Mishap::DoneAnswerLost);
    assert_eq!(carry_out(&ipam, plan).await.ended, Ended::Done);
    assert!(refused(start()).await.contains("partner-in-maintenance"));
    assert!(ipam.plan(cancel()).await.is_ok());
    // Or that it was not.
    lab.stage.stands(PRIMARY, S::Normal, Some("hot-standby"));
    lab.stage.fails(1, Mishap::NotDoneAnswerLost);
    assert_eq!(done(&ipam, start()).await.ended, Ended::Nothing);
    lab.stage.stands(STANDBY, S::Paused, Some("in-maintenance"));
    assert!(ipam.plan(reset()).await.is_ok());
    // A partner that does not answer would be taken for down.
    lab.stage.stands(STANDBY, S::Normal, None);
    lab.estate.lab(&LabCommand::Stop("dc1".into())).unwrap();
    lab.stage.stands(PRIMARY, S::Normal, None);
    assert!(refused(start()).await.contains("dc1.contoso.com"));
}

#[tokio::test]
async fn partner_down_on_kea_knows_no_lead_time() {
    use FailoverState as S;
    let lab = Lab::new();
    let ipam = lab.ipam("alice");
    let down = || {
        order_on(PRIMARY, |relationship| Order::SetPartnerDown {
            relationship,
        })
    };
    let states = [
        (S::Normal, Some("hot-standby")),
        (S::PartnerDown, None),
        (S::Recover, Some("waiting")),
        (S::Recover, Some("syncing")),
        (S::RecoverDone, Some("ready")),
        (S::Shutdown, Some("terminated")),
        (S::Paused, Some("in-maintenance")),
        (S::Paused, Some("partner-in-maintenance")),
    ];
    for (state, word) in states {
        lab.stage.stands(PRIMARY, state, word);
        let refused = ipam.plan(down()).await.unwrap_err().to_string();
        assert!(
            refused.contains(word.unwrap_or("Partner Down")),
            "{refused}"
        );
        assert!(
            !refused.contains("MCLT") && !refused.contains("Lead Time"),
            "{refused}"
        );
    }
    for word in ["communication-recovery", "hot-standby"] {
        lab.stage
            .stands(PRIMARY, S::CommunicationInterrupted, Some(word));
        assert!(ipam.plan(down()).await.is_ok());
    }
}
