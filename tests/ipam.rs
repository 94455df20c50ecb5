//! IPAM's core over the built-in estate: plans, their carrying to the partner, undo, races, faults,
//! interruptions, and what is remembered over restarts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;
use twinscope::clock::Clock;
use twinscope::config::{Configuration, Home, ServerEntry, ServerKind};
use twinscope::drivers::embedded::{EmbeddedEstate, Fault, LabCommand};
use twinscope::drivers::{BoxFuture, Driver, DriverError, Expected, LeaseQuery, Silence};
use twinscope::ipam::access::Access;
use twinscope::ipam::estate::Pair;
use twinscope::ipam::{
    Cancel, Ended, Ipam, JournalQuery, Judgement, Outcome, PlanError, Progress, SqliteStore,
    StepResult,
};
use twinscope::model::edit::{ObjectRef, Order};
use twinscope::model::failover::{Relationship, SharedSecret};
use twinscope::model::fingerprint::Fingerprint;
use twinscope::model::guardrail::{CommandKind, Effect, Glob, Guardrail, ScopePattern};
use twinscope::model::lease::Lease;
use twinscope::model::plan::{FailoverChoice, Intent, Plan, Reach, ReplicationLevel, Risk};
use twinscope::model::reservation::ReservationProperty;
use twinscope::model::scope::ScopeProperty;
use twinscope::model::server::{
    Availability, Coverage, ServerCounters, ServerIdentity, ServerReading, ServerRole,
};
use twinscope::model::{ClientId, Edit, Reservation, ScopeId, ServerConfig, ServerName};

const DHCP1: &str = "dhcp1.contoso.com";
const DC1: &str = "dc1.contoso.com";
const PAIR: &str = "dhcp1.contoso.com-dc1.contoso.com";

/// A home of its own with the sample estate in it.
struct Place {
    folder: tempfile::TempDir,
    clock: Clock,
    estate: EmbeddedEstate,
}

impl Place {
    fn new() -> Place {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::manual("2026-03-02T08:00:00Z".parse().unwrap());
        let home = Home::at(folder.path());
        let estate = EmbeddedEstate::open(&home.estate_file(), clock.clone()).unwrap();
        Place {
            folder,
            clock,
            estate,
        }
    }

    fn home(&self) -> Home {
        Home::at(self.folder.path())
    }

    fn ipam(&self, operator: &str) -> Ipam {
        let home = self.home();
        Ipam::open(
            &home,
            &Configuration::default(),
            self.clock.clone(),
            operator,
        )
        .unwrap()
    }

    /// Over the estate's servers, with a script for what goes wrong on one of them.
    fn scripted(&self, server: &str, script: &Arc<Script>) -> Ipam {
        let drivers = [DHCP1, DC1]
            .map(|name| {
                let driver = self.estate.driver(&ServerName::new(name));
                if name == server {
                    Arc::new(Scripted {
                        driver,
                        script: Arc::clone(script),
                    }) as Arc<dyn Driver>
                } else {
                    driver
                }
            })
            .to_vec();
        let store = SqliteStore::open(&self.home().ipam_file()).unwrap();
        let state = self.folder.path();
        Ipam::with_drivers(drivers, Arc::new(store), state, self.clock.clone(), "alice").unwrap()
    }

    fn lab(&self, command: &LabCommand) {
        self.estate.lab(command).unwrap();
    }
}

/// What goes wrong with the next writes; none left: nothing.
#[derive(Default)]
struct Script {
    writes: Mutex<VecDeque<Mishap>>,
    reached: Notify,
}

enum Mishap {
    /// It is refused without having reached the server.
    Unreachable,
    /// It is done, and the answer is lost.
    DoneAnswerLost,
    /// It is not done, and the answer is lost.
    NotDoneAnswerLost,
    /// It is not done, since the disk is full; whether it was is not known at once.
    DiskFull,
    /// It is done, and the answer never comes.
    DoneThenSilence,
    /// It is not done, and no answer ever comes.
    Silence,
}

impl Script {
    fn of(mishaps: impl IntoIterator<Item = Mishap>) -> Arc<Script> {
        Arc::new(Script {
            writes: Mutex::new(mishaps.into_iter().collect()),
            reached: Notify::new(),
        })
    }
}

/// An embedded server to which things happen on the way.
struct Scripted {
    driver: Arc<dyn Driver>,
    script: Arc<Script>,
}

impl Driver for Scripted {
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

    fn apply<'a>(
        &'a self,
        edits: &'a [Edit],
        expected: Expected<'a>,
    ) -> BoxFuture<'a, Result<(), DriverError>> {
        Box::pin(async move {
            let mishap = self.script.writes.lock().unwrap().pop_front();
            let lost = || DriverError::OutcomeUnknown {
                server: self.server().clone(),
                why: "the line broke".into(),
            };
            match mishap {
                None => self.driver.apply(edits, expected).await,
                Some(Mishap::Unreachable) => Err(DriverError::Unreachable {
                    server: self.server().clone(),
                    how: Silence::NoConnection("the line is cut".into()),
                }),
                Some(Mishap::DoneAnswerLost) => {
                    self.driver.apply(edits, expected).await?;
                    Err(lost())
                }
                Some(Mishap::NotDoneAnswerLost) => Err(lost()),
                Some(Mishap::DiskFull) => Err(DriverError::OutcomeUnknown {
                    server: self.server().clone(),
                    why: "database or disk is full".into(),
                }),
                Some(Mishap::DoneThenSilence) => {
                    self.driver.apply(edits, expected).await?;
                    self.script.reached.notify_one();
                    std::future::pending().await
                }
                Some(Mishap::Silence) => {
                    self.script.reached.notify_one();
                    std::future::pending().await
                }
            }
        })
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
}

fn name(server: &str) -> ServerName {
    ServerName::new(server)
}

fn hq() -> ScopeId {
    "10.0.0.0/24".parse().unwrap()
}

fn guests() -> ScopeId {
    "10.0.8.0/22".parse().unwrap()
}

fn add(scope: ScopeId, address: &str, client: &str) -> Edit {
    Edit::AddReservation {
        scope,
        reservation: Reservation::new(address.parse().unwrap(), client.parse().unwrap()),
    }
}

fn change(server: &str, edits: Vec<Edit>) -> Intent {
    Intent::Change {
        server: name(server),
        edits,
        reach: Reach::Pair,
    }
}

fn reserve(last: u8) -> Intent {
    let client = format!("00155da766{last:02x}");
    change("DHCP1", vec![add(hq(), &format!("10.0.0.{last}"), &client)])
}

fn replicate(from: &str, scopes: impl IntoIterator<Item = ScopeId>) -> Intent {
    Intent::Replicate {
        from: name(from),
        what: ReplicationLevel::Scopes(scopes.into_iter().collect()),
    }
}

fn configure(scope: ScopeId, secret: Option<&str>) -> Intent {
    Intent::ConfigureFailover {
        server: name(DHCP1),
        scopes: [scope].into(),
        with: FailoverChoice::New {
            relationship: Relationship::new("new one", name("dc1")),
            secret: secret.map(|text| SharedSecret::Text(text.into())),
            ha: None,
        },
    }
}

async fn done(ipam: &Ipam, intent: Intent) -> Outcome {
    let plan = ipam.plan(intent).await.unwrap();
    carry_out(ipam, plan).await
}

async fn carry_out(ipam: &Ipam, plan: Plan) -> Outcome {
    ipam.carry_out(plan, &Progress::none(), &Cancel::new())
        .await
}

async fn has(ipam: &Ipam, server: &str, address: &str) -> bool {
    let address: Ipv4Addr = address.parse().unwrap();
    let reading = ipam.read(&name(server)).await.unwrap();
    let scope = reading.config.scope_of(address).unwrap();
    scope.reservations.contains_key(&address)
}

fn words(ipam: &Ipam, plan: i64) -> Vec<String> {
    let query = JournalQuery {
        plan: Some(plan),
        limit: 0,
    };
    let entries = ipam.journal(&query).unwrap();
    entries.into_iter().map(|entry| entry.outcome).collect()
}

#[tokio::test]
async fn a_change_to_a_failover_scope_is_carried_to_the_partner() {
    let place = Place::new();
    let ipam = place.ipam("alice");
    let plan = ipam.plan(reserve(100)).await.unwrap();
    assert_eq!(
        plan.title,
        "Create DHCP reservation 10.0.0.100 in scope 10.0.0.0 on dhcp1.contoso.com"
    );
    assert_eq!(plan.impact, "no interruption");
    assert_eq!((plan.risk, plan.steps.len()), (Risk::Small, 2));
    assert_eq!(plan.warnings, Vec::<String>::new());
    let outcome = carry_out(&ipam, plan).await;
    assert_eq!(outcome.ended, Ended::Done);
    assert!(has(&ipam, DHCP1, "10.0.0.100").await && has(&ipam, DC1, "10.0.0.100").await);
    let estate = ipam.estate();
    assert_eq!(estate.pair(&name(DHCP1), hq()), Some(Pair::Same));
    assert!(estate.out_of_sync.is_empty());
    let entries = ipam.journal(&JournalQuery::default()).unwrap();
    assert_eq!(entries.len(), 2);
    let newest = &entries[0];
    assert_eq!(newest.server, name(DC1));
    assert_eq!(
        (newest.operator.as_str(), newest.outcome.as_str()),
        ("alice", "done")
    );
    assert!(newest.ended.is_some() && !newest.changes.is_empty());
}

#[tokio::test]
async fn a_change_to_one_server_stays_there() {
    let place = Place::new();
    let ipam = place.ipam("alice");
    let intent = Intent::Change {
        server: name(DHCP1),
        edits: vec![add(hq(), "10.0.0.100", "00155da76602")],
        reach: Reach::Server,
    };
    assert_eq!(done(&ipam, intent).await.ended, Ended::Done);
    assert!(!has(&ipam, DC1, "10.0.0.100").await);
    let estate = ipam.collect().await;
    assert!(matches!(estate.pair(&name(DC1), hq()), Some(Pair::Differs(n)) if n > 0));
    assert!(estate.out_of_sync.is_empty());
    // What else differs is not carried along, but told.
    let plan = ipam.plan(reserve(101)).await.unwrap();
    assert_eq!(
        plan.warnings,
        ["dc1.contoso.com differs in 1 more field: Replicate DHCP Scope makes it the same"]
    );
    assert_eq!(carry_out(&ipam, plan).await.ended, Ended::Done);
    assert!(has(&ipam, DC1, "10.0.0.101").await && !has(&ipam, DC1, "10.0.0.100").await);
}

#[tokio::test]
async fn out_of_sync_survives_a_restart_and_ends_with_a_replication() {
    let place = Place::new();
    place.lab(&LabCommand::Stop("dc1".into()));
    {
        let ipam = place.ipam("alice");
        let plan = ipam.plan(reserve(100)).await.unwrap();
        assert_eq!(plan.steps.len(), 2);
        assert!(plan.warnings[0].contains("the change stands on dhcp1.contoso.com"));
        let outcome = carry_out(&ipam, plan).await;
        assert_eq!(outcome.ended, Ended::DoneHere);
        assert_eq!(outcome.out_of_sync.len(), 1);
        assert_eq!(
            ipam.collect().await.pair(&name(DHCP1), hq()),
            Some(Pair::PartnerUnreachable)
        );
    }
    place.lab(&LabCommand::Start("dc1".into()));
    let ipam = place.ipam("bob");
    let row = (name(DHCP1), hq());
    assert!(ipam.estate().out_of_sync[&row].contains("its DHCP service is stopped"));
    assert!(has(&ipam, DHCP1, "10.0.0.100").await && !has(&ipam, DC1, "10.0.0.100").await);
    let plan = ipam.plan(replicate(DHCP1, [hq()])).await.unwrap();
    assert_eq!(plan.clears, [row]);
    assert_eq!(plan.risk, Risk::Destructive);
    assert_eq!(carry_out(&ipam, plan).await.ended, Ended::Done);
    assert!(has(&ipam, DC1, "10.0.0.100").await);
    assert!(ipam.estate().out_of_sync.is_empty());
    assert!(place.ipam("carol").estate().out_of_sync.is_empty());
    // A second time there is nothing to do, and it is said.
    let again = ipam.plan(replicate(DHCP1, [hq()])).await.unwrap();
    assert!(again.is_empty());
    assert_eq!(again.warnings, ["10.0.0.0 is identical on dc1.contoso.com"]);
}

#[tokio::test]
async fn a_sync_error_that_was_dealt_with_elsewhere_is_cleared() {
    let place = Place::new();
    let ipam = place.ipam("alice");
    place.lab(&LabCommand::Stop("dc1".into()));
    done(&ipam, reserve(100)).await;
    let intent = Intent::ClearConfigSyncError {
        server: name("dhcp1"),
        scopes: [hq()].into(),
    };
    let outcome = done(&ipam, intent.clone()).await;
    assert_eq!((outcome.ended, outcome.steps.len()), (Ended::Done, 0));
    assert!(ipam.estate().out_of_sync.is_empty());
    assert_eq!(words(&ipam, outcome.plan.unwrap()), ["done"]);
    assert!(ipam.plan(intent).await.unwrap().is_empty());
    // It is nothing that undo could take back: what was changed before is.
    assert_eq!(ipam.last_undoable().unwrap(), Some(1));
}

#[tokio::test]
async fn undo_takes_back_what_was_done_on_both_and_redo_does_it_again() {
    let place = Place::new();
    let ipam = place.ipam("alice");
    let first = done(&ipam, reserve(100)).await.plan.unwrap();
    assert_eq!(ipam.last_undoable().unwrap(), Some(first));
    let plan = ipam.plan(Intent::Undo { plan: first }).await.unwrap();
    assert_eq!(
        plan.title,
        "Undo: Create DHCP reservation 10.0.0.100 in scope 10.0.0.0 on dhcp1.contoso.com"
    );
    let undo = carry_out(&ipam, plan).await.plan.unwrap();
    assert!(!has(&ipam, DHCP1, "10.0.0.100").await && !has(&ipam, DC1, "10.0.0.100").await);
    assert_eq!(ipam.last_undoable().unwrap(), None);
    let twice = ipam.plan(Intent::Undo { plan: first }).await.unwrap_err();
    assert!(
        matches!(&twice, PlanError::NotUndoable(why) if why.contains("already")),
        "{twice}"
    );

    let plan = ipam.plan(Intent::Undo { plan: undo }).await.unwrap();
    assert!(plan.title.starts_with("Redo: Create DHCP reservation"));
    assert_eq!(carry_out(&ipam, plan).await.ended, Ended::Done);
    assert!(has(&ipam, DHCP1, "10.0.0.100").await && has(&ipam, DC1, "10.0.0.100").await);
    assert_eq!(ipam.last_undoable().unwrap(), Some(first));
    assert_eq!(
        done(&ipam, Intent::Undo { plan: first }).await.ended,
        Ended::Done
    );
}

#[tokio::test]
async fn undo_is_refused_when_somebody_changed_it_since() {
    let place = Place::new();
    let ipam = place.ipam("alice");
    let plan = done(&ipam, reserve(100)).await.plan.unwrap();
    let rename = Intent::Change {
        server: name(DC1),
        edits: vec![Edit::SetReservation {
            scope: hq(),
            address: "10.0.0.100".parse().unwrap(),
            properties: vec![ReservationProperty::Name("printer".into())],
        }],
        reach: Reach::Server,
    };
    done(&place.ipam("bob"), rename).await;
    let refused = ipam.plan(Intent::Undo { plan }).await.unwrap_err();
    let PlanError::NotUndoable(why) = refused else {
        panic!("{refused}")
    };
    assert!(
        why.ends_with("has changed since: reservation 10.0.0.100 on dc1.contoso.com"),
        "{why}"
    );
}

#[tokio::test]
async fn only_what_was_done_is_undone() {
    let place = Place::new();
    let ipam = place.ipam("alice");
    place.lab(&LabCommand::Stop("dc1".into()));
    let plan = done(&ipam, reserve(100)).await.plan.unwrap();
    place.lab(&LabCommand::Start("dc1".into()));
    let undo = ipam.plan(Intent::Undo { plan }).await.unwrap();
    assert_eq!(undo.steps.len(), 1);
    // Nothing is between the two copies any more.
    assert_eq!(undo.clears, [(name(DHCP1), hq())]);
    assert_eq!(carry_out(&ipam, undo).await.ended, Ended::Done);
    assert!(ipam.estate().out_of_sync.is_empty());
    assert_eq!(ipam.estate().pair(&name(DHCP1), hq()), Some(Pair::Same));
}

#[tokio::test]
async fn a_plan_that_somebody_overtook_is_refused() {
    let place = Place::new();
    let (alice, bob) = (place.ipam("alice"), place.ipam("bob"));
    let late = alice.plan(reserve(100)).await.unwrap();
    done(&bob, reserve(100)).await;
    let outcome = carry_out(&alice, late).await;
    assert_eq!(outcome.ended, Ended::Nothing);
    let StepResult::Failed(error) = &outcome.steps[0].result else {
        panic!("{outcome:?}")
    };
    assert!(matches!(error, DriverError::Stale { objects, .. }
        if objects == &[ObjectRef::Reservation(hq(), "10.0.0.100".parse().unwrap())]));
    assert_eq!(outcome.steps[1].result, StepResult::NotBegun);
    assert!(alice.estate().out_of_sync.is_empty());
    assert_eq!(words(&alice, outcome.plan.unwrap()).len(), 1);
}

#[tokio::test]
async fn of_two_who_race_on_one_object_one_is_refused_and_elsewhere_both_succeed() {
    let place = Place::new();
    let (alice, bob) = (place.ipam("alice"), place.ipam("bob"));
    let one = alice.plan(reserve(100)).await.unwrap();
    let client = "aabbccddee01";
    let other = change(DHCP1, vec![add(hq(), "10.0.0.100", client)]);
    let two = bob.plan(other).await.unwrap();
    let (one, two) = tokio::join!(carry_out(&alice, one), carry_out(&bob, two));
    let ends: BTreeSet<_> = [one.ended, two.ended].map(|end| end == Ended::Done).into();
    assert_eq!(ends.len(), 2, "{one:?} {two:?}");

    let here = alice.plan(reserve(120)).await.unwrap();
    let there = bob
        .plan(change(
            DHCP1,
            vec![add(guests(), "10.0.8.120", "aabbccddee02")],
        ))
        .await
        .unwrap();
    let (here, there) = tokio::join!(carry_out(&alice, here), carry_out(&bob, there));
    assert_eq!((here.ended, there.ended), (Ended::Done, Ended::Done));
}

#[tokio::test]
async fn what_the_rules_refuse_has_no_plan() {
    let place = Place::new();
    let ipam = place.ipam("alice");
    let refused = |error: PlanError| match error {
        PlanError::Refused { server, error } => (server, error.code.number()),
        other => panic!("{other}"),
    };
    let outside = change(DHCP1, vec![add(hq(), "10.9.0.1", "00155da76602")]);
    assert_eq!(
        refused(ipam.plan(outside).await.unwrap_err()),
        (name(DHCP1), 20018)
    );
    let under_failover = change(
        DHCP1,
        vec![Edit::RemoveScope {
            scope: hq(),
            force: true,
        }],
    );
    assert_eq!(
        refused(ipam.plan(under_failover).await.unwrap_err()).1,
        20113
    );
    let alone = ipam.plan(replicate(DHCP1, [guests()])).await.unwrap_err();
    assert_eq!(refused(alone).1, 20116);
    // Among others it is skipped, and said.
    let plan = ipam.plan(replicate(DHCP1, [hq(), guests()])).await.unwrap();
    assert!(plan.warnings.iter().any(|it| it.contains("20116")));
    let nobody = change("nobody", vec![]);
    assert!(matches!(ipam.plan(nobody).await, Err(PlanError::Server(_))));
}

#[tokio::test]
async fn a_partner_that_will_refuse_does_not_keep_the_change_from_being_made() {
    let place = Place::new();
    let ipam = place.ipam("alice");
    // The client has another address at the partner.
    let only_there = Intent::Change {
        server: name(DC1),
        edits: vec![add(hq(), "10.0.0.150", "00155da76664")],
        reach: Reach::Server,
    };
    done(&ipam, only_there).await;
    let plan = ipam.plan(reserve(100)).await.unwrap();
    let (step, why) = plan.refusal().unwrap();
    assert_eq!(step.server, name(DC1));
    assert!(why.contains("20022"), "{why}");
    let outcome = carry_out(&ipam, plan).await;
    assert_eq!(outcome.ended, Ended::DoneHere);
    assert!(ipam.estate().out_of_sync[&(name(DHCP1), hq())].contains("20022"));
    assert!(has(&ipam, DHCP1, "10.0.0.100").await);
    // Replication makes both the same all the same.
    assert_eq!(
        done(&ipam, replicate(DHCP1, [hq()])).await.ended,
        Ended::Done
    );
    assert_eq!(ipam.estate().pair(&name(DHCP1), hq()), Some(Pair::Same));
    assert!(ipam.estate().out_of_sync.is_empty());
}

#[tokio::test]
async fn failover_is_configured_on_both_and_undone_on_both() {
    let place = Place::new();
    let ipam = place.ipam("alice");
    let plan = ipam.plan(configure(guests(), None)).await.unwrap();
    let servers: Vec<_> = plan.steps.iter().map(|step| step.server.clone()).collect();
    assert_eq!(servers, [name(DC1), name(DHCP1)]);
    let id = carry_out(&ipam, plan).await.plan.unwrap();
    let estate = ipam.collect().await;
    assert_eq!(estate.pair(&name(DC1), guests()), Some(Pair::Same));
    assert!(estate.other_end(&name(DHCP1), "NEW ONE").is_some());
    assert_eq!(
        done(&ipam, Intent::Undo { plan: id }).await.ended,
        Ended::Done
    );
    let estate = ipam.collect().await;
    assert!(estate.end(&name(DHCP1), "new one").is_none());
    assert!(estate.scope(&name(DC1), guests()).is_none());
    assert!(estate.scope(&name(DHCP1), guests()).is_some());
}

#[tokio::test]
async fn a_scope_is_put_under_a_relationship_and_taken_out_again() {
    let place = Place::new();
    let ipam = place.ipam("alice");
    let before = ipam.read(&name(DC1)).await.unwrap();
    let grow = Intent::ConfigureFailover {
        server: name(DHCP1),
        scopes: [guests()].into(),
        with: FailoverChoice::Existing { name: PAIR.into() },
    };
    assert_eq!(done(&ipam, grow).await.ended, Ended::Done);
    assert!(
        ipam.estate()
            .relationship_of(&name(DC1), guests())
            .is_some()
    );
    let shrink = Intent::RemoveFailover {
        server: name(DHCP1),
        scopes: [guests()].into(),
        force: false,
    };
    let outcome = done(&ipam, shrink).await;
    assert_eq!(outcome.ended, Ended::Done);
    assert_eq!(ipam.read(&name(DC1)).await.unwrap().config, before.config);
    // And back: the server asked comes first, so that never both serve it alone.
    let undo = Intent::Undo {
        plan: outcome.plan.unwrap(),
    };
    assert_eq!(done(&ipam, undo).await.ended, Ended::Done);
    let estate = ipam.collect().await;
    assert_eq!(estate.pair(&name(DHCP1), guests()), Some(Pair::Same));
}

#[tokio::test]
async fn a_half_made_relationship_is_reported_and_can_be_backed_out() {
    let place = Place::new();
    let script = Script::of([Mishap::Unreachable]);
    let ipam = place.scripted(DHCP1, &script);
    let before = ipam.read(&name(DC1)).await.unwrap();
    let outcome = done(&ipam, configure(guests(), None)).await;
    assert_eq!(outcome.ended, Ended::Partly);
    assert_eq!(outcome.steps[0].result, StepResult::Done);
    assert!(matches!(outcome.steps[1].result, StepResult::Failed(_)));
    let back = outcome.back_out.unwrap();
    assert_eq!(back.steps.len(), 1);
    assert_eq!(back.steps[0].server, name(DC1));
    assert_eq!(carry_out(&ipam, back).await.ended, Ended::Done);
    assert_eq!(ipam.read(&name(DC1)).await.unwrap().config, before.config);
}

#[tokio::test]
async fn a_dead_partner_keeps_failover_only_without_force() {
    let place = Place::new();
    let ipam = place.ipam("alice");
    place.lab(&LabCommand::Stop("dc1".into()));
    let remove = |force| Intent::RemoveFailover {
        server: name(DHCP1),
        scopes: [hq()].into(),
        force,
    };
    assert!(matches!(
        ipam.plan(remove(false)).await,
        Err(PlanError::Driver(_))
    ));
    let plan = ipam.plan(remove(true)).await.unwrap();
    assert!(plan.warnings[0].contains("still serves scope 10.0.0.0"));
    assert!(plan.not_undoable().is_some());
    let outcome = carry_out(&ipam, plan).await;
    assert_eq!(outcome.ended, Ended::DoneHere);
    assert!(outcome.notes[0].starts_with("went on without dc1.contoso.com"));
    let out = format!(
        "dc1.contoso.com may still hold and serve its copies of scope 10.0.0.0, as \
         dhcp1.contoso.com does: remove them there before it is back in service, with \
         Remove-DhcpServerv4FailoverScope -ComputerName dc1.contoso.com -Name '{PAIR}' -ScopeId \
         10.0.0.0 -Force; then Remove-DhcpServerv4Scope -ComputerName dc1.contoso.com -ScopeId \
         10.0.0.0 -Force"
    );
    assert!(outcome.notes[0].ends_with(&out), "{:?}", outcome.notes);
    let estate = ipam.collect().await;
    assert!(estate.relationship_of(&name(DHCP1), hq()).is_none());
    // Nothing is in failover any more, so nothing is out of sync.
    assert!(estate.out_of_sync.is_empty());
    let configure = ipam.plan(configure(guests(), None)).await.unwrap_err();
    assert!(
        matches!(&configure, PlanError::Refused { error, .. } if error.code.number() == 20123),
        "{configure}"
    );
}

fn grow() -> Intent {
    Intent::ConfigureFailover {
        server: name(DHCP1),
        scopes: [guests()].into(),
        with: FailoverChoice::Existing { name: PAIR.into() },
    }
}

fn delete(keep_on: &str, force: bool) -> Intent {
    Intent::DeleteRelationship {
        keep_on: name(keep_on),
        name: PAIR.into(),
        force,
    }
}

/// dhcp1 has the guests' scope in the relationship, dc1 has it not at all.
async fn drifted(place: &Place, ipam: &Ipam) {
    place.lab(&LabCommand::Fail("dc1".into(), Fault::RefuseWrites));
    assert_eq!(done(ipam, grow()).await.ended, Ended::Partly);
    place.lab(&LabCommand::Fail("dc1".into(), Fault::None));
}

#[tokio::test]
async fn a_drifted_relationship_is_deleted_on_both() {
    for force in [false, true] {
        let place = Place::new();
        let ipam = place.ipam("alice");
        drifted(&place, &ipam).await;
        let plan = ipam.plan(delete(DHCP1, force)).await.unwrap();
        assert_eq!(plan.steps.len(), 2, "{:?}", plan.warnings);
        assert_eq!(carry_out(&ipam, plan).await.ended, Ended::Done);
        let (here, there) = (
            ipam.read(&name(DHCP1)).await.unwrap(),
            ipam.read(&name(DC1)).await.unwrap(),
        );
        assert!(here.config.relationship(PAIR).is_none());
        assert!(there.config.relationship(PAIR).is_none());
        assert!(here.config.scopes.contains_key(&hq()));
        assert!(!there.config.scopes.contains_key(&hq()));
    }
}

#[tokio::test]
async fn a_partner_without_the_scopes_has_nothing_to_do() {
    let place = Place::new();
    let ipam = place.ipam("alice");
    drifted(&place, &ipam).await;
    let shrink = || Intent::RemoveFailover {
        server: name(DHCP1),
        scopes: [guests()].into(),
        force: false,
    };
    let plan = ipam.plan(shrink()).await.unwrap();
    assert_eq!(plan.steps.len(), 1);
    assert!(
        plan.warnings[0].contains("dc1.contoso.com does not have scope 10.0.8.0"),
        "{:?}",
        plan.warnings
    );
    assert_eq!(carry_out(&ipam, plan).await.ended, Ended::Done);
    assert_eq!(done(&ipam, delete(DHCP1, false)).await.ended, Ended::Done);
}

#[tokio::test]
async fn a_partners_scope_outside_of_the_relationship_is_not_deleted() {
    let place = Place::new();
    let ipam = place.ipam("alice");
    drifted(&place, &ipam).await;
    let own = Intent::Change {
        server: name(DC1),
        edits: vec![Edit::AddScope(Box::new(twinscope::model::Scope::new(
            guests(),
            "its own",
            guests().hosts(),
        )))],
        reach: Reach::Server,
    };
    assert_eq!(done(&ipam, own).await.ended, Ended::Done);
    let plan = ipam.plan(delete(DHCP1, false)).await.unwrap();
    assert!(
        plan.warnings[0].contains("scope 10.0.8.0 outside of"),
        "{:?}",
        plan.warnings
    );
    assert_eq!(carry_out(&ipam, plan).await.ended, Ended::Done);
    let there = ipam.read(&name(DC1)).await.unwrap();
    assert!(there.config.scopes.contains_key(&guests()));
    assert!(!there.config.scopes.contains_key(&hq()));
}

#[tokio::test]
async fn a_partner_left_behind_is_cleaned_up_without_touching_the_other() {
    let place = Place::new();
    let ipam = place.ipam("alice");
    place.lab(&LabCommand::Stop("dc1".into()));
    assert_eq!(
        done(&ipam, delete(DHCP1, true)).await.ended,
        Ended::DoneHere
    );
    place.lab(&LabCommand::Start("dc1".into()));
    let before = ipam.read(&name(DHCP1)).await.unwrap();
    let plan = ipam.plan(delete(DC1, false)).await.unwrap();
    assert_eq!(plan.steps.len(), 1);
    assert!(
        plan.warnings[0].contains("dhcp1.contoso.com has no failover relationship"),
        "{:?}",
        plan.warnings
    );
    assert_eq!(carry_out(&ipam, plan).await.ended, Ended::Done);
    assert_eq!(ipam.read(&name(DHCP1)).await.unwrap().config, before.config);
}

#[tokio::test]
async fn cancelling_stops_between_two_steps() {
    let place = Place::new();
    let ipam = place.ipam("alice");
    let plan = ipam.plan(reserve(100)).await.unwrap();
    let cancel = Cancel::new();
    let heard = cancel.clone();
    let progress = Progress::to(move |step, result| {
        if step == 0 && result.is_some() {
            heard.cancel();
        }
    });
    let outcome = ipam.carry_out(plan, &progress, &cancel).await;
    assert_eq!(outcome.ended, Ended::DoneHere);
    assert_eq!(outcome.steps[1].result, StepResult::Cancelled);
    assert!(has(&ipam, DHCP1, "10.0.0.100").await && !has(&ipam, DC1, "10.0.0.100").await);
    assert!(ipam.estate().out_of_sync[&(name(DHCP1), hq())].contains("was not carried to dc1"));

    let cancelled = Cancel::new();
    cancelled.cancel();
    let plan = ipam.plan(reserve(101)).await.unwrap();
    let outcome = ipam.carry_out(plan, &Progress::none(), &cancelled).await;
    assert_eq!(outcome.ended, Ended::Nothing);
    assert!(!has(&ipam, DHCP1, "10.0.0.101").await);
}

#[tokio::test]
async fn a_lost_answer_is_judged_by_what_is_there() {
    let place = Place::new();
    let script = Script::of([Mishap::DoneAnswerLost, Mishap::NotDoneAnswerLost]);
    let ipam = place.scripted(DHCP1, &script);
    assert_eq!(done(&ipam, reserve(100)).await.ended, Ended::Done);
    let outcome = done(&ipam, reserve(101)).await;
    assert_eq!(outcome.ended, Ended::Nothing);
    let StepResult::Failed(error) = &outcome.steps[0].result else {
        panic!("{outcome:?}")
    };
    assert!(error.to_string().contains("nothing was done"), "{error}");
    // The estate's own fault does the same, on the partner's side.
    place.lab(&LabCommand::Fail("dc1".into(), Fault::LoseAnswers));
    assert_eq!(done(&ipam, reserve(102)).await.ended, Ended::Done);
}

#[tokio::test]
async fn a_full_disk_is_no_lost_answer() {
    let place = Place::new();
    let ipam = place.scripted(DHCP1, &Script::of([Mishap::DiskFull]));
    let outcome = done(&ipam, reserve(100)).await;
    assert_eq!(outcome.ended, Ended::Nothing);
    let StepResult::Failed(error) = &outcome.steps[0].result else {
        panic!("{outcome:?}")
    };
    let error = error.to_string();
    assert!(
        error.contains("disk is full") && error.contains("nothing was done"),
        "{error}"
    );
    assert!(
        !error.contains("lost") && !error.contains("reached"),
        "{error}"
    );
}

#[tokio::test]
async fn servers_made_anew_are_forgotten() {
    let place = Place::new();
    let ipam = place.ipam("alice");
    let first = done(&ipam, reserve(100)).await.plan.unwrap();
    place.lab(&LabCommand::Stop("dc1".into()));
    done(&ipam, reserve(101)).await;
    assert_eq!(ipam.estate().out_of_sync.len(), 1);
    ipam.forget(&[name("DC9")]).await.unwrap();
    assert!(ipam.last_undoable().unwrap().is_some());
    ipam.forget(&[name("DHCP1.contoso.com"), name(DC1)])
        .await
        .unwrap();
    assert!(ipam.estate().out_of_sync.is_empty());
    assert_eq!(ipam.last_undoable().unwrap(), None);
    let why = ipam.plan(Intent::Undo { plan: first }).await.unwrap_err();
    assert!(
        matches!(&why, PlanError::NotUndoable(why) if why.contains("made anew since")),
        "{why}"
    );
    // What is done from now on is remembered as ever.
    let next = done(&ipam, reserve(102)).await.plan;
    assert_eq!(ipam.last_undoable().unwrap(), next);
}

#[tokio::test]
async fn undo_of_a_replication_brings_its_sync_errors_back() {
    let place = Place::new();
    let ipam = place.ipam("alice");
    place.lab(&LabCommand::Stop("dc1".into()));
    done(&ipam, reserve(100)).await;
    place.lab(&LabCommand::Start("dc1".into()));
    let row = (name(DHCP1), hq());
    let why = ipam.estate().out_of_sync[&row].clone();
    let replicated = done(&ipam, replicate(DHCP1, [hq()])).await.plan.unwrap();
    assert!(ipam.estate().out_of_sync.is_empty());
    let undo = Intent::Undo { plan: replicated };
    let undone = done(&ipam, undo).await.plan.unwrap();
    assert_eq!(ipam.estate().out_of_sync[&row], why);
    assert_eq!(
        done(&ipam, Intent::Undo { plan: undone }).await.ended,
        Ended::Done
    );
    assert!(ipam.estate().out_of_sync.is_empty());
}

#[tokio::test]
async fn nobody_claims_to_know_what_can_not_be_known() {
    let place = Place::new();
    let script = Script::of([Mishap::NotDoneAnswerLost]);
    let ipam = place.scripted(DC1, &script);
    let plan = ipam.plan(reserve(100)).await.unwrap();
    // Somebody makes another reservation there meanwhile: neither as before nor as foretold.
    let other = Intent::Change {
        server: name(DC1),
        edits: vec![add(hq(), "10.0.0.100", "aabbccddee01")],
        reach: Reach::Server,
    };
    done(&place.ipam("bob"), other).await;
    let outcome = carry_out(&ipam, plan).await;
    assert_eq!(outcome.ended, Ended::Unknown);
    assert!(matches!(outcome.steps[1].result, StepResult::Unknown(_)));
    assert_eq!(outcome.out_of_sync.len(), 1);
    assert!(words(&ipam, outcome.plan.unwrap())[0].starts_with("unknown: "));
}

/// Carries a plan out in a process that dies while its step on `server` is under way.
fn dies_while(place: &Place, server: &str, mishap: Mishap, intent: Intent) {
    let script = Script::of([mishap]);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let ipam = place.scripted(server, &script);
        let plan = ipam.plan(intent).await.unwrap();
        let reached = script.reached.notified();
        let caller = tokio::spawn(async move { carry_out(&ipam, plan).await });
        reached.await;
        // The caller going away changes nothing; while its process lives, nobody takes it up.
        caller.abort();
        let other = place.ipam("bob");
        assert_eq!(other.take_up().await.unwrap(), Vec::<String>::new());
    });
    runtime.shutdown_background();
}

async fn taken_up(ipam: &Ipam) -> Vec<String> {
    // The dead runtime's tasks go away in their own time.
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
fn what_a_dead_process_left_is_reported_and_not_gone_on_with() {
    let place = Place::new();
    dies_while(&place, DHCP1, Mishap::DoneThenSilence, reserve(100));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let ipam = place.ipam("bob");
        let told = taken_up(&ipam).await;
        assert_eq!(told.len(), 1);
        assert!(
            told[0].starts_with("plan 1 of alice, 'Create DHCP reservation 10.0.0.100"),
            "{told:?}"
        );
        assert!(
            told[0].contains("on dhcp1.contoso.com was done"),
            "{told:?}"
        );
        assert!(
            told[0].contains("on dc1.contoso.com was not begun"),
            "{told:?}"
        );
        assert!(told[0].contains("Out of sync"), "{told:?}");
        assert!(!has(&ipam, DC1, "10.0.0.100").await);
        let row = (name(DHCP1), hq());
        assert!(ipam.estate().out_of_sync.contains_key(&row));
        assert_eq!(words(&ipam, 1), ["interrupted: was done"]);
        assert!(ipam.take_up().await.unwrap().is_empty());
        // It can be taken back, and the lock of the dead is no more.
        let undo = done(&ipam, Intent::Undo { plan: 1 }).await;
        assert_eq!(undo.ended, Ended::Done);
        assert!(!has(&ipam, DHCP1, "10.0.0.100").await);
    });
}

#[test]
fn a_step_that_a_dead_process_only_meant_to_do_was_not_done() {
    let place = Place::new();
    dies_while(&place, DC1, Mishap::Silence, reserve(100));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let ipam = place.ipam("bob");
        let told = taken_up(&ipam).await;
        assert!(
            told[0].contains("on dc1.contoso.com was not done"),
            "{told:?}"
        );
        assert_eq!(words(&ipam, 1), ["interrupted: was not done", "done"]);
        assert!(ipam.estate().out_of_sync.contains_key(&(name(DHCP1), hq())));
        assert_eq!(
            done(&ipam, replicate(DHCP1, [hq()])).await.ended,
            Ended::Done
        );
        assert!(has(&ipam, DC1, "10.0.0.100").await);
    });
}

#[test]
fn what_is_left_half_made_can_be_taken_back() {
    let place = Place::new();
    dies_while(&place, DHCP1, Mishap::Silence, configure(guests(), None));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let ipam = place.ipam("bob");
        let told = taken_up(&ipam).await;
        assert!(
            told[0].contains("on dhcp1.contoso.com was not done"),
            "{told:?}"
        );
        assert!(
            told[0].ends_with("undo of plan 1 takes back what was done"),
            "{told:?}"
        );
        let undo = done(&ipam, Intent::Undo { plan: 1 }).await;
        assert_eq!(undo.ended, Ended::Done);
    });
}

#[tokio::test]
async fn no_secret_is_ever_written() {
    let place = Place::new();
    let ipam = place.ipam("alice");
    let secret = "correct-horse-battery";
    let outcome = done(&ipam, configure(guests(), Some(secret))).await;
    assert_eq!(outcome.ended, Ended::Done);
    let mut searched = 0;
    for entry in std::fs::read_dir(place.folder.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            let text = String::from_utf8_lossy(&bytes);
            assert!(!text.contains(secret), "{path:?}");
            searched += 1;
        }
    }
    assert!(searched >= 2);
}

#[tokio::test]
async fn read_only_writes_nothing() {
    let place = Place::new();
    let ipam = place.ipam("alice");
    let plan = ipam.plan(reserve(100)).await.unwrap();
    ipam.set_access(Access::read_only("it is a training console"));
    let refused = ipam.plan(reserve(100)).await.unwrap_err();
    assert!(matches!(&refused, PlanError::NotAllowed(why) if why.contains("training")));
    let outcome = carry_out(&ipam, plan).await;
    assert_eq!((outcome.ended, outcome.plan), (Ended::Nothing, None));
    assert!(outcome.notes[0].contains("training"));
    assert!(ipam.journal(&JournalQuery::default()).unwrap().is_empty());
    assert!(!has(&ipam, DHCP1, "10.0.0.100").await);
}

#[tokio::test]
async fn a_guardrail_denies_at_the_plan_and_again_at_the_wire() {
    let place = Place::new();
    let ipam = place.ipam("alice");
    let made = ipam.plan(reserve(100)).await.unwrap();
    let mut deny = Guardrail::new(Effect::Deny, "the registers are in there");
    deny.server = Some(Glob::new("dc1"));
    deny.scope = Some(ScopePattern::new("10.0.0.0/24"));
    let access = |rule: &Guardrail| Access {
        rules: vec![rule.clone()],
        ..Access::default()
    };
    ipam.set_access(access(&deny));
    // What dhcp1 is asked for is carried to dc1.
    let refused = ipam.plan(reserve(100)).await.unwrap_err();
    assert!(matches!(&refused, PlanError::NotAllowed(why) if why.ends_with("are in there")));
    let outcome = carry_out(&ipam, made).await;
    assert_eq!((outcome.ended, outcome.plan), (Ended::Nothing, None));
    assert!(outcome.notes[0].contains("registers"));
    assert!(!has(&ipam, DHCP1, "10.0.0.100").await);
    // Another scope is not what it is about.
    let elsewhere = change(DHCP1, vec![add(guests(), "10.0.8.100", "00155da76602")]);
    assert_eq!(done(&ipam, elsewhere).await.ended, Ended::Done);

    let mut ask = Guardrail::new(Effect::TypeName, "call the desk first");
    ask.action = Some(CommandKind::PartnerDown);
    ask.relationship = Some(Glob::new("dhcp1*"));
    ipam.set_access(access(&ask));
    let plan = ipam.plan(reserve(100)).await.unwrap();
    assert_eq!(ipam.judgement(&plan), Judgement::Allowed);
    place.lab(&LabCommand::Stop("dc1".into()));
    let order = Intent::Order {
        server: name(DHCP1),
        order: Order::SetPartnerDown {
            relationship: PAIR.to_uppercase(),
        },
    };
    let plan = ipam.plan(order).await.unwrap();
    let said = Judgement::TypeName(PAIR.to_owned(), "call the desk first".to_owned());
    assert_eq!(ipam.judgement(&plan), said);
    // Replication is more than the edits it ends as; the scopes of a relationship count as its own.
    place.lab(&LabCommand::Start("dc1".into()));
    let mut freeze = Guardrail::new(Effect::Deny, "freeze");
    freeze.action = Some(CommandKind::Replicate);
    freeze.scope = Some(ScopePattern::new("10.0.0.0/8"));
    ipam.set_access(Access::default());
    place.lab(&LabCommand::Pass(7200));
    let alone = Intent::Change {
        server: name(DHCP1),
        edits: vec![add(hq(), "10.0.0.101", "00155da76699")],
        reach: Reach::Server,
    };
    assert_eq!(done(&ipam, alone).await.ended, Ended::Done);
    ipam.set_access(access(&freeze));
    let refused = ipam.plan(replicate(DHCP1, [hq()])).await.unwrap_err();
    assert!(matches!(refused, PlanError::NotAllowed(_)), "{refused}");
    let mut down = Guardrail::new(Effect::Deny, "not at night");
    down.scope = Some(ScopePattern::new("10.0.0.0/24"));
    down.action = Some(CommandKind::PartnerDown);
    ipam.set_access(access(&down));
    place.lab(&LabCommand::Stop("dc1".into()));
    let order = Intent::Order {
        server: name(DHCP1),
        order: Order::SetPartnerDown {
            relationship: PAIR.to_owned(),
        },
    };
    let refused = ipam.plan(order).await.unwrap_err();
    assert!(matches!(refused, PlanError::NotAllowed(_)), "{refused}");
}

#[tokio::test]
async fn without_groups_every_domain_is_one() {
    let place = Place::new();
    let ipam = place.ipam("alice");
    let groups = ipam.groups();
    assert_eq!(groups.len(), 1);
    assert_eq!(groups[0].name, "contoso.com");
    assert_eq!(groups[0].servers, ipam.servers());
}

#[tokio::test]
async fn leases_in_the_way_or_lost_are_told() {
    let place = Place::new();
    let ipam = place.ipam("alice");
    let query = LeaseQuery {
        scope: Some(guests()),
        ..LeaseQuery::default()
    };
    let leases = ipam.leases(&name(DHCP1), &query).await.unwrap();
    let taken = leases.iter().find(|lease| lease.state.is_active()).unwrap();
    let reserve = add(guests(), &taken.address.to_string(), "00155da76602");
    let plan = ipam.plan(change(DHCP1, vec![reserve])).await.unwrap();
    assert!(
        plan.warnings[0].starts_with(&format!("{} is leased to another client", taken.address)),
        "{:?}",
        plan.warnings
    );
    let remove = |force| {
        change(
            DHCP1,
            vec![Edit::RemoveScope {
                scope: guests(),
                force,
            }],
        )
    };
    let refused = ipam.plan(remove(false)).await.unwrap_err();
    assert!(matches!(&refused, PlanError::Refused { error, .. } if error.code.number() == 20007));
    let plan = ipam.plan(remove(true)).await.unwrap();
    assert_eq!(plan.risk, Risk::Destructive);
    assert!(plan.warnings[0].contains("undo does not bring leases back"));
    assert!(plan.impact.contains("no new leases"));
    let id = carry_out(&ipam, plan).await.plan.unwrap();
    assert_eq!(
        done(&ipam, Intent::Undo { plan: id }).await.ended,
        Ended::Done
    );
    let back = ipam.leases(&name(DHCP1), &query).await.unwrap();
    assert!(back.iter().all(|lease| !lease.state.is_active()));
}

#[tokio::test]
async fn partner_down_is_refused_in_contact_and_can_not_be_undone() {
    let place = Place::new();
    let ipam = place.ipam("alice");
    let before = done(&ipam, reserve(100)).await.plan;
    let order = || Intent::Order {
        server: name(DHCP1),
        order: Order::SetPartnerDown {
            relationship: PAIR.to_uppercase(),
        },
    };
    let refused = ipam.plan(order()).await.unwrap_err();
    assert!(matches!(refused, PlanError::Refused { .. }));
    place.lab(&LabCommand::Cut("dhcp1".into(), "dc1".into()));
    let plan = ipam.plan(order()).await.unwrap();
    assert!(plan.warnings[0].contains("dc1.contoso.com answers"));
    assert!(plan.not_undoable().unwrap().contains("can't be taken back"));
    let outcome = carry_out(&ipam, plan).await;
    assert_eq!(outcome.ended, Ended::Done);
    let undo = Intent::Undo {
        plan: outcome.plan.unwrap(),
    };
    assert!(matches!(
        ipam.plan(undo).await,
        Err(PlanError::NotUndoable(_))
    ));
    // A bare undo takes what was done before, and can be undone.
    assert_eq!(ipam.last_undoable().unwrap(), before);
}

#[tokio::test]
async fn a_server_that_recovers_is_not_told_that_it_is_in_contact() {
    let place = Place::new();
    let ipam = place.ipam("alice");
    let down = |server: &str| Intent::Order {
        server: name(server),
        order: Order::SetPartnerDown {
            relationship: PAIR.into(),
        },
    };
    place.lab(&LabCommand::Stop("dc1".into()));
    assert_eq!(done(&ipam, down(DHCP1)).await.ended, Ended::Done);
    place.lab(&LabCommand::Start("dc1".into()));
    ipam.collect().await;
    // In contact with its partner it is told so, ...
    let refused = ipam.plan(down(DC1)).await.unwrap_err().to_string();
    assert!(refused.contains("both servers are in contact"), "{refused}");
    // ... and without contact it is not, whether the partner is stopped or only the link is cut.
    let not_in_contact = [
        LabCommand::Stop("dhcp1".into()),
        LabCommand::Cut("dhcp1".into(), "dc1".into()),
    ];
    for command in not_in_contact {
        place.lab(&command);
        place.lab(&LabCommand::Pass(60));
        let refused = ipam.plan(down(DC1)).await.unwrap_err().to_string();
        assert!(refused.contains("RecoverWait"), "{refused}");
        assert!(!refused.contains("in contact:"), "{refused}");
        assert!(
            refused.contains("bring the partner back") && refused.contains("lost for good"),
            "{refused}"
        );
        place.lab(&LabCommand::Start("dhcp1".into()));
    }
}

#[tokio::test]
async fn everything_replicated_is_carried_and_what_is_a_servers_own_is_not() {
    let place = Place::new();
    let ipam = place.ipam("alice");
    let before = ipam.read(&name(DC1)).await.unwrap();
    let edits = vec![
        Edit::SetScope {
            scope: hq(),
            properties: vec![ScopeProperty::Superscope(Some("campus".into()))],
        },
        Edit::SetScope {
            scope: hq(),
            properties: vec![ScopeProperty::Description("ground floor".into())],
        },
    ];
    let plan = ipam.plan(change(DHCP1, edits[..1].to_vec())).await.unwrap();
    assert_eq!(plan.steps.len(), 1);
    let outcome = done(&ipam, change(DHCP1, edits)).await;
    assert_eq!((outcome.ended, outcome.steps.len()), (Ended::Done, 2));
    let after = ipam.read(&name(DC1)).await.unwrap();
    let scope = &after.config.scopes[&hq()];
    assert_eq!(scope.description, "ground floor");
    assert_eq!(scope.superscope, before.config.scopes[&hq()].superscope);
}

#[tokio::test]
async fn since_when_a_server_is_as_it_is_survives_a_restart() {
    let place = Place::new();
    let since = |estate: &twinscope::ipam::Estate, server: &str| {
        let view = &estate.servers[&name(server)];
        (view.availability.unwrap(), view.availability_since.unwrap())
    };
    let start = place.clock.now();
    place.ipam("alice").collect().await;
    place.clock.advance(SignedDuration::from_mins(10));
    let ipam = place.ipam("bob");
    let estate = ipam.collect().await;
    assert_eq!(since(&estate, DC1), (Availability::Running, start));
    place.lab(&LabCommand::Stop("dc1".into()));
    let stopped = place.clock.now();
    let estate = ipam.collect().await;
    assert_eq!(since(&estate, DC1), (Availability::Stopped, stopped));
    assert_eq!(since(&estate, DHCP1), (Availability::Running, start));
    let view = &estate.servers[&name(DC1)];
    assert!(view.reading.is_some() && view.error.is_some());
    place.lab(&LabCommand::Fail("dhcp1".into(), Fault::Unreachable));
    let estate = ipam.collect().await;
    assert_eq!(since(&estate, DHCP1).0, Availability::NotReachable);
    assert_eq!(estate.pair(&name(DHCP1), hq()), Some(Pair::Unverified));
}

#[tokio::test]
async fn what_has_not_changed_is_the_very_same() {
    let place = Place::new();
    let ipam = place.ipam("alice");
    let before = ipam.collect().await;
    let outcome = done(&ipam, reserve(100)).await;
    assert_eq!(outcome.ended, Ended::Done);
    let after = ipam.estate();
    let scope =
        |estate: &twinscope::ipam::Estate, id| Arc::clone(estate.scope(&name(DHCP1), id).unwrap());
    assert!(Arc::ptr_eq(
        &scope(&before, guests()),
        &scope(&after, guests())
    ));
    assert!(!Arc::ptr_eq(&scope(&before, hq()), &scope(&after, hq())));
    assert!(after.generation > before.generation);
    let client: ClientId = "00:15:5d:a7:66:64".parse().unwrap();
    assert!(before.reservations_of(&client).is_empty());
    let found = after.reservations_of(&client);
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].2.address, Ipv4Addr::new(10, 0, 0, 100));
    assert_eq!(after.scopes_of(Ipv4Addr::new(10, 0, 0, 7)).len(), 2);
    assert_eq!(after.relationships().len(), 3);
    assert_eq!(after.server("DC1").unwrap().name, name(DC1));
}

#[tokio::test]
async fn kinds_without_a_driver_say_so_and_disturb_nobody() {
    let place = Place::new();
    let entry = |server: &str, aliases: &[&str], kind| ServerEntry {
        name: name(server),
        aliases: aliases.iter().map(|&alias| alias.to_owned()).collect(),
        kind,
        line: 1,
    };
    let host = || "w1.contoso.com".to_owned();
    let mut configuration = Configuration {
        servers: vec![
            entry(
                "w1.contoso.com",
                &[],
                ServerKind::Microsoft { host: host() },
            ),
            entry(DHCP1, &["main"], ServerKind::Embedded),
        ],
        ..Configuration::default()
    };
    let open = |configuration: &Configuration| {
        Ipam::open(&place.home(), configuration, place.clock.clone(), "alice")
    };
    let ipam = open(&configuration).unwrap();
    assert_eq!(ipam.servers(), [name("w1.contoso.com"), name(DHCP1)]);
    assert_eq!(ipam.resolve("MAIN").unwrap(), name(DHCP1));
    let estate = ipam.collect().await;
    let error = estate.servers[&name("w1.contoso.com")]
        .error
        .clone()
        .unwrap();
    assert!(
        error
            .to_string()
            .contains("this version has no driver for kind microsoft yet")
    );
    assert!(estate.servers[&name(DHCP1)].error.is_none());
    // The partner is none of ours: the change stands, and the row says why it was not carried.
    let outcome = done(&ipam, reserve(100)).await;
    assert_eq!(outcome.ended, Ended::DoneHere);
    assert!(ipam.estate().out_of_sync.contains_key(&(name(DHCP1), hq())));
    configuration
        .servers
        .push(entry("nowhere", &[], ServerKind::Embedded));
    let error = open(&configuration).unwrap_err().to_string();
    assert!(
        error.contains("config.toml") && error.contains("'nowhere'"),
        "{error}"
    );
}

/// A server with nothing on it, which answers when it is told to.
struct Puppet {
    name: ServerName,
    clock: Clock,
    /// What each read waits for; none: nothing.
    waits: Mutex<VecDeque<Arc<Notify>>>,
    reads: Mutex<u32>,
    dead: bool,
}

impl Puppet {
    fn new(server: &str, dead: bool) -> Arc<Puppet> {
        Arc::new(Puppet {
            name: name(server),
            clock: Clock::manual(Timestamp::UNIX_EPOCH),
            waits: Mutex::default(),
            reads: Mutex::new(0),
            dead,
        })
    }
}

impl Driver for Puppet {
    fn server(&self) -> &ServerName {
        &self.name
    }

    fn read<'a>(
        &'a self,
        _before: Option<&'a ServerReading>,
    ) -> BoxFuture<'a, Result<ServerReading, DriverError>> {
        let number = {
            let mut reads = self.reads.lock().unwrap();
            *reads += 1;
            *reads
        };
        let wait = self.waits.lock().unwrap().pop_front();
        Box::pin(async move {
            if self.dead {
                std::future::pending::<()>().await;
            }
            if let Some(wait) = wait {
                wait.notified().await;
            }
            Ok(ServerReading {
                identity: ServerIdentity {
                    name: self.name.clone(),
                    roles: vec![ServerRole::Dhcp],
                    addresses: Vec::new(),
                    domain: String::new(),
                    product: twinscope::model::server::Product::Microsoft,
                    version: None,
                    version_text: String::new(),
                    authorized: true,
                },
                taken: self.clock.now(),
                server_clock: None,
                availability: Availability::Running,
                coverage: Coverage::ALL,
                config: Arc::new(ServerConfig::default()),
                relationships: BTreeMap::new(),
                statistics: BTreeMap::new(),
                counters: ServerCounters::default(),
                zones: Vec::new(),
                revision: number.to_string(),
            })
        })
    }

    fn leases<'a>(
        &'a self,
        _query: &'a LeaseQuery,
    ) -> BoxFuture<'a, Result<Vec<Lease>, DriverError>> {
        Box::pin(std::future::pending())
    }

    fn apply<'a>(
        &'a self,
        _edits: &'a [Edit],
        _expected: Expected<'a>,
    ) -> BoxFuture<'a, Result<(), DriverError>> {
        Box::pin(std::future::pending())
    }

    fn order<'a>(
        &'a self,
        _order: &'a Order,
        _expected: Expected<'a>,
    ) -> BoxFuture<'a, Result<(), DriverError>> {
        Box::pin(std::future::pending())
    }

    fn read_back<'a>(
        &'a self,
        _objects: &'a [ObjectRef],
    ) -> BoxFuture<'a, Result<Vec<Option<Fingerprint>>, DriverError>> {
        Box::pin(std::future::pending())
    }
}

fn puppets(puppets: &[&Arc<Puppet>]) -> (tempfile::TempDir, Ipam) {
    let folder = tempfile::tempdir().unwrap();
    let drivers = puppets
        .iter()
        .map(|&puppet| Arc::clone(puppet) as Arc<dyn Driver>)
        .collect();
    let store = Arc::new(SqliteStore::in_memory().unwrap());
    let clock = Clock::manual(Timestamp::UNIX_EPOCH);
    let ipam = Ipam::with_drivers(drivers, store, folder.path(), clock, "alice").unwrap();
    (folder, ipam)
}

#[tokio::test(start_paused = true)]
async fn a_dead_server_delays_nobody() {
    let (dead, live) = (Puppet::new("dead", true), Puppet::new("live", false));
    let (_folder, ipam) = puppets(&[&dead, &live]);
    let seen = Mutex::new(Vec::new());
    let estate = ipam
        .collect_with(&ipam.servers(), |estate| {
            let known = |server: &str| estate.servers[&name(server)].availability;
            seen.lock().unwrap().push((known("live"), known("dead")));
        })
        .await;
    assert_eq!(
        *seen.lock().unwrap(),
        [
            (Some(Availability::Running), None),
            (
                Some(Availability::Running),
                Some(Availability::NotReachable)
            )
        ]
    );
    assert!(matches!(
        &estate.servers[&name("dead")].error,
        Some(DriverError::Unreachable {
            how: Silence::TimedOut(_),
            ..
        })
    ));
}

#[tokio::test]
async fn an_older_reading_never_replaces_a_newer_one() {
    let puppet = Puppet::new("one", false);
    let late = Arc::new(Notify::new());
    puppet.waits.lock().unwrap().push_back(Arc::clone(&late));
    let (_folder, ipam) = puppets(&[&puppet]);
    let first = {
        let ipam = ipam.clone();
        tokio::spawn(async move { ipam.read(&name("one")).await.unwrap() })
    };
    while *puppet.reads.lock().unwrap() == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(ipam.read(&name("one")).await.unwrap().revision, "2");
    late.notify_one();
    assert_eq!(first.await.unwrap().revision, "1");
    let estate = ipam.estate();
    let reading = estate.servers[&name("one")].reading.as_ref().unwrap();
    assert_eq!(reading.revision, "2");
}
