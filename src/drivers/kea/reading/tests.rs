//! A reading put together from what a scripted server says.

use super::*;
use crate::drivers::kea::abilities;
use crate::drivers::kea::peers::PeerEntry;
use crate::drivers::kea::scripted::Scripted;
use crate::model::client_id::ClientIdKind;
use crate::model::failover::{FailoverState, Mode, Role, Side};
use crate::model::scope::{LeaseDuration, Seconds};
use crate::model::{ClientId, OptionKey};

/// A hot standby's primary with one of everything.
const CONFIG: &str = r#"{"result":0,"arguments":{"Dhcp4":{
  "valid-lifetime":3600,"allocator":"iterative","next-server":"0.0.0.0",
  "option-data":[{"code":6,"csv-format":true,"data":"10.0.0.53, 10.0.1.53","name":"domain-name-servers","space":"dhcp4"},
                 {"code":1,"csv-format":true,"data":"x","name":"own","space":"vendor-9"}],
  "option-def":[{"name":"own","code":222,"space":"dhcp4","type":"string"}],
  "client-classes":[{"name":"phones","test":"substring(option[60].hex,0,3) == 'tel'"}],
  "reservations":[{"hw-address":"02:00:00:00:00:99","hostname":"roams"}],
  "hooks-libraries":[{"library":"/lib/libdhcp_lease_cmds.so"},
    {"library":"/lib/kea/hooks/libdhcp_ha.so","parameters":{"high-availability":[{
      "this-server-name":"server1","mode":"hot-standby","max-unacked-clients":0,"max-response-delay":60000,
      "peers":[{"name":"server1","url":"http://10.0.0.1:8001/","role":"primary"},
               {"name":"server2","url":"http://10.0.0.2:8001/","role":"standby"},
               {"name":"vault","url":"http://10.0.0.3:8001/","role":"backup"}]}]}}],
  "subnet4":[{"id":7,"subnet":"10.0.0.0/24","valid-lifetime":86400,"min-valid-lifetime":600,"max-valid-lifetime":86400,
     "allocator":"random","relay":{"ip-addresses":["10.0.0.254"]},
     "user-context":{"name":"Office","description":"3rd floor","other":{"kept":true}},
     "option-data":[{"code":3,"csv-format":true,"data":"10.0.0.1","name":"routers","space":"dhcp4","always-send":true}],
     "pools":[{"pool":"10.0.0.100-10.0.0.149"},{"pool":"10.0.0.150-10.0.0.199","client-class":"phones"},{"pool":"10.0.0.64/28"}],
     "reservations":[
       {"hw-address":"00:15:5d:a7:66:02","ip-address":"10.0.0.10","hostname":"printer \"a\"","user-context":{"description":"by the door"},
        "boot-file-name":"pxe.0","client-classes":["phones"],"next-server":"0.0.0.0","server-hostname":"",
        "option-data":[{"code":67,"csv-format":true,"data":"x.efi","name":"boot-file-name","space":"dhcp4"}]},
       {"client-id":"01:02:03","ip-address":"10.0.0.11","user-context":{"comment":"a remark"}},
       {"duid":"00:01:00:01","ip-address":"10.0.0.12"},
       {"circuit-id":"'charter950'","ip-address":"10.0.0.13"},
       {"flex-id":"73306D65","ip-address":"10.0.0.14"},
       {"hw-address":"02:00:00:00:00:01","hostname":"no-address"}]}],
  "shared-networks":[{"name":"campus","option-data":[{"code":42,"csv-format":true,"data":"10.9.0.9","name":"ntp-servers","space":"dhcp4"}],
     "subnet4":[{"id":8,"subnet":"10.0.1.0/24","valid-lifetime":4294967295,"user-context":{"failover":"none"}},
                {"id":9,"subnet":"10.0.2.0/24","user-context":{"subnet-name":"from Stork"}}]}]}}}"#;

const STATUS: &str = r#"{"result":0,"arguments":{"pid":100,"reload":1000,"uptime":2000,
  "high-availability":[{"ha-mode":"hot-standby","ha-servers":{
    "local":{"role":"primary","scopes":["server1"],"state":"hot-standby"},
    "remote":{"age":3,"in-touch":true,"last-state":"hot-standby","communication-interrupted":false}}}]}}"#;

const HEARTBEAT: &str = r#"{"result":0,"text":"HA peer status returned.","arguments":{
  "date-time":"Mon, 02 Mar 2026 03:00:01 GMT","scopes":["server1"],"state":"hot-standby","unsent-update-count":4}}"#;

const STATISTICS: &str = r#"{"result":0,"arguments":{"result-set":{
  "columns":["subnet-id","total-addresses","cumulative-assigned-addresses","assigned-addresses","declined-addresses"],
  "rows":[[7,116,50,20,1],[8,0,0,0,0],[99,5,5,5,0]],"timestamp":"2026-03-02 03:00:00.0"}}}"#;

const COMMANDS: &str = r#"{"result":0,"arguments":["config-get","config-set","config-test","list-commands",
  "status-get","statistic-get","ha-heartbeat","lease4-get-page","stat-lease4-get"]}"#;

const NEWER: &str = r#"{"result":0,"arguments":["config-get","config-hash-get","config-set","list-commands",
  "status-get","ha-heartbeat","stat-lease4-get","reservation-add","reservation-update","reservation-del"]}"#;

fn wire() -> Scripted {
    Scripted::new(&[
        ("version-get", r#"{"result":0,"text":"2.2.0"}"#),
        ("list-commands", COMMANDS),
        ("config-get", CONFIG),
        ("status-get", STATUS),
        ("ha-heartbeat", HEARTBEAT),
        ("stat-lease4-get", STATISTICS),
        (
            "statistic-get {\"name\":\"pkt4-ack-sent\"}",
            r#"{"result":0,"arguments":{"pkt4-ack-sent":[[12,"2026-03-02 03:00:00.1"],[11,"2026-03-02 02:00:00.1"]]}}"#,
        ),
    ])
}

fn now() -> Timestamp {
    "2026-03-02T03:00:00Z".parse().unwrap()
}

fn server(name: &str) -> ServerName {
    ServerName::new(name)
}

fn reader() -> Reader {
    let entry = |name: &str| PeerEntry {
        server: server(name),
        aliases: Vec::new(),
        ha_url: None,
        url: None,
    };
    let entries = vec![entry("east"), entry("west")];
    Reader::new(server("east"), Arc::new(Peers::new(entries)))
}

async fn read(
    reader: &Reader,
    wire: &Scripted,
    before: Option<&ServerReading>,
    now: Timestamp,
) -> ServerReading {
    let abilities = abilities::probe(wire, &server("east")).await.unwrap();
    wire.asked();
    reader.read(wire, &abilities, before, now).await.unwrap()
}

fn later(seconds: i64) -> Timestamp {
    now() + jiff::SignedDuration::from_secs(seconds)
}

#[tokio::test]
async fn a_server_is_read() {
    let reading = read(&reader(), &wire(), None, now()).await;
    assert_eq!(reading.identity.version_text, "Kea 2.2.0");
    assert_eq!(
        reading.identity.addresses,
        ["10.0.0.1".parse::<Ipv4Addr>().unwrap()]
    );
    assert_eq!(reading.availability, Availability::Running);
    assert!(!reading.coverage.settings && reading.coverage.reservations);
    assert_eq!(reading.server_clock, Some(later(1)));
    assert_eq!(reading.counters.acks, 12);
    assert_eq!(reading.counters.started, Some(later(-2000)));
    let config = &reading.config;
    assert_eq!(config.scopes.len(), 3);
    let servers = config.options.get(&OptionKey::standard(6)).unwrap();
    assert_eq!(servers.0, ["10.0.0.53", "10.0.1.53"]);
    for line in [
        "option 1 vendor-9.own: x",
        "1 global reservation",
        "client class phones: substring(option[60].hex,0,3) == 'tel'",
        "option definition dhcp4.222 own (string)",
        "backup server: vault",
        "shared network campus: option 42 ntp-servers: 10.9.0.9",
    ] {
        assert!(
            config.foreign.iter().any(|said| said == line),
            "{line}: {:?}",
            config.foreign
        );
    }
}

#[tokio::test]
async fn a_subnet_is_a_scope() {
    let reading = read(&reader(), &wire(), None, now()).await;
    let scope = reading
        .config
        .scope_at("10.0.0.0".parse().unwrap())
        .unwrap();
    assert_eq!(
        (scope.name.as_str(), scope.description.as_str()),
        ("Office", "3rd floor")
    );
    assert_eq!(
        scope.lease_duration,
        LeaseDuration::Limited(Seconds(86_400))
    );
    let ranges: Vec<String> = scope.ranges.iter().map(ToString::to_string).collect();
    assert_eq!(ranges, ["10.0.0.64-10.0.0.79", "10.0.0.100-10.0.0.199"]);
    assert_eq!(scope.superscope, None);
    assert_eq!(
        scope.foreign,
        [
            "pool 10.0.0.150-10.0.0.199 is for client class: phones",
            "relay: 10.0.0.254",
            "allocator random",
            "clients may ask for a lease of 600 to 86400 s",
            "option 3 is always sent",
            "reservation 10.0.0.10 puts its client in class: phones",
            "reservation 10.0.0.10: boot-file-name pxe.0",
            "1 reservation without an address",
        ]
    );
    let statistics = reading.statistics[&scope.id];
    assert_eq!(
        (statistics.in_use, statistics.free, statistics.reserved),
        (20, 96, 5)
    );
    let endless = reading
        .config
        .scope_at("10.0.1.0".parse().unwrap())
        .unwrap();
    assert_eq!(
        (endless.name.as_str(), endless.lease_duration),
        ("10.0.1.0/24", LeaseDuration::Unlimited)
    );
    assert_eq!(endless.superscope.as_deref(), Some("campus"));
    let stork = reading
        .config
        .scope_at("10.0.2.0".parse().unwrap())
        .unwrap();
    assert_eq!(
        (stork.name.as_str(), stork.lease_duration),
        ("from Stork", LeaseDuration::Limited(Seconds(3600)))
    );
}

#[tokio::test]
async fn reservations_of_every_kind_of_client_are_read() {
    let reading = read(&reader(), &wire(), None, now()).await;
    let scope = reading
        .config
        .scope_at("10.0.0.0".parse().unwrap())
        .unwrap();
    let at = |last: u8| &scope.reservations[&Ipv4Addr::new(10, 0, 0, last)];
    let printer = at(10);
    assert_eq!(
        (printer.name.as_str(), printer.description.as_str()),
        ("printer \"a\"", "by the door")
    );
    assert_eq!(
        printer.client,
        ClientId::mac([0, 0x15, 0x5d, 0xa7, 0x66, 2])
    );
    assert_eq!(
        printer.options.get(&OptionKey::standard(67)).unwrap().0,
        ["x.efi"]
    );
    assert_eq!(at(11).client.to_string(), "client-id:01-02-03");
    assert_eq!(at(11).description, "a remark");
    assert_eq!(at(12).client.to_string(), "duid:00-01-00-01");
    assert_eq!(
        at(13).client,
        ClientId::new(ClientIdKind::CircuitId, b"charter950").unwrap()
    );
    assert_eq!(
        at(14).client,
        ClientId::new(ClientIdKind::FlexId, b"s0me").unwrap()
    );
}

#[test]
fn identifiers_are_read_in_keas_spellings() {
    let read =
        |text: &str| scopes::identifier(ClientIdKind::HwAddress, text).map(|id| id.to_string());
    assert_eq!(
        read("02:CC:0:00:00:01").as_deref(),
        Some("02-cc-00-00-00-01")
    );
    assert_eq!(read("0xABC").as_deref(), Some("0a-bc"));
    assert_eq!(read("abcd").as_deref(), Some("ab-cd"));
    assert_eq!(read("1").as_deref(), Some("01"));
    for bad in ["", "xx", "''", ":", &"00".repeat(256)] {
        assert_eq!(read(bad), None, "{bad}");
    }
}

#[tokio::test]
async fn a_relationship_is_read_with_its_scopes_and_status() {
    let reading = read(&reader(), &wire(), None, now()).await;
    let relationship = reading.config.relationship("server1-server2").unwrap();
    assert_eq!(relationship.partner, server("west"));
    assert_eq!(relationship.side, Side::Primary);
    let mode = Mode::HotStandby {
        role: Role::Active,
        reserve_percent: 0,
    };
    assert_eq!((relationship.mode, relationship.mclt), (mode, Seconds(0)));
    assert_eq!(relationship.switch_interval, Some(Seconds(60)));
    let scopes: Vec<String> = relationship
        .scopes
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(scopes, ["10.0.0.0", "10.0.2.0"]);
    let status = &reading.relationships["server1-server2"];
    assert_eq!(
        (status.state, status.unsent_updates),
        (FailoverState::Normal, Some(4))
    );
    assert_eq!(status.last_contact, Some(later(-3)));
}

#[tokio::test]
async fn a_hub_is_asked_by_name_and_its_scopes_say_where_they_belong() {
    let wire = wire();
    let second = r#","mode":"load-balancing","user-context":{"name":"South"},"peers":[
        {"name":"hub2","url":"http://10.0.0.1:8002/","role":"primary"},
        {"name":"server4","url":"http://10.0.0.4:8001/","role":"secondary"}]}]}}],"#;
    let second = format!(r#","this-server-name":"server1"}},{{"this-server-name":"hub2"{second}"#);
    let config = CONFIG
        .replace(r#""this-server-name":"server1","#, "")
        .replace(
            r#""role":"backup"}]}]}}],"#,
            &format!(r#""role":"backup"}}]{second}"#),
        )
        .replace(
            r#""subnet-name":"from Stork""#,
            r#""ha-server-name":"server4""#,
        );
    wire.answers("config-get", &config);
    let status = STATUS.replace(
        "}}}]}}",
        r#"}}},{"ha-mode":"load-balancing","ha-servers":{"local":{"state":"partner-down"}}}]}}"#,
    );
    wire.answers("status-get", &status);
    wire.answers(
        r#"ha-heartbeat {"server-name":"hub2"}"#,
        r#"{"result":0,"arguments":{"state":"partner-down","unsent-update-count":0}}"#,
    );
    let reading = read(&reader(), &wire, None, now()).await;
    let south = reading.config.relationship("south").unwrap();
    let scopes: Vec<String> = south.scopes.iter().map(ToString::to_string).collect();
    assert_eq!(scopes, ["10.0.2.0"]);
    assert_eq!(south.partner, server("server4"));
    assert_eq!(
        reading.relationships["south"].state,
        FailoverState::PartnerDown
    );
    assert_eq!(
        reading.relationships["server1-server2"].state,
        FailoverState::Normal
    );
    let lost =
        "scope 10.0.0.0 says by no ha-server-name which relationship it is in: it is not served";
    assert!(
        reading.config.foreign.iter().any(|line| line == lost),
        "{:?}",
        reading.config.foreign
    );
}

#[tokio::test]
async fn the_configuration_is_read_again_only_when_it_was_set_again() {
    let (wire, reader) = (wire(), reader());
    let first = read(&reader, &wire, None, now()).await;
    let gets = || {
        wire.asked()
            .iter()
            .filter(|asked| *asked == "config-get")
            .count()
    };
    assert_eq!(gets(), 1);
    let same = |reload: i64, pid: i64| {
        STATUS
            .replace(r#""reload":1000"#, &format!(r#""reload":{reload}"#))
            .replace(r#""pid":100"#, &format!(r#""pid":{pid}"#))
    };
    // Ten seconds later, give or take one.
    wire.answers("status-get", &same(1011, 100));
    let second = read(&reader, &wire, Some(&first), later(10)).await;
    assert_eq!(gets(), 0);
    assert!(Arc::ptr_eq(&first.config, &second.config) && first.revision == second.revision);
    // Set again three seconds ago, and once more within what whole seconds tell apart.
    let other = |number: u32| {
        let scope = r#""option-def":["#;
        assert!(CONFIG.contains(scope));
        CONFIG.replacen(scope, &format!(r#""other-{number}":0,{scope}"#), 1)
    };
    wire.answers("status-get", &same(3, 100));
    wire.answers("config-get", &other(1));
    let third = read(&reader, &wire, Some(&second), later(20)).await;
    assert_eq!(gets(), 1);
    assert_ne!(third.revision, second.revision);
    wire.answers("status-get", &same(7, 100));
    let fourth = read(&reader, &wire, Some(&third), later(25)).await;
    assert_eq!(gets(), 1);
    wire.answers("status-get", &same(12, 100));
    let fifth = read(&reader, &wire, Some(&fourth), later(30)).await;
    assert_eq!(gets(), 0);
    // Another process, and a reading of another one.
    wire.answers("status-get", &same(13, 101));
    wire.answers("config-get", &other(2));
    let sixth = read(&reader, &wire, Some(&fifth), later(31)).await;
    assert_eq!(gets(), 1);
    read(&reader, &wire, Some(&fifth), later(31)).await;
    assert_eq!(gets(), 1);
    read(&reader, &wire, None, later(31)).await;
    assert_eq!(gets(), 1);
    drop(sixth);
}

#[tokio::test]
async fn with_hooks_that_change_it_in_place_the_hash_tells() {
    let (wire, reader) = (wire(), reader());
    wire.answers("list-commands", NEWER);
    let end = CONFIG.rfind("}}}").unwrap();
    let with_hash = |hash: &str| format!(r#"{}}},"hash":"{hash}"}}}}"#, &CONFIG[..end]);
    wire.answers("config-get", &with_hash("A1"));
    wire.answers(
        "config-hash-get",
        r#"{"result":0,"arguments":{"hash":"A1"}}"#,
    );
    let first = read(&reader, &wire, None, now()).await;
    assert_eq!(first.revision, "A1");
    let asked = |what: &str, wire: &Scripted| wire.asked().iter().any(|asked| asked == what);
    wire.answers("status-get", &STATUS.replace("1000", "1060"));
    let second = read(&reader, &wire, Some(&first), later(60)).await;
    assert!(!asked("config-get", &wire));
    wire.answers(
        "config-hash-get",
        r#"{"result":0,"arguments":{"hash":"B2"}}"#,
    );
    wire.answers("config-get", &with_hash("B2"));
    wire.answers("status-get", &STATUS.replace("1000", "1120"));
    let third = read(&reader, &wire, Some(&second), later(120)).await;
    assert!(asked("config-get", &wire));
    assert_eq!(third.revision, "B2");
}

#[tokio::test]
async fn reservations_in_a_database_are_not_all_shown() {
    let wire = wire();
    let config = CONFIG.replace(
        r#""option-def""#,
        r#""hosts-databases":[{"type":"mysql","password":"s"}],"option-def""#,
    );
    wire.answers("config-get", &config);
    let reading = read(&reader(), &wire, None, now()).await;
    assert!(!reading.coverage.reservations);
    let line = "not all reservations shown: they are in a hosts database (mysql)";
    assert!(reading.config.foreign.iter().any(|said| said == line));
    let scope = reading
        .config
        .scope_at("10.0.0.0".parse().unwrap())
        .unwrap();
    assert_eq!(scope.reservations.len(), 5);
}

#[tokio::test]
async fn who_stopped_it_decides_whether_it_is_paused() {
    let wire = wire();
    let state = |user: bool, local: &str| {
        STATUS.replace(
            r#""pid":100"#,
            &format!(
                r#""pid":100,"dhcp-state":{{"disabled-by-db-connection":[],"disabled-by-local-command":[{local}],
                "disabled-by-remote-command":[],"disabled-by-user":{user},"globally-disabled":true}}"#
            ),
        )
    };
    wire.answers("status-get", &state(true, ""));
    assert_eq!(
        read(&reader(), &wire, None, now()).await.availability,
        Availability::Paused
    );
    // High availability does it in passing.
    wire.answers("status-get", &state(false, "1001"));
    assert_eq!(
        read(&reader(), &wire, None, now()).await.availability,
        Availability::Running
    );
}

#[tokio::test]
async fn what_no_server_says_is_an_error() {
    let wire = wire();
    wire.answers("config-get", r#"{"result":0,"arguments":{"Dhcp6":{}}}"#);
    let abilities = abilities::probe(&wire, &server("east")).await.unwrap();
    let error = reader()
        .read(&wire, &abilities, None, now())
        .await
        .unwrap_err();
    assert!(matches!(error, DriverError::Protocol { .. }), "{error}");
    wire.answers("status-get", r#"{"result":1,"text":"no"}"#);
    let error = reader()
        .read(&wire, &abilities, None, now())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("no status: no"), "{error}");
}

/// Cost of reading, to be looked at: `cargo test --release -- --ignored --nocapture large`.
#[test]
#[ignore = "it only measures"]
fn a_large_configuration() {
    let mut subnets = Vec::new();
    for subnet in 0..1000_u32 {
        let net = format!("10.{}.{}", subnet / 250, subnet % 250);
        let hosts: Vec<String> = (0..100)
            .map(|host| format!(r#"{{"boot-file-name":"","client-classes":[],"hostname":"h{host}.example.org","hw-address":"02:00:00:{:02x}:{:02x}:{host:02x}","ip-address":"{net}.{host}","next-server":"0.0.0.0","option-data":[],"server-hostname":""}}"#, subnet / 256, subnet % 256))
            .collect();
        subnets.push(format!(r#"{{"id":{},"subnet":"{net}.0/24","pools":[{{"pool":"{net}.100-{net}.200","option-data":[]}}],"option-data":[],"valid-lifetime":3600,"reservations":[{}]}}"#, subnet + 1, hosts.join(",")));
    }
    let text = format!(r#"{{"Dhcp4":{{"subnet4":[{}]}}}}"#, subnets.join(","));
    let raw = serde_json::value::RawValue::from_string(text).unwrap();
    let begun = Instant::now();
    let read = config::read(&raw).unwrap();
    let took = begun.elapsed();
    assert_eq!(read.config.scopes.len(), 1000);
    assert_eq!(
        read.config
            .scopes
            .values()
            .map(|scope| scope.reservations.len())
            .sum::<usize>(),
        100_000
    );
    let mut out = std::io::stderr();
    let _ = std::io::Write::write_fmt(
        &mut out,
        format_args!("{} bytes in {took:?}\n", raw.get().len()),
    );
}
