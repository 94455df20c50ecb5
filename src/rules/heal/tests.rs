//! Tests of `heal`.

use super::*;
use crate::model::server::Coverage;
use crate::model::{ServerConfig, ServerName};
use crate::rules::compare::{Copy, compare_scopes};
use crate::rules::{Facts, Rulebook, apply_all};

fn id() -> ScopeId {
    "10.0.0.0/24".parse().unwrap()
}

fn range(start: u8, end: u8) -> Range {
    let at = |last| Ipv4Addr::new(10, 0, 0, last);
    Range::new(at(start), at(end)).unwrap()
}

fn scope() -> Scope {
    Scope::new(id(), "Floor 1", range(10, 100))
}

fn with(mut scope: Scope, reservations: &[(u8, u8)]) -> Scope {
    for (last, client) in reservations {
        let address = Ipv4Addr::new(10, 0, 0, *last);
        let reservation = Reservation::new(address, ClientId::mac([*client; 6]));
        scope.reservations.insert(address, reservation.into());
    }
    scope
}

fn server(scope: Scope) -> ServerConfig {
    ServerConfig {
        scopes: [(scope.id, scope.into())].into(),
        ..ServerConfig::default()
    }
}

/// Heals the right scope as far as the right server's coverage goes; gives the edits, and what
/// became of it.
fn healed(left: Scope, right: Scope, coverage: Coverage) -> (Vec<Edit>, Scope) {
    let (left, right) = (server(left), server(right));
    let compare = |right: &ServerConfig| {
        let left = Copy {
            config: &left,
            coverage: Coverage::ALL,
        };
        let right = Copy {
            config: right,
            coverage,
        };
        compare_scopes(left, right, &[id()]).differences
    };
    let edits = heal(&compare(&right));
    let facts = Facts::of(ServerName::new("b"), Rulebook::LATEST);
    let right = apply_all(&right, &facts, &edits).unwrap();
    let scope = Scope::clone(&right.scopes[&id()]);
    (edits, scope)
}

fn heals(left: &Scope, right: &Scope) -> Vec<Edit> {
    let (edits, scope) = healed(left.clone(), right.clone(), Coverage::ALL);
    assert_eq!(scope, *left);
    edits
}

#[test]
fn clients_that_changed_places_are_made_anew() {
    let left = with(scope(), &[(20, 1), (21, 2), (22, 3), (30, 9)]);
    let mut right = with(scope(), &[(20, 2), (21, 3), (22, 1), (30, 9)]);
    let option = OptionKey::standard(3);
    let kept = right.reservations.get_mut(&Ipv4Addr::new(10, 0, 0, 20));
    std::sync::Arc::make_mut(kept.unwrap())
        .options
        .insert(option, OptionValue(vec!["10.0.0.1".into()]));
    let edits = heals(&left, &right);
    assert_eq!(edits.len(), 7);
    // Without knowing their options nothing is lost.
    let coverage = Coverage {
        options: false,
        ..Coverage::ALL
    };
    assert_eq!(healed(left, right.clone(), coverage), (vec![], right));
}

#[test]
fn clients_that_moved_on_are_set_from_the_free_end() {
    let left = with(scope(), &[(20, 2), (21, 3), (22, 4)]);
    let right = with(scope(), &[(20, 1), (21, 2), (22, 3)]);
    let edits = heals(&left, &right);
    let addresses: Vec<u8> = edits
        .iter()
        .map(|edit| match edit {
            Edit::SetReservation { address, .. } => address.octets()[3],
            other => panic!("{other}"),
        })
        .collect();
    assert_eq!(addresses, [22, 21, 20]);
}

#[test]
fn a_client_moves_to_another_address() {
    let edits = heals(&with(scope(), &[(30, 1)]), &with(scope(), &[(20, 1)]));
    assert!(matches!(
        edits[..],
        [Edit::RemoveReservation { .. }, Edit::AddReservation { .. }]
    ));
}

#[test]
fn a_moved_range_goes_over_one_that_covers_both() {
    let (mut left, mut right) = (scope(), scope());
    left.ranges = vec![range(50, 200)];
    left.exclusions = vec![range(150, 160)];
    right.exclusions = vec![range(10, 20), range(100, 100)];
    left.exclusions.insert(0, range(100, 100));
    assert_eq!(heals(&left, &right).len(), 4);
    left.ranges = vec![range(200, 250)];
    left.exclusions.clear();
    heals(&left, &right);
}

#[test]
fn options_of_a_vendor_class_stay_apart() {
    let (mut left, mut right) = (scope(), scope());
    let phone = OptionKey {
        vendor_class: "Phone".to_owned(),
        ..OptionKey::standard(66)
    };
    let value = |text: &str| OptionValue(vec![text.to_owned()]);
    left.options.insert(OptionKey::standard(66), value("a"));
    left.options.insert(phone.clone(), value("b"));
    right.options.insert(phone.clone(), value("c"));
    let user = OptionKey {
        user_class: "x".to_owned(),
        ..phone
    };
    right.options.insert(user, value("d"));
    assert_eq!(heals(&left, &right).len(), 3);
}

#[test]
fn what_is_not_covered_stays() {
    let (mut left, mut right) = (with(scope(), &[(20, 1)]), with(scope(), &[(30, 2)]));
    left.name = "new".to_owned();
    right.exclusions = vec![range(11, 12)];
    let coverage = Coverage {
        reservations: false,
        exclusions: false,
        ..Coverage::ALL
    };
    let (edits, scope) = healed(left, right.clone(), coverage);
    assert_eq!(edits.len(), 1);
    right.name = "new".to_owned();
    assert_eq!(scope, right);
}

#[test]
fn no_scope_is_deleted_and_no_secret_invented() {
    let scope = scope();
    let differences = [
        Detail::Scope {
            left: None,
            right: Some(scope.clone().into()),
        },
        Detail::Membership {
            name: "a-b".to_owned(),
            scope: id(),
            on_left: false,
        },
        Detail::RelationshipProperty {
            name: "a-b".to_owned(),
            left: RelationshipProperty::Authentication(None),
            right: RelationshipProperty::Authentication(Some(
                crate::model::failover::SharedSecret::Kept,
            )),
        },
    ]
    .map(|detail| Difference {
        object: crate::model::ObjectRef::WholeScope(id()),
        detail,
    });
    assert_eq!(heal(&differences), []);
    assert_eq!(heal(&differences[1..]).len(), 1);
}

#[test]
fn a_missing_scope_is_added_and_then_put_under_failover() {
    let mut scope = scope();
    scope.superscope = Some("Building".to_owned());
    let membership = Detail::Membership {
        name: "a-b".to_owned(),
        scope: id(),
        on_left: true,
    };
    let missing = Detail::Scope {
        left: Some(scope.into()),
        right: None,
    };
    let differences = [membership, missing].map(|detail| Difference {
        object: crate::model::ObjectRef::WholeScope(id()),
        detail,
    });
    let edits = heal(&differences);
    assert!(
        matches!(&edits[..], [Edit::AddScope(scope), Edit::AddFailoverScopes { .. }]
            if scope.superscope.is_none())
    );
}
