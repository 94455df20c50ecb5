//! What an edit makes of the document is read as what the rules make of the configuration.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;

use super::*;
use crate::model::client_id::ClientIdKind;
use crate::model::failover::{Mode, Relationship, RelationshipProperty, Role};
use crate::model::reservation::ReservationProperty;
use crate::model::scope::{ClientType, LeaseDuration, ScopeProperty, ScopeState, Seconds};
use crate::model::{ClientId, OptionKey, OptionLevel, OptionValue, Options, Reservation};
use crate::rules;

const SCOPES: [&str; 5] = [
    "10.0.0.0/24",
    "10.0.1.0/24",
    "10.0.2.0/24",
    "10.0.5.0/25",
    "10.0.0.0/16",
];
const PLACES: [u8; 9] = [0, 1, 5, 6, 16, 40, 99, 120, 255];

fn scope_id() -> impl Strategy<Value = ScopeId> {
    select(SCOPES.as_slice()).prop_map(id)
}

fn place(id: ScopeId, place: u8) -> Ipv4Addr {
    let [a, b, c, _] = id.address().octets();
    Ipv4Addr::new(a, b, c, place)
}

fn words() -> impl Strategy<Value = String> {
    select(
        [
            "",
            "a",
            "Office",
            "10.0.0.0/24",
            "ä \"quoted\" \u{7}",
            "from Stork",
            "3rd floor",
        ]
        .as_slice(),
    )
    .prop_map(str::to_owned)
}

fn ranges(id: ScopeId) -> impl Strategy<Value = Vec<Range>> {
    let one = (select(PLACES.as_slice()), select(PLACES.as_slice()));
    vec(one, 0..4).prop_map(move |pairs| {
        let ranges = pairs
            .into_iter()
            .map(|(a, b)| Range::new(place(id, a.min(b)), place(id, a.max(b))).unwrap());
        ranges.collect()
    })
}

fn lease() -> impl Strategy<Value = LeaseDuration> {
    let limited = select([0, 1, 2, 600, 1800, 3600, 7200, 86_400, u32::MAX].as_slice());
    prop_oneof![
        limited.prop_map(|seconds| LeaseDuration::Limited(Seconds(seconds))),
        Just(LeaseDuration::Unlimited)
    ]
}

fn client() -> impl Strategy<Value = ClientId> {
    let kind = select(ClientIdKind::ALL.as_slice());
    (kind, prop_oneof![1 => Just(3_usize), 6 => Just(6)], 0..4_u8).prop_map(
        |(kind, length, last)| {
            let mut bytes = vec![0; length];
            bytes[0] = 2;
            *bytes.last_mut().unwrap() = last;
            ClientId::new(kind, &bytes).unwrap()
        },
    )
}

fn option() -> impl Strategy<Value = (OptionKey, OptionValue)> {
    let some: &[(u8, &[&str])] = &[
        (2, &["4294963696"]),
        (3, &["10.0.0.1"]),
        (3, &["10.0.0.9", "10.0.0.8"]),
        (6, &["10.0.0.53"]),
        (15, &["contoso.com"]),
        (15, &[" a, b\\"]),
        (19, &["1"]),
        (19, &["7"]),
        (43, &["0x0102"]),
        (51, &["600"]),
        (67, &["x.efi"]),
        (119, &["0x0161036e657400"]),
        (121, &["0x080a0a000001", "0x00c0a80001"]),
        (150, &["10.0.0.1"]),
        (199, &["0x0a", "0x0B"]),
        (199, &["text"]),
        (222, &["own, text"]),
        (222, &["0x0A0b"]),
        (3, &["nonsense"]),
        (252, &["http://wpad/"]),
    ];
    let option = select(some).prop_map(|(id, value)| {
        let value = value.iter().map(ToString::to_string).collect();
        (OptionKey::standard(id), OptionValue(value))
    });
    let vendor = Just((
        OptionKey {
            vendor_class: "v".into(),
            ..OptionKey::standard(3)
        },
        OptionValue(vec!["10.0.0.1".into()]),
    ));
    prop_oneof![30 => option, 1 => vendor]
}

fn reservation(id: ScopeId) -> impl Strategy<Value = Reservation> {
    let name = prop_oneof![4 => select(["", "a", "b.example.org"].as_slice()), 1 => Just("a b")];
    (
        select(PLACES.as_slice()),
        client(),
        name,
        words(),
        vec(option(), 0..3),
    )
        .prop_map(
            move |(at, client, name, description, options)| Reservation {
                name: name.to_owned(),
                description,
                options: options.into_iter().collect::<Options>(),
                ..Reservation::new(place(id, at), client)
            },
        )
}

fn scope() -> impl Strategy<Value = Scope> {
    scope_id().prop_flat_map(|id| {
        let parts = (
            words(),
            words(),
            ranges(id),
            lease(),
            vec(option(), 0..3),
            vec(reservation(id), 0..4),
            superscope(),
        );
        parts.prop_map(
            move |(name, description, ranges, lease, options, reservations, superscope)| {
                let mut scope = Scope::new(id, name, id.hosts());
                scope.description = description;
                scope.ranges = ranges;
                scope.lease_duration = lease;
                scope.options = options.into_iter().collect();
                scope.superscope = superscope;
                for reservation in reservations {
                    let taken = scope
                        .reservations
                        .values()
                        .any(|held| held.client == reservation.client);
                    if !taken {
                        scope
                            .reservations
                            .insert(reservation.address, Arc::new(reservation));
                    }
                }
                scope
            },
        )
    })
}

fn superscope() -> impl Strategy<Value = Option<String>> {
    select([None, Some("campus"), Some("new")].as_slice()).prop_map(|name| name.map(str::to_owned))
}

fn property(id: ScopeId) -> impl Strategy<Value = ScopeProperty> {
    prop_oneof![
        2 => words().prop_map(ScopeProperty::Name),
        2 => words().prop_map(ScopeProperty::Description),
        6 => ranges(id).prop_map(ScopeProperty::Ranges),
        4 => lease().prop_map(ScopeProperty::LeaseDuration),
        2 => superscope().prop_map(ScopeProperty::Superscope),
        1 => Just(ScopeProperty::State(ScopeState::Active)),
        1 => Just(ScopeProperty::Delay(0)),
        1 => Just(ScopeProperty::Dns(None)),
        1 => Just(ScopeProperty::State(ScopeState::Inactive)),
        1 => Just(ScopeProperty::Kind(ClientType::Both)),
    ]
}

fn level() -> impl Strategy<Value = OptionLevel> {
    prop_oneof![
        Just(OptionLevel::Server),
        scope_id().prop_map(OptionLevel::Scope),
        (scope_id(), select(PLACES.as_slice()))
            .prop_map(|(id, at)| OptionLevel::Reservation(id, place(id, at))),
        Just(OptionLevel::Reservation(
            id("10.0.0.0/24"),
            address("10.0.0.5")
        )),
    ]
}

fn relationship_name() -> impl Strategy<Value = String> {
    select(["s1-s2", "Pair", "PAIR", "none"].as_slice()).prop_map(str::to_owned)
}

fn few_scopes() -> impl Strategy<Value = BTreeSet<ScopeId>> {
    vec(scope_id(), 1..3).prop_map(|scopes| scopes.into_iter().collect())
}

fn relationship_property() -> impl Strategy<Value = RelationshipProperty> {
    prop_oneof![
        select([Role::Active, Role::Standby].as_slice()).prop_map(|role| {
            RelationshipProperty::Mode(Mode::HotStandby {
                role,
                reserve_percent: 0,
            })
        }),
        select([50_u8, 60].as_slice())
            .prop_map(|percent| RelationshipProperty::Mode(Mode::LoadBalance { percent })),
        select(
            [
                None,
                Some(0),
                Some(3),
                Some(60),
                Some(66),
                Some(67),
                Some(u32::MAX)
            ]
            .as_slice()
        )
        .prop_map(|interval| RelationshipProperty::SwitchInterval(interval.map(Seconds))),
        select([0, 3600].as_slice())
            .prop_map(|seconds| RelationshipProperty::Mclt(Seconds(seconds))),
        Just(RelationshipProperty::Authentication(None)),
    ]
}

fn edit() -> impl Strategy<Value = Edit> {
    let of_reservation = |id: ScopeId| {
        let property = prop_oneof![
            client().prop_map(ReservationProperty::Client),
            select(["", "a", "c.example.org", "printer"].as_slice())
                .prop_map(|name| ReservationProperty::Name(name.to_owned())),
            words().prop_map(ReservationProperty::Description),
            Just(ReservationProperty::Kind(ClientType::Both)),
        ];
        (select(PLACES.as_slice()), vec(property, 1..3)).prop_map(move |(at, properties)| {
            Edit::SetReservation {
                scope: id,
                address: place(id, at),
                properties,
            }
        })
    };
    let new =
        (relationship_name(), few_scopes(), any::<bool>()).prop_map(|(name, scopes, balanced)| {
            let mut relationship = Relationship::new(name, ServerName::new("s2"));
            let mut ha = terms();
            relationship.mclt = Seconds(0);
            relationship.scopes = scopes;
            if !balanced {
                relationship.mode = Mode::HotStandby {
                    role: Role::Active,
                    reserve_percent: 0,
                };
                relationship.switch_interval = Some(Seconds(60));
                ha.max_unacked_clients = 0;
            }
            Edit::AddRelationship {
                relationship,
                secret: None,
                ha: Some(Box::new(ha)),
            }
        });
    prop_oneof![
        2 => scope().prop_map(|scope| Edit::AddScope(Box::new(scope))),
        4 => scope().prop_map(|scope| Edit::ReplaceScope(Box::new(scope))),
        6 => scope_id().prop_flat_map(|id| (Just(id), vec(property(id), 1..4))).prop_map(|(scope, properties)| Edit::SetScope { scope, properties }),
        2 => scope_id().prop_map(|scope| Edit::RemoveScope { scope, force: true }),
        4 => scope_id().prop_flat_map(|id| (Just(id), reservation(id))).prop_map(|(scope, reservation)| Edit::AddReservation { scope, reservation }),
        4 => scope_id().prop_flat_map(of_reservation),
        2 => (scope_id(), select(PLACES.as_slice())).prop_map(|(scope, at)| Edit::RemoveReservation { scope, address: place(scope, at) }),
        6 => (level(), option()).prop_map(|(level, (key, value))| Edit::SetOption { level, key, value }),
        3 => (level(), option()).prop_map(|(level, (key, _))| Edit::RemoveOption { level, key }),
        1 => (select(["campus", "new"].as_slice()), select(["campus", "new", "third"].as_slice())).prop_map(|(from, to)| Edit::RenameSuperscope { from: from.into(), to: to.into() }),
        2 => (relationship_name(), few_scopes()).prop_map(|(name, scopes)| Edit::AddFailoverScopes { name, scopes }),
        2 => (relationship_name(), few_scopes()).prop_map(|(name, scopes)| Edit::RemoveFailoverScopes { name, scopes }),
        2 => (relationship_name(), vec(relationship_property(), 1..3)).prop_map(|(name, properties)| Edit::SetRelationship { name, properties }),
        1 => relationship_name().prop_map(|name| Edit::RemoveRelationship { name }),
        1 => new,
    ]
}

/// Makes the edits one after the other, and says how many were made.
fn agree(start: &str, context: &Context, edits: &[Edit]) -> Result<usize, TestCaseError> {
    let mut document = document(start);
    let mut made = 0;
    for edit in edits {
        let before = document.clone();
        let by_rules = rules::apply(&read(&document), &facts(), edit);
        match document.edit(edit, context) {
            Err(_) => prop_assert_eq!(document.text(), before.text(), "{} was refused", edit),
            // The rules are asked first.
            Ok(()) if by_rules.is_err() => document = before,
            Ok(()) => {
                made += 1;
                let after = Document::parse(&document.text()).unwrap();
                prop_assert_eq!(&after, &document);
                prop_assert_eq!(
                    read(&document),
                    known(by_rules.unwrap()),
                    "{} on {}",
                    edit,
                    before.text()
                );
            }
        }
    }
    Ok(made)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn the_document_and_the_rules_agree(edits in vec(edit(), 1..12), start in 0..3_usize, newer_version: bool) {
        let context = if newer_version { newer() } else { context() };
        agree([STANDBY, BALANCED, ALONE][start], &context, &edits)?;
    }
}

#[test]
fn most_edits_are_made_somewhere() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut made = 0;
    let context = newer();
    for _ in 0..300 {
        let edit = edit().new_tree(&mut runner).unwrap().current();
        for start in [STANDBY, BALANCED, ALONE] {
            made += agree(start, &context, std::slice::from_ref(&edit)).unwrap();
        }
    }
    assert!(made > 100, "{made} of 900");
}
