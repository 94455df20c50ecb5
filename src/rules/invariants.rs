//! What holds of every configuration that edits have made, whatever the edits.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::failover::{MAX_NAME, MAX_RELATIONSHIPS, Mode};
use crate::model::policy::Criterion;
use crate::model::{Policy, Range, Scope, ScopeId, ServerConfig, ServerName};

/// What is wrong with a configuration, a sentence each; nothing for one that edits have made.
///
/// A server that is not Microsoft's may well have a configuration of which this says something.
#[must_use]
pub fn check(config: &ServerConfig) -> Vec<String> {
    let mut wrong = Vec::new();
    for pair in config.scopes.keys().collect::<Vec<_>>().windows(2) {
        if pair[0].overlaps(pair[1]) {
            wrong.push(format!(
                "scopes {} and {} overlap",
                pair[0].net(),
                pair[1].net()
            ));
        }
    }
    for (id, scope) in &config.scopes {
        if scope.id != *id {
            wrong.push(format!("scope {} is listed under {}", scope.id, id));
        }
        check_scope(scope, &mut wrong);
    }
    check_policies("the server", &config.policies, &[], &mut wrong);
    if config.settings.conflict_detection_attempts > 5 {
        wrong.push("there are more than 5 conflict detection attempts".to_owned());
    }
    check_relationships(config, &mut wrong);
    wrong
}

/// What two servers do not agree on about the relationships that they have with each other.
#[must_use]
pub fn check_pair(
    (first_name, first): (&ServerName, &ServerConfig),
    (second_name, second): (&ServerName, &ServerConfig),
) -> Vec<String> {
    let mut wrong = Vec::new();
    for (name, config, other_name, other) in [
        (first_name, first, second_name, second),
        (second_name, second, first_name, first),
    ] {
        for (key, relationship) in &config.relationships {
            if !relationship.partner.means(other_name.as_str()) {
                continue;
            }
            let at =
                |what: &str| format!("relationship '{key}': {what} on {name} and {other_name}");
            let Some(theirs) = other.relationships.get(key) else {
                wrong.push(format!(
                    "relationship '{key}' of {name} is not on {other_name}"
                ));
                continue;
            };
            let mut mirrored = relationship.mirrored(name);
            if !theirs.partner.means(name.as_str()) {
                wrong.push(at("different partners"));
            }
            // Compared above, in whichever spelling.
            mirrored.partner.clone_from(&theirs.partner);
            if mirrored != *theirs {
                wrong.push(at("not the same"));
            }
            for scope in &relationship.scopes {
                if !config.scopes.contains_key(scope) || !other.scopes.contains_key(scope) {
                    wrong.push(at(&format!("scope {} is missing", scope.net())));
                }
            }
        }
    }
    wrong
}

fn check_scope(scope: &Scope, wrong: &mut Vec<String>) {
    let id = scope.id;
    let mut must = |holds: bool, what: &str| {
        if !holds {
            wrong.push(format!("scope {}: {what}", id.net()));
        }
    };
    let length = scope.name.encode_utf16().count();
    must((1..=256).contains(&length), "its name is too short or long");
    must(scope.delay_ms <= 1000, "its delay is too long");
    must(scope.ranges.len() == 1, "it has not exactly one range");
    let hosts = id.hosts();
    must(
        scope.ranges.iter().all(|range| hosts.covers(range)),
        "a range is not within its hosts",
    );
    must(disjoint(&scope.exclusions), "exclusions overlap");
    must(
        scope
            .exclusions
            .iter()
            .all(|exclusion| scope.ranges.iter().any(|range| range.covers(exclusion))),
        "an exclusion is not within its range",
    );
    must(
        scope
            .reservations
            .iter()
            .all(|(address, reservation)| reservation.address == *address),
        "a reservation is listed under another address",
    );
    must(
        scope
            .reservations
            .keys()
            .all(|address| hosts.contains(*address)),
        "a reservation is not within its hosts",
    );
    let clients: BTreeSet<_> = scope
        .reservations
        .values()
        .map(|reservation| &reservation.client)
        .collect();
    must(
        clients.len() == scope.reservations.len(),
        "a client is reserved twice",
    );
    check_policies(
        &format!("scope {}", id.net()),
        &scope.policies,
        &scope.ranges,
        wrong,
    );
}

fn check_policies(at: &str, policies: &[Policy], within: &[Range], wrong: &mut Vec<String>) {
    let names: BTreeSet<String> = policies
        .iter()
        .map(|policy| policy.name.to_ascii_lowercase())
        .collect();
    if names.len() != policies.len() {
        wrong.push(format!("{at}: two policies have one name"));
    }
    let mut ranges: Vec<Range> = policies
        .iter()
        .flat_map(|policy| policy.ranges.iter().copied())
        .collect();
    if !ranges
        .iter()
        .all(|range| within.iter().any(|whole| whole.covers(range)))
    {
        wrong.push(format!("{at}: a policy's range lies outside"));
    }
    ranges.sort_unstable();
    if !disjoint(&ranges) {
        wrong.push(format!("{at}: the ranges of policies overlap"));
    }
    for policy in policies {
        let on_fqdn = policy
            .conditions
            .iter()
            .any(|condition| condition.criterion == Criterion::Fqdn);
        if policy.conditions.is_empty() {
            wrong.push(format!("{at}: a policy has no condition"));
        }
        if on_fqdn && !(policy.ranges.is_empty() && policy.options.is_empty()) {
            wrong.push(format!("{at}: a policy on Fqdn has ranges or options"));
        }
    }
}

fn check_relationships(config: &ServerConfig, wrong: &mut Vec<String>) {
    if config.relationships.len() > MAX_RELATIONSHIPS {
        wrong.push(format!(
            "there are more than {MAX_RELATIONSHIPS} relationships"
        ));
    }
    let mut held = BTreeMap::<ScopeId, &str>::new();
    for (key, relationship) in &config.relationships {
        let mut must = |holds: bool, what: &str| {
            if !holds {
                wrong.push(format!("relationship '{key}': {what}"));
            }
        };
        must(
            relationship.name.to_lowercase() == *key,
            "it is listed under another name",
        );
        let length = relationship.name.encode_utf16().count();
        must(
            (1..=MAX_NAME).contains(&length),
            "its name is too short or long",
        );
        must(relationship.mclt.0 > 0, "its MCLT is 0");
        let (Mode::LoadBalance { percent }
        | Mode::HotStandby {
            reserve_percent: percent,
            ..
        }) = relationship.mode;
        must(percent <= 100, "a share of it is above 100 %");
        for scope in &relationship.scopes {
            must(
                config.scopes.contains_key(scope),
                "a scope in it is not there",
            );
            must(
                held.insert(*scope, key).is_none(),
                "a scope in it is in another one too",
            );
        }
    }
}

/// Whether ranges in order share no address.
fn disjoint(ranges: &[Range]) -> bool {
    ranges
        .windows(2)
        .all(|pair| pair[0].end() < pair[1].start())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::{ClientId, Relationship, Reservation};

    fn with(prefix: &str, change: impl FnOnce(&mut Scope)) -> ServerConfig {
        let id: ScopeId = prefix.parse().unwrap();
        let mut scope = Scope::new(id, "a", id.hosts());
        change(&mut scope);
        ServerConfig {
            scopes: [(id, Arc::new(scope))].into(),
            ..ServerConfig::default()
        }
    }

    #[test]
    fn a_sound_configuration_has_nothing_wrong() {
        assert_eq!(check(&with("10.0.0.0/24", |_| {})), Vec::<String>::new());
    }

    #[test]
    fn what_is_wrong_is_found() {
        let twice = |scope: &mut Scope| {
            for last in [1, 2] {
                let address = [10, 0, 0, last].into();
                let reservation = Reservation::new(address, ClientId::mac([1; 6]));
                scope.reservations.insert(address, Arc::new(reservation));
            }
        };
        assert_eq!(check(&with("10.0.0.0/24", twice)).len(), 1);
        assert_eq!(
            check(&with("10.0.0.0/24", |scope| scope.ranges.clear())).len(),
            1
        );

        let mut overlap = with("10.0.0.0/24", |_| {});
        overlap.scopes.extend(with("10.0.0.0/16", |_| {}).scopes);
        assert_eq!(check(&overlap).len(), 1);

        let mut config = with("10.0.0.0/24", |_| {});
        for name in ["a", "b"] {
            let mut relationship = Relationship::new(name, ServerName::new("dc1"));
            relationship.scopes.extend(config.scopes.keys());
            config.relationships.insert(name.into(), relationship);
        }
        assert_eq!(check(&config).len(), 1);
        config.scopes.clear();
        assert_eq!(check(&config).len(), 3);
    }

    #[test]
    fn two_servers_that_do_not_agree_are_found() {
        let (first, second) = (ServerName::new("dhcp1"), ServerName::new("dc1"));
        let relationship = Relationship::new("pair", second.clone());
        let mut here = ServerConfig::default();
        let mut there = ServerConfig::default();
        let wrong = |here: &ServerConfig, there: &ServerConfig| {
            check_pair((&first, here), (&second, there)).len()
        };
        here.relationships
            .insert("pair".into(), relationship.clone());
        assert_eq!(wrong(&here, &there), 1);
        there
            .relationships
            .insert("pair".into(), relationship.mirrored(&first));
        assert_eq!(wrong(&here, &there), 0);
        if let Some(theirs) = there.relationships.get_mut("pair") {
            theirs.mode = Mode::LoadBalance { percent: 1 };
        }
        assert_eq!(wrong(&here, &there), 2);
    }
}
