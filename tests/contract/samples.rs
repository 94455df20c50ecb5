//! One of every kind of edit and more: each must be seen on the server it was made on, not on its
//! partner, and its inverse must bring back exactly what was.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::sync::Arc;

use twinscope::drivers::DriverError;
use twinscope::model::failover::RelationshipProperty;
use twinscope::model::fingerprint::fingerprint;
use twinscope::model::policy::{
    Comparator, Condition, Criterion, Filter, FilterList, Junction, PolicyProperty,
};
use twinscope::model::reservation::ReservationProperty;
use twinscope::model::scope::{
    ClientType, DnsSettings, DynamicUpdates, LeaseDuration, ScopeProperty, ScopeState, Seconds,
};
use twinscope::model::settings::SettingsProperty;
use twinscope::model::{
    Edit, OptionKey, OptionLevel, OptionValue, Options, Policy, PolicyLevel, Range, Relationship,
    Reservation, Scope, ServerConfig,
};
use twinscope::rules;

use super::{
    Held, Outcome, apply, client, config, driver, facts, free, held, put, refusal, reserve, shown,
};

macro_rules! kinds {
    ($($kind:ident),* $(,)?) => {
        /// The kinds of edits.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub enum Kind { $($kind),* }

        impl Kind {
            const ALL: &[Kind] = &[$(Kind::$kind),*];

            /// An edit's kind.
            pub fn of(edit: &Edit) -> Kind {
                match edit { $(Edit::$kind { .. } => Kind::$kind),* }
            }
        }
    };
}

kinds!(
    AddScope,
    SetScope,
    ReplaceScope,
    RemoveScope,
    AddExclusion,
    RemoveExclusion,
    AddReservation,
    SetReservation,
    RemoveReservation,
    SetOption,
    RemoveOption,
    AddPolicy,
    SetPolicy,
    RemovePolicy,
    AddFilter,
    RemoveFilter,
    SetSettings,
    RenameSuperscope,
    AddRelationship,
    SetRelationship,
    RemoveRelationship,
    AddFailoverScopes,
    RemoveFailoverScopes,
);

/// An edit, after what has to be there first.
struct Sample {
    first: Vec<Edit>,
    edit: Edit,
}

fn sample(first: &[&Edit], edit: Edit) -> Sample {
    Sample {
        first: first.iter().map(|edit| (*edit).clone()).collect(),
        edit,
    }
}

pub async fn every_kind_of_edit_has_a_sample(bench: &Held) -> Outcome {
    let samples = samples(bench).await;
    let sampled: BTreeSet<Kind> = samples.iter().map(|one| Kind::of(&one.edit)).collect();
    for kind in Kind::ALL {
        assert!(sampled.contains(kind), "{kind:?}");
    }
    let known = samples.iter().filter(|sample| bench.knows(&sample.edit));
    let known: BTreeSet<Kind> = known.map(|sample| Kind::of(&sample.edit)).collect();
    for kind in [
        Kind::SetScope,
        Kind::AddReservation,
        Kind::SetReservation,
        Kind::RemoveReservation,
        Kind::SetOption,
        Kind::RemoveOption,
    ] {
        assert!(known.contains(&kind), "no server is without {kind:?}");
    }
    Ok(())
}

pub async fn every_edit_is_there_not_at_the_partner_and_taken_back(bench: &Held) -> Outcome {
    for sample in samples(bench).await {
        let Sample { first, edit } = sample;
        let whole = edit.clone();
        let edit = bench.fit(edit);
        if !bench.knows(&whole) {
            is_unsupported(bench, &whole).await;
            if edit == whole {
                continue;
            }
        }
        let fitting: Vec<Edit> = first.iter().map(|edit| bench.fit(edit.clone())).collect();
        let less = edit != whole || fitting != first;
        let first = fitting;
        // What can't be prepared on these servers can't be tried.
        if !first.iter().all(|edit| bench.knows(edit)) {
            continue;
        }
        let (before, partner) = (config(bench, 0).await, config(bench, 1).await);
        if !first.is_empty() {
            put(bench, 0, &first).await;
        }
        let prepared = config(bench, 0).await;
        put(bench, 0, std::slice::from_ref(&edit)).await;
        let after = config(bench, 0).await;
        let foretold = match rules::apply(&prepared, &facts(bench, 0), &edit) {
            Ok(foretold) => foretold,
            Err(error) => panic!("{edit}: done, though the rules refuse it: {error}"),
        };
        assert_eq!(
            *after, foretold,
            "{edit}: the rules foretell another outcome"
        );
        // Nothing but what is left of a sample may change nothing.
        assert!(
            less || after != prepared,
            "{edit}: a sample that changes nothing"
        );
        let touched = edit.touches();
        let answers = driver(bench, 0).read_back(&touched).await;
        let answers = answers.expect("it reads back");
        for (object, answer) in touched.iter().zip(answers) {
            assert_eq!(answer, fingerprint(&foretold, object), "{edit}: {object}");
        }
        let both = first.iter().chain([&edit]);
        if !both.map(Kind::of).any(|kind| bench.changes_both(kind)) {
            assert_eq!(config(bench, 1).await, partner, "{edit}: at the partner");
        }
        let inverse = match rules::invert(&prepared, &edit) {
            Ok(inverse) => inverse,
            Err(error) => panic!("{edit}: no way back: {error}"),
        };
        put(bench, 0, &inverse).await;
        assert_eq!(config(bench, 0).await, prepared, "{edit}: taken back");
        if !first.is_empty() {
            let back = rules::invert_all(&before, &facts(bench, 0), &first);
            let back = back.unwrap_or_else(|error| panic!("{}: {error}", shown(&first)));
            put(bench, 0, &back).await;
            assert_eq!(config(bench, 0).await, before, "{}", shown(&first));
        }
    }
    Ok(())
}

async fn is_unsupported(bench: &Held, edit: &Edit) {
    let before = config(bench, 0).await;
    let error = refusal(apply(bench, 0, std::slice::from_ref(edit)).await, "it");
    let unsupported = matches!(error, DriverError::Unsupported { .. });
    assert!(unsupported, "{edit}: it has no meaning here, but {error}");
    assert_eq!(config(bench, 0).await, before, "{edit}");
}

/// The address of that number in the spare subnet.
fn host(bench: &Held, number: u32) -> Ipv4Addr {
    Ipv4Addr::from_bits(bench.spare().address().to_bits() + number)
}

fn span(bench: &Held, from: u32, to: u32) -> Range {
    Range::new(host(bench, from), host(bench, to)).expect("a range")
}

fn value(text: &str) -> OptionValue {
    OptionValue(vec![text.to_owned()])
}

/// A scope in the spare subnet, with a bit of everything but policies.
fn spare_scope(bench: &Held) -> Scope {
    let mut scope = Scope::new(bench.spare(), "Contract", span(bench, 10, 200));
    scope.description = "What the contract adds".to_owned();
    scope.lease_duration = LeaseDuration::Limited(Seconds::hours(7));
    scope.exclusions = vec![span(bench, 20, 29)];
    let router = value(&host(bench, 1).to_string());
    scope.options.insert(OptionKey::standard(3), router);
    let mut reservation = Reservation::new(host(bench, 50), client(90));
    reservation.name = "printer".to_owned();
    scope
        .reservations
        .insert(reservation.address, Arc::new(reservation));
    scope
}

fn policy(name: &str) -> Policy {
    Policy {
        name: name.to_owned(),
        description: "Telephones".to_owned(),
        enabled: true,
        junction: Junction::Or,
        conditions: vec![Condition {
            criterion: Criterion::MacAddress,
            comparator: Comparator::Eq,
            values: vec!["02C047*".to_owned()],
        }],
        lease_duration: Some(Seconds::hours(3)),
        ranges: Vec::new(),
        options: Options::new(),
    }
}

async fn samples(bench: &Held) -> Vec<Sample> {
    let config = config(bench, 0).await;
    let addresses = free(bench, 4).await;
    let mut samples = scopes(bench, &config, &addresses);
    samples.extend(reservations(bench, &addresses));
    samples.extend(options(bench, &config, &addresses));
    for level in [None, Some(bench.scope())] {
        samples.extend(policies(level));
    }
    samples.extend(server_wide(&config));
    samples.extend(relationships(bench, &config));
    samples
}

fn scopes(bench: &Held, config: &ServerConfig, addresses: &[Ipv4Addr]) -> Vec<Sample> {
    let id = bench.scope();
    let spare = spare_scope(bench);
    let add = Edit::AddScope(Box::new(spare.clone()));
    let set = |scope, property| Edit::SetScope {
        scope,
        properties: vec![property],
    };
    let mut samples = vec![
        sample(&[], add.clone()),
        sample(
            &[&add],
            Edit::RemoveScope {
                scope: spare.id,
                force: false,
            },
        ),
    ];
    let dns = DnsSettings {
        dynamic_updates: DynamicUpdates::Always,
        suffix: "contract.example".to_owned(),
        ..DnsSettings::default()
    };
    for property in [
        ScopeProperty::Name("Renamed".to_owned()),
        ScopeProperty::Description(String::new()),
        ScopeProperty::State(ScopeState::Inactive),
        ScopeProperty::Ranges(vec![span(bench, 10, 220)]),
        ScopeProperty::LeaseDuration(LeaseDuration::Unlimited),
        ScopeProperty::Kind(ClientType::Both),
        ScopeProperty::MaxBootpClients(17),
        ScopeProperty::Delay(250),
        ScopeProperty::Superscope(Some("Contract floor".to_owned())),
        ScopeProperty::ActivatePolicies(false),
        ScopeProperty::Dns(Some(dns)),
    ] {
        samples.push(sample(&[&add], set(spare.id, property)));
    }
    // The failover scope's own, on one side alone.
    for property in [
        ScopeProperty::Description("on one side".to_owned()),
        ScopeProperty::LeaseDuration(LeaseDuration::Limited(Seconds(4321))),
    ] {
        samples.push(sample(&[], set(id, property)));
    }
    let mut copy = (*held(bench, config)).clone();
    copy.description = "another copy".to_owned();
    copy.exclusions.push(Range::single(addresses[0]));
    copy.exclusions.sort_unstable();
    let mut reservation = Reservation::new(addresses[1], client(91));
    reservation.description = "came with the copy".to_owned();
    copy.reservations
        .insert(reservation.address, Arc::new(reservation));
    samples.push(sample(&[], Edit::ReplaceScope(Box::new(copy))));

    let range = Range::new(addresses[0], addresses[1]).expect("in order");
    let exclude = Edit::AddExclusion { scope: id, range };
    samples.push(sample(&[], exclude.clone()));
    let include = Edit::RemoveExclusion { scope: id, range };
    samples.push(sample(&[&exclude], include));

    let mut in_superscope = spare;
    in_superscope.superscope = Some("Contract floor".to_owned());
    samples.push(sample(
        &[&Edit::AddScope(Box::new(in_superscope))],
        Edit::RenameSuperscope {
            from: "Contract floor".to_owned(),
            to: "Contract storey".to_owned(),
        },
    ));
    samples
}

fn reservations(bench: &Held, addresses: &[Ipv4Addr]) -> Vec<Sample> {
    let (scope, address) = (bench.scope(), addresses[0]);
    let mut reservation = Reservation::new(address, client(1));
    reservation.name = "printer-1".to_owned();
    reservation.description = "Room 1".to_owned();
    reservation.kind = ClientType::Dhcp;
    reservation
        .options
        .insert(OptionKey::standard(15), value("printers.example"));
    let add = Edit::AddReservation { scope, reservation };
    let plain = reserve(bench, addresses[1], 2);
    let mut samples = vec![
        sample(&[], add.clone()),
        sample(&[], plain.clone()),
        sample(&[&plain, &add], Edit::RemoveReservation { scope, address }),
    ];
    for properties in [
        vec![ReservationProperty::Client(client(3))],
        vec![ReservationProperty::Name("printer-2".to_owned())],
        vec![ReservationProperty::Kind(ClientType::Both)],
        vec![
            ReservationProperty::Name(String::new()),
            ReservationProperty::Description(String::new()),
        ],
    ] {
        let set = Edit::SetReservation {
            scope,
            address,
            properties,
        };
        samples.push(sample(&[&add], set));
    }
    samples
}

fn options(bench: &Held, config: &ServerConfig, addresses: &[Ipv4Addr]) -> Vec<Sample> {
    let scope = bench.scope();
    let reserved = reserve(bench, addresses[0], 4);
    let policy_at = |level: PolicyLevel| Edit::AddPolicy {
        level,
        policy: Box::new(policy("Contract")),
        order: None,
    };
    let levels = [
        (None, OptionLevel::Server),
        (None, OptionLevel::Scope(scope)),
        (
            Some(reserved),
            OptionLevel::Reservation(scope, addresses[0]),
        ),
        (
            Some(policy_at(None)),
            OptionLevel::Policy(None, "Contract".to_owned()),
        ),
        (
            Some(policy_at(Some(scope))),
            OptionLevel::Policy(Some(scope), "Contract".to_owned()),
        ),
    ];
    let unset = |id: &u8| {
        let key = OptionKey::standard(*id);
        let scope = held(bench, config);
        config.options.get(&key).is_none() && scope.options.get(&key).is_none()
    };
    // Several addresses, a text, a number: of each, one that is not set yet.
    let find = |ids: &[u8]| OptionKey::standard(*ids.iter().find(|id| unset(id)).expect("one"));
    let values = [
        (
            find(&[42, 7, 69]),
            OptionValue(vec!["192.0.2.7".to_owned(), "192.0.2.3".to_owned()]),
        ),
        (find(&[66, 17, 64]), value("boot.contract.example")),
        (find(&[26, 22, 13]), value("1400")),
    ];
    let mut samples = Vec::new();
    for (first, level) in &levels {
        let first: Vec<&Edit> = first.iter().collect();
        for (key, value) in &values {
            let set = |value: &OptionValue| Edit::SetOption {
                level: level.clone(),
                key: key.clone(),
                value: value.clone(),
            };
            let set = set(value);
            let after: Vec<&Edit> = first.iter().copied().chain([&set]).collect();
            let other = match value.0.len() {
                1 if value.0[0] == "1400" => OptionValue(vec!["1300".to_owned()]),
                1 => OptionValue(vec!["other.contract.example".to_owned()]),
                _ => OptionValue(vec!["192.0.2.3".to_owned()]),
            };
            samples.push(sample(&first, set.clone()));
            let over = Edit::SetOption {
                level: level.clone(),
                key: key.clone(),
                value: other,
            };
            samples.push(sample(&after, over));
            let remove = Edit::RemoveOption {
                level: level.clone(),
                key: key.clone(),
            };
            samples.push(sample(&after, remove));
        }
    }
    samples
}

fn policies(level: PolicyLevel) -> Vec<Sample> {
    let add = |name: &str, order| Edit::AddPolicy {
        level,
        policy: Box::new(policy(name)),
        order,
    };
    let (one, two) = (add("Contract", None), add("Contract too", Some(1)));
    let mut samples = vec![
        sample(&[], one.clone()),
        sample(&[&one], two.clone()),
        sample(
            &[&one, &two],
            Edit::RemovePolicy {
                level,
                name: "Contract too".to_owned(),
            },
        ),
    ];
    for property in [
        PolicyProperty::Name("Contract, renamed".to_owned()),
        PolicyProperty::Description(String::new()),
        PolicyProperty::Enabled(false),
        PolicyProperty::Junction(Junction::And),
        PolicyProperty::Conditions(vec![Condition {
            criterion: Criterion::MacAddress,
            comparator: Comparator::Ne,
            values: vec!["02C047*".to_owned(), "02C04711*".to_owned()],
        }]),
        PolicyProperty::LeaseDuration(None),
        PolicyProperty::ProcessingOrder(1),
    ] {
        let set = Edit::SetPolicy {
            level,
            name: "Contract".to_owned(),
            properties: vec![property],
        };
        samples.push(sample(&[&one, &add("First", Some(1))], set));
    }
    samples
}

fn server_wide(config: &ServerConfig) -> Vec<Sample> {
    let filter = |list| Filter {
        list,
        description: "Contract".to_owned(),
    };
    let pattern = "02-C0-47-*".parse().expect("a pattern");
    let add = |list, force| Edit::AddFilter {
        pattern: Clone::clone(&pattern),
        filter: filter(list),
        force,
    };
    let allow = add(FilterList::Allow, false);
    let remove = Edit::RemoveFilter {
        pattern: pattern.clone(),
    };
    let mut samples = vec![
        sample(&[], allow.clone()),
        sample(&[&allow], add(FilterList::Deny, true)),
        sample(&[&allow], remove),
    ];
    let settings = &config.settings;
    for property in [
        SettingsProperty::ConflictDetectionAttempts(
            settings.conflict_detection_attempts.wrapping_add(1) % 6,
        ),
        SettingsProperty::ActivatePolicies(!settings.activate_policies),
        SettingsProperty::AllowListEnabled(!settings.allow_list_enabled),
        SettingsProperty::DenyListEnabled(!settings.deny_list_enabled),
        SettingsProperty::AuditLog(!settings.audit_log),
        SettingsProperty::AuditLogPath(r"D:\contract logs\dhcp".to_owned()),
        SettingsProperty::Dns(DnsSettings {
            name_protection: !settings.dns.name_protection,
            ..settings.dns.clone()
        }),
    ] {
        let properties = vec![property];
        samples.push(sample(&[], Edit::SetSettings { properties }));
    }
    samples
}

fn relationships(bench: &Held, config: &ServerConfig) -> Vec<Sample> {
    let spare = spare_scope(bench);
    let name = bench.relationship();
    let scopes = BTreeSet::from([spare.id]);
    let scope = Edit::AddScope(Box::new(spare));
    let partner = driver(bench, 1).server().clone();
    let mut relationship = Relationship::new("Contract", partner);
    relationship.scopes = scopes.clone();
    let add = Edit::AddRelationship {
        relationship,
        secret: None,
        ha: None,
    };
    let enter = Edit::AddFailoverScopes {
        name: name.clone(),
        scopes: scopes.clone(),
    };
    let leave = Edit::RemoveFailoverScopes {
        name: name.clone(),
        scopes,
    };
    let remove = Edit::RemoveRelationship {
        name: "contract".to_owned(),
    };
    let mut samples = vec![
        sample(&[&scope], add.clone()),
        sample(&[&scope, &add], remove),
        sample(&[&scope], enter.clone()),
        sample(&[&scope, &enter], leave),
    ];
    let held = config.relationship(&name).expect("the relationship");
    for property in [
        RelationshipProperty::Mclt(Seconds(held.mclt.0 + 60)),
        RelationshipProperty::SwitchInterval(Some(bench.switch_interval())),
    ] {
        let set = Edit::SetRelationship {
            name: name.clone(),
            properties: vec![property],
        };
        samples.push(sample(&[], set));
    }
    samples
}
