//! Strategies for arbitrary edits, facts and configurations.
//!
//! Edits are drawn from a small world (few scopes, addresses, clients and names), so that they
//! often meet what others made, with nonsense among them. A configuration is made by applying
//! edits, so that it is one that a server can have.

#![allow(dead_code, reason = "every test file uses its own part of it")]

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::sync::Arc;

use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use twinscope::model::edit::{OptionLevel, PolicyLevel};
use twinscope::model::failover::{
    FailoverState, Mode, RelationshipProperty, Role, SharedSecret, Side,
};
use twinscope::model::policy::{
    Comparator, Condition, Criterion, Filter, FilterList, Junction, MacPattern, PolicyProperty,
};
use twinscope::model::reservation::ReservationProperty;
use twinscope::model::scope::{
    ClientType, DnsSettings, DynamicUpdates, LeaseDuration, ScopeProperty, ScopeState, Seconds,
};
use twinscope::model::server::ServerVersion;
use twinscope::model::settings::SettingsProperty;
use twinscope::model::{
    ClientId, Edit, OptionKey, OptionValue, Options, Policy, Range, Relationship, Reservation,
    Scope, ScopeId, ServerConfig, ServerName,
};
use twinscope::rules::{Facts, PartnerFacts, Rulebook, apply};

/// The scopes that edits mostly meet.
pub const SCOPES: [&str; 4] = ["10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24", "10.0.4.0/24"];
const ODD_SCOPES: [&str; 7] = [
    "10.0.0.0/16",
    "10.0.1.0/25",
    "10.0.2.128/25",
    "0.0.0.0/0",
    "255.255.255.255/32",
    "255.255.255.254/31",
    "10.0.3.0/30",
];
/// Places in a subnet at which ranges begin and end, and reservations are.
const PLACES: [u32; 10] = [0, 1, 10, 20, 50, 99, 100, 150, 254, 255];
/// Names of servers; the first two are a pair.
pub const SERVERS: [&str; 4] = ["dhcp1.contoso.com", "dc1.contoso.com", "DHCP1", "dhcp9"];

/// A scope's identity, mostly one of the few.
pub fn scope_id() -> impl Strategy<Value = ScopeId> + Clone {
    prop_oneof![
        40 => select(SCOPES.as_slice()).prop_map(|prefix| prefix.parse().unwrap()),
        1 => select(ODD_SCOPES.as_slice()).prop_map(|prefix| prefix.parse().unwrap()),
        1 => (any::<u32>(), 0..=32_u8)
            .prop_map(|(bits, length)| ScopeId::of(bits.into(), length).unwrap()),
    ]
}

fn at(scope: ScopeId, place: u32) -> Ipv4Addr {
    Ipv4Addr::from_bits(scope.address().to_bits().wrapping_add(place))
}

fn place() -> impl Strategy<Value = u32> + Clone {
    prop_oneof![20 => select(PLACES.as_slice()), 1 => any::<u32>()]
}

fn address_in(scope: ScopeId) -> impl Strategy<Value = Ipv4Addr> + Clone {
    prop_oneof![
        3 => select([99_u32, 100, 150].as_slice()),
        2 => place(),
    ]
    .prop_map(move |place| at(scope, place))
}

fn range_in(scope: ScopeId) -> impl Strategy<Value = Range> + Clone {
    (place(), place()).prop_map(move |(a, b)| {
        let (a, b) = (at(scope, a), at(scope, b));
        Range::new(a.min(b), a.max(b)).unwrap()
    })
}

/// An exclusion: mostly one of three.
fn exclusion_in(scope: ScopeId) -> impl Strategy<Value = Range> + Clone {
    prop_oneof![
        4 => select([20_u32, 50, 90].as_slice()).prop_map(move |place| {
            let (start, end) = (at(scope, place), at(scope, place.saturating_add(9)));
            Range::new(start.min(end), start.max(end)).unwrap()
        }),
        1 => range_in(scope),
    ]
}

/// A scope's range: mostly one that it can have.
fn ranges_of(scope: ScopeId) -> impl Strategy<Value = Vec<Range>> {
    prop_oneof![
        6 => Just(vec![scope.hosts()]),
        6 => (1..20_u32, 100..200_u32).prop_map(move |(start, end)| {
            vec![Range::new(at(scope, start).min(at(scope, end)), at(scope, start).max(at(scope, end))).unwrap()]
        }),
        1 => vec(range_in(scope), 0..3),
    ]
}

/// Texts, mostly sensible.
pub fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        30 => select(["", "a", "b", "Floor 1", "printer"].as_slice()).prop_map(str::to_owned),
        1 => ".{0,8}",
        1 => select(["\0", "\u{1b}[31m\r\n", "\u{202e}x"].as_slice()).prop_map(str::to_owned),
        1 => (60..300_usize).prop_map(|length| "ü".repeat(length)),
    ]
}

/// Names, from few and with both cases.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        30 => select(["a", "A", "b", "c"].as_slice()).prop_map(str::to_owned),
        1 => text(),
    ]
}

fn client() -> impl Strategy<Value = ClientId> {
    prop_oneof![
        8 => (0..6_u8).prop_map(|byte| ClientId::mac([byte; 6])),
        1 => vec(any::<u8>(), 1..20)
            .prop_map(|bytes| ClientId::new(Default::default(), &bytes).unwrap()),
    ]
}

fn kind() -> impl Strategy<Value = ClientType> {
    select(
        [
            ClientType::Dhcp,
            ClientType::Dhcp,
            ClientType::Bootp,
            ClientType::Both,
        ]
        .as_slice(),
    )
}

fn seconds() -> impl Strategy<Value = Seconds> {
    select([1, 60, 600, 3600, 86_400, 691_200, 0, u32::MAX].as_slice()).prop_map(Seconds)
}

fn dns() -> impl Strategy<Value = DnsSettings> {
    (any::<bool>(), text()).prop_map(|(always, suffix)| DnsSettings {
        dynamic_updates: if always {
            DynamicUpdates::Always
        } else {
            DynamicUpdates::Never
        },
        suffix,
        ..DnsSettings::default()
    })
}

/// Which option.
pub fn option_key() -> impl Strategy<Value = OptionKey> {
    (
        prop_oneof![8 => select([3, 3, 6, 15, 19, 43, 51, 199].as_slice()), 1 => any::<u8>()],
        prop_oneof![20 => Just(String::new()), 1 => Just("MSFT 5.0".to_owned()), 1 => text()],
        prop_oneof![20 => Just(String::new()), 1 => Just("guest".to_owned()), 1 => text()],
    )
        .prop_map(|(id, vendor_class, user_class)| OptionKey {
            id,
            vendor_class,
            user_class,
        })
}

/// An option's value.
pub fn option_value() -> impl Strategy<Value = OptionValue> {
    prop_oneof![
        4 => Just(vec!["10.0.0.1".to_owned()]),
        4 => Just(vec!["0x10".to_owned()]),
        1 => Just(vec!["10.0.0.1".to_owned(), "10.0.0.2".to_owned()]),
        1 => Just(vec![" 007".to_owned()]),
        1 => vec(text(), 0..3),
    ]
    .prop_map(OptionValue)
}

fn options() -> impl Strategy<Value = Options> {
    vec((option_key(), option_value()), 0..2).prop_map(|options| options.into_iter().collect())
}

fn reservation_in(scope: ScopeId) -> impl Strategy<Value = Reservation> {
    (
        address_in(scope),
        client(),
        text(),
        text(),
        kind(),
        options(),
    )
        .prop_map(
            |(address, client, name, description, kind, options)| Reservation {
                address,
                client,
                name,
                description,
                kind,
                options,
            },
        )
}

fn condition() -> impl Strategy<Value = Condition> {
    prop_oneof![
        8 => select(["00-15-5D*", "aabbccddeeff"].as_slice()).prop_map(|value| Condition {
            criterion: Criterion::MacAddress,
            comparator: Comparator::Eq,
            values: vec![value.to_owned()],
        }),
        2 => Just(Condition {
            criterion: Criterion::Fqdn,
            comparator: Comparator::Isl,
            values: Vec::new(),
        }),
        1 => (
            select(Criterion::ALL.as_slice()),
            select([Comparator::Eq, Comparator::Ne, Comparator::Isl, Comparator::Insl].as_slice()),
            vec(text(), 0..2),
        )
            .prop_map(|(criterion, comparator, values)| Condition {
                criterion,
                comparator,
                values,
            }),
    ]
}

fn conditions() -> impl Strategy<Value = Vec<Condition>> {
    prop_oneof![10 => vec(condition(), 1..3), 1 => Just(Vec::new())]
}

fn policy_ranges(scope: ScopeId) -> impl Strategy<Value = Vec<Range>> {
    prop_oneof![
        3 => Just(Vec::new()),
        2 => select([20_u32, 40, 60].as_slice())
            .prop_map(move |place| vec![Range::single(at(scope, place))]),
        1 => vec(range_in(scope), 0..3),
    ]
}

fn policy_in(scope: ScopeId) -> impl Strategy<Value = Policy> {
    (
        name(),
        text(),
        any::<bool>(),
        conditions(),
        option::weighted(0.2, seconds()),
        policy_ranges(scope),
        options(),
    )
        .prop_map(
            |(name, description, enabled, conditions, lease_duration, ranges, options)| Policy {
                name,
                description,
                enabled,
                junction: Junction::And,
                conditions,
                lease_duration,
                ranges,
                options,
            },
        )
}

/// A scope with what hangs on it; mostly one that a server takes.
pub fn scope() -> impl Strategy<Value = Scope> {
    scope_id().prop_flat_map(|id| {
        let hanging = (
            prop_oneof![3 => Just(Vec::new()), 1 => vec(exclusion_in(id), 0..3)],
            options(),
            prop_oneof![3 => Just(Vec::new()), 1 => vec(reservation_in(id), 0..4)],
            prop_oneof![3 => Just(Vec::new()), 1 => vec(policy_in(id), 0..3)],
            prop_oneof![4 => Just(Vec::new()), 1 => vec(text(), 0..2)],
        );
        let own = (
            prop_oneof![8 => Just("a scope".to_owned()), 1 => text()],
            text(),
            ranges_of(id),
            kind(),
            option::weighted(0.2, name()),
            prop_oneof![12 => Just(0), 1 => any::<u16>()],
        );
        (own, hanging).prop_map(move |(own, hanging)| {
            let (name, description, ranges, kind, superscope, delay_ms) = own;
            let (exclusions, options, reservations, policies, foreign) = hanging;
            Scope {
                description,
                ranges,
                kind,
                superscope,
                delay_ms,
                exclusions,
                options,
                reservations: reservations
                    .into_iter()
                    .map(|held| (held.address, Arc::new(held)))
                    .collect(),
                policies,
                foreign,
                ..Scope::new(id, name, id.hosts())
            }
        })
    })
}

fn scope_property(scope: ScopeId) -> impl Strategy<Value = ScopeProperty> {
    prop_oneof![
        text().prop_map(ScopeProperty::Name),
        text().prop_map(ScopeProperty::Description),
        any::<bool>().prop_map(|on| ScopeProperty::State(if on {
            ScopeState::Active
        } else {
            ScopeState::Inactive
        })),
        ranges_of(scope).prop_map(ScopeProperty::Ranges),
        seconds().prop_map(|span| ScopeProperty::LeaseDuration(LeaseDuration::Limited(span))),
        Just(ScopeProperty::LeaseDuration(LeaseDuration::Unlimited)),
        kind().prop_map(ScopeProperty::Kind),
        any::<u32>().prop_map(ScopeProperty::MaxBootpClients),
        (0..1100_u16).prop_map(ScopeProperty::Delay),
        option::of(name()).prop_map(ScopeProperty::Superscope),
        any::<bool>().prop_map(ScopeProperty::ActivatePolicies),
        option::of(dns()).prop_map(ScopeProperty::Dns),
    ]
}

fn reservation_property() -> impl Strategy<Value = ReservationProperty> {
    prop_oneof![
        client().prop_map(ReservationProperty::Client),
        text().prop_map(ReservationProperty::Name),
        kind().prop_map(ReservationProperty::Kind),
        text().prop_map(ReservationProperty::Description),
    ]
}

fn policy_property(scope: ScopeId) -> impl Strategy<Value = PolicyProperty> {
    prop_oneof![
        name().prop_map(PolicyProperty::Name),
        text().prop_map(PolicyProperty::Description),
        any::<bool>().prop_map(PolicyProperty::Enabled),
        Just(PolicyProperty::Junction(Junction::Or)),
        conditions().prop_map(PolicyProperty::Conditions),
        option::of(seconds()).prop_map(PolicyProperty::LeaseDuration),
        policy_ranges(scope).prop_map(PolicyProperty::Ranges),
        prop_oneof![4 => 1..4_u16, 1 => any::<u16>()].prop_map(PolicyProperty::ProcessingOrder),
    ]
}

fn settings_property() -> impl Strategy<Value = SettingsProperty> {
    prop_oneof![
        (0..8_u8).prop_map(SettingsProperty::ConflictDetectionAttempts),
        any::<bool>().prop_map(SettingsProperty::ActivatePolicies),
        any::<bool>().prop_map(SettingsProperty::AllowListEnabled),
        any::<bool>().prop_map(SettingsProperty::DenyListEnabled),
        any::<bool>().prop_map(SettingsProperty::AuditLog),
        text().prop_map(SettingsProperty::AuditLogPath),
        dns().prop_map(SettingsProperty::Dns),
    ]
}

fn policy_level() -> impl Strategy<Value = (PolicyLevel, ScopeId)> {
    (any::<bool>(), scope_id()).prop_map(|(server, scope)| ((!server).then_some(scope), scope))
}

/// Where an option is set.
pub fn option_level() -> impl Strategy<Value = OptionLevel> {
    prop_oneof![
        Just(OptionLevel::Server),
        scope_id().prop_map(OptionLevel::Scope),
        scope_id().prop_flat_map(|scope| {
            address_in(scope).prop_map(move |address| OptionLevel::Reservation(scope, address))
        }),
        (policy_level(), name()).prop_map(|((level, _), name)| OptionLevel::Policy(level, name)),
    ]
}

fn pattern() -> impl Strategy<Value = MacPattern> {
    select(["AA-BB-CC-*", "AA-*", "AA-BB-CC-DD-EE-FF"].as_slice())
        .prop_map(|text| text.parse().unwrap())
}

/// A server's name.
pub fn server() -> impl Strategy<Value = ServerName> {
    prop_oneof![
        8 => Just(SERVERS[1]).prop_map(ServerName::new),
        1 => select(SERVERS.as_slice()).prop_map(ServerName::new),
        1 => text().prop_map(|text| ServerName::new(&text)),
    ]
}

/// A mode, mostly one that there is.
pub fn mode() -> impl Strategy<Value = Mode> {
    prop_oneof![
        (0..=101_u8).prop_map(|percent| Mode::LoadBalance { percent }),
        (any::<bool>(), 0..=101_u8).prop_map(|(active, reserve_percent)| Mode::HotStandby {
            role: if active { Role::Active } else { Role::Standby },
            reserve_percent,
        }),
    ]
}

/// A secret.
pub fn secret() -> impl Strategy<Value = Option<SharedSecret>> {
    prop_oneof![
        8 => Just(None),
        4 => Just(Some(SharedSecret::Text("s3cret".into()))),
        1 => Just(Some(SharedSecret::Kept)),
        1 => Just(Some(SharedSecret::Text("".into()))),
    ]
}

/// Some of the few scopes.
pub fn scope_ids() -> impl Strategy<Value = BTreeSet<ScopeId>> {
    prop_oneof![3 => btree_set(scope_id(), 1), 1 => btree_set(scope_id(), 0..4)]
}

/// A relationship.
pub fn relationship() -> impl Strategy<Value = Relationship> {
    (
        relationship_name(),
        server(),
        mode(),
        seconds(),
        option::weighted(0.3, seconds()),
        any::<bool>(),
        any::<bool>(),
        scope_ids(),
    )
        .prop_map(
            |(name, partner, mode, mclt, switch_interval, primary, authenticated, scopes)| {
                Relationship {
                    name,
                    partner,
                    side: if primary {
                        Side::Primary
                    } else {
                        Side::Secondary
                    },
                    mode,
                    mclt,
                    switch_interval,
                    authenticated,
                    scopes,
                }
            },
        )
}

/// A relationship's property.
pub fn relationship_property() -> impl Strategy<Value = RelationshipProperty> {
    prop_oneof![
        mode().prop_map(RelationshipProperty::Mode),
        seconds().prop_map(RelationshipProperty::Mclt),
        option::of(seconds()).prop_map(RelationshipProperty::SwitchInterval),
        secret().prop_map(RelationshipProperty::Authentication),
    ]
}

/// The name of a relationship.
pub fn relationship_name() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => select(["a", "A"].as_slice()).prop_map(str::to_owned),
        2 => name(),
    ]
}

/// An edit that does not concern failover relationships.
pub fn plain_edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        6 => scope().prop_map(|scope| Edit::AddScope(Box::new(scope))),
        3 => scope_id().prop_flat_map(|scope| {
            vec(scope_property(scope), 0..3)
                .prop_map(move |properties| Edit::SetScope { scope, properties })
        }),
        1 => scope().prop_map(|scope| Edit::ReplaceScope(Box::new(scope))),
        1 => (scope_id(), any::<bool>())
            .prop_map(|(scope, force)| Edit::RemoveScope { scope, force }),
        4 => scope_id().prop_flat_map(|scope| {
            exclusion_in(scope).prop_map(move |range| Edit::AddExclusion { scope, range })
        }),
        3 => scope_id().prop_flat_map(|scope| {
            exclusion_in(scope).prop_map(move |range| Edit::RemoveExclusion { scope, range })
        }),
        4 => scope_id().prop_flat_map(|scope| {
            reservation_in(scope)
                .prop_map(move |reservation| Edit::AddReservation { scope, reservation })
        }),
        3 => scope_id().prop_flat_map(|scope| {
            (address_in(scope), vec(reservation_property(), 0..3)).prop_map(
                move |(address, properties)| Edit::SetReservation {
                    scope,
                    address,
                    properties,
                },
            )
        }),
        2 => scope_id().prop_flat_map(|scope| {
            address_in(scope).prop_map(move |address| Edit::RemoveReservation { scope, address })
        }),
        4 => (option_level(), option_key(), option_value())
            .prop_map(|(level, key, value)| Edit::SetOption { level, key, value }),
        2 => (option_level(), option_key())
            .prop_map(|(level, key)| Edit::RemoveOption { level, key }),
        4 => policy_level().prop_flat_map(|(level, scope)| {
            (policy_in(scope), option::weighted(0.5, 0..4_u16)).prop_map(
                move |(policy, order)| Edit::AddPolicy {
                    level,
                    policy: Box::new(policy),
                    order,
                },
            )
        }),
        3 => policy_level().prop_flat_map(|(level, scope)| {
            (name(), vec(policy_property(scope), 0..3)).prop_map(
                move |(name, properties)| Edit::SetPolicy {
                    level,
                    name,
                    properties,
                },
            )
        }),
        1 => (policy_level(), name())
            .prop_map(|((level, _), name)| Edit::RemovePolicy { level, name }),
        2 => (pattern(), any::<bool>(), text(), any::<bool>()).prop_map(
            |(pattern, allow, description, force)| Edit::AddFilter {
                pattern,
                filter: Filter {
                    list: if allow { FilterList::Allow } else { FilterList::Deny },
                    description,
                },
                force,
            },
        ),
        1 => pattern().prop_map(|pattern| Edit::RemoveFilter { pattern }),
        1 => vec(settings_property(), 0..3)
            .prop_map(|properties| Edit::SetSettings { properties }),
        2 => (name(), name()).prop_map(|(from, to)| Edit::RenameSuperscope { from, to }),
    ]
}

/// An edit that concerns failover relationships.
pub fn failover_edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        3 => (relationship(), secret()).prop_map(|(relationship, secret)| {
            Edit::AddRelationship {
                relationship,
                secret,
                ha: None,
            }
        }),
        2 => (relationship_name(), vec(relationship_property(), 0..3))
            .prop_map(|(name, properties)| Edit::SetRelationship { name, properties }),
        1 => relationship_name().prop_map(|name| Edit::RemoveRelationship { name }),
        3 => (relationship_name(), scope_ids())
            .prop_map(|(name, scopes)| Edit::AddFailoverScopes { name, scopes }),
        2 => (relationship_name(), scope_ids())
            .prop_map(|(name, scopes)| Edit::RemoveFailoverScopes { name, scopes }),
    ]
}

/// Any edit, nonsense included.
pub fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![5 => plain_edit(), 2 => failover_edit()]
}

/// What is known besides the configuration: anything.
pub fn facts() -> impl Strategy<Value = Facts> {
    let partner = (
        vec(prop_oneof![9 => Just(true), 1 => Just(false)], 4),
        version(),
        prop_oneof![3 => -60..60_i64, 1 => any::<i64>()],
        btree_map(scope_id(), option::of(name()), 0..3),
        btree_map(name(), server(), 0..3),
    )
        .prop_map(
            |(answers, version, clock_skew, scopes, relationships)| PartnerFacts {
                resolves: answers[0],
                reachable: answers[1],
                running: answers[2],
                may_write: answers[3],
                rulebook: Rulebook::windows(version),
                clock_skew,
                scopes,
                relationships,
            },
        );
    (
        prop_oneof![19 => Just(true), 1 => Just(false)],
        version(),
        btree_map(
            scope_id(),
            btree_set(any::<u32>().prop_map(Ipv4Addr::from), 0..5),
            0..2,
        ),
        btree_map(name(), select(FailoverState::ALL.as_slice()), 0..2),
        btree_map(server(), partner, 0..2),
    )
        .prop_map(|(may_write, version, leased, states, partners)| Facts {
            may_write,
            leased,
            states,
            partners,
            ..Facts::of(ServerName::new(SERVERS[0]), Rulebook::windows(version))
        })
}

fn version() -> impl Strategy<Value = ServerVersion> {
    prop_oneof![
        4 => Just(ServerVersion::WINDOWS_2016),
        1 => select([
            ServerVersion::WINDOWS_2008_R2,
            ServerVersion::WINDOWS_2012,
            ServerVersion::WINDOWS_2012_R2,
        ].as_slice()),
    ]
}

/// Facts of the first server, of which nothing more is known.
pub fn plain_facts() -> Facts {
    Facts::of(ServerName::new(SERVERS[0]), Rulebook::LATEST)
}

/// A server with two of the few scopes, each with something of every kind on it.
pub fn base() -> ServerConfig {
    let scopes = SCOPES[..2].iter().map(|prefix| {
        let id: ScopeId = prefix.parse().unwrap();
        let mut scope = Scope::new(id, *prefix, id.hosts());
        scope.superscope = Some("a".to_owned());
        scope.exclusions = vec![Range::new(at(id, 20), at(id, 29)).unwrap()];
        scope.options = base_options();
        for (place, client) in [(99, 1), (100, 2)] {
            let mut held = Reservation::new(at(id, place), ClientId::mac([client; 6]));
            held.options = base_options();
            scope.reservations.insert(held.address, Arc::new(held));
        }
        scope.policies = vec![base_policy("a"), base_policy("b")];
        (id, Arc::new(scope))
    });
    ServerConfig {
        scopes: scopes.collect::<BTreeMap<_, _>>(),
        options: base_options(),
        policies: vec![base_policy("a"), base_policy("b")],
        ..ServerConfig::default()
    }
}

fn base_options() -> Options {
    let value = OptionValue(vec!["10.0.0.1".to_owned()]);
    [(OptionKey::standard(3), value)].into_iter().collect()
}

fn base_policy(name: &str) -> Policy {
    Policy {
        name: name.to_owned(),
        description: String::new(),
        enabled: true,
        junction: Junction::Or,
        conditions: vec![Condition {
            criterion: Criterion::MacAddress,
            comparator: Comparator::Ne,
            values: vec!["00-15-5D*".to_owned()],
        }],
        lease_duration: None,
        ranges: Vec::new(),
        options: base_options(),
    }
}

/// A configuration that a server can have: the base after edits, those refused left out.
pub fn config() -> impl Strategy<Value = ServerConfig> {
    vec(edit(), 0..30).prop_map(|edits| after(base(), &edits))
}

/// The configuration after the edits that are accepted.
pub fn after(config: ServerConfig, edits: &[Edit]) -> ServerConfig {
    let facts = plain_facts();
    edits.iter().fold(config, |config, edit| {
        apply(&config, &facts, edit).unwrap_or(config)
    })
}
