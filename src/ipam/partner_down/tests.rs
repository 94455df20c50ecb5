//! Tests of `ipam::partner_down`: what is said to every evidence.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::drivers::probe::{Found, LastLease, ProbeItem};
use crate::drivers::{DriverError, Probe, Silence};
use crate::model::failover::RelationshipStatus;
use crate::model::lease::{FailoverSplit, Lease, ScopeStatistics};
use crate::model::scope::{ClientType, Scope};
use crate::model::{FailoverState as S, LeaseState};
use crate::rules::{Code, DhcpError};

fn now() -> Timestamp {
    "2026-03-02T03:00:00Z".parse().unwrap()
}

fn name(server: &str) -> ServerName {
    ServerName::new(server)
}

fn status(state: S) -> RelationshipStatus {
    RelationshipStatus {
        state,
        previous: S::Normal,
        since: now() - SignedDuration::from_mins(10),
        last_contact: Some(now() - SignedDuration::from_mins(10)),
        partner_state: Some(S::Normal),
        clock_skew: Some(0),
        unsent_updates: Some(0),
        switches_at: None,
        takes_over_at: None,
        recovers_at: None,
        own_word: None,
        unacked: None,
    }
}

fn probe(server: &str, found: [Found; 4]) -> Probe {
    let mut probe = Probe::unknown(&name(server), "not tried", now());
    let item = |found| ProbeItem::new(found, "", now());
    let [host, management, port, service] = found.map(item);
    (probe.host, probe.management) = (host, management);
    (probe.failover_port, probe.dhcp_service) = (port, service);
    probe
}

/// The survivor in a state; the partner behind these doors: host, management channel, failover
/// port, DHCP service.
fn evidence(state: S, found: [Found; 4]) -> Evidence {
    let yes = Found::Answers;
    let serves = found[3] == yes && found[1] == yes;
    let error = DriverError::Unreachable {
        server: name("dc1"),
        how: match found[3] {
            Found::Refuses => Silence::ServiceStopped,
            _ => Silence::NoConnection("nobody".into()),
        },
    };
    Evidence {
        relationship: "hq".into(),
        survivor: ServerEvidence {
            server: name("dhcp1"),
            status: Some(status(state)),
            taken: Some(now()),
            availability: Some(Availability::Running),
            error: None,
            probe: probe("dhcp1", [yes; 4]),
        },
        partner: ServerEvidence {
            server: name("dc1"),
            status: Some(status(S::CommunicationInterrupted)),
            taken: Some(now()),
            availability: Some(if serves {
                Availability::Running
            } else {
                Availability::NotReachable
            }),
            error: (!serves).then_some(error),
            probe: probe("dc1", found),
        },
        product: Product::Microsoft,
        mclt: Seconds::hours(1),
        scopes: Vec::new(),
        fenced: false,
        gathered: now(),
        command: String::new(),
        costs: Costs {
            takes_over_at: None,
            undoable: String::new(),
            notes: Vec::new(),
        },
    }
}

const YES: Found = Found::Answers;
const NO: Found = Found::Refuses;
const SILENT: Found = Found::Silent;
const UNKNOWN: Found = Found::NotKnown;

const SAFE: &str = "SAFE TO SWITCH";
const UNCONFIRMED: &str = "UNCONFIRMED: fence it first";
const WAIT: &str = "WAIT";
const DONT: &str = "DON'T: the partner is alive";

#[test]
fn the_verdict_follows_the_evidence_and_only_positive_evidence_is_safe() {
    // Host, management, failover port, service: as it is, and once the operator says fenced.
    for (found, plain, fenced) in [
        ([YES, YES, NO, NO], SAFE, SAFE),
        ([YES, YES, UNKNOWN, NO], SAFE, SAFE),
        // Silence.
        ([SILENT, SILENT, SILENT, UNKNOWN], UNCONFIRMED, SAFE),
        ([UNKNOWN; 4], UNCONFIRMED, SAFE),
        ([UNKNOWN, SILENT, UNKNOWN, UNKNOWN], UNCONFIRMED, SAFE),
        // The host is there, and nobody tells how the service is: whoever fenced it, did not.
        ([YES, SILENT, UNKNOWN, UNKNOWN], UNCONFIRMED, UNCONFIRMED),
        ([YES, SILENT, NO, UNKNOWN], UNCONFIRMED, UNCONFIRMED),
        ([NO, SILENT, SILENT, UNKNOWN], UNCONFIRMED, UNCONFIRMED),
        ([YES, YES, SILENT, UNKNOWN], UNCONFIRMED, UNCONFIRMED),
        // Alive: a partition, a refused credential, garbage, a door that is open.
        ([YES, YES, YES, YES], DONT, DONT),
        ([YES, YES, SILENT, YES], DONT, DONT),
        ([YES, NO, UNKNOWN, UNKNOWN], DONT, DONT),
        ([UNKNOWN, NO, UNKNOWN, UNKNOWN], DONT, DONT),
        ([SILENT, SILENT, YES, UNKNOWN], DONT, DONT),
        ([YES, YES, YES, NO], DONT, DONT),
    ] {
        let mut evidence = evidence(S::CommunicationInterrupted, found);
        assert_eq!(verdict(&evidence).headline(), plain, "{found:?}");
        evidence.fenced = true;
        let said = verdict(&evidence);
        assert_eq!(said.headline(), fenced, "{found:?}, fenced");
        assert_eq!(said.needs_name(), fenced != SAFE);
        assert!(!said.reasons().is_empty() && said.to_string() == fenced);
    }
}

#[test]
fn a_survivor_that_is_not_alone_has_to_wait() {
    let stopped = [YES, YES, NO, NO];
    for state in S::ALL {
        let said = verdict(&evidence(state, stopped));
        let expected = match state {
            S::CommunicationInterrupted | S::ResolutionInterrupted => SAFE,
            _ => WAIT,
        };
        assert_eq!(said.headline(), expected, "{state}");
    }
    let mut unread = evidence(S::CommunicationInterrupted, stopped);
    unread.survivor.error = Some(DriverError::Unreachable {
        server: name("dhcp1"),
        how: Silence::TimedOut(Duration::from_secs(10)),
    });
    let said = verdict(&unread);
    assert_eq!(said.headline(), WAIT);
    assert!(
        said.reasons()[0].contains("until dhcp1 can be read"),
        "{said:?}"
    );
    // The other way round: it is the survivor that is dead.
    unread.partner = evidence(S::CommunicationInterrupted, [YES; 4]).partner;
    let said = verdict(&unread);
    assert_eq!(said.headline(), DONT);
    assert!(
        said.reasons()
            .concat()
            .contains("partner down is set on dc1")
    );
    let mut paused = evidence(S::CommunicationInterrupted, stopped);
    paused.survivor.availability = Some(Availability::Paused);
    assert!(verdict(&paused).reasons()[0].contains("resume it"));
    // Once it is switched, nothing is left to switch, whatever the partner does.
    let switched = verdict(&evidence(S::PartnerDown, [YES; 4]));
    assert_eq!(switched.headline(), WAIT);
}

#[test]
fn a_partner_that_lives_is_told_apart() {
    let alive = |change: fn(&mut Evidence)| {
        let mut evidence = evidence(S::CommunicationInterrupted, [YES; 4]);
        change(&mut evidence);
        let said = verdict(&evidence);
        assert_eq!(said.headline(), DONT);
        said.reasons().join("\n")
    };
    assert!(alive(|_| ()).contains("only the contact between the two is lost"));
    let skewed = alive(|evidence| {
        if let Some(status) = &mut evidence.survivor.status {
            status.clock_skew = Some(-61);
        }
    });
    assert!(skewed.contains("clocks differ by 61 s"), "{skewed}");
    let usurped = alive(|evidence| evidence.partner.status = Some(status(S::PartnerDown)));
    assert!(
        usurped.contains("has taken dhcp1 for down itself"),
        "{usurped}"
    );
    let paused = alive(|evidence| evidence.partner.availability = Some(Availability::Paused));
    assert!(paused.contains("only paused"), "{paused}");
    let left = alive(|evidence| evidence.partner.status = None);
    assert!(
        left.contains("does not have the relationship 'hq'"),
        "{left}"
    );
    // It gave out leases since it was last heard of.
    let mut silent = evidence(
        S::CommunicationInterrupted,
        [SILENT, SILENT, SILENT, UNKNOWN],
    );
    let mut granted = |minutes| {
        silent.partner.probe.last_lease = Some(LastLease {
            at: now() - SignedDuration::from_mins(minutes),
            detail: "leases".into(),
        });
        verdict(&silent).headline()
    };
    assert_eq!((granted(11), granted(9)), (UNCONFIRMED, DONT));
}

#[test]
fn a_kea_server_is_offered_maintenance_while_its_partner_lives() {
    let of = |state, word: Option<&str>, found, product| {
        let mut evidence = evidence(state, found);
        evidence.product = product;
        if let Some(status) = &mut evidence.survivor.status {
            status.own_word = word.map(str::to_owned);
        }
        let said = verdict(&evidence);
        (
            said.headline(),
            evidence.instead(),
            said.reasons().join("\n"),
        )
    };
    let (start, cancel) = (
        Order::StartMaintenance {
            relationship: "hq".into(),
        },
        Order::CancelMaintenance {
            relationship: "hq".into(),
        },
    );
    let (said, instead, why) = of(S::Normal, None, [YES; 4], Product::Kea);
    assert_eq!((said, instead), (DONT, Some(start)));
    assert!(why.contains("use Start Maintenance"), "{why}");
    let (said, instead, why) = of(S::Normal, None, [YES; 4], Product::Microsoft);
    assert_eq!((said, instead), (DONT, None));
    assert!(!why.contains("Maintenance"), "{why}");
    // Held, it goes on alone by itself.
    let holds = Some(kea_ha::HOLDS_PARTNER);
    let (said, instead, why) = of(S::Paused, holds, [YES; 4], Product::Kea);
    assert_eq!((said, instead), (WAIT, Some(cancel)));
    assert!(why.contains("goes on alone by itself"), "{why}");
    let held = Some(kea_ha::IN_MAINTENANCE);
    let (said, instead, _) = of(S::Paused, held, [YES; 4], Product::Kea);
    assert_eq!((said, instead), (WAIT, None));
    // Without contact, and with a partner that is silent, there is nothing to ask it.
    let (_, instead, _) = of(S::CommunicationInterrupted, None, [YES; 4], Product::Kea);
    assert_eq!(instead, None);
    let silent = [SILENT, SILENT, SILENT, UNKNOWN];
    let (_, instead, _) = of(S::Normal, None, silent, Product::Kea);
    assert_eq!(instead, None);
}

/// The ten ways in which a partner that lives was declared down by a server that only asked it to
/// take maintenance: what it answers there, it answers us. Nothing of that is ever safe.
#[test]
fn the_ten_ways_to_take_a_live_partner_for_down_are_none_here() {
    let server = || name("dc1");
    let refused = |why: &str| DriverError::Refused {
        server: server(),
        error: DhcpError::new(Code::AccessDenied, why),
    };
    let nonsense = |what: &str| DriverError::Protocol {
        server: server(),
        what: what.into(),
    };
    let unreachable = |how| DriverError::Unreachable {
        server: server(),
        how,
    };
    let cases = [
        ("result 0", None, DONT, DONT),
        ("result 1", Some(refused("result 1")), DONT, DONT),
        ("result 2", Some(refused("unsupported")), DONT, DONT),
        ("result 1001", Some(refused("not allowed")), DONT, DONT),
        ("401", Some(refused("401 Unauthorized")), DONT, DONT),
        (
            "500",
            Some(nonsense("500 Internal Server Error")),
            DONT,
            DONT,
        ),
        ("no JSON", Some(nonsense("hello")), DONT, DONT),
        ("502", Some(nonsense("<html>502 Bad Gateway")), DONT, DONT),
        (
            "closed",
            Some(unreachable(Silence::NoConnection("closed".into()))),
            UNCONFIRMED,
            WAIT,
        ),
        (
            "hang",
            Some(unreachable(Silence::TimedOut(Duration::from_secs(10)))),
            UNCONFIRMED,
            WAIT,
        ),
    ];
    for (case, error, alone, in_contact) in cases {
        for (state, expected) in [
            (S::CommunicationInterrupted, alone),
            (S::Normal, in_contact),
        ] {
            let mut evidence = evidence(state, [YES; 4]);
            if let Some(error) = &error {
                evidence.partner.availability = Some(Availability::NotReachable);
                evidence.partner.error = Some(error.clone());
                let read = Err(error.clone());
                evidence.partner.probe = Probe::from_read(&server(), &read, now());
            }
            let said = verdict(&evidence);
            assert_eq!(said.headline(), expected, "{case}, {state}");
            assert!(said.needs_name());
            evidence.fenced = true;
            let safe = verdict(&evidence).headline() == SAFE;
            assert_eq!(safe, expected == UNCONFIRMED, "{case}, {state}, fenced");
        }
    }
}

fn any_found() -> impl Strategy<Value = Found> {
    prop::sample::select(vec![YES, NO, SILENT, UNKNOWN])
}

proptest! {
    #[test]
    fn a_partner_seen_alive_is_never_safe(
        state in prop::sample::select(S::ALL.to_vec()),
        found in [any_found(), any_found(), any_found(), any_found()],
        fenced: bool,
        unread: bool,
    ) {
        let mut evidence = evidence(state, found);
        evidence.fenced = fenced;
        if unread {
            evidence.survivor.error = Some(DriverError::Unreachable {
                server: name("dhcp1"),
                how: Silence::NoConnection("cut".into()),
            });
        }
        let said = verdict(&evidence);
        prop_assert!(!said.reasons().is_empty());
        if matches!(said, Verdict::Safe(_)) {
            let [_, management, port, service] = found;
            prop_assert!(!unread);
            prop_assert!(port != YES && service != YES);
            prop_assert!(management != NO || service == NO);
            prop_assert!(fenced || service == NO);
        }
    }
}

fn scope(prefix: &str) -> Scope {
    let id = prefix.parse().unwrap();
    let mut scope = Scope::new(id, prefix, id.hosts());
    scope.lease_duration = crate::model::scope::LeaseDuration::Limited(Seconds::hours(8));
    scope
}

/// A lease that ends in so many minutes.
fn lease(scope: &Scope, last: u32, minutes: i64) -> Lease {
    Lease {
        address: (scope.id.address().to_bits() + last).into(),
        scope: scope.id,
        client: "00-15-5d-a7-66-02".parse().unwrap(),
        host_name: String::new(),
        description: String::new(),
        state: LeaseState::Active,
        client_type: ClientType::Dhcp,
        expires: Some(now() + SignedDuration::from_mins(minutes)),
        policy: String::new(),
        given_by: None,
    }
}

fn free(here: u64, at_partner: u64) -> ScopeStatistics {
    ScopeStatistics {
        free: here + at_partner,
        split: Some(FailoverSplit {
            free_here: here,
            free_at_partner: at_partner,
            ..FailoverSplit::default()
        }),
        ..ScopeStatistics::default()
    }
}

#[test]
fn a_scope_runs_out_when_new_clients_have_taken_what_is_free() {
    let scope = scope("10.0.0.0/24");
    let hour = now() + SignedDuration::from_hours(1);
    // Six new clients in the last hour, and one who renewed.
    let mut leases: Vec<Lease> = (0..6_u32)
        .map(|new| lease(&scope, new + 1, i64::from(new) * 10 + 5))
        .collect();
    leases.push(lease(&scope, 99, 8 * 60 - 1));
    let of = |statistics, takeover| {
        let mclt = Seconds::hours(1);
        forecast(
            &scope,
            Some(&statistics),
            Some(&leases),
            mclt,
            takeover,
            now(),
        )
    };
    let tight = of(free(3, 30), Some(hour));
    let rate = tight.rate.unwrap();
    assert_eq!(rate.leases, 6);
    assert!((rate.per_hour() - 6.0).abs() < 1e-9);
    assert_eq!(tight.runs_out, Some(now() + SignedDuration::from_mins(30)));
    assert!(tight.before_takeover);
    assert_eq!(tight.leases_ending, Some(6));
    let later = of(free(12, 12), Some(hour));
    assert_eq!(later.runs_out, Some(now() + SignedDuration::from_hours(4)));
    assert!(!later.before_takeover);
    assert_eq!(of(free(12, 12), None).leases_ending, Some(0));
    // What is not known is not made up.
    let mclt = Seconds::hours(1);
    let blind = forecast(&scope, None, None, mclt, Some(hour), now());
    assert_eq!(
        (blind.runs_out, blind.free_here, blind.rate),
        (None, None, None)
    );
    let never = forecast(
        &scope,
        Some(&free(0, 0)),
        Some(&[]),
        mclt,
        Some(hour),
        now(),
    );
    assert_eq!((never.runs_out, never.rate.unwrap().leases), (None, 0));
}

#[test]
fn the_worst_scope_comes_first() {
    let hour = now() + SignedDuration::from_hours(1);
    let one = |prefix: &str, here, new: u32| {
        let scope = scope(prefix);
        let leases: Vec<Lease> = (0..new).map(|new| lease(&scope, new + 1, 30)).collect();
        let mclt = Seconds::hours(1);
        forecast(
            &scope,
            Some(&free(here, 50)),
            Some(&leases),
            mclt,
            Some(hour),
            now(),
        )
    };
    let mut scopes = [
        one("10.0.1.0/24", 200, 0),
        one("10.0.2.0/24", 10, 0),
        one("10.0.3.0/24", 100, 2),
        one("10.0.4.0/24", 5, 20),
    ];
    worst_first(&mut scopes);
    let order: Vec<String> = scopes.iter().map(|scope| scope.scope.to_string()).collect();
    assert_eq!(order, ["10.0.4.0", "10.0.3.0", "10.0.2.0", "10.0.1.0"]);
}

#[test]
fn old_evidence_is_stale() {
    let evidence = evidence(S::CommunicationInterrupted, [YES; 4]);
    assert!(!evidence.is_stale(now() + GOOD_FOR));
    assert!(evidence.is_stale(now() + GOOD_FOR + SignedDuration::from_secs(1)));
    let age = SignedDuration::from_secs(7);
    assert_eq!(evidence.partner.age(now() + age), Some(age));
}
