//! What comparisons find, and what they leave alone.

use super::*;
use crate::model::failover::{Mode, RelationshipProperty};
use crate::model::scope::{LeaseDuration, ScopeState};
use crate::model::{ClientId, OptionKey, OptionValue, Range, ServerName};

fn id() -> ScopeId {
    "10.0.0.0/24".parse().unwrap()
}

fn range(start: &str, end: &str) -> Range {
    Range::new(start.parse().unwrap(), end.parse().unwrap()).unwrap()
}

fn reserve(scope: &mut Scope, address: &str, client: &str) {
    let address = address.parse().unwrap();
    let client: ClientId = client.parse().unwrap();
    scope
        .reservations
        .insert(address, Arc::new(Reservation::new(address, client)));
}

fn policy(name: &str) -> Policy {
    Policy {
        name: name.to_owned(),
        description: String::new(),
        enabled: true,
        junction: Default::default(),
        conditions: Vec::new(),
        lease_duration: None,
        ranges: Vec::new(),
        options: Options::new(),
    }
}

fn scope() -> Scope {
    Scope::new(id(), "Floor 1", range("10.0.0.10", "10.0.0.200"))
}

fn server(scopes: impl IntoIterator<Item = Scope>) -> ServerConfig {
    ServerConfig {
        scopes: scopes
            .into_iter()
            .map(|scope| (scope.id, Arc::new(scope)))
            .collect(),
        ..ServerConfig::default()
    }
}

fn copy(config: &ServerConfig) -> Copy<'_> {
    Copy {
        config,
        coverage: Coverage::ALL,
    }
}

fn compared(left: Scope, right: Scope) -> Vec<(String, Option<String>, Option<String>)> {
    let (left, right) = (server([left]), server([right]));
    let comparison = compare_scopes(copy(&left), copy(&right), &[id(), id()]);
    assert_eq!(comparison.unknown, []);
    comparison
        .differences
        .iter()
        .map(|difference| (difference.field(), difference.left(), difference.right()))
        .collect()
}

fn fields(left: Scope, right: Scope) -> Vec<String> {
    compared(left, right)
        .into_iter()
        .map(|(field, _, _)| field)
        .collect()
}

#[test]
fn every_part_is_compared_in_the_order_in_which_it_is_shown() {
    let (mut left, mut right) = (scope(), scope());
    right.name = "Floor 2".to_owned();
    right.state = ScopeState::Inactive;
    right.lease_duration = LeaseDuration::Unlimited;
    left.exclusions = vec![range("10.0.0.10", "10.0.0.12")];
    left.options
        .insert(OptionKey::standard(3), OptionValue(vec!["10.0.0.1".into()]));
    reserve(&mut left, "10.0.0.99", "aabbccddeeff");
    right.policies.push(policy("Phones"));
    // None of these is replicated.
    right.superscope = Some("Building".to_owned());
    right.foreign = vec!["x".to_owned()];
    assert_eq!(
        fields(left, right),
        [
            "Scope Name",
            "Scope Status",
            "Lease Duration",
            "Exclusion Range",
            "003 Router",
            "Reservation",
            "Policy"
        ]
    );
}

#[test]
fn a_client_that_moved_is_on_one_side_only_twice() {
    let (mut left, mut right) = (scope(), scope());
    reserve(&mut left, "10.0.0.20", "aabbccddeeff");
    reserve(&mut right, "10.0.0.30", "aabbccddeeff");
    assert_eq!(
        compared(left, right),
        [
            (
                "Reservation".to_owned(),
                Some("aa-bb-cc-dd-ee-ff".to_owned()),
                None
            ),
            (
                "Reservation".to_owned(),
                None,
                Some("aa-bb-cc-dd-ee-ff".to_owned())
            ),
        ]
    );
}

#[test]
fn options_are_told_apart_by_class() {
    let (mut left, mut right) = (scope(), scope());
    let vendor = OptionKey {
        vendor_class: "Phone".to_owned(),
        ..OptionKey::standard(66)
    };
    left.options
        .insert(OptionKey::standard(66), OptionValue(vec!["a".into()]));
    right.options.insert(vendor, OptionValue(vec!["a".into()]));
    assert_eq!(fields(left, right).len(), 2);
}

#[test]
fn a_new_policy_does_not_move_the_others() {
    let (mut left, mut right) = (scope(), scope());
    left.policies = ["new", "a", "b", "c"].map(policy).into();
    right.policies = ["a", "b", "c"].map(policy).into();
    assert_eq!(
        compared(left.clone(), right.clone()),
        [(
            "Policy".to_owned(),
            Some("1: new; Enabled True; Condition Or".to_owned()),
            None
        )]
    );
    right.policies = ["c", "new", "A", "b"].map(policy).into();
    right.policies[3]
        .options
        .insert(OptionKey::standard(3), OptionValue(vec!["10.0.0.1".into()]));
    let found = compared(left, right);
    assert_eq!(
        found
            .iter()
            .map(|(field, left, _)| (field.as_str(), left.as_deref().unwrap_or("")))
            .collect::<Vec<_>>(),
        [
            ("Policy", "2: a; Enabled True; Condition Or"),
            ("Policy", "4: c; Enabled True; Condition Or"),
            ("003 Router", ""),
        ]
    );
}

#[test]
fn nothing_is_said_outside_coverage() {
    let (mut left, mut right) = (scope(), scope());
    left.name = "other".to_owned();
    reserve(&mut left, "10.0.0.20", "aabbccddeeff");
    right.exclusions = vec![range("10.0.0.10", "10.0.0.12")];
    right.policies.push(policy("Phones"));
    let (left, right) = (server([left]), server([right]));
    let half = Copy {
        config: &right,
        coverage: Coverage {
            reservations: false,
            policies: false,
            ..Coverage::ALL
        },
    };
    let comparison = compare_scopes(copy(&left), half, &[id()]);
    assert_eq!(comparison.unknown, [Area::Reservations, Area::Policies]);
    let fields: Vec<_> = comparison
        .differences
        .iter()
        .map(Difference::field)
        .collect();
    assert_eq!(fields, ["Scope Name", "Exclusion Range"]);
    let nothing = Copy {
        config: &right,
        coverage: Coverage::NONE,
    };
    let comparison = compare_scopes(copy(&left), nothing, &[id()]);
    assert_eq!(comparison.differences, []);
    assert_eq!(comparison.unknown.len(), 5);
    assert!(!comparison.is_same());
}

#[test]
fn a_relationship_is_compared_in_the_left_servers_view() {
    let mut left = server([scope()]);
    let mut right = server([scope()]);
    let mut here = Relationship::new("A-B", ServerName::new("b"));
    here.mode = Mode::LoadBalance { percent: 70 };
    here.scopes.insert(id());
    let mut there = here.mirrored(&ServerName::new("a"));
    left.relationships.insert("a-b".to_owned(), here);
    right.relationships.insert("a-b".to_owned(), there.clone());
    assert!(compare_relationship(copy(&left), copy(&right), "A-b").is_same());
    there.mode = Mode::LoadBalance { percent: 70 };
    there.scopes.clear();
    right.relationships.insert("a-b".to_owned(), there);
    let comparison = compare_relationship(copy(&left), copy(&right), "A-b");
    assert_eq!(
        comparison.differences[0].detail,
        Detail::RelationshipProperty {
            name: "A-B".to_owned(),
            left: RelationshipProperty::Mode(Mode::LoadBalance { percent: 70 }),
            right: RelationshipProperty::Mode(Mode::LoadBalance { percent: 30 }),
        }
    );
    assert!(matches!(
        comparison.differences[1].detail,
        Detail::Membership { on_left: true, .. }
    ));
    assert_eq!(comparison.differences.len(), 2);
    right.relationships.clear();
    right.scopes.clear();
    let comparison = compare_relationship(copy(&left), copy(&right), "a-b");
    assert!(matches!(
        comparison.differences[..],
        [
            Difference {
                detail: Detail::Membership { on_left: true, .. },
                ..
            },
            Difference {
                detail: Detail::Scope {
                    left: Some(_),
                    right: None
                },
                ..
            }
        ]
    ));
}
