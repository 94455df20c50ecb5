//! Comparing and healing arbitrary pairs of copies: replication makes them equal, once and for all.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::sync::Arc;

use proptest::prelude::*;
use twinscope::model::failover::{Mode, RelationshipProperty};
use twinscope::model::policy::{Comparator, Condition, Criterion, Junction, PolicyProperty};
use twinscope::model::reservation::ReservationProperty;
use twinscope::model::scope::{ClientType, DnsSettings, LeaseDuration, ScopeProperty, Seconds};
use twinscope::model::server::Coverage;
use twinscope::model::{
    ClientId, Comparison, Detail, Edit, OptionKey, OptionLevel, OptionValue, Options, Policy,
    Range, Relationship, Reservation, Scope, ScopeId, ServerConfig, ServerName,
};
use twinscope::rules::compare::{Copy, compare_relationship, compare_scopes};
use twinscope::rules::{Code, Facts, Rulebook, apply, apply_all, changes, heal, invariants};

const NAME: &str = "a-b";

fn id(third: u8) -> ScopeId {
    ScopeId::of(Ipv4Addr::new(10, 0, third, 0), 24).unwrap()
}

fn address(third: u8, last: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 0, third, last)
}

fn facts(name: &str) -> Facts {
    Facts::of(ServerName::new(name), Rulebook::LATEST)
}

/// Two copies of the same scopes under failover.
fn copies() -> (ServerConfig, ServerConfig) {
    let mut here = ServerConfig::default();
    let mut relationship = Relationship::new(NAME, ServerName::new("b"));
    for third in [0, 1] {
        let range = Range::new(address(third, 10), address(third, 40)).unwrap();
        let mut scope = Scope::new(id(third), format!("Floor {third}"), range);
        for (last, client) in [(20, 1), (21, 2), (22, 3)] {
            let reservation = Reservation::new(address(third, last), ClientId::mac([client; 6]));
            scope
                .reservations
                .insert(reservation.address, Arc::new(reservation));
        }
        scope.policies = ["phones", "printers", "guests"].map(policy).into();
        relationship.scopes.insert(scope.id);
        here.scopes.insert(scope.id, Arc::new(scope));
    }
    let mut there = here.clone();
    there.relationships.insert(
        NAME.to_owned(),
        relationship.mirrored(&ServerName::new("a")),
    );
    here.relationships.insert(NAME.to_owned(), relationship);
    (here, there)
}

fn policy(name: &str) -> Policy {
    Policy {
        name: name.to_owned(),
        description: String::new(),
        enabled: true,
        junction: Junction::Or,
        conditions: vec![Condition {
            criterion: Criterion::UserClass,
            comparator: Comparator::Eq,
            values: vec!["x".to_owned()],
        }],
        lease_duration: None,
        ranges: Vec::new(),
        options: Options::new(),
    }
}

fn range(third: u8) -> impl Strategy<Value = Range> {
    (8_u8..50, 0_u8..30).prop_map(move |(start, more)| {
        Range::new(address(third, start), address(third, start + more)).unwrap()
    })
}

fn small_range(third: u8) -> impl Strategy<Value = Range> {
    (8_u8..50, 0_u8..3).prop_map(move |(start, more)| {
        Range::new(address(third, start), address(third, start + more)).unwrap()
    })
}

fn client() -> impl Strategy<Value = ClientId> {
    (1_u8..7).prop_map(|byte| ClientId::mac([byte; 6]))
}

fn key() -> impl Strategy<Value = OptionKey> {
    (
        prop::sample::select(vec![3_u8, 6, 66]),
        prop::sample::select(vec!["", "Phone"]),
        prop::sample::select(vec!["", "", "Guest"]),
    )
        .prop_map(|(id, vendor, user)| OptionKey {
            id,
            vendor_class: vendor.to_owned(),
            user_class: user.to_owned(),
        })
}

fn policy_name() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["phones", "Phones", "printers", "guests", "cameras"])
        .prop_map(str::to_owned)
}

fn conditions() -> impl Strategy<Value = Vec<Condition>> {
    prop_oneof![
        3 => Just(policy("x").conditions),
        1 => Just(vec![Condition {
            criterion: Criterion::Fqdn,
            comparator: Comparator::Isl,
            values: Vec::new(),
        }]),
    ]
}

fn any_policy(third: u8) -> impl Strategy<Value = Policy> {
    (
        policy_name(),
        any::<bool>(),
        conditions(),
        prop::collection::vec(small_range(third), 0..2),
        prop::collection::vec(key(), 0..2),
    )
        .prop_map(|(name, enabled, conditions, ranges, keys)| Policy {
            enabled,
            conditions,
            ranges,
            options: keys
                .into_iter()
                .map(|key| (key, OptionValue(vec!["10.0.0.9".to_owned()])))
                .collect(),
            ..policy(&name)
        })
}

fn scope_property(third: u8) -> impl Strategy<Value = ScopeProperty> {
    prop_oneof![
        1 => "[a-c]{1,2}".prop_map(ScopeProperty::Name),
        4 => range(third).prop_map(|range| ScopeProperty::Ranges(vec![range])),
        1 => Just(ScopeProperty::LeaseDuration(LeaseDuration::Unlimited)),
        1 => (0_u16..1000).prop_map(ScopeProperty::Delay),
        1 => Just(ScopeProperty::Kind(ClientType::Both)),
        1 => any::<bool>().prop_map(ScopeProperty::ActivatePolicies),
        1 => Just(ScopeProperty::Dns(Some(DnsSettings::default()))),
        1 => Just(ScopeProperty::Superscope(Some("Building".to_owned()))),
    ]
}

fn edit() -> impl Strategy<Value = Edit> {
    (0_u8..3).prop_flat_map(|third| {
        let scope = id(third);
        let last = 18_u8..26;
        let level = prop_oneof![
            Just(OptionLevel::Scope(scope)),
            last.clone()
                .prop_map(move |last| OptionLevel::Reservation(scope, address(third, last))),
            policy_name().prop_map(move |name| OptionLevel::Policy(Some(scope), name)),
            Just(OptionLevel::Server),
        ];
        let value = prop::sample::select(vec!["10.0.0.1", "10.0.0.2"])
            .prop_map(|text| OptionValue(vec![text.to_owned()]));
        prop_oneof![
            6 => scope_property(third)
                .prop_map(move |property| Edit::SetScope { scope, properties: vec![property] }),
            3 => small_range(third).prop_map(move |range| Edit::AddExclusion { scope, range }),
            6 => (last.clone(), client()).prop_map(move |(last, client)| Edit::AddReservation {
                scope,
                reservation: Reservation::new(address(third, last), client),
            }),
            6 => last.clone().prop_map(move |last| Edit::RemoveReservation {
                scope,
                address: address(third, last),
            }),
            6 => (
                last,
                prop_oneof![
                    client().prop_map(ReservationProperty::Client),
                    "[a-c]".prop_map(ReservationProperty::Name),
                ],
            )
                .prop_map(move |(last, property)| Edit::SetReservation {
                    scope,
                    address: address(third, last),
                    properties: vec![property],
                }),
            4 => (level.clone(), key(), value)
                .prop_map(|(level, key, value)| Edit::SetOption { level, key, value }),
            1 => (level, key()).prop_map(|(level, key)| Edit::RemoveOption { level, key }),
            4 => (any_policy(third), prop::option::of(1_u16..4)).prop_map(move |(policy, order)| {
                Edit::AddPolicy { level: Some(scope), policy: Box::new(policy), order }
            }),
            3 => policy_name()
                .prop_map(move |name| Edit::RemovePolicy { level: Some(scope), name }),
            4 => (
                policy_name(),
                prop_oneof![
                    (1_u16..5).prop_map(PolicyProperty::ProcessingOrder),
                    conditions().prop_map(PolicyProperty::Conditions),
                    small_range(third).prop_map(|range| PolicyProperty::Ranges(vec![range])),
                    policy_name().prop_map(PolicyProperty::Name),
                ],
            )
                .prop_map(move |(name, property)| Edit::SetPolicy {
                    level: Some(scope),
                    name,
                    properties: vec![property],
                }),
            1 => Just(Edit::RemoveFailoverScopes {
                name: NAME.to_owned(),
                scopes: BTreeSet::from([scope]),
            }),
            1 => prop_oneof![
                (0_u8..=100).prop_map(|percent| {
                    RelationshipProperty::Mode(Mode::LoadBalance { percent })
                }),
                (1_u32..9).prop_map(|mclt| RelationshipProperty::Mclt(Seconds(mclt))),
            ]
            .prop_map(|property| Edit::SetRelationship {
                name: NAME.to_owned(),
                properties: vec![property],
            }),
            1 => range(third).prop_map(move |range| {
                Edit::AddScope(Box::new(Scope::new(scope, "new", range)))
            }),
        ]
    })
}

/// Applies what is accepted of the edits.
fn edited(mut config: ServerConfig, facts: &Facts, edits: &[Edit]) -> ServerConfig {
    for edit in edits {
        if let Ok(after) = apply(&config, facts, edit) {
            config = after;
        }
    }
    config
}

/// What swaps, rotates or shifts clients, which single edits rarely do.
fn shuffled(config: &mut ServerConfig, shift: usize) {
    for scope in config.scopes.values_mut() {
        let scope = Arc::make_mut(scope);
        let mut clients: Vec<ClientId> = scope
            .reservations
            .values()
            .map(|reservation| reservation.client.clone())
            .collect();
        if !clients.is_empty() {
            let by = shift % clients.len();
            clients.rotate_left(by);
        }
        for (reservation, client) in scope.reservations.values_mut().zip(clients) {
            Arc::make_mut(reservation).client = client;
        }
        let count = scope.policies.len();
        if count > 0 {
            scope.policies.rotate_left(shift % count);
        }
    }
}

#[derive(Debug)]
struct Drifted {
    left: ServerConfig,
    right: ServerConfig,
}

fn drifted() -> impl Strategy<Value = Drifted> {
    (
        prop::collection::vec(edit(), 0..25),
        prop::collection::vec(edit(), 0..25),
        prop::collection::vec(edit(), 0..10),
        0_usize..4,
    )
        .prop_map(|(common, left_edits, right_edits, shift)| {
            let (left, right) = copies();
            let left = edited(left, &facts("a"), &common);
            let left = edited(left, &facts("a"), &left_edits);
            let mut right = edited(right, &facts("b"), &common);
            shuffled(&mut right, shift);
            let right = edited(right, &facts("b"), &right_edits);
            assert_eq!(invariants::check(&left), [] as [&str; 0]);
            assert_eq!(invariants::check(&right), [] as [&str; 0]);
            Drifted { left, right }
        })
}

fn all(config: &ServerConfig) -> Copy<'_> {
    Copy {
        config,
        coverage: Coverage::ALL,
    }
}

fn scopes() -> Vec<ScopeId> {
    (0..3).map(id).collect()
}

/// What healing leaves as it is, and is allowed to.
fn left_alone(comparison: &Comparison) -> bool {
    let only_right: BTreeSet<ScopeId> = comparison
        .differences
        .iter()
        .filter_map(|difference| match &difference.detail {
            Detail::Scope { left: None, right } => right.as_ref().map(|scope| scope.id),
            _ => None,
        })
        .collect();
    comparison
        .differences
        .iter()
        .all(|difference| match &difference.detail {
            Detail::Scope { left: None, .. } => true,
            Detail::Membership {
                scope,
                on_left: false,
                ..
            } => only_right.contains(scope),
            _ => false,
        })
}

fn coverage() -> impl Strategy<Value = Coverage> {
    any::<[bool; 6]>().prop_map(|flags| Coverage {
        scopes: flags[0],
        exclusions: flags[1],
        reservations: flags[2],
        options: flags[3],
        policies: flags[4],
        relationships: flags[5],
        ..Coverage::ALL
    })
}

/// A reading as a driver would give it: what is not covered is not there.
fn read(config: &ServerConfig, coverage: Coverage) -> ServerConfig {
    let mut read = config.clone();
    for scope in read.scopes.values_mut() {
        let scope = Arc::make_mut(scope);
        if !coverage.scopes {
            let mut bare = Scope::new(scope.id, "", scope.id.hosts());
            bare.exclusions = std::mem::take(&mut scope.exclusions);
            bare.reservations = std::mem::take(&mut scope.reservations);
            bare.options = std::mem::take(&mut scope.options);
            bare.policies = std::mem::take(&mut scope.policies);
            *scope = bare;
        }
        if !coverage.exclusions {
            scope.exclusions.clear();
        }
        if !coverage.reservations {
            scope.reservations.clear();
        }
        if !coverage.policies {
            scope.policies.clear();
        }
        if !coverage.options {
            scope.options = Options::new();
            for reservation in scope.reservations.values_mut() {
                Arc::make_mut(reservation).options = Options::new();
            }
            for policy in &mut scope.policies {
                policy.options = Options::new();
            }
        }
    }
    if !coverage.relationships {
        read.relationships.clear();
    }
    read
}

fn reservations_without_options(scope: &Scope) -> BTreeMap<Ipv4Addr, Reservation> {
    let bare = |reservation: &Reservation| Reservation {
        options: Options::new(),
        ..reservation.clone()
    };
    scope
        .reservations
        .iter()
        .map(|(address, reservation)| (*address, bare(reservation)))
        .collect()
}

/// That healing has not touched what one of the two does not cover.
fn untouched(before: &ServerConfig, after: &ServerConfig, left: Coverage, right: Coverage) {
    if !(left.relationships && right.relationships) {
        assert_eq!(before.relationships, after.relationships);
    }
    for (id, before) in &before.scopes {
        let after = &after.scopes[id];
        if !(left.scopes && right.scopes) {
            assert_eq!(before.properties(), after.properties());
        }
        if !(left.exclusions && right.exclusions) {
            assert_eq!(before.exclusions, after.exclusions);
        }
        if !(left.reservations && right.reservations) {
            assert_eq!(
                reservations_without_options(before),
                reservations_without_options(after)
            );
        }
        if !(left.policies && right.policies) {
            let names = |scope: &Scope| -> Vec<String> {
                let names = scope.policies.iter().map(|policy| policy.name.clone());
                names.collect()
            };
            assert_eq!(names(before), names(after));
        }
        if !(left.options && right.options) {
            assert_eq!(before.options, after.options);
            for (address, before) in &before.reservations {
                if let Some(after) = after.reservations.get(address) {
                    assert_eq!(before.options, after.options);
                }
            }
            for before in &before.policies {
                if let Some(after) = after.policy(&before.name) {
                    assert_eq!(before.options, after.options);
                }
            }
        }
    }
    assert!(before.scopes.keys().all(|id| after.scopes.contains_key(id)));
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1024,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn healing_makes_the_copies_equal_once_and_for_all(drifted in drifted()) {
        let Drifted { left, right } = drifted;
        let comparison = compare_scopes(all(&left), all(&right), &scopes());
        let edits = heal(&comparison.differences);
        let healed = apply_all(&right, &facts("b"), &edits).unwrap();
        prop_assert_eq!(invariants::check(&healed), [] as [&str; 0]);
        let again = compare_scopes(all(&left), all(&healed), &scopes());
        prop_assert!(left_alone(&again), "{:?}", again);
        prop_assert_eq!(heal(&again.differences), []);
        // What belongs to the server alone is not replicated.
        prop_assert_eq!(&healed.options, &right.options);
        prop_assert_eq!(&healed.relationships, &right.relationships);
        for (id, scope) in &right.scopes {
            prop_assert_eq!(&healed.scopes[id].superscope, &scope.superscope);
        }
        // The preview shows something exactly when something changes.
        prop_assert_eq!(changes(&right, &healed).is_empty(), right == healed);
        prop_assert_eq!(changes(&right, &right), []);
    }

    #[test]
    fn healing_a_relationship_makes_it_and_its_scopes_equal(drifted in drifted()) {
        let Drifted { left, right } = drifted;
        let comparison = compare_relationship(all(&left), all(&right), "A-B");
        let edits = heal(&comparison.differences);
        let healed = apply_all(&right, &facts("b"), &edits).unwrap();
        prop_assert_eq!(invariants::check(&healed), [] as [&str; 0]);
        let again = compare_relationship(all(&left), all(&healed), NAME);
        prop_assert!(left_alone(&again), "{:?}", again);
        prop_assert_eq!(heal(&again.differences), []);
    }

    #[test]
    fn healing_the_other_way_compares_the_same(drifted in drifted()) {
        let Drifted { left, right } = drifted;
        let there = compare_scopes(all(&left), all(&right), &scopes());
        let back = compare_scopes(all(&right), all(&left), &scopes());
        prop_assert_eq!(there.differences.len(), back.differences.len());
        prop_assert!(compare_scopes(all(&left), all(&left), &scopes()).is_same());
    }

    #[test]
    fn what_is_not_covered_is_not_touched(
        drifted in drifted(),
        left_coverage in coverage(),
        right_coverage in coverage(),
    ) {
        let Drifted { left, right } = drifted;
        let (left_read, right_read) = (read(&left, left_coverage), read(&right, right_coverage));
        let compare = |config: &ServerConfig| compare_relationship(
            Copy { config: &left_read, coverage: left_coverage },
            Copy { config, coverage: right_coverage },
            NAME,
        );
        let comparison = compare(&right_read);
        let edits = heal(&comparison.differences);
        match apply_all(&right, &facts("b"), &edits) {
            Ok(healed) => {
                untouched(&right, &healed, left_coverage, right_coverage);
                let again = compare(&read(&healed, right_coverage));
                let edits = heal(&again.differences);
                prop_assert_eq!(edits, []);
            }
            // Ranges, exclusions and policies depend on each other.
            Err(refusal) => {
                prop_assert!([
                    Code::InvalidRange,
                    Code::PolicyRangeBad,
                    Code::ScopeRangePolicyRangeConflict,
                ].contains(&refusal.code), "{}", refusal);
                let both = |area: fn(&Coverage) -> bool| {
                    area(&left_coverage) && area(&right_coverage)
                };
                prop_assert!(!(both(|area| area.scopes)
                    && both(|area| area.exclusions)
                    && both(|area| area.policies)
                    && right_coverage.options));
            }
        }
    }
}
