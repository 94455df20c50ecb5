//! The embedded estate: the seed's semantics, races, drills, faults, and what a kill leaves behind.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
#![allow(
    clippy::needless_pass_by_value,
    reason = "commands are made where they are given"
)]

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;
use twinscope::clock::Clock;
use twinscope::drivers::embedded::generated::{Size, generate};
use twinscope::drivers::embedded::{EmbeddedEstate, Fault, LabCommand};
use twinscope::drivers::{Driver, DriverError, LeaseQuery, Silence};
use twinscope::model::edit::{ObjectRef, OptionLevel, Order};
use twinscope::model::failover::{FailoverState, Mode};
use twinscope::model::fingerprint::fingerprint;
use twinscope::model::scope::ScopeProperty;
use twinscope::model::server::{Availability, Coverage};
use twinscope::model::{
    Edit, LeaseState, OptionKey, OptionValue, Relationship, Reservation, ScopeId, ServerName,
    ServerReading,
};
use twinscope::rules::Code;

const PAIR: &str = "dhcp1.contoso.com-dc1.contoso.com";
const STANDBY: &str = "dhcp2.contoso.com-dhcp3.contoso.com";

struct Fixture {
    folder: TempDir,
    clock: Clock,
    estate: EmbeddedEstate,
}

fn start() -> Timestamp {
    "2026-02-03T09:00:00Z".parse().unwrap()
}

fn fixture() -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::manual(start());
    let estate = EmbeddedEstate::open(&folder.path().join("estate.sqlite"), clock.clone()).unwrap();
    Fixture {
        folder,
        clock,
        estate,
    }
}

impl Fixture {
    fn file(&self) -> PathBuf {
        self.folder.path().join("estate.sqlite")
    }

    /// What another process would hold.
    fn another(&self) -> EmbeddedEstate {
        EmbeddedEstate::open(&self.file(), self.clock.clone()).unwrap()
    }

    fn lab(&self, command: LabCommand) -> String {
        self.estate.lab(&command).unwrap()
    }
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap()
        .block_on(future)
}

fn driver(estate: &EmbeddedEstate, server: &str) -> Arc<dyn Driver> {
    estate.driver(&ServerName::new(&format!("{server}.contoso.com")))
}

fn read(estate: &EmbeddedEstate, server: &str) -> ServerReading {
    run(driver(estate, server).read(None)).unwrap()
}

fn apply(estate: &EmbeddedEstate, server: &str, edits: &[Edit]) -> Result<(), DriverError> {
    run(driver(estate, server).apply(edits, &[]))
}

fn state(estate: &EmbeddedEstate, server: &str, relationship: &str) -> FailoverState {
    read(estate, server).relationships[relationship].state
}

fn states(fixture: &Fixture) -> (FailoverState, FailoverState) {
    (
        state(&fixture.estate, "dhcp1", PAIR),
        state(&fixture.estate, "dc1", PAIR),
    )
}

fn scope(prefix: &str) -> ScopeId {
    prefix.parse().unwrap()
}

fn ip(text: &str) -> Ipv4Addr {
    text.parse().unwrap()
}

fn reserve(prefix: &str, address: &str, client: &str) -> Edit {
    Edit::AddReservation {
        scope: scope(prefix),
        reservation: Reservation::new(ip(address), client.parse().unwrap()),
    }
}

fn reserved(estate: &EmbeddedEstate, server: &str) -> Vec<String> {
    let reading = read(estate, server);
    let scope = &reading.config.scopes[&scope("10.0.0.0/24")];
    scope.reservations.keys().map(ToString::to_string).collect()
}

fn dc1() -> String {
    "dc1".to_owned()
}

fn dhcp1() -> String {
    "dhcp1".to_owned()
}

#[test]
fn a_new_estate_has_the_sample_and_configuration_does_not_flow() {
    let f = fixture();
    let servers = f.estate.servers().unwrap();
    assert_eq!(servers[0].name.as_str(), "dhcp1.contoso.com");
    assert_eq!(states(&f), (FailoverState::Normal, FailoverState::Normal));
    apply(
        &f.estate,
        "dhcp1",
        &[reserve("10.0.0.0/24", "10.0.0.100", "00155DA76602")],
    )
    .unwrap();
    assert_eq!(reserved(&f.estate, "dhcp1"), ["10.0.0.99", "10.0.0.100"]);
    assert_eq!(reserved(&f.estate, "dc1"), ["10.0.0.99"]);
    assert_eq!(reserved(&f.another(), "dhcp1"), ["10.0.0.99", "10.0.0.100"]);
}

#[test]
fn a_reading_says_all_of_a_server() {
    let f = fixture();
    f.lab(LabCommand::Skew(dhcp1(), 7));
    let reading = read(&f.estate, "dhcp1");
    assert_eq!(reading.taken, start());
    assert_eq!(
        reading.server_clock,
        Some(start() + SignedDuration::from_secs(7))
    );
    assert_eq!(reading.availability, Availability::Running);
    assert_eq!(reading.coverage, Coverage::ALL);
    assert_eq!(reading.relationships[PAIR].clock_skew, Some(-7));
    assert_eq!(reading.relationships[PAIR].unsent_updates, Some(0));
    assert!(reading.counters.acks > 0);
    let dns = read(&f.estate, "dns1");
    assert_eq!(dns.coverage, Coverage::NONE);
    assert!(!dns.zones.is_empty());
    let refused = apply(&f.estate, "dns1", &[]).unwrap_err();
    assert!(matches!(refused, DriverError::Unsupported { .. }));
}

#[test]
fn statistics_add_up_and_both_partners_see_the_same_split() {
    let f = fixture();
    for (server, partner) in [("dhcp1", "dc1"), ("dhcp2", "dhcp3"), ("branch1", "branch2")] {
        let (here, there) = (read(&f.estate, server), read(&f.estate, partner));
        for relationship in here.config.relationships.values() {
            for id in &relationship.scopes {
                let (mine, theirs) = (here.statistics[id], there.statistics[id]);
                let split = mine.split.unwrap();
                assert_eq!(split.free_here + split.free_at_partner, mine.free);
                assert_eq!(split.in_use_here + split.in_use_at_partner, mine.in_use);
                if here.config.scopes[id].exclusions == there.config.scopes[id].exclusions
                    && here.config.scopes[id].reservations == there.config.scopes[id].reservations
                {
                    let mirrored = theirs.split.unwrap();
                    assert_eq!(split.free_here, mirrored.free_at_partner, "{id}");
                    assert_eq!(split.in_use_here, mirrored.in_use_at_partner, "{id}");
                }
            }
        }
    }
    let meeting = read(&f.estate, "dhcp2").statistics[&scope("10.1.6.0/24")];
    assert!(meeting.percent_in_use() > 87.0, "{meeting:?}");
    assert!(meeting.free > 0);
    let guests = read(&f.estate, "dhcp1").statistics[&scope("10.0.8.0/22")];
    assert_eq!(guests.split, None);
}

#[test]
fn expired_leases_free_their_addresses_by_time_alone() {
    let f = fixture();
    let id = scope("10.0.8.0/22");
    let before = read(&f.estate, "dhcp1").statistics[&id];
    f.clock.advance(SignedDuration::from_hours(2));
    let after = read(&f.estate, "dhcp1").statistics[&id];
    assert!(after.in_use < before.in_use);
    assert_eq!(after.in_use + after.free, before.in_use + before.free);
    let query = LeaseQuery {
        scope: Some(id),
        ..LeaseQuery::default()
    };
    let leases = run(driver(&f.estate, "dhcp1").leases(&query)).unwrap();
    let active = leases.iter().filter(|lease| lease.state.is_active());
    assert_eq!(active.count() as u64, after.in_use);
}

#[test]
fn leases_come_in_pages_without_gaps() {
    let f = fixture();
    for server in ["dhcp1", "dhcp2", "old1"] {
        let driver = driver(&f.estate, server);
        let all = run(driver.leases(&LeaseQuery::default())).unwrap();
        assert!(all.windows(2).all(|pair| pair[0].address < pair[1].address));
        let mut paged = Vec::new();
        loop {
            let query = LeaseQuery {
                after: paged
                    .last()
                    .map(|lease: &twinscope::model::Lease| lease.address),
                limit: 7,
                ..LeaseQuery::default()
            };
            let page = run(driver.leases(&query)).unwrap();
            if page.is_empty() {
                break;
            }
            paged.extend(page);
        }
        assert_eq!(paged, all);
        let one = &all[all.len() / 2];
        let query = LeaseQuery {
            client: Some(one.client.clone()),
            ..LeaseQuery::default()
        };
        assert_eq!(
            run(driver.leases(&query)).unwrap(),
            std::slice::from_ref(one)
        );
    }
    let query = LeaseQuery {
        scope: Some(scope("10.0.0.0/24")),
        after: Some(Ipv4Addr::BROADCAST),
        ..LeaseQuery::default()
    };
    assert_eq!(run(driver(&f.estate, "dhcp1").leases(&query)).unwrap(), []);
}

#[test]
fn a_reservation_shows_among_the_leases_as_what_it_is() {
    let f = fixture();
    let at = |address: &str, server: &str, prefix: &str| {
        let query = LeaseQuery {
            scope: Some(scope(prefix)),
            ..LeaseQuery::default()
        };
        let leases = run(driver(&f.estate, server).leases(&query)).unwrap();
        let lease = leases
            .into_iter()
            .find(|lease| lease.address == ip(address));
        lease.map(|lease| lease.state)
    };
    assert_eq!(
        at("10.0.0.99", "dhcp1", "10.0.0.0/24"),
        Some(LeaseState::InactiveReservation)
    );
    assert_eq!(
        at("10.1.5.20", "dhcp2", "10.1.5.0/24"),
        Some(LeaseState::ActiveReservation)
    );
}

#[test]
fn who_changes_the_same_object_second_is_refused_and_others_are_not() {
    let f = fixture();
    let (one, other) = (f.estate.clone(), f.another());
    let object = ObjectRef::Reservation(scope("10.0.0.0/24"), ip("10.0.0.100"));
    let expected = [(object.clone(), None)];
    let add = |client: &str| [reserve("10.0.0.0/24", "10.0.0.100", client)];
    let barrier = std::sync::Barrier::new(2);
    let race = |estate: &EmbeddedEstate, client: &str| {
        barrier.wait();
        run(driver(estate, "dhcp1").apply(&add(client), &expected))
    };
    let (first, second) = std::thread::scope(|threads| {
        let first = threads.spawn(|| race(&one, "00-15-5d-a7-66-02"));
        let second = threads.spawn(|| race(&other, "00-15-5d-a7-66-03"));
        (first.join().unwrap(), second.join().unwrap())
    });
    let lost = match (first, second) {
        (Ok(()), Err(error)) | (Err(error), Ok(())) => error,
        both => panic!("one of the two must win: {both:?}"),
    };
    assert!(matches!(&lost, DriverError::Stale { objects, .. } if objects == &[object]));
    assert!(
        lost.to_string()
            .contains("somebody else changed reservation 10.0.0.100")
    );
    assert_eq!(reserved(&f.estate, "dhcp1"), ["10.0.0.99", "10.0.0.100"]);
}

#[test]
fn two_processes_on_different_scopes_both_succeed_and_nothing_is_lost() {
    let f = fixture();
    let (one, other) = (f.estate.clone(), f.another());
    let work = |estate: &EmbeddedEstate, prefix: &str, network: &str| {
        for place in 60..80 {
            let before = run(driver(estate, "dhcp1").read(None)).unwrap();
            let address = format!("{network}.{place}");
            // No two clients of the two networks are the same.
            let client = format!("02-00-{}-{place}", network.replace('.', "-"));
            let edit = reserve(prefix, &address, &client);
            let expected: Vec<_> = edit
                .touches()
                .into_iter()
                .map(|object| (object.clone(), fingerprint(&before.config, &object)))
                .collect();
            run(driver(estate, "dhcp1").apply(&[edit], &expected)).unwrap();
        }
    };
    std::thread::scope(|threads| {
        threads.spawn(|| work(&one, "10.0.8.0/22", "10.0.9"));
        threads.spawn(|| work(&other, "10.0.16.0/24", "10.0.16"));
    });
    let config = read(&f.estate, "dhcp1").config;
    assert_eq!(config.scopes[&scope("10.0.8.0/22")].reservations.len(), 20);
    assert_eq!(config.scopes[&scope("10.0.16.0/24")].reservations.len(), 21);
    assert_eq!(*read(&f.another(), "dhcp1").config, *config);
}

#[test]
fn edits_are_all_done_or_none_and_a_refusal_has_its_number() {
    let f = fixture();
    let before = read(&f.estate, "dhcp1");
    let error = apply(
        &f.estate,
        "dhcp1",
        &[
            reserve("10.0.0.0/24", "10.0.0.101", "00155DA76601"),
            reserve("10.0.0.0/24", "10.0.0.99", "00155DA76602"),
        ],
    )
    .unwrap_err();
    let DriverError::Refused { error, .. } = error else {
        panic!("{error}")
    };
    assert_eq!(error.code, Code::ReservedIpExits);
    let after = read(&f.estate, "dhcp1");
    assert_eq!(after.revision, before.revision);
    assert_eq!(*after.config, *before.config);
    // A whole scope that clients are in is refused for its leases' sake.
    let remove = |force| Edit::RemoveScope {
        scope: scope("10.0.8.0/22"),
        force,
    };
    let error = apply(&f.estate, "dhcp1", &[remove(false)]).unwrap_err();
    assert!(
        matches!(error, DriverError::Refused { error, .. } if error.code == Code::ElementCantRemove)
    );
    apply(&f.estate, "dhcp1", &[remove(true)]).unwrap();
    let query = LeaseQuery {
        scope: Some(scope("10.0.8.0/22")),
        ..LeaseQuery::default()
    };
    assert_eq!(run(driver(&f.estate, "dhcp1").leases(&query)).unwrap(), []);
}

#[test]
fn what_has_not_changed_is_the_very_same_after_another_reading() {
    let f = fixture();
    let dhcp2 = driver(&f.estate, "dhcp2");
    let first = run(dhcp2.read(None)).unwrap();
    let again = run(dhcp2.read(Some(&first))).unwrap();
    assert!(Arc::ptr_eq(&first.config, &again.config));
    // Written by another process: only that scope is another one.
    let edit = Edit::SetScope {
        scope: scope("10.1.4.0/24"),
        properties: vec![ScopeProperty::Description("moved".into())],
    };
    apply(&f.another(), "dhcp2", std::slice::from_ref(&edit)).unwrap();
    let after = run(dhcp2.read(Some(&first))).unwrap();
    assert_ne!(after.revision, first.revision);
    for (id, scope) in &after.config.scopes {
        let same = Arc::ptr_eq(scope, &first.config.scopes[id]);
        assert_eq!(same, id.to_string() != "10.1.4.0", "{id}");
    }
    // Even one read by somebody else, with nothing in memory to share.
    let fresh = f.another();
    let other = run(driver(&fresh, "dhcp2").read(Some(&first))).unwrap();
    assert!(Arc::ptr_eq(
        &other.config.scopes[&scope("10.1.0.0/22")],
        &first.config.scopes[&scope("10.1.0.0/22")]
    ));
    // What changes nothing is no new revision.
    apply(&f.estate, "dhcp2", &[edit]).unwrap();
    assert_eq!(read(&f.estate, "dhcp2").revision, after.revision);
}

#[test]
fn reading_writes_nothing() {
    let f = fixture();
    f.lab(LabCommand::Stop("dhcp3".into()));
    // The states that follow by time are computed, not kept.
    f.clock.advance(SignedDuration::from_hours(3));
    let watcher = rusqlite::Connection::open(f.file()).unwrap();
    let version = || -> i64 {
        watcher
            .pragma_query_value(None, "data_version", |row| row.get(0))
            .unwrap()
    };
    let before = version();
    assert_eq!(
        state(&f.estate, "dhcp2", STANDBY),
        FailoverState::PartnerDown
    );
    run(driver(&f.estate, "dhcp2").leases(&LeaseQuery::default())).unwrap();
    run(driver(&f.estate, "dhcp2").read_back(&[ObjectRef::Settings])).unwrap();
    f.estate.servers().unwrap();
    f.lab(LabCommand::Status);
    assert_eq!(version(), before);
    f.lab(LabCommand::Start("dhcp3".into()));
    assert_ne!(version(), before);
}

#[test]
fn a_partner_that_stops_is_taken_for_down_by_hand_and_recovers() {
    let f = fixture();
    let text = f.lab(LabCommand::Stop(dc1()));
    assert!(text.contains("dc1.contoso.com stopped."), "{text}");
    assert!(text.contains("dhcp1 CommunicationInterrupted"), "{text}");
    assert_eq!(
        state(&f.estate, "dhcp1", PAIR),
        FailoverState::CommunicationInterrupted
    );
    let error = run(driver(&f.estate, "dc1").read(None)).unwrap_err();
    assert!(matches!(
        error,
        DriverError::Unreachable {
            how: Silence::ServiceStopped,
            ..
        }
    ));
    let down = Order::SetPartnerDown {
        relationship: PAIR.to_uppercase(),
    };
    f.clock.advance(SignedDuration::from_mins(5));
    run(driver(&f.estate, "dhcp1").order(&down, &[])).unwrap();
    let status = read(&f.estate, "dhcp1").relationships[PAIR].clone();
    assert_eq!(status.state, FailoverState::PartnerDown);
    assert_eq!(
        status.takes_over_at,
        Some(start() + SignedDuration::from_mins(65))
    );
    f.clock.advance(SignedDuration::from_mins(5));
    f.lab(LabCommand::Start(dc1()));
    assert_eq!(
        states(&f),
        (FailoverState::PartnerDown, FailoverState::RecoverWait)
    );
    // Less than the MCLT since it stopped, then more.
    f.lab(LabCommand::Pass(40 * 60));
    assert_eq!(states(&f).1, FailoverState::RecoverWait);
    let text = f.lab(LabCommand::Pass(20 * 60));
    assert!(text.contains("dhcp1 Normal, dc1 Normal"), "{text}");
    assert_eq!(states(&f), (FailoverState::Normal, FailoverState::Normal));
    let path: Vec<FailoverState> = f
        .estate
        .transitions()
        .unwrap()
        .into_iter()
        .filter(|transition| transition.server.means("dc1"))
        .map(|transition| transition.state)
        .collect();
    assert!(
        path.ends_with(&[FailoverState::RecoverDone, FailoverState::Normal]),
        "{path:?}"
    );
    assert!(path.contains(&FailoverState::RecoverWait), "{path:?}");
}

#[test]
fn partner_down_is_refused_while_all_is_well() {
    let f = fixture();
    let order = |relationship: &str| Order::SetPartnerDown {
        relationship: relationship.to_owned(),
    };
    let refused =
        |relationship: &str| match run(driver(&f.estate, "dhcp1").order(&order(relationship), &[]))
        {
            Err(DriverError::Refused { error, .. }) => error.code,
            other => panic!("{other:?}"),
        };
    assert_eq!(refused(PAIR), Code::InvalidParameter);
    assert_eq!(refused("nobody"), Code::FoRelationshipDoesNotExist);
    let kea = Order::ResetHa {
        relationship: PAIR.to_owned(),
    };
    let error = run(driver(&f.estate, "dhcp1").order(&kea, &[])).unwrap_err();
    assert!(matches!(error, DriverError::Unsupported { .. }));
}

#[test]
fn cutting_a_link_skewing_a_clock_and_an_unreachable_host_end_contact() {
    let f = fixture();
    let interrupted = (
        FailoverState::CommunicationInterrupted,
        FailoverState::CommunicationInterrupted,
    );
    let normal = (FailoverState::Normal, FailoverState::Normal);
    f.lab(LabCommand::Cut(dhcp1(), dc1()));
    assert_eq!(states(&f), interrupted);
    f.lab(LabCommand::Join(dc1(), dhcp1()));
    assert_eq!(states(&f), normal);
    f.lab(LabCommand::Skew(dc1(), 60));
    assert_eq!(states(&f), normal);
    f.lab(LabCommand::Skew(dc1(), -61));
    assert_eq!(states(&f), interrupted);
    assert_eq!(
        read(&f.estate, "dhcp1").relationships[PAIR].clock_skew,
        Some(-61)
    );
    // What counts is the difference.
    f.lab(LabCommand::Skew(dhcp1(), -10));
    assert_eq!(states(&f), normal);
    f.lab(LabCommand::Fail(dc1(), Fault::Unreachable));
    assert_eq!(
        state(&f.estate, "dhcp1", PAIR),
        FailoverState::CommunicationInterrupted
    );
    f.lab(LabCommand::Fail(dc1(), Fault::None));
    assert_eq!(states(&f), normal);
    // A paused service keeps contact, and answers.
    f.lab(LabCommand::Pause(dc1()));
    assert_eq!(states(&f), normal);
    assert_eq!(read(&f.estate, "dc1").availability, Availability::Paused);
    // The other pairs do not notice.
    assert_eq!(state(&f.estate, "dhcp2", STANDBY), FailoverState::Normal);
}

#[test]
fn a_switchover_interval_takes_the_partner_for_down_by_time_alone() {
    let f = fixture();
    f.lab(LabCommand::Stop("dhcp3".into()));
    let status = read(&f.estate, "dhcp2").relationships[STANDBY].clone();
    assert_eq!(
        status.switches_at,
        Some(start() + SignedDuration::from_hours(1))
    );
    f.clock.advance(SignedDuration::from_mins(61));
    let status = read(&f.estate, "dhcp2").relationships[STANDBY].clone();
    assert_eq!(status.state, FailoverState::PartnerDown);
    assert_eq!(status.since, start() + SignedDuration::from_hours(1));
}

#[test]
fn faults_are_what_they_say() {
    let f = fixture();
    let edit = |place: u8| {
        [reserve(
            "10.0.0.0/24",
            &format!("10.0.0.{place}"),
            &format!("02000000{place:04x}"),
        )]
    };
    f.lab(LabCommand::Fail(dhcp1(), Fault::RefuseWrites));
    let error = apply(&f.estate, "dhcp1", &edit(101)).unwrap_err();
    assert!(
        matches!(error, DriverError::Refused { error, .. } if error.code == Code::AccessDenied)
    );
    read(&f.estate, "dhcp1");
    f.lab(LabCommand::Fail(dhcp1(), Fault::Garbage));
    for error in [
        apply(&f.estate, "dhcp1", &edit(101)).unwrap_err(),
        run(driver(&f.estate, "dhcp1").read(None)).unwrap_err(),
    ] {
        assert!(matches!(error, DriverError::Protocol { .. }), "{error}");
    }
    f.lab(LabCommand::Fail(dhcp1(), Fault::Unreachable));
    let error = apply(&f.estate, "dhcp1", &edit(101)).unwrap_err();
    assert!(error.nothing_done());
    assert!(matches!(
        error,
        DriverError::Unreachable {
            how: Silence::NoConnection(_),
            ..
        }
    ));
    f.lab(LabCommand::Fail(dhcp1(), Fault::LoseAnswers));
    let error = apply(&f.estate, "dhcp1", &edit(102)).unwrap_err();
    assert!(matches!(error, DriverError::OutcomeUnknown { .. }));
    assert_eq!(reserved(&f.estate, "dhcp1"), ["10.0.0.99", "10.0.0.102"]);
    // What is refused is not in doubt.
    let error = apply(&f.estate, "dhcp1", &edit(102)).unwrap_err();
    assert!(matches!(error, DriverError::Refused { .. }));
    // Slower than anybody waits.
    f.lab(LabCommand::Fail(dhcp1(), Fault::Slow(3_600_000)));
    assert!(f.lab(LabCommand::Status).contains("slow:3600000"));
    run(async {
        let soon = std::time::Duration::from_millis(50);
        let dhcp1 = driver(&f.estate, "dhcp1");
        let answer = tokio::time::timeout(soon, dhcp1.read(None)).await;
        assert!(answer.is_err());
        // And it holds nobody else up.
        driver(&f.estate, "dc1").read(None).await.unwrap();
    });
}

fn lease_addresses(estate: &EmbeddedEstate, server: &str, prefix: &str) -> BTreeSet<Ipv4Addr> {
    let query = LeaseQuery {
        scope: Some(scope(prefix)),
        ..LeaseQuery::default()
    };
    run(driver(estate, server).leases(&query))
        .unwrap()
        .into_iter()
        .filter(|lease| lease.state.is_active())
        .map(|lease| lease.address)
        .collect()
}

#[test]
fn leases_flow_between_partners_in_contact_and_wait_for_contact() {
    let f = fixture();
    let prefix = "10.0.0.0/24";
    let of = |server: &str| lease_addresses(&f.estate, server, prefix);
    let before = of("dc1");
    // Three scopes on dhcp1 are active but one: two share the clients.
    f.lab(LabCommand::Clients(dhcp1(), 20));
    let after = of("dc1");
    assert_eq!(after.len(), before.len() + 10);
    assert_eq!(of("dhcp1"), after);
    f.lab(LabCommand::Cut(dhcp1(), dc1()));
    f.lab(LabCommand::Clients(dhcp1(), 12));
    f.lab(LabCommand::Clients(dc1(), 8));
    let (mine, theirs) = (of("dhcp1"), of("dc1"));
    assert_eq!(
        (mine.len(), theirs.len()),
        (after.len() + 6, after.len() + 4)
    );
    let new: BTreeSet<_> = mine.intersection(&theirs).copied().collect();
    assert_eq!(new, after, "two shares have no address in common");
    assert_eq!(
        read(&f.estate, "dhcp1").relationships[PAIR].unsent_updates,
        Some(6)
    );
    f.lab(LabCommand::Join(dhcp1(), dc1()));
    let all: BTreeSet<_> = mine.union(&theirs).copied().collect();
    assert_eq!((of("dhcp1"), of("dc1")), (all.clone(), all));
    assert_eq!(
        read(&f.estate, "dhcp1").relationships[PAIR].unsent_updates,
        Some(0)
    );
    // And a lease that is deleted on one is gone on the other.
    let gone = *new.first().unwrap();
    let order = Order::RemoveLease {
        scope: scope(prefix),
        address: gone,
    };
    run(driver(&f.estate, "dc1").order(&order, &[])).unwrap();
    assert!(!of("dhcp1").contains(&gone) && !of("dc1").contains(&gone));
    let error = run(driver(&f.estate, "dc1").order(&order, &[])).unwrap_err();
    assert!(matches!(error, DriverError::Refused { .. }));
}

#[test]
fn where_both_gave_an_address_out_the_later_expiry_stands() {
    let f = fixture();
    f.lab(LabCommand::Cut(dhcp1(), dc1()));
    let down = Order::SetPartnerDown {
        relationship: PAIR.into(),
    };
    for server in ["dhcp1", "dc1"] {
        run(driver(&f.estate, server).order(&down, &[])).unwrap();
    }
    // Each takes the other's addresses now.
    f.lab(LabCommand::Pass(3601));
    let new = |server: &str| {
        let query = LeaseQuery {
            scope: Some(scope("10.0.0.0/24")),
            ..LeaseQuery::default()
        };
        let leases = run(driver(&f.estate, server).leases(&query)).unwrap();
        let hour = Some(f.clock.now() + SignedDuration::from_hours(1));
        let new = leases.into_iter().filter(|lease| lease.expires == hour);
        new.map(|lease| (lease.address, lease.client))
            .collect::<Vec<_>>()
    };
    f.lab(LabCommand::Clients(dhcp1(), 10));
    let earlier = new("dhcp1");
    f.clock.advance(SignedDuration::from_mins(10));
    f.lab(LabCommand::Clients(dc1(), 10));
    let later = new("dc1");
    assert_eq!((earlier.len(), later.len()), (5, 5));
    assert_eq!(earlier[0].0, later[0].0);
    assert_ne!(earlier[0].1, later[0].1);
    f.lab(LabCommand::Join(dhcp1(), dc1()));
    assert_eq!(states(&f), (FailoverState::Normal, FailoverState::Normal));
    assert_eq!((new("dhcp1"), new("dc1")), (later.clone(), later));
}

#[test]
fn new_clients_get_mclt_long_leases_under_failover_from_the_servers_own_share() {
    let f = fixture();
    let prefix = scope("10.0.0.0/24");
    let before = lease_addresses(&f.estate, "dhcp1", "10.0.0.0/24");
    f.lab(LabCommand::Clients(dhcp1(), 30));
    let leases = run(driver(&f.estate, "dhcp1").leases(&LeaseQuery::default())).unwrap();
    let new: Vec<_> = leases
        .iter()
        .filter(|lease| lease.scope == prefix && lease.state.is_active())
        .filter(|lease| !before.contains(&lease.address))
        .collect();
    assert_eq!(new.len(), 15);
    for lease in new {
        assert_eq!(lease.expires, Some(start() + SignedDuration::from_hours(1)));
        assert!(lease.given_by.as_ref().unwrap().means("dhcp1"));
        assert!(!lease.host_name.is_empty());
    }
}

#[test]
fn a_standby_serves_nobody_then_its_reserve_then_all() {
    let f = fixture();
    let clients = |n| f.lab(LabCommand::Clients("dhcp3".into(), n));
    // 10.1.40.0, which is not under failover, serves in any case: 51 addresses.
    let text = clients(2000);
    assert!(text.contains("gave an address to 51 of 2000"), "{text}");
    assert!(text.contains("this server is the standby server"), "{text}");
    f.lab(LabCommand::Stop("dhcp2".into()));
    let free_here = |f: &Fixture| -> u64 {
        let reading = read(&f.estate, "dhcp3");
        let under_failover = reading
            .statistics
            .iter()
            // A range of the printers' scope is for those alone whom a policy matches.
            .filter(|(id, _)| id.to_string() != "10.1.5.0");
        let splits = under_failover.filter_map(|(_, one)| one.split);
        splits.map(|split| split.free_here).sum()
    };
    let (reserve_before, text) = (free_here(&f), clients(2000));
    let given: u64 = text
        .split("gave an address to ")
        .nth(1)
        .and_then(|rest| rest.split(' ').next())
        .unwrap()
        .parse()
        .unwrap();
    assert!(given >= reserve_before && reserve_before > 0, "{text}");
    assert_eq!(free_here(&f), 0);
    // An hour until it takes the partner for down, and another until it takes its addresses.
    f.lab(LabCommand::Pass(3600 + 1800));
    let text = clients(1);
    assert!(
        text.contains("gave an address to 1 of 1"),
        "its own clients' leases ran out: {text}"
    );
    f.lab(LabCommand::Pass(1800));
    let text = clients(600);
    assert!(text.contains("gave an address to 600 of 600"), "{text}");
}

#[test]
fn a_relationship_lives_when_both_servers_hold_it() {
    let f = fixture();
    let build = scope("10.0.20.0/24");
    let copy = read(&f.estate, "dc1").config.scopes[&build].clone();
    let mut relationship = Relationship::new("build", ServerName::new("old1"));
    relationship.scopes = [build].into();
    // 2012 servers may have partners, too.
    let add = Edit::AddRelationship {
        relationship: relationship.clone(),
        secret: None,
        ha: None,
    };
    apply(&f.estate, "dc1", &[add]).unwrap();
    assert_eq!(state(&f.estate, "dc1", "build"), FailoverState::Startup);
    f.clock.advance(SignedDuration::from_hours(1));
    assert_eq!(state(&f.estate, "dc1", "build"), FailoverState::Startup);
    let mirrored = relationship.mirrored(&ServerName::new("dc1.contoso.com"));
    apply(
        &f.estate,
        "old1",
        &[
            Edit::AddScope(Box::new((*copy).clone())),
            Edit::AddRelationship {
                relationship: mirrored,
                secret: None,
                ha: None,
            },
        ],
    )
    .unwrap();
    assert_eq!(state(&f.estate, "dc1", "build"), FailoverState::Normal);
    assert_eq!(state(&f.estate, "old1", "build"), FailoverState::Normal);
    // Its leases went over.
    let leases = lease_addresses(&f.estate, "old1", "10.0.20.0/24");
    assert!(!leases.is_empty());
    assert_eq!(leases, lease_addresses(&f.estate, "dc1", "10.0.20.0/24"));
    apply(
        &f.estate,
        "old1",
        &[Edit::RemoveRelationship {
            name: "Build".into(),
        }],
    )
    .unwrap();
    assert_eq!(
        state(&f.estate, "dc1", "build"),
        FailoverState::CommunicationInterrupted
    );
    assert!(read(&f.estate, "old1").relationships.is_empty());
}

#[test]
fn the_rules_are_told_of_the_partner() {
    let f = fixture();
    let add = |partner: &str| {
        let mut relationship = Relationship::new("new", ServerName::new(partner));
        relationship.mode = Mode::LoadBalance { percent: 40 };
        let edit = Edit::AddRelationship {
            relationship,
            secret: None,
            ha: None,
        };
        match apply(&f.estate, "dhcp1", &[edit]) {
            Err(DriverError::Refused { error, .. }) => error.code,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(add("nobody.contoso.com"), Code::ServerNameNotResolved);
    assert_eq!(add("dns1.contoso.com"), Code::ServerNotRunning);
    f.lab(LabCommand::Skew("branch1".into(), 200));
    assert_eq!(add("branch1"), Code::FoTimeOutOfSync);
    f.lab(LabCommand::Stop("dhcp3".into()));
    assert_eq!(add("dhcp3"), Code::ServerNotRunning);
    f.lab(LabCommand::Cut(dhcp1(), "dhcp2".into()));
    assert_eq!(add("dhcp2"), Code::ServerNotReachable);
    // A relationship that is not Normal takes no scope.
    f.lab(LabCommand::Cut(dhcp1(), dc1()));
    let grow = Edit::AddFailoverScopes {
        name: PAIR.into(),
        scopes: [scope("10.0.8.0/22")].into(),
    };
    let error = apply(&f.estate, "dhcp1", &[grow]).unwrap_err();
    assert!(matches!(error, DriverError::Refused { .. }), "{error}");
}

#[test]
fn a_name_that_is_none_gets_a_sentence_with_those_that_are() {
    let f = fixture();
    let says = |command| f.estate.lab(&command).unwrap_err().to_string();
    let text = says(LabCommand::Stop("dhcp9\u{1b}[31m".into()));
    assert!(text.contains("there is no server 'dhcp9"), "{text}");
    assert!(
        text.contains("branch1.contoso.com") && !text.contains('\u{1b}'),
        "{text}"
    );
    assert!(says(LabCommand::Cut(dhcp1(), "DHCP1.contoso.com".into())).contains("no link"));
    assert!(says(LabCommand::Clients("dns1".into(), 1)).contains("no DHCP server"));
    assert!(says(LabCommand::Clients(dhcp1(), u32::MAX)).contains("too many"));
    assert!(says(LabCommand::Pass(u32::MAX)).contains("ten years"));
    assert!(says(LabCommand::Skew(dhcp1(), i64::MIN)).contains("a year"));
    let nobody = f.estate.driver(&ServerName::new("nobody"));
    let error = run(nobody.read(None)).unwrap_err().to_string();
    assert!(error.contains("has no such server"), "{error}");
}

#[test]
fn a_reset_brings_the_sample_back() {
    let f = fixture();
    let before = read(&f.estate, "dhcp1");
    apply(
        &f.estate,
        "dhcp1",
        &[reserve("10.0.0.0/24", "10.0.0.100", "00155DA76602")],
    )
    .unwrap();
    f.lab(LabCommand::Cut(dhcp1(), dc1()));
    f.lab(LabCommand::Fail(dc1(), Fault::Garbage));
    f.lab(LabCommand::Reset);
    assert_eq!(states(&f), (FailoverState::Normal, FailoverState::Normal));
    let after = read(&f.estate, "dhcp1");
    assert_eq!(*after.config, *before.config);
    assert_ne!(after.revision, before.revision);
}

#[test]
fn many_processes_make_one_estate() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("home").join("estate.sqlite");
    let barrier = std::sync::Barrier::new(6);
    std::thread::scope(|threads| {
        for _ in 0..6 {
            threads.spawn(|| {
                barrier.wait();
                let estate = EmbeddedEstate::open(&file, Clock::manual(start())).unwrap();
                assert_eq!(reserved(&estate, "dhcp1"), ["10.0.0.99"]);
            });
        }
    });
}

#[test]
fn a_big_estate_fits() {
    let f = fixture();
    let size = Size {
        servers: 4,
        scopes: 1080,
        reservations_per_scope: 3,
    };
    let servers = generate(size);
    f.estate.fill(&servers).unwrap();
    assert_eq!(f.estate.servers().unwrap().len(), 4);
    for (identity, config) in &servers {
        let reading = run(f.estate.driver(&identity.name).read(None)).unwrap();
        assert_eq!(*reading.config, *config);
        assert!(
            reading
                .relationships
                .values()
                .all(|status| status.state == FailoverState::Normal)
        );
    }
}

#[test]
fn a_damaged_file_gets_a_sentence_that_names_it() {
    let f = fixture();
    let raw = rusqlite::Connection::open(f.file()).unwrap();
    raw.execute("UPDATE scopes SET body = '{', revision = 1000000", [])
        .unwrap();
    raw.execute("UPDATE servers SET revision = 1000000", [])
        .unwrap();
    let error = run(driver(&f.estate, "dhcp1").read(None)).unwrap_err();
    assert!(error.to_string().contains("estate.sqlite"), "{error}");
    assert!(error.to_string().contains("can't be read"), "{error}");
    std::fs::remove_file(f.file()).unwrap();
    let error = f.estate.lab(&LabCommand::Reset).unwrap_err().to_string();
    assert!(error.contains("estate.sqlite was deleted"), "{error}");
}

const KILLED: &str = "TWINSCOPE_TEST_KILLED_FILE";

/// Not a test by itself: what the test below runs as a process, and kills.
#[test]
fn child_that_writes_until_it_is_killed() {
    let Some(file) = std::env::var_os(KILLED) else {
        return;
    };
    let estate = EmbeddedEstate::open(Path::new(&file), Clock::system()).unwrap();
    for round in 0_u32.. {
        let key = OptionKey::standard(12);
        let value = OptionValue(vec![format!("round-{round}")]);
        let mut edits: Vec<Edit> = ["10.0.0.0/24", "10.0.8.0/22", "10.0.16.0/24"]
            .map(|prefix| Edit::SetOption {
                level: OptionLevel::Scope(scope(prefix)),
                key: key.clone(),
                value: value.clone(),
            })
            .to_vec();
        edits.push(Edit::SetOption {
            level: OptionLevel::Server,
            key,
            value,
        });
        apply(&estate, "dhcp1", &edits).unwrap();
        estate.lab(&LabCommand::Cut(dhcp1(), dc1())).unwrap();
        estate.lab(&LabCommand::Join(dhcp1(), dc1())).unwrap();
    }
}

#[test]
fn a_kill_at_any_moment_leaves_each_edit_whole_or_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("estate.sqlite");
    let me = std::env::current_exe().unwrap();
    let mut last = None;
    for round in 0..8_u64 {
        let mut child = std::process::Command::new(&me)
            .args(["--exact", "child_that_writes_until_it_is_killed"])
            .env(KILLED, &file)
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(std::time::Duration::from_millis(40 + round * 53));
        child.kill().unwrap();
        child.wait().unwrap();
        let estate = EmbeddedEstate::open(&file, Clock::system()).unwrap();
        let config = read(&estate, "dhcp1").config;
        let key = OptionKey::standard(12);
        let mut values = BTreeSet::new();
        for prefix in ["10.0.0.0/24", "10.0.8.0/22", "10.0.16.0/24"] {
            let value = config.scopes[&scope(prefix)].options.get(&key);
            values.insert(value.map(ToString::to_string));
        }
        values.insert(config.options.get(&key).map(ToString::to_string));
        assert_eq!(values.len(), 1, "{values:?}");
        let raw = rusqlite::Connection::open(&file).unwrap();
        let sound: String = raw
            .pragma_query_value(None, "integrity_check", |row| row.get(0))
            .unwrap();
        assert_eq!(sound, "ok");
        last = values.pop_first().flatten().or(last);
    }
    assert!(last.is_some(), "no round ever wrote anything");
}

/// A line of a drill on the seed's pair, from a number.
fn line(number: u32) -> LabCommand {
    let server = if number.is_multiple_of(2) {
        dhcp1()
    } else {
        dc1()
    };
    match number / 2 % 10 {
        0 => LabCommand::Stop(server),
        1 | 2 => LabCommand::Start(server),
        3 => LabCommand::Cut(dhcp1(), dc1()),
        4 => LabCommand::Join(dhcp1(), dc1()),
        5 => LabCommand::Skew(server, i64::from(number % 3) * 50),
        6 => LabCommand::Clients(server, number % 7 + 1),
        7 => LabCommand::Fail(server, Fault::Unreachable),
        8 => LabCommand::Fail(server, Fault::None),
        _ => LabCommand::Pass(number % 5 * 1000),
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig {
        cases: 24,
        failure_persistence: None,
        ..Default::default()
    })]

    /// Whatever happens: what a reading computes is what writing keeps, everything mended and
    /// enough time passed is Normal, and then both know the same leases.
    #[test]
    fn any_drill_ends_well(numbers in proptest::collection::vec(0..10_000_u32, 1..14)) {
        let f = fixture();
        for number in numbers {
            // Clients find nobody at a server that is stopped.
            let _ = f.estate.lab(&line(number));
            f.clock.advance(SignedDuration::from_secs(i64::from(number % 1000)));
            let computed = f.lab(LabCommand::Status);
            f.lab(LabCommand::Pass(0));
            assert_eq!(f.lab(LabCommand::Status), computed);
        }
        for server in [dhcp1(), dc1()] {
            f.lab(LabCommand::Fail(server.clone(), Fault::None));
            f.lab(LabCommand::Skew(server.clone(), 0));
            f.lab(LabCommand::Start(server));
        }
        f.lab(LabCommand::Join(dhcp1(), dc1()));
        f.clock.advance(SignedDuration::from_hours(3));
        assert_eq!(states(&f), (FailoverState::Normal, FailoverState::Normal));
        assert_eq!(
            lease_addresses(&f.estate, "dhcp1", "10.0.0.0/24"),
            lease_addresses(&f.estate, "dc1", "10.0.0.0/24")
        );
    }
}
