//! Every rule by its number: the edit that breaks it, and what the operator reads.

mod estate;
mod failover;
mod hanging;
mod scopes;

use std::sync::Arc;

use super::{apply, apply_all};
use crate::model::failover::Relationship;
use crate::model::policy::{Comparator, Condition, Criterion, Junction};
use crate::model::{
    ClientId, Edit, OptionKey, OptionValue, Options, Policy, Range, Reservation, Scope, ScopeId,
    ServerConfig, ServerName,
};
use crate::rules::{Code, Facts, Rulebook};

fn id(prefix: &str) -> ScopeId {
    prefix.parse().unwrap()
}

/// The scope that the tests change.
fn floor() -> ScopeId {
    id("10.0.0.0/24")
}

fn address(text: &str) -> std::net::Ipv4Addr {
    text.parse().unwrap()
}

fn range(start: &str, end: &str) -> Range {
    Range::new(address(start), address(end)).unwrap()
}

fn facts() -> Facts {
    Facts::of(ServerName::new("dhcp1.contoso.com"), Rulebook::LATEST)
}

fn facts_at(version: crate::model::server::ServerVersion) -> Facts {
    Facts {
        rulebook: Rulebook::windows(version),
        ..facts()
    }
}

fn plain(prefix: &str) -> Scope {
    let id = id(prefix);
    Scope::new(id, prefix, id.hosts())
}

fn policy(name: &str) -> Policy {
    Policy {
        name: name.into(),
        description: String::new(),
        enabled: true,
        junction: Junction::Or,
        conditions: vec![Condition {
            criterion: Criterion::MacAddress,
            comparator: Comparator::Eq,
            values: vec!["00-15-5D*".into()],
        }],
        lease_duration: None,
        ranges: Vec::new(),
        options: Options::new(),
    }
}

fn reservation(text: &str, client: u8) -> Reservation {
    Reservation::new(address(text), ClientId::mac([client; 6]))
}

/// A server with two scopes; on the first an exclusion, a reservation and a policy with a range.
fn base() -> ServerConfig {
    let mut scope = plain("10.0.0.0/24");
    scope.ranges = vec![range("10.0.0.10", "10.0.0.200")];
    scope.exclusions = vec![range("10.0.0.20", "10.0.0.29")];
    let mut held = reservation("10.0.0.99", 0xaa);
    held.name = "test".into();
    scope.reservations.insert(held.address, Arc::new(held));
    let mut phones = policy("phones");
    phones.ranges = vec![range("10.0.0.150", "10.0.0.159")];
    scope.policies = vec![phones];
    scope
        .options
        .insert(OptionKey::standard(3), OptionValue(vec!["10.0.0.1".into()]));
    let mut config = ServerConfig::default();
    for scope in [scope, plain("10.0.1.0/24")] {
        config.scopes.insert(scope.id, Arc::new(scope));
    }
    config
}

/// The same with a relationship `Pair` with dc1 that has the first scope in it.
fn paired() -> ServerConfig {
    let mut config = base();
    let mut relationship = Relationship::new("Pair", ServerName::new("dc1.contoso.com"));
    relationship.scopes.insert(floor());
    config.relationships.insert("pair".into(), relationship);
    config
}

/// That the edit is refused by that rule, in a sentence with these words in it.
#[track_caller]
fn refused(config: &ServerConfig, facts: &Facts, edit: &Edit, code: Code, words: &[&str]) {
    let error = apply(config, facts, edit).unwrap_err();
    assert_eq!(error.code, code, "{error}");
    for word in words {
        assert!(error.sentence.contains(word), "no '{word}' in: {error}");
    }
}

/// That the edit is accepted; gives the outcome.
#[track_caller]
fn accepted(config: &ServerConfig, facts: &Facts, edit: &Edit) -> ServerConfig {
    let after = apply(config, facts, edit).unwrap();
    assert_eq!(
        crate::rules::invariants::check(&after),
        Vec::<String>::new()
    );
    after
}

#[test]
fn what_an_edit_does_not_touch_stays_shared() {
    let before = base();
    let after = accepted(
        &before,
        &facts(),
        &Edit::AddReservation {
            scope: floor(),
            reservation: reservation("10.0.0.100", 1),
        },
    );
    let (here, other) = (floor(), id("10.0.1.0/24"));
    assert!(Arc::ptr_eq(&before.scopes[&other], &after.scopes[&other]));
    assert!(!Arc::ptr_eq(&before.scopes[&here], &after.scopes[&here]));
    let held = address("10.0.0.99");
    assert!(Arc::ptr_eq(
        &before.scopes[&here].reservations[&held],
        &after.scopes[&here].reservations[&held]
    ));
    // An edit that changes nothing shares everything.
    let properties = before.scopes[&here].properties();
    let scope = here;
    let same = accepted(&before, &facts(), &Edit::SetScope { scope, properties });
    assert!(Arc::ptr_eq(&before.scopes[&here], &same.scopes[&here]));
}

#[test]
fn several_edits_are_all_done_or_none() {
    let edits = [
        Edit::RemoveScope {
            scope: id("10.0.1.0/24"),
            force: false,
        },
        Edit::RemoveScope {
            scope: id("10.0.1.0/24"),
            force: false,
        },
    ];
    let error = apply_all(&base(), &facts(), &edits).unwrap_err();
    assert_eq!(error.code, Code::SubnetNotPresent);
    assert_eq!(
        apply_all(&base(), &facts(), &edits[..1])
            .unwrap()
            .scopes
            .len(),
        1
    );
}

#[test]
fn hostile_names_are_shown_fit_for_a_screen() {
    let name = "\u{1b}]0;owned\u{7}\u{202e}".to_owned();
    let error = apply(&base(), &facts(), &Edit::RemoveRelationship { name }).unwrap_err();
    assert!(
        !error.to_string().chars().any(char::is_control),
        "{error:?}"
    );
}
