//! Tests of `changes`.

use super::*;
use crate::model::scope::LeaseDuration;
use crate::model::{OptionKey, OptionValue, Range, ServerName};

fn id() -> ScopeId {
    "10.0.0.0/24".parse().unwrap()
}

fn config() -> ServerConfig {
    let mut scope = Scope::new(id(), "Floor 1", id().hosts());
    let address = "10.0.0.99".parse().unwrap();
    let reservation = Reservation::new(address, "aabbccddeeff".parse().unwrap());
    scope.reservations.insert(address, Arc::new(reservation));
    ServerConfig {
        scopes: [(id(), Arc::new(scope))].into(),
        ..ServerConfig::default()
    }
}

fn lines(before: &ServerConfig, after: &ServerConfig) -> Vec<String> {
    changes(before, after)
        .into_iter()
        .map(|change| {
            format!(
                "{}: {}: {} -> {}",
                change.object,
                change.field,
                change.before.as_deref().unwrap_or("·"),
                change.after.as_deref().unwrap_or("·")
            )
        })
        .collect()
}

#[test]
fn a_scope_that_comes_is_counted_not_listed() {
    let empty = ServerConfig::default();
    assert_eq!(
        lines(&empty, &config()),
        [
            "scope 10.0.0.0: Scope: · -> Floor 1, 10.0.0.1-10.0.0.254",
            "scope 10.0.0.0: Reservations: · -> 1",
        ]
    );
    assert_eq!(lines(&config(), &empty).len(), 2);
    assert_eq!(lines(&config(), &config()), [] as [&str; 0]);
}

#[test]
fn every_level_is_seen() {
    let before = config();
    let mut after = before.clone();
    after.settings.conflict_detection_attempts = 2;
    let value = OptionValue(vec!["10.0.0.1".into()]);
    after.options.insert(OptionKey::standard(3), value.clone());
    let scope = Arc::make_mut(after.scopes.get_mut(&id()).unwrap());
    scope.lease_duration = LeaseDuration::Unlimited;
    scope.superscope = Some("Building".to_owned());
    scope
        .exclusions
        .push(Range::single("10.0.0.7".parse().unwrap()));
    let reservation = scope.reservations.values_mut().next().unwrap();
    Arc::make_mut(reservation).name = "printer".to_owned();
    Arc::make_mut(reservation)
        .options
        .insert(OptionKey::standard(3), value);
    let address = "10.0.0.100".parse().unwrap();
    let new = Reservation::new(address, "00155da76602".parse().unwrap());
    scope.reservations.insert(address, Arc::new(new));
    after.filters.insert(
        "AA-BB-CC-*".parse().unwrap(),
        Filter {
            list: crate::model::policy::FilterList::Deny,
            description: String::new(),
        },
    );
    let mut relationship = Relationship::new("A-B", ServerName::new("b"));
    relationship.scopes.insert(id());
    after.relationships.insert("a-b".to_owned(), relationship);
    assert_eq!(
        lines(&before, &after),
        [
            "the server's settings: Conflict Detection Attempts: 0 -> 2",
            "scope 10.0.0.0: Lease Duration: 8.00:00:00 -> Unlimited",
            "scope 10.0.0.0: Superscope Name:  -> Building",
            "the exclusions of scope 10.0.0.0: Exclusion Range: · -> 10.0.0.7-10.0.0.7",
            "reservation 10.0.0.99: Reservation name:  -> printer",
            "option 003 Router of reservation 10.0.0.99: 003 Router: · -> 10.0.0.1",
            "reservation 10.0.0.100: Client ID: · -> 00-15-5d-a7-66-02",
            "reservation 10.0.0.100: Reservation type: · -> Both",
            "server option 003 Router: 003 Router: · -> 10.0.0.1",
            "filter AA-BB-CC-*-*-*: List: · -> Deny",
            "failover relationship 'A-B': Relationship Name: · -> A-B",
            "failover relationship 'A-B': Partner Server: · -> b",
            "failover relationship 'A-B': Mode: · -> Load Balance, 50 %",
            "failover relationship 'A-B': Maximum Client Lead Time: · -> 01:00:00",
            "failover relationship 'A-B': State Switchover Interval: · -> off",
            "failover relationship 'A-B': Message Authentication: · -> off",
            "failover relationship 'A-B': Scope: · -> 10.0.0.0",
        ]
    );
}

#[test]
fn a_policy_that_moves_changes_its_order() {
    let policy = |name: &str| Policy {
        name: name.to_owned(),
        description: String::new(),
        enabled: true,
        junction: Default::default(),
        conditions: Vec::new(),
        lease_duration: None,
        ranges: Vec::new(),
        options: Options::new(),
    };
    let mut before = config();
    before.policies = vec![policy("a"), policy("b")];
    let mut after = before.clone();
    after.policies.swap(0, 1);
    assert_eq!(
        lines(&before, &after),
        [
            "server policy 'a': Processing Order: 1 -> 2",
            "server policy 'b': Processing Order: 2 -> 1",
        ]
    );
    after.policies.truncate(1);
    assert_eq!(
        lines(&before, &after)[0],
        "server policy 'a': Policy Name: a -> ·"
    );
}
