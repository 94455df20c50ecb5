//! Tests of `invert`.

use std::sync::Arc;

use super::*;
use crate::model::failover::SharedSecret;
use crate::model::policy::{Comparator, Condition, Criterion, Junction};
use crate::model::server::ServerName;
use crate::model::{Options, Range};
use crate::rules::{Rulebook, apply, apply_all};

fn id(prefix: &str) -> ScopeId {
    prefix.parse().unwrap()
}

fn facts() -> Facts {
    Facts::of(ServerName::new("dhcp1.contoso.com"), Rulebook::LATEST)
}

fn policy_of(name: &str) -> Policy {
    Policy {
        name: name.into(),
        description: String::new(),
        enabled: true,
        junction: Junction::Or,
        conditions: vec![Condition {
            criterion: Criterion::UserClass,
            comparator: Comparator::Eq,
            values: vec!["guest".into()],
        }],
        lease_duration: None,
        ranges: Vec::new(),
        options: Options::new(),
    }
}

fn with_scope(change: impl FnOnce(&mut Scope)) -> ServerConfig {
    let id = id("10.0.0.0/24");
    let mut scope = Scope::new(id, "floor 1", id.hosts());
    change(&mut scope);
    let mut config = ServerConfig::default();
    config.scopes.insert(id, Arc::new(scope));
    config
}

fn with_relationship(authenticated: bool, scopes: usize) -> ServerConfig {
    let mut config = ServerConfig::default();
    let mut relationship = Relationship::new("Pair", ServerName::new("dc1.contoso.com"));
    relationship.authenticated = authenticated;
    for number in 0..scopes {
        let number = u32::try_from(number).unwrap();
        let address = Ipv4Addr::from_bits(0x0a00_0000 + number * 256);
        let id = ScopeId::of(address, 24).unwrap();
        let scope = Scope::new(id, "s", id.hosts());
        config.scopes.insert(id, Arc::new(scope));
        relationship.scopes.insert(id);
    }
    config.relationships.insert("pair".into(), relationship);
    config
}

fn comes_back(before: &ServerConfig, edit: &Edit) -> Vec<Edit> {
    let after = apply(before, &facts(), edit).unwrap();
    assert_ne!(&after, before, "{edit} did nothing");
    let inverse = invert(before, edit).unwrap();
    assert_eq!(&apply_all(&after, &facts(), &inverse).unwrap(), before);
    inverse
}

#[test]
fn a_removed_scope_comes_back_whole() {
    let before = with_scope(|scope| {
        scope.superscope = Some("building".into());
        scope.foreign = vec!["a word of another server".into()];
        scope.policies = vec![policy_of("a"), policy_of("b")];
    });
    comes_back(
        &before,
        &Edit::RemoveScope {
            scope: id("10.0.0.0/24"),
            force: false,
        },
    );
}

#[test]
fn a_policy_comes_back_to_its_place_and_its_name() {
    let before = with_scope(|scope| {
        scope.policies = vec![policy_of("a"), policy_of("b"), policy_of("c")];
    });
    let level = Some(id("10.0.0.0/24"));
    comes_back(
        &before,
        &Edit::RemovePolicy {
            level,
            name: "A".into(),
        },
    );
    comes_back(
        &before,
        &Edit::SetPolicy {
            level,
            name: "C".into(),
            properties: vec![
                PolicyProperty::ProcessingOrder(1),
                PolicyProperty::Name("first".into()),
            ],
        },
    );
}

#[test]
fn a_range_comes_back_after_growing_and_shrinking() {
    let small: Range = Range::new([10, 0, 0, 50].into(), [10, 0, 0, 99].into()).unwrap();
    let scope = id("10.0.0.0/24");
    for (from, to) in [(small, scope.hosts()), (scope.hosts(), small)] {
        comes_back(
            &with_scope(|scope| scope.ranges = vec![from]),
            &Edit::SetScope {
                scope,
                properties: vec![ScopeProperty::Ranges(vec![to])],
            },
        );
    }
}

#[test]
fn a_scope_moved_by_force_is_taken_out_of_its_new_superscope_first() {
    let before = with_scope(|scope| scope.superscope = Some("a".into()));
    let edit = Edit::SetScope {
        scope: id("10.0.0.0/24"),
        properties: vec![ScopeProperty::Superscope(Some("b".into()))],
    };
    let forced = with_scope(|scope| scope.superscope = Some("b".into()));
    let inverse = invert(&before, &edit).unwrap();
    assert_eq!(apply_all(&forced, &facts(), &inverse).unwrap(), before);
}

#[test]
fn turning_authentication_on_can_be_undone_and_nothing_else_about_a_secret() {
    let set = |secret| Edit::SetRelationship {
        name: "PAIR".into(),
        properties: vec![RelationshipProperty::Authentication(secret)],
    };
    comes_back(
        &with_relationship(false, 1),
        &set(Some(SharedSecret::Text("x".into()))),
    );
    let before = with_relationship(true, 1);
    for secret in [None, Some(SharedSecret::Text("y".into()))] {
        let why = invert(&before, &set(secret)).unwrap_err();
        assert!(why.reason.contains("'Pair'"), "{why}");
    }
    let kept = invert(&before, &set(Some(SharedSecret::Kept))).unwrap();
    assert_eq!(apply_all(&before, &facts(), &kept).unwrap(), before);
    let gone = Edit::RemoveRelationship {
        name: "pair".into(),
    };
    assert!(invert(&before, &gone).is_err());
    comes_back(&with_relationship(false, 1), &gone);
}

#[test]
fn a_large_relationship_comes_back_in_portions() {
    let before = with_relationship(false, 2 * MAX_ADD_SCOPES + 1);
    let edits = comes_back(
        &before,
        &Edit::RemoveRelationship {
            name: "pair".into(),
        },
    );
    assert_eq!(edits.len(), 3);
}

#[test]
fn several_edits_come_back_in_reverse() {
    let before = ServerConfig::default();
    let scope = id("10.0.0.0/24");
    let edits = [
        Edit::AddScope(Box::new(Scope::new(scope, "a", scope.hosts()))),
        Edit::SetScope {
            scope,
            properties: vec![ScopeProperty::Name("b".into())],
        },
        Edit::RemoveScope {
            scope,
            force: false,
        },
        Edit::AddScope(Box::new(Scope::new(scope, "c", scope.hosts()))),
    ];
    let after = apply_all(&before, &facts(), &edits).unwrap();
    let inverse = invert_all(&before, &facts(), &edits).unwrap();
    assert_eq!(apply_all(&after, &facts(), &inverse).unwrap(), before);
    assert!(invert_all(&before, &facts(), &edits[1..]).is_err());
}

#[test]
fn what_was_not_there_cannot_come_back() {
    let config = ServerConfig::default();
    let edit = Edit::RemoveScope {
        scope: id("10.9.0.0/24"),
        force: true,
    };
    let why = invert(&config, &edit).unwrap_err();
    assert!(why.reason.contains("10.9.0.0/24"));
}
