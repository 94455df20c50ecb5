//! The sample estate: the seed's two servers, and around them enough to learn on.
//!
//! | servers | what is to be learnt there |
//! | --- | --- |
//! | dhcp1, dc1 | the seed: one load balance relationship with one scope |
//! | dhcp2, dhcp3 | hot standby, a superscope, policies, a scope nearly full |
//! | branch1, branch2 | a pair whose copies have drifted apart |
//! | old1 | Windows Server 2012, without failover |
//! | dns1, dns2 | DNS servers |

mod leases;
mod parts;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::NewServer;
use super::names::Device;
use crate::model::failover::{Mode, Relationship, Role};
use crate::model::policy::{Criterion, Filter, FilterList};
use crate::model::scope::{ClientType, LeaseDuration, ScopeState, Seconds};
use crate::model::server::{
    DnsZone, Product, ServerConfig, ServerCounters, ServerIdentity, ServerName, ServerRole,
    ServerVersion,
};
use crate::model::{OptionKey, OptionValue, Range, Scope, ScopeId};

use leases::Crowd;
use parts::{host, ip, option, policy, reserve, reserve_device, scope};

const DOMAIN: &str = "contoso.com";

/// The sample estate, as it stands when it is made.
#[must_use]
pub fn estate(now: Timestamp) -> Vec<NewServer> {
    let (dhcp1, dc1) = seed_pair();
    let (dhcp2, dhcp3) = standby_pair();
    let (branch1, branch2) = drifted_pair();
    let r2 = (
        ServerVersion::WINDOWS_2012_R2,
        "6.3.9600 (Windows Server 2012 R2)",
    );
    let latest = (
        ServerVersion::WINDOWS_2016,
        "10.0.20348 (Windows Server 2022)",
    );
    let old = (
        ServerVersion::WINDOWS_2012,
        "6.2.9200 (Windows Server 2012)",
    );
    let mut servers = vec![
        dhcp_server("dhcp1", "10.0.0.2", r2, dhcp1, now),
        dhcp_server("dc1", "10.0.0.3", r2, dc1, now),
        dhcp_server("dhcp2", "10.1.0.2", latest, dhcp2, now),
        dhcp_server("dhcp3", "10.1.0.3", latest, dhcp3, now),
        dhcp_server("branch1", "10.2.0.2", latest, branch1, now),
        dhcp_server("branch2", "10.2.0.3", latest, branch2, now),
        dhcp_server("old1", "10.3.0.2", old, old_server(), now),
        dns_server("dns1", "10.0.0.11", true, now),
        dns_server("dns2", "10.0.0.12", false, now),
    ];
    for server in &mut servers {
        server.leases = leases::of(&server.identity.name, &server.config, &crowds(), now);
        let count = server.leases.len() as u64;
        let counters = &mut server.counters;
        counters.discovers = count * 9;
        counters.offers = count * 9;
        counters.requests = count * 31;
        counters.acks = count * 31;
        counters.naks = count / 16;
        counters.declines = count / 90;
        counters.releases = count / 7;
    }
    servers
}

/// Who is in which scope.
fn crowds() -> BTreeMap<ScopeId, Crowd> {
    let crowd = |prefix: &str, device, clients| (parts::net(prefix), Crowd { device, clients });
    BTreeMap::from([
        crowd("10.0.0.0/24", Device::Personal, 42),
        crowd("10.0.8.0/22", Device::Personal, 131),
        crowd("10.0.20.0/24", Device::Personal, 17),
        crowd("10.1.0.0/22", Device::Personal, 236),
        crowd("10.1.4.0/24", Device::Phone, 88),
        crowd("10.1.5.0/24", Device::Printer, 0),
        crowd("10.1.6.0/24", Device::Personal, 208),
        crowd("10.1.16.0/24", Device::Personal, 64),
        crowd("10.1.17.0/24", Device::Personal, 51),
        crowd("10.1.18.0/24", Device::Personal, 9),
        crowd("10.1.32.0/24", Device::Personal, 6),
        crowd("10.2.0.0/24", Device::Till, 38),
        crowd("10.2.1.0/24", Device::Personal, 45),
        crowd("10.2.2.0/24", Device::Personal, 23),
        crowd("10.2.3.0/24", Device::Personal, 31),
        crowd("10.3.0.0/24", Device::Personal, 27),
        crowd("10.3.1.0/24", Device::Till, 12),
    ])
}

fn name(host: &str) -> ServerName {
    ServerName::new(&format!("{host}.{DOMAIN}"))
}

fn dhcp_server(
    host: &str,
    address: &str,
    (version, version_text): (ServerVersion, &str),
    config: ServerConfig,
    now: Timestamp,
) -> NewServer {
    NewServer {
        identity: ServerIdentity {
            name: name(host),
            roles: vec![ServerRole::Dhcp],
            addresses: vec![ip(address)],
            domain: DOMAIN.to_owned(),
            product: Product::Microsoft,
            version: Some(version),
            version_text: version_text.to_owned(),
            authorized: true,
        },
        config,
        zones: Vec::new(),
        counters: ServerCounters {
            started: now.checked_sub(SignedDuration::from_hours(24 * 12)).ok(),
            ..ServerCounters::default()
        },
        leases: Vec::new(),
    }
}

fn dns_server(host: &str, address: &str, primary: bool, now: Timestamp) -> NewServer {
    let version = (
        ServerVersion::WINDOWS_2016,
        "10.0.20348 (Windows Server 2022)",
    );
    let mut server = dhcp_server(host, address, version, ServerConfig::default(), now);
    server.identity.roles = vec![ServerRole::Dns];
    server.zones = [
        (DOMAIN, 412),
        ("_msdcs.contoso.com", 37),
        ("branch.contoso.com", 96),
        ("0.10.in-addr.arpa", 188),
        ("1.10.in-addr.arpa", 371),
    ]
    .into_iter()
    .map(|(name, records)| DnsZone {
        name: name.to_owned(),
        primary,
        records,
    })
    .collect();
    server
}

/// What a server has besides its scopes: the options that every client gets.
fn with_options(scopes: Vec<Scope>, dns: &[&str], ntp: &str) -> ServerConfig {
    let mut config = ServerConfig::default();
    for scope in scopes {
        config.scopes.insert(scope.id, Arc::new(scope));
    }
    config
        .options
        .extend_with([option(6, dns), option(15, &[DOMAIN]), option(42, &[ntp])]);
    config
}

/// Both ends of a relationship, the first server's being the primary's.
fn relate(
    (first, second): (&str, &str),
    first_config: &mut ServerConfig,
    second_config: &mut ServerConfig,
    relationship: Relationship,
) {
    let relationship = Relationship {
        partner: name(second),
        ..relationship
    };
    let mirrored = relationship.mirrored(&name(first));
    let key = relationship.name.to_lowercase();
    first_config.relationships.insert(key.clone(), relationship);
    second_config.relationships.insert(key, mirrored);
}

fn seed_pair() -> (ServerConfig, ServerConfig) {
    let mut office = scope("10.0.0.0/24", "Contoso HQ", "Main office", 21, 254);
    reserve(
        &mut office,
        99,
        [0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff],
        "test",
        "A1",
    );

    let mut guests = scope(
        "10.0.8.0/22",
        "Guest Wi-Fi",
        "Visitors, all floors",
        10,
        1000,
    );
    guests.lease_duration = LeaseDuration::Limited(Seconds::hours(4));
    guests.options.extend_with([option(6, &["10.0.8.1"])]);
    let mut lab = scope("10.0.16.0/24", "Test lab", "Closed until the move", 10, 200);
    lab.state = ScopeState::Inactive;
    lab.lease_duration = LeaseDuration::Unlimited;
    lab.delay_ms = 250;
    reserve(
        &mut lab,
        40,
        [0x00, 0x15, 0x5d, 0x0a, 0x10, 0x28],
        "oscilloscope",
        "Room 12",
    );

    let dns = ["10.0.0.11", "10.0.0.12"];
    let mut dhcp1 = with_options(vec![office.clone(), guests, lab], &dns, "10.0.0.3");
    dhcp1.options.insert(
        OptionKey {
            vendor_class: "Microsoft Windows 2000 Options".to_owned(),
            ..OptionKey::standard(1)
        },
        OptionValue(vec!["2".to_owned()]),
    );
    dhcp1.settings.conflict_detection_attempts = 1;
    dhcp1.settings.deny_list_enabled = true;
    for (pattern, list, description) in [
        ("00-15-5D-*", FilterList::Allow, "Hyper-V"),
        ("00-1B-54-*", FilterList::Allow, "Desk telephones"),
        (
            "00-0C-29-*",
            FilterList::Deny,
            "Virtual machines nobody owns",
        ),
        (
            "B8-27-EB-3A-51-07",
            FilterList::Deny,
            "Answered DHCP requests itself",
        ),
    ] {
        if let Ok(pattern) = pattern.parse() {
            let description = description.to_owned();
            dhcp1.filters.insert(pattern, Filter { list, description });
        }
    }

    let mut build = scope("10.0.20.0/24", "Build machines", "Rack 4", 20, 120);
    build.lease_duration = LeaseDuration::Limited(Seconds::days(1));
    let mut dc1 = with_options(vec![office, build], &dns, "10.0.0.3");

    let pair = ("dhcp1", "dc1");
    let mut relationship = Relationship::new("dhcp1.contoso.com-dc1.contoso.com", name("dc1"));
    relationship.scopes = [parts::net("10.0.0.0/24")].into();
    relate(pair, &mut dhcp1, &mut dc1, relationship);
    (dhcp1, dc1)
}

fn standby_pair() -> (ServerConfig, ServerConfig) {
    let clients = scope(
        "10.1.0.0/22",
        "Head office clients",
        "Floors 1 to 3",
        20,
        1010,
    );
    let mut phones = scope("10.1.4.0/24", "Head office telephones", "VLAN 104", 10, 240);
    phones.lease_duration = LeaseDuration::Limited(Seconds::days(30));
    phones
        .options
        .extend_with([option(150, &["10.1.4.5", "10.1.4.6"])]);
    let meeting = {
        let mut scope = scope(
            "10.1.6.0/24",
            "Meeting rooms",
            "Wi-Fi, rooms 1 to 14",
            10,
            254,
        );
        scope.lease_duration = LeaseDuration::Limited(Seconds::days(1));
        scope.exclusions = vec![range(&scope, 10, 19), range(&scope, 250, 254)];
        scope
    };
    let floors = [
        ("10.1.16.0/24", "Warehouse hall A"),
        ("10.1.17.0/24", "Warehouse hall B"),
        ("10.1.18.0/24", "Warehouse hall C"),
    ]
    .map(|(prefix, name)| {
        let mut scope = scope(prefix, name, "Scanners and desks", 10, 250);
        scope.superscope = Some("Warehouse".to_owned());
        scope
    });
    let mut shared = vec![clients, phones, printers(), meeting];
    shared.extend(floors);

    let mut pxe = scope(
        "10.1.32.0/24",
        "Deployment",
        "Machines being installed",
        50,
        99,
    );
    pxe.kind = ClientType::Both;
    pxe.lease_duration = LeaseDuration::Limited(Seconds::hours(2));
    pxe.options.extend_with([
        option(66, &["wds1.contoso.com"]),
        option(67, &[r"boot\x64\wdsnbp.com"]),
    ]);
    let outside = scope("10.1.40.0/24", "DMZ", "Behind the outer firewall", 100, 150);

    let dns = ["10.0.0.11", "10.0.0.12"];
    let own = |scope| {
        let mut scopes = shared.clone();
        scopes.push(scope);
        with_options(scopes, &dns, "10.1.0.1")
    };
    let (mut dhcp2, mut dhcp3) = (own(pxe), own(outside));
    let mut voip = policy(
        "VoIP",
        "Desk telephones find their call manager",
        Criterion::VendorClass,
        &["Cisco Systems, Inc. IP Phone*"],
    );
    voip.options.extend_with([option(150, &["10.1.4.5"])]);
    dhcp2.policies = vec![voip];

    let mut relationship = Relationship::new("dhcp2.contoso.com-dhcp3.contoso.com", name("dhcp3"));
    relationship.mode = Mode::HotStandby {
        role: Role::Active,
        reserve_percent: 5,
    };
    relationship.switch_interval = Some(Seconds::hours(1));
    relationship.authenticated = true;
    relationship.scopes = shared.iter().map(|scope| scope.id).collect();
    relate(("dhcp2", "dhcp3"), &mut dhcp2, &mut dhcp3, relationship);
    (dhcp2, dhcp3)
}

/// Printers have reservations; new ones get an address of their own range until they have one.
fn printers() -> Scope {
    let mut scope = scope("10.1.5.0/24", "Head office printers", "VLAN 105", 10, 200);
    for number in 0..6 {
        reserve_device(
            &mut scope,
            20 + number,
            Device::Printer,
            200 + number,
            "Follow-me queue",
        );
    }
    if let Some(first) = scope.reservations.values_mut().next() {
        let first = Arc::make_mut(first);
        first.kind = ClientType::Dhcp;
        first.options.extend_with([option(12, &["prn-main"])]);
    }
    let mut printers = policy(
        "Printers",
        "Printers that are not yet reserved",
        Criterion::MacAddress,
        &["00-1E-0B*", "00-80-77*"],
    );
    printers.ranges = vec![range(&scope, 150, 179)];
    printers.lease_duration = Some(Seconds::days(30));
    printers.options.extend_with([option(7, &["10.1.0.9"])]);
    scope.policies = vec![printers];
    scope
}

/// Somebody changed one copy of each scope but the first by hand, and nobody replicated.
fn drifted_pair() -> (ServerConfig, ServerConfig) {
    let tills = scope("10.2.0.0/24", "Branch tills", "All shops", 20, 220);
    let desks = scope("10.2.1.0/24", "Branch desks", "All shops", 20, 250);
    let mut wifi = scope("10.2.2.0/24", "Branch Wi-Fi", "Staff only", 20, 250);
    reserve(
        &mut wifi,
        104,
        [0x00, 0x1b, 0x21, 0x7c, 0x00, 0x1e],
        "camera-door",
        "",
    );
    let store = scope("10.2.3.0/24", "Branch storage", "Cold store", 20, 120);

    let mut here = vec![tills.clone(), desks.clone(), wifi.clone(), store.clone()];
    here[1].lease_duration = LeaseDuration::Limited(Seconds::days(1));
    reserve(
        &mut here[2],
        105,
        [0x00, 0x1b, 0x21, 0x7c, 0x00, 0x1f],
        "camera-yard",
        "New",
    );
    here.push(scope("10.2.9.0/24", "Branch test", "Only here", 10, 60));

    let mut there = vec![tills, desks, wifi, store];
    there[2].description = "Staff and suppliers".to_owned();
    there[3].options.extend_with([option(3, &["10.2.3.254"])]);
    there[3].exclusions = vec![range(&there[3], 100, 120)];

    let dns = ["10.0.0.12", "10.0.0.11"];
    let mut branch1 = with_options(here, &dns, "10.2.0.1");
    let mut branch2 = with_options(there, &dns, "10.2.0.1");
    let mut relationship = Relationship::new("branches", name("branch2"));
    relationship.mode = Mode::LoadBalance { percent: 70 };
    relationship.mclt = Seconds(30 * 60);
    relationship.scopes = (0..4)
        .map(|third| parts::net(&format!("10.2.{third}.0/24")))
        .collect();
    relate(
        ("branch1", "branch2"),
        &mut branch1,
        &mut branch2,
        relationship,
    );
    (branch1, branch2)
}

fn old_server() -> ServerConfig {
    let mut plant = scope(
        "10.3.0.0/24",
        "Old plant",
        "Until the line is renewed",
        10,
        120,
    );
    plant.exclusions = vec![range(&plant, 60, 69)];
    reserve(
        &mut plant,
        15,
        [0x00, 0x0e, 0x8c, 0x11, 0x22, 0x33],
        "plc-press",
        "Press 2",
    );
    let mut terminals = scope("10.3.1.0/24", "Terminals", "Boot from the net", 10, 80);
    terminals.kind = ClientType::Both;
    terminals.max_bootp_clients = 20;
    with_options(vec![plant, terminals], &["10.0.0.11"], "10.3.0.1")
}

fn range(scope: &Scope, first: u32, last: u32) -> Range {
    let (first, last) = (host(scope.id, first), host(scope.id, last));
    Range::new(first, last).unwrap_or(Range::single(first))
}

/// Setting several options at once.
trait ExtendWith {
    fn extend_with<const N: usize>(&mut self, options: [(OptionKey, OptionValue); N]);
}

impl ExtendWith for crate::model::Options {
    fn extend_with<const N: usize>(&mut self, options: [(OptionKey, OptionValue); N]) {
        for (key, value) in options {
            self.insert(key, value);
        }
    }
}
