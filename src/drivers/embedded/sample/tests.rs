//! Whether the sample is what it says, and what edits could have made.

use super::*;
use crate::model::{Edit, LeaseState};
use crate::rules::{Facts, Rulebook, apply_all, invariants};
use std::collections::BTreeSet;

fn sample() -> Vec<NewServer> {
    estate("2026-01-10T08:00:00Z".parse().unwrap())
}

fn get<'a>(servers: &'a [NewServer], host: &str) -> &'a NewServer {
    servers
        .iter()
        .find(|server| server.identity.name == name(host))
        .unwrap()
}

/// The edits by which an administrator would make the same.
fn edits(config: &ServerConfig) -> Vec<Edit> {
    let mut edits = vec![Edit::SetSettings {
        properties: config.settings.properties(),
    }];
    edits.extend(
        config
            .scopes
            .values()
            .map(|scope| Edit::AddScope(Box::new((**scope).clone()))),
    );
    edits.extend(config.options.iter().map(|(key, value)| Edit::SetOption {
        level: crate::model::OptionLevel::Server,
        key: key.clone(),
        value: value.clone(),
    }));
    edits.extend(config.policies.iter().map(|policy| Edit::AddPolicy {
        level: None,
        policy: Box::new(policy.clone()),
        order: None,
    }));
    edits.extend(
        config
            .filters
            .iter()
            .map(|(pattern, filter)| Edit::AddFilter {
                pattern: pattern.clone(),
                filter: filter.clone(),
                force: false,
            }),
    );
    edits.extend(config.relationships.values().map(|relationship| {
        Edit::AddRelationship {
            relationship: relationship.clone(),
            ha: None,
            secret: relationship
                .authenticated
                .then(|| crate::model::failover::SharedSecret::Text("secret".into())),
        }
    }));
    edits
}

#[test]
fn every_server_could_have_been_made_by_edits() {
    for server in sample() {
        let mut facts = Facts::of(server.identity.name.clone(), Rulebook::LATEST);
        facts.rulebook.version = server.identity.version.unwrap();
        let made = apply_all(&ServerConfig::default(), &facts, &edits(&server.config));
        assert_eq!(
            made.unwrap_or_else(|error| panic!("{}: {error}", server.identity.name)),
            server.config,
            "{}",
            server.identity.name
        );
        assert_eq!(invariants::check(&server.config), Vec::<String>::new());
    }
}

#[test]
fn the_pairs_agree_on_their_relationships() {
    let servers = sample();
    for (one, other) in [("dhcp1", "dc1"), ("dhcp2", "dhcp3"), ("branch1", "branch2")] {
        let (one, other) = (get(&servers, one), get(&servers, other));
        assert_eq!(
            invariants::check_pair(
                (&one.identity.name, &one.config),
                (&other.identity.name, &other.config)
            ),
            Vec::<String>::new()
        );
    }
}

#[test]
fn the_seed_is_there_to_the_letter() {
    let servers = sample();
    assert_eq!(servers[0].identity.name.as_str(), "dhcp1.contoso.com");
    assert_eq!(servers[1].identity.name.as_str(), "dc1.contoso.com");
    let id = parts::net("10.0.0.0/24");
    let free = ip("10.0.0.100");
    for server in &servers[..2] {
        let scope = &server.config.scopes[&id];
        assert_eq!(scope.reservations.len(), 1);
        let reservation = &scope.reservations[&ip("10.0.0.99")];
        assert_eq!(reservation.client.to_string(), "aa-bb-cc-dd-ee-ff");
        assert_eq!(
            (&*reservation.name, &*reservation.description),
            ("test", "A1")
        );
        assert_eq!(reservation.kind, ClientType::Both);
        assert!(server.leases.iter().all(|lease| lease.address != free));
        assert_eq!(server.config.relationships.len(), 1);
    }
    let relationship = servers[0]
        .config
        .relationship("dhcp1.contoso.com-dc1.contoso.com")
        .unwrap();
    assert_eq!(relationship.mode, Mode::LoadBalance { percent: 50 });
    assert_eq!(relationship.mclt, Seconds::hours(1));
    assert_eq!(relationship.switch_interval, None);
    assert!(!relationship.authenticated);
    assert_eq!(relationship.scopes, BTreeSet::from([id]));
}

#[test]
fn leases_are_of_their_scopes_and_no_address_is_given_twice() {
    for server in sample() {
        let mut addresses = BTreeSet::new();
        for lease in &server.leases {
            let scope = &server.config.scopes[&lease.scope];
            assert!(scope.id.contains(lease.address));
            assert!(addresses.insert(lease.address), "{} twice", lease.address);
            let of_other = scope
                .reservations
                .get(&lease.address)
                .is_some_and(|reservation| reservation.client != lease.client);
            assert!(!of_other);
        }
    }
}

#[test]
fn both_partners_know_the_same_leases_and_one_scope_is_nearly_full() {
    let servers = sample();
    for (one, other) in [("dhcp1", "dc1"), ("dhcp2", "dhcp3"), ("branch1", "branch2")] {
        let (one, other) = (get(&servers, one), get(&servers, other));
        let shared = |server: &NewServer| {
            let leases = server.leases.iter().cloned();
            let shared = leases.filter(|lease| lease.given_by.is_some());
            shared.collect::<Vec<_>>()
        };
        assert_eq!(shared(one), shared(other));
        assert!(!shared(one).is_empty());
    }
    let (dhcp2, dhcp3) = (get(&servers, "dhcp2"), get(&servers, "dhcp3"));
    let meeting = parts::net("10.1.6.0/24");
    let of = |server: &NewServer| {
        let leases = server.leases.iter().filter(|lease| lease.scope == meeting);
        leases.cloned().collect::<Vec<_>>()
    };
    assert_eq!(of(dhcp2), of(dhcp3));
    let scope = &dhcp2.config.scopes[&meeting];
    let usable = crate::model::address::usable(&scope.ranges, &scope.exclusions);
    let active = of(dhcp2)
        .iter()
        .filter(|lease| lease.state != LeaseState::Expired)
        .count() as u64;
    assert!(active * 100 > usable * 87, "{active} of {usable}");
    assert!(active < usable);
}
