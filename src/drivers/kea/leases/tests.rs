//! Leases in pages, by client and by scope.

use std::sync::Arc;

use super::*;
use crate::drivers::kea::abilities::KeaVersion;
use crate::drivers::kea::scripted::Scripted;
use crate::model::{Reservation, Scope};

fn now() -> Timestamp {
    "2026-03-02T03:00:00Z".parse().unwrap()
}

fn abilities(commands: &[&str]) -> Abilities {
    Abilities {
        version: KeaVersion::new(2, 2, 0),
        commands: commands.iter().map(ToString::to_string).collect(),
    }
}

fn config() -> ServerConfig {
    let mut config = ServerConfig::default();
    for prefix in ["10.0.0.0/24", "10.0.1.0/24"] {
        let id: ScopeId = prefix.parse().unwrap();
        let mut scope = Scope::new(id, prefix, id.hosts());
        let kept = Ipv4Addr::from_bits(id.address().to_bits() + 2);
        let reservation = Reservation::new(kept, ClientId::mac([2, 0, 0, 0, 0, 2]));
        scope.reservations.insert(kept, Arc::new(reservation));
        config.scopes.insert(id, Arc::new(scope));
    }
    config
}

fn said(address: &str, rest: &str) -> String {
    let cltt = now().as_second() - 600;
    format!(
        r#"{{"cltt":{cltt},"fqdn-fwd":false,"fqdn-rev":false,"hostname":"a.example.org.","hw-address":"02:aa:00:00:00:01","ip-address":"{address}","state":0,"subnet-id":1,"valid-lft":3600{rest}}}"#
    )
}

fn page(leases: &[String]) -> String {
    format!(
        r#"{{"result":0,"arguments":{{"count":{},"leases":[{}]}}}}"#,
        leases.len(),
        leases.join(",")
    )
}

const NOTHING: &str =
    r#"{"result":3,"text":"0 IPv4 lease(s) found.","arguments":{"count":0,"leases":[]}}"#;

async fn ask(wire: &Scripted, query: &LeaseQuery) -> Result<Vec<Lease>, DriverError> {
    let server = ServerName::new("east");
    leases(
        wire,
        &abilities(&["lease4-get-page"]),
        &server,
        &config(),
        query,
        now(),
    )
    .await
}

fn addresses(leases: &[Lease]) -> Vec<String> {
    leases
        .iter()
        .map(|lease| lease.address.to_string())
        .collect()
}

#[tokio::test]
async fn without_the_hook_it_says_which_one_is_missing() {
    let server = ServerName::new("east");
    let wire = Scripted::new(&[]);
    let query = LeaseQuery::default();
    let error = leases(&wire, &abilities(&[]), &server, &config(), &query, now()).await;
    let error = error.unwrap_err().to_string();
    assert!(error.contains("libdhcp_lease_cmds.so"), "{error}");
    assert!(wire.asked().is_empty());
}

#[tokio::test]
async fn leases_are_read_page_by_page() {
    let first: Vec<String> = (0..1000_u32)
        .map(|n| said(&Ipv4Addr::from_bits(0x0a00_0000 + n).to_string(), ""))
        .collect();
    let wire = Scripted::new(&[("lease4-get-page", NOTHING)]);
    wire.answers(
        r#"lease4-get-page {"from":"start","limit":1000}"#,
        &page(&first),
    );
    let second = [said("10.9.9.9", "")];
    wire.answers(
        r#"lease4-get-page {"from":"10.0.3.231","limit":1000}"#,
        &page(&second),
    );
    let found = ask(&wire, &LeaseQuery::default()).await.unwrap();
    // Those in no scope are left out.
    assert_eq!(found.len(), 512);
    assert_eq!(wire.asked().len(), 2);
    let limited = LeaseQuery {
        limit: 3,
        after: Some("10.0.0.7".parse().unwrap()),
        ..LeaseQuery::default()
    };
    wire.answers(
        r#"lease4-get-page {"from":"10.0.0.7","limit":3}"#,
        &page(&first[8..11]),
    );
    assert_eq!(
        addresses(&ask(&wire, &limited).await.unwrap()),
        ["10.0.0.8", "10.0.0.9", "10.0.0.10"]
    );
}

#[tokio::test]
async fn of_a_scope_only_its_addresses_are_asked_for() {
    let wire = Scripted::new(&[]);
    let leases = [
        said("10.0.1.5", ""),
        said("10.0.1.9", ""),
        said("10.0.2.1", ""),
    ];
    wire.answers(
        r#"lease4-get-page {"from":"10.0.0.255","limit":1000}"#,
        &page(&leases),
    );
    let query = LeaseQuery {
        scope: Some("10.0.1.0/24".parse().unwrap()),
        ..LeaseQuery::default()
    };
    assert_eq!(
        addresses(&ask(&wire, &query).await.unwrap()),
        ["10.0.1.5", "10.0.1.9"]
    );
    assert_eq!(wire.asked().len(), 1);
    let beyond = LeaseQuery {
        after: Some("10.0.1.255".parse().unwrap()),
        ..query
    };
    assert!(ask(&wire, &beyond).await.unwrap().is_empty() && wire.asked().is_empty());
}

#[tokio::test]
async fn states_ends_and_clients_are_the_models() {
    let of = |address: &str, from: &str, to: &str| said(address, "").replace(from, to);
    let wire = Scripted::new(&[]);
    let hw = r#""hw-address":"02:aa:00:00:00:01""#;
    wire.answers(
        "lease4-get-page",
        &page(&[
            said("10.0.0.1", ""),
            said("10.0.0.2", ""),
            of("10.0.0.3", r#""state":0"#, r#""state":1"#).replace(hw, r#""hw-address":"""#),
            of("10.0.0.4", r#""state":0"#, r#""state":2"#),
            of("10.0.0.5", "3600", "60"),
            of("10.0.0.6", "3600", "4294967295")
                .replace(hw, r#""hw-address":"","client-id":"01:02:03""#),
        ]),
    );
    let found = ask(&wire, &LeaseQuery::default()).await.unwrap();
    let states: Vec<LeaseState> = found.iter().map(|lease| lease.state).collect();
    use LeaseState::{Active, ActiveReservation, Declined, Expired};
    assert_eq!(
        states,
        [
            Active,
            ActiveReservation,
            Declined,
            Expired,
            Expired,
            Active
        ]
    );
    assert_eq!(
        found[0].expires,
        Some(now() + SignedDuration::from_secs(3000))
    );
    assert_eq!(found[0].host_name, "a.example.org");
    assert_eq!(found[2].client.to_string(), "03-00-00-0a");
    assert_eq!(
        (found[5].client.to_string().as_str(), found[5].expires),
        ("client-id:01-02-03", None)
    );
}

#[tokio::test]
async fn a_client_is_asked_for_by_its_kind() {
    let wire = Scripted::new(&[
        (
            "lease4-get-by-hw-address",
            &page(&[said("10.0.1.7", ""), said("10.0.0.7", "")]),
        ),
        ("lease4-get-by-client-id", NOTHING),
    ]);
    let of = |client: &str| LeaseQuery {
        client: Some(client.parse().unwrap()),
        ..LeaseQuery::default()
    };
    let found = ask(&wire, &of("02-aa-00-00-00-01")).await.unwrap();
    assert_eq!(addresses(&found), ["10.0.0.7", "10.0.1.7"]);
    assert!(ask(&wire, &of("client-id:01-02")).await.unwrap().is_empty());
    assert!(ask(&wire, &of("duid:01-02")).await.unwrap().is_empty());
    assert_eq!(
        wire.asked(),
        [
            r#"lease4-get-by-hw-address {"hw-address":"02:aa:00:00:00:01"}"#,
            r#"lease4-get-by-client-id {"client-id":"01:02"}"#
        ]
    );
}

#[tokio::test]
async fn pages_that_do_not_go_on_are_an_error() {
    let wire = Scripted::new(&[]);
    let full: Vec<String> = (0..1000).map(|_| said("10.0.0.1", "")).collect();
    wire.answers("lease4-get-page", &page(&full));
    let error = ask(&wire, &LeaseQuery::default()).await.unwrap_err();
    assert!(matches!(error, DriverError::Protocol { .. }), "{error}");
    wire.answers("lease4-get-page", r#"{"result":1,"text":"no"}"#);
    assert!(ask(&wire, &LeaseQuery::default()).await.is_err());
}

#[tokio::test]
async fn one_address_is_asked_for_alone() {
    let one = said("10.0.0.9", "");
    let wire = Scripted::new(&[(
        "lease4-get",
        &format!(r#"{{"result":0,"arguments":{one}}}"#),
    )]);
    let server = ServerName::new("east");
    let address = "10.0.0.9".parse().unwrap();
    let found = lease_of(&wire, &server, &config(), address, now())
        .await
        .unwrap();
    assert_eq!(found.map(|lease| lease.address), Some(address));
    wire.answers("lease4-get", r#"{"result":3,"text":"Lease not found."}"#);
    assert_eq!(
        lease_of(&wire, &server, &config(), address, now())
            .await
            .unwrap(),
        None
    );
}
